"""Fetch the receipt of a card payment from athenahealth, as it is printed."""

from typing import Annotated

from payhub.athena_forms import EpaymentId, FlagText, OfPatient
from payhub.athena_payments import fetch
from payhub.command import From, Place
from payhub.domain.tenant import Caller
from payhub.ports import Hub

DOCUMENT = "get_receipt"


class GetReceipt(OfPatient):
    """GET /v1/{practiceid}/patients/{patientid}/receipts/{epaymentid}."""

    epayment_id: EpaymentId
    customer_version: Annotated[FlagText | None, From(Place.QUERY, "customerversion")] = None
    merchant_version: Annotated[FlagText | None, From(Place.QUERY, "merchantversion")] = None


def get_receipt(hub: Hub, caller: Caller, command: GetReceipt) -> object:
    """The receipt as the vendor answers it. Raises NotFound and VendorUnavailable."""
    return fetch(
        hub,
        caller,
        DOCUMENT,
        practiceid=command.practice_id,
        patientid=command.patient_id,
        epaymentid=command.epayment_id,
        query={
            "customerversion": command.customer_version,
            "merchantversion": command.merchant_version,
        },
    )
