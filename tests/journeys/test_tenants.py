"""One tenant sees nothing of another; what was given up waits for an operator."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.openapi.routes import Route, routes, template
from payhub.domain.identity import digest
from tests.support.athena_side import AthenaSide, Patient, fresh_cents, purchase
from tests.support.decoda_side import DecodaSide, begun_plan, plan_body
from tests.support.hub import (
    Api,
    Hub,
    Json,
    Tenant,
    eventually,
    hub_of,
    issue_body,
    new_key,
    new_tenant,
    read,
)
from tests.support.medfusion_client import (
    PROBLEM_TYPE,
    XML_TYPE,
    MedfusionSide,
    caller_of,
    document_of,
    ended,
    payment_element,
    served,
)
from tests.support.stack import LocalStack
from tests.support.vendor_side import VendorSide, event_body

pytestmark = pytest.mark.journey

ROUTES = {f"{it.method.upper()} {it.path}": it for it in routes(template())}
PROTECTED = [name for name, it in ROUTES.items() if it.scheme is not None]
OF_ONE_THING = [name for name in PROTECTED if "{" in name]
LISTS = [name for name in PROTECTED if "{" not in name and name.startswith("GET ")]
CREATING = [name for name in PROTECTED if ROUTES[name].function == "issue_payment"]

BODIES: dict[str, Json] = {
    "resolve_payment": {"resolution": "not_moved", "reason": "none of my business"},
    **{it: {"patientid": 1} for it in ("record_vendor_payment", "adjust_charges")},
    **{it: {"departmentid": 1} for it in ("collect_payment", "store_card", "record_payment")},
    "start_payment_plan": {"departmentid": 1},
    "refund_vendor_payment": {"patientid": 1},
    "refund_payment": {"amount": 1, "reason": "OTHER", "providerId": "1"},
}
"""What a route needs to get as far as looking for what is in its path."""

QUERIES = {
    "list_receipts": {"departmentid": "1"},
    **{
        it: {"paymentType": "vcsPayment"}
        for it in ("list_swiper_payments", "update_swiper_payments")
    },
}
IN_XML = {"update_portal_payments", "update_swiper_payments"}
BEARER = "BearerToken"


@dataclass(frozen=True)
class Belongings:
    """What the first tenant has, by the names of path parameters."""

    parameters: dict[str, str]
    secrets: set[str]


@pytest.fixture(scope="module")
def stranger(local_stack: LocalStack) -> Hub:
    """Another tenant."""
    return hub_of(local_stack, new_tenant(local_stack, "stranger"))


@pytest.fixture(scope="module")
def belongings(hub: Hub) -> Belongings:
    """A payment, a dead letter, and what its patients have paid, of the first tenant."""
    payment = hub.api.voidable()
    letter = _dead_letter(hub, payment["paymentId"])
    collected = hub.athena.collect_payment(1, purchase(Patient(1), fresh_cents())).body
    fields = {"departmentid": 1, "patientid": 1, "paymentmethod": "EFT"}
    reported = hub.athena.record_vendor_payment({**fields, "otheramount": "21.37"}).body
    bill = MedfusionSide(hub).picked_up()
    message = caller_of(hub).report(bill)
    assert ended(caller_of(hub), message) == ("COMPLETED", None)
    charge, plan = begun_plan(DecodaSide(hub))
    hub.api.wait_for_status(plan["payments"][0]["paymentId"], "SUCCEEDED")
    return Belongings(
        parameters={
            "paymentId": payment["paymentId"],
            "deadLetterId": letter["deadLetterId"],
            "practiceid": hub.tenant.practice_ids[0],
            "vendorcode": hub.tenant.vendor_codes[0],
            "epaymentid": str(collected["epaymentid"]),
            "patientpaymentid": str(reported["patientpaymentid"]),
            "appointmentid": str(Patient(1).appointment_id()),
            "patientid": "1",
            "planId": plan["planId"],
            "practiceId": hub.tenant.medfusion_practice_ids[0],
            "messageId": message.headers["Payment-Id"],
            "billId": MedfusionSide(hub).payment_id(bill),
            "bill": bill,
        },
        secrets={
            hub.tenant.tenant,
            payment["vendorReference"],
            payment["issuerReferenceId"],
            plan["payinConfigId"],
            charge.charge_id,
            bill,
        },
    )


@pytest.fixture(scope="module")
def state(hub: Hub, belongings: Belongings) -> tuple[Any, Json]:
    """How it stands with them, before anybody reaches for them."""
    return _state(hub, belongings)


@pytest.fixture(autouse=True)
def _nothing_of_the_first_tenant_changes(
    hub: Hub, belongings: Belongings, state: tuple[Any, Json]
) -> Iterator[None]:
    yield
    assert _state(hub, belongings) == state


def _state(hub: Hub, belongings: Belongings) -> tuple[Any, Json]:
    ids = [belongings.parameters[it] for it in ("paymentId", "planId", "billId")]
    return [hub.api.details(it)["history"] for it in ids], AthenaSide(hub).account(1)


@pytest.fixture(scope="module")
def nobody(hub: Hub) -> Iterator[httpx.Client]:
    """A caller without any key."""
    with httpx.Client(base_url=hub.stack.base_url, timeout=90) as client:
        yield client


@pytest.mark.parametrize("name", OF_ONE_THING)
def test_anothers_things_are_as_unknown_as_what_never_was(
    name: str, stranger: Hub, belongings: Belongings
) -> None:
    """404 for the highest role, in the same words, and nothing of the other's in them."""
    route = ROUTES[name]
    theirs = _call(stranger, route, belongings.parameters)
    assert theirs.status_code == 404, theirs.text
    assert not [it for it in belongings.secrets if it in theirs.text]
    made_up = {parameter: _made_up(it) for parameter, it in belongings.parameters.items()}
    nothing = _call(stranger, route, made_up)
    assert _words(theirs, route, belongings.parameters) == _words(nothing, route, made_up)


def test_what_one_practice_has_is_unknown_in_another(stranger: Hub, belongings: Belongings) -> None:
    """A token in its own practice, for the other's payments and with the other's code."""
    own, theirs = stranger.athena, belongings.parameters
    epayment, patient_payment = int(theirs["epaymentid"]), int(theirs["patientpaymentid"])
    fields = {"departmentid": 1, "patientid": 1, "paymentmethod": "EFT"}
    practice = f"/v1/{stranger.tenant.practice_ids[0]}/patientpayvendors/{theirs['vendorcode']}"
    for answer in (
        own.void_payment(1, epayment),
        own.receipt(1, epayment),
        own.receipt_details(1, epayment),
        own.post(f"{practice}/payments", fields),
        own.post(f"{practice}/payments/{patient_payment}/refund", fields),
        own.post(f"{practice}/adjustingcharges", {"patientid": 1}),
    ):
        assert answer.status == 404, answer
    # Nothing shows what a payment vendor took, so it is athenahealth that has no such number.
    refund = own.refund_vendor_payment(patient_payment, fields)
    assert refund.status == 409, refund
    assert "not found" in refund.body["errortext"]


def test_a_portal_of_ones_own_shows_nothing_of_anothers(
    hub: Hub, stranger: Hub, belongings: Belongings
) -> None:
    """Neither its bills nor its messages, by any id of theirs; credentials do not mix."""
    own, theirs, bill = caller_of(stranger), belongings.parameters, belongings.parameters["bill"]
    assert own.processing(theirs["messageId"]).status_code == 404
    assert own.report(bill).status_code == 404
    assert bill not in served(own.poll())
    assert MedfusionSide(stranger).known(bill) == []
    mixed = own.sign_in(username=hub.tenant.username, password=hub.tenant.password)
    assert (mixed.status_code, mixed.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("name", LISTS)
def test_lists_hold_nothing_of_another(name: str, stranger: Hub, belongings: Belongings) -> None:
    """Not even by the other's reference."""
    answer = _call(stranger, ROUTES[name], {})
    assert answer.status_code == 200
    ids = ("paymentId", "epaymentid", "planId", "messageId", "billId")
    hidden = belongings.secrets | {belongings.parameters[it] for it in ids}
    assert not [it for it in hidden if it in answer.text]


def test_a_reference_finds_only_ones_own(hub: Hub, stranger: Hub, belongings: Belongings) -> None:
    """The filter and the cursor do not reach across."""
    reference = hub.api.payment(belongings.parameters["paymentId"])["issuerReferenceId"]
    query = {"reference": reference}
    assert read(hub.api.send("GET", "/payments", query=query))["payments"]
    assert read(stranger.api.send("GET", "/payments", query=query))["payments"] == []
    hub.api.issued(425)
    cursor = read(hub.api.send("GET", "/payments", query={"limit": "1"}))["nextCursor"]
    stolen = stranger.api.send("GET", "/payments", query={"limit": "1", "cursor": cursor})
    assert stolen.status_code in {200, 400}
    assert hub.tenant.tenant not in stolen.text


@pytest.mark.parametrize("name", CREATING)
def test_the_same_key_of_two_tenants_is_two_payments(name: str, hub: Hub, stranger: Hub) -> None:
    """Keys are the tenant's own."""
    key = new_key()
    body = issue_body(425, "MAIN", f"REF-{key}")
    mine, theirs = (
        read(it.api.send("POST", ROUTES[name].path, body, idempotency_key=key))
        for it in (hub, stranger)
    )
    assert mine["paymentId"] != theirs["paymentId"]
    assert (mine["tenantId"], theirs["tenantId"]) == (hub.tenant.tenant, stranger.tenant.tenant)


def test_the_same_key_at_decoda_is_two_settlements_and_two_plans(hub: Hub, stranger: Hub) -> None:
    """With the same body too, but for what is each one's own."""
    key, ids = new_key(), set()
    for side in (DecodaSide(hub), DecodaSide(stranger)):
        settled, planned = side.payable(1_000), side.charge(3_000)
        made = side.caller.settle(1_000, [settled.shown()], key)
        prepared = side.caller.create_payin(plan_body([planned], 0, 3, 1_000), key)
        assert read(made)["patientId"] == settled.patient_id
        assert read(prepared)["payinConfigId"]
        ids |= {it.headers["Payment-Id"] for it in (made, prepared)}
        assert side.received_cents(settled) == 1_000
    assert len(ids) == 4


@pytest.mark.parametrize("name", PROTECTED)
def test_no_route_answers_without_a_key_or_for_another_tenant(
    name: str, hub: Hub, stranger: Hub, nobody: httpx.Client, belongings: Belongings
) -> None:
    """401 without a key and with an unknown one, 403 with another tenant's name."""
    route = ROUTES[name]
    path = _path(route, belongings.parameters)
    assert nobody.request(route.method, path).status_code == 401
    for unknown in (
        {"API-KEY": "ph_operator_unknown", "Authorization": "Bearer unknown"},
        _the_other_scheme(hub, route),
    ):
        assert nobody.request(route.method, path, headers=unknown).status_code == 401
    named = _call(hub, route, belongings.parameters, tenant=stranger.tenant.tenant)
    assert named.status_code == 403, named.text


def test_a_webhook_of_one_tenant_proves_nothing_for_another(hub: Hub, stranger: Hub) -> None:
    """Signed rightly, sent to the other's address."""
    key = VendorSide(stranger).secret["webhook_secret"]
    event_id = new_key()
    body = event_body("0" * 32, "Completed", event_id)
    assert VendorSide(hub).webhook(body, key).status_code == 401
    assert VendorSide(hub).inbox(event_id) == []


def test_a_token_belongs_to_its_tenant_and_opens_no_other_scheme(hub: Hub) -> None:
    """Client credentials of the tenant give a bearer token; a wrong secret gives none."""
    token = _token(hub, hub.tenant)
    assert token.status_code == 200
    bearer = token.json()["access_token"]
    wrong = Tenant(**{**vars(hub.tenant), "client_secret": "wrong"})
    assert _token(hub, wrong).status_code == 401
    as_key = Api(hub.stack.base_url, bearer).send("GET", "/payments")
    assert as_key.status_code == 401


def test_redriving_a_finished_payment_does_nothing(hub: Hub) -> None:
    """The letter is marked, the payment's history and its movements stay as they are."""
    payment_id = hub.api.issued()["paymentId"]
    hub.api.wait_for_status(payment_id, "Completed")
    before, moved = hub.api.details(payment_id), hub.sandbox.movements(payment_id)
    letter = _dead_letter(hub, payment_id)
    assert (letter["kind"], letter["redrivenAt"]) == ("payment", None)
    path = f"/dead-letters/{letter['deadLetterId']}/redrive"
    assert hub.api.send("POST", path).status_code == 403
    for _ in range(2):
        redriven = hub.operator.send("POST", path)
        assert redriven.status_code == 202
        assert redriven.json()["redrivenBy"].startswith("operator:")
        hub.remind("AdvancePaymentFunction", payment=payment_id)
    assert hub.api.details(payment_id)["history"] == before["history"]
    assert hub.sandbox.movements(payment_id) == moved


def test_redriving_an_applied_event_does_nothing(hub: Hub) -> None:
    """It was dead-lettered, but it had been applied meanwhile."""
    payment_id = hub.api.issued()["paymentId"]
    hub.api.wait_for_status(payment_id, "Completed")
    before = hub.api.details(payment_id)
    event_id = digest(hub.sandbox.events(payment_id)[-1]["event_id"])
    letter = _dead_letter(hub, event_id, kind="event")
    path = f"/dead-letters/{letter['deadLetterId']}/redrive"
    assert hub.operator.send("POST", path).status_code == 202
    hub.remind("ApplyEventFunction", vendor="optum", event=event_id)
    assert hub.api.details(payment_id)["history"] == before["history"]


def test_a_message_that_nobody_can_read_is_kept_away_from_tenants(hub: Hub) -> None:
    """It becomes a letter of no tenant; the next message is handled all the same."""
    queue = hub.stack.deployed.outputs["PaymentsDeadLetterQueueUrl"]
    hub.stack.client("sqs").send_message(QueueUrl=queue, MessageBody="not JSON")
    payment_id = hub.api.issued(425)["paymentId"]
    _dead_letter(hub, payment_id)
    listed = read(hub.operator.send("GET", "/dead-letters"))["deadLetters"]
    assert {it["kind"] for it in listed} <= {"payment", "event"}


def test_what_does_not_need_review_cannot_be_resolved(hub: Hub, belongings: Belongings) -> None:
    """409 for an operator, 403 for a caller."""
    payment_id = belongings.parameters["paymentId"]
    answer = hub.operator.resolve(payment_id, "moved")
    assert answer.status_code == 409
    assert "does not need review" in answer.json()["detail"]
    assert hub.api.resolve(payment_id, "moved").status_code == 403


def _path(route: Route, parameters: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: parameters[found[1]], route.path)


def _the_other_scheme(hub: Hub, route: Route) -> dict[str, str]:
    """A key where a token is needed, a token where a key is."""
    if route.scheme == BEARER:
        key = hub.tenant.api_key
        return {"API-KEY": key, "Authorization": f"Bearer {key}"}
    return {"API-KEY": hub.athena.token, "Authorization": f"Bearer {hub.athena.token}"}


def _call(
    hub: Hub, route: Route, parameters: dict[str, str], tenant: str | None = None
) -> httpx.Response:
    """With the highest role that the scheme knows."""
    bearer = f"Bearer {hub.athena.token}" if route.scheme == BEARER else None
    if route.function in IN_XML:
        document = document_of([payment_element(parameters["bill"])], parameters["practiceId"])
        headers = {"TENANT": tenant} if tenant else {}
        return caller_of(hub).send(
            route.method.upper(),
            _path(route, parameters),
            QUERIES.get(route.function, {}),
            document.encode(),
            {"Content-Type": XML_TYPE, **headers},
        )
    return hub.operator.send(
        route.method.upper(),
        _path(route, parameters),
        BODIES.get(route.function),
        QUERIES.get(route.function),
        tenant=tenant,
        authorization=bearer,
    )


def _words(answer: httpx.Response, route: Route, parameters: dict[str, str]) -> str:
    """The answer without what was asked for and without its own id."""
    if answer.headers["Content-Type"] == PROBLEM_TYPE:
        text = re.sub("<correlation_id>.*?</correlation_id>", "", answer.text)
    else:
        shown = {name: it for name, it in answer.json().items() if name != "correlation_id"}
        text = json.dumps(shown, sort_keys=True)
    for name, asked in parameters.items():
        if f"{{{name}}}" in route.path:
            text = re.sub(rf"\b{re.escape(asked)}\b", "{asked}", text)
    return text


def _made_up(known: str) -> str:
    """Another id of the same look."""
    return known[:-8] + "00000000"


def _dead_letter(hub: Hub, subject: str, kind: str = "payment") -> Json:
    """A reminder that was given up, as the queue hands it over after too many failures."""
    named = {"payment": subject} if kind == "payment" else {"vendor": "optum", "event": subject}
    queue = "PaymentsDeadLetterQueueUrl" if kind == "payment" else "EventsDeadLetterQueueUrl"
    hub.stack.client("sqs").send_message(
        QueueUrl=hub.stack.deployed.outputs[queue],
        MessageBody=json.dumps({"v": 1, "tenant": hub.tenant.tenant, **named}),
    )

    def look() -> Json | None:
        listed = read(hub.operator.send("GET", "/dead-letters"))["deadLetters"]
        return next((it for it in listed if it["subjectId"] == subject), None)

    return eventually(look, "the letter is listed")


def _token(hub: Hub, tenant: Tenant) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
    }
    return httpx.post(f"{hub.stack.base_url}/oauth2/v1/token", data=form, timeout=60)
