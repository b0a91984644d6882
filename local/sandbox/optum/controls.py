"""Optum's own controls: its tenants, with their accounts and amount unit."""

from __future__ import annotations

from typing import Any

from local.sandbox.control_input import BadInputError, Fields
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.optum.money import AMOUNT_UNITS
from local.sandbox.optum.tenants import Tenant, Tenants
from local.sandbox.routes import Route

CONTROLS = (
    Route("POST", "/tenants", "set_tenant"),
    Route("GET", "/tenants", "list_tenants"),
)


def control(tenants: Tenants, operation: str, request: Request) -> Response:
    """Answer one of CONTROLS."""
    if operation == "set_tenant":
        return _set_tenant(tenants, Fields.of_body(request.body))
    return json_response(200, [_shown(tenant) for tenant in tenants.all()])


def _set_tenant(tenants: Tenants, fields: Fields) -> Response:
    """Add a tenant, or change one that exists (so a key can be rotated)."""
    fields.only("tenant_id", "api_key", "amount_unit", "accounts")
    tenant = Tenant(
        tenant_id=fields.text("tenant_id"),
        api_key=fields.text("api_key"),
        amount_unit=fields.choice("amount_unit", AMOUNT_UNITS),
        accounts={
            code: account.only("hold").flag("hold", default=False)
            for code, account in fields.fields("accounts").items()
        },
    )
    holder = tenants.with_key(tenant.api_key)
    if holder and holder.tenant_id != tenant.tenant_id:
        raise BadInputError("api_key must not be another tenant's")
    tenants.save(tenant)
    return json_response(201, _shown(tenant))


def _shown(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenant_id": tenant.tenant_id,
        "amount_unit": tenant.amount_unit,
        "accounts": {code: {"hold": hold} for code, hold in tenant.accounts.items()},
    }
