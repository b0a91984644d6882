"""Money that every vendor's machine counts in cents."""

from __future__ import annotations

from decimal import Decimal


def dollars(cents: int) -> Decimal:
    """Decimal dollars with two places."""
    return Decimal(cents).scaleb(-2)
