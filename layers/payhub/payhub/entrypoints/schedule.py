"""EventBridge schedule -> operation."""

from collections.abc import Callable, Mapping
from typing import Any

from payhub import wiring
from payhub.entrypoints.observability import log_unexpected
from payhub.ports import Hub


def schedule(operation: Callable[[Hub], None]) -> Callable[[Mapping[str, Any], Any], None]:
    """A handler that does `operation`; a failure is raised so that the schedule retries it."""
    hub = wiring.hub()

    def handler(event: Mapping[str, Any], context: Any) -> None:
        try:
            operation(hub)
        except Exception as error:
            log_unexpected(error)
            raise

    return handler
