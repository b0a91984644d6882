"""Exact money: integer cents inside, each vendor's and caller's unit converted without floats."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

MAX_CENTS = 999_999_999_999
"""The largest amount taken, 9,999,999,999.99: the ceiling the issuer documents for a batch."""

_DECIMAL_TEXT = re.compile(r"(\d{1,10})?(?:\.(\d{1,2}))?", re.ASCII)


class MoneyError(ValueError):
    """An amount that is not exact, positive and within bounds; the text says what is wrong."""


class AmountUnit(StrEnum):
    """How a party writes an amount."""

    CENTS = "cents"
    WHOLE_DOLLARS = "whole_dollars"
    DECIMAL_DOLLARS = "decimal_dollars"


@dataclass(frozen=True, slots=True)
class Money:
    """A positive amount in cents of one currency."""

    amount_cents: int
    currency: str = "USD"

    def __post_init__(self) -> None:
        if type(self.amount_cents) is not int:
            raise MoneyError("must be a whole number of cents")
        if self.amount_cents <= 0:
            raise MoneyError("must be greater than zero")
        if self.amount_cents > MAX_CENTS:
            raise MoneyError(f"must be at most {MAX_CENTS} cents")


def parse_amount(value: object, unit: AmountUnit) -> Money:
    """Read an amount written in `unit`.

    `cents` and `whole_dollars` take integers; `decimal_dollars` takes exact text or a Decimal
    such as `.7`, `10` or `17.07`. Raises MoneyError for floats, more than two decimals, zero,
    negatives and overflow.
    """
    if unit is AmountUnit.DECIMAL_DOLLARS:
        return Money(_cents_of_decimal_text(value))
    if type(value) is not int:
        raise MoneyError(f"must be an integer in {unit.value.replace('_', ' ')}")
    return Money(value if unit is AmountUnit.CENTS else value * 100)


def format_amount(amount_cents: int, unit: AmountUnit) -> int | str:
    """Write cents in `unit`: an integer, or exact text with two decimals for decimal dollars.

    Raises MoneyError when whole dollars cannot express the cents.
    """
    if unit is AmountUnit.CENTS:
        return amount_cents
    dollars, cents = divmod(amount_cents, 100)
    if unit is AmountUnit.DECIMAL_DOLLARS:
        return f"{dollars}.{cents:02d}"
    if cents:
        raise MoneyError(f"{dollars}.{cents:02d} cannot be written in whole dollars")
    return dollars


def cents_of_balance(value: object, unit: AmountUnit) -> int:
    """Read a balance in `unit`: like an amount, but zero is a balance too."""
    if value == 0 or (isinstance(value, str) and _is_zero_text(value)):
        return 0
    return parse_amount(value, unit).amount_cents


def _is_zero_text(text: str) -> bool:
    return re.fullmatch(r"0*(\.0{1,2})?", text, re.ASCII) is not None and text not in ("", ".")


def _cents_of_decimal_text(value: object) -> int:
    if isinstance(value, Decimal):
        value = format(value, "f")
    elif type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        raise MoneyError("must be decimal dollars as text, such as 17.07")
    match = _DECIMAL_TEXT.fullmatch(value)
    if match is None or not value:
        raise MoneyError("must be dollars with at most two decimals, such as 17.07")
    dollars, cents = match.groups()
    return int(dollars or "0") * 100 + int((cents or "").ljust(2, "0") or "0")
