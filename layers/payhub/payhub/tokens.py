"""Vendors' bearer tokens: one for many calls, shared by the processes of a stack, renewed early."""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from payhub.domain.answers import NO_KEY, NotSent, Unanswered
from payhub.domain.errors import SecretUnavailable
from payhub.domain.tenant import Settings, Tenant
from payhub.ports import Clock, Secrets
from payhub.transport import Response, Transport, retry_after_seconds

FORM_TYPE = "application/x-www-form-urlencoded"

RENEW_BEFORE_SECONDS = 60
"""A token this close to its end is not used: it could expire on the way."""

TOKEN_QUOTA_SECONDS = 60
"""Vendors count tokens by the minute, so a refusal without Retry-After is over after one."""

_UNAUTHORIZED, _TOO_MANY = 401, 429
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_OAUTH_CODE = re.compile(r"[a-z_]{1,40}")

S = TypeVar("S", bound=Settings)
Sent = Response | NotSent | Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Generic[S]):
    """How one vendor gives tokens to a tenant with these settings and credentials.

    `ask` makes the calls. `owner` names whom a token is for, as a digest: credentials and settings
    may change. `are_refused` tells an answer that is about the credentials. The fields are those of
    the answer that has the token.
    """

    vendor: str
    ask: Callable[[Transport, S, Mapping[str, str]], Response | NotSent]
    owner: Callable[[S, Mapping[str, str]], str]
    are_refused: Callable[[Response], bool]
    token_field: str
    seconds_field: str


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, for whom it was given, and until when it is used."""

    text: str
    settings: Settings
    until: float

    def __repr__(self) -> str:
        return "Token(...)"


class Tokens(Generic[S]):
    """One token per tenant, fetched when it is needed, by one thread for all that wait.

    It is shared through Secrets Manager with the other processes of the stack.

    Nothing of a payment is sent with the call for a token, so whatever goes wrong in it, timeouts
    too, proves that nothing was applied.
    """

    def __init__(
        self, grant: Grant[S], transport: Transport, secrets: Secrets, clock: Clock
    ) -> None:
        # Time of day: a function that was frozen for an hour must find its token old.
        self._grant = grant
        self._transport = transport
        self._secrets = secrets
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def with_token(self, tenant: Tenant, settings: S, send: Callable[[str], Sent]) -> Sent:
        """Send with a token, and once more with another one on 401: nothing is applied before."""
        token = self.token(tenant, settings)
        if isinstance(token, NotSent):
            return token
        answer = send(token)
        if not isinstance(answer, Response) or answer.status != _UNAUTHORIZED:
            return answer
        token = self.renewed(tenant, settings, token)
        return token if isinstance(token, NotSent) else send(token)

    def token(self, tenant: Tenant, settings: S) -> str | NotSent:
        """The known token while it lives, else a new one."""
        with self._lock_of(tenant):
            known = self._tokens.get(tenant.tenant)
            if known and known.settings == settings and self._now() < known.until:
                return known.text
            return self._given(tenant, settings, "", fresh=False)

    def renewed(self, tenant: Tenant, settings: S, refused: str) -> str | NotSent:
        """Another token than the refused one, which is forgotten; the credentials asked anew."""
        with self._lock_of(tenant):
            known = self._tokens.get(tenant.tenant)
            if known and known.settings == settings and known.text != refused:
                return known.text  # another thread was here before
            self._tokens.pop(tenant.tenant, None)
            return self._given(tenant, settings, refused, fresh=True)

    def _given(self, tenant: Tenant, settings: S, refused: str, *, fresh: bool) -> str | NotSent:
        """Another process's token, or a new one; none without the credentials."""
        try:
            shared = self._shared(tenant, settings, refused)
            return shared or self._fetch(tenant, settings, fresh=fresh)
        except SecretUnavailable:
            return NO_KEY

    def _now(self) -> float:
        return self._clock.now_ms() / 1000

    def _lock_of(self, tenant: Tenant) -> threading.Lock:
        """One tenant's slow token holds up no other tenant."""
        with self._lock:
            return self._locks.setdefault(tenant.tenant, threading.Lock())

    def _shared(self, tenant: Tenant, settings: S, refused: str) -> str | None:
        """The token of another process, as long as it is for the same client and lives."""
        fields = self._secrets.shared_token(tenant.tenant, self._grant.vendor)
        text, until = fields.get("token", ""), float(fields.get("until", "0"))
        credentials = self._secrets.get(tenant.tenant, self._grant.vendor)
        fits = fields.get("of") == self._grant.owner(settings, credentials)
        if not text or not fits or text == refused or self._now() >= until:
            return None
        self._tokens[tenant.tenant] = Token(text, settings, until)
        return text

    def _share(self, tenant: Tenant, token: Token, owner: str) -> None:
        fields = {"token": token.text, "until": f"{token.until:.3f}", "of": owner}
        self._secrets.share_token(tenant.tenant, self._grant.vendor, fields)

    def _fetch(self, tenant: Tenant, settings: S, *, fresh: bool) -> str | NotSent:
        asked_at, vendor = self._now(), self._grant.vendor
        credentials = self._secrets.get(tenant.tenant, vendor, fresh=fresh)
        answer = self._grant.ask(self._transport, settings, credentials)
        if not fresh and isinstance(answer, Response) and self._grant.are_refused(answer):
            latest = self._secrets.get(tenant.tenant, vendor, fresh=True)
            if latest != credentials:
                answer = self._grant.ask(self._transport, settings, latest)
            credentials = latest
        if isinstance(answer, NotSent):
            return answer
        given = self._read(answer)
        if isinstance(given, NotSent):
            return given
        text, seconds = given
        until = asked_at + seconds - min(RENEW_BEFORE_SECONDS, seconds / 10)
        token = self._tokens[tenant.tenant] = Token(text, settings, until)
        self._share(tenant, token, self._grant.owner(settings, credentials))
        return text

    def _read(self, answer: Response) -> tuple[str, int] | NotSent:
        """The token and for how many seconds it is good; unsaid means for this call only."""
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            code = oauth_code(answer)
            wait = retry_after_seconds(answer.headers.get("retry-after"))
            return NotSent(
                reason=f"no token: vendor answered {answer.status}" + (f" {code}" if code else ""),
                retry_after_seconds=wait
                if wait is not None or answer.status != _TOO_MANY
                else TOKEN_QUOTA_SECONDS,
            )
        given = object_of(answer)
        text = given.get(self._grant.token_field)
        seconds = _seconds(given.get(self._grant.seconds_field, 0))
        if not isinstance(text, str) or _TOKEN.fullmatch(text) is None or seconds is None:
            return NotSent(reason=f"no token: vendor answered {answer.status} but unreadably")
        return text, seconds


def basic(client_id: str, client_secret: str) -> str:
    """The Authorization header of a client."""
    pair = f"{client_id}:{client_secret}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def oauth_code(answer: Response) -> str | None:
    """The error code of OAuth, such as invalid_client; nothing else of the answer is shown."""
    code = object_of(answer).get("error")
    return code if isinstance(code, str) and _OAUTH_CODE.fullmatch(code) else None


def object_of(answer: Response) -> Mapping[str, object]:
    """The answer's JSON object, numbers exact; empty where it has none."""
    try:
        value = json.loads(answer.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def no_token(sent: Response | NotSent | Unanswered) -> Response | NotSent:
    """What came of a call for a token; without an answer nothing of a payment can be applied."""
    return sent if isinstance(sent, Response) else NotSent(reason=f"no token: {sent.reason}")


def _seconds(value: object) -> int | None:
    """A life time as number or text; None when it is neither."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    match = re.fullmatch(r"([0-9]{1,9})(?:\.[0-9]+)?", text, re.ASCII)
    return None if match is None or isinstance(value, bool) else int(match.group(1))
