"""Keeps one kind of thing by id, and lists what belongs to one parent, oldest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from local.sandbox.store import Document, Store


class Kept(Protocol):
    """A dataclass that knows its names in the store."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def name(self) -> str: ...

    @property
    def parent(self) -> str: ...


T = TypeVar("T", bound=Kept)


class Shelf(Generic[T]):
    """`read` turns a document back into what was kept."""

    def __init__(self, store: Store, vendor: str, kind: str, read: Callable[[Document], T]) -> None:
        self._store = store
        self._vendor = vendor
        self._kind = kind
        self._read = read

    def save(self, thing: T) -> None:
        self._store.put(self._vendor, self._kind, thing.name, asdict(thing), thing.parent)

    def get(self, name: str) -> T | None:
        body = self._store.get(self._vendor, self._kind, name)
        return self._read(body) if body else None

    def all(self, parent: str | None = None) -> list[T]:
        return [self._read(body) for body in self._store.all(self._vendor, self._kind, parent)]
