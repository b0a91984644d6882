"""What Medfusion promises for each operation: contract rows, status words, guards.

Source: the vendor's pages on securePayments, payments and the status of batches. The order of the
statuses, harmless repeats and the late-apply bound are assumptions, see docs/vendors/medfusion.md.
"""

from payhub.domain.contract import Acknowledged, Contract, Lifecycle, Lookup, Resend, ends

VENDOR = "medfusion"
NOTIFIES = False
"""The vendor sends no webhooks: it is polled."""

SHARES_TOKEN = True
"""One token serves all practices of a member for hours."""

RECEIVE, POST, SEND = "receive", "post", "send"

SUBMITTED, ACCEPTED, POSTED = "SUBMITTED", "ACCEPTED", "POSTED"
"""The vendor's words for payments, in the order in which they come."""

PROCESSING, COMPLETED, ERROR = "PROCESSING", "COMPLETED", "ERROR"
"""The vendor's words for messages."""

LATE_APPLY_BOUND_SECONDS = 900
"""Assumption: what is not applied 15 minutes after a call was cut off never will be."""

_ENDS = ends("done", decline="refused")


def _of_payments(verb: str, operation: str) -> Contract:
    """What is not sent by itself: the patient pays, a message reports."""
    return Contract(
        vendor=VENDOR,
        verb=verb,
        operation=operation,
        acknowledged=Acknowledged.ASYNC,
        lookup=Lookup.NONE,
        resend=Resend.NEVER,
        late_apply_bound_seconds=None,
        duplicate_window_seconds=None,
        cut_off=None,
        amount_unit="decimal dollars with two places",
        moves_money=False,
        queueable=False,
    )


CONTRACTS = {
    RECEIVE: _of_payments(RECEIVE, "receive_portal_payment"),
    POST: _of_payments(POST, "post_portal_payment"),
    SEND: Contract(
        vendor=VENDOR,
        verb=SEND,
        operation="update_portal_payments",
        acknowledged=Acknowledged.ASYNC,
        lookup=Lookup.SEARCH,
        resend=Resend.AUTOMATIC,
        late_apply_bound_seconds=LATE_APPLY_BOUND_SECONDS,
        duplicate_window_seconds=None,
        cut_off=None,
        amount_unit="none: a message moves no money",
        moves_money=False,
        queueable=True,
        status_when_done=COMPLETED,
        expected_ends=_ENDS,
    ),
}

LIFECYCLE = Lifecycle(
    moves={
        SUBMITTED: frozenset({ACCEPTED, POSTED}),
        ACCEPTED: frozenset({POSTED}),
        PROCESSING: frozenset({COMPLETED, ERROR}),
    },
    resting=frozenset({SUBMITTED, ACCEPTED, POSTED, COMPLETED, ERROR}),
    guards={},
    applied={},
    money_back=frozenset(),
    shows_balance=False,
    reference_pattern="[A-Za-z0-9-]{1,64}",
)
