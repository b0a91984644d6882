"""Which day it is where a tenant is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def day_of(at_ms: int, time_zone: str) -> date:
    """The calendar day of an instant in a time zone."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(time_zone)).date()
