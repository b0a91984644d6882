"""Cancel a payment plan: nothing more is taken for it."""

from typing import Annotated

from payhub import acting
from payhub.asked import ReasonBody, request_for
from payhub.command import Command, From, IdempotencyKey, IfMatch, Place, PlanId
from payhub.domain.reply import PlanReply
from payhub.domain.tenant import Caller
from payhub.plans import load_plan, view_of
from payhub.ports import Hub

VERB = "cancel"


class CancelPaymentPlan(Command):
    """POST /payment-plans/{planId}/cancel."""

    plan_id: PlanId
    idempotency_key: IdempotencyKey = None
    if_match: IfMatch = None
    body: Annotated[ReasonBody, From(Place.BODY)] = ReasonBody()


def cancel_payment_plan(hub: Hub, caller: Caller, command: CancelPaymentPlan) -> PlanReply:
    """Stop the plan once; what was taken stays taken, and can be refunded payment by payment.

    A plan that its payer has not confirmed is withdrawn at the hub: Decoda has no way to take its
    session back, so a payer who confirms it all the same brings it back. Raises NotFound, and
    NotAllowed naming the status.
    """
    plan = load_plan(hub, caller, command.plan_id)
    request = request_for(plan.payment_id, command, caller, VERB, reason=command.body.reason)
    reply = acting.act(hub, caller.tenant, plan, request)
    return PlanReply(reply=reply, plan=view_of(hub, caller.tenant, reply.payment))
