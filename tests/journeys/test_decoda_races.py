"""Everything at once at Decoda: one settlement, one plan, never more given back than was paid."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest

from tests.support.decoda_side import (
    VENDOR,
    Charge,
    DecodaSide,
    begun_plan,
    plan_body,
    wait_for_plan,
)
from tests.support.hub import Hub, Json, eventually, new_key, read

pytestmark = pytest.mark.journey

T = TypeVar("T")


@pytest.fixture(scope="module")
def side(hub: Hub) -> DecodaSide:
    """The tenant's patients."""
    return DecodaSide(hub)


@pytest.fixture(autouse=True)
def _faults_are_cleared(side: DecodaSide) -> Iterator[None]:
    yield
    side.hub.sandbox_of(VENDOR).clear_faults()


def test_fifty_identical_settlements_are_one(hub: Hub, side: DecodaSide) -> None:
    """Credit and charge would do for all of them."""
    charge, key = side.payable(50_000), new_key()
    answers = _at_once([partial(side.caller.settle, 1_000, [charge.shown()], key)] * 50)
    assert {it.status_code for it in answers} <= {200, 202, 409}
    ids = {it.headers["Payment-Id"] for it in answers}
    assert len(ids) == 1
    hub.api.wait_for_status(ids.pop(), "SUCCEEDED")
    assert [it.amount_cents for it in side.movements(charge)] == [1_000]
    told = {it.content for it in answers if it.status_code == 200}
    assert told <= {side.caller.settle(1_000, [charge.shown()], key).content}


@pytest.mark.parametrize("keys", [(None, None), ("one", "two")])
def test_two_refunds_at_once_are_never_more_than_was_paid(
    hub: Hub, side: DecodaSide, keys: tuple[str | None, ...]
) -> None:
    """Without keys the second is a repeat; with two keys it must wait, and then is too much."""
    charges = [side.payable(1_000) for _ in range(3)]
    paid = [side.caller.settle(1_000, [it.shown()]).headers["Payment-Id"] for it in charges]
    answers = _at_once([partial(side.caller.refund, it, 600, key) for it in paid for key in keys])
    assert {it.status_code for it in answers} <= {200, 202, 409}
    for charge, payment_id in zip(charges, paid, strict=True):
        details = hub.api.wait_until(payment_id, lambda it: it["action"] is None)
        details = hub.api.details(payment_id)
        assert [it["amountCents"] for it in details["refunds"]] == [600]
        assert details["availableBalanceCents"] == side.received_cents(charge) == 400
        assert side.caller.refund(payment_id, 600, new_key()).status_code == 409


def test_two_plans_of_one_charge_at_once_are_one(side: DecodaSide) -> None:
    """The payer finds one of them only."""
    charge = side.charge(9_000)
    body = plan_body([charge], 0, 3, 3_000)
    answers = _at_once([partial(side.caller.create_payin, body, new_key()) for _ in range(4)])
    assert sorted(it.status_code for it in answers) == [200, 409, 409, 409], answers
    assert len(side.payins_of(charge)) == 1


def test_a_cancel_against_a_payer_who_confirms(side: DecodaSide) -> None:
    """Whatever comes first, the hub ends with what is so at the vendor."""
    charges = [side.charge(10_000) for _ in range(3)]
    answers = [side.caller.create_payin(plan_body([it], 1_000, 3, 3_000)) for it in charges]
    ids = [it.headers["Payment-Id"] for it in answers]
    payins = [read(it) for it in answers]
    calls: list[Callable[[], object]] = [partial(side.caller.cancel, it) for it in ids]
    calls += [partial(side.confirm, it) for it in payins]
    _at_once(calls)
    for charge, plan_id in zip(charges, ids, strict=True):
        plan = wait_for_plan(side, plan_id, "the first payment is known", paidCents=1_000)
        wanted = "active" if _is_planned(side, charge) else "cancelled"
        plan = wait_for_plan(side, plan_id, "it is as at the vendor", status=wanted)
        assert plan["paidCents"] == side.received_cents(charge)


def test_two_cancels_at_once_are_one(hub: Hub, side: DecodaSide) -> None:
    """The second is a repeat, or is told that it is done."""
    charge, plan = begun_plan(side)
    answers = _at_once([partial(side.caller.cancel, plan["planId"]) for _ in range(3)])
    assert {it.status_code for it in answers} <= {200, 202, 409}
    wait_for_plan(side, plan["planId"], "it is cancelled", status="cancelled")
    cancels = [it for it in hub.api.details(plan["planId"])["actions"] if it["verb"] == "cancel"]
    assert [it["state"] for it in cancels] == ["done"]
    assert not _is_planned(side, charge)


@pytest.mark.parametrize("fault", ["slow", "timeout_after"])
def test_webhooks_between_intent_and_outcome_are_not_lost(
    hub: Hub, side: DecodaSide, fault: str
) -> None:
    """The vendor tells of the settlement and of the refund before it answers the requests."""
    charge, sandbox = side.payable(1_000), hub.sandbox_of(VENDOR)
    sandbox.arm("settle_with_credit", fault, charge.charge_id)
    answer = side.caller.settle(1_000, [charge.shown()])
    payment_id = answer.headers["Payment-Id"]
    payment = hub.api.wait_for_status(payment_id, "SUCCEEDED")
    sandbox.arm("refund_payment", fault, payment["vendorReference"])
    side.caller.refund(payment_id, 250)
    hub.api.wait_until(payment_id, lambda it: it["action"] is None)
    eventually(lambda: side.all_applied(charge), "every event is applied")
    details = hub.api.details(payment_id)
    assert [it["state"] for it in details["actions"]] == ["done", "done"]
    assert details["availableBalanceCents"] == side.received_cents(charge) == 750
    assert len({it["to"] for it in _of_status(details)}) == len(_of_status(details))


def _of_status(details: Json) -> list[Json]:
    return [it for it in details["history"] if it["subject"] == "status"]


def _is_planned(side: DecodaSide, charge: Charge) -> bool:
    """Whether the vendor has an active plan for the charge."""
    charges = side.account(charge.patient_id)["charges"]
    found = next(it for it in charges if it["charge_id"] == charge.charge_id)
    return bool(found["plan_id"])


def _at_once(calls: list[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))
