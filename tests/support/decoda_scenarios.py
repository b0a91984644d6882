"""How each verb of Decoda is brought about: a new charge tells the cases apart."""

from collections.abc import Mapping, Sequence

import httpx

from tests.support.decoda_side import VENDOR, Charge, DecodaSide, plan_body, wait_for_plan
from tests.support.fault_scenarios import Prepared, Scenario
from tests.support.hub import Hub, Movement, read

_CENTS = 3_700
_INITIAL_CENTS = 100
_INSTALLMENTS, _EACH_CENTS = 3, (_CENTS - _INITIAL_CENTS) // 3


def _payable_twice(hub: Hub) -> Prepared:
    """Charge and credit would do for a second settlement, if one were made."""
    charge = DecodaSide(hub).payable(2 * _CENTS)
    return Prepared(match=charge.charge_id, reference=charge.patient_id, amount_cents=_CENTS)


def _plannable(hub: Hub) -> Prepared:
    charge = DecodaSide(hub).charge(_CENTS)
    return Prepared(match=charge.charge_id, reference=charge.patient_id, amount_cents=_CENTS)


def _settled(hub: Hub) -> Prepared:
    """Of which a third is to be refunded, so that a second refund would be taken too."""
    wanted = _payable_twice(hub)
    answer = _settle(hub, wanted)
    reference = read(answer)["id"]
    return Prepared(
        match=reference,
        payment_id=answer.headers["Payment-Id"],
        reference=reference,
        amount_cents=_CENTS // 3,
    )


def _active(hub: Hub) -> Prepared:
    side, wanted = DecodaSide(hub), _plannable(hub)
    answer = _set_up(hub, wanted)
    side.confirm(read(answer))
    plan_id = answer.headers["Payment-Id"]
    wait_for_plan(side, plan_id, "the plan has begun", status="active", paidCents=_INITIAL_CENTS)
    return Prepared(match=wanted.match, payment_id=plan_id, reference=wanted.reference)


def _charge(prepared: Prepared, times: int = 1) -> Charge:
    return Charge(prepared.match, prepared.reference, times * prepared.amount_cents)


def _settle(hub: Hub, prepared: Prepared) -> httpx.Response:
    shown = _charge(prepared, 2).shown(externalId=prepared.match)
    return DecodaSide(hub).caller.settle(prepared.amount_cents, [shown], prepared.key)


def _set_up(hub: Hub, prepared: Prepared) -> httpx.Response:
    initial_cents = prepared.amount_cents - _INSTALLMENTS * _EACH_CENTS
    body = plan_body([_charge(prepared)], initial_cents, _INSTALLMENTS, _EACH_CENTS)
    return DecodaSide(hub).caller.create_payin(body, prepared.key)


def _refund(hub: Hub, prepared: Prepared) -> httpx.Response:
    caller = DecodaSide(hub).caller
    return caller.refund(prepared.payment_id, prepared.amount_cents, prepared.key)


def _cancel(hub: Hub, prepared: Prepared) -> httpx.Response:
    return DecodaSide(hub).caller.cancel(prepared.payment_id, prepared.key)


def _of_charge(hub: Hub, prepared: Prepared, _: str) -> Sequence[Movement]:
    return DecodaSide(hub).movements(_charge(prepared))


def _of_payment(hub: Hub, prepared: Prepared, _: str) -> Sequence[Movement]:
    return hub.sandbox_of(VENDOR).ledger(prepared.reference)


def _payin_of_the_hub(hub: Hub, prepared: Prepared, payment_id: str) -> Sequence[Movement]:
    """The one that payers are sent to. Others may have been prepared: nobody knows their keys,
    and no money moves by any of them.
    """
    side = DecodaSide(hub)
    known = hub.api.payment(payment_id)["vendorReference"]
    prepared_ones = [it["payin_config_id"] for it in side.payins_of(_charge(prepared))]
    moved = side.movements(_charge(prepared))
    shown = [Movement("create_payin_config", it, 0, "in") for it in prepared_ones if it == known]
    return [*moved, *shown]


def _plan_at_the_vendor(hub: Hub, prepared: Prepared, _: str) -> Sequence[Movement]:
    """No money, so not in the truth book: a charge without its plan says that it was cancelled."""
    side, charge = DecodaSide(hub), _charge(prepared)
    moved = side.movements(charge)
    charges = side.account(charge.patient_id)["charges"]
    is_planned = next(it["plan_id"] for it in charges if it["charge_id"] == charge.charge_id)
    cancelled = Movement("cancel_payment_plan", moved[0].reference, 0, "out")
    return moved if is_planned else [*moved, cancelled]


DECODA: Mapping[tuple[str, str], Scenario] = {
    ("decoda", "settle"): Scenario(_payable_twice, _settle, refused=400, applied=_of_charge),
    ("decoda", "set_up"): Scenario(_plannable, _set_up, refused=400, applied=_payin_of_the_hub),
    ("decoda", "cancel"): Scenario(
        # The plan's own reference is that of its payin.
        _active,
        _cancel,
        ("plan_payment",),
        applied=_plan_at_the_vendor,
        reference=None,
    ),
    ("decoda", "refund"): Scenario(_settled, _refund, ("settle_with_credit",), applied=_of_payment),
}
