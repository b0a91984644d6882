"""Paths with {parameters}, matched one segment at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True)
class Route:
    """`operation` is the name that faults and logs use."""

    method: str
    path: str
    operation: str

    def parameters(self, path: str) -> dict[str, str] | None:
        """The path's parameters, or None when it is another path."""
        wanted = self.path.strip("/").split("/")
        given = path.strip("/").split("/")
        if len(wanted) != len(given):
            return None
        found: dict[str, str] = {}
        for pattern, segment in zip(wanted, given, strict=True):
            if pattern.startswith("{"):
                found[pattern.strip("{}")] = unquote(segment)
            elif pattern != segment:
                return None
        return found


@dataclass(frozen=True)
class Match:
    route: Route
    parameters: dict[str, str]


def find(routes: Sequence[Route], method: str, path: str) -> Match | None:
    """The first route that fits, so literal segments stand before parameters in the table."""
    for route in routes:
        parameters = route.parameters(path) if route.method == method else None
        if parameters is not None:
            return Match(route, parameters)
    return None


def operation_of(routes: Sequence[Route], method: str, path: str) -> str | None:
    """The name of what a request asks for, None for an unknown path."""
    match = find(routes, method, path)
    return match.route.operation if match else None


def allowed_methods(routes: Sequence[Route], path: str) -> list[str]:
    """The methods a path knows; empty when there is no such path."""
    return sorted({route.method for route in routes if route.parameters(path) is not None})
