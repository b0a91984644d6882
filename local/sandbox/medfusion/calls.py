"""A request that was let in: for which practice, with which query and body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.sandbox.medfusion.refusals import invalid
from local.sandbox.messages import Query, Response
from local.sandbox.redaction import masked
from local.sandbox.store import Document

_DIGITS_MAX = 15


@dataclass(frozen=True)
class Call:
    """Without credentials, so that a late one can be kept; `host` is where it was sent."""

    operation: str
    practice_id: str
    parameters: Mapping[str, str]
    query: Query
    host: str
    body: bytes
    now_ms: int

    def to_document(self) -> Document:
        return {
            "operation": self.operation,
            "practice_id": self.practice_id,
            "parameters": {name: masked(value) for name, value in self.parameters.items()},
            "query": [(name, masked(value)) for name, value in self.query.pairs()],
            "host": self.host,
            "body": masked(self.body.decode(errors="replace")),
        }

    @classmethod
    def from_document(cls, document: Document, now_ms: int) -> Call:
        return cls(
            document["operation"],
            document["practice_id"],
            document["parameters"],
            Query(document["query"]),
            document["host"],
            document["body"].encode(),
            now_ms,
        )

    def number(self, name: str, default: int, lowest: int) -> int:
        """A whole number of the query; raises Refused."""
        if name not in self.query:
            return default
        text = self.query[name]
        is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
        if not is_number or int(text) < lowest:
            raise invalid(f"{name} must be a whole number from {lowest}")
        return int(text)


Verb = Callable[[Call], Response]
