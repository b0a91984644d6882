"""HTTP manners shared by all vendors: one deadline, what an error proves, no secrets in words."""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TypeVar

import httpx

from payhub.domain.answers import NotSent, Unanswered, VendorRefused
from payhub.domain.scrub import scrub

ANSWER_MAX_BYTES = 2_000_000

NEVER_MADE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""The connection was never made, so nothing can have been applied: verdict SAFE."""

SAFE_STATUSES = frozenset({401, 403, 429})
"""Answers given before anything is applied: our credentials or our rate, not the payment."""

REFUSED_STATUSES = frozenset({400, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422})
"""The vendor judged the request and said no: verdict NEVER."""

T = TypeVar("T")


class Unreadable(ValueError):
    """An answer that is not what its vendor documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer of a vendor."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to a vendor; `query` values are sent as given."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    query: Mapping[str, str] | None = None


class Transport:
    """Sends requests over connections of their own.

    An idle connection that died while the function was frozen fails after the write, which would
    turn a call that moves money into an unknown one; so none is kept.
    """

    def __init__(
        self, timeout_seconds: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout_seconds, connect=min(3.0, timeout_seconds)),
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            verify=_certificates(),
            transport=transport,
        )

    def send(self, request: Request) -> Response | NotSent | Unanswered:
        """The whole answer within the deadline, or what its absence proves."""
        deadline = time.monotonic() + self._timeout_seconds
        try:
            with self._client.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.body,
                params=request.query,
            ) as answer:
                body = _read(answer, deadline)
                return Response(
                    status=answer.status_code,
                    headers={k.lower(): v for k, v in answer.headers.items()},
                    body=body,
                )
        except NEVER_MADE as error:
            return NotSent(reason=f"no connection to the vendor ({type(error).__name__})")
        except (httpx.HTTPError, httpx.StreamError) as error:
            return Unanswered(reason=f"no answer from the vendor ({type(error).__name__})")


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to believe: read once for the clients of all vendors."""
    return httpx.create_ssl_context(trust_env=False)


def _read(answer: httpx.Response, deadline: float) -> bytes:
    """The body, as long as it is neither endless nor drips past the deadline."""
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > ANSWER_MAX_BYTES or time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer is too long or too slow")
        parts.append(part)
    return b"".join(parts)


def understood(
    sent: Response | NotSent | Unanswered,
    read: Callable[[Response], T],
    failure: Callable[[Response], VendorRefused | NotSent | Unanswered],
) -> T | VendorRefused | NotSent | Unanswered:
    """What a complete answer says; a success that cannot be read proves nothing.

    `failure` finds the vendor's words in any other answer, and says what it proves.
    """
    if not isinstance(sent, Response):
        return sent
    if not 200 <= sent.status < 300:  # noqa: PLR2004
        return failure(sent)
    try:
        return read(sent)
    except Unreadable as error:
        return Unanswered(reason=f"vendor answered {sent.status} but unreadably: {error}")


def verdict_of(
    response: Response, words: str, code: str | None = None
) -> VendorRefused | NotSent | Unanswered:
    """What an answer that is not a success proves. `words` are the vendor's, scrubbed here."""
    said = scrub(words) or "no reason given"
    if response.status in SAFE_STATUSES:
        return NotSent(
            reason=f"vendor answered {response.status}: {said}",
            retry_after_seconds=retry_after_seconds(response.headers.get("retry-after")),
        )
    if response.status in REFUSED_STATUSES:
        return VendorRefused(message=said, code=code or str(response.status))
    return Unanswered(reason=f"vendor answered {response.status}: {said}")


def retry_after_seconds(value: str | None) -> int | None:
    """Retry-After as seconds, from either of its two forms; None when absent or unreadable."""
    if value is None:
        return None
    if value.isdecimal() and value.isascii():
        return min(int(value[:9]), 86400)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    now = datetime.now(UTC)
    return max(0, min(int((at.astimezone(UTC) - now).total_seconds()) + 1, 86400))
