"""Refusals as FastAPI writes them: one text, or a list of what is wrong with a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.sandbox.messages import Response, json_response, text_response
from local.sandbox.refused import Refused

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong, and where; the value is never repeated."""

    place: Place
    message: str
    type: str

    def shown(self) -> dict[str, Any]:
        return {"loc": list(self.place), "msg": self.message, "type": self.type}


def detail(status: int, text: str, **headers: str) -> Refused:
    return Refused(json_response(status, {"detail": text}, **headers))


def broken_rule(text: str) -> Refused:
    """A request of the right form that the business rules forbid."""
    return detail(400, text)


def not_found(what: str) -> Refused:
    return detail(404, f"{what} not found")


def invalid(mistakes: Sequence[Mistake]) -> Refused:
    return Refused(json_response(422, {"detail": [mistake.shown() for mistake in mistakes]}))


def missing(*place: str | int) -> Mistake:
    return Mistake(place, "Field required", "missing")


def error_page(status: int) -> Response:
    """What is answered when the application does not: an own 429, a server's plain 5xx."""
    phrase = HTTPStatus(status).phrase
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return json_response(status, {"detail": "Rate limit exceeded"})
    return text_response(status, phrase)
