"""Issue a bearer token for client credentials."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, SecretStr

from payhub.domain.errors import BadCredentials
from payhub.domain.identity import digest
from payhub.domain.records import Credential, CredentialKind
from payhub.ports import Hub

TOKEN_SECONDS = 3600


class IssueToken(BaseModel):
    """OAuth 2.0 client credentials."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    client_id: str
    client_secret: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token and how long it lives."""

    access_token: str
    expires_in_seconds: int


def issue_token(hub: Hub, command: IssueToken) -> Token:
    """A new opaque token, stored by its digest. Raises BadCredentials."""
    secret = command.client_secret.get_secret_value()
    client = hub.tenants.credential(client_digest(command.client_id, secret))
    if client is None or client.kind is not CredentialKind.CLIENT:
        raise BadCredentials("The client id or secret is wrong.")
    token = hub.ids.secret()
    hub.tenants.add_credential(
        Credential(
            digest=digest(CredentialKind.BEARER.value, token),
            kind=CredentialKind.BEARER,
            tenant=client.tenant,
            role=client.role,
            actor=client.actor,
            expires_at_ms=hub.clock.now_ms() + TOKEN_SECONDS * 1000,
        )
    )
    return Token(access_token=token, expires_in_seconds=TOKEN_SECONDS)


def client_digest(client_id: str, client_secret: str) -> str:
    """Under which digest a client's credential stands."""
    return digest(CredentialKind.CLIENT.value, client_id, client_secret)
