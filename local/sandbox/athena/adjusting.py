"""Adjustingcharges: a payment vendor writes off parts of charges, each on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.sandbox.athena import wire
from local.sandbox.athena.accounts import Charge, Entry, Patient
from local.sandbox.athena.calls import Call, move
from local.sandbox.athena.forms import whole_number
from local.sandbox.athena.patients import Patients
from local.sandbox.athena.refusals import invalid
from local.sandbox.messages import Response, json_response
from local.sandbox.vendor import Tools


@dataclass(frozen=True)
class _Wanted:
    """One entry of `charges`."""

    charge_id: str
    amount: str


class Adjusting:
    """Not idempotent: twice the same adjusts twice, as long as something is outstanding."""

    def __init__(self, tools: Tools, patients: Patients) -> None:
        self._tools = tools
        self._patients = patients

    def adjust(self, call: Call) -> Response:
        """Every charge is answered, adjusted or with its error."""
        call.form.require(["patientid", "charges"])
        patient_id = call.form.integer("patientid")
        wanted = [_read(entry) for entry in call.form.json_list("charges")]
        if not wanted:
            raise invalid("charges", "must have at least one charge")
        answer: dict[str, Any] = {"patientid": wire.posted_id(patient_id)}
        patient = self._patients.get(call.practice_id, patient_id)
        if patient is None:
            return json_response(
                200, {**answer, "charges": [], "error": "The patient was not found."}
            )
        charges = [self._adjust(call, patient, each) for each in wanted]
        self._patients.save(patient)
        return json_response(200, {**answer, "charges": charges})

    def _adjust(self, call: Call, patient: Patient, wanted: _Wanted) -> dict[str, Any]:
        charge = patient.charge(whole_number(wanted.charge_id) or 0)
        cents = wire.to_cents(wanted.amount) or 0
        error = _error(charge, cents)
        if charge is None or error:
            return {"chargeid": wanted.charge_id, "error": error}
        entry = Entry(wire.date_text(wire.today(call.now_ms)), "TRANSFEROUT", "Adjustment")
        charge.add(entry, -cents)
        move(self._tools, call, charge.id, cents, "out")
        return {
            "chargeid": wire.listed_id(charge.id),
            "adjustmentamount": wire.money(cents),
            "outstandingamount": wire.money(charge.outstanding_cents),
        }


def _error(charge: Charge | None, cents: int) -> str:
    if charge is None:
        return "The charge was not found."
    if cents <= 0:
        return "The adjustment amount must be an amount of more than 0."
    if cents > charge.outstanding_cents:
        return "The adjustment amount is more than the outstanding amount."
    return ""


def _read(entry: Any) -> _Wanted:
    if not isinstance(entry, dict) or isinstance(entry.get("chargeid"), dict | list | None):
        raise invalid("charges", "must be a JSON array of objects with chargeid, adjustmentamount")
    return _Wanted(str(entry["chargeid"]), str(entry.get("adjustmentamount", "")))
