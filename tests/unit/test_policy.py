"""Backoff, quarantine and intervals."""

from payhub.domain.payment import Attempt
from payhub.vendors.optum.contract import CONTRACTS
from tests.support.fakes import NOON_MS, POLICY

ATTEMPT = Attempt(number=1, token="t", intent_at_ms=NOON_MS)


def test_backoff_doubles_up_to_the_cap_with_full_jitter() -> None:
    assert [POLICY.backoff_ms(n, None, 0.5) for n in (1, 2, 3, 20)] == [1000, 2000, 4000, 450_000]
    assert POLICY.backoff_ms(1, None, 0.0) == 0


def test_backoff_is_never_shorter_than_retry_after() -> None:
    assert POLICY.backoff_ms(1, 30, 0.0) == 30_000


def test_the_quarantine_covers_function_vendor_and_late_application() -> None:
    ends_ms = POLICY.quarantine_ends_ms(ATTEMPT, CONTRACTS["issue"])
    assert ends_ms == NOON_MS + (30 + 10 + 900) * 1000


def test_an_intent_older_than_ten_seconds_may_not_be_acted_on() -> None:
    assert POLICY.call_may_start(ATTEMPT, NOON_MS + 10_000)
    assert not POLICY.call_may_start(ATTEMPT, NOON_MS + 10_001)


def test_an_intent_is_presumed_unknown_only_after_the_function_must_have_ended() -> None:
    assert POLICY.intent_due_ms(NOON_MS) == NOON_MS + 35_000


def test_an_inquiry_does_not_sleep_past_the_end_of_the_quarantine() -> None:
    assert POLICY.next_inquiry_ms(NOON_MS, NOON_MS + 939_000, NOON_MS + 940_000) == (
        NOON_MS + 940_000
    )


def test_old_matters_are_looked_at_more_rarely_but_never_left_alone() -> None:
    week_ms = 7 * 86_400_000
    again_ms = POLICY.next_inquiry_ms(NOON_MS, NOON_MS + week_ms, None)
    assert again_ms - (NOON_MS + week_ms) == 6 * 3_600_000
