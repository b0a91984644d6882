"""Tell the holder of an application token the application's client id and secret."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, SecretStr

from payhub.bearer import client_digest, derived_secret
from payhub.command import Command, From, Place
from payhub.domain.errors import NotFound
from payhub.domain.identity import digest
from payhub.domain.records import CredentialKind
from payhub.ports import OAUTH_SECRET, Hub


class GetOAuthApplication(Command):
    """The token is the credential: whoever has it may know the secret."""

    app_token: Annotated[
        SecretStr,
        Field(
            min_length=1,
            max_length=255,
            description="The application token that the tenant was given.",
        ),
        From(Place.PATH, "appToken"),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApplication:
    """An application and what it signs in with."""

    name: str
    client_id: str
    client_secret: str = field(repr=False)


def get_oauth_application(hub: Hub, command: GetOAuthApplication) -> OAuthApplication:
    """The application of the token.

    Raises NotFound, for a client that was revoked and after a change of the tenant's key too.
    """
    token = command.app_token.get_secret_value()
    app = hub.tenants.credential(digest(CredentialKind.APP.value, token))
    tenant = None if app is None else hub.tenants.load(app.tenant)
    if app is None or app.client_id is None or tenant is None:
        raise NotFound("There is no such application.")
    for fresh in (False, True):
        key = hub.secrets.get(app.tenant, OAUTH_SECRET, fresh=fresh)["key"]
        secret = derived_secret(key, app.client_id)
        if hub.tenants.credential(client_digest(app.client_id, secret)) is not None:
            return OAuthApplication(name=tenant.name, client_id=app.client_id, client_secret=secret)
    raise NotFound("There is no such application.")
