"""Issue a bearer token as Medfusion's clients ask for one: for an application, or its user."""

from pydantic import BaseModel, ConfigDict, SecretStr

from payhub.bearer import Token, known_client, mint
from payhub.domain.errors import BadUser
from payhub.domain.identity import digest
from payhub.domain.passwords import is_password
from payhub.domain.records import Credential, CredentialKind
from payhub.ports import Hub


class PortalUser(BaseModel):
    """Who signs in, in the password grant."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    username: str
    password: SecretStr


class IssuePortalToken(BaseModel):
    """An application's client credentials; without a user it is the client's own token."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    client_id: str
    client_secret: SecretStr
    user: PortalUser | None = None


def issue_portal_token(hub: Hub, command: IssuePortalToken) -> Token:
    """A new token of the user's, or of the client's. Raises BadCredentials, BadUser."""
    client = known_client(hub, command.client_id, command.client_secret.get_secret_value())
    return mint(hub, client if command.user is None else _known_user(hub, client, command.user))


def _known_user(hub: Hub, client: Credential, presented: PortalUser) -> Credential:
    """The user, who belongs to the client's tenant; one answer and one cost for every mistake."""
    user = hub.tenants.credential(digest(CredentialKind.USER.value, presented.username))
    known = None if user is None else user.password
    is_right = is_password(presented.password.get_secret_value(), known)
    if user is None or not is_right or user.tenant != client.tenant:
        raise BadUser("The user name or password is wrong.")
    return user
