"""Money from a patient's card: collect, void until the night, store a card for later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from local.sandbox.athena import amounts, card_rules, wire
from local.sandbox.athena.accounts import Entry, Patient, Split
from local.sandbox.athena.calls import Call, Verb, move
from local.sandbox.athena.cards import Card
from local.sandbox.athena.magic import magic
from local.sandbox.athena.numbers import new_number
from local.sandbox.athena.patients import Patients, check_department, number_of_path
from local.sandbox.athena.practices import VENDOR, Practices
from local.sandbox.athena.receipts import (
    AUTHORIZATION,
    PURCHASE,
    VOID,
    Contract,
    Receipt,
    Receipts,
)
from local.sandbox.athena.refusals import business_failure, not_found, refused
from local.sandbox.jobs import Job
from local.sandbox.messages import Response, json_response
from local.sandbox.vendor import Tools

_DUPLICATE_WINDOW_MS = 2 * 60_000
_DEFAULT_MAXIMUM_DOLLARS = 500
_EMAIL_MAX = 100
_SETTLEMENT = "settlement"
_UNSETTLED = "unsettled"


class Collecting:
    """A purchase is settled at the first 20:00 of New York after it."""

    def __init__(
        self, tools: Tools, practices: Practices, patients: Patients, receipts: Receipts
    ) -> None:
        self._tools = tools
        self._practices = practices
        self._patients = patients
        self._receipts = receipts
        self.verbs: Mapping[str, Verb] = {
            "collect_payment": self._collect,
            "void_collected_payment": self._void,
            "store_card": self._store_card,
        }

    def charge(self, call: Call, patient: Patient, card: Card, split: Split) -> Receipt:
        """Take the money and apply it to the account."""
        total_cents = split.total_cents
        epayment_id = new_number(self._tools)
        entry = Entry(wire.date_text(wire.today(call.now_ms)), epayment_id=epayment_id)
        at_once = magic(total_cents).settles_at_once
        receipt = Receipt(
            epayment_id=epayment_id,
            practice_id=call.practice_id,
            patient_id=patient.id,
            type=PURCHASE,
            amount_cents=total_cents,
            card=card,
            at_ms=call.now_ms,
            settles_ms=call.now_ms if at_once else wire.settlement_after(call.now_ms),
            settled=at_once,
            split=split,
            allocation=patient.pay(split, entry),
        )
        self._patients.save(patient)
        self._receipts.save(receipt)
        if not at_once:
            self._plan_settlement(receipt)
        move(self._tools, call, epayment_id, total_cents, "in")
        return receipt

    def settle(self, job: Job) -> None:
        """The night's job: what was bought until now can no longer be voided."""
        night = str(job.due_ms)
        for waiting in self._tools.store.all(VENDOR, _UNSETTLED, night):
            receipt = self._receipts.get(waiting["practice_id"], waiting["epayment_id"])
            if receipt:
                self._receipts.save(replace(receipt, settled=True))
            self._tools.store.remove(VENDOR, _UNSETTLED, waiting["name"])

    def _plan_settlement(self, receipt: Receipt) -> None:
        """One job for a night, whatever is settled in it."""
        night = str(receipt.settles_ms)
        if not self._tools.store.all(VENDOR, _UNSETTLED, night):
            self._tools.jobs.schedule(receipt.settles_ms, VENDOR, _SETTLEMENT, {})
        name = f"{receipt.practice_id}/{receipt.epayment_id}"
        body = {
            "name": name,
            "practice_id": receipt.practice_id,
            "epayment_id": receipt.epayment_id,
        }
        self._tools.store.put(VENDOR, _UNSETTLED, name, body, night)

    def _collect(self, call: Call) -> Response:
        form = call.form
        patient = self._patients.of_path(call)
        form.require(["departmentid", *card_rules.needed(form), *amounts.needed(form)])
        check_department(patient, call)
        presented = card_rules.present(form, call.now_ms)
        split = amounts.split_of(form, patient)
        form.flag("todayservice")
        declined = presented.declined or magic(split.total_cents).errortext
        if declined:
            return business_failure(declined)
        allowed = form.flag("allowduplicatepayments")
        if not allowed and self._is_duplicate(call, patient, presented.card, split):
            return business_failure("DUPLICATE TRANSACTION")
        receipt = self.charge(call, patient, presented.card, split)
        return _succeeded(receipt)

    def _is_duplicate(self, call: Call, patient: Patient, card: Card, split: Split) -> bool:
        since_ms = call.now_ms - _DUPLICATE_WINDOW_MS
        return any(
            receipt.type == PURCHASE
            and not receipt.voided
            and receipt.at_ms > since_ms
            and (receipt.amount_cents, receipt.card) == (split.total_cents, card)
            for receipt in self._receipts.of_patient(call.practice_id, patient.id)
        )

    def _void(self, call: Call) -> Response:
        """Give the money back on the same card, while it is not settled."""
        receipt = self._receipts.of_path(call)
        if receipt.type != PURCHASE:
            raise refused(400, "Only a purchase can be voided.")
        if receipt.voided:
            raise refused(400, "This payment has already been voided.")
        settled = receipt.settled or call.now_ms >= receipt.settles_ms
        if settled and not self._practices.voids_settled(call.practice_id):
            raise refused(400, "This payment has already been settled and cannot be voided.")
        patient = self._patients.of_path(call)
        void_id = new_number(self._tools)
        assert receipt.allocation is not None
        entry = Entry(wire.date_text(wire.today(call.now_ms)), epayment_id=void_id)
        patient.take_back(receipt.allocation, entry)
        self._patients.save(patient)
        self._receipts.save(replace(receipt, voided=True))
        void = replace(
            receipt,
            epayment_id=void_id,
            type=VOID,
            at_ms=call.now_ms,
            settles_ms=0,
            allocation=None,
        )
        self._receipts.save(void)
        move(self._tools, call, receipt.epayment_id, receipt.amount_cents, "out")
        return json_response(200, {"success": "true"})

    def _store_card(self, call: Call) -> Response:
        """No money moves: an authorization and a contract up to a maximum."""
        form = call.form
        patient = self._patients.of_path(call)
        form.require(["departmentid", *card_rules.needed(form, to_store=True)])
        department_id = check_department(patient, call)
        appointment_id = number_of_path(call, "appointment_id")
        if patient.appointment(appointment_id) is None:
            raise not_found("appointment")
        presented = card_rules.present(form, call.now_ms)
        form.text("email", _EMAIL_MAX)
        amounts.claims_of(form, patient)
        maximum_dollars = form.integer("maxamount") or _DEFAULT_MAXIMUM_DOLLARS
        if presented.declined:
            return business_failure(presented.declined)
        contract_id = new_number(self._tools)
        receipt = Receipt(
            epayment_id=new_number(self._tools),
            practice_id=call.practice_id,
            patient_id=patient.id,
            type=AUTHORIZATION,
            amount_cents=0,
            card=presented.card,
            at_ms=call.now_ms,
            contract=Contract(contract_id, appointment_id, department_id, maximum_dollars * 100),
        )
        self._receipts.save(receipt)
        return _succeeded(receipt)


def _succeeded(receipt: Receipt) -> Response:
    answer = {"epaymentid": wire.posted_id(receipt.epayment_id), "success": "true"}
    return json_response(200, answer)
