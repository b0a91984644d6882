"""How a tenant reaches Medfusion and proves itself: settings, and the grant of its tokens.

Source: the vendor's page on OAuth. The application token names the client, whose secret the vendor
tells; the user's password then gives a bearer token. There is no refresh: the token is asked anew.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from payhub import tokens
from payhub.domain.answers import NotSent
from payhub.domain.identity import digest
from payhub.domain.tenant import Settings, Tenant
from payhub.ports import Clock, Secrets
from payhub.tokens import FORM_TYPE, Grant, basic, no_token, oauth_code, object_of
from payhub.transport import Request, Response, Transport
from payhub.vendors.medfusion.contract import VENDOR

APPLICATION_PATH = "/v1/oauth2/oauthapplication/"
TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105 - a path

_JSON = "application/json"
_BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND = 400, 401, 404
_OF_CREDENTIALS = frozenset({"invalid_client", "invalid_grant"})
_CLIENT_ID, _CLIENT_SECRET = re.compile(r"[\x20-\x39\x3b-\x7e]{1,512}"), re.compile(r"[ -~]{1,512}")
"""Printable; an id has no colon, which would end it in the header."""


class MedfusionSettings(Settings):
    """One tenant's settings for this vendor."""

    base_url: str


SECRET_FIELDS = ("app_token", "username", "password")
"""What of a tenant's configuration goes to Secrets Manager instead of the table."""


def settings_of(tenant: Tenant) -> MedfusionSettings:
    """The tenant's settings for this vendor. Raises KeyError when it has none."""
    return MedfusionSettings.model_validate(tenant.vendors[VENDOR])


def parse_settings(configuration: Mapping[str, object]) -> MedfusionSettings:
    """A tenant's configuration without its secrets. Raises pydantic's ValidationError."""
    return MedfusionSettings.model_validate(configuration)


class Tokens(tokens.Tokens[MedfusionSettings]):
    """Tokens by application token and password."""

    def __init__(self, transport: Transport, secrets: Secrets, clock: Clock) -> None:
        super().__init__(_GRANT, transport, secrets, clock)


def _ask(
    transport: Transport, settings: MedfusionSettings, credentials: Mapping[str, str]
) -> Response | NotSent:
    """The client's id and secret first, then the token."""
    if not all(credentials.get(name) for name in SECRET_FIELDS):
        return NotSent(reason="the tenant has no app_token, username and password for the vendor")
    application = _application(transport, settings, credentials["app_token"])
    if not isinstance(application, tuple):
        return application
    user = {name: credentials[name] for name in ("username", "password")}
    request = Request(
        method="POST",
        url=settings.base_url + TOKEN_PATH,
        headers={
            "Authorization": basic(*application),
            "Content-Type": FORM_TYPE,
            "Accept": _JSON,
        },
        body=urlencode({"grant_type": "password", **user}).encode(),
    )
    return no_token(transport.send(request))


def _application(
    transport: Transport, settings: MedfusionSettings, app_token: str
) -> tuple[str, str] | Response | NotSent:
    """The id and secret that the application token stands for; an answer that is none as it is."""
    url = settings.base_url + APPLICATION_PATH + quote(app_token, safe="")
    sent = no_token(transport.send(Request(method="GET", url=url, headers={"Accept": _JSON})))
    if not isinstance(sent, Response) or not 200 <= sent.status < 300:  # noqa: PLR2004
        return sent
    given = object_of(sent)
    client_id, secret = given.get("clientId"), given.get("clientSecret")
    if not isinstance(client_id, str) or not isinstance(secret, str):
        return NotSent(reason="no token: the vendor's application has no clientId and clientSecret")
    if not _CLIENT_ID.fullmatch(client_id) or not _CLIENT_SECRET.fullmatch(secret):
        return NotSent(reason="no token: the vendor's clientId or clientSecret cannot be used")
    return client_id, secret


def _owner(settings: MedfusionSettings, credentials: Mapping[str, str]) -> str:
    """Whom a token was given to, as a digest: each of the credentials may change."""
    return digest(settings.base_url, *(credentials.get(name, "") for name in SECRET_FIELDS))


def _credentials_refused(answer: Response) -> bool:
    """404 answers an application token that nobody has."""
    return answer.status in (_UNAUTHORIZED, _NOT_FOUND) or (
        answer.status == _BAD_REQUEST and oauth_code(answer) in _OF_CREDENTIALS
    )


_GRANT = Grant(
    vendor=VENDOR,
    ask=_ask,
    owner=_owner,
    are_refused=_credentials_refused,
    token_field="accessToken",  # noqa: S106 - a name
    seconds_field="expiresIn",
)
