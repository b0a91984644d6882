"""Problem responses: the hub's kinds and what API Gateway answers by itself, by status."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from local.openapi import examples, schemas
from local.openapi.dialects import Dialect
from local.openapi.routes import Gateway
from payhub.domain.errors import BadCredentials, InvalidRequest
from payhub.entrypoints import problems, shapes
from payhub.entrypoints.problems import CONTENT_TYPE, KINDS, Kind

Json = dict[str, Any]

OWN_KINDS = tuple(it for it in vars(problems).values() if isinstance(it, Kind))
"""The kinds that no exception stands for."""

_DETAILS = {
    "invalid-request": "The request is not valid.",
    "bad-signature": "The signature does not match the body.",
    "wrong-tenant": "The key belongs to another tenant than the TENANT header names.",
    "role-needed": "This needs a key with the operator role.",
    "not-found": f"There is no payment {examples.PAYMENT_ID}.",
    "action-open": "The payment has an open action: void is unknown (attempt 1). Wait for its end.",
    "still-running": "The same request is being carried out.",
    "not-allowed": "A payment in status Voided with an available balance of 0 cents cannot be"
    " voided. A payment can be voided while money is available on it.",
    "revision-needed": "The payment was already voided once and changed since, so this could be a"
    " late repeat. Send If-Match with the present revision (9), or an Idempotency-Key, to ask for"
    " it anew.",
    "revision-mismatch": "If-Match names revision 4, the payment is at revision 9. Read it again"
    " and decide.",
    "body-too-large": "The body may have at most 262144 bytes.",
    "unsupported-media-type": "Send the body with Content-Type: application/json.",
    "key-reused": "This key was used before with another request. Send that request again to have"
    " its answer, or use a new key.",
    "declined": "The account has no funds.",
    "not-captured": "The vendor shows no trace of it after the quarantine.",
    "not-sent": "The vendor could not be reached.",
    "possible-duplicate": "The same amount of the same patient and tender was collected today, or"
    f" may have been (payment {examples.PAYMENT_ID} is Collected). If this is other money, send"
    " confirmnotduplicate=true.",
    "already-planned": "Charge 2d7c1b54-3d0f-4a52-9a37-6c9b8f6f2e01 is in payment"
    f" {examples.PAYMENT_ID} already, which is active. Cancel that one first.",
    "claim-taken": "Another payment holds this reference",
    "refused-by-vendor": "The patient is not registered in the department.",
    "vendor-unavailable": "athenahealth cannot be asked now.",
    "unknown-route": "See /docs for the paths there are.",
    "wrong-method": "This path takes POST.",
    "unexpected": "Nothing is lost: repeat the request with the same key, or look the payment up.",
    "unavailable": "Nothing is lost: repeat the request with the same key.",
}
_WITH_PAYMENT = frozenset(
    {"not-found", "action-open", "still-running", "not-allowed", "revision-needed", "key-reused"}
    | {"revision-mismatch", "declined", "not-captured", "not-sent", "possible-duplicate"}
    | {"refused-by-vendor", "already-planned"}
)
_FIELD = {"field": "payment.paymentDetails.amount", "detail": "must be greater than zero"}
_WAITING = frozenset({409, 429, 503, 504})

_GUARDED = ("UNAUTHORIZED", "ACCESS_DENIED", "AUTHORIZER_FAILURE")
_ANYWHERE = ("WAF_FILTERED", "THROTTLED", "INTEGRATION_TIMEOUT")
_WITH_BODY = ("REQUEST_TOO_LARGE",)


def kinds() -> list[Kind]:
    """One kind for each problem type, by status; wrong client credentials are not a problem."""
    known = [kind for error, kind in KINDS.items() if error is not BadCredentials]
    by_slug = {kind.slug: kind for kind in reversed([*known, *OWN_KINDS])}
    return sorted(by_slug.values(), key=lambda kind: (kind.status, kind.slug))


def responses(
    found: Iterable[Kind],
    gateway: Mapping[str, Gateway],
    *,
    is_guarded: bool,
    has_body: bool,
    dialect: Dialect | None = None,
) -> Json:
    """Status -> response, the examples by name; with a dialect as the vendor's clients read it."""
    by_status: dict[int, list[str]] = {}
    for kind in found:
        name, status = kind.slug, kind.status
        if dialect is not None:
            name, status = dialect.prefix + kind.slug, _answer(kind, dialect)["statusCode"]
        by_status.setdefault(status, []).append(name)
    by_gateway: dict[int, list[str]] = {}
    for name in gateway_names(is_guarded=is_guarded, has_body=has_body):
        by_gateway.setdefault(gateway[name].status, []).append(_slug(name))
    return {
        str(status): _response(
            status, by_status.get(status, ()), by_gateway.get(status, ()), dialect
        )
        for status in sorted(by_status.keys() | by_gateway.keys())
    }


def gateway_names(*, is_guarded: bool, has_body: bool) -> list[str]:
    """Which of API Gateway's own answers a route may give."""
    return [
        *(_GUARDED if is_guarded else ()),
        *_ANYWHERE,
        *(_WITH_BODY if has_body else ()),
    ]


def component_examples(
    gateway: Mapping[str, Gateway], in_dialect: Mapping[Dialect, Collection[Kind]]
) -> Json:
    """One example of each kind, by its slug; of some another one in each dialect."""
    found = {kind.slug: {"summary": kind.title, "value": _example(kind)} for kind in kinds()}
    for dialect, spoken in in_dialect.items():
        slugs = {kind.slug for kind in spoken}
        for kind in kinds():
            if kind.slug in slugs:
                value = _example(kind, dialect)
                found[dialect.prefix + kind.slug] = {"summary": kind.title, "value": value}
    for name in gateway_names(is_guarded=True, has_body=True):
        body = {**gateway[name].body, "correlation_id": examples.CORRELATION_ID}
        found[_slug(name)] = {"summary": f"By API Gateway: {body['detail']}", "value": body}
    return found


def wrong_method() -> Json:
    """405, which no described operation answers but every described path may."""
    response = _response(problems.WRONG_METHOD.status, [problems.WRONG_METHOD.slug], (), None)
    return {**response, "headers": {"Allow": {"$ref": "#/components/headers/Allow"}}}


def _slug(gateway_name: str) -> str:
    return "gateway-" + gateway_name.lower().replace("_", "-")


def _response(
    status: int, slugs: Iterable[str], by_gateway: Iterable[str], dialect: Dialect | None
) -> Json:
    """What API Gateway answers by itself is JSON everywhere."""
    shape = shapes.Problem if dialect is None else dialect.shape_of(status)
    content: Json = {}
    if dialect is not None and dialect.content_type != CONTENT_TYPE:
        _show(content, dialect.content_type, schemas.XML_TEXT, slugs)
        _show(content, CONTENT_TYPE, schemas.reference(shape), by_gateway)
    else:
        _show(content, CONTENT_TYPE, schemas.reference(shape), [*slugs, *by_gateway])
    response: Json = {"description": _DESCRIPTIONS[status], "content": content}
    if status in _WAITING:
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return response


def _show(content: Json, content_type: str, schema: Json, slugs: Iterable[str]) -> None:
    names = list(dict.fromkeys(slugs))
    if names:
        shown = {it: {"$ref": f"#/components/examples/{it}"} for it in names}
        content[content_type] = {"schema": schema, "examples": shown}


_DESCRIPTIONS = {
    400: "The request is not valid; `errors` names the fields, or the vendor says why.",
    401: "The credential or the signature is missing or wrong.",
    403: "The key may not do this.",
    404: "There is no such thing for this tenant.",
    405: "The path does not take this method; `Allow` names those it takes.",
    409: "The payment's state does not allow it, or it is under way already.",
    412: "The payment has changed since.",
    413: "The body is too large.",
    415: "The content type is not supported.",
    422: "The vendor refused the payment, nothing was captured, or the key had another request; on"
    " Decoda's paths also a request that is not valid.",
    429: "Too many requests.",
    500: "Something went wrong in the hub; nothing is lost.",
    503: "Nothing was done. Repeat the request with the same key.",
    504: "The outcome is not known yet. Repeat the request with the same key.",
}


def _example(kind: Kind, dialect: Dialect | None = None) -> Any:
    body = _answer(kind, dialect)["body"]
    is_xml = dialect is not None and dialect.content_type != CONTENT_TYPE
    return body if is_xml else json.loads(body)


def _answer(kind: Kind, dialect: Dialect | None) -> Json:
    members: Json = {}
    said = _DETAILS | dict(dialect.details if dialect else {})
    detail = said[kind.slug]
    if kind is KINDS[InvalidRequest]:
        members["errors"] = [dialect.field if dialect else _FIELD]
    if kind.slug in _WITH_PAYMENT:
        members["payment_id"] = examples.PAYMENT_ID
    if kind is problems.DECLINED:
        members |= {"vendor": "optum", "vendor_message": detail}
    if kind is problems.REFUSED_BY_VENDOR:
        members |= {"vendor": dialect.vendor if dialect else "athena", "vendor_code": "400"}
        members |= {"vendor_message": detail}
    answer = problems.problem(kind, detail, correlation_id=examples.CORRELATION_ID, **members)
    return dialect.speak(answer) if dialect else answer
