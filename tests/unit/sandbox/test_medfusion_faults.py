"""Faults and restarts at Medfusion: an update is taken once or not, whatever the caller sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.sandbox.bench import effects_of_faults, request_of
from tests.unit.sandbox.medfusion_bench import (
    PRACTICE,
    SWIPED,
    MedfusionBench,
    document,
    payment,
)

POST_PATH = f"/v1/practice/{PRACTICE}/securePayments"
CARD_NUMBER = "4111111111111111"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[MedfusionBench]:
    """On disk, so that it can be closed and opened again."""
    kept = MedfusionBench(tmp_path / "sandbox.sqlite3")
    kept.member()
    kept.sign_in()
    yield kept
    kept.store.close()


@pytest.mark.parametrize(("fault", "status", "applied"), effects_of_faults(202, 400))
def test_a_fault_spoils_one_update(
    medfusion: MedfusionBench, fault: str, status: int | None, applied: bool
) -> None:
    payment_id = medfusion.pay()
    assert medfusion.arm(fault, "post_secure_payments").status == 201
    reply = medfusion.reply("POST", POST_PATH, document(payment(payment_id)))
    assert (reply.response.status if reply.response else None) == status
    assert len(medfusion.listed("messages")) == int(applied)
    medfusion.wait(3)
    assert medfusion.status_of(payment_id) == ("POSTED" if applied else "SUBMITTED")
    assert medfusion.post(payment(payment_id)).status == 202


OPERATIONS: dict[str, Callable[[MedfusionBench], object]] = {
    "get_oauth_application": lambda medfusion: medfusion.sandbox.handle(
        "medfusion", request_of("GET", "/v1/oauth2/oauthapplication/app-token-1", {}, b"")
    ),
    "get_token": lambda medfusion: medfusion.ask_token(),
    "poll_secure_payments": lambda medfusion: medfusion.poll(),
    "poll_payments": lambda medfusion: medfusion.poll(SWIPED),
    "post_secure_payments": lambda medfusion: medfusion.post(payment("x")),
    "post_payments": lambda medfusion: medfusion.post(
        payment("x", type_="VCS Payment"), path=SWIPED
    ),
    "get_processing_status": lambda medfusion: medfusion.ask("GET", "processingStatus/x"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_can_be_spoiled(medfusion: MedfusionBench, operation: str) -> None:
    assert set(OPERATIONS) == set(medfusion.sandbox.vendors["medfusion"].operations)
    medfusion.arm("http_500_before", operation)
    OPERATIONS[operation](medfusion)
    assert medfusion.sandbox.faults.armed("medfusion") == []


def test_a_fault_aims_at_one_payment(medfusion: MedfusionBench) -> None:
    first, second = medfusion.pay(), medfusion.pay()
    medfusion.arm("http_429", "post_secure_payments", match=second)
    assert medfusion.post(payment(first)).status == 202
    limited = medfusion.post(payment(second))
    assert (limited.status, limited.headers["Retry-After"]) == (429, "1")


def test_a_malformed_poll_has_the_right_status_and_no_readable_body(
    medfusion: MedfusionBench,
) -> None:
    medfusion.pay()
    medfusion.arm("malformed", "poll_secure_payments")
    answer = medfusion.poll()
    assert answer.status == 200
    with pytest.raises(ET.ParseError):
        ET.fromstring(answer.body)


@pytest.mark.parametrize("operation", ["poll_secure_payments", "get_token"])
def test_only_updates_can_be_declined(medfusion: MedfusionBench, operation: str) -> None:
    assert medfusion.arm("decline", operation).status == 400
    assert medfusion.arm("decline", "post_payments").status == 201


def test_a_closed_port_does_not_stop_what_was_taken(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay()
    medfusion.posted(payment_id)
    body = {"vendor": "medfusion", "fault": "refuse", "seconds": 60}
    assert medfusion.control("POST", "faults", body).status == 201
    assert medfusion.sandbox.refusal("medfusion")
    medfusion.wait(3)
    assert medfusion.status_of(payment_id) == "POSTED"


def test_a_late_update_is_taken_after_its_delay_also_across_a_restart(
    kept: MedfusionBench,
) -> None:
    payment_id = kept.pay()
    kept.arm("late_apply", "post_secure_payments", delay_seconds=5)
    assert kept.reply("POST", POST_PATH, document(payment(payment_id))).response is None
    kept.reopen()
    kept.wait(4.9)
    assert kept.listed("messages") == []
    kept.wait(0.2)
    assert [each["state"] for each in kept.listed("messages")] == ["PROCESSING"]
    kept.wait(2)
    assert kept.status_of(payment_id) == "POSTED"


def test_a_late_request_that_is_not_let_in_or_not_right_is_never_applied(
    medfusion: MedfusionBench,
) -> None:
    for operation, ask in (
        ("post_secure_payments", {"authorization": "Bearer wrong"}),
        ("post_secure_payments", {"content_type": "text/plain"}),
    ):
        medfusion.arm("late_apply", operation, delay_seconds=1)
        medfusion.reply("POST", POST_PATH, document(payment("x")), **ask)
        assert medfusion.sandbox.jobs.next() is None
    medfusion.arm("late_apply", "get_token", delay_seconds=1)
    with pytest.raises(AssertionError):  # no answer
        medfusion.ask_token()
    medfusion.arm("late_apply", "post_secure_payments", delay_seconds=1)
    medfusion.reply("POST", POST_PATH, "<nothing/>")
    medfusion.wait(1.5)
    assert medfusion.listed("messages") == []


def test_payments_messages_tokens_and_the_processing_survive_a_restart(
    kept: MedfusionBench,
) -> None:
    payment_id = kept.pay()
    path = kept.posted(payment_id)
    kept.reopen()
    assert kept.polled() == [payment_id]
    assert kept.states(path) == ["PROCESSING", "PROCESSING"]
    kept.wait(3)
    assert kept.states(path) == ["COMPLETED", "COMPLETED"]
    assert kept.movements() == [("portal_payment", 2500, "in")]


def test_a_reset_forgets_payments_and_messages_and_what_was_processing(
    medfusion: MedfusionBench,
) -> None:
    path = medfusion.posted(medfusion.pay())
    medfusion.control("POST", "reset")
    medfusion.wait(3)
    assert (medfusion.listed("payments"), medfusion.listed("messages")) == ([], [])
    assert (medfusion.ask("GET", path).status, medfusion.movements()) == (404, [])


def test_the_same_seed_gives_the_same_answers() -> None:
    def run() -> list[bytes]:
        medfusion = MedfusionBench()
        medfusion.member()
        medfusion.sign_in()
        payment_id = medfusion.pay()
        answers = [medfusion.poll().body, medfusion.post(payment(payment_id)).body]
        medfusion.wait(3)
        answers.append(medfusion.control("GET", "medfusion/messages").body)
        medfusion.store.close()
        return answers

    assert run() == run()


def test_no_card_number_is_ever_written(kept: MedfusionBench) -> None:
    body = document(payment(CARD_NUMBER)).replace("Copay", f"card {CARD_NUMBER}")
    assert kept.reply("POST", POST_PATH, body).response
    kept.arm("late_apply", "post_secure_payments", delay_seconds=3600)
    kept.reply("POST", f"{POST_PATH}?note={CARD_NUMBER}", body)
    kept.pay(comments=f"card {CARD_NUMBER}", patient_account_number=CARD_NUMBER)
    kept.wait(3)
    assert kept.state
    written = b"".join(file.read_bytes() for file in kept.state.parent.iterdir())
    assert CARD_NUMBER.encode() not in written
    assert b"****1111" in written
