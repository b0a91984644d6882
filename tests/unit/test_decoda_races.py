"""What happens at Decoda while a call runs, or after the function that made it died."""

from collections.abc import Callable
from typing import Any

import pytest

from payhub.domain.payment import ActionState
from tests.support.decoda_world import (
    PAYIN,
    REFUND,
    SETTLE,
    TABLE,
    DecodaWorld,
    Json,
    Said,
    decoda_world,
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> DecodaWorld:
    """A hub and its Decoda."""
    return decoda_world(monkeypatch)


class Killed(BaseException):
    """The function is gone."""


def while_calling(world: DecodaWorld, path: str, happens: Callable[[], object]) -> None:
    """Have something happen after the vendor did what it was asked, before the hub has its word."""

    def meanwhile(at: str, answer: Any) -> Any:
        if at.startswith(path):
            world.tampered = lambda at, answer: answer
            happens()
        return answer

    world.tampered = meanwhile


def heard(world: DecodaWorld, seconds: int = 1) -> None:
    """What the vendor has to tell reaches the workers."""
    world.clock.advance(seconds * 1000)
    world.sandbox.run_due_jobs()
    world.work()


def plan_path(world: DecodaWorld) -> str:
    """Where the vendor cancels the usual plan."""
    return f"/billing/payment-plan/{world.charges(1)[0]['id']}"


def test_a_settlement_is_heard_of_before_it_is_answered(world: DecodaWorld) -> None:
    while_calling(world, SETTLE, lambda: heard(world))
    said = world.settle(2500)
    assert said.status == 200
    world.go(60)
    assert {it["state"] for it in world.events()} == {"applied"}
    assert world.payment(said.payment_id).status == "SUCCEEDED"


def test_a_plan_is_cancelled_while_an_installment_is_taken(world: DecodaWorld) -> None:
    """The vendor took it on the way: it stays paid, and only the rest is cancelled."""
    plan_id = world.running()
    world.go_to("2026-12-21 05:59")
    world.holds = True
    world.clock.advance(61_000)
    world.sandbox.run_due_jobs()
    world.holds = False

    def told() -> None:
        heard(world)
        world.deliver(world.mail)

    while_calling(world, plan_path(world), told)
    said = world.cancel(plan_id, key="k-1")
    assert said.status == 200 and said.body["status"] == "cancelled"
    world.go(120)
    shown = world.shown(plan_id)
    assert [it["state"] for it in shown["installments"]] == ["paid", "cancelled", "cancelled"]
    assert shown["status"] == "cancelled" and shown["paidCents"] == 4000
    world.go(days=90)
    assert world.moved("plan_payment") == [1000, 3000]


def test_an_older_word_of_the_vendor_is_not_stored_over_a_newer_one(world: DecodaWorld) -> None:
    """A worker has read the first refund; before it stores that, another hears of the second."""
    payment_id = first_of(world, world.running())
    reference = world.payment(payment_id).vendor_reference

    def in_the_clinic(amount: int) -> None:
        body = {"paymentId": reference, "providerId": "p-1", "amount": amount, "reason": "OTHER"}
        world.at_vendor("POST", REFUND, body)

    def second() -> None:
        in_the_clinic(400)
        heard(world)

    world.lost = True
    in_the_clinic(200)
    world.sandbox.run_due_jobs()
    world.lost = False
    while_calling(world, TABLE, second)
    world.tell("PAYMENT_SUCCEEDED", {"id": reference}, "e-2")
    world.work()
    payment = world.payment(payment_id)
    assert payment.available_balance_cents == 400 and len(payment.refunds) == 2


def test_a_payer_confirms_while_the_plan_is_withdrawn(world: DecodaWorld) -> None:
    said = world.prepare()
    confirmed: list[Json] = []

    def confirm() -> None:
        confirmed.append(world.confirm(said.body))

    world.interleave(confirm, "before put")
    assert world.cancel(said.payment_id, key="k-1").status == 200
    world.go(3600)
    shown = world.shown(said.payment_id)
    assert confirmed and shown["status"] == "active" and shown["paidCents"] == 1000


def test_a_return_by_the_bank_while_a_refund_runs_is_not_undone_by_the_refunds_answer(
    world: DecodaWorld,
) -> None:
    """The vendor would not do both; whatever it does, its last word about the payment stands."""
    plan_id = world.running(method="ACH")
    world.go(days=10)
    [taken] = world.shown(plan_id)["payments"]
    reference = taken["vendorReference"]

    def failed(path: str, answer: Any) -> Any:
        for row in answer.get("items", {}).get("data", []):
            row["status"] = "FAILED"
        return answer

    def returned() -> None:
        world.tampered = failed
        world.tell("PAYMENT_FAILED", {"id": reference, "failedReason": "R01"})
        world.work()

    while_calling(world, REFUND, returned)
    assert world.refund(taken["paymentId"], 100, "a").status == 200
    assert world.payment(taken["paymentId"]).status == "FAILED"


CALLS: dict[str, tuple[str, Callable[[DecodaWorld, str], Said]]] = {
    "refund": (REFUND, lambda world, plan_id: world.refund(first_of(world, plan_id), 300, "a")),
    "cancel": (
        "/billing/payment-plan/",
        lambda world, plan_id: world.cancel(plan_id, key="a"),
    ),
}


def first_of(world: DecodaWorld, plan_id: str) -> str:
    """The first payment that was taken for the plan."""
    found: str = world.shown(plan_id)["payments"][0]["paymentId"]
    return found


@pytest.mark.parametrize("verb", CALLS)
@pytest.mark.parametrize("applied", [True, False])
def test_a_function_that_dies_over_its_call_leaves_an_intent_that_is_followed_up(
    world: DecodaWorld, verb: str, applied: bool
) -> None:
    plan_id = world.running()
    path, send = CALLS[verb]
    payment_id = first_of(world, plan_id) if verb == "refund" else plan_id

    def die() -> None:
        raise Killed

    if applied:
        while_calling(world, path, die)
    else:
        world.before_call = lambda at: die() if at.startswith(path) and len(at) > 20 else None
    with pytest.raises(Killed):
        send(world, plan_id)
    world.before_call = lambda at: None
    again = send(world, plan_id)
    assert again.status == 409 and again.body["type"].endswith("/still-running")
    assert world.ended(payment_id).action.state is ActionState.DONE
    done = send(world, plan_id)
    assert done.status == 200 and done.is_replay
    world.go(days=60)
    if verb == "refund":
        assert world.moved("refund_payment") == [300]
    else:
        assert world.moved("plan_payment") == [1000]


@pytest.mark.parametrize("applied", [True, False])
def test_a_function_that_dies_over_preparing_a_plan_leaves_one_that_works(
    world: DecodaWorld, applied: bool
) -> None:
    def die() -> None:
        raise Killed

    if applied:
        while_calling(world, PAYIN, die)
    else:
        world.before_call = lambda at: die() if at == PAYIN else None
    with pytest.raises(Killed):
        world.prepare(key="a")
    world.before_call = lambda at: None
    assert world.prepare(key="a").status == 409
    [payment] = world.page()
    assert world.ended(payment["paymentId"]).status == "awaiting_payer"
    said = world.prepare(key="a")
    world.confirm(said.body)
    world.go(60)
    assert world.shown(said.payment_id)["paidCents"] == 1000


def test_a_repeat_while_the_payin_is_prepared_is_told_so(world: DecodaWorld) -> None:
    said: list[Said] = []
    while_calling(world, PAYIN, lambda: said.append(world.prepare(key="a")))
    assert world.prepare(key="a").status == 200
    assert said[0].status == 409 and len(world.asked(PAYIN)) == 1
