"""A request that was let in: who asks, for what, with which parameters and body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.sandbox import json_text
from local.sandbox.decoda.refusals import Mistake, invalid, missing
from local.sandbox.decoda.schema import Field, check_list, check_object
from local.sandbox.decoda.tenants import VENDOR, Tenant
from local.sandbox.messages import Query, Response
from local.sandbox.redaction import masked
from local.sandbox.store import Document
from local.sandbox.truth_book import Direction, Movement
from local.sandbox.vendor import Tools

_DIGITS_MAX = 15


@dataclass(frozen=True)
class Call:
    """Without the headers, so that a late one can be kept."""

    operation: str
    tenant: Tenant
    parameters: Mapping[str, str]
    query: Query
    body: bytes
    now_ms: int

    def to_document(self) -> Document:
        return {
            "operation": self.operation,
            "tenant": self.tenant.id,
            "parameters": {name: masked(value) for name, value in self.parameters.items()},
            "query": [(name, masked(value)) for name, value in self.query.pairs()],
            "body": masked(self.body.decode(errors="replace")),
        }

    @classmethod
    def from_document(cls, document: Document, tenant: Tenant, now_ms: int) -> Call:
        return cls(
            document["operation"],
            tenant,
            document["parameters"],
            Query(document["query"]),
            document["body"].encode(),
            now_ms,
        )

    def object(self, fields: Sequence[Field]) -> dict[str, Any]:
        """The body as a JSON object of a schema; raises Refused."""
        value = self._json()
        _refuse(check_object(fields, value, ("body",)))
        checked: dict[str, Any] = value
        return checked

    def list_and_integer(self, fields: Sequence[Field], name: str) -> tuple[list[Any], int]:
        """A body that is a JSON array, and a whole number that the query must have."""
        value = self._json()
        mistakes = [] if name in self.query else [missing("query", name)]
        number = self.integer(name, 0)
        _refuse([*mistakes, *check_list(fields, value, ("body",))])
        return value, number

    def integer(self, name: str, default: int, lowest: int | None = None) -> int:
        """A whole number of the query; raises Refused."""
        text = self.query.get(name, str(default))
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX):
            raise invalid([Mistake(("query", name), _NO_INTEGER, "int_parsing")])
        if lowest is not None and int(text) < lowest:
            rule = f"Input should be greater than or equal to {lowest}"
            raise invalid([Mistake(("query", name), rule, "greater_than_equal")])
        return int(text)

    def texts(self, name: str) -> list[str]:
        """The values of a list in the query: the name came once for each, or they are separated by
        commas. Empty when it did not come.
        """
        texts = ",".join(self.query.every(name)).split(",")
        return [text.strip() for text in texts if text.strip()]

    def required(self, name: str) -> str:
        """A text that the query must have."""
        if name not in self.query:
            raise invalid([missing("query", name)])
        return self.query[name]

    def _json(self) -> Any:
        if not self.body.strip():
            raise invalid([missing("body")])
        try:
            return json_text.loads(self.body)
        except ValueError:
            raise invalid([Mistake(("body", 0), "JSON decode error", "json_invalid")]) from None


Verb = Callable[[Call], Response]
_NO_INTEGER = "Input should be a valid integer, unable to parse string as an integer"


def move(
    tools: Tools,
    operation: str,
    reference: str,
    amount_cents: int,
    direction: Direction,
    now_ms: int,
) -> None:
    """Write real money into the truth book."""
    tools.truth_book.record(Movement(VENDOR, operation, reference, amount_cents, direction, now_ms))


def _refuse(mistakes: Sequence[Mistake]) -> None:
    if mistakes:
        raise invalid(mistakes)
