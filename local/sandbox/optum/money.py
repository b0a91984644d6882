"""Amounts in a tenant's unit, to and from cents; never a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from local.sandbox.money import dollars
from local.sandbox.optum.problems import invalid

AMOUNT_UNITS = ("cents", "whole_dollars", "decimal_dollars")
_CENTS_MAX = 999_999_999_999  # 9999999999.99 dollars, the documented limit
_EXPONENT_MAX = 12
_FIELD = "payment.paymentDetails.amount"


def to_cents(value: Any, unit: str) -> int:
    """Read an amount of a request; raises Problem."""
    cents = _read(value, unit)
    if not 0 < cents <= _CENTS_MAX:
        raise invalid(_FIELD, "must be more than 0 and at most 9999999999.99 dollars")
    return cents


def _read(value: Any, unit: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if unit == "cents" else value * 100
    if unit == "decimal_dollars" and isinstance(value, Decimal):
        # A huge exponent is refused before it is multiplied out.
        cents = value * 100 if value.adjusted() <= _EXPONENT_MAX else Decimal(_CENTS_MAX + 1)
        if cents == cents.to_integral_value():
            return int(cents)
        raise invalid(_FIELD, "must have at most two decimals")
    kind = "a number" if unit == "decimal_dollars" else "an integer"
    raise invalid(_FIELD, f"must be {kind} ({unit})")


def from_cents(cents: int, unit: str) -> int | Decimal:
    """Write an amount in the tenant's unit; a rest below a dollar shows as decimals."""
    if unit == "cents":
        return cents
    if unit == "whole_dollars" and cents % 100 == 0:
        return cents // 100
    return dollars(cents)
