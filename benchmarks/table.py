"""DynamoDB tables in memory that really keep what is put, under conditions, and bill each request.

Conditions are evaluated by moto's parser. Indexes are sorted lists, so a million items cost a query
no more than ten do.
"""

import bisect
import heapq
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models.dynamo_type import Item as MotoItem

from benchmarks import units
from benchmarks.units import Index, TableSchema, Units

Item = dict[str, Any]
Key = tuple[str, ...]
Entry = tuple[Any, Key]
"""Of an index: (sort value, the item's key)."""

Answer = tuple[dict[str, Any], Units]
Bounds = tuple[Any, Any] | None


class RefusedError(Exception):
    """A request that DynamoDB answers with an error; it is billed all the same."""

    def __init__(self, code: str, billed: Units, **members: Any) -> None:
        super().__init__(code)
        self.code, self.billed, self.members = code, billed, members


class Filler(Protocol):
    """Items that are made when they are looked at: a million of them need no memory."""

    def get(self, key: Key) -> Item | None:
        """The item at the key, if it is one of these."""
        ...

    def entries(self, index: str, partition: str) -> Sequence[Entry]:
        """The partition of an index, in the order of the index."""
        ...


class Table:
    """One table; every method answers what DynamoDB would, and what it would bill."""

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema
        self.filler: Filler | None = None
        self._items: dict[Key, Item] = {}
        self._indexes: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        self._table_index = Index(name="", keys=schema.keys, projected=None)
        self._lock = threading.RLock()

    def item(self, key: Key) -> Item | None:
        """The item that stands there."""
        found = self._items.get(key)
        return self.filler.get(key) if found is None and self.filler else found

    def key_of(self, item: Mapping[str, Any]) -> Key:
        """The table's key of an item."""
        return tuple(item[name]["S"] for name in self.schema.keys)

    def get_item(self, request: Mapping[str, Any]) -> Answer:
        """One item."""
        found = self.item(self.key_of(request["Key"]))
        consistent = request.get("ConsistentRead", False)
        billed = units.read_units([units.item_bytes(found or {})], consistent=consistent)
        return ({} if found is None else {"Item": found}), billed

    def put_item(self, request: Mapping[str, Any]) -> Answer:
        """One item, if the condition holds."""
        with self._lock:
            before = self.item(self.key_of(request["Item"]))
            _check(request, before)
            return {}, self._store(before, request["Item"])

    def update_item(self, request: Mapping[str, Any]) -> Answer:
        """`SET name = value, ...` is all that anybody here says."""
        with self._lock:
            key = self.key_of(request["Key"])
            before = self.item(key)
            _check(request, before)
            after = {**(before or request["Key"])}
            verb, _, assignments = request["UpdateExpression"].strip().partition(" ")
            if verb.upper() != "SET":
                raise ValueError(request["UpdateExpression"])
            for assignment in assignments.split(","):
                name, value = (part.strip() for part in assignment.split("="))
                name = request.get("ExpressionAttributeNames", {}).get(name, name)
                after[name] = request["ExpressionAttributeValues"][value]
            return {}, self._store(before, after)

    def delete_item(self, request: Mapping[str, Any]) -> Answer:
        """One item, if it is there."""
        with self._lock:
            key = self.key_of(request["Key"])
            before = self._items.get(key)
            billed = units.write_units(self.schema, before, None)
            if before is not None:
                self._reindex(before, None)
                del self._items[key]
            return {}, billed

    def transact(self, puts: Sequence[Mapping[str, Any]]) -> Units:
        """All puts or none; each counts twice. Raises RefusedError with the reasons."""
        with self._lock:
            standing = [self.item(self.key_of(put["Item"])) for put in puts]
            holds = [_holds(put, item) for put, item in zip(puts, standing, strict=True)]
            if not all(holds):
                reasons = [
                    {"Code": "None"} if good else {"Code": "ConditionalCheckFailed", "Item": item}
                    for good, item in zip(holds, standing, strict=True)
                ]
                billed = [units.refused_write_units(it, transaction=True) for it in standing]
                code = "TransactionCanceledException"
                raise RefusedError(code, sum(billed, Units()), CancellationReasons=reasons)
            stored = (
                self._store(before, put["Item"], transaction=True)
                for before, put in zip(standing, puts, strict=True)
            )
            return sum(stored, Units())

    def batch_get(self, request: Mapping[str, Any]) -> tuple[list[Item], Units]:
        """Up to 100 items, each billed by itself."""
        found = [self.item(self.key_of(key)) for key in request["Keys"]]
        sizes = [units.item_bytes(it or {}) for it in found]
        consistent = request.get("ConsistentRead", False)
        billed = units.read_units(sizes, consistent=consistent)
        return [it for it in found if it is not None], billed

    def query(self, request: Mapping[str, Any]) -> Answer:
        """One page of a partition."""
        index = self._index(request.get("IndexName"))
        with self._lock:
            page, more = self._page(index, request)
        items = [units.index_entry(self.schema, index, self.item(key)) or {} for _, key in page]
        consistent = request.get("ConsistentRead", False)
        sizes = [units.item_bytes(item) for item in items]
        answer: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        if more and page:
            names = {*self.schema.keys, *index.keys}
            answer["LastEvaluatedKey"] = {k: v for k, v in items[-1].items() if k in names}
        return answer, units.query_units(sizes, consistent=consistent)

    def _page(self, index: Index, request: Mapping[str, Any]) -> tuple[list[Entry], bool]:
        values = request["ExpressionAttributeValues"]
        bounds = _bounds(request, values)
        partition = values[":p"]["S"]
        newest_first = not request.get("ScanIndexForward", True)
        start = request.get("ExclusiveStartKey")
        after = None if start is None else (_sort_value(start, index), self.key_of(start))
        sources: list[Sequence[Entry]] = [self._indexes[index.name][partition]]
        if self.filler is not None:
            sources.append(self.filler.entries(index.name, partition))
        walks = [_walk(source, bounds, after, newest_first) for source in sources]
        merged = heapq.merge(*walks, reverse=newest_first)
        limit = request.get("Limit", 1000)
        found = list(islice(merged, limit + 1))
        return found[:limit], len(found) > limit

    def _index(self, name: str | None) -> Index:
        if name is None:
            return self._table_index
        return next(index for index in self.schema.indexes if index.name == name)

    def _store(self, before: Item | None, after: Item, *, transaction: bool = False) -> Units:
        self._reindex(before, after)
        self._items[self.key_of(after)] = after
        return units.write_units(self.schema, before, after, transaction=transaction)

    def _reindex(self, before: Item | None, after: Item | None) -> None:
        for index in (*self.schema.indexes, self._table_index):
            old, new = self._place(index, before), self._place(index, after)
            if old == new:
                continue
            if old is not None:
                entries = self._indexes[index.name][old[0]]
                at = bisect.bisect_left(entries, old[1])
                if at < len(entries) and entries[at] == old[1]:
                    del entries[at]
            if new is not None:
                bisect.insort(self._indexes[index.name][new[0]], new[1])

    def _place(self, index: Index, item: Item | None) -> tuple[str, Entry] | None:
        if item is None or any(key not in item for key in index.keys):
            return None
        return item[index.keys[0]]["S"], (_sort_value(item, index), self.key_of(item))


def _walk(
    entries: Sequence[Entry], bounds: Bounds, after: Entry | None, newest_first: bool
) -> Iterator[Entry]:
    """The entries within the bounds, behind `after` in the order that is asked for."""
    low = 0 if bounds is None else bisect.bisect_left(entries, bounds[0], key=_first)
    high = len(entries) if bounds is None else bisect.bisect_right(entries, bounds[1], key=_first)
    if after is not None and newest_first:
        high = min(high, bisect.bisect_left(entries, after))
    elif after is not None:
        low = max(low, bisect.bisect_right(entries, after))
    places = range(high - 1, low - 1, -1) if newest_first else range(low, high)
    return (entries[place] for place in places)


def _first(entry: Entry) -> Any:
    return entry[0]


def _sort_value(item: Mapping[str, Any], index: Index) -> Any:
    if len(index.keys) == 1:
        return ""
    typed = item[index.keys[1]]
    return int(typed["N"]) if "N" in typed else typed["S"]


def _bounds(request: Mapping[str, Any], values: Mapping[str, Any]) -> Bounds:
    """First and last sort value. Raises ValueError for a condition that the product never says."""
    _, _, condition = request["KeyConditionExpression"].partition(" AND ")
    plain = {name: int(it["N"]) if "N" in it else it["S"] for name, it in values.items()}
    match condition:
        case "":
            return None
        case "#s BETWEEN :from AND :to":
            return plain[":from"], plain[":to"]
        case "#s <= :now":
            return 0, plain[":now"]
    raise ValueError(f"a condition that this table does not know: {condition}")


def _holds(request: Mapping[str, Any], standing: Item | None) -> bool:
    condition = request.get("ConditionExpression")
    if condition is None:
        return True
    parsed = get_filter_expression(
        condition,
        request.get("ExpressionAttributeNames"),
        request.get("ExpressionAttributeValues"),
    )
    return bool(parsed.expr(MotoItem(None, None, standing or {})))  # type: ignore[arg-type]


def _check(request: Mapping[str, Any], standing: Item | None) -> None:
    if _holds(request, standing):
        return
    shown = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and standing
    members = {"Item": standing} if shown else {}
    billed = units.refused_write_units(standing)
    raise RefusedError("ConditionalCheckFailedException", billed, **members)
