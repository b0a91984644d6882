"""EventBridge schedule -> operation."""

from collections.abc import Callable, Mapping
from typing import Any

from payhub import wiring
from payhub.domain.tenant import Tenant
from payhub.entrypoints.observability import log_unexpected
from payhub.ports import Hub

Handler = Callable[[Mapping[str, Any], Any], None]


def schedule(operation: Callable[[Hub], None]) -> Handler:
    """A handler that does `operation`; a failure is raised so that the schedule retries it."""
    hub = wiring.hub()

    def handler(event: Mapping[str, Any], context: Any) -> None:
        try:
            operation(hub)
        except Exception as error:
            log_unexpected(error)
            raise

    return handler


def schedule_for_tenants(operation: Callable[[Hub, Tenant], None], name: str) -> Handler:
    """A handler that does `operation` for every tenant; one that fails does not stop the others.

    The heartbeat is sent only when all of them succeeded.
    """

    def for_all(hub: Hub) -> None:
        failed = [tenant for tenant in hub.tenants.all() if not _succeeds(operation, hub, tenant)]
        if failed:
            raise RuntimeError(f"failed for {len(failed)} tenants")
        hub.signals.count("Heartbeat", schedule=name)

    return schedule(for_all)


def _succeeds(operation: Callable[[Hub, Tenant], None], hub: Hub, tenant: Tenant) -> bool:
    try:
        operation(hub, tenant)
    except Exception as error:  # noqa: BLE001
        log_unexpected(error, tenant=tenant.tenant)
        return False
    return True
