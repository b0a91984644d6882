"""Base of all commands: a pydantic model whose fields say where in the request they come from."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


class Place(StrEnum):
    """Where a value stands in an HTTP request."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"
    FORM = "form"
    """A form-encoded body, or JSON with the same fields; names in any case, none of them blank."""
    LIST = "list"
    """A JSON body that is an array."""
    XML = "xml"
    """A Payments document; what the command gets is a PostedDocument."""


BODIES = frozenset({Place.BODY, Place.FORM, Place.LIST, Place.XML})


@dataclass(frozen=True, slots=True)
class From:
    """Marks a command's field: its place and, but for a body, its name there."""

    place: Place
    name: str = ""


class Body(BaseModel):
    """Base of request bodies, camelCase outside and snake_case inside.

    Unknown fields are named as errors; input is never shown in them.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, alias_generator=to_camel
    )

    card_fields: ClassVar[frozenset[str]] = frozenset()
    """The fields in which a card number may stand; anywhere else one is refused."""


class FormBody(Body):
    """Base of form bodies, whose names are as the vendor writes them, without capitals."""

    model_config = ConfigDict(alias_generator=None)


class Command(BaseModel):
    """Base of commands."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def sources(cls) -> dict[str, From]:
        """Field -> where its value comes from."""
        found: dict[str, From] = {}
        for name, field in cls.model_fields.items():
            marks: list[Any] = [mark for mark in field.metadata if isinstance(mark, From)]
            found[name] = marks[0]
        return found


Text = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""One to 255 characters, none of them a control character."""

Key = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$"
    ),
]
"""An idempotency key: visible ASCII, as it stands."""

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _as_rfc_3339(value: object) -> object:
    """Refuse what pydantic takes beyond RFC 3339: epoch numbers, spaces, missing seconds."""
    if isinstance(value, str) and _INSTANT.fullmatch(value) is None:
        raise ValueError("send an instant with its offset, such as 2026-11-21T14:00:00Z")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_as_rfc_3339)]
"""A point in time as RFC 3339 writes it."""

IdempotencyKey = Annotated[
    Key | None,
    Field(
        description="Tells a repeat from a new request: the same key and body never act twice,"
        " and the answer is the first one's."
    ),
    From(Place.HEADER, "Idempotency-Key"),
]

IfMatch = Annotated[
    Annotated[str, StringConstraints(pattern=r'^(W/)?"[0-9]{1,9}"$|^[0-9]{1,9}$')] | None,
    Field(
        description="The ETag of the payment as the caller saw it; refused with 412 when the"
        " payment has changed since."
    ),
    From(Place.HEADER, "If-Match"),
]
"""The ETag of the payment: its revision in quotes."""

TENANT_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""How a tenant's id looks."""

PaymentId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{32}$"),
    Field(description="The hub's id of the payment, as `Payment-Id` and `paymentId` give it."),
    From(Place.PATH, "paymentId"),
]


PlanId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{32}$"),
    Field(description="The hub's id of the plan: the `Payment-Id` of the call that prepared it."),
    From(Place.PATH, "planId"),
]

Cursor = Annotated[
    Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")] | None,
    Field(description="`nextCursor` of the page before, with the same filters."),
    From(Place.QUERY, "cursor"),
]
"""Where a list goes on; opaque to callers."""

LetterId = Annotated[str, StringConstraints(max_length=120, pattern=r"^[A-Za-z0-9-]+$")]
"""A dead letter's id, which is the cursor of their list too."""


def revision_of(if_match: str | None) -> int | None:
    """The revision that an If-Match header names."""
    return None if if_match is None else int(if_match.removeprefix("W/").strip('"'))
