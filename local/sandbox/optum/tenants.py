"""Tenants: what the sandbox's operator sets up, and who a request comes from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from local.sandbox.messages import Request
from local.sandbox.optum.problems import Problem
from local.sandbox.store import Store

VENDOR = "optum"
KIND = "tenant"


@dataclass(frozen=True)
class Tenant:
    """`accounts` maps an account's short code to whether its payments are held."""

    tenant_id: str
    api_key: str
    amount_unit: str
    accounts: Mapping[str, bool]

    def account_id(self, short_code: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.tenant_id}/{short_code}"))


class Tenants:
    """Found by id and by API key."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, tenant: Tenant) -> None:
        self._store.put(VENDOR, KIND, tenant.tenant_id, asdict(tenant), tenant.api_key)

    def all(self) -> list[Tenant]:
        return [Tenant(**body) for body in self._store.all(VENDOR, KIND)]

    def with_key(self, api_key: str) -> Tenant | None:
        found = self._store.all(VENDOR, KIND, api_key) if api_key else []
        return Tenant(**found[0]) if found else None

    def authenticate(self, request: Request) -> Tenant:
        """The tenant whose key came with the request; raises Problem."""
        tenant = self.with_key(request.headers.get("api-key", ""))
        if tenant is None:
            raise Problem(401, "Unauthorized", "API-Key is missing or not valid")
        if request.headers.get("x-optum-tenant-id") != tenant.tenant_id:
            raise Problem(403, "Forbidden", "X-Optum-Tenant-Id is not the tenant of this API-Key")
        return tenant
