"""Seeded patients: twenty per tenant, with charges to pay and credit to pay them with."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from local.sandbox.decoda.accounts import Charge, Credit, Patient

PATIENTS = 20
# Large enough for many payments, round for plans, and one that no number of cents divides.
_CHARGES_CENTS = (250_000, 10_000, 1_707)
_CREDITS_CENTS = (1_000, 2_500, 150_000)
_WITH_EXPIRED_CREDIT, _WITH_EXPIRING_CREDIT = 17, 18
_EXPIRED_CENTS = 9_900
_WITH_CLOSED_CHARGES = 19
_CLOSED = ("PAID", "WRITE_OFF")
_WITHOUT_CREDIT = 20
_FIRST_NAMES = ("Ada", "Ben", "Cora", "Dev", "Elsa", "Finn", "Gia", "Hugo", "Ines", "Jon")
_LAST_NAMES = ("Abbott", "Brook", "Castle", "Dune")


def patient(tenant: str, number: int) -> Patient:
    return Patient(
        tenant=tenant,
        id=_id(tenant, "patient", number),
        first_name=_FIRST_NAMES[number % len(_FIRST_NAMES)],
        last_name=_LAST_NAMES[number % len(_LAST_NAMES)],
        external_id=f"EXT-{number}",
        created_ms=_day(2025, 12, 1),
    )


def charges(tenant: str, number: int) -> list[Charge]:
    found = []
    for place, cents in enumerate(_CHARGES_CENTS):
        closed = number == _WITH_CLOSED_CHARGES and place < len(_CLOSED)
        found.append(
            Charge(
                tenant=tenant,
                id=_id(tenant, "charge", number * 10 + place),
                patient_id=_id(tenant, "patient", number),
                total_cents=cents,
                outstanding_cents=0 if closed else cents,
                status=_CLOSED[place] if closed else "OUTSTANDING",
                description="Visit",
                external_id=f"VISIT-{number * 10 + place}",
                created_ms=_day(2026, 1 + place, number),
            )
        )
    return found


def credits_of(tenant: str, number: int) -> list[Credit]:
    """Oldest first; one patient's oldest is expired, another's ends in 2040."""
    if number == _WITHOUT_CREDIT:
        return []
    found = [
        _credit(tenant, number, place, cents) for place, cents in enumerate(_CREDITS_CENTS, start=1)
    ]
    if number == _WITH_EXPIRED_CREDIT:
        found.insert(0, _credit(tenant, number, 0, _EXPIRED_CENTS, _day(2026, 1, 31)))
    if number == _WITH_EXPIRING_CREDIT:
        found.insert(0, _credit(tenant, number, 0, _EXPIRED_CENTS, _day(2040, 1, 1)))
    return found


def _credit(
    tenant: str, number: int, place: int, cents: int, expires_ms: int | None = None
) -> Credit:
    return Credit(
        tenant=tenant,
        id=_id(tenant, "credit", number * 10 + place),
        patient_id=_id(tenant, "patient", number),
        amount_cents=cents,
        left_cents=cents,
        created_ms=_day(2026, 1 + place, number),
        expires_ms=expires_ms,
    )


def _id(tenant: str, kind: str, number: int) -> str:
    """The same for ever, and no other tenant's."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"decoda/{tenant}/{kind}/{number}"))


def _day(year: int, month: int, day: int) -> int:
    return round(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000
