"""Put a message that a worker could not handle on the operator's list."""

from dataclasses import replace

from pydantic import BaseModel

from payhub.domain.identity import digest
from payhub.domain.payment import Payment
from payhub.domain.records import DeadLetter
from payhub.ports import Hub

PAUSE_MS = 15 * 60 * 1000
"""How long the sweep leaves a payment alone whose handling keeps failing."""


class RecordDeadLetter(BaseModel):
    """A reminder that failed too often; ids that it lacks stay empty."""

    message_id: str
    sent_at_ms: int
    tenant: str = ""
    payment: str = ""
    vendor: str = ""
    event: str = ""


def record_dead_letter(hub: Hub, command: RecordDeadLetter) -> None:
    """One letter per message; a payment's next look is put off so that it does not spin."""
    now_ms = hub.clock.now_ms()
    kind = "payment" if command.payment else "event" if command.event else "message"
    hub.dead_letters.add(
        DeadLetter(
            tenant=command.tenant or "unknown",
            letter_id=f"{command.sent_at_ms:013d}-{digest(command.message_id)[:32]}",
            kind=kind,
            subject_id=command.payment or command.event or command.message_id,
            vendor=command.vendor,
            reason="handling failed repeatedly; the function's log has the error",
            at_ms=now_ms,
        )
    )
    hub.signals.count("DeadLetters", kind=kind)
    if command.payment:
        _pause(hub, command, now_ms)


def _pause(hub: Hub, command: RecordDeadLetter, now_ms: int) -> None:
    payment = hub.payments.load(command.tenant, command.payment)
    if payment is None or payment.due_at_ms is None:
        return

    def later(latest: Payment) -> Payment:
        if latest.due_at_ms is None or latest.due_at_ms > now_ms:
            return latest
        return replace(latest, due_at_ms=now_ms + PAUSE_MS, revision=latest.revision + 1)

    hub.payments.change(payment, later)
