"""List a tenant's payments, newest first."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from payhub.command import Command, From, Place, Text
from payhub.domain.records import PaymentFilter, PaymentPage
from payhub.domain.tenant import Caller
from payhub.ports import Hub

Cursor = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]


class ListPayments(Command):
    """GET /payments."""

    limit: Annotated[int, Field(ge=1, le=100), From(Place.QUERY, "limit")] = 25
    cursor: Annotated[Cursor | None, From(Place.QUERY, "cursor")] = None
    status: Annotated[Text | None, From(Place.QUERY, "status")] = None
    vendor: Annotated[Text | None, From(Place.QUERY, "vendor")] = None
    created_from: Annotated[AwareDatetime | None, From(Place.QUERY, "from")] = None
    created_to: Annotated[AwareDatetime | None, From(Place.QUERY, "to")] = None
    reference: Annotated[Text | None, From(Place.QUERY, "reference")] = None


def list_payments(hub: Hub, caller: Caller, command: ListPayments) -> PaymentPage:
    """A page of payments. `from` is inclusive, `to` exclusive; `reference` is the caller's own."""
    wanted = PaymentFilter(
        limit=command.limit,
        cursor=command.cursor,
        status=command.status,
        vendor=command.vendor,
        from_ms=_ms(command.created_from),
        to_ms=_ms(command.created_to),
        reference=command.reference,
    )
    return hub.payments.page(caller.tenant.tenant, wanted)


def _ms(at: datetime | None) -> int | None:
    return None if at is None else max(0, round(at.timestamp() * 1000))
