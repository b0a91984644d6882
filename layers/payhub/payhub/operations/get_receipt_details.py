"""Fetch what a receipt of athenahealth says, in fields."""

from typing import Annotated

from payhub.athena_forms import EpaymentId, FlagText, OfPatient
from payhub.athena_payments import fetch
from payhub.command import From, Place
from payhub.domain.tenant import Caller
from payhub.ports import Hub

DOCUMENT = "get_receipt_details"


class GetReceiptDetails(OfPatient):
    """GET /v1/{practiceid}/patients/{patientid}/receipts/{epaymentid}/details."""

    epayment_id: EpaymentId
    terms_as_json: Annotated[FlagText | None, From(Place.QUERY, "termsasjson")] = None


def get_receipt_details(hub: Hub, caller: Caller, command: GetReceiptDetails) -> object:
    """The details in their documented types. Raises NotFound and VendorUnavailable."""
    return fetch(
        hub,
        caller,
        DOCUMENT,
        practiceid=command.practice_id,
        patientid=command.patient_id,
        epaymentid=command.epayment_id,
        query={"termsasjson": command.terms_as_json},
    )
