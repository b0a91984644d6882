"""Days of payment plans: in New York, month by month from the same day, and bank days of ACH."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NEW_YORK = ZoneInfo("America/New_York")
_CHARGED_AT = time(6, 0)
_ACH_CUT_OFF = time(21, 0)
_ACH_BANK_DAYS = 4
_FIRST_WEEKEND_DAY = 5
_DAYS = {"WEEKLY": 7, "BIWEEKLY": 14}
_MONTHS = 12


def today(epoch_ms: int) -> date:
    return _local(epoch_ms).date()


def due_dates(first: date, frequency: str, count: int) -> list[date]:
    """Months keep the day of the first date; where a month lacks it, its last day stands in."""
    return [later(first, frequency, periods) for periods in range(count)]


def later(day: date, frequency: str, periods: int) -> date:
    if frequency in _DAYS:
        return day + timedelta(days=_DAYS[frequency] * periods)
    months = day.month - 1 + periods
    year, month = day.year + months // _MONTHS, months % _MONTHS + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def begins_at(day: date) -> int:
    """Midnight."""
    return _epoch_ms(day, time.min)


def charged_at(day: date) -> int:
    """The moment at which what is due on a day is charged."""
    return _epoch_ms(day, _CHARGED_AT)


def ach_settles_at(epoch_ms: int) -> int:
    """Four bank days later; what comes after 21:00 counts as the next day's."""
    now = _local(epoch_ms)
    day = now.date() + timedelta(days=1 if now.time() >= _ACH_CUT_OFF else 0)
    for _ in range(_ACH_BANK_DAYS):
        day = _next_bank_day(day)
    return _epoch_ms(day, _CHARGED_AT)


def _next_bank_day(day: date) -> date:
    """Weekends are none; bank holidays are not known here."""
    day += timedelta(days=1)
    while day.weekday() >= _FIRST_WEEKEND_DAY:
        day += timedelta(days=1)
    return day


def _local(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, _NEW_YORK)


def _epoch_ms(day: date, at: time) -> int:
    return round(datetime.combine(day, at, _NEW_YORK).timestamp()) * 1000
