"""Report to Medfusion that payments picked up from its portal were posted."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from payhub import portal
from payhub.attempts import remind
from payhub.command import Command, From, IdempotencyKey, Place
from payhub.domain.actions import Request, open_queued
from payhub.domain.contract import Lifecycle
from payhub.domain.errors import (
    FieldError,
    InvalidRequest,
    KeyReused,
    NotFound,
    VendorUnavailable,
)
from payhub.domain.identity import digest, fingerprint_of, payment_id_of
from payhub.domain.money import AmountUnit, MoneyError, cents_of_balance
from payhub.domain.payment import BatchLine, Payment
from payhub.domain.portal import PostedDocument, PostedPayment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import draft
from payhub.portal import PaymentType, PracticeId
from payhub.ports import Hub

OPERATION, VERB = "update_portal_payments", "send"

STATUSES = ("SUBMITTED", "ACCEPTED", "POSTED")
"""What a payment can be reported as."""

PAYMENTS_MAX = 100

PAYMENT_TYPES = {
    portal.SECURE: "BillPayment",
    portal.SWIPED: "VCS Payment",
    portal.PAY_NOW: "Pay Now Payment",
}


class UpdatePortalPayments(Command):
    """POST /v1/practice/{practiceId}/securePayments."""

    practice_id: PracticeId
    idempotency_key: IdempotencyKey = None
    document: Annotated[PostedDocument, From(Place.XML)]

    @property
    def kind(self) -> str:
        """Bills paid in the portal."""
        return portal.SECURE


class UpdateSwiperPayments(UpdatePortalPayments):
    """POST /v1/practice/{practiceId}/payments."""

    payment_type: PaymentType

    @property
    def kind(self) -> str:
        """As the query says."""
        return self.payment_type.value


def update_portal_payments(hub: Hub, caller: Caller, command: UpdatePortalPayments) -> Reply:
    """Store the message and queue it; a worker sends it. A repeat with the same key is a replay.

    Raises InvalidRequest for what the document says wrongly, NotFound for the practice or listing
    the payments that neither the hub nor Medfusion knows, VendorUnavailable where Medfusion cannot
    be asked about them; nothing is stored then.
    """
    portal.check_practice(caller, command.practice_id)
    errors = list(_document_errors(command))
    if errors:
        raise InvalidRequest("The document cannot be used.", errors)
    payment_id, terms = _payment_id(hub, caller, command), _terms(command)
    standing = hub.payments.load(caller.tenant.tenant, payment_id)
    if standing is not None:
        return _replay(standing, terms)
    known = _known(hub, caller, command)
    lifecycle = hub.vendors[portal.VENDOR].lifecycle
    errors = list(_payment_errors(command.document.payments, known, lifecycle))
    if errors:
        raise InvalidRequest("The payments cannot be updated so.", errors)
    message = _message(hub, caller, command, payment_id, known)
    standing = hub.payments.create(message, {"xml": command.document.text})
    if standing is not message:
        return _replay(standing, terms)
    remind(hub, message)
    return Reply(payment=message, action=message.actions[0])


def _payment_id(hub: Hub, caller: Caller, command: UpdatePortalPayments) -> str:
    """The message's id, the same for the same key; without a key a new one."""
    source, key = "Idempotency-Key", command.idempotency_key
    if key is None:
        source, key = "message", hub.ids.new()
    return payment_id_of(caller.tenant.tenant, OPERATION, source, key)


def _terms(command: UpdatePortalPayments) -> Mapping[str, str | int]:
    """What tells the same request from another one."""
    document = digest(command.document.text)
    return {"practiceId": command.practice_id, "kind": command.kind, "document": document}


def _replay(standing: Payment, terms: Mapping[str, str | int]) -> Reply:
    """A repeat is answered whatever became of the payments meanwhile."""
    if standing.fingerprint != fingerprint_of(terms):
        raise KeyReused(
            "This key was used before with another document. Use a new key.",
            payment_id=standing.payment_id,
        )
    return Reply(payment=standing, action=standing.actions[0], replayed=True)


def _document_errors(command: UpdatePortalPayments) -> Iterator[FieldError]:
    document, wanted = command.document, PAYMENT_TYPES[command.kind]
    if document.practice_id != command.practice_id:
        yield FieldError("PracticeId", "must be the practice of the path")
    if len(document.payments) > PAYMENTS_MAX:
        yield FieldError("Payment", f"send at most {PAYMENTS_MAX} in one document")
    seen: set[str] = set()
    for payment in document.payments:
        where = f"Payment {payment.reference}"
        if payment.reference in seen:
            yield FieldError(where, "is there twice")
        seen.add(payment.reference)
        if payment.payment_type != wanted:
            yield FieldError(where, f"PaymentType must be {wanted} on this path")
        if payment.target not in STATUSES:
            yield FieldError(where, "PaymentStatus must be one of " + ", ".join(STATUSES))


def _known(hub: Hub, caller: Caller, command: UpdatePortalPayments) -> Mapping[str, Payment]:
    """The document's payments by the vendor's id; what is unknown is looked for at the vendor."""
    found, is_complete = _of_hub(hub, caller, command), True
    if len(found) < len(command.document.payments):
        is_complete = portal.fetch(hub, caller.tenant, command.practice_id, command.kind)
        found = _of_hub(hub, caller, command)
    missing = [it.reference for it in command.document.payments if it.reference not in found]
    if missing and not is_complete:
        raise VendorUnavailable(
            "Payhub does not know these payments, and Medfusion cannot be asked about them now: "
            + ", ".join(missing)
        )
    if missing:
        raise NotFound(
            "Neither Payhub nor Medfusion shows these payments of the practice: "
            + ", ".join(missing)
        )
    return found


def _of_hub(hub: Hub, caller: Caller, command: UpdatePortalPayments) -> dict[str, Payment]:
    tenant, practice_id = caller.tenant.tenant, command.practice_id
    found = {
        it.reference: portal.known_payment(hub, tenant, practice_id, it.reference)
        for it in command.document.payments
    }
    return {
        reference: payment
        for reference, payment in found.items()
        if payment is not None and payment.terms["kind"] == command.kind
    }


def _payment_errors(
    payments: tuple[PostedPayment, ...], known: Mapping[str, Payment], lifecycle: Lifecycle
) -> Iterator[FieldError]:
    for posted in payments:
        payment, where = known[posted.reference], f"Payment {posted.reference}"
        if lifecycle.can_reach(posted.target, payment.status):
            yield FieldError(where, f"is {payment.status} and cannot go back to {posted.target}")
        if posted.amount is not None and _cents(posted.amount) != payment.amount_cents:
            yield FieldError(where, "AmountPaid is not what was paid")


def _cents(text: str) -> int | None:
    try:
        return cents_of_balance(text, AmountUnit.DECIMAL_DOLLARS)
    except MoneyError:
        return None


def _message(
    hub: Hub,
    caller: Caller,
    command: UpdatePortalPayments,
    payment_id: str,
    known: Mapping[str, Payment],
) -> Payment:
    tenant, now_ms = caller.tenant.tenant, hub.clock.now_ms()
    terms = {"practiceId": command.practice_id, "kind": command.kind}
    scope = f"{command.practice_id}/message/"
    drafted = draft(hub, tenant, portal.VENDOR, OPERATION, terms, 0, scope)(payment_id)
    message = replace(
        drafted,
        fingerprint=fingerprint_of(_terms(command)),
        has_carried_body=True,
        alias=f"job/{job_id_of(payment_id)}",
        batch=tuple(_line(posted, known[posted.reference]) for posted in command.document.payments),
    )
    request = Request(verb=VERB, actor=caller.actor)
    return open_queued(message, request, "accepted, to be sent by a worker", now_ms, now_ms)


def _line(posted: PostedPayment, payment: Payment) -> BatchLine:
    return BatchLine(
        payment_id=payment.payment_id,
        reference=posted.reference,
        target=posted.target,
        since_ms=int(payment.terms["sinceMs"]),
    )


def job_id_of(payment_id: str) -> str:
    """The id of a message's batch, which is another one than the message's."""
    return digest("job", payment_id)[:32]
