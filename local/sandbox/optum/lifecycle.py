"""Statuses of an issued payment: what follows by itself, what may be voided, which event tells."""

from __future__ import annotations

CREATED = "Created"
HELD = "Held"
LOADING = "Loading"
COMPLETED = "Completed"
VOIDED = "Voided"
REISSUING = "Reissuing"
FAILED = "Failed"

NEXT: dict[str, str] = {
    CREATED: LOADING,
    REISSUING: LOADING,
    LOADING: "DocumentsGenerating",
    "DocumentsGenerating": "RemittanceRequested",
    "RemittanceRequested": "DocumentsDistributing",
    "DocumentsDistributing": "DistributionAssigned",
    "DistributionAssigned": "Sent",
    "Sent": COMPLETED,
}

# The documented list; Created and Held are not on it.
VOIDABLE = frozenset(
    {
        LOADING,
        "DocumentsGenerating",
        "RemittanceRequested",
        "DocumentsDistributing",
        "DistributionAssigned",
        COMPLETED,
        "Requested",
        "Sent",
        REISSUING,
    }
)

# The event that tells of a payment having reached a status; Created and Held have none.
EVENT_OF_STATUS: dict[str, str] = {
    LOADING: "payment_loading_requested",
    "DocumentsGenerating": "payment_loading_completed",
    "RemittanceRequested": "payment_remittance_requested",
    "DocumentsDistributing": "payment_documents_distributing",
    "DistributionAssigned": "payment_distribution_assigned",
    "Sent": "payment_sent",
    COMPLETED: "payment_completed",
    FAILED: "payment_loading_failed",
    VOIDED: "payment_voided",
    REISSUING: "payment_reissue_requested",
}
BATCH_CREATED = "batch_created"
EVENT_NAMES = (BATCH_CREATED, *EVENT_OF_STATUS.values())
