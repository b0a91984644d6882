"""Adjust charges of a patient off at athenahealth, for a payment vendor, each on its own."""

import json
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from payhub.athena_forms import (
    AmountCents,
    Flag,
    Number,
    PracticeId,
    VendorCode,
    Words,
    as_list,
    check,
    dollars,
    fold,
    required,
    terms_of,
)
from payhub.athena_payments import check_practice, draft
from payhub.command import Command, FormBody, From, IdempotencyKey, Place
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import key_of
from payhub.making import Proposal, make
from payhub.ports import Hub

OPERATION, VERB = "adjust_charges", "adjust"


class ChargeAdjustment(FormBody):
    """One charge and what is taken off it."""

    chargeid: Number
    adjustmentamount: Annotated[
        AmountCents, Field(description="At most what is outstanding of the charge.")
    ]
    reason: Words | None = None


class AdjustBody(FormBody):
    """The vendor's body, with the inner fields of a charge that docs/vendors/athena.md assumes."""

    patientid: Annotated[Number | None, Field(description="Required.")] = None
    departmentid: Number | None = None
    charges: Annotated[
        tuple[ChargeAdjustment, ...] | None,
        BeforeValidator(as_list),
        WithJsonSchema(
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["chargeid", "adjustmentamount"],
                    "properties": {
                        "chargeid": {"type": "integer"},
                        "adjustmentamount": {"type": "string", "examples": ["5.00"]},
                        "reason": {"type": "string"},
                    },
                },
                "description": "Charges, each once; JSON text in a form. Required.",
            }
        ),
    ] = None
    allowduplicatepayments: Annotated[
        Flag, Field(description="The same adjustments again are meant.")
    ] = False


class AdjustCharges(Command):
    """POST /v1/{practiceid}/patientpayvendors/{vendorcode}/adjustingcharges."""

    practice_id: PracticeId
    vendor_code: VendorCode
    idempotency_key: IdempotencyKey = None
    body: Annotated[AdjustBody, From(Place.FORM)]


def adjust_charges(hub: Hub, caller: Caller, command: AdjustCharges) -> Reply:
    """Adjust each charge once; the vendor answers for each, and refuses more than is outstanding.

    Raises NotFound, InvalidRequest and KeyReused.
    """
    body = command.body
    check_practice(caller, command.practice_id, command.vendor_code)
    check(required(body, "patientid", "charges"))
    charges = body.charges or ()
    _refuse_repeated(charges)
    entries = [
        terms_of(
            chargeid=each.chargeid,
            adjustmentamount=dollars(each.adjustmentamount),
            reason=each.reason,
        )
        for each in charges
    ]
    terms = terms_of(
        practiceid=command.practice_id,
        vendorcode=command.vendor_code,
        patientid=body.patientid,
        departmentid=body.departmentid,
        charges=json.dumps(entries, separators=(",", ":")),
    )
    total_cents = sum(each.adjustmentamount for each in charges)
    proposal = Proposal(
        operation=OPERATION,
        verb=VERB,
        build=draft(hub, caller, OPERATION, terms, total_cents, scope=""),
        key=key_of(command.idempotency_key),
        identity=fold(terms),
        again=body.allowduplicatepayments,
    )
    return make(hub, caller, proposal)


def _refuse_repeated(charges: tuple[ChargeAdjustment, ...]) -> None:
    if not charges or len({each.chargeid for each in charges}) != len(charges):
        wrong = FieldError("charges", "must name at least one charge, and each once")
        raise InvalidRequest("The request is not valid.", [wrong])
