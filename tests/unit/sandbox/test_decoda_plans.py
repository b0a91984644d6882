"""Payment plans: prepared, begun in the component, charged when due, cancelled, reported."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from local.sandbox.decoda import due_dates
from tests.unit.sandbox.bench import request_of, shown
from tests.unit.sandbox.decoda_bench import PAYIN_CONFIG, PLANS, DecodaBench

IN_PLAN, OPEN, PAID = "PAYMENT_PLAN", "OUTSTANDING", "PAID"


def test_preparing_a_payin_moves_no_money_and_changes_no_charge(decoda: DecodaBench) -> None:
    before = decoda.patient()
    config = decoda.prepare()
    assert sorted(config) == ["payinConfigId", "paymentMethods", "sandbox", "sessionKey"]
    assert (config["sandbox"], config["paymentMethods"]) == (True, [])
    assert decoda.patient() == before
    assert (decoda.movements(), decoda.payments()) == ([], [])
    [payin] = shown(decoda.control("GET", "decoda/payins"))
    assert (payin["session_key"], payin["status"]) == (config["sessionKey"], "open")


def test_two_equal_requests_prepare_two_payins_but_only_one_can_begin(decoda: DecodaBench) -> None:
    first, second = decoda.prepare(), decoda.prepare()
    assert first["payinConfigId"] != second["payinConfigId"]
    decoda.complete(first["payinConfigId"])
    body = {"payin_config_id": second["payinConfigId"]}
    answer = decoda.control("POST", "decoda/payins", body)
    assert answer.status == 400
    assert "is not outstanding" in shown(answer)["error"]
    assert decoda.movements() == [("plan_payment", 1000, "in")]


@pytest.mark.parametrize(
    ("plan", "detail"),
    [
        ({"installmentAmount": 2_998}, "The payment plan does not come to the outstanding 10000"),
        ({"installmentAmount": 3_003}, "The payment plan does not come to the outstanding 10000"),
        ({"initialAmount": 10_000}, "The payment plan does not come to the outstanding 10000"),
        ({"initialAmount": -1}, "Amounts of a payment plan must be positive"),
        ({"installmentAmount": 0}, "Amounts of a payment plan must be positive"),
        ({"installments": 0}, "A payment plan must have 1 to 600 installments"),
        ({"installments": 601}, "A payment plan must have 1 to 600 installments"),
        ({"startDate": "2027-01-01"}, "A start date is only allowed for $0 down payment plans"),
        ({"chargeIds": ["another"]}, "The payment plan must name the charges of the payin"),
        (
            {"initialAmount": 0, "installmentAmount": 3_333, "startDate": "2026-01-01"},
            "The start date must not be in the past",
        ),
    ],
)
def test_a_plan_that_breaks_a_rule_is_a_400(
    decoda: DecodaBench, plan: dict[str, Any], detail: str
) -> None:
    answer = decoda.ask("POST", PAYIN_CONFIG, decoda.plan_body(**plan))
    assert (answer.status, shown(answer)) == (400, {"detail": detail})


def test_a_payin_needs_a_plan_a_processor_and_charges_that_exist(decoda: DecodaBench) -> None:
    good = decoda.plan_body()
    unknown = {**good["charges"][0], "id": "unknown"}
    strange_plan = {**good["paymentPlan"], "chargeIds": ["unknown"]}
    for change, status in (
        ({"paymentPlan": None}, 400),
        ({"paymentMedium": "CASH"}, 400),
        ({"paymentMedium": "BARTER"}, 422),
        ({"charges": []}, 400),
        ({"charges": [{**good["charges"][0], "patientId": "nobody"}]}, 400),
        ({"charges": [unknown], "paymentPlan": strange_plan}, 404),
        ({"paymentPlan": {**good["paymentPlan"], "frequency": "DAILY"}}, 422),
        ({"paymentPlan": {**good["paymentPlan"], "startDate": "soon"}}, 422),
    ):
        assert decoda.ask("POST", PAYIN_CONFIG, {**good, **change}).status == status, change


@pytest.mark.parametrize(
    ("initial", "count", "each", "amounts"),
    [
        (1_000, 3, 3_000, [3_000, 3_000, 3_000]),
        (0, 3, 3_333, [3_333, 3_333, 3_334]),
        (0, 3, 3_334, [3_334, 3_334, 3_332]),
        (1_000, 7, 1_286, [1_286] * 6 + [1_284]),
        (9_999, 1, 1, [1]),
        (0, 1, 10_000, [10_000]),
    ],
)
def test_the_last_installment_takes_what_is_left(
    decoda: DecodaBench, initial: int, count: int, each: int, amounts: list[int]
) -> None:
    decoda.start(initialAmount=initial, installments=count, installmentAmount=each)
    planned = decoda.plan()["plannedPayments"]
    assert [payment["amount"] for payment in planned] == amounts
    assert initial + sum(amounts) == 10_000


@pytest.mark.parametrize(
    ("first", "frequency", "days"),
    [
        ("2027-01-29", "MONTHLY", ["2027-01-29", "2027-02-28", "2027-03-29"]),
        ("2027-01-30", "MONTHLY", ["2027-01-30", "2027-02-28", "2027-03-30"]),
        ("2027-01-31", "MONTHLY", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2028-01-31", "MONTHLY", ["2028-01-31", "2028-02-29", "2028-03-31"]),
        ("2028-02-29", "MONTHLY", ["2028-02-29", "2028-03-29"]),
        ("2027-11-30", "MONTHLY", ["2027-11-30", "2027-12-30", "2028-01-30", "2028-02-29"]),
        ("2028-02-22", "WEEKLY", ["2028-02-22", "2028-02-29", "2028-03-07"]),
        ("2027-12-24", "BIWEEKLY", ["2027-12-24", "2028-01-07"]),
    ],
)
def test_due_dates_keep_their_day_or_take_the_last_of_the_month(
    first: str, frequency: str, days: list[str]
) -> None:
    dates = due_dates.due_dates(date.fromisoformat(first), frequency, len(days))
    assert [day.isoformat() for day in dates] == days


def test_after_a_first_payment_the_next_is_a_period_later(decoda: DecodaBench) -> None:
    decoda.go_to("2027-01-31T10:00")
    decoda.start()
    days = [each["paymentDate"] for each in decoda.plan()["plannedPayments"]]
    assert days == ["2027-02-28", "2027-03-31", "2027-04-30"]


def test_without_a_first_payment_a_start_date_is_the_first_due_date(decoda: DecodaBench) -> None:
    decoda.go_to("2027-01-10T10:00")
    decoda.start(initialAmount=0, installmentAmount=3_333, startDate="2027-01-31")
    days = [each["paymentDate"] for each in decoda.plan()["plannedPayments"]]
    assert days == ["2027-01-31", "2027-02-28", "2027-03-31"]
    assert decoda.movements() == []
    assert decoda.charge(1)["status"] == IN_PLAN


def test_the_day_is_that_of_new_york(decoda: DecodaBench) -> None:
    decoda.go_to("2027-01-31T23:30")
    decoda.start(frequency="WEEKLY")
    assert decoda.plan()["plannedPayments"][0]["paymentDate"] == "2027-02-07"


def test_the_first_payment_is_taken_at_once_and_the_rest_when_due(decoda: DecodaBench) -> None:
    decoda.go_to("2027-01-15T10:00")
    decoda.start()
    assert decoda.movements() == [("plan_payment", 1000, "in")]
    assert (decoda.charge(1)["status"], decoda.charge(1)["outstanding_cents"]) == (IN_PLAN, 9_000)
    decoda.go_to("2027-02-15T05:59")
    assert len(decoda.movements()) == 1
    decoda.go_to("2027-02-15T06:01")
    assert decoda.charge(1)["outstanding_cents"] == 6_000
    row = decoda.plan()
    assert (row["installmentsCompleted"], row["installmentsTotal"]) == (1, 3)
    assert (row["status"], row["nextPaymentDate"]) == ("active", "2027-03-15")
    decoda.go_to("2027-05-01T00:00")
    assert decoda.charge(1)["status"] == PAID
    row = decoda.plan()
    assert (row["status"], row["nextPaymentDate"]) == ("completed", None)
    assert {each["status"] for each in row["plannedPayments"]} == {"COMPLETED"}
    assert [cents for _, cents, _ in decoda.movements()] == [1_000, 3_000, 3_000, 3_000]
    assert [row["paymentMedium"] for row in decoda.payments()] == ["VIRTUAL_TERMINAL"] + [
        "PAYMENT_PLAN"
    ] * 3


def test_a_year_passes_in_one_step_as_it_would_in_many(decoda: DecodaBench) -> None:
    decoda.go_to("2027-01-31T10:00")
    decoda.start(0, initialAmount=10_000, installments=12, installmentAmount=20_000)
    decoda.go_to("2028-03-01T00:00")
    moments = [row["createdDate"][:10] for row in decoda.payments()]
    assert moments[:4] == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    assert (len(moments), decoda.charge(0)["status"]) == (13, PAID)


def test_a_plan_of_several_charges_pays_them_in_order(decoda: DecodaBench) -> None:
    decoda.start(2, 1, initialAmount=2_000, installments=2, installmentAmount=4_853)
    assert [decoda.charge(place)["outstanding_cents"] for place in (2, 1)] == [0, 9_707]
    assert [decoda.charge(place)["status"] for place in (2, 1)] == [PAID, IN_PLAN]
    decoda.go_days(70)
    assert [decoda.charge(place)["status"] for place in (2, 1)] == [PAID, PAID]


def test_planned_amounts_are_numbers_with_a_fraction(decoda: DecodaBench) -> None:
    decoda.start()
    assert b'"amount":3000.0,' in decoda.ask("GET", PLANS).body


def test_a_declined_first_payment_begins_no_plan_and_may_be_tried_again(
    decoda: DecodaBench,
) -> None:
    config = decoda.prepare()
    declined = decoda.complete(config["payinConfigId"], outcome="insufficient_funds")
    assert (declined["status"], declined["payments"][0]["status"]) == ("open", "FAILED")
    assert (decoda.movements(), decoda.got(PLANS)["total"]) == ([], 0)
    assert decoda.charge(1)["status"] == OPEN
    approved = decoda.complete(config["payinConfigId"], "APPLE_PAY")
    assert (approved["status"], len(approved["payments"])) == ("completed", 2)
    assert decoda.movements() == [("plan_payment", 1000, "in")]


def test_a_magic_first_payment_is_declined_by_every_method(decoda: DecodaBench) -> None:
    config = decoda.prepare(2, initialAmount=402, installments=1, installmentAmount=1_305)
    for method in ("CARD", "ACH", "APPLE_PAY"):
        payin = decoda.complete(config["payinConfigId"], method)
        assert payin["payments"][-1]["status"] == "FAILED"
    assert decoda.movements() == []


def test_a_declined_installment_is_not_tried_again_and_the_plan_goes_on(
    decoda: DecodaBench,
) -> None:
    decoda.start(2, initialAmount=501, installments=3, installmentAmount=402)
    decoda.go_days(40)
    [first, *_] = decoda.plan()["plannedPayments"]
    assert (first["status"], decoda.plan()["status"]) == ("FAILED", "active")
    decoda.go_days(60)
    assert decoda.plan()["status"] == "failed"
    assert decoda.movements() == [("plan_payment", 501, "in")]
    assert (decoda.charge(2)["status"], decoda.charge(2)["outstanding_cents"]) == (OPEN, 1_206)


def test_cancelling_stops_what_is_planned_and_the_charge_is_outstanding(
    decoda: DecodaBench,
) -> None:
    decoda.start()
    decoda.go_days(33)
    charge_id = decoda.charge(1)["charge_id"]
    answer = decoda.ask("DELETE", f"/billing/payment-plan/{charge_id}")
    assert (answer.status, answer.body) == (200, b"true")
    assert (decoda.charge(1)["status"], decoda.charge(1)["outstanding_cents"]) == (OPEN, 6_000)
    row = decoda.plan()
    assert row["status"] == "cancelled"
    statuses = [each["status"] for each in row["plannedPayments"]]
    assert statuses == ["COMPLETED", "CANCELLED", "CANCELLED"]
    decoda.go_days(100)
    assert len(decoda.movements()) == 2
    assert decoda.ask("DELETE", f"/billing/payment-plan/{charge_id}").status == 400
    assert decoda.ask("DELETE", "/billing/payment-plan/unknown").status == 404


def test_any_charge_of_a_plan_cancels_all_of_it(decoda: DecodaBench) -> None:
    decoda.start(2, 1, initialAmount=2_000, installments=2, installmentAmount=4_853)
    paid = decoda.charge(2)["charge_id"]
    assert decoda.ask("DELETE", f"/billing/payment-plan/{paid}").status == 200
    assert [decoda.charge(place)["status"] for place in (2, 1)] == [PAID, OPEN]
    assert decoda.start(1, initialAmount=707)["status"] == "completed"


def test_a_charge_in_a_plan_cannot_be_settled_or_planned_again(decoda: DecodaBench) -> None:
    decoda.start()
    assert decoda.settle(1, 1).status == 400
    body = decoda.plan_body(installmentAmount=2_667)
    assert decoda.ask("POST", PAYIN_CONFIG, body).status == 400


def test_a_plan_whose_charge_was_paid_meanwhile_cannot_begin(decoda: DecodaBench) -> None:
    config = decoda.prepare()
    decoda.settled(4_000, 1)
    answer = decoda.submit(config["sessionKey"])
    assert answer.status == 400
    assert b"does not come to the outstanding 6000" in answer.body
    assert decoda.movements() == [("settle_with_credit", 4_000, "in")]


def test_the_report_is_filtered_by_status_and_day(decoda: DecodaBench) -> None:
    decoda.go_to("2027-01-15T10:00")
    decoda.start()
    decoda.start(2, initialAmount=0, installments=1, installmentAmount=1_707)
    for query, total in (
        ("group_by=frequency&statuses=active", 2),
        ("statuses=completed", 0),
        ("statuses=completed,active", 2),
        ("start_date=2027-01-15&end_date=2027-01-15", 2),
        ("start_date=2027-01-16", 0),
        ("end_date=2027-01-14", 0),
    ):
        assert decoda.got(f"{PLANS}?{query}")["total"] == total, query
    for query in ("group_by=colour", "statuses=lost", "start_date=soon"):
        assert decoda.ask("GET", f"{PLANS}?{query}").status == 422, query


def test_a_method_is_listed_when_the_patient_saved_it(decoda: DecodaBench) -> None:
    patient_id = decoda.patient()["patient_id"]
    decoda.start(2, initialAmount=707, installments=1, installmentAmount=1_000)
    assert decoda.got(f"/billing/payment/methods?patient_id={patient_id}") == []
    body = {**decoda.plan_body(), "savePaymentMethod": True}
    config = shown(decoda.ask("POST", PAYIN_CONFIG, body))
    decoda.complete(config["payinConfigId"], "ACH")
    [method] = decoda.got(f"/billing/payment/methods?patient_id={patient_id}")
    assert (method["type"], method["accountNumberLast4"]) == ("ACH", 6789)
    [known] = decoda.prepare(0, initialAmount=0, installments=1, installmentAmount=250_000)[
        "paymentMethods"
    ]
    assert known == method
    assert decoda.ask("GET", "/billing/payment/methods").status == 422


# The page


def page(decoda: DecodaBench, session_key: str) -> tuple[int, str]:
    request = request_of("GET", f"/component?sessionKey={session_key}", {}, b"")
    response = decoda.sandbox.handle("decoda", request).response
    assert response is not None
    assert response.headers["Content-Type"].startswith("text/html")
    return response.status, response.body.decode()


def test_the_page_shows_the_plan_and_a_form_without_a_key(decoda: DecodaBench) -> None:
    decoda.go_to("2027-01-31T10:00")
    config = decoda.prepare()
    status, html = page(decoda, config["sessionKey"])
    assert status == 200
    for text in ("2027-02-28", "$30.00", "Pay $10.00 now", "Apple Pay", "insufficient_funds"):
        assert text in html
    assert f'name="sessionKey" value="{config["sessionKey"]}"' in html
    assert '<form method="post" action="/component">' in html


def test_a_plan_without_a_first_payment_has_nothing_to_pay_now_or_to_return(
    decoda: DecodaBench,
) -> None:
    config = decoda.prepare(initialAmount=0, installmentAmount=3_333)
    html = page(decoda, config["sessionKey"])[1]
    assert ("Begin the payment plan" in html, "Now</td>" in html) == (True, False)
    assert decoda.submit(config["sessionKey"], "ACH", "returned").status == 400
    assert decoda.submit(config["sessionKey"], outcome="do_not_honor").status == 402
    assert decoda.charge(1)["status"] == OPEN
    assert decoda.submit(config["sessionKey"], "ACH").status == 200
    assert (decoda.charge(1)["status"], decoda.payments()) == (IN_PLAN, [])


def test_the_form_begins_the_plan_once(decoda: DecodaBench) -> None:
    config = decoda.prepare()
    answer = decoda.submit(config["sessionKey"])
    assert (answer.status, b"Payment approved" in answer.body) == (200, True)
    assert decoda.submit(config["sessionKey"]).status == 409
    assert decoda.movements() == [("plan_payment", 1000, "in")]
    assert "<form" not in page(decoda, config["sessionKey"])[1]


def test_a_declined_form_says_so_and_the_session_stays_open(decoda: DecodaBench) -> None:
    config = decoda.prepare()
    answer = decoda.submit(config["sessionKey"], outcome="expired_card")
    assert (answer.status, b"EXPIRED_CARD" in answer.body) == (402, True)
    assert decoda.submit(config["sessionKey"]).status == 200


def test_unknown_sessions_and_wrong_forms_are_refused_with_a_page(decoda: DecodaBench) -> None:
    config = decoda.prepare()
    assert page(decoda, "sess_<script>")[0] == 404
    assert "<script>" not in page(decoda, "sess_<script>")[1]
    assert decoda.submit("unknown").status == 404
    assert decoda.submit(config["sessionKey"], method="CASH").status == 400
    assert decoda.submit(config["sessionKey"], outcome="maybe").status == 400
    assert decoda.submit(config["sessionKey"], outcome="returned").status == 400
    assert decoda.movements() == []
