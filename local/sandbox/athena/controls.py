"""athena's own controls: credentials of practices, and the patients seeded in them."""

from __future__ import annotations

from typing import Any

from local.sandbox.athena.accounts import Patient
from local.sandbox.athena.patients import Patients
from local.sandbox.athena.practices import Client, Practices
from local.sandbox.athena.receipts import Receipts
from local.sandbox.control_input import BadInputError, Fields, only_query
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.routes import Route

CONTROLS = (
    Route("POST", "/practices", "set_practices"),
    Route("GET", "/practices", "list_practices"),
    Route("GET", "/patients", "list_patients"),
)


class Controls:
    """Answers CONTROLS."""

    def __init__(self, practices: Practices, patients: Patients, receipts: Receipts) -> None:
        self._practices = practices
        self._patients = patients
        self._receipts = receipts

    def answer(self, operation: str, request: Request) -> Response:
        if operation == "set_practices":
            return self._set_practices(Fields.of_body(request.body))
        if operation == "list_patients":
            return self._list_patients(request)
        return json_response(200, [_shown(client) for client in self._practices.all()])

    def _set_practices(self, fields: Fields) -> Response:
        """Add credentials, or change those of a client_id that exists."""
        fields.only("client_id", "client_secret", "practice_ids", "vendor_codes", "voids_settled")
        client = Client(
            client_id=fields.text("client_id"),
            client_secret=fields.text("client_secret"),
            practice_ids=fields.texts("practice_ids"),
            vendor_codes=fields.texts("vendor_codes") if fields.has("vendor_codes") else [],
            voids_settled=fields.flag("voids_settled", default=False),
        )
        if ":" in client.client_id:
            raise BadInputError("client_id must be without a colon")
        if not all(each.isascii() and each.isdigit() for each in client.practice_ids):
            raise BadInputError("practice_ids must be digits")
        self._practices.save(client)
        return json_response(201, _shown(client))

    def _list_patients(self, request: Request) -> Response:
        only_query(request.query, ("practice",))
        practice_id = Fields(request.query).choice("practice", self._practices.known())
        return json_response(
            200, [self._patient(patient) for patient in self._patients.all(practice_id)]
        )

    def _patient(self, patient: Patient) -> dict[str, Any]:
        receipts = self._receipts.of_patient(patient.practice_id, patient.id)
        return {
            "patientid": patient.id,
            "departmentids": patient.departments,
            "outstanding_cents": patient.outstanding_cents,
            "unapplied_cents": patient.unapplied_cents,
            "appointments": [
                {
                    "appointmentid": each.id,
                    "copay_cents": each.copay_cents,
                    "paid_cents": each.paid_cents,
                }
                for each in patient.appointments
            ],
            "claims": [
                {
                    "claimid": claim.id,
                    "status": claim.status,
                    "paymentplanid": claim.plan_id,
                    "charges": [
                        {"chargeid": charge.id, "outstanding_cents": charge.outstanding_cents}
                        for charge in claim.charges
                    ],
                }
                for claim in patient.claims
            ],
            "receipts": [
                {
                    "epaymentid": each.epayment_id,
                    "type": each.type,
                    "amount_cents": each.amount_cents,
                    "settled": each.settled,
                    "voided": each.voided,
                }
                for each in receipts
            ],
        }


def _shown(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "practice_ids": list(client.practice_ids),
        "vendor_codes": list(client.vendor_codes),
        "voids_settled": client.voids_settled,
    }
