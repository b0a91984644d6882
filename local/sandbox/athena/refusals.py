"""Refusals in the vendor's two forms: JSON of the API itself, pages of the gateway before it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from local.sandbox.messages import Response, json_response, text_response
from local.sandbox.refused import Refused


def refused(status: int, error: str) -> Refused:
    return Refused(json_response(status, {"error": error}))


def invalid(field: str, rule: str) -> Refused:
    """A field that breaks a rule; its value is never repeated."""
    return refused(400, f"The field {field} {rule}.")


def missing(names: Sequence[str]) -> Refused:
    body = {"error": "Additional fields are required.", "missingfields": list(names)}
    return Refused(json_response(400, body))


def not_found(what: str) -> Refused:
    return refused(404, f"The {what} was not found.")


def gateway(status: int, **headers: str) -> Refused:
    return Refused(page(status, **headers))


def page(status: int, **headers: str) -> Response:
    """What the gateway answers: never JSON."""
    phrase = HTTPStatus(status).phrase
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return text_response(status, phrase, **headers)
    if status == HTTPStatus.UNAUTHORIZED:
        phrase = "Developer Inactive"
    html = f"<html><head><title>{status}</title></head><body><h1>{phrase}</h1></body></html>"
    return text_response(status, html, "text/html", **headers)


def business_failure(errortext: str) -> Response:
    """The card processor said no: HTTP says yes all the same."""
    return json_response(200, {"errortext": errortext, "success": "false"})


def posting_failure() -> Response:
    """A payment that could not be posted."""
    body = {"errormessage": "The payment could not be posted.", "success": "false"}
    return json_response(200, body)
