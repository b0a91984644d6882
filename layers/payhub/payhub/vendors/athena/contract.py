"""What athenahealth promises for each operation: contract rows, status words, guards.

Source: the vendor's pages on payments, payment vendors and receipts. The status words are the
hub's, because the vendor gives a payment none; what is assumed stands in docs/vendors/athena.md.
"""

from collections.abc import Mapping
from typing import Any

from payhub.domain.contract import Acknowledged, Contract, Guard, Lifecycle, Lookup, Resend, ends

VENDOR = "athena"
NOTIFIES = False
"""The vendor sends no webhooks for payments."""

SHARES_TOKEN = True
"""It gives fifty tokens a minute, fewer than a busy stack has processes."""

COLLECT, STORE_CARD, START_PLAN = "collect", "store_card", "start_plan"
RECORD, REPORT, ADJUST = "record", "report", "adjust"
VOID, REFUND = "void", "refund"

COLLECTED, SETTLED, VOIDED = "Collected", "Settled", "Voided"
CARD_STORED, PLAN_STARTED, POSTED = "CardStored", "PlanStarted", "Posted"
RECORDED, REFUNDED = "Recorded", "Refunded"
ADJUSTED, PARTLY_ADJUSTED = "Adjusted", "PartlyAdjusted"

LATE_APPLY_BOUND_SECONDS = 900
"""Assumption: what is not applied 15 minutes after a call was cut off never will be."""

SAME_REFERENCE_SECONDS = 6 * 3600
"""How long a vendor payment with the same externalrefid comes back as previously recorded."""

SETTLED_CODE = "settled"
"""The code of a refusal that says the payment has settled."""

_WITH_CARD = ends(
    "done",
    disconnect="not_captured",
    timeout_before="not_captured",
    http_500_before="not_captured",
    http_429="not_sent",
    refuse="not_sent",
    decline="refused",
)
"""A card is kept nowhere: what was not sent is the caller's to send again, what is absent too."""

_RECOGNISED = ends("done", decline="refused")
"""A repeat is recognised, so that it can always be sent again."""

_WITHOUT_LOOKUP = ends(
    "needs_review", http_429="done", refuse="done", slow="done", decline="refused"
)
"""Without an answer nobody can know; with proof that nothing was sent it is sent again."""


def _row(verb: str, status: str, operation: str, **promises: Any) -> Contract:
    return Contract(
        vendor=VENDOR,
        verb=verb,
        status_when_done=status,
        operation=operation,
        acknowledged=Acknowledged.SYNC,
        amount_unit="decimal dollars as text",
        **{
            "late_apply_bound_seconds": None,
            "duplicate_window_seconds": None,
            "cut_off": None,
            "moves_money": True,
            "queueable": True,
            **promises,
        },
    )


_CARD_LANE: Mapping[str, Any] = {
    "lookup": Lookup.SEARCH,
    "resend": Resend.CALLER_DECIDES,
    "late_apply_bound_seconds": LATE_APPLY_BOUND_SECONDS,
    "queueable": False,
    "carries_card": True,
    "expected_ends": _WITH_CARD,
}
_BLIND: Mapping[str, Any] = {
    "lookup": Lookup.NONE,
    "resend": Resend.NEVER,
    "expected_ends": _WITHOUT_LOOKUP,
}
_ASKED_BY_REPEAT: Mapping[str, Any] = {
    "lookup": Lookup.REPEAT,
    "resend": Resend.AUTOMATIC,
    "expected_ends": _RECOGNISED,
}

CONTRACTS = {
    COLLECT: _row(COLLECT, COLLECTED, "collect_payment", **_CARD_LANE),
    STORE_CARD: _row(STORE_CARD, CARD_STORED, "store_card", moves_money=False, **_CARD_LANE),
    START_PLAN: _row(START_PLAN, PLAN_STARTED, "start_payment_plan", **_CARD_LANE),
    RECORD: _row(RECORD, POSTED, "record_payment", **_BLIND),
    ADJUST: _row(ADJUST, ADJUSTED, "adjust_charges", **_BLIND),
    REPORT: _row(
        REPORT,
        RECORDED,
        "record_vendor_payment",
        duplicate_window_seconds=SAME_REFERENCE_SECONDS,
        **_ASKED_BY_REPEAT,
    ),
    REFUND: _row(REFUND, REFUNDED, "refund_vendor_payment", **_ASKED_BY_REPEAT),
    VOID: _row(
        VOID,
        VOIDED,
        "void_collected_payment",
        cut_off="20:00 in New York on the day of the payment, or the next day's",
        **_ASKED_BY_REPEAT,
    ),
}

LIFECYCLE = Lifecycle(
    moves={COLLECTED: frozenset({SETTLED})},
    resting=frozenset(
        {
            *(COLLECTED, SETTLED, VOIDED, CARD_STORED, PLAN_STARTED, POSTED),
            *(RECORDED, REFUNDED, ADJUSTED, PARTLY_ADJUSTED),
        }
    ),
    guards={
        VOID: Guard(
            statuses=frozenset({COLLECTED, SETTLED}),
            needs_balance=False,
            rule="A payment collected by card can be voided until it settles, at 20:00 New York"
            " time. After that the money goes back through the practice's card terminal or"
            " athenaNet, for which the vendor has no API.",
        ),
        REFUND: Guard(
            statuses=frozenset({RECORDED}),
            needs_balance=False,
            rule="Only a payment recorded for a payment vendor can be refunded, once and in full;"
            " use adjustingcharges for a part.",
        ),
    },
    applied={VOID: frozenset({VOIDED}), REFUND: frozenset({REFUNDED})},
    money_back=frozenset({VOIDED, REFUNDED}),
    shows_balance=False,
    reference_pattern="[0-9]{1,18}",
)
