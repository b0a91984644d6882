"""Settle charges of a patient with the patient's credit at Decoda."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BeforeValidator, Field

from payhub.command import Command, From, IdempotencyKey, Place
from payhub.decoda_forms import (
    CHARGES_MAX,
    VENDOR,
    ChargeDetail,
    as_sent,
    body_digest,
    charge_terms,
    check_tenant,
    reference_of,
)
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.identity import fingerprint_of
from payhub.domain.money import MAX_CENTS
from payhub.domain.payment import Payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import draft, key_of
from payhub.making import Proposal, make
from payhub.ports import Hub

OPERATION, VERB, SCOPE = "settle_with_credit", "settle", "payment/"


def _whole(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise ValueError("must be a whole number of cents")
    return value


class SettleWithCredit(Command):
    """POST /billing/payment-terminal/charge/create-patient-credit-settled."""

    idempotency_key: IdempotencyKey = None
    amount: Annotated[
        Annotated[int, BeforeValidator(_whole)],
        Field(ge=1, le=MAX_CENTS, description="What is to be settled, in cents."),
        From(Place.QUERY, "amount"),
    ]
    charges: Annotated[
        list[ChargeDetail],
        Field(min_length=1, max_length=CHARGES_MAX),
        From(Place.LIST),
    ]


def settle_with_credit(hub: Hub, caller: Caller, command: SettleWithCredit) -> Reply:
    """Take the amount from the patient's credit, the oldest first, once and wholly or not at all.

    Raises NotFound, InvalidRequest and KeyReused.
    """
    check_tenant(caller.tenant)
    charges = command.charges
    errors = list(_errors(command.amount, charges))
    if errors:
        raise InvalidRequest("The charges cannot be settled.", errors)
    sent = [as_sent(charge) for charge in charges]
    asked = {"amount": command.amount, "body": body_digest(sent)}
    patient_id = charges[0].patient_id

    def build(payment_id: str) -> Payment:
        """A charge without an id gets one, so that the vendor cannot make it twice."""
        ids = [it.id or f"ph-{payment_id}-{number}" for number, it in enumerate(charges, start=1)]
        drafted = draft(
            hub,
            caller.tenant.tenant,
            VENDOR,
            OPERATION,
            charge_terms(patient_id, ids),
            command.amount,
            SCOPE,
            reference=reference_of(charges),
        )
        return replace(
            drafted(payment_id), fingerprint=fingerprint_of(asked), has_carried_body=True
        )

    proposal = Proposal(
        operation=OPERATION,
        verb=VERB,
        build=build,
        key=key_of(command.idempotency_key),
        carried={"charges": sent},
        identity=fingerprint_of(asked),
    )
    return make(hub, caller, proposal)


def _errors(amount_cents: int, charges: Sequence[ChargeDetail]) -> Iterator[FieldError]:
    outstanding_cents = sum(charge.total_outstanding for charge in charges)
    if amount_cents > outstanding_cents:
        yield FieldError(
            "amount", f"is more than the {outstanding_cents} cents outstanding on the charges"
        )
    for at, charge in enumerate(charges):
        if charge.patient_id != charges[0].patient_id:
            yield FieldError(f"{at}.patientId", "must be the same for all charges")
        if charge.id and charge.id in {other.id for other in charges[:at]}:
            yield FieldError(f"{at}.id", "is there twice")
