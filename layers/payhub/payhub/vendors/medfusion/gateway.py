"""Medfusion in the hub's terms: messages out, what became of them and of payments in."""

from payhub.domain.answers import (
    Answer,
    Done,
    Failure,
    Finding,
    Matches,
    NotSent,
    Reading,
    Unanswered,
    VendorRefused,
    View,
    undecided,
)
from payhub.domain.payment import Payment
from payhub.domain.policy import LOOK_AGAIN_MAX_MS
from payhub.ports import Order
from payhub.transport import Response
from payhub.vendors.medfusion import wire
from payhub.vendors.medfusion.client import Client
from payhub.vendors.medfusion.contract import COMPLETED, LIFECYCLE, PROCESSING
from payhub.vendors.medfusion.portal import Portal

STATUS_ID, DATA_JOB_ID = "statusId", "dataJobId"
"""Facts of a message's answer: what leads to its processing status, and the vendor's batch."""

SOON_MS = 2000
_NOT_FOUND = 404


class PaymentGateway:
    """The Gateway port for this vendor."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._portal = Portal(client)

    def perform(self, order: Order) -> Answer:
        """The one POST of a message; never repeated here."""
        left_out = frozenset(it.reference for it in order.payment.batch if it.included is False)
        try:
            body = wire.outgoing(str(order.carried.get("xml", "")), left_out)
        except wire.Unreadable as error:
            return VendorRefused(message=f"not sent: {error}")
        path, query = wire.payments_path(*_whose(order.payment))
        sent = self._client.call(
            order.tenant, "POST", path, body, query or None, call_by_ms=order.call_by_ms
        )
        accepted = wire.understood(sent, wire.read_accepted)
        if not isinstance(accepted, wire.Accepted):
            return accepted
        facts = {STATUS_ID: accepted.status_id}
        if accepted.data_job_id is not None:
            facts[DATA_JOB_ID] = accepted.data_job_id
        return Done(
            view=View(
                reference=accepted.message_id,
                status=PROCESSING,
                facts=facts,
                look_again_at_ms=order.now_ms + SOON_MS,
            )
        )

    def read(self, order: Order) -> Reading:
        """Of a message its processing status, of a payment its line in the portal's list."""
        if order.payment.batch:
            return self._read_message(order)
        return self._read_payment(order)

    def search(self, order: Order) -> Finding:
        """Whether a message was applied: then each payment in it is at its target, or beyond."""
        lines = [line for line in order.payment.batch if line.included is not False]
        practice_id, kind = _whose(order.payment)
        found = self._portal.look_for(
            order.tenant, practice_id, kind, {it.reference: it.since_ms for it in lines}
        )
        if isinstance(found, VendorRefused | NotSent | Unanswered):
            return undecided(found)
        shown = {reference: payment.status for reference, payment in found.items()}
        reached = (LIFECYCLE.has_reached(shown.get(it.reference), it.target) for it in lines)
        if not lines or not all(reached):
            return Matches(views=())
        return Matches(views=(View(reference=None, status=COMPLETED),))

    def _read_payment(self, order: Order) -> Reading:
        payment = order.payment
        reference, since_ms = payment.vendor_reference, payment.terms.get("sinceMs")
        if reference is None or since_ms is None:
            return Unanswered(reason="the portal has no call for a single payment")
        wanted = {reference: int(since_ms)}
        found = self._portal.look_for(order.tenant, *_whose(payment), wanted)
        if isinstance(found, VendorRefused | NotSent | Unanswered):
            return found
        if reference not in found:
            return Unanswered(reason="the portal does not show the payment")
        return View(reference=reference, status=found[reference].status)

    def _read_message(self, order: Order) -> Reading:
        """What the vendor has forgotten, or never gave an id to, is asked of the payments."""
        status_id = _status_id(order.payment)
        processed = None if status_id is None else self._processed(order, status_id)
        if processed is None:
            return self._read_by_payments(order)
        if not isinstance(processed, wire.Processed):
            return processed
        return View(
            reference=order.payment.vendor_reference,
            status=processed.status,
            said=processed.said,
            look_again_at_ms=_look_again_ms(order) if processed.status == PROCESSING else None,
        )

    def _processed(self, order: Order, status_id: str) -> wire.Processed | Failure | None:
        """None where the vendor does not know the id (any more)."""
        path = wire.status_path(_whose(order.payment)[0], status_id)
        sent = self._client.call(order.tenant, "GET", path)
        if isinstance(sent, Response) and sent.status == _NOT_FOUND:
            return None
        return wire.understood(sent, wire.read_processed)

    def _read_by_payments(self, order: Order) -> Reading:
        finding = self.search(order)
        if not isinstance(finding, Matches):
            return Unanswered(reason=finding.reason)
        is_applied = bool(finding.views)
        return View(
            reference=order.payment.vendor_reference,
            status=COMPLETED if is_applied else PROCESSING,
            look_again_at_ms=None if is_applied else _look_again_ms(order),
        )


def _whose(payment: Payment) -> tuple[str, str]:
    """The practice, and the kind of its payments."""
    return str(payment.terms["practiceId"]), str(payment.terms["kind"])


def _status_id(payment: Payment) -> str | None:
    """From the vendor's answer; an operator who looked may have named the message instead."""
    answer = payment.actions[0].answer
    known = answer.facts.get(STATUS_ID) if answer is not None else None
    return known or payment.vendor_reference


def _look_again_ms(order: Order) -> int:
    """Soon at first, more rarely as the message grows old (epoch milliseconds)."""
    answer = order.payment.actions[0].answer
    since_ms = answer.at_ms if answer is not None else order.payment.created_at_ms
    wait_ms = min(max(SOON_MS, (order.now_ms - since_ms) // 4), LOOK_AGAIN_MAX_MS)
    return order.now_ms + wait_ms
