"""Bad input over HTTP: a problem document with the right status that names the field.

Never a server error, and never anything of what was sent that could be a secret.
"""

import base64
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import bad_athena_requests, bad_decoda_requests
from tests.support.bad_requests import CANARY, CASES, JSON_TYPE, UNKNOWN_ID, Case, issue
from tests.support.decoda_side import VENDOR, DecodaSide
from tests.support.hub import Hub, demo_tenant, hub_of, read
from tests.support.stack import LocalStack

pytestmark = pytest.mark.journey

Json = dict[str, Any]

FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Answer:
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    text: str


@pytest.mark.parametrize(
    "case", [pytest.param(it, id=f"{group}: {it.name}") for group in CASES for it in CASES[group]]
)
def test_bad_input_is_a_problem_that_names_the_field(local_stack: LocalStack, case: Case) -> None:
    """With an operator's key, so that nothing is refused for the key's role."""
    tenant = local_stack.tenants[0]
    _check(local_stack, case, {"API-KEY": tenant["operator_key"]})


@pytest.fixture(scope="module")
def token(local_stack: LocalStack) -> str:
    """A bearer token of the first demo tenant."""
    return hub_of(local_stack, demo_tenant(local_stack, 0)).athena.token


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(it, id=f"{group}: {it.name}")
        for group, cases in bad_athena_requests.CASES.items()
        for it in cases
    ],
)
def test_bad_input_on_patients_paths_is_told_in_athenas_words_too(
    local_stack: LocalStack, token: str, case: Case
) -> None:
    """The same problem, with the members in which athena's callers look for an error."""
    problem = _check(local_stack, case, {"Authorization": f"Bearer {token}"})
    if case.status != 405:
        assert problem["success"] == "false"
        assert problem["error"] == problem["errortext"]
        named = [problem["detail"], *(it["field"] for it in problem.get("errors", []))]
        assert all(words in problem["errortext"] for words in named)


@pytest.fixture(scope="module")
def patients(local_stack: LocalStack) -> Iterator[LocalStack]:
    """The stack, where nothing of all this reaches Decoda or the list of payments."""
    hub = hub_of(local_stack, demo_tenant(local_stack, 0))
    before = _known_of_decoda(hub)
    yield local_stack
    assert _known_of_decoda(hub) == before


def _known_of_decoda(hub: Hub) -> tuple[list[str], int, Json]:
    newest = read(hub.api.send("GET", "/payments", query={"limit": "100"}))["payments"]
    ours = [it["paymentId"] for it in newest if it["vendor"] == VENDOR]
    log = (hub.stack.settings.folder / "logs" / "sandbox.log").read_text()
    calls = sum(" POST /billing/" in line for line in log.splitlines())
    return ours, calls, DecodaSide(hub).books()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(it, id=f"{group}: {it.name}")
        for group, cases in bad_decoda_requests.CASES.items()
        for it in cases
    ],
)
def test_bad_input_on_decodas_paths_is_told_in_decodas_form_too(
    patients: LocalStack, case: Case
) -> None:
    """On its own paths, what is wrong with a field is a 422 with the list of mistakes."""
    problem = _check(patients, case, {"API-KEY": patients.tenants[0]["operator_key"]})
    if case.path.startswith("/billing/"):
        mistakes = problem["detail"]
        assert isinstance(mistakes, list) == (case.status == 422)
        if isinstance(mistakes, list):
            assert all(set(it) == {"loc", "msg", "type"} and it["msg"] for it in mistakes)
            places = {".".join(map(str, it["loc"])) for it in mistakes}
            field = "" if case.field == "body" else f".{case.field}"
            ways = {f"{place}{field}" for place in ("body", "query", "header")}
            assert places & ways, places


def test_a_long_text_in_any_script_is_taken(local_stack: LocalStack) -> None:
    """What fits the limit fits the table, whatever it is written in."""
    body = issue(
        clientRequestId="bad-input-any-script",
        part={"payeeDetails": {"name": "é" * 120_000, "note": "💸 \u0000 \u2028"}},
    )
    answer = _send(
        local_stack.base_url,
        "POST",
        "/payments",
        {"API-KEY": local_stack.tenants[0]["api_key"], **JSON_TYPE},
        json.dumps(body, ensure_ascii=False).encode(),
    )
    assert answer.status in (201, 202), answer.text


@pytest.mark.parametrize("key", ["", "x", "ph_caller_x", "é", "x" * 5000, "a, b", CANARY])
def test_an_unknown_key_is_401(local_stack: LocalStack, key: str) -> None:
    """A problem document too, that does not repeat the key."""
    for path in ("/payments", f"/payments/{UNKNOWN_ID}/details", "/dead-letters"):
        answer = _send(local_stack.base_url, "GET", path, {"API-KEY": key})
        _problem(answer, 401)
        assert CANARY not in answer.text


def test_another_tenants_payment_reads_as_unknown(local_stack: LocalStack) -> None:
    """The same problem, but for the id, on every route of a payment."""
    mine, other = local_stack.tenants
    with local_stack.http(other["api_key"]) as client:
        body = {**issue(clientRequestId="bad-input-other"), "accountShortCode": "ACCT3"}
        theirs = client.post("/payments", json=body).headers["Payment-Id"]
    with local_stack.http(mine["operator_key"]) as client:
        for method, path in _payment_routes(client):
            shown, unknown = (
                client.request(method, path.format(paymentId=it), json=_body_for(path))
                for it in (theirs, UNKNOWN_ID)
            )
            assert shown.status_code == unknown.status_code == 404, path
            assert _told(shown, theirs) == _told(unknown, UNKNOWN_ID)


def _payment_routes(client: httpx.Client) -> Iterator[tuple[str, str]]:
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        if "{paymentId}" in path:
            yield from ((method.upper(), path) for method in methods)


def _body_for(path: str) -> Json | None:
    if path.endswith("/refund"):
        return {"amount": 1, "reason": "OTHER", "providerId": "1"}
    return {"resolution": "resend", "reason": "x"} if path.endswith("/resolve") else None


def _told(answer: httpx.Response, payment_id: str) -> Json:
    problem: Json = answer.json()
    del problem["correlation_id"]
    told: Json = json.loads(json.dumps(problem).replace(payment_id, "ID"))
    return told


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (b"", 400, "invalid_request"),
        (b"grant_type=password&username=x&password=" + CANARY.encode(), 400, None),
        (b"grant_type=client_credentials", 401, "invalid_client"),
        (b"grant_type=client_credentials&client_id=x&client_secret=%00%ff", 401, "invalid_client"),
        (b"grant_type=client_credentials&grant_type=x", 400, "invalid_request"),
        (b"\xff\xfe\x00=&&&===", 400, "invalid_request"),
        (b"grant_type=client_credentials&client_secret=" + CANARY.encode(), 401, "invalid_client"),
    ],
)
def test_bad_token_requests_are_worded_as_oauth(
    local_stack: LocalStack, form: bytes, status: int, error: str | None
) -> None:
    """RFC 6749, section 5.2."""
    for path in ("/oauth2/v1/token", "/oauth/token"):
        answer = _send(local_stack.base_url, "POST", path, FORM_TYPE, form)
        assert answer.status == status, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert error is None or json.loads(answer.text)["error"] == error
        assert CANARY not in answer.text


@pytest.mark.parametrize("basic", ["", "x", "====", "w6nDqQ==", base64.b64encode(b"\xff").decode()])
def test_bad_basic_credentials_are_401(local_stack: LocalStack, basic: str) -> None:
    """Neither text nor base64 nor a pair makes more than a refusal."""
    headers = {**FORM_TYPE, "Authorization": f"Basic {basic}"}
    form = b"grant_type=client_credentials"
    answer = _send(local_stack.base_url, "POST", "/oauth2/v1/token", headers, form)
    assert answer.status == 401, answer.text


@pytest.mark.parametrize(
    "request_text",
    [
        "GET /payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: a\x00b\r\n",
        "GET /pay\x00ments HTTP/1.1\r\nHost: x\r\n",
        "GET /payments HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n",
        "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n",
        "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "nonsense\r\n",
    ],
)
def test_what_is_not_http_is_refused_at_the_door(
    local_stack: LocalStack, request_text: str
) -> None:
    """Before any function sees it, as API Gateway does."""
    status, _ = _exchange(local_stack.base_url, request_text.encode("latin-1") + b"\r\n")
    assert status == 400


def _check(stack: LocalStack, case: Case, identity: Mapping[str, str]) -> Json:
    path = case.path.replace("@tenant", stack.tenants[0]["tenant"])
    headers = {**identity, **case.headers}
    answer = _send(stack.base_url, case.method, path, headers, case.content)
    problem = _problem(answer, case.status)
    _no_secrets(answer, stack.tenants)
    if case.field is not None:
        assert case.field in [it["field"] for it in problem["errors"]]
    if case.status == 405:
        assert case.method not in answer.headers["allow"].split(", ")
    return problem


def _problem(answer: Answer, status: int) -> Json:
    assert answer.status == status, answer.text[:2000]
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = json.loads(answer.text)
    assert problem["status"] == status
    assert problem["type"]
    assert problem["title"]
    assert problem["detail"]
    assert problem["correlation_id"]
    return problem


def _no_secrets(answer: Answer, tenants: list[Json]) -> None:
    shown = answer.text + str(answer.headers)
    assert CANARY not in shown
    assert bad_athena_requests.CARD_NUMBER not in shown
    for tenant in tenants:
        for name in ("api_key", "operator_key", "client_secret"):
            assert tenant[name] not in shown


def _send(
    base_url: str, method: str, path: str, headers: Mapping[str, str], content: bytes = b""
) -> Answer:
    """A request that no client library has tidied up."""
    lines = [f"{method} {path} HTTP/1.1", "Host: payhub.test", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(content)}"] if content or method != "GET" else []
    head = "\r\n".join(lines).encode("latin-1")
    status, rest = _exchange(base_url, head + b"\r\n\r\n" + content)
    raw_headers, _, body = rest.partition(b"\r\n\r\n")
    pairs = [line.split(": ", 1) for line in raw_headers.decode("latin-1").split("\r\n") if line]
    return Answer(status, {name.lower(): value for name, value in pairs}, body.decode())


def _exchange(base_url: str, request: bytes) -> tuple[int, bytes]:
    """Status and everything behind the status line."""
    url = urlsplit(base_url)
    with socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=30) as door:
        door.sendall(request)
        with door.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            return status, answer.read()
