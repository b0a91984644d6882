"""Record a payment at athenahealth that was made in cash, by check or through another terminal."""

from typing import Annotated

from pydantic import Field

from payhub.athena_forms import (
    CASH,
    CHECK,
    AmountsBody,
    Day,
    Flag,
    Last4,
    Number,
    OfPatient,
    Words,
    amount_errors,
    amount_terms,
    check,
    day_text,
    fold,
    method_errors,
    required,
    terms_of,
)
from payhub.athena_payments import check_practice, draft, tender_of
from payhub.command import From, IdempotencyKey, Place
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import key_of
from payhub.making import RECORDED, Proposal, make
from payhub.ports import Hub

OPERATION, VERB = "record_payment", "record"


class RecordBody(AmountsBody):
    """The vendor's documented body."""

    departmentid: Annotated[Number | None, Field(description="Required.")] = None
    paymentmethod: Annotated[
        Words | None,
        Field(description="CASH, CHECK or a card method of the practice; required."),
    ] = None
    cardnumberlast4: Annotated[Last4 | None, Field(description="Needed for a card.")] = None
    checknumber: Annotated[Words | None, Field(description="Needed for a check.")] = None
    postdate: Annotated[Day | None, Field(description="Today where absent.")] = None
    allowduplicatepayments: Annotated[
        Flag, Field(description="The same payment again is meant, although it has no new key.")
    ] = False
    confirmnotduplicate: Annotated[
        Flag, Field(description="It is other money than what was collected by card today.")
    ] = False


class RecordPayment(OfPatient):
    """POST /v1/{practiceid}/patients/{patientid}/recordpayment."""

    idempotency_key: IdempotencyKey = None
    body: Annotated[RecordBody, From(Place.FORM)]


def record_payment(hub: Hub, caller: Caller, command: RecordPayment) -> Reply:
    """Record it once, and not what the hub has collected by card today.

    Raises NotFound, InvalidRequest, KeyReused and PossibleDuplicate.
    """
    body = command.body
    check_practice(caller, command.practice_id)
    check(
        required(body, "departmentid", "paymentmethod"),
        amount_errors(body),
        method_errors(body, terminal=False),
    )
    terms = terms_of(
        practiceid=command.practice_id,
        patientid=command.patient_id,
        departmentid=body.departmentid,
        paymentmethod=body.paymentmethod,
        cardnumberlast4=body.cardnumberlast4,
        checknumber=body.checknumber,
        **amount_terms(body),
        postdate=day_text(body.postdate),
    )
    by_card = body.paymentmethod not in (CASH, CHECK) and body.cardnumberlast4 is not None
    asked = {name: terms[name] for name in terms if name not in ("departmentid", "todayservice")}
    proposal = Proposal(
        operation=OPERATION,
        verb=VERB,
        # A batch holds many payments, so its number is nobody's own.
        build=draft(hub, caller, OPERATION, terms, body.total_cents, scope=""),
        key=key_of(command.idempotency_key),
        identity=fold(asked),
        again=body.allowduplicatepayments,
        tender=tender_of(
            hub,
            caller,
            terms,
            str(body.cardnumberlast4),
            body.total_cents,
            RECORDED,
            confirmed=body.confirmnotduplicate,
        )
        if by_card
        else None,
    )
    return make(hub, caller, proposal)
