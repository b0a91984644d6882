"""A card goes to the vendor and nowhere else: not into a table, a queue, a log or an answer.

Of patients, what a vendor is told stands in the request that is kept to be sent again, only there.
"""

import base64
import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args
from urllib.parse import quote, urlencode

import httpx
import pytest

from local.openapi.routes import Route, routes, template
from payhub.command import Command, Place
from tests.support import card_canary as canary
from tests.support import patient_canary
from tests.support.athena_client import Answer, Fields, form_of
from tests.support.athena_side import VENDOR, Patient, dollars, fresh_cents
from tests.support.hub import OPEN_ACCOUNT, Hub, eventually, hub_of, issue_body, new_tenant, read
from tests.support.medfusion_client import (
    CLOSED_CENTS,
    MedfusionSide,
    caller_of,
    document_of,
    payment_element,
)
from tests.support.patient_canary import PATIENT
from tests.support.stack import running

pytestmark = pytest.mark.journey

ROUTES = routes(template())
JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"
CARD: Fields = {
    "accountnumber": canary.NUMBER,
    "nameoncard": canary.NAME,
    "expirationmonthmm": 12,
    "expirationyearyyyy": 2031,
    "billingaddress": canary.ADDRESS,
    "billingzip": canary.ZIP,
    "cardsecuritycode": canary.SECURITY_CODE,
    "email": canary.EMAIL,
}
SWIPED: Fields = {
    "trackdata": canary.TRACK,
    "billingaddress": canary.ADDRESS,
    "billingzip": canary.ZIP,
}
ISSUER_PREFIX = "/api/issue/"
"""The same functions as under the hub's own paths."""

OPERATIONS = ("collect_payment", "store_card", "start_payment_plan")
FAULTS = ("timeout_after", "malformed", "http_500_after", "http_500_before", "http_429", "decline")
_CALLERS = 3


@dataclass
class Driven:
    """What was answered, and the payments that came of it."""

    answers: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    payment_ids: set[str] = field(default_factory=set)

    def note(self, answer: httpx.Response) -> None:
        """Everything that the caller could read."""
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        self.answers.append(f"{answer.status_code}\n{headers}\n\n{answer.text}")
        self.statuses.add(answer.status_code)
        if "Payment-Id" in answer.headers:
            self.payment_ids.add(answer.headers["Payment-Id"])


@dataclass(frozen=True)
class Evidence:
    """Every text that was left behind, by the place where it was found."""

    driven: Driven
    texts: Sequence[tuple[str, str]]

    def places_with(self, text: str) -> set[str]:
        """Where a text stands."""
        return {place for place, found in self.texts if text in found}


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A stack of its own: driven, looked through while it runs, stopped, and read file by file."""
    folder, driven = tmp_path_factory.mktemp("cards"), Driven()
    with running(folder) as stack:
        hub = hub_of(stack, new_tenant(stack, "cards"))
        with ThreadPoolExecutor(_CALLERS) as pool:
            for errands in (
                _with_faults(hub),
                patient_canary.errands(hub, FAULTS),
                _in_wrong_fields(hub),
                _on_every_route(hub),
            ):
                for answers in pool.map(_made, errands):
                    for answer in answers:
                        driven.note(answer)
            for answer in (*_while_the_vendor_is_down(hub), *_in_the_portal(hub)):
                driven.note(answer)
        _wait_for_ends(hub)
        texts = list(canary.stored_texts(stack))
    texts += canary.texts_on_disk(folder)
    return Evidence(driven, texts)


@pytest.mark.timeout(600)
def test_nothing_of_a_card_is_kept_or_shown(evidence: Evidence) -> None:
    """In no spelling, whatever was sent where, and whatever went wrong."""
    answers = [("an answer", it) for it in evidence.driven.answers]
    found = [hit for place, text in [*answers, *evidence.texts] for hit in canary.hits(place, text)]
    assert not found, "\n".join(map(str, found[:20]))


@pytest.mark.timeout(600)
def test_patients_stand_in_what_is_sent_again_only(evidence: Evidence) -> None:
    """Names, birthdays, addresses, telephones: in no key, log, queue or answer, nor anywhere else
    in the table.
    """
    answers = [("an answer", it) for it in evidence.driven.answers]
    elsewhere = [it for it in evidence.texts if not patient_canary.may_hold_patients(*it)]
    found = [hit for it in [*answers, *elsewhere] for hit in patient_canary.hits(*it)]
    assert not found, "\n".join(map(str, found[:20]))
    carried = [it for it in evidence.texts if patient_canary.is_carried(*it)]
    needles = {hit.needle for it in carried for hit in patient_canary.hits(*it)}
    assert needles == patient_canary.NEEDLES.keys()
    assert {place.split("/")[0] for place, _ in elsewhere} >= {"logs", "run.log"}


@pytest.mark.timeout(600)
def test_what_may_be_kept_is_found_where_it_should_be(evidence: Evidence) -> None:
    """So the right places were looked through: table, logs, the vendor's books, every file."""
    places = evidence.places_with(min(evidence.driven.payment_ids))
    for wanted in ("table ", "log ", "state/"):
        assert any(it.startswith(wanted) for it in places), (wanted, places)
    last4 = evidence.places_with(canary.NUMBER[-4:])
    assert any(it.startswith("table ") for it in last4)
    assert "sandbox.sqlite3 as text" in last4
    names = {place for place, _ in evidence.texts}
    assert {"logs/front-door.log", "logs/sandbox.log", "logs/stack.log"} <= names
    assert {200, 202, 400, 401, 403, 404, 415, 503} <= evidence.driven.statuses


@pytest.mark.timeout(600)
@pytest.mark.parametrize("text", [canary.PATIENT_ACCOUNT, canary.COMMENTS])
def test_what_a_portal_says_of_patients_is_in_payments_only(evidence: Evidence, text: str) -> None:
    """Not in logs, queues or keys; it is served to the practice, so it is kept."""
    places = evidence.places_with(text)
    assert not [it for it in places if it.startswith(("log ", "logs/", "queue "))], places
    assert any(it.startswith("table ") for it in places)
    keys = [
        key
        for place, found in evidence.texts
        if place.startswith("table ")
        for key in re.findall(
            r"'(?:pk|sk|by_tenant|vendor_ref|caller_ref|due_shard)': \{'S': '([^']*)'", found
        )
    ]
    assert keys
    assert not [it for it in keys if text in it]


@pytest.mark.parametrize(
    ("text", "needle"),
    [
        *((str(it), "number") for it in canary.SPELLINGS),
        (quote(canary.SPACED), "number"),
        (urlencode({"x": canary.TRACK}), "number"),
        (json.dumps(float(canary.NUMBER)), "number"),
        (f"{float(canary.NUMBER):.15e}", "number"),
        (canary.NUMBER.encode().hex(), "number in hexadecimal"),
        *(
            (base64.b64encode(b"?" * at + canary.NUMBER.encode() + b"???").decode(), "number")
            for at in range(4)
        ),
        (canary.TRACK, "track"),
        (f'{{"cardsecuritycode": "{canary.SECURITY_CODE}"}}', "security code"),
        (f"cardsecuritycode={canary.SECURITY_CODE}&x=1", "security code"),
        (canary.NAME.lower(), "name"),
        (urlencode({"billingaddress": canary.ADDRESS}), "address"),
    ],
)
def test_the_search_finds_every_spelling(text: str, needle: str) -> None:
    """Or its silence would prove nothing."""
    assert needle in {hit.needle for hit in canary.hits("here", f"before {text} after")}


Errand = Sequence[Callable[[], httpx.Response]]
"""Requests to one function. One after another, so that it need run in one process only."""


def _made(errand: Errand) -> list[httpx.Response]:
    return [call() for call in errand]


# The card where it belongs, with everything that may go wrong behind it


def _with_faults(hub: Hub) -> Iterator[Errand]:
    """Success and every fault, for each operation that takes a card, by number and by swipe."""
    patients = itertools.cycle(map(Patient, range(1, 20)))
    for operation in OPERATIONS:
        yield [
            partial(_charge, hub, next(patients), operation, card, fault)
            for fault, card in itertools.product(("", *FAULTS), (CARD, SWIPED))
        ]


def _while_the_vendor_is_down(hub: Hub) -> Iterator[httpx.Response]:
    """Nothing was sent, so the card must not wait for anything."""
    sandbox = hub.sandbox_of(VENDOR)
    sandbox.refuse(3600)
    for operation in OPERATIONS:
        yield _charge(hub, Patient(1), operation, CARD)
    sandbox.clear_faults()


def _in_the_portal(hub: Hub) -> Iterator[httpx.Response]:
    """Bills with words about patients: polled, served, reported with them, failed, and refused."""
    side, caller = MedfusionSide(hub), caller_of(hub)
    words = {"patient_account_number": canary.PATIENT_ACCOUNT, "comments": canary.COMMENTS}
    bills = [side.pay(cents, **words) for cents in (2_137, CLOSED_CENTS)]
    for fault in ("malformed", "http_500_after"):
        hub.sandbox_of("medfusion").arm("poll_secure_payments", fault, side.practice_id)
        side.pick_up()
    side.pick_up()
    yield caller.poll()
    comments = f"<PaymentComments>{canary.COMMENTS}</PaymentComments>"
    account = f"<PatientAccountNumber>{canary.PATIENT_ACCOUNT}</PatientAccountNumber>"
    for bill, fault in zip(bills, ("malformed", "http_500_before"), strict=True):
        hub.sandbox_of("medfusion").arm("post_secure_payments", fault, bill)
        payment = payment_element(bill).replace("<PaymentType>", f"{account}<PaymentType>")
        more = f"<PaymentInformation>{comments}</PaymentInformation></Payment>"
        payment = payment.replace("</Payment>", more)
        document = document_of([payment], side.practice_id)
        yield caller.post(document)
        yield caller.post(document.replace("POSTED", canary.COMMENTS))
        yield caller.post(document.replace("<PaymentStatus>", "<PaymentStatus at=''><"))
        for number in map(str, canary.SPELLINGS):
            yield caller.post(document.replace(canary.PATIENT_ACCOUNT, number))
            yield caller.post(document.replace("<PaymentType>", f"<{number}>"))


def _charge(
    hub: Hub, patient: Patient, operation: str, card: Fields, fault: str = ""
) -> httpx.Response:
    cents = fresh_cents()
    if fault:
        # The same department makes no request known, an amount does; a stored card has a claim's.
        hub.sandbox_of(VENDOR).arm(operation, fault, dollars(cents))
    fields = {**card, "departmentid": patient.department_id}
    answer: Answer
    if operation == "collect_payment":
        fields = {**fields, "otheramount": dollars(cents)}
        answer = hub.athena.collect_payment(patient.patient_id, _without(fields, "email"))
    elif operation == "store_card":
        fields["claimpayment"] = [{str(patient.claim_id()): dollars(cents)}]
        answer = hub.athena.store_card(patient.patient_id, patient.appointment_id(), fields)
    else:
        plan = {"claimids": patient.claim_id(), "cycleamount": "10.00"}
        fields = {**fields, **plan, "downpaymentamount": dollars(cents)}
        answer = hub.athena.start_payment_plan(patient.patient_id, fields)
    return answer.response


def _in_wrong_fields(hub: Hub) -> Iterator[Errand]:
    """One thing is wrong with the request, in a form and as JSON; the rest of the card is there."""
    yield list(_charges_in_wrong_fields(hub))


def _charges_in_wrong_fields(hub: Hub) -> Iterator[Callable[[], httpx.Response]]:
    path = hub.athena.path_of(1, "collectpayment")
    wrongs: tuple[Fields, ...] = (
        *({"accountnumber": it} for it in (canary.SPACED, canary.DASHED, canary.TRACK)),
        {"trackdata": canary.TRACK},
        {"trackdata": canary.NUMBER, "accountnumber": ""},
        *({"cardsecuritycode": it} for it in (canary.WRONG_CODE, canary.NUMBER)),
        {"nameoncard": canary.NAME * 3},
        {"billingaddress": canary.ADDRESS * 3},
        {"billingzip": canary.ZIP * 3},
        {"expirationmonthmm": canary.SECURITY_CODE},
        {"expirationyearyyyy": canary.NUMBER},
        *({name: canary.NUMBER} for name in ("otheramount", "departmentid", "todayservice")),
        {"claimpayment": [{canary.NUMBER: "1.00"}]},
        {"nonsense": canary.NAME},
        {"accountnumber": int(canary.NUMBER)},
        {"accountnumber": [canary.NUMBER]},
        {"accountnumber": {"number": canary.NUMBER}},
    )
    for wrong in wrongs:
        amount = {"otheramount": dollars(fresh_cents())}
        fields = {**_without(CARD, "email"), "departmentid": 1, **amount, **wrong}
        yield partial(_answer_of, hub.athena.post, path, fields)
        yield partial(_answer_of, hub.athena.post_json, path, fields)


def _answer_of(post: Callable[[str, Fields], Answer], path: str, fields: Fields) -> httpx.Response:
    return post(path, fields).response


def _without(fields: Fields, name: str) -> dict[str, object]:
    return {key: value for key, value in fields.items() if key != name}


# The card where it does not belong, on every route there is


def _on_every_route(hub: Hub) -> Iterator[Errand]:
    """In the path, in the query, in headers, as credentials, and in bodies of every kind."""
    client = httpx.Client(base_url=hub.stack.base_url, timeout=90, trust_env=False)
    usual = {
        "practiceid": hub.tenant.practice_ids[0],
        "vendorcode": hub.tenant.vendor_codes[0],
        "patientid": "1",
        "appointmentid": "10011",
        "epaymentid": "123456789",
        "patientpaymentid": "123456789",
        "paymentId": "0123456789abcdef" * 2,
        "deadLetterId": "none",
        "planId": "0123456789abcdef" * 2,
        "practiceId": hub.tenant.medfusion_practice_ids[0],
        "messageId": "0123456789abcdef" * 2,
        "appToken": hub.tenant.app_token,
        "tenant": hub.tenant.tenant,
    }
    spellings = itertools.cycle(map(str, canary.SPELLINGS))
    known = _credentials(hub)
    for route in ROUTES:
        send = partial(client.request, route.method.upper())
        yield list(_on_route(route, send, usual, known, spellings))


def _on_route(
    route: Route,
    send: Callable[..., httpx.Response],
    usual: dict[str, str],
    known: dict[str, str],
    spellings: Iterator[str],
) -> Iterator[Callable[[], httpx.Response]]:
    path, needed = _path(route, usual), QUERIES.get(route.function, {})
    for name in re.findall(r"\{(\w+)\}", route.path):
        odd = _path(route, {**usual, name: quote(next(spellings), safe="")})
        yield partial(send, odd, headers=known)
    queries = [{"q": next(spellings)}, {canary.SPACED: "1"}, {"reference": canary.NUMBER}]
    for query in [*queries, *({name: canary.NUMBER} for name in needed)]:
        yield partial(send, path, params=query, headers=known)
    text = next(spellings)
    named = ("Idempotency-Key", "If-Match", "User-Agent", "Cookie", "X-Request-Id")
    stranger = {"API-KEY": text, "Authorization": f"Bearer {text}"}
    for headers in (
        {**known, **dict.fromkeys(named, text)},
        stranger,
        {**known, "TENANT": text},
    ):
        yield partial(send, path, headers=headers)
    if route.method.upper() == "POST" and not route.path.startswith(ISSUER_PREFIX):
        for content_type, body in _bodies(route, spellings):
            headers = {**known, "Content-Type": content_type}
            yield partial(send, path, params=needed, headers=headers, content=body)


PAYMENT = {"departmentid": 1, "otheramount": "21.37"}
CHARGE = {"id": "cards", "patientId": "none", "totalOutstanding": 1_000}
QUERIES = {"settle_with_credit": {"amount": "1000"}}
BODIES: dict[str, dict[str, object]] = {
    "issue_payment": issue_body(425, OPEN_ACCOUNT, "CARDS"),
    "resolve_payment": {"resolution": "not_moved", "reason": "asked"},
    "collect_payment": {**CARD, **PAYMENT, "email": ""},
    "store_card": {**CARD, "departmentid": 1},
    "start_payment_plan": {"departmentid": 1, "claimids": 101, "cycleamount": "5.00"},
    "record_payment": {**PAYMENT, "paymentmethod": "CASH"},
    "record_vendor_payment": {**PAYMENT, "patientid": 1, "paymentmethod": "EFT"},
    "refund_vendor_payment": {"departmentid": 1, "patientid": 1, "paymentmethod": "EFT"},
    "adjust_charges": {
        "patientid": 1,
        "charges": [{"chargeid": 1011, "adjustmentamount": "1.00"}],
    },
    "settle_with_credit": CHARGE,
    "create_payin_config": {
        "paymentMedium": "VIRTUAL_TERMINAL",
        "charges": [CHARGE],
        "paymentPlan": {
            "initialAmount": 0,
            "chargeIds": ["cards"],
            "frequency": "WEEKLY",
            "installments": 1,
            "installmentAmount": 1_000,
        },
    },
    "refund_payment": {"amount": 1, "reason": "OTHER", "providerId": "1"},
}
"""What each route would take, so that one wrong field is the only thing that is wrong."""


def _bodies(route: Route, spellings: Iterator[str]) -> Iterator[tuple[str, bytes]]:
    """The number in each field alone, and in fields that the route has not; nonsense."""
    body = BODIES.get(route.function, {})
    names, is_list = _fields_of(route), _is_list(route)

    def as_json(fields: object) -> bytes:
        return json.dumps([fields] if is_list else fields).encode()

    for name in names:
        spoilt = {**body, name: next(spellings)}
        if route.scheme == "BearerToken":
            yield FORM_TYPE, urlencode(form_of(spoilt)).encode()
        else:
            yield JSON_TYPE, as_json(spoilt)
    for inner in (int(canary.NUMBER), [{"inner": canary.TRACK}]):
        yield JSON_TYPE, as_json(dict.fromkeys(names, inner))
        yield JSON_TYPE, as_json({**body, "patient": {**PATIENT, "email": "", "address": inner}})
    yield JSON_TYPE, as_json({**body, canary.NUMBER: canary.SPACED, "x": canary.NAME})
    yield JSON_TYPE, as_json({**body, "payment": {"payeeDetails": dict(CARD)}})
    yield FORM_TYPE, urlencode({**CARD, canary.DASHED: "1"}).encode()
    whole = json.dumps({**CARD, "trackdata": canary.TRACK}).encode()
    yield JSON_TYPE, whole[:-2]
    yield JSON_TYPE, whole.replace(b"NORA", b"\xff\xfe")
    yield JSON_TYPE, json.dumps([CARD]).encode()
    yield JSON_TYPE, f'{{"accountnumber": {float(canary.NUMBER)}, "x": NaN}}'.encode()
    yield FORM_TYPE, urlencode([*CARD.items(), *CARD.items()]).encode()
    yield FORM_TYPE, urlencode(CARD).encode().replace(b"NORA", b"%ff%zz")
    yield FORM_TYPE, whole
    yield "multipart/form-data; boundary=x", whole
    yield f"text/{canary.NUMBER}", whole


def _fields_of(route: Route) -> list[str]:
    """The body's fields as the route's command declares them; of an array, those in its objects."""
    command = route.declaration.command
    if command is None or not issubclass(command, Command):
        return ["client_id", "client_secret", "grant_type"]
    for name, source in command.sources().items():
        model: Any = command.model_fields[name].annotation
        if source.place in (Place.BODY, Place.FORM, Place.LIST) and model is not None:
            inside = get_args(model)[0] if source.place is Place.LIST else model
            return [it.alias or name for name, it in inside.model_fields.items()]
    return []


def _is_list(route: Route) -> bool:
    command = route.declaration.command
    if command is None or not issubclass(command, Command):
        return False
    return any(source.place is Place.LIST for source in command.sources().values())


def _credentials(hub: Hub) -> dict[str, str]:
    token = hub.athena.sign_in().body["access_token"]
    return {"API-KEY": hub.tenant.operator_key, "Authorization": f"Bearer {token}"}


def _path(route: Route, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], route.path)


def _wait_for_ends(hub: Hub) -> None:
    """What had no answer has been asked about: that is written and logged too."""

    def look() -> bool:
        page = read(hub.api.send("GET", "/payments", query={"limit": "100"}))
        return all(
            it["action"] is None or it["action"]["state"] != "unknown" for it in page["payments"]
        )

    eventually(look, "everything has ended", 120)
