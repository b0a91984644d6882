"""Work for later that survives a restart: status progress, late requests, webhook deliveries."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from local.sandbox.store import Store

# Inside: quick and without I/O. Outward: calls somebody and may take long.
Lane = Literal["inside", "outward"]


@dataclass(frozen=True)
class Job:
    """`due_ms` is also the moment the job counts as done at, so chains do not drift."""

    id: int
    due_ms: int
    vendor: str
    kind: str
    payload: dict[str, Any]
    lane: Lane


class Jobs:
    """A job is removed in the transaction of its effect; until then a crash runs it again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def schedule(
        self, due_ms: int, vendor: str, kind: str, payload: dict[str, Any], lane: Lane = "inside"
    ) -> None:
        self._store.write(
            "INSERT INTO jobs (due_ms, vendor, kind, payload, lane) VALUES (?, ?, ?, ?, ?)",
            (due_ms, vendor, kind, json.dumps(payload), lane),
        )

    def next(self, lane: Lane | None = None, but_not: Collection[int] = ()) -> Job | None:
        """The job that is due first, of one lane or of both, except those being worked on."""
        marks = ",".join("?" * len(but_not))
        rows = self._store.read(
            "SELECT id, due_ms, vendor, kind, payload, lane FROM jobs"  # noqa: S608
            f" WHERE (? IS NULL OR lane = ?) AND id NOT IN ({marks})"
            " ORDER BY due_ms, id LIMIT 1",
            (lane, lane, *but_not),
        )
        if not rows:
            return None
        number, due_ms, vendor, kind, payload, found_lane = rows[0]
        return Job(number, due_ms, vendor, kind, json.loads(payload), found_lane)

    def done(self, job: Job) -> None:
        self._store.write("DELETE FROM jobs WHERE id = ?", (job.id,))
