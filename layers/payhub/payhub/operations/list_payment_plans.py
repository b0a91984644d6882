"""List a tenant's payment plans, newest first."""

from typing import Annotated

from pydantic import Field

from payhub.command import Command, Cursor, From, Place, Text
from payhub.domain.records import PaymentFilter
from payhub.domain.reply import PlanPage
from payhub.domain.tenant import Caller
from payhub.plans import PLAN_OPERATION, view_of
from payhub.ports import Hub


class ListPaymentPlans(Command):
    """GET /payment-plans."""

    limit: Annotated[
        int,
        Field(ge=1, le=25, description="How many plans a page has at most."),
        From(Place.QUERY, "limit"),
    ] = 10
    cursor: Cursor = None
    status: Annotated[
        Text | None,
        Field(description="Only plans that have exactly this status."),
        From(Place.QUERY, "status"),
    ] = None
    reference: Annotated[
        Text | None,
        Field(description="Only plans whose charges came with this externalId."),
        From(Place.QUERY, "reference"),
    ] = None


def list_payment_plans(hub: Hub, caller: Caller, command: ListPaymentPlans) -> PlanPage:
    """A page of plans, each with the payments taken for it."""
    page = hub.payments.page(
        caller.tenant.tenant,
        PaymentFilter(
            limit=command.limit,
            cursor=command.cursor,
            status=command.status,
            operation=PLAN_OPERATION,
            reference=command.reference,
        ),
    )
    views = tuple(view_of(hub, caller.tenant, plan) for plan in page.payments)
    return PlanPage(plans=views, next_cursor=page.next_cursor)
