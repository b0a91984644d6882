"""The API's own description: OpenAPI as JSON and as a page, and answers for unknown routes."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from payhub import starting
from payhub.entrypoints import problems
from payhub.entrypoints.http import Answer, Declaration, Handler
from payhub.entrypoints.requests import HttpRequest

OPENAPI = "openapi.json"
ASSETS = "event_handler/openapi/swagger_ui"

# The page holds its assets and may ask nobody but this API, whatever is in them.
PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
    " img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# The document's address is relative, so that the page also works below a stage's name.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Payhub API</title>
<style>{css}</style>
</head>
<body>
<div id="swagger-ui">Loading...</div>
<script>{js}</script>
<script>
SwaggerUIBundle({{
  dom_id: "#swagger-ui", url: "openapi.json", layout: "BaseLayout", deepLinking: true,
  docExpansion: "list", defaultModelsExpandDepth: 0, validatorUrl: null,
}});
</script>
</body>
</html>
"""


@cache
def openapi_text() -> str:
    """The description that `make openapi` generated from the code and the template."""
    return files("payhub.entrypoints").joinpath(OPENAPI).read_text("utf-8")


@cache
def methods_by_path() -> Mapping[str, list[str]]:
    """Which methods each described path takes."""
    paths = json.loads(openapi_text())["paths"]
    return {path: sorted(method.upper() for method in paths[path]) for path in paths}


def documentation() -> Handler:
    """A handler for GET /openapi.json and GET /docs."""

    def handle(request: HttpRequest) -> Answer:
        if request.resource == "/docs":
            policy = {"Content-Security-Policy": PAGE_POLICY}
            return _answer("text/html; charset=utf-8", _page(), policy)
        return _answer("application/json", openapi_text())

    starting.done()
    return Handler(handle, Declaration(operation=documentation))


def unknown_route() -> Handler:
    """A handler for everything that no route takes: 404, or 405 with what is allowed."""

    def handle(request: HttpRequest) -> Answer:
        methods = methods_by_path().get(request.resource)
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

    starting.done()
    return Handler(handle, Declaration(operation=unknown_route))


def _answer(content_type: str, body: str, headers: Mapping[str, str] | None = None) -> Answer:
    sent = {"Content-Type": content_type, "X-Content-Type-Options": "nosniff", **(headers or {})}
    return {"statusCode": 200, "headers": sent, "body": body}


@cache
def _page() -> str:
    """Swagger UI with its assets in the page, from the package: no CDN is asked."""
    assets = files("aws_lambda_powertools").joinpath(ASSETS)
    return PAGE.format(
        css=assets.joinpath("swagger-ui.min.css").read_text("utf-8"),
        js=assets.joinpath("swagger-ui-bundle.min.js").read_text("utf-8"),
    )
