"""Members: whose credentials the sandbox's operator set up, and which practices are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local.sandbox.medfusion.refusals import refused
from local.sandbox.shelf import Shelf
from local.sandbox.store import Store
from local.sandbox.tokens import Tokens

VENDOR = "medfusion"
MEMBER, TOKEN = "medfusion_member", "medfusion_token"


@dataclass(frozen=True)
class Member:
    """An OAuth application and the API user that signs in through it."""

    client_id: str
    client_secret: str
    app_token: str
    username: str
    password: str
    practice_ids: Sequence[str]
    token_seconds: int

    @property
    def name(self) -> str:
        return self.client_id

    @property
    def parent(self) -> str:
        return self.app_token


class Members:
    """Found by client id and by application token."""

    def __init__(self, store: Store) -> None:
        self._shelf = Shelf(store, VENDOR, MEMBER, lambda body: Member(**body))
        self.tokens = Tokens(store, VENDOR, TOKEN)
        self.save = self._shelf.save
        self.get = self._shelf.get

    def all(self) -> list[Member]:
        return self._shelf.all()

    def with_app_token(self, app_token: str) -> Member | None:
        return next(iter(self._shelf.all(app_token)), None)

    def practices(self) -> list[str]:
        """Every practice id, once."""
        return sorted({each for member in self.all() for each in member.practice_ids})

    def let_in(self, header: str, practice_id: str, now_ms: int) -> None:
        """Check whose token came, and that the practice is theirs; raises Refused."""
        client_id = self.tokens.client_of(header, now_ms)
        member = self.get(client_id) if client_id else None
        if member is None:
            raise refused(401)
        if practice_id not in member.practice_ids:
            raise refused(403 if practice_id in self.practices() else 404)
