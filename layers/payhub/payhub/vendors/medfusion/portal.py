"""What patients paid in the portal, as it is polled: by practice and kind, oldest first."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from payhub.domain.answers import Failure, Unanswered
from payhub.domain.portal import PortalPage, PortalPayment
from payhub.domain.tenant import Tenant
from payhub.vendors.medfusion import wire
from payhub.vendors.medfusion.client import Client

PAGE_MAX = 100
"""The vendor's own default."""

POLLS_MAX = 110
"""Each payment of a message may need a poll of its own, and no list is looked through for ever."""

LOOK_MAX_MS = 12_000
"""How long one look through the lists may take: a function has thirty seconds for all it does."""


class Portal:
    """The PortalSource port for this vendor."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def poll(
        self, tenant: Tenant, practice_id: str, kind: str, since_ms: int | None
    ) -> PortalPage | Failure:
        """Payments after an instant of the vendor's, a page of them; without one from the first."""
        path, query = wire.payments_path(practice_id, kind)
        query = {**query, "max": str(PAGE_MAX)}
        if since_ms is not None:
            query["since"] = str(since_ms)
        sent = self._client.call(tenant, "GET", path, query=query)
        return wire.understood(sent, lambda answer: wire.read_page(answer, practice_id))

    def look_for(
        self, tenant: Tenant, practice_id: str, kind: str, wanted: Mapping[str, int]
    ) -> Mapping[str, PortalPayment] | Failure:
        """The wanted payments as they are now; what the lists do not show is not in the answer.

        `wanted` has, by the vendor's id, the `since` under which each was seen. Nothing is proven
        where the lists are too long to be looked through.
        """
        look = _Look(wanted=wanted)
        until_ms = self._client.now_ms() + LOOK_MAX_MS
        for _ in range(POLLS_MAX):
            since_ms = look.next_ms()
            if since_ms is None:
                return look.found
            if self._client.now_ms() > until_ms:
                break
            page = self.poll(tenant, practice_id, kind, since_ms)
            if not isinstance(page, PortalPage):
                return page
            if page.payments and page.last_ms is None:
                return Unanswered(reason="the portal does not say how its list goes on")
            look.take(page, since_ms)
        if look.next_ms() is None:
            return look.found
        return Unanswered(reason="the lists of the portal are too long to be looked through")


@dataclass
class _Look:
    """Where a look through the lists stands: what was found, and up to where it has come."""

    wanted: Mapping[str, int]
    found: dict[str, PortalPayment] = field(default_factory=dict)
    come_to_ms: int = -1
    is_over: bool = False

    def next_ms(self) -> int | None:
        """From where to look next: the first of what is missing, or where the last page ended."""
        missing = [at for reference, at in self.wanted.items() if reference not in self.found]
        if not missing or self.is_over:
            return None
        return max(self.come_to_ms, min(missing))

    def take(self, page: PortalPage, since_ms: int) -> None:
        """Note what a page shows. The list ends where nothing follows or nothing moves on."""
        self.found |= {it.reference: it for it in page.payments if it.reference in self.wanted}
        self.come_to_ms = page.last_ms or since_ms
        self.is_over = not page.payments or self.come_to_ms <= since_ms
