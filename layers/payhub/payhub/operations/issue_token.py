"""Issue a bearer token for client credentials."""

from pydantic import BaseModel, ConfigDict, SecretStr

from payhub.bearer import Token, known_client, mint
from payhub.ports import Hub


class IssueToken(BaseModel):
    """OAuth 2.0 client credentials."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    client_id: str
    client_secret: SecretStr


def issue_token(hub: Hub, command: IssueToken) -> Token:
    """A new token of the client's. Raises BadCredentials."""
    client = known_client(hub, command.client_id, command.client_secret.get_secret_value())
    return mint(hub, client)
