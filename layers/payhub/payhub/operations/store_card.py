"""Store a patient's card at athenahealth, to be charged for one appointment later."""

from typing import Annotated

from pydantic import Field

from payhub.athena_forms import (
    AppointmentId,
    CardBody,
    ClaimPayments,
    Flag,
    Number,
    OfPatient,
    Secret,
    card_errors,
    check,
    claims_text,
    face_terms,
    flag_text,
    fold,
    required,
    terms_of,
)
from payhub.athena_payments import check_practice, draft, epayment_scope
from payhub.command import From, IdempotencyKey, Place
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import key_of
from payhub.making import Proposal, make
from payhub.ports import Hub

OPERATION, VERB = "store_card", "store_card"


class StoreCardBody(CardBody):
    """The vendor's documented body."""

    departmentid: Annotated[Number | None, Field(description="Required.")] = None
    maxamount: Annotated[
        Number | None, Field(description="Whole dollars that may be charged at most.")
    ] = None
    email: Annotated[Secret | None, Field(description="For the notice and the receipt.")] = None
    claimpayment: ClaimPayments | None = None
    todayservice: Flag | None = None
    allowduplicatepayments: Annotated[
        Flag, Field(description="The same card for the same appointment again is meant.")
    ] = False


class StoreCard(OfPatient):
    """POST /v1/{practiceid}/patients/{patientid}/collectpayment/singleappointment/{...}."""

    appointment_id: AppointmentId
    idempotency_key: IdempotencyKey = None
    body: Annotated[StoreCardBody, From(Place.FORM)]


def store_card(hub: Hub, caller: Caller, command: StoreCard) -> Reply:
    """No money moves: the card is kept by the vendor, and by nobody else.

    Raises NotFound, InvalidRequest and KeyReused.
    """
    body = command.body
    check_practice(caller, command.practice_id)
    check(required(body, "departmentid"), card_errors(body, to_store=True))
    card = body.card()
    terms = terms_of(
        practiceid=command.practice_id,
        patientid=command.patient_id,
        appointmentid=command.appointment_id,
        departmentid=body.departmentid,
        maxamount=body.maxamount,
        claimpayment=claims_text(body.claimpayment),
        todayservice=flag_text(body.todayservice),
        ecommercemode=flag_text(body.ecommercemode or None),
        allowduplicatepayments=flag_text(body.allowduplicatepayments or None),
    ) | face_terms(card)
    kept = ("practiceid", "patientid", "appointmentid", "maxamount", "claimpayment", "cardlast4")
    proposal = Proposal(
        operation=OPERATION,
        verb=VERB,
        build=draft(hub, caller, OPERATION, terms, 0, epayment_scope(command.practice_id)),
        key=key_of(command.idempotency_key),
        card=card,
        identity=fold({name: terms.get(name) for name in kept}),
        again=body.allowduplicatepayments,
    )
    return make(hub, caller, proposal)
