"""Webhooks: what happened, in the names and fields of the API description or of the guide."""

from __future__ import annotations

from typing import Any

from local.sandbox import json_text
from local.sandbox.clock import iso
from local.sandbox.decoda.accounts import Charge, Method
from local.sandbox.decoda.payments import Payment, Refund
from local.sandbox.decoda.plans import Plan, Planned
from local.sandbox.decoda.tenants import VENDOR, Tenants
from local.sandbox.ids import Ids
from local.sandbox.outbox import Outbox
from local.sandbox.webhooks import Event

# What can be subscribed to. Not all of it is played: adjustments, deposits and invoices are not.
ALERT_TYPES = (
    "PAYMENT_CREATED",
    "PAYMENT_SUCCEEDED",
    "PAYMENT_FAILED",
    "PLANNED_PAYMENT_SUCCEEDED",
    "PLANNED_PAYMENT_FAILED",
    "CHARGE_CREATED",
    "CHARGE_PAYMENT_CREATED",
    "REFUND_CREATED",
    "REFUND_SUCCEEDED",
    "REFUND_FAILED",
    "ADJUSTMENT_CREATED",
    "ADJUSTMENT_SUCCEEDED",
    "ADJUSTMENT_FAILED",
    "RAINFOREST_PAYIN_PROCESSING",
    "RAINFOREST_PAYIN_FAILED",
    "RAINFOREST_POS_PAYIN_CANCELLED",
    "RAINFOREST_DEPOSIT_IN_REVIEW",
    "RAINFOREST_DEPOSIT_SUCCEEDED",
    "RAINFOREST_DEPOSIT_FAILED",
)
# The guide's names; an event that has none is not told in that style.
GUIDE_NAMES = {
    "PAYMENT_CREATED": "PAYMENT_CREATED",
    "PAYMENT_SUCCEEDED": "PAYMENT_COMPLETED",
    "PAYMENT_FAILED": "PAYMENT_FAILED",
    "CHARGE_CREATED": "CHARGE_CREATED",
    "REFUND_CREATED": "REFUND_CREATED",
}
GUIDE_TYPES = (*GUIDE_NAMES.values(), "ADJUSTMENT_CREATED", "PATIENT_CREATED", "PATIENT_UPDATED")
_MERCHANT = "mid_sandbox"


class Events:
    """One method per kind of thing that something happens to."""

    def __init__(self, outbox: Outbox, ids: Ids, tenants: Tenants) -> None:
        self._outbox = outbox
        self._ids = ids
        self._tenants = tenants

    def charge(self, type_: str, charge: Charge, now_ms: int) -> None:
        guide = {
            "id": charge.id,
            "patient_id": charge.patient_id,
            "total_amount_cents": charge.total_cents,
            "status": "pending",
            "items": [],
            "created_date": iso(charge.created_ms),
        }
        references = (charge.id, charge.patient_id)
        self._tell(charge.tenant, type_, (charge.shown(), guide), references, now_ms)

    def payment(self, type_: str, payment: Payment, now_ms: int) -> None:
        with_charges = type_ == "CHARGE_PAYMENT_CREATED"
        data = payment.shown_with_charges() if with_charges else payment.shown()
        references = _references(payment)
        self._tell(payment.tenant, type_, (data, _guide_payment(payment)), references, now_ms)

    def refund(self, type_: str, refund: Refund, payment: Payment, now_ms: int) -> None:
        guide = {
            "id": refund.id,
            "payment_id": payment.id,
            "charge_id": payment.charge_ids[0],
            "amount_cents": refund.amount_cents,
            "reason": refund.reason,
            "status": "completed",
            "created_date": iso(refund.created_ms),
        }
        references = (refund.id, *_references(payment))
        self._tell(payment.tenant, type_, (refund.shown(), guide), references, now_ms)

    def planned(self, type_: str, plan: Plan, planned: Planned, now_ms: int) -> None:
        references = (planned.id, plan.id, plan.payin_config_id, plan.patient_id, *plan.charge_ids)
        self._tell(plan.tenant, type_, (plan.shown_planned(planned), None), references, now_ms)

    def payin(self, type_: str, payment: Payment, method: Method, now_ms: int) -> None:
        """What the card processor tells of a payment on its way."""
        data = {
            "merchantId": _MERCHANT,
            "payinConfigId": payment.payin_config_id,
            "payinId": payment.payin_id,
            "paymentMethodId": payment.method_id,
            "amount": payment.amount_cents,
            "billingType": "NET",
            "createdAt": iso(payment.created_ms),
            "card": None if method.is_bank_account else {"last4": method.last4, "brand": "VISA"},
            "ach": {"accountNumberLast4": method.last4} if method.is_bank_account else None,
            "metadata": {
                "charges": [{"id": charge_id} for charge_id in payment.charge_ids],
                "paymentMedium": payment.medium,
                "paymentAmount": payment.amount_cents,
                "patientId": payment.patient_id,
            },
            "merchantFees": {},
            "deviceData": None,
            "refusalDesc": payment.failed_reason,
        }
        self._tell(payment.tenant, type_, (data, None), _references(payment), now_ms)

    def _tell(
        self,
        tenant_id: str,
        type_: str,
        styles: tuple[dict[str, Any], dict[str, Any] | None],
        references: tuple[str, ...],
        now_ms: int,
    ) -> None:
        """Publish in the tenant's style; `styles` are the data as the API and as the guide."""
        tenant = self._tenants.get(tenant_id)
        data, guide = styles
        if tenant is not None and tenant.event_style == "guide":
            if type_ not in GUIDE_NAMES or guide is None:
                return
            type_, data = GUIDE_NAMES[type_], guide
        event_id = self._ids.uuid()
        envelope = {
            "id": event_id,
            "type": type_,
            "data": data,
            "createdDate": iso(now_ms),
            "alertId": self._ids.uuid(),
        }
        body = json_text.dumps(envelope)
        event = Event(event_id, type_, body, (*references, tenant_id), now_ms)
        self._outbox.publish(VENDOR, tenant_id, event)


def _references(payment: Payment) -> tuple[str, ...]:
    found = (
        payment.id,
        payment.payin_config_id,
        payment.plan_id,
        payment.patient_id,
        *payment.charge_ids,
    )
    return tuple(each for each in found if each)


def _guide_payment(payment: Payment) -> dict[str, Any]:
    """The guide knows one charge a payment, and states of its own."""
    status = {"SUCCEEDED": "completed", "FAILED": "failed"}.get(payment.status, "pending")
    moment = iso(payment.updated_ms)
    data: dict[str, Any] = {
        "id": payment.id,
        "charge_id": payment.charge_ids[0],
        "patient_id": payment.patient_id,
        "amount_cents": payment.amount_cents,
        "status": status,
        "payment_method_id": payment.method_id,
        "created_date": iso(payment.created_ms),
    }
    if status == "completed":
        data["completed_date"] = moment
    if status == "failed":
        reason = payment.failed_reason or ""
        data["failure_reason"] = reason.lower()
        data["failure_message"] = reason
        data["failed_date"] = moment
    return data
