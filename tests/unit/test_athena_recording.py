"""Payments recorded by hand, by payment vendors, refunds and adjustments: each booked once."""

import json

import pytest

from payhub.domain.payment import ActionState, Origin
from tests.support.athena_world import AthenaWorld, athena_world

HOUR = 3600


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> AthenaWorld:
    """One practice."""
    return athena_world(monkeypatch)


# By hand


def test_cash_is_recorded_once_in_the_vendors_types(world: AthenaWorld) -> None:
    said = world.record("12.5", key="k-1")
    assert said.status == 200 and said.body["success"] == "true"
    assert type(said.body["paymentbatchid"]) is int
    again = world.record("12.50", key="k-1")
    assert again.body == said.body and world.moved("record_payment") == 1


def test_what_was_collected_by_card_today_is_not_recorded_as_well(world: AthenaWorld) -> None:
    taken = world.collect()
    said = world.record(paymentmethod="VISA", cardnumberlast4="1111")
    assert said.status == 409 and said.body["payment_id"] == taken.payment_id
    assert taken.payment_id in said.body["detail"] and "confirmnotduplicate" in said.body["detail"]
    confirmed = world.record(
        paymentmethod="VISA", cardnumberlast4="1111", confirmnotduplicate="true"
    )
    assert confirmed.status == 200 and world.moved("record_payment") == 1


def test_what_was_recorded_today_is_not_collected_by_card_as_well(world: AthenaWorld) -> None:
    recorded = world.record(paymentmethod="VISA", cardnumberlast4="1111")
    said = world.collect()
    assert said.status == 409 and said.body["payment_id"] == recorded.payment_id
    assert world.collect(confirmnotduplicate="true").status == 200


def test_an_unknown_charge_counts_as_collected(world: AthenaWorld) -> None:
    world.arm("collect_payment", "disconnect")
    assert world.collect().status == 202
    assert world.record(paymentmethod="VISA", cardnumberlast4="1111").status == 409


@pytest.mark.parametrize("vain", ["declined", "voided", "not_sent", "not_captured"])
def test_a_charge_in_vain_does_not_count(world: AthenaWorld, vain: str) -> None:
    if vain == "declined":
        world.arm("collect_payment", "decline")
    if vain == "not_sent":
        world.arm("collect_payment", "http_429")
    if vain == "not_captured":
        world.arm("collect_payment", "disconnect")
    taken = world.collect(key="k-1")
    if vain == "voided":
        world.void(taken.body["epaymentid"])
    if vain == "not_captured":
        world.work_until_quiet(taken.payment_id)
    said = world.record(paymentmethod="VISA", cardnumberlast4="1111")
    assert said.status == 200
    if vain == "not_sent":
        retried = world.collect(key="k-1")
        assert retried.status == 409 and retried.body["payment_id"] == said.payment_id


def test_a_charge_without_a_key_that_was_not_sent_is_judged_again_before_it_is_sent(
    world: AthenaWorld,
) -> None:
    world.arm("collect_payment", "http_429")
    assert world.collect().status == 503
    recorded = world.record(paymentmethod="VISA", cardnumberlast4="1111")
    said = world.collect()
    assert said.status == 409 and said.body["payment_id"] == recorded.payment_id
    assert world.moved("collect_payment") == 0
    assert world.collect(confirmnotduplicate="true").status == 200


def test_a_recording_that_was_given_up_still_counts_because_it_may_be_redriven(
    world: AthenaWorld,
) -> None:
    world.arm("record_payment", "http_429", count=100)
    said = world.record(paymentmethod="VISA", cardnumberlast4="1111")
    assert world.work_until_quiet(said.payment_id).status == "not_sent"
    charged = world.collect()
    assert charged.status == 409 and charged.body["payment_id"] == said.payment_id


@pytest.mark.parametrize(
    "other",
    [
        {"paymentmethod": "CASH"},
        {"paymentmethod": "CHECK", "checknumber": "77"},
        {"paymentmethod": "VISA", "cardnumberlast4": "2222"},
    ],
)
def test_another_tender_amount_or_day_is_other_money(
    world: AthenaWorld, other: dict[str, str]
) -> None:
    world.collect()
    assert world.record(**other).status == 200
    assert world.record("25.01", paymentmethod="VISA", cardnumberlast4="1111").status == 200
    world.at("2026-11-22 09:00")
    assert world.record(paymentmethod="VISA", cardnumberlast4="1111").status == 200


@pytest.mark.parametrize(
    ("fault", "moved"), [("disconnect", 0), ("timeout_after", 1), ("http_500_before", 0)]
)
def test_a_recording_without_an_answer_needs_a_person_and_is_never_repeated(
    world: AthenaWorld, fault: str, moved: int
) -> None:
    world.arm("record_payment", fault)
    said = world.record(key="k-1")
    assert said.status == 202 and said.body["errortext"].startswith("OUTCOME UNKNOWN")
    payment = world.work_until_quiet(said.payment_id)
    assert payment.status == "needs_review" and "NeedsReview" in world.signals.names()
    assert world.record(key="k-1").status == 202
    assert world.moved("record_payment") == moved and len(world.calls) == 1


def test_a_recording_without_the_credentials_is_queued_and_sent_once(world: AthenaWorld) -> None:
    world.secrets.is_away = True
    said = world.record(key="k-1")
    assert said.status == 202 and world.calls == []
    world.secrets.is_away = False
    assert world.work_until_quiet(said.payment_id).status == "Posted"
    assert world.moved("record_payment") == 1


def test_a_recording_that_did_not_leave_is_queued_and_sent_once(world: AthenaWorld) -> None:
    world.arm("record_payment", "http_429")
    said = world.record(key="k-1")
    assert said.status == 202 and world.queue.messages
    assert world.work_until_quiet(said.payment_id).status == "Posted"
    assert world.moved("record_payment") == 1


def test_what_cannot_be_posted_is_said_with_http_200(world: AthenaWorld) -> None:
    said = world.record("4.22")
    assert said.status == 200 and said.body["success"] == "false"
    assert "could not be posted" in said.body["errormessage"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"paymentmethod": ""}, "paymentmethod"),
        ({"paymentmethod": "CHECK"}, "checknumber"),
        ({"paymentmethod": "VISA"}, "cardnumberlast4"),
        ({"cardnumberlast4": "4111111111111111"}, "cardnumberlast4"),
        ({"postdate": "2026-11-21"}, "postdate"),
        ({"departmentid": ""}, "departmentid"),
    ],
)
def test_a_missing_or_wrong_field_is_named(
    world: AthenaWorld, fields: dict[str, str], field: str
) -> None:
    said = world.record(**fields)
    assert said.status == 400 and field in [it["field"] for it in said.body["errors"]]
    assert world.calls == []


# By a payment vendor


def test_a_vendor_payment_keeps_its_reference_and_is_one(world: AthenaWorld) -> None:
    said = world.report(externalrefid="ACME-1")
    assert said.body["previouslyrecordedyn"] == "false"
    assert type(said.body["patientpaymentid"]) is int
    again = world.report(externalrefid="ACME-1")
    assert again.body == said.body and again.headers["Idempotent-Replayed"] == "true"
    assert world.payment(said.payment_id).terms["externalrefid"] == "ACME-1"
    world.pass_seconds(7 * HOUR)
    assert world.report(externalrefid="ACME-1").body == said.body
    assert world.moved("record_vendor_payment") == 1


def test_a_reference_belongs_to_one_payment_for_ever(world: AthenaWorld) -> None:
    first = world.report(externalrefid="ACME-1", key="k-1")
    world.pass_seconds(7 * HOUR)
    other_key = world.report(externalrefid="ACME-1", key="k-2")
    other_amount = world.report("26.00", externalrefid="ACME-1", key="k-3")
    for said in (other_key, other_amount):
        assert said.status == 422 and said.body["payment_id"] == first.payment_id
    assert world.moved("record_vendor_payment") == 1


def test_two_genuine_equal_copays_without_a_reference_both_get_through(world: AthenaWorld) -> None:
    copay = {"copayamount": "10.00", "appointmentid": "10011", "otheramount": ""}
    first, second = world.report(key="k-1", **copay), world.report(key="k-2", **copay)
    assert first.body["patientpaymentid"] != second.body["patientpaymentid"]
    world.pass_seconds(601)
    third = world.report(**copay)
    assert third.body["previouslyrecordedyn"] == "false"
    assert world.moved("record_vendor_payment") == 3
    references = {world.payment(it.payment_id).terms["externalrefid"] for it in (first, second)}
    assert references == {first.payment_id, second.payment_id}


def test_what_was_recorded_before_the_hub_is_said_to_be(world: AthenaWorld) -> None:
    first = world.report(externalrefid="ACME-1")
    world.table.items = {
        key: item
        for key, item in world.table.items.items()
        if "#PAYMENT#" not in key[0] and "#CLAIM#" not in key[0]
    }
    said = world.report(externalrefid="ACME-1")
    assert said.body == {**first.body, "previouslyrecordedyn": "true"}


@pytest.mark.parametrize(
    "fault", ["disconnect", "timeout_before", "timeout_after", "http_500_before", "malformed"]
)
def test_a_lost_answer_is_asked_for_by_the_same_reference(world: AthenaWorld, fault: str) -> None:
    world.arm("record_vendor_payment", fault)
    said = world.report(key="k-1")
    assert said.status == 202
    payment = world.work_until_quiet(said.payment_id)
    assert payment.status == "Recorded" and world.moved("record_vendor_payment") == 1
    replay = world.report(key="k-1")
    assert replay.body["previouslyrecordedyn"] == "false"  # our own lost call recorded it


def lost_for(world: AthenaWorld, seconds: float) -> str:
    """A vendor payment whose answer was lost, with the vendor away for so long since."""
    world.arm("record_vendor_payment", "timeout_after")
    began_ms = world.clock.now_ms()
    said = world.report(externalrefid="ACME-1")
    world.clock.advance(round(began_ms + seconds * 1000) - world.clock.now_ms())
    return said.payment_id


def test_five_hours_fifty_after_the_first_send_a_resend_is_safe(world: AthenaWorld) -> None:
    payment = world.look(lost_for(world, 5 * HOUR + 50 * 60))
    assert payment.status == "Recorded" and len(payment.action.attempts) == 2
    assert world.moved("record_vendor_payment") == 1


def test_six_hours_ten_after_the_first_send_nothing_is_sent(world: AthenaWorld) -> None:
    payment_id = lost_for(world, 6 * HOUR + 10 * 60)
    before = len(world.calls)
    payment = world.look(payment_id)
    assert payment.status == "needs_review" and len(payment.action.attempts) == 1
    assert len(world.calls) == before and world.moved("record_vendor_payment") == 1
    assert world.report(externalrefid="ACME-1").status == 202
    assert len(world.calls) == before


def test_the_first_send_counts_not_the_latest(world: AthenaWorld) -> None:
    world.arm("record_vendor_payment", "timeout_after")
    began_ms = world.clock.now_ms()
    said = world.report(externalrefid="ACME-1")
    world.arm("record_vendor_payment", "http_500_before", count=1000)
    for _ in range(60):
        payment = world.look(said.payment_id)
        if payment.open_action is None or payment.due_at_ms is None:
            break
    assert payment.status == "needs_review"
    last_ms = payment.action.attempts[-1].intent_at_ms
    assert last_ms - began_ms < 6 * HOUR * 1000
    assert world.moved("record_vendor_payment") == 1


def test_inside_the_margin_before_six_hours_nothing_is_sent(world: AthenaWorld) -> None:
    payment = world.look(lost_for(world, 6 * HOUR - 5 * 60))
    assert payment.status == "needs_review" and len(payment.action.attempts) == 1


def test_a_vendor_code_of_somebody_else_is_not_found(world: AthenaWorld) -> None:
    ids = {"practiceid": "195900", "vendorcode": "GLOBEX"}
    assert world.form("record_vendor_payment", ids, {"departmentid": "1"}).status == 404


# Refunds


def test_a_refund_is_recorded_once_and_in_full(world: AthenaWorld) -> None:
    paid = world.report()
    said = world.refund(paid.body["patientpaymentid"])
    assert said.status == 200 and set(said.body) == {"patientpaymentid", "recordedtime"}
    assert said.body["patientpaymentid"] != paid.body["patientpaymentid"]
    again = world.refund(paid.body["patientpaymentid"])
    assert again.body == said.body and again.headers["Idempotent-Replayed"] == "true"
    third = world.refund(paid.body["patientpaymentid"], key="another")
    assert third.status == 409 and "Refunded" in third.body["error"]
    assert world.moved("refund_vendor_payment") == 1
    assert world.payment(paid.payment_id).status == "Refunded"


def test_a_partial_refund_is_pointed_to_adjustments(world: AthenaWorld) -> None:
    paid = world.report()
    said = world.refund(paid.body["patientpaymentid"], fullrefund="false")
    assert said.status == 400 and "adjustingcharges" in json.dumps(said.body)
    assert world.moved("refund_vendor_payment") == 0


@pytest.mark.parametrize("fault", ["disconnect", "timeout_after", "http_500_after", "http_429"])
def test_a_refund_without_an_answer_is_repeated_and_is_one(world: AthenaWorld, fault: str) -> None:
    paid = world.report()
    world.arm("refund_vendor_payment", fault)
    said = world.refund(paid.body["patientpaymentid"])
    assert said.status == 202
    assert world.work_until_quiet(paid.payment_id).status == "Refunded"
    assert world.moved("refund_vendor_payment") == 1


def test_a_payment_the_hub_never_saw_is_refunded(world: AthenaWorld) -> None:
    paid = world.report()
    world.table.items = {
        key: item
        for key, item in world.table.items.items()
        if "#PAYMENT#" not in key[0] and "#CLAIM#" not in key[0]
    }
    said = world.refund(paid.body["patientpaymentid"])
    assert said.status == 200
    payment = world.payment(said.payment_id)
    assert payment.origin is Origin.EXTERNAL and payment.status == "Refunded"


def test_a_refund_asked_for_a_wrong_patient_does_not_block_the_right_one(
    world: AthenaWorld,
) -> None:
    paid = world.report()
    world.table.items = {
        key: item
        for key, item in world.table.items.items()
        if "#PAYMENT#" not in key[0] and "#CLAIM#" not in key[0]
    }
    assert world.refund(paid.body["patientpaymentid"], patientid="2").status == 409
    said = world.refund(paid.body["patientpaymentid"])
    assert said.status == 200 and world.moved("refund_vendor_payment") == 1
    assert world.refund(paid.body["patientpaymentid"], patientid="2").status == 404


def test_one_key_serves_one_refund(world: AthenaWorld) -> None:
    paid = world.report()
    world.refund(paid.body["patientpaymentid"], key="r-1", externalrefid="F1")
    said = world.refund(paid.body["patientpaymentid"], key="r-1", externalrefid="F2")
    assert said.status == 422 and "in other words" in said.body["error"]


def test_a_repeat_refused_in_unknown_words_needs_a_person(world: AthenaWorld) -> None:
    paid = world.report()
    world.arm("refund_vendor_payment", "timeout_after")
    world.refund(paid.body["patientpaymentid"])
    world.arm("refund_vendor_payment", "decline")
    payment = world.look(paid.payment_id)
    assert payment.open_action is not None
    assert payment.open_action.state is ActionState.NEEDS_REVIEW
    assert world.moved("refund_vendor_payment") == 1


# Adjustments


def test_each_charge_is_answered_and_a_partial_failure_shows(world: AthenaWorld) -> None:
    said = world.adjust((1011, "5.00"), (1012, "99999.00"))
    assert said.status == 200 and said.body["patientid"] == 1
    adjusted, refused = said.body["charges"]
    assert adjusted["chargeid"] == 1011 and adjusted["adjustmentamount"] == "5.00"
    assert refused["chargeid"] == 1012 and "outstanding" in refused["error"]
    payment = world.payment(said.payment_id)
    assert payment.status == "PartlyAdjusted" and payment.amount_cents == 500
    assert world.ledger() == [("adjust_charges", "1011", 500, "out")]


def test_a_claim_whose_charges_are_all_adjusted_is_closed(world: AthenaWorld) -> None:
    claims = world.control("GET", "athena/patients?practice=195900")[0]["claims"]
    charges = [
        (it["chargeid"], f"{it['outstanding_cents'] // 100}.{it['outstanding_cents'] % 100:02d}")
        for it in claims[0]["charges"]
    ]
    said = world.adjust(*charges)
    assert {it["outstandingamount"] for it in said.body["charges"]} == {"0.00"}
    after = world.control("GET", "athena/patients?practice=195900")[0]["claims"]
    assert after[0]["status"] == "CLOSED"


def test_when_no_charge_could_be_adjusted_the_answer_still_names_each(world: AthenaWorld) -> None:
    said = world.adjust((1011, "99999.00"))
    assert said.status == 200 and "error" in said.body["charges"][0]
    assert world.payment(said.payment_id).status == "declined" and world.ledger() == []


def test_the_same_adjustment_again_is_a_repeat(world: AthenaWorld) -> None:
    first = world.adjust((1011, "5.00"))
    assert world.adjust((1011, "5.00")).body == first.body
    assert world.moved("adjust_charges") == 1
    assert world.adjust((1011, "5.00"), allowduplicatepayments="true").status == 200
    assert world.moved("adjust_charges") == 2


@pytest.mark.parametrize(
    "charges",
    ["", "no", "[]", '[{"chargeid": 1}]', '[{"chargeid": 1, "adjustmentamount": "1"}, '
     '{"chargeid": 1, "adjustmentamount": "1"}]', '[{"chargeid": 1, "adjustmentamount": 1.555}]'],
)  # fmt: skip
def test_charges_that_cannot_be_read_are_named(world: AthenaWorld, charges: str) -> None:
    said = world.adjust(charges=charges)
    assert said.status == 400 and said.body["errors"][0]["field"].startswith("charges")
    assert world.calls == []


# Receipts


def test_receipts_come_in_their_documented_types(world: AthenaWorld) -> None:
    taken = world.collect("0.70")
    ids = {"practiceid": "195900", "patientid": "1"}
    listed = world.call("list_receipts", ids, query={"departmentid": "1"})
    assert listed.status == 200 and listed.body[0]["amount"] == "0.70"
    assert listed.body[0]["epaymentid"] == taken.body["epaymentid"]
    one = {**ids, "epaymentid": str(taken.body["epaymentid"])}
    assert "receipt" in world.call("get_receipt", one).body
    details = world.call("get_receipt_details", one).body
    assert details["patientid"] == 1 and details["otheramount"] == "0.70"
    assert world.call("get_receipt", {**ids, "epaymentid": "999"}).status == 404
    world.arm("get_receipt", "http_500_before")
    away = world.call("get_receipt", one)
    assert away.status == 503 and away.headers["Retry-After"]
