"""Tenants and credentials in the table; settings are kept in memory for some seconds."""

import time
from collections.abc import Iterator

from payhub.domain.records import Credential
from payhub.domain.tenant import Tenant
from payhub.store import keys
from payhub.store.items import credential_item, credential_of
from payhub.store.table import Put, Table

FRESH_SECONDS = 30.0
"""How long a change of settings may take to be seen by a running function."""


class Tenants:
    """The TenantStore port on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[str, tuple[float, Tenant]] = {}

    def load(self, tenant: str) -> Tenant | None:
        """One read, none while the settings in memory are fresh."""
        known = self._known.get(tenant)
        if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        item = self._table.get(keys.tenant_settings(tenant))
        if item is None:
            return None
        settings = Tenant.model_validate_json(item["doc"]["S"])
        self._known[tenant] = (time.monotonic(), settings)
        return settings

    def all(self) -> Iterator[Tenant]:
        """The registry's pages, then one read per tenant."""
        start = None
        while True:
            lines, start = self._table.query("TENANTS", start=start)
            for line in lines:
                tenant = self.load(line["sk"]["S"])
                if tenant is not None:
                    yield tenant
            if start is None:
                return

    def save(self, tenant: Tenant) -> None:
        """Settings and registry line together."""
        settings = keys.tenant_settings(tenant.tenant)
        line = keys.registry(tenant.tenant)
        self._table.put_together(
            [
                Put(
                    item={
                        "pk": {"S": settings[0]},
                        "sk": {"S": settings[1]},
                        "doc": {"S": tenant.model_dump_json()},
                    }
                ),
                Put(item={"pk": {"S": line[0]}, "sk": {"S": line[1]}}),
            ]
        )
        self._known.pop(tenant.tenant, None)

    def credential(self, digest: str) -> Credential | None:
        """One consistent read, so that a credential works from the moment it was handed out."""
        item = self._table.get(keys.credential(digest))
        return None if item is None else credential_of(item)

    def add_credential(self, credential: Credential) -> None:
        """One put."""
        self._table.put(Put(item=credential_item(credential)))
