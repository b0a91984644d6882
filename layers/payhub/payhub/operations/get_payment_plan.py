"""Look up a payment plan: what is due when, what is paid, how it stands."""

from payhub.command import Command, PlanId
from payhub.domain.reply import PlanView
from payhub.domain.tenant import Caller
from payhub.plans import load_plan, view_of
from payhub.ports import Hub


class GetPaymentPlan(Command):
    """GET /payment-plans/{planId}."""

    plan_id: PlanId


def get_payment_plan(hub: Hub, caller: Caller, command: GetPaymentPlan) -> PlanView:
    """The plan as the hub knows it, with the payments taken for it. Raises NotFound."""
    return view_of(hub, caller.tenant, load_plan(hub, caller, command.plan_id))
