"""What goes wrong at which call of a port: planned point by point, or drawn from a seed."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from tests.support.doing import Killed

T = TypeVar("T")


class Fault(StrEnum):
    """What can go wrong with one call of a port."""

    DIES_BEFORE = "the process dies before it"
    DIES_AFTER = "the process dies after it"
    HANGS_BEFORE = "the process hangs before it, another does the same meanwhile, then it goes on"
    HANGS_AFTER = "the process hangs after it, another does the same meanwhile, then it goes on"
    FAILS = "an error, nothing applied"
    LOST = "applied, the answer lost"
    THROTTLED = "throttled"
    STALE = "the index is behind"
    DUPLICATED = "delivered twice"
    DELAYED = "delivered late, after others"
    DROPPED = "not delivered"
    CUT_OFF = "sent, not applied, no answer"
    ERROR_BEFORE = "not applied, a server's error"
    ERROR_AFTER = "applied, a server's error"
    TRUNCATED = "applied, the answer truncated"
    LATE = "applied late, after it was given up"


class Port(StrEnum):
    """The hub's ports, as far as they can fail."""

    WRITE = "table write"
    READ = "table read"
    INDEX = "index read"
    QUEUE = "queue"
    VENDOR = "vendor"
    LOOKUP = "vendor read"
    WEBHOOK = "webhook"
    SECRETS = "secrets"
    CLOCK = "clock"
    IDS = "ids"


_F = Fault
_PROCESS = (_F.DIES_BEFORE, _F.DIES_AFTER, _F.HANGS_BEFORE, _F.HANGS_AFTER)

FAULTS: Mapping[Port, tuple[Fault, ...]] = {
    Port.WRITE: (*_PROCESS, _F.FAILS, _F.LOST, _F.THROTTLED),
    Port.READ: (_F.DIES_BEFORE, _F.HANGS_BEFORE, _F.HANGS_AFTER, _F.FAILS, _F.THROTTLED),
    Port.INDEX: (_F.DIES_BEFORE, _F.HANGS_AFTER, _F.FAILS, _F.THROTTLED, _F.STALE),
    Port.QUEUE: (
        *_PROCESS,
        *(_F.FAILS, _F.LOST, _F.THROTTLED, _F.DUPLICATED, _F.DELAYED, _F.DROPPED),
    ),
    Port.VENDOR: (
        *_PROCESS,
        *(_F.FAILS, _F.LOST, _F.THROTTLED, _F.CUT_OFF, _F.ERROR_BEFORE, _F.ERROR_AFTER),
        *(_F.TRUNCATED, _F.LATE),
    ),
    Port.LOOKUP: (
        *(_F.DIES_BEFORE, _F.HANGS_BEFORE, _F.HANGS_AFTER, _F.FAILS, _F.LOST, _F.THROTTLED),
        *(_F.CUT_OFF, _F.ERROR_BEFORE, _F.TRUNCATED),
    ),
    Port.WEBHOOK: (_F.LOST, _F.DUPLICATED, _F.DELAYED, _F.DROPPED),
    Port.SECRETS: (_F.DIES_BEFORE, _F.HANGS_BEFORE, _F.FAILS),
    Port.CLOCK: (_F.DIES_BEFORE,),
    Port.IDS: (_F.DIES_BEFORE,),
}
"""By port; after a read, a clock's or an id's call nothing has changed, so a death after it is the
death before the next one.
"""

QUIET_PORTS = frozenset({Port.CLOCK, Port.IDS})
"""Points of their own only where every call counts: there are many, and nothing happens there."""


@dataclass(frozen=True)
class Point:
    """One call of a port by a process."""

    number: int
    port: Port
    call: str
    process: str

    def __str__(self) -> str:
        return f"{self.number} {self.process}: {self.port} {self.call}"


@dataclass(eq=False)
class Process:
    """One run of a function, which is ended at its timeout; `again` is the same run once more."""

    name: str
    again: Callable[[], object]
    until_ms: int | None = None
    is_dead: bool = False


class Chooser(Protocol):
    """Says what goes wrong at a point."""

    def __call__(self, point: Point) -> Fault | None:
        """None: nothing."""
        ...


def planned(plan: Mapping[int, Fault]) -> Chooser:
    """Faults at points that are known by their numbers, each in a run that is alike up to there."""
    return lambda point: plan.get(point.number)


def drawn(chance: random.Random, rate: float) -> Chooser:
    """At any point, one of the faults that its port knows."""

    def choose(point: Point) -> Fault | None:
        return chance.choice(FAULTS[point.port]) if chance.random() < rate else None

    return choose


@dataclass
class Weather:
    """Every call of a port passes through `call`; `trace` tells what happened.

    `meanwhile` is told of a process that hangs; `step` stops a process at a point, so that another
    one can go on.
    """

    choose: Chooser = field(default=lambda point: None)
    every_call: bool = False
    trace: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    struck: list[tuple[Point, Fault]] = field(default_factory=list)
    meanwhile: Callable[[Process, Fault], None] = lambda process, fault: None
    now_ms: Callable[[], int] = lambda: 0
    step: Callable[[Point], None] = lambda point: None
    is_on: bool = False

    def __post_init__(self) -> None:
        self._running = threading.local()

    @property
    def process(self) -> Process | None:
        """Which process calls; None: a test looks, or prepares something."""
        found: Process | None = getattr(self._running, "process", None)
        return found

    @contextmanager
    def running(self, process: Process | None) -> Iterator[None]:
        """What is called meanwhile is called by that process."""
        before, self._running.process = self.process, process
        try:
            yield
        finally:
            self._running.process = before

    def call(
        self,
        port: Port,
        name: str,
        effect: Callable[[], T],
        play: Callable[[Fault, Callable[[], T]], T],
    ) -> T:
        """Do it, or what a fault makes of it; `play` knows the faults that only this port has."""
        process = self.process
        if process is not None and self._is_over(process):
            raise Killed(name)
        if not self.is_on or process is None or (port in QUIET_PORTS and not self.every_call):
            return effect()
        point = Point(len(self.points) + 1, port, name, process.name)
        self.points.append(point)
        self.step(point)
        fault = self.choose(point)
        if fault is None or fault not in FAULTS[port]:
            return effect()
        self.struck.append((point, fault))
        self.trace.append(f"  {point}: {fault}")
        return self._played(fault, process, name, effect, play)

    def _is_over(self, process: Process) -> bool:
        if process.until_ms is not None and self.now_ms() > process.until_ms:
            process.is_dead = True
        return process.is_dead

    def _played(
        self,
        fault: Fault,
        process: Process,
        name: str,
        effect: Callable[[], T],
        play: Callable[[Fault, Callable[[], T]], T],
    ) -> T:
        if fault is Fault.HANGS_BEFORE:
            self.meanwhile(process, fault)
            return effect()
        if fault not in (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.HANGS_AFTER):
            return play(fault, effect)
        result = None if fault is Fault.DIES_BEFORE else effect()
        if fault is Fault.HANGS_AFTER:
            self.meanwhile(process, fault)
            return result  # type: ignore[return-value]
        process.is_dead = True
        raise Killed(name)
