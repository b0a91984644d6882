"""Events are proven, taken in once, applied in any order, or parked; they are hints, not truth."""

import hashlib
import hmac
import itertools
import json
from typing import Any

import pytest

from payhub.domain.answers import MissedEvent, Unanswered
from payhub.domain.errors import BadSignature
from payhub.domain.payment import ActionState, Payment
from payhub.domain.records import InboxState
from payhub.domain.tenant import Tenant
from payhub.operations.apply_event import ApplyEvent, apply_event
from payhub.operations.collect_missed_events import collect_missed_events
from payhub.operations.receive_event import receive_event
from payhub.operations.redrive_dead_letter import RedriveDeadLetter, redrive_dead_letter
from tests.support.doing import ask, issue, look, work
from tests.support.fakes import TENANT, World, done, view

HEADER = "x-optum-webhook-callback-hmac-signature"
WAY = [
    "Loading",
    "DocumentsGenerating",
    "RemittanceRequested",
    "DocumentsDistributing",
    "Sent",
    "Completed",
]


def event(status: str, reference: str = "v-1", event_id: str | None = None) -> bytes:
    """An event as the vendor sends it."""
    envelope: dict[str, Any] = {
        "id": reference,
        "type": f"payment_{status.lower()}",
        "data": {"status": status, "paymentNetwork": {"id": {"paymentId": reference}}},
        "time": "2026-11-21T12:00:00.000Z",
        "causationId": event_id or f"{reference}-{status}",
    }
    return json.dumps(envelope).encode()


def receive(world: World, body: bytes, key: str = "w", header: str = HEADER) -> None:
    """POST /webhooks/optum/{tenant}."""
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    receive_event(world.hub, "optum", TENANT.tenant, {header: signature}, body)


def apply_all(world: World) -> None:
    """Let a worker handle every event message once."""
    messages, world.queue.events = world.queue.events, []
    for tenant, vendor, event_id, _ in messages:
        apply_event(world.hub, ApplyEvent(tenant=tenant, vendor=vendor, event=event_id))


def created(world: World) -> Payment:
    """A payment the vendor knows as v-1."""
    world.vendor.answers.append(done("Created"))
    return issue(world).payment


def stored_events(world: World) -> list[Any]:
    """What is in the inbox."""
    return [item for key, item in world.table.items.items() if key[1] == "EVENT"]


@pytest.mark.parametrize("key", ["wrong", ""])
def test_a_forged_event_is_refused_and_not_stored(world: World, key: str) -> None:
    with pytest.raises(BadSignature):
        receive(world, event("Loading"), key=key)
    assert stored_events(world) == [] and world.queue.events == []


def test_an_unsigned_event_is_refused(world: World) -> None:
    with pytest.raises(BadSignature):
        receive_event(world.hub, "optum", TENANT.tenant, {}, event("Loading"))


def test_a_changed_body_is_refused(world: World) -> None:
    body = event("Loading")
    signature = hmac.new(b"w", body, hashlib.sha256).hexdigest()
    with pytest.raises(BadSignature):
        receive_event(world.hub, "optum", TENANT.tenant, {HEADER: signature}, body + b" ")


def test_an_event_for_an_unknown_tenant_is_refused_like_a_forged_one(world: World) -> None:
    with pytest.raises(BadSignature, match="does not match"):
        receive_event(world.hub, "optum", "nobody", {HEADER: "00"}, b"{}")


def test_while_a_secret_changes_both_are_accepted(world: World) -> None:
    fields = {"webhook_secret": "new", "webhook_secret_previous": "old"}
    world.secrets.put(TENANT.tenant, "optum", fields)
    receive(world, event("Loading"), key="old")
    receive(world, event("Sent"), key="new", header="optum-signature")
    assert len(stored_events(world)) == 2


def test_an_event_is_queued_again_until_it_is_applied(world: World) -> None:
    created(world)
    receive(world, event("Loading"))
    receive(world, event("Loading"))
    assert len(world.queue.events) == 2 and len(stored_events(world)) == 1
    apply_all(world)
    receive(world, event("Loading"))
    assert world.queue.events == []


def test_ten_deliveries_change_a_payment_once(world: World) -> None:
    payment = created(world)
    for _ in range(10):
        receive(world, event("Loading"))
    apply_all(world)
    after = look(world, payment)
    assert after.status == "Loading" and after.revision == payment.revision + 1


@pytest.mark.parametrize("order", list(itertools.permutations(WAY))[::7])
def test_any_order_ends_in_the_same_state(world: World, order: tuple[str, ...]) -> None:
    payment = created(world)
    world.vendor.readings.append(view("Completed"))
    for status in order:
        receive(world, event(status))
    apply_all(world)
    after = look(world, payment)
    assert after.status == "Completed"
    assert {item["final"]["BOOL"] for item in stored_events(world)} == {True}


def test_an_event_that_does_not_fit_makes_the_vendor_be_read(world: World) -> None:
    payment = created(world)
    world.vendor.readings.append(view("Sent"))
    for status in ("Sent", "Loading"):
        receive(world, event(status))
        apply_all(world)
    assert look(world, payment).status == "Sent" and world.vendor.reads == 1


def test_after_a_second_action_an_old_event_is_not_believed(world: World) -> None:
    payment = created(world)
    world.vendor.readings.append(view("Completed"))
    work(world, payment)
    world.vendor.answers.extend([done("Voided"), done("Reissuing")])
    ask(world, "void", payment)
    world.vendor.readings.clear()
    world.vendor.readings.append(view("Voided", balance_cents=0))
    ask(world, "reissue", payment)
    world.vendor.readings.clear()
    world.vendor.readings.append(view("Reissuing"))
    receive(world, event("Completed"))
    apply_all(world)
    assert look(world, payment).status == "Reissuing"


def test_an_event_before_our_own_answer_is_parked_and_applied_later(world: World) -> None:
    receive(world, event("Loading"))
    apply_all(world)
    assert [delay for *_, delay in world.queue.events] == [2]
    payment = created(world)
    apply_all(world)
    assert look(world, payment).status == "Loading"


def test_a_parked_event_expires_into_the_operators_list_and_can_be_redriven(
    world: World,
) -> None:
    receive(world, event("Loading"))
    world.clock.advance(86401)
    apply_all(world)
    letters, _ = world.hub.dead_letters.page(TENANT.tenant, 10, None)
    assert [letter.kind for letter in letters] == ["event"]
    assert "ParkedEventsExpired" in world.signals.names()
    payment = created(world)
    command = RedriveDeadLetter.model_validate({"letter_id": letters[0].letter_id})
    redrive_dead_letter(world.hub, world.caller(), command)
    apply_all(world)
    assert look(world, payment).status == "Loading"


def test_when_the_vendor_cannot_be_read_the_event_waits(world: World) -> None:
    payment = created(world)
    world.vendor.readings.append(Unanswered(reason="down"))
    receive(world, event("Voided"))
    apply_all(world)
    assert look(world, payment).status == "Created"
    world.vendor.readings.clear()
    world.vendor.readings.append(view("Voided", balance_cents=0))
    apply_all(world)
    assert look(world, payment).status == "Voided"


def test_an_event_that_concerns_no_payment_is_kept(world: World) -> None:
    body = json.dumps({"id": "b", "type": "batch_created", "causationId": "c"}).encode()
    receive(world, body)
    receive(world, b"not json at all")
    apply_all(world)
    assert {item["final"]["BOOL"] for item in stored_events(world)} == {True}
    assert InboxState.KEPT.value in stored_events(world)[0]["doc"]["S"]


def test_an_unknown_status_is_shown_as_the_vendor_writes_it(world: World) -> None:
    payment = created(world)
    world.vendor.readings.append(view("Escheated"))
    receive(world, event("Escheated"))
    apply_all(world)
    assert look(world, payment).status == "Escheated"


def test_an_event_of_a_void_in_flight_leaves_the_action_open_for_its_own_answer(
    world: World,
) -> None:
    payment = created(world)
    world.vendor.readings.append(view("Completed"))
    work(world, payment)
    world.vendor.answers.append(Unanswered(reason="silent"))
    ask(world, "void", payment)
    world.vendor.readings.clear()
    world.vendor.readings.append(view("Voided", balance_cents=0))
    receive(world, event("Voided"))
    apply_all(world)
    during = look(world, payment)
    assert (during.status, during.action.state) == ("Voided", ActionState.UNKNOWN)
    assert work(world, payment).action.state is ActionState.DONE


def test_missed_events_are_collected_acknowledged_and_deliveries_reopened(world: World) -> None:
    payment = created(world)
    world.vendor.missed_events.append(MissedEvent(missed_id="m-1", body=event("Loading")))
    collect_missed_events(world.hub, TENANT)
    apply_all(world)
    assert look(world, payment).status == "Loading"
    assert set(world.vendor.acknowledged) == {"m-1"} and world.vendor.reopened


def test_what_a_vendor_gives_up_until_deliveries_go_on_is_collected_in_the_same_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = created(world)
    world.vendor.missed_events.append(MissedEvent(missed_id="m-1", body=event("Loading")))

    def reopen(tenant: Tenant) -> None:
        later = MissedEvent(missed_id="m-2", body=event("DocumentsDistributing"))
        world.vendor.missed_events[:] = [later]

    monkeypatch.setattr(world.vendor, "reopen", reopen)
    collect_missed_events(world.hub, TENANT)
    apply_all(world)
    assert look(world, payment).status == "DocumentsDistributing"
    assert world.vendor.acknowledged == ["m-1", "m-2"]


def test_an_event_whose_message_was_lost_is_due_for_the_sweep(world: World) -> None:
    receive(world, event("Loading"))
    due = world.hub.payments.due(world.clock.now_ms() + 60_000, 10)
    assert [item.vendor for item in due] == ["optum"]


def test_an_event_that_was_given_up_lives_again_when_it_is_delivered_again(world: World) -> None:
    receive(world, event("Loading"))
    world.clock.advance(86401)
    apply_all(world)
    payment = created(world)
    receive(world, event("Loading"))
    apply_all(world)
    assert look(world, payment).status == "Loading"
