"""How long the hub waits: every bound and interval, with the rules that combine them."""

from dataclasses import dataclass

from payhub.domain.contract import Contract
from payhub.domain.payment import Attempt, Payment

SECOND_MS = 1000
LOOK_AGAIN_MAX_MS = 6 * 3600 * SECOND_MS
"""Nothing unfinished is left unlooked-at for longer than this."""

CLOCK_DIFFERENCE_SECONDS = 300
"""How far the vendor's clock may be from ours where a window of the vendor's is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The stack's settings for retries and inquiries, all in seconds unless named otherwise."""

    function_timeout_seconds: int
    vendor_timeout_seconds: int
    late_apply_bound_seconds: int | None
    retry_base_seconds: int
    retry_cap_seconds: int
    retry_attempts_max: int
    inquiry_interval_seconds: int
    refresh_seconds: int
    watch_seconds: int
    park_seconds: int
    duplicate_window_seconds: int
    intent_margin_seconds: int = 5
    call_start_limit_seconds: int = 10

    def call_may_start(self, attempt: Attempt, now_ms: int) -> bool:
        """Whether the intent is young enough: an old one may already be presumed unknown."""
        return now_ms <= self.call_by_ms(attempt)

    def call_by_ms(self, attempt: Attempt) -> int:
        """The last instant at which the call may start."""
        return attempt.intent_at_ms + self.call_start_limit_seconds * SECOND_MS

    def intent_due_ms(self, now_ms: int) -> int:
        """When an attempt without an outcome is presumed unknown."""
        seconds = self.function_timeout_seconds + self.intent_margin_seconds
        return now_ms + seconds * SECOND_MS

    def backoff_ms(self, attempts: int, retry_after_seconds: int | None, luck: float) -> int:
        """Exponential backoff with full jitter (`luck` in [0, 1)), never before Retry-After."""
        ceiling = min(self.retry_cap_seconds, self.retry_base_seconds * 2 ** min(attempts - 1, 30))
        return max(int(ceiling * luck * SECOND_MS), (retry_after_seconds or 0) * SECOND_MS)

    def bound_seconds(self, contract: Contract) -> int | None:
        """The row's late-apply bound, or the stack's where it sets one; None: no bound at all."""
        if contract.late_apply_bound_seconds is None or self.late_apply_bound_seconds is None:
            return contract.late_apply_bound_seconds
        return self.late_apply_bound_seconds

    def quarantine_ends_ms(self, attempt: Attempt, contract: Contract) -> int | None:
        """When absence at the vendor starts to prove something; None: never.

        The function may run to its timeout, the vendor may work on after it was cut off.
        """
        bound = self.bound_seconds(contract)
        if bound is None:
            return None
        seconds = self.function_timeout_seconds + self.vendor_timeout_seconds + bound
        return attempt.intent_at_ms + seconds * SECOND_MS

    def recognised_until_ms(self, first: Attempt, contract: Contract) -> int | None:
        """Until when a repeat of the first call may start and still be recognised; None: always.

        The margin covers the time the call may take and a difference between the clocks.
        """
        window = contract.duplicate_window_seconds
        if window is None:
            return None
        margin = (
            self.call_start_limit_seconds + self.vendor_timeout_seconds + CLOCK_DIFFERENCE_SECONDS
        )
        return first.intent_at_ms + (window - margin) * SECOND_MS

    def next_inquiry_ms(self, since_ms: int, now_ms: int, not_beyond_ms: int | None) -> int:
        """When to ask again: at the interval, more rarely as the matter grows old."""
        again = now_ms + self._growing(self.inquiry_interval_seconds, since_ms, now_ms)
        if not_beyond_ms is not None and now_ms < not_beyond_ms < again:
            return not_beyond_ms
        return again

    def next_refresh_ms(self, payment: Payment, now_ms: int) -> int:
        """When to read the vendor although nothing was heard; a time already set is kept."""
        if payment.due_at_ms is not None and payment.due_at_ms > now_ms:
            return payment.due_at_ms
        return now_ms + self._growing(self.refresh_seconds, payment.updated_at_ms, now_ms)

    def _growing(self, interval_seconds: int, since_ms: int, now_ms: int) -> int:
        return min(max(interval_seconds * SECOND_MS, (now_ms - since_ms) // 4), LOOK_AGAIN_MAX_MS)
