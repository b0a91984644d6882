"""What athenahealth's clients expect to read: its answers for what the hub knows, in its types."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from payhub.domain.payment import Action, ActionState, FinalAnswer, Payment
from payhub.domain.reply import Reply
from payhub.domain.settlement import eastern
from payhub.domain.tenant import Caller
from payhub.entrypoints import problems
from payhub.entrypoints.representations import (
    json_answer,
    payment_headers,
    reply_problem,
    unfinished_answer,
)

if TYPE_CHECKING:
    from payhub.entrypoints import shapes

Answer = dict[str, Any]

OUTCOME_UNKNOWN = "OUTCOME UNKNOWN, do not charge again"
NOT_CAPTURED = "NOT CAPTURED: the vendor shows no trace of it; it may be asked for again"
SAID_IN_BODY = "success_false"
PER_CHARGE, PER_PATIENT = "charges", "patient"

Body = Callable[[Payment, Action, FinalAnswer], Mapping[str, Any]]
"""The vendor's words for something that was done."""


def card_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """`epaymentid` and `success`, or `errortext` and a `success` of "false"."""
    return _answer(reply, correlation_id, _card_body)


def plan_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """`paymentplanid` and `success`, with the `epaymentid` of a down payment."""
    return _answer(reply, correlation_id, _plan_body)


def record_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """`paymentbatchid` and `success`."""
    return _answer(reply, correlation_id, _record_body)


def void_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """`success`."""
    return _answer(reply, correlation_id, _void_body)


def vendor_payment_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """`patientpaymentid` and `previouslyrecordedyn`."""
    return _answer(reply, correlation_id, _vendor_payment_body)


def refund_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """`patientpaymentid` of the refund and `recordedtime`."""
    return _answer(reply, correlation_id, _refund_body)


def adjust_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """`patientid` and `charges`, each with what became of it."""
    return _answer(reply, correlation_id, _adjust_body)


def document_answer(content: object, caller: Caller, correlation_id: str) -> Answer:
    """200 with the vendor's document."""
    return json_answer(200, content)


def in_dialect(answer: Answer) -> Answer:
    """A problem with the members in which the vendor's clients look for an error."""
    if answer["headers"]["Content-Type"] != problems.CONTENT_TYPE:
        return answer
    body = json.loads(answer["body"])
    named = "; ".join(f"{it['field']} {it['detail']}" for it in body.get("errors", []))
    words = body.get("vendor_message") or " ".join(filter(None, [body["detail"], named]))
    extended = {**body, "success": "false", "error": words, "errortext": words}
    return {**answer, "body": json.dumps(extended)}


def _answer(reply: Reply, correlation_id: str, done: Body) -> Answer:
    payment, action = reply.payment, reply.action
    final = action.answer
    if final is None:
        words = f"{OUTCOME_UNKNOWN}: {_advice(payment)}"
        return unfinished_answer(reply, correlation_id, _failed(words))
    body = _said(payment, action, final, done)
    if body is None:
        return reply_problem(reply, correlation_id, refused=_kind_of(action, final))
    headers = payment_headers(payment, final.revision, replayed=reply.replayed)
    return json_answer(200, body, headers)


def _said(
    payment: Payment, action: Action, final: FinalAnswer, done: Body
) -> Mapping[str, Any] | None:
    """What the vendor says with HTTP 200, a refusal too; None for what it says by its status."""
    if final.state is ActionState.DONE:
        return done(payment, action, final)
    if final.state is ActionState.NOT_CAPTURED:
        return _failed(NOT_CAPTURED)
    if final.vendor_code == SAID_IN_BODY:
        return _failed(final.vendor_message or "refused")
    if final.vendor_code in (PER_CHARGE, PER_PATIENT):
        return _adjust_body(payment, action, final)
    return None


def _kind_of(action: Action, final: FinalAnswer) -> problems.Kind:
    """A verdict on the payment's state is a conflict, one on the request a mistake in it."""
    if action.number > 1 or not (final.vendor_code or "").isdecimal():
        return problems.NOT_ALLOWED_BY_VENDOR
    return problems.REFUSED_BY_VENDOR


def _advice(payment: Payment) -> str:
    return f"Payhub is finding out, see /payments/{payment.payment_id}"


def _failed(words: str) -> shapes.AthenaFailed:
    return {"success": "false", "errortext": words, "errormessage": words}


def _number(reference: str | None) -> int:
    """The vendor's ids are integers; every reference of it is digits."""
    return int(reference or 0)


def _card_body(payment: Payment, action: Action, final: FinalAnswer) -> shapes.AthenaCharged:
    return {"epaymentid": _number(final.vendor_reference), "success": "true"}


def _plan_body(payment: Payment, action: Action, final: FinalAnswer) -> shapes.AthenaPlan:
    body: shapes.AthenaPlan = {
        "paymentplanid": _number(final.vendor_reference),
        "success": "true",
    }
    if "epaymentid" in final.facts:
        body["epaymentid"] = int(final.facts["epaymentid"])
    return body


def _void_body(payment: Payment, action: Action, final: FinalAnswer) -> shapes.AthenaVoided:
    return {"success": "true"}


def _record_body(payment: Payment, action: Action, final: FinalAnswer) -> shapes.AthenaRecorded:
    return {"paymentbatchid": _number(final.vendor_reference), "success": "true"}


def _vendor_payment_body(
    payment: Payment, action: Action, final: FinalAnswer
) -> shapes.AthenaVendorPayment:
    """What our own repeat of a lost call found recorded was recorded by that call."""
    repeated = any(attempt.outcome in (None, "unknown") for attempt in action.attempts[:-1])
    said = final.facts.get("previouslyrecordedyn", "false")
    return {
        "patientpaymentid": _number(final.vendor_reference),
        "previouslyrecordedyn": "false" if repeated else said,
    }


def _refund_body(payment: Payment, action: Action, final: FinalAnswer) -> shapes.AthenaRefund:
    return {
        "patientpaymentid": _number(final.facts.get("refundid") or final.facts.get("reference")),
        "recordedtime": final.facts.get("recordedtime") or eastern(final.at_ms),
    }


def _adjust_body(payment: Payment, action: Action, final: FinalAnswer) -> shapes.AthenaAdjusted:
    body: shapes.AthenaAdjusted = {
        "patientid": int(payment.terms["patientid"]),
        "charges": json.loads(final.facts.get("charges", "[]")),
    }
    if final.vendor_code == PER_PATIENT:
        body["error"] = final.vendor_message or "refused"
    return body
