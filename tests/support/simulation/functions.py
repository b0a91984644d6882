"""The functions' own handlers, bound to the hub of whichever simulated world is at work."""

import importlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import StringIO
from typing import Any, cast

from payhub import wiring
from payhub.entrypoints.observability import logger
from payhub.ports import Hub

_working = threading.local()


class _HubAtWork:
    """Stands for the hub that is at work when something is asked of it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_working.hub, name)


@contextmanager
def at_work(hub: Hub) -> Iterator[None]:
    """Handlers work for this hub meanwhile, in this thread."""
    before = getattr(_working, "hub", None)
    _working.hub = hub
    try:
        with _wired:
            yield
    finally:
        _working.hub = before


class _Wired:
    """What asks the wiring for the hub while it works is given the one at work, in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._real = wiring.hub

    def __enter__(self) -> None:
        with self._lock:
            if self._depth == 0:
                self._real = wiring.hub
                wiring.hub = _HubAtWork  # type: ignore[assignment]
            self._depth += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                wiring.hub = self._real


_wired = _Wired()


@cache
def handler(name: str) -> Callable[[Any, Any], Any]:
    """The handler of a function such as `api.void_payment`, imported apart from all others."""
    importlib.import_module(name.partition(".")[0])
    kept, hub = sys.modules.pop(name, None), wiring.hub
    wiring.hub = _HubAtWork  # type: ignore[assignment]
    try:
        found: Callable[[Any, Any], Any] = importlib.import_module(name).handler
    finally:
        wiring.hub = hub
        sys.modules.pop(name)
        if kept is not None:
            sys.modules[name] = kept
    return found


@contextmanager
def logs_kept() -> Iterator[StringIO]:
    """What is logged meanwhile, instead of on the terminal."""
    kept = StringIO()
    stream = cast("logging.StreamHandler[Any]", logger.registered_handler)
    before, others = stream.setStream(kept), logging.StreamHandler(kept)
    logging.getLogger("payhub").addHandler(others)
    try:
        yield kept
    finally:
        logging.getLogger("payhub").removeHandler(others)
        if before is not None:
            stream.setStream(before)
