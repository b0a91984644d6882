"""The documentation is served whole, asks nobody else, and other methods and paths are told so."""

import json
import re
from typing import Any

import pytest

from payhub.entrypoints.documentation import documentation, openapi_text, unknown_route

ANSWER_MAX_BYTES = 6 * 1024 * 1024
"""What a function may answer with at most."""


def _get(handler: Any, resource: str, method: str = "GET") -> Any:
    return handler({"httpMethod": method, "resource": resource}, None)


def test_the_document_is_served_as_stored() -> None:
    """As JSON."""
    answer = _get(documentation(), "/openapi.json")
    assert answer["headers"]["Content-Type"] == "application/json"
    assert answer["body"] == openapi_text()


def test_the_page_brings_everything_with_it() -> None:
    """No script, style or picture of another host; the browser is told to ask nobody else."""
    answer = _get(documentation(), "/docs")
    page = answer["body"]
    assert len(page.encode()) < ANSWER_MAX_BYTES
    assert page.count("SwaggerUIBundle({") == 1
    assert 'url: "openapi.json"' in page
    assert (
        re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)", page.split("<script>")[0]) == []
    )
    assert "validatorUrl: null" in page
    policy = answer["headers"]["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [("/payments", "GET, POST"), ("/payments/{paymentId}/void", "POST"), ("/docs", "GET")],
)
def test_another_method_is_told_which_ones_there_are(resource: str, allowed: str) -> None:
    """405 with Allow."""
    answer = _get(unknown_route(), resource, "DELETE")
    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == allowed
    assert allowed in json.loads(answer["body"])["detail"]


@pytest.mark.parametrize("resource", ["/", "/{proxy+}", "/nowhere"])
def test_an_unknown_path_is_404(resource: str) -> None:
    """A problem that says where to look."""
    answer = _get(unknown_route(), resource)
    assert answer["statusCode"] == 404
    assert "/docs" in json.loads(answer["body"])["detail"]
