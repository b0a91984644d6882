"""What an operator found out ends a review: the payment goes on as if the vendor had said it."""

import pytest

from tests.support.athena_world import AthenaWorld, Said, athena_world


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> AthenaWorld:
    """One practice."""
    return athena_world(monkeypatch)


def in_review(world: AthenaWorld, said: Said) -> str:
    """The payment, once a person must look at it."""
    payment = world.work_until_quiet(said.payment_id)
    assert payment.status == "needs_review" or payment.open_action is not None
    return said.payment_id


def test_a_recording_that_was_found_is_posted_and_its_key_answered(world: AthenaWorld) -> None:
    world.arm("record_payment", "timeout_after")
    payment_id = in_review(world, world.record(key="k-1"))
    resolved = world.resolve(payment_id, "moved", world.ledger()[0][1])
    assert resolved.status == 200 and resolved.body["status"] == "Posted"
    replay = world.record(key="k-1")
    assert replay.body == {"paymentbatchid": int(world.ledger()[0][1]), "success": "true"}
    assert world.payment(payment_id).due_at_ms is not None
    assert world.look(payment_id).due_at_ms is None


def test_what_is_no_number_is_no_reference(world: AthenaWorld) -> None:
    world.arm("record_payment", "timeout_after")
    payment_id = in_review(world, world.record(key="k-1"))
    said = world.resolve(payment_id, "moved", "B-77")
    assert said.status == 400 and said.body["errors"][0]["field"] == "vendorReference"


def test_a_caller_is_not_told_to_charge_again_what_turned_up_late(world: AthenaWorld) -> None:
    world.arm("collect_payment", "late_apply", delay_seconds=1000)
    lost = world.collect(key="k-1")
    world.work_until_quiet(lost.payment_id)
    assert world.collect(key="k-1").body["errortext"].startswith("NOT CAPTURED")
    world.pass_seconds(120)
    for _ in range(5):
        world.look(lost.payment_id)
    again = world.collect(key="k-1")
    assert again.status == 202 and again.body["errortext"].startswith("OUTCOME UNKNOWN")
    world.resolve(lost.payment_id, "moved", world.ledger()[0][1])
    said = world.collect(key="k-1")
    assert said.body == {"epaymentid": int(world.ledger()[0][1]), "success": "true"}
    assert world.collect(key="k-1").body == said.body and world.moved("collect_payment") == 1


def test_what_did_not_move_may_be_asked_for_again(world: AthenaWorld) -> None:
    world.arm("record_payment", "disconnect")
    payment_id = in_review(world, world.record())
    assert world.resolve(payment_id, "not_moved").body["status"] == "not_captured"
    again = world.record()
    assert again.status == 200 and again.payment_id != payment_id
    assert world.moved("record_payment") == 1


def test_what_did_not_move_is_sent_again_when_the_operator_says_so(world: AthenaWorld) -> None:
    world.arm("adjust_charges", "disconnect")
    payment_id = in_review(world, world.adjust((1011, "5.00")))
    world.resolve(payment_id, "resend")
    assert world.look(payment_id).status == "Adjusted"
    assert world.moved("adjust_charges") == 1


def test_a_charge_that_was_found_can_be_voided(world: AthenaWorld) -> None:
    world.arm("collect_payment", "timeout_after", count=2)
    lost = [world.collect(key=key, allowduplicatepayments="true") for key in ("k-1", "k-2")]
    first, second = (in_review(world, said) for said in lost)
    one, other = (line[1] for line in world.ledger())
    assert world.resolve(first, "moved", one).body["status"] == "Collected"
    assert world.resolve(second, "moved", other).body["status"] == "Collected"
    assert world.void(one).body == {"success": "true"}
    assert world.payment(first).status == "Voided"
    assert world.payment(second).status == "Collected"


def test_a_refund_that_was_found_keeps_the_payments_own_reference(world: AthenaWorld) -> None:
    paid = world.report()
    world.arm("refund_vendor_payment", "timeout_after")
    world.refund(paid.body["patientpaymentid"], key="r-1")
    world.arm("refund_vendor_payment", "decline")
    in_review(world, paid)
    resolved = world.resolve(paid.payment_id, "moved", "777")
    assert resolved.body["status"] == "Refunded"
    assert resolved.body["vendorReference"] == str(paid.body["patientpaymentid"])
    replay = world.refund(paid.body["patientpaymentid"], key="r-1")
    assert replay.status == 200 and replay.body["patientpaymentid"] == 777
