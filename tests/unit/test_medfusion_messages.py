"""A message's way to Medfusion: applied once whatever goes wrong, its end known to its payments."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from local.sandbox.medfusion.magic import MAGIC_AMOUNTS
from payhub.domain import batch
from payhub.domain.errors import NothingToDo
from payhub.domain.payment import ActionState
from payhub.vendors.medfusion import portal as vendor_portal
from payhub.vendors.medfusion.contract import CONTRACTS, SEND
from tests.support.fakes import POLICY
from tests.support.medfusion_world import (
    PRACTICE,
    TENANT_ID,
    MedfusionWorld,
    Said,
    document,
    medfusion_world,
    payment_element,
)

PATH = f"/v1/practice/{PRACTICE}/securePayments"
STATUS_PATH = f"/v1/practice/{PRACTICE}/processingStatus/"
POST = "post_secure_payments"
LATE_SECONDS = 120


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> MedfusionWorld:
    """Two tenants and their portals; messages are tried as long as in a stack."""
    return medfusion_world(monkeypatch, policy=replace(POLICY, retry_attempts_max=40))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> MedfusionWorld:
    """The same; after five tries a message is given up."""
    return medfusion_world(monkeypatch)


def post_of(room: MedfusionWorld, reference: str) -> dict[str, Any]:
    """The payment's latest action, as details show it."""
    found: dict[str, Any] = room.details(room.known(reference).payment_id)["actions"][-1]
    return found


def applied(room: MedfusionWorld, reference: str) -> list[str]:
    """The states of the messages that the vendor accepted about a payment."""
    return [it["state"] for it in room.messages(reference)]


# ---------------------------------------------------------------- faults

FOUND_BY_POLLING = ("timeout_after", "malformed", "http_500_after", "late_apply")
SENT_AGAIN = ("disconnect", "timeout_before", "http_500_before")
PROVEN_NOT_SENT = ("http_429", "refuse")


@pytest.mark.parametrize("fault", [*FOUND_BY_POLLING, *SENT_AGAIN, *PROVEN_NOT_SENT, "slow"])
def test_under_every_fault_a_payment_is_posted_by_one_message(
    room: MedfusionWorld, fault: str
) -> None:
    reference = room.picked_up()
    room.arm(POST, fault)
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)
    assert applied(room, reference) == ["COMPLETED"]
    assert room.at_vendor(reference) == "POSTED"
    payment = room.details(room.known(reference).payment_id)
    assert (payment["status"], post_of(room, reference)["state"]) == ("POSTED", "done")
    assert payment["action"] is None and payment["nextLookAt"] is None
    assert room.payment(said.payment_id).due_at_ms is None


def test_every_fault_of_the_contract_is_played_here() -> None:
    played = {*FOUND_BY_POLLING, *SENT_AGAIN, *PROVEN_NOT_SENT, "slow", "decline"}
    assert set(CONTRACTS[SEND].expected_ends) == played


@pytest.mark.parametrize("fault", FOUND_BY_POLLING)
def test_what_was_applied_without_an_answer_is_found_and_not_sent_again(
    room: MedfusionWorld, fault: str
) -> None:
    reference = room.picked_up()
    room.arm(POST, fault)
    said = room.accepted(reference)
    room.work()
    assert room.payment(said.payment_id).action.state is ActionState.UNKNOWN
    assert room.state(said) == ("PROCESSING", None)
    room.settled(said)
    assert len(room.asked(PATH)) == 1
    (attempt,) = room.payment(said.payment_id).action.attempts
    assert attempt.outcome == "unknown"


@pytest.mark.parametrize("fault", SENT_AGAIN)
def test_what_came_to_nothing_is_sent_again_after_the_quarantine_only(
    room: MedfusionWorld, fault: str
) -> None:
    reference = room.picked_up()
    room.arm(POST, fault)
    said = room.accepted(reference)
    room.go(900)
    assert len(room.asked(PATH)) == 1
    assert room.settled(said) == ("COMPLETED", None)
    assert len(room.asked(PATH)) == 2
    first, second = room.asked(PATH)
    assert first.body == second.body


def test_a_declined_message_refuses_its_payments_with_the_vendors_words(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up()
    room.arm(POST, "decline")
    said = room.accepted(reference)
    state, error = room.settled(said)
    assert state == "ERROR" and error
    details = room.details(room.known(reference).payment_id)
    assert (details["status"], details["vendorMessage"]) == ("SUBMITTED", error)
    assert post_of(room, reference)["state"] == "refused"
    assert details["history"][-1]["reason"] == error
    assert room.details(said.payment_id)["vendorMessage"] == error
    again = room.accepted(reference)
    assert room.settled(again) == ("COMPLETED", None)
    assert room.details(room.known(reference).payment_id)["vendorMessage"] is None


def test_a_vendor_that_is_down_for_an_hour_costs_an_hour_and_no_duplicate(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up()
    room.arm("", "refuse", seconds=3600)
    said = room.accepted(reference)
    room.go(1800)
    assert room.state(said) == ("PROCESSING", None)
    shown = room.details(said.payment_id)
    assert shown["action"]["state"] == "queued" and shown["nextLookAt"]
    assert "no connection" in shown["actions"][0]["attempts"][-1]["detail"]
    assert shown["retry"]["safe"] is True
    assert room.settled(said) == ("COMPLETED", None)
    assert applied(room, reference) == ["COMPLETED"]


@pytest.mark.parametrize(
    "spoilt", [("get_token", "http_500_before"), ("get_oauth_application", "timeout_after")]
)
def test_without_a_token_nothing_is_sent(room: MedfusionWorld, spoilt: tuple[str, str]) -> None:
    reference = room.picked_up()
    room.go(7200)  # the token of the poll has ended
    room.arm(*spoilt)
    said = room.accepted(reference)
    room.work()
    assert room.asked(PATH) == []
    assert room.settled(said) == ("COMPLETED", None)
    assert applied(room, reference) == ["COMPLETED"]


def test_a_token_that_ends_before_the_call_is_renewed(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.expire_tokens()
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)
    refused, taken = room.asked(PATH)
    assert refused.headers["authorization"] != taken.headers["authorization"]
    assert applied(room, reference) == ["COMPLETED"]


# ---------------------------------------------------------------- the vendor's manners


@pytest.mark.parametrize("style", ["admin", "ccd"])
@pytest.mark.parametrize("loses", [False, True])
def test_both_response_styles_are_read_with_and_without_a_location(
    room: MedfusionWorld, style: str, loses: bool
) -> None:
    room.manners(response_style=style, loses_location=loses)
    reference = room.picked_up()
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)
    (message,) = room.messages(reference)
    assert room.payment(said.payment_id).vendor_reference == message["message_id"]


def test_an_answer_without_its_location_is_followed_by_its_message_id(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up(412)
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)
    message_id = room.messages(reference)[0]["message_id"]
    assert room.asked(STATUS_PATH + message_id, "GET")


def test_a_message_that_takes_its_time_is_asked_about_more_rarely(room: MedfusionWorld) -> None:
    room.manners(processing_seconds=3600)
    reference = room.picked_up()
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)
    message_id = room.messages(reference)[0]["message_id"]
    assert 3 < len(room.asked(STATUS_PATH + message_id, "GET")) < 50


def test_a_message_that_never_ends_is_still_processed_after_days(room: MedfusionWorld) -> None:
    reference = room.picked_up(408)
    said = room.accepted(reference)
    room.go(days=3)
    assert room.state(said) == ("PROCESSING", None)
    assert len(room.messages(reference)) == 1
    assert room.details(said.payment_id)["nextLookAt"] is not None
    assert len(room.sent) < 300


def test_a_forgotten_status_is_found_out_from_the_payments(room: MedfusionWorld) -> None:
    reference = room.picked_up(410)
    said = room.accepted(reference)
    room.work()
    assert room.settled(said) == ("COMPLETED", None)
    assert applied(room, reference) == ["COMPLETED"]
    assert room.served() == {reference: "POSTED"}


def test_a_status_that_cannot_be_read_now_is_read_later(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.arm("get_processing_status", "malformed", count=2)
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)
    assert applied(room, reference) == ["COMPLETED"]


# ---------------------------------------------------------------- failed, and sent again


@pytest.mark.parametrize(
    ("cents", "words"),
    [(404, "The payment was not found."), (409, "The patient's account is closed.")],
)
def test_a_message_that_fails_after_its_202_refuses_its_payments_with_the_reason(
    room: MedfusionWorld, cents: int, words: str
) -> None:
    reference = room.picked_up(cents)
    said = room.accepted(reference)
    assert room.settled(said) == ("ERROR", words)
    message = room.details(said.payment_id)
    assert (message["status"], message["vendorMessage"]) == ("ERROR", words)
    payment = room.details(room.known(reference).payment_id)
    assert (payment["status"], payment["vendorMessage"]) == ("SUBMITTED", words)
    assert (payment["actions"][-1]["verb"], payment["actions"][-1]["state"]) == ("post", "refused")
    entry = payment["history"][-1]
    assert (entry["subject"], entry["to"], entry["reason"]) == ("post", "refused", words)


def test_what_failed_can_be_sent_again_and_reaches_its_end(
    room: MedfusionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = room.picked_up(404)
    first = room.accepted(reference, key="k-1")
    assert room.settled(first)[0] == "ERROR"
    monkeypatch.delitem(MAGIC_AMOUNTS, 404)  # the cause at the vendor is gone
    second = room.accepted(reference, key="k-2")
    assert room.settled(second) == ("COMPLETED", None)
    assert room.state(first)[0] == "ERROR"
    assert applied(room, reference) == ["ERROR", "COMPLETED"]
    states = [it["state"] for it in room.details(room.known(reference).payment_id)["actions"]]
    assert states == ["done", "refused", "done"]


def test_the_key_of_a_failed_message_tells_of_that_message_and_sends_nothing(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up(409)
    first = room.accepted(reference, key="k-1")
    room.settled(first)
    again = room.accepted(reference, key="k-1")
    assert again.is_replay and room.state(again)[0] == "ERROR"
    room.go(3600)
    assert len(room.asked(PATH)) == 1


def test_one_payment_that_fails_fails_its_whole_message(room: MedfusionWorld) -> None:
    good, closed = room.pay(2500), room.pay(409)
    room.poll()
    said = room.accepted(good, closed)
    assert room.settled(said)[0] == "ERROR"
    assert {room.at_vendor(it) for it in (good, closed)} == {"SUBMITTED"}
    assert {post_of(room, it)["state"] for it in (good, closed)} == {"refused"}
    assert room.settled(room.accepted(good)) == ("COMPLETED", None)


def test_what_somebody_else_posted_meanwhile_is_no_failure(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.posted_by_another(reference)
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)
    assert room.served() == {reference: "POSTED"}


def test_a_status_that_would_go_back_at_the_vendor_is_an_error_with_its_words(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up()
    room.posted_by_another(reference)
    said = room.accepted(reference, status="ACCEPTED")
    state, error = room.settled(said)
    assert state == "ERROR" and error is not None and "cannot become ACCEPTED" in error


# ---------------------------------------------------------------- given up, redriven, resolved


def test_a_message_that_is_given_up_is_a_dead_letter_and_can_be_redriven(
    short: MedfusionWorld,
) -> None:
    reference = short.picked_up()
    short.arm("", "refuse", seconds=3600)
    said = short.accepted(reference)
    state, error = short.settled(said)
    assert state == "ERROR" and error is not None and "no connection" in error
    assert post_of(short, reference)["state"] == "not_sent"
    assert short.known(reference).open_action is None
    (letter,) = letters(short)
    assert letter["subjectId"] == said.payment_id
    short.go(3600)
    assert short.messages(reference) == []
    assert redriven(short, letter).status == 202
    assert short.state(said) == ("PROCESSING", None)
    assert short.settled(said) == ("COMPLETED", None)
    assert applied(short, reference) == ["COMPLETED"]
    assert short.served() == {reference: "POSTED"}


def letters(room: MedfusionWorld) -> list[dict[str, Any]]:
    """The operator's list."""
    found: list[dict[str, Any]] = room.call("list_dead_letters", role="operator").body[
        "deadLetters"
    ]
    return found


def redriven(room: MedfusionWorld, letter: dict[str, Any]) -> Said:
    """An operator sends it again."""
    ids = {"deadLetterId": letter["deadLetterId"]}
    return room.call("redrive_dead_letter", ids, {}, role="operator")


def test_what_was_given_up_can_be_sent_in_another_message_and_the_old_one_then_has_nothing_left(
    short: MedfusionWorld,
) -> None:
    reference = short.picked_up()
    short.arm("", "refuse", seconds=3600)
    given_up = short.accepted(reference)
    short.settled(given_up)
    short.go(3600)
    second = short.accepted(reference)
    assert short.settled(second) == ("COMPLETED", None)
    assert redriven(short, letters(short)[0]).status == 202
    assert short.settled(given_up) == ("COMPLETED", None)
    assert applied(short, reference) == ["COMPLETED"]


def test_a_second_message_sends_what_the_first_gave_up(short: MedfusionWorld) -> None:
    """The second was left out while the first was under way, and shows what became of it."""
    reference = short.picked_up()
    short.arm("", "refuse", seconds=3600)
    first, second = short.accepted(reference), short.accepted(reference)
    short.settled(first)
    assert short.state(second)[0] == "ERROR"
    short.go(3600)
    assert short.settled(short.accepted(reference)) == ("COMPLETED", None)
    assert short.state(second) == ("COMPLETED", None)
    assert applied(short, reference) == ["COMPLETED"]


def test_waiting_for_another_message_uses_up_no_tries(short: MedfusionWorld) -> None:
    short.manners(processing_seconds=7200)
    reference = short.picked_up()
    first = short.accepted(reference, status="ACCEPTED")
    second = short.accepted(reference, status="POSTED")
    short.go(7000)
    assert short.state(second) == ("PROCESSING", None)
    assert short.payment(second.payment_id).action.tries == 0
    assert short.settled(first) == short.settled(second, 12 * 3600) == ("COMPLETED", None)
    assert short.at_vendor(reference) == "POSTED"


def resolved(room: MedfusionWorld, said: Said, resolution: str, reference: str = "") -> Said:
    """An operator ends a review."""
    body = {"resolution": resolution, "reason": "asked the vendor"}
    body |= {"vendorReference": reference} if reference else {}
    ids = {"paymentId": said.payment_id}
    return room.call("resolve_payment", ids, body, role="operator")


def in_review(room: MedfusionWorld, reference: str) -> Said:
    """A message whose answer named one that another message has."""
    other = room.picked_up(1111)
    room.settled(room.accepted(other))
    taken = room.messages(other)[0]["message_id"]
    room.instead = lambda request: (
        httpx.Response(
            202,
            text=f"<ProcessingResponse><MessageId>{taken}</MessageId></ProcessingResponse>",
        )
        if request.method == "POST" and request.url.path == PATH
        else None
    )
    said = room.accepted(reference)
    room.work()
    room.instead = lambda request: None
    assert room.payment(said.payment_id).action.state is ActionState.NEEDS_REVIEW
    assert room.state(said) == ("PROCESSING", None)
    assert post_of(room, reference)["state"] == "queued"
    return said


def test_an_operator_who_says_not_moved_frees_the_payments_at_once(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = in_review(room, reference)
    assert resolved(room, said, "not_moved").status == 200
    assert room.state(said)[0] == "ERROR"
    assert post_of(room, reference)["state"] == "refused"
    assert room.settled(room.accepted(reference)) == ("COMPLETED", None)


def test_an_operator_who_has_it_sent_again_sees_it_through(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = in_review(room, reference)
    assert resolved(room, said, "resend").status == 200
    assert room.settled(said) == ("COMPLETED", None)
    assert applied(room, reference) == ["COMPLETED"]


def test_what_an_operator_names_is_asked_about(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = in_review(room, reference)
    room.posted_by_another(reference)
    message_id = room.messages(reference)[0]["message_id"]
    assert resolved(room, said, "moved", message_id).status == 200
    assert room.settled(said) == ("COMPLETED", None)
    assert room.asked(STATUS_PATH + message_id, "GET")
    assert room.served()[reference] == "POSTED"


# ---------------------------------------------------------------- crashes


class Died(BaseException):
    """The process is gone."""


def die_at(room: MedfusionWorld, number: int) -> list[str]:
    """Have the process die at its so-manyth request to the table or to the vendor.

    The sweep's queries are none of them: it does nothing but remind.
    """
    seen: list[str] = []

    def step(point: str) -> None:
        if point == "before query":
            return
        seen.append(point)
        if len(seen) == number:
            raise Died

    room.table.hook = step
    room.before_call = step
    return seen


def live(room: MedfusionWorld) -> None:
    """Nobody dies any more."""
    room.table.hook = lambda at: None
    room.before_call = lambda path: None


def sent_with_deaths(room: MedfusionWorld, said: Said, number: int) -> bool:
    """Workers do what is due for a minute; whether one died at its so-manyth request."""
    die_at(room, number)
    died = False
    for _ in range(4):
        try:
            room.go(15)
        except Died:
            died = True
            live(room)
            # What lay in the dead process's hands comes back to nobody: only the sweep finds it.
            room.queue.messages.clear()
    live(room)
    return died


@pytest.mark.parametrize(
    ("cents", "fault", "expected"),
    [
        (2500, None, "COMPLETED"),
        (409, None, "ERROR"),
        (2500, "timeout_after", "COMPLETED"),
    ],
)
def test_wherever_a_worker_dies_the_message_ends_right(
    room: MedfusionWorld, cents: int, fault: str | None, expected: str
) -> None:
    """At every request to the table and to the vendor, one after the other, from the same state."""
    pairs = [(room.pay(cents), room.pay(2500)) for _ in range(DEATHS_MAX)]
    room.poll()
    before = room.snapshot()
    for number, references in enumerate(pairs, start=1):
        room.restore(before)
        if fault is not None:
            room.arm(POST, fault)
        said = room.accepted(*references)
        died = sent_with_deaths(room, said, number)
        check_end(room, references, room.settled(said, 48 * 3600), expected)
        if not died:
            break
    else:
        raise AssertionError("it never came through")
    assert number > 10
    room.control("DELETE", "faults")


DEATHS_MAX = 60


def check_end(
    room: MedfusionWorld,
    references: tuple[str, str],
    end: tuple[str, str | None],
    expected: str,
) -> None:
    """The message and its payments tell the same story as the vendor."""
    assert end[0] == expected, end
    done = expected == "COMPLETED"
    for reference in references:
        payment = room.known(reference)
        assert payment.open_action is None and payment.due_at_ms is None
        assert payment.status == room.at_vendor(reference) == ("POSTED" if done else "SUBMITTED")
        assert post_of(room, reference)["state"] == ("done" if done else "refused")
    ends = applied(room, references[0])
    assert ends.count("COMPLETED") == (1 if done else 0)
    assert len(ends) == 1 or not done


@pytest.mark.parametrize("fault", [None, "timeout_after"])
def test_payments_are_told_how_their_message_ended_by_whoever_finds_out(
    room: MedfusionWorld, fault: str | None
) -> None:
    reference = room.picked_up()
    if fault is not None:
        room.arm(POST, fault)
    said = room.accepted(reference)
    room.work()
    while room.details(said.payment_id)["status"] != "COMPLETED":
        due_ms = room.payment(said.payment_id).due_at_ms
        assert due_ms is not None
        room.clock.advance(max(0, due_ms - room.clock.now_ms()))
        room.sandbox.run_due_jobs()
        room.remind("advance_payment", {"tenant": TENANT_ID, "payment": said.payment_id})
    assert room.state(said) == ("COMPLETED", None)
    assert post_of(room, reference)["state"] == "done"


def test_a_payment_learns_within_minutes_how_its_message_ended(room: MedfusionWorld) -> None:
    """The process died between the message's end and the payment's."""
    reference = room.picked_up()
    said = room.accepted(reference)
    room.work()
    room.clock.advance(2000)
    room.sandbox.run_due_jobs()
    ends = die_after_the_message_ended(room, said)
    with pytest.raises(Died):
        room.work()
    ends()
    assert room.details(said.payment_id)["status"] == "COMPLETED"
    assert room.state(said) == ("PROCESSING", None), "its payment does not know yet"
    room.go(120)
    assert room.state(said) == ("COMPLETED", None)
    assert room.served() == {reference: "POSTED"}


def die_after_the_message_ended(room: MedfusionWorld, said: Said) -> Callable[[], None]:
    def hook(at: str) -> None:
        if at == "after put":
            live(room)
            stored = room.payment(said.payment_id)
            room.table.hook = hook
            if stored.vendor_status in ("COMPLETED", "ERROR"):
                raise Died

    room.table.hook = hook
    return lambda: live(room)


def test_what_a_dead_process_left_open_does_not_stand_in_the_way_of_the_next_message(
    room: MedfusionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its message failed, its payment has not heard; the caller sends again at once."""
    reference = room.picked_up(409)
    said = room.accepted(reference)
    room.work()
    room.clock.advance(2000)
    room.sandbox.run_due_jobs()
    ends = die_after_the_message_ended(room, said)
    with pytest.raises(Died):
        room.work()
    ends()
    room.queue.messages.clear()
    monkeypatch.delitem(MAGIC_AMOUNTS, 409)
    again = room.accepted(reference)
    room.remind("advance_payment", {"tenant": room.tenant.tenant, "payment": again.payment_id})
    assert room.settled(again) == ("COMPLETED", None)
    assert room.state(said)[0] == "ERROR"
    assert applied(room, reference) == ["ERROR", "COMPLETED"]


def test_a_reminder_that_is_lost_is_made_up_for_by_the_sweep(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = room.accepted(reference)
    room.queue.messages.clear()
    assert room.settled(said) == ("COMPLETED", None)


def test_a_reminder_that_comes_twice_at_once_sends_once(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = room.accepted(reference)
    ids = {"tenant": room.tenant.tenant, "payment": said.payment_id}
    for point in ("before put", "before get", "after put"):
        room.interleave(lambda: room.remind("advance_payment", ids), point)
        room.remind("advance_payment", ids)
        room.table.hook = lambda at: None
    assert room.settled(said) == ("COMPLETED", None)
    assert applied(room, reference) == ["COMPLETED"]


@pytest.mark.parametrize("moment", range(1, 25))
def test_two_workers_that_meet_anywhere_send_one_message(room: MedfusionWorld, moment: int) -> None:
    references = [room.pay(), room.pay()]
    room.poll()
    said = room.accepted(*references)
    ids = {"tenant": room.tenant.tenant, "payment": said.payment_id}
    seen: list[str] = []

    def meet(at: str) -> None:
        seen.append(at)
        if len(seen) == moment:
            live(room)
            room.remind("advance_payment", ids)

    room.table.hook = meet
    room.remind("advance_payment", ids)
    live(room)
    assert room.settled(said) == ("COMPLETED", None)
    assert len(room.asked(PATH)) == 1


def test_a_message_whose_text_is_gone_says_so(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = room.accepted(reference)
    gone = [key for key in room.table.items if key[1].startswith("CARRIED#")]
    for key in gone:
        del room.table.items[key]
    state, error = room.settled(said)
    assert state == "ERROR" and error is not None and "not kept any more" in error
    assert post_of(room, reference)["state"] == "refused"


def test_a_message_is_found_wherever_in_the_list_its_payments_lie(
    room: MedfusionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page of the vendor's shows one of them."""
    monkeypatch.setattr(vendor_portal, "PAGE_MAX", 1)
    references = []
    for _ in range(15):
        references += [room.pay(), room.pay()]
        room.poll()
        room.go(3600)
    room.arm(POST, "timeout_after")
    said = room.accepted(*references[::2])
    assert room.settled(said) == ("COMPLETED", None)
    assert len(room.asked(PATH)) == 1
    assert {room.at_vendor(it) for it in references[::2]} == {"POSTED"}


def test_a_message_is_found_only_where_all_its_payments_are_there(room: MedfusionWorld) -> None:
    """One of them was posted by somebody else; the message itself never got there."""
    ours, anothers = room.pay(), room.pay()
    room.poll()
    room.posted_by_another(anothers)
    room.arm(POST, "timeout_before")
    said = room.accepted(ours, anothers)
    assert room.settled(said) == ("COMPLETED", None)
    assert room.at_vendor(ours) == "POSTED" and applied(room, ours) == ["COMPLETED"]


def test_what_is_in_a_message_is_not_decided_anew_once_it_is_sent(room: MedfusionWorld) -> None:
    said = room.accepted(room.picked_up())
    room.work()
    with pytest.raises(NothingToDo):
        batch.decided(room.payment(said.payment_id), 1, ())


def test_many_payments_of_a_message_each_learn_its_end(room: MedfusionWorld) -> None:
    references = [room.pay(1000 + number) for number in range(12)]
    room.poll()
    body = document(*(payment_element(it, "POSTED") for it in references))
    said = room.post(body)
    assert room.settled(said) == ("COMPLETED", None)
    assert set(room.served().values()) == {"POSTED"}
    assert len(room.messages()) == 1


def test_what_medfusion_processes_is_asked_about_before_the_next_sweep(
    room: MedfusionWorld,
) -> None:
    said = room.accepted(room.picked_up())
    room.work()
    assert room.payment(said.payment_id).vendor_status == "PROCESSING"
    assert room.queue.next_ms is not None
    assert room.queue.next_ms - room.clock.now_ms() <= 3_000
