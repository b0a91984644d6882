"""The token endpoint: client credentials in, a bearer token out, errors as OAuth words them."""

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

from payhub import wiring
from payhub.domain.errors import BadCredentials
from payhub.entrypoints.http import Answer, Declaration, Handler
from payhub.entrypoints.representations import json_answer
from payhub.entrypoints.requests import FORM_TYPE, HttpRequest, check_body
from payhub.operations.issue_token import IssueToken, issue_token

if TYPE_CHECKING:
    from payhub.entrypoints import shapes

GRANT = "client_credentials"
PARAMETERS = ("grant_type", "client_id", "client_secret")
"""Each may be sent once; others are ignored, as the RFC wants it."""


def token_endpoint() -> Handler:
    """A handler for POST /oauth2/v1/token and its older path (RFC 6749, section 4.4)."""
    hub = wiring.hub()

    def handle(request: HttpRequest) -> Answer:
        check_body(request, FORM_TYPE)
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        form = dict(pairs)
        if any(sum(name == known for name, _ in pairs) > 1 for known in PARAMETERS):
            return _error(400, "invalid_request", "a parameter is there more than once")
        if "grant_type" not in form:
            return _error(400, "invalid_request", f"send grant_type={GRANT}")
        if form["grant_type"] != GRANT:
            return _error(400, "unsupported_grant_type", f"grant_type must be {GRANT}")
        client = _basic(request.headers.get("authorization", "")) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        command = IssueToken.model_validate({"client_id": client[0], "client_secret": client[1]})
        try:
            token = issue_token(hub, command)
        except BadCredentials as error:
            return _error(401, "invalid_client", error.detail)
        body: shapes.Token = {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "expires_in": token.expires_in_seconds,
        }
        return json_answer(200, body)

    return Handler(handle, Declaration(operation=issue_token, command=IssueToken))


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


def _error(status: int, code: str, description: str) -> Answer:
    headers = {"WWW-Authenticate": 'Basic realm="payhub"'} if status == 401 else {}  # noqa: PLR2004
    body: shapes.TokenError = {"error": code, "error_description": description}
    return json_answer(status, body, headers)
