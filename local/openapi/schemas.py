"""JSON schemas of everything that is sent or answered, once each, under components."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import TypeAdapter

from local.openapi.words import SCHEMA_WORDS

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"


def components(answered: Iterable[Any], sent: Iterable[Any]) -> Json:
    """Schema name -> schema, for the shapes and models and everything in them."""
    inputs: list[tuple[str, Literal["validation", "serialization"], TypeAdapter[Any]]] = [
        (shape.__name__, "serialization", TypeAdapter(shape)) for shape in answered
    ]
    inputs += [(model.__name__, "validation", TypeAdapter(model)) for model in sent]
    _, defined = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE)
    found: Json = defined["$defs"]
    for name, words in SCHEMA_WORDS.items():
        found[name]["description"] = words
    return {name: _without_titles(found[name]) for name in sorted(found)}


def reference(model: Any) -> Json:
    """A reference to the model's schema."""
    return {"$ref": _REFERENCE.format(model=model.__name__)}


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
