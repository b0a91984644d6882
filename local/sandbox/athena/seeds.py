"""Seeded patients: twenty per practice, the same for ever, with money to pay."""

from __future__ import annotations

from local.sandbox.athena.accounts import Appointment, Charge, Claim, Patient, Transaction

PATIENTS = 20
_FIRST_NAMES = ("Ada", "Ben", "Cora", "Dev", "Elsa", "Finn", "Gia", "Hugo", "Ines", "Jon")
_LAST_NAMES = ("Abbott", "Brook", "Castle", "Dune")
_PROCEDURES = (("99213", "Office visit"), ("36415", "Blood draw"), ("87880", "Strep test"))
_COPAYS_CENTS = (2500, 1050, 70)
# Long and short decimals; the first claim of everybody is large enough for many payments.
_CHARGES_CENTS = ((100_000, 15_000), (1707, 70), (750, 1000))
# Nobody's claims, and money on account: a balance below zero.
_WITHOUT_CLAIMS = 20
_CREDIT_CENTS = 2515
_GROUPS = {1: (1, 2), 2: (3,)}
_EVERY_THIRD = 3


def patient(practice_id: str, patient_id: int) -> Patient | None:
    """As on the first day; None for a number that is nobody's."""
    if not 1 <= patient_id <= PATIENTS:
        return None
    group = 1 if patient_id % _EVERY_THIRD else 2
    departments = _GROUPS[group]
    has_claims = patient_id != _WITHOUT_CLAIMS
    return Patient(
        practice_id=practice_id,
        id=patient_id,
        first_name=_FIRST_NAMES[patient_id % len(_FIRST_NAMES)],
        last_name=_LAST_NAMES[patient_id % len(_LAST_NAMES)],
        provider_group=group,
        departments=list(departments),
        unapplied_cents=0 if has_claims else _CREDIT_CENTS,
        appointments=[
            Appointment(
                10_000 + patient_id * 10 + place, departments[0], _day(place, patient_id), copay
            )
            for place, copay in enumerate(_COPAYS_CENTS, start=1)
        ],
        claims=[
            _claim(patient_id * 100 + place, departments[0], _day(place, patient_id), charges)
            for place, charges in enumerate(_CHARGES_CENTS, start=1)
        ]
        if has_claims
        else [],
    )


def _claim(claim_id: int, department_id: int, day: str, charges_cents: tuple[int, ...]) -> Claim:
    charges = [
        _charge(claim_id * 10 + place, day, cents)
        for place, cents in enumerate(charges_cents, start=1)
    ]
    return Claim(claim_id, department_id, day, charges)


def _charge(charge_id: int, day: str, cents: int) -> Charge:
    code, description = _PROCEDURES[charge_id % len(_PROCEDURES)]
    moved_to_patient = Transaction(charge_id * 100, day, "TRANSFERIN", cents, "Patient")
    return Charge(charge_id, code, description, [moved_to_patient])


def _day(month: int, day: int) -> str:
    return f"{month:02d}/{day:02d}/2026"
