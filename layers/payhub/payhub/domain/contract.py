"""What a vendor promises for each of its operations: the row that retries derive from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Acknowledged(StrEnum):
    """How the vendor says that an operation was carried out."""

    SYNC = "sync"
    ASYNC = "async"
    WEBHOOK = "webhook"


class Lookup(StrEnum):
    """How an unknown outcome is asked about."""

    SEARCH = "search"
    """The vendor's lists are searched for our own reference."""
    STATUS = "status"
    """The payment's present status at the vendor proves whether the operation was applied."""
    REPEAT = "repeat"
    """The same call again: the vendor recognises it and says what became of the first one, or no
    money moves by it, so that a second one does no harm."""
    NONE = "none"
    """The vendor offers no way to know."""


class Resend(StrEnum):
    """What follows when an unknown outcome is proven absent."""

    AUTOMATIC = "automatic"
    """The hub sends it again by itself, as the next attempt of the same payment."""
    CALLER_DECIDES = "caller_decides"
    """The attempt ends as not captured; the caller may try again with a new key."""
    NEVER = "never"
    """Nothing proves it absent, so nothing is sent again: a person looks at it."""


FAULTS = (
    "disconnect",
    "timeout_before",
    "timeout_after",
    "http_500_before",
    "http_500_after",
    "http_429",
    "refuse",
    "malformed",
    "slow",
    "decline",
    "late_apply",
)
"""What can go wrong with a call, as the sandbox plays it."""


def ends(usual: str, **others: str) -> Mapping[str, frozenset[str]]:
    """The state in which an action ends after each fault: the usual one, or its own."""
    return {fault: frozenset({others.get(fault, usual)}) for fault in FAULTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One row of the vendor-operation contract table.

    `late_apply_bound_seconds` is how long after a call was cut off the vendor may still apply it;
    None means without bound, so that absence is never proof. `duplicate_window_seconds` is how long
    after the first call the vendor recognises a repeat (None: it always does, or never).
    `status_when_done` is the word for what was done where the vendor itself has none.
    `carries_card` operations are synchronous only: what they need to be sent is kept nowhere.
    `expected_ends` names, for each fault the sandbox can play, the states an action may end in.
    """

    vendor: str
    verb: str
    operation: str
    acknowledged: Acknowledged
    lookup: Lookup
    resend: Resend
    late_apply_bound_seconds: int | None
    duplicate_window_seconds: int | None
    cut_off: str | None
    amount_unit: str
    moves_money: bool
    queueable: bool
    carries_card: bool = False
    status_when_done: str | None = None
    expected_ends: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def twice_is_harmless(self) -> bool:
        """Whether it may be done twice: the vendor may have two of it, and no money has moved."""
        return self.resend is Resend.AUTOMATIC and not self.moves_money


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """When a verb is allowed, judged on the vendor's present word about the payment."""

    statuses: frozenset[str]
    needs_balance: bool
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """A vendor's status words: who moves a payment where, and what proves a verb was applied.

    `moves`: status -> statuses the vendor may go to by itself.
    `resting`: statuses in which nothing more is expected until somebody acts.
    `guards`: verb -> when it is allowed. `applied`: verb -> statuses that prove it was applied.
    `money_back`: statuses in which the money came back, so that leaving one unasked alarms.
    `reference_pattern`: what every reference of the vendor matches.
    `ended`: statuses in which a plan is over, so that its charges may be planned anew.
    `shows_balance`: whether the vendor tells what is left of a payment, so that a word without it
    is worth confirming.
    """

    moves: Mapping[str, frozenset[str]]
    resting: frozenset[str]
    guards: Mapping[str, Guard]
    applied: Mapping[str, frozenset[str]]
    money_back: frozenset[str]
    ended: frozenset[str] = frozenset()
    shows_balance: bool = True
    reference_pattern: str = ".+"

    def has_reached(self, status: str | None, goal: str) -> bool:
        """Whether what is in `status` is at the goal, or beyond it."""
        return status is not None and (status == goal or self.can_reach(goal, status))

    def can_reach(self, start: str, goal: str) -> bool:
        """Whether the vendor may get from `start` to `goal` without anybody acting."""
        seen, open_ends = {start}, [start]
        while open_ends:
            for status in self.moves.get(open_ends.pop(), frozenset()):
                if status == goal:
                    return True
                if status not in seen:
                    seen.add(status)
                    open_ends.append(status)
        return False
