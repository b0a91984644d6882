"""What a patient owes: balances, claims and their charges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from local.sandbox.athena import wire
from local.sandbox.athena.accounts import Charge, Claim, Patient
from local.sandbox.athena.calls import Call, Verb
from local.sandbox.athena.patients import Patients
from local.sandbox.athena.receipts import Receipt, Receipts
from local.sandbox.messages import Response, json_response


class Balances:
    """Only reads."""

    def __init__(self, patients: Patients, receipts: Receipts) -> None:
        self._patients = patients
        self._receipts = receipts
        self.verbs: Mapping[str, Verb] = {
            "get_patient": self._get_patient,
            "list_outstanding_claims": self._outstanding,
            "list_outstanding_claims_detailed": self._outstanding_detailed,
        }

    def _get_patient(self, call: Call) -> Response:
        """A bare array with one patient, as the vendor answers."""
        patient = self._patients.of_path(call)
        shown: dict[str, Any] = {
            "patientid": wire.listed_id(patient.id),
            "firstname": patient.first_name,
            "lastname": patient.last_name,
            "departmentid": wire.listed_id(patient.departments[0]),
            "status": "active",
        }
        if call.form.flag("showbalancedetails"):
            every = call.form.flag("showallclaims")
            claims = [claim for claim in patient.claims if every or claim.outstanding_cents]
            shown["balances"] = [self._balance(call, patient)]
            shown["claimbalancedetails"] = [
                {
                    "providergroupid": patient.provider_group,
                    "claimdetails": [_claim_details(claim) for claim in claims],
                }
            ]
        return json_response(200, [shown])

    def _balance(self, call: Call, patient: Patient) -> dict[str, Any]:
        owed_cents = patient.outstanding_cents - patient.unapplied_cents
        planned = [claim for claim in patient.claims if claim.plan_id is not None]
        receipts = self._receipts.of_patient(call.practice_id, patient.id)
        return {
            "balance": wire.money(owed_cents),
            "cleanbalance": wire.money(owed_cents),
            "collectionsbalance": wire.money(0),
            "paymentplanbalance": wire.money(sum(claim.outstanding_cents for claim in planned)),
            "departmentlist": ",".join(str(each) for each in patient.departments),
            "providergroupid": wire.listed_id(patient.provider_group),
            "contracts": _contracts(receipts),
        }

    def _outstanding(self, call: Call) -> Response:
        return _claims(_claim(claim) for claim in self._open_claims(call))

    def _outstanding_detailed(self, call: Call) -> Response:
        return _claims(
            {**_claim(claim), "charges": [_charge(charge) for charge in claim.charges]}
            for claim in self._open_claims(call)
        )

    def _open_claims(self, call: Call) -> list[Claim]:
        """Those that the fields of the request ask for."""
        patient = self._patients.of_path(call)
        department_id = call.form.integer("departmentid")
        wanted = call.form.numbers("claimids")
        codes = {each for each in call.form.text("procedurecodes").split(",") if each}
        return [
            claim
            for claim in patient.claims
            if claim.outstanding_cents
            and department_id in (0, claim.department_id)
            and (not wanted or claim.id in wanted)
            and (not codes or codes & {charge.procedurecode for charge in claim.charges})
        ]


def _claims(claims: Iterable[dict[str, Any]]) -> Response:
    shown = list(claims)
    return json_response(200, {"claims": shown, "totalcount": len(shown)})


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "claimid": wire.listed_id(claim.id),
        "departmentid": wire.listed_id(claim.department_id),
        "servicedate": claim.date,
        "claimstatus": claim.status,
        "outstandingamount": wire.money(claim.outstanding_cents),
    }


def _charge(charge: Charge) -> dict[str, Any]:
    return {
        "chargeid": wire.listed_id(charge.id),
        "procedurecode": charge.procedurecode,
        "description": charge.description,
        "outstandingamount": wire.money(charge.outstanding_cents),
    }


def _claim_details(claim: Claim) -> dict[str, Any]:
    """Here amounts are JSON numbers."""
    cents = claim.outstanding_cents
    return {
        "claimid": wire.listed_id(claim.id),
        "departmentid": wire.listed_id(claim.department_id),
        "servicedate": claim.date,
        "cleanbalance": wire.number(cents),
        "patientbalance": wire.number(cents),
        "amount": wire.number(cents),
        "supervisingproviderid": claim.department_id,
        "chargeleveldetail": [_charge_details(charge) for charge in claim.charges],
    }


def _charge_details(charge: Charge) -> dict[str, Any]:
    transactions = []
    for each in charge.transactions:
        shown = {
            "id": each.id,
            "date": each.date,
            "type": each.type,
            "amount": wire.number(each.amount_cents),
        }
        if each.transfertype:
            shown["transfertype"] = each.transfertype
        if each.epayment_id:
            shown["epaymentid"] = wire.listed_id(each.epayment_id)
        transactions.append(shown)
    return {
        "id": wire.listed_id(charge.id),
        "procedurecode": charge.procedurecode,
        "description": charge.description,
        "amount": wire.number(charge.outstanding_cents),
        "transactions": transactions,
    }


def _contracts(receipts: list[Receipt]) -> list[dict[str, Any]]:
    return [
        {
            "availablebalance": wire.money(receipt.contract.maximum_cents),
            "contractclass": "SINGLEAPPOINTMENT",
            "maxamount": wire.money(receipt.contract.maximum_cents),
        }
        for receipt in receipts
        if receipt.contract
    ]
