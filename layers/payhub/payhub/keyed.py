"""Calls to a vendor that takes a key: the stack's base URLs only, one refetch of the key on 401."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from payhub.domain.answers import NO_KEY, NotSent, Unanswered
from payhub.domain.errors import SecretUnavailable
from payhub.domain.tenant import Tenant
from payhub.ports import Secrets
from payhub.transport import Request, Response, Transport

UNAUTHORIZED = 401

Headers = Callable[[Mapping[str, str]], Mapping[str, str]]
"""From a tenant's secret to the headers of a call; raises KeyError where the key is missing."""


class KeyedCalls:
    """Sends for a tenant; never raises for what the network, the vendor or the key's store does."""

    def __init__(
        self, vendor: str, transport: Transport, secrets: Secrets, base_urls: frozenset[str]
    ) -> None:
        self._vendor = vendor
        self._transport = transport
        self._secrets = secrets
        self._base_urls = base_urls

    def secret(self, tenant: Tenant, *, fresh: bool = False) -> Mapping[str, str]:
        """The tenant's credentials for this vendor. Raises SecretUnavailable."""
        return self._secrets.get(tenant.tenant, self._vendor, fresh=fresh)

    def send(
        self, tenant: Tenant, base_url: str, request: Request, headers_of: Headers
    ) -> Response | NotSent | Unanswered:
        """The request, whose `url` is a path here, with the headers that the secret gives it.

        A 401 is answered before anything is applied; a key that changed meanwhile is tried then.
        """
        if base_url not in self._base_urls:
            return NotSent(reason="the vendor's base URL is not on the stack's list")
        request = replace(request, url=base_url + request.url)
        known = self._headers(tenant, headers_of)
        if isinstance(known, NotSent):
            return known
        answer = self._transport.send(replace(request, headers=known))
        if not isinstance(answer, Response) or answer.status != UNAUTHORIZED:
            return answer
        latest = self._headers(tenant, headers_of, fresh=True)
        if isinstance(latest, NotSent) or latest == known:
            return answer
        return self._transport.send(replace(request, headers=latest))

    def _headers(
        self, tenant: Tenant, headers_of: Headers, *, fresh: bool = False
    ) -> Mapping[str, str] | NotSent:
        try:
            return headers_of(self.secret(tenant, fresh=fresh))
        except SecretUnavailable:
            return NO_KEY
        except KeyError:
            return NotSent(reason="the tenant has no key for the vendor")
