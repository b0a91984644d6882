"""Record at athenahealth what a patient paid through a payment vendor."""

from typing import Annotated

from pydantic import Field

from payhub.athena_forms import (
    AmountsBody,
    Day,
    Flag,
    Last4,
    Number,
    PracticeId,
    Reference,
    VendorCode,
    Words,
    amount_errors,
    amount_terms,
    check,
    day_text,
    flag_text,
    fold,
    method_errors,
    required,
    terms_of,
)
from payhub.athena_payments import check_practice, draft, vendor_payment_scope
from payhub.command import Command, From, IdempotencyKey, Place
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import key_of
from payhub.making import Exclusive, Proposal, make
from payhub.ports import Hub

OPERATION, VERB = "record_vendor_payment", "report"
FIELD = "externalrefid"


class VendorPaymentBody(AmountsBody):
    """The vendor's documented body."""

    departmentid: Annotated[Number | None, Field(description="Required.")] = None
    patientid: Annotated[Number | None, Field(description="Required.")] = None
    externalrefid: Annotated[
        Reference | None,
        Field(
            description="The caller's reference, passed on unchanged; the key where no other is"
            " sent. Without one the hub makes one of its own."
        ),
    ] = None
    paymentmethod: Annotated[Words | None, Field(description="Required.")] = None
    cardnumberlast4: Annotated[Last4 | None, Field(description="Needed for a card.")] = None
    vendorterminalid: Annotated[Words | None, Field(description="Needed for a card.")] = None
    checknumber: Annotated[Words | None, Field(description="Needed for a check.")] = None
    bankdepositdate: Day | None = None
    movetounappliedifoverpay: Annotated[
        Flag | None, Field(description="What is too much for a claim stays unapplied.")
    ] = None
    postdate: Annotated[Day | None, Field(description="Today where absent.")] = None
    allowduplicatepayments: Annotated[
        Flag, Field(description="The same payment again is meant, although it has no new key.")
    ] = False


class RecordVendorPayment(Command):
    """POST /v1/{practiceid}/patientpayvendors/{vendorcode}/payments."""

    practice_id: PracticeId
    vendor_code: VendorCode
    idempotency_key: IdempotencyKey = None
    body: Annotated[VendorPaymentBody, From(Place.FORM)]


def record_vendor_payment(hub: Hub, caller: Caller, command: RecordVendorPayment) -> Reply:
    """Record it once; an `externalrefid` belongs to one payment for ever.

    Raises NotFound, InvalidRequest, and KeyReused for a reference that came with another payment.
    """
    body, practice, code = command.body, command.practice_id, command.vendor_code
    check_practice(caller, practice, code)
    check(
        required(body, "departmentid", "patientid", "paymentmethod"),
        amount_errors(body),
        method_errors(body, terminal=True),
    )
    terms = terms_of(
        practiceid=practice,
        vendorcode=code,
        patientid=body.patientid,
        departmentid=body.departmentid,
        externalrefid=body.externalrefid,
        paymentmethod=body.paymentmethod,
        cardnumberlast4=body.cardnumberlast4,
        vendorterminalid=body.vendorterminalid,
        checknumber=body.checknumber,
        bankdepositdate=day_text(body.bankdepositdate),
        movetounappliedifoverpay=flag_text(body.movetounappliedifoverpay),
        **amount_terms(body),
        postdate=day_text(body.postdate),
    )
    reference = None if body.externalrefid is None else f"{practice}/{code}/{body.externalrefid}"
    asked = {name: terms[name] for name in terms if name not in ("departmentid", "todayservice")}
    proposal = Proposal(
        operation=OPERATION,
        verb=VERB,
        build=draft(
            hub,
            caller,
            OPERATION,
            terms,
            body.total_cents,
            vendor_payment_scope(practice, code),
            body.externalrefid,
            default_term=FIELD,
        ),
        key=key_of(command.idempotency_key) or _reference_key(reference),
        identity=fold(asked),
        again=body.allowduplicatepayments,
        exclusive=_exclusive(reference),
    )
    return make(hub, caller, proposal)


def _reference_key(reference: str | None) -> tuple[str, str] | None:
    return None if reference is None else (FIELD, reference)


def _exclusive(reference: str | None) -> Exclusive | None:
    return None if reference is None else Exclusive(key=f"{FIELD}/{reference}", field=FIELD)
