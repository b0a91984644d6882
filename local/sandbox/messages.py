"""What goes in and out of a vendor machine: plain values, no sockets."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.sandbox import json_text


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are lower case, the path is still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def to_document(self) -> dict[str, Any]:
        """The request as JSON, so that a late one outlives the process that took it."""
        return {
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "headers": dict(self.headers),
            "body": base64.b64encode(self.body).decode(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Request:
        return cls(
            method=document["method"],
            path=document["path"],
            query=document["query"],
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
