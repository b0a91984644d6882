"""Decoda through HTTP only: credit settlements, plans that payers confirm, refunds, webhooks.

What months do to plans is in test_decoda_months.py, for the clock is everybody's.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.decoda_side import (
    DECLINED_CENTS,
    NEVER_REFUNDED_CENTS,
    NO_CREDIT_CENTS,
    REFUND_FAILS_CENTS,
    VENDOR,
    Charge,
    DecodaSide,
    begun_plan,
    plan_body,
    wait_for_plan,
)
from tests.support.hub import Hub, Json, eventually, hub_of, new_key, new_tenant, read
from tests.support.stack import LocalStack

pytestmark = pytest.mark.journey

INITIAL_CENTS = 1_000


@pytest.fixture(scope="module")
def side(hub: Hub) -> DecodaSide:
    """The tenant's patients."""
    return DecodaSide(hub)


@pytest.fixture(autouse=True)
def _faults_are_cleared(side: DecodaSide) -> Iterator[None]:
    yield
    side.hub.sandbox_of(VENDOR).clear_faults()


# Credit


def test_credit_settles_charges_once_and_to_the_cent(hub: Hub, side: DecodaSide) -> None:
    """Two charges of a patient, the second paid in part; the same request again is the same."""
    first = side.charge(2_501)
    second = side.charge(4_000, first.patient_id)
    side.give_credit(first.patient_id, 5_000)
    before_cents = side.account(first.patient_id)["available_credit_cents"]
    charges = [first.shown(externalId="VISIT-7", meta={"desk": 3}), second.shown()]
    assert side.caller.settle(5_000, charges[:1]).status_code == 422, "more than is outstanding"
    made = side.caller.settle(5_000, charges)
    payment = read(made)
    assert (payment["amount"], payment["status"]) == (5_000, "SUCCEEDED")
    assert (payment["paymentMedium"], payment["patientId"]) == ("PATIENT_CREDIT", first.patient_id)
    assert (side.outstanding_cents(first), side.outstanding_cents(second)) == (0, 1_501)
    left_cents = side.account(first.patient_id)["available_credit_cents"]
    assert before_cents - left_cents == 5_000
    again = side.caller.settle(5_000, charges)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (made.content, "true")
    [movement] = side.movements(first)
    assert (movement.reference, movement.amount_cents) == (payment["id"], 5_000)
    details = hub.api.details(made.headers["Payment-Id"])
    assert (details["issuerReferenceId"], details["availableBalanceCents"]) == ("VISIT-7", 5_000)
    [found] = read(hub.api.send("GET", "/payments", query={"reference": "VISIT-7"}))["payments"]
    assert found["paymentId"] == details["paymentId"]


@pytest.mark.parametrize("cents", [NO_CREDIT_CENTS, 99_999_999])
def test_what_credit_does_not_cover_is_refused_and_applies_nothing(
    side: DecodaSide, cents: int
) -> None:
    """In the vendor's words and with its status."""
    charge = side.charge(cents)
    refused = side.caller.settle(cents, [charge.shown()])
    assert refused.status_code == 400, refused.text
    assert "credit" in refused.json()["detail"]
    assert (side.movements(charge), side.outstanding_cents(charge)) == ([], cents)


def test_a_charge_without_an_id_is_made_once(hub: Hub, side: DecodaSide) -> None:
    """The hub gives it one, so that a repeat after a lost answer cannot make it twice."""
    patient_id, key = side.patient(), new_key()
    side.give_credit(patient_id, 1_200)
    charge = {"patientId": patient_id, "totalOutstanding": 1_200, "description": "Copay"}
    hub.sandbox_of(VENDOR).arm("settle_with_credit", "http_500_after", '"Copay"')
    answer = side.caller.settle(1_200, [charge], key)
    assert answer.status_code == 202, answer.text
    payment_id = answer.headers["Payment-Id"]
    hub.api.wait_for_status(payment_id, "SUCCEEDED")
    assert read(side.caller.settle(1_200, [charge], key))["amount"] == 1_200
    made = Charge(f"ph-{payment_id}-1", patient_id, 1_200)
    assert (side.received_cents(made), side.outstanding_cents(made)) == (1_200, 0)


def test_lost_answers_are_found_again(hub: Hub, side: DecodaSide) -> None:
    """Of a settlement and of a refund, both at once; asked again, each has its first answer."""
    to_settle, settled = side.payable(3_100), side.payable(4_100)
    paid = side.caller.settle(4_100, [settled.shown()])
    payment_id, reference = paid.headers["Payment-Id"], read(paid)["id"]
    sandbox, keys = hub.sandbox_of(VENDOR), (new_key(), new_key())
    sandbox.arm("settle_with_credit", "timeout_after", to_settle.charge_id)
    sandbox.arm("refund_payment", "timeout_after", reference)

    def settle() -> httpx.Response:
        return side.caller.settle(3_100, [to_settle.shown()], keys[0])

    def refund() -> httpx.Response:
        return side.caller.refund(payment_id, 1_111, keys[1])

    with ThreadPoolExecutor(2) as pool:
        lost = [sent.result() for sent in [pool.submit(settle), pool.submit(refund)]]
    assert [it.status_code for it in lost] == [202, 202]
    # While it is unknown, what it may have taken counts as gone.
    assert side.caller.refund(payment_id, 4_000, new_key()).status_code == 409
    for answer in lost:
        hub.api.wait_for_status(answer.headers["Payment-Id"], "SUCCEEDED")
    assert read(settle())["amount"] == 3_100
    assert read(refund())["refund"]["amountCents"] == 1_111
    assert (side.received_cents(to_settle), side.received_cents(settled)) == (3_100, 2_989)
    assert hub.api.details(payment_id)["availableBalanceCents"] == 2_989


# Refunds


def test_a_partial_then_a_full_refund(hub: Hub, side: DecodaSide) -> None:
    """Never more than is left; the charge is not owed again, the credit is back."""
    charge = side.payable(4_013)
    payment_id = side.caller.settle(4_013, [charge.shown()]).headers["Payment-Id"]
    key = new_key()
    part = side.caller.refund(payment_id, 1_000, key, reason="DISPUTE", description="Too much")
    assert read(part)["refund"]["amountCents"] == 1_000
    again = side.caller.refund(payment_id, 1_000, key, reason="DISPUTE", description="Too much")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (part.content, "true")
    other = side.caller.refund(payment_id, 1_001, key, reason="DISPUTE", description="Too much")
    assert other.status_code == 422, "the same key for another refund"
    too_much = side.caller.refund(payment_id, 3_014, new_key())
    assert too_much.status_code == 409
    assert "3013 cents" in too_much.json()["detail"]
    assert read(side.caller.refund(payment_id, 3_013, new_key()))["refund"]["state"] == "done"
    assert side.caller.refund(payment_id, 1, new_key()).status_code == 409
    details = hub.api.wait_until(payment_id, lambda it: it["action"] is None)
    details = hub.api.details(payment_id)
    assert [it["amountCents"] for it in details["refunds"]] == [1_000, 3_013]
    assert details["availableBalanceCents"] == side.received_cents(charge) == 0


def test_a_refund_that_the_vendor_refuses_moves_nothing(hub: Hub, side: DecodaSide) -> None:
    """The vendor's words are told, and what is left is left."""
    charge = side.payable(NEVER_REFUNDED_CENTS)
    paid = side.caller.settle(NEVER_REFUNDED_CENTS, [charge.shown()])
    refused = side.caller.refund(paid.headers["Payment-Id"], 9)
    assert refused.status_code == 409
    assert refused.json()["vendor_message"]
    details = hub.api.details(paid.headers["Payment-Id"])
    assert details["availableBalanceCents"] == side.received_cents(charge) == NEVER_REFUNDED_CENTS


def test_a_refund_that_fails_later_can_be_asked_for_again(hub: Hub, side: DecodaSide) -> None:
    """The card's processor takes it and says no afterwards: no money went back."""
    charge, plan = begun_plan(side, initial_cents=REFUND_FAILS_CENTS)
    payment_id = plan["payments"][0]["paymentId"]
    hub.api.wait_for_status(payment_id, "SUCCEEDED")
    assert side.caller.refund(payment_id, 10).is_success

    def failed() -> Json | None:
        details = hub.api.details(payment_id)
        return details if [it["status"] for it in details["refunds"]] == ["FAILED"] else None

    details = eventually(failed, "the refund has failed")
    assert details["availableBalanceCents"] == side.received_cents(charge) == REFUND_FAILS_CENTS
    assert side.caller.refund(payment_id, 20, new_key()).is_success


# Plans


def test_no_money_moves_before_the_payer_confirms(hub: Hub, side: DecodaSide) -> None:
    """A plan that is prepared shows its schedule; one charge is in one open plan only."""
    charge = side.charge(10_001)
    body = plan_body([charge], INITIAL_CENTS, 4, 2_250, "BIWEEKLY")
    prepared = side.caller.create_payin(body)
    payin = read(prepared)
    assert set(payin) == {"sessionKey", "payinConfigId", "sandbox", "paymentMethods"}
    plan_id = prepared.headers["Payment-Id"]
    plan = read(side.caller.plan(plan_id))
    assert (plan["status"], plan["source"]) == ("awaiting_payer", "payhub")
    assert [it["amountCents"] for it in plan["installments"]] == [2_250, 2_250, 2_250, 2_251]
    assert (plan["paidCents"], plan["totalCents"]) == (0, 10_001)
    assert side.movements(charge) == []
    again = side.caller.create_payin(body)
    assert (again.content, again.headers["Payment-Id"]) == (prepared.content, plan_id)
    another = side.caller.create_payin(plan_body([charge], 1, 1, 10_000), new_key())
    assert another.status_code == 409
    assert plan_id in another.text
    assert len(side.payins_of(charge)) == 1
    listed = read(side.caller.plans(status="awaiting_payer"))["paymentPlans"]
    assert plan_id in [it["planId"] for it in listed]


def test_a_payer_confirms_on_the_page(hub: Hub, side: DecodaSide) -> None:
    """Declined at first, which changes nothing, then approved; refunded like any payment."""
    charge = side.charge(10_001)
    prepared = side.caller.create_payin(plan_body([charge], INITIAL_CENTS, 4, 2_250))
    plan_id = prepared.headers["Payment-Id"]
    side.confirm(prepared.json(), outcome="insufficient_funds")
    side.confirm_on_page(prepared.json())
    plan = wait_for_plan(side, plan_id, "it has begun", status="active", paidCents=INITIAL_CENTS)
    assert (plan["source"], plan["difference"]) == ("decoda", None)
    by_status = {it["status"]: it["paymentId"] for it in plan["payments"]}
    payment_id = by_status.pop("SUCCEEDED", None) or by_status["PROCESSING"]
    hub.api.wait_for_status(payment_id, "SUCCEEDED")
    assert side.caller.refund(payment_id, 400).is_success
    plan = wait_for_plan(side, plan_id, "the refund shows", refundedCents=400)
    assert plan["paidCents"] - plan["refundedCents"] == side.received_cents(charge) == 600
    assert hub.api.details(payment_id)["operation"] == "take_payment"
    assert side.caller.refund(plan_id, 1).status_code == 409, "a plan is no payment"


def test_a_cancelled_plan_takes_nothing_more(hub: Hub, side: DecodaSide) -> None:
    """What was taken stays taken; a second cancel is the first one's, with a new key too late."""
    charge, plan = begun_plan(side)
    key = new_key()
    cancelled = side.caller.cancel(plan["planId"], key)
    assert read(cancelled)["status"] == "cancelled"
    shown = read(side.caller.plan(plan["planId"]))
    assert {it["state"] for it in shown["installments"]} == {"cancelled"}
    assert shown["nextDueOn"] is None
    again = side.caller.cancel(plan["planId"], key)
    assert again.headers["Idempotent-Replayed"] == "true" and again.text == cancelled.text
    assert side.caller.cancel(plan["planId"], new_key()).status_code == 409
    assert side.received_cents(charge) == INITIAL_CENTS
    renewed = side.caller.create_payin(plan_body([_rest_of(side, charge)], 0, 3, 3_000))
    assert renewed.is_success, renewed.text
    assert renewed.headers["Payment-Id"] != plan["planId"]


def test_a_plan_withdrawn_before_its_payer_confirms(side: DecodaSide) -> None:
    """The vendor cannot take the session back: who confirms it all the same brings it back."""
    charge = side.charge(10_000)
    prepared = side.caller.create_payin(plan_body([charge], INITIAL_CENTS, 3, 3_000))
    plan_id = prepared.headers["Payment-Id"]
    assert read(side.caller.cancel(plan_id))["status"] == "cancelled"
    assert side.movements(charge) == []
    side.confirm(prepared.json())
    plan = wait_for_plan(side, plan_id, "it is back", status="active", paidCents=INITIAL_CENTS)
    assert read(side.caller.cancel(plan_id, new_key()))["status"] == "cancelled"
    assert plan["paidCents"] == side.received_cents(charge)


def test_a_declined_first_payment_leaves_the_plan_waiting(side: DecodaSide) -> None:
    """The failed payment is known with its reason, and the payer can try again."""
    charge = side.charge(DECLINED_CENTS + 2_000)
    prepared = side.caller.create_payin(plan_body([charge], DECLINED_CENTS, 2, 1_000))
    side.confirm(prepared.json())
    plan_id = prepared.headers["Payment-Id"]
    plan = eventually(lambda: _with_payments(side, plan_id), "the payment is known")
    assert (plan["status"], plan["paidCents"]) == ("awaiting_payer", 0)
    assert [it["status"] for it in plan["payments"]] == ["FAILED"]
    assert side.movements(charge) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"installmentAmount": 2_249}, "paymentPlan.installmentAmount"),
        ({"initialAmount": 996}, "paymentPlan.installmentAmount"),
        ({"installments": 5}, "paymentPlan.installmentAmount"),
        ({"startDate": "2099-01-01"}, "paymentPlan.startDate"),
        ({"initialAmount": 0, "installmentAmount": 2_500, "startDate": "2020-02-29"}, None),
        ({"chargeIds": ["no-such-charge"]}, "paymentPlan.chargeIds.0"),
    ],
)
def test_a_plan_that_does_not_add_up_is_not_sent(
    side: DecodaSide, changes: Json, field: str | None
) -> None:
    """Initial amount and installments are the total to the cent, but for the remainder."""
    charge = side.charge(10_000)
    body = plan_body([charge], INITIAL_CENTS, 4, 2_250)
    body["paymentPlan"] |= changes
    refused = side.caller.create_payin(body)
    assert refused.status_code == 422, refused.text
    places = [".".join(map(str, it["loc"][1:])) for it in refused.json()["detail"]]
    assert (field or "paymentPlan.startDate") in places
    assert side.payins_of(charge) == []


# Webhooks


@pytest.mark.parametrize("style", ["api", "guide"])
def test_webhooks_in_either_vocabulary_reversed_and_repeated(
    hub: Hub, side: DecodaSide, style: str
) -> None:
    """Newest first and ten times each ends in the same state, and adds nothing to the history."""
    stranger = DecodaSide(hub_of(hub.stack, new_tenant(hub.stack, f"decoda-{style}")))
    stranger.speak(style)
    charge = stranger.charge(10_000)
    sandbox = stranger.hub.sandbox_of(VENDOR)
    prepared = stranger.caller.create_payin(plan_body([charge], INITIAL_CENTS, 3, 3_000))
    sandbox.send_events("hold", reference=charge.charge_id)
    stranger.confirm(prepared.json())
    last = {"api": "CHARGE_PAYMENT_CREATED", "guide": "PAYMENT_COMPLETED"}[style]
    eventually(lambda: last in stranger.event_types(charge), "the first payment was taken")
    _accepted(sandbox.send_events("resume", reference=charge.charge_id, order="reverse"))
    plan_id = prepared.headers["Payment-Id"]
    plan = wait_for_plan(stranger, plan_id, "begun", status="active", paidCents=INITIAL_CENTS)
    payment_id = plan["payments"][0]["paymentId"]
    stranger.hub.api.wait_for_status(payment_id, "SUCCEEDED")
    ids = (plan_id, payment_id)
    eventually(lambda: stranger.all_applied(charge), "every event is applied")
    before = [stranger.hub.api.details(it)["history"] for it in ids]
    for action, times in (("resend_all", 10), ("reverse", 1)):
        _accepted(sandbox.send_events(action, reference=charge.charge_id, times=times))
    eventually(lambda: stranger.all_applied(charge), "every event is applied")
    assert [stranger.hub.api.details(it)["history"] for it in ids] == before
    assert stranger.received_cents(charge) == INITIAL_CENTS


def test_forged_and_replayed_webhooks(hub: Hub, side: DecodaSide) -> None:
    """A wrong signature is refused and not stored; a right one of a known event changes nothing."""
    charge, plan = begun_plan(side)
    payment = plan["payments"][0]
    hub.api.wait_for_status(payment["paymentId"], "SUCCEEDED")
    event_id = new_key()
    body = _event(event_id, "PAYMENT_FAILED", payment["vendorReference"])
    assert side.post_webhook(body, side.sign(body, "not the secret")).status_code == 401
    assert side.post_webhook(body, "").status_code == 401
    assert side.post_webhook(body + b" ", side.sign(body)).status_code == 401, "written otherwise"
    nobody = "00000000-0000-0000-0000-000000000000"
    assert side.post_webhook(body, side.sign(body), nobody).status_code == 401
    assert side.inbox(event_id) == []
    before = hub.api.details(payment["paymentId"])
    # Even a rightly signed lie is only a hint: the vendor is asked.
    for _ in range(3):
        assert side.post_webhook(body, side.sign(body)).status_code == 200
    eventually(lambda: all(it.state.is_final for it in side.inbox(event_id)), "it is applied")
    assert len(side.inbox(event_id)) == 1
    after = hub.api.details(payment["paymentId"])
    assert (after["status"], after["history"]) == ("SUCCEEDED", before["history"])
    assert side.received_cents(charge) == INITIAL_CENTS


def test_the_signature_of_the_body_as_python_writes_it_is_taken(side: DecodaSide) -> None:
    """One of the vendor's own samples signs that."""
    event_id = new_key()
    compact = _event(event_id, "PATIENT_UPDATED", new_key())
    spaced = json.dumps(json.loads(compact)).encode()
    assert compact != spaced
    assert side.post_webhook(compact, side.sign(spaced)).status_code == 200
    [kept] = eventually(lambda: side.inbox(event_id), "it is kept")
    assert event_id in kept.body


# Between tenants


def test_another_tenant_sees_and_does_nothing(
    hub: Hub, side: DecodaSide, local_stack: LocalStack
) -> None:
    """404 in the words for what does not exist, nothing in lists, and no charge of the other's."""
    stranger = DecodaSide(hub_of(local_stack, new_tenant(local_stack, "decoda-stranger")))
    charge, plan = begun_plan(side)
    plan_id, payment_id = plan["planId"], plan["payments"][0]["paymentId"]
    refused = [
        stranger.caller.plan(plan_id),
        stranger.caller.cancel(plan_id),
        stranger.caller.refund(payment_id, 1),
        stranger.hub.api.send("GET", f"/payments/{payment_id}"),
        stranger.hub.operator.send("GET", f"/payments/{payment_id}/details"),
    ]
    assert {it.status_code for it in refused} == {404}, refused
    assert read(stranger.caller.plans())["paymentPlans"] == []
    named = side.hub.tenant.tenant
    body = plan_body([_rest_of(side, charge)], 0, 3, 3_000)
    as_another = [
        stranger.caller.settle(1, [charge.shown()], tenant=named),
        stranger.caller.create_payin(body, tenant=named),
    ]
    assert {it.status_code for it in as_another} == {403}
    for unknown in (
        stranger.caller.settle(1, [charge.shown()]),
        stranger.caller.create_payin(body),
    ):
        assert 400 <= unknown.status_code < 500, unknown.text
    event = _event(new_key(), "PAYMENT_FAILED", plan["payments"][0]["vendorReference"])
    assert side.post_webhook(event, stranger.sign(event)).status_code == 401
    assert stranger.post_webhook(event, stranger.sign(event)).status_code == 200
    assert read(side.caller.plan(plan_id))["status"] == "active"
    assert side.received_cents(charge) == INITIAL_CENTS


def _rest_of(side: DecodaSide, charge: Charge) -> Charge:
    return Charge(charge.charge_id, charge.patient_id, side.outstanding_cents(charge))


def _with_payments(side: DecodaSide, plan_id: str) -> Json | None:
    plan = read(side.caller.plan(plan_id))
    return plan if plan["payments"] else None


def _accepted(sent: list[Json]) -> None:
    assert sent
    assert {it["status"] for it in sent} == {200}, sent


def _event(event_id: str, kind: str, payment: str) -> bytes:
    """An envelope as the vendor writes it, without spaces."""
    envelope = {
        "id": event_id,
        "type": kind,
        "data": {"id": payment, "status": "FAILED"},
        "createdDate": "2026-11-21T12:00:00Z",
        "alertId": new_key(),
    }
    return json.dumps(envelope, separators=(",", ":")).encode()
