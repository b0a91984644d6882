"""One random source for everything that goes wrong: deaths, hangs, failing tables, faults."""

import random
from collections.abc import Callable
from typing import Any

from local.sandbox.clock import ManualClock
from payhub.domain.errors import NothingToDo, Refused
from tests.support.doing import Killed
from tests.support.fakes import POLICY


class StorageFailure(Exception):
    """A request to the table that failed, before or after its effect."""


class Chance:
    """What happens to a process at each call of a port; `trace` tells what did.

    `meanwhile` is what others do while a process hangs.
    """

    def __init__(self, seed: int, clock: ManualClock) -> None:
        self.random = random.Random(seed)
        self.death_rate = 0.0
        self.trace: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self._clock = clock
        self._hanging = False

    def strikes(self, times: float = 1) -> bool:
        """Whether it goes wrong this time, `times` as often as a death."""
        return self.random.random() < self.death_rate * times

    def perhaps(self, point: str, *, may_hang: bool = True) -> None:
        """Every port call may be the one at which the process dies, hangs, or the table fails.

        While one hangs, others act and time passes; then it goes on, as a zombie would, unless its
        function's time is over: Lambda kills it then.
        """
        if may_hang and not self._hanging and self.strikes():
            self._hang(point)
        if self.strikes():
            self.trace.append(f"  died {point}")
            raise Killed(point)
        if "vendor" not in point and self.strikes():
            self.trace.append(f"  storage failed {point}")
            raise StorageFailure(point)

    def _hang(self, point: str) -> None:
        self._hanging = True
        self.trace.append(f"  hangs {point}")
        until_ms = self._clock.now_ms() + POLICY.function_timeout_seconds * 1000
        for _ in range(self.random.randrange(1, 4)):
            self.meanwhile()
        self._hanging = False
        self.trace.append(f"  goes on {point}")
        if self._clock.now_ms() > until_ms:
            raise Killed(point)

    def attempt(self, what: str, action: Callable[[], Any]) -> bool:
        """Do it; a death, a failed table or a refusal ends it, and only it."""
        try:
            result = action()
        except (Killed, StorageFailure, NothingToDo) as error:
            self.trace.append(f"{what}: {type(error).__name__}")
            return False
        except Refused as refused:
            self.trace.append(f"{what}: {type(refused).__name__}: {refused.detail}")
            return False
        self.trace.append(f"{what}: {_short(result)}")
        return True


def _short(result: object) -> str:
    action = getattr(result, "action", None)
    return f"{action.verb} {action.state.value}" if action is not None else "ok"
