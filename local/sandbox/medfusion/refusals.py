"""Refusals: plain text for the XML API, JSON with an OAuth error code for tokens."""

from __future__ import annotations

from http import HTTPStatus

from local.sandbox.messages import Response, json_response, text_response
from local.sandbox.refused import Refused


def refused(status: int, text: str = "", **headers: str) -> Refused:
    """What is wrong, without what was sent."""
    return Refused(text_response(status, text or HTTPStatus(status).phrase, **headers))


def invalid(text: str) -> Refused:
    return refused(400, text)


def no_token(status: int, error: str) -> Refused:
    return Refused(json_response(status, {"error": error}))


def page(status: int) -> Response:
    """What the gateway answers when nothing behind it does."""
    return text_response(status, HTTPStatus(status).phrase)
