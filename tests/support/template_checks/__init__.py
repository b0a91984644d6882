"""What the template promises and linters do not see: each check gives the violations it finds."""

from collections.abc import Callable

from tests.support.template import Template
from tests.support.template_checks import access, alarms, api, functions, queues, storage

Check = Callable[[Template], list[str]]

CHECKS: tuple[Check, ...] = (
    *access.CHECKS,
    *api.CHECKS,
    *queues.CHECKS,
    *storage.CHECKS,
    *functions.CHECKS,
    *alarms.CHECKS,
)
