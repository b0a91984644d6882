"""After the chaos: what is open comes to its end, a person looks at what only a person can."""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import httpx

from tests.support.chaos.books import Account, Line, differences
from tests.support.chaos.intents import Intent, Notebook
from tests.support.chaos.reading import accounts_of, book_of, line_of
from tests.support.fault_table import contracts, payments_of
from tests.support.hub import Hub, Json, eventually, settled
from tests.support.simulation.athena_oracle import REVIEWS

T = TypeVar("T")

_CALLERS = 6
_PATIENCE_SECONDS = 300
_ANSWER_SECONDS = 60
_NEWS_SECONDS = 120
"""What vendors do by themselves is known at the latest when the sweep has looked at it."""

_LOOK_SECONDS = 3
_NEEDS_REVIEW = "needs_review"

_DECLARED = frozenset(
    (row.vendor, row.verb)
    for row in contracts()
    if any(_NEEDS_REVIEW in ends for ends in row.expected_ends.values())
)
"""The contract rows by which a lost answer may end with a person."""


@dataclass(frozen=True)
class Review:
    """A payment that was left to a person, why, and what the person found at the vendor."""

    payment_id: str
    vendor: str
    verb: str
    reason: str
    is_declared: bool
    found: Line | None

    @property
    def resolution(self) -> str:
        """What the operator says of it."""
        return "not_moved" if self.found is None else "moved"


@dataclass(frozen=True)
class Ending:
    """How it all ended: both books, the reviews on the way, and everything that is wrong."""

    accounts: Sequence[Account]
    book: Sequence[Line]
    reviews: Sequence[Review]
    wrongs: Sequence[str]


def close(hub: Hub, notebook: Notebook, say: Callable[[str], None]) -> Ending:
    """Bring everything to its end and compare. Nothing is killed any more."""
    hub.sandbox.clear_faults()
    say("Callers without an answer ask again, schedules and workers go on")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    _ask_until_told(hub, [it for it in notebook.intents if it.told is None], deadline)
    _wait_until_settled(hub, deadline)
    reviews = _reviewed(hub)
    say(f"An operator resolved {len(reviews)} reviews by what the vendors' books show")
    say("Every caller who was answered asks once more")
    _replay(notebook.intents)
    say("The hub's books are laid beside the vendors'")
    accounts, book, said = _compared(hub, time.monotonic() + _NEWS_SECONDS, say)
    return Ending(accounts, book, reviews, [*said, *_wrong_with(notebook, accounts, reviews)])


def _ask_until_told(hub: Hub, untold: Sequence[Intent], deadline: float) -> None:
    """Each until it is told, or its payment waits for a person."""

    def ask(intent: Intent) -> None:
        while time.monotonic() < deadline and not intent.ask_until_told(_LOOK_SECONDS):
            if intent.is_accepted and _waits_for_person(hub, intent.payment_id):
                return

    with ThreadPoolExecutor(_CALLERS) as callers:
        list(callers.map(ask, untold))


def _waits_for_person(hub: Hub, payment_id: str) -> bool:
    action = _patiently(lambda: hub.api.payment(payment_id))["action"]
    return action is not None and action["state"] == _NEEDS_REVIEW


def _wait_until_settled(hub: Hub, deadline: float) -> None:
    """Until nothing is under way; what still is when the time is over shows in the comparison."""
    while time.monotonic() < deadline and not all(settled(it) for it in _payments(hub)):
        time.sleep(_LOOK_SECONDS)


def _payments(hub: Hub) -> list[Json]:
    return _patiently(lambda: list(payments_of(hub)))


def _patiently(look: Callable[[], T]) -> T:
    """What is looked at once more where a busy machine's gateway gave up."""

    def looked() -> list[T]:
        try:
            return [look()]
        except (AssertionError, httpx.HTTPError):
            return []

    return eventually(looked, "the hub can be read")[0]


# What needs a person


def _reviewed(hub: Hub) -> list[Review]:
    """Look at every payment in review as the runbook says, and resolve what may be in review."""
    waiting = [it for it in _payments(hub) if it["action"] is not None and settled(it)]
    reviews = [_review(hub, it["paymentId"]) for it in waiting]
    for review in (it for it in reviews if it.is_declared):
        eventually(partial(_is_resolved, hub, review), f"{review} is resolved")
    return reviews


def _is_resolved(hub: Hub, review: Review) -> bool:
    """The answer may have been lost: what counts is how the payment then stands."""
    named = {} if review.found is None else {"vendorReference": review.found.reference}
    hub.operator.resolve(review.payment_id, review.resolution, **named)
    return not _waits_for_person(hub, review.payment_id)


def _review(hub: Hub, payment_id: str) -> Review:
    details = _patiently(lambda: hub.api.details(payment_id))
    vendor, verb = details["vendor"], details["action"]["verb"]
    reason = [it["reason"] for it in details["history"] if it["subject"] == verb][-1]
    # Without the vendor's reference: amounts are nobody else's, so they tell what it was.
    said = line_of(vendor, verb, "", details["amountCents"])
    return Review(
        payment_id=payment_id,
        vendor=vendor,
        verb=verb,
        reason=reason,
        is_declared=is_declared(vendor, verb, details["action"]["state"], reason),
        found=next((it for it in book_of(hub) if it.is_told_by(said)), None),
    )


def is_declared(vendor: str, verb: str, state: str, reason: str) -> bool:
    """Whether the vendor's contract lets the verb end with a person, and for that reason."""
    if state != _NEEDS_REVIEW or (vendor, verb) not in _DECLARED:
        return False
    return any(re.fullmatch(words, reason) for words in REVIEWS[verb])


# What everybody is told, and what both books say


def _replay(intents: Sequence[Intent]) -> None:
    """Whoever was answered hears the same again; the intent itself complains if not."""

    def ask(intent: Intent) -> None:
        before, deadline = intent.answers, time.monotonic() + _ANSWER_SECONDS
        while intent.answers == before and time.monotonic() < deadline:
            intent.ask()

    kept = [it for it in intents if it.told is None or it.told.payment_id]
    with ThreadPoolExecutor(_CALLERS) as callers:
        list(callers.map(ask, kept))


def _compared(
    hub: Hub, deadline: float, say: Callable[[str], None]
) -> tuple[list[Account], list[Line], list[str]]:
    """Both books, when they agree or the time is over: what vendors do by themselves comes late."""
    before = 0
    while True:
        accounts, book = _patiently(lambda: accounts_of(hub)), book_of(hub)
        said = differences(accounts, book)
        if not said or time.monotonic() > deadline:
            return accounts, book, said
        if len(said) != before:
            say(f"{len(said)} disagreements so far, such as: {said[0]}")
            before = len(said)
        time.sleep(_LOOK_SECONDS)


def _wrong_with(
    notebook: Notebook, accounts: Sequence[Account], reviews: Sequence[Review]
) -> list[str]:
    known = {it.payment_id for it in accounts}
    lost = [it for it in notebook.intents if it.is_accepted and it.payment_id not in known]
    return [
        *notebook.complaints(),
        *(f"the hub has lost payment {it.payment_id} of {it}" for it in lost),
        *(
            f"payment {it.payment_id}: {it.verb} was left to a person without need: {it.reason}"
            for it in reviews
            if not it.is_declared
        ),
    ]
