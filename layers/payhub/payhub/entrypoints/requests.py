"""API Gateway events as plain requests, and requests as commands."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import parse_qsl, unquote

from pydantic import ValidationError

from payhub.command import BODIES, Command, Place
from payhub.domain.card import holds_card_number
from payhub.domain.errors import (
    BodyTooLarge,
    FieldError,
    InvalidRequest,
    NotFound,
    UnsupportedMedia,
)
from payhub.entrypoints.problems import fields_of

if TYPE_CHECKING:
    from payhub.domain.portal import PostedDocument

BODY_MAX_BYTES = 256 * 1024
DEPTH_MAX = 64
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
XML_TYPE = "application/xml"
REPLACED = "\ufffd".encode()
"""What API Gateway puts where a body is not UTF-8: the bytes that were there are lost."""

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What API Gateway hands over: header names in lower case, path values decoded once."""

    method: str
    resource: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    authorizer: Mapping[str, str]
    correlation_id: str
    repeated: frozenset[str] = frozenset()
    """Query parameters that came more than once; `query` holds the last of each."""


def read_event(event: Mapping[str, Any]) -> HttpRequest:
    """The request of a proxy event. Path values come percent-encoded from API Gateway."""
    context = event.get("requestContext") or {}
    return HttpRequest(
        method=event.get("httpMethod") or "",
        resource=event.get("resource") or "",
        path={k: unquote(v) for k, v in (event.get("pathParameters") or {}).items()},
        query=event.get("queryStringParameters") or {},
        headers={k.lower(): v for k, v in (event.get("headers") or {}).items()},
        body=_raw_body(event),
        authorizer=context.get("authorizer") or {},
        correlation_id=context.get("requestId") or "",
        repeated=frozenset(name for name, values in _query_lists(event).items() if values[1:]),
    )


def _query_lists(event: Mapping[str, Any]) -> Mapping[str, list[str]]:
    return event.get("multiValueQueryStringParameters") or {}


def _raw_body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return base64.b64decode(body)
    return str(body).encode("utf-8", "surrogatepass")


def read_command(request: HttpRequest, command: type[C]) -> C:
    """The command of a request.

    Raises InvalidRequest naming each field by its name in the request, NotFound for a path value
    that cannot exist, UnsupportedMedia and BodyTooLarge.
    """
    sources = command.sources()
    values: dict[str, Any] = {}
    for field, source in sources.items():
        if source.place in BODIES:
            if request.body or command.model_fields[field].is_required():
                values[field] = _read_body(request, source.place)
            continue
        value = _values_of(request, source.place).get(_name(source.place, source.name))
        if value is not None:
            values[field] = value
    _refuse_query(request, command)
    _refuse_card_numbers(values, command)
    try:
        return command.model_validate(values)
    except ValidationError as error:
        _refuse(error, command)


def _read_body(request: HttpRequest, place: Place) -> "dict[str, Any] | list[Any] | PostedDocument":
    if place is Place.XML:
        return read_xml(request)
    if place is Place.LIST:
        return read_json_list(request)
    return read_json(request) if place is Place.BODY else read_form(request)


def _values_of(request: HttpRequest, place: Place) -> Mapping[str, str]:
    return {
        Place.PATH: request.path,
        Place.QUERY: request.query,
        Place.HEADER: request.headers,
    }[place]


def _name(place: Place, name: str) -> str:
    return name.lower() if place is Place.HEADER else name


def _refuse_query(request: HttpRequest, command: type[Command]) -> None:
    known = {s.name for s in command.sources().values() if s.place is Place.QUERY}
    unknown = sorted(set(request.query) - known)
    if unknown:
        choice = ", ".join(sorted(known)) or "none"
        raise InvalidRequest(
            "The query has parameters that this path does not take.",
            [FieldError(name[:80], f"not a parameter here; known: {choice}") for name in unknown],
        )
    if request.repeated:
        raise InvalidRequest(
            "The query has a parameter more than once.",
            [FieldError(name, "send it once") for name in sorted(request.repeated)],
        )


def _refuse(error: ValidationError, command: type[Command]) -> NoReturn:
    """Name the fields as the caller knows them."""
    sources = command.sources()
    found = []
    for e in fields_of(error):
        head, _, rest = e.field.partition(".")
        source = sources.get(head)
        if source is not None and source.place is Place.PATH:
            raise NotFound("There is nothing under this path.") from None
        in_body = source is None or source.place in BODIES
        name = rest or "body" if source is None or in_body else source.name
        found.append(FieldError(name, e.detail))
    raise InvalidRequest("The request is not valid.", found) from None


def _refuse_card_numbers(values: dict[str, Any], command: type[Command]) -> None:
    """A card number outside the fields made for one would be stored: it is refused unread.

    Neither the number nor what stands around it is repeated.
    """
    places: list[str] = []
    for field, value in values.items():
        source = command.sources()[field]
        if source.place not in BODIES:
            places += [source.name] if _holds_card(value) else []
            continue
        if source.place is Place.XML:
            continue  # looked through where it is read
        if source.place is Place.LIST:
            places += [str(at) for at, each in enumerate(value) if _holds_card(each)]
            continue
        body = command.model_fields[field].annotation
        allowed: frozenset[str] = getattr(body, "card_fields", frozenset())
        for name, inner in value.items():
            if holds_card_number(name):
                places.append("the name of a field")
            elif name not in allowed and _holds_card(inner):
                places.append(name)
    if places:
        raise InvalidRequest(
            "Card numbers may only stand in the fields made for them.",
            [FieldError(place[:80], "looks like a card number") for place in places],
        )


def _holds_card(value: object) -> bool:
    open_ends = [value]
    while open_ends:
        inner = open_ends.pop()
        if isinstance(inner, dict):
            open_ends += [*inner, *inner.values()]
        elif isinstance(inner, list):
            open_ends += inner
        elif isinstance(inner, str | int | float) and holds_card_number(str(inner)):
            return True
    return False


def check_body(request: HttpRequest, *content_types: str) -> None:
    """Refuse what is too large or of another type before it is read."""
    if len(request.body) > BODY_MAX_BYTES:
        raise BodyTooLarge(f"The body may have at most {BODY_MAX_BYTES} bytes.")
    if _media_type(request) not in content_types:
        wanted = " or ".join(content_types)
        raise UnsupportedMedia(f"Send the body with Content-Type: {wanted}.")


def _media_type(request: HttpRequest) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def read_json(request: HttpRequest) -> dict[str, Any]:
    """The body as a JSON object: whole text, no duplicate names, no NaN, not too deep."""
    value = _json_value(request)
    if not isinstance(value, dict):
        raise _unreadable("send a JSON object")
    return value


def read_json_list(request: HttpRequest) -> list[Any]:
    """The body as a JSON array, by the same rules."""
    value = _json_value(request)
    if not isinstance(value, list):
        raise _unreadable("send a JSON array")
    return value


def _json_value(request: HttpRequest) -> object:
    check_body(request, JSON_TYPE)
    try:
        if REPLACED in request.body:
            raise _NotTaken("the body is not UTF-8")
        value: object = json.loads(
            request.body, object_pairs_hook=_without_duplicates, parse_constant=_no_constant
        )
        depth = _checked_depth(value)
    except (ValueError, RecursionError) as error:
        words = str(error) if isinstance(error, _NotTaken) else "the body is not JSON"
        raise _unreadable(words) from None
    if depth > DEPTH_MAX:
        raise _unreadable(f"nested deeper than {DEPTH_MAX}")
    return value


def read_form(request: HttpRequest) -> dict[str, Any]:
    """The fields of a form-encoded body, or of a JSON object; blank ones did not come."""
    check_body(request, FORM_TYPE, JSON_TYPE)
    if _media_type(request) == JSON_TYPE:
        pairs = list(read_json(request).items())
    else:
        if REPLACED in request.body:
            raise _unreadable("the body is not UTF-8")
        try:
            text = request.body.decode("utf-8")
            pairs = [*parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=200)]
        except (UnicodeDecodeError, ValueError):
            raise _unreadable("the body is not a form in UTF-8") from None
    fields = {name.strip().lower(): value for name, value in pairs if value not in ("", None)}
    if len(fields) != sum(value not in ("", None) for _, value in pairs):
        raise _unreadable("a field came more than once")
    return fields


def read_xml(request: HttpRequest) -> "PostedDocument":
    """The body as a Payments document in UTF-8, whose content type may say so."""
    from payhub.entrypoints.xml_bodies import read_payments  # noqa: PLC0415 - lxml, only for XML

    check_body(request, XML_TYPE)
    parameters = request.headers.get("content-type", "").partition(";")[2]
    if _UTF_8.fullmatch(parameters) is None:
        raise UnsupportedMedia(f"Send the body with Content-Type: {XML_TYPE}, in UTF-8.")
    if REPLACED in request.body:
        raise _unreadable("the body is not UTF-8")
    return read_payments(request.body)


_UTF_8 = re.compile(r"""\s*(charset\s*=\s*("utf-8"|utf-8)\s*;?\s*)?""", re.IGNORECASE | re.ASCII)
"""What may follow the content type of XML."""


def _unreadable(words: str) -> InvalidRequest:
    return InvalidRequest("The body cannot be read.", [FieldError("body", words)])


class _NotTaken(ValueError):
    """JSON that parses but is not taken; its text is ours."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotTaken("an object has the same name twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NotTaken("NaN and Infinity are not JSON")


def _checked_depth(value: object) -> int:
    """How deep it is nested; every text and number in it is looked at on the way."""
    deepest, open_ends = 0, [(value, 1)]
    while open_ends:
        inner, depth = open_ends.pop()
        deepest = max(deepest, depth)
        if isinstance(inner, dict):
            open_ends += [(v, depth + 1) for v in (*inner, *inner.values())]
        elif isinstance(inner, list):
            open_ends += [(v, depth + 1) for v in inner]
        elif isinstance(inner, float) and inner in (float("inf"), float("-inf")):
            raise _NotTaken("a number is too large")
        elif isinstance(inner, str) and not _is_text(inner):
            raise _NotTaken("a text holds half a character (a lone surrogate)")
    return deepest


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
