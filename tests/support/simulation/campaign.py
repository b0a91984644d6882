"""All runs of a campaign, spread over the processors, and what they came to."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from tests.support.simulation import AthenaBooks, run, run_athena
from tests.support.simulation.crowds import run_decoda
from tests.support.simulation.encounters import MEETINGS
from tests.support.simulation.explore import (
    SCENARIOS,
    Plan,
    firsts,
    of_plan,
    of_seed,
    points_of,
    seconds,
    shrunk,
    singles,
)
from tests.support.simulation.meetings import most_calls, orders, played
from tests.support.simulation.scenario import Kind, Result, Wrongs, all_of

T = TypeVar("T")

SINGLES, PAIRS, MEETING, SEEDS, CROWDS = "single", "pair", "meeting", "seed", "crowd"
_TOLD_MAX = 3
_PLANS_PER_TASK, _SEEDS_PER_TASK = 60, 40


@dataclass
class Tally:
    """What some runs came to; `told` are the first failures in words."""

    kind: str
    name: str
    runs: int = 0
    faults: int = 0
    wrong: int = 0
    wrong_money: int = 0
    wrong_liveness: int = 0
    seconds: float = 0.0
    told: list[str] = field(default_factory=list)

    def add(self, result: Result, tell: Callable[[], str]) -> None:
        """One run more."""
        self.runs += 1
        self.faults += len(result.struck)
        if result.wrong:
            self.fail(tell() if len(self.told) < _TOLD_MAX else "", result.wrongs)

    def fail(self, words: str, wrongs: Wrongs) -> None:
        """A run that went wrong; it counts for the gravest kind."""
        self.wrong += 1
        is_money = bool(wrongs.get(Kind.MONEY))
        self.wrong_money += is_money
        self.wrong_liveness += not is_money and bool(wrongs.get(Kind.LIVENESS))
        self.told += [words] if words else []

    def join(self, other: "Tally") -> None:
        """Both together."""
        self.runs += other.runs
        self.faults += other.faults
        self.wrong += other.wrong
        self.wrong_money += other.wrong_money
        self.wrong_liveness += other.wrong_liveness
        self.seconds += other.seconds
        self.told = (self.told + other.told)[:_TOLD_MAX]


Task = tuple[Callable[..., Tally], tuple[object, ...]]


def single_tasks(name: str, *, every_call: bool) -> Iterator[Task]:
    """Every fault at every point of a scenario."""
    for plans in _chunks(singles(name, every_call=every_call), _PLANS_PER_TASK):
        yield _singles, (name, plans, every_call)


def pair_tasks(name: str) -> Iterator[Task]:
    """Every ordered pair of a scenario."""
    yield from ((_pairs, (name, plan)) for plan in firsts(name))


def meeting_tasks(name: str) -> Iterator[Task]:
    """Two processes at once, in every order of theirs."""
    for some in _chunks(orders(most_calls(MEETINGS[name])), _PLANS_PER_TASK):
        yield _meetings, (name, some)


def seed_tasks(count: int, first: int = 0) -> Iterator[Task]:
    """Scenarios with several faults, and crowds of callers with more."""
    for seeds in _chunks(iter(range(first, first + count)), _SEEDS_PER_TASK):
        yield _seeds, (seeds,)
    for seeds in _chunks(iter(range(first, first + count // 10)), _SEEDS_PER_TASK // 4):
        yield _crowds, (seeds,)


def _singles(name: str, plans: Sequence[Plan], every_call: bool) -> Tally:
    tally = Tally(SINGLES, name)
    for plan in plans:
        result = of_plan(name, plan, every_call=every_call)
        tally.add(result, lambda result=result: str(result))  # type: ignore[misc]
    return tally


def _pairs(name: str, plan: Plan) -> Tally:
    tally = Tally(PAIRS, name)
    first = of_plan(name, plan)
    for pair in seconds(first) if first.struck else ():
        result = of_plan(name, pair)
        tally.add(result, lambda result=result: str(shrunk(name, result)))  # type: ignore[misc]
    return tally


def _meetings(name: str, some: Sequence[Sequence[tuple[int, int | None]]]) -> Tally:
    tally = Tally(MEETING, name)
    for turns in some:
        result, _ = played(MEETINGS[name], turns)
        tally.add(result, lambda result=result: str(result))  # type: ignore[misc]
    return tally


def _seeds(seeds: Sequence[int]) -> Tally:
    tally = Tally(SEEDS, "all")
    for seed in seeds:
        result = of_seed(seed)
        tally.add(result, lambda s=seed, r=result: f"SEED={s} {r}")  # type: ignore[misc]
    return tally


def _crowds(seeds: Sequence[int]) -> Tally:
    """Many requests of many callers in one world of each vendor that moves money."""
    tally = Tally(CROWDS, "all")
    for seed in seeds:
        for title, trace, wrongs in crowds_of(seed):
            tally.runs += 1
            if wrong := all_of(wrongs):
                tally.fail("\n".join([f"SEED={seed}", title, *trace, *wrong]), wrongs)
    return tally


def crowds_of(seed: int) -> Iterator[tuple[str, Sequence[str], Wrongs]]:
    """Whose callers, what happened, and what is wrong."""
    issuer, athena, decoda = run(seed), run_athena(seed), run_decoda(seed)
    yield "the issuer's callers", issuer.trace, issuer.wrongs()
    yield "athenahealth's callers", athena.trace, AthenaBooks(athena).wrongs()
    yield "Decoda's callers", decoda.trace, decoda.wrongs


def _timed(work: Callable[..., Tally], arguments: tuple[object, ...]) -> Tally:
    begun = time.process_time()
    tally = work(*arguments)
    tally.seconds = time.process_time() - begun
    return tally


def run_all(tasks: Sequence[Task], jobs: int) -> dict[tuple[str, str], Tally]:
    """(kind, name) -> tally; a bar on the terminal says how far it has come."""
    tallies: dict[tuple[str, str], Tally] = {}
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures: list[Future[Tally]] = [pool.submit(_timed, *task) for task in tasks]
        for number, future in enumerate(as_completed(futures), start=1):
            tally = future.result()
            tallies.setdefault((tally.kind, tally.name), Tally(tally.kind, tally.name)).join(tally)
            _show(number, len(futures), tallies)
    return tallies


def _show(done: int, of: int, tallies: dict[tuple[str, str], Tally]) -> None:
    wrong = sum(tally.wrong for tally in tallies.values())
    runs = sum(tally.runs for tally in tallies.values())
    bar = ("#" * (30 * done // of)).ljust(30, ".")
    end = "\n" if done == of else ""
    line = f"\r[{bar}] {done * 100 // of:3d} %  {runs} runs, {wrong} wrong"
    print(line, end=end, file=sys.stderr, flush=True)


def _chunks(all_of: Iterator[T], size: int) -> Iterator[Sequence[T]]:
    while chunk := list(islice(all_of, size)):
        yield chunk


def names(only: str | None) -> list[str]:
    """Scenarios whose names contain it."""
    return [name for name in SCENARIOS if only is None or only in name]


def flows(among: Sequence[str]) -> list[str]:
    """Of each verb that moves money the first scenario; others differ in how it is asked for."""
    by_verb: dict[tuple[str, str], str] = {}
    for name in among:
        scenario = SCENARIOS[name]
        if scenario.moves_money:
            by_verb.setdefault((scenario.vendor, scenario.verb), name)
    return list(by_verb.values())


def points(name: str, *, every_call: bool) -> int:
    """How many calls a run has in which nothing goes wrong."""
    return len(points_of(name, every_call=every_call))
