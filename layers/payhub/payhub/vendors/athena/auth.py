"""How a tenant reaches athenahealth and proves itself: settings, and the grant of its tokens."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field

from payhub import tokens
from payhub.domain.answers import NotSent
from payhub.domain.identity import digest
from payhub.domain.tenant import Settings, Tenant
from payhub.ports import Clock, Secrets
from payhub.tokens import FORM_TYPE, Grant, basic, no_token, oauth_code
from payhub.transport import Request, Response, Transport
from payhub.vendors.athena.contract import VENDOR

TOKEN_PATH = "/oauth2/v1/token"  # noqa: S105 - a path

_UNAUTHORIZED, _BAD_REQUEST = 401, 400


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


class Tokens(tokens.Tokens[AthenaSettings]):
    """Tokens by client credentials."""

    def __init__(self, transport: Transport, secrets: Secrets, clock: Clock) -> None:
        super().__init__(_GRANT, transport, secrets, clock)


def _ask(
    transport: Transport, settings: AthenaSettings, credentials: Mapping[str, str]
) -> Response | NotSent:
    try:
        authorization = basic(credentials["client_id"], credentials["client_secret"])
    except KeyError:
        return NotSent(reason="the tenant has no client_id and client_secret for the vendor")
    form = {"grant_type": "client_credentials", "scope": settings.scope}
    request = Request(
        method="POST",
        url=settings.base_url + TOKEN_PATH,
        headers={
            "Authorization": authorization,
            "Content-Type": FORM_TYPE,
            "Accept": "application/json",
        },
        body=urlencode(form).encode(),
    )
    return no_token(transport.send(request))


def _client_of(settings: AthenaSettings, credentials: Mapping[str, str]) -> str:
    """Whom a token was given to, as a digest: credentials and scope may change."""
    pair = (credentials.get("client_id", ""), credentials.get("client_secret", ""))
    return digest(settings.base_url, settings.scope, *pair)


def _credentials_refused(answer: Response) -> bool:
    return answer.status == _UNAUTHORIZED or (
        answer.status == _BAD_REQUEST and oauth_code(answer) == "invalid_client"
    )


_GRANT = Grant(
    vendor=VENDOR,
    ask=_ask,
    owner=_client_of,
    are_refused=_credentials_refused,
    token_field="access_token",  # noqa: S106 - a name
    seconds_field="expires_in",
)
