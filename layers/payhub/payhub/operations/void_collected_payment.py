"""Void a card payment at athenahealth before it settles."""

from typing import Annotated

from payhub import acting, inquiries
from payhub.asked import request_for
from payhub.athena_forms import EpaymentId, OfPatient, terms_of
from payhub.athena_payments import (
    check_patient,
    check_practice,
    draft,
    epayment_scope,
    known_payment,
    shown,
    unfinished_charges,
)
from payhub.command import FormBody, From, IdempotencyKey, IfMatch, Place
from payhub.domain.errors import ActionOpen
from payhub.domain.payment import ActionState, Payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import adopt, external
from payhub.ports import Hub

VERB, VOIDED_OPERATION = "void", "collect_payment"


class NoFields(FormBody):
    """The vendor documents no fields."""


class VoidCollectedPayment(OfPatient):
    """POST /v1/{practiceid}/patients/{patientid}/voidpayment/{epaymentid}."""

    epayment_id: EpaymentId
    idempotency_key: IdempotencyKey = None
    if_match: IfMatch = None
    body: Annotated[NoFields, From(Place.FORM)] = NoFields()


def void_collected_payment(hub: Hub, caller: Caller, command: VoidCollectedPayment) -> Reply:
    """Void it once, while it is not settled; one that the hub never saw is looked up first.

    Raises NotFound, VendorUnavailable, ActionOpen, and NotAllowed that says when it settled.
    """
    check_practice(caller, command.practice_id)
    scope = epayment_scope(command.practice_id)
    payment = known_payment(hub, caller, scope + command.epayment_id)
    if payment is None:
        payment = _external(hub, caller, command)
    check_patient(payment, command.patient_id)
    request = request_for(payment.payment_id, command, caller, VERB)
    return acting.act(hub, caller.tenant, payment, request)


def _external(hub: Hub, caller: Caller, command: VoidCollectedPayment) -> Payment:
    """A payment made past the hub; a charge of the hub that may be it is asked about first."""
    terms = terms_of(practiceid=command.practice_id, patientid=command.patient_id)
    scope = epayment_scope(command.practice_id)
    build = draft(hub, caller, VOIDED_OPERATION, terms, 0, scope)
    payment = external(build, command.epayment_id)
    view = shown(hub, caller, payment)
    charges = unfinished_charges(hub, caller, payment, view)
    for charge in charges:
        if charge.actions[0].state is ActionState.UNKNOWN:
            inquiries.inquire(hub, caller.tenant, charge)
    known = known_payment(hub, caller, scope + command.epayment_id)
    if known is not None:
        return known
    if charges:
        raise ActionOpen(
            "A charge without an outcome may be this payment. Void it when that has ended.",
            payment_id=charges[0].payment_id,
        )
    return adopt(hub, caller.actor, payment, view)
