"""Believable bodies of athenahealth's paths; answers are made by what makes the real ones."""

import json
from typing import Any

from local.openapi import examples
from payhub.domain.payment import Action, ActionState, FinalAnswer, Payment
from payhub.domain.reply import Reply
from payhub.entrypoints import athena

CARD: dict[str, Any] = {
    "accountnumber": "4111111111111111",
    "nameoncard": "Ada Lovelace",
    "expirationmonthmm": "12",
    "expirationyearyyyy": "2030",
    "billingaddress": "1 Main St",
    "billingzip": "02110",
}
REQUEST_BODIES: dict[str, dict[str, Any]] = {
    "CollectBody": {
        "departmentid": 1,
        **CARD,
        "appointmentid": 10011,
        "copayamount": "25.00",
        "claimpayment": [{"101": "10.50"}],
    },
    "StoreCardBody": {"departmentid": 1, **CARD, "cardsecuritycode": "123", "maxamount": 200},
    "PlanBody": {
        "departmentid": 1,
        "claimids": "101,102",
        "cycleamount": "50.00",
        "frequency": "MONTHLY",
        "billingmethod": "CREDITCARD",
        "downpaymentamount": "20.00",
        **CARD,
    },
    "RecordBody": {
        "departmentid": 1,
        "paymentmethod": "CHECK",
        "checknumber": "1042",
        "otheramount": "17.07",
    },
    "NoFields": {},
    "VendorPaymentBody": {
        "departmentid": 1,
        "patientid": 1,
        "externalrefid": "ACME-2026-000187",
        "paymentmethod": "VISA",
        "cardnumberlast4": "1111",
        "vendorterminalid": "T-7",
        "claimpayment": [{"101": "10.50"}],
    },
    "RefundBody": {
        "departmentid": 1,
        "patientid": 1,
        "externalrefid": "ACME-2026-000187-R",
        "paymentmethod": "VISA",
        "vendorterminalid": "T-7",
        "fullrefund": True,
        "ispaymentsettled": True,
    },
    "AdjustBody": {
        "patientid": 1,
        "charges": [
            {"chargeid": 1011, "adjustmentamount": "5.00"},
            {"chargeid": 1012, "adjustmentamount": "999.00"},
        ],
    },
}
_AT = "11/21/2026 09:15:00"
_RECEIPT = {
    "epaymentid": examples.EPAYMENT_ID,
    "amount": "35.50",
    "type": "PURCHASE",
    "cardtypeabbreviation": "VI",
    "cardtypename": "Visa",
    "cardnumberlast4digits": "1111",
    "requestdate": _AT,
}


def _payment(state: ActionState, final: FinalAnswer | None) -> Payment:
    action = Action(
        verb="collect", number=1, state=state, actor=examples.ACTOR, opened_at_ms=0, answer=final
    )
    return Payment(
        tenant=examples.TENANT_ID,
        payment_id=examples.PAYMENT_ID,
        vendor="athena",
        operation="collect_payment",
        amount_cents=3550,
        caller_reference=examples.PAYMENT_ID,
        fingerprint="0" * 32,
        created_at_ms=0,
        updated_at_ms=0,
        terms={"patientid": "1"},
        actions=(action,),
    )


def _body(render: Any, state: ActionState, **answer: Any) -> Any:
    is_final = state is not ActionState.UNKNOWN
    final = FinalAnswer(state=state, status="", revision=2, at_ms=0, **answer) if is_final else None
    payment = _payment(state, final)
    reply = Reply(payment=payment, action=payment.action)
    return json.loads(render(reply, examples.CALLER, examples.CORRELATION_ID)["body"])


def _done(render: Any, reference: int | None = None, **facts: str) -> Any:
    shown = None if reference is None else str(reference)
    return _body(render, ActionState.DONE, vendor_reference=shown, facts=facts)


def _refused(words: str) -> Any:
    return _body(
        athena.card_answer,
        ActionState.REFUSED,
        vendor_code=athena.SAID_IN_BODY,
        vendor_message=words,
    )


def collected_body() -> Any:
    """A card was charged."""
    return _done(athena.card_answer, examples.EPAYMENT_ID)


def card_stored_body() -> Any:
    """A card was stored."""
    return _done(athena.card_answer, examples.EPAYMENT_ID + 1)


def declined_body() -> Any:
    """The processor said no."""
    return _refused("INSUFFICIENT FUNDS")


def refused_body() -> Any:
    """The vendor said no."""
    return _refused("The payment could not be posted.")


def unknown_body() -> Any:
    """Nobody knows yet."""
    return _body(athena.card_answer, ActionState.UNKNOWN)


def plan_body() -> Any:
    """A plan was started."""
    return _done(athena.plan_answer, 55120391, epaymentid=str(examples.EPAYMENT_ID))


def recorded_body() -> Any:
    """Cash was recorded."""
    return _done(athena.record_answer, 427239011)


def voided_body() -> Any:
    """A payment was voided."""
    return _done(athena.void_answer, examples.EPAYMENT_ID)


def vendor_payment_body() -> Any:
    """A payment vendor's payment was recorded."""
    return _done(
        athena.vendor_payment_answer, examples.PATIENT_PAYMENT_ID, previouslyrecordedyn="false"
    )


def refund_body() -> Any:
    """A payment vendor's refund was recorded."""
    refund_id = str(examples.PATIENT_PAYMENT_ID + 1)
    return _done(athena.refund_answer, refundid=refund_id, recordedtime=_AT)


def adjusted_body() -> Any:
    """One charge was adjusted, the other had less outstanding."""
    charges = [
        {"chargeid": 1011, "adjustmentamount": "5.00", "outstandingamount": "995.00"},
        {
            "chargeid": 1012,
            "error": "The adjustment amount is more than the outstanding amount.",
        },
    ]
    return _done(athena.adjust_answer, charges=json.dumps(charges))


def receipts_body() -> Any:
    """A purchase and a stored card."""
    stored = {
        **_RECEIPT,
        "epaymentid": examples.EPAYMENT_ID + 1,
        "amount": "0.00",
        "type": "AUTHORIZATION",
        "contractid": 509801056,
        "epaymentcontractbalance": "200.00",
        "epaymentcontractmaxamount": "200.00",
    }
    return [_RECEIPT, stored]


def receipt_body() -> Any:
    """A printed receipt."""
    page = (
        f"<html><body><h1>PURCHASE</h1><p>Receipt {examples.EPAYMENT_ID}, {_AT}</p></body></html>"
    )
    return {"receipt": page}


def receipt_details_body() -> Any:
    """A purchase, in fields."""
    return {
        **_RECEIPT,
        "patientid": 1,
        "appointmentid": 10011,
        "copayamount": "25.00",
        "otheramount": "0.00",
        "claimpayments": [{"claimid": 101, "amount": "10.50"}],
        "terms": "<p>I agree to pay the amount above.</p>",
    }
