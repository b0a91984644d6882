"""The arithmetic of payment plans, held against a calendar that is reckoned in another way."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from payhub.domain.days import day_of
from payhub.domain.money import MAX_CENTS
from payhub.domain.plan import (
    INSTALLMENTS_MAX,
    Frequency,
    InstallmentState,
    Plan,
    amounts,
    difference,
    due_days,
    planned,
)

COUNTS = st.integers(1, INSTALLMENTS_MAX)
DAYS = st.dates(date(2024, 1, 1), date(2104, 12, 31))
FREQUENCIES = st.sampled_from(Frequency)
STEPS = {Frequency.WEEKLY: timedelta(weeks=1), Frequency.BIWEEKLY: timedelta(weeks=2)}


@st.composite
def sums(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """A total, a first payment, an installment and a count that come to the total."""
    count = draw(COUNTS)
    each = draw(st.integers(1, MAX_CENTS // INSTALLMENTS_MAX - INSTALLMENTS_MAX))
    initial = draw(st.integers(0, 10**8))
    off_by = draw(st.integers(max(1 - each, -(count - 1)), count - 1))
    return initial + each * count + off_by, initial, each, count


def independent_days(
    frequency: Frequency, begins: date, start: date | None, count: int
) -> list[date]:
    """The same days by walking the calendar one day at a time, never by arithmetic of months."""
    day = begins if start is None else max(begins, start)
    wanted, found = day.day, [day]
    while len(found) <= count:
        if frequency is Frequency.MONTHLY:
            day = next_month_of(day, wanted)
        else:
            day = (datetime(day.year, day.month, day.day) + STEPS[frequency]).date()  # noqa: DTZ001
        found.append(day)
    return found[1:] if start is None else found[:-1]


def next_month_of(day: date, wanted: int) -> date:
    """The wanted day of the next month, or the last day that month has."""
    step = day
    while step.month == day.month:
        step += timedelta(days=1)
    last = step
    while last.day < wanted and (last + timedelta(days=1)).month == step.month:
        last += timedelta(days=1)
    return last


# Amounts


@given(sums())
def test_the_installments_and_the_first_payment_come_to_the_total_to_the_cent(
    plan: tuple[int, int, int, int],
) -> None:
    total, initial, each, count = plan
    cents = amounts(total, initial, each, count)
    assert cents is not None and len(cents) == count
    assert sum(cents) + initial == total
    assert set(cents[:-1]) <= {each}
    assert cents[-1] > 0 and abs(cents[-1] - each) <= count - 1


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(-5, 10**7), st.integers(-2, 400))
@example(100, 0, 33, 3)
@example(100, 0, 34, 3)
@example(100, 0, 35, 3)
@example(1, 0, 1, 2)
def test_what_does_not_come_to_the_total_is_none_and_nothing_else_is(
    total: int, initial: int, each: int, count: int
) -> None:
    off_by = total - initial - each * count
    fits = count >= 1 and each >= 1 and abs(off_by) <= count - 1 and each + off_by >= 1
    assert (amounts(total, initial, each, count) is not None) == fits


@given(st.integers(1, 10**9), COUNTS)
def test_any_total_can_be_parted_into_any_count_by_rounding(total: int, count: int) -> None:
    """Whoever divides and rounds down, up or to the nearest is understood."""
    for each in {total // count, -(-total // count), round(total / count)}:
        cents = amounts(total, 0, each, count)
        if each >= 1 and total - each * (count - 1) >= 1:
            assert cents is not None and sum(cents) == total


def test_the_last_installment_takes_the_remainder() -> None:
    assert amounts(10_000, 0, 833, 12) == (833,) * 11 + (837,)
    assert amounts(10_000, 1_000, 750, 12) == (750,) * 12
    assert amounts(10_000, 0, 834, 12) == (834,) * 11 + (826,)


# Days


@given(FREQUENCIES, DAYS, st.none() | DAYS, st.integers(1, 60))
@example(Frequency.MONTHLY, date(2027, 10, 31), None, 16)
@example(Frequency.MONTHLY, date(2027, 12, 30), None, 14)
@example(Frequency.MONTHLY, date(2028, 1, 29), None, 14)
@example(Frequency.MONTHLY, date(2028, 2, 29), None, 60)
@example(Frequency.MONTHLY, date(2027, 2, 28), date(2027, 2, 28), 12)
@example(Frequency.MONTHLY, date(2100, 1, 31), None, 2)
def test_the_days_are_those_of_an_independent_calendar(
    frequency: Frequency, begins: date, start: date | None, count: int
) -> None:
    assert due_days(frequency, begins, start, count) == independent_days(
        frequency, begins, start, count
    )


@given(FREQUENCIES, DAYS, st.none() | DAYS, COUNTS)
def test_days_grow_and_none_is_before_the_plan_begins(
    frequency: Frequency, begins: date, start: date | None, count: int
) -> None:
    days = due_days(frequency, begins, start, count)
    assert len(days) == count and all(a < b for a, b in pairwise(days))
    assert days[0] > begins or (start is not None and days[0] == max(start, begins))


def test_months_keep_their_day_and_february_does_not_shorten_march() -> None:
    days = due_days(Frequency.MONTHLY, date(2027, 12, 31), None, 4)
    assert [f"{it:%m-%d}" for it in days] == ["01-31", "02-29", "03-31", "04-30"]
    days = due_days(Frequency.MONTHLY, date(2026, 12, 30), None, 3)
    assert [f"{it:%m-%d}" for it in days] == ["01-30", "02-28", "03-30"]


def test_a_start_that_has_passed_by_when_the_payer_confirms_is_the_day_of_that() -> None:
    days = due_days(Frequency.WEEKLY, date(2026, 11, 25), date(2026, 11, 23), 2)
    assert days == [date(2026, 11, 25), date(2026, 12, 2)]


# Which day it is


def at(text: str) -> int:
    """An instant as epoch milliseconds."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2026-11-22T04:59:59.999+00:00", "America/New_York", "2026-11-21"),
        ("2026-11-22T05:00:00+00:00", "America/New_York", "2026-11-22"),
        ("2026-07-02T03:59:59.999+00:00", "America/New_York", "2026-07-01"),
        ("2026-07-02T04:00:00+00:00", "America/New_York", "2026-07-02"),
        # The night in which clocks go forward, and the one in which they go back.
        ("2027-03-14T04:59:59+00:00", "America/New_York", "2027-03-13"),
        ("2027-03-15T03:59:59+00:00", "America/New_York", "2027-03-14"),
        ("2027-03-15T04:00:00+00:00", "America/New_York", "2027-03-15"),
        ("2026-11-01T03:59:59+00:00", "America/New_York", "2026-10-31"),
        ("2026-11-01T04:00:00+00:00", "America/New_York", "2026-11-01"),
        ("2026-11-02T04:59:59+00:00", "America/New_York", "2026-11-01"),
        ("2026-11-02T05:00:00+00:00", "America/New_York", "2026-11-02"),
        ("2026-11-22T09:59:59+00:00", "Pacific/Honolulu", "2026-11-21"),
        ("2026-11-22T10:00:00+00:00", "Pacific/Kiritimati", "2026-11-23"),
        # Midnight itself does not exist there on that day.
        ("2026-04-23T21:59:59+00:00", "Africa/Cairo", "2026-04-23"),
        ("2026-04-23T22:00:00+00:00", "Africa/Cairo", "2026-04-24"),
    ],
)
def test_today_is_the_tenants_day(instant: str, zone: str, day: str) -> None:
    assert day_of(at(instant), zone) == date.fromisoformat(day)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001
def test_no_instant_has_another_day_than_its_zones_wall_shows(moment: datetime) -> None:
    for zone in ("America/New_York", "Pacific/Honolulu", "Asia/Kathmandu"):
        for fold in (0, 1):
            local = moment.replace(tzinfo=ZoneInfo(zone), fold=fold)
            instant_ms = int(local.timestamp() * 1000)
            back = datetime.fromtimestamp(instant_ms / 1000, ZoneInfo(zone))
            assert day_of(instant_ms, zone) == back.date()


# The plan as a whole


def plan(**changes: object) -> Plan:
    """10000 cents: 1000 and three times 3000."""
    known = Plan(
        frequency=Frequency.MONTHLY,
        charge_ids=("c-1",),
        initial_cents=1000,
        total_cents=10_000,
        installment_cents=3000,
        count=3,
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def test_a_plan_is_planned_from_its_beginning_with_numbers_from_one() -> None:
    made = planned(plan(), date(2026, 11, 30))
    assert [(it.number, f"{it.due_on}", it.amount_cents) for it in made.installments] == [
        (1, "2026-12-30", 3000),
        (2, "2027-01-30", 3000),
        (3, "2027-02-28", 3000),
    ]
    assert made.next_due_on == date(2026, 12, 30) and not made.reported


def test_what_does_not_come_to_the_total_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="do not come to the total"):
        planned(plan(total_cents=10_003), date(2026, 11, 30))


def test_overdue_is_what_nobody_heard_of_after_its_day() -> None:
    made = planned(plan(), date(2026, 11, 30))
    assert made.overdue(date(2026, 12, 30)) == ()
    assert [it.number for it in made.overdue(date(2026, 12, 31))] == [1]
    assert [it.number for it in made.overdue(date(2027, 1, 31))] == [1, 2]
    first, *rest = made.installments
    for state in set(InstallmentState) - {InstallmentState.SCHEDULED}:
        heard = replace(made, installments=(replace(first, state=state), *rest))
        assert heard.overdue(date(2026, 12, 31)) == ()
        assert heard.next_due_on == date(2027, 1, 30)


def test_a_payment_is_news_of_the_installment_due_by_then_for_two_weeks() -> None:
    made = planned(plan(), date(2026, 11, 30))  # due on 12-30, 01-30 and 02-28
    late = date(2027, 1, 5)
    assert made.overdue(late, [date(2026, 12, 30)]) == ()
    assert made.overdue(late, [date(2027, 1, 2)]) == ()
    assert [it.number for it in made.overdue(late, [date(2026, 11, 30)])] == [1]
    assert [it.number for it in made.overdue(date(2027, 1, 12), [date(2026, 12, 30)])] == []
    assert [it.number for it in made.overdue(date(2027, 1, 13), [date(2026, 12, 30)])] == [1]
    both = [date(2026, 12, 30), date(2027, 1, 30)]
    assert [it.number for it in made.overdue(date(2027, 2, 1), both)] == [1]


def test_a_cancelled_plan_keeps_what_was_paid_and_has_nothing_to_come() -> None:
    made = planned(plan(), date(2026, 11, 30))
    first, *rest = made.installments
    paid = replace(first, state=InstallmentState.PAID)
    ended = replace(made, installments=(paid, *rest)).without_rest()
    assert [it.state for it in ended.installments] == ["paid", "cancelled", "cancelled"]
    assert ended.next_due_on is None and ended.overdue(date(2030, 1, 1)) == ()


def test_a_difference_names_the_first_installment_that_differs_and_how_many_more() -> None:
    asked = planned(plan(), date(2026, 11, 30))
    told = asked.installments
    assert difference(asked, told) is None
    assert "3 installments" in str(difference(asked, told[:2]))
    day_off = (replace(told[0], due_on=date(2026, 12, 31)), *told[1:])
    assert "2026-12-31" in str(difference(asked, day_off)) and "more" not in str(
        difference(asked, day_off)
    )
    cent_off = (told[0], replace(told[1], amount_cents=3001), replace(told[2], amount_cents=2999))
    assert "installment 2" in str(difference(asked, cent_off))
    assert "(and 1 more)" in str(difference(asked, cent_off))
    elsewhere = tuple(replace(it, vendor_id="x", state=InstallmentState.PAID) for it in told)
    assert difference(asked, elsewhere) is None, "how it went is no difference"
