"""A request that was let in: who asks, for what, with which fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.sandbox.athena.forms import Form
from local.sandbox.athena.practices import VENDOR
from local.sandbox.messages import Response
from local.sandbox.store import Document
from local.sandbox.truth_book import Direction, Movement
from local.sandbox.vendor import Tools


@dataclass(frozen=True)
class Call:
    """Nothing in it is secret, so that a late one can be kept."""

    operation: str
    practice_id: str
    parameters: Mapping[str, str]
    form: Form
    now_ms: int

    def to_document(self) -> Document:
        return {
            "operation": self.operation,
            "practice_id": self.practice_id,
            "parameters": dict(self.parameters),
            "form": self.form.to_document(),
        }

    @classmethod
    def from_document(cls, document: Document, now_ms: int) -> Call:
        form = Form.from_document(document["form"])
        return cls(
            document["operation"], document["practice_id"], document["parameters"], form, now_ms
        )

    def key(self, *parts: object) -> str:
        """The name of something of this practice in the store."""
        return "/".join([self.practice_id, *(str(part) for part in parts)])


Verb = Callable[[Call], Response]


def move(
    tools: Tools, call: Call, reference: object, amount_cents: int, direction: Direction
) -> None:
    """Write real money into the truth book; nothing moved is no entry."""
    if amount_cents > 0:
        movement = Movement(
            VENDOR, call.operation, str(reference), amount_cents, direction, call.now_ms
        )
        tools.truth_book.record(movement)
