"""Charge a patient's card at athenahealth, for a copay, claims or anything else."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from payhub.athena_forms import (
    AmountCents,
    AmountsBody,
    CardBody,
    Flag,
    Number,
    OfPatient,
    amount_errors,
    amount_terms,
    card_errors,
    check,
    face_terms,
    flag_text,
    fold,
    required,
    terms_of,
)
from payhub.athena_payments import check_practice, draft, epayment_scope, tender_of
from payhub.command import From, IdempotencyKey, Place
from payhub.domain.errors import FieldError
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import key_of
from payhub.making import COLLECTED, Proposal, make
from payhub.ports import Hub

OPERATION, VERB = "collect_payment", "collect"


class CollectBody(CardBody, AmountsBody):
    """The vendor's documented body."""

    departmentid: Annotated[
        Number | None, Field(description="Where it is collected; required.")
    ] = None
    amount: Annotated[AmountCents | None, Field(description="The old name of `otheramount`.")] = (
        None
    )
    allowduplicatepayments: Annotated[
        Flag, Field(description="The same amount from the same card again is meant.")
    ] = False
    confirmnotduplicate: Annotated[
        Flag, Field(description="It is other money than what was recorded by hand today.")
    ] = False

    @property
    def other_cents(self) -> int | None:
        """`otheramount`, whatever it was called."""
        return self.otheramount if self.amount is None else self.amount


class CollectPayment(OfPatient):
    """POST /v1/{practiceid}/patients/{patientid}/collectpayment."""

    idempotency_key: IdempotencyKey = None
    body: Annotated[CollectBody, From(Place.FORM)]


def collect_payment(hub: Hub, caller: Caller, command: CollectPayment) -> Reply:
    """Charge the card once. Without a key the same request is a repeat for some minutes.

    The card is in this one request only: what could not be sent is the caller's to send again.
    Raises NotFound, InvalidRequest, KeyReused, and PossibleDuplicate where it was recorded by hand.
    """
    body = command.body
    check_practice(caller, command.practice_id)
    check(required(body, "departmentid"), amount_errors(body), _names_once(body), card_errors(body))
    card = body.card()
    terms = terms_of(
        practiceid=command.practice_id,
        patientid=command.patient_id,
        departmentid=body.departmentid,
        **amount_terms(body),
        ecommercemode=flag_text(body.ecommercemode or None),
        allowduplicatepayments=flag_text(body.allowduplicatepayments or None),
    )
    asked = {name: terms[name] for name in terms if name not in NOT_IDENTITY}
    terms |= face_terms(card)
    proposal = Proposal(
        operation=OPERATION,
        verb=VERB,
        build=draft(
            hub, caller, OPERATION, terms, body.total_cents, epayment_scope(command.practice_id)
        ),
        key=key_of(command.idempotency_key),
        card=card,
        identity=fold({**asked, "last4": card.face.last4}),
        again=body.allowduplicatepayments,
        tender=tender_of(
            hub,
            caller,
            terms,
            card.face.last4,
            body.total_cents,
            COLLECTED,
            confirmed=body.confirmnotduplicate,
        ),
    )
    return make(hub, caller, proposal)


def _names_once(body: CollectBody) -> Iterator[FieldError]:
    if body.amount is not None and body.otheramount is not None:
        yield FieldError("amount", "must not come together with otheramount")


NOT_IDENTITY = frozenset(
    {"departmentid", "todayservice", "ecommercemode", "allowduplicatepayments"}
)
"""What may differ between a request and its repeat; path, amounts, appointment and card may not."""
