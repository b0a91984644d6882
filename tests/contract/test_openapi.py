"""The OpenAPI document is valid, fresh, complete, and its examples are what it describes."""

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from local.openapi import bodies, requests
from local.openapi.athena_examples import REQUEST_BODIES
from local.openapi.document import TARGET, text
from local.openapi.examples import CALLER
from local.openapi.routes import Route, template
from local.openapi.routes import routes as declared
from payhub.command import BODIES, Command, Place
from payhub.domain.errors import InvalidRequest
from payhub.entrypoints.medfusion import PROBLEM_TYPE
from payhub.entrypoints.problems import CONTENT_TYPE
from payhub.ports import Hub
from tests.support.template import resolved
from tests.support.template_checks.api import ANY, PUBLIC, routes

Json = dict[str, Any]

NO_CONTENT = "204"
DOCUMENT: Json = json.loads(TARGET.read_text())
OPERATIONS = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
ROUTES = {
    route: function
    for route, function in routes(resolved("prod")).items()
    if route[0] not in (ANY, "ANY")
}


def test_it_is_valid() -> None:
    """OpenAPI 3.1."""
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert [str(it) for it in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_is_fresh() -> None:
    """The stored document is what code and template give now."""
    assert TARGET.read_text() == text(), "run `make openapi` and commit what it writes"


def test_it_describes_every_route_and_no_other() -> None:
    """The template's routes, the catch-all aside."""
    assert OPERATIONS.keys() - ROUTES.keys() == set(), "described, but not in the template"
    assert ROUTES.keys() - OPERATIONS.keys() == set(), "in the template, but not described"


@pytest.mark.parametrize("route", sorted(ROUTES), ids=" ".join)
def test_it_says_who_may_call(route: tuple[str, str]) -> None:
    """The key, on athenahealth's paths a token; neither where there is no authorizer."""
    schemes = {name for it in OPERATIONS[route]["security"] for name in it}
    expected = "BearerToken" if route[1].startswith("/v1/") else "ApiKey"
    asked = schemes & {"ApiKey", "BearerToken"}
    assert asked == (set() if ROUTES[route] in PUBLIC else {expected})


@pytest.mark.parametrize("route", sorted(ROUTES), ids=" ".join)
def test_it_names_every_path_parameter(route: tuple[str, str]) -> None:
    """{paymentId} in the path is described, and required."""
    described = {
        it["name"]: it["required"]
        for it in OPERATIONS[route].get("parameters", [])
        if it["in"] == "path"
    }
    assert described == {
        part.strip("{}"): True for part in route[1].split("/") if part.startswith("{")
    }


@pytest.mark.parametrize("route", sorted(ROUTES), ids=" ".join)
def test_what_it_says_in_words(route: tuple[str, str]) -> None:
    """A summary, a description and a known tag; every refusal a problem document.

    On Medfusion's paths it is one in XML, but for those by API Gateway.
    """
    operation = OPERATIONS[route]
    assert operation["summary"]
    assert operation["description"]
    assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}
    for status, response in operation["responses"].items():
        is_oauth = operation["tags"] == ["Tokens"] and status in {"400", "401"}
        if status >= "400" and not is_oauth:
            by_hub = PROBLEM_TYPE if route[1].startswith("/v1/practice/") else CONTENT_TYPE
            for kind, media in response["content"].items():
                is_gateways = all(name.startswith("gateway-") for name in media["examples"])
                assert kind == (CONTENT_TYPE if is_gateways else by_hub), status


def test_every_operation_has_a_name_of_its_own() -> None:
    """Generated clients name methods after these."""
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)


def _media(value: Any, path: str) -> Iterator[tuple[str, Json]]:
    """Everything that has a schema with examples beside it: media types and parameters."""
    if isinstance(value, dict):
        if "schema" in value and ("example" in value or "examples" in value):
            yield path, value
        for key, inner in value.items():
            yield from _media(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _media(inner, f"{path}/{index}")


def _shared_examples(media: Json) -> Iterator[tuple[str, Any]]:
    """The examples of a media type; those it refers to, the document keeps once."""
    for name, example in media.get("examples", {}).items():
        if "value" in example:
            yield name, example["value"]
            continue
        place, _, key = example["$ref"].rpartition("/")
        assert place == "#/components/examples"
        yield name, DOCUMENT["components"]["examples"][key]["value"]


EXAMPLES = [
    pytest.param(media["schema"], example, id=f"{path} {name}")
    for path, media in _media(DOCUMENT["paths"], "")
    for name, example in [
        *([("example", media["example"])] if "example" in media else []),
        *_shared_examples(media),
    ]
]


def _errors(schema: Json, value: Any) -> list[str]:
    """What is wrong with the value; references are found in the document's components."""
    whole = {**schema, "components": DOCUMENT["components"]}
    validator = OAS31Validator(whole, format_checker=OAS31Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(value)]


@pytest.mark.parametrize(("schema", "value"), EXAMPLES)
def test_an_example_is_what_its_schema_describes(schema: Json, value: Any) -> None:
    """Also those inside components, which the media types refer to."""
    assert _errors(schema, value) == []


def test_every_body_has_an_example() -> None:
    """But for the document and its page."""
    lacking = [
        f"{route} {place}"
        for route, operation in OPERATIONS.items()
        for place, content in _contents(operation)
        for media in content.values()
        if "example" not in media and "examples" not in media
    ]
    assert [it for it in lacking if "openapi.json" not in it and "/docs" not in it] == []


def _contents(operation: Json) -> Iterator[tuple[str, Json]]:
    if "requestBody" in operation:
        yield "request", operation["requestBody"]["content"]
    for status, response in operation["responses"].items():
        if status != NO_CONTENT:
            yield status, response["content"]


def _schemas_with_examples(value: Any, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        if isinstance(value.get("examples"), list):
            yield path, value
        for key, inner in value.items():
            yield from _schemas_with_examples(inner, f"{path}/{key}")


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(schema, id=path)
        for path, schema in _schemas_with_examples(DOCUMENT["components"]["schemas"], "")
    ],
)
def test_a_fields_example_fits_the_field(schema: Json) -> None:
    """The examples that stand in the schemas themselves."""
    for example in schema["examples"]:
        assert _errors(schema, example) == []


FORMS = [
    pytest.param(route, id=route.function)
    for route in declared(template())
    if route.path.startswith("/v1/{practiceid}/") and route.method == "POST"
]


@pytest.mark.parametrize("route", FORMS)
def test_a_form_is_described_as_form_and_as_json(route: Route) -> None:
    """With the same schema; lists are JSON text in a form."""
    content = OPERATIONS[route.method, route.path]["requestBody"]["content"]
    assert list(content) == ["application/x-www-form-urlencoded", "application/json"]
    form, body = content.values()
    assert form["schema"] == body["schema"]
    name = form["schema"]["$ref"].rpartition("/")[2]
    properties = DOCUMENT["components"]["schemas"][name]["properties"]
    lists = {field for field, it in properties.items() if it.get("type") == "array"}
    assert form.get("encoding", {}).keys() == lists


@pytest.mark.parametrize("route", FORMS)
def test_the_example_of_a_form_is_taken(route: Route) -> None:
    """By the model that reads it."""
    model = _body_of(route).model
    model.model_validate(REQUEST_BODIES[model.__name__])


@pytest.mark.parametrize("route", FORMS)
def test_required_fields_are_those_the_operation_misses(route: Route) -> None:
    """Nothing of an empty body is forgiven, and nothing else is called required."""
    body = _body_of(route)
    described = set(bodies.RULES.get(body.model.__name__, {}).get("required", []))
    if not body.is_required:
        assert described == set()
        return
    command = cast("type[Command]", route.declaration.command)
    values: dict[str, Any] = {
        name: {"practiceid": "195900", "vendorcode": "ACME"}.get(source.name, "1")
        for name, source in command.sources().items()
        if source.place is Place.PATH
    }
    with pytest.raises(InvalidRequest) as refused:
        route.declaration.operation(
            cast("Hub", None),
            CALLER,
            command.model_validate({**values, "body": {}}),
        )
    missed = {it.field for it in refused.value.errors if it.detail == "is required"}
    asked_of_cards = {"accountnumber", "nameoncard", "expirationmonthmm", "expirationyearyyyy"}
    if body.model.__name__ == "CollectBody":
        asked_of_cards |= {"billingaddress", "billingzip"}  # not with swipe data
    assert missed - asked_of_cards == described


AT_DECODA = [
    pytest.param(route, id=route.function)
    for route in declared(template())
    if route.path.startswith("/billing/")
]


@pytest.mark.parametrize("route", AT_DECODA)
def test_an_example_at_decoda_is_a_command(route: Route) -> None:
    """The example of a body, with those of the query, is what the command takes."""
    command = cast("type[Command]", route.declaration.command)
    described = OPERATIONS[route.method, route.path]
    examples = {it["name"]: it["example"] for it in described["parameters"]}
    body = described["requestBody"]["content"]["application/json"]["example"]
    values = {
        name: body if source.place in BODIES else examples[source.name]
        for name, source in command.sources().items()
    }
    command.model_validate(values)


def test_a_body_that_is_an_array() -> None:
    """Decoda takes charges as one, with limits of ours."""
    (body,) = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for (_, path), operation in OPERATIONS.items()
        if path.endswith("/create-patient-credit-settled")
    ]
    assert body["type"] == "array"
    assert body["items"] == {"$ref": "#/components/schemas/ChargeDetail"}
    assert (body["minItems"], body["maxItems"]) == (1, 50)


@pytest.mark.parametrize("route", AT_DECODA)
def test_problems_at_decoda_are_in_its_form(route: Route) -> None:
    """422 has a list as `detail`, everything else text; a broken field rule is a 422."""
    responses = OPERATIONS[route.method, route.path]["responses"]
    for status, response in responses.items():
        if status < "400":
            continue
        media = response["content"][CONTENT_TYPE]
        for name, example in _shared_examples(media):
            assert isinstance(example["detail"], list) == (status == "422"), name
            assert example["status"] == int(status), name
    assert "decoda-invalid-request" in responses["422"]["content"][CONTENT_TYPE]["examples"]


def _body_of(route: Route) -> requests.RequestBody:
    command = cast("type[Command]", route.declaration.command)
    body = requests.body_of(command)
    assert body is not None
    return body
