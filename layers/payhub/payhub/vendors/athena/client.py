"""athenahealth over HTTP: one call with a bearer token, once more with a new token on 401."""

from collections.abc import Mapping
from urllib.parse import urlencode

from payhub.domain.answers import TOO_LATE, NotSent, Unanswered
from payhub.domain.tenant import Tenant
from payhub.ports import Clock, Secrets
from payhub.tokens import FORM_TYPE
from payhub.transport import Request, Response, Transport
from payhub.vendors.athena.auth import Tokens, settings_of

ACCEPTED = "application/json, */*;q=0.1"
"""JSON, but a receipt may come as it is printed."""


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
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        call_by_ms: int | None = None,
    ) -> Response | NotSent | Unanswered:
        """One request; `path` begins with a slash and is percent-encoded, `form` is the body.

        A 401 comes from the gateway before anything is applied, so it is safe to send once more.
        Tokens take time: what cannot start by `call_by_ms` is not sent.
        """
        settings = settings_of(tenant)
        if settings.base_url not in self._base_urls:
            return NotSent(reason="the vendor's base URL is not on the stack's list")
        body = None if form is None else urlencode(form).encode()

        def send(token: str) -> Response | NotSent | Unanswered:
            if call_by_ms is not None and self._clock.now_ms() > call_by_ms:
                return TOO_LATE
            headers = {"Authorization": f"Bearer {token}", "Accept": ACCEPTED}
            if method != "GET":
                headers["Content-Type"] = FORM_TYPE
            url = settings.base_url + path
            return self._transport.send(
                Request(method=method, url=url, headers=headers, body=body, query=query)
            )

        return self._tokens.with_token(tenant, settings, send)
