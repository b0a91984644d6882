"""Believable bodies of Decoda's paths, of plans and refunds; made by what makes the real ones."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

from local.openapi import examples
from payhub.domain.actions import AMOUNT_CENTS
from payhub.domain.observation import REFUND_ID
from payhub.domain.payment import Action, ActionState, Attempt, FinalAnswer, Origin, Payment, Refund
from payhub.domain.plan import Frequency, InstallmentState, Plan, planned
from payhub.domain.reply import PlanPage, PlanReply, PlanView, Reply
from payhub.entrypoints import decoda, plans, representations

PATIENT_ID = "7b1f0f3a-9f0c-4b46-8f07-0c6b5d0d6a11"
CHARGE_ID = "2d7c1b54-3d0f-4a52-9a37-6c9b8f6f2e01"
DECODA_PAYMENT_ID = "5c2f9e52-7b0e-4a55-8d7e-2f1c7a9b3d02"
PAYIN_CONFIG_ID = "pcfg_8f14e45fceea167a5a36dedd4bea2543"
_TAKEN_ID = "a4d1c0fe6b0e4b7f9a3d5c2e81f06b97"
_REFUND_ID = "e1b0f9a2-64d5-4a17-8c0e-9d3b7f52c603"
_AT_MS = 1_795_270_987_512
_CREATED = "2026-11-21T14:03:07.512Z"

_PATIENT: dict[str, Any] = {
    "id": PATIENT_ID,
    "type": "PATIENT",
    "createdDate": "2025-12-01T09:30:00Z",
    "firstName": "Ada",
    "lastName": "Abbott",
    "dateOfBirth": "1980-02-29",
    "creditBalance": 15350,
}
_CHARGE: dict[str, Any] = {
    "patientId": PATIENT_ID,
    "totalOutstanding": 10000,
    "id": CHARGE_ID,
    "patient": _PATIENT,
    "total": 10000,
    "description": "Visit",
    "status": "OUTSTANDING",
    "externalId": "VISIT-71",
    "externalCreatedDate": "2026-11-20T14:00:00Z",
    "items": [{"quantity": 1, "price": 9500, "name": "Cleaning"}],
    "tips": [{"chargeId": CHARGE_ID, "amount": 500, "providerId": "provider-1"}],
    "meta": {"visit": "71"},
}
REQUEST_BODIES: dict[str, dict[str, Any]] = {
    "ChargeDetail": {**_CHARGE, "payments": [], "adjustments": []},
    "PayinBody": {
        "paymentMedium": "VIRTUAL_TERMINAL",
        "charges": [_CHARGE],
        "paymentAmount": 1000,
        "savePaymentMethod": True,
        "paymentPlan": {
            "initialAmount": 1000,
            "chargeIds": [CHARGE_ID],
            "frequency": "MONTHLY",
            "installments": 7,
            "installmentAmount": 1286,
        },
        "locationId": "location-1",
    },
    "RefundPaymentBody": {
        "amount": 500,
        "reason": "OTHER",
        "providerId": "provider-1",
        "description": "Paid twice at the desk",
    },
}
_PLAN = planned(
    Plan(
        frequency=Frequency.MONTHLY,
        charge_ids=(CHARGE_ID,),
        initial_cents=1000,
        total_cents=10000,
        installment_cents=1286,
        count=7,
    ),
    date(2026, 11, 21),
)
_SUMMARY: dict[str, Any] = {
    "id": DECODA_PAYMENT_ID,
    "amount": 2500,
    "status": "SUCCEEDED",
    "paymentMedium": "PATIENT_CREDIT",
    "createdDate": _CREATED,
    "feeToPatient": 0,
    "patientId": PATIENT_ID,
    "payinId": None,
    "currency": "USD",
    "payinConfigId": None,
    "paymentMethodId": None,
    "stripePaymentIntentId": None,
    "failedReason": None,
    "updatedDate": _CREATED,
    "fee": 0,
}
_PAYIN: dict[str, Any] = {
    "sessionKey": "sess_45c48cce2e2d7fbdea1afc51c7c6ad26",
    "payinConfigId": PAYIN_CONFIG_ID,
    "sandbox": True,
    "paymentMethods": [
        {
            "id": "c9f0f895-fb98-4b91-9f51-7d3b1f0a2c11",
            "patientId": PATIENT_ID,
            "brand": "VISA",
            "last4": "1111",
            "expMonth": 12,
            "expYear": 2030,
            "routingNumber": None,
            "type": "CARD",
            "isDefault": True,
        }
    ],
}


def _action(
    verb: str,
    state: ActionState,
    number: int = 1,
    vendor_status: str = "SUCCEEDED",
    **facts: str,
) -> Action:
    is_done = state is ActionState.DONE
    final = FinalAnswer(
        state=state,
        status=vendor_status,
        revision=2 * number,
        at_ms=_AT_MS + 418,
        vendor_reference=DECODA_PAYMENT_ID,
        facts=facts,
    )
    return Action(
        verb=verb,
        number=number,
        state=state,
        actor=examples.ACTOR,
        opened_at_ms=_AT_MS,
        terms={AMOUNT_CENTS: 500, "reason": "OTHER"} if verb == "refund" else {},
        attempts=(Attempt(number=1, token="", intent_at_ms=_AT_MS),),
        answer=final if is_done else None,
    )


def _payment(operation: str, action: Action, status: str | None = None, **other: Any) -> Payment:
    return Payment(
        **{
            "tenant": examples.TENANT_ID,
            "payment_id": examples.PAYMENT_ID,
            "vendor": "decoda",
            "operation": operation,
            "amount_cents": 2500,
            "caller_reference": "VISIT-71",
            "fingerprint": "0" * 32,
            "created_at_ms": _AT_MS,
            "updated_at_ms": _AT_MS + 418,
            "revision": 2,
            "vendor_status": status,
            "vendor_reference": None if status is None else DECODA_PAYMENT_ID,
            "actions": (action,),
            **other,
        }
    )


def _answered(render: Any, payment: Payment) -> Any:
    reply = Reply(payment=payment, action=payment.action)
    return json.loads(render(reply, examples.CALLER, examples.CORRELATION_ID)["body"])


def settled_body() -> Any:
    """Credit was taken."""
    action = _action("settle", ActionState.DONE, payment=json.dumps(_SUMMARY))
    payment = _payment("settle_with_credit", action, "SUCCEEDED")
    return _answered(decoda.payment_summary_answer, payment)


def unknown_settlement_body() -> Any:
    """Nobody knows yet."""
    action = _action("settle", ActionState.UNKNOWN)
    return _answered(decoda.payment_summary_answer, _payment("settle_with_credit", action))


def payin_body() -> Any:
    """A plan waits for its payer."""
    action = _action("set_up", ActionState.DONE, payin=json.dumps(_PAYIN))
    return _answered(decoda.payin_answer, _plan_payment("awaiting_payer", action))


def unknown_payin_body() -> Any:
    """Nobody knows yet whether it was prepared."""
    action = _action("set_up", ActionState.UNKNOWN)
    return _answered(decoda.payin_answer, _plan_payment(None, action))


def _plan_payment(status: str | None, *actions: Action, plan: Plan = _PLAN) -> Payment:
    return replace(
        _payment("create_payin_config", actions[0], status),
        amount_cents=plan.total_cents,
        vendor_reference=None if status is None else PAYIN_CONFIG_ID,
        alias="plan/0d4b0ab5-5f2c-4c0a-9c76-1d6a8e3f7b24" if status == "active" else None,
        actions=actions,
        plan=plan,
    )


def _running() -> PlanView:
    """The first payment and one installment are paid."""
    first, *rest = _PLAN.installments
    paid = replace(first, state=InstallmentState.PAID, vendor_id="0")
    plan = replace(_PLAN, installments=(paid, *rest), reported=True)
    made = _action("set_up", ActionState.DONE)
    taken = [
        _payment(
            "take_payment",
            _action("take", ActionState.DONE),
            "SUCCEEDED",
            payment_id=payment_id,
            amount_cents=cents,
            available_balance_cents=cents,
            caller_reference=examples.PAYMENT_ID,
            vendor_reference=reference,
            origin=Origin.EXTERNAL,
        )
        for payment_id, reference, cents in (
            (_TAKEN_ID, DECODA_PAYMENT_ID, 1000),
            (_TAKEN_ID[::-1], "91c1de0c-3f7e-4d9f-8a55-6b0e2c4d7f18", 1286),
        )
    ]
    return PlanView(
        payment=_plan_payment("active", made, plan=plan),
        plan=plan,
        payments=tuple(taken),
        overdue=(),
    )


def plan_body() -> Any:
    """A plan of which something is paid."""
    return plans.plan_object(_running())


def plan_page_body() -> Any:
    """A page with one plan."""
    page = PlanPage(plans=(_running(),), next_cursor=examples.CURSOR)
    return json.loads(
        plans.plan_page_answer(page, examples.CALLER, examples.CORRELATION_ID)["body"]
    )


def _cancelling(state: ActionState) -> Any:
    view = _running()
    is_done = state is ActionState.DONE
    action = _action("cancel", state, 2, vendor_status="cancelled")
    plan = view.plan.without_rest() if is_done else view.plan
    payment = replace(
        view.payment,
        vendor_status="cancelled" if is_done else "active",
        revision=4,
        actions=(*view.payment.actions, action),
        plan=plan,
    )
    asked = PlanReply(
        reply=Reply(payment=payment, action=action),
        plan=replace(view, payment=payment, plan=plan),
    )
    answer = plans.plan_reply_answer(asked, examples.CALLER, examples.CORRELATION_ID)
    return json.loads(answer["body"])


def cancelled_plan_body() -> Any:
    """What was still to come will not."""
    return _cancelling(ActionState.DONE)


def cancelling_plan_body() -> Any:
    """Nobody knows yet whether the plan is cancelled."""
    return _cancelling(ActionState.UNKNOWN)


def _refunding(state: ActionState) -> Any:
    made = _action("settle", ActionState.DONE)
    asked = _action("refund", state, 2, **{REFUND_ID: _REFUND_ID, "refundStatus": "SUCCEEDED"})
    refund = Refund(
        refund_id=_REFUND_ID, amount_cents=500, status="SUCCEEDED", created_at_ms=_AT_MS + 418
    )
    payment = _payment(
        "settle_with_credit",
        made,
        "SUCCEEDED",
        revision=4,
        actions=(made, asked),
        refunds=(refund,) if state is ActionState.DONE else (),
    )
    return _answered(representations.refund_answer, payment)


def refunded_body() -> Any:
    """A part went back."""
    return _refunding(ActionState.DONE)


def refunding_body() -> Any:
    """Nobody knows yet whether it did."""
    return _refunding(ActionState.UNKNOWN)


def event_body() -> Any:
    """A webhook of Decoda's."""
    return {
        "id": "0f9a7f0e-6a3c-4b6f-9b56-5d3f3f7f0a01",
        "type": "PAYMENT_SUCCEEDED",
        "data": {**_SUMMARY, "paymentMedium": "VIRTUAL_TERMINAL", "payinConfigId": PAYIN_CONFIG_ID},
        "createdDate": _CREATED,
        "alertId": "9d0c6c53-3b1a-4a1c-8a5e-7e5b1f2c4d03",
    }
