"""Settling charges with patient credit: what is taken, from which credit, and what is refused."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.bench import shown
from tests.unit.sandbox.decoda_bench import PATIENT, SETTLE, DecodaBench

EXPIRED, EXPIRING, CLOSED, WITHOUT_CREDIT = 17, 18, 19, 20


def test_credit_pays_charges_and_the_answer_is_the_payment(decoda: DecodaBench) -> None:
    payment = decoda.settled(1_707, 2)
    assert {name: payment[name] for name in payment if name not in ("id", "createdDate")} == {
        "amount": 1_707,
        "status": "SUCCEEDED",
        "paymentMedium": "PATIENT_CREDIT",
        "feeToPatient": 0,
        "patientId": decoda.patient()["patient_id"],
        "payinId": None,
        "currency": "USD",
        "payinConfigId": None,
        "paymentMethodId": None,
        "stripePaymentIntentId": None,
        "failedReason": None,
        "updatedDate": payment["createdDate"],
        "fee": 0,
    }
    assert decoda.charge(2)["status"] == "PAID"
    [entry] = shown(decoda.control("GET", "ledger?vendor=decoda"))
    assert (entry["operation"], entry["reference"]) == ("settle_with_credit", payment["id"])
    assert (entry["amount_cents"], entry["direction"]) == (1_707, "in")


def test_the_oldest_credit_is_taken_first(decoda: DecodaBench) -> None:
    assert decoda.left() == [1_000, 2_500, 150_000]
    decoda.settled(1_200)
    assert decoda.left() == [0, 2_300, 150_000]
    decoda.settled(2_400)
    assert decoda.left() == [0, 0, 149_900]


def test_only_the_credits_that_are_named_are_taken(decoda: DecodaBench) -> None:
    second = decoda.patient()["credits"][1]["credit_id"]
    assert decoda.settle(2_500, query=f"&credit_ids={second}").status == 200
    assert decoda.left() == [1_000, 0, 150_000]
    assert decoda.settle(1, query=f"&credit_ids={second}").status == 400
    assert decoda.settle(1, query="&credit_ids=unknown").status == 404


def test_expired_credit_is_not_available_and_not_taken(decoda: DecodaBench) -> None:
    assert decoda.settle(1_500, number=EXPIRED).status == 200
    assert decoda.left(EXPIRED) == [9_900, 0, 2_000, 150_000]
    assert decoda.patient(EXPIRED)["available_credit_cents"] == 152_000
    assert decoda.settle(1_500, number=EXPIRING).status == 200
    assert decoda.left(EXPIRING) == [8_400, 1_000, 2_500, 150_000]


def test_charges_are_paid_in_the_order_of_the_request(decoda: DecodaBench) -> None:
    decoda.settled(5_000, 2, 1)
    assert [decoda.charge(place)["outstanding_cents"] for place in (1, 2)] == [6_707, 0]
    assert [decoda.charge(place)["status"] for place in (1, 2)] == ["OUTSTANDING", "PAID"]


@pytest.mark.parametrize(
    ("amount", "places", "number", "detail"),
    [
        (1_708, (2,), PATIENT, "Amount exceeds the outstanding balance of the charges"),
        (153_501, (0,), PATIENT, "Insufficient patient credit"),
        (1, (0,), WITHOUT_CREDIT, "Insufficient patient credit"),
        (0, (0,), PATIENT, "Amount must be greater than 0"),
        (-5, (0,), PATIENT, "Amount must be greater than 0"),
        (1, (0, 0), PATIENT, "A charge must not be listed twice"),
        (422, (0,), PATIENT, "Patient credit cannot be used"),
    ],
)
def test_what_breaks_a_rule_is_a_400_and_nothing_is_applied(
    decoda: DecodaBench, amount: int, places: tuple[int, ...], number: int, detail: str
) -> None:
    before = decoda.patient(number)
    answer = decoda.settle(amount, *places, number=number)
    assert (answer.status, shown(answer)) == (400, {"detail": detail})
    assert decoda.patient(number) == before
    assert decoda.movements() == []
    assert decoda.payments() == []


def test_only_outstanding_charges_can_be_settled(decoda: DecodaBench) -> None:
    for place in (0, 1):
        answer = decoda.settle(1, place, number=CLOSED)
        assert answer.status == 400
        assert shown(answer)["detail"].endswith("is not outstanding")


def test_charges_are_of_one_known_patient(decoda: DecodaBench) -> None:
    mixed = [*decoda.named(0), *decoda.named(0, number=8)]
    assert decoda.ask("POST", f"{SETTLE}?amount=1", mixed).status == 400
    [charge] = decoda.named(0)
    stranger = {**charge, "patientId": "nobody"}
    assert decoda.ask("POST", f"{SETTLE}?amount=1", [stranger]).status == 404
    not_theirs = {**charge, "patientId": decoda.patient(8)["patient_id"]}
    assert decoda.ask("POST", f"{SETTLE}?amount=1", [not_theirs]).status == 400
    assert decoda.ask("POST", f"{SETTLE}?amount=1", []).status == 400


def test_what_the_vendor_knows_counts_not_what_the_request_says_is_outstanding(
    decoda: DecodaBench,
) -> None:
    [charge] = decoda.named(2)
    too_much = {**charge, "totalOutstanding": 99_999}
    assert decoda.ask("POST", f"{SETTLE}?amount=2000", [too_much]).status == 400
    too_little = {**charge, "totalOutstanding": 1}
    assert decoda.ask("POST", f"{SETTLE}?amount=1707", [too_little]).status == 200


@pytest.mark.parametrize("charge_id", [None, "made-by-the-caller"])
def test_a_charge_that_is_not_known_is_made_and_settled(
    decoda: DecodaBench, charge_id: str | None
) -> None:
    decoda.subscribe("CHARGE_CREATED")
    patient_id = decoda.patient()["patient_id"]
    charge = {"patientId": patient_id, "totalOutstanding": 900, "id": charge_id, "total": 1_000}
    assert decoda.ask("POST", f"{SETTLE}?amount=300", [charge]).status == 200
    decoda.sandbox.run_due_jobs()
    [made] = decoda.told("CHARGE_CREATED")
    assert (made["totalOutstanding"], made["total"]) == (900, 1_000)
    found = decoda.got(f"/billing/charge/get/{made['id']}")
    assert found["totalOutstanding"] == 600
    assert charge_id in (None, found["id"])


def test_a_refused_request_makes_no_charge(decoda: DecodaBench) -> None:
    patient_id = decoda.patient()["patient_id"]
    charge = {"patientId": patient_id, "totalOutstanding": 900, "id": "new"}
    for change in ({}, {"status": "PAID"}, {"totalOutstanding": 0}):
        body = [{**charge, **change}]
        assert decoda.ask("POST", f"{SETTLE}?amount=901", body).status == 400
    assert decoda.ask("GET", "/billing/charge/get/new").status == 404


def test_the_same_request_twice_takes_the_credit_twice(decoda: DecodaBench) -> None:
    first, second = decoda.settled(600), decoda.settled(600)
    assert first["id"] != second["id"]
    assert decoda.movements() == [("settle_with_credit", 600, "in")] * 2


def test_credit_and_charges_can_be_read(decoda: DecodaBench) -> None:
    patient_id = decoda.patient()["patient_id"]
    decoda.settled(1_200)
    available = decoda.got(f"/user/patient/{patient_id}/credit/available")
    assert (available["totalAvailable"], available["count"]) == (152_300, 2)
    assert available["credits"][0]["remainingAmount"] == 2_300
    credits_ = decoda.got(f"/user/patient/{patient_id}/credit?per_page=2&page=2")
    assert [each["amountRemaining"] for each in credits_] == [150_000]
    outstanding = decoda.got(f"/billing/charge/list?patient_id={patient_id}&status=OUTSTANDING")
    assert [each["totalOutstanding"] for each in outstanding] == [248_800, 10_000, 1_707]
    assert len(decoda.got("/billing/charge/list")) == 60
    [payment] = decoda.got(f"/billing/charge/get/{outstanding[0]['id']}")["payments"]
    assert payment["amount"] == 1_200
