"""One way an operation succeeds, as the document describes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PAYMENT_HEADERS = ("Payment-Id", "ETag", "Location")
REPLAYED = "Idempotent-Replayed"

JSON_TYPE, XML_TYPE = "application/json", "application/xml"

Examples = Mapping[str, Callable[[], Any]]
"""By name; one without a name is the only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A status with the shapes that its body may have; without any example it has no body.

    Headers that may be missing are `sometimes`. A document in XML is described by its example.
    """

    status: int
    description: str
    shapes: Sequence[Any]
    examples: Examples
    headers: Sequence[str] = ()
    sometimes: Sequence[str] = ()
    content_type: str = JSON_TYPE


def one(example: Callable[[], Any]) -> Examples:
    """The only example."""
    return {"": example}
