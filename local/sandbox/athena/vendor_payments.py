"""What a payment vendor reports: payments and refunds it made, discounts it gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from local.sandbox.athena import amounts, methods, wire
from local.sandbox.athena.accounts import Allocation, Entry, Patient
from local.sandbox.athena.calls import Call, Verb, move
from local.sandbox.athena.magic import magic
from local.sandbox.athena.numbers import new_number
from local.sandbox.athena.patients import Patients, number_of_path
from local.sandbox.athena.practices import VENDOR
from local.sandbox.athena.refusals import invalid, not_found, refused
from local.sandbox.messages import Response, json_response
from local.sandbox.store import Document
from local.sandbox.vendor import Tools

_DUPLICATE_WINDOW_MS = 6 * 3_600_000
_REFERENCE_MAX = 32
_PAYMENT, _REFERENCE, _REFUND = (
    "athena_vendor_payment",
    "athena_vendor_reference",
    "athena_vendor_refund",
)


@dataclass(frozen=True)
class VendorPayment:
    """`refunded_by` is the externalrefid of its refund."""

    payment_id: int
    patient_id: int
    amount_cents: int
    at_ms: int
    allocation: Allocation
    refunded_by: str = ""

    @classmethod
    def from_document(cls, document: Document) -> VendorPayment:
        return cls(**{**document, "allocation": Allocation(**document["allocation"])})


@dataclass(frozen=True)
class Refund:
    """`kind` is REFUND of a settled payment, VOID of another one."""

    refund_id: int
    payment_id: int
    kind: str
    at_ms: int


class VendorPayments:
    """References are unique per payment vendor, those of refunds among the refunds."""

    def __init__(self, tools: Tools, patients: Patients) -> None:
        self._tools = tools
        self._patients = patients
        self.verbs: Mapping[str, Verb] = {
            "record_vendor_payment": self._record,
            "refund_vendor_payment": self._refund,
            "list_vendor_payment_methods": self._list_methods,
        }

    def _record(self, call: Call) -> Response:
        form = call.form
        names = ["departmentid", "patientid", "externalrefid", "paymentmethod"]
        names += [*methods.needed(form, terminal=True), *amounts.needed(form)]
        form.require(names)
        patient = self._patients.of_field(call)
        split = amounts.split_of(form, patient)
        day = self._check_common(call)
        earlier = self._with_reference(call)
        if earlier:
            if (earlier.patient_id, earlier.amount_cents) != (patient.id, split.total_cents):
                raise refused(400, "This externalrefid was used for another payment.")
            if call.now_ms - earlier.at_ms < _DUPLICATE_WINDOW_MS:
                return _recorded(earlier, previously=True)
        if not form.flag("movetounappliedifoverpay"):
            amounts.refuse_overpaid_claims(split, patient)
        if magic(split.total_cents).refuse_posting:
            raise refused(400, "The payment could not be posted.")
        payment = VendorPayment(
            payment_id=new_number(self._tools),
            patient_id=patient.id,
            amount_cents=split.total_cents,
            at_ms=call.now_ms,
            allocation=patient.pay(split, Entry(day)),
        )
        self._patients.save(patient)
        self._save(call, payment)
        reference = {"payment_id": payment.payment_id}
        self._tools.store.put(VENDOR, _REFERENCE, _reference_key(call), reference)
        move(self._tools, call, payment.payment_id, payment.amount_cents, "in")
        return _recorded(payment, previously=False)

    def _refund(self, call: Call) -> Response:
        form = call.form
        names = ["departmentid", "patientid", "externalrefid", "paymentmethod"]
        form.require([*names, *methods.needed(form, terminal=True, number=False)])
        patient = self._patients.of_field(call)
        payment = self._get(call, number_of_path(call, "payment_id"))
        if payment is None or payment.patient_id != patient.id:
            raise not_found("patient payment")
        day = self._check_common(call)
        if not form.flag("fullrefund", default=True):
            raise invalid("fullrefund", "must be true: use adjustingcharges for a part")
        kind = "REFUND" if form.flag("ispaymentsettled") else "VOID"
        earlier = self._refund_with_reference(call)
        if earlier and earlier.payment_id == payment.payment_id:
            return _refunded(earlier)
        if earlier:
            raise refused(400, "This externalrefid was used for another refund.")
        if payment.refunded_by:
            raise refused(400, "This payment has already been refunded.")
        refund = Refund(new_number(self._tools), payment.payment_id, kind, call.now_ms)
        self._book(call, patient, payment, refund, day)
        return _refunded(refund)

    def _book(
        self, call: Call, patient: Patient, payment: VendorPayment, refund: Refund, day: str
    ) -> None:
        patient.take_back(payment.allocation, Entry(day, transfertype=refund.kind))
        self._patients.save(patient)
        self._save(call, replace(payment, refunded_by=call.form.text("externalrefid")))
        self._tools.store.put(VENDOR, _REFUND, _reference_key(call), asdict(refund))
        move(self._tools, call, payment.payment_id, payment.amount_cents, "out")

    def _check_common(self, call: Call) -> str:
        """The fields of payments and refunds alike; answers the day they count for."""
        methods.check(call.form, methods.VENDOR_METHODS)
        call.form.text("externalrefid", _REFERENCE_MAX)
        call.form.date("bankdepositdate")
        return wire.date_text(call.form.date("postdate") or wire.today(call.now_ms))

    def _save(self, call: Call, payment: VendorPayment) -> None:
        name = call.key(call.parameters["vendor_code"], payment.payment_id)
        self._tools.store.put(VENDOR, _PAYMENT, name, asdict(payment))

    def _get(self, call: Call, payment_id: int) -> VendorPayment | None:
        name = call.key(call.parameters["vendor_code"], payment_id)
        body = self._tools.store.get(VENDOR, _PAYMENT, name)
        return VendorPayment.from_document(body) if body else None

    def _with_reference(self, call: Call) -> VendorPayment | None:
        """The payment that was recorded last under the reference."""
        body = self._tools.store.get(VENDOR, _REFERENCE, _reference_key(call))
        return self._get(call, body["payment_id"]) if body else None

    def _refund_with_reference(self, call: Call) -> Refund | None:
        body = self._tools.store.get(VENDOR, _REFUND, _reference_key(call))
        return Refund(**body) if body else None

    def _list_methods(self, _: Call) -> Response:
        return json_response(200, methods.shown(methods.VENDOR_METHODS))


def _reference_key(call: Call) -> str:
    return call.key(call.parameters["vendor_code"], call.form.text("externalrefid"))


def _recorded(payment: VendorPayment, *, previously: bool) -> Response:
    answer = {
        "patientpaymentid": wire.posted_id(payment.payment_id),
        "previouslyrecordedyn": "true" if previously else "false",
    }
    return json_response(200, answer)


def _refunded(refund: Refund) -> Response:
    answer = {
        "patientpaymentid": wire.posted_id(refund.refund_id),
        "recordedtime": wire.timestamp(refund.at_ms),
    }
    return json_response(200, answer)
