"""List the receipts of a patient at athenahealth."""

from typing import Annotated

from pydantic import StringConstraints

from payhub.athena_forms import OfPatient
from payhub.athena_payments import fetch
from payhub.command import From, Place
from payhub.domain.tenant import Caller
from payhub.ports import Hub

DOCUMENT = "list_receipts"


class ListReceipts(OfPatient):
    """GET /v1/{practiceid}/patients/{patientid}/receipts."""

    department_id: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}$")],
        From(Place.QUERY, "departmentid"),
    ]


def list_receipts(hub: Hub, caller: Caller, command: ListReceipts) -> object:
    """The receipts, oldest first, in their documented types. Raises NotFound, VendorUnavailable."""
    return fetch(
        hub,
        caller,
        DOCUMENT,
        practiceid=command.practice_id,
        patientid=command.patient_id,
        query={"departmentid": command.department_id},
    )
