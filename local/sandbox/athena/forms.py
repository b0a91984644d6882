"""Form fields of a request, read one by one; secrets and unknown fields never get this far."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from local.sandbox import json_text
from local.sandbox.athena import cards, wire
from local.sandbox.athena.cards import SECRET_FIELDS, Given
from local.sandbox.athena.fields import KNOWN_FIELDS
from local.sandbox.athena.refusals import invalid, missing
from local.sandbox.messages import Request
from local.sandbox.redaction import masked
from local.sandbox.store import Document

_FORM_TYPE = "application/x-www-form-urlencoded"
_INTEGER = re.compile("[0-9]{1,9}")
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class Form:
    """`given` also names the secret fields that came; unknown fields are ignored."""

    values: Mapping[str, str]
    given: frozenset[str]
    card: Given

    @classmethod
    def read(cls, request: Request) -> Form:
        """From the query of a GET, from the body of anything else; names in any case."""
        pairs = list(request.query.items()) if request.method == "GET" else _body_pairs(request)
        fields = {name.strip().lower(): value.strip() for name, value in pairs if value.strip()}
        values = {name: masked(value) for name, value in fields.items() if name in KNOWN_FIELDS}
        given = frozenset(values) | (fields.keys() & set(SECRET_FIELDS))
        return cls(values, given, cards.read(fields))

    def to_document(self) -> Document:
        return {
            "values": dict(self.values),
            "given": sorted(self.given),
            "card": asdict(self.card),
        }

    @classmethod
    def from_document(cls, document: Document) -> Form:
        given = frozenset(document["given"])
        return cls(document["values"], given, Given(**document["card"]))

    def has(self, name: str) -> bool:
        return name in self.given

    def require(self, names: Sequence[str]) -> None:
        """Refuse a request without these fields; it is told all that are missing."""
        absent = [name for name in names if name not in self.given]
        if absent:
            raise missing(absent)

    def text(self, name: str, longest: int = 255) -> str:
        value = self.values.get(name, "")
        if len(value) > longest:
            raise invalid(name, f"must have at most {longest} characters")
        return value

    def integer(self, name: str) -> int:
        """A whole number; 0 when it did not come."""
        number = whole_number(self.values.get(name, "0"))
        if number is None:
            raise invalid(name, "must be an integer")
        return number

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.values.get(name)
        if value is None:
            return default
        if value.lower() not in _FLAGS:
            raise invalid(name, "must be true or false")
        return _FLAGS[value.lower()]

    def cents(self, name: str) -> int:
        """An amount; 0 when it did not come."""
        return amount(name, self.values.get(name, "0"))

    def choice(self, name: str, allowed: Collection[str], default: str = "") -> str:
        value = self.values.get(name, default)
        if value not in allowed:
            raise invalid(name, "must be one of " + ", ".join(allowed))
        return value

    def date(self, name: str) -> date | None:
        value = self.values.get(name)
        if value is None:
            return None
        day = wire.to_date(value)
        if day is None:
            raise invalid(name, "must be a date, MM/DD/YYYY")
        return day

    def json_list(self, name: str) -> list[Any]:
        """A JSON array as text; empty when it did not come."""
        try:
            value = json_text.loads(self.values.get(name, "[]"))
        except ValueError:
            value = None
        if not isinstance(value, list):
            raise invalid(name, "must be a JSON array")
        return value

    def numbers(self, name: str) -> list[int]:
        """Integers as a JSON array or separated by commas."""
        text = self.values.get(name, "")
        parts = self.json_list(name) if text.startswith("[") else text.split(",") if text else []
        numbers: dict[int, None] = {}
        for part in parts:
            number = whole_number(str(part).strip())
            if number is None:
                raise invalid(name, "must be a list of integers")
            numbers[number] = None
        return list(numbers)


def whole_number(text: str) -> int | None:
    """A number as ids have it, or None."""
    return int(text) if _INTEGER.fullmatch(text) else None


def amount(name: str, text: str) -> int:
    cents = wire.to_cents(text)
    if cents is None:
        raise invalid(name, "must be an amount in dollars, such as 10.50")
    return cents


def _body_pairs(request: Request) -> list[tuple[str, str]]:
    if not request.headers.get("content-type", _FORM_TYPE).startswith(_FORM_TYPE):
        return []
    return parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
