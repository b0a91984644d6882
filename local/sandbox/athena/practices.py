"""Practices: whose credentials the sandbox's operator set up, and what a token lets them do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from local.sandbox.athena.forms import Form
from local.sandbox.athena.refusals import gateway, not_found, refused
from local.sandbox.ids import Ids
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.refused import Refused
from local.sandbox.store import Store
from local.sandbox.tokens import Tokens, basic_pair

VENDOR = "athena"
CLIENT, TOKEN = "athena_client", "athena_token"
_TOKENS_OF_MINUTE = "tokens_of_minute"
_TOKEN_SECONDS = 3600
_TOKENS_A_MINUTE = 50
_MINUTE_MS = 60_000
_SCOPE = "athena/service/Athenanet.MDP.*"
_PATH_WITHOUT_SCOPE = "/oauth/token"


@dataclass(frozen=True)
class Client:
    """Credentials, and the practices and payment vendors they are good for.

    `voids_settled`: a void is taken whenever it comes.
    """

    client_id: str
    client_secret: str
    practice_ids: Sequence[str]
    vendor_codes: Sequence[str]
    voids_settled: bool = False


class Practices:
    """Clients and their tokens."""

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids
        self._tokens = Tokens(store, VENDOR, TOKEN)

    def save(self, client: Client) -> None:
        self._store.put(VENDOR, CLIENT, client.client_id, asdict(client))

    def all(self) -> list[Client]:
        return [Client(**body) for body in self._store.all(VENDOR, CLIENT)]

    def known(self) -> list[str]:
        """Every practice id, once."""
        return sorted({each for client in self.all() for each in client.practice_ids})

    def voids_settled(self, practice_id: str) -> bool:
        """Whether the practice trusts who voids to know what has settled."""
        return any(it.voids_settled for it in self.all() if practice_id in it.practice_ids)

    def issue_token(self, request: Request, now_ms: int) -> Response:
        """Answer the token endpoint; raises Refused."""
        client = self._with_basic(request.headers.get("authorization", ""))
        form = Form.read(request)
        if form.text("grant_type") != "client_credentials":
            raise refused(400, "unsupported_grant_type")
        scope_is_optional = request.path == _PATH_WITHOUT_SCOPE
        if form.text("scope") != _SCOPE and not (scope_is_optional and not form.has("scope")):
            raise refused(400, "invalid_scope")
        self._count(client, now_ms // _MINUTE_MS)
        token = self._ids.hex32()
        self._tokens.keep(token, client.client_id, now_ms, _TOKEN_SECONDS)
        answer = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": str(_TOKEN_SECONDS),
        }
        return json_response(200, answer)

    def let_in(self, request: Request, practice_id: str, now_ms: int) -> Client:
        """The client whose token came with the request; raises Refused with the gateway's page."""
        client_id = self._tokens.client_of(request.headers.get("authorization", ""), now_ms)
        client = self._with_id(client_id) if client_id else None
        if client is None:
            raise gateway(401)
        if practice_id not in client.practice_ids:
            raise gateway(403)
        return client

    def _with_id(self, client_id: str) -> Client | None:
        body = self._store.get(VENDOR, CLIENT, client_id)
        return Client(**body) if body else None

    def _with_basic(self, header: str) -> Client:
        client_id, secret = basic_pair(header) or ("", "")
        client = self._with_id(client_id)
        if client is None or client.client_secret != secret:
            raise _invalid_client()
        return client

    def _count(self, client: Client, minute: int) -> None:
        counted = self._store.get(VENDOR, _TOKENS_OF_MINUTE, client.client_id)
        so_far = counted["count"] if counted and counted["minute"] == minute else 0
        if so_far >= _TOKENS_A_MINUTE:
            raise gateway(429)
        body = {"minute": minute, "count": so_far + 1}
        self._store.put(VENDOR, _TOKENS_OF_MINUTE, client.client_id, body)


def check_vendor_code(client: Client, vendor_code: str) -> None:
    if vendor_code not in client.vendor_codes:
        raise not_found("payment vendor")


def _invalid_client() -> Refused:
    return refused(401, "invalid_client")
