"""The API's own description: OpenAPI as JSON and as a page, and answers for unknown routes."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from payhub.entrypoints import problems
from payhub.entrypoints.http import Answer, Handler, answering
from payhub.entrypoints.requests import HttpRequest

OPENAPI = "openapi.json"


@cache
def openapi_text() -> str:
    """The description that `make openapi` generated from the code and the template."""
    return files("payhub.entrypoints").joinpath(OPENAPI).read_text("utf-8")


def documentation() -> Handler:
    """A handler for GET /openapi.json and GET /docs."""

    def handle(request: HttpRequest) -> Answer:
        if request.resource == "/docs":
            return _answer("text/html; charset=utf-8", _page())
        return _answer("application/json", openapi_text())

    return answering(handle)


def unknown_route() -> Handler:
    """A handler for everything that no route takes: 404, or 405 with what is allowed."""

    def handle(request: HttpRequest) -> Answer:
        paths: dict[str, Any] = json.loads(openapi_text())["paths"]
        methods = sorted(method.upper() for method in paths.get(request.resource, {}))
        if methods:
            allowed = ", ".join(methods)
            return problems.problem(
                problems.WRONG_METHOD,
                f"This path takes {allowed}.",
                headers={"Allow": allowed},
                correlation_id=request.correlation_id,
            )
        return problems.problem(
            problems.UNKNOWN_ROUTE,
            "See /docs for the paths there are.",
            correlation_id=request.correlation_id,
        )

    return answering(handle)


def _answer(content_type: str, body: str) -> Answer:
    return {"statusCode": 200, "headers": {"Content-Type": content_type}, "body": body}


@cache
def _page() -> str:
    """Swagger UI with its assets in the page, from the package: no CDN is asked."""
    from aws_lambda_powertools.event_handler.openapi import swagger_ui  # noqa: PLC0415

    assets = files("aws_lambda_powertools.event_handler.openapi.swagger_ui")
    return swagger_ui.generate_swagger_html(
        spec=openapi_text(),
        swagger_js=assets.joinpath("swagger-ui-bundle.min.js").read_text("utf-8"),
        swagger_css=assets.joinpath("swagger-ui.min.css").read_text("utf-8"),
        swagger_base_url="",
        oauth2_config=None,
        persist_authorization=False,
    )
