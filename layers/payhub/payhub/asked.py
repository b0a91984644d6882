"""What the commands that act on an existing payment have in common."""

from typing import Annotated

from pydantic import Field

from payhub.command import (
    Body,
    Command,
    From,
    IdempotencyKey,
    IfMatch,
    PaymentId,
    Place,
    Text,
    revision_of,
)
from payhub.domain.actions import Request
from payhub.domain.errors import NotFound
from payhub.domain.identity import digest
from payhub.domain.payment import Payment
from payhub.domain.tenant import Caller
from payhub.ports import Hub


class ReasonBody(Body):
    """Why it is done; kept in the payment's history."""

    reason: Annotated[Text | None, Field(description="Kept in the payment's history.")] = None


class AskedOfPayment(Command):
    """A verb on a payment: its id, and what tells a repeat from a new request."""

    payment_id: PaymentId
    idempotency_key: IdempotencyKey = None
    if_match: IfMatch = None
    body: Annotated[ReasonBody, From(Place.BODY)] = ReasonBody()


def asked_request(command: AskedOfPayment, caller: Caller, verb: str) -> Request:
    """The request in the domain's terms."""
    key = command.idempotency_key
    return Request(
        verb=verb,
        actor=caller.actor,
        key_digest=None if key is None else digest(command.payment_id, key)[:32],
        if_match_revision=revision_of(command.if_match),
        reason=command.body.reason,
    )


def load_payment(hub: Hub, caller: Caller, payment_id: str) -> Payment:
    """The tenant's payment. Raises NotFound, for another tenant's payment too."""
    payment = hub.payments.load(caller.tenant.tenant, payment_id)
    if payment is None:
        raise NotFound(f"There is no payment {payment_id}.", payment_id=payment_id)
    return payment
