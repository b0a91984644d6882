"""Settling charges with a patient's credit: once, wholly or not at all, and told as documented."""

import json
from datetime import datetime
from typing import Any

import httpx
import pytest

from payhub.domain.payment import ActionState
from tests.support.decoda_world import (
    OTHER_ID,
    PATIENT,
    PAYIN,
    SETTLE,
    TABLE,
    DecodaWorld,
    Json,
    Said,
    decoda_world,
)

TEXT, WHOLE = str, int
SUMMARY: dict[str, tuple[type, bool]] = {
    "id": (TEXT, False),
    "amount": (WHOLE, False),
    "status": (TEXT, False),
    "paymentMedium": (TEXT, False),
    "createdDate": (TEXT, False),
    "feeToPatient": (WHOLE, False),
    "patientId": (TEXT, True),
    "payinId": (TEXT, True),
    "currency": (TEXT, False),
    "payinConfigId": (TEXT, True),
    "paymentMethodId": (TEXT, True),
    "stripePaymentIntentId": (TEXT, True),
    "failedReason": (TEXT, True),
    "updatedDate": (TEXT, True),
    "fee": (WHOLE, False),
}
"""The documented fields of a payment: their type, and whether they may be null."""

CHARGE_FIELDS = frozenset(
    {
        *("patientId", "totalOutstanding", "id", "patient", "total", "description", "status"),
        *("discountAmount", "discountPercentage", "externalId", "externalCreatedDate"),
        *("ruleSetId", "createdDate", "creatorId", "items", "tips", "locationId", "eventId"),
        *("memberId", "comment", "meta", "merchantAccountId", "payments", "adjustments"),
    }
)
"""The documented fields of a charge."""

LOSSES = ("disconnect", "timeout_before", "timeout_after", "http_500_before", "http_500_after")
FAULTS = (*LOSSES, "http_429", "refuse", "malformed", "slow", "late_apply")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> DecodaWorld:
    """A hub and its Decoda."""
    return decoda_world(monkeypatch)


def is_summary(value: Json) -> bool:
    """Whether it is the documented object: these fields, of these types, and no other."""
    return set(value) == set(SUMMARY) and all(
        type(value[name]) is kind or (may_be_null and value[name] is None)
        for name, (kind, may_be_null) in SUMMARY.items()
    )


def settlements(world: DecodaWorld) -> int:
    """How often the vendor was asked to settle."""
    return len(world.asked(SETTLE))


# What a caller is told, and what the vendor


def test_a_settlement_answers_the_documented_payment(world: DecodaWorld) -> None:
    said = world.settle(2500)
    assert said.status == 200 and is_summary(said.body), said
    assert said.body["amount"] == 2500 and said.body["status"] == "SUCCEEDED"
    assert said.body["paymentMedium"] == "PATIENT_CREDIT" and said.body["currency"] == "USD"
    assert said.body["patientId"] == world.patient()["patient_id"]
    assert datetime.fromisoformat(said.body["createdDate"]).tzinfo is not None
    payment = world.payment(said.payment_id)
    assert payment.vendor_reference == said.body["id"] and payment.amount_cents == 2500
    assert said.headers["Location"] == f"/payments/{said.payment_id}"


def test_what_is_sent_has_documented_names_and_what_came_is_unchanged(world: DecodaWorld) -> None:
    [charge] = world.charges(1, externalId="OUR-VISIT-1", meta={"mine": [1, {"a": None}]})
    charge |= {"items": [{"quantity": 1.5, "price": 10_000}], "discountPercentage": 0.5}
    said = world.settle(2500, charges=[charge])
    [sent] = world.asked(SETTLE)
    assert sent.query == {"amount": "2500"}
    assert sent.headers["api-key"] == "key-clinic-1" and sent.headers["tenant"] == "clinic-1"
    assert sent.headers["content-type"] == "application/json"
    [went] = sent.body
    assert set(went) <= CHARGE_FIELDS
    assert went.pop("meta") == {"mine": [1, {"a": None}], "payhubPaymentId": said.payment_id}
    charge.pop("meta")
    assert went == charge
    assert world.page(reference="OUR-VISIT-1")[0]["paymentId"] == said.payment_id


def test_charges_without_an_id_are_named_by_the_hub_each_by_its_place(world: DecodaWorld) -> None:
    who = world.patient()["patient_id"]
    new = [{"patientId": who, "totalOutstanding": cents} for cents in (700, 800)]
    said = world.settle(1500, charges=new)
    assert said.status == 200
    [sent] = world.asked(SETTLE)
    ids = [f"ph-{said.payment_id}-1", f"ph-{said.payment_id}-2"]
    assert [it["id"] for it in sent.body] == ids
    known = {it["charge_id"]: it["status"] for it in world.patient()["charges"]}
    assert [known[charge_id] for charge_id in ids] == ["PAID", "PAID"]


def test_credit_is_used_oldest_first_and_charges_are_paid_in_their_order(
    world: DecodaWorld,
) -> None:
    assert world.credits() == [1000, 2500, 150_000]
    assert world.settle(3000, 2, 1).status == 200
    assert world.credits() == [0, 500, 150_000]
    assert (world.owed(2), world.owed(1)) == (0, 10_000 - 1293)


def test_a_part_and_then_the_rest_are_two_payments(world: DecodaWorld) -> None:
    first, rest = world.settle(4000, key="k-1"), world.settle(6000, key="k-2")
    assert (first.status, rest.status) == (200, 200)
    assert first.body["id"] != rest.body["id"] and world.owed(1) == 0
    assert world.moved("settle_with_credit") == [4000, 6000]


# What is refused, and that nothing moves then


def test_more_than_is_outstanding_is_refused_as_the_vendor_would_and_nothing_is_sent(
    world: DecodaWorld,
) -> None:
    said = world.settle(10_001)
    assert said.status == 422 and said.headers["Content-Type"] == "application/problem+json"
    [mistake] = said.body["detail"]
    assert set(mistake) == {"loc", "msg", "type"} and "10000 cents" in mistake["msg"]
    assert mistake["loc"] == ["body", "amount"] or mistake["loc"] == ["query", "amount"]
    assert world.sent == [] and world.page() == []


@pytest.mark.parametrize("amount", ["0", "-1", "1.5", "1e3", "+5", "", " 5", "1_000", "1" * 13])
def test_an_amount_that_is_not_whole_cents_is_refused(world: DecodaWorld, amount: str) -> None:
    said = world.settle(amount)
    assert said.status == 422 and isinstance(said.body["detail"], list)
    assert world.sent == []


def spoilt(world: DecodaWorld, **changes: Any) -> list[Json]:
    """A charge with something wrong in it."""
    return [{**world.charges(1)[0], **changes}]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"patientId": None}, "patientId"),
        ({"patientId": 7}, "patientId"),
        ({"totalOutstanding": "10000"}, "totalOutstanding"),
        ({"totalOutstanding": 1.5}, "totalOutstanding"),
        ({"status": "paid"}, "status"),
        ({"externalCreatedDate": "yesterday"}, "externalCreatedDate"),
        ({"items": [{"price": 1}]}, "quantity"),
        ({"tips": [{"chargeId": "c", "amount": 1}]}, "providerId"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_charge_that_is_not_as_documented_is_refused_by_its_field(
    world: DecodaWorld, changes: Json, place: str
) -> None:
    said = world.settle(100, charges=spoilt(world, **changes))
    assert said.status == 422
    assert any(place in mistake["loc"] and 0 in mistake["loc"] for mistake in said.body["detail"])
    assert world.sent == []


def test_charges_of_two_patients_and_a_charge_twice_are_refused(world: DecodaWorld) -> None:
    two = world.charges(1) + world.charges(1, number=8)
    twice = world.charges(1, 1)
    for charges, field in ((two, "patientId"), (twice, "id")):
        said = world.settle(100, charges=charges)
        assert said.status == 422 and said.body["detail"][0]["loc"] == ["body", 1, field]
    assert world.sent == []


def test_an_object_instead_of_a_list_is_refused(world: DecodaWorld) -> None:
    assert world.settle(100, charges=world.charges(1)[0]).status == 422
    assert world.settle(100, charges=[]).status == 422
    assert world.sent == []


def test_more_than_the_credit_is_refused_by_the_vendor_and_nothing_is_applied(
    world: DecodaWorld,
) -> None:
    said = world.settle(153_501, 0, key="k-1")
    assert said.status == 400 and said.body["detail"] == "Insufficient patient credit"
    assert world.credits() == [1000, 2500, 150_000] and world.ledger() == []
    assert world.payment(said.payment_id).status == "declined"
    again = world.settle(153_501, 0, key="k-1")
    assert (again.status, again.body["detail"], again.is_replay) == (
        400,
        "Insufficient patient credit",
        True,
    )
    assert settlements(world) == 1


def test_a_settlement_with_all_of_the_credit_works_to_the_cent(world: DecodaWorld) -> None:
    assert world.settle(153_500, 0).status == 200
    assert world.credits() == [0, 0, 0]


def test_a_tenant_without_an_account_at_decoda_finds_nothing(world: DecodaWorld) -> None:
    tenant = world.tenant.model_copy(update={"vendors": {}})
    world.hub.tenants.save(tenant)
    assert world.settle(100).status == 404 and world.prepare().status == 404
    assert world.sent == []


# The same again, and at the same time


def test_the_same_key_twice_is_one_movement_and_one_answer(world: DecodaWorld) -> None:
    first = world.settle(2500, key="k-1")
    again = world.settle(2500, key="k-1")
    assert first.body == again.body and not first.is_replay and again.is_replay
    assert first.headers["ETag"] == again.headers["ETag"]
    assert world.moved("settle_with_credit") == [2500]


def test_a_replay_shows_what_was_answered_even_after_the_payment_went_on(
    world: DecodaWorld,
) -> None:
    first = world.settle(2500, key="k-1")
    world.refund(first.payment_id, 2500)
    world.go(60)
    assert world.settle(2500, key="k-1").body == first.body


@pytest.mark.parametrize("change", ["amount", "charges", "comment"])
def test_the_same_key_with_another_request_is_refused(world: DecodaWorld, change: str) -> None:
    world.settle(2500, key="k-1")
    other = {
        "amount": lambda: world.settle(2501, key="k-1"),
        "charges": lambda: world.settle(2500, 0, key="k-1"),
        "comment": lambda: world.settle(2500, key="k-1", charges=spoilt(world, comment="again")),
    }[change]()
    assert other.status == 422 and other.body["type"].endswith("/key-reused")
    assert other.body["detail"][0]["type"] == "key-reused"
    assert world.moved("settle_with_credit") == [2500]


def test_without_a_key_a_repeat_within_the_window_is_the_same_payment(world: DecodaWorld) -> None:
    charges = world.charges(1)
    first = world.settle(2500, charges=charges)
    world.go(599)
    again = world.settle(2500, charges=charges)
    assert again.is_replay and again.body == first.body
    world.go(2)
    later = world.settle(2500, charges=charges)
    assert not later.is_replay and later.body["id"] != first.body["id"]
    assert world.moved("settle_with_credit") == [2500, 2500]


def test_without_a_key_other_terms_are_another_payment(world: DecodaWorld) -> None:
    assert world.settle(2500).status == 200 and world.settle(2600).status == 200
    assert world.moved("settle_with_credit") == [2500, 2600]


@pytest.mark.parametrize("key", ["k-1", None])
def test_identical_requests_at_the_same_time_move_money_once(
    world: DecodaWorld, key: str | None
) -> None:
    charges, said = world.charges(1), []
    point = "before put_together" if key is None else "before put"
    world.interleave(lambda: said.append(world.settle(2500, charges=charges, key=key)), point)
    said.append(world.settle(2500, charges=charges, key=key))
    assert [it.status for it in said] == [200, 200]
    assert said[0].body == said[1].body
    assert world.moved("settle_with_credit") == [2500]


@pytest.mark.parametrize("key", ["k-1", None])
def test_a_repeat_while_the_call_runs_is_told_so(world: DecodaWorld, key: str | None) -> None:
    charges, said = world.charges(1), []

    def again(path: str) -> None:
        world.before_call = lambda path: None
        said.append(world.settle(2500, charges=charges, key=key))

    world.before_call = again
    assert world.settle(2500, charges=charges, key=key).status == 200
    assert said[0].status == 409 and said[0].body["type"].endswith("/still-running")
    assert world.moved("settle_with_credit") == [2500]


def test_another_tenants_payment_does_not_exist(world: DecodaWorld) -> None:
    said = world.settle(2500, key="k-1")
    ids = {"paymentId": said.payment_id}
    for function in ("get_payment", "get_payment_details"):
        assert world.call(function, ids, tenant=OTHER_ID).status == 404
    assert world.refund(said.payment_id, 100, tenant=OTHER_ID).status == 404
    assert world.call("list_payments", tenant=OTHER_ID).body["payments"] == []
    other = world.settle(2500, key="k-1", tenant=OTHER_ID)
    assert other.status == 400, "the other clinic has no such patient, and the key is its own"
    assert world.moved("settle_with_credit") == [2500]


# Faults


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_on_the_way_it_moves_once_and_ends_done(
    world: DecodaWorld, fault: str
) -> None:
    charges = world.charges(1)
    world.arm("settle_with_credit", fault)
    first = world.settle(2500, charges=charges, key="k-1")
    assert first.status == (200 if fault == "slow" else 202), first
    ended = world.ended(first.payment_id)
    assert ended.action.state is ActionState.DONE and ended.status == "SUCCEEDED"
    assert world.moved("settle_with_credit") == [2500] and world.credits() == [0, 1000, 150_000]
    [row] = world.vendor_payments()
    assert ended.vendor_reference == row["id"]
    again = world.settle(2500, charges=charges, key="k-1")
    assert again.status == 200 and again.is_replay and is_summary(again.body)
    assert again.body["id"] == row["id"]
    assert world.moved("settle_with_credit") == [2500]


@pytest.mark.parametrize("fault", ["http_429", "refuse"])
def test_what_was_not_sent_is_sent_later_and_never_searched(world: DecodaWorld, fault: str) -> None:
    world.arm("settle_with_credit", fault)
    said = world.settle(2500)
    assert world.payment(said.payment_id).status == "pending"
    world.ended(said.payment_id)
    searches = [it for it in world.asked(TABLE, "GET") if "patient_id" in it.query]
    assert searches == [] and len(world.moved("settle_with_credit")) == 1


def test_what_the_vendor_never_takes_is_given_up_as_not_sent_and_listed(
    world: DecodaWorld,
) -> None:
    world.arm("settle_with_credit", "http_429", count=50)
    said = world.settle(2500, key="k-1")
    ended = world.ended(said.payment_id)
    assert ended.status == "not_sent" and world.ledger() == []
    letters = world.call("list_dead_letters", role="operator").body["deadLetters"]
    assert [it["subjectId"] for it in letters] == [said.payment_id]


def test_a_refusal_by_the_vendor_ends_it_and_a_new_key_tries_anew(world: DecodaWorld) -> None:
    world.arm("settle_with_credit", "decline")
    refused = world.settle(2500, key="k-1")
    assert refused.status == 400 and refused.body["detail"] == "Patient credit cannot be used"
    assert world.payment(refused.payment_id).action.state is ActionState.REFUSED
    assert world.settle(2500, key="k-1").status == 400
    assert world.settle(2500, key="k-2").status == 200
    assert world.moved("settle_with_credit") == [2500]


@pytest.mark.parametrize("fault", ["disconnect", "timeout_before", "http_500_before"])
def test_what_is_not_found_is_sent_again_only_after_the_quarantine(
    world: DecodaWorld, fault: str
) -> None:
    world.arm("settle_with_credit", fault)
    begun_ms = world.clock.now_ms()
    said = world.settle(2500)
    world.go_until(begun_ms + 930_000)
    assert settlements(world) == 1 and world.payment(said.payment_id).status == "unknown"
    world.ended(said.payment_id)
    assert settlements(world) == 2
    assert world.clock.now_ms() - begun_ms >= 940_000


def test_the_function_may_die_right_after_the_call(world: DecodaWorld) -> None:
    """The intent stands, and no outcome is ever stored for it."""

    class Killed(BaseException):
        pass

    def die(point: str) -> None:
        if settlements(world):
            world.table.hook = lambda point: None
            raise Killed

    charges = world.charges(1)
    world.table.hook = die
    with pytest.raises(Killed):
        world.settle(2500, charges=charges, key="k-1")
    assert world.settle(2500, charges=charges, key="k-1").status == 409
    [payment] = world.page()
    ended = world.ended(payment["paymentId"])
    assert ended.status == "SUCCEEDED" and world.moved("settle_with_credit") == [2500]


def test_while_it_is_unknown_nobody_is_told_that_it_failed(world: DecodaWorld) -> None:
    world.arm("settle_with_credit", "timeout_after")
    said = world.settle(2500, key="k-1")
    assert said.status == 202 and said.body["status"] == "unknown"
    assert said.body["action"] == {"verb": "settle", "state": "unknown", "attempt": 1}
    assert world.payment(said.payment_id).status == "unknown"


# Finding what was lost among what looks the same


def lose(world: DecodaWorld, amount: int, key: str, **more: Any) -> Said:
    """A settlement that the vendor carries out and whose answer is lost."""
    world.arm("settle_with_credit", "timeout_after")
    return world.settle(amount, key=key, **more)


def test_an_earlier_settlement_like_it_is_not_taken_for_it(world: DecodaWorld) -> None:
    charges = world.charges(1)
    first = world.settle(2500, charges=charges, key="k-1")
    world.arm("settle_with_credit", "timeout_before")
    second = world.settle(2500, charges=charges, key="k-2")
    ended = world.ended(second.payment_id)
    assert ended.status == "SUCCEEDED" and ended.vendor_reference != first.body["id"]
    assert world.moved("settle_with_credit") == [2500, 2500]


def whole_table(world: DecodaWorld, request: httpx.Request) -> httpx.Response | None:
    """A vendor that ignores what its table is asked for."""
    if request.url.path != TABLE or "id" in request.url.params:
        return None
    return httpx.Response(200, json=world.at_vendor("GET", f"{TABLE}?per_page=100"))


@pytest.mark.parametrize("filters", [True, False])
@pytest.mark.parametrize("other", ["amount", "charge", "patient", "medium"])
def test_only_what_has_its_patient_amount_medium_and_charges_is_taken_for_it(
    world: DecodaWorld, other: str, filters: bool
) -> None:
    amount = {"amount": 2501}.get(other, 2500)
    place = {"charge": 0}.get(other, 1)
    number = {"patient": 8}.get(other, PATIENT)
    world.arm("settle_with_credit", "timeout_before")
    said = world.settle(2500, key="k-1")
    if other == "medium":
        plan = {"initialAmount": 2500, "installments": 1, "installmentAmount": 7500}
        world.confirm(world.at_vendor("POST", PAYIN, world.plan_body(1, **plan)))
    else:
        charges = world.charges(place, number=number)
        world.at_vendor("POST", f"{SETTLE}?amount={amount}", charges)
    if not filters:
        world.instead = lambda request: whole_table(world, request)
    world.go(600)
    assert world.payment(said.payment_id).status == "unknown"


@pytest.mark.parametrize("filters", [True, False])
def test_what_is_older_than_the_first_try_is_not_taken_for_it(
    world: DecodaWorld, filters: bool
) -> None:
    world.at_vendor("POST", f"{SETTLE}?amount=2500", world.charges(1))
    world.clock.advance(301_000)
    world.arm("settle_with_credit", "timeout_before")
    said = world.settle(2500, key="k-1")
    if not filters:
        world.instead = lambda request: whole_table(world, request)
    world.go(600)
    assert world.payment(said.payment_id).status == "unknown"


def test_a_receipt_with_only_the_charges_that_got_something_is_recognised(
    world: DecodaWorld,
) -> None:
    """A part of the sum may not have reached the later charges."""

    def reached(path: str, answer: Any) -> Any:
        return {**answer, "charges": answer["charges"][:1]} if "receipt" in path else answer

    world.tampered = reached
    said = lose(world, 1000, "k-1", charges=world.charges(1, 2))
    assert world.ended(said.payment_id).status == "SUCCEEDED"
    world.go(3600)
    assert world.moved("settle_with_credit") == [1000] and settlements(world) == 1


def test_the_one_with_all_of_its_charges_is_preferred(world: DecodaWorld) -> None:
    both, one = world.charges(1, 2), world.charges(1)
    other = world.at_vendor("POST", f"{SETTLE}?amount=1000", one)
    said = lose(world, 1000, "k-1", charges=both)
    ended = world.ended(said.payment_id)
    assert ended.status == "SUCCEEDED" and ended.vendor_reference != other["id"]


def test_a_receipt_without_charges_is_nobodys(world: DecodaWorld) -> None:
    world.tampered = lambda path, answer: {**answer, "charges": []} if "receipt" in path else answer
    said = lose(world, 2500, "k-1")
    world.go(600)
    assert world.payment(said.payment_id).status == "unknown"


def test_what_is_on_a_later_page_of_the_table_is_found_too(world: DecodaWorld) -> None:
    said = lose(world, 2500, "k-1")
    [found] = world.vendor_payments()
    for _ in range(3):
        world.at_vendor("POST", f"{SETTLE}?amount=2500", world.charges(0))

    def in_pages_of_two(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != TABLE or "patient_id" not in request.url.params:
            return None
        query = dict(request.url.params) | {"per_page": "2"}
        whole = dict(request.url.params) | {"per_page": "100", "page": "1"}
        rows = world.at_vendor("GET", f"{TABLE}?{httpx.QueryParams(whole)}")["items"]["data"]
        page = int(query["page"]) - 1
        shown = {"data": rows[page * 2 : page * 2 + 2], "total": 102 + len(rows)}
        return httpx.Response(200, json={"items": shown, "hasInsurancePayments": False})

    world.instead = in_pages_of_two
    ended = world.ended(said.payment_id)
    assert ended.vendor_reference == found["id"]


def test_a_table_that_cannot_be_read_proves_nothing(world: DecodaWorld) -> None:
    world.arm("settle_with_credit", "timeout_before")
    said = world.settle(2500, key="k-1")
    world.arm("list_payment_table", "malformed", count=1000)
    world.go(4000)
    assert world.payment(said.payment_id).status == "unknown" and settlements(world) == 1
    world.control("DELETE", "faults?vendor=decoda")
    assert world.ended(said.payment_id).status == "SUCCEEDED"
    assert world.moved("settle_with_credit") == [2500]


def test_a_receipt_that_cannot_be_read_proves_nothing(world: DecodaWorld) -> None:
    said = lose(world, 2500, "k-1")
    world.arm("get_payment_receipt", "http_500_before", count=1000)
    world.go(4000)
    assert world.payment(said.payment_id).status == "unknown" and settlements(world) == 1
    world.control("DELETE", "faults?vendor=decoda")
    assert world.ended(said.payment_id).status == "SUCCEEDED"
    assert world.moved("settle_with_credit") == [2500]


def test_two_lost_settlements_alike_do_not_take_each_others_payment(world: DecodaWorld) -> None:
    """Which is whose cannot be told: a person looks, and nothing is sent again."""
    charges = world.charges(1)
    said = [lose(world, 2500, key, charges=charges) for key in ("k-1", "k-2")]
    ended = [world.ended(it.payment_id) for it in said]
    assert {it.action.state for it in ended} == {ActionState.NEEDS_REVIEW}
    assert {it.vendor_reference for it in ended} == {None}
    world.go(days=2)
    assert world.moved("settle_with_credit") == [2500, 2500] and settlements(world) == 2


def test_two_lost_settlements_of_new_charges_find_each_its_own(world: DecodaWorld) -> None:
    """The hub named the charges, so that they tell the payments apart."""
    charges = [{"patientId": world.patient()["patient_id"], "totalOutstanding": 700}]
    said = [lose(world, 700, key, charges=charges) for key in ("k-1", "k-2")]
    ended = [world.ended(it.payment_id) for it in said]
    assert [it.status for it in ended] == ["SUCCEEDED", "SUCCEEDED"]
    for payment in ended:
        receipt = world.at_vendor("GET", f"/billing/payment/{payment.vendor_reference}/receipt")
        assert [it["id"] for it in receipt["charges"]] == [f"ph-{payment.payment_id}-1"]
    assert settlements(world) == 2


def test_of_two_alike_of_which_one_was_carried_out_each_ends_with_its_own(
    world: DecodaWorld,
) -> None:
    charges = world.charges(1)
    first = lose(world, 2500, "k-1", charges=charges)
    world.arm("settle_with_credit", "timeout_before")
    second = world.settle(2500, charges=charges, key="k-2")
    ended = [world.ended(it.payment_id) for it in (first, second)]
    assert [it.status for it in ended] == ["SUCCEEDED", "SUCCEEDED"]
    assert len({it.vendor_reference for it in ended}) == 2
    assert world.moved("settle_with_credit") == [2500, 2500]


def test_what_turns_up_after_it_was_sent_again_needs_a_person(world: DecodaWorld) -> None:
    world.arm("settle_with_credit", "late_apply", delay_seconds=2000)
    said = world.settle(2500, key="k-1")
    assert world.ended(said.payment_id).status == "SUCCEEDED"
    world.go(4000)
    payment = world.payment(said.payment_id)
    assert payment.action.state is ActionState.NEEDS_REVIEW
    assert "NeedsReview" in world.signals.names()


@pytest.mark.parametrize("order", ["first", "last"])
def test_webhooks_of_an_unknown_settlement_neither_end_it_nor_get_lost(
    world: DecodaWorld, order: str
) -> None:
    world.holds = True
    said = lose(world, 2500, "k-1")
    world.sandbox.run_due_jobs()
    if order == "first":
        world.deliver(world.mail)
        assert world.payment(said.payment_id).status == "unknown"
    world.ended(said.payment_id)
    if order == "last":
        world.deliver(world.mail)
    world.go(3600)
    assert {it["state"] for it in world.events()} == {"applied"}
    assert world.payment(said.payment_id).status == "SUCCEEDED"


def test_an_answer_with_another_amount_is_shown_as_what_moved(world: DecodaWorld) -> None:
    def smaller(path: str, answer: Any) -> Any:
        return {**answer, "amount": 2400} if path == SETTLE else answer

    world.tampered = smaller
    said = world.settle(2500)
    assert said.body["amount"] == 2400
    assert world.payment(said.payment_id).amount_cents == 2400


def test_an_answer_that_is_another_payments_is_never_believed(world: DecodaWorld) -> None:
    first = world.settle(2500, key="k-1")
    world.tampered = lambda path, answer: (
        {**answer, "id": first.body["id"]} if path == SETTLE else answer
    )
    second = world.settle(2500, key="k-2")
    payment = world.payment(second.payment_id)
    assert second.status == 202 and payment.action.state is ActionState.NEEDS_REVIEW
    assert payment.vendor_reference != first.body["id"]


def test_problems_keep_their_members_beside_the_vendors_detail(world: DecodaWorld) -> None:
    said = world.settle(10_001)
    assert said.body["status"] == 422 and {"type", "title", "retry", "errors"} <= set(said.body)
    assert json.dumps(said.body).count("10001") == 0
