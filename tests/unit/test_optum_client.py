"""The issuer's client: what goes out, what an answer means, how a lost payment is searched."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from payhub.domain.answers import (
    Done,
    Matches,
    NotSent,
    Unanswered,
    Undecided,
    VendorRefused,
    View,
)
from payhub.ports import Order
from payhub.transport import Transport
from payhub.vendors.optum.client import Client
from payhub.vendors.optum.gateway import NotificationGateway, PaymentGateway
from tests.support.doing import issue
from tests.support.fakes import TENANT, MemorySecrets, SetClock, World, done

Handler = Callable[[httpx.Request], httpx.Response]
PAYMENT = {"paymentId": "v-1", "status": "Created", "amount": 12500}


def client(handler: Handler, secrets: MemorySecrets | None = None) -> Client:
    """A client whose vendor is `handler`."""
    if secrets is None:
        secrets = MemorySecrets()
        secrets.put(TENANT.tenant, "optum", {"api_key": "the-key", "webhook_secret": "w"})
    transport = Transport(3.0, httpx.MockTransport(handler))
    return Client(transport, secrets, frozenset({"http://optum.test"}), SetClock())


def order(world: World, unit: str = "cents", **changes: Any) -> Order:
    """An order to issue 125.00 dollars, already with an attempt."""
    world.vendor.answers.append(done("Created"))
    payment = issue(world).payment
    settings = {**TENANT.vendors["optum"], "amount_unit": unit}
    tenant = TENANT.model_copy(update={"vendors": {"optum": settings}})
    now_ms = payment.created_at_ms
    return Order(
        **{
            "tenant": tenant,
            "payment": payment,
            "action": payment.action,
            "carried": {},
            "now_ms": now_ms,
            **changes,
        }
    )


def answers(status: int, body: Any) -> Handler:
    """A vendor that always answers this."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda request: httpx.Response(status, content=content)


@pytest.mark.parametrize(
    ("unit", "text"),
    [("cents", "12500"), ("whole_dollars", "125"), ("decimal_dollars", "125.00")],
)
def test_the_amount_goes_out_in_the_vendors_unit_exactly(
    world: World, unit: str, text: str
) -> None:
    bodies: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return httpx.Response(201, json=PAYMENT)

    assert isinstance(PaymentGateway(client(handler)).perform(order(world, unit)), Done)
    assert f'"amount":{text},'.encode() in bodies[0]


def test_cents_that_the_unit_cannot_express_are_refused_before_anything_is_sent(
    world: World,
) -> None:
    wanted = order(world, "whole_dollars")
    wanted = replace(wanted, payment=replace(wanted.payment, amount_cents=12550))

    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    assert isinstance(PaymentGateway(client(handler)).perform(wanted), VendorRefused)


def test_key_tenant_and_our_id_go_out_and_carried_parts_unchanged(world: World) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json=PAYMENT)

    carried = {"payment": {"payeeDetails": {"a": [1, {"b": None}]}}, "paymentDetails": {"x": "y"}}
    wanted = replace(order(world), carried=carried)
    PaymentGateway(client(handler)).perform(wanted)
    request, body = seen[0], json.loads(seen[0].read())
    assert str(request.url) == "http://optum.test/api/issue/v1/payments"
    assert request.headers["api-key"] == "the-key"
    assert request.headers["x-optum-tenant-id"] == "a976ced5-28ea-4e08-a267-024d2751e591"
    assert body["clientRequestId"] == wanted.payment.payment_id
    assert body["payment"]["payeeDetails"] == {"a": [1, {"b": None}]}
    assert body["payment"]["paymentDetails"]["x"] == "y"
    assert body["payment"]["paymentDetails"]["issuerReferenceId"] == "INV-1"


def test_a_wrong_prefix_is_no_judgement_of_the_payment(world: World) -> None:
    answer = PaymentGateway(client(answers(404, {}))).perform(order(world))
    assert isinstance(answer, NotSent)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"paymentId": 7}', b'{"paymentId":"x"}'])
def test_a_success_that_cannot_be_read_proves_nothing(world: World, body: bytes) -> None:
    answer = PaymentGateway(client(answers(201, body))).perform(order(world))
    assert isinstance(answer, Unanswered)


def test_a_refusal_brings_the_vendors_words(world: World) -> None:
    problem = {"detail": "insufficient funding 4111111111111111", "code": "F1"}
    answer = PaymentGateway(client(answers(422, problem))).perform(order(world))
    assert answer == VendorRefused(message="insufficient funding [number]", code="F1")


def test_a_key_that_changed_is_fetched_once_and_the_call_repeated(world: World) -> None:
    class Rotating(MemorySecrets):
        def get(self, tenant: str, vendor: str, *, fresh: bool = False) -> dict[str, str]:
            self.fetches += fresh
            return {"api_key": "new" if self.fetches else "old"}

    secrets, keys = Rotating(), list[str]()

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["api-key"])
        good = request.headers["api-key"] == "new"
        return httpx.Response(201 if good else 401, json=PAYMENT)

    answer = PaymentGateway(client(handler, secrets)).perform(order(world))
    assert isinstance(answer, Done) and keys == ["old", "new"] and secrets.fetches == 1


def test_a_key_that_stays_wrong_is_not_tried_again(world: World) -> None:
    calls: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        return httpx.Response(401)

    assert isinstance(PaymentGateway(client(handler)).perform(order(world)), NotSent)
    assert calls == [1]


def test_a_base_url_that_is_not_on_the_list_is_never_called(world: World) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError("never")

    wanted = order(world)
    settings = {**wanted.tenant.vendors["optum"], "base_url": "http://evil.test"}
    tenant = wanted.tenant.model_copy(update={"vendors": {"optum": settings}})
    answer = PaymentGateway(client(handler)).perform(replace(wanted, tenant=tenant))
    assert isinstance(answer, NotSent)


@pytest.mark.parametrize(
    ("unit", "balance", "cents"),
    [("cents", 12500, 12500), ("decimal_dollars", 125.0, 12500), ("whole_dollars", 0, 0)],
)
def test_the_balance_is_read_in_the_vendors_unit(
    world: World, unit: str, balance: Any, cents: int
) -> None:
    body = {**PAYMENT, "availableBalance": balance}
    reading = PaymentGateway(client(answers(200, body))).read(order(world, unit))
    assert isinstance(reading, View) and reading.available_balance_cents == cents


def batches(pages: list[list[tuple[str, str, str]]]) -> Handler:
    """A vendor whose batch list has these pages of (batch id, client request id, created)."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/details"):
            batch_id = request.url.path.split("/")[-2]
            payment = {"paymentId": f"p-{batch_id}", "status": "Loading"}
            return httpx.Response(200, json={"payments": [payment]})
        page = int(request.url.params["page"])
        lines = [
            {"batchId": b, "clientRequestId": c, "batchCreatedDate": at}
            for b, c, at in pages[page - 1]
        ]
        return httpx.Response(200, json={"batches": lines, "page": page, "totalPages": len(pages)})

    return handler


NEW, OLD = "2026-11-21T12:00:05.000Z", "2026-11-21T11:00:00.000Z"


def test_a_lost_payment_is_found_on_any_page(world: World) -> None:
    wanted = order(world)
    mine = wanted.payment.payment_id
    found = PaymentGateway(
        client(batches([[("b1", "x", NEW)], [("b2", mine, NEW)], [("b3", "y", OLD)]]))
    ).search(wanted)
    assert isinstance(found, Matches)
    assert [view.reference for view in found.views] == ["p-b2"]


def test_a_search_that_reaches_back_before_the_intent_proves_absence(world: World) -> None:
    wanted = order(world)
    mine = wanted.payment.payment_id
    handler = batches([[("b1", "x", OLD)], [("b2", mine, OLD)]])
    assert PaymentGateway(client(handler)).search(wanted) == Matches(views=())


def test_two_batches_of_one_request_are_two_matches(world: World) -> None:
    wanted = order(world)
    mine = wanted.payment.payment_id
    found = PaymentGateway(client(batches([[("b1", mine, NEW), ("b2", mine, NEW)]]))).search(wanted)
    assert isinstance(found, Matches) and len(found.views) == 2


@pytest.mark.parametrize("status", [429, 500, 401, 400])
def test_a_search_that_breaks_off_proves_nothing(world: World, status: int) -> None:
    found = PaymentGateway(client(answers(status, {}))).search(order(world))
    assert isinstance(found, Undecided)


def test_missed_events_are_listed_and_acknowledged() -> None:
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(f"{request.method} {request.url.path}")
        lines = [{"id": "m 1", "eventPayload": '{"a": 1}'}]
        return httpx.Response(200, json={"missedEvents": lines})

    source = NotificationGateway(client(handler))
    missed = source.missed(TENANT)
    assert not isinstance(missed, NotSent | Unanswered | VendorRefused)
    assert missed.events[0].body == b'{"a": 1}'
    source.acknowledge(TENANT, missed.events[0])
    assert paths[1].startswith("POST") and "m 1/acknowledge" in paths[1]
