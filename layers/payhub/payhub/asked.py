"""What the commands that act on an existing payment have in common."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Protocol

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

NO_TERMS: Mapping[str, str | int] = MappingProxyType({})


class ReasonBody(Body):
    """Why it is done; kept in the payment's history."""

    reason: Annotated[Text | None, Field(description="Kept in the payment's history.")] = None


class AskedOfPayment(Command):
    """A verb on a payment: its id, and what tells a repeat from a new request."""

    payment_id: PaymentId
    idempotency_key: IdempotencyKey = None
    if_match: IfMatch = None
    body: Annotated[ReasonBody, From(Place.BODY)] = ReasonBody()


class Repeatable(Protocol):
    """A command with what tells a repeat from a new request."""

    @property
    def idempotency_key(self) -> str | None:
        """The caller's key."""
        ...

    @property
    def if_match(self) -> str | None:
        """The revision the caller saw."""
        ...


def request_for(
    payment_id: str,
    command: Repeatable,
    caller: Caller,
    verb: str,
    *,
    reason: str | None = None,
    terms: Mapping[str, str | int] = NO_TERMS,
) -> Request:
    """What is asked of a payment, in the domain's terms."""
    key = command.idempotency_key
    return Request(
        verb=verb,
        actor=caller.actor,
        key_digest=None if key is None else digest(payment_id, key)[:32],
        if_match_revision=revision_of(command.if_match),
        reason=reason,
        terms=terms,
    )


def asked_request(command: AskedOfPayment, caller: Caller, verb: str) -> Request:
    """The same for a command that names the payment by the hub's id."""
    return request_for(command.payment_id, command, caller, verb, reason=command.body.reason)


def load_payment(hub: Hub, caller: Caller, payment_id: str) -> Payment:
    """The tenant's payment. Raises NotFound, for another tenant's payment too."""
    payment = hub.payments.load(caller.tenant.tenant, payment_id)
    if payment is None:
        raise NotFound(f"There is no payment {payment_id}.", payment_id=payment_id)
    return payment
