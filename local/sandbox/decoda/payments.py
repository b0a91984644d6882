"""Payments and their refunds, as they are kept and as they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local.sandbox.clock import iso
from local.sandbox.store import Document

CREATED, PROCESSING, SUCCEEDED, FAILED = "CREATED", "PROCESSING", "SUCCEEDED", "FAILED"
PATIENT_CREDIT, PAYMENT_PLAN = "PATIENT_CREDIT", "PAYMENT_PLAN"


@dataclass(frozen=True)
class Part:
    """What a charge got of a payment."""

    charge_id: str
    amount_cents: int


@dataclass(frozen=True)
class Used:
    """What a payment took of a credit."""

    credit_id: str
    amount_cents: int


@dataclass(frozen=True)
class Refund:
    id: str
    payment_id: str
    amount_cents: int
    reason: str
    status: str
    created_ms: int

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "paymentId": self.payment_id,
            "amount": self.amount_cents,
            "reason": self.reason,
            "createdDate": iso(self.created_ms),
            "status": self.status,
            "rainforestRefundId": f"rfd_{self.id}",
            "fee": 0,
        }


@dataclass(frozen=True)
class Payment:
    """`parts` is empty until charges were paid; `returns` says that the bank will take it back."""

    tenant: str
    id: str
    patient_id: str
    charge_ids: list[str]
    amount_cents: int
    status: str
    medium: str
    created_ms: int
    updated_ms: int
    payin_id: str | None = None
    payin_config_id: str | None = None
    method_id: str | None = None
    plan_id: str | None = None
    planned_id: str | None = None
    failed_reason: str | None = None
    returns: bool = False
    parts: list[Part] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    @classmethod
    def from_document(cls, document: Document) -> Payment:
        nested = {
            "parts": [Part(**each) for each in document["parts"]],
            "used": [Used(**each) for each in document["used"]],
            "refunds": [Refund(**each) for each in document["refunds"]],
        }
        return cls(**{**document, **nested})

    @property
    def name(self) -> str:
        return self.id

    @property
    def parent(self) -> str:
        return self.tenant

    @property
    def refunded_cents(self) -> int:
        return sum(each.amount_cents for each in self.refunds if each.status != FAILED)

    def with_refund(self, refund: Refund) -> list[Refund]:
        """The refunds with this one in its present state."""
        others = [each for each in self.refunds if each.id != refund.id]
        return [*others, refund]

    def shown(self) -> dict[str, Any]:
        """The documented summary of a payment."""
        return {
            "id": self.id,
            "amount": self.amount_cents,
            "status": self.status,
            "paymentMedium": self.medium,
            "createdDate": iso(self.created_ms),
            "feeToPatient": 0,
            "patientId": self.patient_id,
            "payinId": self.payin_id,
            "currency": "USD",
            "payinConfigId": self.payin_config_id,
            "paymentMethodId": self.method_id,
            "stripePaymentIntentId": None,
            "failedReason": self.failed_reason,
            "updatedDate": iso(self.updated_ms),
            "fee": 0,
        }

    def shown_with_charges(self) -> dict[str, Any]:
        charges = [
            {
                "paymentId": self.id,
                "amount": part.amount_cents,
                "chargeId": part.charge_id,
                "createdDate": iso(self.updated_ms),
            }
            for part in self.parts
        ]
        return {**self.shown(), "charges": charges}
