"""The routes of template.yaml, each with what the handler behind it declares."""

import json
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from local.settings import REPOSITORY
from local.template import Template, load
from payhub import wiring
from payhub.entrypoints.http import Declaration, Dialect, Handler

_CATCH_ALL_METHOD = "ANY"
_FUNCTION = "AWS::Serverless::Function"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method on one path; `scheme` is the authorizer before it, None where it is public."""

    method: str
    path: str
    function: str
    summary: str
    scheme: str | None
    declaration: Declaration
    dialect: Dialect | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """One answer that API Gateway gives by itself."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def template() -> Template:
    """template.yaml as written."""
    return load((REPOSITORY / "template.yaml").read_text())


def routes(source: Template) -> list[Route]:
    """Every route in the template's order; the catch-all is not one."""
    return list(_routes(source))


def _routes(source: Template) -> Iterator[Route]:
    auth = _api(source)["Auth"]
    for resource in source["Resources"].values():
        if resource["Type"] != _FUNCTION:
            continue
        properties = resource["Properties"]
        events = [it["Properties"] for it in _api_events(properties)]
        events = [it for it in events if it["Method"] != _CATCH_ALL_METHOD]
        if not events:
            continue
        module = properties["Handler"].removesuffix(".handler")
        handler = _handler(module)
        for event in events:
            scheme = event.get("Auth", {}).get("Authorizer", auth["DefaultAuthorizer"])
            yield Route(
                method=event["Method"],
                path=event["Path"],
                function=module.rpartition(".")[2],
                summary=properties["Description"],
                scheme=None if scheme == "NONE" else scheme,
                declaration=handler.declaration,
                dialect=handler.dialect,
            )


def identity_headers(source: Template) -> dict[str, str]:
    """Authorizer -> the header it reads."""
    authorizers = _api(source)["Auth"]["Authorizers"]
    return {name: it["Identity"]["Header"] for name, it in authorizers.items()}


def gateway_answers(source: Template) -> dict[str, Gateway]:
    """Response type -> what API Gateway answers, for the types that name their status."""
    return {
        kind: Gateway(
            status=int(it["StatusCode"]),
            headers={
                name: value.strip("'")
                for name, value in it["ResponseParameters"]["Headers"].items()
            },
            body=json.loads(it["ResponseTemplates"]["application/json"]),
        )
        for kind, it in _api(source)["GatewayResponses"].items()
        if "StatusCode" in it
    }


def _api(source: Template) -> dict[str, Any]:
    properties: dict[str, Any] = source["Resources"]["RestApi"]["Properties"]
    return properties


def _api_events(properties: dict[str, Any]) -> list[dict[str, Any]]:
    return [it for it in properties.get("Events", {}).values() if it["Type"] == "Api"]


def _handler(module: str) -> Handler:
    """The handler of a function, whose file is run afresh, with no hub behind it."""
    path = REPOSITORY / "functions" / f"{module.replace('.', '/')}.py"
    with mock.patch.object(wiring, "hub"):
        handler = runpy.run_path(str(path))["handler"]
    assert isinstance(handler, Handler), f"{path} declares nothing"
    return handler
