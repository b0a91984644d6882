"""Medfusion's tokens and calls: application and password first, XML after, never a doubt."""

import base64
from collections.abc import Mapping
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import ValidationError

from payhub.domain.answers import NotSent, Unanswered
from payhub.transport import Response, Transport
from payhub.vendors.medfusion.auth import SECRET_FIELDS, Tokens, parse_settings, settings_of
from payhub.vendors.medfusion.client import Client
from tests.support.fakes import MemorySecrets, SetClock
from tests.unit.medfusion_orders import (
    APPLICATION,
    APPLICATION_PATH,
    BASE_URL,
    CREDENTIALS,
    MEDFUSION_TENANT,
    TOKEN_PATH,
    Room,
    client,
    known_secrets,
)

SETTINGS = settings_of(MEDFUSION_TENANT)
Sent = Response | NotSent | Unanswered


class Authority:
    """The vendor: gives tokens 1, 2, ... and notes every request."""

    def __init__(self, **answer: object) -> None:
        self.answer = {"tokenType": "BEARER", "expiresIn": 7200, "refreshToken": "never", **answer}
        self.application: object = APPLICATION
        self.good_tokens: set[str] | None = None
        self.applications: list[httpx.Request] = []
        self.asked: list[httpx.Request] = []
        self.used: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.url.raw_path == APPLICATION_PATH:
            self.applications.append(request)
            return httpx.Response(200, json=self.application)
        if request.url.raw_path == TOKEN_PATH:
            self.asked.append(request)
            token = {"accessToken": f"t{len(self.asked)}"}
            return httpx.Response(200, json={**token, **self.answer})
        self.used.append(request)
        token_sent = request.headers["authorization"].removeprefix("Bearer ")
        is_good = self.good_tokens is None or token_sent in self.good_tokens
        return httpx.Response(204 if is_good else 401)

    @property
    def tokens_used(self) -> list[str]:
        """What the calls came with."""
        return [it.headers["authorization"].removeprefix("Bearer ") for it in self.used]


def tokens(handler: Authority, clock: SetClock, secrets: MemorySecrets | None = None) -> Tokens:
    """One process's tokens."""
    transport = Transport(3.0, httpx.MockTransport(handler))
    return Tokens(transport, secrets or known_secrets(), clock)


def get(caller: Client) -> Sent:
    """Any call."""
    return caller.call(MEDFUSION_TENANT, "GET", "/v1/practice/p/securePayments")


def test_the_client_is_asked_of_the_application_then_a_token_of_the_password() -> None:
    authority = Authority()
    assert tokens(authority, SetClock()).token(MEDFUSION_TENANT, SETTINGS) == "t1"
    application, asked = authority.applications[0], authority.asked[0]
    assert (application.method, application.headers["accept"]) == ("GET", "application/json")
    assert "authorization" not in application.headers
    assert (asked.method, str(asked.url)) == ("POST", BASE_URL + "/v1/oauth2/token")
    basic = base64.b64encode(b"client-1:secret:1").decode()
    assert asked.headers["authorization"] == f"Basic {basic}"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["accept"] == "application/json"
    assert dict(parse_qsl(asked.read().decode())) == {
        "grant_type": "password",
        "username": "api-user",
        "password": "pass word&1",
    }


def test_calls_are_in_xml_with_one_token() -> None:
    authority = Authority()
    caller = client(authority)
    for _ in range(3):
        assert isinstance(get(caller), Response)
    answer = caller.call(MEDFUSION_TENANT, "POST", "/x%2Fy", b"<a/>", {"paymentType": "b"})
    assert isinstance(answer, Response)
    request = authority.used[-1]
    assert str(request.url) == f"{BASE_URL}/x%2Fy?paymentType=b" and request.read() == b"<a/>"
    assert {it.headers["content-type"] for it in authority.used} == {"application/xml"}
    assert {it.headers["accept"] for it in authority.used} == {"application/xml"}
    assert authority.tokens_used == ["t1"] * 4 and len(authority.asked) == 1


@pytest.mark.parametrize(
    ("expires_in", "lives_seconds"), [(7200, 7140), (1551833, 1551773), ("300", 270), (0, 0)]
)
def test_expires_in_is_believed_and_the_password_sent_again_early(
    expires_in: object, lives_seconds: int
) -> None:
    clock, authority = SetClock(), Authority(expiresIn=expires_in)
    cache = tokens(authority, clock)
    cache.token(MEDFUSION_TENANT, SETTINGS)
    if lives_seconds:
        clock.advance(lives_seconds - 1)
        assert cache.token(MEDFUSION_TENANT, SETTINGS) == "t1"
        clock.advance(1)
    assert cache.token(MEDFUSION_TENANT, SETTINGS) == "t2"
    grants = [dict(parse_qsl(it.read().decode()))["grant_type"] for it in authority.asked]
    assert grants == ["password", "password"]


def test_a_refused_token_is_renewed_once_and_the_call_sent_once_more() -> None:
    authority = Authority()
    authority.good_tokens = {"t2"}
    assert isinstance(get(client(authority)), Response)
    assert authority.tokens_used == ["t1", "t2"]


def test_a_call_that_stays_unauthorized_is_not_tried_a_third_time() -> None:
    authority = Authority()
    authority.good_tokens = set()
    answer = get(client(authority))
    assert isinstance(answer, Response) and answer.status == 401
    assert authority.tokens_used == ["t1", "t2"]


def test_one_token_serves_all_processes_until_it_ends_or_the_credentials_change() -> None:
    authority, secrets, clock = Authority(), known_secrets(), SetClock()
    caches = [tokens(authority, clock, secrets) for _ in range(3)]
    assert {cache.token(MEDFUSION_TENANT, SETTINGS) for cache in caches} == {"t1"}
    secrets.put(MEDFUSION_TENANT.tenant, "medfusion", {**CREDENTIALS, "password": "another"})
    newcomer = tokens(authority, clock, secrets)
    assert newcomer.token(MEDFUSION_TENANT, SETTINGS) == "t2"


class Rotated(MemorySecrets):
    """Credentials that were changed: the new ones are seen only when asked for freshly."""

    def get(self, tenant: str, vendor: str, *, fresh: bool = False) -> Mapping[str, str]:
        """The old ones until somebody asks again."""
        self.fetches += fresh
        return {**CREDENTIALS, "password": "new" if self.fetches else "old"}


@pytest.mark.parametrize(
    ("step", "status", "body"),
    [
        ("application", 404, b"Not Found"),
        ("application", 401, b""),
        ("token", 401, b'{"error": "invalid_client"}'),
        ("token", 400, b'{"error": "invalid_grant"}'),
    ],
)
def test_credentials_that_changed_are_fetched_once(step: str, status: int, body: bytes) -> None:
    secrets = Rotated()
    authority = Authority()

    def handler(request: httpx.Request) -> httpx.Response:
        is_application = request.url.raw_path == APPLICATION_PATH
        is_step = request.url.raw_path == TOKEN_PATH if step == "token" else is_application
        if is_step and not secrets.fetches:
            return httpx.Response(status, content=body)
        return authority(request)

    assert isinstance(get(client(handler, secrets)), Response)
    assert secrets.fetches == 1 and "password=new" in authority.asked[0].read().decode()


def test_credentials_that_stay_wrong_are_asked_about_once() -> None:
    paths: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        if request.url.raw_path == APPLICATION_PATH:
            return httpx.Response(200, json=APPLICATION)
        return httpx.Response(400, json={"error": "invalid_grant"})

    answer = get(client(handler))
    assert answer == NotSent(reason="no token: vendor answered 400 invalid_grant")
    assert paths == [APPLICATION_PATH, TOKEN_PATH]


@pytest.mark.parametrize("missing", SECRET_FIELDS)
def test_without_all_credentials_nothing_is_sent(missing: str) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    answer = get(client(never, known_secrets(**{missing: ""})))
    assert isinstance(answer, NotSent) and "app_token" in answer.reason


@pytest.mark.parametrize(
    "application",
    [
        {},
        [],
        None,
        {"clientId": "c"},
        {"clientId": 7, "clientSecret": "s"},
        {"clientId": "a:b", "clientSecret": "s"},
        {"clientId": "c", "clientSecret": "s\nX: y"},
        {"clientId": "", "clientSecret": "s"},
    ],
)
def test_an_application_that_cannot_be_used_gets_no_token(application: object) -> None:
    authority = Authority()
    authority.application = application
    assert isinstance(get(client(authority)), NotSent)
    assert not authority.asked and not authority.used


@pytest.mark.parametrize(
    "answer",
    [
        {"accessToken": None, "access_token": "t"},
        {"accessToken": 7},
        {"accessToken": "a b"},
        {"expiresIn": "soon"},
        {"expiresIn": -1},
        {"expiresIn": True},
    ],
)
def test_without_a_readable_token_nothing_is_sent(answer: dict[str, object]) -> None:
    authority = Authority(**answer)
    assert isinstance(get(client(authority)), NotSent) and not authority.used


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ReadError, httpx.ConnectError])
@pytest.mark.parametrize("path", [APPLICATION_PATH, TOKEN_PATH])
def test_a_token_that_does_not_come_leaves_no_doubt(
    error: type[httpx.TransportError], path: bytes
) -> None:
    authority = Authority()

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.raw_path == path:
            raise error("played", request=request)
        return authority(request)

    assert isinstance(get(client(handler)), NotSent) and not authority.used


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "9"}, 9), ({}, 60)])
def test_too_many_tokens_are_waited_for(headers: dict[str, str], seconds: int) -> None:
    answer = get(client(lambda request: httpx.Response(429, headers=headers)))
    assert isinstance(answer, NotSent) and answer.retry_after_seconds == seconds


def test_a_base_url_that_is_not_on_the_list_gets_no_credentials() -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    transport = Transport(3.0, httpx.MockTransport(never))
    others = frozenset({"http://other.test"})
    assert isinstance(get(Client(transport, known_secrets(), others, SetClock())), NotSent)


def test_no_words_show_a_credential() -> None:
    for status in (400, 401, 404, 500):
        body = " ".join([*CREDENTIALS.values(), "client-1", "secret:1"])
        answer = get(client(lambda request, s=status, b=body: httpx.Response(s, text=b)))  # type: ignore[misc]
        assert isinstance(answer, NotSent)
        assert not any(secret in answer.reason for secret in CREDENTIALS.values())


def test_settings_hold_no_credential() -> None:
    assert parse_settings({"base_url": BASE_URL}).base_url == BASE_URL
    for name in SECRET_FIELDS:
        with pytest.raises(ValidationError):
            parse_settings({"base_url": BASE_URL, name: "never here"})


def test_the_sandbox_lets_us_in_and_an_expired_token_is_renewed() -> None:
    room = Room()
    assert room.polled().payments == ()
    room.pass_seconds(3 * 3600)
    assert room.polled().payments == ()
    room.store.close()
