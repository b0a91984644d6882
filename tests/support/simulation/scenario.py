"""One thing that a caller wants, and what becomes of it when things go wrong."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module

from payhub.domain.contract import Contract
from payhub.domain.payment import Action, ActionState, Payment
from tests.support.sandbox_world import Said
from tests.support.simulation import common_oracle
from tests.support.simulation.functions import logs_kept
from tests.support.simulation.simulated import (
    AT_THE_VENDOR,
    WAITS_SECONDS,
    NoAnswer,
    Simulated,
    is_to_be_repeated,
)
from tests.support.simulation.weather import Chooser, Fault, Point, Port

HTTP_ACCEPTED, HTTP_PRECONDITION_FAILED = 202, 412
HOUR_SECONDS = 3600

DEATHS = frozenset({Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.HANGS_BEFORE, Fault.HANGS_AFTER})


def nothing() -> None:
    """Nobody does anything afterwards."""


@dataclass(frozen=True)
class Trial:
    """What is asked, and how to see what it did.

    `ask` makes the same request each time; `applied` counts how often the vendor did it, in its own
    books. `after` is what somebody else does then, such as a payer.
    """

    ask: Callable[[], Said]
    applied: Callable[[], int]
    after: Callable[[], None] = nothing
    payment_id: str | Callable[[], str | None] | None = None
    """Where it is not the answer's: the payment that is acted upon, or comes of it in the end."""

    action: Callable[[Payment, str], Action | None] = Payment.last_action
    """Which of the payment's actions of that verb it is, where others ask for the same."""

    wrong: Callable[[], Iterable[str]] = tuple
    """What else is not as it must be in the end, in words."""

    repeats_are_replays: bool = True
    """Not so where If-Match alone guards it: what comes once it is done is told so."""
    more_ends: frozenset[str] = frozenset()
    """In which states it may end beside the contract's, because of what else happens."""

    is_known_for_ever: bool = True
    """Whether the same request is a repeat whenever it comes: without a key only for a while."""

    for_good: tuple[int, ...] = (200, 201, 422)
    """Answers that every repeat gets again."""

    def subject(self, said: Said | None) -> str | None:
        """The id of the payment that it is about."""
        if callable(self.payment_id):
            return self.payment_id()
        return self.payment_id or (said.headers.get("Payment-Id") if said else None)


@dataclass(frozen=True)
class Scenario:
    """How a verb of a vendor is brought about in a world of its own; `name` tells ways apart."""

    vendor: str
    verb: str
    world: Callable[[], Simulated]
    prepare: Callable[[Simulated], Trial]
    name: str = ""

    @property
    def moves_money(self) -> bool:
        """Whether two of it would be two movements."""
        return self.contract.moves_money

    def __str__(self) -> str:
        return " ".join(filter(None, (self.vendor, self.verb, self.name)))

    @property
    def contract(self) -> Contract:
        """The vendor's row."""
        room = import_module(f"payhub.vendors.{self.vendor}.contract")
        found: Contract = room.CONTRACTS[self.verb]
        return found


class Kind(StrEnum):
    """What is wrong: the money, that something does not end, or anything else."""

    MONEY = "money"
    LIVENESS = "liveness"
    OTHER = "other"


Wrongs = Mapping[Kind, list[str]]
"""Sentences about what no fault may bring about, by their kind."""


def all_of(wrongs: Wrongs) -> list[str]:
    """The sentences, those about money first."""
    return [line for kind in Kind for line in wrongs.get(kind, ())]


@dataclass
class Result:
    """What came of a run: `wrongs` is what no fault may bring about, `moved` counts its effects.

    `errors` are those that nobody foresaw, by name: the hub logs them and goes on.
    """

    scenario: Scenario
    points: list[Point]
    struck: list[tuple[Point, Fault]]
    trace: list[str]
    moved: int
    state: str
    wrongs: Wrongs = field(default_factory=dict)
    errors: frozenset[str] = frozenset()

    @property
    def wrong(self) -> list[str]:
        """All that is wrong."""
        return all_of(self.wrongs)

    def __str__(self) -> str:
        faults = "; ".join(f"{point}: {fault}" for point, fault in self.struck)
        return "\n".join([f"{self.scenario} [{faults}]", *self.trace, *self.wrong])


def run(scenario: Scenario, choose: Chooser, *, every_call: bool = False) -> Result:
    """From a world in which all is well to the end of everything unfinished."""
    with logs_kept() as log:
        sim = scenario.world()
        sim.begin()
        trial = scenario.prepare(sim)
        sim.weather.choose, sim.weather.every_call = choose, every_call
        sim.weather.is_on = True
        said = _answer(sim, trial)
        if not trial.is_known_for_ever and said is not None:
            _repeat(sim, trial)
        trial.after()
        is_quiet = sim.come_to_rest()
        sim.weather.is_on = False
        sim.go(max((it for it in sim.schedules.values() if it <= HOUR_SECONDS), default=0))
        return judged(scenario, sim, trial, said, is_quiet, log.getvalue())


def _answer(sim: Simulated, trial: Trial) -> Said | None:
    """Who has no key repeats no longer than a repeat is one."""
    waits, spent = [], 0
    for seconds in WAITS_SECONDS:
        spent += seconds
        if trial.is_known_for_ever or spent < sim.policy.duplicate_window_seconds:
            waits.append(seconds)
    try:
        return sim.answered(trial.ask, waits)
    except NoAnswer:
        return None


def _gave_up(said: Said | None, trial: Trial) -> bool:
    """Whether a caller was told for the last time that nothing was done by the request.

    The revision it named is over, or without a key it was too late to ask again: nobody can tell
    which payment that was. That no money moved unknown to the hub is for the books.
    """
    if said is not None and said.status == HTTP_PRECONDITION_FAILED:
        return True
    return not trial.is_known_for_ever and (said is None or is_to_be_repeated(said))


def _repeat(sim: Simulated, trial: Trial) -> None:
    """Ask once more while it is a repeat: later it would be something new."""
    sim.weather.is_on = False
    sim.answers.append(trial.ask())
    sim.weather.is_on = True


def judged(
    scenario: Scenario, sim: Simulated, trial: Trial, said: Said | None, is_quiet: bool, log: str
) -> Result:
    """Whether everything is as it must be, once everything has ended."""
    moved, before = trial.applied(), list(sim.answers)
    replays = [trial.ask(), trial.ask()] if trial.is_known_for_ever else []
    sim.come_to_rest(days=0.1)
    payment_id = trial.subject(replays[0] if replays else said)
    payment = None if payment_id is None else sim.payment(payment_id)
    action = None if payment is None else trial.action(payment, scenario.verb)
    result = Result(
        scenario=scenario,
        points=sim.weather.points,
        struck=sim.weather.struck,
        trace=sim.weather.trace,
        moved=moved,
        state=action.state.value if action else "none",
        errors=frozenset(re.findall(r'"error":"(\w+)"', log)),
    )
    contract = scenario.contract
    money = [*_money(contract, action, moved), *sim.wrong_books(), *trial.wrong()]
    if trial.applied() != moved:
        money.append("a replay did it once more")
    result.wrongs = {
        Kind.MONEY: money,
        Kind.LIVENESS: [
            *([] if is_quiet else [f"unfinished after days: {open_ends(sim)}"]),
            *([] if said or _gave_up(said, trial) else ["the caller never had an answer"]),
            *([] if action or _gave_up(said, trial) else ["the hub knows nothing of it"]),
        ],
        Kind.OTHER: [
            *(_replayed(before, replays, trial) if trial.repeats_are_replays else []),
            *_ended(action, trial.more_ends | _ends_of(contract, sim.weather.struck)),
            *common_oracle.wrong_in_all(sim, log),
        ],
    }
    return result


def _money(contract: Contract, action: Action | None, moved: int) -> Iterator[str]:
    """At most once, and as the hub says."""
    if moved > 1 and not contract.twice_is_harmless:
        yield f"done {moved} times"
    state = action.state if action else None
    if state is ActionState.DONE and moved == 0:
        yield "said to be done, and never was"
    if moved and state in (ActionState.REFUSED, ActionState.NOT_SENT, ActionState.NOT_CAPTURED):
        yield f"said to be {state}, and was done"


def _ended(action: Action | None, ends: frozenset[str]) -> Iterator[str]:
    """An intent ends in a state that the contract knows for a fault that nobody declined."""
    if action and action.state.value not in ends | {ActionState.DONE.value}:
        yield f"ended {action.state.value}: {action.refusal}"


def _ends_of(contract: Contract, struck: list[tuple[Point, Fault]]) -> frozenset[str]:
    """Of one fault of the vendor's its own ends; where nothing was sent, those of a closed port.

    After a death, a hang or a write without an answer, and after several faults: those of any. What
    the hub does not send has none.
    """
    ends: Mapping[str, frozenset[str]] = contract.expected_ends
    if ends and len(struck) == 1:
        point, fault = struck[0]
        if point.call == contract.operation and fault in AT_THE_VENDOR:
            return ends[AT_THE_VENDOR[fault]]
        if fault not in DEATHS and point.port is not Port.WRITE:
            return ends["refuse"]
    return frozenset().union(*(ends[it] for it in ends if it != "decline"))


def _replayed(before: list[Said], replays: list[Said], trial: Trial) -> Iterator[str]:
    """What was said for good is said again, to the byte."""
    for_good = [said for said in before if said.status in trial.for_good]
    first = next(iter(replays or for_good), None)
    if first is None:
        return
    ids = {it.headers.get("Payment-Id") for it in for_good}
    if not trial.is_known_for_ever and len(ids) > 1:
        yield f"a repeat was taken for something new: {for_good}"
    if any((first.status, first.body) != (said.status, said.body) for said in replays):
        yield f"replayed differently: {replays}"
    for said in for_good:
        is_same = said.headers.get("Payment-Id") == first.headers.get("Payment-Id")
        if is_same and _told(said) != _told(first):
            yield f"told {_told(said)}, then {first}"


def _told(said: Said) -> tuple[object, ...]:
    """Of an answer that is only "accepted" the revision is the present one."""
    revision = said.headers.get("ETag") if said.status != HTTP_ACCEPTED else None
    return (said.status, said.body, revision, said.headers.get("Location"))


def open_ends(sim: Simulated) -> str:
    payments: list[Payment] = sim.payments()
    actions = [(it.operation, a.verb, a.state.value) for it in payments for a in it.actions]
    return f"{actions}, {len(sim.sqs.messages)} messages"
