"""The vendor's loose ways of writing money, ids and times."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from local.sandbox.money import dollars

_NEW_YORK = ZoneInfo("America/New_York")
_SETTLEMENT_HOUR = 20
_AMOUNT = re.compile(r"(?=\.?[0-9])[0-9]{0,7}(\.[0-9]{0,2})?")
_DATE = "%m/%d/%Y"


def to_cents(text: str) -> int | None:
    """Decimal dollars of a request, or None when they are none."""
    return int(Decimal(text) * 100) if _AMOUNT.fullmatch(text) else None


def money(cents: int) -> str:
    """As short as it gets: 10, 7.5, .7, -25.15, 0."""
    digits = f"{dollars(abs(cents)):f}".rstrip("0").rstrip(".").removeprefix("0") or "0"
    return f"-{digits}" if cents < 0 else digits


def number(cents: int) -> Decimal:
    """The same as a JSON number, as in the details of claims."""
    return Decimal(money(cents))


def posted_id(identifier: int) -> int | str:
    """An id in the answer to a POST: text when it is odd."""
    return str(identifier) if identifier % 2 else identifier


def listed_id(identifier: int) -> int | str:
    """The same id in a list: just the other way round."""
    return identifier if identifier % 2 else str(identifier)


def timestamp(epoch_ms: int) -> str:
    """11/21/2026 04:15:00, Eastern."""
    return _eastern(epoch_ms).strftime("%m/%d/%Y %H:%M:%S")


def today(epoch_ms: int) -> date:
    return _eastern(epoch_ms).date()


def date_text(day: date) -> str:
    return day.strftime(_DATE)


def to_date(text: str) -> date | None:
    try:
        return datetime.strptime(text, _DATE).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def settlement_after(epoch_ms: int) -> int:
    """The next 20:00 in New York, on every day of the week."""
    now = _eastern(epoch_ms)
    settlement = now.replace(hour=_SETTLEMENT_HOUR, minute=0, second=0, microsecond=0)
    if settlement <= now:
        settlement += timedelta(days=1)  # the same time on the clock, whatever the offset
    return round(settlement.timestamp()) * 1000


def _eastern(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, _NEW_YORK)
