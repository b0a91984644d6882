"""What athenahealth's paths may answer: successes, refusals with HTTP 200, unknown outcomes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.openapi import athena_examples as examples
from local.openapi.success import PAYMENT_HEADERS, REPLAYED, Success, one
from payhub.domain import errors
from payhub.entrypoints import problems, shapes
from payhub.entrypoints.problems import KINDS, Kind
from payhub.operations.adjust_charges import adjust_charges
from payhub.operations.collect_payment import collect_payment
from payhub.operations.get_receipt import get_receipt
from payhub.operations.get_receipt_details import get_receipt_details
from payhub.operations.list_receipts import list_receipts
from payhub.operations.record_payment import record_payment
from payhub.operations.record_vendor_payment import record_vendor_payment
from payhub.operations.refund_vendor_payment import refund_vendor_payment
from payhub.operations.start_payment_plan import start_payment_plan
from payhub.operations.store_card import store_card
from payhub.operations.void_collected_payment import void_collected_payment

_REFUSED = " Refused, or absent at the vendor after all: `success` is "
_REFUSED += '"false", and `errortext` says why.'
_UNKNOWN = Success(
    status=202,
    description="The outcome is not known yet: the hub finds out, or sends again what provably was"
    " not sent. `success` is "
    '"false" and `errortext` begins "OUTCOME UNKNOWN, do not charge again". Watch the payment at'
    " `Location`, or repeat with the same key; never use a new one.",
    shapes=(shapes.AthenaFailed,),
    examples=one(examples.unknown_body),
    headers=PAYMENT_HEADERS,
    sometimes=(REPLAYED,),
)


def _answers(
    description: str, shape: type, done: Callable[[], Any], refused: Callable[[], Any]
) -> Sequence[Success]:
    answered = Success(
        status=200,
        description=description + _REFUSED,
        shapes=(shape, shapes.AthenaFailed),
        examples={"done": done, "refused": refused},
        headers=PAYMENT_HEADERS,
        sometimes=(REPLAYED,),
    )
    return [answered, _UNKNOWN]


def _document(description: str, shape: Any, example: Callable[[], Any]) -> Sequence[Success]:
    return [Success(status=200, description=description, shapes=(shape,), examples=one(example))]


SUCCESSES: Mapping[Callable[..., Any], Sequence[Success]] = {
    collect_payment: _answers(
        "The card was charged.",
        shapes.AthenaCharged,
        examples.collected_body,
        examples.declined_body,
    ),
    store_card: _answers(
        "The card is stored at the vendor; nothing was charged.",
        shapes.AthenaCharged,
        examples.card_stored_body,
        examples.declined_body,
    ),
    start_payment_plan: _answers(
        "The plan runs, and its down payment, if there is one, was charged.",
        shapes.AthenaPlan,
        examples.plan_body,
        examples.declined_body,
    ),
    record_payment: _answers(
        "The payment is recorded.",
        shapes.AthenaRecorded,
        examples.recorded_body,
        examples.refused_body,
    ),
    void_collected_payment: _answers(
        "The payment is voided.",
        shapes.AthenaVoided,
        examples.voided_body,
        examples.refused_body,
    ),
    record_vendor_payment: _answers(
        "The payment is recorded.",
        shapes.AthenaVendorPayment,
        examples.vendor_payment_body,
        examples.refused_body,
    ),
    refund_vendor_payment: _answers(
        "The refund is recorded.",
        shapes.AthenaRefund,
        examples.refund_body,
        examples.refused_body,
    ),
    adjust_charges: _answers(
        "Each charge says what became of it: adjusted, or an `error` of its own.",
        shapes.AthenaAdjusted,
        examples.adjusted_body,
        examples.refused_body,
    ),
    list_receipts: _document(
        "The patient's receipts.", list[shapes.AthenaReceipt], examples.receipts_body
    ),
    get_receipt: _document(
        "The receipt as it is printed.", shapes.AthenaPrintedReceipt, examples.receipt_body
    ),
    get_receipt_details: _document(
        "What the receipt says.", shapes.AthenaReceiptDetails, examples.receipt_details_body
    ),
}

_MADE = (
    KINDS[errors.ActionOpen],
    problems.RUNNING,
    KINDS[errors.KeyReused],
    problems.REFUSED_BY_VENDOR,
    problems.NOT_SENT,
)
_ASKED = (
    KINDS[errors.ActionOpen],
    problems.RUNNING,
    KINDS[errors.NotAllowed],
    problems.NOT_ALLOWED_BY_VENDOR,
    KINDS[errors.RevisionNeeded],
    KINDS[errors.ClaimTaken],
    KINDS[errors.RevisionMismatch],
    KINDS[errors.KeyReused],
    problems.NOT_SENT,
    KINDS[errors.VendorUnavailable],
)
_TENDERED = (*_MADE, KINDS[errors.PossibleDuplicate])
_FETCHED = (KINDS[errors.VendorUnavailable],)

REFUSALS: Mapping[Callable[..., Any], Sequence[Kind]] = {
    collect_payment: _TENDERED,
    store_card: _MADE,
    start_payment_plan: _MADE,
    record_payment: _TENDERED,
    void_collected_payment: _ASKED,
    record_vendor_payment: _MADE,
    refund_vendor_payment: _ASKED,
    adjust_charges: _MADE,
    list_receipts: _FETCHED,
    get_receipt: _FETCHED,
    get_receipt_details: _FETCHED,
}
"""What each refuses for reasons of its own; what is absent or declined is HTTP 200 here."""
