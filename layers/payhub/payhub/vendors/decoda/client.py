"""Decoda over HTTP: one authenticated call, and its rate limit read as a waiting time."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from payhub.domain.answers import NotSent, Unanswered
from payhub.domain.tenant import Tenant
from payhub.keyed import KeyedCalls
from payhub.ports import Clock, Secrets
from payhub.transport import Request, Response, Transport, retry_after_seconds
from payhub.vendors.decoda.auth import headers_of, settings_of
from payhub.vendors.decoda.contract import VENDOR

TOO_MANY_REQUESTS = 429
WAIT_MAX_SECONDS = 3600
"""The vendor counts by the minute; what asks for more than an hour is misread."""

EPOCH_SECONDS_MIN = 1_000_000_000
"""A smaller number is not a moment of our days, but seconds from now."""

_DIGITS_MAX = 15


class Client:
    """Calls the vendor for a tenant; never raises for what the network or the vendor does."""

    def __init__(
        self, transport: Transport, secrets: Secrets, base_urls: frozenset[str], clock: Clock
    ) -> None:
        self._calls = KeyedCalls(VENDOR, transport, secrets, base_urls)
        self._clock = clock

    def call(
        self,
        tenant: Tenant,
        method: str,
        path: str,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Response | NotSent | Unanswered:
        """One request; `path` begins with a slash and is percent-encoded."""
        settings = settings_of(tenant)
        request = Request(method=method, url=path, headers={}, body=body, query=query)
        answer = self._calls.send(tenant, settings.base_url, request, partial(headers_of, settings))
        return self._with_wait(answer) if isinstance(answer, Response) else answer

    def tenant_secret(self, tenant: Tenant) -> Mapping[str, str]:
        """The tenant's credentials for this vendor."""
        return self._calls.secret(tenant)

    def _with_wait(self, answer: Response) -> Response:
        """A 429 that only says when its limit starts anew, as if it said how long to wait."""
        if answer.status != TOO_MANY_REQUESTS:
            return answer
        if retry_after_seconds(answer.headers.get("retry-after")) is not None:
            return answer
        reset = answer.headers.get("x-ratelimit-reset", "").strip()
        if not (reset.isascii() and reset.isdecimal() and len(reset) <= _DIGITS_MAX):
            return answer
        seconds = int(reset)
        if seconds >= EPOCH_SECONDS_MIN:
            # Rounded up: a call in the last part of the old second would be refused again.
            seconds = -((self._clock.now_ms() - seconds * 1000) // 1000)
        wait = max(1, min(seconds, WAIT_MAX_SECONDS))
        return replace(answer, headers={**answer.headers, "retry-after": str(wait)})
