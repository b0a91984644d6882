"""Create a tenant: settings, hashed credentials, vendor secrets and webhook registration."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from payhub.command import TENANT_ID, Body
from payhub.domain.answers import Registered
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.identity import digest
from payhub.domain.records import Credential, CredentialKind
from payhub.domain.tenant import AccountSettings, CallerUnit, Role, Tenant
from payhub.ports import Hub, token_secret

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
    """The credentials, shown this once: only digests are stored."""

    tenant: str
    api_key: str
    operator_key: str
    client_id: str
    client_secret: str


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
    return _with_credentials(hub, tenant.tenant)


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
    secrets = {
        digest(CredentialKind.API_KEY.value, new.api_key): (CredentialKind.API_KEY, Role.CALLER),
        digest(CredentialKind.API_KEY.value, new.operator_key): (
            CredentialKind.API_KEY,
            Role.OPERATOR,
        ),
        digest(CredentialKind.CLIENT.value, new.client_id, new.client_secret): (
            CredentialKind.CLIENT,
            Role.CALLER,
        ),
    }
    for secret_digest, (kind, role) in secrets.items():
        actor = f"{role.value}:{secret_digest[:8]}"
        hub.tenants.add_credential(
            Credential(digest=secret_digest, kind=kind, tenant=tenant, role=role, actor=actor)
        )
    return new
