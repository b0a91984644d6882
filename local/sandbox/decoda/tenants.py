"""Tenants: what the sandbox's operator sets up, who a request comes from and how many may come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from local.sandbox.decoda.refusals import detail, invalid, missing
from local.sandbox.messages import Request
from local.sandbox.store import Store

VENDOR = "decoda"
TENANT = "decoda_tenant"
# The names and fields of webhooks: as the API description has them, or as the guide has them.
EVENT_STYLES = ("api", "guide")
_WINDOW = "decoda_requests"
_MINUTE_MS = 60_000
_HEADERS = ("TENANT", "API-KEY")


@dataclass(frozen=True)
class Tenant:
    """`checks_refunds`: more than is left of a payment is not given back."""

    id: str
    api_key: str
    event_style: str
    requests_per_minute: int
    checks_refunds: bool = True


class Tenants:
    """Found by id and by API key."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, tenant: Tenant) -> None:
        self._store.put(VENDOR, TENANT, tenant.id, asdict(tenant), tenant.api_key)

    def all(self) -> list[Tenant]:
        return [Tenant(**body) for body in self._store.all(VENDOR, TENANT)]

    def get(self, tenant_id: str) -> Tenant | None:
        body = self._store.get(VENDOR, TENANT, tenant_id)
        return Tenant(**body) if body else None

    def with_key(self, api_key: str) -> Tenant | None:
        found = self._store.all(VENDOR, TENANT, api_key) if api_key else []
        return Tenant(**found[0]) if found else None

    def authenticate(self, request: Request) -> Tenant:
        """The tenant in whose name the request comes; raises Refused."""
        absent = [name for name in _HEADERS if name.lower() not in request.headers]
        if absent:
            raise invalid([missing("header", name) for name in absent])
        tenant = self.with_key(request.headers["api-key"])
        if tenant is None or tenant.id != request.headers["tenant"]:
            raise detail(401, "Invalid API key")
        return tenant

    def count(self, tenant: Tenant, now_ms: int) -> Mapping[str, str]:
        """Count a request; the headers that tell how many are left, or Refused with 429."""
        minute = now_ms // _MINUTE_MS
        counted = self._store.get(VENDOR, _WINDOW, tenant.id)
        so_far = counted["count"] if counted and counted["minute"] == minute else 0
        left = tenant.requests_per_minute - so_far - 1
        headers = {
            "X-RateLimit-Limit": str(tenant.requests_per_minute),
            "X-RateLimit-Remaining": str(max(left, 0)),
            "X-RateLimit-Reset": str((minute + 1) * _MINUTE_MS // 1000),
        }
        if left < 0:
            raise detail(429, "Rate limit exceeded", **headers)
        body = {"minute": minute, "count": so_far + 1}
        self._store.put(VENDOR, _WINDOW, tenant.id, body)
        return headers
