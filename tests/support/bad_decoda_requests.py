"""Bad requests on Decoda's paths and on those of plans and refunds, with what must be said."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.bad_athena_requests import CARD_NUMBER
from tests.support.bad_requests import CANARY, JSON_TYPE, LIMIT_BYTES, SURROGATE, UNKNOWN_ID, Case
from tests.support.decoda_client import PAYIN_PATH, SETTLE_PATH

Json = dict[str, Any]
Wrongs = list[tuple[str, Json]]
"""Which field is wrong, and what makes it so."""

CHARGE: Json = {"id": "bad-input", "patientId": "bad-input", "totalOutstanding": 1_000}
PATIENT: Json = {"id": "bad-input", "type": "PATIENT", "createdDate": "2026-11-21T12:00:00Z"}
PLAN: Json = {
    "initialAmount": 100,
    "chargeIds": ["bad-input"],
    "frequency": "MONTHLY",
    "installments": 3,
    "installmentAmount": 300,
}
PAYIN: Json = {"paymentMedium": "VIRTUAL_TERMINAL", "charges": [CHARGE], "paymentPlan": PLAN}
REFUND: Json = {"amount": 1, "reason": "OTHER", "providerId": "1"}
"""Bodies that would do."""

SETTLE = f"{SETTLE_PATH}?amount=1000"
REFUND_PATH, CANCEL_PATH = f"/payments/{UNKNOWN_ID}/refund", f"/payment-plans/{UNKNOWN_ID}/cancel"
OTHER_TYPES = (
    *("", "text/plain", "application/x-www-form-urlencoded", "application/xml"),
    *("multipart/form-data; boundary=x", "application/vnd.api+json"),
)
DEEP = '{"a":' * 70 + "1" + "}" * 70


def _with(body: Json, changes: Json) -> Json:
    """The body with something in it changed; None removes."""
    return {name: it for name, it in {**body, **changes}.items() if it is not None}


def _json(path: str, name: str, field: str | None, body: Any, status: int = 422) -> Case:
    return _raw(path, name, field, json.dumps(body).encode(), status)


def _raw(path: str, name: str, field: str | None, content: bytes, status: int = 422) -> Case:
    return Case(name=name, field=field, status=status, path=path, content=content)


def _bodies(path: str, body: Any, status: int) -> Iterator[Case]:
    """What no body may be, whatever is asked for. Only Decoda's own paths answer 422."""
    text = json.dumps(body)
    doubled = text.replace('"id": "bad-input"', '"id": "bad-input", "id": "bad-input"')
    if body is REFUND:
        doubled = text.replace('"amount": 1', '"amount": 1, "amount": 2')
    for name, content in [
        ("nothing", b""),
        ("half of it", text[:-2].encode()),
        ("a text", json.dumps(CANARY).encode()),
        ("null", b"null"),
        ("an object for an array, or the other way round", _turned(body)),
        ("the same name twice", doubled.encode()),
        ("bytes that are not UTF-8", text.encode().replace(b'"', b'"\xff\xfe', 1)),
        ("UTF-16", text.encode("utf-16")),
        ("a form", b"amount=1000&patientId=1"),
        ("half a character", f'{{"meta": "{SURROGATE}"}}'.encode()),
        ("100000 open brackets", b"[" * 100_000),
    ]:
        yield _raw(path, name, "body", content, status)
    for kind in OTHER_TYPES:
        headers = {"Content-Type": kind} if kind else {}
        yield Case(
            name=f"type {kind}", status=415, path=path, headers=headers, content=text.encode()
        )
    yield _raw(path, "too long", None, text.encode() + b" " * LIMIT_BYTES, 413)
    odd_key = {**JSON_TYPE, "Idempotency-Key": "with blanks"}
    yield Case(
        name="an odd key",
        field="Idempotency-Key",
        status=status,
        path=path,
        headers=odd_key,
        content=text.encode(),
    )
    named = {**JSON_TYPE, "TENANT": "00000000-0000-0000-0000-000000000000"}
    yield Case(
        name="another tenant named", status=403, path=path, headers=named, content=text.encode()
    )
    yield Case(name="another method", status=405, method="PUT", path=path)


def _turned(body: Any) -> bytes:
    return json.dumps(body[0] if isinstance(body, list) else [body]).encode()


def _charges(path: str, before: str, wrap: Any) -> Iterator[Case]:
    """What is wrong in a charge, at either path; `before` is the way to it."""
    wrongs: Wrongs = [
        ("patientId", {"patientId": None}),
        ("patientId", {"patientId": 7}),
        ("patientId", {"patientId": ""}),
        ("totalOutstanding", {"totalOutstanding": None}),
        *(("totalOutstanding", {"totalOutstanding": it}) for it in ("1000", 1000.0, True, -1)),
        ("totalOutstanding", {"totalOutstanding": 10**15}),
        ("id", {"id": "x" * 129}),
        ("id", {"id": "a\x00b"}),
        ("id", {"id": 7}),
        ("nonsense", {"nonsense": CANARY}),
        ("patient_id", {"patient_id": CANARY}),
        ("status", {"status": CANARY}),
        ("status", {"status": "outstanding"}),
        ("total", {"total": "1000"}),
        ("externalCreatedDate", {"externalCreatedDate": CANARY}),
        ("externalCreatedDate", {"externalCreatedDate": 1_795_270_987}),
        ("meta", {"meta": [CANARY]}),
        ("items", {"items": CANARY}),
        ("items.0.price", {"items": [{"quantity": 1}]}),
        ("items.0.price", {"items": [{"quantity": 1, "price": 1.5}]}),
        ("tips.0.providerId", {"tips": [{"chargeId": "1", "amount": 1}]}),
        ("patient", {"patient": [PATIENT]}),
        ("patient.type", {"patient": _with(PATIENT, {"type": CANARY})}),
        ("patient.id", {"patient": _with(PATIENT, {"id": None})}),
        ("patient.dateOfBirth", {"patient": {**PATIENT, "dateOfBirth": "31/12/1970"}}),
        ("patient.firstName", {"patient": {**PATIENT, "firstName": [CANARY]}}),
        ("patient.nonsense", {"patient": {**PATIENT, "nonsense": CANARY}}),
    ]
    for field, changes in wrongs:
        name = f"charge {str(changes)[:60]}"
        yield _json(path, name, f"{before}{field}", wrap(_with(CHARGE, changes)))
    cards: list[Json] = [
        *({name: CARD_NUMBER} for name in ("id", "description", "comment", "externalId")),
        {"meta": {"note": CARD_NUMBER}},
        {"meta": {CARD_NUMBER: 1}},
        {"meta": {"list": [{"number": int(CARD_NUMBER.replace(" ", ""))}]}},
        {"patient": {**PATIENT, "firstName": CARD_NUMBER}},
        {"items": [{"quantity": 1, "price": 1, "name": f"card {CARD_NUMBER}"}]},
    ]
    for changes in cards:
        field = before.split(".", maxsplit=1)[0]
        yield _json(path, f"a card in {next(iter(changes))}", field, wrap({**CHARGE, **changes}))
    deep = json.dumps(wrap({**CHARGE, "meta": "@"})).replace('"@"', DEEP)
    yield _raw(path, "nested too deep", "body", deep.encode())
    for odd in ("NaN", "1e999"):
        content = json.dumps(wrap({**CHARGE, "discountPercentage": "@"})).replace('"@"', odd)
        yield _raw(path, odd, "body", content.encode())


def _settlements() -> Iterator[Case]:
    yield from _bodies(SETTLE, [CHARGE], 422)
    yield from _charges(SETTLE, "0.", lambda charge: [charge])
    yield _json(SETTLE, "no charge", "body", [])
    yield _json(SETTLE, "51 charges", "body", [{**CHARGE, "id": str(it)} for it in range(51)])
    yield _json(SETTLE, "a text as charge", "0", [CANARY])
    yield _json(SETTLE, "an array as charge", "0", [[CHARGE]])
    yield _json(SETTLE, "a charge twice", "1.id", [CHARGE, CHARGE])
    other = {**CHARGE, "id": "other", "patientId": "other"}
    yield _json(SETTLE, "two patients", "1.patientId", [CHARGE, other])
    for query, field in [
        ("", "amount"),
        *(
            (f"?amount={it}", "amount")
            for it in ("", "0", "-1", "1.5", "1e3", "%2B5", "10%20", "x")
        ),
        (f"?amount={CANARY}", "amount"),
        ("?amount=%EF%BC%91", "amount"),
        (f"?amount={'9' * 400}", "amount"),
        (f"?amount={CARD_NUMBER.replace(' ', '')}", "amount"),
        ("?amount=1001", "amount"),
        ("?amount=1000&amount=1000", "amount"),
        ("?Amount=1000", "Amount"),
        (f"?amount=1000&page={CANARY}", "page"),
    ]:
        yield _json(f"{SETTLE_PATH}{query}", f"query {query[:30]}", field, [CHARGE])


def _payins() -> Iterator[Case]:
    yield from _bodies(PAYIN_PATH, PAYIN, 422)
    yield from _charges(PAYIN_PATH, "charges.0.", lambda charge: {**PAYIN, "charges": [charge]})
    wrongs: Wrongs = [
        ("paymentMedium", {"paymentMedium": None}),
        ("paymentMedium", {"paymentMedium": CANARY}),
        ("paymentPlan", {"paymentPlan": None}),
        ("paymentPlan", {"paymentPlan": [PLAN]}),
        ("charges", {"charges": None}),
        ("charges", {"charges": []}),
        ("charges", {"charges": CHARGE}),
        ("charges.1.id", {"charges": [CHARGE, CHARGE]}),
        ("charges.1.patientId", {"charges": [CHARGE, {**CHARGE, "id": "b", "patientId": "b"}]}),
        ("savePaymentMethod", {"savePaymentMethod": "yes"}),
        ("paymentAmount", {"paymentAmount": -1}),
        ("nonsense", {"nonsense": CANARY}),
        ("payment_plan", {"payment_plan": PLAN}),
        ("locationId", {"locationId": CARD_NUMBER}),
    ]
    for field, changes in wrongs:
        yield _json(PAYIN_PATH, f"payin {str(changes)[:60]}", field, _with(PAYIN, changes))
    wrongs = [
        *((it, {it: None}) for it in ("frequency", "installments", "installmentAmount")),
        *((it, {it: "3"}) for it in ("initialAmount", "installments", "installmentAmount")),
        *(("installments", {"installments": it}) for it in (0, -1, 367, 3.0, True)),
        *(("initialAmount", {"initialAmount": it}) for it in (-1, 100.5, 10**15)),
        *(("frequency", {"frequency": it}) for it in ("monthly", "DAILY", CANARY, 7)),
        *(("installmentAmount", {"installmentAmount": it}) for it in (0, 299, 302)),
        ("chargeIds", {"chargeIds": []}),
        ("chargeIds", {"chargeIds": "bad-input"}),
        ("chargeIds.0", {"chargeIds": [CANARY]}),
        ("chargeIds.1", {"chargeIds": ["bad-input", "bad-input"]}),
        *(("startDate", {"startDate": it}) for it in (CANARY, "2026-13-01", "20270101", 7)),
        ("startDate", {"startDate": "2027-02-29"}),
        ("startDate", {"startDate": "2099-01-01"}),
        ("startDate", {"startDate": "2020-01-01", "initialAmount": 0, "installmentAmount": 333}),
        ("nonsense", {"nonsense": CANARY}),
    ]
    for field, changes in wrongs:
        body = {**PAYIN, "paymentPlan": _with(PLAN, changes)}
        yield _json(PAYIN_PATH, f"plan {changes}"[:70], f"paymentPlan.{field}", body)
    yield _json(f"{PAYIN_PATH}?x=1", "a parameter", "x", PAYIN)


def _refunds() -> Iterator[Case]:
    yield from _bodies(REFUND_PATH, REFUND, 400)
    wrongs: Wrongs = [
        *(("amount", {"amount": it}) for it in (None, 0, -1, 1.5, "1", True, 10**15)),
        *(("reason", {"reason": it}) for it in (None, "other", CANARY, 1)),
        *(("providerId", {"providerId": it}) for it in (None, "", 7)),
        ("restoreInventory", {"restoreInventory": "yes"}),
        ("description", {"description": "x" * 501}),
        ("description", {"description": CARD_NUMBER}),
        ("nonsense", {"nonsense": CANARY}),
        ("paymentId", {"paymentId": UNKNOWN_ID}),
        ("provider_id", {"provider_id": "1"}),
    ]
    for field, changes in wrongs:
        yield _json(REFUND_PATH, f"{str(changes)[:60]}", field, _with(REFUND, changes), 400)
    for odd in (UNKNOWN_ID, "x", "%00", UNKNOWN_ID.upper()):
        yield _json(f"/payments/{odd}/refund", f"payment {odd}", None, REFUND, 404)
    bad_match = {**JSON_TYPE, "If-Match": "*"}
    yield Case(
        name="an odd If-Match",
        field="If-Match",
        path=REFUND_PATH,
        headers=bad_match,
        content=json.dumps(REFUND).encode(),
    )


def _plans() -> Iterator[Case]:
    for field, content in [
        ("reason", b'{"reason": 1}'),
        ("nonsense", b'{"nonsense": "x"}'),
        ("body", b"[]"),
        ("body", b'{"reason": "x", "reason": "y"}'),
        ("reason", json.dumps({"reason": CARD_NUMBER}).encode()),
    ]:
        yield _raw(CANCEL_PATH, f"cancel {content[:30]!r}", field, content, 400)
    for odd in (UNKNOWN_ID, "x", "%00", "a%2Fb", "x" * 2000):
        yield _raw(f"/payment-plans/{odd}/cancel", f"cancel {odd[:40]}", None, b"", 404)
        path = f"/payment-plans/{odd}"
        yield Case(name=f"plan {odd[:40]}", status=404, method="GET", path=path, headers={})
    for field, query in [
        *(("limit", f"limit={it}") for it in ("0", "26", "x", "", "1&limit=2")),
        ("cursor", "cursor=AAAA"),
        ("cursor", "cursor=%22%7B"),
        ("status", "status="),
        ("reference", f"reference={'x' * 256}"),
        ("page", f"page={CANARY}"),
        ("reference", f"reference={CARD_NUMBER.replace(' ', '')}"),
    ]:
        path = f"/payment-plans?{query}"
        yield Case(name=f"list {query[:40]}", field=field, method="GET", path=path, headers={})
    for method, path in [
        ("POST", "/payment-plans"),
        ("DELETE", f"/payment-plans/{UNKNOWN_ID}"),
        ("GET", CANCEL_PATH),
        ("GET", REFUND_PATH),
        ("GET", SETTLE_PATH),
        ("GET", "/webhooks/decoda/x"),
    ]:
        yield Case(name=f"{method} {path[:40]}", status=405, method=method, path=path)


def _webhooks() -> Iterator[Case]:
    long = b"x" * (LIMIT_BYTES + 1)
    for name, tenant, headers, content, status in [
        ("without a signature", "@tenant", {}, b"{}", 401),
        ("with a forged one", "@tenant", {"Decoda-Signature": "0" * 64}, b"{}", 401),
        ("with an odd one", "@tenant", {"Decoda-Signature": "\xe9\xe8"}, b"{}", 401),
        ("of another vendor's kind", "@tenant", {"Optum-Signature": "0" * 64}, b"{}", 401),
        ("for nobody", "00000000-0000-0000-0000-000000000000", {}, b"{}", 401),
        ("for an odd name", "%23PAYMENT%23%00", {}, b"{}", 401),
        ("over the limit", "@tenant", {}, long, 413),
    ]:
        yield Case(
            name=name,
            status=status,
            path=f"/webhooks/decoda/{tenant}",
            headers={**JSON_TYPE, **headers},
            content=content,
        )


CASES = {
    "settlements": list(_settlements()),
    "payins": list(_payins()),
    "refunds": list(_refunds()),
    "plans": list(_plans()),
    "webhooks": list(_webhooks()),
}
