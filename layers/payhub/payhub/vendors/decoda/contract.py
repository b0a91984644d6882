"""What Decoda Health promises for each operation: contract rows, status words, guards.

Source: the vendor's API description and guides. No idempotency, the late-apply bound and the rules
of credit and plans are assumptions, see docs/vendors/decoda.md.
"""

from typing import Any

from payhub.domain.contract import Acknowledged, Contract, Guard, Lifecycle, Lookup, Resend, ends

VENDOR = "decoda"
NOTIFIES = True
"""The vendor sends webhooks."""

SHARES_TOKEN = False
"""It takes a key."""

SETTLE, SET_UP, TAKE, REFUND, CANCEL = "settle", "set_up", "take", "refund", "cancel"

CREATED, PRESENTING, IN_REVIEW, PROCESSING = "CREATED", "PRESENTING", "IN_REVIEW", "PROCESSING"
SUCCEEDED, FAILED, CANCELED = "SUCCEEDED", "FAILED", "CANCELED"
"""The vendor's words for payments and refunds."""

AWAITING_PAYER, EXPIRED = "awaiting_payer", "expired"
"""The hub's words for a plan that the payer has not confirmed: the vendor shows it nowhere."""

ACTIVE, COMPLETED, PLAN_FAILED, CANCELLED = "active", "completed", "failed", "cancelled"
"""The vendor's words for plans, as its report writes them."""

LATE_APPLY_BOUND_SECONDS = 900
"""Assumption: what is not applied 15 minutes after a call was cut off never will be."""

_ENDS = ends("done", decline="refused")
"""Whatever happens on the way, it is found or sent again."""


def _row(verb: str, status: str | None, operation: str, lookup: Lookup, **other: Any) -> Contract:
    return Contract(
        vendor=VENDOR,
        verb=verb,
        operation=operation,
        lookup=lookup,
        status_when_done=status,
        amount_unit="integer cents",
        duplicate_window_seconds=None,
        cut_off=None,
        **{
            "acknowledged": Acknowledged.SYNC,
            "resend": Resend.AUTOMATIC,
            "late_apply_bound_seconds": LATE_APPLY_BOUND_SECONDS,
            "moves_money": True,
            "queueable": True,
            "expected_ends": _ENDS,
            **other,
        },
    )


CONTRACTS = {
    SETTLE: _row(SETTLE, SUCCEEDED, "settle_with_credit", Lookup.SEARCH),
    SET_UP: _row(
        SET_UP,
        AWAITING_PAYER,
        "create_payin_config",
        Lookup.REPEAT,
        acknowledged=Acknowledged.WEBHOOK,
        moves_money=False,
        late_apply_bound_seconds=None,
    ),
    TAKE: _row(
        TAKE,
        SUCCEEDED,
        "take_payment",
        Lookup.NONE,
        acknowledged=Acknowledged.WEBHOOK,
        resend=Resend.NEVER,
        late_apply_bound_seconds=None,
        moves_money=False,
        queueable=False,
        expected_ends={},
    ),
    REFUND: _row(REFUND, None, "refund_payment", Lookup.SEARCH),
    CANCEL: _row(CANCEL, CANCELLED, "cancel_payment_plan", Lookup.STATUS),
}
"""`take` is never sent: the payer and the vendor do that, the hub makes it known."""

_ON_THE_WAY = frozenset({PRESENTING, IN_REVIEW, PROCESSING, SUCCEEDED, FAILED, CANCELED})
_RUNNING = frozenset({ACTIVE, COMPLETED, PLAN_FAILED, CANCELLED})

LIFECYCLE = Lifecycle(
    moves={
        CREATED: _ON_THE_WAY,
        PRESENTING: _ON_THE_WAY - {PRESENTING},
        IN_REVIEW: _ON_THE_WAY - {PRESENTING, IN_REVIEW},
        PROCESSING: frozenset({IN_REVIEW, SUCCEEDED, FAILED, CANCELED}),
        SUCCEEDED: frozenset({FAILED}),  # a bank takes an ACH payment back
        AWAITING_PAYER: _RUNNING | {EXPIRED},
        EXPIRED: _RUNNING,  # the payer was later than the hub waited
        ACTIVE: _RUNNING - {ACTIVE},
        COMPLETED: frozenset({ACTIVE, PLAN_FAILED}),  # a bank takes an installment back
        CANCELLED: _RUNNING - {CANCELLED},  # withdrawn here, confirmed by the payer all the same
    },
    resting=frozenset(
        {SUCCEEDED, FAILED, CANCELED, ACTIVE, COMPLETED, PLAN_FAILED, CANCELLED, EXPIRED}
    ),
    guards={
        REFUND: Guard(
            statuses=frozenset({SUCCEEDED}),
            needs_balance=True,
            rule="Only a payment that has succeeded can be refunded, up to what is left of it; of"
            " a plan, refund the payments that were taken for it.",
        ),
        CANCEL: Guard(
            statuses=frozenset({AWAITING_PAYER, ACTIVE}),
            needs_balance=False,
            rule="Only a plan that waits for its payer or is active can be cancelled.",
        ),
    },
    applied={REFUND: frozenset(), CANCEL: frozenset({CANCELLED})},
    money_back=frozenset({FAILED, CANCELED, CANCELLED, EXPIRED}),
    ended=frozenset({COMPLETED, PLAN_FAILED, CANCELLED, EXPIRED}),
    shows_balance=False,
    reference_pattern="[A-Za-z0-9_-]{1,100}",
)
