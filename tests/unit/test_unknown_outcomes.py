"""An unknown outcome is asked about until there is proof; it is never sent again before."""

from dataclasses import replace

import pytest

from payhub import attempts
from payhub.domain import outcomes
from payhub.domain.answers import Finding, NotSent, Undecided, VendorRefused
from payhub.domain.contract import Resend
from payhub.domain.errors import NothingToDo
from payhub.domain.payment import ActionState
from payhub.operations.resolve_payment import ResolvePayment, resolve_payment
from payhub.ports import Order
from payhub.vendors.optum.contract import CONTRACTS
from tests.support.doing import Killed, issue, work
from tests.support.fakes import UNANSWERED, World, done, matches, view

QUARANTINE_SECONDS = 30 + 10 + 900


def test_what_is_found_is_adopted(world: World) -> None:
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    world.vendor.findings.append(matches(view("Loading", "v-9")))
    after = work(world, payment)
    assert (after.status, after.vendor_reference) == ("Loading", "v-9")
    assert after.action.answer is not None and len(world.vendor.calls) == 1


def test_absence_before_the_quarantine_proves_nothing(world: World) -> None:
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    world.vendor.findings.append(matches())
    after = work(world, payment, seconds=QUARANTINE_SECONDS - 1)
    assert after.action.state is ActionState.UNKNOWN
    assert len(world.vendor.calls) == 1


def test_absence_after_the_quarantine_sends_it_again(world: World) -> None:
    world.vendor.answers.extend([UNANSWERED, done("Created", "v-2")])
    payment = issue(world).payment
    world.vendor.findings.append(matches())
    queued = work(world, payment, seconds=QUARANTINE_SECONDS)
    assert queued.action.state is ActionState.QUEUED
    after = work(world, payment)
    assert (after.status, after.vendor_reference) == ("Created", "v-2")
    assert len(world.vendor.calls) == 2


def test_inquiry_goes_on_after_a_resend_and_a_second_one_raises_the_alarm(world: World) -> None:
    world.vendor.answers.extend([UNANSWERED, done("Created", "v-2")])
    payment = issue(world).payment
    world.vendor.findings.append(matches())
    work(world, payment, seconds=QUARANTINE_SECONDS)
    work(world, payment)
    world.vendor.findings.clear()
    world.vendor.findings.append(matches(view("Created", "v-1"), view("Created", "v-2")))
    after = work(world, payment)
    assert after.status == "needs_review"
    assert "NeedsReview" in world.signals.names()
    assert {"v-1", "v-2"} <= set(after.history[-2].reason.replace(",", "").split())


def test_the_watch_after_a_resend_ends(world: World) -> None:
    world.vendor.answers.extend([UNANSWERED, done("Completed", "v-2")])
    payment = issue(world).payment
    world.vendor.findings.append(matches())
    work(world, payment, seconds=QUARANTINE_SECONDS)
    work(world, payment)
    world.vendor.findings.clear()
    world.vendor.findings.append(matches(view("Completed", "v-2")))
    for _ in range(60):
        payment = work(world, payment)
        if payment.due_at_ms is None:
            break
    assert payment.due_at_ms is None and payment.actions[0].watch_until_ms is None
    assert payment.status == "Completed"


def test_an_undecided_search_proves_nothing_and_is_repeated(world: World) -> None:
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    world.vendor.findings.append(Undecided(reason="list broke off"))
    after = work(world, payment, seconds=QUARANTINE_SECONDS * 2)
    assert after.action.state is ActionState.UNKNOWN
    assert after.due_at_ms is not None and after.due_at_ms > world.clock.now_ms()


def test_several_matches_need_review(world: World) -> None:
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    world.vendor.findings.append(matches(view("Created", "v-1"), view("Created", "v-2")))
    assert work(world, payment).status == "needs_review"


@pytest.mark.parametrize("where", ["before put", "after put"])
def test_a_crash_around_the_outcome_write_is_found_by_asking(world: World, where: str) -> None:
    world.vendor.answers.append(done("Created", "v-1"))
    writes = 0

    def die(point: str) -> None:
        nonlocal writes
        writes += point == where
        if point == where and writes == 2:
            raise Killed

    world.table.hook = die
    with pytest.raises(Killed):
        issue(world)
    world.table.hook = lambda point: None
    world.vendor.findings.append(matches(view("Created", "v-1")))
    world.vendor.readings.append(view("Created"))
    found = next(iter(world.hub.payments.due(world.clock.now_ms() + 10**9, 10)))
    payment = world.hub.payments.load(found.tenant, found.subject_id)
    assert payment is not None
    after = work(world, payment)
    assert (after.status, after.vendor_reference) == ("Created", "v-1")
    assert len(world.vendor.calls) == 1


def test_a_crash_before_the_call_is_asked_about_and_sent_after_the_quarantine(world: World) -> None:
    world.vendor.answers.extend([Killed(), done("Created", "v-1")])
    with pytest.raises(Killed):
        issue(world)
    payment = issue(world).payment
    world.vendor.findings.append(matches())
    after = work(world, payment)
    assert after.action.state is ActionState.UNKNOWN
    work(world, payment, seconds=QUARANTINE_SECONDS)
    assert work(world, payment).status == "Created"


def test_an_intent_that_still_has_time_is_left_alone(world: World) -> None:
    world.vendor.answers.append(Killed())
    with pytest.raises(Killed):
        issue(world)
    payment = issue(world).payment
    assert work(world, payment, seconds=30).action.state is ActionState.SENDING


def test_a_zombies_late_answer_is_adopted_while_it_is_asked_about(world: World) -> None:
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    token = payment.action.attempts[0].token
    after = attempts.settle(world.hub, payment, token, done("Created", "v-1"))
    assert (after.status, after.vendor_reference) == ("Created", "v-1")


def test_a_zombies_answer_after_a_resend_shows_the_second_movement(world: World) -> None:
    world.vendor.answers.extend([UNANSWERED, done("Created", "v-2")])
    payment = issue(world).payment
    token = payment.action.attempts[0].token
    world.vendor.findings.append(matches())
    work(world, payment, seconds=QUARANTINE_SECONDS)
    payment = work(world, payment)
    after = attempts.settle(world.hub, payment, token, done("Created", "v-1"))
    assert after.status == "needs_review"


def test_a_zombies_silence_changes_nothing(world: World) -> None:
    world.vendor.answers.extend([UNANSWERED, done("Created", "v-2")])
    payment = issue(world).payment
    token = payment.action.attempts[0].token
    world.vendor.findings.append(matches())
    work(world, payment, seconds=QUARANTINE_SECONDS)
    payment = work(world, payment)
    for answer in (UNANSWERED, NotSent(reason="x"), VendorRefused(message="no")):
        payment = attempts.settle(world.hub, payment, token, answer)
        assert payment.status == "Created"


def test_absence_is_no_proof_where_the_vendor_has_no_bound(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = replace(CONTRACTS["issue"], late_apply_bound_seconds=None)
    monkeypatch.setitem(CONTRACTS, "issue", row)
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    world.vendor.findings.append(matches())
    assert work(world, payment, seconds=10**6).status == "needs_review"


def test_where_the_caller_decides_absence_ends_as_not_captured_and_is_watched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = replace(CONTRACTS["issue"], resend=Resend.CALLER_DECIDES)
    monkeypatch.setitem(CONTRACTS, "issue", row)
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    world.vendor.findings.append(matches())
    after = work(world, payment, seconds=QUARANTINE_SECONDS)
    assert (after.status, len(world.vendor.calls)) == ("not_captured", 1)
    world.vendor.findings.clear()
    world.vendor.findings.append(matches(view("Created", "v-1")))
    assert work(world, after).status == "needs_review"


@pytest.mark.parametrize(
    ("resolution", "status"),
    [("moved", "pending"), ("not_moved", "not_captured"), ("resend", "pending")],
)
def test_an_operator_resolves_a_review(world: World, resolution: str, status: str) -> None:
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment
    world.vendor.findings.append(matches(view("Created", "v-1"), view("Created", "v-2")))
    work(world, payment)
    body = {"resolution": resolution, "reason": "portal checked", "vendorReference": "v-2"}
    command = ResolvePayment.model_validate({"payment_id": payment.payment_id, "body": body})
    resolved = resolve_payment(world.hub, world.caller(), command)
    assert resolved.status == status
    word = next(entry for entry in resolved.history if entry.reason == "portal checked")
    assert word.actor == "caller:test"
    if resolution == "moved":
        world.vendor.readings.append(view("Sent", "v-2"))
        after = work(world, payment)
        assert (after.status, after.vendor_reference) == ("Sent", "v-2")
    if resolution == "resend":
        world.vendor.answers.append(done("Created", "v-2"))
        assert work(world, payment).status == "Created"


def test_an_inquiry_that_began_before_the_end_of_the_quarantine_proves_nothing(
    world: World,
) -> None:
    world.vendor.answers.append(UNANSWERED)
    payment = issue(world).payment

    def slow_search(order: Order) -> Finding:
        world.clock.advance(20)
        return matches()

    world.vendor.search = slow_search  # type: ignore[method-assign]
    after = work(world, payment, seconds=QUARANTINE_SECONDS - 10)
    assert after.action.state is ActionState.UNKNOWN


def test_an_intent_is_not_presumed_unknown_by_a_worker_that_is_overtaken(world: World) -> None:
    world.vendor.answers.append(Killed())
    with pytest.raises(Killed):
        issue(world)
    payment = issue(world).payment
    rules = attempts.rules_of(world.hub, payment, "issue")
    with pytest.raises(NothingToDo):
        outcomes.presume_unknown(payment, rules, world.clock.now_ms())
