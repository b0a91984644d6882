"""The part of the tour at Decoda: credit, plans to their last cent, refunds, a year of time."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from local.tour_steps import Json, Steps

_SETTLE = "/billing/payment-terminal/charge/create-patient-credit-settled"
_PAYIN = "/billing/payment-plan/payin-config"
_PLAN = "/payment-plans"
_CREDIT_CENTS = 2500
_INITIAL_CENTS, _INSTALLMENT_CENTS, _INSTALLMENTS, _REMAINDER_CENTS = 10_000, 7_500, 12, 7
_TOTAL_CENTS = _INITIAL_CENTS + _INSTALLMENTS * _INSTALLMENT_CENTS + _REMAINDER_CENTS
_PART_CENTS = 1234
_DAY_SECONDS = 86_400
_BANK_DAYS, _YEAR_DAYS = 8, 360
"""Four bank days are eight days at most; with them a year and some days are over."""

_WAIT_SECONDS, _POLL_SECONDS = 60, 0.3


class DecodaTour(Steps):
    """Charges of its own, so that no play needs what an earlier one has paid."""

    def run(self) -> None:
        """Credit, then two plans: one to the last cent, one that falls through."""
        self.vendor_tenant = self.tenant["vendor_tenant_ids"]["decoda"]
        self.patient = str(self.patients()[0]["patient_id"])
        self.settled_with_credit()
        paid = self.planned("a plan", "CARD")
        returned = self.planned("another", "ACH")
        self.returned_by_the_bank(returned)
        self.paid_to_the_last_cent(paid)

    def settled_with_credit(self) -> None:
        self.control("credits", patient_id=self.patient, amount_cents=_CREDIT_CENTS)
        charges = [self.charge(_CREDIT_CENTS)]
        asked = {"amount": _CREDIT_CENTS}
        answer, payment = self.post("settle with credit", _SETTLE, charges, query=asked)
        self.expect(payment["status"] == "SUCCEEDED", "the credit pays the charge")
        again, repeated = self.post("the same again, no key", _SETTLE, charges, query=asked)
        self.expect(
            again == answer and repeated["paymentId"] == payment["paymentId"],
            "the same request without a key is a repeat",
        )
        more_cents = int(self.patients()[0]["available_credit_cents"]) + 1
        refused, declined = self.post(
            "more than the credit",
            _SETTLE,
            [self.charge(more_cents)],
            query={"amount": more_cents},
            status=400,
        )
        self.expect(isinstance(refused["detail"], str), "Decoda's refusal is told in its words")
        self.expect(declined["status"] == "declined", "nothing was settled")
        moved = self.movements("decoda", payment["vendorReference"])
        self.compare(payment, _CREDIT_CENTS, moved, "in")

    def planned(self, what: str, method: str) -> str:
        """Prepared, confirmed as the payer would, and running; answers the plan's id."""
        charge = self.charge(_TOTAL_CENTS)
        terms = {
            "initialAmount": _INITIAL_CENTS,
            "chargeIds": [charge["id"]],
            "frequency": "MONTHLY",
            "installments": _INSTALLMENTS,
            "installmentAmount": _INSTALLMENT_CENTS,
        }
        body = {"paymentMedium": "VIRTUAL_TERMINAL", "charges": [charge], "paymentPlan": terms}
        answer, payment = self.post(f"prepare {what}", _PAYIN, body, key=f"plan-{method}")
        self.expect(payment["status"] == "awaiting_payer", "the plan waits for its payer")
        plan_id = str(payment["paymentId"])
        self.control("payins", payin_config_id=answer["payinConfigId"], method=method)
        word = "PROCESSING" if method == "ACH" else "SUCCEEDED"
        plan = self.until(
            f"confirmed by {method.lower()}",
            plan_id,
            lambda it: it["status"] == "active" and _words(it) == [word],
        )
        cents = [it["amountCents"] for it in plan["installments"]]
        self.expect(sum(cents) + plan["initialCents"] == _TOTAL_CENTS, "not a cent is lost")
        self.expect(
            cents[-1] == _INSTALLMENT_CENTS + _REMAINDER_CENTS,
            "the last installment takes the remainder",
        )
        return plan_id

    def returned_by_the_bank(self, plan_id: str) -> None:
        """An ACH payment that has succeeded falls through, and the plan is cancelled."""
        self.days_later(_BANK_DAYS)
        plan = self.until("paid, bank days later", plan_id, lambda it: _words(it) == ["SUCCEEDED"])
        taken = plan["payments"][0]
        self.control("ach-returns", payment_id=taken["vendorReference"])
        plan = self.until("returned by the bank", plan_id, lambda it: _words(it) == ["FAILED"])
        self.expect(plan["paidCents"] == 0, "what was returned is not paid")
        body = {"reason": "The bank returned the first payment"}
        cancelled, _ = self.post("cancel it", f"{_PLAN}/{plan_id}/cancel", body, key="cancel")
        self.expect(cancelled["status"] == "cancelled", "the plan is cancelled")
        plan = self.until("nothing more to come", plan_id, lambda it: it["status"] == "cancelled")
        rest = {it["state"] for it in plan["installments"]}
        self.expect(rest == {"cancelled"}, "nothing more is taken for it")
        payment = self.payment(taken["paymentId"])
        self.compare(payment, 0, self.movements("decoda", payment["vendorReference"]), "in")

    def paid_to_the_last_cent(self, plan_id: str) -> None:
        """A year later; then its first payment is given back, a part and the rest."""
        self.days_later(_YEAR_DAYS)
        plan = self.until(
            "a year later",
            plan_id,
            lambda it: _words(it) == ["SUCCEEDED"] * (1 + _INSTALLMENTS),
        )
        self.expect(plan["status"] == "completed", "the plan is completed")
        self.expect(plan["paidCents"] == _TOTAL_CENTS, "every cent is paid")
        first = plan["payments"][0]
        path = f"/payments/{first['paymentId']}/refund"
        self.refund("refund a part", path, _PART_CENTS, 200)
        self.refund("refund too much", path, _INITIAL_CENTS, 409)
        self.refund("refund the rest", path, _INITIAL_CENTS - _PART_CENTS, 200)
        details = self.get(f"/payments/{first['paymentId']}/details")
        self.expect(details["availableBalanceCents"] == 0, "nothing is left of it")
        plan = self.get(f"{_PLAN}/{plan_id}")
        moved = [
            movement
            for payment in plan["payments"]
            for movement in self.movements("decoda", payment["vendorReference"])
        ]
        shown = {"paymentId": plan_id, "status": plan["status"]}
        self.compare(shown, plan["paidCents"] - plan["refundedCents"], moved, "in")

    def refund(self, step: str, path: str, cents: int, status: int) -> None:
        body = {"amount": cents, "reason": "OTHER", "providerId": "provider-1"}
        self.post(step, path, body, key=step.replace(" ", "-"), status=status)

    def patients(self) -> list[Json]:
        """The tenant's patients, from the sandbox's controls: the vendor's own state."""
        url = f"{self.settings.sandbox_url}/_sandbox/decoda/patients"
        answer = httpx.get(url, params={"tenant": self.vendor_tenant})
        found: list[Json] = answer.raise_for_status().json()
        return found

    def charge(self, cents: int) -> Json:
        """A new charge of the patient, as a request names it."""
        made = self.control("charges", patient_id=self.patient, amount_cents=cents)
        return {"patientId": self.patient, "totalOutstanding": cents, "id": made["charge_id"]}

    def control(self, name: str, **fields: Any) -> Json:
        """What happens at the vendor without the hub: in the practice, in a browser, at a bank."""
        if name in ("charges", "credits"):
            fields["tenant"] = self.vendor_tenant
        url = f"{self.settings.sandbox_url}/_sandbox/decoda/{name}"
        answered: Json = httpx.post(url, json=fields).raise_for_status().json()
        return answered

    def days_later(self, days: int) -> None:
        """Move the clock of sandbox and hub; what becomes due happens, day by day."""
        url = f"{self.settings.sandbox_url}/_sandbox/clock"
        httpx.post(url, json={"advance_seconds": days * _DAY_SECONDS}).raise_for_status()

    def until(self, step: str, plan_id: str, holds: Callable[[Json], bool]) -> Json:
        """The vendor's webhooks move the plan; this only looks."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            plan = self.get(f"{_PLAN}/{plan_id}")
            if holds(plan) or time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        shown = {"paymentId": plan_id, "status": plan["status"]}
        self.note(step, f"GET {_PLAN}/{plan_id}", 200, shown)
        self.expect(holds(plan), f"{step}: the plan is {plan['status']}, {_words(plan)}")
        return plan

    def get(self, path: str) -> Json:
        """A look that is no step."""
        answer = self.client.get(path, headers={"API-KEY": self.tenant["api_key"]})
        shown: Json = answer.raise_for_status().json()
        return shown

    def post(
        self,
        step: str,
        path: str,
        body: Any,
        *,
        key: str = "",
        query: dict[str, int] | None = None,
        status: int = 200,
    ) -> tuple[Json, Json]:
        """One request, one row; with the payment as the hub shows it."""
        headers = {"API-KEY": self.tenant["api_key"]}
        if key:
            headers["Idempotency-Key"] = f"tour-{self.play}-{key}"
        answer = self.client.post(path, json=body, params=query, headers=headers)
        payment_id = answer.headers.get("Payment-Id")
        payment = self.payment(payment_id) if payment_id else {}
        self.note(step, f"POST {_shortened(path)}", answer.status_code, payment)
        self.expect(
            answer.status_code == status,
            f"{step} answers {status}, not {answer.status_code}: {answer.text}",
        )
        shown: Json = answer.json()
        return shown, payment


def _words(plan: Json) -> list[str]:
    """How the payments taken for the plan stand, oldest first."""
    return [str(it["status"]) for it in plan["payments"]]


def _shortened(path: str) -> str:
    """Without the long way to the two paths of Decoda."""
    return path.replace("/billing/payment-terminal/charge", "/billing/..")
