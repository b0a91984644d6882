"""Bearer tokens: who may have one, and how they are made, at every token endpoint."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from payhub.domain.errors import BadCredentials
from payhub.domain.identity import digest
from payhub.domain.records import Credential, CredentialKind
from payhub.ports import Hub

TOKEN_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token and how long it lives."""

    access_token: str = field(repr=False)
    expires_in_seconds: int


def known_client(hub: Hub, client_id: str, client_secret: str) -> Credential:
    """The client of this id and secret. Raises BadCredentials."""
    client = hub.tenants.credential(client_digest(client_id, client_secret))
    if client is None or client.kind is not CredentialKind.CLIENT:
        raise BadCredentials("The client id or secret is wrong.")
    return client


def mint(hub: Hub, holder: Credential) -> Token:
    """A new opaque token that stands for the holder; it is stored by its digest."""
    token = hub.ids.secret()
    hub.tenants.add_credential(
        Credential(
            digest=digest(CredentialKind.BEARER.value, token),
            kind=CredentialKind.BEARER,
            tenant=holder.tenant,
            role=holder.role,
            actor=holder.actor,
            expires_at_ms=hub.clock.now_ms() + TOKEN_SECONDS * 1000,
        )
    )
    return Token(access_token=token, expires_in_seconds=TOKEN_SECONDS)


def client_digest(client_id: str, client_secret: str) -> str:
    """Under which digest a client's credential stands."""
    return digest(CredentialKind.CLIENT.value, client_id, client_secret)


def derived_secret(key: str, client_id: str) -> str:
    """The secret of an application's client, which can be told again from the tenant's key."""
    code = hmac.new(key.encode(), client_id.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(code).rstrip(b"=").decode()
