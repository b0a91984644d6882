"""Everything at once: one payment, one action, one movement, and nothing lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest

from payhub.domain.records import InboxState
from tests.support.hub import Hub, Json, eventually, new_key, read, settled
from tests.support.vendor_side import VendorSide, event_body, signature_of

pytestmark = pytest.mark.journey

T = TypeVar("T")

EVENTS_OF_ONE_WAY = 8
"""The batch, and the seven statuses after Created."""


@pytest.fixture(autouse=True)
def _faults_are_cleared(hub: Hub) -> Iterator[None]:
    yield
    hub.sandbox.clear_faults()


@pytest.fixture(scope="module")
def vendor(hub: Hub) -> VendorSide:
    """The issuer's side of this file's tenant."""
    return VendorSide(hub)


def test_fifty_identical_requests_are_one_payment(hub: Hub) -> None:
    """Each is told success, under way or still running; one id, one movement."""
    key = new_key()
    answers = _at_once([partial(hub.api.issue, 408, key=key, reference="REF-fifty")] * 50)
    statuses = {it.status_code for it in answers}
    assert statuses <= {201, 202, 409}, statuses
    assert statuses & {201, 202}
    ids = {it.headers["Payment-Id"] for it in answers}
    assert len(ids) == 1
    payment = hub.api.wait_for_status(ids.pop(), "Loading")
    assert _verbs(hub, payment["paymentId"]) == ["issue_payment"]
    bodies = {it.content for it in answers if it.status_code == 201}
    assert len(bodies) <= 1, "every success is the same answer"


@pytest.mark.parametrize("keys", [(None, None), ("one", "two")])
def test_two_concurrent_voids_are_one_void(hub: Hub, keys: tuple[str | None, ...]) -> None:
    """Without keys the second is a repeat; with two keys it is refused."""
    payments = [hub.api.voidable()["paymentId"] for _ in range(3)]
    answers = _at_once(
        [partial(hub.api.act, "void", it, key=key) for it in payments for key in keys]
    )
    assert {it.status_code for it in answers} <= {200, 202, 409}
    for payment_id in payments:
        hub.api.wait_for_status(payment_id, "Voided")
        assert _verbs(hub, payment_id) == ["issue_payment", "void_payment"]
        done = [it for it in hub.api.details(payment_id)["actions"] if it["state"] == "done"]
        assert [it["verb"] for it in done] == ["issue", "void"]


def test_a_void_against_a_reissue_moves_what_the_hub_says(hub: Hub) -> None:
    """Whatever wins, each action that is done moved the money once."""
    payments = [hub.api.voidable()["paymentId"] for _ in range(3)]
    for payment_id in payments:
        read(hub.api.void(payment_id))
    answers = _at_once(
        [
            partial(hub.api.act, verb, it, key=new_key())
            for it in payments
            for verb in ("reissue", "void")
        ]
    )
    assert {it.status_code for it in answers} <= {200, 202, 409}
    for payment_id in payments:
        hub.api.wait_for_status(payment_id, "Loading", "Voided", "Reissuing")
        actions = hub.api.details(payment_id)["actions"]
        done = [f"{it['verb']}_payment" for it in actions if it["state"] == "done"]
        assert _verbs(hub, payment_id) == done
        assert done[:3] == ["issue_payment", "void_payment", "reissue_payment"]


@pytest.mark.parametrize("fault", ["slow", "timeout_after"])
def test_a_webhook_between_intent_and_outcome_is_not_lost(hub: Hub, fault: str) -> None:
    """The vendor tells of the void, and of the reissue, before it answers the request."""
    payment = hub.api.voidable()
    payment_id, reference = payment["paymentId"], payment["vendorReference"]
    hub.sandbox.arm("void_payment", fault, reference)
    hub.api.void(payment_id)
    hub.api.wait_for_status(payment_id, "Voided")
    hub.sandbox.arm("reissue_payment", fault, reference)
    hub.api.reissue(payment_id)
    hub.api.wait_for_status(payment_id, "Loading")
    assert hub.sandbox.armed(reference) == []
    assert _verbs(hub, payment_id) == ["issue_payment", "void_payment", "reissue_payment"]
    states = [it["state"] for it in hub.api.details(payment_id)["actions"]]
    assert states == ["done", "done", "done"]


def test_an_event_of_a_payment_not_known_yet_is_parked_and_applied_later(
    hub: Hub, vendor: VendorSide
) -> None:
    """The answer to the issue is lost and the vendor's list fails: its webhooks come first."""
    reference = f"REF-{new_key()}"
    hub.sandbox.arm("issue_payment", "timeout_after", reference)
    hub.sandbox.arm("list_batches", "http_500_before", "", count=2)
    answer = hub.api.issue(reference=reference)
    assert answer.status_code == 202
    payment_id = answer.headers["Payment-Id"]
    vendors_id = eventually(lambda: hub.sandbox.references(payment_id), "the vendor has it")[0]
    eventually(
        lambda: [it for it in vendor.inbox(vendors_id) if it.state is InboxState.PARKED],
        "an event is parked",
    )
    hub.api.wait_for_status(payment_id, "Completed")
    eventually(lambda: _all_applied(hub, vendor, payment_id), "every event is applied")
    assert _verbs(hub, payment_id) == ["issue_payment"]


def test_webhooks_in_reverse_order_and_ten_times_end_in_the_same_state(
    hub: Hub, vendor: VendorSide
) -> None:
    """For the first way of a payment, and again after a void and a reissue."""
    reference = f"REF-{new_key()}"
    hub.sandbox.send_events("hold", reference=reference)
    payment_id = hub.api.issued(reference=reference)["paymentId"]
    eventually(lambda: len(hub.sandbox.events(payment_id)) == EVENTS_OF_ONE_WAY, "all happened")
    _accepted(hub.sandbox.send_events("resume", reference=reference, order="reverse"))
    hub.api.wait_for_status(payment_id, "Completed")
    eventually(lambda: _all_applied(hub, vendor, payment_id), "every event is applied")
    _repeat_all(hub, payment_id)

    hub.sandbox.send_events("hold", reference=reference)
    read(hub.api.void(payment_id))
    read(hub.api.reissue(payment_id))
    both_ways = 2 * EVENTS_OF_ONE_WAY + 1
    eventually(lambda: len(hub.sandbox.events(payment_id)) == both_ways, "all happened again")
    _accepted(hub.sandbox.send_events("resume", reference=reference, order="reverse"))
    hub.api.wait_for_status(payment_id, "Completed")
    eventually(lambda: _all_applied(hub, vendor, payment_id), "every event is applied")
    _repeat_all(hub, payment_id)
    hub.agrees(payment_id)


def test_a_forged_webhook_is_refused_and_not_stored(hub: Hub, vendor: VendorSide) -> None:
    """With a wrong key, with none, or for a tenant that does not exist."""
    payment = hub.api.voidable()
    event_id = new_key()
    body = event_body(payment["vendorReference"], "Completed", event_id)
    assert vendor.webhook(body, "not the secret").status_code == 401
    assert vendor.post(body, "").status_code == 401
    right = vendor.secret["webhook_secret"]
    nobody = "00000000-0000-0000-0000-000000000000"
    assert vendor.webhook(body, right, tenant=nobody).status_code == 401
    assert vendor.inbox(event_id) == []
    assert hub.api.payment(payment["paymentId"])["status"] == "Loading"

    assert vendor.webhook(body, right).status_code == 200
    assert len(vendor.inbox(event_id)) == 1


def test_a_changed_body_does_not_fit_its_signature(vendor: VendorSide) -> None:
    """Not by one byte, not even by a space."""
    body = event_body("0" * 32, "Completed")
    signature = signature_of(body, vendor.secret["webhook_secret"])
    assert vendor.post(body + b" ", signature).status_code == 401
    assert vendor.post(body.replace(b"Completed", b"Voided"), signature).status_code == 401
    assert vendor.post(body, signature).status_code == 200


def test_while_a_secret_is_rotated_the_old_and_the_new_one_sign(
    hub: Hub, vendor: VendorSide
) -> None:
    """And afterwards the new one only."""
    secret = vendor.secret
    old, new = secret["webhook_secret"], new_key()
    rotating = {**secret, "webhook_secret": new, "webhook_secret_previous": old}
    vendor.keep_secret(rotating)
    try:
        for key, status in ((new, 200), (old, 200), ("another", 401)):
            eventually(partial(_is_answered, vendor, key, status), f"{status} for {key}")
        payment_id = hub.api.issued()["paymentId"]
        hub.api.wait_for_status(payment_id, "Completed")
    finally:
        vendor.keep_secret(secret)


def test_missed_events_are_collected_after_the_vendor_stopped_delivering(
    hub: Hub, vendor: VendorSide
) -> None:
    """The circuit breaker opens; the schedule's function fetches what was missed and closes it."""
    right_url = vendor.subscription()["url"]
    vendor.move_subscription(f"{hub.stack.sandbox_url}/nowhere")
    first = hub.api.issued()["paymentId"]
    eventually(lambda: vendor.subscription()["status"] == "Suspended", "the breaker is open")
    vendor.move_subscription(right_url)
    second = hub.api.issued(408)["paymentId"]
    eventually(lambda: len(hub.sandbox.events(first)) == EVENTS_OF_ONE_WAY, "all happened")
    eventually(lambda: len(hub.sandbox.events(second)) > 1, "it is loading")
    assert vendor.missed_events()

    hub.invoke("CollectMissedEventsFunction")
    hub.api.wait_for_status(first, "Completed")
    hub.api.wait_for_status(second, "Loading")
    assert vendor.missed_events() == []
    assert vendor.subscription()["status"] == "Active"
    hub.api.wait_for_status(hub.api.issued()["paymentId"], "Completed")


def test_what_is_done_at_the_vendor_past_the_hub_is_seen(hub: Hub, vendor: VendorSide) -> None:
    """A void there is taken over; money that goes out there again, unasked, needs review."""
    payment = hub.api.voidable()
    payment_id, reference = payment["paymentId"], payment["vendorReference"]
    vendor.act("void", reference)
    hub.api.wait_for_status(payment_id, "Voided")
    last = hub.api.details(payment_id)["history"][-1]
    assert last["actor"] == "vendor"
    assert "not through Payhub" in last["reason"]
    hub.agrees(payment_id)

    vendor.act("reissue", reference)
    hub.api.wait_until(payment_id, _needs_review, "it needs review")
    assert hub.api.void(payment_id, key=new_key()).status_code == 409
    assert hub.operator.resolve(payment_id, "moved").status_code == 200
    hub.api.wait_for_status(payment_id, "Loading")
    hub.agrees(payment_id)


def _needs_review(payment: Json) -> bool:
    action = payment["action"]
    return action is not None and action["state"] == "needs_review"


def _at_once(calls: list[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def _verbs(hub: Hub, payment_id: str) -> list[str]:
    return [it.operation for it in hub.sandbox.movements(payment_id)]


def _is_answered(vendor: VendorSide, key: str, status: int) -> bool:
    """The hub may know the secret for some seconds before it asks again."""
    return vendor.webhook(event_body("0" * 32, "Sent"), key).status_code == status


def _accepted(sent: list[dict[str, object]]) -> None:
    assert sent
    assert {it["status"] for it in sent} == {200}, sent


def _all_applied(hub: Hub, vendor: VendorSide, payment_id: str) -> bool:
    """Whether nothing of the payment's events is left to do."""
    if not settled(hub.api.payment(payment_id)):
        return False
    reference = hub.sandbox.references(payment_id)[0]
    stored = vendor.inbox(reference)
    return len(stored) >= EVENTS_OF_ONE_WAY - 1 and all(it.state.is_final for it in stored)


def _repeat_all(hub: Hub, payment_id: str) -> None:
    """Ten times each, then newest first: not one line is added to the history."""
    before = hub.api.details(payment_id)
    _accepted(hub.sandbox.send_events("resend_all", reference=payment_id, times=10))
    _accepted(hub.sandbox.send_events("reverse", reference=payment_id))
    after = hub.api.details(payment_id)
    assert after["history"] == before["history"]
    assert after["status"] == "Completed"
