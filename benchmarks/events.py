"""Sample events of events/, changed to what a scenario asks for."""

import itertools
import json
from typing import Any
from urllib.parse import urlencode

from benchmarks.stage import Stage, sample

Event = dict[str, Any]

_numbers = itertools.count(1)


def unique() -> str:
    """A text that no other event has."""
    return f"{next(_numbers):08d}"


def event_for(
    stage: Stage,
    function: str,
    *,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    body: Any = None,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Event:
    """The sample of `function` with these parts in place of its own, for the stage's tenant.

    Its key is a new one, and it names no revision.
    """
    event = sample(function)
    if path is not None:
        event["pathParameters"] = {**(event["pathParameters"] or {}), **path}
    if query is not None:
        event["queryStringParameters"] = query or None
        event["multiValueQueryStringParameters"] = {k: [v] for k, v in query.items()} or None
    if form is not None:
        event["body"] = urlencode(form)
    elif body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    own = {"idempotency-key": f"bench-{unique()}"} if "idempotency-key" in event["headers"] else {}
    _drop(event, "if-match")
    for name, value in (own | (headers or {})).items():
        event["headers"][name] = value
        event["multiValueHeaders"][name] = [value]
    vouched = event["requestContext"].get("authorizer")
    if vouched:
        vouched["tenant"] = stage.tenant.tenant
    return event


def _drop(event: Event, header: str) -> None:
    for headers in (event["headers"], event["multiValueHeaders"]):
        headers.pop(header, None)


def body_of(answer: Any) -> Any:
    """The JSON that a function answered."""
    return json.loads(answer["body"])


def key() -> dict[str, str]:
    """A new Idempotency-Key."""
    return {"idempotency-key": f"bench-{unique()}"}
