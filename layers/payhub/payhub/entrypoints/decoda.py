"""What Decoda's clients expect to read: its objects for what the hub knows, its form of errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from payhub.domain.payment import ActionState
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.entrypoints import problems
from payhub.entrypoints.representations import (
    instant,
    json_answer,
    payment_headers,
    payment_object,
    reply_problem,
    unfinished_answer,
)

if TYPE_CHECKING:
    from payhub.entrypoints import shapes

Answer = dict[str, Any]

UNPROCESSABLE, INVALID = 422, 400


def payment_summary_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """200 with the vendor's payment object."""
    return _answer(reply, caller, correlation_id, _summary)


def payin_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """200 with what the component in the payer's browser needs."""
    return _answer(reply, caller, correlation_id, _payin)


def in_dialect(answer: Answer) -> Answer:
    """A problem with `detail` as the vendor's clients read it: text, or at 422 a list of mistakes.

    What is wrong with a field is a 422 there, as with the vendor.
    """
    if answer["headers"]["Content-Type"] != problems.CONTENT_TYPE:
        return answer
    body = json.loads(answer["body"])
    errors = body.get("errors", [])
    if answer["statusCode"] == INVALID and errors:
        mistakes = [_mistake(error["field"], error["detail"], "value_error") for error in errors]
    elif answer["statusCode"] == UNPROCESSABLE:
        mistakes = [_mistake("", body["detail"], body["type"].rpartition("/")[2])]
    else:
        return answer
    body |= {"status": UNPROCESSABLE, "detail": mistakes}
    return {**answer, "statusCode": UNPROCESSABLE, "body": json.dumps(body)}


def _mistake(field: str, words: str, kind: str) -> shapes.DecodaMistake:
    """Where it stands is the name of a header or parameter, or the way through the body."""
    steps: list[str | int] = [
        int(step) if step.isascii() and step.isdecimal() else step
        for step in field.split(".")
        if step not in ("", "body")
    ]
    return {"loc": [_PLACES.get(field, "body"), *steps], "msg": words, "type": kind}


_PLACES = {"amount": "query", "credit_ids": "query", "Idempotency-Key": "header"}
"""What does not stand in the body of any of these paths."""


def _answer(reply: Reply, caller: Caller, correlation_id: str, body: Any) -> Answer:
    payment, action = reply.payment, reply.action
    final = action.answer
    if final is None:
        return unfinished_answer(reply, correlation_id, payment_object(payment, caller))
    if final.state is not ActionState.DONE:
        return reply_problem(reply, correlation_id, refused=problems.REFUSED_BY_VENDOR)
    headers = payment_headers(payment, final.revision, replayed=reply.replayed)
    return json_answer(200, body(reply), headers)


def _payin(reply: Reply) -> shapes.DecodaPayin:
    assert reply.action.answer is not None
    payin: shapes.DecodaPayin = json.loads(reply.action.answer.facts["payin"])
    return payin


def _summary(reply: Reply) -> shapes.DecodaPayment:
    """As the vendor gave it; where a person found out that it moved, as far as the hub knows."""
    payment, final = reply.payment, reply.action.answer
    assert final is not None
    if "payment" in final.facts:
        told: shapes.DecodaPayment = json.loads(final.facts["payment"])
        return told
    return {
        "id": str(final.vendor_reference),
        "amount": payment.amount_cents,
        "status": final.status,
        "paymentMedium": "PATIENT_CREDIT",
        "createdDate": instant(payment.created_at_ms),
        "feeToPatient": 0,
        "patientId": str(payment.terms["patientId"]),
        "payinId": None,
        "currency": payment.currency,
        "payinConfigId": None,
        "paymentMethodId": None,
        "stripePaymentIntentId": None,
        "failedReason": None,
        "updatedDate": None,
        "fee": 0,
    }
