"""End a review by what an operator found out at the vendor."""

import re
from typing import Annotated

from pydantic import Field

from payhub import attempts, messages
from payhub.asked import load_payment
from payhub.command import Body, Command, From, PaymentId, Place, Text
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.payment import Payment
from payhub.domain.steps import Resolution, resolve
from payhub.domain.tenant import Caller
from payhub.ports import Hub


class ResolveBody(Body):
    """The operator's finding; `moved` names the vendor's reference of what moved."""

    resolution: Annotated[
        Resolution,
        Field(
            description="`moved`: the vendor did it. `not_moved`: it did not, and a new request"
            " may. `resend`: it did not, and the hub sends it again."
        ),
    ]
    reason: Annotated[Text, Field(description="How that is known; kept in the history.")]
    vendor_reference: Annotated[
        Text | None,
        Field(description="The vendor's id of what moved; needed where the hub has none."),
    ] = None


class ResolvePayment(Command):
    """POST /payments/{paymentId}/resolve."""

    payment_id: PaymentId
    body: Annotated[ResolveBody, From(Place.BODY)]


def resolve_payment(hub: Hub, caller: Caller, command: ResolvePayment) -> Payment:
    """One conditional write, kept in the history.

    Raises NotFound, InvalidRequest without a reference of what moved, NotAllowed without a review.
    """
    body = command.body
    payment = load_payment(hub, caller, command.payment_id)
    reference = body.vendor_reference or payment.vendor_reference
    if body.resolution is Resolution.MOVED and reference is None:
        raise InvalidRequest(
            "What moved must be named.",
            [FieldError("vendorReference", "send the vendor's id of the payment that moved")],
        )
    pattern = hub.vendors[payment.vendor].lifecycle.reference_pattern
    if body.vendor_reference and re.fullmatch(pattern, body.vendor_reference, re.ASCII) is None:
        raise InvalidRequest(
            "That is no reference of the vendor.",
            [FieldError("vendorReference", f"{payment.vendor}'s are made like {pattern}")],
        )
    now_ms = hub.clock.now_ms()
    status = hub.vendors[payment.vendor].contracts[payment.action.verb].status_when_done
    resolved = hub.payments.change(
        payment,
        lambda latest: resolve(
            latest,
            body.resolution,
            body.vendor_reference,
            status,
            body.reason,
            caller.actor,
            now_ms,
        ),
    )
    if resolved.due_at_ms is None:
        return messages.follow(hub, resolved)
    attempts.remind(hub, resolved)
    return resolved
