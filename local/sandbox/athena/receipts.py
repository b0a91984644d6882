"""Receipts: every charge of a card, every void and every stored card leaves one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from local.sandbox.athena import wire
from local.sandbox.athena.accounts import Allocation, Split
from local.sandbox.athena.calls import Call
from local.sandbox.athena.cards import BRAND_NAMES, Card
from local.sandbox.athena.patients import Patients, check_department, number_of_path
from local.sandbox.athena.practices import VENDOR
from local.sandbox.athena.refusals import not_found
from local.sandbox.messages import Response, json_response
from local.sandbox.store import Document, Store

Type = Literal["PURCHASE", "VOID", "AUTHORIZATION"]
PURCHASE: Type = "PURCHASE"
VOID: Type = "VOID"
AUTHORIZATION: Type = "AUTHORIZATION"
_RECEIPT = "athena_receipt"
_TERMS = "I agree to pay the amount above according to my card issuer agreement."


@dataclass(frozen=True)
class Contract:
    """A stored card that may be charged later, up to a maximum."""

    contract_id: int
    appointment_id: int
    department_id: int
    maximum_cents: int


@dataclass(frozen=True)
class Receipt:
    """`settles_ms` is when a purchase can be voided no longer; `settled` says that it was."""

    epayment_id: int
    practice_id: str
    patient_id: int
    type: Type
    amount_cents: int
    card: Card
    at_ms: int
    settles_ms: int = 0
    settled: bool = False
    voided: bool = False
    split: Split = field(default_factory=Split)
    allocation: Allocation | None = None
    contract: Contract | None = None

    @classmethod
    def from_document(cls, document: Document) -> Receipt:
        allocation, contract = document["allocation"], document["contract"]
        nested = {
            "card": Card(**document["card"]),
            "split": Split(**document["split"]),
            "allocation": Allocation(**allocation) if allocation else None,
            "contract": Contract(**contract) if contract else None,
        }
        return cls(**{**document, **nested})


class Receipts:
    """Kept per practice, listed per patient, oldest first."""

    def __init__(self, store: Store, patients: Patients) -> None:
        self._store = store
        self._patients = patients

    def save(self, receipt: Receipt) -> None:
        name = f"{receipt.practice_id}/{receipt.epayment_id}"
        parent = f"{receipt.practice_id}/{receipt.patient_id}"
        self._store.put(VENDOR, _RECEIPT, name, asdict(receipt), parent)

    def get(self, practice_id: str, epayment_id: int) -> Receipt | None:
        body = self._store.get(VENDOR, _RECEIPT, f"{practice_id}/{epayment_id}")
        return Receipt.from_document(body) if body else None

    def of_patient(self, practice_id: str, patient_id: int) -> list[Receipt]:
        found = self._store.all(VENDOR, _RECEIPT, f"{practice_id}/{patient_id}")
        return [Receipt.from_document(body) for body in found]

    def of_path(self, call: Call) -> Receipt:
        """The receipt in the path, of the patient in the path; raises Refused."""
        patient = self._patients.of_path(call)
        receipt = self.get(call.practice_id, number_of_path(call, "epayment_id"))
        if receipt is None or receipt.patient_id != patient.id:
            raise not_found("epayment")
        return receipt

    def list(self, call: Call) -> Response:
        patient = self._patients.of_path(call)
        check_department(patient, call)
        found = self.of_patient(call.practice_id, patient.id)
        return json_response(200, [_shown(receipt) for receipt in found])

    def contracts(self, call: Call) -> Response:
        patient = self._patients.of_path(call)
        check_department(patient, call)
        found = self.of_patient(call.practice_id, patient.id)
        contracts = [_contract(receipt) for receipt in found if receipt.contract]
        return json_response(200, {"contracts": contracts, "totalcount": len(contracts)})

    def text(self, call: Call) -> Response:
        """The receipt as it is printed, for the customer unless the merchant's is asked for."""
        receipt = self.of_path(call)
        whose = "Merchant" if call.form.flag("merchantversion") else "Customer"
        card = f"{BRAND_NAMES.get(receipt.card.brand, 'Card')} ending in {receipt.card.last4}"
        html = (
            f"<html><body><h1>{receipt.type}</h1><p>{whose} copy</p>"
            f"<p>Receipt {receipt.epayment_id}, {wire.timestamp(receipt.at_ms)}</p>"
            f"<p>{card}: ${wire.money(receipt.amount_cents)}</p></body></html>"
        )
        return json_response(200, {"receipt": html})

    def details(self, call: Call) -> Response:
        receipt = self.of_path(call)
        split = receipt.split
        as_json = call.form.flag("termsasjson")
        details = {
            **_shown(receipt),
            "patientid": wire.listed_id(receipt.patient_id),
            "copayamount": wire.money(split.copay_cents),
            "otheramount": wire.money(split.other_cents),
            "claimpayments": [
                {"claimid": claim_id, "amount": wire.money(cents)}
                for claim_id, cents in split.claims.items()
            ],
            "terms": [_TERMS] if as_json else f"<p>{_TERMS}</p>",
        }
        if split.appointment_id:
            details["appointmentid"] = wire.listed_id(split.appointment_id)
        return json_response(200, details)


def _shown(receipt: Receipt) -> dict[str, Any]:
    """The documented fields of a receipt in a list."""
    shown = {
        "epaymentid": wire.listed_id(receipt.epayment_id),
        "amount": wire.money(receipt.amount_cents),
        "type": receipt.type,
        **_card(receipt),
    }
    contract = receipt.contract
    if contract:
        shown["contractid"] = wire.listed_id(contract.contract_id)
        shown["epaymentcontractbalance"] = wire.money(contract.maximum_cents)
        shown["epaymentcontractmaxamount"] = wire.money(contract.maximum_cents)
    return shown


def _contract(receipt: Receipt) -> dict[str, Any]:
    contract = receipt.contract
    assert contract is not None
    return {
        "contractid": wire.listed_id(contract.contract_id),
        "epaymentid": wire.listed_id(receipt.epayment_id),
        "appointmentid": wire.listed_id(contract.appointment_id),
        "departmentid": wire.listed_id(contract.department_id),
        "contractclass": "SINGLEAPPOINTMENT",
        "maxamount": wire.money(contract.maximum_cents),
        "availablebalance": wire.money(contract.maximum_cents),
        **_card(receipt),
    }


def _card(receipt: Receipt) -> dict[str, Any]:
    return {
        "cardtypeabbreviation": receipt.card.brand,
        "cardtypename": BRAND_NAMES.get(receipt.card.brand, ""),
        "cardnumberlast4digits": receipt.card.last4,
        "requestdate": wire.timestamp(receipt.at_ms),
    }
