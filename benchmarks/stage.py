"""What stands around the measured functions: AWS at once, the vendor sandbox, one tenant.

Its own requests (to prepare what is measured) go through the product in this process, under another
access key, so that they are not counted.
"""

import contextlib
import importlib
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from benchmarks import stack
from benchmarks.cloud import MEASURED_KEY, OTHER_KEY, Cloud
from benchmarks.units import TableSchema
from local import processes, tenants
from local.ports import wait_until_open
from local.settings import HOST, REPOSITORY, Settings
from payhub.operations.create_tenant import CreateTenant, NewTenant, create_tenant
from payhub.ports import Hub

Json = dict[str, Any]

IDEMPOTENCY_TABLE = "idempotency"
_ROOMS = ("api", "authorizers", "schedules", "webhooks", "workers")
PRACTICE = "195900"
PORTAL_PRACTICE = "1c7ecf9f-9700-4e70-b976-9356db658274"
VENDOR_CODE = "ACME"
OPTUM_TENANT, DECODA_TENANT = "5d2a7c11-30c4-4b8e-9a57-7f1a6f3e0001", "clinic-1"

_CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 25_000, aws_request_id="prepared")
_START_SECONDS, _STOP_SECONDS = 20, 10


class Stage:
    """One tenant of a hub whose AWS and vendors are on this machine."""

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self.cloud = cloud
        self.settings = settings
        urls = {
            vendor: settings.vendor_url(vendor)
            for vendor in ("optum", "athena", "decoda", "medfusion")
        }
        self._environment = stack.environment(urls, cloud.url)
        os.environ.update(self._environment | self._aws(OTHER_KEY) | _QUIET)
        from payhub import metrics, wiring  # noqa: PLC0415 - read the environment

        setattr(metrics.EmbeddedMetrics, "count", lambda *_, **__: None)  # noqa: B010 - to stdout
        wiring.hub.cache_clear()
        for name in [it for it in sys.modules if it.partition(".")[0] in _ROOMS]:
            del sys.modules[name]  # of an earlier stage, with its hub
        self.hub: Hub = wiring.hub()
        self._wanted = _tenant(settings)
        tenants.register_with_sandbox(settings, self._wanted)
        wanted = CreateTenant.model_validate(self._wanted, by_alias=True, by_name=True)
        self.tenant: NewTenant = create_tenant(self.hub, wanted)

    @property
    def environment(self) -> dict[str, str]:
        """For a measured function."""
        return self._environment | self._aws(MEASURED_KEY)

    @property
    def optum(self) -> Json:
        """The tenant's issuer, for the references, which keep their settings in the environment."""
        found: Json = self._wanted["vendors"]["optum"]
        return found

    def invoke(self, function: str, event: Json) -> Any:
        """Have the product do something that is not measured. Raises where it does not succeed."""
        handler = importlib.import_module(function.replace("/", ".")).handler
        answer = handler(event, _CONTEXT)
        if isinstance(answer, dict) and answer.get("statusCode", 200) >= 300:  # noqa: PLR2004
            raise RuntimeError(f"{function} answered {answer}")
        return answer

    def control(self, path: str, **fields: Any) -> Any:
        """Post to one of the sandbox's controls."""
        url = f"{self.settings.sandbox_url}/_sandbox/{path}"
        return httpx.post(url, json=fields).raise_for_status().json()

    def look(self, path: str, **query: str) -> Any:
        """Get one of the sandbox's controls."""
        url = f"{self.settings.sandbox_url}/_sandbox/{path}"
        return httpx.get(url, params=query).raise_for_status().json()

    def _aws(self, key: str) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": "s" * 40,
            "AWS_SESSION_TOKEN": "t" * 400,
            "AWS_REGION": stack.REGION,
            "AWS_DEFAULT_REGION": stack.REGION,
            "AWS_ENDPOINT_URL": self.cloud.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


_QUIET = {"POWERTOOLS_LOG_LEVEL": "CRITICAL"}


@contextlib.contextmanager
def opened() -> Iterator[Stage]:
    """A stage that is gone afterwards."""
    schemas = {stack.TABLE: stack.table_schema(), IDEMPOTENCY_TABLE: TableSchema(keys=("id",))}
    cloud = Cloud(schemas)
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        first = _free_ports(5)
        settings = Settings(port=0, sandbox_port=first, stack_port=0, folder=Path(folder))
        arguments = [
            "-m",
            "local.sandbox",
            "--port",
            str(first),
            "--vendor-ports-from",
            str(first + 1),
        ]
        arguments += ["--state", folder, "--step-seconds", "0.001"]
        sandbox = processes.start(arguments, Path(folder) / "log")
        try:
            if not wait_until_open(first, _START_SECONDS):
                raise RuntimeError(f"no sandbox: {(Path(folder) / 'log').read_text()}")
            yield Stage(cloud, settings)
        finally:
            processes.stop(sandbox, _STOP_SECONDS)
            cloud.server.close()


def sample(function: str) -> Json:
    """The function's sample event."""
    found: Json = json.loads((REPOSITORY / "events" / f"{function}.json").read_text())
    return found


def _tenant(settings: Settings) -> Json:
    """The tenant that the sample events speak of."""
    return {
        "tenant": "0b2f6a52-7c1e-4f57-9a6e-3d1c5a9e7b10",
        "name": "Riverside Clinic",
        "amount_unit": "cents",
        "accounts": {"ACCT1": {"hold": False}, "ACCT2": {"hold": True}},
        "practice_ids": [PRACTICE],
        "medfusion_practice_ids": [PORTAL_PRACTICE],
        "vendor_codes": [VENDOR_CODE],
        "vendors": {
            "optum": tenants.optum_in_sandbox(settings, OPTUM_TENANT, "cents"),
            "athena": tenants.athena_in_sandbox(settings),
            "decoda": tenants.decoda_in_sandbox(settings, DECODA_TENANT),
            "medfusion": tenants.medfusion_in_sandbox(settings),
        },
    }


def _memory() -> str | None:
    """A folder in memory, where there is one: the sandbox syncs every commit to disk."""
    shared = Path("/dev/shm")  # noqa: S108
    return str(shared) if os.access(shared, os.W_OK) else None


def _free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody uses."""
    for _ in range(100):
        first = 20_000 + secrets.randbelow(30_000)
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.create_server((HOST, port)))
            return first
    raise RuntimeError("no free ports")
