"""Events about payments: the documented envelope, handed to the outbox."""

from __future__ import annotations

from typing import Any

from local.sandbox import json_text
from local.sandbox.clock import iso
from local.sandbox.ids import Ids
from local.sandbox.money import dollars
from local.sandbox.optum import lifecycle
from local.sandbox.optum.payments import Payment
from local.sandbox.optum.tenants import VENDOR
from local.sandbox.outbox import Outbox
from local.sandbox.webhooks import Event

_SOURCE = "optum-financial/payments"


class Events:
    """One method per kind of thing that happens."""

    def __init__(self, outbox: Outbox, ids: Ids) -> None:
        self._outbox = outbox
        self._ids = ids

    def batch_created(self, payment: Payment, now_ms: int) -> None:
        data = {
            "org": payment.tenant_id,
            "account": payment.account,
            "subAccount": payment.sub_account,
            "totalAmount": dollars(payment.amount_cents),
            "numberOfPayments": 1,
            "status": "Created",
            "fundingMethod": "PreFundedSameDay",
            "type": "Single",
        }
        self._publish(lifecycle.BATCH_CREATED, payment.batch_id, data, payment, now_ms)

    def status_reached(self, payment: Payment, now_ms: int) -> None:
        """Tell of the status the payment has now; Created and Held are not told."""
        type_ = lifecycle.EVENT_OF_STATUS.get(payment.status)
        if type_ is None:
            return
        failed = payment.status == lifecycle.FAILED
        data = {
            "type": "Payment",
            "status": payment.status,
            "paymentNetwork": {
                "id": {"paymentId": payment.payment_id, "networkId": payment.payment_id[:12]},
                "applicationId": "OPTUMACH",
                "reason": "LoadingFailed" if failed else "Enrolled",
            },
            "amount": dollars(payment.amount_cents),
            "batchId": payment.batch_id,
        }
        self._publish(type_, payment.payment_id, data, payment, now_ms)

    def _publish(
        self, type_: str, object_id: str, data: dict[str, Any], payment: Payment, now_ms: int
    ) -> None:
        """The envelope's id is the object's; the event's own id is the causationId."""
        event_id = self._ids.uuid()
        envelope = {
            "id": object_id,
            "source": _SOURCE,
            "specVersion": "1.0",
            "type": type_,
            "dataContentType": "application/json",
            "data": data,
            "time": iso(now_ms),
            "causationId": event_id,
        }
        references = (
            payment.payment_id,
            payment.batch_id,
            payment.issuer_reference_id,
            payment.client_request_id,
            payment.tenant_id,
        )
        event = Event(event_id, type_, json_text.dumps(envelope), references, now_ms)
        self._outbox.publish(VENDOR, payment.tenant_id, event)
