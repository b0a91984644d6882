"""What is played to kill a mutant: a scenario with named faults, a meeting, a seed, or a crowd."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.support.simulation import AthenaBooks, run_athena
from tests.support.simulation import run as run_optum
from tests.support.simulation.encounters import MEETINGS
from tests.support.simulation.explore import SCENARIOS, of_seed
from tests.support.simulation.meetings import Turn, played
from tests.support.simulation.more_scenarios import BEYOND
from tests.support.simulation.scenario import Result, Scenario, Wrongs, run
from tests.support.simulation.weather import Chooser, Fault, Point

ALL: Mapping[str, Scenario] = {**SCENARIOS, **{str(it): it for it in BEYOND}}


class Stage(StrEnum):
    """What is played."""

    SCENARIO = "scenario"
    MEETING = "meeting"
    SEED = "seed"
    CROWD = "crowd"


@dataclass(frozen=True)
class NamedFault:
    """A fault at a call that is known by its name, the first, second... of that name in a run."""

    call: str
    number: int
    fault: Fault

    def __str__(self) -> str:
        often = "" if self.number == 1 else f", {self.number}. time"
        return f"{self.call}{often}: {self.fault}"


@dataclass(frozen=True)
class Outcome:
    """What came of a case; `errors` are names of errors that nobody foresaw."""

    wrongs: Wrongs
    errors: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Case:
    """One run that is the same whenever it is played; `name` is a scenario, meeting or vendor."""

    stage: Stage
    name: str
    faults: tuple[NamedFault, ...] = ()
    turns: tuple[Turn, ...] = ()
    seed: int = 0

    def __str__(self) -> str:
        match self.stage:
            case Stage.SCENARIO:
                return "; ".join([self.name, *map(str, self.faults)])
            case Stage.MEETING:
                return f"{self.name}; {_in_words(self.turns)}"
            case Stage.SEED:
                return f"{self.name}; seed {self.seed}"
            case Stage.CROWD:
                return f"crowd of {self.name}; seed {self.seed}"

    def play(self) -> Outcome:
        """From its beginning to the end of everything unfinished."""
        if self.stage is Stage.CROWD:
            wrongs = _CROWDS[self.name](self.seed)
            return Outcome(wrongs)
        result = self.result()
        return Outcome(result.wrongs, result.errors)

    def result(self) -> Result:
        """The run of a single scenario."""
        if self.stage is Stage.MEETING:
            return played(MEETINGS[self.name], self.turns)[0]
        if self.stage is Stage.SEED:
            return of_seed(self.seed, self.name)
        return run(ALL[self.name], named(self.faults))

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        kept: dict[str, Any] = {"stage": self.stage.value, "name": self.name}
        if self.faults:
            kept["faults"] = [[it.call, it.number, it.fault.name] for it in self.faults]
        if self.turns:
            kept["turns"] = [list(turn) for turn in self.turns]
        return kept | ({"seed": self.seed} if self.stage in (Stage.SEED, Stage.CROWD) else {})


def case_of(kept: Mapping[str, Any]) -> Case:
    """A case that was kept. Raises KeyError when it names a fault that there is no more."""
    return Case(
        stage=Stage(kept["stage"]),
        name=kept["name"],
        faults=tuple(NamedFault(c, n, Fault[f]) for c, n, f in kept.get("faults", ())),
        turns=tuple((who, calls) for who, calls in kept.get("turns", ())),
        seed=kept.get("seed", 0),
    )


def name_of(point: Point) -> str:
    """A call's name, whatever has been called before it; ids are left out."""
    return re.sub("#[0-9a-f]+", "", f"{point.process}: {point.port} {point.call}")


@dataclass
class _Named:
    """Finds the calls by their names."""

    faults: Mapping[tuple[str, int], Fault]
    seen: Counter[str] = field(default_factory=Counter)

    def __call__(self, point: Point) -> Fault | None:
        name = name_of(point)
        self.seen[name] += 1
        return self.faults.get((name, self.seen[name]))


def named(faults: Sequence[NamedFault]) -> Chooser:
    """These faults and no others."""
    return _Named({(it.call, it.number): it.fault for it in faults})


def named_faults(points: Sequence[Point], plan: Mapping[int, Fault]) -> tuple[NamedFault, ...]:
    """A plan by the numbers of the points, by their names."""
    found, seen = [], Counter[str]()
    for point in points:
        name = name_of(point)
        seen[name] += 1
        if point.number in plan:
            found.append(NamedFault(name, seen[name], plan[point.number]))
    return tuple(found)


def _in_words(turns: Sequence[Turn]) -> str:
    if not turns:
        return "one after the other"
    who = ("the first", "the second")
    return ", ".join(
        f"{who[number]} {'to its end' if calls is None else f'{calls} calls'}"
        for number, calls in turns
        if calls != 0
    )


_CROWDS = {
    "optum": lambda seed: run_optum(seed).wrongs(),
    "athena": lambda seed: AthenaBooks(run_athena(seed)).wrongs(),
}
