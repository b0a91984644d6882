"""The table in memory: the store's Table with the conditions it uses, for tests without AWS.

Held to the real thing by tests/contract/test_table_contract.py, which runs on moto and ministack
too.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from payhub.store import conditions
from payhub.store.table import Item, Put

Hook = Callable[[str], None]
"""Called with `before put`, `after put`, `before get` ...: may raise to play a fault."""

_CONDITIONS: dict[str, Callable[[Item | None, Item], bool]] = {
    conditions.NEW: lambda item, _: item is None,
    conditions.SAME_REVISION: lambda item, values: (
        item is not None and item["rev"] == values[":rev"]
    ),
    conditions.OWN_OR_NEW: lambda item, values: item is None or item["doc"] == values[":doc"],
    conditions.NOT_FINAL: lambda item, values: item is None or item["final"] == values[":false"],
}


class MemoryTable:
    """Same methods and outcomes as payhub.store.table.Table."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.hook: Hook = lambda point: None
        self.requests: list[str] = []

    def _request(self, name: str) -> None:
        self.requests.append(name)
        self.hook(f"before {name}")

    def get(self, key: tuple[str, str]) -> Item | None:
        """A deep copy, as a real read would be."""
        self._request("get")
        found = self.items.get(key)
        return None if found is None else _copied(found)

    def put(self, put: Put) -> Item | None:
        """None when stored, else the item in the way."""
        self._request("put")
        standing = self._in_the_way(put)
        if standing is None:
            self._store(put)
        self.hook("after put")
        return None if standing is None else _copied(standing)

    def put_together(self, puts: Sequence[Put]) -> list[Item | None] | None:
        """All or none."""
        self._request("put_together")
        blocking = [self._in_the_way(put) for put in puts]
        if not all(self._holds(put) for put in puts):
            return [None if item is None else _copied(item) for item in blocking]
        for put in puts:
            self._store(put)
        self.hook("after put_together")
        return None

    def query(
        self,
        partition: str,
        *,
        index: str | None = None,
        keys: tuple[str, str] = ("pk", "sk"),
        sort: str | None = None,
        values: Item | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        start: Item | None = None,
    ) -> tuple[list[Item], Item | None]:
        """One page; indexes hold keys only."""
        self._request("query")
        hits = [
            item
            for item in self.items.values()
            if item.get(keys[0], {}).get("S") == partition
            and (sort is None or _within(_sort_value(item, keys[1]), sort, values or {}))
        ]
        hits.sort(key=lambda item: _order(item, keys[1]), reverse=newest_first)
        if start is not None:
            after = _order(start, keys[1])
            hits = [
                item
                for item in hits
                if (
                    _order(item, keys[1]) < after if newest_first else _order(item, keys[1]) > after
                )
            ]
        page = hits if limit is None else hits[:limit]
        wanted = {"pk", "sk", *keys} if index else None
        found = [_projected(item, wanted) for item in page]
        more = len(page) < len(hits)
        return found, _projected(page[-1], {"pk", "sk", *keys}) if more and page else None

    def get_many(self, keys: Sequence[tuple[str, str]]) -> Iterator[Item]:
        """The items there are."""
        self._request("get_many")
        yield from (_copied(self.items[key]) for key in keys if key in self.items)

    def _in_the_way(self, put: Put) -> Item | None:
        return None if self._holds(put) else self.items.get(_key(put.item))

    def _holds(self, put: Put) -> bool:
        standing = self.items.get(_key(put.item))
        return put.condition is None or _CONDITIONS[put.condition](standing, put.values or {})

    def _store(self, put: Put) -> None:
        self.items[_key(put.item)] = _copied(put.item)


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _sort_value(item: Item, attribute: str) -> Any:
    typed = item.get(attribute, {})
    return int(typed["N"]) if "N" in typed else typed.get("S")


def _order(item: Item, attribute: str) -> tuple[Any, tuple[str, str]]:
    return (_sort_value(item, attribute) if attribute else "", _key(item))


def _within(value: Any, sort: str, values: Item) -> bool:
    if value is None:
        return False
    if sort == "#s BETWEEN :from AND :to":
        return bool(values[":from"]["S"] <= value <= values[":to"]["S"])
    if sort == "#s <= :now":
        return bool(value <= int(values[":now"]["N"]))
    raise AssertionError(f"a condition this table does not know: {sort}")


def _projected(item: Item, wanted: set[str] | None) -> Item:
    return _copied({k: v for k, v in item.items() if wanted is None or k in wanted})


def _copied(item: Item) -> Item:
    """An item of its own. Its values are text, numbers as text, and truth: nothing that changes."""
    return {name: dict(typed) for name, typed in item.items()}
