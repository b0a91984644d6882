"""How a tenant reaches the issuer API and proves itself: base URL, prefix, key, tenant header."""

from collections.abc import Mapping

from payhub.domain.money import AmountUnit
from payhub.domain.tenant import Settings, Tenant
from payhub.vendors.optum.contract import VENDOR


class OptumSettings(Settings):
    """One tenant's settings for this vendor.

    `amount_unit` has no default, because the vendor's documents do not decide it; `prefix` and
    `event_prefix` differ between its pages.
    """

    base_url: str
    prefix: str = "/api/issue/v1"
    event_prefix: str = "/api/event-api/v1"
    tenant_id: str
    amount_unit: AmountUnit
    signature_headers: tuple[str, ...] = (
        "x-optum-webhook-callback-hmac-signature",
        "optum-signature",
    )
    subscription_id: str | None = None


def settings_of(tenant: Tenant) -> OptumSettings:
    """The tenant's settings for this vendor. Raises KeyError when it has none."""
    return OptumSettings.model_validate(tenant.vendors[VENDOR])


def headers_of(settings: OptumSettings, secret: Mapping[str, str]) -> dict[str, str]:
    """The headers of every call: the key, and the vendor's id of the tenant."""
    return {
        "API-Key": secret["api_key"],
        "X-Optum-Tenant-Id": settings.tenant_id,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


SECRET_FIELDS = ("api_key", "webhook_secret", "webhook_secret_previous")
"""What of a tenant's configuration goes to Secrets Manager instead of the table."""


def parse_settings(configuration: Mapping[str, object]) -> OptumSettings:
    """A tenant's configuration without its secrets. Raises pydantic's ValidationError."""
    return OptumSettings.model_validate(configuration)
