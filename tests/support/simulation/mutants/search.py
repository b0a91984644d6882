"""Kills one mutant, in a process that has the package without the guard: the hint, then a search.

What is known to have killed it is played first. Then what concerns it: no fault, single faults,
meetings, pairs, seeds, crowds, until the first failure of the right kind.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import payhub
from tests.support.simulation.encounters import MEETINGS
from tests.support.simulation.explore import UNLIKE
from tests.support.simulation.meetings import most_calls, orders
from tests.support.simulation.mutants import MUTANTS
from tests.support.simulation.mutants.cases import (
    ALL,
    Case,
    Outcome,
    Stage,
    case_of,
    named,
    named_faults,
)
from tests.support.simulation.mutants.mutant import Mutant
from tests.support.simulation.scenario import Kind, run
from tests.support.simulation.weather import FAULTS, Fault, Point, Port

SIMULATED = frozenset(
    {"EndpointConnectionError", "ReadTimeoutError", "ClientError", "SecretUnavailable"}
)
"""Errors that faults bring about. With any other one a run kills nothing: the mutant is broken."""

_ORDERS_MAX, _PAIRS_MAX, _SEEDS_MAX = 600, 1200, 400
_DRAW = 7


def main() -> int:
    """Print as JSON what killed the mutant, if anything did."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--hint", help="a case, as JSON")
    parser.add_argument("--seconds", type=float, default=0, help="how long to search")
    parser.add_argument("--package", required=True, help="where the mutant must come from")
    wanted = parser.parse_args()
    assert Path(wanted.package) in Path(str(payhub.__file__)).parents, payhub.__file__
    print(json.dumps(killed(MUTANTS[wanted.name], wanted.hint, wanted.seconds)))
    return 0


def killed(mutant: Mutant, hint: str | None, seconds: float) -> dict[str, object]:
    """The case, the oracle's sentence and its kind, or None; how many runs it took."""
    found: dict[str, object] = {"case": None, "runs": 0, "broken": []}
    broken: list[str] = []
    end = time.process_time() + seconds
    for number, (case, is_hint) in enumerate(_cases(mutant, hint), start=1):
        if not is_hint and time.process_time() > end:
            break
        found["runs"] = number
        try:
            outcome = case.play()
        except Exception as error:  # noqa: BLE001
            broken.append(f"{case}: {type(error).__name__}: {error}")
            continue
        verdict = verdict_on(mutant, outcome)
        if verdict is not None:
            kind, sentence = verdict
            return {**found, "case": case.as_json(), "kind": kind, "sentence": sentence}
        if outcome.errors - SIMULATED:
            broken.append(f"{case}: {sorted(outcome.errors - SIMULATED)}")
    return {**found, "broken": broken[:3]}


def verdict_on(mutant: Mutant, outcome: Outcome) -> tuple[Kind, str] | None:
    """The gravest kind that must notice, with its first sentence; None: nothing was noticed."""
    if outcome.errors - SIMULATED:
        return None
    return next(
        (
            (kind, lines[0])
            for kind in Kind
            if kind in mutant.kinds
            if (lines := outcome.wrongs.get(kind))
        ),
        None,
    )


def _cases(mutant: Mutant, hint: str | None) -> Iterator[tuple[Case, bool]]:
    """The hint, then what is searched."""
    if hint is not None:
        yield case_of(json.loads(hint)), True
    chosen = [name for name in MEETINGS if any(part in name for part in mutant.meetings)]
    yield from ((case, False) for case in _in_turns([_meetings(name) for name in chosen]))
    names = [name for name in ALL if any(part in name for part in mutant.scenarios)]
    yield from ((case, False) for name in names for case in [Case(Stage.SCENARIO, name)])
    for case in _found(mutant, names):
        yield case, False


def _found(mutant: Mutant, names: list[str]) -> Iterator[Case]:
    yield from _in_turns([_singles(name) for name in names])
    meetings = [name for name, it in MEETINGS.items() if str(it.scenario) in names]
    yield from _in_turns([_meetings(name) for name in meetings])
    crowds = [
        (Case(Stage.CROWD, vendor, seed=seed) for seed in range(_SEEDS_MAX))
        for vendor in mutant.crowds
    ]
    yield from _in_turns(
        [
            *(islice(_pairs(name), _PAIRS_MAX) for name in names),
            *((Case(Stage.SEED, name, seed=it) for it in range(_SEEDS_MAX)) for name in names),
            *crowds,
        ]
    )


def _in_turns(all_of: list[Iterator[Case]]) -> Iterator[Case]:
    """One of each, then the next of each."""
    left = list(all_of)
    while left:
        for each in list(left):
            try:
                case = next(each, None)
            except Exception:  # noqa: BLE001 - without the guard it cannot be searched further
                case = None
            if case is None:
                left.remove(each)
            else:
                yield case


def _points(name: str) -> list[Point]:
    return run(ALL[name], lambda point: None).points


def _singles(name: str) -> Iterator[Case]:
    """First the vendor's calls and writes, and the faults that leave different things behind."""
    points = _points(name)
    plans = [(point, fault) for point in points for fault in FAULTS[point.port]]
    plans.sort(key=lambda it: (it[0].port not in (Port.VENDOR, Port.WRITE), _is_like(*it)))
    for point, fault in plans:
        yield Case(Stage.SCENARIO, name, named_faults(points, {point.number: fault}))


def _is_like(point: Point, fault: Fault) -> bool:
    return fault not in UNLIKE.get(point.port, ())


def _meetings(name: str) -> Iterator[Case]:
    every = [tuple(order) for order in orders(most_calls(MEETINGS[name]))]
    random.Random(_DRAW).shuffle(every)
    for turns in [(), *every[:_ORDERS_MAX]]:
        yield Case(Stage.MEETING, name, turns=turns)


def _pairs(name: str) -> Iterator[Case]:
    """Drawn, the second after the first."""
    chance, points = random.Random(_DRAW), _points(name)
    while True:
        first = chance.choice([point for point in points if UNLIKE.get(point.port)])
        plan = {first.number: chance.choice(UNLIKE[first.port])}
        then = run(ALL[name], named(named_faults(points, plan))).points
        later = [it for it in then[first.number :] if UNLIKE.get(it.port)]
        if later:
            second = chance.choice(later)
            plan[second.number] = chance.choice(UNLIKE[second.port])
            yield Case(Stage.SCENARIO, name, named_faults(then, plan))


if __name__ == "__main__":
    sys.exit(main())
