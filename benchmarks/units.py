"""DynamoDB's request units, reckoned from the items as they are sent and as they stood.

A write counts the larger of the item before and after, in KB begun; a transaction counts it twice.
An index counts one unit per KB for an entry that appears, changes or disappears, and two where its
key changes: the old entry is deleted, the new one put. A strongly consistent read counts one unit
per 4 KB begun, an eventually consistent one half of it.
"""

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]
"""An item in DynamoDB's notation, attribute -> {type: value}."""

WRITE_BYTES, READ_BYTES = 1024, 4096
_TRANSACTION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A secondary index: its keys, and what is projected beside all keys (None: everything)."""

    name: str
    keys: tuple[str, ...]
    projected: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """The keys of a table and of its indexes."""

    keys: tuple[str, ...]
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Request units: reads, writes of the table itself, writes of its indexes."""

    read: float = 0.0
    base_write: float = 0
    index_write: float = 0

    def __add__(self, other: "Units") -> "Units":
        return Units(
            read=self.read + other.read,
            base_write=self.base_write + other.base_write,
            index_write=self.index_write + other.index_write,
        )

    def over(self, requests: int) -> "Units":
        """The average of so many requests."""
        return Units(
            read=self.read / requests,
            base_write=self.base_write / requests,
            index_write=self.index_write / requests,
        )


def item_bytes(item: Item) -> int:
    """The size that DynamoDB bills: names and values, as UTF-8."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(
    schema: TableSchema, before: Item | None, after: Item | None, *, transaction: bool = False
) -> Units:
    """One item put, changed or (after is None) deleted."""
    size = max(item_bytes(it) if it is not None else 0 for it in (before, after))
    base = _kilobytes(size) * (_TRANSACTION if transaction else 1)
    return Units(
        base_write=base,
        index_write=sum(_index_units(schema, index, before, after) for index in schema.indexes),
    )


def refused_write_units(standing: Item | None, *, transaction: bool = False) -> Units:
    """A condition that does not hold: nothing is written, the item in the way is billed."""
    size = item_bytes(standing) if standing is not None else 0
    return Units(base_write=_kilobytes(size) * (_TRANSACTION if transaction else 1))


def read_units(sizes_bytes: Iterable[int], *, consistent: bool) -> Units:
    """Items read one by one: each is rounded up, one that is not there counts too."""
    each = (math.ceil(max(size, 1) / READ_BYTES) for size in sizes_bytes)
    return Units(read=sum(each) * (1.0 if consistent else 0.5))


def query_units(sizes_bytes: Iterable[int], *, consistent: bool) -> Units:
    """Items read by a query: their sum is rounded up."""
    return read_units([sum(sizes_bytes)], consistent=consistent)


def index_entry(schema: TableSchema, index: Index, item: Item | None) -> dict[str, Any] | None:
    """What an index holds of an item; None where the item lacks a key of it."""
    if item is None or any(key not in item for key in index.keys):
        return None
    kept = {*schema.keys, *index.keys, *(index.projected or ())}
    return {k: v for k, v in item.items() if index.projected is None or k in kept}


def _index_units(schema: TableSchema, index: Index, before: Item | None, after: Item | None) -> int:
    old, new = index_entry(schema, index, before), index_entry(schema, index, after)
    if old == new:
        return 0
    old_units = 0 if old is None else _kilobytes(item_bytes(old))
    new_units = 0 if new is None else _kilobytes(item_bytes(new))
    if old is None or new is None or any(old[key] != new[key] for key in index.keys):
        return old_units + new_units
    return max(old_units, new_units)


def _kilobytes(size_bytes: int) -> int:
    return max(1, math.ceil(size_bytes / WRITE_BYTES))


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return _number_bytes(content)
    if kind == "B":
        return len(base64.b64decode(content)) if isinstance(content, str) else len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + _value_bytes(it) for it in content)
    if kind == "M":
        return 3 + sum(1 + len(k.encode()) + _value_bytes(it) for k, it in content.items())
    raise ValueError(f"a type that nothing here writes: {kind}")


def _number_bytes(text: str) -> int:
    """About one byte per two significant digits, one more, and one for a minus."""
    digits = text.lstrip("-").replace(".", "").strip("0") or "0"
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")
