"""Who meets whom: the pairs of processes that money depends on."""

from collections.abc import Callable, Mapping

from tests.support.simulation.explore import SCENARIOS
from tests.support.simulation.meetings import Encounter, Meeting
from tests.support.simulation.scenario import Scenario
from tests.support.simulation.simulated import Simulated


def _same_twice(name: str) -> Meeting:
    """The same request from the same caller, twice at once."""
    scenario = SCENARIOS[name]

    def prepare(sim: Simulated) -> Encounter:
        trial = scenario.prepare(sim)
        return Encounter(trial.ask, trial.ask, trial)

    return Meeting(scenario, f"{_title(scenario)}, the same twice", prepare)


def _against(name: str, what: str, other: Callable[[Simulated], Callable[[], object]]) -> Meeting:
    """The request, and something else that happens at once."""
    scenario = SCENARIOS[name]

    def prepare(sim: Simulated) -> Encounter:
        trial = scenario.prepare(sim)
        return Encounter(trial.ask, other(sim), trial)

    return Meeting(scenario, f"{_title(scenario)}, {what}", prepare)


def _title(scenario: Scenario) -> str:
    return f"{scenario.verb} {scenario.name}".strip()


def _all() -> list[Meeting]:
    return [_same_twice(name) for name in SCENARIOS]


MEETINGS: Mapping[str, Meeting] = {str(meeting): meeting for meeting in _all()}
