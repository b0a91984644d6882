"""List a tenant's payments, newest first."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from payhub.command import Command, Cursor, From, Instant, Place, Text
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.records import PaymentFilter, PaymentPage
from payhub.domain.tenant import Caller
from payhub.ports import Hub

OpenState = Literal["sending", "queued", "unknown", "needs_review"]

INSTANT_MAX_MS = 10**13 - 1


class ListPayments(Command):
    """GET /payments."""

    limit: Annotated[
        int,
        Field(ge=1, le=100, description="How many payments a page has at most."),
        From(Place.QUERY, "limit"),
    ] = 25
    cursor: Cursor = None
    status: Annotated[
        Text | None,
        Field(description="Only payments that have exactly this status."),
        From(Place.QUERY, "status"),
    ] = None
    action: Annotated[
        OpenState | None,
        Field(description="Only payments whose open action is in this state."),
        From(Place.QUERY, "action"),
    ] = None
    vendor: Annotated[
        Text | None, Field(description="Only payments of this vendor."), From(Place.QUERY, "vendor")
    ] = None
    created_from: Annotated[
        Instant | None, Field(description="Created then or later."), From(Place.QUERY, "from")
    ] = None
    created_to: Annotated[
        Instant | None, Field(description="Created before then."), From(Place.QUERY, "to")
    ] = None
    reference: Annotated[
        Text | None,
        Field(description="Only payments with this issuerReferenceId."),
        From(Place.QUERY, "reference"),
    ] = None


def list_payments(hub: Hub, caller: Caller, command: ListPayments) -> PaymentPage:
    """A page of payments. `from` is inclusive, `to` exclusive; `reference` is the caller's own.

    Raises InvalidRequest for a time that ends before it begins.
    """
    from_ms, to_ms = _ms(command.created_from), _ms(command.created_to)
    if from_ms is not None and to_ms is not None and to_ms < from_ms:
        raise InvalidRequest("The time is empty.", [FieldError("to", "must not be before from")])
    wanted = PaymentFilter(
        limit=command.limit,
        cursor=command.cursor,
        status=command.status,
        action=command.action,
        vendor=command.vendor,
        from_ms=from_ms,
        to_ms=to_ms,
        reference=command.reference,
    )
    return hub.payments.page(caller.tenant.tenant, wanted)


def _ms(at: datetime | None) -> int | None:
    """Within what the index's fixed width can hold: 1970 to 2286."""
    return None if at is None else min(max(0, round(at.timestamp() * 1000)), INSTANT_MAX_MS)
