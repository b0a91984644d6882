"""Charging a card through the hub: once, whatever happens, and what the caller is told."""

import json

import httpx
import pytest

from payhub.domain.payment import ActionState
from tests.support.athena_world import CARD, PRACTICE, AthenaWorld, athena_world


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> AthenaWorld:
    """One practice."""
    return athena_world(monkeypatch)


def test_a_collected_payment_is_answered_in_the_vendors_types(world: AthenaWorld) -> None:
    said = world.collect("25.00")
    assert said.status == 200 and said.body["success"] == "true"
    assert type(said.body["epaymentid"]) is int
    payment = world.payment(said.payment_id)
    assert payment.status == "Collected" and payment.amount_cents == 2500
    assert world.ledger() == [("collect_payment", str(said.body["epaymentid"]), 2500, "in")]


def test_names_in_capitals_and_json_bodies_are_taken(world: AthenaWorld) -> None:
    capitals = {name.upper(): text for name, text in CARD.items()}
    said = world.patient("collect_payment", {"DEPARTMENTID": "1", "OtherAmount": ".7", **capitals})
    assert said.body["success"] == "true"
    assert world.payment(said.payment_id).amount_cents == 70
    body = {"departmentid": 1, "claimpayment": [{"101": "5.00"}], **CARD}
    said = world.patient(
        "collect_payment",
        json.dumps(body).encode(),  # type: ignore[arg-type]
        headers={"Content-Type": "application/json"},
    )
    assert said.body["success"] == "true"
    assert world.payment(said.payment_id).amount_cents == 500


def test_a_decline_is_http_200_with_the_processors_text_and_is_final_for_its_key(
    world: AthenaWorld,
) -> None:
    said = world.collect("4.02", key="k-1")
    assert said.status == 200
    assert said.body["success"] == "false" and said.body["errortext"] == "INSUFFICIENT FUNDS"
    again = world.collect("4.02", key="k-1")
    assert again.body == said.body and again.headers["Idempotent-Replayed"] == "true"
    assert len(world.calls) == 1 and world.ledger() == []


def test_without_a_key_the_same_request_is_a_repeat_for_ten_minutes(world: AthenaWorld) -> None:
    first = world.collect()
    world.pass_seconds(599)
    again = world.collect()
    assert again.payment_id == first.payment_id and again.body == first.body
    world.pass_seconds(2)
    later = world.collect()
    assert later.payment_id != first.payment_id and world.moved("collect_payment") == 2


def test_without_a_key_a_declined_or_voided_charge_may_be_tried_again(world: AthenaWorld) -> None:
    declined = world.collect(accountnumber="4000000000000002")
    assert declined.body["success"] == "false"
    assert world.collect(accountnumber="4000000000000002").payment_id != declined.payment_id
    first = world.collect()
    assert world.void(first.body["epaymentid"]).body == {"success": "true"}
    second = world.collect()
    assert second.payment_id != first.payment_id and world.moved("collect_payment") == 2


def test_an_unfinished_charge_is_not_repeated_however_late_the_repeat_comes(
    world: AthenaWorld,
) -> None:
    world.arm("collect_payment", "timeout_after")
    first = world.collect()
    assert first.status == 202
    world.pass_seconds(3600)
    again = world.collect()
    assert again.payment_id == first.payment_id and again.status == 202
    assert world.moved("collect_payment") == 1


def test_duplicates_that_are_meant_are_charged(world: AthenaWorld) -> None:
    first = world.collect(allowduplicatepayments="true")
    second = world.collect(allowduplicatepayments="true")
    assert first.payment_id != second.payment_id and world.moved("collect_payment") == 2


def test_the_same_key_with_another_amount_is_refused(world: AthenaWorld) -> None:
    world.collect("25.00", key="k-1")
    said = world.collect("26.00", key="k-1")
    assert said.status == 422 and said.body["success"] == "false"
    assert said.body["error"] == said.body["detail"]


@pytest.mark.parametrize("fault", ["timeout_after", "http_500_after", "malformed"])
def test_a_lost_answer_is_unknown_and_found_among_the_receipts(
    world: AthenaWorld, fault: str
) -> None:
    world.arm("collect_payment", fault)
    said = world.collect(key="k-1")
    assert said.status == 202 and said.body["success"] == "false"
    assert said.body["errortext"].startswith("OUTCOME UNKNOWN, do not charge again")
    assert said.headers["Location"] == f"/payments/{said.payment_id}"
    payment = world.work_until_quiet(said.payment_id)
    assert payment.status == "Collected" and world.moved("collect_payment") == 1
    replay = world.collect(key="k-1")
    assert replay.body["epaymentid"] == int(payment.vendor_reference or 0)


@pytest.mark.parametrize("fault", ["disconnect", "timeout_before", "http_500_before"])
def test_what_is_absent_after_the_quarantine_is_not_captured_and_may_be_tried_again(
    world: AthenaWorld, fault: str
) -> None:
    world.arm("collect_payment", fault)
    said = world.collect()
    begun_ms = world.clock.now_ms()
    payment = world.work_until_quiet(said.payment_id)
    assert payment.status == "not_captured" and world.clock.now_ms() - begun_ms >= 900_000
    assert world.moved("collect_payment") == 0
    again = world.collect()
    assert again.body["success"] == "true" and again.payment_id != said.payment_id


def test_what_was_proven_not_sent_is_sent_by_the_same_key_with_the_card_again(
    world: AthenaWorld,
) -> None:
    world.arm("collect_payment", "http_429")
    said = world.collect(key="k-1")
    assert said.status == 503 and said.headers["Retry-After"]
    assert world.payment(said.payment_id).status == "not_sent"
    assert world.queue.messages == []
    again = world.collect(key="k-1")
    assert again.status == 200 and again.payment_id == said.payment_id
    assert [a.number for a in world.payment(said.payment_id).action.attempts] == [1, 2]
    assert world.moved("collect_payment") == 1


def test_no_connection_is_proof_that_nothing_was_sent(world: AthenaWorld) -> None:
    def refuse(path: str) -> None:
        raise httpx.ConnectError("refused")

    world.before_call = refuse
    assert world.collect(key="k-1").status == 503
    world.before_call = lambda path: None
    assert world.collect(key="k-1").status == 200


def test_an_operator_cannot_have_a_card_sent_that_nobody_has(world: AthenaWorld) -> None:
    world.arm("collect_payment", "http_429")
    said = world.collect(key="k-1")
    stuck = world.payment(said.payment_id)
    assert stuck.action.state is ActionState.NOT_SENT
    assert world.look(said.payment_id).action.state is ActionState.NOT_SENT
    assert world.moved("collect_payment") == 0


def test_a_receipt_that_another_payment_holds_is_not_adopted(world: AthenaWorld) -> None:
    answered = world.collect(key="k-1")
    assert answered.body["success"] == "true"
    world.pass_seconds(130)
    world.arm("collect_payment", "disconnect")
    lost = world.collect(key="k-2")
    assert lost.status == 202
    assert world.work_until_quiet(lost.payment_id).status == "not_captured"
    assert world.moved("collect_payment") == 1


def test_a_late_receipt_after_not_captured_raises_a_review(world: AthenaWorld) -> None:
    world.arm("collect_payment", "late_apply", delay_seconds=1000)
    said = world.collect()
    assert world.work_until_quiet(said.payment_id).status == "not_captured"
    world.pass_seconds(120)
    assert world.moved("collect_payment") == 1
    for _ in range(5):
        payment = world.look(said.payment_id)
    assert payment.action.state is ActionState.NEEDS_REVIEW
    assert "NeedsReview" in world.signals.names()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"departmentid": ""}, "departmentid"),
        ({"otheramount": ""}, "otheramount"),
        ({"otheramount": "0"}, "otheramount"),
        ({"otheramount": "1.234"}, "otheramount"),
        ({"otheramount": "-1"}, "otheramount"),
        ({"copayamount": "5"}, "appointmentid"),
        ({"accountnumber": ""}, "accountnumber"),
        ({"accountnumber": "4111"}, "accountnumber"),
        ({"nameoncard": "x" * 31}, "nameoncard"),
        ({"billingaddress": "x" * 21}, "billingaddress"),
        ({"expirationmonthmm": "13"}, "expirationmonthmm"),
        ({"expirationyearyyyy": "39"}, "expirationyearyyyy"),
        ({"ecommercemode": "true"}, "cardsecuritycode"),
        ({"ecommercemode": "perhaps"}, "ecommercemode"),
        ({"trackdata": "%B4111111111111111^A/B^3912?"}, "accountnumber"),
        ({"claimpayment": "no"}, "claimpayment"),
        ({"claimpayment": '[{"101": "1", "102": "2"}]'}, "claimpayment"),
        ({"amount": "3.00"}, "amount"),
        ({"unheardof": "x"}, "unheardof"),
    ],
)
def test_what_breaks_a_rule_is_named_and_nothing_is_sent(
    world: AthenaWorld, fields: dict[str, str], field: str
) -> None:
    amount = fields.pop("otheramount", "25.00")
    said = world.collect(amount, **fields)
    assert said.status == 400, said.body
    assert field in [error["field"] for error in said.body["errors"]]
    assert world.calls == []


@pytest.mark.parametrize(
    "spelling", ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"]
)
@pytest.mark.parametrize("field", ["nameoncard", "billingaddress", "appointmentid", "unheardof"])
def test_a_card_number_in_a_wrong_field_is_refused_without_being_repeated(
    world: AthenaWorld, field: str, spelling: str
) -> None:
    said = world.collect(**{field: spelling})
    assert said.status == 400 and world.calls == []
    assert spelling not in json.dumps(said.body) and "1111" not in json.dumps(said.body)


def test_nothing_of_a_card_but_brand_and_last_four_digits_is_stored(world: AthenaWorld) -> None:
    world.collect(cardsecuritycode="987")
    stored = json.dumps(list(world.table.items.values()))
    for secret in ("4111111111111111", "987", "Ada Abbott", "1 Main Street", "02472", "2039"):
        assert f'"{secret}"' not in stored and f'\\"{secret}\\"' not in stored
    assert '\\"cardlast4\\":\\"1111\\"' in stored


def test_another_practice_is_not_found(world: AthenaWorld) -> None:
    said = world.collect()
    ids = {"practiceid": "195999", "patientid": "1"}
    other = world.form("collect_payment", ids, {"departmentid": "1", "otheramount": "1", **CARD})
    assert said.status == 200 and other.status == 404 and PRACTICE not in json.dumps(other.body)


def test_a_stored_card_books_no_money_and_is_found_when_its_answer_is_lost(
    world: AthenaWorld,
) -> None:
    ids = {"appointmentid": "10011"}
    fields = {"departmentid": "1", "cardsecuritycode": "987", "maxamount": "200", **CARD}
    said = world.patient("store_card", fields, ids=ids)
    assert said.body["success"] == "true" and type(said.body["epaymentid"]) is int
    assert world.payment(said.payment_id).status == "CardStored"
    world.arm("store_card", "timeout_after")
    other = world.patient("store_card", fields, ids={"appointmentid": "10012"})
    assert other.status == 202
    assert world.work_until_quiet(other.payment_id).status == "CardStored"
    assert world.ledger() == []


def test_a_plan_is_checked_started_once_and_found_by_its_name(world: AthenaWorld) -> None:
    fields = {
        "departmentid": "1",
        "claimids": "101,102",
        "cycleamount": "10.00",
        "downpaymentamount": "20.00",
        "frequency": "MONTHLY",
        **CARD,
    }
    wrong = world.patient("start_payment_plan", {**fields, "startdate": "01/01/2020"})
    assert wrong.status == 400 and wrong.body["errors"][0]["field"] == "startdate"
    world.arm("start_payment_plan", "timeout_after")
    said = world.patient("start_payment_plan", fields, key="k-1")
    assert said.status == 202
    payment = world.work_until_quiet(said.payment_id)
    assert payment.status == "PlanStarted" and payment.amount_cents == 2000
    replay = world.patient("start_payment_plan", fields, key="k-1")
    assert replay.body == {
        "paymentplanid": int(payment.vendor_reference or 0),
        "success": "true",
    }
    assert world.moved("start_payment_plan") == 1


def test_a_token_that_took_too_long_leaves_the_call_unmade(world: AthenaWorld) -> None:
    world.before_call = lambda path: world.pass_seconds(11 if path.endswith("/token") else 0)
    said = world.collect(key="k-1")
    assert said.status == 503 and world.calls == []
    assert world.collect(key="k-1").status == 200 and world.moved("collect_payment") == 1


def test_a_refused_token_is_renewed_once_and_the_charge_made_once(world: AthenaWorld) -> None:
    world.collect("10.00")
    world.pass_seconds(3700)  # the vendor's token is over its time, and so is ours
    assert world.collect("11.00").status == 200
    refused: list[str] = []

    def refuse_once(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/collectpayment") and not refused:
            refused.append(request.url.path)
            return httpx.Response(401, text="<h1>Developer Inactive</h1>")
        return None

    world.instead = refuse_once
    assert world.collect("12.00").status == 200
    assert world.moved("collect_payment") == 3
