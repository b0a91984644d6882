"""Decoda's client: who asks, what goes out, how long a rate limit asks to wait."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from payhub.domain.answers import NO_KEY, NotSent, Unanswered
from payhub.domain.tenant import Tenant
from payhub.transport import Response, Transport
from payhub.vendors.decoda import wire
from payhub.vendors.decoda.auth import (
    SECRET_FIELDS,
    DecodaSettings,
    headers_of,
    parse_settings,
    settings_of,
)
from payhub.vendors.decoda.client import WAIT_MAX_SECONDS, Client
from tests.support.fakes import NOON_MS, TENANT, MemorySecrets, SetClock

Handler = Callable[[httpx.Request], httpx.Response]

BASE_URL = "http://decoda.test"
NOON = NOON_MS // 1000


def tenant(**changes: Any) -> Tenant:
    """A tenant of this vendor."""
    known = {"base_url": BASE_URL, "tenant_id": "riverside", **changes}
    return TENANT.model_copy(update={"vendors": {"decoda": known}})


def secrets(**fields: str) -> MemorySecrets:
    """The tenant's secret."""
    found = MemorySecrets()
    found.put(TENANT.tenant, "decoda", fields)
    return found


def client(handler: Handler, known: MemorySecrets | None = None) -> Client:
    """A client whose vendor is `handler`, at noon."""
    transport = Transport(3.0, httpx.MockTransport(handler))
    known = known or secrets(api_key="the-key")
    return Client(transport, known, frozenset({BASE_URL}), SetClock())


def never(request: httpx.Request) -> httpx.Response:
    """A vendor that may not be called."""
    raise AssertionError("nothing may be sent")


def waiting_time(headers: Mapping[str, str], status: int = 429) -> int | None:
    """For how long an answer with these headers asks to wait."""
    caller = client(lambda _: httpx.Response(status, headers=headers, json={"detail": "x"}))
    said = wire.understood(caller.call(tenant(), "GET", "/x"), wire.read_object)
    return said.retry_after_seconds if isinstance(said, NotSent) else None


def test_key_and_tenant_go_out_with_the_path_the_query_and_the_body() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": "1"})

    query = {"group_by": "none", "created_date": "2026-11-21T12:00:00+00:00"}
    answer = client(handler).call(tenant(), "POST", "/billing/a%2Fb", b'{"amount":1}', query)
    assert isinstance(answer, Response) and answer.body == b'{"id":"1"}'
    request = seen[0]
    assert (request.method, request.read()) == ("POST", b'{"amount":1}')
    assert request.url.raw_path.startswith(b"/billing/a%2Fb?")
    assert dict(request.url.params) == query
    assert request.headers["API-KEY"] == "the-key"
    assert request.headers["TENANT"] == "riverside"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept"] == "application/json"


def test_a_query_may_stand_in_the_path() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    client(handler).call(tenant(), "POST", "/x?amount=5", b"[]")
    assert str(seen[0].url) == f"{BASE_URL}/x?amount=5"


def test_a_base_url_that_is_not_on_the_list_is_never_called() -> None:
    answer = client(never).call(tenant(base_url="http://evil.test"), "GET", "/x")
    assert isinstance(answer, NotSent)


def test_without_a_key_nothing_is_sent() -> None:
    answer = client(never, secrets(webhook_secret="w")).call(tenant(), "GET", "/x")
    assert answer == NotSent(reason="the tenant has no key for the vendor")


def test_while_the_key_cannot_be_read_nothing_is_sent() -> None:
    known = secrets(api_key="k")
    known.is_away = True
    assert client(never, known).call(tenant(), "POST", "/x", b"{}") == NO_KEY


def test_a_refused_key_that_cannot_be_read_anew_stays_refused() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        known.is_away = True
        return httpx.Response(401)

    known = secrets(api_key="k")
    answer = client(refuse, known).call(tenant(), "POST", "/x", b"{}")
    assert isinstance(answer, Response) and answer.status == 401


class Rotating(MemorySecrets):
    """A secret of which something has changed since it was last asked for."""

    def __init__(self, before: dict[str, str], after: dict[str, str]) -> None:
        super().__init__()
        self.before, self.after = before, after

    def get(self, tenant: str, vendor: str, *, fresh: bool = False) -> dict[str, str]:
        """The old one until it is asked for anew."""
        self.fetches += fresh
        return self.after if self.fetches else self.before


def test_a_key_that_changed_is_fetched_once_and_the_call_repeated() -> None:
    keys: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["api-key"])
        return httpx.Response(200 if keys[-1] == "new" else 401)

    known = Rotating({"api_key": "old"}, {"api_key": "new"})
    answer = client(handler, known).call(tenant(), "POST", "/x", b"{}")
    assert isinstance(answer, Response) and answer.status == 200
    assert keys == ["old", "new"] and known.fetches == 1


@pytest.mark.parametrize("after", [{"api_key": "old", "webhook_secret": "w"}, {}])
def test_a_key_that_stays_wrong_is_not_tried_again(after: dict[str, str]) -> None:
    calls: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        return httpx.Response(401)

    known = Rotating({"api_key": "old"}, after)
    answer = client(handler, known).call(tenant(), "GET", "/x")
    assert isinstance(answer, Response) and answer.status == 401
    assert calls == [1]


def test_no_connection_proves_that_nothing_was_sent_and_silence_proves_nothing() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    def hang(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    assert isinstance(client(refuse).call(tenant(), "GET", "/x"), NotSent)
    assert isinstance(client(hang).call(tenant(), "GET", "/x"), Unanswered)


# The rate limit


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "7", "X-RateLimit-Reset": str(NOON + 30)}, 7),
        ({"X-RateLimit-Reset": str(NOON + 30)}, 30),
        ({"X-RateLimit-Reset": str(NOON)}, 1),
        ({"X-RateLimit-Reset": str(NOON - 500)}, 1),
        ({"X-RateLimit-Reset": str(NOON + 86400)}, 3600),
        ({"X-RateLimit-Reset": "45"}, 45),
        ({"X-RateLimit-Reset": " 0 "}, 1),
        ({"X-RateLimit-Reset": "999999999"}, 3600),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "45"}, 45),
        ({"X-RateLimit-Reset": "-5"}, None),
        ({"X-RateLimit-Reset": "1e3"}, None),
        ({"X-RateLimit-Reset": ""}, None),
        ({"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0"}, None),
        ({}, None),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(headers: dict[str, str], seconds: int | None) -> None:
    assert waiting_time(headers) == seconds


def test_only_a_refusal_for_the_rate_asks_to_wait() -> None:
    assert waiting_time({"X-RateLimit-Reset": str(NOON + 30)}, 403) is None


def test_a_part_of_a_second_is_waited_for_as_well() -> None:
    transport = Transport(
        3.0,
        httpx.MockTransport(
            lambda _: httpx.Response(429, headers={"X-RateLimit-Reset": str(NOON + 30)})
        ),
    )
    clock = SetClock()
    clock.advance(0.4)
    answer = Client(transport, secrets(api_key="k"), frozenset({BASE_URL}), clock).call(
        tenant(), "GET", "/x"
    )
    assert isinstance(answer, Response) and answer.headers["retry-after"] == "30"


@settings(deadline=None)
@given(st.text(alphabet="0123456789 .-+eE:TZ", max_size=20))
def test_whatever_the_limit_says_the_wait_is_bounded(reset: str) -> None:
    seconds = waiting_time({"X-RateLimit-Reset": reset})
    assert seconds is None or 1 <= seconds <= WAIT_MAX_SECONDS


# Settings


def test_settings_have_their_defaults() -> None:
    assert settings_of(tenant()) == DecodaSettings(
        base_url=BASE_URL, tenant_id="riverside", payin_expires_days=7, subscription_id=None
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"payin_expires_days": 0},
        {"payin_expires_days": 366},
        {"tenant_id": None},
        {"base_url": None},
        {"api_key": "a secret in the table"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"base_url": BASE_URL, "tenant_id": "t", **changes})


def test_no_header_and_no_setting_has_more_of_the_secret_than_the_key() -> None:
    secret = {"api_key": "k", "webhook_secret": "w1", "webhook_secret_previous": "w2"}
    assert set(secret) == set(SECRET_FIELDS)
    sent = headers_of(settings_of(tenant()), secret)
    assert sent["API-KEY"] == "k" and not {"w1", "w2"} & set(sent.values())
