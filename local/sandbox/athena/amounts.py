"""The amounts of a payment: copay, other, and a split over claims."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from local.sandbox.athena import forms
from local.sandbox.athena.accounts import Patient, Split
from local.sandbox.athena.forms import Form
from local.sandbox.athena.refusals import invalid, missing
from local.sandbox.refused import Refused

_AMOUNTS = ("copayamount", "otheramount", "claimpayment")


def needed(form: Form) -> list[str]:
    """The fields that the amounts of a request ask for."""
    return ["appointmentid"] if form.has("copayamount") else []


def split_of(form: Form, patient: Patient) -> Split:
    """What is to be paid, at least something; raises Refused."""
    appointment_id = form.integer("appointmentid")
    if appointment_id and patient.appointment(appointment_id) is None:
        raise invalid("appointmentid", "must be an appointment of the patient")
    split = Split(
        copay_cents=form.cents("copayamount"),
        appointment_id=appointment_id,
        other_cents=_other_cents(form),
        claims=claims_of(form, patient),
    )
    if not any(form.has(name) for name in (*_AMOUNTS, "amount")):
        raise missing(_AMOUNTS)
    if split.total_cents <= 0:
        raise invalid(_AMOUNTS[0], "and the other amounts must be more than 0 together")
    return split


def claims_of(form: Form, patient: Patient) -> dict[str, int]:
    """The field claimpayment: a JSON array of objects with one key, {claimid: amount}."""
    claims: dict[str, int] = {}
    for claim_id, cents in _pairs(form):
        claim = patient.claim(forms.whole_number(claim_id) or 0)
        if claim is None:
            raise invalid("claimpayment", "must name claims of the patient")
        claims[str(claim.id)] = claims.get(str(claim.id), 0) + cents
    return claims


def refuse_overpaid_claims(split: Split, patient: Patient) -> None:
    for claim_id, cents in split.claims.items():
        claim = patient.claim(int(claim_id))
        if claim and cents > claim.outstanding_cents:
            raise invalid("claimpayment", "must not be more than a claim's outstanding amount")


def _other_cents(form: Form) -> int:
    """`amount` is the old name of `otheramount`."""
    if form.has("amount") and form.has("otheramount"):
        raise invalid("amount", "must not come together with otheramount")
    return form.cents("amount" if form.has("amount") else "otheramount")


def _pairs(form: Form) -> Iterator[tuple[str, int]]:
    for entry in form.json_list("claimpayment"):
        if not isinstance(entry, dict) or len(entry) != 1:
            raise _wrong_entry()
        for claim_id, value in entry.items():
            yield claim_id, _cents(value)


def _cents(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise _wrong_entry()
    return forms.amount("claimpayment", str(value))


def _wrong_entry() -> Refused:
    return invalid("claimpayment", 'must be a JSON array of objects such as {"123": "10.50"}')
