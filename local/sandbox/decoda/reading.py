"""Reading of charges, credits and payment methods."""

from __future__ import annotations

from collections.abc import Mapping

from local.sandbox.decoda.books import Books
from local.sandbox.decoda.calls import Call, Verb
from local.sandbox.messages import Response, json_response

_PER_PAGE, _PER_PAGE_MAX = 50, 100


class Reading:
    """Nothing changes here."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.verbs: Mapping[str, Verb] = {
            "get_charge": self._charge,
            "list_charges": self._charges,
            "list_credits": self._credits,
            "get_available_credit": self._available,
            "list_payment_methods": self._methods,
        }

    def _charge(self, call: Call) -> Response:
        charge = self._books.charge(call.tenant.id, call.parameters["charge_id"])
        payments = [
            payment.shown()
            for payment in self._books.payments.all(call.tenant.id)
            if charge.id in payment.charge_ids
        ]
        return json_response(200, {**charge.shown(), "payments": payments, "adjustments": []})

    def _charges(self, call: Call) -> Response:
        """Of one patient or of all; in one status or in any."""
        wanted_patient, status = call.query.get("patient_id"), call.query.get("status")
        patients = self._books.patients.all(call.tenant.id)
        charges = [
            charge.shown()
            for patient in patients
            if wanted_patient in (None, patient.id)
            for charge in self._books.charges.all(patient.name)
            if status in (None, charge.status)
        ]
        return json_response(200, charges)

    def _credits(self, call: Call) -> Response:
        patient = self._books.patient(call.tenant.id, call.parameters["patient_id"])
        page = call.integer("page", 1, lowest=1)
        per_page = min(call.integer("per_page", _PER_PAGE, lowest=1), _PER_PAGE_MAX)
        found = self._books.credits.all(patient.name)
        rows = found[(page - 1) * per_page : page * per_page]
        return json_response(200, [credit.shown() for credit in rows])

    def _available(self, call: Call) -> Response:
        """By the rule by which credit is taken."""
        patient = self._books.patient(call.tenant.id, call.parameters["patient_id"])
        found = self._books.available_credits(patient, call.now_ms)
        answer = {
            "totalAvailable": sum(credit.left_cents for credit in found),
            "credits": [
                {
                    "creditId": credit.id,
                    "remainingAmount": credit.left_cents,
                    "totalAmount": credit.amount_cents,
                    "createdDate": credit.shown()["createdDate"],
                    "expiryDate": credit.shown()["expiryDate"],
                }
                for credit in found
            ],
            "count": len(found),
        }
        return json_response(200, answer)

    def _methods(self, call: Call) -> Response:
        patient = self._books.patient(call.tenant.id, call.required("patient_id"))
        methods = self._books.listed_methods(patient.tenant, patient.id)
        return json_response(200, [method.shown() for method in methods])
