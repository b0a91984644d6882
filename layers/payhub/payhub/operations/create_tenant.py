"""Create a tenant: settings, hashed credentials, vendor secrets and webhook registration."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from payhub.bearer import client_digest, derived_secret
from payhub.command import TENANT_ID, Body
from payhub.domain.answers import Registered
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.identity import digest
from payhub.domain.passwords import PasswordHash, hash_of
from payhub.domain.records import Credential, CredentialKind
from payhub.domain.tenant import AccountSettings, CallerUnit, Role, Tenant
from payhub.ports import OAUTH_SECRET, Hub, token_secret

TenantId = Annotated[str, StringConstraints(pattern=TENANT_ID)]


class CreateTenant(Body):
    """A new tenant; without an id it gets one."""

    model_config = ConfigDict(alias_generator=None)

    tenant: TenantId | None = None
    name: str
    amount_unit: CallerUnit
    time_zone: str = "America/New_York"
    accounts: Mapping[str, AccountSettings] = Field(default_factory=dict)
    practice_ids: tuple[str, ...] = ()
    medfusion_practice_ids: tuple[str, ...] = ()
    vendor_codes: tuple[str, ...] = ()
    vendors: Mapping[str, Mapping[str, object]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """The credentials, shown this once: only digests are stored.

    The last three are for Medfusion's paths; a tenant without practices there has none.
    """

    tenant: str
    api_key: str
    operator_key: str
    client_id: str
    client_secret: str
    app_token: str | None = None
    username: str | None = None
    password: str | None = None


def create_tenant(hub: Hub, command: CreateTenant) -> NewTenant:
    """Store the tenant, then register its webhooks with the vendors that send any.

    Raises InvalidRequest for a configuration that cannot work; run again after mending it, with
    the same tenant id.
    """
    if not hub.public_url.startswith(("https://", "http://127.0.0.1:")):
        raise InvalidRequest(
            "The vendors cannot call a hub without an address.",
            [FieldError("PublicUrl", "deploy the stack with the URL that callers use")],
        )
    tenant = Tenant(
        tenant=command.tenant or str(uuid.UUID(hub.ids.new())),
        **command.model_dump(exclude={"tenant", "vendors"}),
        vendors={},
    )
    settings: dict[str, Mapping[str, object]] = {}
    for name, configuration in command.vendors.items():
        if name not in hub.vendors:
            known = ", ".join(hub.vendors)
            raise InvalidRequest("Unknown vendor.", [FieldError(f"vendors.{name}", known)])
        parted = hub.vendors[name].configure(configuration)
        registered = _known_registration(hub, tenant, name)
        kept = _kept_secret(hub, tenant.tenant, name) if registered else {}
        hub.secrets.put(tenant.tenant, name, {**kept, **parted.secret})
        if hub.vendors[name].shares_token:
            hub.secrets.put(tenant.tenant, token_secret(name), {})
        settings[name] = {**parted.settings, **registered}
    tenant = tenant.model_copy(update={"vendors": settings})
    hub.tenants.save(tenant)
    with_webhooks = {name: _registered(hub, tenant, name) for name in settings}
    hub.tenants.save(tenant.model_copy(update={"vendors": with_webhooks}))
    new = _with_credentials(hub, tenant.tenant)
    return _with_application(hub, new) if tenant.medfusion_practice_ids else new


def _known_registration(hub: Hub, tenant: Tenant, vendor: str) -> Mapping[str, object]:
    """The registration an earlier run made, which is then changed instead of made twice."""
    known = hub.tenants.load(tenant.tenant)
    settings = known.vendors.get(vendor, {}) if known else {}
    return {k: v for k, v in settings.items() if k == "subscription_id"}


def _kept_secret(hub: Hub, tenant: str, vendor: str) -> Mapping[str, str]:
    """What the vendor made for its webhook and shows only once."""
    known = hub.secrets.get(tenant, vendor, fresh=True)
    return {k: v for k, v in known.items() if k == "webhook_secret"}


def _registered(hub: Hub, tenant: Tenant, vendor: str) -> Mapping[str, object]:
    """The vendor's settings, with the id of the webhook registration where it notifies."""
    if not hub.vendors[vendor].notifies:
        return tenant.vendors[vendor]
    url = f"{hub.public_url}/webhooks/{vendor}/{tenant.tenant}"
    registration = hub.vendors[vendor].event_source.register(tenant, url)
    if not isinstance(registration, Registered):
        raise InvalidRequest(
            "The vendor did not take the webhook registration.",
            [FieldError(f"vendors.{vendor}", str(registration))],
        )
    if registration.secret:
        secret = hub.secrets.get(tenant.tenant, vendor, fresh=True)
        hub.secrets.put(tenant.tenant, vendor, {**secret, **registration.secret})
    return {**tenant.vendors[vendor], "subscription_id": registration.registration_id}


def _with_credentials(hub: Hub, tenant: str) -> NewTenant:
    new = NewTenant(
        tenant=tenant,
        api_key=f"ph_caller_{hub.ids.secret()}",
        operator_key=f"ph_operator_{hub.ids.secret()}",
        client_id=hub.ids.new(),
        client_secret=hub.ids.secret(),
    )
    for key, role in ((new.api_key, Role.CALLER), (new.operator_key, Role.OPERATOR)):
        key_digest = digest(CredentialKind.API_KEY.value, key)
        _add(hub, tenant, key_digest, CredentialKind.API_KEY, role)
    _add(hub, tenant, client_digest(new.client_id, new.client_secret), CredentialKind.CLIENT)
    return new


def _with_application(hub: Hub, new: NewTenant) -> NewTenant:
    """An OAuth application and its user, beside those of earlier runs.

    The client's secret is not shown: whoever has the application token asks for it.
    """
    token, client_id = hub.ids.secret(), hub.ids.new()
    username, password = f"api-{hub.ids.new()}", hub.ids.secret()
    client = client_digest(client_id, derived_secret(_application_key(hub, new.tenant), client_id))
    _add(hub, new.tenant, client, CredentialKind.CLIENT)
    app = digest(CredentialKind.APP.value, token)
    _add(hub, new.tenant, app, CredentialKind.APP, client_id=client_id)
    user = digest(CredentialKind.USER.value, username)
    known = hash_of(password, salt=hub.ids.new())
    _add(hub, new.tenant, user, CredentialKind.USER, password=known)
    return replace(new, app_token=token, username=username, password=password)


def _application_key(hub: Hub, tenant: str) -> str:
    """The one that an earlier run made, so that its applications stay as they are."""
    known = hub.secrets.find(tenant, OAUTH_SECRET)
    if known is not None:
        return known["key"]
    key = hub.ids.secret()
    hub.secrets.put(tenant, OAUTH_SECRET, {"key": key})
    return key


def _add(
    hub: Hub,
    tenant: str,
    secret_digest: str,
    kind: CredentialKind,
    role: Role = Role.CALLER,
    *,
    client_id: str | None = None,
    password: PasswordHash | None = None,
) -> None:
    hub.tenants.add_credential(
        Credential(
            digest=secret_digest,
            kind=kind,
            tenant=tenant,
            role=role,
            actor=f"{role.value}:{secret_digest[:8]}",
            client_id=client_id,
            password=password,
        )
    )
