"""What dies, and when: processes of one stack, at random from a seed."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.stack import LocalStack

FUNCTION, FUNCTIONS, FRONT_DOOR, SANDBOX = "function", "all functions", "front-door", "sandbox"
RESTART = "whole stack"
KINDS: Mapping[str, int] = {FUNCTION: 24, FUNCTIONS: 2, FRONT_DOOR: 5, SANDBOX: 5, RESTART: 1}
"""Each with its weight; all are SIGKILL, but the whole stack is stopped with TERM and started."""

_PAUSES_SECONDS = (1.0, 8.0)
_REST_MAX_SECONDS = 3.0


@dataclass
class Killer:
    """Strikes until it is stopped; `kills` counts by kind."""

    stack: LocalStack
    seed: int
    kills: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed}/killer")

    def strike_for(self, seconds: float, stopping: threading.Event) -> None:
        """As long as that, without the time in which the whole stack is down.

        A whole restart comes once at least, in the middle, whatever is drawn. Raises RuntimeError
        when the stack ended by itself.
        """
        began, down_seconds = time.monotonic(), 0.0
        while not stopping.wait(self._chance.uniform(*_PAUSES_SECONDS)):
            struck_at = time.monotonic()
            up_seconds = struck_at - began - down_seconds
            if up_seconds > seconds:
                return
            kind = self._chance.choices([*KINDS], [*KINDS.values()])[0]
            if up_seconds > seconds / 2 and not self.kills[RESTART]:
                kind = RESTART
            self.strike(kind)
            if kind == RESTART:
                down_seconds += time.monotonic() - struck_at

    def strike(self, kind: str) -> None:
        """Once; what is not there just now is not killed, and not counted."""
        process = self.stack.process
        if process is None or process.poll() is not None:
            raise RuntimeError(f"the stack ended by itself; see {self.stack.log_file}")
        if kind == RESTART:
            self.stack.stop()
            time.sleep(self._chance.uniform(0, _REST_MAX_SECONDS))
            self.stack.start()
            self.kills[kind] += 1
            return
        try:
            self.kills[kind] += self._kill(kind)
        except ProcessLookupError:
            return

    def _kill(self, kind: str) -> int:
        if kind in (FRONT_DOOR, SANDBOX):
            self.stack.kill(kind)
            return 1
        workers = self.stack.worker_ids()
        if kind == FUNCTION:
            workers = workers and [self._chance.choice(workers)]
        for process_id in workers:
            os.kill(process_id, signal.SIGKILL)
        return len(workers)
