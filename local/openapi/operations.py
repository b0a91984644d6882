"""One route as an OpenAPI operation."""

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from local.openapi import (
    answers,
    athena_examples,
    decoda_examples,
    examples,
    medfusion_examples,
    refusals,
    requests,
    schemas,
)
from local.openapi.dialects import dialect_of
from local.openapi.requests import FORM_TYPE
from local.openapi.routes import Gateway, Route
from local.openapi.success import JSON_TYPE, XML_TYPE, Success
from payhub.command import Command
from payhub.entrypoints import problems, shapes
from payhub.entrypoints.documentation import documentation
from payhub.entrypoints.http import OPERATOR, Declaration
from payhub.entrypoints.oauth import CLIENT_GRANT, PASSWORD_GRANT
from payhub.operations.create_tenant import CreateTenant
from payhub.operations.get_oauth_application import get_oauth_application
from payhub.operations.issue_portal_token import PortalUser, issue_portal_token
from payhub.operations.issue_token import issue_token
from payhub.operations.receive_event import receive_event

Json = dict[str, Any]

DROP_IN_PREFIX = "/api/"
MEDFUSION_PREFIX = "/v1/practice/"
ATHENA_PREFIX = "/v1/"
DECODA_PREFIX = "/billing/"
PLANS_PREFIX = "/payment-plans"
CLIENT_SCHEME = "ClientCredentials"


def operation(route: Route, gateway: Mapping[str, Gateway]) -> Json:
    """The operation object."""
    does = route.declaration.operation
    if does is documentation:
        described = _documentation(route, gateway)
    elif does in _GRANTS:
        described = _token(route, gateway)
    elif does is get_oauth_application:
        described = _application(route, gateway)
    elif does is receive_event:
        described = _webhook(route, gateway)
    else:
        described = _endpoint(route, gateway)
    return {"operationId": _operation_id(route), **_words(route), **described}


def _operation_id(route: Route) -> str:
    """The function's name; the further paths of a function add themselves."""
    if route.path.startswith(DROP_IN_PREFIX):
        return f"{route.function}_at_documented_path"
    if route.declaration.operation is receive_event:
        return f"receive_{route.function}_event"
    name = route.path.strip("/").replace(".", "_")
    if route.declaration.operation is documentation:
        return f"show_{name}"
    return f"{route.function}_at_oauth" if route.path == "/oauth/token" else route.function


def _words(route: Route) -> Json:
    does, role = route.declaration.operation, route.declaration.role
    module = inspect.getdoc(inspect.getmodule(does)) or ""
    docstring = (inspect.getdoc(does) or "").split("\n\n")[0].replace("\n", " ")
    docstring = docstring.partition(" Raises ")[0]  # the answers say that
    said = [docstring] if does is not documentation else []
    if module not in said and does is not documentation:
        said.insert(0, module)
    if role is OPERATOR:
        said.append("Needs an operator's key.")
    return {"summary": route.summary, "description": "\n\n".join(said), "tags": [_tag(route)]}


def _tag(route: Route) -> str:
    does = route.declaration.operation
    by_operation = {
        documentation: "Documentation",
        **dict.fromkeys((*_GRANTS, get_oauth_application), "Tokens"),
        receive_event: "Webhooks",
    }
    if does in by_operation:
        return by_operation[does]
    for prefix, tag in _TAGS.items():
        if route.path.startswith(prefix):
            return tag
    is_operators = "dead-letters" in route.path or route.path.endswith("/resolve")
    return "Operators" if is_operators else "Payments"


_TAGS = {
    DROP_IN_PREFIX: "Issuer's documented paths",
    MEDFUSION_PREFIX: "Medfusion's documented paths",
    ATHENA_PREFIX: "athenahealth's documented paths",
    DECODA_PREFIX: "Decoda's documented paths",
    PLANS_PREFIX: "Payment plans",
}


def _endpoint(route: Route, gateway: Mapping[str, Gateway]) -> Json:
    command = route.declaration.command
    assert command is not None
    assert issubclass(command, Command)
    found: Json = {
        "security": [{str(route.scheme): []}],
        "parameters": [*requests.parameters(command), requests.TENANT_PARAMETER],
    }
    body = requests.body_of(command)
    if body is not None:
        found["requestBody"] = {
            "required": body.is_required,
            "content": {kind: _media(body, kind) for kind in body.content_types},
        }
    return {**found, "responses": _responses(route, gateway, has_body=body is not None)}


def _media(body: requests.RequestBody, content_type: str) -> Json:
    """A body, or an array of such; in a form, a list is JSON text in one field."""
    if content_type == XML_TYPE:
        return {"schema": schemas.XML_TEXT, "example": medfusion_examples.posted_body()}
    name = body.model.__name__
    media: Json = {"schema": schemas.reference(body.model), "example": _BODIES[name]}
    if body.many is not None:
        media = {
            "schema": {"type": "array", "items": media["schema"], **body.many},
            "example": [media["example"]],
        }
    lists = sorted(_AS_JSON_TEXT & body.model.model_fields.keys())
    if content_type == FORM_TYPE and lists:
        media["encoding"] = {field: {"contentType": JSON_TYPE} for field in lists}
    return media


_BODIES: Json = {
    **examples.REQUEST_BODIES,
    **athena_examples.REQUEST_BODIES,
    **decoda_examples.REQUEST_BODIES,
}
_AS_JSON_TEXT = {"claimpayment", "charges"}


def _responses(route: Route, gateway: Mapping[str, Gateway], *, has_body: bool) -> Json:
    declaration = route.declaration
    found = {str(it.status): _success(it) for it in answers.successes(declaration)}
    kinds = answers.refusals(declaration, has_path="{" in route.path, has_body=has_body)
    return found | refusals.responses(
        kinds,
        gateway,
        is_guarded=route.scheme is not None,
        has_body=has_body,
        dialect=dialect_of(route),
    )


def _success(success: Success) -> Json:
    response: Json = {"description": success.description}
    headers = {
        _HEADERS.get(name, name): {"$ref": f"#/components/headers/{name}"}
        for name in (*success.headers, *success.sometimes)
    }
    if headers:
        response["headers"] = headers
    if not success.examples:
        return response
    is_json = success.content_type == JSON_TYPE
    content: Json = {"schema": schemas.any_of(*success.shapes) if is_json else schemas.XML_TEXT}
    if set(success.examples) == {""}:
        content["example"] = success.examples[""]()
    else:
        content["examples"] = {
            name: {"summary": name, "value": make()} for name, make in success.examples.items()
        }
    return {**response, "content": {success.content_type: content}}


_HEADERS = {"ProcessingLocation": "Location"}
"""Names in the document of headers that mean something else in other answers."""


def _application(route: Route, gateway: Mapping[str, Gateway]) -> Json:
    """The token in the path is the credential."""
    command = route.declaration.command
    assert command is not None
    assert issubclass(command, Command)
    return {
        "security": [],
        "parameters": requests.parameters(command),
        "responses": _responses(route, gateway, has_body=False),
    }


def _token(route: Route, gateway: Mapping[str, Gateway]) -> Json:
    responses = _responses(route, gateway, has_body=True)
    grants = _GRANTS[route.declaration.operation]
    wanted = " or ".join(grants)
    responses["400"] = _token_error(
        "The grant is not one that the path takes, or the user's name or password is wrong.",
        {"error": "unsupported_grant_type", "error_description": f"grant_type must be {wanted}"},
    )
    responses["401"] = {
        **_token_error(
            "The client credentials are wrong.",
            {
                "error": "invalid_client",
                "error_description": "The client id or secret is wrong.",
            },
        ),
        "headers": {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}},
    }
    return {
        "security": [{CLIENT_SCHEME: []}, {}],
        "requestBody": {
            "required": True,
            "description": "The credentials stand here, or in the header as HTTP Basic.",
            "content": {
                FORM_TYPE: {
                    "schema": _token_form(grants, route.declaration),
                    "example": {
                        "grant_type": grants[0],
                        "client_id": "81e1a36ea1d540e282ace85e1169482f",
                        "client_secret": "not-a-real-secret",
                        **(_USER if PASSWORD_GRANT in grants else {}),
                    },
                }
            },
        },
        "responses": dict(sorted(responses.items())),
    }


_GRANTS: Mapping[Any, Sequence[str]] = {
    issue_token: (CLIENT_GRANT,),
    issue_portal_token: (PASSWORD_GRANT, CLIENT_GRANT),
}
_USER = {"username": "api-2f1c7a9b3d024a558d7e5c2f9e527b0e", "password": "not-a-real-password"}


def _token_form(grants: Sequence[str], declaration: Declaration) -> Json:
    """The client's fields, with the user's where the path knows users."""
    assert declaration.command is not None
    fields = declaration.command.model_json_schema()["properties"]
    if PASSWORD_GRANT in grants:
        fields.pop("user")
        fields |= PortalUser.model_json_schema()["properties"]
    for field in fields.values():
        field.pop("title")
    grant = {"type": "string", "enum": list(grants)}
    return {
        "type": "object",
        "properties": {"grant_type": grant, **fields},
        "required": ["grant_type"],
    }


def _token_error(description: str, example: Json) -> Json:
    content = {"schema": schemas.reference(shapes.TokenError), "example": example}
    return {"description": description, "content": {JSON_TYPE: content}}


def signature_scheme(route: Route) -> str:
    """The security scheme of a vendor's webhook."""
    return f"{route.function.capitalize()}Signature"


def signature_header(route: Route) -> str:
    """The header that carries the vendor's signature: a setting's default, or a fixed one."""
    auth = import_module(f"payhub.vendors.{route.function}.auth")
    fields = getattr(auth, f"{route.function.capitalize()}Settings").model_fields
    if "signature_headers" in fields:
        return str(fields["signature_headers"].default[0]).title()
    events = import_module(f"payhub.vendors.{route.function}.events")
    return str(events.SIGNATURE_HEADER).title()


def _webhook(route: Route, gateway: Mapping[str, Gateway]) -> Json:
    tenant = CreateTenant.model_json_schema()["properties"]["tenant"]["anyOf"][0]
    return {
        "security": [{signature_scheme(route): []}],
        "parameters": [
            {
                "name": "tenant",
                "in": "path",
                "required": True,
                "description": "The tenant that registered the webhook.",
                "schema": tenant,
                "example": examples.TENANT_ID,
            }
        ],
        "requestBody": {
            "required": True,
            "description": "The vendor's event, signed byte for byte.",
            "content": {
                JSON_TYPE: {"schema": {"type": "object"}, "example": _EVENTS[route.function]()}
            },
        },
        "responses": _responses(route, gateway, has_body=True),
    }


_EVENTS = {"optum": examples.event_body, "decoda": decoda_examples.event_body}


def _documentation(route: Route, gateway: Mapping[str, Gateway]) -> Json:
    is_page = route.path == "/docs"
    kind, schema = ("text/html", "string") if is_page else (JSON_TYPE, "object")
    what = "This document, readable." if is_page else "This document."
    content = {kind: {"schema": {"type": schema}}}
    refused = refusals.responses([problems.UNEXPECTED], gateway, is_guarded=False, has_body=False)
    responses = {"200": {"description": what, "content": content}, **refused}
    return {"description": what, "security": [], "responses": responses}
