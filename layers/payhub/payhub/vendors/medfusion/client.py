"""Medfusion over HTTP: one call in XML with a bearer token, once more with a new token on 401."""

from collections.abc import Mapping

from payhub.domain.answers import TOO_LATE, NotSent, Unanswered
from payhub.domain.tenant import Tenant
from payhub.ports import Clock, Secrets
from payhub.transport import Request, Response, Transport
from payhub.vendors.medfusion.auth import Tokens, settings_of

XML_TYPE = "application/xml"


class Client:
    """Calls the vendor for a tenant; never raises for what the network or the vendor does."""

    def __init__(
        self, transport: Transport, secrets: Secrets, base_urls: frozenset[str], clock: Clock
    ) -> None:
        self._transport = transport
        self._tokens = Tokens(transport, secrets, clock)
        self._base_urls = base_urls
        self._clock = clock

    def call(
        self,
        tenant: Tenant,
        method: str,
        path: str,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        call_by_ms: int | None = None,
    ) -> Response | NotSent | Unanswered:
        """One request; `path` begins with a slash and is percent-encoded.

        Tokens take time: what cannot start by `call_by_ms` (epoch milliseconds) is not sent.
        """
        settings = settings_of(tenant)
        if settings.base_url not in self._base_urls:
            return NotSent(reason="the vendor's base URL is not on the stack's list")

        def send(token: str) -> Response | NotSent | Unanswered:
            if call_by_ms is not None and self.now_ms() > call_by_ms:
                return TOO_LATE
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": XML_TYPE,
                "Accept": XML_TYPE,
            }
            url = settings.base_url + path
            return self._transport.send(
                Request(method=method, url=url, headers=headers, body=body, query=query)
            )

        return self._tokens.with_token(tenant, settings, send)

    def now_ms(self) -> int:
        """The present instant, for what takes several calls."""
        return self._clock.now_ms()
