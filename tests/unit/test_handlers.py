"""Every function is invoked with its sample event, on moto, as Lambda would invoke it."""

import base64
import gc
import importlib
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from payhub import wiring
from payhub.bearer import client_digest, derived_secret
from payhub.domain.errors import SecretUnavailable
from payhub.domain.identity import digest
from payhub.domain.passwords import hash_of
from payhub.domain.records import Credential, CredentialKind
from payhub.domain.settlement import eastern
from payhub.domain.tenant import Role
from payhub.entrypoints.observability import logger
from payhub.ports import OAUTH_SECRET, Hub
from payhub.transport import Transport
from tests.support.aws import moto_stack
from tests.support.fakes import OTHER, TENANT

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = sorted(
    path.relative_to(REPOSITORY / "events").with_suffix("").as_posix()
    for path in (REPOSITORY / "events").rglob("*.json")
)
CLINIC = TENANT.model_copy(
    update={
        "vendors": {
            **TENANT.vendors,
            "decoda": {"base_url": "http://decoda.test", "tenant_id": "clinic-1"},
            "medfusion": {"base_url": "http://medfusion.test"},
        },
        "medfusion_practice_ids": ("1c7ecf9f-9700-4e70-b976-9356db658274",),
    }
)
PAYMENT = {"paymentId": "6afeeb04bd11493ab25f340aea87cd67", "status": "Created", "amount": 12500}
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 10_000, aws_request_id="r-1")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The real Hub on moto with one tenant and a vendor that answers 201."""
    with moto_stack(monkeypatch):
        wiring.hub.cache_clear()
        for name in [it for it in sys.modules if it.split(".")[0] in _rooms()]:
            monkeypatch.delitem(sys.modules, name)
        made = wiring.hub()
        made.tenants.save(CLINIC)
        for name in ("optum", "decoda"):
            secret = {"api_key": "k", "webhook_secret": "sample-webhook-secret"}
            made.secrets.put(TENANT.tenant, name, secret)
        vendor: Any = made.vendors["optum"]
        vendor._transport = Transport(3, httpx.MockTransport(_vendor))
        made.secrets.put(TENANT.tenant, "athena", {"client_id": "c", "client_secret": "s"})
        athena: Any = made.vendors["athena"]
        athena._transport = Transport(3, httpx.MockTransport(_athena))
        decoda: Any = made.vendors["decoda"]
        decoda._transport = Transport(3, httpx.MockTransport(_decoda))
        secret = {"app_token": "a", "username": "u", "password": "p"}
        made.secrets.put(TENANT.tenant, "medfusion", secret)
        medfusion: Any = made.vendors["medfusion"]
        medfusion._transport = Transport(3, httpx.MockTransport(_medfusion))
        _add_credentials(made)
        yield made
        wiring.hub.cache_clear()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Everything that was logged so far, as it would reach CloudWatch."""
    lines = io.StringIO()
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", lines)
    return lines.getvalue


def _rooms() -> set[str]:
    return {function.split("/")[0] for function in FUNCTIONS}


def _vendor(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/missed-events"):
        return httpx.Response(200, json={"missedEvents": []})
    return httpx.Response(201, json={**PAYMENT, "availableBalance": 12500})


def _athena(request: httpx.Request) -> httpx.Response:
    """Every operation succeeds; ids come as text or number, as the vendor likes it."""
    answers: dict[str, Any] = {
        "token": {"access_token": "t", "expires_in": "3600"},
        "collectpayment": {"epaymentid": "551", "success": "true"},
        "5678": {"epaymentid": 552, "success": "true"},
        "paymentplan": {"paymentplanid": 77, "epaymentid": "553", "success": "true"},
        "recordpayment": {"paymentbatchid": "5", "success": True},
        "90210": {"success": "true"} if request.method == "POST" else {"receipt": "<p>$10</p>"},
        "payments": {"patientpaymentid": "9", "previouslyrecordedyn": "false"},
        "refund": {"patientpaymentid": 10, "recordedtime": "11/21/2026 09:15:00"},
        "adjustingcharges": {
            "patientid": 1234,
            "charges": [{"chargeid": 8001, "adjustmentamount": "5", "outstandingamount": "0"}],
        },
        "receipts": [_receipt()],
        "details": _receipt(),
    }
    return httpx.Response(200, json=answers[request.url.path.rpartition("/")[2]])


def _decoda(request: httpx.Request) -> httpx.Response:
    """What is asked for is done; its lists are empty."""
    answers: dict[str, Any] = {
        "create-patient-credit-settled": {
            "id": "5c2f9e52-7b0e-4a55-8d7e-2f1c7a9b3d02",
            "amount": 2500,
            "status": "SUCCEEDED",
            "paymentMedium": "PATIENT_CREDIT",
            "createdDate": "2026-11-21T12:00:00.000Z",
            "feeToPatient": 0,
        },
        "payin-config": {
            "sessionKey": "sess_1",
            "payinConfigId": "pcfg_1",
            "sandbox": True,
            "paymentMethods": [],
        },
        "list": {"data": [], "total": 0},
        "table": {"items": {"data": [], "total": 0}, "hasInsurancePayments": False},
    }
    return httpx.Response(200, json=answers[request.url.path.rpartition("/")[2]])


def _medfusion(request: httpx.Request) -> httpx.Response:
    """The portal shows the payment of the samples, as a bill and as one by the card swiper."""
    name = request.url.path.rpartition("/")[2]
    if name == "a":
        return httpx.Response(200, json={"clientId": "c", "clientSecret": "s"})
    if name == "token":
        return httpx.Response(200, json={"accessToken": "t", "expiresIn": 7200})
    kind = "BillPayment" if name == "securePayments" else "VCS Payment"
    sample = json.loads((REPOSITORY / "events/api/update_portal_payments.json").read_text())["body"]
    shown = sample.replace("POSTED", "SUBMITTED").replace("BillPayment", kind)
    headers = {"Content-Type": "application/xml", "Last-Timestamp": "1763719200123"}
    return httpx.Response(200, content=shown.encode(), headers=headers)


def _receipt() -> dict[str, Any]:
    taken = eastern(time.time_ns() // 1_000_000)
    return {"epaymentid": "90210", "type": "PURCHASE", "amount": "10", "requestdate": taken}


def _add_credentials(hub: Hub) -> None:
    digests = {
        CredentialKind.API_KEY: digest("api_key", "ph_caller_sample"),
        CredentialKind.BEARER: digest("bearer", "sample-token"),
        CredentialKind.CLIENT: client_digest("client-1", "secret-1"),
        CredentialKind.APP: digest("app", "sample-app-token"),
        CredentialKind.USER: digest("user", "api-user-1"),
    }
    hub.secrets.put(TENANT.tenant, OAUTH_SECRET, {"key": "sample-key"})
    for kind, value in digests.items():
        hub.tenants.add_credential(
            Credential(
                digest=value,
                kind=kind,
                tenant=TENANT.tenant,
                role=Role.CALLER,
                actor="caller:x",
                client_id="client-2" if kind is CredentialKind.APP else None,
                password=hash_of("password-1", "salt") if kind is CredentialKind.USER else None,
            )
        )
    client = hub.tenants.credential(digests[CredentialKind.CLIENT])
    assert client is not None
    derived = client_digest("client-2", derived_secret("sample-key", "client-2"))
    hub.tenants.add_credential(replace(client, digest=derived))


def invoke(function: str, **changes: Any) -> Any:
    """Call the handler with its sample event, some of it changed."""
    event = json.loads((REPOSITORY / "events" / f"{function}.json").read_text())
    handler = importlib.import_module(function.replace("/", ".")).handler
    return handler({**event, **changes}, CONTEXT)


EXPECTED = {
    "api/issue_payment": 201,
    "api/release_payment": 404,
    "api/void_payment": 404,
    "api/reissue_payment": 404,
    "api/get_payment": 404,
    "api/get_payment_details": 404,
    "api/list_payments": 200,
    "api/resolve_payment": 404,
    "api/list_dead_letters": 200,
    "api/redrive_dead_letter": 404,
    **dict.fromkeys(
        (
            *("api/collect_payment", "api/store_card", "api/start_payment_plan"),
            *("api/record_payment", "api/void_collected_payment", "api/record_vendor_payment"),
            *("api/refund_vendor_payment", "api/adjust_charges", "api/list_receipts"),
            *("api/get_receipt", "api/get_receipt_details"),
        ),
        200,
    ),
    "api/issue_token": 200,
    "api/documentation": 200,
    "api/unknown_route": 404,
    "api/settle_with_credit": 200,
    "api/create_payin_config": 200,
    "api/get_payment_plan": 404,
    "api/list_payment_plans": 200,
    "api/cancel_payment_plan": 404,
    "api/refund_payment": 404,
    "api/list_portal_payments": 204,
    "api/list_swiper_payments": 204,
    "api/update_portal_payments": 202,
    "api/update_swiper_payments": 202,
    "api/get_processing_status": 404,
    "api/issue_portal_token": 200,
    "api/get_oauth_application": 200,
    "webhooks/optum": 200,
    "webhooks/decoda": 200,
}


@pytest.mark.parametrize("function", [it for it in FUNCTIONS if it in EXPECTED])
def test_a_function_behind_the_api_answers_its_sample_event(hub: Hub, function: str) -> None:
    answer = invoke(function)
    assert answer["statusCode"] == EXPECTED[function], answer["body"]
    if answer["headers"].get("Content-Type") == "application/problem+xml":
        assert f"<status>{answer['statusCode']}</status>" in answer["body"]
    elif answer["statusCode"] >= 400:
        assert answer["headers"]["Content-Type"] == "application/problem+json"
        assert json.loads(answer["body"])["status"] == answer["statusCode"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_that_has_started_collects_garbage(hub: Hub, function: str) -> None:
    wiring.hub.cache_clear()
    gc.disable()
    try:
        importlib.import_module(function.replace("/", "."))
        assert gc.isenabled()
    finally:
        gc.enable()


def test_every_function_has_an_expectation() -> None:
    http = {it for it in FUNCTIONS if it.split("/")[0] in ("api", "webhooks")}
    assert http == set(EXPECTED)


@pytest.mark.parametrize("function", ["authorizers/api_key", "authorizers/bearer_token"])
def test_an_authorizer_lets_its_sample_in_with_tenant_and_role(hub: Hub, function: str) -> None:
    allowed = invoke(function)
    statement = allowed["policyDocument"]["Statement"][0]
    assert statement["Effect"] == "Allow" and statement["Resource"].endswith("/prod/*")
    assert allowed["context"]["tenant"] == TENANT.tenant
    assert allowed["context"]["role"] == "caller"


@pytest.mark.parametrize("function", ["authorizers/api_key", "authorizers/bearer_token"])
@pytest.mark.parametrize("token", ["", "wrong", "Bearer wrong", "x" * 5000, "Bearer "])
def test_an_authorizer_refuses_everything_else_with_the_401_text(
    hub: Hub, function: str, token: str
) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        invoke(function, authorizationToken=token)


def test_a_key_is_no_bearer_token_and_a_token_no_key(hub: Hub) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        invoke("authorizers/bearer_token", authorizationToken="Bearer ph_caller_sample")
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        invoke("authorizers/api_key", authorizationToken="sample-token")


def test_a_token_from_the_token_endpoint_opens_the_bearer_door(hub: Hub) -> None:
    token = json.loads(invoke("api/issue_token")["body"])
    assert token["token_type"] == "Bearer" and token["expires_in"] == 3600
    allowed = invoke(
        "authorizers/bearer_token", authorizationToken=f"Bearer {token['access_token']}"
    )
    assert allowed["context"]["tenant"] == TENANT.tenant


def test_wrong_client_credentials_get_the_oauth_error(hub: Hub) -> None:
    wrong = base64.b64encode(b"client-1:wrong").decode()
    event = json.loads((REPOSITORY / "events/api/issue_token.json").read_text())
    answer = invoke(
        "api/issue_token", headers={**event["headers"], "authorization": f"Basic {wrong}"}
    )
    assert answer["statusCode"] == 401
    assert json.loads(answer["body"])["error"] == "invalid_client"


@pytest.mark.parametrize("function", ["workers/advance_payment", "workers/apply_event"])
def test_a_worker_finds_nothing_to_do_in_its_sample(hub: Hub, function: str) -> None:
    assert invoke(function) == {"batchItemFailures": []}


def test_dead_letters_reach_the_operators_list(hub: Hub) -> None:
    assert invoke("workers/dead_letter") == {"batchItemFailures": []}
    letters, _ = hub.dead_letters.page(TENANT.tenant, 10, None)
    assert {letter.kind for letter in letters} == {"payment", "event"}


@pytest.mark.parametrize(
    "function",
    [
        *("schedules/sweep", "schedules/collect_missed_events", "schedules/settle_payments"),
        "schedules/poll_portal_payments",
    ],
)
def test_a_schedule_runs_on_its_sample(hub: Hub, function: str) -> None:
    assert invoke(function) is None


def test_what_the_portal_shows_is_fetched_served_reported_and_followed(hub: Hub) -> None:
    for _ in range(2):
        invoke("schedules/poll_portal_payments")
    since = {"queryStringParameters": None, "multiValueQueryStringParameters": None}
    served = invoke("api/list_portal_payments", **since)
    assert (served["statusCode"], served["headers"]["Content-Type"]) == (200, "application/xml")
    assert served["body"].count("<Payment ") == 1 and ">SUBMITTED<" in served["body"]
    last = {"since": served["headers"]["Last-Timestamp"]}
    assert invoke("api/list_portal_payments", queryStringParameters=last)["statusCode"] == 204
    accepted = invoke("api/update_portal_payments")
    location = accepted["headers"]["Location"]
    ids = {"practiceId": CLINIC.medfusion_practice_ids[0]}
    for message_id in (
        location.rpartition("/")[2],
        accepted["body"].split("<DataJobId>")[1].split("<")[0],
        accepted["body"].split("<MessageId>")[1].split("<")[0],
    ):
        path = {**ids, "messageId": message_id}
        status = invoke("api/get_processing_status", pathParameters=path)
        assert status["statusCode"] == 200 and status["body"].count("<State>PROCESSING<") == 2


def test_an_application_and_its_user_get_a_token_that_opens_the_bearer_door(hub: Hub) -> None:
    application = json.loads(invoke("api/get_oauth_application")["body"])
    pair = f"{application['clientId']}:{application['clientSecret']}"
    event = json.loads((REPOSITORY / "events/api/issue_portal_token.json").read_text())
    basic = "Basic " + base64.b64encode(pair.encode()).decode()
    headers = {**event["headers"], "authorization": basic}
    token = json.loads(invoke("api/issue_portal_token", headers=headers)["body"])
    allowed = invoke(
        "authorizers/bearer_token", authorizationToken=f"Bearer {token['accessToken']}"
    )
    assert allowed["context"]["tenant"] == TENANT.tenant


def test_a_message_that_cannot_be_read_fails_alone(hub: Hub) -> None:
    event = json.loads((REPOSITORY / "events/workers/advance_payment.json").read_text())
    good = event["Records"][0]
    bad = {**good, "messageId": "bad", "body": "not json"}
    failed = invoke("workers/advance_payment", Records=[bad, good])
    assert failed == {"batchItemFailures": [{"itemIdentifier": "bad"}]}


def test_an_issued_payment_is_stored_answered_and_replayed_byte_for_byte(hub: Hub) -> None:
    first, again = invoke("api/issue_payment"), invoke("api/issue_payment")
    assert first["body"] == again["body"]
    assert again["headers"]["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first["headers"]
    body = json.loads(first["body"])
    assert first["headers"]["Location"] == f"/payments/{body['paymentId']}"
    assert first["headers"]["Payment-Id"] == body["paymentId"]
    assert (body["amount"], body["status"], body["version"]) == (12500, "Created", 1)
    assert body["issuerReferenceId"] == "EVRYHEALTH001"


def test_the_key_of_another_tenant_than_the_header_names_is_refused(hub: Hub) -> None:
    event = json.loads((REPOSITORY / "events/api/list_payments.json").read_text())
    answer = invoke("api/list_payments", headers={**event["headers"], "TENANT": "somebody"})
    assert answer["statusCode"] == 403
    same = invoke("api/list_payments", headers={**event["headers"], "TENANT": TENANT.tenant})
    assert same["statusCode"] == 200


@pytest.mark.parametrize("function", ["api/release_payment", "api/list_dead_letters"])
def test_what_needs_an_operator_refuses_a_caller(hub: Hub, function: str) -> None:
    event = json.loads((REPOSITORY / f"events/{function}.json").read_text())
    context = event["requestContext"]
    context["authorizer"]["role"] = "caller"
    assert invoke(function, requestContext=context)["statusCode"] == 403


def test_an_error_nobody_foresaw_shows_and_logs_no_text_of_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, log: Callable[[], str]
) -> None:
    def explode(*args: object) -> object:
        raise RuntimeError("4111111111111111")

    monkeypatch.setattr(type(hub.payments), "create", explode)
    answer = invoke("api/issue_payment")
    assert answer["statusCode"] == 500
    output = log()
    assert "4111" not in answer["body"] + output and "RuntimeError" in output


def test_storage_that_does_not_answer_is_a_503_that_says_to_repeat(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*args: object) -> object:
        raise TimeoutError

    monkeypatch.setattr(type(hub.payments), "create", unreachable)
    answer = invoke("api/issue_payment")
    assert answer["statusCode"] == 503 and answer["headers"]["Retry-After"] == "1"


def test_a_webhook_whose_secret_cannot_be_read_is_to_be_delivered_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*args: object, **more: object) -> object:
        raise SecretUnavailable

    monkeypatch.setattr(type(hub.secrets), "get", unreachable)
    assert invoke("webhooks/optum")["statusCode"] == 503


def test_no_request_body_reaches_the_log(hub: Hub, log: Callable[[], str]) -> None:
    for body in ('{"payment": "98-7654321"}', "98-7654321", '{"accountShortCode": 987654321}'):
        invoke("api/issue_payment", body=body)
    invoke("api/issue_payment")
    output = log()
    assert "7654321" not in output and "answered" in output


def test_one_tenant_that_fails_does_not_stop_the_others(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.tenants.save(OTHER.model_copy(update={"vendors": {"optum": {}}}))
    with pytest.raises(RuntimeError, match="failed for 1 tenants"):
        invoke("schedules/collect_missed_events")


def test_a_replay_shows_the_first_answer_after_the_status_has_moved_on(hub: Hub) -> None:
    first = invoke("api/issue_payment")
    payment = hub.payments.load(TENANT.tenant, json.loads(first["body"])["paymentId"])
    assert payment is not None
    hub.payments.change(
        payment, lambda latest: replace(latest, vendor_status="Sent", revision=latest.revision + 1)
    )
    again = invoke("api/issue_payment")
    assert (again["body"], again["headers"]["ETag"]) == (first["body"], first["headers"]["ETag"])
