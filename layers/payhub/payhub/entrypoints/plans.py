"""Payment plans as the JSON of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payhub.domain.payment import ActionState, FinalAnswer, Payment
from payhub.domain.reply import PlanPage, PlanReply, PlanView
from payhub.domain.tenant import Caller
from payhub.entrypoints.representations import (
    instant,
    json_answer,
    open_action_object,
    payment_headers,
    reply_problem,
    unfinished_answer,
)

if TYPE_CHECKING:
    from payhub.entrypoints import shapes

Answer = dict[str, Any]

PAID = frozenset({"PROCESSING", "SUCCEEDED"})
"""A payment in these words is paid, as long as the bank does not take it back."""


def plan_object(view: PlanView) -> shapes.PaymentPlan:
    """The plan with its installments and the payments taken for it."""
    payment, plan = view.payment, view.plan
    paid_cents = sum(it.amount_cents for it in view.payments if it.status in PAID)
    refunded_cents = sum(_refunded_cents(it) for it in view.payments)
    next_due = plan.next_due_on
    action = payment.open_action
    return {
        "planId": payment.payment_id,
        "status": payment.status,
        "vendor": payment.vendor,
        "payinConfigId": payment.vendor_reference,
        "vendorPlanId": payment.alias.removeprefix("plan/") if payment.alias else None,
        "reference": payment.caller_reference,
        "chargeIds": list(plan.charge_ids),
        "frequency": plan.frequency,
        "currency": payment.currency,
        "totalCents": plan.total_cents,
        "initialCents": plan.initial_cents,
        "paidCents": paid_cents,
        "refundedCents": refunded_cents,
        "nextDueOn": None if next_due is None else next_due.isoformat(),
        "overdue": [it.number for it in view.overdue],
        "source": "decoda" if plan.reported else "payhub",
        "difference": plan.difference,
        "installments": [
            {
                "number": it.number,
                "dueOn": it.due_on.isoformat(),
                "amountCents": it.amount_cents,
                "state": it.state,
            }
            for it in plan.installments
        ],
        "payments": [_taken(it) for it in view.payments],
        "action": None if action is None else open_action_object(action),
        "revision": payment.revision,
        "createdAt": instant(payment.created_at_ms),
        "updatedAt": instant(payment.updated_at_ms),
    }


def _taken(payment: Payment) -> shapes.PlanPayment:
    return {
        "paymentId": payment.payment_id,
        "vendorReference": payment.vendor_reference,
        "amountCents": payment.amount_cents,
        "refundedCents": _refunded_cents(payment),
        "status": payment.status,
        "createdAt": instant(payment.created_at_ms),
    }


def _refunded_cents(payment: Payment) -> int:
    left = payment.available_balance_cents
    return 0 if left is None else payment.amount_cents - left


def plan_answer(view: PlanView, caller: Caller, correlation_id: str) -> Answer:
    """200 with the plan."""
    return json_answer(200, plan_object(view), _headers(view.payment))


def plan_page_answer(page: PlanPage, caller: Caller, correlation_id: str) -> Answer:
    """200 with a page of plans."""
    body: shapes.PaymentPlanPage = {
        "paymentPlans": [plan_object(view) for view in page.plans],
        "nextCursor": page.next_cursor,
    }
    return json_answer(200, body)


def plan_reply_answer(asked: PlanReply, caller: Caller, correlation_id: str) -> Answer:
    """What became of the cancelling: done, under way, or why not.

    Once it is done the answer says only what stays so, for a repeat is told the same for ever,
    whatever has happened to the plan meanwhile: its payer may even have brought it back.
    """
    reply, final = asked.reply, asked.reply.action.answer
    if final is None:
        return unfinished_answer(reply, correlation_id, plan_object(asked.plan))
    if final.state is not ActionState.DONE:
        return reply_problem(reply, correlation_id)
    headers = payment_headers(reply.payment, final.revision, replayed=reply.replayed)
    return json_answer(200, _cancelled(asked, final), headers | _place(reply.payment))


def _cancelled(asked: PlanReply, final: FinalAnswer) -> shapes.CancelledPlan:
    payment = asked.reply.payment
    return {
        "planId": payment.payment_id,
        "status": final.status,
        "vendor": payment.vendor,
        "payinConfigId": payment.vendor_reference,
        "reference": payment.caller_reference,
        "chargeIds": list(asked.plan.plan.charge_ids),
        "cancelledAt": instant(final.at_ms),
        "revision": final.revision,
    }


def _headers(payment: Payment) -> dict[str, str]:
    return payment_headers(payment, payment.revision) | _place(payment)


def _place(payment: Payment) -> dict[str, str]:
    return {"Location": f"/payment-plans/{payment.payment_id}"}
