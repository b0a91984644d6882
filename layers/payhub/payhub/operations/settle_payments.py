"""Move collected payments to settled once their cut-off has passed."""

from payhub import inquiries
from payhub.domain.records import PaymentFilter
from payhub.domain.tenant import Tenant
from payhub.ports import Hub

VENDOR, COLLECTED = "athena", "Collected"
LOOK_BACK_MS = 10 * 86_400_000
"""A payment settles within a day; the rest is for late repeats, and nights without a run."""

PAGE = 100


def settle_payments(hub: Hub, tenant: Tenant) -> None:
    """Show as settled what has settled.

    This only names what is so: whether a payment can be voided is judged on its own instants,
    never on when this ran.
    """
    if VENDOR not in tenant.vendors:
        return
    cursor: str | None = None
    since_ms = hub.clock.now_ms() - LOOK_BACK_MS
    while True:
        page = hub.payments.page(
            tenant.tenant,
            PaymentFilter(
                limit=PAGE, cursor=cursor, status=COLLECTED, vendor=VENDOR, from_ms=since_ms
            ),
        )
        for payment in page.payments:
            if payment.open_action is None:
                inquiries.refresh(hub, tenant, payment)
        cursor = page.next_cursor
        if cursor is None:
            return
