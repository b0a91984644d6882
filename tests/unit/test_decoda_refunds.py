"""Refunds of Decoda's payments, and money that a bank takes back: never more than there was."""

from typing import Any

import pytest

from payhub.domain.payment import ActionState
from tests.support.decoda_world import (
    REFUND,
    TENANT_ID,
    DecodaWorld,
    Json,
    decoda_world,
)

FAULTS = (
    *("disconnect", "timeout_before", "timeout_after", "http_500_before", "http_500_after"),
    *("http_429", "refuse", "malformed", "slow", "late_apply"),
)
REFUND_FIELDS = frozenset(
    {
        *("paymentId", "providerId", "amount", "reason", "description", "locationId"),
        "restoreInventory",
    }
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> DecodaWorld:
    """A hub and its Decoda."""
    return decoda_world(monkeypatch)


def paid(world: DecodaWorld, amount: int = 2500) -> str:
    """The id of a settled payment."""
    said = world.settle(amount)
    assert said.status == 200
    return said.payment_id


def by_card(world: DecodaWorld, **plan: Any) -> str:
    """The id of a first payment of 1000 by card."""
    taken: str = world.shown(world.running(**plan))["payments"][0]["paymentId"]
    return taken


def in_the_clinic(world: DecodaWorld, payment_id: str, amount: int) -> Json:
    """Somebody refunds at Decoda itself."""
    reference = world.payment(payment_id).vendor_reference
    body = {"paymentId": reference, "providerId": "p-1", "amount": amount, "reason": "OTHER"}
    refund: Json = world.at_vendor("POST", REFUND, body)
    return refund


def balance(world: DecodaWorld, payment_id: str) -> int:
    """What is left of it."""
    left: int = world.details(payment_id)["availableBalanceCents"]
    return left


def lines_about_refunds(world: DecodaWorld, payment_id: str) -> list[Json]:
    """The audit trail of its refunds, as the vendor shows them."""
    history = world.details(payment_id)["history"]
    return [it for it in history if it["subject"].startswith("refund ")]


def given_back(world: DecodaWorld) -> list[int]:
    """What went out of the books."""
    return world.moved("refund_payment")


# What a caller is told, and what the vendor


def test_a_refund_answers_the_payment_with_it(world: DecodaWorld) -> None:
    payment_id = paid(world)
    said = world.refund(payment_id, 2500)
    assert said.status == 200 and said.body["paymentId"] == payment_id
    refund = said.body["refund"]
    assert refund["refundId"] and refund["amountCents"] == 2500
    assert (refund["reason"], refund["state"]) == ("OTHER", "done")
    [shown] = world.details(payment_id)["refunds"]
    assert shown["refundId"] == refund["refundId"] and shown["status"] == "SUCCEEDED"
    assert world.credits() == [1000, 2500, 150_000], "credit is back at once"


def test_what_is_sent_has_documented_names(world: DecodaWorld) -> None:
    payment_id = paid(world)
    more: Json = {"description": "twice", "locationId": "loc-1", "restoreInventory": True}
    world.refund(payment_id, 2500, **more)
    [sent] = world.asked(REFUND)
    assert set(sent.body) == REFUND_FIELDS
    assert sent.body == {
        "paymentId": world.payment(payment_id).vendor_reference,
        "providerId": "provider-1",
        "amount": 2500,
        "reason": "OTHER",
        **more,
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": "100"}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"reason": "BECAUSE"}, "reason"),
        ({"providerId": ""}, "providerId"),
        ({"restoreInventory": True}, "restoreInventory"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_refund_that_cannot_be_meant_is_refused_by_its_field(
    world: DecodaWorld, change: Json, field: str
) -> None:
    payment_id = paid(world)
    body = {"amount": 100, "reason": "OTHER", "providerId": "p-1", **change}
    said = world.call("refund_payment", {"paymentId": payment_id}, body)
    assert said.status == 400 and said.body["errors"][0]["field"] == field
    assert world.asked(REFUND) == []


# Never more than is left


def test_two_parts_and_the_rest_give_all_of_it_back(world: DecodaWorld) -> None:
    payment_id = paid(world)
    for key, amount, left in (("a", 1000, 1500), ("b", 400, 1100), ("c", 1100, 0)):
        assert world.refund(payment_id, amount, key).status == 200
        assert balance(world, payment_id) == left
    assert given_back(world) == [1000, 400, 1100]
    assert len(world.details(payment_id)["refunds"]) == 3
    nothing = world.refund(payment_id, 1, "d")
    assert nothing.status == 409 and "available balance of 0 cents" in nothing.body["detail"]


def test_too_much_is_refused_naming_what_is_left(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.refund(payment_id, 1000, "a")
    said = world.refund(payment_id, 1501, "b")
    assert said.status == 409 and said.body["type"].endswith("/not-allowed")
    assert "available balance of 1500 cents" in said.body["detail"]
    assert given_back(world) == [1000] and len(world.asked(REFUND)) == 1


def test_a_refund_made_in_the_clinic_counts_and_shows(world: DecodaWorld) -> None:
    payment_id = paid(world)
    refund = in_the_clinic(world, payment_id, 2000)
    said = world.refund(payment_id, 501, "a")
    assert said.status == 409 and "500 cents" in said.body["detail"]
    world.go(5)
    [shown] = world.details(payment_id)["refunds"]
    assert (shown["refundId"], shown["amountCents"]) == (refund["id"], 2000)
    lines = lines_about_refunds(world, payment_id)
    assert lines and "not through Payhub" in lines[0]["reason"]
    assert world.refund(payment_id, 500, "b").status == 200
    assert given_back(world) == [2000, 500]


def test_a_refund_under_way_reserves_its_amount(world: DecodaWorld) -> None:
    """A card's refund is PROCESSING for a while."""
    payment_id = by_card(world)
    assert world.refund(payment_id, 600, "a").status == 200
    assert world.details(payment_id)["refunds"][0]["status"] == "PROCESSING"
    said = world.refund(payment_id, 401, "b")
    assert said.status == 409 and "400 cents" in said.body["detail"]
    assert world.refund(payment_id, 400, "c").status == 200
    world.go(60)
    assert [it["status"] for it in world.details(payment_id)["refunds"]] == ["SUCCEEDED"] * 2


def test_a_refund_that_fails_later_shows_and_its_amount_is_free_again(world: DecodaWorld) -> None:
    payment_id = by_card(world, initialAmount=410, installments=1, installmentAmount=9590)
    assert world.refund(payment_id, 410, "a").status == 200
    assert balance(world, payment_id) == 0
    world.lost = True
    world.go(120)
    details = world.details(payment_id)
    assert details["refunds"][0]["status"] == "FAILED" and details["availableBalanceCents"] == 410
    steps = [(it["from"], it["to"]) for it in lines_about_refunds(world, payment_id)]
    assert steps == [(None, "PROCESSING"), ("PROCESSING", "FAILED")]
    assert given_back(world) == [] and world.refund(payment_id, 410, "b").status == 200


def test_a_refund_the_vendor_takes_only_to_fail_it_at_once_is_refused(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.tampered = lambda path, answer: (
        {**answer, "status": "FAILED"} if path == REFUND else answer
    )
    said = world.refund(payment_id, 100, "a")
    assert said.status == 409 and "FAILED" in said.body["detail"]


def test_a_refund_the_vendor_refuses_is_told_in_its_words(world: DecodaWorld) -> None:
    payment_id = by_card(world, initialAmount=409, installments=1, installmentAmount=9591)
    said = world.refund(payment_id, 100, "a")
    assert said.status == 409 and said.body["detail"] == "The payment cannot be refunded"
    assert balance(world, payment_id) == 409 and given_back(world) == []
    assert world.refund(payment_id, 100, "a").is_replay


# The same again


def test_twice_with_one_key_is_one_refund(world: DecodaWorld) -> None:
    payment_id = paid(world)
    first, again = (world.refund(payment_id, 500, "a") for _ in range(2))
    assert first.body["refund"] == again.body["refund"] and again.is_replay
    assert given_back(world) == [500]


def test_one_key_in_other_words_is_refused(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.refund(payment_id, 500, "a")
    for other in ({"amount": 501}, {"description": "x"}):
        said = world.refund(payment_id, **{"amount": 500, "key": "a", **other})  # type: ignore[arg-type]
        assert said.status == 422 and said.body["type"].endswith("/key-reused")
    assert given_back(world) == [500]


def test_without_a_key_the_same_is_a_repeat_and_another_needs_saying_so(
    world: DecodaWorld,
) -> None:
    payment_id = paid(world)
    first, again = world.refund(payment_id, 500), world.refund(payment_id, 500)
    assert again.is_replay and again.body["refund"] == first.body["refund"]
    other = world.refund(payment_id, 600)
    assert other.status == 409 and other.body["type"].endswith("/revision-needed")
    assert given_back(world) == [500]


def test_two_refunds_alike_with_two_keys_are_two(world: DecodaWorld) -> None:
    payment_id = paid(world)
    ids = {world.refund(payment_id, 500, key).body["refund"]["refundId"] for key in ("a", "b")}
    assert len(ids) == 2 and given_back(world) == [500, 500]


def test_if_match_refuses_what_was_judged_on_an_older_revision(world: DecodaWorld) -> None:
    payment_id = paid(world)
    etag = world.call("get_payment", {"paymentId": payment_id}).headers["ETag"]
    body = {"amount": 500, "reason": "OTHER", "providerId": "p-1"}
    said = [
        world.call("refund_payment", {"paymentId": payment_id}, body, headers={"If-Match": etag})
        for _ in range(2)
    ]
    assert [it.status for it in said] == [200, 412] and given_back(world) == [500]


@pytest.mark.parametrize("keys", [("a", "a"), ("a", "b"), (None, None)])
def test_two_refunds_at_the_same_time_are_not_both_judged_on_the_same_balance(
    world: DecodaWorld, keys: tuple[str | None, str | None]
) -> None:
    payment_id = paid(world)
    said = []
    world.interleave(lambda: said.append(world.refund(payment_id, 2000, keys[0])), "before put")
    said.append(world.refund(payment_id, 2000, keys[1]))
    assert sorted(it.status for it in said) == ([200, 409] if keys == ("a", "b") else [200, 200])
    assert given_back(world) == [2000] and len(world.asked(REFUND)) == 1


# While one is unknown


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_on_the_way_one_refund_is_made(world: DecodaWorld, fault: str) -> None:
    payment_id = by_card(world)
    world.arm("refund_payment", fault)
    first = world.refund(payment_id, 300, "a")
    assert first.status == (200 if fault == "slow" else 202)
    if fault != "slow":
        other = world.refund(payment_id, 100, "b")
        assert other.status == 409 and other.body["type"].endswith("/action-open")
    ended = world.ended(payment_id)
    assert ended.action.state is ActionState.DONE and given_back(world) == [300]
    again = world.refund(payment_id, 300, "a")
    assert again.status == 200 and again.is_replay
    [refund] = world.details(payment_id)["refunds"]
    assert again.body["refund"]["refundId"] == refund["refundId"]
    assert all("not through" not in it["reason"] for it in lines_about_refunds(world, payment_id))
    world.go(days=2)
    assert balance(world, payment_id) == 700 and given_back(world) == [300]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_of_all_ends_right_too(world: DecodaWorld, fault: str) -> None:
    payment_id = paid(world)
    world.arm("refund_payment", fault)
    world.refund(payment_id, 2500, "a")
    assert world.ended(payment_id).action.state is ActionState.DONE
    world.go(days=2)
    assert given_back(world) == [2500] and balance(world, payment_id) == 0


def test_a_vendor_that_cannot_be_read_puts_the_refund_off(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.arm("get_payment", "http_500_before", count=2)
    said = world.refund(payment_id, 500, "a")
    assert said.status == 202 and said.body["refund"]["state"] == "queued"
    assert world.asked(REFUND) == []
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [500]


def test_what_was_put_off_is_judged_again_on_what_is_left_by_then(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.arm("get_payment", "http_500_before", count=1)
    assert world.refund(payment_id, 2000, "a").status == 202
    in_the_clinic(world, payment_id, 1000)
    ended = world.ended(payment_id)
    assert ended.action.state is ActionState.REFUSED and given_back(world) == [1000]
    said = world.refund(payment_id, 2000, "a")
    assert said.status == 409 and "1500 cents" in said.body["detail"]


def test_what_was_put_off_is_not_sent_on_a_balance_that_changed_since_it_was_read(
    world: DecodaWorld,
) -> None:
    payment_id = paid(world)
    world.arm("get_payment", "http_500_before", count=1)
    assert world.refund(payment_id, 2000, "a").status == 202

    def meanwhile() -> None:
        in_the_clinic(world, payment_id, 1000)
        world.sandbox.run_due_jobs()
        for _, ids in world.queue.take():
            world.remind("apply_event", ids)

    world.queue.messages.clear()
    world.clock.advance(60_000)
    world.interleave(meanwhile, "before put")
    world.remind("advance_payment", {"tenant": TENANT_ID, "payment": payment_id})
    assert world.payment(payment_id).available_balance_cents == 1500
    assert world.ended(payment_id).action.state is ActionState.REFUSED
    assert world.asked(REFUND) == [] and given_back(world) == [1000]


def test_a_refund_the_hub_made_before_is_not_taken_for_the_lost_one(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.refund(payment_id, 500, "a")
    world.arm("refund_payment", "timeout_before")
    assert world.refund(payment_id, 500, "b").status == 202
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [500, 500]


def test_neither_is_one_that_the_clinic_made_shortly_before(world: DecodaWorld) -> None:
    payment_id = paid(world)
    in_the_clinic(world, payment_id, 500)
    world.go(60)
    world.arm("refund_payment", "timeout_before")
    assert world.refund(payment_id, 500, "b").status == 202
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [500, 500]


def test_nor_one_that_was_seen_only_when_the_refund_was_judged(world: DecodaWorld) -> None:
    world.lost = True
    payment_id = paid(world)
    in_the_clinic(world, payment_id, 500)
    world.arm("refund_payment", "timeout_before")
    assert world.refund(payment_id, 500, "b").status == 202
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [500, 500] and balance(world, payment_id) == 1500


def test_nor_one_that_is_older_than_the_first_try_though_it_is_listed_only_now(
    world: DecodaWorld,
) -> None:
    world.lost = True
    payment_id = paid(world)
    in_the_clinic(world, payment_id, 500)
    world.tampered = lambda path, answer: _without_refunds(answer)
    world.clock.advance(301_000)
    world.arm("refund_payment", "timeout_before")
    assert world.refund(payment_id, 500, "b").status == 202
    world.tampered = lambda path, answer: answer
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [500, 500] and balance(world, payment_id) == 1500


def test_nor_one_of_another_amount(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.arm("refund_payment", "timeout_before")
    assert world.refund(payment_id, 500, "a").status == 202
    in_the_clinic(world, payment_id, 400)
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [400, 500]


def test_nor_one_that_was_made_while_the_hub_did_not_get_there_at_all(world: DecodaWorld) -> None:
    """The first try was refused for the rate; the clinic refunded before the second was lost."""
    payment_id = paid(world)
    world.arm("refund_payment", "http_429")
    assert world.refund(payment_id, 500, "a").status == 202
    in_the_clinic(world, payment_id, 500)
    world.arm("refund_payment", "timeout_before")
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [500, 500]


def test_a_later_refund_alike_is_no_second_one_of_what_was_sent_again(world: DecodaWorld) -> None:
    """After a resend the vendor is watched for a second one; another action's is none."""
    payment_id = paid(world)
    world.arm("refund_payment", "timeout_before")
    world.refund(payment_id, 500, "a")
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert world.refund(payment_id, 500, "b").status == 200
    world.go(days=2)
    assert {it.state for it in world.payment(payment_id).actions} == {ActionState.DONE}
    assert given_back(world) == [500, 500]


def test_a_payment_that_cannot_be_read_proves_nothing_about_a_lost_refund(
    world: DecodaWorld,
) -> None:
    payment_id = paid(world)
    world.arm("refund_payment", "timeout_after")
    world.refund(payment_id, 500, "a")
    world.arm("get_payment", "malformed", count=1000)
    world.go(4000)
    assert world.payment(payment_id).action.state is ActionState.UNKNOWN
    world.control("DELETE", "faults?vendor=decoda")
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [500] and len(world.asked(REFUND)) == 1


def test_a_lost_refund_that_is_listed_late_is_waited_for(world: DecodaWorld) -> None:
    payment_id = paid(world)
    begun_ms = world.clock.now_ms()
    world.tampered = lambda path, answer: _without_refunds(answer)
    world.arm("refund_payment", "timeout_after")
    world.refund(payment_id, 500, "a")
    world.go_until(begun_ms + 900_000)
    assert world.payment(payment_id).action.state is ActionState.UNKNOWN
    world.tampered = lambda path, answer: answer
    assert world.ended(payment_id).action.state is ActionState.DONE
    assert given_back(world) == [500] and len(world.asked(REFUND)) == 1


def _without_refunds(answer: Any) -> Any:
    for row in answer.get("items", {}).get("data", []):
        row["refunds"] = []
    return answer


def test_one_that_turns_up_after_it_was_sent_again_needs_a_person(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.arm("refund_payment", "late_apply", delay_seconds=2000)
    world.refund(payment_id, 500, "a")
    assert world.ended(payment_id).action.state is ActionState.DONE
    world.go(4000)
    assert world.payment(payment_id).last_action("refund").state is ActionState.NEEDS_REVIEW  # type: ignore[union-attr]
    assert "NeedsReview" in world.signals.names() and balance(world, payment_id) == 1500


def test_two_alike_that_were_found_for_one_need_a_person(world: DecodaWorld) -> None:
    payment_id = paid(world)
    world.arm("refund_payment", "timeout_after")
    world.refund(payment_id, 500, "a")
    in_the_clinic(world, payment_id, 500)
    ended = world.ended(payment_id)
    assert ended.action.state is ActionState.NEEDS_REVIEW and given_back(world) == [500, 500]


@pytest.mark.parametrize("settled", [False, True])
def test_webhooks_of_a_refund_that_is_unknown_show_it_and_its_search_ends_it(
    world: DecodaWorld, settled: bool
) -> None:
    payment_id = by_card(world)
    world.arm("refund_payment", "timeout_after")
    world.refund(payment_id, 300, "a")
    if settled:
        world.clock.advance(1000)
    world.sandbox.run_due_jobs()
    world.work()
    payment = world.payment(payment_id)
    assert payment.action.state is ActionState.UNKNOWN and len(payment.refunds) == 1
    assert payment.available_balance_cents == 700
    assert world.ended(payment_id).action.state is ActionState.DONE
    world.go(120)
    [refund] = world.details(payment_id)["refunds"]
    assert refund["status"] == "SUCCEEDED" and balance(world, payment_id) == 700
    assert all("not through" not in it["reason"] for it in lines_about_refunds(world, payment_id))


def test_what_the_vendor_tells_between_intent_and_answer_is_not_undone_by_the_answer(
    world: DecodaWorld,
) -> None:
    """While the call runs, a refund of the clinic is heard of, and this one's success."""
    payment_id = by_card(world)

    def meanwhile(path: str, answer: Any) -> Any:
        if path == REFUND:
            world.tampered = lambda path, answer: answer
            in_the_clinic(world, payment_id, 200)
            world.clock.advance(1000)
            world.sandbox.run_due_jobs()
            world.work()
        return answer

    world.tampered = meanwhile
    assert world.refund(payment_id, 300, "a").status == 200
    details = world.details(payment_id)
    assert sorted(it["amountCents"] for it in details["refunds"]) == [200, 300]
    assert [it["status"] for it in details["refunds"]] == ["SUCCEEDED"] * 2
    assert details["availableBalanceCents"] == 500
    lines = lines_about_refunds(world, payment_id)
    assert len({(it["subject"], it["to"]) for it in lines}) == len(lines)
    world.go(120)
    assert lines_about_refunds(world, payment_id) == lines


def test_a_refund_that_takes_days_is_read_again_but_not_all_the_time(world: DecodaWorld) -> None:
    payment_id = by_card(world)
    world.tampered = lambda path, answer: _still(answer)
    world.refund(payment_id, 300, "a")
    world.lost = True
    before = len(world.sent)
    world.go(days=5)
    assert world.details(payment_id)["refunds"][0]["status"] == "PROCESSING"
    assert 20 < len(world.sent) - before < 100
    world.tampered = lambda path, answer: answer
    world.go(days=1)
    assert world.details(payment_id)["refunds"][0]["status"] == "SUCCEEDED"


def _still(answer: Any) -> Any:
    """Every refund is still under way."""
    items = answer.get("items") if isinstance(answer, dict) else None
    for row in items["data"] if items else []:
        row["refunds"] = [{**refund, "status": "PROCESSING"} for refund in row["refunds"]]
    return answer


# Of what there is nothing to refund


def test_a_plan_is_not_refunded_but_what_was_taken_for_it(world: DecodaWorld) -> None:
    plan_id = world.running()
    said = world.refund(plan_id, 100, "a")
    assert (
        said.status == 409 and "refund the payments that were taken for it" in said.body["detail"]
    )
    [taken] = world.shown(plan_id)["payments"]
    assert world.refund(taken["paymentId"], 100, "a").status == 200
    world.go(5)
    shown = world.shown(plan_id)
    assert shown["refundedCents"] == 100 and shown["payments"][0]["refundedCents"] == 100


def test_what_is_on_its_way_failed_or_unknown_cannot_be_refunded(world: DecodaWorld) -> None:
    said = world.prepare()
    world.confirm(said.body, "ACH")
    world.go(3600)
    [taken] = world.shown(said.payment_id)["payments"]
    assert taken["status"] == "PROCESSING"
    refused = world.refund(taken["paymentId"], 100, "a")
    assert refused.status == 409 and "PROCESSING" in refused.body["detail"]
    world.arm("settle_with_credit", "timeout_before")
    unknown = world.settle(100, 0)
    assert world.refund(unknown.payment_id, 100, "a").status == 409
    assert world.asked(REFUND) == []


@pytest.mark.parametrize("vendor", ["optum", "athena"])
def test_payments_of_other_vendors_are_not_refunded_here(world: DecodaWorld, vendor: str) -> None:
    from dataclasses import replace

    from payhub.vendors import RegisteredVendor

    other = RegisteredVendor(vendor, world.secrets, frozenset(), 10, world.clock)
    world.hub.vendors[vendor] = other  # type: ignore[index]
    payment = world.payment(paid(world))
    foreign = replace(
        payment, payment_id="f" * 32, vendor=vendor, reference_scope="", vendor_reference="v-1"
    )
    world.hub.payments.create(foreign, None)
    said = world.refund(foreign.payment_id, 100, "a")
    assert said.status == 409 and vendor in said.body["detail"]
    assert world.hub.payments.load(TENANT_ID, foreign.payment_id) == foreign


# Money that a bank takes back


@pytest.mark.parametrize("webhooks", ["delivered", "lost"])
def test_an_ach_payment_that_succeeded_is_seen_to_fall_weeks_later(
    world: DecodaWorld, webhooks: str
) -> None:
    plan_id = world.running(method="ACH")
    world.go(days=10)
    [taken] = world.shown(plan_id)["payments"]
    assert taken["status"] == "SUCCEEDED"
    world.go(days=15)
    world.lost = webhooks == "lost"
    world.control("POST", "decoda/ach-returns", {"payment_id": taken["vendorReference"]})
    assert world.owed(1) == 10_000
    world.go(60 if webhooks == "delivered" else 9 * 86_400)
    taken = world.shown(plan_id)["payments"][0]
    assert taken["status"] == "FAILED"
    assert webhooks == "lost" or world.shown(plan_id)["paidCents"] == 0
    assert world.refund(taken["paymentId"], 100, "a").status == 409
    world.go(days=200)
    assert world.payment(taken["paymentId"]).due_at_ms is None


@pytest.mark.parametrize("webhooks", ["delivered", "lost"])
def test_an_installment_that_the_bank_takes_back_shows_as_failed(
    world: DecodaWorld, webhooks: str
) -> None:
    said = world.prepare(initialAmount=0, installments=4, installmentAmount=2500)
    world.confirm(said.body, "ACH")
    world.go(days=40)
    shown = world.shown(said.payment_id)
    assert [it["state"] for it in shown["installments"]][:2] == ["paid", "scheduled"]
    [taken] = shown["payments"]
    world.lost = webhooks == "lost"
    reason = "R10 - Customer Advises Not Authorized"
    returned = {"payment_id": taken["vendorReference"], "reason": reason}
    world.control("POST", "decoda/ach-returns", returned)
    world.go(60 if webhooks == "delivered" else 9 * 86_400)
    shown = world.shown(said.payment_id)
    assert [it["state"] for it in shown["installments"]][:2] == ["failed", "scheduled"]
    assert shown["paidCents"] == 0 and shown["payments"][0]["status"] == "FAILED"
    if webhooks == "delivered":
        assert reason in str(world.details(taken["paymentId"])["history"])


def test_a_recent_ach_payment_is_read_again_for_two_months_and_then_no_more(
    world: DecodaWorld,
) -> None:
    plan_id = world.running(
        method="ACH", frequency="MONTHLY", installments=1, installmentAmount=9000
    )
    world.cancel(plan_id)
    world.go(days=10)
    [taken] = world.shown(plan_id)["payments"]
    world.lost = True
    world.go(days=50)
    world.control("POST", "decoda/ach-returns", {"payment_id": taken["vendorReference"]})
    world.go(days=25)
    assert world.shown(plan_id)["payments"][0]["status"] == "FAILED"
    assert world.payment(taken["paymentId"]).due_at_ms is None


def test_one_that_is_never_returned_is_left_alone_after_two_months(world: DecodaWorld) -> None:
    plan_id = world.running(method="ACH", installments=1, installmentAmount=9000)
    world.cancel(plan_id)
    world.go(days=60)
    [taken] = world.shown(plan_id)["payments"]
    assert world.payment(taken["paymentId"]).due_at_ms is not None
    world.go(days=25)
    assert world.payment(taken["paymentId"]).due_at_ms is None


def test_a_card_payment_that_rests_is_not_read_again(world: DecodaWorld) -> None:
    payment_id = by_card(world)
    world.go(60)
    assert world.payment(payment_id).due_at_ms is None


def test_a_return_while_a_refund_is_unknown_is_kept_in_sight(world: DecodaWorld) -> None:
    plan_id = world.running(method="ACH")
    world.go(days=10)
    [taken] = world.shown(plan_id)["payments"]
    world.arm("refund_payment", "timeout_before")
    assert world.refund(taken["paymentId"], 100, "a").status == 202
    world.control("POST", "decoda/ach-returns", {"payment_id": taken["vendorReference"]})
    ended = world.ended(taken["paymentId"])
    assert ended.status == "FAILED" and ended.action.state is ActionState.REFUSED
    assert given_back(world) == []
