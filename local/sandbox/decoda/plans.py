"""Payment plans and their planned payments: what is due when, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from local.sandbox.clock import iso
from local.sandbox.store import Document

SCHEDULED, COMPLETED, FAILED, CANCELLED = "SCHEDULED", "COMPLETED", "FAILED", "CANCELLED"


@dataclass(frozen=True)
class Planned:
    """`payment_id` is there once it was charged, whatever became of that."""

    id: str
    amount_cents: int
    day: str
    status: str = SCHEDULED
    payment_id: str | None = None


@dataclass(frozen=True)
class Plan:
    """Its status is in small letters, as the vendor's report writes it."""

    tenant: str
    id: str
    patient_id: str
    charge_ids: list[str]
    frequency: str
    initial_cents: int
    installment_cents: int
    total_cents: int
    method_id: str
    location_id: str | None
    payin_config_id: str
    created_ms: int
    status: str
    planned: list[Planned]

    @classmethod
    def from_document(cls, document: Document) -> Plan:
        planned = [Planned(**each) for each in document["planned"]]
        return cls(**{**document, "planned": planned})

    @property
    def name(self) -> str:
        return self.id

    @property
    def parent(self) -> str:
        return self.tenant

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    def with_planned(self, changed: Planned) -> Plan:
        planned = [changed if each.id == changed.id else each for each in self.planned]
        return replace(self, planned=planned)

    def find(self, planned_id: str | None) -> Planned | None:
        return next((each for each in self.planned if each.id == planned_id), None)

    def shown_planned(self, planned: Planned) -> dict[str, Any]:
        """The amount is a number with a fraction at this vendor, in cents all the same."""
        return {
            "paymentPlanId": self.id,
            "amount": _number(planned.amount_cents),
            "paymentDate": planned.day,
            "id": planned.id,
            "status": planned.status,
        }

    def shown(self) -> dict[str, Any]:
        """A row of the report: the vendor has no other way to read a plan."""
        scheduled = [each.day for each in self.planned if each.status == SCHEDULED]
        return {
            "id": self.id,
            "patientId": self.patient_id,
            "chargeIds": self.charge_ids,
            "locationId": self.location_id,
            "status": self.status,
            "frequency": self.frequency,
            "totalAmount": _number(self.total_cents),
            "initialAmount": _number(self.initial_cents),
            "installmentAmount": _number(self.installment_cents),
            "installmentsCompleted": sum(each.status == COMPLETED for each in self.planned),
            "installmentsTotal": len(self.planned),
            "nextPaymentDate": min(scheduled) if scheduled else None,
            "createdDate": iso(self.created_ms),
            "plannedPayments": [self.shown_planned(each) for each in self.planned],
        }


def installments(total_cents: int, initial_cents: int, each_cents: int, count: int) -> list[int]:
    """The last one takes what is left, a few cents more or less; empty when that is too far off."""
    last_cents = total_cents - initial_cents - each_cents * (count - 1)
    if last_cents <= 0 or abs(last_cents - each_cents) > count - 1:
        return []
    return [each_cents] * (count - 1) + [last_cents]


def scheduled(ids: Sequence[str], amounts: Sequence[int], days: Sequence[date]) -> list[Planned]:
    rows = zip(ids, amounts, days, strict=True)
    return [Planned(planned_id, cents, day.isoformat()) for planned_id, cents, day in rows]


def _number(cents: int) -> Decimal:
    return Decimal(cents) * Decimal("1.0")
