"""Payments after they were made: the table, refunds, bank accounts and their returns."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.bench import shown
from tests.unit.sandbox.decoda_bench import PLANS, TABLE, DecodaBench


def first_payment(decoda: DecodaBench, amount: int = 1_000, method: str = "CARD") -> str:
    """The first payment of a plan over 10000 cents, once a card has succeeded."""
    payin = decoda.start(
        method=method, initialAmount=amount, installments=1, installmentAmount=10_000 - amount
    )
    decoda.wait(1)
    return str(payin["payments"][0]["payment_id"])


# The table


def test_a_row_of_the_table_has_the_documented_fields(decoda: DecodaBench) -> None:
    payment_id = first_payment(decoda)
    row = decoda.payment(payment_id)
    assert row["paymentMethod"]["last4"] == "4242"
    assert (row["status"], row["isPaymentPlan"], row["currency"]) == ("SUCCEEDED", True, "USD")
    assert (row["refunds"], row["isInsurancePayment"]) == ([], False)
    assert "payinConfigId" not in row
    assert decoda.got(TABLE)["hasInsurancePayments"] is False


def test_the_table_comes_in_pages_newest_first(decoda: DecodaBench) -> None:
    made = []
    for cents in range(1, 31):
        made.append(decoda.settled(cents)["id"])
        decoda.clock.advance(1_000)
    items = decoda.got(TABLE)["items"]
    assert (items["total"], [row["id"] for row in items["data"]]) == (30, made[:4:-1])
    page = decoda.got(f"{TABLE}?page=2&per_page=20")["items"]["data"]
    assert [row["id"] for row in page] == made[9::-1]
    assert decoda.got(f"{TABLE}?page=9")["items"]["data"] == []
    largest = decoda.got(f"{TABLE}?sort_by=amount&per_page=1")["items"]["data"]
    assert largest[0]["amount"] == 30


def test_the_table_is_filtered_as_documented(decoda: DecodaBench) -> None:
    patient = decoda.patient()
    started = shown(decoda.control("GET", "clock"))["now"]
    decoda.settled(100)
    decoda.wait(1)
    by_card = first_payment(decoda)
    decoda.settle(300, number=8)
    now = shown(decoda.control("GET", "clock"))["now"]
    for query, total in (
        (f"id={by_card}", 1),
        ("id=unknown", 0),
        (f"patient_id={patient['patient_id']}", 2),
        ("external_patient_id=EXT-8", 1),
        ("payment_mediums=PATIENT_CREDIT", 2),
        ("payment_mediums=PATIENT_CREDIT,VIRTUAL_TERMINAL", 3),
        ("payment_mediums=PATIENT_CREDIT&payment_mediums=VIRTUAL_TERMINAL", 3),
        ("status=SUCCEEDED", 3),
        ("status=FAILED", 0),
        ("status=FAILED,SUCCEEDED", 3),
        ("status=SUCCEEDED&status=FAILED", 3),
        ("status=FAILED&status=PROCESSING", 0),
        ("last4=4242", 1),
        ("amount=300", 1),
        ("amount=100,300", 2),
        ("amount=100&amount=300", 2),
        ("amount=300&amount=1000", 2),
        (f"created_date={now}", 1),
        (f"created_date={started},{started}", 1),
        ("merchant_account_ids=x", 0),
        ("payer_type=ignored", 3),
    ):
        assert decoda.got(f"{TABLE}?{query}")["items"]["total"] == total, query


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 422),
        ("page=x", 422),
        ("per_page=0", 422),
        ("status=LOST", 422),
        ("status=SUCCEEDED&status=LOST", 422),
        ("amount=ten", 422),
        ("created_date=today", 422),
        ("sort_direction=up", 422),
        ("sort_by=colour", 400),
    ],
)
def test_a_wrong_filter_is_refused(decoda: DecodaBench, query: str, status: int) -> None:
    assert decoda.ask("GET", f"{TABLE}?{query}").status == status


def test_a_receipt_has_no_status(decoda: DecodaBench) -> None:
    payment_id = first_payment(decoda)
    receipt = decoda.got(f"/billing/payment/{payment_id}/receipt")
    assert (receipt["amount"], "status" in receipt) == (1_000, False)
    assert decoda.ask("GET", "/billing/payment/unknown/receipt").status == 404


# Refunds


def test_a_card_payment_is_refunded_in_parts_until_nothing_is_left(decoda: DecodaBench) -> None:
    payment_id = first_payment(decoda)
    refund = shown(decoda.refund(payment_id, 400))
    assert (refund["paymentId"], refund["amount"]) == (payment_id, 400)
    assert (refund["status"], refund["reason"], refund["fee"]) == ("PROCESSING", "OTHER", 0)
    decoda.wait(1)
    [row] = decoda.payment(payment_id)["refunds"]
    assert row["status"] == "SUCCEEDED"
    assert decoda.refund(payment_id, 601).status == 400
    assert decoda.refund(payment_id, 600).status == 200
    assert decoda.refund(payment_id, 1).status == 400
    assert decoda.movements() == [
        ("plan_payment", 1_000, "in"),
        ("refund_payment", 400, "out"),
        ("refund_payment", 600, "out"),
    ]
    references = {each["reference"] for each in shown(decoda.control("GET", "ledger"))}
    assert references == {payment_id}


def test_refunded_credit_is_there_again_at_once(decoda: DecodaBench) -> None:
    payment_id = decoda.settled(1_707, 2)["id"]
    assert decoda.left() == [0, 1_793, 150_000]
    assert shown(decoda.refund(payment_id, 1_000))["status"] == "SUCCEEDED"
    assert decoda.left() == [293, 2_500, 150_000]
    assert decoda.charge(2)["status"] == "PAID"
    assert decoda.refund(payment_id, 707).status == 200
    assert decoda.left() == [1_000, 2_500, 150_000]
    assert decoda.charge(2)["status"] == "REFUNDED"
    assert decoda.refund(payment_id, 1).status == 400


def test_the_same_refund_twice_is_two_refunds(decoda: DecodaBench) -> None:
    payment_id = first_payment(decoda)
    first, second = (shown(decoda.refund(payment_id, 100)) for _ in range(2))
    assert first["id"] != second["id"]
    assert decoda.movements()[1:] == [("refund_payment", 100, "out")] * 2


def test_a_wrong_refund_is_refused_and_moves_nothing(decoda: DecodaBench) -> None:
    payment_id = first_payment(decoda)
    for status, amount, change in (
        (400, 0, {}),
        (400, -1, {}),
        (400, 1_001, {}),
        (404, 1, {"paymentId": "unknown"}),
        (422, 1, {"reason": "BORED"}),
        (422, 1, {"providerId": None}),
    ):
        assert decoda.refund(payment_id, amount, **change).status == status, (amount, change)
    assert decoda.movements() == [("plan_payment", 1_000, "in")]


def test_a_tenant_that_trusts_who_refunds_gives_back_more_than_is_left(decoda: DecodaBench) -> None:
    payment_id = first_payment(decoda)
    decoda.tenant(checks_refunds=False)
    assert decoda.refund(payment_id, 600).status == 200
    assert decoda.refund(payment_id, 700).status == 200
    assert decoda.movements()[1:] == [
        ("refund_payment", 600, "out"),
        ("refund_payment", 700, "out"),
    ]
    assert decoda.refund(payment_id, 0).status == 400
    decoda.tenant()
    assert decoda.refund(payment_id, 1).status == 400


def test_only_succeeded_payments_are_refunded(decoda: DecodaBench) -> None:
    payin = decoda.start()
    payment_id = payin["payments"][0]["payment_id"]
    assert decoda.refund(payment_id, 1).status == 400
    decoda.wait(1)
    assert decoda.refund(payment_id, 1).status == 200


def test_magic_payments_stay_processing_or_refuse_or_fail_their_refund(
    decoda: DecodaBench,
) -> None:
    refusing = decoda.settled(409)["id"]
    assert decoda.refund(refusing, 1).status == 400
    failing = first_payment(decoda, 410)
    assert decoda.refund(failing, 410).status == 200
    decoda.wait(1)
    assert decoda.payment(failing)["refunds"][0]["status"] == "FAILED"
    assert decoda.refund(failing, 410).status == 200
    assert [each for each in decoda.movements() if each[2] == "out"] == []


def test_a_magic_payment_stays_processing(decoda: DecodaBench) -> None:
    payment_id = first_payment(decoda, 408)
    decoda.go_days(20)
    assert decoda.payment(payment_id)["status"] == "PROCESSING"


# Bank accounts


@pytest.mark.parametrize(
    ("paid", "still", "settled"),
    [
        # Four bank days: Monday to Friday, Saturday to Thursday, late on Monday to Monday.
        ("2027-01-11T10:00", "2027-01-15T05:59", "2027-01-15T06:01"),
        ("2027-01-16T10:00", "2027-01-21T05:59", "2027-01-21T06:01"),
        ("2027-01-11T21:30", "2027-01-18T05:59", "2027-01-18T06:01"),
    ],
)
def test_a_bank_account_pays_four_bank_days_later(
    decoda: DecodaBench, paid: str, still: str, settled: str
) -> None:
    decoda.go_to(paid)
    payment_id = first_payment(decoda, method="ACH")
    decoda.go_to(still)
    assert (decoda.payment(payment_id)["status"], decoda.movements()) == ("PROCESSING", [])
    assert decoda.charge(1)["outstanding_cents"] == 10_000
    decoda.go_to(settled)
    assert decoda.payment(payment_id)["status"] == "SUCCEEDED"
    assert decoda.movements() == [("plan_payment", 1_000, "in")]
    assert decoda.charge(1)["outstanding_cents"] == 9_000


def test_a_returned_ach_payment_fails_after_it_succeeded_and_its_charge_is_open_again(
    decoda: DecodaBench,
) -> None:
    payment_id = first_payment(decoda, method="ACH")
    decoda.go_days(50)
    second = decoda.payments()[-1]["id"]
    assert (decoda.charge(1)["status"], decoda.plan()["status"]) == ("PAID", "completed")
    for each in (payment_id, second):
        body = {"payment_id": each, "reason": "R10 - Customer Advises Not Authorized"}
        answer = decoda.control("POST", "decoda/ach-returns", body)
        assert answer.status == 200
        assert (shown(answer)["status"], shown(answer)["failedReason"][:3]) == ("FAILED", "R10")
    charge = decoda.charge(1)
    assert (charge["status"], charge["outstanding_cents"]) == ("OUTSTANDING", 10_000)
    assert decoda.movements()[2:] == [("ach_return", 1_000, "out"), ("ach_return", 9_000, "out")]
    [planned] = decoda.plan()["plannedPayments"]
    assert planned["status"] == "FAILED"
    assert decoda.got(f"{TABLE}?status=FAILED")["items"]["total"] == 2


def test_a_charge_stays_in_its_plan_when_one_of_several_payments_is_returned(
    decoda: DecodaBench,
) -> None:
    payin = decoda.start(method="ACH")
    payment_id = payin["payments"][0]["payment_id"]
    decoda.go_days(10)
    decoda.control("POST", "decoda/ach-returns", {"payment_id": payment_id})
    charge = decoda.charge(1)
    assert (charge["status"], charge["outstanding_cents"]) == ("PAYMENT_PLAN", 10_000)
    decoda.go_days(110)
    charge = decoda.charge(1)
    assert (charge["status"], charge["outstanding_cents"]) == ("OUTSTANDING", 1_000)
    assert decoda.got(PLANS)["data"][0]["status"] == "failed"


@pytest.mark.parametrize(("amount", "outcome"), [(412, "approved"), (1_000, "returned")])
def test_a_bank_returns_a_payment_two_days_after_it_succeeded(
    decoda: DecodaBench, amount: int, outcome: str
) -> None:
    decoda.go_to("2027-01-11T10:00")
    config = decoda.prepare(initialAmount=amount, installments=1, installmentAmount=10_000 - amount)
    payin = decoda.complete(config["payinConfigId"], "ACH", outcome)
    payment_id = payin["payments"][0]["payment_id"]
    decoda.go_to("2027-01-16T10:00")
    assert decoda.payment(payment_id)["status"] == "SUCCEEDED"
    decoda.go_to("2027-01-17T10:00")
    assert decoda.payment(payment_id)["status"] == "FAILED"
    assert decoda.movements() == [("plan_payment", amount, "in"), ("ach_return", amount, "out")]


def test_a_bank_may_refuse_instead_of_paying(decoda: DecodaBench) -> None:
    payment_id = first_payment(decoda, 413, "ACH")
    decoda.go_days(10)
    assert decoda.payment(payment_id)["status"] == "FAILED"
    assert decoda.movements() == []
    assert first_payment_by_card_is_ordinary(decoda)


def first_payment_by_card_is_ordinary(decoda: DecodaBench) -> bool:
    payin = decoda.start(2, initialAmount=413, installments=1, installmentAmount=1_294)
    decoda.wait(1)
    payment = decoda.payment(payin["payments"][0]["payment_id"])
    return str(payment["status"]) == "SUCCEEDED"


def test_only_bank_payments_that_succeeded_and_have_no_refund_are_returned(
    decoda: DecodaBench,
) -> None:
    by_card = first_payment(decoda)
    payin = decoda.start(
        2, method="ACH", initialAmount=707, installments=1, installmentAmount=1_000
    )
    by_bank = payin["payments"][0]["payment_id"]
    by_credit = decoda.settled(100)["id"]
    for payment_id in (by_card, by_bank, by_credit, "unknown"):
        answer = decoda.control("POST", "decoda/ach-returns", {"payment_id": payment_id})
        assert answer.status == 400
    decoda.go_days(10)
    assert decoda.refund(by_bank, 1).status == 200
    answer = decoda.control("POST", "decoda/ach-returns", {"payment_id": by_bank})
    assert answer.status == 400


def test_what_is_on_its_way_when_a_plan_is_cancelled_still_comes(decoda: DecodaBench) -> None:
    decoda.go_to("2027-01-11T10:00")
    decoda.start(method="ACH", frequency="WEEKLY")
    decoda.go_to("2027-01-19T10:00")
    charge_id = decoda.charge(1)["charge_id"]
    assert decoda.ask("DELETE", f"/billing/payment-plan/{charge_id}").status == 200
    decoda.go_days(30)
    assert [cents for _, cents, _ in decoda.movements()] == [1_000, 3_000]
    statuses = [each["status"] for each in decoda.plan()["plannedPayments"]]
    assert statuses == ["COMPLETED", "CANCELLED", "CANCELLED"]
    charge = decoda.charge(1)
    assert (charge["status"], charge["outstanding_cents"]) == ("OUTSTANDING", 6_000)
