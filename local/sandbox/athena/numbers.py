"""The numbers that athena gives to payments, receipts, batches and plans."""

from __future__ import annotations

from local.sandbox.athena.practices import VENDOR
from local.sandbox.vendor import Tools

_NUMBER = "athena_number"


def new_number(tools: Tools) -> int:
    """One that nothing else has."""
    while True:
        number = tools.ids.number()
        if tools.store.get(VENDOR, _NUMBER, str(number)) is None:
            tools.store.put(VENDOR, _NUMBER, str(number), {})
            return number
