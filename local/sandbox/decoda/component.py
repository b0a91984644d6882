"""What happens when a patient submits the component: the first payment, and the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from local.sandbox.decoda import due_dates, payins, plans
from local.sandbox.decoda.accounts import Method
from local.sandbox.decoda.books import Books
from local.sandbox.decoda.cashier import Cashier, Wanted
from local.sandbox.decoda.installments import Installments
from local.sandbox.decoda.payins import COMPLETED, PayinConfig, Payins
from local.sandbox.decoda.payments import FAILED, Payment
from local.sandbox.decoda.plans import Plan
from local.sandbox.decoda.refusals import broken_rule, detail
from local.sandbox.vendor import Tools

APPROVED, RETURNED = "approved", "returned"
# What the page offers, and why the method says no, if it does.
OUTCOMES = {
    APPROVED: "",
    "insufficient_funds": "INSUFFICIENT_FUNDS",
    "do_not_honor": "DO_NOT_HONOR",
    "expired_card": "EXPIRED_CARD",
    RETURNED: "",
}


@dataclass(frozen=True)
class Submitted:
    """A way to pay, and what the patient's bank will say to it."""

    method: str
    outcome: str

    @property
    def declined(self) -> str:
        return OUTCOMES[self.outcome]


class Component:
    """A session can be completed once; a declined one stays open for another try."""

    def __init__(
        self,
        tools: Tools,
        books: Books,
        payins_: Payins,
        cashier: Cashier,
        installments: Installments,
    ) -> None:
        self._tools = tools
        self._books = books
        self._payins = payins_
        self._cashier = cashier
        self._installments = installments

    def find(self, session_key: str) -> PayinConfig | None:
        return self._payins.configs.get(session_key)

    def find_by_id(self, config_id: str) -> PayinConfig | None:
        return next((each for each in self._payins.configs.all() if each.id == config_id), None)

    def all(self, tenant_id: str | None) -> list[PayinConfig]:
        return self._payins.configs.all(tenant_id)

    def complete(self, config: PayinConfig, submitted: Submitted, now_ms: int) -> PayinConfig:
        """The config afterwards: completed, or still open when it was declined."""
        if config.status == COMPLETED:
            raise detail(409, "The payin is already completed")
        by_bank_now = submitted.method == "ACH" and config.terms.initial_cents > 0
        if submitted.outcome == RETURNED and not by_bank_now:
            raise broken_rule("Only a first payment by ACH can be returned")
        charges = [self._books.charge(config.tenant, each) for each in config.charge_ids]
        today = due_dates.today(now_ms)
        payins.check(replace(config.terms, start_date=None), charges, today)
        plan = self._draft(config, sum(each.outstanding_cents for each in charges), now_ms)
        method = Method(
            tenant=config.tenant,
            id=plan.method_id,
            patient_id=config.patient_id,
            type=submitted.method,
            created_ms=now_ms,
            listed=config.saves_method and not submitted.declined,
        )
        self._books.methods.save(method)
        self._books.join_plan(plan)
        payment = self._pay_first(config, plan, method, submitted, now_ms)
        if payment is not None:
            config = replace(config, payment_ids=[*config.payment_ids, payment.id])
        if submitted.declined or (payment is not None and payment.status == FAILED):
            self._books.leave_plan(plan)
        else:
            self._books.plans.save(plan)
            self._installments.schedule(plan, now_ms)
            config = replace(config, status=COMPLETED, plan_id=plan.id)
        self._payins.configs.save(config)
        return config

    def _pay_first(
        self, config: PayinConfig, plan: Plan, method: Method, submitted: Submitted, now_ms: int
    ) -> Payment | None:
        """The plan begins with the first payment, or not at all; None when there is none."""
        if not config.terms.initial_cents:
            return None
        wanted = Wanted(
            charge_ids=config.charge_ids,
            amount_cents=config.terms.initial_cents,
            medium=config.medium,
            method=method,
            payin_config_id=config.id,
            plan_id=plan.id,
            declined=submitted.declined,
            returns=submitted.outcome == RETURNED,
        )
        return self._cashier.take(wanted, now_ms)

    def _draft(self, config: PayinConfig, total_cents: int, now_ms: int) -> Plan:
        terms = config.terms
        amounts = terms.amounts(total_cents)
        ids = [self._tools.ids.uuid() for _ in amounts]
        return Plan(
            tenant=config.tenant,
            id=self._tools.ids.uuid(),
            patient_id=config.patient_id,
            charge_ids=config.charge_ids,
            frequency=terms.frequency,
            initial_cents=terms.initial_cents,
            installment_cents=terms.installment_cents,
            total_cents=total_cents,
            method_id=self._tools.ids.uuid(),
            location_id=terms.location_id,
            payin_config_id=config.id,
            created_ms=now_ms,
            status="active",
            planned=plans.scheduled(ids, amounts, terms.days(due_dates.today(now_ms))),
        )
