"""What callers ask for on athenahealth's paths, with so few values that requests meet."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from payhub.entrypoints import athena as dialect
from payhub.entrypoints import representations
from payhub.operations.adjust_charges import AdjustCharges, adjust_charges
from payhub.operations.collect_payment import CollectPayment, collect_payment
from payhub.operations.get_receipt import GetReceipt, get_receipt
from payhub.operations.get_receipt_details import GetReceiptDetails, get_receipt_details
from payhub.operations.list_receipts import ListReceipts, list_receipts
from payhub.operations.record_payment import RecordPayment, record_payment
from payhub.operations.record_vendor_payment import RecordVendorPayment, record_vendor_payment
from payhub.operations.refund_vendor_payment import RefundVendorPayment, refund_vendor_payment
from payhub.operations.start_payment_plan import StartPaymentPlan, start_payment_plan
from payhub.operations.store_card import StoreCard, store_card
from payhub.operations.void_collected_payment import VoidCollectedPayment, void_collected_payment
from payhub.operations.void_payment import VoidPayment, void_payment

PRACTICE, CODE = "195900", "ACME"
PATIENTS = (1, 2)
AMOUNTS = ("25.00", "25.00", "25.00", "10.50", "10.50", "4.02", "4.09", "4.22")
"""The last three are declined, settled at once, and not to be posted."""

NUMBERS = {"VISA": "4111111111111111", "MASTERCARD": "5555555555554444"}
DECLINED = "4000000000000002"
SECURITY_CODE, NAME, ADDRESS, ZIP = "8642", "Zenobia Quill", "77 Wyvern Row", "90417"
SECRETS = (*NUMBERS.values(), DECLINED, NAME, ADDRESS, SECURITY_CODE)
KEYS = (None, None, "k0", "k1", "k2")

READS: Mapping[str, tuple[Callable[..., Any], type[Any]]] = {
    "list_receipts": (list_receipts, ListReceipts),
    "get_receipt": (get_receipt, GetReceipt),
    "get_receipt_details": (get_receipt_details, GetReceiptDetails),
}
OPERATIONS: Mapping[str, tuple[Callable[..., Any], type[Any], Callable[..., Any]]] = {
    "collect_payment": (collect_payment, CollectPayment, dialect.card_answer),
    "store_card": (store_card, StoreCard, dialect.card_answer),
    "start_payment_plan": (start_payment_plan, StartPaymentPlan, dialect.plan_answer),
    "record_payment": (record_payment, RecordPayment, dialect.record_answer),
    "record_vendor_payment": (
        record_vendor_payment,
        RecordVendorPayment,
        dialect.vendor_payment_answer,
    ),
    "refund_vendor_payment": (refund_vendor_payment, RefundVendorPayment, dialect.refund_answer),
    "adjust_charges": (adjust_charges, AdjustCharges, dialect.adjust_answer),
    "void_collected_payment": (void_collected_payment, VoidCollectedPayment, dialect.void_answer),
    "void_payment": (void_payment, VoidPayment, representations.reply_answer),
}


@dataclass(frozen=True)
class Ask:
    """A request; two that are equal are the same request twice."""

    operation: str
    values: str

    @property
    def asked(self) -> dict[str, Any]:
        """The command's values."""
        values: dict[str, Any] = json.loads(self.values)
        return values

    @property
    def body(self) -> dict[str, Any]:
        """The fields of the form."""
        body: dict[str, Any] = self.asked.get("body", {})
        return body

    @property
    def key(self) -> str | None:
        """What tells a repeat for ever: the caller's key, or the reference in its place."""
        key: str | None = self.asked.get("idempotency_key")
        if self.operation != "record_vendor_payment":
            return key
        return key or self.body.get("externalrefid")

    @property
    def confirmed(self) -> bool:
        """Whether it is said to be other money than what was booked."""
        return bool(self.body.get("confirmnotduplicate"))

    @property
    def again(self) -> bool:
        """Whether the same again is meant."""
        return bool(self.body.get("allowduplicatepayments"))

    def __str__(self) -> str:
        told = {k: v for k, v in self.body.items() if k not in CARD_FIELDS}
        rest = {k: v for k, v in self.asked.items() if k not in ("body", "practice_id")}
        return (
            f"{self.operation} {json.dumps(rest | told)} {self.body.get('accountnumber', '')[:2]}"
        )


CARD_FIELDS = frozenset(
    {
        *("accountnumber", "nameoncard", "expirationmonthmm", "expirationyearyyyy"),
        *("billingaddress", "billingzip", "cardsecuritycode", "departmentid"),
    }
)


class Requests:
    """Draws requests."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def new(self) -> Ask:
        """A request for a payment."""
        draw = self._chance.choices(
            [self._collect, self._store, self._plan, self._record, self.report, self._adjust],
            [40, 6, 8, 18, 16, 12],
        )[0]
        return draw(self._chance.choice(PATIENTS))

    def report(self, patient: int) -> Ask:
        """What a payment vendor took from a patient."""
        body = {**self._method(), **self._amounts(patient), "patientid": str(patient)}
        body |= self._maybe(0.4, externalrefid=self._chance.choice(("R1", "R2")))
        body |= {"vendorterminalid": "T1"} if "cardnumberlast4" in body else {}
        return self._vendors("record_vendor_payment", body)

    def twin(self, of: Ask) -> Ask:
        """The same under another key, and declared to be meant."""
        body = {**of.body, "allowduplicatepayments": True, "confirmnotduplicate": True}
        if of.operation != "collect_payment":
            del body["confirmnotduplicate"]
        values = {**of.asked, "idempotency_key": self.key(), "body": body}
        return Ask(of.operation, json.dumps(values, sort_keys=True))

    def key(self) -> str | None:
        """One of few keys, or none."""
        return self._chance.choice(KEYS)

    def _maybe(self, share: float, **fields: Any) -> dict[str, Any]:
        return fields if self._chance.random() < share else {}

    def _card(self) -> dict[str, Any]:
        number = self._chance.choice([*NUMBERS.values(), *NUMBERS.values(), DECLINED])
        return {
            "departmentid": "1",
            "accountnumber": number,
            "nameoncard": NAME,
            "expirationmonthmm": "12",
            "expirationyearyyyy": "2039",
            "billingaddress": ADDRESS,
            "billingzip": ZIP,
            "cardsecuritycode": SECURITY_CODE,
        }

    def _amounts(self, patient: int) -> dict[str, Any]:
        """Mostly something else, now and then a claim or a copay."""
        roll = self._chance.random()
        if roll < 0.1:
            return {"claimpayment": [{str(patient * 100 + 1): "25.00"}]}
        if roll < 0.15:
            return {"copayamount": "25.00", "appointmentid": str(10_001 + patient * 10)}
        return {"otheramount": self._chance.choice(AMOUNTS)}

    def _patients(self, operation: str, patient: int, body: dict[str, Any], **more: str) -> Ask:
        return ask(operation, self.key(), body, patient_id=str(patient), **more)

    def _vendors(self, operation: str, body: dict[str, Any]) -> Ask:
        return ask(operation, self.key(), body, vendor_code=CODE)

    def _collect(self, patient: int) -> Ask:
        body = {**self._card(), **self._amounts(patient)}
        body |= self._maybe(0.15, allowduplicatepayments=True)
        body |= self._maybe(0.15, confirmnotduplicate=True)
        return self._patients("collect_payment", patient, body)

    def _store(self, patient: int) -> Ask:
        appointment = str(10_000 + patient * 10 + self._chance.choice((1, 2)))
        body = {**self._card(), **self._maybe(0.5, maxamount="100")}
        body |= self._maybe(0.1, allowduplicatepayments=True)
        return self._patients("store_card", patient, body, appointment_id=appointment)

    def _plan(self, patient: int) -> Ask:
        claims = self._chance.choice(((1,), (2,), (3,), (1, 3)))
        body = {
            **self._card(),
            "claimids": ",".join(str(patient * 100 + place) for place in claims),
            "cycleamount": "5.00",
            **self._maybe(0.7, downpaymentamount=self._chance.choice(("5.00", "10.50"))),
            **self._maybe(0.3, paymentplanname="Plan A"),
        }
        return self._patients("start_payment_plan", patient, body)

    def _method(self) -> dict[str, Any]:
        method = self._chance.choice(("CASH", "VISA", "VISA", "MASTERCARD"))
        number = NUMBERS.get(method)
        last4 = {} if number is None else {"cardnumberlast4": number[-4:]}
        return {"departmentid": "1", "paymentmethod": method, **last4}

    def _record(self, patient: int) -> Ask:
        body = {**self._method(), **self._amounts(patient)}
        body |= self._maybe(0.2, confirmnotduplicate=True)
        return self._patients("record_payment", patient, body)

    def _adjust(self, patient: int) -> Ask:
        places = self._chance.choice((("11",), ("21",), ("11", "21"), ("12", "99")))
        charges = [
            {
                "chargeid": f"{patient}0{place}",
                "adjustmentamount": self._chance.choice(("5.00", "0.70")),
            }
            for place in places
        ]
        return self._vendors("adjust_charges", {"patientid": str(patient), "charges": charges})

    def void(self, receipt: tuple[int, int], revision: int | None) -> Ask:
        """Void an (epaymentid, patient) by the vendor's path."""
        epayment_id, patient = receipt
        named = {} if revision is None else {"if_match": f'"{revision}"'}
        more = {"epayment_id": str(epayment_id), "patient_id": str(patient), **named}
        return ask("void_collected_payment", self.key(), {}, **more)

    def void_by_hub(self, payment_id: str, revision: int | None) -> Ask:
        """Void a payment by its id at the hub."""
        values = {"payment_id": payment_id, "idempotency_key": self.key()}
        values |= {} if revision is None else {"if_match": f'"{revision}"'}
        return Ask("void_payment", json.dumps(values))

    def refund(self, payment: tuple[int, int]) -> Ask:
        """Refund a (patientpaymentid, patient)."""
        payment_id, patient = payment
        body = {
            "departmentid": "1",
            "patientid": str(patient),
            "paymentmethod": "CASH",
            **self._maybe(0.3, externalrefid=self._chance.choice(("F1", "F2"))),
            **self._maybe(0.3, ispaymentsettled=True),
        }
        more = {"vendor_code": CODE, "patient_payment_id": str(payment_id)}
        return ask("refund_vendor_payment", self.key(), body, **more)


def ask(operation: str, key: str | None, body: dict[str, Any], **ids: str) -> Ask:
    """A request on a path of the practice."""
    values = {"practice_id": PRACTICE, **ids, "idempotency_key": key, "body": body}
    return Ask(operation, json.dumps(values, sort_keys=True))
