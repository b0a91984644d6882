"""The payment table: the vendor's only list of payments, filtered, sorted and in pages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from local.sandbox.decoda.books import Books
from local.sandbox.decoda.calls import Call, Verb
from local.sandbox.decoda.payments import Payment
from local.sandbox.decoda.refusals import Mistake, broken_rule, invalid
from local.sandbox.decoda.schemas import PAYMENT_STATUSES
from local.sandbox.messages import Response, json_response

_PER_PAGE, _PER_PAGE_MAX = 25, 100
_RANGE = 2
_SORT_KEYS: dict[str, Callable[[Payment], Any]] = {
    "created_date": lambda payment: payment.created_ms,
    "amount": lambda payment: payment.amount_cents,
    "status": lambda payment: payment.status,
}


class Table:
    """Filters that are not known here are ignored, as unknown query parameters are."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.verbs: Mapping[str, Verb] = {
            "list_payment_table": self._list,
            "get_payment": self._list,
            "get_payment_receipt": self._receipt,
        }

    def _list(self, call: Call) -> Response:
        page = call.integer("page", 1, lowest=1)
        per_page = min(call.integer("per_page", _PER_PAGE, lowest=1), _PER_PAGE_MAX)
        tests = self._tests(call)
        found = [
            payment for payment in self._candidates(call) if all(test(payment) for test in tests)
        ]
        found = _sorted(call, found)
        rows = found[(page - 1) * per_page : page * per_page]
        items = {"data": [self._row(payment) for payment in rows], "total": len(found)}
        return json_response(200, {"items": items, "hasInsurancePayments": False})

    def _candidates(self, call: Call) -> list[Payment]:
        """All payments of the tenant, or the one that is looked up."""
        if not call.texts("id"):
            return self._books.payments.all(call.tenant.id)
        found = (self._books.payments.get(payment_id) for payment_id in call.texts("id"))
        return [each for each in found if each and each.tenant == call.tenant.id]

    def _tests(self, call: Call) -> list[Callable[[Payment], bool]]:
        """What the query asks of a payment; an empty filter asks nothing."""
        one_of: dict[str, Callable[[Payment], str | None]] = {
            "patient_id": lambda payment: payment.patient_id,
            "external_patient_id": self._external_id,
            "payment_mediums": lambda payment: payment.medium,
            "status": lambda payment: payment.status,
            "last4": self._last4,
            "merchant_account_ids": lambda _: None,
        }
        _check_statuses(call.texts("status"))
        tests = [
            _one_of(call.texts(name), read) for name, read in one_of.items() if call.texts(name)
        ]
        return [*tests, _amount_test(call), _date_test(call)]

    def _external_id(self, payment: Payment) -> str | None:
        patient = self._books.patients.get(f"{payment.tenant}/{payment.patient_id}")
        return patient.external_id if patient else None

    def _last4(self, payment: Payment) -> str | None:
        method = self._books.methods.get(payment.method_id or "")
        return method.last4 if method else None

    def _row(self, payment: Payment) -> dict[str, Any]:
        """No payin, no payin config and no reason of a failure: the table does not have them."""
        patient = self._books.patient(payment.tenant, payment.patient_id)
        method = self._books.methods.get(payment.method_id or "")
        summary = payment.shown()
        names = ("id", "patientId", "amount", "currency", "status", "paymentMedium")
        return {
            **{name: summary[name] for name in (*names, "fee", "feeToPatient", "createdDate")},
            "firstName": patient.first_name,
            "lastName": patient.last_name,
            "externalPatientId": patient.external_id,
            "email": None,
            "phoneNumber": None,
            "comment": None,
            "paymentMethod": method.shown() if method else None,
            "refunds": [refund.shown() for refund in payment.refunds],
            "creator": None,
            "isPaymentPlan": payment.plan_id is not None,
            "items": [],
            "isInsurancePayment": False,
            "locationId": None,
        }

    def _receipt(self, call: Call) -> Response:
        """Without a status, as the vendor's."""
        payment = self._books.payment(call.tenant.id, call.parameters["payment_id"])
        patient = self._books.patient(payment.tenant, payment.patient_id)
        charges = [self._books.charge(payment.tenant, each) for each in payment.charge_ids]
        names = {"id": patient.id, "firstName": patient.first_name, "lastName": patient.last_name}
        receipt = {
            "id": payment.id,
            "patient": names,
            "amount": payment.amount_cents,
            "charges": [charge.shown() for charge in charges],
            "refunds": [refund.shown() for refund in payment.refunds],
            "createdDate": payment.shown()["createdDate"],
            "paymentMedium": payment.medium,
            "feeToPatient": 0,
            "hasItems": False,
            "hasPackages": False,
        }
        return json_response(200, receipt)


def _sorted(call: Call, payments: list[Payment]) -> list[Payment]:
    """Newest first unless the query says otherwise."""
    sort_by = call.query.get("sort_by", "created_date")
    direction = call.query.get("sort_direction", "desc")
    if direction not in ("asc", "desc"):
        rule = "Input should be 'asc' or 'desc'"
        raise invalid([Mistake(("query", "sort_direction"), rule, "literal_error")])
    if sort_by not in _SORT_KEYS:
        raise broken_rule(f"Cannot sort by {sort_by}")
    if direction == "desc":
        payments = payments[::-1]  # of the same moment, the later one first
    return sorted(payments, key=_SORT_KEYS[sort_by], reverse=direction == "desc")


def _one_of(
    values: Collection[str], read: Callable[[Payment], str | None]
) -> Callable[[Payment], bool]:
    return lambda payment: read(payment) in values


def _check_statuses(values: list[str]) -> None:
    if not set(values) <= set(PAYMENT_STATUSES):
        rule = "Input should be one of " + ", ".join(PAYMENT_STATUSES)
        raise invalid([Mistake(("query", "status", 0), rule, "enum")])


def _amount_test(call: Call) -> Callable[[Payment], bool]:
    """One amount is that amount, two are from and to."""
    texts = call.texts("amount")
    if not all(text.isascii() and text.isdigit() for text in texts):
        rule = "Input should be a valid integer, unable to parse string as an integer"
        raise invalid([Mistake(("query", "amount", 0), rule, "int_parsing")])
    amounts = [int(text) for text in texts]
    if len(amounts) == _RANGE:
        return lambda payment: amounts[0] <= payment.amount_cents <= amounts[1]
    return lambda payment: not amounts or payment.amount_cents in amounts


def _date_test(call: Call) -> Callable[[Payment], bool]:
    """One moment is from then on, two are from and to."""
    moments = [_moment(text) for text in call.texts("created_date")]
    if not moments:
        return lambda _: True
    last = moments[1] if len(moments) == _RANGE else None
    return lambda payment: (
        moments[0] <= payment.created_ms and (last is None or payment.created_ms <= last)
    )


def _moment(text: str) -> int:
    """Epoch milliseconds; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        rule = "Input should be a valid datetime"
        mistake = Mistake(("query", "created_date"), rule, "datetime_from_date_parsing")
        raise invalid([mistake]) from None
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
