"""Credentials in the Authorization header: a pair by Basic, tokens by Bearer that expire."""

from __future__ import annotations

import base64
import binascii

from local.sandbox.store import Document, Store


def basic_pair(header: str) -> tuple[str, str] | None:
    """Name and secret of a Basic header; None for anything else."""
    scheme, _, encoded = header.partition(" ")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if scheme.lower() == "basic" else None


class Tokens:
    """A vendor's tokens, each good for one client until it expires."""

    def __init__(self, store: Store, vendor: str, kind: str) -> None:
        self._store = store
        self._vendor = vendor
        self._kind = kind

    def keep(self, token: str, client_id: str, now_ms: int, seconds: int) -> None:
        """Remember a new token; those of the client that have expired are forgotten."""
        for each in self._of(client_id):
            if each["expires_ms"] <= now_ms:
                self._store.remove(self._vendor, self._kind, each["token"])
        body = {"token": token, "client_id": client_id, "expires_ms": now_ms + seconds * 1000}
        self._store.put(self._vendor, self._kind, token, body, client_id)

    def client_of(self, header: str, now_ms: int) -> str | None:
        """Whose Bearer token a header carries; None for one that is not good now."""
        scheme, _, token = header.partition(" ")
        found = self._store.get(self._vendor, self._kind, token.strip())
        if scheme.lower() != "bearer" or found is None or found["expires_ms"] <= now_ms:
            return None
        return str(found["client_id"])

    def forget(self, client_id: str | None = None) -> int:
        """Make the tokens of one client or of all worthless now; answers how many there were."""
        found = self._of(client_id)
        for each in found:
            self._store.remove(self._vendor, self._kind, each["token"])
        return len(found)

    def _of(self, client_id: str | None) -> list[Document]:
        return self._store.all(self._vendor, self._kind, client_id)
