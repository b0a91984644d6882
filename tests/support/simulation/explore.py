"""Every single fault, every ordered pair of them, and seeds with several of them."""

import random
from collections.abc import Iterator, Mapping
from functools import cache

from tests.support.simulation import (
    athena_scenarios,
    decoda_scenarios,
    medfusion_scenarios,
    more_scenarios,
    optum_scenarios,
    vendor_scenarios,
)
from tests.support.simulation.scenario import Result, Scenario, run
from tests.support.simulation.weather import (
    FAULTS,
    Chooser,
    Fault,
    Point,
    Port,
    drawn,
    planned,
)

Plan = Mapping[int, Fault]
"""Number of the point -> what goes wrong there."""

SCENARIOS: Mapping[str, Scenario] = {
    str(scenario): scenario
    for room in (
        optum_scenarios,
        athena_scenarios,
        decoda_scenarios,
        medfusion_scenarios,
        more_scenarios,
        vendor_scenarios,
    )
    for scenario in room.SCENARIOS
}

_F = Fault
UNLIKE: Mapping[Port, tuple[Fault, ...]] = {
    Port.WRITE: (_F.DIES_BEFORE, _F.DIES_AFTER, _F.HANGS_AFTER, _F.LOST),
    Port.READ: (_F.FAILS,),
    Port.INDEX: (_F.STALE,),
    Port.QUEUE: (_F.FAILS, _F.DUPLICATED, _F.DROPPED),
    Port.VENDOR: (
        *(_F.DIES_BEFORE, _F.DIES_AFTER, _F.HANGS_BEFORE, _F.HANGS_AFTER, _F.FAILS, _F.LOST),
        *(_F.CUT_OFF, _F.TRUNCATED, _F.LATE),
    ),
    Port.LOOKUP: (_F.FAILS, _F.HANGS_AFTER),
    Port.WEBHOOK: (_F.DUPLICATED, _F.DROPPED),
    Port.SECRETS: (_F.FAILS,),
}
"""For pairs: of faults that leave the same behind at a call, one. A throttled call is one that
failed, at a read a death is one too, and what comes late comes after somebody else did the same.
"""

SEED_RATES = (0.03, 0.06, 0.12, 0.25)
SEED_FAULTS_MAX = 8


@cache
def points_of(name: str, *, every_call: bool = False) -> tuple[Point, ...]:
    """The calls of a run in which nothing goes wrong."""
    result = run(SCENARIOS[name], lambda point: None, every_call=every_call)
    assert not result.wrong, str(result)
    return tuple(result.points)


def singles(name: str, *, every_call: bool = False) -> Iterator[Plan]:
    """Every fault at every point."""
    for point in points_of(name, every_call=every_call):
        for fault in FAULTS[point.port]:
            yield {point.number: fault}


def firsts(name: str) -> Iterator[Plan]:
    """The first faults of pairs."""
    for point in points_of(name):
        for fault in UNLIKE[point.port]:
            yield {point.number: fault}


def seconds(first: Result) -> Iterator[Plan]:
    """The pairs that begin as this run did: a second fault at every point after its first."""
    ((struck, fault),) = first.struck
    for point in first.points[struck.number :]:
        for second in UNLIKE[point.port]:
            yield {struck.number: fault, point.number: second}


def of_plan(name: str, plan: Plan, *, every_call: bool = False) -> Result:
    """What comes of it."""
    return run(SCENARIOS[name], planned(plan), every_call=every_call)


def of_seed(seed: int, only: str | None = None) -> Result:
    """One scenario with as many faults as the seed draws; the same seed is the same run."""
    chance = random.Random(seed)
    name = chance.choice(sorted(SCENARIOS))
    rate = chance.choice(SEED_RATES)
    return run(SCENARIOS[only or name], _at_most(drawn(chance, rate), SEED_FAULTS_MAX))


def shrunk(name: str, result: Result) -> Result:
    """The same failure with as few faults as it needs."""
    plan = {point.number: fault for point, fault in result.struck}
    for number in list(plan):
        fewer = {n: fault for n, fault in plan.items() if n != number}
        smaller = of_plan(name, fewer)
        if smaller.wrong:
            plan, result = fewer, smaller
    return result


def _at_most(choose: Chooser, count: int) -> Chooser:
    """Bad weather ends some day: what must end could not, if it went on for ever."""
    left = count

    def choose_while_left(point: Point) -> Fault | None:
        nonlocal left
        fault = choose(point) if left else None
        if fault is not None and fault in FAULTS[point.port]:
            left -= 1
        return fault

    return choose_while_left
