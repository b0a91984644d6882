"""athenahealth's tokens: one for many calls, renewed early, and never a doubt about a payment."""

import base64
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from pydantic import ValidationError

from payhub.domain.answers import NO_KEY, Answer, Done, NotSent
from payhub.tokens import Token
from payhub.transport import Response, Transport
from payhub.vendors.athena.auth import Tokens, parse_settings, settings_of
from payhub.vendors.athena.client import Client
from payhub.vendors.athena.contract import COLLECT
from payhub.vendors.athena.gateway import PaymentGateway
from tests.support.fakes import OTHER, MemorySecrets, SetClock
from tests.unit.athena_orders import (
    ATHENA_TENANT,
    BASE_URL,
    CREDENTIALS,
    TOKEN_PATH,
    Handler,
    client,
    form_of,
    known_secrets,
    never,
    order,
)

SETTINGS = settings_of(ATHENA_TENANT)
GOOD = {"epaymentid": "551", "success": "true"}


class Authority:
    """The vendor: gives tokens 1, 2, ... and notes who asked and what they were used for."""

    def __init__(self, expires_in: object = 3600) -> None:
        self.expires_in = expires_in
        self.good_tokens: set[str] | None = None
        self.asked: list[httpx.Request] = []
        self.used: list[str] = []
        self.pause_seconds = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.url.path != TOKEN_PATH:
            token = request.headers["authorization"].removeprefix("Bearer ")
            self.used.append(token)
            is_good = self.good_tokens is None or token in self.good_tokens
            return httpx.Response(200, json=GOOD) if is_good else httpx.Response(401)
        self.asked.append(request)
        time.sleep(self.pause_seconds)
        body = {"access_token": f"t{len(self.asked)}", "expires_in": self.expires_in}
        return httpx.Response(200, json=body)


class Rotated(MemorySecrets):
    """Credentials that were changed: the new ones are seen only when asked for freshly."""

    def get(self, tenant: str, vendor: str, *, fresh: bool = False) -> Mapping[str, str]:
        """The old ones until somebody asks again."""
        self.fetches += fresh
        return {**CREDENTIALS, "client_secret": "new" if self.fetches else "old"}


def tokens(authority: Authority, watch: SetClock | None = None) -> Tokens:
    """The cache in front of it."""
    transport = Transport(3.0, httpx.MockTransport(authority))
    return Tokens(transport, known_secrets(), watch or SetClock())


def collect(handler: Handler, secrets: MemorySecrets | None = None) -> Answer:
    """One payment through a client of its own."""
    return PaymentGateway(client(handler, secrets)).perform(order(COLLECT))


def test_a_token_is_asked_for_as_documented() -> None:
    authority = Authority()
    assert tokens(authority).token(ATHENA_TENANT, SETTINGS) == "t1"
    request = authority.asked[0]
    assert str(request.url) == BASE_URL + TOKEN_PATH and request.method == "POST"
    basic = base64.b64encode(b"client-1:secret-1").decode()
    assert request.headers["authorization"] == f"Basic {basic}"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form_of(request) == {
        "grant_type": "client_credentials",
        "scope": "athena/service/Athenanet.MDP.*",
    }


def test_many_calls_use_one_token() -> None:
    authority = Authority()
    gateway = PaymentGateway(client(authority))
    assert all(isinstance(gateway.perform(order(COLLECT)), Done) for _ in range(5))
    assert len(authority.asked) == 1 and authority.used == ["t1"] * 5


@pytest.mark.parametrize(
    ("expires_in", "lives_seconds"),
    [(3600, 3540), ("3600", 3540), (3600.0, 3540), (300, 270), ("100", 90), (0, 0)],
)
def test_a_token_is_renewed_before_it_ends(expires_in: object, lives_seconds: int) -> None:
    watch, authority = SetClock(), Authority(expires_in)
    cache = tokens(authority, watch)
    cache.token(ATHENA_TENANT, SETTINGS)
    if lives_seconds:
        watch.advance(lives_seconds - 1)
        assert cache.token(ATHENA_TENANT, SETTINGS) == "t1"
        watch.advance(1)
    assert cache.token(ATHENA_TENANT, SETTINGS) == "t2"


def test_a_token_is_counted_from_before_it_was_asked_for() -> None:
    watch, authority = SetClock(), Authority(100)

    class Slow(Authority):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            watch.advance(50)
            return authority(request)

    cache = tokens(Slow(), watch)
    cache.token(ATHENA_TENANT, SETTINGS)
    watch.advance(40)
    assert cache.token(ATHENA_TENANT, SETTINGS) == "t2"


def test_threads_that_wait_get_the_token_of_the_first() -> None:
    authority = Authority()
    authority.pause_seconds = 0.05
    cache, start = tokens(authority), threading.Barrier(8)

    def ask(_: int) -> str | NotSent:
        start.wait()
        return cache.token(ATHENA_TENANT, SETTINGS)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"t1"}
    assert len(authority.asked) == 1


def test_threads_whose_token_was_refused_renew_it_once() -> None:
    authority = Authority()
    authority.pause_seconds = 0.02
    cache, start = tokens(authority), threading.Barrier(8)
    cache.token(ATHENA_TENANT, SETTINGS)

    def ask(_: int) -> str | NotSent:
        start.wait()
        return cache.renewed(ATHENA_TENANT, SETTINGS, "t1")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"t2"}


def test_tenants_and_hosts_do_not_share_a_token() -> None:
    authority = Authority()
    secrets = known_secrets()
    secrets.put(OTHER.tenant, "athena", {**CREDENTIALS, "client_id": "client-2"})
    cache = Tokens(Transport(3.0, httpx.MockTransport(authority)), secrets, SetClock())
    other = OTHER.model_copy(update={"vendors": ATHENA_TENANT.vendors})
    moved = parse_settings({"base_url": "http://moved.test"})
    assert cache.token(ATHENA_TENANT, SETTINGS) == "t1"
    assert cache.token(other, SETTINGS) == "t2"
    assert cache.token(ATHENA_TENANT, moved) == "t3"
    assert str(authority.asked[2].url).startswith("http://moved.test/")


def test_a_refused_token_is_renewed_once_and_the_call_sent_once_more() -> None:
    authority = Authority()
    authority.good_tokens = {"t2"}
    secrets = known_secrets()
    assert isinstance(collect(authority, secrets), Done)
    assert authority.used == ["t1", "t2"] and len(authority.asked) == 2
    assert secrets.fetches == 1


def test_a_call_that_stays_unauthorized_was_not_sent() -> None:
    authority = Authority()
    authority.good_tokens = set()
    assert isinstance(collect(authority), NotSent)
    assert authority.used == ["t1", "t2"]


@pytest.mark.parametrize(
    ("status", "body"), [(401, b"<html>no"), (400, b'{"error": "invalid_client"}')]
)
def test_credentials_that_changed_are_fetched_once(status: int, body: bytes) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path != TOKEN_PATH:
            return httpx.Response(200, json=GOOD)
        pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        seen.append(pair)
        if pair.endswith(":new"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        return httpx.Response(status, content=body)

    secrets = Rotated()
    assert isinstance(collect(handler, secrets), Done)
    assert seen == ["client-1:old", "client-1:new"] and secrets.fetches == 1


def test_credentials_that_stay_wrong_are_not_tried_again() -> None:
    calls: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        return httpx.Response(401, json={"error": "invalid_client"})

    answer = collect(handler)
    assert answer == NotSent(reason="no token: vendor answered 401 invalid_client")
    assert calls == [TOKEN_PATH]


def test_while_the_credentials_cannot_be_read_nothing_is_sent() -> None:
    secrets = known_secrets()
    secrets.is_away = True
    assert collect(never, secrets) == NO_KEY


def test_a_refused_token_is_not_renewed_while_the_credentials_cannot_be_read() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        secrets.is_away = True
        return httpx.Response(401)

    secrets = known_secrets()
    assert collect(handler, secrets) == NO_KEY


def test_missing_credentials_send_nothing() -> None:
    secrets = MemorySecrets()
    secrets.put(ATHENA_TENANT.tenant, "athena", {"client_id": "client-1"})
    assert isinstance(collect(never, secrets), NotSent)


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "9"}, 9), ({}, 60), ({"Retry-After": "soon"}, 60)]
)
def test_too_many_tokens_are_waited_for(headers: dict[str, str], seconds: int) -> None:
    answer = collect(lambda request: httpx.Response(429, content=b"Slow down", headers=headers))
    assert isinstance(answer, NotSent) and answer.retry_after_seconds == seconds


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"expires_in": 3600}',
        b'{"access_token": 7, "expires_in": 3600}',
        b'{"access_token": "a b", "expires_in": 3600}',
        b'{"access_token": "a\\nb", "expires_in": 3600}',
        b'{"access_token": "t", "expires_in": "soon"}',
        b'{"access_token": "t", "expires_in": true}',
        b'{"access_token": "t", "expires_in": -1}',
    ],
)
@pytest.mark.parametrize("status", [200, 302, 400, 500, 503])
def test_without_a_readable_token_nothing_is_sent(status: int, body: bytes) -> None:
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(status, content=body)

    assert isinstance(collect(handler), NotSent)
    assert set(paths) == {TOKEN_PATH}


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ReadError, httpx.ConnectError])
def test_a_token_that_does_not_come_leaves_no_doubt(error: type[httpx.TransportError]) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("played", request=request)

    assert isinstance(collect(handler), NotSent)


def test_a_renewal_that_fails_leaves_no_doubt_either() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH and not used:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        used.append(request.url.path)
        return httpx.Response(503 if request.url.path == TOKEN_PATH else 401)

    used: list[str] = []
    assert isinstance(collect(handler), NotSent) and len(used) == 2


def test_a_base_url_that_is_not_on_the_list_gets_neither_credentials_nor_payment() -> None:
    transport = Transport(3.0, httpx.MockTransport(never))
    answer = Client(transport, known_secrets(), frozenset({"http://other.test"}), SetClock()).call(
        ATHENA_TENANT, "GET", "/v1/195900/patients/7/receipts"
    )
    assert isinstance(answer, NotSent)


def test_a_get_has_its_query_and_no_body() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"access_token": "t", "expires_in": 60})

    answer = client(handler).call(ATHENA_TENANT, "GET", "/v1/1/x", query={"departmentid": "1"})
    assert isinstance(answer, Response)
    assert str(seen[1].url) == f"{BASE_URL}/v1/1/x?departmentid=1" and not seen[1].read()


def test_a_token_does_not_show_itself() -> None:
    assert "t0k3n" not in repr(Token("t0k3n", SETTINGS, 1.0))


def test_settings_have_defaults_and_bounds() -> None:
    assert SETTINGS.void_margin_seconds == 300
    with pytest.raises(ValidationError):
        parse_settings({"base_url": BASE_URL, "void_margin_seconds": -1})
    with pytest.raises(ValidationError):
        parse_settings({"base_url": BASE_URL, "client_secret": "never here"})


def test_one_token_serves_all_processes_of_the_stack() -> None:
    authority, secrets, clock = Authority(), known_secrets(), SetClock()
    transport = Transport(3.0, httpx.MockTransport(authority))
    caches = [Tokens(transport, secrets, clock) for _ in range(3)]
    assert {cache.token(ATHENA_TENANT, SETTINGS) for cache in caches} == {"t1"}
    clock.advance(3600)
    assert {cache.token(ATHENA_TENANT, SETTINGS) for cache in caches} == {"t2"}
    assert len(authority.asked) == 2


def test_a_refused_token_is_not_taken_from_the_others_again() -> None:
    authority, secrets, clock = Authority(), known_secrets(), SetClock()
    transport = Transport(3.0, httpx.MockTransport(authority))
    one, other = (Tokens(transport, secrets, clock) for _ in range(2))
    assert one.token(ATHENA_TENANT, SETTINGS) == other.token(ATHENA_TENANT, SETTINGS) == "t1"
    assert one.renewed(ATHENA_TENANT, SETTINGS, "t1") == "t2"
    assert other.renewed(ATHENA_TENANT, SETTINGS, "t1") == "t2"
    assert len(authority.asked) == 2


def test_a_token_of_other_credentials_is_not_shared() -> None:
    authority, secrets, clock = Authority(), known_secrets(), SetClock()
    transport = Transport(3.0, httpx.MockTransport(authority))
    Tokens(transport, secrets, clock).token(ATHENA_TENANT, SETTINGS)
    secrets.put(ATHENA_TENANT.tenant, "athena", {**CREDENTIALS, "client_id": "another"})
    assert Tokens(transport, secrets, clock).token(ATHENA_TENANT, SETTINGS) == "t2"
