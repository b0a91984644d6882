"""Facts that span payments: what two requests at once, or two payments at all, may not hold."""

from collections.abc import Callable

import httpx
import pytest

from payhub.domain.claims import owned
from payhub.domain.payment import ActionState, Payment
from payhub.store.items import claim_item
from payhub.store.table import Put
from tests.support.athena_world import TENANT_ID, AthenaWorld, Said, athena_world


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> AthenaWorld:
    """One practice."""
    return athena_world(monkeypatch)


def state(payment: Payment) -> ActionState:
    """Of the payment's first action."""
    return payment.actions[0].state


def both(world: AthenaWorld, first: Callable[[], Said], second: Callable[[], Said]) -> list[Said]:
    """Two requests, the second of which overtakes the first on its way to the table."""
    overtaken: list[Said] = []
    world.interleave(lambda: overtaken.append(second()))
    return [first(), *overtaken]


def test_two_requests_without_a_key_at_once_are_one_charge(world: AthenaWorld) -> None:
    one, other = both(world, world.collect, world.collect)
    assert one.payment_id == other.payment_id and world.moved("collect_payment") == 1
    assert one.body == other.body


def test_a_charge_and_its_recording_at_once_are_one_and_a_conflict(world: AthenaWorld) -> None:
    def record() -> Said:
        return world.record(paymentmethod="VISA", cardnumberlast4="1111")

    charged, recorded = both(world, world.collect, record)
    assert (charged.status, recorded.status) == (409, 200)
    assert charged.body["payment_id"] == recorded.payment_id
    assert len(world.ledger()) == 1


def test_one_reference_in_two_requests_at_once_is_one_payment(world: AthenaWorld) -> None:
    one, other = both(
        world,
        lambda: world.report(externalrefid="ACME-1", key="k-1"),
        lambda: world.report(externalrefid="ACME-1", key="k-2"),
    )
    assert (one.status, other.status) == (422, 200)
    assert world.moved("record_vendor_payment") == 1


def test_an_answer_that_names_another_payments_money_needs_a_person(world: AthenaWorld) -> None:
    first = world.report(key="k-1")
    named = {"patientpaymentid": first.body["patientpaymentid"], "previouslyrecordedyn": "true"}
    world.instead = lambda request: (
        httpx.Response(200, json=named) if request.url.path.endswith("/payments") else None
    )
    second = world.report(key="k-2")
    assert second.status == 202
    review = world.payment(second.payment_id)
    assert state(review) is ActionState.NEEDS_REVIEW and "NeedsReview" in world.signals.names()
    assert first.payment_id in review.history[-2].reason + review.history[-1].reason
    assert world.payment(first.payment_id).status == "Recorded"
    taken = world.resolve(second.payment_id, "moved", str(first.body["patientpaymentid"]))
    assert taken.status == 409
    assert world.resolve(second.payment_id, "not_moved").status == 200


def test_two_lost_charges_that_look_alike_are_told_apart_by_a_person_only(
    world: AthenaWorld,
) -> None:
    world.arm("collect_payment", "timeout_after", count=2)
    lost = [world.collect(key=key, allowduplicatepayments="true") for key in ("k-1", "k-2")]
    for said in lost:
        assert state(world.work_until_quiet(said.payment_id)) is ActionState.NEEDS_REVIEW
        assert world.payment(said.payment_id).vendor_reference is None
    references = [reference for _, reference, _, _ in world.ledger()]
    for said, reference in zip(lost, references, strict=True):
        resolved = world.resolve(said.payment_id, "moved", reference)
        assert resolved.status == 200 and resolved.body["vendorReference"] == reference


def test_a_receipt_taken_while_it_is_being_adopted_is_not_adopted(world: AthenaWorld) -> None:
    world.arm("collect_payment", "timeout_after")
    lost = world.collect(key="k-1")
    reference = world.ledger()[0][1]
    taken = owned(None, TENANT_ID, f"reference/athena/195900/epayment/{reference}", "x", 1, None)
    world.interleave(lambda: world.table.put(Put(item=claim_item(taken))))
    world.look(lost.payment_id)
    payment = world.payment(lost.payment_id)
    assert state(payment) is ActionState.UNKNOWN and payment.vendor_reference is None


@pytest.mark.parametrize("late", ["19:50", "20:30"])
def test_a_void_of_a_lost_charges_receipt_finds_the_charge_first(
    world: AthenaWorld, late: str
) -> None:
    world.at("2026-11-23 19:45")
    world.arm("collect_payment", "timeout_after")
    lost = world.collect(key="k-1")
    reference = world.ledger()[0][1]
    world.at(f"2026-11-23 {late}")
    said = world.void(reference)
    assert said.status == (200 if late < "20:00" else 409)
    assert world.payment(lost.payment_id).vendor_reference == reference
    assert world.collect(key="k-1").body == {"epaymentid": int(reference), "success": "true"}
    assert world.moved("collect_payment") == 1


def test_a_void_waits_for_a_charge_that_may_be_it(world: AthenaWorld) -> None:
    world.arm("collect_payment", "timeout_after", count=2)
    lost = [world.collect(key=key, allowduplicatepayments="true") for key in ("k-1", "k-2")]
    said = world.void(world.ledger()[0][1])
    assert said.status == 409 and said.body["payment_id"] in {it.payment_id for it in lost}
    assert world.moved("void_collected_payment") == 0


def test_a_duplicate_that_was_meant_does_not_make_the_first_forgotten(world: AthenaWorld) -> None:
    first = world.collect()
    world.pass_seconds(200)
    world.arm("collect_payment", "decline")
    world.collect(allowduplicatepayments="true")
    assert world.collect().payment_id == first.payment_id
    assert world.moved("collect_payment") == 1


def test_a_repeat_that_does_not_get_through_leaves_the_first_call_unknown(
    world: AthenaWorld,
) -> None:
    world.arm("record_vendor_payment", "timeout_after")
    said = world.report(key="k-1")
    world.arm("record_vendor_payment", "http_429", count=20)
    for _ in range(20):
        assert state(world.look(said.payment_id)) is ActionState.UNKNOWN
    assert state(world.work_until_quiet(said.payment_id)) is ActionState.DONE
    assert world.moved("record_vendor_payment") == 1
