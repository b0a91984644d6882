"""The OAuth calls, in JSON: which application a token stands for, and tokens for its user."""

from __future__ import annotations

from urllib.parse import parse_qsl

from local.sandbox.ids import Ids
from local.sandbox.medfusion import media
from local.sandbox.medfusion.members import Member, Members
from local.sandbox.medfusion.refusals import no_token, refused
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.tokens import basic_pair

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_PASSWORD, _CLIENT = "password", "client_credentials"


class SignIn:
    """Both grants give the same kind of token; there is none to refresh it with."""

    def __init__(self, members: Members, ids: Ids) -> None:
        self._members = members
        self._ids = ids

    def application(self, request: Request, app_token: str) -> Response:
        """Whoever has the application's token may know its secret."""
        media.check(request, _JSON, _JSON)
        member = self._members.with_app_token(app_token)
        if member is None:
            raise refused(404)
        answer = {
            "applicationName": f"Sandbox application {member.client_id}",
            "grantTypes": [_PASSWORD, _CLIENT],
            "clientId": member.client_id,
            "clientSecret": member.client_secret,
            "oauthVersion": "O_AUTH_2_0",
        }
        return json_response(200, answer)

    def token(self, request: Request, now_ms: int) -> Response:
        client_id, secret = basic_pair(request.headers.get("authorization", "")) or ("", "")
        member = self._members.get(client_id)
        if member is None or member.client_secret != secret:
            raise no_token(401, "invalid_client")
        media.check(request, _FORM, _JSON)
        _check_grant(member, dict(parse_qsl(request.body.decode(errors="replace"))))
        token = self._ids.hex32()
        self._members.tokens.keep(token, client_id, now_ms, member.token_seconds)
        answer = {
            "tokenType": "BEARER",
            "expiresIn": member.token_seconds,
            "accessToken": token,
            "refreshToken": None,
            "accessTokenSecret": None,
        }
        return json_response(200, answer)


def _check_grant(member: Member, form: dict[str, str]) -> None:
    grant = form.get("grant_type")
    if grant not in (_PASSWORD, _CLIENT):
        raise no_token(400, "unsupported_grant_type")
    user = (form.get("username"), form.get("password"))
    if grant == _PASSWORD and user != (member.username, member.password):
        raise no_token(400, "invalid_grant")
