"""How a tenant reaches Decoda and proves itself: base URL, key, Decoda's name of the tenant."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from payhub.domain.tenant import Settings, Tenant
from payhub.vendors.decoda.contract import VENDOR


class DecodaSettings(Settings):
    """One tenant's settings for this vendor.

    `payin_expires_days`: how long a payer may take to confirm a plan. `subscription_id` is the
    vendor's id of the webhook.
    """

    base_url: str
    tenant_id: str
    payin_expires_days: Annotated[int, Field(ge=1, le=365)] = 7
    subscription_id: str | None = None


SECRET_FIELDS = ("api_key", "webhook_secret", "webhook_secret_previous")
"""What of a tenant's configuration goes to Secrets Manager instead of the table.

The webhook's secret is made by the vendor, so a tenant begins without one.
"""


def settings_of(tenant: Tenant) -> DecodaSettings:
    """The tenant's settings for this vendor. Raises KeyError when it has none."""
    return DecodaSettings.model_validate(tenant.vendors[VENDOR])


def headers_of(settings: DecodaSettings, secret: Mapping[str, str]) -> dict[str, str]:
    """The headers of every call: the key, and the vendor's name of the tenant."""
    return {
        "API-KEY": secret["api_key"],
        "TENANT": settings.tenant_id,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


def parse_settings(configuration: Mapping[str, object]) -> DecodaSettings:
    """A tenant's configuration without its secrets. Raises pydantic's ValidationError."""
    return DecodaSettings.model_validate(configuration)
