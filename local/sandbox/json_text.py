"""JSON that never turns money into a float: fractions are Decimals in both directions."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def loads(text: bytes | str) -> Any:
    """Parse; raises ValueError for anything that is not JSON (NaN and Infinity are not)."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def dumps(value: Any) -> str:
    """Write; a Decimal keeps its digits (100.00 stays 100.00)."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    return json.dumps(value)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
