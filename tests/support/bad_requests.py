"""Bad requests, each with what must be said about it."""

import base64
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

CANARY = "sk_live_0b9ab1f65f0c-canary"
"""Stands where a secret could stand; no answer may show it."""

DETAILS = "payment.paymentDetails"
UNKNOWN_ID = "0123456789abcdef" * 2
JSON_TYPE = {"Content-Type": "application/json"}
LIMIT_BYTES = 256 * 1024
SURROGATE = "\\ud800"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One bad request and what must be said about it."""

    name: str
    status: int = 400
    field: str | None = None
    method: str = "POST"
    path: str = "/payments"
    headers: Mapping[str, str] = dataclasses.field(default_factory=lambda: JSON_TYPE)
    content: bytes = b""


def issue(**changes: Any) -> Json:
    """A body that would do, with something in it changed; None removes."""
    details = {"issuerReferenceId": "BAD-INPUT", "amount": 12500, **changes.pop("details", {})}
    part = {
        "paymentDetails": {name: it for name, it in details.items() if it is not None},
        "totalNumberOfClaims": 1,
        **changes.pop("part", {}),
    }
    body = {"accountShortCode": "ACCT1", "payment": part, **changes}
    return {name: it for name, it in body.items() if it is not None}


def body_case(name: str, field: str, body: Any, status: int = 400) -> Case:
    """POST /payments with a JSON body."""
    return Case(name=name, field=field, status=status, content=json.dumps(body).encode())


def raw_case(name: str, content: bytes, field: str | None = "body", status: int = 400) -> Case:
    """POST /payments with these bytes."""
    return Case(name=name, field=field, status=status, content=content)


def amount_text(text: str) -> bytes:
    """A body whose amount is written so."""
    return json.dumps(issue(details={"amount": "@"})).replace('"@"', text).encode()


def list_case(name: str, query: str, field: str | None) -> Case:
    """GET /payments with this query."""
    return Case(name=name, field=field, method="GET", path=f"/payments?{query}", headers={})


NOT_JSON = [
    raw_case("nothing", b""),
    raw_case("a word", CANARY.encode()),
    raw_case("half an object", b'{"accountShortCode": "ACCT1"'),
    raw_case("a list", b"[]"),
    raw_case("null", b"null"),
    raw_case("a text", json.dumps(CANARY).encode()),
    raw_case("NaN", amount_text("NaN")),
    raw_case("Infinity", amount_text("-Infinity")),
    raw_case("a number beyond floats", amount_text("1e999")),
    raw_case("a number of 5000 digits", amount_text("9" * 5000)),
    raw_case("the same name twice", b'{"accountShortCode": "ACCT1", "accountShortCode": "ACCT2"}'),
    raw_case("100000 open brackets", b"[" * 100_000),
    raw_case("nested 2000 deep", b'{"a":' * 2000 + b"1" + b"}" * 2000),
    raw_case("bytes that are not UTF-8", b'{"accountShortCode": "\xff\xfe\x80"}'),
    raw_case("UTF-16", json.dumps(issue()).encode("utf-16")),
    raw_case("a lone surrogate", f'{{"accountShortCode": "{SURROGATE}"}}'.encode()),
    raw_case(
        "a lone surrogate where anything goes",
        json.dumps(issue(part={"payeeDetails": {"name": "@"}})).replace("@", SURROGATE).encode(),
    ),
    raw_case(
        "a lone surrogate in a name",
        json.dumps(issue(details={"@": 1})).replace("@", SURROGATE).encode(),
    ),
    raw_case("a form", b"accountShortCode=ACCT1"),
    raw_case("XML", b"<payment/>"),
]

MONEY = [
    body_case("zero", f"{DETAILS}.amount", issue(details={"amount": 0})),
    body_case("negative", f"{DETAILS}.amount", issue(details={"amount": -1})),
    body_case("missing", f"{DETAILS}.amount", issue(details={"amount": None})),
    body_case("text", f"{DETAILS}.amount", issue(details={"amount": "12500"})),
    body_case("true", f"{DETAILS}.amount", issue(details={"amount": True})),
    body_case("a list", f"{DETAILS}.amount", issue(details={"amount": [CANARY]})),
    body_case("beyond the largest", f"{DETAILS}.amount", issue(details={"amount": 10**12})),
    body_case("beyond 64 bits", f"{DETAILS}.amount", issue(details={"amount": 2**64})),
    body_case("of 4000 digits", f"{DETAILS}.amount", issue(details={"amount": 10**4000})),
    raw_case("null", amount_text("null"), f"{DETAILS}.amount"),
    raw_case("with a decimal", amount_text("125.5"), f"{DETAILS}.amount"),
    raw_case("with extra digits", amount_text("17.071"), f"{DETAILS}.amount"),
    raw_case("with a zero behind the point", amount_text("12500.0"), f"{DETAILS}.amount"),
    raw_case("with an exponent", amount_text("1e4"), f"{DETAILS}.amount"),
]

FIELDS = [
    body_case("no account", "accountShortCode", issue(accountShortCode=None)),
    body_case("an empty account", "accountShortCode", issue(accountShortCode="")),
    body_case("another account", "accountShortCode", issue(accountShortCode=CANARY)),
    body_case("another tenant's account", "accountShortCode", issue(accountShortCode="ACCT3")),
    body_case("an account with NUL", "accountShortCode", issue(accountShortCode="ACCT1\x00")),
    body_case("a number as account", "accountShortCode", issue(accountShortCode=1)),
    body_case("no payment", "payment", issue(payment=None)),
    body_case("a text as payment", "payment", issue(payment=CANARY)),
    body_case("no details", DETAILS, issue(payment={"totalNumberOfClaims": 1})),
    body_case("a list as details", DETAILS, issue(payment={"paymentDetails": [CANARY]})),
    body_case("an unknown field", "acountShortCode", issue(acountShortCode=CANARY)),
    body_case("a snake", "account_short_code", issue(account_short_code="ACCT1")),
    body_case("a key with blanks", "clientRequestId", issue(clientRequestId="a b")),
    body_case("a long key", "clientRequestId", issue(clientRequestId="x" * 256)),
    body_case("a number as key", "clientRequestId", issue(clientRequestId=7)),
    body_case(
        "a long reference",
        f"{DETAILS}.issuerReferenceId",
        issue(details={"issuerReferenceId": "x" * 256}),
    ),
    body_case(
        "a reference with a line break",
        f"{DETAILS}.issuerReferenceId",
        issue(details={"issuerReferenceId": "a\nb"}),
    ),
    body_case(
        "negative claims", "payment.totalNumberOfClaims", issue(part={"totalNumberOfClaims": -1})
    ),
    body_case(
        "claims beyond 32 bits",
        "payment.totalNumberOfClaims",
        issue(part={"totalNumberOfClaims": 2**31}),
    ),
    body_case("a text as payee", "payment.payeeDetails", issue(part={"payeeDetails": CANARY})),
    body_case(
        "a text as claims",
        "payment.claimLevelInformation",
        issue(part={"claimLevelInformation": CANARY}),
    ),
    body_case("no key at all", "Idempotency-Key", issue(details={"issuerReferenceId": None})),
]

SIZES_AND_TYPES = [
    Case(
        name="a body over the limit",
        status=413,
        content=json.dumps(issue(part={"payeeDetails": {"x": "x" * LIMIT_BYTES}})).encode(),
    ),
    Case(
        name="numbers that grow when they are stored",
        status=413,
        content=json.dumps(issue(part={"claimLevelInformation": "@"}))
        .replace('"@"', "[" + ",".join(["1e15"] * 50_000) + "]")
        .encode(),
    ),
    Case(name="no content type", status=415, headers={}, content=b"{}"),
    *(
        Case(name=kind, status=415, headers={"Content-Type": kind}, content=b"{}")
        for kind in (
            *("text/plain", "application/xml", "application/x-www-form-urlencoded"),
            *("multipart/form-data; boundary=x", "application/problem+json", "nonsense", ";"),
            "application/json, application/json",
        )
    ),
]

HEADERS = [
    Case(
        name=f"{header}: {value[:20]}",
        field=header,
        path=f"/payments/{UNKNOWN_ID}/void" if header == "If-Match" else "/payments",
        headers={**JSON_TYPE, header: value},
        content=b"" if header == "If-Match" else json.dumps(issue()).encode(),
    )
    for header, value in [
        ("Idempotency-Key", "x" * 256),
        ("Idempotency-Key", "x" * 6000),
        ("Idempotency-Key", "with blanks"),
        ("Idempotency-Key", ""),
        ("If-Match", "*"),
        ("If-Match", '"one"'),
        ("If-Match", '"1", "2"'),
        ("If-Match", "9" * 300),
    ]
] + [
    Case(
        name="two different keys",
        status=422,
        headers={**JSON_TYPE, "Idempotency-Key": "one"},
        content=json.dumps(issue(clientRequestId="another")).encode(),
    ),
    Case(
        name="another tenant named",
        status=403,
        headers={**JSON_TYPE, "TENANT": "Hillside Pediatrics"},
        content=json.dumps(issue()).encode(),
    ),
]

QUERIES = [
    list_case("limit 0", "limit=0", "limit"),
    list_case("limit 101", "limit=101", "limit"),
    list_case("limit in words", f"limit={CANARY}", "limit"),
    list_case("limit empty", "limit=", "limit"),
    list_case("limit huge", f"limit={'9' * 5000}", "limit"),
    list_case("limit with a fraction", "limit=1.5", "limit"),
    list_case("limit twice", "limit=1&limit=2", "limit"),
    list_case("status twice", "status=Sent&status=Sent", "status"),
    list_case("status with NUL", "status=%00", "status"),
    list_case("status empty", "status=", "status"),
    list_case("reference too long", f"reference={'x' * 256}", "reference"),
    list_case("reference with a line break", "reference=a%0d%0ab", "reference"),
    list_case("an unknown parameter", f"page={CANARY}", "page"),
    list_case("a parameter in capitals", "Limit=1", "Limit"),
    list_case("a nameless parameter", f"={CANARY}", None),
    list_case("a day without time", "from=2026-11-21", "from"),
    list_case("a time without offset", "from=2026-11-21T00:00:00", "from"),
    list_case("an epoch time", "from=1795270987", "from"),
    list_case("no such day", "to=2026-02-30T00:00:00Z", "to"),
    list_case("an end before the start", "from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z", "to"),
    list_case("a cursor of nothing", "cursor=AAAA", "cursor"),
    list_case("a cursor with odd characters", "cursor=%22%7B", "cursor"),
    list_case("a cursor too long", f"cursor={'A' * 201}", "cursor"),
    *(
        list_case(f"a cursor that says {text[:30]!r}", f"cursor={encoded}", "cursor")
        for text in ("#", "1#2#3", "-1#" + UNKNOWN_ID, "9" * 100 + "#x", f"{1:013d}#TENANT", "é#é")
        for encoded in [base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")]
    ),
    list_case(
        "a cursor outside the time",
        "from=2026-11-21T00:00:00Z&cursor="
        + base64.urlsafe_b64encode(f"{1:013d}#{UNKNOWN_ID}".encode()).decode().rstrip("="),
        "cursor",
    ),
]

ODD_IDS = (
    *("x", "0" * 31, "0" * 33, UNKNOWN_ID.upper(), "%00", "%0a", "%", "%zz", "%2e%2e", "%ff%fe"),
    *("%F0%9F%92%B8", "..%2f..%2fetc%2fpasswd", "%2525", "a%2Fb", "{paymentId}", "'%20OR%201=1"),
    *("TENANT%23x", "x" * 2000, "%ed%a0%80", "-", "~", "a;b=c", "%3Cscript%3E", "$%7Bjndi:x%7D"),
)
PATHS = [
    *(
        Case(name=f"{method} {path[:60]}", status=404, method=method, path=path, headers={})
        for odd in (UNKNOWN_ID, *ODD_IDS)
        for method, path in [("GET", f"/payments/{odd}")]
    ),
    *(
        Case(name=f"{method} {path[:60]}", status=404, method=method, path=path, headers={})
        for odd in (UNKNOWN_ID, "%00", "%zz")
        for method, path in [
            ("GET", f"/payments/{odd}/details"),
            ("GET", f"/api/issue/v1/payments/{odd}"),
            ("POST", f"/payments/{odd}/void"),
            ("POST", f"/payments/{odd}/release"),
            ("POST", f"/api/issue/v1/payments/{odd}/reissue"),
        ]
    ),
    *(
        Case(name=f"POST letter {odd[:40]}", status=404, path=f"/dead-letters/{odd}/redrive")
        for odd in ("none", "%00", "%23", "x" * 121, "%F0%9F%92%B8")
    ),
    *(
        Case(name=f"GET {path[:60]}", status=404, method="GET", path=path, headers={})
        for path in (
            *("/", "/nowhere", "/payment", "/payments/a/b/c", "/%00", "/%ff"),
            *("/..%2f..%2f", "/payments//details", "/v1/195900/patients", "/PAYMENTS", "/%"),
            "/" + "x" * 3000,
        )
    ),
]

METHODS = [
    Case(name=f"{method} {path}", status=405, method=method, path=path)
    for method, path in [
        ("DELETE", "/payments"),
        ("PUT", "/payments"),
        ("PATCH", f"/payments/{UNKNOWN_ID}"),
        ("POST", f"/payments/{UNKNOWN_ID}"),
        ("GET", f"/payments/{UNKNOWN_ID}/void"),
        ("GET", "/oauth2/v1/token"),
        ("POST", "/openapi.json"),
        ("OPTIONS", "/docs"),
        ("DELETE", "/dead-letters"),
        ("GET", "/webhooks/optum/x"),
    ]
]

VERBS = [
    Case(
        name=f"{verb}: {name}",
        field=field,
        status=status,
        path=f"/payments/{UNKNOWN_ID}/{verb}",
        content=content,
    )
    for verb, name, field, content, status in [
        ("void", "an unknown field", "why", b'{"why": "x"}', 400),
        ("void", "a number as reason", "reason", b'{"reason": 1}', 400),
        ("void", "a long reason", "reason", json.dumps({"reason": "x" * 256}).encode(), 400),
        ("release", "not JSON", "body", b"reason", 400),
        ("reissue", "null", "body", b"null", 400),
        ("resolve", "nothing", "body", b"", 400),
        ("resolve", "no resolution", "resolution", b'{"reason": "x"}', 400),
        ("resolve", "no reason", "reason", b'{"resolution": "moved"}', 400),
        ("resolve", "another word", "resolution", b'{"resolution": "x", "reason": "x"}', 400),
        ("resolve", "no such payment", None, b'{"resolution": "resend", "reason": "x"}', 404),
    ]
]

WEBHOOKS = [
    Case(
        name=f"webhook {name}",
        status=status,
        path=f"/webhooks/optum/{tenant}",
        headers={**JSON_TYPE, **headers},
        content=content,
    )
    for name, tenant, headers, content, status in [
        ("without a signature", "@tenant", {}, b"{}", 401),
        ("with a forged one", "@tenant", {"Optum-Signature": "0" * 64}, b"{}", 401),
        ("with an odd one", "@tenant", {"Optum-Signature": "\xe9\xe8"}, b"{}", 401),
        ("for nobody", "0b9ab1f6-5f0c-4a57-9d0e-2f6a41c0ffff", {}, b"{}", 401),
        ("for an odd name", "%23PAYMENT%23%00", {}, b"{}", 401),
        ("for a long name", "x" * 3000, {}, b"{}", 401),
        ("over the limit", "@tenant", {}, b"x" * (LIMIT_BYTES + 1), 413),
    ]
]

CASES = {
    "not JSON": NOT_JSON,
    "money": MONEY,
    "fields": FIELDS,
    "sizes and types": SIZES_AND_TYPES,
    "headers": HEADERS,
    "queries": QUERIES,
    "paths": PATHS,
    "methods": METHODS,
    "verbs": VERBS,
    "webhooks": WEBHOOKS,
}
