"""The issuer API over HTTP: one authenticated call under one of its two prefixes."""

from collections.abc import Mapping
from functools import partial

from payhub.domain.answers import NotSent, Unanswered
from payhub.domain.tenant import Tenant
from payhub.keyed import KeyedCalls
from payhub.ports import Clock, Secrets
from payhub.transport import Request, Response, Transport
from payhub.vendors.optum.auth import headers_of, settings_of
from payhub.vendors.optum.contract import VENDOR


class Client:
    """Calls the vendor for a tenant; never raises for what the network or the vendor does."""

    def __init__(
        self, transport: Transport, secrets: Secrets, base_urls: frozenset[str], _clock: Clock
    ) -> None:
        self._calls = KeyedCalls(VENDOR, transport, secrets, base_urls)

    def payments(
        self,
        tenant: Tenant,
        method: str,
        path: str,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Response | NotSent | Unanswered:
        """A call under the payments prefix; `path` begins with a slash."""
        return self._call(tenant, method, settings_of(tenant).prefix + path, body, query)

    def events(
        self, tenant: Tenant, method: str, path: str, body: bytes | None = None
    ) -> Response | NotSent | Unanswered:
        """A call under the event API's prefix."""
        return self._call(tenant, method, settings_of(tenant).event_prefix + path, body, None)

    def secret(self, tenant: Tenant) -> Mapping[str, str]:
        """The tenant's credentials for this vendor."""
        return self._calls.secret(tenant)

    def _call(
        self,
        tenant: Tenant,
        method: str,
        path: str,
        body: bytes | None,
        query: Mapping[str, str] | None,
    ) -> Response | NotSent | Unanswered:
        settings = settings_of(tenant)
        request = Request(method=method, url=path, headers={}, body=body, query=query)
        return self._calls.send(tenant, settings.base_url, request, partial(headers_of, settings))
