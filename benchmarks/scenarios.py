"""What each function is asked in the benchmarks: events without end, each of them real work.

The vendors' machines are those of the sandbox, and what a request needs (a payment to void, a bill
to report) is made when it is asked for, by the product itself, uncounted.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import athena, decoda, hub_paths, medfusion, optum
from benchmarks.stage import Stage

Event = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Events for one function, and whether its answer is the one that was meant."""

    function: str
    events: Callable[[Stage], Iterator[Event]]
    is_good: Callable[[Any], bool]


def all_scenarios() -> dict[str, Scenario]:
    """One per function of the template, by its name."""
    parts = (optum.EVENTS, athena.EVENTS, decoda.EVENTS, medfusion.EVENTS, hub_paths.EVENTS)
    events = dict(itertools.chain.from_iterable(part.items() for part in parts))
    return {
        name: Scenario(function=name, events=made, is_good=check_of(name))
        for name, made in events.items()
    }


def check_of(function: str) -> Callable[[Any], bool]:
    """What a good answer of that function is."""
    room = function.partition("/")[0]
    if function in _STATUS:
        return lambda answer: bool(answer and answer.get("statusCode") == _STATUS[function])
    if room in ("api", "webhooks"):
        return _is_success
    if room == "authorizers":
        return lambda answer: bool(answer and answer["context"]["tenant"])
    if room == "workers":
        return lambda answer: answer == {"batchItemFailures": []}
    return lambda answer: answer is None


_STATUS = {"api/unknown_route": 404, "api/issue_payment": 201}


def _is_success(answer: Any) -> bool:
    """A 200, 201, 202 or 204 that is no refusal in a vendor's words either."""
    return bool(
        answer
        and 200 <= answer.get("statusCode", 0) < 300  # noqa: PLR2004
        and '"success":"false"' not in (answer.get("body") or "")
    )
