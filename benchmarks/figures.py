"""Measuring several programs in turn, round after round, and what came out in the middle."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.cloud import Bill, Cloud
from benchmarks.runtime import Event, Program, Sample, measure
from benchmarks.units import Units

YARDSTICK_EVERY = 5
"""So many subjects are measured between two looks at the yardstick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is measured under a name: a program, what it is asked, what a good answer is."""

    name: str
    program: Program
    events: Iterator[Event]
    is_good: Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one subject: medians of processor time in milliseconds, and the bill of one request."""

    name: str
    init_ms: float
    first_ms: float
    warm_ms: float
    bytes_logged: float
    peak_mb: float
    requests: dict[str, float]
    units: Units
    memory_mb: int

    @property
    def aws_requests(self) -> float:
        """Of one warm request."""
        return sum(self.requests.values())


def measured(
    cloud: Cloud,
    subjects: Sequence[Subject],
    *,
    rounds: int,
    warm: int,
    yardstick: Subject | None = None,
) -> dict[str, Figures]:
    """Every subject in every round, so that what else the machine does meets all of them.

    Where there are many, the yardstick that they are compared with comes again between them.
    """
    everybody = [*subjects] if yardstick is None else [yardstick, *subjects]
    samples: dict[str, list[Sample]] = {subject.name: [] for subject in everybody}
    bills: dict[str, Bill] = {subject.name: Bill() for subject in everybody}
    for number in range(rounds):
        turn = subjects if number % 2 == 0 else list(reversed(subjects))
        for subject in _with_yardstick(turn, yardstick):
            samples[subject.name].append(
                measure(
                    subject.program,
                    subject.events,
                    warm,
                    subject.is_good,
                    before_warm=cloud.take_bill,
                )
            )
            _add(bills[subject.name], cloud.take_bill())
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return {
        subject.name: _figures(subject, samples[subject.name], bills[subject.name], warm)
        for subject in everybody
    }


def _with_yardstick(turn: Sequence[Subject], yardstick: Subject | None) -> Iterator[Subject]:
    for place, subject in enumerate(turn):
        if yardstick is not None and place % YARDSTICK_EVERY == 0:
            yield yardstick
        yield subject


def _add(total: Bill, more: Bill) -> None:
    total.requests += more.requests
    total.units += more.units


def _figures(subject: Subject, samples: Sequence[Sample], bill: Bill, warm: int) -> Figures:
    requests = len(samples) * warm

    def middle(of: Callable[[Sample], float]) -> float:
        return median(map(of, samples))

    return Figures(
        name=subject.name,
        init_ms=1000 * middle(lambda it: it.init_seconds),
        first_ms=1000 * middle(lambda it: it.first_seconds),
        warm_ms=1000 * middle(lambda it: it.warm_seconds),
        bytes_logged=middle(lambda it: it.warm_bytes_logged),
        peak_mb=middle(lambda it: it.peak_kb) / 1024,
        requests={name: count / requests for name, count in _sorted(bill.requests)},
        units=bill.units.over(requests),
        memory_mb=subject.program.memory_mb,
    )


def _sorted(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda it: (-it[1], it[0]))
