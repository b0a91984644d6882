"""Everything the sandbox remembers, in one SQLite file whose commits are on disk when they return.

One connection and one lock: a transaction sees no other, and a state change, its entry in the truth
book, the jobs it schedules and the fault it used up are one commit. In memory for simulations.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, parent TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (vendor, kind, name)
);
CREATE INDEX IF NOT EXISTS documents_by_parent ON documents (vendor, kind, parent, position);
CREATE TABLE IF NOT EXISTS truth_book (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor TEXT NOT NULL, operation TEXT NOT NULL, reference TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')), at_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    due_ms INTEGER NOT NULL, vendor TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
    lane TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS jobs_by_due ON jobs (due_ms, id);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_BUSY_MESSAGE = "another process uses the state in {path}"


class StoreClosedError(Exception):
    """The sandbox is stopping; whoever asks now gets no answer."""


class StoreBusyError(Exception):
    """Another sandbox runs on the same state folder."""


class Store:
    """Documents by (vendor, kind, name), in the order in which they were first written."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._closed = False
        self._db = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=1
        )
        try:
            # EXCLUSIVE: a second sandbox on the same folder fails at once, and commits are quicker.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise StoreBusyError(_BUSY_MESSAGE.format(path=path)) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and on disk at the end; inside another one it is part of that one."""
        with self._lock:
            if self._closed:
                raise StoreClosedError
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Change something; answers the row id of an insert. Only inside a transaction."""
        if self._depth == 0:
            raise RuntimeError("write outside a transaction")
        return int(self._db.execute(sql, values).lastrowid or 0)

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._closed:
                raise StoreClosedError
            return self._db.execute(sql, values).fetchall()

    def put(self, vendor: str, kind: str, name: str, body: Document, parent: str = "") -> None:
        """Write a document; one that exists keeps its place in the order."""
        self.write(
            "INSERT INTO documents (vendor, kind, name, parent, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (vendor, kind, name)"
            " DO UPDATE SET parent = excluded.parent, body = excluded.body",
            (vendor, kind, name, parent, json.dumps(body)),
        )

    def get(self, vendor: str, kind: str, name: str) -> Document | None:
        rows = self.read(
            "SELECT body FROM documents WHERE vendor = ? AND kind = ? AND name = ?",
            (vendor, kind, name),
        )
        return json.loads(rows[0][0]) if rows else None

    def all(self, vendor: str, kind: str, parent: str | None = None) -> list[Document]:
        """Oldest first."""
        sql = "SELECT body FROM documents WHERE vendor = ? AND kind = ?"
        values = [vendor, kind]
        if parent is not None:
            sql += " AND parent = ?"
            values.append(parent)
        return [json.loads(row[0]) for row in self.read(sql + " ORDER BY position", values)]

    def page(
        self, vendor: str, kind: str, parent: str, page: int, page_size: int
    ) -> tuple[list[Document], int]:
        """Newest first: the documents of one page (from 1) and how many there are in all."""
        where = " FROM documents WHERE vendor = ? AND kind = ? AND parent = ?"
        total = int(self.read("SELECT COUNT(*)" + where, (vendor, kind, parent))[0][0])
        rows = self.read(
            "SELECT body" + where + " ORDER BY position DESC LIMIT ? OFFSET ?",
            (vendor, kind, parent, page_size, (page - 1) * page_size),
        )
        return [json.loads(row[0]) for row in rows], total

    def remove(self, vendor: str, kind: str, name: str) -> None:
        self.write(
            "DELETE FROM documents WHERE vendor = ? AND kind = ? AND name = ?", (vendor, kind, name)
        )

    def clear(self, kept_kinds: Sequence[str] = ()) -> None:
        """Forget everything except documents of the kinds named."""
        marks = ",".join("?" * len(kept_kinds))
        self.write(f"DELETE FROM documents WHERE kind NOT IN ({marks})", tuple(kept_kinds))  # noqa: S608
        for table in ("truth_book", "jobs"):
            self.write(f"DELETE FROM {table}")  # noqa: S608

    def setting(self, name: str, default: str) -> str:
        rows = self.read("SELECT value FROM settings WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else default

    def set_setting(self, name: str, value: str) -> None:
        self.write("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._db.close()
