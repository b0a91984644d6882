"""Polling Medfusion: what patients paid, from a moment on, in pages, sometimes twice."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.bench import shown
from tests.unit.sandbox.medfusion_bench import (
    BILLS,
    NAMESPACE,
    OTHER_PRACTICE,
    PAY_NOW,
    PRACTICE,
    SWIPED,
    MedfusionBench,
    elements,
    texts,
)


def test_a_bill_that_was_paid_is_polled_with_all_its_parts_in_order(
    medfusion: MedfusionBench,
) -> None:
    payment_id = medfusion.pay(10_000, card_last4="0042", comments="Copay & <more>")
    answer = medfusion.poll()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/xml")
    assert f'<ns2:Payments xmlns:ns2="{NAMESPACE}">'.encode() in answer.body
    assert texts(answer, "PracticeId") == [PRACTICE]
    [payment] = elements(answer, "Payment")
    assert payment.attrib == {"id": payment_id}
    found = [(each.tag, each.text or "") for each in payment.iter() if not len(each)]
    assert [each for each in found if each[0] != "ConfirmationNumber"] == [
        ("PatientAccountNumber", "100234"),
        ("PaymentType", "BillPayment"),
        ("PaymentStatus", "SUBMITTED"),
        ("AmountPaid", "100.00"),
        ("CCType", "Visa"),
        ("CCLast4Digits", "0042"),
        ("PaymentComments", "Copay & <more>"),
    ]
    assert [each.tag for each in payment] == [
        "PatientAccountNumber",
        "PaymentType",
        "PaymentStatus",
        "PaymentInformation",
    ]


def test_what_a_patient_pays_is_money_in_under_the_payments_id(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay(2500)
    medfusion.pay(700, payment_type="VCS Payment")
    medfusion.pay(800, payment_type="Pay Now Payment")
    assert medfusion.movements() == [
        ("portal_payment", 2500, "in"),
        ("card_swiper_payment", 700, "in"),
        ("pay_now_payment", 800, "in"),
    ]
    ledger = medfusion.control("GET", f"ledger?vendor=medfusion&reference={payment_id}")
    assert len(shown(ledger)) == 1


def test_each_kind_of_payment_is_polled_on_its_own(medfusion: MedfusionBench) -> None:
    bill = medfusion.pay()
    swiped = medfusion.pay(payment_type="VCS Payment")
    paid_now = medfusion.pay(payment_type="Pay Now Payment")
    assert medfusion.polled(BILLS) == [bill]
    assert medfusion.polled(SWIPED) == [swiped]
    assert medfusion.polled(PAY_NOW) == [paid_now]
    assert texts(medfusion.poll(SWIPED), "PaymentType") == ["VCS Payment"]
    assert texts(medfusion.poll(SWIPED), "PatientAccountNumber") == []


@pytest.mark.parametrize("query", ["", "?paymentType=", "?paymentType=vcspayment"])
def test_other_payments_are_polled_by_a_known_type_only(
    medfusion: MedfusionBench, query: str
) -> None:
    assert medfusion.ask("GET", f"payments{query}").status == 400


def test_a_practice_sees_its_own_payments_only(medfusion: MedfusionBench) -> None:
    medfusion.other_member()
    medfusion.pay(practice_id=OTHER_PRACTICE)
    assert medfusion.poll().status == 204


def test_the_last_timestamp_picks_up_what_came_later_and_nothing_twice(
    medfusion: MedfusionBench,
) -> None:
    nothing = medfusion.poll()
    assert (nothing.status, nothing.body) == (204, b"")
    since = nothing.headers["Last-Timestamp"]
    first = medfusion.pay()
    second = medfusion.pay()
    answer = medfusion.poll(since=since)
    assert [each.attrib["id"] for each in elements(answer, "Payment")] == [first, second]
    since = answer.headers["Last-Timestamp"]
    again = medfusion.poll(since=since)
    assert (again.status, again.headers["Last-Timestamp"]) == (204, since)
    third = medfusion.pay()
    assert medfusion.polled(since=since) == [third]


def test_without_since_everything_is_polled_from_the_first_also_what_is_posted(
    medfusion: MedfusionBench,
) -> None:
    payment_id = medfusion.pay()
    medfusion.posted(payment_id)
    medfusion.wait(3)
    answer = medfusion.poll()
    assert texts(answer, "PaymentStatus") == ["POSTED"]


def test_pages_of_max_bring_every_payment_once_in_order(medfusion: MedfusionBench) -> None:
    paid = [medfusion.pay(100 * number) for number in range(1, 6)]
    found, since = [], "0"
    for _ in range(3):
        answer = medfusion.poll(since=since, max=2)
        found.append([each.attrib["id"] for each in elements(answer, "Payment")])
        since = answer.headers["Last-Timestamp"]
    assert found == [paid[:2], paid[2:4], paid[4:]]
    assert medfusion.poll(since=since, max=2).status == 204


def test_a_page_has_a_hundred_payments_unless_max_says_otherwise(
    medfusion: MedfusionBench,
) -> None:
    for _ in range(101):
        medfusion.pay()
    assert len(medfusion.polled()) == 100
    assert len(medfusion.polled(max=1000)) == 101


@pytest.mark.parametrize("since", ["", "yesterday", "-1", "1.5", "1" * 16, "%D9%A1"])
def test_a_malformed_since_is_refused(medfusion: MedfusionBench, since: str) -> None:
    assert medfusion.ask("GET", f"securePayments?since={since}").status == 400


@pytest.mark.parametrize("most", ["", "0", "-1", "ten"])
def test_a_malformed_max_is_refused(medfusion: MedfusionBench, most: str) -> None:
    assert medfusion.ask("GET", f"securePayments?max={most}").status == 400


def test_a_practice_with_an_overlap_polls_the_last_payments_again(
    medfusion: MedfusionBench,
) -> None:
    medfusion.manners(overlap_seconds=10)
    first = medfusion.pay()
    medfusion.wait(9)
    second = medfusion.pay()
    since = medfusion.poll().headers["Last-Timestamp"]
    assert medfusion.polled(since=since) == [first, second]
    medfusion.wait(5)
    third = medfusion.pay()
    answer = medfusion.poll(since=since)
    assert [each.attrib["id"] for each in elements(answer, "Payment")] == [first, second, third]
    assert medfusion.polled(since=answer.headers["Last-Timestamp"]) == [second, third]


def test_an_overlap_never_takes_the_place_of_what_is_new(medfusion: MedfusionBench) -> None:
    medfusion.manners(overlap_seconds=60)
    paid = [medfusion.pay() for _ in range(4)]
    found, since = [], "0"
    for _ in range(3):
        answer = medfusion.poll(since=since, max=2)
        found.append([each.attrib["id"] for each in elements(answer, "Payment")])
        since = answer.headers["Last-Timestamp"]
    assert found == [paid[:2], paid[2:], paid[2:]]


def test_a_payment_of_a_magic_amount_is_polled_again_for_a_minute(
    medfusion: MedfusionBench,
) -> None:
    repeated = medfusion.pay(411)
    since = medfusion.poll().headers["Last-Timestamp"]
    medfusion.pay()
    assert len(medfusion.polled(since=since)) == 2
    medfusion.wait(60)
    later = medfusion.pay()
    since = medfusion.poll().headers["Last-Timestamp"]
    assert repeated not in medfusion.polled(since=since)
    assert medfusion.polled(since=int(since) - 1) == [repeated, later]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"amount_cents": 0}, "amount_cents must be a whole number from 1"),
        ({"amount_cents": 1.5}, "amount_cents must be a whole number from 1"),
        ({"practice_id": OTHER_PRACTICE}, "practice_id must be one of"),
        ({"payment_type": "VCS"}, "payment_type must be one of BillPayment, VCS Payment"),
        ({"card_last4": "42"}, "card_last4 must be four digits"),
        ({"amount": 5}, "amount is not known"),
    ],
)
def test_wrong_payments_are_refused(
    medfusion: MedfusionBench, change: dict[str, object], named: str
) -> None:
    body = {"practice_id": PRACTICE, "amount_cents": 2500, **change}
    answer = medfusion.control("POST", "medfusion/payments", body)
    assert answer.status == 400
    assert named in shown(answer)["error"]
    assert medfusion.movements() == []
