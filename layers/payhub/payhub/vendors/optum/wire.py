"""The issuer API's JSON: amounts exact, answers checked before they are believed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from payhub import transport
from payhub.domain.answers import View
from payhub.domain.money import AmountUnit, MoneyError, cents_of_balance, format_amount
from payhub.ports import Order
from payhub.transport import Response


class Unreadable(transport.Unreadable):
    """An answer that is not what the vendor documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A line of the vendor's batch list: every single payment is in a batch of its own."""

    batch_id: str
    client_request_id: str | None
    created_at_ms: int


def issue_body(order: Order, unit: AmountUnit) -> bytes:
    """The body of POST /payments. Raises MoneyError when the unit cannot express the amount.

    Our own payment id goes out as clientRequestId, so that a lost answer can be found again. What
    the caller sent beyond the documented fields goes out as it came.
    """
    payment, terms = order.payment, order.payment.terms
    amount = format_amount(payment.amount_cents, unit)
    mark = f"amount:{order.action.attempts[-1].token}"
    carried: Any = order.carried
    details: dict[str, Any] = {
        **carried.get("paymentDetails", {}),
        "amount": mark if isinstance(amount, str) else amount,
        "issuerReferenceId": payment.caller_reference,
    }
    if "issuerPaymentId" in terms:
        details["issuerPaymentId"] = terms["issuerPaymentId"]
    body: dict[str, Any] = {
        "clientRequestId": payment.payment_id,
        "accountShortCode": terms["accountShortCode"],
        "payment": {
            **carried.get("payment", {}),
            "paymentDetails": details,
            "totalNumberOfClaims": terms["totalNumberOfClaims"],
        },
    }
    if "subAccountShortCode" in terms:
        body["subAccountShortCode"] = terms["subAccountShortCode"]
    text = json.dumps(body, separators=(",", ":"))
    if isinstance(amount, str):
        # A JSON number with exactly two decimals, which json.dumps cannot write without a float.
        text = text.replace(f'"{mark}"', amount, 1)
    return text.encode()


def subscription_body(url: str, event_names: tuple[str, ...], key: str) -> bytes:
    """The body of POST /subscriptions."""
    body = {"url": url, "eventNames": event_names, "auth": {"apiKey": {"key": key}}}
    return json.dumps(body).encode()


def read_object(body: bytes) -> Mapping[str, Any]:
    """A JSON object with exact numbers. Raises Unreadable."""
    try:
        value = json.loads(body, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def read_view(answer: Mapping[str, Any], unit: AmountUnit) -> View:
    """The payment object, with the available balance where the answer has one."""
    balance = answer.get("availableBalance")
    try:
        cents = None if balance is None else cents_of_balance(balance, unit)
    except MoneyError as error:
        raise Unreadable(f"availableBalance {error}") from error
    return View(
        reference=_text(answer, "paymentId"),
        status=_text(answer, "status"),
        available_balance_cents=cents,
    )


def read_batches(answer: Mapping[str, Any]) -> tuple[list[Batch], int]:
    """A page of the batch list, newest first, and the number of pages."""
    lines, pages = answer.get("batches"), answer.get("totalPages")
    if not isinstance(lines, list) or type(pages) is not int:
        raise Unreadable("no list of batches")
    return [_batch(line) for line in lines], pages


def read_batch_payments(answer: Mapping[str, Any], unit: AmountUnit) -> tuple[View, ...]:
    """The payments of a batch's details."""
    payments = answer.get("payments")
    if not isinstance(payments, list):
        raise Unreadable("no payments in the batch")
    return tuple(read_view(payment, unit) for payment in payments)


def problem_words(response: Response) -> tuple[str, str | None]:
    """(what the vendor says, its code) of an error answer; anything readable will do."""
    try:
        problem = read_object(response.body)
    except Unreadable:
        return response.body[:200].decode("utf-8", "replace"), None
    words = problem.get("detail") or problem.get("title") or problem.get("message") or ""
    code = problem.get("code")
    return str(words), None if code is None else str(code)


def instant_ms(text: object) -> int:
    """An ISO-8601 instant as epoch milliseconds. Raises Unreadable."""
    if not isinstance(text, str):
        raise Unreadable("no instant")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable("not an ISO-8601 instant") from error
    if at.tzinfo is None:
        raise Unreadable("an instant without an offset")
    return round(at.timestamp() * 1000)


def _batch(line: object) -> Batch:
    if not isinstance(line, dict):
        raise Unreadable("a batch is not an object")
    request_id = line.get("clientRequestId")
    return Batch(
        batch_id=_text(line, "batchId"),
        client_request_id=request_id if isinstance(request_id, str) else None,
        created_at_ms=instant_ms(line.get("batchCreatedDate")),
    )


def _text(answer: Mapping[str, Any], field: str) -> str:
    value = answer.get(field)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"no {field}")
    return value
