"""Decoda's webhooks: proven, taken in once, and the same end whatever their order."""

import hashlib
import hmac
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.sandbox.webhooks import Post
from tests.support.decoda_world import (
    OTHER_ID,
    REFUND,
    TENANT_ID,
    DecodaWorld,
    Json,
    decoda_world,
    types_of,
)

WEBHOOK_URL = f"https://api.payhub.test/webhooks/decoda/{TENANT_ID}"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> DecodaWorld:
    """A hub and its Decoda."""
    return decoda_world(monkeypatch)


def secret_of(world: DecodaWorld, tenant: str = TENANT_ID) -> str:
    """What the vendor gave the hub when the webhook was registered."""
    return str(world.secrets.known[tenant, "decoda"]["webhook_secret"])


def signed(body: bytes, key: str, over: bytes | None = None, url: str = WEBHOOK_URL) -> Post:
    """A webhook as the vendor would send it."""
    digest = hmac.new(key.encode(), body if over is None else over, hashlib.sha256).hexdigest()
    return Post(url, {"Content-Type": "application/json", "Decoda-Signature": digest}, body)


def told(type_: str, data: Json, event_id: str = "e-1") -> bytes:
    """An event's body."""
    envelope = {"id": event_id, "type": type_, "data": data, "alertId": "a-1"}
    return json.dumps({**envelope, "createdDate": "2026-11-21T15:00:00Z"}).encode()


def seen(world: DecodaWorld) -> Json:
    """Everything callers are shown of payments and plans, but for how it came about."""
    hidden = {"revision", "updatedAt", "nextLookAt", "history", "attempts", "actions"}

    def shown(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: shown(v) for k, v in value.items() if k not in hidden}
        return [shown(it) for it in value] if isinstance(value, list) else value

    payments = sorted(world.page(), key=lambda it: str(it["paymentId"]))
    details = [world.details(it["paymentId"]) for it in payments]
    return {"payments": shown(details), "plans": shown(world.page("list_payment_plans"))}


# Proof


def test_a_signature_over_the_raw_body_is_proof(world: DecodaWorld) -> None:
    body = b'{ "id":"e-1",\n"type":"PAYMENT_CREATED","data":{"id":"p-1","amount":1.50} }'
    assert world.notify(signed(body, secret_of(world))).status == 200
    assert len(world.events()) == 1


def test_so_is_one_over_the_body_as_python_writes_it(world: DecodaWorld) -> None:
    body = '{"id":"e-1","type":"PAYMENT_CREATED","data":{"id":"p-1","note":"é"}}'.encode()
    over = json.dumps(json.loads(body)).encode()
    assert over != body
    assert world.notify(signed(body, secret_of(world), over)).status == 200
    assert len(world.events()) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda post: replace(post, body=post.body + b"x"),
        lambda post: replace(post, body=post.body.replace(b"p-1", b"p-2")),
        lambda post: replace(post, headers={"Decoda-Signature": "0" * 64}),
        lambda post: replace(post, headers={"Decoda-Signature": ""}),
        lambda post: replace(post, headers={}),
        lambda post: replace(post, url=WEBHOOK_URL.replace(TENANT_ID, OTHER_ID)),
        lambda post: replace(post, url=WEBHOOK_URL.replace(TENANT_ID, "nobody")),
        lambda post: replace(post, url=WEBHOOK_URL.replace(TENANT_ID, "f" + TENANT_ID[1:])),
    ],
)
def test_without_proof_nothing_is_stored(world: DecodaWorld, spoil: Callable[[Post], Post]) -> None:
    post = signed(told("PAYMENT_CREATED", {"id": "p-1"}), secret_of(world))
    said = world.notify(spoil(post))
    assert said.status == 401 and said.body["type"].endswith("/bad-signature")
    assert world.events() == [] and world.queue.messages == []
    assert world.notify(post).status == 200


def test_another_key_proves_nothing_and_the_previous_secret_does_for_a_while(
    world: DecodaWorld,
) -> None:
    body = told("PAYMENT_CREATED", {"id": "p-1"})
    assert world.notify(signed(body, "key-clinic-1")).status == 401
    known = world.secrets.known[TENANT_ID, "decoda"]
    old = known["webhook_secret"]
    fields = {**known, "webhook_secret": "new", "webhook_secret_previous": old}
    world.secrets.put(TENANT_ID, "decoda", fields)
    assert world.notify(signed(body, old)).status == 200
    assert world.notify(signed(body, "new")).status == 200
    assert len(world.events()) == 1


# What is understood


@pytest.mark.parametrize("style", ["api", "guide"])
def test_both_vocabularies_follow_a_plan_to_its_end(
    monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    world = decoda_world(monkeypatch, event_style=style)
    plan_id = world.running()
    assert world.shown(plan_id)["status"] == "active"
    world.go(days=95)
    shown = world.shown(plan_id)
    assert shown["status"] == "completed" and shown["paidCents"] == 10_000
    kinds = {json.loads(it["body"])["type"] for it in world.events()}
    assert ("PAYMENT_COMPLETED" in kinds) == (style == "guide")
    assert {it["state"] for it in world.events()} == {"applied"}


@pytest.mark.parametrize(
    "type_",
    [
        *("RAINFOREST_DEPOSIT_SUCCEEDED", "PATIENT_CREATED", "INVOICE_CREATED", "SOMETHING_NEW"),
        *("CHARGE_CREATED", "ADJUSTMENT_CREATED", "ADJUSTMENT_SUCCEEDED", "ADJUSTMENT_FAILED"),
    ],
)
def test_what_concerns_nothing_of_the_hubs_is_kept_and_acknowledged(
    world: DecodaWorld, type_: str
) -> None:
    body = told(type_, {"id": "x-1", "chargeId": "c-1", "amount": 5})
    world.deliver([signed(body, secret_of(world))])
    [event] = world.events()
    assert event["state"] == "kept" and type_ in event["note"]
    assert world.sent == []


def test_a_body_that_is_no_json_is_kept(world: DecodaWorld) -> None:
    world.deliver([signed(b"not json", secret_of(world))])
    assert [it["state"] for it in world.events()] == ["kept"]


@pytest.mark.parametrize("type_", ["CHARGE_CREATED", "ADJUSTMENT_SUCCEEDED"])
def test_what_happens_to_a_charge_of_a_plan_makes_the_plan_be_read(
    world: DecodaWorld, type_: str
) -> None:
    said = world.prepare(initialAmount=0, installments=4, installmentAmount=2500)
    world.confirm(said.body)
    body = told(type_, {"id": "x-1", "chargeId": world.charges(1)[0]["id"]})
    world.deliver([signed(body, secret_of(world))])
    assert world.shown(said.payment_id)["status"] == "active"
    assert [it["state"] for it in world.events()] == ["applied"]


def test_an_event_is_never_believed_for_what_it_says(world: DecodaWorld) -> None:
    """Proven, but late or wrong: the vendor is asked, and its word is what counts."""
    said = world.settle(2500)
    data = {"id": said.body["id"], "status": "FAILED", "amount": 1, "failedReason": "R01"}
    world.deliver([signed(told("PAYMENT_FAILED", data), secret_of(world))])
    shown = world.details(said.payment_id)
    assert (shown["status"], shown["amountCents"]) == ("SUCCEEDED", 2500)


# Unknown payments


@pytest.mark.parametrize("data", [{"id": "p-9"}, {"id": "p-9", "payinConfigId": "pcfg_9"}])
def test_the_event_of_an_unknown_payment_is_parked_and_then_given_up(
    world: DecodaWorld, data: Json
) -> None:
    world.deliver([signed(told("PAYMENT_SUCCEEDED", data), secret_of(world))])
    assert [it["state"] for it in world.events()] == ["parked"]
    world.go(days=1.1)
    assert [it["state"] for it in world.events()] == ["expired"]
    letters = world.call("list_dead_letters", role="operator").body["deadLetters"]
    assert [(it["kind"], it["vendor"]) for it in letters] == [("event", "decoda")]
    assert "ParkedEventsExpired" in world.signals.names() and world.page() == []


def test_a_payment_made_in_the_clinic_is_no_payment_of_the_hubs(world: DecodaWorld) -> None:
    charges = world.charges(1)
    world.at_vendor(
        "POST",
        "/billing/payment-terminal/charge/create-patient-credit-settled?amount=100",
        charges,
    )
    world.go(60)
    assert world.page() == [] and {it["state"] for it in world.events()} == {"parked"}


def test_an_event_that_comes_while_the_vendor_cannot_be_read_waits(world: DecodaWorld) -> None:
    said = world.prepare()
    world.arm("list_planned_payments", "http_500_before", count=3)
    world.confirm(said.body)
    world.sandbox.run_due_jobs()
    world.work()
    assert "parked" in {it["state"] for it in world.events()}
    world.go(120)
    assert {it["state"] for it in world.events()} == {"applied"}
    assert world.shown(said.payment_id)["paidCents"] == 1000


def test_an_event_whose_message_was_lost_is_found_by_the_sweep(world: DecodaWorld) -> None:
    said = world.prepare()
    world.holds = True
    world.confirm(said.body)
    world.sandbox.run_due_jobs()
    for post in world.mail:
        world.notify(post)
    world.queue.messages.clear()
    world.go(120)
    assert {it["state"] for it in world.events()} == {"applied"}


def test_what_could_not_be_delivered_is_collected_from_the_vendors_list(
    world: DecodaWorld,
) -> None:
    world.lost = True
    plan_id = world.running()
    world.go(days=32)
    assert world.events() == []
    known = seen(world)
    world.collect_missed()
    world.work()
    assert {it["state"] for it in world.events()} == {"applied"} and len(world.events()) >= 9
    assert seen(world) == known and world.shown(plan_id)["paidCents"] == 4000
    before = len(world.sent)
    world.collect_missed()
    world.work()
    assert {it.path.rpartition("/")[2] for it in world.sent[before:]} == {"list"}


def test_a_list_of_deliveries_that_cannot_be_read_is_left_for_the_next_run(
    world: DecodaWorld,
) -> None:
    world.instead = lambda request: httpx.Response(200, json={"data": [7]})
    world.collect_missed()
    assert "MissedEventsUnreadable" in world.signals.names() and world.events() == []


# Any order, any number


def of_a_first_payment(world: DecodaWorld) -> Sequence[Post]:
    """A card's first payment, a part of which is refunded in the clinic: six events."""
    said = world.prepare()
    world.run()
    world.holds = True
    world.confirm(said.body)
    pass_seconds(world, 5)
    [row] = world.vendor_payments()
    body = {"paymentId": row["id"], "providerId": "p-1", "amount": 300, "reason": "OTHER"}
    world.at_vendor("POST", REFUND, body)
    pass_seconds(world, 5)
    return world.mail


def of_a_returned_payment(world: DecodaWorld) -> Sequence[Post]:
    """A first payment by ACH, which succeeds and is taken back by the bank."""
    said = world.prepare()
    world.run()
    world.holds = True
    world.confirm(said.body, "ACH", "returned")
    pass_seconds(world, 10 * 86_400, 86_400)
    return world.mail


def of_an_installment(world: DecodaWorld) -> Sequence[Post]:
    """The only installment of a plan without a first payment."""
    said = world.prepare(initialAmount=0, installments=1, installmentAmount=10_000)
    world.run()
    world.holds = True
    world.confirm(said.body)
    pass_seconds(world, 32 * 86_400, 43_200)
    return world.mail


def of_a_settlement(world: DecodaWorld) -> Sequence[Post]:
    """A charge settled with credit and refunded: five events."""
    world.holds = True
    said = world.settle(700)
    world.at_vendor(
        "POST",
        REFUND,
        {"paymentId": said.body["id"], "providerId": "p-1", "amount": 700, "reason": "OTHER"},
    )
    pass_seconds(world, 5)
    return world.mail


def of_a_declined_payment(world: DecodaWorld) -> Sequence[Post]:
    """A first payment by a card that says no."""
    said = world.prepare()
    world.run()
    world.holds = True
    world.confirm(said.body, outcome="do_not_honor")
    pass_seconds(world, 5)
    return world.mail


def pass_seconds(world: DecodaWorld, seconds: int, step: int = 1) -> None:
    """Only the vendor does what comes due: the hub hears of nothing."""
    for _ in range(0, seconds, step):
        world.clock.advance(step * 1000)
        world.sandbox.run_due_jobs()


STORIES: dict[str, tuple[Callable[[DecodaWorld], Sequence[Post]], int]] = {
    "a first payment, refunded in part": (of_a_first_payment, 6),
    "a payment by ACH, returned": (of_a_returned_payment, 5),
    "an installment": (of_an_installment, 5),
    "a settlement, refunded": (of_a_settlement, 5),
    "a declined payment": (of_a_declined_payment, 3),
}


def ends_of_all_orders(world: DecodaWorld, posts: Sequence[Post]) -> tuple[list[Json], int]:
    """Every end that some order leads to, and how many orders were tried.

    Orders that begin alike are played to where they part only once.
    """
    ends: list[Json] = []
    count = 0

    def go_on(left: Sequence[Post]) -> None:
        nonlocal count
        if not left:
            count += 1
            world.work_early()  # what was parked because its payment was not known yet
            assert {it["state"] for it in world.events()} <= {"applied", "kept"}
            end = seen(world)
            if end not in ends:
                ends.append(end)
            return
        before = world.snapshot()
        for place, post in enumerate(left):
            assert world.notify(post).status == 200
            for worker, ids in world.queue.take():
                world.remind(worker, ids)
            go_on([*left[:place], *left[place + 1 :]])
            world.restore(before)

    go_on(posts)
    return ends, count


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("style", ["api", "guide"])
def test_all_orders_of_a_payments_events_end_in_the_same_state(
    monkeypatch: pytest.MonkeyPatch, style: str, story: str
) -> None:
    world = decoda_world(monkeypatch, event_style=style)
    tell, number = STORIES[story]
    posts = list(tell(world))
    assert len(posts) == number or style == "guide", types_of(posts)
    world.answers_stand = True
    ends, count = ends_of_all_orders(world, posts)
    assert count == math.factorial(len(posts))
    assert len(ends) == 1, ends
    # What was heard is what the vendor shows by itself.
    world.answers_stand = False
    world.deliver(posts)
    world.go(60)
    assert seen(world) == ends[0]


def test_duplicates_change_nothing_not_even_the_revision(world: DecodaWorld) -> None:
    posts = of_a_first_payment(world)
    world.deliver(posts)
    before = world.table.items
    world.table.items = dict(before)
    calls = len(world.sent)
    world.deliver([*posts, *posts[::-1], *posts])
    assert world.table.items == before and len(world.sent) == calls


@pytest.mark.parametrize("times", [1, 3])
def test_duplicates_that_come_before_the_first_was_worked_on_change_nothing(
    world: DecodaWorld, times: int
) -> None:
    posts = of_a_first_payment(world)
    for post in list(posts) * times:
        assert world.notify(post).status == 200
    world.work()
    assert {it["state"] for it in world.events()} == {"applied"} and len(world.events()) == 6
    [plan] = world.page("list_payment_plans")
    assert plan["paidCents"] == 1000 and plan["refundedCents"] == 300


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_webhooks_may_come_late_twice_and_in_any_order_while_things_go_on(data: Any) -> None:
    """Each comes at some moment after it happened, the hub at work all along."""
    with pytest.MonkeyPatch.context() as patch:
        world = decoda_world(patch, event_style=data.draw(st.sampled_from(["api", "guide"])))
        method = data.draw(st.sampled_from(["CARD", "ACH"]))
        said = world.prepare(installments=2, installmentAmount=4500, frequency="WEEKLY")
        world.holds = True
        world.confirm(said.body, method, "returned" if method == "ACH" else "approved")
        for _ in range(14):
            world.go(days=2)
            for _ in range(data.draw(st.integers(0, 4))):
                if world.mail:
                    place = data.draw(st.integers(0, len(world.mail) - 1))
                    world.deliver([world.mail[place]])
                    if data.draw(st.booleans()):
                        world.mail.pop(place)
        world.deliver(world.mail)
        world.go(days=30)
        shown = world.shown(said.payment_id)
        statuses = {row["id"]: row["status"] for row in world.vendor_payments()}
        assert {it["vendorReference"]: it["status"] for it in shown["payments"]} == statuses
        total = sum(row["amount"] for row in world.vendor_payments() if row["status"] != "FAILED")
        assert shown["paidCents"] == total
        assert {it["state"] for it in world.events()} <= {"applied"}
        assert shown["status"] in ("completed", "failed")
