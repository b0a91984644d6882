"""Reading what the controls are given: every mistake names the field and says what is allowed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from local.sandbox import json_text


class BadInputError(Exception):
    """A control was used wrongly; the message is for the person at the other end."""


class Fields:
    """A JSON object (or query) read field by field; unknown fields are mistakes too."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    @classmethod
    def of_body(cls, body: bytes) -> Fields:
        try:
            value = json_text.loads(body or b"{}")
        except ValueError:
            raise BadInputError("the body must be JSON") from None
        if not isinstance(value, dict):
            raise BadInputError("the body must be a JSON object")
        return cls(value)

    def only(self, *names: str) -> Fields:
        """Refuse every other field."""
        for name in self._values:
            if name not in names:
                raise BadInputError(
                    f"{self._path}{name} is not known; allowed: {', '.join(names) or 'no field'}"
                )
        return self

    def has(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str | None = None) -> str:
        value = self._values.get(name, default)
        if not isinstance(value, str) or (value == "" and default is None):
            raise self._wrong(name, "text that is not empty")
        if not value.isprintable():
            raise self._wrong(name, "printable text")
        return value

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        value = self._values.get(name, default)
        if not isinstance(value, str) or value not in allowed:
            raise self._wrong(name, "one of " + ", ".join(allowed))
        return value

    def whole_number(self, name: str, lowest: int, highest: int, default: int | None = None) -> int:
        value = self._values.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise self._wrong(name, f"a whole number from {lowest} to {highest}")
        return value

    def seconds(self, name: str, highest: int, default: float | None = None) -> float:
        value = self._values.get(name, default)
        is_number = not isinstance(value, bool | str | None) and hasattr(value, "__float__")
        if not is_number or not 0 <= value <= highest:
            raise self._wrong(name, f"a number of seconds from 0 to {highest}")
        return float(value)

    def flag(self, name: str, default: bool | None = None) -> bool:
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._values.get(name)
        if not isinstance(value, list) or not value:
            raise self._wrong(name, "a list of texts, at least one")
        if not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of texts, at least one")
        return value

    def fields(self, name: str) -> Mapping[str, Fields]:
        """An object of objects."""
        value = self._values.get(name)
        if not isinstance(value, dict) or not value:
            raise self._wrong(name, "an object with at least one entry")
        entries: dict[str, Fields] = {}
        for key, entry in value.items():
            if not isinstance(entry, dict):
                raise BadInputError(f"{self._path}{name}.{key} must be an object")
            entries[key] = Fields(entry, f"{self._path}{name}.{key}.")
        return entries

    def _wrong(self, name: str, allowed: str) -> BadInputError:
        verb = "must be" if name in self._values else "is required:"
        return BadInputError(f"{self._path}{name} {verb} {allowed}")


def query_flag(query: Mapping[str, str], name: str) -> bool:
    """A yes or no in the query; absent is no."""
    value = query.get(name, "false")
    if value not in ("true", "false"):
        raise BadInputError(f"{name} must be true or false")
    return value == "true"


def only_query(query: Mapping[str, str], allowed: Sequence[str]) -> None:
    Fields(query).only(*allowed)
