"""A patient's account: charges with what is outstanding, credits, and stored payment methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.sandbox.clock import iso


@dataclass(frozen=True)
class Patient:
    tenant: str
    id: str
    first_name: str
    last_name: str
    external_id: str
    created_ms: int

    @property
    def name(self) -> str:
        return f"{self.tenant}/{self.id}"

    @property
    def parent(self) -> str:
        return self.tenant


@dataclass(frozen=True)
class Charge:
    """`plan_id` is the payment plan that pays it now."""

    tenant: str
    id: str
    patient_id: str
    total_cents: int
    outstanding_cents: int
    status: str
    description: str
    external_id: str | None
    created_ms: int
    plan_id: str | None = None

    @property
    def name(self) -> str:
        return f"{self.tenant}/{self.id}"

    @property
    def parent(self) -> str:
        return f"{self.tenant}/{self.patient_id}"

    def shown(self) -> dict[str, Any]:
        """The documented fields of a charge's summary that have a value here."""
        return {
            "id": self.id,
            "patientId": self.patient_id,
            "total": self.total_cents,
            "totalOutstanding": self.outstanding_cents,
            "description": self.description,
            "status": self.status,
            "discountAmount": 0,
            "discountPercentage": 0,
            "externalId": self.external_id,
            "createdDate": iso(self.created_ms),
            "items": [],
            "tips": [],
            "meta": None,
        }


@dataclass(frozen=True)
class Credit:
    """`expires_ms` is None for a credit that stays."""

    tenant: str
    id: str
    patient_id: str
    amount_cents: int
    left_cents: int
    created_ms: int
    expires_ms: int | None = None

    @property
    def name(self) -> str:
        return f"{self.tenant}/{self.id}"

    @property
    def parent(self) -> str:
        return f"{self.tenant}/{self.patient_id}"

    def is_available(self, now_ms: int) -> bool:
        return self.left_cents > 0 and (self.expires_ms is None or self.expires_ms > now_ms)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "patientId": self.patient_id,
            "amount": self.amount_cents,
            "amountRemaining": self.left_cents,
            "createdDate": iso(self.created_ms),
            "comment": None,
            "expiryDate": None if self.expires_ms is None else iso(self.expires_ms),
            "memberId": None,
            "updatedDate": None,
        }


@dataclass(frozen=True)
class Method:
    """A card, bank account or wallet, none of them real; `listed` when the patient saved it."""

    tenant: str
    id: str
    patient_id: str
    type: str
    created_ms: int
    listed: bool

    @property
    def name(self) -> str:
        return self.id

    @property
    def parent(self) -> str:
        return f"{self.tenant}/{self.patient_id}"

    @property
    def is_bank_account(self) -> bool:
        return self.type == "ACH"

    @property
    def last4(self) -> str:
        return "6789" if self.is_bank_account else "4242"

    def shown(self) -> dict[str, Any]:
        """The last four digits of a bank account are a number at this vendor."""
        bank = self.is_bank_account
        return {
            "id": self.id,
            "patientId": self.patient_id,
            "rainforestPaymentMethodId": f"mth_{self.id}",
            "brand": None if bank else "VISA",
            "last4": None if bank else self.last4,
            "expMonth": None if bank else 12,
            "expYear": None if bank else 2040,
            "accountHolderType": "INDIVIDUAL" if bank else None,
            "accountNumberLast4": int(self.last4) if bank else None,
            "bankName": "SANDBOX BANK" if bank else None,
            "routingNumber": 110000000 if bank else None,
            "description": None,
            "type": self.type,
            "isDefault": False,
            "isArchived": False,
        }
