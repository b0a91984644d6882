"""Everything that is kept of a tenant's money, on shelves; patients are there from the start."""

from __future__ import annotations

from dataclasses import replace

from local.sandbox.decoda import seeds
from local.sandbox.decoda.accounts import Charge, Credit, Method, Patient
from local.sandbox.decoda.payments import Part, Payment
from local.sandbox.decoda.plans import Plan
from local.sandbox.decoda.refusals import not_found
from local.sandbox.decoda.tenants import VENDOR
from local.sandbox.shelf import Shelf
from local.sandbox.store import Store

_PLANTED = "decoda_planted"


class Books:
    """Reading takes a tenant first, so that none can see another's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.patients = Shelf(store, VENDOR, "decoda_patient", lambda body: Patient(**body))
        self.charges = Shelf(store, VENDOR, "decoda_charge", lambda body: Charge(**body))
        self.credits = Shelf(store, VENDOR, "decoda_credit", lambda body: Credit(**body))
        self.methods = Shelf(store, VENDOR, "decoda_method", lambda body: Method(**body))
        self.payments = Shelf(store, VENDOR, "decoda_payment", Payment.from_document)
        self.plans = Shelf(store, VENDOR, "decoda_plan", Plan.from_document)

    def plant(self, tenant: str, patients: int = seeds.PATIENTS) -> None:
        """Seed a tenant's patients, once after each reset."""
        if self._store.get(VENDOR, _PLANTED, tenant):
            return
        self._store.put(VENDOR, _PLANTED, tenant, {"tenant": tenant})
        for number in range(1, patients + 1):
            self.patients.save(seeds.patient(tenant, number))
            for charge in seeds.charges(tenant, number):
                self.charges.save(charge)
            for credit in seeds.credits_of(tenant, number):
                self.credits.save(credit)

    # What a request names; raises Refused

    def patient(self, tenant: str, patient_id: str) -> Patient:
        found = self.patients.get(f"{tenant}/{patient_id}")
        if found is None:
            raise not_found("Patient")
        return found

    def charge(self, tenant: str, charge_id: str) -> Charge:
        found = self.charges.get(f"{tenant}/{charge_id}")
        if found is None:
            raise not_found("Charge")
        return found

    def payment(self, tenant: str, payment_id: str) -> Payment:
        found = self.payments.get(payment_id)
        if found is None or found.tenant != tenant:
            raise not_found("Payment")
        return found

    # Charges as money comes and goes

    def pay(self, tenant: str, charge_ids: list[str], amount_cents: int) -> list[Part]:
        """Pay charges in their order; answers which got how much."""
        left_cents = amount_cents
        parts = []
        for charge_id in charge_ids:
            charge = self.charge(tenant, charge_id)
            part_cents = min(left_cents, charge.outstanding_cents)
            if part_cents > 0:
                parts.append(Part(charge_id, part_cents))
                left_cents -= part_cents
                self._owe(charge, -part_cents)
        return parts

    def reopen(self, tenant: str, parts: list[Part]) -> None:
        """What had been paid is owed again."""
        for part in parts:
            self._owe(self.charge(tenant, part.charge_id), part.amount_cents)

    def _owe(self, charge: Charge, cents: int) -> None:
        outstanding_cents = charge.outstanding_cents + cents
        unpaid = "PAYMENT_PLAN" if charge.plan_id else "OUTSTANDING"
        status = unpaid if outstanding_cents else "PAID"
        self.charges.save(replace(charge, outstanding_cents=outstanding_cents, status=status))

    def join_plan(self, plan: Plan) -> None:
        for charge_id in plan.charge_ids:
            charge = self.charge(plan.tenant, charge_id)
            self.charges.save(replace(charge, plan_id=plan.id, status="PAYMENT_PLAN"))

    def leave_plan(self, plan: Plan) -> None:
        """What is still owed of it is simply outstanding."""
        for charge_id in plan.charge_ids:
            charge = replace(self.charge(plan.tenant, charge_id), plan_id=None)
            if charge.status == "PAYMENT_PLAN":
                self._owe(charge, 0)
            else:
                self.charges.save(charge)

    # Credit and methods

    def listed_methods(self, tenant: str, patient_id: str) -> list[Method]:
        return [each for each in self.methods.all(f"{tenant}/{patient_id}") if each.listed]

    def available_credits(self, patient: Patient, now_ms: int) -> list[Credit]:
        """Oldest first."""
        found = [each for each in self.credits.all(patient.name) if each.is_available(now_ms)]
        return sorted(found, key=lambda credit: credit.created_ms)
