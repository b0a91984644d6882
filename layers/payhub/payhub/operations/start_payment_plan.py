"""Start a payment plan for a patient's claims at athenahealth, with or without a down payment."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from payhub.athena_forms import (
    AmountCents,
    CardBody,
    ClaimIds,
    Day,
    Flag,
    Number,
    OfPatient,
    Secret,
    card_errors,
    check,
    day_text,
    dollars,
    face_terms,
    flag_text,
    fold,
    required,
    terms_of,
)
from payhub.athena_payments import check_practice, draft, today
from payhub.command import From, IdempotencyKey, Place
from payhub.domain.errors import FieldError
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import key_of
from payhub.making import Proposal, make
from payhub.ports import Hub

OPERATION, VERB = "start_payment_plan", "start_plan"


class BillingMethod(StrEnum):
    """How the cycles are paid."""

    STATEMENTS = "SENDSTATEMENTS"
    CREDIT_CARD = "CREDITCARD"


class CycleFrequency(StrEnum):
    """How often a cycle is due."""

    ONCE = "ONETIMEON"
    WEEKLY = "WEEKLY"
    BIWEEKLY = "BIWEEKLY"
    TWICE_A_MONTH = "TWICEAMONTH"
    MONTHLY = "MONTHLY"
    FIRST_BUSINESS_DAY = "MONTHLYFIRSTBUSDAY"
    LAST_BUSINESS_DAY = "MONTHLYLASTBUSDAY"


def _none_of_zero(value: object) -> object:
    """A down payment of nothing is none."""
    return None if value in (0, "0", "0.0", "0.00", ".00") else value


class PlanBody(CardBody):
    """The vendor's documented body."""

    departmentid: Annotated[Number | None, Field(description="Required.")] = None
    claimids: Annotated[ClaimIds | None, Field(description="Claims of the plan; required.")] = None
    cycleamount: Annotated[
        AmountCents | None, Field(description="What is paid each time; required.")
    ] = None
    billingmethod: BillingMethod | None = None
    downpaymentamount: Annotated[
        AmountCents | None,
        BeforeValidator(_none_of_zero),
        Field(description="Charged to the card at once."),
    ] = None
    percentage: Annotated[Number | None, Field(description="1 to 100.")] = None
    frequency: CycleFrequency | None = None
    startdate: Annotated[Day | None, Field(description="Not in the past.")] = None
    paymentplanname: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,50}$")] | None,
        Field(description="The hub gives it one where there is none, to find it again."),
    ] = None
    email: Secret | None = None
    allowduplicatepayments: Annotated[Flag, Field(description="The same plan again is meant.")] = (
        False
    )


class StartPaymentPlan(OfPatient):
    """POST /v1/{practiceid}/patients/{patientid}/collectpayment/paymentplan."""

    idempotency_key: IdempotencyKey = None
    body: Annotated[PlanBody, From(Place.FORM)]


def start_payment_plan(hub: Hub, caller: Caller, command: StartPaymentPlan) -> Reply:
    """Check the plan, then start it once. The payment's amount is the down payment.

    Raises NotFound, InvalidRequest and KeyReused.
    """
    body = command.body
    check_practice(caller, command.practice_id)
    check(required(body, "departmentid", "claimids", "cycleamount"), _errors(hub, caller, body))
    card = body.card()
    terms = terms_of(
        practiceid=command.practice_id,
        patientid=command.patient_id,
        departmentid=body.departmentid,
        claimids=",".join(body.claimids or ()),
        cycleamount=dollars(body.cycleamount),
        billingmethod=body.billingmethod,
        downpaymentamount=dollars(body.downpaymentamount),
        percentage=body.percentage,
        frequency=body.frequency,
        startdate=day_text(body.startdate),
        paymentplanname=body.paymentplanname,
        ecommercemode=flag_text(body.ecommercemode or None),
    )
    asked = {**terms, "last4": card.face.last4}
    proposal = Proposal(
        operation=OPERATION,
        verb=VERB,
        build=draft(
            hub,
            caller,
            OPERATION,
            terms | face_terms(card),
            body.downpaymentamount or 0,
            f"{command.practice_id}/plan/",
            default_term="paymentplanname",
        ),
        key=key_of(command.idempotency_key),
        card=None if body.is_empty() else card,
        identity=fold(asked),
        again=body.allowduplicatepayments,
    )
    return make(hub, caller, proposal)


def _errors(hub: Hub, caller: Caller, body: PlanBody) -> Iterator[FieldError]:
    """The rules of a plan; a card only where something is charged to one."""
    by_card = body.billingmethod is BillingMethod.CREDIT_CARD or body.downpaymentamount is not None
    if by_card or not body.is_empty():
        yield from card_errors(body)
    if body.percentage is not None and not 1 <= int(body.percentage) <= 100:  # noqa: PLR2004
        yield FieldError("percentage", "must be from 1 to 100")
    if body.frequency is CycleFrequency.ONCE and body.startdate is None:
        yield FieldError("startdate", "is required with the frequency ONETIMEON")
    if body.startdate and body.startdate < today(hub, caller):
        yield FieldError("startdate", "must not be in the past")
