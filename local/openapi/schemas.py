"""JSON schemas of everything that is sent or answered, once each, under components."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import TypeAdapter

from local.openapi import bodies, decoda_words, requests
from local.openapi.words import SCHEMA_WORDS
from payhub.command import FormBody

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"


def components(answered: Iterable[Any], sent: Sequence[type]) -> Json:
    """Schema name -> schema, for the shapes and models and everything in them.

    Raises LookupError for two of the same name.
    """
    inputs: list[tuple[str, Literal["validation", "serialization"], TypeAdapter[Any]]] = [
        (shape.__name__, "serialization", TypeAdapter(shape)) for shape in answered
    ]
    inputs += [(model.__name__, "validation", TypeAdapter(model)) for model in sent]
    _, defined = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE)
    found: Json = defined["$defs"]
    alike = [name for name in found if "__" in name]
    if alike:
        raise LookupError(f"these need names of their own: {alike}")
    for name, words in SCHEMA_WORDS.items():
        found[name]["description"] = words
    for name, fields in decoda_words.FIELDS.items():
        for field, words in fields.items():
            found[name]["properties"][field]["description"] = words
    for model in sent:
        if issubclass(model, FormBody):
            found[model.__name__] = _form(found[model.__name__], model.__name__)
    return {name: _without_titles(found[name]) for name in sorted(found)}


XML_TEXT: Json = {"type": "string", "contentMediaType": "application/xml"}
"""A document in XML."""


def reference(model: Any) -> Json:
    """A reference to the model's schema, or a list of what is listed."""
    if get_origin(model) is list:
        return {"type": "array", "items": reference(element(model))}
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def any_of(*models: Any) -> Json:
    """The schema of something that is one of the models."""
    found = [reference(model) for model in models]
    return found[0] if len(found) == 1 else {"anyOf": found}


def element(model: Any) -> Any:
    """What a list consists of; anything else is itself."""
    return get_args(model)[0] if get_origin(model) is list else model


def _form(schema: Json, name: str) -> Json:
    """A form's fields are absent or have a value; what the operation checks itself is added."""
    properties = {
        field: requests.without_null(it) | bodies.FIELDS.get(field, {})
        for field, it in schema["properties"].items()
    }
    return {**schema, "properties": properties, **bodies.RULES.get(name, {})}


def _without_titles(schema: Any) -> Any:
    """pydantic's titles only repeat the names."""
    if isinstance(schema, list):
        return [_without_titles(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_titles(it)
        for key, it in schema.items()
        if not (key == "title" and isinstance(it, str))
    }
