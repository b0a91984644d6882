"""What goes in and out of a vendor machine: plain values, no sockets."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from local.sandbox import json_text


class Query(Mapping[str, str]):
    """Reads as a mapping of names to texts, the last one of a name that came more than once."""

    def __init__(self, pairs: Iterable[Iterable[str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @classmethod
    def parse(cls, text: str) -> Query:
        """What stands behind the question mark."""
        return cls(parse_qsl(text, keep_blank_values=True))

    def __getitem__(self, name: str) -> str:
        return self._values[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def every(self, name: str) -> list[str]:
        """All texts of a name, as they came; empty when it did not come."""
        return list(self._values.get(name, ()))

    def pairs(self) -> list[tuple[str, str]]:
        """Every name with each of its texts."""
        return [(name, value) for name, values in self._values.items() for value in values]


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are lower case, the path is still percent-encoded."""

    method: str
    path: str
    query: Query = field(default_factory=Query)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def to_document(self) -> dict[str, Any]:
        """The request as JSON, so that a late one outlives the process that took it."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query.pairs(),
            "headers": dict(self.headers),
            "body": base64.b64encode(self.body).decode(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Request:
        return cls(
            method=document["method"],
            path=document["path"],
            query=Query(document["query"]),
            headers=document["headers"],
            body=base64.b64decode(document["body"]),
        )


@dataclass(frozen=True)
class Response:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What the caller sees on the wire: an answer after a while, or (None) a closed connection."""

    response: Response | None
    after_seconds: float = 0.0
    note: str = ""


def json_response(
    status: int, value: Any, content_type: str = "application/json", **headers: str
) -> Response:
    """An answer with a JSON body."""
    return Response(
        status, json_text.dumps(value).encode(), {"Content-Type": content_type, **headers}
    )


def text_response(
    status: int, text: str, content_type: str = "text/plain", **headers: str
) -> Response:
    """An answer that is not JSON."""
    return Response(status, text.encode(), {"Content-Type": content_type, **headers})
