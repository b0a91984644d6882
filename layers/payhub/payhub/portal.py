"""Portal payments: fetched from the vendor, each stored once, each with its place in a feed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from payhub.attempts import rules_of
from payhub.command import From, Place
from payhub.domain.answers import View
from payhub.domain.errors import NotFound
from payhub.domain.observation import VENDOR as VENDOR_ACTOR
from payhub.domain.observation import observe
from payhub.domain.payment import Payment
from payhub.domain.portal import PortalPage, PortalPayment
from payhub.domain.tenant import Caller, Tenant
from payhub.drafts import adopted, draft, external
from payhub.ports import Hub
from payhub.references import payment_under

VENDOR = "medfusion"
RECEIVED_OPERATION, RECEIVED_VERB = "receive_portal_payment", "receive"

SECURE, SWIPED, PAY_NOW = "securePayments", "vcsPayment", "payNowpayment"
KINDS = (SECURE, SWIPED, PAY_NOW)
"""Bills paid in the portal, by the practice's card swiper, and by its Pay Now page."""

OVERLAP_MS = 300_000
"""Polls go back so far: the vendor's clocks may differ, and each payment is known by its id."""

PAGES_MAX = 100


PracticeId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$"),
    Field(description="The practice's integration id."),
    From(Place.PATH, "practiceId"),
]


class PaymentKind(StrEnum):
    """What `paymentType` asks for."""

    SWIPED = SWIPED
    PAY_NOW = PAY_NOW


PaymentType = Annotated[
    PaymentKind,
    Field(description="Payments by the card swiper, or by the Pay Now page."),
    From(Place.QUERY, "paymentType"),
]


def check_practice(caller: Caller, practice_id: str) -> None:
    """Raise NotFound unless the practice is the tenant's own."""
    tenant = caller.tenant
    if practice_id not in tenant.medfusion_practice_ids or VENDOR not in tenant.vendors:
        raise NotFound(f"There is no practice {practice_id}.")


def feed_of(practice_id: str, kind: str) -> str:
    """The feed of a practice's payments of one kind."""
    return f"{practice_id}/{kind}"


def scope_of(practice_id: str) -> str:
    """Payment ids are the practice's."""
    return f"{practice_id}/payment/"


def known_payment(hub: Hub, tenant: str, practice_id: str, reference: str) -> Payment | None:
    """The tenant's payment of that id of the vendor's, read consistently."""
    return payment_under(hub, tenant, VENDOR, scope_of(practice_id) + reference)


def fetch(hub: Hub, tenant: Tenant, practice_id: str, kind: str) -> bool:
    """Fetch what was paid since the last time; whether all of it could be read.

    Payments are stored before the cursor moves, so an answer that is lost loses nothing.
    """
    feed = feed_of(practice_id, kind)
    cursor_ms = hub.feed.cursor(tenant.tenant, feed)
    since_ms = None if cursor_ms is None else max(0, cursor_ms - OVERLAP_MS)
    for _ in range(PAGES_MAX):
        page = hub.vendors[VENDOR].portal.poll(tenant, practice_id, kind, since_ms)
        if not isinstance(page, PortalPage):
            hub.signals.count("PortalUnreadable", vendor=VENDOR)
            return False
        for payment in page.payments:
            _take_in(hub, tenant, practice_id, kind, since_ms, payment)
        if page.last_ms is None or page.last_ms <= (since_ms or -1):
            return True
        # A vendor's instant that lies ahead of ours must not have the next polls skip anything.
        reached_ms = min(page.last_ms, hub.clock.now_ms())
        if reached_ms > (cursor_ms or 0):
            hub.feed.save_cursor(tenant.tenant, feed, reached_ms)
            cursor_ms = reached_ms
        if not page.payments:
            return True
        since_ms = page.last_ms
    return False


def _take_in(
    hub: Hub,
    tenant: Tenant,
    practice_id: str,
    kind: str,
    since_ms: int | None,
    shown: PortalPayment,
) -> None:
    view = View(reference=shown.reference, status=shown.status, amount_cents=shown.amount_cents)
    known = known_payment(hub, tenant.tenant, practice_id, shown.reference)
    if known is not None:
        _observe(hub, known, view)
        return
    terms: Mapping[str, str | int] = {
        "practiceId": practice_id,
        "kind": kind,
        "sinceMs": since_ms or 0,
        "xml": shown.xml,
    }

    def build(stamp_ms: int) -> Payment:
        drafted = draft(
            hub,
            tenant.tenant,
            VENDOR,
            RECEIVED_OPERATION,
            terms,
            shown.amount_cents,
            scope_of(practice_id),
            created_at_ms=stamp_ms,
        )
        return adopted(hub, VENDOR_ACTOR, external(drafted, shown.reference), view)

    hub.feed.add(tenant.tenant, feed_of(practice_id, kind), hub.clock.now_ms(), build)


def _observe(hub: Hub, known: Payment, view: View) -> None:
    """What somebody else reported at the vendor; what the hub is reporting itself is not."""
    if known.vendor_status == view.status:
        return
    rules, now_ms = rules_of(hub, known, RECEIVED_VERB), hub.clock.now_ms()

    def change(latest: Payment) -> Payment:
        if latest.open_action is not None or not rules.lifecycle.can_reach(
            str(latest.vendor_status), view.status
        ):
            return latest
        return observe(latest, view, rules, now_ms, "polled at the vendor")

    hub.payments.change(known, change)
