"""What the issuer API promises: contract rows, status words, guards.

Source: the vendor's page on payment management (statuses, when a payment may be voided, released
or reissued). The order of the statuses and the names Held, Voided and Failed are assumptions, see
docs/vendors/optum.md.
"""

from payhub.domain.contract import Acknowledged, Contract, Guard, Lifecycle, Lookup, Resend, ends

VENDOR = "optum"
NOTIFIES = True
"""The vendor sends webhooks."""

SHARES_TOKEN = False
"""It takes a key."""

ISSUE, RELEASE, VOID, REISSUE = "issue", "release", "void", "reissue"

LATE_APPLY_BOUND_SECONDS = 900
"""Assumption: what is not applied 15 minutes after a call was cut off never will be."""

_ENDS = ends("done", decline="refused")


def _row(verb: str, operation: str, lookup: Lookup) -> Contract:
    return Contract(
        vendor=VENDOR,
        verb=verb,
        operation=operation,
        acknowledged=Acknowledged.SYNC,
        lookup=lookup,
        resend=Resend.AUTOMATIC,
        late_apply_bound_seconds=LATE_APPLY_BOUND_SECONDS,
        duplicate_window_seconds=None,
        cut_off=None,
        amount_unit="per tenant: cents, whole_dollars or decimal_dollars",
        moves_money=True,
        queueable=True,
        expected_ends=_ENDS,
    )


CONTRACTS = {
    ISSUE: _row(ISSUE, "issue_payment", Lookup.SEARCH),
    RELEASE: _row(RELEASE, "release_payment", Lookup.STATUS),
    VOID: _row(VOID, "void_payment", Lookup.STATUS),
    REISSUE: _row(REISSUE, "reissue_payment", Lookup.STATUS),
}

VOIDABLE = frozenset(
    {
        "Loading",
        "DocumentsGenerating",
        "RemittanceRequested",
        "DocumentsDistributing",
        "DistributionAssigned",
        "Completed",
        "Requested",
        "Sent",
        "Reissuing",
    }
)
"""The nine statuses in which the vendor documents that a payment can be voided."""

_ON_THE_WAY = VOIDABLE | {"Failed"}

LIFECYCLE = Lifecycle(
    moves={
        "Created": frozenset({"Loading", "Failed"}),
        "Reissuing": frozenset({"Loading", "Failed"}),
        "Loading": frozenset({"DocumentsGenerating", "Failed"}),
        "DocumentsGenerating": frozenset({"RemittanceRequested", "Failed"}),
        "RemittanceRequested": frozenset({"DocumentsDistributing", "Failed"}),
        "DocumentsDistributing": frozenset({"DistributionAssigned", "Failed"}),
        "DistributionAssigned": frozenset({"Requested", "Sent", "Completed", "Failed"}),
        "Requested": frozenset({"Sent", "Completed", "Failed"}),
        "Sent": frozenset({"Completed", "Failed"}),
    },
    resting=frozenset({"Held", "Completed", "Voided", "Failed"}),
    guards={
        RELEASE: Guard(
            statuses=frozenset({"Held"}),
            needs_balance=False,
            rule="Only a payment that is held can be released.",
        ),
        VOID: Guard(
            statuses=VOIDABLE,
            needs_balance=True,
            rule="A payment can be voided while its available balance is above zero and it is in"
            " one of: " + ", ".join(sorted(VOIDABLE)) + ".",
        ),
        REISSUE: Guard(
            statuses=frozenset({"Voided"}),
            needs_balance=False,
            rule="Only a payment that was voided can be reissued.",
        ),
    },
    applied={
        RELEASE: _ON_THE_WAY | {"Voided"},
        VOID: frozenset({"Voided"}),
        REISSUE: _ON_THE_WAY,
    },
    money_back=frozenset({"Voided"}),
)
