"""Refunds: of the whole or of a part, credit at once, cards a step later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.sandbox.decoda.books import Books
from local.sandbox.decoda.calls import Call, Verb, move
from local.sandbox.decoda.events import Events
from local.sandbox.decoda.magic import magic
from local.sandbox.decoda.payments import (
    FAILED,
    PATIENT_CREDIT,
    PROCESSING,
    SUCCEEDED,
    Payment,
    Refund,
)
from local.sandbox.decoda.refusals import broken_rule
from local.sandbox.decoda.schemas import REFUND
from local.sandbox.decoda.tenants import VENDOR
from local.sandbox.messages import Response, json_response
from local.sandbox.vendor import Tools

SETTLE_REFUND = "settle_refund"
_OPERATION = "refund_payment"


class Refunding:
    """The money goes back when the refund is made, unless it is going to fail."""

    def __init__(self, tools: Tools, books: Books, events: Events) -> None:
        self._tools = tools
        self._books = books
        self._events = events
        self.verbs: Mapping[str, Verb] = {_OPERATION: self._refund}

    def _refund(self, call: Call) -> Response:
        body = call.object(REFUND)
        payment = self._books.payment(call.tenant.id, body["paymentId"])
        _check(payment, body["amount"], checks_rest=call.tenant.checks_refunds)
        by_credit = payment.medium == PATIENT_CREDIT
        refund = Refund(
            id=self._tools.ids.uuid(),
            payment_id=payment.id,
            amount_cents=body["amount"],
            reason=body["reason"],
            status=SUCCEEDED if by_credit else PROCESSING,
            created_ms=call.now_ms,
        )
        payment = self._save(payment, refund, call.now_ms)
        self._events.refund("REFUND_CREATED", refund, payment, call.now_ms)
        if by_credit:
            self._give_credit_back(payment, refund)
            self._events.refund("REFUND_SUCCEEDED", refund, payment, call.now_ms)
        else:
            payload = {"payment_id": payment.id, "refund_id": refund.id}
            due_ms = call.now_ms + self._tools.settings.step_ms
            self._tools.jobs.schedule(due_ms, VENDOR, SETTLE_REFUND, payload)
        if not magic(payment.amount_cents).refund_fails or by_credit:
            move(self._tools, _OPERATION, payment.id, refund.amount_cents, "out", call.now_ms)
            self._close_charge(payment)
        return json_response(200, refund.shown())

    def settle(self, payload: Mapping[str, Any], now_ms: int) -> None:
        """The processor's answer to a refund."""
        payment = self._books.payments.get(payload["payment_id"])
        refund = next(
            (r for r in payment.refunds if r.id == payload["refund_id"]) if payment else iter(()),
            None,
        )
        if payment is None or refund is None or refund.status != PROCESSING:
            return
        fails = magic(payment.amount_cents).refund_fails
        refund = replace(refund, status=FAILED if fails else SUCCEEDED)
        payment = self._save(payment, refund, now_ms)
        self._events.refund(
            "REFUND_FAILED" if fails else "REFUND_SUCCEEDED", refund, payment, now_ms
        )

    def _save(self, payment: Payment, refund: Refund, now_ms: int) -> Payment:
        changed = replace(payment, refunds=payment.with_refund(refund), updated_ms=now_ms)
        self._books.payments.save(changed)
        return changed

    def _give_credit_back(self, payment: Payment, refund: Refund) -> None:
        """To the credits it came from, the one used last first."""
        before_cents = payment.refunded_cents - refund.amount_cents
        left_cents = refund.amount_cents
        for used in reversed(payment.used):
            given_cents = min(before_cents, used.amount_cents)
            before_cents -= given_cents
            part_cents = min(left_cents, used.amount_cents - given_cents)
            credit = self._books.credits.get(f"{payment.tenant}/{used.credit_id}")
            if credit and part_cents:
                left_cents -= part_cents
                changed = replace(credit, left_cents=credit.left_cents + part_cents)
                self._books.credits.save(changed)

    def _close_charge(self, payment: Payment) -> None:
        """A charge that one payment paid and one refund or more took back is REFUNDED."""
        if payment.refunded_cents < payment.amount_cents:
            return
        for part in payment.parts:
            charge = self._books.charge(payment.tenant, part.charge_id)
            if charge.status == "PAID" and charge.total_cents == part.amount_cents:
                self._books.charges.save(replace(charge, status="REFUNDED"))


def _check(payment: Payment, amount_cents: int, *, checks_rest: bool) -> None:
    if payment.status != SUCCEEDED:
        raise broken_rule("Only succeeded payments can be refunded")
    if amount_cents <= 0:
        raise broken_rule("Refund amount must be greater than 0")
    if checks_rest and amount_cents > payment.amount_cents - payment.refunded_cents:
        raise broken_rule("Refund amount exceeds the remaining refundable amount")
    if magic(payment.amount_cents).refuse_refund:
        raise broken_rule("The payment cannot be refunded")
