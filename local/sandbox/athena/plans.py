"""Payment plans: claims that are paid in cycles, with a down payment on the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from local.sandbox.athena import card_rules, wire
from local.sandbox.athena.accounts import Claim, Patient, Split
from local.sandbox.athena.calls import Call, Verb
from local.sandbox.athena.collecting import Collecting
from local.sandbox.athena.magic import magic
from local.sandbox.athena.numbers import new_number
from local.sandbox.athena.patients import Patients, check_department
from local.sandbox.athena.practices import VENDOR
from local.sandbox.athena.refusals import business_failure, invalid
from local.sandbox.messages import Response, json_response
from local.sandbox.vendor import Tools

_PLAN = "athena_payment_plan"
_STATEMENTS, _CREDIT_CARD = "SENDSTATEMENTS", "CREDITCARD"
_FREQUENCIES = (
    "ONETIMEON",
    "WEEKLY",
    "BIWEEKLY",
    "TWICEAMONTH",
    "MONTHLY",
    "MONTHLYFIRSTBUSDAY",
    "MONTHLYLASTBUSDAY",
)
_PERCENT_MAX = 100
_NAME_MAX, _EMAIL_MAX = 50, 100


@dataclass(frozen=True)
class Plan:
    plan_id: int
    name: str
    billing_method: str
    frequency: str
    start_date: str
    cycle_cents: int
    down_payment_cents: int
    total_cents: int
    claim_ids: list[int]


class Plans:
    """A claim is in one plan at most. The cycles after the down payment are not played."""

    def __init__(self, tools: Tools, patients: Patients, collecting: Collecting) -> None:
        self._tools = tools
        self._patients = patients
        self._collecting = collecting
        self.verbs: Mapping[str, Verb] = {
            "start_payment_plan": self._start,
            "list_payment_plans": self._list,
        }

    def _start(self, call: Call) -> Response:
        """The plan begins with the down payment, or not at all."""
        form = call.form
        patient = self._patients.of_path(call)
        down_cents = form.cents("downpaymentamount")
        billing_method = form.choice(
            "billingmethod", (_STATEMENTS, _CREDIT_CARD), default=_STATEMENTS
        )
        with_card = down_cents > 0 or billing_method == _CREDIT_CARD
        names = ["claimids", "cycleamount", "departmentid"]
        form.require([*names, *(card_rules.needed(form) if with_card else [])])
        check_department(patient, call)
        plan = self._read(call, patient, billing_method, down_cents)
        answer: dict[str, Any] = {"paymentplanid": wire.posted_id(plan.plan_id), "success": "true"}
        if with_card:
            presented = card_rules.present(form, call.now_ms)
            declined = presented.declined or magic(down_cents).errortext
            if declined:
                return business_failure(declined)
            if down_cents:
                split = _down_payment(patient, plan)
                receipt = self._collecting.charge(call, patient, presented.card, split)
                answer["epaymentid"] = wire.posted_id(receipt.epayment_id)
        self._save(call, patient, plan)
        return json_response(200, answer)

    def _read(self, call: Call, patient: Patient, billing_method: str, down_cents: int) -> Plan:
        """The plan that is asked for; raises Refused when it breaks a rule."""
        form = call.form
        claims = [_free_claim(patient, number) for number in form.numbers("claimids")]
        total_cents = sum(claim.outstanding_cents for claim in claims)
        if down_cents >= total_cents:
            raise invalid("downpaymentamount", "must be less than what is outstanding")
        cycle_cents = form.cents("cycleamount")
        if not 0 < cycle_cents <= total_cents - down_cents:
            raise invalid("cycleamount", "must be more than 0 and at most what is left to pay")
        if form.has("percentage") and not 1 <= form.integer("percentage") <= _PERCENT_MAX:
            raise invalid("percentage", f"must be from 1 to {_PERCENT_MAX}")
        form.text("email", _EMAIL_MAX)
        return Plan(
            plan_id=new_number(self._tools),
            name=form.text("paymentplanname", _NAME_MAX),
            billing_method=billing_method,
            frequency=form.choice("frequency", _FREQUENCIES, default="MONTHLY"),
            start_date=_start_date(call),
            cycle_cents=cycle_cents,
            down_payment_cents=down_cents,
            total_cents=total_cents,
            claim_ids=[claim.id for claim in claims],
        )

    def _save(self, call: Call, patient: Patient, plan: Plan) -> None:
        for claim in patient.claims:
            if claim.id in plan.claim_ids:
                claim.plan_id = plan.plan_id
        self._patients.save(patient)
        self._tools.store.put(
            VENDOR, _PLAN, call.key(plan.plan_id), asdict(plan), call.key(patient.id)
        )

    def _list(self, call: Call) -> Response:
        patient = self._patients.of_path(call)
        check_department(patient, call)
        wanted = call.form.numbers("paymentplanids")
        with_claims = call.form.flag("linkedclaiminfo")
        found = [
            Plan(**body) for body in self._tools.store.all(VENDOR, _PLAN, call.key(patient.id))
        ]
        shown = [
            _shown(plan, patient, with_claims=with_claims)
            for plan in found
            if not wanted or plan.plan_id in wanted
        ]
        return json_response(200, {"paymentplans": shown, "totalcount": len(shown)})


def _free_claim(patient: Patient, claim_id: int) -> Claim:
    claim = patient.claim(claim_id)
    if claim is None:
        raise invalid("claimids", "must name claims of the patient")
    if claim.outstanding_cents <= 0:
        raise invalid("claimids", "must name claims with an outstanding amount")
    if claim.plan_id is not None:
        raise invalid("claimids", "must not name a claim of another payment plan")
    return claim


def _start_date(call: Call) -> str:
    """Tomorrow unless another day was asked for."""
    today = wire.today(call.now_ms)
    day = call.form.date("startdate") or today + timedelta(days=1)
    if day < today:
        raise invalid("startdate", "must not be in the past")
    return wire.date_text(day)


def _down_payment(patient: Patient, plan: Plan) -> Split:
    """The down payment pays the claims in the order in which they were named."""
    left_cents = plan.down_payment_cents
    claims: dict[str, int] = {}
    for claim_id in plan.claim_ids:
        claim = patient.claim(claim_id)
        part_cents = min(left_cents, claim.outstanding_cents) if claim else 0
        if part_cents:
            claims[str(claim_id)] = part_cents
            left_cents -= part_cents
    return Split(claims=claims)


def _shown(plan: Plan, patient: Patient, *, with_claims: bool) -> dict[str, Any]:
    claims = [claim for claim in patient.claims if claim.id in plan.claim_ids]
    shown: dict[str, Any] = {
        "paymentplanid": wire.listed_id(plan.plan_id),
        "paymentplanname": plan.name,
        "billingmethod": plan.billing_method,
        "frequency": plan.frequency,
        "startdate": plan.start_date,
        "cycleamount": wire.money(plan.cycle_cents),
        "downpaymentamount": wire.money(plan.down_payment_cents),
        "totalamount": wire.money(plan.total_cents),
        "outstandingamount": wire.money(sum(claim.outstanding_cents for claim in claims)),
        "status": "ACTIVE",
        "claimids": [wire.listed_id(claim.id) for claim in claims],
    }
    if with_claims:
        shown["claims"] = [
            {
                "claimid": wire.listed_id(claim.id),
                "outstandingamount": wire.money(claim.outstanding_cents),
            }
            for claim in claims
        ]
    return shown
