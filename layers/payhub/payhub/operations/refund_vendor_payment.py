"""Record at athenahealth that a payment vendor gave a payment back, wholly."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from payhub import acting
from payhub.asked import request_for
from payhub.athena_forms import (
    CARD_METHODS,
    Day,
    Flag,
    Number,
    PatientPaymentId,
    PracticeId,
    Reference,
    Terms,
    VendorCode,
    Words,
    check,
    day_text,
    flag_text,
    required,
    terms_of,
)
from payhub.athena_payments import (
    check_patient,
    check_practice,
    draft,
    known_payment,
    vendor_payment_scope,
)
from payhub.command import Command, FormBody, From, IdempotencyKey, IfMatch, Place
from payhub.domain.answers import View
from payhub.domain.errors import FieldError, NotFound
from payhub.domain.identity import digest
from payhub.domain.payment import ActionState, Origin, Payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import adopt, external
from payhub.ports import Hub

VERB = "refund"
REFUNDED_OPERATION, REFUNDED_STATUS = "record_vendor_payment", "Recorded"


class RefundBody(FormBody):
    """The vendor's documented body."""

    departmentid: Annotated[Number | None, Field(description="Required.")] = None
    patientid: Annotated[Number | None, Field(description="Required.")] = None
    externalrefid: Annotated[
        Reference | None,
        Field(description="The refund's reference, passed on unchanged; the hub makes one else."),
    ] = None
    paymentmethod: Annotated[Words | None, Field(description="Required.")] = None
    fullrefund: Annotated[
        Flag, Field(description="Only true: adjustingcharges is there for a part.")
    ] = True
    ispaymentsettled: Annotated[
        Flag | None, Field(description="Recorded as a refund when true, as a void when false.")
    ] = None
    vendorterminalid: Annotated[Words | None, Field(description="Needed for a card.")] = None
    bankdepositdate: Day | None = None
    postdate: Day | None = None


class RefundVendorPayment(Command):
    """POST /v1/{practiceid}/patientpayvendors/{vendorcode}/payments/{patientpaymentid}/refund."""

    practice_id: PracticeId
    vendor_code: VendorCode
    patient_payment_id: PatientPaymentId
    idempotency_key: IdempotencyKey = None
    if_match: IfMatch = None
    body: Annotated[RefundBody, From(Place.FORM)]


def refund_vendor_payment(hub: Hub, caller: Caller, command: RefundVendorPayment) -> Reply:
    """Record the refund once; a payment that the hub never saw is refunded all the same.

    Raises NotFound, InvalidRequest for a partial refund, NotAllowed where nothing can be refunded.
    """
    body, practice, code = command.body, command.practice_id, command.vendor_code
    check_practice(caller, practice, code)
    check(required(body, "departmentid", "patientid", "paymentmethod"), _errors(body))
    scope = vendor_payment_scope(practice, code)
    payment = known_payment(hub, caller, scope + command.patient_payment_id)
    if payment is None:
        payment = _external(hub, caller, command)
    _check_patient(payment, str(body.patientid))
    terms = _terms(body, payment)
    request = request_for(payment.payment_id, command, caller, VERB, terms=terms)
    return acting.act(hub, caller.tenant, payment, request)


def _errors(body: RefundBody) -> Iterator[FieldError]:
    if not body.fullrefund:
        yield FieldError(
            "fullrefund", "a payment is refunded in full only; take a part off by adjustingcharges"
        )
    if body.paymentmethod in CARD_METHODS:
        yield from required(body, "vendorterminalid")


def _terms(body: RefundBody, payment: Payment) -> Terms:
    """What goes to the vendor; the reference is ours where the caller gave none."""
    return terms_of(
        departmentid=body.departmentid,
        patientid=body.patientid,
        externalrefid=body.externalrefid or digest(VERB, payment.payment_id)[:32],
        paymentmethod=body.paymentmethod,
        ispaymentsettled=flag_text(body.ispaymentsettled),
        vendorterminalid=body.vendorterminalid,
        bankdepositdate=day_text(body.bankdepositdate),
        postdate=day_text(body.postdate),
    )


def _external(hub: Hub, caller: Caller, command: RefundVendorPayment) -> Payment:
    """A payment made past the hub, which the vendor has no way to show.

    It is taken on the caller's word, so who the patient is stays open until a refund is not
    refused. It holds the reference: a lost report of the hub that turns out to be the same needs a
    person.
    """
    practice, code = command.practice_id, command.vendor_code
    terms = terms_of(practiceid=practice, vendorcode=code)
    build = draft(hub, caller, REFUNDED_OPERATION, terms, 0, vendor_payment_scope(practice, code))
    payment = external(build, command.patient_payment_id)
    view = View(reference=payment.vendor_reference, status=REFUNDED_STATUS)
    return adopt(hub, caller.actor, payment, view)


def _check_patient(payment: Payment, patient_id: str) -> None:
    """Of an external payment the patient is the one whose refund was not refused."""
    if payment.origin is Origin.HUB:
        check_patient(payment, patient_id)
        return
    last = payment.last_action(VERB)
    in_vain = last is None or last.state is ActionState.REFUSED
    if last is not None and not in_vain and last.terms.get("patientid") != patient_id:
        raise NotFound(f"Patient {patient_id} has no such payment.")
