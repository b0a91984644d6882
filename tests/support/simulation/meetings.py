"""Two processes at once, stopped and let go on at every call of a port."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.support.simulation.functions import logs_kept
from tests.support.simulation.scenario import Result, Scenario, Trial, judged
from tests.support.simulation.simulated import NoAnswer, Simulated
from tests.support.simulation.weather import Point

Turn = tuple[int, int | None]
"""Which of the two goes on, and for how many calls; None: to its end."""


@dataclass(frozen=True)
class Encounter:
    """What the two do, and the trial that the end is judged by."""

    first: Callable[[], object]
    second: Callable[[], object]
    trial: Trial


@dataclass(frozen=True)
class Meeting:
    """A scenario in which two processes meet."""

    scenario: Scenario
    name: str
    prepare: Callable[[Simulated], Encounter]

    def __str__(self) -> str:
        return f"{self.scenario.vendor}: {self.name}"


@dataclass
class _Actor:
    """A process in a thread of its own, which runs only while it is its turn."""

    action: Callable[[], object]
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    left: int | None = 0
    done: int = 0
    has_ended: bool = False
    error: BaseException | None = None


class Turns:
    """Lets two actors go on in turns; whoever is called `step` by is the one whose turn it is."""

    def __init__(self, actions: Sequence[Callable[[], object]]) -> None:
        self.actors = [_Actor(action) for action in actions]
        self._back = threading.Semaphore(0)
        self._mine = threading.local()

    def step(self, point: Point) -> None:
        """Before a call of a port: wait, if the actor's turn is over."""
        actor: _Actor | None = getattr(self._mine, "actor", None)
        if actor is None:
            return
        while actor.left == 0:
            self._back.release()
            actor.turn.acquire()
        if actor.left is not None:
            actor.left -= 1
        actor.done += 1

    def play(self, turns: Sequence[Turn]) -> None:
        """Have the turns taken in this order. Raises what an actor raised."""
        threads = [threading.Thread(target=self._run, args=(it,)) for it in self.actors]
        for thread in threads:
            thread.start()
        for number, calls in turns:
            actor = self.actors[number]
            if not actor.has_ended and calls != 0:
                actor.left = calls
                actor.turn.release()
                self._back.acquire()
        for thread in threads:
            thread.join()
        for actor in self.actors:
            if actor.error is not None:
                raise actor.error

    def _run(self, actor: _Actor) -> None:
        self._mine.actor = actor
        actor.turn.acquire()
        try:
            actor.action()
        except NoAnswer:
            pass
        except BaseException as error:  # noqa: BLE001
            actor.error = error
        actor.has_ended = True
        self._back.release()


def played(meeting: Meeting, turns: Sequence[Turn]) -> tuple[Result, list[int]]:
    """What comes of it, and how many calls each of the two made."""
    with logs_kept() as log:
        sim = meeting.scenario.world()
        sim.begin()
        met = meeting.prepare(sim)
        acts = [
            _in_a_process(sim, name, act)
            for name, act in (("first", met.first), ("second", met.second))
        ]
        both = Turns(acts)
        sim.weather.is_on, sim.weather.step = True, both.step
        both.play([*turns, (0, None), (1, None)])
        sim.weather.step = lambda point: None
        said = sim.answered(met.trial.ask)
        met.trial.after()
        is_quiet = sim.come_to_rest()
        sim.weather.is_on = False
        result = judged(meeting.scenario, sim, met.trial, said, is_quiet, log.getvalue())
        result.trace.insert(0, f"  turns {turns}")
        return result, [actor.done for actor in both.actors]


def _in_a_process(sim: Simulated, name: str, act: Callable[[], object]) -> Callable[[], object]:
    hub = sim.another_hub()
    return lambda: sim.process(name, act, hub)


def most_calls(meeting: Meeting) -> list[int]:
    """How many calls each makes at most: who comes second may find everything done."""
    counts = [played(meeting, turns)[1] for turns in ([], [(1, None)])]
    return [max(each) for each in zip(*counts, strict=True)]


def orders(calls: Sequence[int]) -> Iterator[Sequence[Turn]]:
    """One goes on for so many calls, then the other, then both to their ends; either may begin."""
    for begins in (0, 1):
        other = 1 - begins
        for first in range(calls[begins] + 1):
            for second in range(1, calls[other] + 1):
                yield [(begins, first), (other, second), (begins, None), (other, None)]
