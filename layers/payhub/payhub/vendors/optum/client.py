"""The issuer API over HTTP: one authenticated call, with one refetch of the key on 401."""

from collections.abc import Mapping

from payhub.domain.answers import NotSent, Unanswered
from payhub.domain.tenant import Tenant
from payhub.ports import Clock, Secrets
from payhub.transport import Request, Response, Transport
from payhub.vendors.optum.auth import headers_of, settings_of
from payhub.vendors.optum.contract import VENDOR

UNAUTHORIZED = 401


class Client:
    """Calls the vendor for a tenant; never raises for what the network or the vendor does."""

    def __init__(
        self, transport: Transport, secrets: Secrets, base_urls: frozenset[str], _clock: Clock
    ) -> None:
        self._transport = transport
        self._secrets = secrets
        self._base_urls = base_urls

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
        return self._secrets.get(tenant.tenant, VENDOR)

    def _call(
        self,
        tenant: Tenant,
        method: str,
        path: str,
        body: bytes | None,
        query: Mapping[str, str] | None,
    ) -> Response | NotSent | Unanswered:
        settings = settings_of(tenant)
        if settings.base_url not in self._base_urls:
            return NotSent(reason="the vendor's base URL is not on the stack's list")

        def send(secret: Mapping[str, str]) -> Response | NotSent | Unanswered:
            return self._transport.send(
                Request(
                    method=method,
                    url=settings.base_url + path,
                    headers=headers_of(settings, secret),
                    body=body,
                    query=query,
                )
            )

        known = self._secrets.get(tenant.tenant, VENDOR)
        answer = send(known)
        if not isinstance(answer, Response) or answer.status != UNAUTHORIZED:
            return answer
        latest = self._secrets.get(tenant.tenant, VENDOR, fresh=True)
        return answer if latest == known else send(latest)
