"""Checks a JSON body against a schema and names every mistake, as the vendor's validation does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from local.sandbox.decoda.refusals import Mistake, Place, missing

# Beyond this a JSON number is not exact everywhere.
_INTEGER_MAX = 2**53


@dataclass(frozen=True)
class Field:
    """`of` are the fields of an object, or of each object in a list; none means any content."""

    name: str
    kind: str
    required: bool = False
    nullable: bool = True
    choices: Sequence[str] = ()
    of: Sequence[Field] = ()


def texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "text") for name in names)


def check_object(fields: Sequence[Field], value: Any, place: Place) -> list[Mistake]:
    """Unknown fields are ignored, as the vendor does."""
    if not isinstance(value, dict):
        return [_wrong(place, "dictionary", "model_attributes_type")]
    mistakes: list[Mistake] = []
    for field in fields:
        where = (*place, field.name)
        if field.name not in value:
            mistakes += [missing(*where)] if field.required else []
        elif value[field.name] is not None or not field.nullable:
            mistakes += _check(field, value[field.name], where)
    return mistakes


def check_list(fields: Sequence[Field], value: Any, place: Place) -> list[Mistake]:
    if not isinstance(value, list):
        return [_wrong(place, "list", "list_type")]
    if not fields:
        return []
    return [
        mistake
        for number, item in enumerate(value)
        for mistake in check_object(fields, item, (*place, number))
    ]


def _check(field: Field, value: Any, place: Place) -> list[Mistake]:
    if field.kind == "list":
        return check_list(field.of, value, place)
    if field.kind == "object":
        return check_object(field.of, value, place)
    if field.kind == "texts":
        return _check_texts(field, value, place)
    if field.kind == "choice":
        return _check_choice(field, value, place)
    is_right, name, type_ = _KINDS[field.kind]
    return [] if is_right(value) else [_wrong(place, name, type_)]


def _check_texts(field: Field, value: Any, place: Place) -> list[Mistake]:
    if not isinstance(value, list):
        return [_wrong(place, "list", "list_type")]
    of_one = Field(field.name, "choice" if field.choices else "text", choices=field.choices)
    return [
        mistake
        for number, item in enumerate(value)
        for mistake in _check(of_one, item, (*place, number))
    ]


def _check_choice(field: Field, value: Any, place: Place) -> list[Mistake]:
    if isinstance(value, str) and value in field.choices:
        return []
    quoted = [f"'{choice}'" for choice in field.choices]
    allowed = " or ".join((", ".join(quoted[:-1]), quoted[-1]))
    return [Mistake(place, f"Input should be {allowed}", "enum")]


def _wrong(place: Place, name: str, type_: str) -> Mistake:
    return Mistake(place, f"Input should be a valid {name}", type_)


def _is_text(value: Any) -> bool:
    """Half of a surrogate pair is JSON, but no text that can be kept."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _INTEGER_MAX


def _is_number(value: Any) -> bool:
    return _is_integer(value) or isinstance(value, Decimal)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


_KINDS: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "text": (_is_text, "string", "string_type"),
    "integer": (_is_integer, "integer", "int_type"),
    "number": (_is_number, "number", "float_type"),
    "flag": (lambda value: isinstance(value, bool), "boolean", "bool_type"),
    "date": (_is_date, "date", "date_from_datetime_parsing"),
    "moment": (_is_moment, "datetime", "datetime_from_date_parsing"),
}
