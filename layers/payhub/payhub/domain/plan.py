"""Payment plans: which cents are due on which day, and how far it has come.

The vendor's own planned payments win as soon as it reports them; until then the hub's are shown.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

INSTALLMENTS_MAX = 366
"""Seven years of weeks, thirty of months: more is a mistake."""

NEWS_STAYS_NEWS = timedelta(days=14)
"""After that a payment on its way is no news of an installment any more."""

_MONTHS = 12


class Frequency(StrEnum):
    """How often an installment is due."""

    WEEKLY = "WEEKLY"
    BIWEEKLY = "BIWEEKLY"
    MONTHLY = "MONTHLY"


_DAYS = {Frequency.WEEKLY: 7, Frequency.BIWEEKLY: 14}


class InstallmentState(StrEnum):
    """What became of an installment."""

    SCHEDULED = "scheduled"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installment:
    """One payment of the plan after the first; `vendor_id` once the vendor has planned it."""

    number: int
    due_on: date
    amount_cents: int
    state: InstallmentState = InstallmentState.SCHEDULED
    vendor_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was agreed (`count` installments), and the installments as they stand.

    `reported`: the installments are the vendor's. `difference` says in words where they are not
    what was asked for.
    """

    frequency: Frequency
    charge_ids: tuple[str, ...]
    initial_cents: int
    total_cents: int
    installment_cents: int
    count: int
    installments: tuple[Installment, ...] = ()
    start_on: date | None = None
    reported: bool = False
    difference: str | None = None

    @property
    def next_due_on(self) -> date | None:
        """The earliest day on which something is still to come."""
        return min((it.due_on for it in self.installments if it.state is _SCHEDULED), default=None)

    def overdue(self, today: date, taken_on: Iterable[date] = ()) -> tuple[Installment, ...]:
        """Installments whose day is over and of which nothing was heard.

        A payment that was taken lately is news of the installment that was due last by then: from a
        bank account it takes days.
        """
        heard_of = {self._due_by(day) for day in taken_on if today - day < NEWS_STAYS_NEWS}
        return tuple(
            it
            for it in self.installments
            if it.state is _SCHEDULED and it.due_on < today and it.number not in heard_of
        )

    def _due_by(self, day: date) -> int | None:
        return max((it.number for it in self.installments if it.due_on <= day), default=None)

    def without_rest(self) -> "Plan":
        """The plan when it was cancelled: what was still to come will not."""
        return replace(
            self,
            installments=tuple(
                replace(it, state=InstallmentState.CANCELLED) if it.state is _SCHEDULED else it
                for it in self.installments
            ),
        )


_SCHEDULED = InstallmentState.SCHEDULED


def amounts(
    total_cents: int, initial_cents: int, installment_cents: int, count: int
) -> tuple[int, ...] | None:
    """The installments in cents, which with the first payment come to the total exactly.

    The last one takes the remainder, at most `count` - 1 cents more or less than the others; None
    when that does not do.
    """
    if count < 1 or installment_cents < 1 or initial_cents < 0:
        return None
    last_cents = total_cents - initial_cents - installment_cents * (count - 1)
    if last_cents < 1 or abs(last_cents - installment_cents) > count - 1:
        return None
    return (installment_cents,) * (count - 1) + (last_cents,)


def due_days(
    frequency: Frequency, begins_on: date, start_on: date | None, count: int
) -> list[date]:
    """The days of the installments of a plan that begins on a day of the tenant's calendar.

    With `start_on` the first one is due then; without, one period after the beginning. Months keep
    the day of the month they began with; where a month lacks it, its last day stands in.
    """
    first = 1 if start_on is None else 0
    anchor = begins_on if start_on is None else max(start_on, begins_on)
    return [_later(anchor, frequency, first + period) for period in range(count)]


def _later(day: date, frequency: Frequency, periods: int) -> date:
    if frequency in _DAYS:
        return day + timedelta(days=_DAYS[frequency] * periods)
    months = day.month - 1 + periods
    year, month = day.year + months // _MONTHS, months % _MONTHS + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def planned(plan: Plan, begins_on: date) -> Plan:
    """The plan with installments of the hub's own, as if it began on that day.

    Raises ValueError when the amounts do not come to the total.
    """
    cents = amounts(plan.total_cents, plan.initial_cents, plan.installment_cents, plan.count)
    if cents is None:
        raise ValueError("the installments do not come to the total")
    days = due_days(plan.frequency, begins_on, plan.start_on, plan.count)
    rows = zip(cents, days, strict=True)
    return replace(
        plan,
        installments=tuple(
            Installment(number=number, due_on=day, amount_cents=each)
            for number, (each, day) in enumerate(rows, start=1)
        ),
    )


def difference(asked: Plan, told: tuple[Installment, ...]) -> str | None:
    """Where the vendor's installments are not those that were asked for, in words, or None."""
    if len(told) != len(asked.installments):
        return f"{len(asked.installments)} installments were asked for, {len(told)} are planned"
    found = [
        f"installment {ours.number}: asked for {ours.amount_cents} cents on {ours.due_on},"
        f" planned are {theirs.amount_cents} on {theirs.due_on}"
        for ours, theirs in zip(asked.installments, told, strict=True)
        if (ours.amount_cents, ours.due_on) != (theirs.amount_cents, theirs.due_on)
    ]
    if not found:
        return None
    return found[0] + (f" (and {len(found) - 1} more)" if found[1:] else "")
