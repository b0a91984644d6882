"""Settling charges with a patient's credit: the oldest credit first, the charges in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.sandbox.decoda.accounts import Charge, Credit, Patient
from local.sandbox.decoda.books import Books
from local.sandbox.decoda.calls import Call, Verb, move
from local.sandbox.decoda.events import Events
from local.sandbox.decoda.magic import magic
from local.sandbox.decoda.payments import PATIENT_CREDIT, SUCCEEDED, Payment, Used
from local.sandbox.decoda.refusals import broken_rule, not_found
from local.sandbox.decoda.schemas import CHARGE_DETAIL
from local.sandbox.messages import Response, json_response
from local.sandbox.redaction import masked
from local.sandbox.vendor import Tools


class Settling:
    """All or nothing; the same request twice takes the credit twice."""

    def __init__(self, tools: Tools, books: Books, events: Events) -> None:
        self._tools = tools
        self._books = books
        self._events = events
        self.verbs: Mapping[str, Verb] = {"settle_with_credit": self._settle}

    def _settle(self, call: Call) -> Response:
        bodies, amount_cents = call.list_and_integer(CHARGE_DETAIL, "amount")
        patient = self._patient(call, bodies)
        charges, new = self._charges(call, patient, bodies)
        credits_ = self._credits(call, patient)
        _check(amount_cents, charges, credits_)
        for charge in new:
            self._books.charges.save(charge)
            self._events.charge("CHARGE_CREATED", charge, call.now_ms)
        payment = self._pay(call, charges, credits_, amount_cents)
        return json_response(200, payment.shown())

    def _patient(self, call: Call, bodies: list[Any]) -> Patient:
        """The one patient of all charges."""
        if not bodies:
            raise broken_rule("At least one charge is required")
        if len({body["patientId"] for body in bodies}) > 1:
            raise broken_rule("All charges must belong to the same patient")
        return self._books.patient(call.tenant.id, bodies[0]["patientId"])

    def _charges(
        self, call: Call, patient: Patient, bodies: list[Any]
    ) -> tuple[list[Charge], list[Charge]]:
        """The charges that are named, and those among them that are new with this request."""
        charges: list[Charge] = []
        new: list[Charge] = []
        for body in bodies:
            charge = self._books.charges.get(f"{call.tenant.id}/{body.get('id') or ''}")
            if charge is None:
                charge = _new_charge(call, body, body.get("id") or self._tools.ids.uuid())
                new.append(charge)
            if charge.patient_id != patient.id:
                raise broken_rule(f"Charge {charge.id} does not belong to the patient")
            if charge.status != "OUTSTANDING":
                raise broken_rule(f"Charge {charge.id} is not outstanding")
            charges.append(charge)
        if len({charge.id for charge in charges}) < len(charges):
            raise broken_rule("A charge must not be listed twice")
        return charges, new

    def _credits(self, call: Call, patient: Patient) -> list[Credit]:
        """What may be used, oldest first; only those that the query names, if it names any."""
        wanted = call.texts("credit_ids")
        for credit_id in wanted:
            credit = self._books.credits.get(f"{call.tenant.id}/{credit_id}")
            if credit is None or credit.patient_id != patient.id:
                raise not_found("Patient credit")
        found = self._books.available_credits(patient, call.now_ms)
        return [credit for credit in found if not wanted or credit.id in wanted]

    def _pay(
        self, call: Call, charges: list[Charge], credits_: list[Credit], amount_cents: int
    ) -> Payment:
        charge_ids = [charge.id for charge in charges]
        payment = Payment(
            tenant=call.tenant.id,
            id=self._tools.ids.uuid(),
            patient_id=charges[0].patient_id,
            charge_ids=charge_ids,
            amount_cents=amount_cents,
            status=SUCCEEDED,
            medium=PATIENT_CREDIT,
            created_ms=call.now_ms,
            updated_ms=call.now_ms,
            parts=self._books.pay(call.tenant.id, charge_ids, amount_cents),
            used=self._use(credits_, amount_cents),
        )
        self._books.payments.save(payment)
        move(self._tools, call.operation, payment.id, amount_cents, "in", call.now_ms)
        for type_ in ("PAYMENT_CREATED", "PAYMENT_SUCCEEDED", "CHARGE_PAYMENT_CREATED"):
            self._events.payment(type_, payment, call.now_ms)
        return payment

    def _use(self, credits_: list[Credit], amount_cents: int) -> list[Used]:
        used: list[Used] = []
        for credit in credits_:
            part_cents = min(credit.left_cents, amount_cents - sum(u.amount_cents for u in used))
            if part_cents > 0:
                left_cents = credit.left_cents - part_cents
                self._books.credits.save(replace(credit, left_cents=left_cents))
                used.append(Used(credit.id, part_cents))
        return used


def _check(amount_cents: int, charges: list[Charge], credits_: list[Credit]) -> None:
    """Raises Refused; nothing was applied until here."""
    if amount_cents <= 0:
        raise broken_rule("Amount must be greater than 0")
    if amount_cents > sum(charge.outstanding_cents for charge in charges):
        raise broken_rule("Amount exceeds the outstanding balance of the charges")
    if amount_cents > sum(credit.left_cents for credit in credits_):
        raise broken_rule("Insufficient patient credit")
    if magic(amount_cents).refuse_credit:
        raise broken_rule("Patient credit cannot be used")


def _new_charge(call: Call, body: dict[str, Any], charge_id: str) -> Charge:
    """A charge that the caller made up: the vendor takes it as it comes."""
    outstanding_cents = body["totalOutstanding"]
    if outstanding_cents <= 0:
        raise broken_rule("A new charge must have an outstanding amount")
    if body.get("status", "OUTSTANDING") != "OUTSTANDING":
        raise broken_rule("A new charge must be outstanding")
    return Charge(
        tenant=call.tenant.id,
        id=masked(charge_id),
        patient_id=body["patientId"],
        total_cents=body.get("total", 0) or outstanding_cents,
        outstanding_cents=outstanding_cents,
        status="OUTSTANDING",
        description=masked(body.get("description") or ""),
        external_id=masked(body["externalId"]) if body.get("externalId") else None,
        created_ms=call.now_ms,
    )
