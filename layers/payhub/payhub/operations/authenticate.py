"""Tell who presents a key or a bearer token."""

from pydantic import BaseModel, ConfigDict, SecretStr

from payhub.domain.identity import digest
from payhub.domain.records import Credential, CredentialKind
from payhub.ports import Hub


class Authenticate(BaseModel):
    """What was presented, and as what."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    kind: CredentialKind
    secret: SecretStr


def authenticate(hub: Hub, command: Authenticate) -> Credential | None:
    """The credential, or None when it is unknown, of another kind or over its time.

    Secrets are found by their digest, so there is nothing to compare and no timing to learn from.
    """
    wanted = digest(command.kind.value, command.secret.get_secret_value())
    credential = hub.tenants.credential(wanted)
    if credential is None or credential.kind is not command.kind:
        return None
    expires = credential.expires_at_ms
    return credential if expires is None or hub.clock.now_ms() < expires else None
