"""Takes money by card or bank account, tells of it, and gives it back when the bank wants it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from local.sandbox.decoda import due_dates
from local.sandbox.decoda.accounts import Method
from local.sandbox.decoda.books import Books
from local.sandbox.decoda.calls import move
from local.sandbox.decoda.events import Events
from local.sandbox.decoda.magic import RETURNED, magic
from local.sandbox.decoda.payments import CREATED, FAILED, PROCESSING, SUCCEEDED, Payment
from local.sandbox.decoda.tenants import VENDOR
from local.sandbox.vendor import Tools

SETTLE, RETURN = "settle_payment", "return_payment"
_RETURNED_AFTER_MS = 2 * 86_400_000


@dataclass(frozen=True)
class Wanted:
    """A payment that is asked of a method; `declined` is why it says no, if it does."""

    charge_ids: list[str]
    amount_cents: int
    medium: str
    method: Method
    payin_config_id: str
    plan_id: str | None = None
    planned_id: str | None = None
    declined: str = ""
    returns: bool = False


class Cashier:
    """A card pays at once and succeeds a step later; a bank account pays when it succeeds."""

    def __init__(self, tools: Tools, books: Books, events: Events) -> None:
        self._tools = tools
        self._books = books
        self._events = events

    def take(self, wanted: Wanted, now_ms: int) -> Payment:
        """The payment, PROCESSING or FAILED."""
        payment = self._create(wanted, now_ms)
        declined = wanted.declined or magic(wanted.amount_cents).declined
        if declined:
            failed = self._reach(replace(payment, failed_reason=declined), FAILED, now_ms)
            self._events.payin("RAINFOREST_PAYIN_FAILED", failed, wanted.method, now_ms)
            self._events.payment("PAYMENT_FAILED", failed, now_ms)
            return failed
        if not wanted.method.is_bank_account:
            payment = self._collect(payment, now_ms)
        payment = self._reach(payment, PROCESSING, now_ms)
        self._events.payin("RAINFOREST_PAYIN_PROCESSING", payment, wanted.method, now_ms)
        self._plan_settlement(payment, wanted.method, now_ms)
        return payment

    def settle(self, payment_id: str, now_ms: int) -> Payment | None:
        """What was PROCESSING succeeds, or the bank refuses it; None when it is not there."""
        payment = self._books.payments.get(payment_id)
        if payment is None or payment.status != PROCESSING:
            return None
        by_bank = self._is_by_bank(payment)
        special = magic(payment.amount_cents)
        if by_bank and special.bank_refuses:
            failed = replace(payment, failed_reason=special.bank_refuses)
            payment = self._reach(failed, FAILED, now_ms)
            self._events.payment("PAYMENT_FAILED", payment, now_ms)
            return payment
        if by_bank:
            payment = self._collect(payment, now_ms)
        payment = self._reach(payment, SUCCEEDED, now_ms)
        self._events.payment("PAYMENT_SUCCEEDED", payment, now_ms)
        self._events.payment("CHARGE_PAYMENT_CREATED", payment, now_ms)
        if by_bank and (payment.returns or special.returned):
            payload = {"payment_id": payment.id}
            self._tools.jobs.schedule(now_ms + _RETURNED_AFTER_MS, VENDOR, RETURN, payload)
        return payment

    def can_be_returned(self, payment: Payment) -> bool:
        """A bank takes back what came from an account and was not given back already."""
        return self._is_by_bank(payment) and payment.status == SUCCEEDED and not payment.refunds

    def take_back(self, payment: Payment, now_ms: int, reason: str = RETURNED) -> Payment:
        """The bank returns a payment that had succeeded: its charges are owed again."""
        self._books.reopen(payment.tenant, payment.parts)
        move(self._tools, "ach_return", payment.id, payment.amount_cents, "out", now_ms)
        returned = self._reach(replace(payment, failed_reason=reason), FAILED, now_ms)
        self._events.payment("PAYMENT_FAILED", returned, now_ms)
        return returned

    def _is_by_bank(self, payment: Payment) -> bool:
        method = self._books.methods.get(payment.method_id or "")
        return method is not None and method.is_bank_account

    def _create(self, wanted: Wanted, now_ms: int) -> Payment:
        payment = Payment(
            tenant=wanted.method.tenant,
            id=self._tools.ids.uuid(),
            patient_id=wanted.method.patient_id,
            charge_ids=wanted.charge_ids,
            amount_cents=wanted.amount_cents,
            status=CREATED,
            medium=wanted.medium,
            created_ms=now_ms,
            updated_ms=now_ms,
            payin_id=f"pyn_{self._tools.ids.hex32()}",
            payin_config_id=wanted.payin_config_id,
            method_id=wanted.method.id,
            plan_id=wanted.plan_id,
            planned_id=wanted.planned_id,
            returns=wanted.returns,
        )
        self._events.payment("PAYMENT_CREATED", payment, now_ms)
        return payment

    def _collect(self, payment: Payment, now_ms: int) -> Payment:
        """The money moves."""
        parts = self._books.pay(payment.tenant, payment.charge_ids, payment.amount_cents)
        move(self._tools, "plan_payment", payment.id, payment.amount_cents, "in", now_ms)
        return replace(payment, parts=parts)

    def _reach(self, payment: Payment, status: str, now_ms: int) -> Payment:
        reached = replace(payment, status=status, updated_ms=now_ms)
        self._books.payments.save(reached)
        return reached

    def _plan_settlement(self, payment: Payment, method: Method, now_ms: int) -> None:
        if magic(payment.amount_cents).stays_processing:
            return
        by_card_ms = now_ms + self._tools.settings.step_ms
        due_ms = due_dates.ach_settles_at(now_ms) if method.is_bank_account else by_card_ms
        self._tools.jobs.schedule(due_ms, VENDOR, SETTLE, {"payment_id": payment.id})
