"""Decoda's JSON: bodies as documented, answers checked before they are believed."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from payhub import transport
from payhub.domain.answers import Failure, NotSent, Unanswered
from payhub.domain.money import MAX_CENTS
from payhub.domain.payment import Payment, Refund
from payhub.domain.scrub import scrub, without_numbers
from payhub.ports import Order
from payhub.transport import Response, verdict_of

PAYMENT_STATUSES = frozenset(
    {"CANCELED", "CREATED", "FAILED", "IN_REVIEW", "PRESENTING", "PROCESSING", "SUCCEEDED"}
)
"""Of payments and of refunds; CANCELED has one L here and two in plans."""

PLAN_STATUSES = frozenset({"active", "completed", "failed", "cancelled"})
PLANNED_STATUSES = frozenset({"SCHEDULED", "COMPLETED", "FAILED", "CANCELLED"})
METHOD_TYPES = frozenset({"CARD", "ACH", "APPLE_PAY"})

OUR_ID = "payhubPaymentId"
"""The name in a charge's `meta` under which our payment id travels."""

_METHOD_FIELDS = (
    "id",
    "patientId",
    "rainforestPaymentMethodId",
    "brand",
    "last4",
    "expMonth",
    "expYear",
    "accountHolderType",
    "accountNumberLast4",
    "bankName",
    "description",
    "type",
    "isDefault",
    "isArchived",
    "availableMerchantIds",
    "createdDate",
)
"""What is shown of a stored payment method; the routing number is not among it."""

_METHOD_WORDS = frozenset({"brand", "last4", "accountHolderType", "bankName", "description"})
"""Those that are words for people: a long number in them is nobody's to see, in an id it may be."""

_NO_ROUTE_WORDS = frozenset({"Not Found", "Method Not Allowed"})
"""How the vendor's framework answers for itself; the application names what it did not find."""

_NO_SUCH_ROUTE = frozenset({404, 405})
_MISTAKES_SHOWN = 10
_TEXT_MAX_CHARS = 256
_DIGITS_MAX = 15
_NOT_JSON = (ValueError, ArithmeticError, RecursionError)
"""ArithmeticError: a number with more digits of exponent than Decimal takes."""

T = TypeVar("T")


class Unreadable(transport.Unreadable):
    """An answer that is not what the vendor documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """A row of the payment table; `summary` is what callers are shown of it."""

    reference: str
    status: str
    amount_cents: int
    created_at_ms: int
    medium: str
    patient_id: str | None
    is_plan: bool
    method_type: str | None
    refunds: tuple[Refund, ...]
    summary: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """One payment of a plan as the vendor has planned it."""

    planned_id: str
    amount_cents: int
    due_on: date
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A row of the report on payment plans, the only way to read one."""

    plan_id: str
    patient_id: str | None
    charge_ids: tuple[str, ...]
    status: str
    created_at_ms: int | None
    planned: tuple[PlannedRow, ...]
    initial_cents: int | None
    total_cents: int | None


# What goes out


def settle_body(order: Order) -> bytes:
    """The charges as the caller sent them, in their order, each with an id and with ours."""
    return _dumps(_settled_charges(order))


def charge_ids(payment: Payment) -> tuple[str, ...]:
    """The ids of the charges that the payment is for, those among them that the hub made up too."""
    ids: list[str] = json.loads(str(payment.terms["chargeIds"]))
    return tuple(ids)


def payin_body(order: Order) -> bytes:
    """The caller's body; only the charges' `meta` has our id in addition."""
    body: Any = order.carried["body"]
    payment_id = order.payment.payment_id
    return _dumps({**body, "charges": [_marked(each, payment_id) for each in body["charges"]]})


def refund_body(order: Order) -> bytes:
    """The body of POST /billing/payment/refund."""
    terms = order.action.terms
    body: dict[str, object] = {
        "paymentId": order.payment.vendor_reference,
        "providerId": terms["providerId"],
        "amount": int(terms["amountCents"]),
        "reason": terms["reason"],
    }
    body |= {name: terms[name] for name in ("description", "locationId") if name in terms}
    if terms.get("restoreInventory") == "true":
        body["restoreInventory"] = True
    return _dumps(body)


def webhook_body(url: str, subscriptions: Sequence[str]) -> bytes:
    """The body of POST /webhook/decoda/create, and of PUT .../update/{id}."""
    return _dumps({"subscriptions": list(subscriptions), "url": url})


def _settled_charges(order: Order) -> list[dict[str, Any]]:
    charges: Any = order.carried["charges"]
    ids = charge_ids(order.payment)
    return [
        {**_marked(charge, order.payment.payment_id), "id": charge_id}
        for charge, charge_id in zip(charges, ids, strict=True)
    ]


def _marked(charge: Mapping[str, Any], payment_id: str) -> dict[str, Any]:
    return {**charge, "meta": {**(charge.get("meta") or {}), OUR_ID: payment_id}}


def _dumps(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


# What an answer means


def understood(sent: Response | NotSent | Unanswered, read: Callable[[Response], T]) -> T | Failure:
    """What a complete answer says; a success that cannot be read proves nothing."""
    return transport.understood(sent, read, _failure)


def _failure(response: Response) -> Failure:
    words = problem_words(response)
    if response.status in _NO_SUCH_ROUTE and (words is None or words in _NO_ROUTE_WORDS):
        return NotSent(reason=f"vendor answered {response.status}: no such route")
    return verdict_of(response, words or response.body[:200].decode(errors="replace"))


def problem_words(response: Response) -> str | None:
    """`detail` as text, or its list of mistakes without the values; None when there is neither."""
    try:
        detail = read_object(response).get("detail")
    except Unreadable:
        return None
    if isinstance(detail, list):
        return "; ".join(_mistake(each) for each in detail[:_MISTAKES_SHOWN])
    return detail if isinstance(detail, str) else None


def _mistake(mistake: object) -> str:
    """One line of a 422: where, and the message."""
    if not isinstance(mistake, dict):
        return ""
    place, message = mistake.get("loc"), mistake.get("msg")
    steps = place if isinstance(place, list) else []
    path = ".".join(str(step) for step in steps if isinstance(step, str | int))
    return f"{path}: {message}" if isinstance(message, str) else path


def read_object(answer: Response) -> Mapping[str, Any]:
    """The JSON object of an answer, numbers exact. Raises Unreadable."""
    return _object(loads(answer.body))


def loads(body: bytes) -> object:
    """JSON with exact numbers. Raises Unreadable."""
    try:
        value: object = json.loads(body.decode(), parse_float=Decimal, parse_constant=_not_a_number)
    except _NOT_JSON as error:
        raise Unreadable("not JSON") from error
    return value


def _not_a_number(constant: str) -> object:
    raise ValueError(constant)


# Payments and refunds


def read_summary(value: object) -> Mapping[str, object]:
    """The fifteen documented fields of a payment, from its object or from a row of the table.

    The row lacks some of them: they take their documented defaults. Raises Unreadable.
    """
    found = _object(value)
    return {
        "id": _text(found, "id"),
        "amount": _cents(found, "amount"),
        "status": _word(found, "status", PAYMENT_STATUSES),
        "paymentMedium": scrub(_text(found, "paymentMedium")),
        "createdDate": _instant_text(found, "createdDate"),
        "feeToPatient": _fee(found, "feeToPatient"),
        "patientId": _text_or_none(found, "patientId"),
        "payinId": _text_or_none(found, "payinId"),
        "currency": _text_or_none(found, "currency") or "USD",
        "payinConfigId": _text_or_none(found, "payinConfigId"),
        "paymentMethodId": _text_or_none(found, "paymentMethodId"),
        "stripePaymentIntentId": _text_or_none(found, "stripePaymentIntentId"),
        "failedReason": _words_or_none(found, "failedReason"),
        "updatedDate": None
        if found.get("updatedDate") is None
        else _instant_text(found, "updatedDate"),
        "fee": _fee(found, "fee"),
    }


def read_row(row: object) -> PaymentRow:
    """A row of the payment table. Raises Unreadable."""
    found = _object(row)
    summary = read_summary(found)
    method = found.get("paymentMethod")
    type_ = method.get("type") if isinstance(method, dict) else method
    return PaymentRow(
        reference=str(summary["id"]),
        status=str(summary["status"]),
        amount_cents=_cents(found, "amount"),
        created_at_ms=instant_ms(summary["createdDate"]),
        medium=str(summary["paymentMedium"]),
        patient_id=_text_or_none(found, "patientId"),
        is_plan=found.get("isPaymentPlan") is not None and _flag(found, "isPaymentPlan"),
        method_type=type_ if isinstance(type_, str) and type_ in METHOD_TYPES else None,
        refunds=tuple(_refund(each) for each in _list_or_empty(found, "refunds")),
        summary=summary,
    )


def read_table(answer: Response) -> tuple[tuple[PaymentRow, ...], int]:
    """The rows of a page of the payment table, and how many there are on all pages."""
    items = _object(read_object(answer).get("items"))
    return tuple(read_row(row) for row in _list(items, "data")), _whole(items.get("total"), "total")


def read_receipt_charges(answer: Response) -> frozenset[str]:
    """The ids of the charges that a payment paid for, by its receipt."""
    charges = _list(read_object(answer), "charges")
    return frozenset(_text(_object(charge), "id") for charge in charges)


def read_refund(answer: Response) -> Refund:
    """The refund of an answer."""
    return _refund(read_object(answer))


def _refund(value: object) -> Refund:
    found = _object(value)
    return Refund(
        refund_id=_text(found, "id"),
        amount_cents=_cents(found, "amount"),
        status=_word(found, "status", PAYMENT_STATUSES),
        created_at_ms=instant_ms(found.get("createdDate")),
        reason=_words_or_none(found, "reason"),
    )


# Payins and plans


def read_payin(answer: Response) -> Mapping[str, object]:
    """What the component in the patient's browser needs. Raises Unreadable."""
    found = read_object(answer)
    return {
        "sessionKey": _text(found, "sessionKey", _TEXT_MAX_CHARS * 16),
        "payinConfigId": _text(found, "payinConfigId"),
        "sandbox": _flag(found, "sandbox"),
        "paymentMethods": [_method(each) for each in _list_or_empty(found, "paymentMethods")],
    }


def _method(value: object) -> object:
    """A payment method: an object, or the bare word of its type."""
    if isinstance(value, str):
        return scrub(value)
    found = _object(value)
    shown = {name: _shown(name, found[name]) for name in _METHOD_FIELDS if name in found}
    return {**shown, "routingNumber": None}


def _shown(name: str, value: object) -> object:
    """A simple value as it is; nothing of an object."""
    if isinstance(value, str):
        return without_numbers(value) if name in _METHOD_WORDS else value
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str)]
    return value if isinstance(value, bool | int | None) else None


def read_plans(answer: Response) -> tuple[PlanRow, ...]:
    """The rows of the report on payment plans. Raises Unreadable."""
    return tuple(_plan(_object(row)) for row in _rows_of_report(loads(answer.body)))


def is_whole_report(answer: Response) -> bool:
    """Whether the report has all of its rows, as far as it says how many there are."""
    value = loads(answer.body)
    total = value.get("total") if isinstance(value, dict) else None
    return total is None or _whole(total, "total") <= len(_rows_of_report(value))


def _rows_of_report(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else _list(_object(value), "data")


def _plan(row: Mapping[str, Any]) -> PlanRow:
    created = row.get("createdDate")
    return PlanRow(
        plan_id=_text(row, "id"),
        patient_id=_text_or_none(row, "patientId"),
        charge_ids=_texts(row, "chargeIds"),
        status=_word(row, "status", PLAN_STATUSES),
        created_at_ms=None if created is None else instant_ms(created),
        planned=tuple(_planned(_object(each)) for each in _list(row, "plannedPayments")),
        initial_cents=_cents_or_none(row, "initialAmount"),
        total_cents=_cents_or_none(row, "totalAmount"),
    )


def _planned(row: Mapping[str, Any]) -> PlannedRow:
    return PlannedRow(
        planned_id=_text(row, "id"),
        amount_cents=_cents(row, "amount"),
        due_on=_day(row.get("paymentDate")),
        status=_word(row, "status", PLANNED_STATUSES),
    )


# Values


def instant_ms(text: object) -> int:
    """An ISO-8601 instant as epoch milliseconds; without an offset it is UTC. Raises Unreadable."""
    if not isinstance(text, str):
        raise Unreadable("no instant")
    try:
        at = datetime.fromisoformat(text)
        return round(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Unreadable("not an ISO-8601 instant") from error


def _day(text: object) -> date:
    if not isinstance(text, str):
        raise Unreadable("no date")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Unreadable("not an ISO-8601 date") from error


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def _list(found: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = found.get(name)
    if not isinstance(value, list):
        raise Unreadable(f"no list {name}")
    return value


def _list_or_empty(found: Mapping[str, Any], name: str) -> Sequence[Any]:
    return () if found.get(name) is None else _list(found, name)


def _text(found: Mapping[str, Any], name: str, max_chars: int = _TEXT_MAX_CHARS) -> str:
    """An id or a name: short, and nothing in it that cannot be written again."""
    value = found.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= max_chars or not value.isprintable():
        raise Unreadable(f"no {name}")
    return value


def _text_or_none(found: Mapping[str, Any], name: str) -> str | None:
    return None if found.get(name) is None else _text(found, name)


def _texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(_text({name: each}, name) for each in _list(found, name))


def _words_or_none(found: Mapping[str, Any], name: str) -> str | None:
    """The vendor's words for people, scrubbed."""
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{name} is no text")
    return None if value is None else scrub(value)


def _word(found: Mapping[str, Any], name: str, known: frozenset[str]) -> str:
    value = found.get(name)
    if not isinstance(value, str) or value not in known:
        raise Unreadable(f"no known {name}")
    return value


def _flag(found: Mapping[str, Any], name: str) -> bool:
    value = found.get(name)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} is neither true nor false")
    return value


def _whole(value: object, name: str) -> int:
    """A whole number, written with a fraction of zeros or without."""
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < _DIGITS_MAX:
        value = int(value) if value == value.to_integral_value() else None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_CENTS:
        raise Unreadable(f"{name} is no whole number")
    return value


def _cents(found: Mapping[str, Any], name: str) -> int:
    cents = _whole(found.get(name), name)
    if cents < 0:
        raise Unreadable(f"{name} is below zero")
    return cents


def _cents_or_none(found: Mapping[str, Any], name: str) -> int | None:
    return None if found.get(name) is None else _cents(found, name)


def _fee(found: Mapping[str, Any], name: str) -> int:
    """Zero where it is not said: documented for one of the fees, and true for a row's."""
    return 0 if found.get(name) is None else _whole(found[name], name)


def _instant_text(found: Mapping[str, Any], name: str) -> str:
    """An instant as the vendor wrote it."""
    text = _text(found, name)
    instant_ms(text)
    return text
