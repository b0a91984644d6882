"""The token endpoints: credentials in, a bearer token out, errors as OAuth words them."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

from payhub import wiring
from payhub.domain.errors import BadCredentials, BadUser
from payhub.entrypoints.http import Answer, Declaration, Handler
from payhub.entrypoints.representations import json_answer
from payhub.entrypoints.requests import FORM_TYPE, HttpRequest, check_body, read_command
from payhub.operations.get_oauth_application import GetOAuthApplication, get_oauth_application
from payhub.operations.issue_portal_token import IssuePortalToken, issue_portal_token
from payhub.operations.issue_token import IssueToken, issue_token
from payhub.ports import Hub

if TYPE_CHECKING:
    from payhub.entrypoints import shapes

CLIENT_GRANT, PASSWORD_GRANT = "client_credentials", "password"
PARAMETERS = ("grant_type", "client_id", "client_secret", "username", "password")
"""Each may be sent once; others are ignored, as the RFC wants it."""

Form = Mapping[str, str]
Issue = Callable[[Hub, Form, tuple[str, str]], Answer]
"""A token for what the form asks; the pair is the client's id and secret."""


class _Error(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(code)
        self.status, self.code, self.description = status, code, description


def token_endpoint() -> Handler:
    """A handler for POST /oauth2/v1/token and its older path (RFC 6749, section 4.4)."""

    def issue(hub: Hub, form: Form, client: tuple[str, str]) -> Answer:
        token = issue_token(hub, IssueToken.model_validate(_client_fields(client)))
        body: shapes.Token = {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "expires_in": token.expires_in_seconds,
        }
        return json_answer(200, body)

    declaration = Declaration(operation=issue_token, command=IssueToken)
    return _endpoint(issue, (CLIENT_GRANT,), declaration)


def portal_token_endpoint() -> Handler:
    """A handler for POST /v1/oauth2/token, which answers in Medfusion's words."""

    def issue(hub: Hub, form: Form, client: tuple[str, str]) -> Answer:
        command = IssuePortalToken.model_validate(
            {**_client_fields(client), "user": _user_fields(form)}
        )
        token = issue_portal_token(hub, command)
        body: shapes.PortalToken = {
            "tokenType": "BEARER",
            "expiresIn": token.expires_in_seconds,
            "accessToken": token.access_token,
            "refreshToken": None,
            "accessTokenSecret": None,
        }
        return json_answer(200, body)

    declaration = Declaration(operation=issue_portal_token, command=IssuePortalToken)
    return _endpoint(issue, (PASSWORD_GRANT, CLIENT_GRANT), declaration)


def application_endpoint() -> Handler:
    """A handler for GET /v1/oauth2/oauthapplication/{appToken}."""
    hub = wiring.hub()

    def handle(request: HttpRequest) -> Answer:
        application = get_oauth_application(hub, read_command(request, GetOAuthApplication))
        body: shapes.OAuthApplication = {
            "applicationName": application.name,
            "grantTypes": [PASSWORD_GRANT, CLIENT_GRANT],
            "clientId": application.client_id,
            "clientSecret": application.client_secret,
            "oauthVersion": "O_AUTH_2_0",
        }
        return json_answer(200, body)

    declaration = Declaration(operation=get_oauth_application, command=GetOAuthApplication)
    return Handler(handle, declaration)


def _endpoint(issue: Issue, grants: Sequence[str], declaration: Declaration) -> Handler:
    hub = wiring.hub()

    def handle(request: HttpRequest) -> Answer:
        check_body(request, FORM_TYPE)
        try:
            form = _read_form(request, grants)
            return issue(hub, form, _client_of(request, form))
        except _Error as error:
            return _answer(error)
        except BadUser as error:
            return _answer(_Error(400, "invalid_grant", error.detail))
        except BadCredentials as error:
            return _answer(_Error(401, "invalid_client", error.detail))

    return Handler(handle, declaration)


def _read_form(request: HttpRequest, grants: Sequence[str]) -> Form:
    """The parameters, with a grant that the endpoint knows. Raises _Error."""
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    if any(sum(name == known for name, _ in pairs) > 1 for known in PARAMETERS):
        raise _Error(400, "invalid_request", "a parameter is there more than once")
    form = dict(pairs)
    wanted = " or ".join(grants)
    if "grant_type" not in form:
        raise _Error(400, "invalid_request", f"send grant_type={wanted}")
    if form["grant_type"] not in grants:
        raise _Error(400, "unsupported_grant_type", f"grant_type must be {wanted}")
    return form


def _client_of(request: HttpRequest, form: Form) -> tuple[str, str]:
    basic = _basic(request.headers.get("authorization", ""))
    return basic or (form.get("client_id", ""), form.get("client_secret", ""))


def _client_fields(client: tuple[str, str]) -> dict[str, str]:
    return {"client_id": client[0], "client_secret": client[1]}


def _user_fields(form: Form) -> dict[str, str] | None:
    """Name and password, for the password grant only. Raises _Error where one is missing."""
    if form["grant_type"] != PASSWORD_GRANT:
        return None
    user = {name: form.get(name, "") for name in ("username", "password")}
    if not all(user.values()):
        raise _Error(400, "invalid_request", "send username and password")
    return user


def _basic(header: str) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic; None when the header is not that."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(client_id), unquote_plus(secret)


def _answer(error: _Error) -> Answer:
    needs_client = error.status == 401  # noqa: PLR2004
    headers = {"WWW-Authenticate": 'Basic realm="payhub"'} if needs_client else {}
    body: shapes.TokenError = {"error": error.code, "error_description": error.description}
    return json_answer(error.status, body, headers)
