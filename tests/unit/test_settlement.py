"""When a payment settles: 20:00 in New York, on every day, and how certain that is."""

from datetime import UTC, datetime

import pytest

from payhub.domain.settlement import NEW_YORK, Taken, Window, cut_off_ms, in_new_york, window


def ms(local: str, fold: int = 0) -> int:
    """A New York time as epoch milliseconds."""
    at = datetime.fromisoformat(local).replace(tzinfo=NEW_YORK, fold=fold)
    return round(at.timestamp() * 1000)


@pytest.mark.parametrize(
    ("taken", "settles", "utc"),
    [
        ("2026-03-07 12:00", "2026-03-07 20:00", "2026-03-08T01:00"),
        ("2026-03-07 20:00", "2026-03-08 20:00", "2026-03-09T00:00"),
        ("2026-03-08 01:59", "2026-03-08 20:00", "2026-03-09T00:00"),
        ("2026-03-08 03:01", "2026-03-08 20:00", "2026-03-09T00:00"),
        ("2026-03-08 20:01", "2026-03-09 20:00", "2026-03-10T00:00"),
        ("2026-10-31 19:59", "2026-10-31 20:00", "2026-11-01T00:00"),
        ("2026-10-31 20:00", "2026-11-01 20:00", "2026-11-02T01:00"),
        ("2026-11-01 01:30", "2026-11-01 20:00", "2026-11-02T01:00"),
        ("2026-11-01 23:59", "2026-11-02 20:00", "2026-11-03T01:00"),
        ("2026-12-31 20:30", "2027-01-01 20:00", "2027-01-02T01:00"),
        ("2028-02-28 21:00", "2028-02-29 20:00", "2028-03-01T01:00"),
    ],
)
def test_the_cut_off_is_the_next_twenty_hundred_on_the_wall_in_new_york(
    taken: str, settles: str, utc: str
) -> None:
    found = cut_off_ms(ms(taken))
    assert found == ms(settles)
    assert datetime.fromtimestamp(found / 1000, UTC).isoformat(timespec="minutes")[:16] == utc


def test_both_readings_of_the_hour_that_comes_twice_settle_the_same_evening() -> None:
    assert cut_off_ms(ms("2026-11-01 01:30", 0)) == cut_off_ms(ms("2026-11-01 01:30", 1))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("19:54:59", Window.OPEN),
        ("19:55:00", Window.MARGIN),
        ("20:00:00", Window.MARGIN),
        ("20:04:59", Window.MARGIN),
        ("20:05:00", Window.CLOSED),
    ],
)
def test_near_the_cut_off_only_the_vendor_knows(now: str, expected: Window) -> None:
    cut_off = ms("2026-11-20 20:00")
    assert window(cut_off, ms(f"2026-11-20 {now}"), 300) is expected


def test_a_call_that_ran_over_the_cut_off_is_astride() -> None:
    before, after = ms("2026-11-20 19:59:58"), ms("2026-11-20 20:00:01")
    assert Taken(earliest_ms=before, latest_ms=after).is_astride
    assert not Taken(earliest_ms=after, latest_ms=after + 1000).is_astride


def test_people_read_the_time_of_new_york() -> None:
    assert in_new_york(ms("2026-11-01 20:00")) == "2026-11-01 20:00 EST"
    assert in_new_york(ms("2026-10-31 20:00")) == "2026-10-31 20:00 EDT"
