"""How a tenant reaches athenahealth and proves itself: settings, and one token for many calls."""

import base64
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field

from payhub.domain.answers import NotSent
from payhub.domain.identity import digest
from payhub.domain.tenant import Settings, Tenant
from payhub.ports import Clock, Secrets
from payhub.transport import Request, Response, Transport, retry_after_seconds
from payhub.vendors.athena.contract import VENDOR

TOKEN_PATH = "/oauth2/v1/token"  # noqa: S105 - a path
FORM_TYPE = "application/x-www-form-urlencoded"

RENEW_BEFORE_SECONDS = 60
"""A token this close to its end is not used: it could expire on the way."""

TOKEN_QUOTA_SECONDS = 60
"""The vendor counts tokens by the minute, so a refusal without Retry-After is over after one."""

_UNAUTHORIZED, _BAD_REQUEST, _TOO_MANY = 401, 400, 429
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_OAUTH_CODE = re.compile(r"[a-z_]{1,40}")


class AthenaSettings(Settings):
    """One tenant's settings for this vendor.

    Within `void_margin_seconds` around the cut-off only the vendor decides whether a void comes in
    time, because its clock is not ours.
    """

    base_url: str
    void_margin_seconds: Annotated[int, Field(ge=0)] = 300
    scope: str = "athena/service/Athenanet.MDP.*"


SECRET_FIELDS = ("client_id", "client_secret")
"""What of a tenant's configuration goes to Secrets Manager instead of the table."""


def settings_of(tenant: Tenant) -> AthenaSettings:
    """The tenant's settings for this vendor. Raises KeyError when it has none."""
    return AthenaSettings.model_validate(tenant.vendors[VENDOR])


def parse_settings(configuration: Mapping[str, object]) -> AthenaSettings:
    """A tenant's configuration without its secrets. Raises pydantic's ValidationError."""
    return AthenaSettings.model_validate(configuration)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, for whom it was given, and until when it is used."""

    text: str
    settings: AthenaSettings
    until: float

    def __repr__(self) -> str:
        return "Token(...)"


class Tokens:
    """One token per tenant, fetched when it is needed, by one thread for all that wait.

    It is shared through Secrets Manager with the other processes of the stack.

    Nothing of a payment is sent with the call for a token, so whatever goes wrong in it, timeouts
    too, proves that nothing was applied.
    """

    def __init__(self, transport: Transport, secrets: Secrets, clock: Clock) -> None:
        # Time of day: a function that was frozen for an hour must find its token old.
        self._transport = transport
        self._secrets = secrets
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def token(self, tenant: Tenant, settings: AthenaSettings) -> str | NotSent:
        """The known token while it lives, else a new one."""
        with self._lock_of(tenant):
            known = self._tokens.get(tenant.tenant)
            if known and known.settings == settings and self._now() < known.until:
                return known.text
            return self._shared(tenant, settings, "") or self._fetch(tenant, settings, fresh=False)

    def renewed(self, tenant: Tenant, settings: AthenaSettings, refused: str) -> str | NotSent:
        """Another token than the refused one, which is forgotten; the credentials asked anew."""
        with self._lock_of(tenant):
            known = self._tokens.get(tenant.tenant)
            if known and known.settings == settings and known.text != refused:
                return known.text  # another thread was here before
            self._tokens.pop(tenant.tenant, None)
            return self._shared(tenant, settings, refused) or self._fetch(
                tenant, settings, fresh=True
            )

    def _now(self) -> float:
        return self._clock.now_ms() / 1000

    def _lock_of(self, tenant: Tenant) -> threading.Lock:
        """One tenant's slow token holds up no other tenant."""
        with self._lock:
            return self._locks.setdefault(tenant.tenant, threading.Lock())

    def _shared(self, tenant: Tenant, settings: AthenaSettings, refused: str) -> str | None:
        """The token of another process, as long as it is for the same client and lives."""
        fields = self._secrets.shared_token(tenant.tenant, VENDOR)
        text, until = fields.get("token", ""), float(fields.get("until", "0"))
        credentials = self._secrets.get(tenant.tenant, VENDOR)
        fits = fields.get("of") == _client_of(settings, credentials)
        if not text or not fits or text == refused or self._now() >= until:
            return None
        self._tokens[tenant.tenant] = Token(text, settings, until)
        return text

    def _share(self, tenant: Tenant, token: Token, client: str) -> None:
        fields = {"token": token.text, "until": f"{token.until:.3f}", "of": client}
        self._secrets.share_token(tenant.tenant, VENDOR, fields)

    def _fetch(self, tenant: Tenant, settings: AthenaSettings, *, fresh: bool) -> str | NotSent:
        asked_at = self._now()
        credentials = self._secrets.get(tenant.tenant, VENDOR, fresh=fresh)
        answer = self._ask(settings, credentials)
        if not fresh and isinstance(answer, Response) and _credentials_refused(answer):
            latest = self._secrets.get(tenant.tenant, VENDOR, fresh=True)
            answer = answer if latest == credentials else self._ask(settings, latest)
            credentials = latest
        if isinstance(answer, NotSent):
            return answer
        given = _read_token(answer)
        if isinstance(given, NotSent):
            return given
        text, seconds = given
        until = asked_at + seconds - min(RENEW_BEFORE_SECONDS, seconds / 10)
        token = self._tokens[tenant.tenant] = Token(text, settings, until)
        self._share(tenant, token, _client_of(settings, credentials))
        return text

    def _ask(self, settings: AthenaSettings, credentials: Mapping[str, str]) -> Response | NotSent:
        try:
            pair = f"{credentials['client_id']}:{credentials['client_secret']}"
        except KeyError:
            return NotSent(reason="the tenant has no client_id and client_secret for the vendor")
        form = {"grant_type": "client_credentials", "scope": settings.scope}
        sent = self._transport.send(
            Request(
                method="POST",
                url=settings.base_url + TOKEN_PATH,
                headers={
                    "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
                    "Content-Type": FORM_TYPE,
                    "Accept": "application/json",
                },
                body=urlencode(form).encode(),
            )
        )
        return sent if isinstance(sent, Response) else NotSent(reason=f"no token: {sent.reason}")


def _client_of(settings: AthenaSettings, credentials: Mapping[str, str]) -> str:
    """Whom a token was given to, as a digest: credentials and scope may change."""
    pair = (credentials.get("client_id", ""), credentials.get("client_secret", ""))
    return digest(settings.base_url, settings.scope, *pair)


def _credentials_refused(answer: Response) -> bool:
    return answer.status == _UNAUTHORIZED or (
        answer.status == _BAD_REQUEST and _oauth_code(answer) == "invalid_client"
    )


def _read_token(answer: Response) -> tuple[str, int] | NotSent:
    """The token and for how many seconds it is good; unsaid means for this call only."""
    if not 200 <= answer.status < 300:  # noqa: PLR2004
        code = _oauth_code(answer)
        wait = retry_after_seconds(answer.headers.get("retry-after"))
        return NotSent(
            reason=f"no token: vendor answered {answer.status}" + (f" {code}" if code else ""),
            retry_after_seconds=wait
            if wait is not None or answer.status != _TOO_MANY
            else TOKEN_QUOTA_SECONDS,
        )
    given = _object(answer)
    text, seconds = given.get("access_token"), _seconds(given.get("expires_in", 0))
    if not isinstance(text, str) or _TOKEN.fullmatch(text) is None or seconds is None:
        return NotSent(reason=f"no token: vendor answered {answer.status} but unreadably")
    return text, seconds


def _seconds(value: object) -> int | None:
    """A life time as number or text; None when it is neither."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    match = re.fullmatch(r"([0-9]{1,9})(?:\.[0-9]+)?", text, re.ASCII)
    return None if match is None or isinstance(value, bool) else int(match.group(1))


def _oauth_code(answer: Response) -> str | None:
    """The error code of OAuth, such as invalid_client; nothing else of the answer is shown."""
    code = _object(answer).get("error")
    return code if isinstance(code, str) and _OAUTH_CODE.fullmatch(code) else None


def _object(answer: Response) -> Mapping[str, object]:
    try:
        value = json.loads(answer.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
