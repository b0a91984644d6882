"""What make chaos kills: drawn from the seed, of its own stack, counted when it was there."""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.chaos.killer import (
    FRONT_DOOR,
    FUNCTION,
    FUNCTIONS,
    KINDS,
    RESTART,
    SANDBOX,
    Killer,
)
from tests.support.stack import LocalStack


class NotedStack:
    """Notes what is done to it; its functions are processes that only sleep."""

    def __init__(self, functions: int = 0, *, is_up: bool = True) -> None:
        sleeping = [sys.executable, "-c", "import time; time.sleep(600)"]
        self.functions = [subprocess.Popen(sleeping) for _ in range(functions)]
        self.is_up = is_up
        self.done: list[str] = []
        self.log_file = Path("run.log")
        self.process: Any = SimpleNamespace(poll=lambda: None)

    def kill(self, name: str) -> None:
        """As the real one: only what is running."""
        if not self.is_up:
            raise ProcessLookupError(name)
        self.done.append(f"kill {name}")

    def stop(self) -> None:
        """Noted."""
        self.done.append("stop")

    def start(self) -> None:
        """Noted."""
        self.done.append("start")

    def worker_ids(self) -> list[int]:
        """The sleeping processes that are left."""
        return [it.pid for it in self.functions if it.poll() is None]


def _killer(stack: NotedStack, seed: int = 1) -> Killer:
    return Killer(cast("LocalStack", stack), seed)


@pytest.mark.parametrize(("kind", "dead"), [(FUNCTION, 1), (FUNCTIONS, 3)])
def test_functions_get_sigkill(kind: str, dead: int) -> None:
    """One of them, or all."""
    stack = NotedStack(functions=3)
    killer = _killer(stack)
    killer.strike(kind)
    assert killer.kills == {kind: dead}
    ends = [it.wait(10) for it in stack.functions if it.pid not in _sleeping(stack, 3 - dead)]
    assert ends == [-signal.SIGKILL] * dead
    killer.strike(FUNCTIONS)
    assert all(it.wait(10) == -signal.SIGKILL for it in stack.functions)


def _sleeping(stack: NotedStack, expected: int) -> list[int]:
    """Those that are left, once the dead are gone."""
    while len(stack.worker_ids()) > expected:
        pass
    return stack.worker_ids()


def test_where_no_function_runs_none_is_counted() -> None:
    """As right after a start."""
    killer = _killer(NotedStack())
    killer.strike(FUNCTION)
    killer.strike(FUNCTIONS)
    assert not killer.kills.total()


@pytest.mark.parametrize("kind", [FRONT_DOOR, SANDBOX])
def test_what_is_just_being_started_again_is_not_killed(kind: str) -> None:
    """Its process id may be anybody's."""
    up, down = NotedStack(), NotedStack(is_up=False)
    killers = _killer(up), _killer(down)
    for killer in killers:
        killer.strike(kind)
    assert (up.done, down.done) == ([f"kill {kind}"], [])
    assert [it.kills[kind] for it in killers] == [1, 0]


def test_the_whole_stack_is_stopped_and_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never killed: it would lose what it has not saved."""
    monkeypatch.setattr("tests.support.chaos.killer.time.sleep", lambda _: None)
    stack = NotedStack()
    killer = _killer(stack)
    killer.strike(RESTART)
    assert (stack.done, killer.kills) == (["stop", "start"], {RESTART: 1})


def test_it_strikes_as_drawn_from_the_seed_and_restarts_once_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same seed, the same strikes; another one, others."""
    passing = SimpleNamespace(now=0.0)

    def wait(seconds: float) -> bool:
        passing.now += seconds
        return False

    monkeypatch.setattr("tests.support.chaos.killer.time.monotonic", lambda: passing.now)
    monkeypatch.setattr("tests.support.chaos.killer.time.sleep", wait)
    stopping = cast("threading.Event", SimpleNamespace(wait=wait))
    stacks = [NotedStack() for _ in range(3)]
    for stack, seed in zip(stacks, (1, 1, 2), strict=True):
        _killer(stack, seed).strike_for(300, stopping)
    assert stacks[0].done == stacks[1].done != stacks[2].done
    assert all("stop" in it.done for it in stacks)


def test_a_stack_that_ended_by_itself_ends_the_run() -> None:
    """What it had not saved is lost: no comparing would be fair."""
    stack = NotedStack()
    stack.process = SimpleNamespace(poll=lambda: 1)
    with pytest.raises(RuntimeError, match="ended by itself"):
        _killer(stack).strike(SANDBOX)


def test_every_kind_has_a_weight() -> None:
    """None is left out."""
    assert set(KINDS) == {FUNCTION, FUNCTIONS, FRONT_DOOR, SANDBOX, RESTART}
    assert min(KINDS.values()) > 0
