"""Callers at random: each draws stories from its own seed and carries them through."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from tests.support.chaos.intents import UNHEARD, Intent, Notebook, Told
from tests.support.chaos.reading import OPERATIONS
from tests.support.fault_table import SCENARIOS, Prepared
from tests.support.hub import Hub

FAULTS: Mapping[str, int] = {
    "timeout_after": 4,
    "timeout_before": 2,
    "disconnect": 3,
    "http_500_after": 2,
    "http_500_before": 2,
    "http_429": 2,
    "malformed": 2,
    "slow": 3,
    "decline": 1,
}
"""Each with its weight."""

_FAULT_SHARE, _AT_ONCE_SHARE = 0.12, 0.1
_AT_ONCE_MAX = 3
_PATIENCE_SECONDS = 25
_AMOUNTS_CENTS, _SMALL_AMOUNTS_CENTS = range(20_000, 100_000), range(10_000, 20_000)
"""Of five digits: none is a magic one of a sandbox, or part of another."""

Send = Callable[[], httpx.Response]


@dataclass
class Client:
    """One caller with its own draws; `number` of `clients` tells its amounts from the others'."""

    hub: Hub
    notebook: Notebook
    stopping: threading.Event
    number: int
    clients: int
    seed: int
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed}/client/{self.number}")
        self._amounts = self._drawn(_AMOUNTS_CENTS)
        self._small_amounts = self._drawn(_SMALL_AMOUNTS_CENTS)
        self._patients = {it: self._drawn(range(1, 20)) for it in ("card", "plan")}

    def _drawn(self, numbers: range) -> list[int]:
        own = [it for it in numbers if it % self.clients == self.number]
        self.chance.shuffle(own)
        return own

    # What is drawn

    def cents(self) -> int:
        """An amount that nobody else has."""
        return self._amounts.pop()

    def small_cents(self) -> int:
        """The same, of which a patient owes several."""
        return self._small_amounts.pop()

    def patient_without(self, what: str) -> int | None:
        """A patient of athena's who has no "card" or "plan" yet; None when there is none."""
        left = self._patients[what]
        return left.pop() if left else None

    def happens(self, share: float) -> bool:
        """Whether it happens this time."""
        return self.chance.random() < share

    def rest(self, seconds: float = 1.0) -> None:
        """Do nothing for a while."""
        self.stopping.wait(self.chance.uniform(0, seconds))

    # What is wanted

    def want(self, vendor: str, verb: str, prepared: Prepared, send: Send | None = None) -> Intent:
        """Something new, sent as the table of faults sends it unless another way is given."""
        scenario = SCENARIOS[vendor, verb]
        return self.notebook.add(
            Intent(
                vendor=vendor,
                operation=OPERATIONS[vendor, verb],
                name=prepared.match,
                done=scenario.done,
                send=send or (lambda: scenario.send(self.hub, prepared)),
            )
        )

    def carry(self, vendor: str, verb: str, prepared: Prepared, send: Send | None = None) -> Told:
        """Want it, ask until told; now and then twice at once, or with a fault on the way.

        Raises Unheard where there was no last word before the patience was at its end.
        """
        intent = self.want(vendor, verb, prepared, send)
        if self.happens(_FAULT_SHARE):
            self._arm(vendor, verb, prepared.match)
        if self.happens(_AT_ONCE_SHARE):
            intent.ask_at_once(self.chance.randint(2, _AT_ONCE_MAX))
        told = intent.told or intent.ask_until_told(_PATIENCE_SECONDS, self.stopping.is_set)
        if told is None or not told.is_yes:
            raise Unheard(str(intent))
        return told

    def _arm(self, vendor: str, verb: str, match: str) -> None:
        fault = self.chance.choices([*FAULTS], [*FAULTS.values()])[0]
        operation = SCENARIOS[vendor, verb].spoiled or OPERATIONS[vendor, verb]
        self.at_vendor(lambda: self.hub.sandbox_of(vendor).arm(operation, fault, match))

    def at_vendor(self, do: Callable[[], object]) -> None:
        """Something that may as well not happen, when the sandbox is down."""
        try:
            do()
        except (*UNHEARD, AssertionError):
            self.rest()

    def run(self, stories: Mapping[Callable[["Client"], None], int]) -> None:
        """One story after the other, until it is stopped; each has its weight."""
        while not self.stopping.is_set():
            story = self.chance.choices([*stories], [*stories.values()])[0]
            try:
                story(self)
            except Unheard:
                continue
            except (*UNHEARD, AssertionError):
                # Before anything was asked of the hub: the sandbox's controls were down.
                time.sleep(1)


class Unheard(Exception):
    """The story ends here: nobody said yes, or nobody has said it yet."""
