"""Give a payment back to who paid it, wholly or in part."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from payhub import acting
from payhub.asked import load_payment, request_for
from payhub.command import (
    Body,
    Command,
    From,
    IdempotencyKey,
    IfMatch,
    PaymentId,
    Place,
    Text,
)
from payhub.domain.actions import AMOUNT_CENTS
from payhub.domain.errors import FieldError, InvalidRequest, NotAllowed
from payhub.domain.money import MAX_CENTS
from payhub.domain.payment import Payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.ports import Hub

OPERATION, VERB = "refund_payment", "refund"


class RefundReason(StrEnum):
    """Why money goes back, in Decoda's words."""

    DUPLICATE = "DUPLICATE"
    DISPUTE = "DISPUTE"
    BOOKING_FEE = "BOOKING_FEE"
    OTHER = "OTHER"


class RefundPaymentBody(Body):
    """What is refunded and why."""

    amount: Annotated[
        StrictInt, Field(ge=1, le=MAX_CENTS, description="In cents; at most what is left.")
    ]
    reason: RefundReason
    provider_id: Annotated[Text, Field(description="Decoda's id of the provider who asks for it.")]
    description: Annotated[
        Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")] | None,
        Field(description="Passed on to Decoda."),
    ] = None
    location_id: Text | None = None
    restore_inventory: Annotated[
        StrictBool, Field(description="Only with a refund of the whole payment.")
    ] = False


class RefundPayment(Command):
    """POST /payments/{paymentId}/refund."""

    payment_id: PaymentId
    idempotency_key: IdempotencyKey = None
    if_match: IfMatch = None
    body: Annotated[RefundPaymentBody, From(Place.BODY)]


def refund_payment(hub: Hub, caller: Caller, command: RefundPayment) -> Reply:
    """Refund once; never more than is left, what is under way or unknown counted as gone.

    Raises NotFound, InvalidRequest, and NotAllowed naming status, balance and rule.
    """
    payment = load_payment(hub, caller, command.payment_id)
    _check(hub, payment, command.body)
    request = request_for(payment.payment_id, command, caller, VERB, terms=_terms(command.body))
    return acting.act(hub, caller.tenant, payment, request)


def _check(hub: Hub, payment: Payment, body: RefundPaymentBody) -> None:
    row = hub.vendors[payment.vendor].contracts.get(VERB)
    if row is None or row.operation != OPERATION:
        raise NotAllowed(
            f"Payments of {payment.vendor} are not given back on this path.",
            payment_id=payment.payment_id,
        )
    if body.restore_inventory and body.amount != payment.amount_cents:
        raise InvalidRequest(
            "The refund cannot be made.",
            [FieldError("restoreInventory", "is only for a refund of the whole payment")],
        )


def _terms(body: RefundPaymentBody) -> dict[str, str | int]:
    terms: dict[str, str | int | None] = {
        AMOUNT_CENTS: body.amount,
        "reason": body.reason.value,
        "providerId": body.provider_id,
        "description": body.description,
        "locationId": body.location_id,
        "restoreInventory": "true" if body.restore_inventory else None,
    }
    return {name: value for name, value in terms.items() if value is not None}
