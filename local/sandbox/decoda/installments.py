"""Planned payments as they come due, plans as they end, and the report that shows both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from local.sandbox.decoda import due_dates
from local.sandbox.decoda.books import Books
from local.sandbox.decoda.calls import Call, Verb
from local.sandbox.decoda.cashier import Cashier, Wanted
from local.sandbox.decoda.events import Events
from local.sandbox.decoda.payments import FAILED as PAYMENT_FAILED
from local.sandbox.decoda.payments import PAYMENT_PLAN, SUCCEEDED, Payment
from local.sandbox.decoda.plans import CANCELLED, COMPLETED, FAILED, SCHEDULED, Plan
from local.sandbox.decoda.refusals import Mistake, broken_rule, invalid
from local.sandbox.decoda.tenants import VENDOR
from local.sandbox.messages import Response, json_response
from local.sandbox.vendor import Tools

CHARGE_INSTALLMENT = "charge_installment"
_GROUPS = {"status": "status", "location": "locationId", "frequency": "frequency", "none": ""}
_STATUSES = ("active", "completed", "failed", "cancelled")


class Installments:
    """A failed installment is not tried again; the plan goes on with the next one."""

    def __init__(self, tools: Tools, books: Books, events: Events, cashier: Cashier) -> None:
        self._tools = tools
        self._books = books
        self._events = events
        self._cashier = cashier
        self.verbs: Mapping[str, Verb] = {
            "cancel_payment_plan": self._cancel,
            "list_planned_payments": self._report,
        }

    def schedule(self, plan: Plan, now_ms: int) -> None:
        for planned in plan.planned:
            due_ms = max(due_dates.charged_at(date.fromisoformat(planned.day)), now_ms)
            payload = {"plan_id": plan.id, "planned_id": planned.id}
            self._tools.jobs.schedule(due_ms, VENDOR, CHARGE_INSTALLMENT, payload)

    def charge(self, payload: Mapping[str, Any], now_ms: int) -> None:
        """Charge what is due, unless the plan was cancelled or the sandbox reset meanwhile."""
        plan = self._books.plans.get(payload["plan_id"])
        planned = plan.find(payload["planned_id"]) if plan else None
        if plan is None or planned is None or planned.status != SCHEDULED:
            return
        method = self._books.methods.get(plan.method_id)
        if method is None:
            return
        wanted = Wanted(
            charge_ids=plan.charge_ids,
            amount_cents=planned.amount_cents,
            medium=PAYMENT_PLAN,
            method=method,
            payin_config_id=plan.payin_config_id,
            plan_id=plan.id,
            planned_id=planned.id,
        )
        payment = self._cashier.take(wanted, now_ms)
        self._books.plans.save(plan.with_planned(replace(planned, payment_id=payment.id)))
        if payment.status == PAYMENT_FAILED:
            self.note(payment, now_ms)

    def note(self, payment: Payment, now_ms: int) -> None:
        """Write into the plan what became of one of its payments."""
        plan = self._books.plans.get(payment.plan_id or "")
        if plan is None:
            return
        planned = plan.find(payment.planned_id)
        if planned is not None:
            was_scheduled = planned.status == SCHEDULED
            status = COMPLETED if payment.status == SUCCEEDED else FAILED
            planned = replace(planned, status=status)
            plan = plan.with_planned(planned)
            self._books.plans.save(plan)
            if was_scheduled:
                ok = status == COMPLETED
                type_ = "PLANNED_PAYMENT_SUCCEEDED" if ok else "PLANNED_PAYMENT_FAILED"
                self._events.planned(type_, plan, planned, now_ms)
        self._end(plan)

    def _end(self, plan: Plan) -> None:
        """Nothing more is planned: the plan is completed, or failed with something still owed."""
        if not plan.is_active or any(each.status == SCHEDULED for each in plan.planned):
            return
        charges = [self._books.charge(plan.tenant, each) for each in plan.charge_ids]
        status = "failed" if any(each.outstanding_cents for each in charges) else "completed"
        self._books.plans.save(replace(plan, status=status))
        self._books.leave_plan(plan)

    def _cancel(self, call: Call) -> Response:
        """By the id of any charge of the plan; what is on its way stays on its way."""
        charge = self._books.charge(call.tenant.id, call.parameters["charge_id"])
        plan = self._books.plans.get(charge.plan_id or "")
        if plan is None or not plan.is_active:
            raise broken_rule("The charge has no active payment plan")
        planned = [
            replace(each, status=CANCELLED) if _is_untouched(each.status, each.payment_id) else each
            for each in plan.planned
        ]
        self._books.plans.save(replace(plan, status="cancelled", planned=planned))
        self._books.leave_plan(plan)
        return json_response(200, True)

    def _report(self, call: Call) -> Response:
        """Rows of plans, in the order of the group that was asked for."""
        group_by = call.query.get("group_by", "none")
        statuses = call.texts("statuses")
        mistakes = [_wrong("group_by", _GROUPS)] if group_by not in _GROUPS else []
        mistakes += [_wrong("statuses", _STATUSES) for each in statuses if each not in _STATUSES]
        if mistakes:
            raise invalid(mistakes)
        first, last = _day(call, "start_date", "0001-01-01"), _day(call, "end_date", "9999-12-31")
        rows = [
            plan.shown()
            for plan in self._books.plans.all(call.tenant.id)
            if first <= due_dates.today(plan.created_ms) <= last
            and (not statuses or plan.status in statuses)
        ]
        if _GROUPS[group_by]:
            rows.sort(key=lambda row: str(row[_GROUPS[group_by]]))
        return json_response(200, {"data": rows, "total": len(rows)})


def _is_untouched(status: str, payment_id: str | None) -> bool:
    return status == SCHEDULED and payment_id is None


def _day(call: Call, name: str, default: str) -> date:
    try:
        return date.fromisoformat(call.query.get(name, default))
    except ValueError:
        rule = "Input should be a valid date"
        mistake = Mistake(("query", name), rule, "date_from_datetime_parsing")
        raise invalid([mistake]) from None


def _wrong(name: str, allowed: Mapping[str, str] | tuple[str, ...]) -> Mistake:
    return Mistake(("query", name), "Input should be one of " + ", ".join(allowed), "enum")
