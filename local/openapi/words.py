"""The document's prose: what it is about, its tags, schemes and headers."""

from collections.abc import Iterable
from typing import Any

from payhub.entrypoints.problems import BASE, Kind

Json = dict[str, Any]

TITLE = "Payhub"

_INTRODUCTION = """\
One API over healthcare payment systems that never moves money twice and never loses a payment.

**Keys.** Send your key in the `API-KEY` header. Operators' keys also release, resolve and redrive.

**Repeating a request is safe.** A POST with the same idempotency key and body is carried out once;
every repeat gets the first one's final answer, with `Idempotent-Replayed: true`. The key is
`clientRequestId`, else the `Idempotency-Key` header, else `issuerReferenceId`. Actions on a payment
need no key until the same action was done before; then send a key or `If-Match`.

**202 is not a failure.** The vendor did not answer or could not be reached. The hub sends again
only what provably was not applied and finds out about the rest by itself; `Location` shows how it
stands.

**Money** is exact. `amount` is in the unit your tenant declared, `amountCents` always in cents.

**Errors** are problem documents (RFC 9457). `errors` names the fields, `retry` says what repeating
the request would do. A path that takes other methods answers 405 with `Allow`; unknown paths 404.
What belongs to another tenant does not exist for you.
"""

TAGS: dict[str, str] = {
    "Payments": "Issue payments, look them up and act on them.",
    "Issuer's documented paths": "The same, under the paths that the issuer's guide writes.",
    "Operators": "What needs a person: unclear outcomes and dead letters.",
    "Tokens": "Bearer tokens for client credentials.",
    "Webhooks": "What vendors call.",
    "Documentation": "This document.",
}


def introduction(kinds: Iterable[Kind]) -> str:
    """The prose and the table of problems."""
    rows = [f"| {kind.status} | `{kind.slug}` | {kind.title} | {kind.retry} |" for kind in kinds]
    head = ["| Status | Type | What it says | Repeat |", "|---|---|---|---|"]
    listed = "\n".join([*head, *dict.fromkeys(rows)])
    return f"{_INTRODUCTION}\n**Problem types**, each behind `{BASE}`:\n\n{listed}\n"


SCHEMA_WORDS = {"ActionState": "Where one action stands; the last four are ends."}
"""Where the code's own words speak to its readers only."""

SCHEME_WORDS = {
    "API-KEY": "An opaque key that belongs to one tenant and has a role.",
    "Authorization": "`Bearer` and a token from `POST /oauth2/v1/token`.",
}

HEADERS: dict[str, Json] = {
    "Payment-Id": {
        "description": "The hub's id of the payment.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "ETag": {
        "description": "The payment's revision in quotes, to send as `If-Match`.",
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Location": {
        "description": "Where the payment is to be seen.",
        "schema": {"type": "string", "pattern": "^/payments/[0-9a-f]{32}$"},
    },
    "Idempotent-Replayed": {
        "description": "There, and `true`, when the answer is that of an earlier request.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {
        "description": "Seconds to wait before the request is repeated.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "WWW-Authenticate": {
        "description": "How to send client credentials.",
        "schema": {"type": "string"},
    },
    "Allow": {"description": "The methods that the path takes.", "schema": {"type": "string"}},
}
