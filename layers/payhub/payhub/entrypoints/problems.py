"""Errors as RFC 9457 problems: the one table from what the hub refuses to HTTP."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from payhub.domain import errors
from payhub.domain.scrub import without_numbers

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of refusal looks; `retry` tells the caller what repeating it would do."""

    status: int
    slug: str
    title: str
    retry: str


KINDS: Mapping[type[Exception], Kind] = {
    errors.InvalidRequest: Kind(400, "invalid-request", "The request is not valid", "after mending it"),
    errors.BadCredentials: Kind(401, "bad-credentials", "The credentials are wrong", "with other credentials"),
    errors.BadSignature: Kind(401, "bad-signature", "The signature is wrong", "with a valid signature"),
    errors.WrongTenant: Kind(403, "wrong-tenant", "The TENANT header is not the key's tenant", "with the key of that tenant"),
    errors.RoleNeeded: Kind(403, "role-needed", "This key may not do this", "with an operator's key"),
    errors.NotFound: Kind(404, "not-found", "There is no such thing", "never"),
    errors.ActionOpen: Kind(409, "action-open", "Another action is open", "after it has ended"),
    errors.NothingToDo: Kind(409, "action-open", "Another request is doing this", "after it has ended"),
    errors.NotAllowed: Kind(409, "not-allowed", "The payment's state does not allow it", "never, while the state stays"),
    errors.RevisionNeeded: Kind(409, "revision-needed", "Repeat or new request?", "with If-Match or a key"),
    errors.RevisionMismatch: Kind(412, "revision-mismatch", "The payment has changed", "after reading it again"),
    errors.PossibleDuplicate: Kind(409, "possible-duplicate", "The same money may be booked twice", "with confirmnotduplicate=true if it is other money"),
    errors.AlreadyPlanned: Kind(409, "already-planned", "The charge is in a plan already", "after that plan was cancelled or has ended"),
    errors.ClaimTaken: Kind(409, "claim-taken", "Another payment holds this reference", "never"),
    errors.BodyTooLarge: Kind(413, "body-too-large", "The body is too large", "with a smaller body"),
    errors.UnsupportedMedia: Kind(415, "unsupported-media-type", "The content type is not supported", "with the content type that the detail names"),
    errors.VendorUnavailable: Kind(503, "vendor-unavailable", "The vendor cannot be asked now", "later"),
    errors.KeyReused: Kind(422, "key-reused", "The key was used with another request", "with a new key"),
}  # fmt: skip

# fmt: off
RUNNING = Kind(409, "still-running", "The first request is still running", "after some seconds")
DECLINED = Kind(
    422, "declined", "The vendor refused the payment", "never; use a new key for a new payment"
)
NOT_ALLOWED_BY_VENDOR = Kind(
    409, "not-allowed", "The vendor refused the action", "never, while the state stays"
)
NOT_CAPTURED = Kind(422, "not-captured", "Nothing was captured", "with a new key")
NOT_SENT = Kind(
    503, "not-sent", "The vendor could not be reached; nothing was sent", "with the same key"
)
UNKNOWN_ROUTE = Kind(404, "unknown-route", "There is no such path", "never")
WRONG_METHOD = Kind(
    405, "wrong-method", "The path does not take this method", "with an allowed method"
)
REFUSED_BY_VENDOR = Kind(
    400, "refused-by-vendor", "The vendor refused the request", "after mending it, with a new key"
)
UNEXPECTED = Kind(500, "unexpected", "Something went wrong in the hub", "with the same key")
UNAVAILABLE = Kind(503, "unavailable", "The hub cannot reach its own storage", "with the same key")
# fmt: on

STORAGE_ERRORS = (BotoCoreError, ClientError, TimeoutError, errors.SecretUnavailable)
"""What the adapters of table, queue and secrets raise while these cannot be reached."""

BASE = "https://payhub.example/problems/"
"""Problem types are names; docs/api.md explains each."""


def problem(
    kind: Kind,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    correlation_id: str | None = None,
    **members: Any,
) -> dict[str, Any]:
    """An API Gateway answer that holds the problem; members that are None are left out."""
    body: dict[str, Any] = {
        "type": BASE + kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "retry": kind.retry,
        **members,
        "correlation_id": correlation_id,
    }
    return {
        "statusCode": kind.status,
        "headers": {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store", **(headers or {})},
        "body": json.dumps({k: v for k, v in body.items() if v is not None}),
    }


def problem_of(error: Exception, correlation_id: str | None) -> dict[str, Any] | None:
    """The problem of an error the hub knows, or None for one that nobody foresaw."""
    if isinstance(error, ValidationError):
        error = errors.InvalidRequest("The request is not valid.", fields_of(error))
    if isinstance(error, STORAGE_ERRORS):
        detail = "Nothing is lost: repeat the request with the same key."
        wait = {"Retry-After": "1"}
        return problem(UNAVAILABLE, detail, headers=wait, correlation_id=correlation_id)
    kind = next((KINDS[cls] for cls in type(error).__mro__ if cls in KINDS), None)
    if kind is None:
        return None
    members: dict[str, Any] = {"payment_id": getattr(error, "payment_id", None)}
    if isinstance(error, errors.InvalidRequest) and error.errors:
        members["errors"] = [
            {"field": without_numbers(e.field), "detail": e.detail} for e in error.errors
        ]
    detail = getattr(error, "detail", kind.title)
    headers = {"Retry-After": "2"} if kind.status == UNAVAILABLE.status else None
    return problem(kind, detail, headers=headers, correlation_id=correlation_id, **members)


def fields_of(error: ValidationError) -> Sequence[errors.FieldError]:
    """pydantic's errors as field and words, without the input that caused them."""
    return [
        errors.FieldError(".".join(map(str, e["loc"])) or "body", e["msg"])
        for e in error.errors(include_input=False, include_url=False, include_context=False)
    ]
