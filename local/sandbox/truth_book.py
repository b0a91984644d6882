"""The truth book: the money that really moved, whatever anybody was told about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from local.sandbox.store import Store

Direction = Literal["in", "out"]


@dataclass(frozen=True)
class Movement:
    """One movement; what `in` and `out` mean is the vendor's matter and stands in the README."""

    vendor: str
    operation: str
    reference: str
    amount_cents: int
    direction: Direction
    at_ms: int


class TruthBook:
    """Entries are only ever added, in the transaction of the state change they belong to."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, movement: Movement) -> None:
        self._store.write(
            "INSERT INTO truth_book (vendor, operation, reference, amount_cents, direction, at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                movement.vendor,
                movement.operation,
                movement.reference,
                movement.amount_cents,
                movement.direction,
                movement.at_ms,
            ),
        )

    def movements(self, vendor: str = "", reference: str = "") -> list[Movement]:
        """In the order in which they happened."""
        rows = self._store.read(
            "SELECT vendor, operation, reference, amount_cents, direction, at_ms FROM truth_book"
            " WHERE (? = '' OR vendor = ?) AND (? = '' OR reference = ?) ORDER BY position",
            (vendor, vendor, reference, reference),
        )
        return [Movement(*row) for row in rows]
