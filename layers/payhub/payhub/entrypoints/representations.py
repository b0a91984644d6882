"""Payments and their lists as the JSON of the API: the issuer's payment object plus our fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from payhub.domain.actions import AMOUNT_CENTS
from payhub.domain.contract import Contract
from payhub.domain.money import AmountUnit, MoneyError, format_amount
from payhub.domain.observation import REFUND_ID
from payhub.domain.payment import Action, ActionState, FinalAnswer, Payment, Refund, Transition
from payhub.domain.records import DeadLetter, PaymentPage
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.entrypoints import problems
from payhub.operations.get_payment_details import PaymentDetails
from payhub.operations.list_dead_letters import DeadLetterPage

if TYPE_CHECKING:
    from payhub.entrypoints import shapes

API_VERSION = 1

Answer = dict[str, Any]


def instant(at_ms: int) -> str:
    """An instant as ISO-8601 in UTC with milliseconds."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_or_none(at_ms: int | None) -> str | None:
    """The same for an instant that may not have come."""
    return None if at_ms is None else instant(at_ms)


def payment_object(
    payment: Payment, caller: Caller, answer: FinalAnswer | None = None
) -> shapes.Payment:
    """The payment as it stands, or as it stood when `answer` became final."""
    unit = caller.tenant.amount_unit
    action = None if answer is not None else payment.open_action
    return {
        "paymentId": payment.payment_id,
        "tenantId": payment.tenant,
        "issuerReferenceId": payment.caller_reference,
        "amount": _amount(payment.amount_cents, unit),
        "status": payment.status if answer is None else answer.status,
        "version": API_VERSION,
        "amountCents": payment.amount_cents,
        "amountUnit": unit,
        "currency": payment.currency,
        "vendor": payment.vendor,
        "operation": payment.operation,
        "vendorReference": (
            payment.vendor_reference if answer is None else answer.vendor_reference
        ),
        "action": None if action is None else open_action_object(action),
        "revision": payment.revision if answer is None else answer.revision,
        "createdAt": instant(payment.created_at_ms),
        "updatedAt": instant(payment.updated_at_ms if answer is None else answer.at_ms),
    }


def _amount(amount_cents: int, unit: AmountUnit) -> int | str | None:
    """In the caller's unit; None where whole dollars cannot express it (amountCents can)."""
    try:
        return format_amount(amount_cents, unit)
    except MoneyError:
        return None


def open_action_object(action: Action) -> shapes.OpenAction:
    """What the hub is doing, with the number of the latest call."""
    number = action.attempt.number if action.attempt else 0
    return {"verb": action.verb, "state": action.state, "attempt": number}


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer that no cache keeps."""
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
        "body": json.dumps(body, separators=(",", ":")),
    }


def payment_headers(payment: Payment, revision: int, *, replayed: bool = False) -> dict[str, str]:
    """Which payment it is, at which revision, and where to look."""
    headers = {
        "Payment-Id": payment.payment_id,
        "ETag": f'"{revision}"',
        "Location": f"/payments/{payment.payment_id}",
    }
    return headers | ({"Idempotent-Replayed": "true"} if replayed else {})


def payment_answer(payment: Payment, caller: Caller, correlation_id: str) -> Answer:
    """200 with the payment."""
    headers = payment_headers(payment, payment.revision)
    return json_answer(200, payment_object(payment, caller), headers)


def reply_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """What became of an action: done, under way, or why not."""
    payment, action = reply.payment, reply.action
    final = action.answer
    if final is None:
        return unfinished_answer(reply, correlation_id, payment_object(payment, caller))
    if final.state is ActionState.DONE:
        status = 201 if action.number == 1 else 200
        headers = payment_headers(payment, final.revision, replayed=reply.replayed)
        return json_answer(status, payment_object(payment, caller, final), headers)
    return reply_problem(reply, correlation_id)


def refund_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """What became of a refund: the payment with the refund, under way, or why not."""
    payment, action = reply.payment, reply.action
    final = action.answer
    if final is not None and final.state is not ActionState.DONE:
        return reply_problem(reply, correlation_id)
    body: shapes.RefundedPayment = {
        **payment_object(payment, caller, final),
        "refund": {
            "refundId": None if final is None else _refund_id(final),
            "amountCents": int(action.terms[AMOUNT_CENTS]),
            "reason": str(action.terms["reason"]),
            "state": action.state,
        },
    }
    if final is None:
        return unfinished_answer(reply, correlation_id, body)
    headers = payment_headers(payment, final.revision, replayed=reply.replayed)
    return json_answer(200, body, headers)


def _refund_id(final: FinalAnswer) -> str | None:
    return final.facts.get(REFUND_ID) or final.facts.get("reference")


def unfinished_answer(reply: Reply, correlation_id: str, body: Any) -> Answer:
    """202 with what is known, unless a call is running or nothing was sent."""
    if reply.action.state in (ActionState.SENDING, ActionState.NOT_SENT):
        return reply_problem(reply, correlation_id)
    payment = reply.payment
    headers = payment_headers(payment, payment.revision, replayed=reply.replayed)
    return json_answer(202, body, headers)


def reply_problem(
    reply: Reply, correlation_id: str, refused: problems.Kind | None = None
) -> Answer:
    """Why the action is not done; `refused` is how a refusal by the vendor shows."""
    action, final = reply.action, reply.action.answer
    if final is None and action.state is ActionState.SENDING:
        return _problem(
            problems.RUNNING, "The same request is being carried out.", reply, correlation_id
        )
    if final is None:
        last = action.attempt
        detail = last.detail if last and last.detail else "The vendor could not be reached."
        return _problem(problems.NOT_SENT, detail, reply, correlation_id)
    if final.state is ActionState.NOT_CAPTURED:
        detail = "The vendor shows no trace of it after the quarantine."
        return _problem(problems.NOT_CAPTURED, detail, reply, correlation_id)
    usual = problems.DECLINED if action.number == 1 else problems.NOT_ALLOWED_BY_VENDOR
    kind = refused or usual
    return _problem(kind, final.vendor_message or kind.title, reply, correlation_id)


def _problem(kind: problems.Kind, detail: str, reply: Reply, correlation_id: str) -> Answer:
    headers = {"Payment-Id": reply.payment.payment_id}
    headers |= {"Location": f"/payments/{reply.payment.payment_id}"}
    if reply.replayed:
        headers["Idempotent-Replayed"] = "true"
    if kind in (problems.RUNNING, problems.NOT_SENT):
        headers["Retry-After"] = "2"
    final = reply.action.answer
    return problems.problem(
        kind,
        detail,
        headers=headers,
        correlation_id=correlation_id,
        payment_id=reply.payment.payment_id,
        vendor=reply.payment.vendor,
        vendor_code=final.vendor_code if final else None,
        vendor_message=final.vendor_message if final else None,
    )


def page_answer(page: PaymentPage, caller: Caller, correlation_id: str) -> Answer:
    """200 with a page of payments."""
    body: shapes.PaymentPage = {
        "payments": [payment_object(payment, caller) for payment in page.payments],
        "nextCursor": page.next_cursor,
    }
    return json_answer(200, body)


def details_answer(details: PaymentDetails, caller: Caller, correlation_id: str) -> Answer:
    """200 with the payment, its history, attempts, contract row, and whether a retry is safe."""
    payment = details.payment
    body: shapes.PaymentDetails = {
        **payment_object(payment, caller),
        "vendorStatus": payment.vendor_status,
        "vendorMessage": _vendor_message(payment),
        "availableBalanceCents": payment.available_balance_cents,
        "nextLookAt": instant_or_none(payment.due_at_ms),
        "retry": retry_advice(payment),
        "actions": [_action(action) for action in payment.actions],
        "refunds": [_refund(refund) for refund in payment.refunds],
        "history": [_transition(entry) for entry in payment.history],
        "contract": _contract(details.contract),
    }
    return json_answer(200, body, payment_headers(payment, payment.revision))


def _vendor_message(payment: Payment) -> str | None:
    """About the latest action, where it was refused, else about the payment."""
    final = payment.action.answer
    return (final.vendor_message if final is not None else None) or payment.said


def _refund(refund: Refund) -> shapes.Refund:
    return {
        "refundId": refund.refund_id,
        "amountCents": refund.amount_cents,
        "status": refund.status,
        "reason": refund.reason,
        "createdAt": instant(refund.created_at_ms),
    }


def _transition(entry: Transition) -> shapes.Transition:
    return {
        "at": instant(entry.at_ms),
        "subject": entry.subject,
        "from": entry.before,
        "to": entry.after,
        "reason": entry.reason,
        "actor": entry.actor,
        "attempt": entry.attempt,
    }


def _action(action: Action) -> shapes.Action:
    return {
        "verb": action.verb,
        "number": action.number,
        "state": action.state,
        "actor": action.actor,
        "reason": action.reason,
        "openedAt": instant(action.opened_at_ms),
        "watchedUntil": instant_or_none(action.watch_until_ms),
        "attempts": [
            {
                "attempt": attempt.number,
                "intentAt": instant(attempt.intent_at_ms),
                "endedAt": instant_or_none(attempt.ended_at_ms),
                "outcome": attempt.outcome,
                "detail": attempt.detail,
                "vendorReference": attempt.reference,
            }
            for attempt in action.attempts
        ],
    }


def _contract(contract: Contract) -> shapes.Contract:
    return {
        "vendor": contract.vendor,
        "operation": contract.operation,
        "verb": contract.verb,
        "acknowledged": contract.acknowledged,
        "lookup": contract.lookup,
        "resend": contract.resend,
        "lateApplyBoundSeconds": contract.late_apply_bound_seconds,
        "duplicateWindowSeconds": contract.duplicate_window_seconds,
        "cutOff": contract.cut_off,
        "amountUnit": contract.amount_unit,
        "queueable": contract.queueable,
        "carriesCard": contract.carries_card,
    }


RETRY_ADVICE = {
    ActionState.SENDING: (True, "the same key answers with the first request's outcome"),
    ActionState.QUEUED: (True, "nothing was applied; the hub sends it by itself, a repeat waits"),
    ActionState.UNKNOWN: (True, "the same key never sends twice; a new key could pay twice"),
    ActionState.NEEDS_REVIEW: (False, "an operator must find out at the vendor and resolve it"),
    ActionState.DONE: (True, "it is done; the same key gives the same answer"),
    ActionState.REFUSED: (False, "the vendor refused it; a new payment needs a new key"),
    ActionState.NOT_SENT: (True, "nothing was sent; the same key and body send it"),
    ActionState.NOT_CAPTURED: (True, "nothing was captured; use a new key"),
}


def retry_advice(payment: Payment) -> shapes.RetryAdvice:
    """Whether repeating the latest request is safe, and why."""
    action = payment.open_action or payment.action
    safe, why = RETRY_ADVICE[action.state]
    return {"safe": safe, "why": why}


def letter_object(letter: DeadLetter) -> shapes.DeadLetter:
    """A dead letter."""
    return {
        "deadLetterId": letter.letter_id,
        "kind": letter.kind,
        "subjectId": letter.subject_id,
        "vendor": letter.vendor,
        "reason": letter.reason,
        "at": instant(letter.at_ms),
        "redrivenAt": instant_or_none(letter.redriven_at_ms),
        "redrivenBy": letter.redriven_by,
    }


def letters_answer(page: DeadLetterPage, caller: Caller, correlation_id: str) -> Answer:
    """200 with a page of dead letters."""
    body: shapes.DeadLetterPage = {
        "deadLetters": [letter_object(letter) for letter in page.letters],
        "nextCursor": page.next_cursor,
    }
    return json_answer(200, body)


def letter_answer(letter: DeadLetter, caller: Caller, correlation_id: str) -> Answer:
    """202: the subject is queued again, unless it has ended."""
    return json_answer(202, letter_object(letter))
