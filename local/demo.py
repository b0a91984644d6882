"""The two demo tenants: made on the first start, kept in tenants.json."""

import json
from typing import Any

import httpx

from local import deployed, tenants
from local.settings import Settings

_TENANTS: tuple[dict[str, Any], ...] = (
    {
        "tenant": "0b9ab1f6-5f0c-4a57-9d0e-2f6a41c0a001",
        "name": "Riverside Clinic",
        "accounts": {"ACCT1": {"hold": False}, "ACCT2": {"hold": True}},
        "optum_tenant_id": "5d2a7c11-30c4-4b8e-9a57-7f1a6f3e0001",
        "optum_amount_unit": "cents",
        "decoda_tenant_id": "9a0c4b52-6f1d-4e0b-8c35-2b7d9e4f0001",
        "practice_ids": ["195900"],
        "medfusion_practice_ids": ["1c7ecf9f-9700-4e70-b976-9356db658274"],
        "vendor_codes": ["ACME"],
    },
    {
        "tenant": "0b9ab1f6-5f0c-4a57-9d0e-2f6a41c0a002",
        "name": "Hillside Pediatrics",
        "accounts": {"ACCT3": {"hold": False}, "ACCT4": {"hold": True}},
        "optum_tenant_id": "5d2a7c11-30c4-4b8e-9a57-7f1a6f3e0002",
        "optum_amount_unit": "decimal_dollars",
        "decoda_tenant_id": "9a0c4b52-6f1d-4e0b-8c35-2b7d9e4f0002",
        "practice_ids": ["195901"],
        "medfusion_practice_ids": ["6f0d0f3b-6a52-4b59-8a6e-0d5a5a3b1c02"],
        "vendor_codes": ["GLOBEX"],
    },
)
_SERVED = ("optum", "athena", "decoda", "medfusion")
_OWNED = ("accounts", "practice_ids", "medfusion_practice_ids", "vendor_codes")


def read(settings: Settings) -> list[dict[str, Any]]:
    """The demo tenants with their credentials; none before the first start."""
    if not settings.tenants_file.exists():
        return []
    known: list[dict[str, Any]] = json.loads(settings.tenants_file.read_text())
    return known


def ensure(settings: Settings) -> list[dict[str, Any]]:
    """The demo tenants, made now unless they are known here and to the stack."""
    known = read(settings)
    if known and _is_served(settings, known[0]):
        return known
    stack = deployed.on_this_machine(settings)
    made = [_make(settings, stack, wanted) for wanted in _TENANTS]
    _write(settings, made)
    _collect_what_was_missed(stack)
    return made


def _collect_what_was_missed(stack: deployed.Deployed) -> None:
    """Before the tenants were registered here, their vendor may have given up delivering."""
    name = stack.physical_id("CollectMissedEventsFunction")
    stack.client("lambda").invoke(FunctionName=name, Payload=b"{}")


def _is_served(settings: Settings, tenant: dict[str, Any]) -> bool:
    """False after a change of ports, or where the stack lost its state (it was killed)."""
    if tenant["urls"] != _urls(settings):
        return False
    answer = httpx.get(
        f"{settings.base_url}/payments", headers={"API-KEY": tenant["api_key"]}, timeout=30
    )
    return answer.is_success


def _make(settings: Settings, stack: deployed.Deployed, wanted: dict[str, Any]) -> dict[str, Any]:
    """Create it, or give it new credentials: the ids are the same each time."""
    tenant = {
        "tenant": wanted["tenant"],
        "name": wanted["name"],
        "amount_unit": "cents",
        **{name: wanted[name] for name in _OWNED},
        "vendors": {
            "optum": tenants.optum_in_sandbox(
                settings, wanted["optum_tenant_id"], wanted["optum_amount_unit"]
            ),
            "athena": tenants.athena_in_sandbox(settings),
            "decoda": tenants.decoda_in_sandbox(settings, wanted["decoda_tenant_id"]),
            "medfusion": tenants.medfusion_in_sandbox(settings),
        },
    }
    tenants.register_with_sandbox(settings, tenant)
    return {
        **tenants.create(stack, tenant),
        "name": wanted["name"],
        **{name: wanted[name] for name in _OWNED},
        "vendor_tenant_ids": tenants.vendor_tenant_ids(tenant),
        "urls": _urls(settings),
    }


def _urls(settings: Settings) -> dict[str, str]:
    vendors = {vendor: settings.vendor_url(vendor) for vendor in _SERVED}
    return {"api": settings.base_url, **vendors}


def _write(settings: Settings, made: list[dict[str, Any]]) -> None:
    """Whole or not at all, and readable by its owner only."""
    draft = settings.tenants_file.with_suffix(".draft")
    draft.write_text(json.dumps(made, indent=2) + "\n")
    draft.chmod(0o600)
    draft.replace(settings.tenants_file)
