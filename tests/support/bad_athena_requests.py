"""Bad requests on the paths of patients' payments, each with what must be said about it."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode

from local.openapi.routes import Route, routes, template
from tests.support.bad_requests import CANARY, JSON_TYPE, LIMIT_BYTES, Case

FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
CARD_NUMBER = "4111 1111 1111 1111"
"""Where none belongs; no answer may show it."""

PRACTICE = {
    "practiceid": "195900",
    "patientid": "1",
    "vendorcode": "ACME",
    "appointmentid": "10011",
    "epaymentid": "123456789",
    "patientpaymentid": "123456789",
}
"""The first demo tenant's practice, and numbers of nothing."""

ROUTES = [it for it in routes(template()) if "{practiceid}" in it.path]
"""Those of a portal have words of their own: they are tried with its documents."""


def of_route(route: Route) -> Iterator[Case]:
    """What is wrong on any of the paths."""
    method, path = route.method.upper(), route.path.format(**PRACTICE)
    query = "departmentid=1" if route.function == "list_receipts" else ""
    headers = {} if method == "GET" else FORM_TYPE
    for parameter, odd in [("practiceid", "7"), ("practiceid", "x"), ("patientid", "%00")]:
        if f"{{{parameter}}}" in route.path:
            yield Case(
                name=f"{parameter} {odd}",
                status=404,
                method=method,
                path=route.path.format(**{**PRACTICE, parameter: odd}) + f"?{query}",
                headers=headers,
                content=_needed(route),
            )
    unknown = f"{path}?{query}&page={CANARY}"
    yield Case(name="a parameter", field="page", method=method, path=unknown, headers=headers)
    yield Case(name="another method", status=405, method="PATCH", path=path)
    if method == "POST":
        yield from _bodies(path)


def _needed(route: Route) -> bytes:
    """What is asked for before a practice is looked for."""
    return b"patientid=1" if "patientpayvendors" in route.path else b""


def _bodies(path: str) -> Iterator[Case]:
    fields = b"departmentid=1&nonsense=" + CANARY.encode()
    for kind in ("", "text/plain", "multipart/form-data; boundary=x", "application/xml"):
        headers = {"Content-Type": kind} if kind else {}
        yield Case(name=f"type {kind}", status=415, path=path, headers=headers, content=fields)
    for content_type, content, field in [
        (FORM_TYPE, fields, "nonsense"),
        (JSON_TYPE, json.dumps({"nonsense": CANARY}).encode(), "nonsense"),
        (FORM_TYPE, b"nonsense=" + CARD_NUMBER.encode(), "nonsense"),
        (FORM_TYPE, b"departmentid=1&DEPARTMENTID=2", "body"),
        (FORM_TYPE, b"departmentid=%ff%fe", "body"),
        (FORM_TYPE, b"departmentid=\xff\xfe", "body"),
        (FORM_TYPE, b"&".join(b"x=1" for _ in range(500)), "body"),
        (JSON_TYPE, b'{"departmentid": 1', "body"),
        (JSON_TYPE, b"[]", "body"),
        (JSON_TYPE, b'{"departmentid": NaN}', "body"),
        (JSON_TYPE, b"departmentid=1", "body"),
    ]:
        what = f"{content_type['Content-Type']} {content[:40]!r}"
        yield Case(name=what, field=field, path=path, headers=content_type, content=content)
    too_long = b"x=" + b"y" * LIMIT_BYTES
    yield Case(name="too long", status=413, path=path, headers=FORM_TYPE, content=too_long)
    odd_key = {**FORM_TYPE, "Idempotency-Key": "with blanks"}
    yield Case(name="an odd key", field="Idempotency-Key", path=path, headers=odd_key)


def form_case(path: str, name: str, field: str | None, status: int = 400, **fields: str) -> Case:
    """A form on one of the paths."""
    return Case(
        name=f"{path.rpartition('/')[2]}: {name}",
        field=field,
        status=status,
        path=path,
        headers=FORM_TYPE,
        content=urlencode(fields).encode(),
    )


CARD = {
    "departmentid": "1",
    "accountnumber": "4111111111111111",
    "nameoncard": "Ada Abbott",
    "expirationmonthmm": "12",
    "expirationyearyyyy": "2031",
    "billingaddress": "1 Main Street",
    "billingzip": "02139",
}
COLLECT = "/v1/195900/patients/1/collectpayment"
RECORD = "/v1/195900/patients/1/recordpayment"
REPORT = "/v1/195900/patientpayvendors/ACME/payments"
ADJUST = "/v1/195900/patientpayvendors/ACME/adjustingcharges"
TWICE = json.dumps([{"chargeid": 1, "adjustmentamount": "1"}] * 2)

FIELDS = [
    *(
        form_case(COLLECT, f"amount {text}", "otheramount", departmentid="1", otheramount=text)
        for text in ("0", "-1", "1.234", "1e3", "NaN", "a lot", "99999999999999", "1,50", CANARY)
    ),
    form_case(COLLECT, "no amount", "otheramount", departmentid="1"),
    form_case(COLLECT, "no department", "departmentid", otheramount="1"),
    form_case(COLLECT, "an odd department", "departmentid", departmentid=CANARY),
    form_case(COLLECT, "no card", "accountnumber", departmentid="1", otheramount="1"),
    form_case(COLLECT, "a card with letters", "accountnumber", accountnumber=CANARY),
    form_case(COLLECT, "an odd code", "cardsecuritycode", cardsecuritycode=CANARY),
    form_case(COLLECT, "a copay for nothing", "appointmentid", copayamount="1"),
    form_case(COLLECT, "a split that is no JSON", "claimpayment", claimpayment=CANARY),
    form_case(COLLECT, "a claim twice", "claimpayment", claimpayment='[{"1":"1"},{"1":"2"}]'),
    form_case(COLLECT, "an odd flag", "ecommercemode", ecommercemode="perhaps"),
    form_case(COLLECT, "two amounts", "amount", 400, **CARD, amount="1", otheramount="1"),
    form_case(RECORD, "no method", "paymentmethod", departmentid="1", otheramount="1"),
    form_case(RECORD, "a check without a number", "checknumber", paymentmethod="CHECK"),
    form_case(RECORD, "a card without digits", "cardnumberlast4", paymentmethod="VISA"),
    form_case(RECORD, "a whole card number", "cardnumberlast4", cardnumberlast4=CARD_NUMBER),
    form_case(RECORD, "an odd day", "postdate", postdate="2026-11-21"),
    form_case(RECORD, "no such day", "postdate", postdate="02/30/2026"),
    form_case(REPORT, "no patient", "patientid", departmentid="1", otheramount="1"),
    form_case(REPORT, "a long reference", "externalrefid", externalrefid="x" * 33),
    form_case(REPORT, "no terminal", "vendorterminalid", paymentmethod="VISA"),
    form_case(f"{REPORT}/1/refund", "a part", "fullrefund", fullrefund="false"),
    form_case(ADJUST, "no charges", "charges", patientid="1"),
    form_case(ADJUST, "no charge", "charges", patientid="1", charges="[]"),
    form_case(ADJUST, "charges that are no JSON", "charges", patientid="1", charges=CANARY),
    form_case(ADJUST, "a charge twice", "charges", patientid="1", charges=TWICE),
    form_case(
        "/v1/195900/patientpayvendors/GLOBEX/payments", "another's", None, 404, patientid="1"
    ),
    form_case("/v1/195901/patients/1/collectpayment", "another's", None, 404, departmentid="1"),
    Case(
        name="receipts of no department",
        field="departmentid",
        method="GET",
        path="/v1/195900/patients/1/receipts",
        headers={},
    ),
]

CASES = {**{route.function: list(of_route(route)) for route in ROUTES}, "fields": FIELDS}
