"""Creates a tenant with the product's own code, on this machine or in an AWS account.

make tenant NAME='Clinic'                         with new vendor credentials in the sandbox
make tenant JSON=settings.json                    with settings of your own
make tenant JSON=settings.json STACK=payhub-prod  in AWS, with the usual AWS profile
"""

import argparse
import json
import os
import random
import secrets
import sys
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from local import deployed
from local.settings import Settings, from_environment

Document = dict[str, Any]

_PRACTICE_IDS = range(200_000, 1_000_000)


def optum_in_sandbox(settings: Settings, tenant_id: str, amount_unit: str) -> Document:
    """Settings of a tenant whose issuer is played by the sandbox, with new credentials there."""
    return {
        "base_url": settings.vendor_url("optum"),
        "prefix": "/api/issue/v1",
        "event_prefix": "/api/event-api/v1",
        "tenant_id": tenant_id,
        "amount_unit": amount_unit,
        "api_key": secrets.token_urlsafe(24),
        "webhook_secret": secrets.token_urlsafe(24),
    }


def athena_in_sandbox(settings: Settings) -> Document:
    """Settings of a tenant whose practices are played by the sandbox, with new credentials."""
    return {
        "base_url": settings.vendor_url("athena"),
        "client_id": secrets.token_urlsafe(12),
        "client_secret": secrets.token_urlsafe(24),
    }


def decoda_in_sandbox(settings: Settings, tenant_id: str) -> Document:
    """Settings of a tenant whose patients pay at the sandbox, with a new key there."""
    return {
        "base_url": settings.vendor_url("decoda"),
        "tenant_id": tenant_id,
        "api_key": secrets.token_urlsafe(24),
    }


def medfusion_in_sandbox(settings: Settings) -> Document:
    """Settings of a tenant whose patients use the sandbox's portal, with a new user there."""
    return {
        "base_url": settings.vendor_url("medfusion"),
        "app_token": secrets.token_urlsafe(24),
        "username": secrets.token_urlsafe(12),
        "password": secrets.token_urlsafe(24),
    }


def new_practice(settings: Settings) -> Document:
    """A practice that nobody in the sandbox has yet, with a payment vendor and a portal."""
    answer = httpx.get(f"{settings.sandbox_url}/_sandbox/athena/practices").raise_for_status()
    taken = {practice_id for client in answer.json() for practice_id in client["practice_ids"]}
    practice_id = random.choice([it for it in map(str, _PRACTICE_IDS) if it not in taken])
    return {
        "practice_ids": [practice_id],
        "medfusion_practice_ids": [str(uuid.uuid4())],
        "vendor_codes": [f"VENDOR{practice_id}"],
    }


def register_with_sandbox(settings: Settings, tenant: Document) -> None:
    """Make the tenant known to the vendors it names, as their onboarding would."""
    registrations = {
        "optum": _register_accounts,
        "athena": _register_practices,
        "decoda": _register_patients,
        "medfusion": _register_portal,
    }
    for vendor, register in registrations.items():
        configuration = tenant["vendors"].get(vendor)
        if configuration and configuration["base_url"] == settings.vendor_url(vendor):
            register(settings, tenant, configuration)


def _register_accounts(settings: Settings, tenant: Document, optum: Document) -> None:
    answer = httpx.post(
        f"{settings.sandbox_url}/_sandbox/optum/tenants",
        json={
            "tenant_id": optum["tenant_id"],
            "api_key": optum["api_key"],
            "amount_unit": optum["amount_unit"],
            "accounts": tenant["accounts"],
        },
    )
    answer.raise_for_status()


def _register_practices(settings: Settings, tenant: Document, athena: Document) -> None:
    answer = httpx.post(
        f"{settings.sandbox_url}/_sandbox/athena/practices",
        json={
            "client_id": athena["client_id"],
            "client_secret": athena["client_secret"],
            "practice_ids": tenant["practice_ids"],
            "vendor_codes": tenant["vendor_codes"],
        },
    )
    answer.raise_for_status()


def _register_patients(settings: Settings, _: Document, decoda: Document) -> None:
    """Twenty of them are there from the start; the tenant is only a name and a key."""
    answer = httpx.post(
        f"{settings.sandbox_url}/_sandbox/decoda/tenants",
        json={"tenant": decoda["tenant_id"], "api_key": decoda["api_key"]},
    )
    answer.raise_for_status()


def _register_portal(settings: Settings, tenant: Document, medfusion: Document) -> None:
    """The client's id and secret are the vendor's; the hub asks for them by the app token."""
    answer = httpx.post(
        f"{settings.sandbox_url}/_sandbox/medfusion/members",
        json={
            "client_id": secrets.token_hex(12),
            "client_secret": secrets.token_urlsafe(24),
            **{name: medfusion[name] for name in ("app_token", "username", "password")},
            "practice_ids": tenant["medfusion_practice_ids"],
        },
    )
    answer.raise_for_status()


def vendor_tenant_ids(tenant: Document) -> dict[str, str]:
    """What the vendors call the tenant, where they have a name for it."""
    return {
        vendor: configuration["tenant_id"]
        for vendor, configuration in tenant["vendors"].items()
        if "tenant_id" in configuration
    }


def create(stack: deployed.Deployed, tenant: Document) -> dict[str, str | None]:
    """Run the product's operation against this stack; answers the new credentials."""
    os.environ.update(stack.environment())
    # Only now: the package reads the environment.
    from payhub.operations.create_tenant import CreateTenant, create_tenant  # noqa: PLC0415
    from payhub.wiring import hub  # noqa: PLC0415

    return asdict(
        create_tenant(hub(), CreateTenant.model_validate(tenant, by_alias=True, by_name=True))
    )


def main() -> None:
    """Print the credentials of a new tenant; they are not shown again."""
    parser = argparse.ArgumentParser(prog="make tenant", description=__doc__)
    parser.add_argument("--name", help="of a tenant that the sandbox serves")
    parser.add_argument("--json", type=Path, help="file with the tenant's settings")
    parser.add_argument("--stack", help="CloudFormation stack in AWS; else this machine's")
    options = parser.parse_args()
    settings = from_environment()
    if options.json:
        tenant = json.loads(options.json.read_text())
        tenant.update({"name": options.name} if options.name else {})
    elif options.name and not options.stack:
        tenant = {
            "name": options.name,
            "amount_unit": "cents",
            "accounts": {"MAIN": {"hold": False}, "HOLD": {"hold": True}},
            **new_practice(settings),
            "vendors": {
                "optum": optum_in_sandbox(settings, str(uuid.uuid4()), "cents"),
                "athena": athena_in_sandbox(settings),
                "decoda": decoda_in_sandbox(settings, str(uuid.uuid4())),
                "medfusion": medfusion_in_sandbox(settings),
            },
        }
    else:
        parser.error("say NAME=... for a tenant of the sandbox, or JSON=... with its settings")
    if not options.stack:
        settings.require_running()
        register_with_sandbox(settings, tenant)
    stack = deployed.in_aws(options.stack) if options.stack else deployed.on_this_machine(settings)
    ids = ("practice_ids", "medfusion_practice_ids", "vendor_codes")
    owned = {name: tenant.get(name, []) for name in ids}
    shown = {
        **create(stack, tenant),
        "accounts": tenant.get("accounts", {}),
        **owned,
        "vendor_tenant_ids": vendor_tenant_ids(tenant),
    }
    json.dump(shown, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
