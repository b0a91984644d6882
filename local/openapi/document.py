"""The whole document: routes of the template, joined with what the code says of each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from local.openapi import answers, refusals, requests, schemas, words
from local.openapi.dialects import DIALECTS, Dialect, dialect_of
from local.openapi.operations import (
    CLIENT_SCHEME,
    operation,
    signature_header,
    signature_scheme,
)
from local.openapi.routes import Gateway, Route, gateway_answers, identity_headers, routes, template
from local.openapi.success import XML_TYPE
from local.settings import REPOSITORY
from payhub.command import Command
from payhub.entrypoints import shapes
from payhub.entrypoints.documentation import OPENAPI, documentation
from payhub.entrypoints.problems import Kind
from payhub.entrypoints.representations import API_VERSION
from payhub.operations.receive_event import receive_event

Json = dict[str, Any]

TOKEN_PATH = "/oauth2/v1/token"  # noqa: S105 - a path
TARGET = REPOSITORY / "layers/payhub/payhub/entrypoints" / OPENAPI


def text() -> str:
    """The document as it is stored: the same code and template give the same bytes."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def document() -> Json:
    """The document."""
    source = template()
    found = routes(source)
    gateway = gateway_answers(source)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": words.TITLE,
            "version": str(API_VERSION),
            "description": words.introduction(refusals.kinds()),
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": it} for name, it in words.TAGS.items()],
        "paths": _paths(found, gateway),
        "components": {
            "securitySchemes": _security_schemes(found, identity_headers(source)),
            "schemas": _schemas(found),
            "headers": words.HEADERS,
            "responses": {"MethodNotAllowed": refusals.wrong_method()},
            "examples": refusals.component_examples(gateway, _kinds_in_dialect(found)),
        },
    }


def _paths(found: Sequence[Route], gateway: Mapping[str, Gateway]) -> Json:
    paths: Json = {}
    for route in sorted(found, key=lambda it: it.path.startswith("/api/")):
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route, gateway)
    return paths


def _kinds_in_dialect(found: Sequence[Route]) -> dict[Dialect, set[Kind]]:
    """What the paths with a dialect of their own may refuse."""
    return {
        dialect: {
            kind
            for route in found
            if dialect_of(route) is dialect
            for kind in answers.refusals(route.declaration, has_path=True, has_body=True)
        }
        for dialect in DIALECTS
    }


def _security_schemes(found: Sequence[Route], headers: Mapping[str, str]) -> Json:
    schemes: Json = {}
    for name, header in headers.items():
        described = words.SCHEME_WORDS[header]
        if header == "Authorization":
            flow = {"tokenUrl": TOKEN_PATH, "scopes": {}}
            flows = {"clientCredentials": flow}
            schemes[name] = {"type": "oauth2", "flows": flows, "description": described}
        else:
            kind = {"type": "apiKey", "in": "header", "name": header}
            schemes[name] = {**kind, "description": described}
    schemes[CLIENT_SCHEME] = {
        "type": "http",
        "scheme": "basic",
        "description": "Client id and client secret.",
    }
    for route in found:
        if route.declaration.operation is receive_event:
            schemes[signature_scheme(route)] = {
                "type": "apiKey",
                "in": "header",
                "name": signature_header(route),
                "description": "Hex HMAC-SHA256 over the raw body.",
            }
    return schemes


def _schemas(found: Sequence[Route]) -> Json:
    described = [it.declaration for it in found if it.declaration.operation is not documentation]
    answered = {
        schemas.element(shape)
        for it in described
        for success in answers.successes(it)
        for shape in success.shapes
    }
    bodies = [
        requests.body_of(it.command)
        for it in described
        if it.command is not None and issubclass(it.command, Command)
    ]
    sent = {it.model for it in bodies if it is not None and it.content_types != (XML_TYPE,)}
    answered |= {shapes.Problem, shapes.AthenaProblem, shapes.DecodaInvalid, shapes.TokenError}
    return schemas.components(_by_name(answered), _by_name(sent))


def _by_name(shapes_or_models: Iterable[type]) -> list[type]:
    return sorted(shapes_or_models, key=lambda it: it.__name__)
