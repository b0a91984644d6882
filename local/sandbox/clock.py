"""Time as a port: epoch milliseconds that a control can move forward."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from local.sandbox.store import Store

OFFSET_FILE = "clock_offset_ms"
"""In the state folder: by how many milliseconds the clock is ahead, for the hub beside it."""

_OFFSET = "clock_offset_ms"


class Clock(Protocol):
    """The sandbox never reads the wall clock in any other way."""

    def now_ms(self) -> int: ...

    def advance(self, milliseconds: int) -> None: ...

    def reset(self) -> None: ...


class SystemClock:
    """Real time plus an offset that outlives a restart.

    The offset also stands in a file, for whoever shares this clock.
    """

    def __init__(self, store: Store, offset_file: Path) -> None:
        self._store = store
        self._file = offset_file
        self._offset_ms = int(store.setting(_OFFSET, "0"))
        self._publish()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._offset_ms

    def advance(self, milliseconds: int) -> None:
        self._move_to(self._offset_ms + milliseconds)

    def reset(self) -> None:
        self._move_to(0)

    def _move_to(self, offset_ms: int) -> None:
        with self._store.transaction():
            self._store.set_setting(_OFFSET, str(offset_ms))
            self._offset_ms = offset_ms
            self._publish()

    def _publish(self) -> None:
        """Whole or not at all: it is read at any time."""
        draft = self._file.with_suffix(".draft")
        draft.write_text(str(self._offset_ms))
        draft.replace(self._file)


class ManualClock:
    """Time that stands still until it is moved: for tests and simulations."""

    def __init__(self, now_ms: int = 1_780_000_000_000) -> None:
        self._start_ms = self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def advance(self, milliseconds: int) -> None:
        self._now_ms += milliseconds

    def reset(self) -> None:
        self._now_ms = self._start_ms


def iso(epoch_ms: int) -> str:
    """2026-11-21T09:15:00.123Z"""
    moment = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{epoch_ms % 1000:03d}Z"
