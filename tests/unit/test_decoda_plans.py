"""Payment plans: checked before they are sent, waiting for a payer, followed to the last cent."""

import copy
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from payhub.domain.payment import ActionState
from tests.support.decoda_world import (
    OTHER_ID,
    PAYIN,
    REPORT,
    SETTLE,
    TABLE,
    TENANT_ID,
    DecodaWorld,
    Json,
    decoda_world,
)

PAYIN_FIELDS = frozenset(
    {
        *("paymentMedium", "charges", "paymentAmount", "savePaymentMethod", "textReceipt"),
        *("isSurcharged", "paymentPlan", "locationId", "creatorId", "membershipId"),
        *("membershipStartDate", "soldByProviderId", "merchantAccountId", "cartId"),
    }
)
PLAN_FIELDS = frozenset(
    {
        *("initialAmount", "chargeIds", "frequency", "installments", "installmentAmount"),
        *("locationId", "startDate"),
    }
)
FAULTS = (
    *("disconnect", "timeout_before", "timeout_after", "http_500_before", "http_500_after"),
    *("http_429", "refuse", "malformed", "slow", "late_apply"),
)
TWELVE: Json = {"initialAmount": 0, "installments": 12, "installmentAmount": 833}
"""Of 10000 cents: eleven times 833, and 837."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> DecodaWorld:
    """A hub and its Decoda."""
    return decoda_world(monkeypatch)


def states(shown: Json) -> list[str]:
    """How the installments went."""
    return [it["state"] for it in shown["installments"]]


def deletions(world: DecodaWorld) -> int:
    """How often the vendor was asked to cancel."""
    return sum(it.method == "DELETE" for it in world.sent)


# What a caller is told, and what the vendor


def test_a_prepared_plan_answers_what_the_component_needs_and_nothing_else(
    world: DecodaWorld,
) -> None:
    said = world.prepare()
    assert said.status == 200
    assert set(said.body) == {"sessionKey", "payinConfigId", "sandbox", "paymentMethods"}
    assert isinstance(said.body["sessionKey"], str) and isinstance(said.body["payinConfigId"], str)
    assert said.body["sandbox"] is True and said.body["paymentMethods"] == []


def test_no_money_has_moved_and_the_payment_says_whom_it_waits_for(world: DecodaWorld) -> None:
    said = world.prepare()
    payment = world.page()[0]
    assert payment["status"] == "awaiting_payer" and payment["amountCents"] == 10_000
    assert payment["vendorReference"] == said.body["payinConfigId"]
    shown = world.shown(said.payment_id)
    assert shown["status"] == "awaiting_payer" and shown["source"] == "payhub"
    assert (shown["paidCents"], shown["payments"], shown["vendorPlanId"]) == (0, [], None)
    assert [it["amountCents"] for it in shown["installments"]] == [3000, 3000, 3000]
    assert shown["nextDueOn"] == "2026-12-21"
    world.go(days=2)
    assert world.ledger() == []


def test_the_body_goes_out_as_it_came_but_for_our_id_in_the_charges(world: DecodaWorld) -> None:
    body = world.plan_body(1, locationId="loc-1")
    body |= {"textReceipt": True, "locationId": None, "creatorId": "u-1"}
    body["charges"][0] |= {"externalId": "VISIT-9", "meta": {"mine": True}, "description": "x"}
    before = copy.deepcopy(body)
    said = world.prepare(body=body)
    assert said.status == 200
    [sent] = world.asked(PAYIN)
    assert set(sent.body) <= PAYIN_FIELDS and set(sent.body["paymentPlan"]) <= PLAN_FIELDS
    meta = sent.body["charges"][0].pop("meta")
    assert meta == {"mine": True, "payhubPaymentId": said.payment_id}
    before["charges"][0].pop("meta")
    assert sent.body == before
    assert world.page(reference="VISIT-9")[0]["paymentId"] == said.payment_id


def test_a_stored_method_is_offered_without_its_routing_number(world: DecodaWorld) -> None:
    body = {**world.plan_body(1), "savePaymentMethod": True}
    world.confirm(world.prepare(body=body).body, "ACH")
    said = world.prepare(2, initialAmount=7, installments=1, installmentAmount=1700)
    [method] = said.body["paymentMethods"]
    assert method["type"] == "ACH" and method["routingNumber"] is None


# What is refused before anything is sent

REFUSALS: dict[str, tuple[Callable[[Json], object], str]] = {
    "a sum that is too small": (
        lambda b: b["paymentPlan"].update(installmentAmount=2999),
        "paymentPlan.installmentAmount",
    ),
    "a sum that is too large": (
        lambda b: b["paymentPlan"].update(installmentAmount=3001),
        "paymentPlan.installmentAmount",
    ),
    "a first payment of all": (
        lambda b: b["paymentPlan"].update(initialAmount=10_000),
        "paymentPlan.installmentAmount",
    ),
    "no installment": (
        lambda b: b["paymentPlan"].update(installments=0),
        "paymentPlan.installments",
    ),
    "too many installments": (
        lambda b: b["paymentPlan"].update(installments=367),
        "paymentPlan.installments",
    ),
    "half an installment": (
        lambda b: b["paymentPlan"].update(installments=2.5),
        "paymentPlan.installments",
    ),
    "an installment of nothing": (
        lambda b: b["paymentPlan"].update(installmentAmount=0),
        "paymentPlan.installmentAmount",
    ),
    "a negative first payment": (
        lambda b: b["paymentPlan"].update(initialAmount=-1),
        "paymentPlan.initialAmount",
    ),
    "a start with a first payment": (
        lambda b: b["paymentPlan"].update(startDate="2026-12-01"),
        "paymentPlan.startDate",
    ),
    "a start in the past": (
        lambda b: b["paymentPlan"].update(
            initialAmount=0, startDate="2026-11-20", installments=4, installmentAmount=2500
        ),
        "paymentPlan.startDate",
    ),
    "a start that is no day": (
        lambda b: b["paymentPlan"].update(initialAmount=0, startDate="2026-02-30"),
        "paymentPlan.startDate",
    ),
    "a start as a moment": (
        lambda b: b["paymentPlan"].update(initialAmount=0, startDate="2026-12-01T00:00:00Z"),
        "paymentPlan.startDate",
    ),
    "another frequency": (
        lambda b: b["paymentPlan"].update(frequency="DAILY"),
        "paymentPlan.frequency",
    ),
    "a frequency in small letters": (
        lambda b: b["paymentPlan"].update(frequency="monthly"),
        "paymentPlan.frequency",
    ),
    "no charge in the plan": (
        lambda b: b["paymentPlan"].update(chargeIds=[]),
        "paymentPlan.chargeIds",
    ),
    "a charge that is not there": (
        lambda b: b["paymentPlan"]["chargeIds"].append("c-9"),
        "paymentPlan.chargeIds.1",
    ),
    "a charge of the plan twice": (
        lambda b: b["paymentPlan"]["chargeIds"].append(b["paymentPlan"]["chargeIds"][0]),
        "paymentPlan.chargeIds.1",
    ),
    "a charge twice": (lambda b: b["charges"].append(b["charges"][0]), "charges.1.id"),
    "charges of two patients": (
        lambda b: b["charges"].append({**b["charges"][0], "id": "c-2", "patientId": "p-2"}),
        "charges.1.patientId",
    ),
    "no charges": (lambda b: b.update(charges=[]), "charges"),
    "no plan": (lambda b: b.pop("paymentPlan"), "paymentPlan"),
    "no medium": (lambda b: b.pop("paymentMedium"), "paymentMedium"),
    "another medium": (lambda b: b.update(paymentMedium="BARTER"), "paymentMedium"),
    "a field nobody knows": (lambda b: b.update(colour="red"), "colour"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_plan_that_cannot_be_made_is_refused_by_its_field_and_nothing_is_sent(
    world: DecodaWorld, name: str
) -> None:
    spoil, field = REFUSALS[name]
    body = copy.deepcopy(world.plan_body(1))
    spoil(body)
    said = world.prepare(body=body)
    assert said.status == 422 and said.body["status"] == 422, said
    places = [".".join(map(str, it["loc"][1:])) for it in said.body["detail"]]
    assert any(place == field or place.startswith(f"{field}.") for place in places), places
    assert [it["loc"][0] for it in said.body["detail"]] == ["body"] * len(places)
    assert world.sent == [] and world.page() == []


def test_the_words_about_a_wrong_sum_reckon_it_and_state_the_rule(world: DecodaWorld) -> None:
    said = world.prepare(installmentAmount=2990)
    [mistake] = said.body["detail"]
    assert "1000 + 3 x 2990 = 9970 cents, but 10000 are outstanding" in mistake["msg"]
    assert "2 at most, which the last installment takes" in mistake["msg"]


def test_only_the_charges_of_the_plan_are_reckoned(world: DecodaWorld) -> None:
    """Whether others may stand beside them is the vendor's to say."""
    body = world.plan_body(1)
    body["charges"] += world.charges(2)
    said = world.prepare(body=body)
    assert said.status == 400 and "must name the charges" in said.body["detail"]
    assert world.payment(said.payment_id).amount_cents == 10_000


def test_several_mistakes_are_told_together(world: DecodaWorld) -> None:
    said = world.prepare(installmentAmount=5000, startDate="2026-11-20")
    places = {it["loc"][-1] for it in said.body["detail"]}
    assert places == {"installmentAmount", "startDate"}


@pytest.mark.parametrize(
    ("zone", "at", "today"),
    [
        ("America/New_York", "2026-11-21 23:59", "2026-11-21"),
        ("America/New_York", "2026-11-22 00:00", "2026-11-22"),
        ("America/Los_Angeles", "2026-11-22 02:59", "2026-11-21"),
        ("America/Los_Angeles", "2026-11-22 03:00", "2026-11-22"),
        ("Pacific/Auckland", "2026-11-21 06:00", "2026-11-22"),
        ("America/New_York", "2027-03-13 23:59", "2027-03-13"),
        ("America/New_York", "2027-03-14 23:59", "2027-03-14"),
        ("America/New_York", "2027-11-07 23:30", "2027-11-07"),
    ],
)
def test_today_is_the_tenants_today(
    monkeypatch: pytest.MonkeyPatch, zone: str, at: str, today: str
) -> None:
    world = decoda_world(monkeypatch, time_zone=zone)
    world.go_to(at)
    sums: Json = {"initialAmount": 0, "installments": 4, "installmentAmount": 2500}
    yesterday = (date.fromisoformat(today) - timedelta(days=1)).isoformat()
    late = world.prepare(startDate=yesterday, **sums)
    assert late.status == 422 and today in late.body["detail"][0]["msg"]
    assert world.sent == []
    world.instead = lambda request: httpx.Response(
        200, json={"sessionKey": "s", "payinConfigId": "c", "sandbox": True, "paymentMethods": []}
    )
    said = world.prepare(startDate=today, **sums)
    assert said.status == 200
    world.instead = lambda request: None
    assert world.shown(said.payment_id)["installments"][0]["dueOn"] == today


def test_a_refusal_by_the_vendor_is_told_in_its_words(world: DecodaWorld) -> None:
    world.arm("create_payin_config", "decline")
    said = world.prepare(key="k-1")
    assert said.status == 400 and said.body["detail"] == "The payin cannot be prepared"
    assert world.prepare(key="k-1").status == 400
    assert world.prepare(key="k-2").status == 200, "what was refused holds no charge"


# The same again


def test_the_same_key_twice_prepares_once(world: DecodaWorld) -> None:
    first, again = world.prepare(key="k-1"), world.prepare(key="k-1")
    assert first.body == again.body and again.is_replay and len(world.asked(PAYIN)) == 1


def test_without_a_key_a_repeat_is_the_same_plan(world: DecodaWorld) -> None:
    first, again = world.prepare(), world.prepare()
    assert first.body == again.body and again.is_replay and len(world.asked(PAYIN)) == 1


def test_the_same_key_with_another_plan_is_refused(world: DecodaWorld) -> None:
    world.prepare(key="k-1")
    other = world.prepare(key="k-1", frequency="WEEKLY")
    assert other.status == 422 and other.body["type"].endswith("/key-reused")


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_on_the_way_one_payin_is_handed_out_and_works(
    world: DecodaWorld, fault: str
) -> None:
    world.arm("create_payin_config", fault)
    first = world.prepare(key="k-1")
    assert first.status == (200 if fault == "slow" else 202)
    ended = world.ended(first.payment_id)
    assert ended.status == "awaiting_payer" and ended.action.state is ActionState.DONE
    said = world.prepare(key="k-1")
    assert said.status == 200 and said.is_replay
    assert said.body["payinConfigId"] == ended.vendor_reference
    world.go(300)
    world.confirm(said.body)
    world.go(60)
    shown = world.shown(first.payment_id)
    assert shown["status"] == "active" and shown["paidCents"] == 1000
    assert world.moved("plan_payment") == [1000] and len(world.page("list_payment_plans")) == 1


def test_the_answer_of_a_first_try_that_comes_after_the_seconds_does_no_harm(
    world: DecodaWorld,
) -> None:
    """The function hung so long that a worker has prepared the plan again; money cannot move."""
    plan_id: list[str] = []

    def hang(path: str) -> None:
        world.before_call = lambda path: None
        world.clock.advance(36_000)
        [payment] = world.page()
        plan_id.append(payment["paymentId"])
        world.work()

    world.before_call = hang
    world.prepare(key="k-1")
    payment = world.payment(plan_id[0])
    assert payment.status == "awaiting_payer" and payment.action.state is ActionState.DONE
    said = world.prepare(key="k-1")
    assert said.body["payinConfigId"] == payment.vendor_reference
    world.confirm(said.body)
    world.go(5)
    assert world.shown(plan_id[0])["status"] == "active"


# One plan of a charge at a time


@pytest.mark.parametrize("same", [True, False])
def test_a_charge_in_a_plan_is_not_planned_again(world: DecodaWorld, same: bool) -> None:
    first = world.prepare(key="k-1")
    more = {} if same else {"installments": 1, "installmentAmount": 9000}
    second = world.prepare(key="k-2", **more)
    assert second.status == 409 and second.body["type"].endswith("/already-planned")
    assert second.body["payment_id"] == first.payment_id and isinstance(second.body["detail"], str)
    assert len(world.asked(PAYIN)) == 1
    world.confirm(first.body)
    world.go(5)
    assert world.prepare(key="k-3", **more).status == 409


def test_one_of_several_charges_is_enough(world: DecodaWorld) -> None:
    world.prepare(1, 2, initialAmount=2707, key="k-1")
    for place in (1, 2):
        body = world.plan_body(place)
        owed = body["charges"][0]["totalOutstanding"]
        body["paymentPlan"] |= {"initialAmount": 0, "installments": 1, "installmentAmount": owed}
        assert world.prepare(body=body).status == 409
    assert world.prepare(0, installments=1, installmentAmount=249_000).status == 200


def test_two_plans_for_a_charge_at_the_same_time_become_one(world: DecodaWorld) -> None:
    said = []
    world.interleave(lambda: said.append(world.prepare(key="k-1")))
    said.append(world.prepare(key="k-2"))
    assert sorted(it.status for it in said) == [200, 409] and len(world.asked(PAYIN)) == 1


def test_a_plan_that_was_never_sent_stands_in_nobodys_way(world: DecodaWorld) -> None:
    world.arm("create_payin_config", "http_429", count=50)
    first = world.prepare(key="k-1")
    assert world.ended(first.payment_id).status == "not_sent"
    world.control("DELETE", "faults?vendor=decoda")
    second = world.prepare(key="k-2")
    assert second.status == 200
    late = world.prepare(key="k-1")
    assert late.status == 409 and late.body["payment_id"] == second.payment_id
    assert len(world.control("GET", "decoda/payins?tenant=clinic-1")) == 1


@pytest.mark.parametrize("end", ["cancelled", "expired", "declined"])
def test_after_its_end_the_charge_can_be_planned_anew(world: DecodaWorld, end: str) -> None:
    if end == "declined":
        world.arm("create_payin_config", "decline")
    first = world.prepare(key="k-1")
    if end == "cancelled":
        assert world.cancel(first.payment_id).status == 200
    elif end == "expired":
        world.go(days=7)
    second = world.prepare(key="k-2")
    assert second.status == 200 and second.payment_id != first.payment_id
    world.confirm(second.body)
    world.go(60)
    assert world.shown(second.payment_id)["status"] == "active"
    assert world.shown(first.payment_id)["status"] == end


def test_another_tenants_plans_do_not_exist(world: DecodaWorld) -> None:
    plan_id = world.running()
    assert world.plan(plan_id, tenant=OTHER_ID).status == 404
    assert world.cancel(plan_id, tenant=OTHER_ID).status == 404
    assert world.call("list_payment_plans", tenant=OTHER_ID).body["paymentPlans"] == []
    assert world.shown(plan_id)["status"] == "active"


def test_what_is_no_plan_is_not_shown_as_one(world: DecodaWorld) -> None:
    said = world.settle(100)
    assert world.plan(said.payment_id).status == 404
    assert world.cancel(said.payment_id).status == 404
    assert world.plan("0" * 32).status == 404 and world.plan("x").status == 404


# Waiting for the payer


def test_an_unconfirmed_plan_expires_by_the_tenants_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = decoda_world(monkeypatch, payin_expires_days=3)
    said = world.prepare()
    world.go(days=2.99)
    assert world.shown(said.payment_id)["status"] == "awaiting_payer"
    world.go(days=0.02)
    assert world.shown(said.payment_id)["status"] == "expired"
    assert world.ledger() == [] and world.payment(said.payment_id).due_at_ms is None


@pytest.mark.parametrize("plan", [{}, TWELVE])
def test_a_payer_later_than_the_hub_waited_brings_the_plan_back(
    world: DecodaWorld, plan: Json
) -> None:
    said = world.prepare(**plan)
    world.go(days=8)
    assert world.shown(said.payment_id)["status"] == "expired"
    world.confirm(said.body)
    world.go(5)
    if not plan:
        assert world.shown(said.payment_id)["status"] == "active"
    world.go(days=32)
    shown = world.shown(said.payment_id)
    assert shown["status"] == "active" and shown["paidCents"] == sum(world.moved("plan_payment"))


def test_a_declined_payer_leaves_it_waiting_with_the_try_to_see(world: DecodaWorld) -> None:
    said = world.prepare()
    world.confirm(said.body, outcome="insufficient_funds")
    world.go(60)
    shown = world.shown(said.payment_id)
    assert shown["status"] == "awaiting_payer" and shown["paidCents"] == 0
    world.confirm(said.body)
    world.go(60)
    shown = world.shown(said.payment_id)
    assert shown["status"] == "active" and shown["paidCents"] == 1000
    assert world.moved("plan_payment") == [1000]


def test_a_confirmed_plan_is_active_with_the_vendors_installments(world: DecodaWorld) -> None:
    plan_id = world.running()
    shown = world.shown(plan_id)
    assert shown["status"] == "active" and shown["source"] == "decoda"
    assert shown["vendorPlanId"] and shown["difference"] is None
    assert shown["paidCents"] == 1000 and len(shown["payments"]) == 1
    [taken] = shown["payments"]
    assert taken["status"] == "SUCCEEDED" and taken["amountCents"] == 1000
    [payment] = [it for it in world.page(reference=plan_id) if it["operation"] == "take_payment"]
    assert payment["paymentId"] == taken["paymentId"]
    assert payment["vendorReference"] == taken["vendorReference"]


def test_a_plan_without_a_first_payment_becomes_active_although_nothing_is_told(
    world: DecodaWorld,
) -> None:
    said = world.prepare(**TWELVE)
    world.holds = True
    world.confirm(said.body)
    world.go(35)
    assert world.mail == []
    shown = world.shown(said.payment_id)
    assert shown["status"] == "active" and shown["source"] == "decoda"


def test_a_confirmation_is_noticed_although_every_webhook_is_lost(world: DecodaWorld) -> None:
    world.lost = True
    said = world.prepare()
    world.go(days=1)
    world.confirm(said.body)
    world.go(days=1)
    shown = world.shown(said.payment_id)
    assert shown["status"] == "active" and shown["paidCents"] == 1000


@pytest.mark.parametrize("place", ["before", "within"])
def test_events_that_come_before_the_payins_own_answer_is_stored(
    world: DecodaWorld, place: str
) -> None:
    """The answer is lost or late; the payer has a session from it all the same."""

    def confirm(path: str, answer: Any) -> Any:
        if path == PAYIN:
            world.tampered = lambda path, answer: answer
            world.confirm(answer)
            world.sandbox.run_due_jobs()
            if place == "before":
                world.work()
        return answer

    world.tampered = confirm
    said = world.prepare()
    assert said.status == 200
    world.go(5)
    shown = world.shown(said.payment_id)
    assert shown["status"] == "active" and shown["paidCents"] == 1000
    assert {it["state"] for it in world.events()} == {"applied"}


def test_what_the_vendor_has_planned_wins_and_a_difference_is_flagged(world: DecodaWorld) -> None:
    def other(path: str, answer: Any) -> Any:
        if path == REPORT:
            for row in answer["data"]:
                row["plannedPayments"][1] |= {"amount": 2990.0, "paymentDate": "2027-01-22"}
        return answer

    world.tampered = other
    shown = world.shown(world.running())
    assert shown["installments"][1]["amountCents"] == 2990
    assert shown["installments"][1]["dueOn"] == "2027-01-22"
    assert "asked for 3000 cents on 2027-01-21" in shown["difference"]
    assert "planned are 2990 on 2027-01-22" in shown["difference"]
    assert "PlanDifferences" in world.signals.names()


def test_a_plan_that_was_planned_otherwise_is_found_and_the_difference_flagged(
    world: DecodaWorld,
) -> None:
    """Fewer installments than were asked for, and another first payment."""

    def other(path: str, answer: Any) -> Any:
        if path == REPORT:
            for row in answer["data"]:
                row["plannedPayments"].pop()
                row["initialAmount"] = 4000.0
        return answer

    world.tampered = other
    shown = world.shown(world.running())
    assert shown["status"] == "active" and len(shown["installments"]) == 2
    assert "3 installments were asked for, 2 are planned" in shown["difference"]


@pytest.mark.parametrize("what", ["patient", "charges", "time"])
def test_a_row_of_the_report_that_is_another_plans_is_not_this_one(
    world: DecodaWorld, what: str
) -> None:
    said = world.prepare(**TWELVE)
    world.go(600)
    world.confirm(said.body)

    def other(path: str, answer: Any) -> Any:
        changes: dict[str, Json] = {
            "patient": {"patientId": "somebody-else"},
            "charges": {"chargeIds": ["another-charge"]},
            "time": {"createdDate": "2026-11-21T14:54:59Z"},
        }
        if path == REPORT:
            return {**answer, "data": [{**row, **changes[what]} for row in answer["data"]]}
        return answer

    world.tampered = other
    world.go(days=1)
    assert world.shown(said.payment_id)["status"] == "awaiting_payer"


def test_of_two_plans_of_the_report_the_one_with_the_terms_is_this_one(
    world: DecodaWorld,
) -> None:
    said = world.prepare(**TWELVE)
    world.confirm(said.body)

    def two(path: str, answer: Any) -> Any:
        if path != REPORT:
            return answer
        [row] = answer["data"]
        other = {**row, "id": "older", "createdDate": "2026-11-21T14:59:00Z"}
        other["plannedPayments"] = row["plannedPayments"][:3]
        return {"data": [other, row], "total": 2}

    world.tampered = two
    world.go(days=1)
    shown = world.shown(said.payment_id)
    assert shown["vendorPlanId"] not in (None, "older") and len(shown["installments"]) == 12


def test_once_it_is_known_a_plan_is_read_by_its_id(world: DecodaWorld) -> None:
    plan_id = world.running()
    known = world.shown(plan_id)

    def earlier(path: str, answer: Any) -> Any:
        if path != REPORT:
            return answer
        [row] = answer["data"]
        older = {**row, "id": "older", "status": "failed", "createdDate": "2026-11-21T14:59:00Z"}
        return {"data": [older, row], "total": 2}

    world.tampered = earlier
    world.go(days=40)
    shown = world.shown(plan_id)
    assert (shown["vendorPlanId"], shown["status"]) == (known["vendorPlanId"], "active")


# To the last cent


@pytest.mark.parametrize("webhooks", ["delivered", "lost"])
@pytest.mark.parametrize("method", ["CARD", "ACH"])
def test_twelve_months_end_with_the_last_cent(
    world: DecodaWorld, method: str, webhooks: str
) -> None:
    world.lost = webhooks == "lost"
    said = world.prepare(**TWELVE)
    world.confirm(said.body, method)
    world.go(days=200)
    shown = world.shown(said.payment_id)
    assert states(shown) == ["paid"] * 6 + ["scheduled"] * 6 and shown["paidCents"] == 6 * 833
    assert shown["nextDueOn"] == "2027-06-21" and shown["overdue"] == []
    world.go(days=180)
    shown = world.shown(said.payment_id)
    assert shown["status"] == "completed" and shown["nextDueOn"] is None
    assert shown["paidCents"] == 10_000 == sum(world.moved("plan_payment"))
    assert [it["amountCents"] for it in shown["payments"]] == [833] * 11 + [837]
    assert states(shown) == ["paid"] * 12 and world.owed(1) == 0
    assert {it["status"] for it in shown["payments"]} == {"SUCCEEDED"}
    assert "OverdueInstallments" not in world.signals.names()
    assert world.page("list_payment_plans") == [shown]


def test_what_is_known_of_a_plan_is_not_asked_for_again(world: DecodaWorld) -> None:
    plan_id = world.running()
    world.go(days=95)
    receipts = [it.path for it in world.sent if it.path.endswith("/receipt")]
    assert len(receipts) == len(set(receipts)) == 4 == len(world.shown(plan_id)["payments"])


@pytest.mark.parametrize("frequency", ["WEEKLY", "BIWEEKLY"])
def test_weeks_are_followed_as_well(world: DecodaWorld, frequency: str) -> None:
    plan_id = world.running(frequency=frequency)
    assert world.shown(plan_id)["difference"] is None
    world.go(days=43)
    assert world.shown(plan_id)["status"] == "completed"
    assert sum(world.moved("plan_payment")) == 10_000


def test_an_installment_the_vendor_could_not_take_is_shown_as_failed(world: DecodaWorld) -> None:
    who = world.patient()["patient_id"]
    wanted = {"tenant": "clinic-1", "patient_id": who, "amount_cents": 1204}
    charge = world.control("POST", "decoda/charges", wanted)
    body = world.plan_body(1, initialAmount=0, installments=3, installmentAmount=402)
    body["charges"][0] |= {"id": charge["charge_id"], "totalOutstanding": 1204}
    body["paymentPlan"]["chargeIds"] = [charge["charge_id"]]
    said = world.prepare(body=body)
    assert said.status == 200, said
    world.confirm(said.body)
    world.go(days=33)
    shown = world.shown(said.payment_id)
    assert states(shown) == ["failed", "scheduled", "scheduled"] and shown["paidCents"] == 0
    assert [it["status"] for it in shown["payments"]] == ["FAILED"]
    assert shown["overdue"] == [] and shown["status"] == "active"
    world.go(days=70)
    shown = world.shown(said.payment_id)
    assert states(shown) == ["failed", "failed", "paid"] and shown["status"] == "failed"
    assert shown["paidCents"] == 400 == sum(world.moved("plan_payment"))


def test_an_installment_without_news_is_asked_for_and_flagged(world: DecodaWorld) -> None:
    """The vendor neither took it nor said so: its report still has it scheduled."""
    plan_id = world.running()
    world.go_to("2026-12-20 12:00")
    world.sandbox.run_due_jobs()
    frozen = world.at_vendor("GET", f"{REPORT}?group_by=none")

    def stands(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == REPORT:
            return httpx.Response(200, json=frozen)
        empty = {"items": {"data": [], "total": 0}, "hasInsurancePayments": False}
        return httpx.Response(200, json=empty) if request.url.path == TABLE else None

    world.instead, world.lost = stands, True
    world.go_to("2026-12-21 23:00")
    assert world.shown(plan_id)["overdue"] == []
    asked = len(world.asked(REPORT, "GET"))
    world.go_to("2026-12-22 07:00")
    assert len(world.asked(REPORT, "GET")) > asked
    assert world.shown(plan_id)["overdue"] == [1]
    assert "OverdueInstallments" in world.signals.names()
    asked = len(world.asked(REPORT, "GET"))
    world.go(days=3)
    assert len(world.asked(REPORT, "GET")) >= asked + 3, "it is asked for every day"


@pytest.mark.parametrize("report", ["empty", "unreadable", "short", "refused"])
def test_a_report_that_does_not_show_an_active_plan_does_not_end_it(
    world: DecodaWorld, report: str
) -> None:
    plan_id = world.running()
    before = world.shown(plan_id)

    def missing(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != REPORT:
            return None
        return {
            "empty": httpx.Response(200, json={"data": [], "total": 0}),
            "unreadable": httpx.Response(200, json={"data": [{"id": 1}], "total": 1}),
            "short": httpx.Response(200, json={"data": [], "total": 3}),
            "refused": httpx.Response(422, json={"detail": []}),
        }[report]

    world.instead = missing
    world.go(days=40)
    shown = world.shown(plan_id)
    assert (shown["status"], shown["vendorPlanId"]) == ("active", before["vendorPlanId"])
    assert shown["paidCents"] == 4000, "the payments are seen by themselves"
    world.instead = lambda request: None
    world.go(days=2)
    shown = world.shown(plan_id)
    assert states(shown) == ["paid", "scheduled", "scheduled"] and shown["overdue"] == []


def test_a_report_that_is_cut_short_does_not_let_a_plan_expire(world: DecodaWorld) -> None:
    """The plan may be among the rows that did not come."""
    said = world.prepare(**TWELVE)
    world.confirm(said.body)
    short = {"data": [], "total": 1}
    world.instead = lambda request: (
        httpx.Response(200, json=short) if request.url.path == REPORT else None
    )
    world.go(days=8)
    assert world.shown(said.payment_id)["status"] == "awaiting_payer"
    world.instead = lambda request: None
    world.go(days=1)
    assert world.shown(said.payment_id)["status"] == "active"


# Cancelling


def test_a_running_plan_is_cancelled_once_and_nothing_more_is_taken(world: DecodaWorld) -> None:
    plan_id = world.running()
    world.go(days=35)
    first = world.cancel(plan_id, key="k-1")
    assert first.status == 200 and first.body["status"] == "cancelled"
    shown = world.shown(plan_id)
    assert states(shown) == ["paid", "cancelled", "cancelled"]
    assert shown["nextDueOn"] is None and shown["paidCents"] == 4000
    again = world.cancel(plan_id, key="k-1")
    assert again.is_replay and deletions(world) == 1
    assert (again.status, again.body) == (200, first.body)
    assert world.cancel(plan_id).is_replay
    world.go(days=400)
    shown = world.shown(plan_id)
    assert shown["status"] == "cancelled" and shown["paidCents"] == 4000
    assert world.moved("plan_payment") == [1000, 3000]
    assert world.payment(plan_id).due_at_ms is None


def test_another_key_cancels_a_cancelled_plan_no_more(world: DecodaWorld) -> None:
    plan_id = world.running()
    world.cancel(plan_id, key="k-1")
    again = world.cancel(plan_id, key="k-2")
    assert again.status == 409 and "cancelled" in again.body["detail"]
    assert deletions(world) == 1


def test_a_plan_nobody_confirmed_is_withdrawn_without_asking_the_vendor(
    world: DecodaWorld,
) -> None:
    said = world.prepare()
    cancelled = world.cancel(said.payment_id)
    assert cancelled.status == 200 and cancelled.body["status"] == "cancelled"
    assert states(world.shown(said.payment_id)) == ["cancelled"] * 3 and deletions(world) == 0
    world.go(days=30)
    assert world.shown(said.payment_id)["status"] == "cancelled"


@pytest.mark.parametrize("plan", [{}, TWELVE])
def test_who_confirms_a_withdrawn_plan_brings_it_back_and_it_can_be_cancelled_again(
    world: DecodaWorld, plan: Json
) -> None:
    said = world.prepare(**plan)
    first = world.cancel(said.payment_id, key="k-1")
    world.go(3600)
    world.confirm(said.body)
    world.go(days=1)
    shown = world.shown(said.payment_id)
    assert shown["status"] == "active" and states(shown)[0] == "scheduled"
    repeated = world.cancel(said.payment_id, key="k-1")
    assert repeated.is_replay and repeated.body == first.body
    unnamed = world.cancel(said.payment_id)
    assert unnamed.status == 409 and unnamed.body["title"] == "Repeat or new request?"
    again = world.cancel(said.payment_id, key="k-2")
    assert again.status == 200 and again.body["status"] == "cancelled" and deletions(world) == 1
    world.go(days=60)
    assert world.shown(said.payment_id)["status"] == "cancelled"


def test_a_plan_that_was_confirmed_unheard_of_is_cancelled_at_the_vendor(
    world: DecodaWorld,
) -> None:
    said = world.prepare()
    world.lost = True
    world.confirm(said.body)
    cancelled = world.cancel(said.payment_id)
    assert cancelled.status == 200 and deletions(world) == 1
    world.go(days=60)
    assert world.moved("plan_payment") == [1000]


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_on_the_way_the_plan_is_cancelled(world: DecodaWorld, fault: str) -> None:
    plan_id = world.running()
    world.arm("cancel_payment_plan", fault)
    said = world.cancel(plan_id, key="k-1")
    assert said.status in (200, 202)
    assert world.ended(plan_id).action.state is ActionState.DONE
    shown = world.shown(plan_id)
    assert shown["status"] == "cancelled" and states(shown) == ["cancelled"] * 3
    assert world.cancel(plan_id, key="k-1").status == 200
    world.go(days=60)
    assert world.moved("plan_payment") == [1000]


def test_a_cancellation_that_is_not_said_to_be_done_is_not_believed(world: DecodaWorld) -> None:
    plan_id = world.running()

    def no(request: httpx.Request) -> httpx.Response | None:
        if request.method != "DELETE":
            return None
        world.instead = lambda request: None
        return httpx.Response(200, json=False)

    world.instead = no
    assert world.cancel(plan_id, key="k-1").status == 202
    assert world.shown(plan_id)["status"] == "active"
    assert world.ended(plan_id).action.state is ActionState.DONE and deletions(world) == 2
    world.go(days=60)
    assert world.moved("plan_payment") == [1000]


def test_a_refused_cancellation_leaves_the_plan_running(world: DecodaWorld) -> None:
    plan_id = world.running()
    world.arm("cancel_payment_plan", "decline")
    said = world.cancel(plan_id, key="k-1")
    assert said.status == 409 and "cannot be cancelled" in said.body["detail"]
    shown = world.shown(plan_id)
    assert shown["status"] == "active" and states(shown) == ["scheduled"] * 3
    assert world.cancel(plan_id, key="k-2").status == 200


def test_a_plan_cancelled_in_the_clinic_shows_and_its_charge_is_free(world: DecodaWorld) -> None:
    plan_id = world.running()
    [charge] = world.charges(1)
    world.at_vendor("DELETE", f"/billing/payment-plan/{charge['id']}")
    world.go(days=32)
    shown = world.shown(plan_id)
    assert shown["status"] == "cancelled" and states(shown) == ["cancelled"] * 3
    assert world.owed(1) == 9000
    world.look_up_charges()
    assert world.prepare(initialAmount=0).status == 200


def test_while_a_cancellation_is_unknown_nothing_else_is_begun(world: DecodaWorld) -> None:
    plan_id = world.running()
    world.arm("cancel_payment_plan", "timeout_after")
    assert world.cancel(plan_id, key="k-1").status == 202
    other = world.cancel(plan_id, key="k-2")
    assert other.status == 409 and other.body["type"].endswith("/action-open")
    assert world.prepare(key="k-9").status == 409


# Two plans of one charge, one after the other


def test_payments_go_to_the_plan_they_were_taken_for(world: DecodaWorld) -> None:
    first = world.running()
    world.go(days=35)
    world.cancel(first)
    world.look_up_charges()
    second = world.running(initialAmount=0, installments=2, installmentAmount=3000)
    world.go(days=70)
    assert world.shown(first)["paidCents"] == 4000 and len(world.shown(first)["payments"]) == 2
    shown = world.shown(second)
    assert shown["status"] == "completed" and shown["paidCents"] == 6000
    assert len(shown["payments"]) == 2 and world.owed(1) == 0


@pytest.mark.parametrize("style", ["api", "guide"])
@pytest.mark.parametrize("confirmed", ["first", "second"])
def test_after_a_withdrawal_either_session_may_be_confirmed(
    monkeypatch: pytest.MonkeyPatch, confirmed: str, style: str
) -> None:
    """Both are open at the vendor; the money is seen whichever it was, once, and never twice."""
    world = decoda_world(monkeypatch, event_style=style)
    first = world.prepare(key="k-1")
    world.cancel(first.payment_id)
    world.go(600)
    second = world.prepare(key="k-2")
    world.confirm({"first": first, "second": second}[confirmed].body)
    world.go(days=10)
    plans = {it["planId"]: it for it in world.page("list_payment_plans")}
    running = [it for it in plans.values() if it["status"] == "active"]
    assert len(running) == 1 and running[0]["paidCents"] == 1000
    if confirmed == "second" or style == "api":
        wanted = {"first": first, "second": second}[confirmed].payment_id
        assert running[0]["planId"] == wanted
    others = [it for it in plans.values() if it["status"] != "active"]
    assert {it["status"] for it in others} <= {"cancelled", "expired"}
    assert [it["paidCents"] for it in others] == [0]


def test_a_withdrawn_plan_does_not_take_the_plan_that_was_made_after_it(
    world: DecodaWorld,
) -> None:
    """Nothing is told of a plan without a first payment, and the older one is read first."""
    first = world.prepare(key="k-1", **TWELVE)
    world.cancel(first.payment_id)
    world.go(60)
    second = world.prepare(key="k-2", **TWELVE)
    world.confirm(second.body)
    world.clock.advance(3_600_000)
    for plan_id in (first.payment_id, second.payment_id):
        world.remind("advance_payment", {"tenant": TENANT_ID, "payment": plan_id})
    assert world.shown(first.payment_id)["status"] == "cancelled"
    assert world.shown(second.payment_id)["status"] == "active"
    assert world.payment(first.payment_id).due_at_ms is None
    world.go(days=40)
    assert world.shown(second.payment_id)["paidCents"] == 833


def test_a_payment_of_the_newer_plan_is_not_taken_in_for_the_older(world: DecodaWorld) -> None:
    """Even where the older one is read first."""
    first = world.running()
    world.cancel(first)
    world.go(600)
    world.look_up_charges()
    second = world.prepare(initialAmount=0)
    world.confirm(second.body)
    world.go(days=2)
    world.lost = True
    world.go_to("2026-12-21 06:30")
    assert world.moved("plan_payment") == [1000, 3000]
    [charge] = world.charges(1)
    data = {"id": "unheard-of", "charges": [{"chargeId": charge["id"]}]}
    world.tell("PAYMENT_CREATED", {**data, "payinConfigId": world.shown(first)["payinConfigId"]})
    world.work()
    assert world.shown(first)["paidCents"] == 1000
    world.go(days=1)
    assert world.shown(second.payment_id)["paidCents"] == 3000


def test_a_payment_that_is_no_plans_is_not_taken_in(world: DecodaWorld) -> None:
    said = world.prepare(1)
    world.at_vendor("POST", f"{SETTLE}?amount=500", world.charges(1))
    world.go(days=8)
    assert world.shown(said.payment_id)["payments"] == []


def test_a_payment_for_another_plan_of_the_patient_is_not_taken_in(world: DecodaWorld) -> None:
    first = world.prepare(1)
    second = world.prepare(2, initialAmount=707, installments=1, installmentAmount=1000)
    world.confirm(second.body)
    world.confirm(first.body)
    world.go(60)
    paid = {it.payment_id: world.shown(it.payment_id)["paidCents"] for it in (first, second)}
    assert paid == {first.payment_id: 1000, second.payment_id: 707}


def test_a_payment_that_reached_only_some_of_its_charges_is_the_plans(world: DecodaWorld) -> None:
    world.tampered = lambda path, answer: (
        {**answer, "charges": answer["charges"][:1]} if "receipt" in path else answer
    )
    plan_id = world.running(1, 2, initialAmount=2707)
    assert world.shown(plan_id)["paidCents"] == 2707


# Pages


def test_plans_are_listed_newest_first_page_by_page(world: DecodaWorld) -> None:
    ids = []
    for number in (7, 8, 9):
        said = world.prepare(body=world.plan_body(1, number=number))
        ids.append(said.payment_id)
        world.go(1)
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        said = world.call("list_payment_plans", query={"limit": "2", **cursor})
        found += [it["planId"] for it in said.body["paymentPlans"]]
        if said.body["nextCursor"] is None:
            break
        cursor = {"cursor": said.body["nextCursor"]}
    assert found == ids[::-1]


def test_plans_are_found_by_status_and_by_the_callers_reference(world: DecodaWorld) -> None:
    body = world.plan_body(1, number=8)
    body["charges"][0]["externalId"] = "VISIT-8"
    waiting = world.prepare(body=body).payment_id
    running = world.running()
    by_status = {
        status: [it["planId"] for it in world.page("list_payment_plans", status=status)]
        for status in ("awaiting_payer", "active", "expired")
    }
    assert by_status == {"awaiting_payer": [waiting], "active": [running], "expired": []}
    assert [it["planId"] for it in world.page("list_payment_plans", reference="VISIT-8")] == [
        waiting
    ]
    assert world.page("list_payment_plans", reference="VISIT-9") == []


def test_a_plan_shows_everything_about_it(world: DecodaWorld) -> None:
    shown = world.shown(world.running())
    assert shown["vendor"] == "decoda" and shown["currency"] == "USD"
    assert shown["chargeIds"] == [world.charges(1)[0]["id"]] and shown["frequency"] == "MONTHLY"
    assert (shown["totalCents"], shown["initialCents"], shown["refundedCents"]) == (10_000, 1000, 0)
    assert [(it["number"], it["dueOn"]) for it in shown["installments"]] == [
        (1, "2026-12-21"),
        (2, "2027-01-21"),
        (3, "2027-02-21"),
    ]
