"""Refusals in the vendor's form: application/problem+json."""

from __future__ import annotations

from local.sandbox.ids import Ids
from local.sandbox.messages import Response, json_response


class Problem(Exception):
    """A refusal. Raised before anything is written, because the transaction goes on to commit."""

    def __init__(self, status: int, title: str, detail: str, code: str = "", **headers: str):
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.code = code
        self.headers = headers


def invalid(field: str, rule: str) -> Problem:
    """A request that does not have the documented form."""
    return Problem(400, "Bad Request", f"{field} {rule}")


def not_found(what: str) -> Problem:
    return Problem(404, "Not Found", f"{what} was not found")


def conflict(detail: str) -> Problem:
    return Problem(409, "Conflict", detail)


def answer(problem: Problem, ids: Ids) -> Response:
    """The problem as the vendor sends it."""
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "traceId": ids.hex32(),
    }
    if problem.code:
        body["code"] = problem.code
    return json_response(problem.status, body, "application/problem+json", **problem.headers)
