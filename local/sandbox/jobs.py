"""Work for later that survives a restart: status progress, late requests, webhook deliveries."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from local.sandbox.store import Store

_COLUMNS = "id, due_ms, vendor, kind, payload"


@dataclass(frozen=True)
class Job:
    """`due_ms` is also the moment the job counts as done at, so chains do not drift."""

    id: int
    due_ms: int
    vendor: str
    kind: str
    payload: dict[str, Any]


class Jobs:
    """A job is removed in the transaction of its effect; until then a crash runs it again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def schedule(self, due_ms: int, vendor: str, kind: str, payload: dict[str, Any]) -> None:
        self._store.write(
            "INSERT INTO jobs (due_ms, vendor, kind, payload) VALUES (?, ?, ?, ?)",
            (due_ms, vendor, kind, json.dumps(payload)),
        )

    def next(self, but_not: Collection[int] = ()) -> Job | None:
        """The job that is due first, except those somebody is at work on."""
        marks = ",".join("?" * len(but_not))
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM jobs WHERE id NOT IN ({marks})"  # noqa: S608
            " ORDER BY due_ms, id LIMIT 1",
            tuple(but_not),
        )
        if not rows:
            return None
        number, due_ms, vendor, kind, payload = rows[0]
        return Job(number, due_ms, vendor, kind, json.loads(payload))

    def done(self, job: Job) -> None:
        self._store.write("DELETE FROM jobs WHERE id = ?", (job.id,))
