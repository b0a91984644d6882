"""Whatever happens at Decoda, its accounts and the truth book tell the same story."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.unit.sandbox.bench import shown
from tests.unit.sandbox.decoda_bench import PAYIN_CONFIG, DecodaBench

PATIENTS = (1, 2)


def book(decoda: DecodaBench) -> Counter[str]:
    sums: Counter[str] = Counter()
    for operation, cents, _ in decoda.movements():
        sums[operation] += cents
    return sums


def owed_and_credit(decoda: DecodaBench) -> tuple[int, int]:
    patients = [decoda.patient(number) for number in PATIENTS]
    owed = sum(charge["outstanding_cents"] for each in patients for charge in each["charges"])
    return owed, sum(credit["left_cents"] for each in patients for credit in each["credits"])


def act(decoda: DecodaBench, chance: random.Random) -> None:
    number, place = chance.choice(PATIENTS), chance.randrange(3)
    what = chance.choice(("settle", "plan", "plan", "cancel", "refund", "return", "wait"))
    owed = decoda.charge(place, number)["outstanding_cents"]
    if what == "settle":
        decoda.settle(chance.randint(1, 3_000), place, number=number)
    elif what == "plan" and owed > 10:
        count, initial = chance.randint(1, 5), chance.choice((0, owed // 3))
        terms = {
            "initialAmount": initial,
            "installments": count,
            "installmentAmount": (owed - initial) // count,
            "frequency": chance.choice(("WEEKLY", "BIWEEKLY", "MONTHLY")),
        }
        answer = decoda.ask("POST", PAYIN_CONFIG, decoda.plan_body(place, number=number, **terms))
        if answer.status == 200:
            method = chance.choice(("CARD", "ACH"))
            outcome = chance.choice(("approved", "approved", "do_not_honor"))
            decoda.complete(shown(answer)["payinConfigId"], method, outcome)
    elif what == "cancel":
        charge_id = decoda.charge(place, number)["charge_id"]
        decoda.ask("DELETE", f"/billing/payment-plan/{charge_id}")
        decoda.go_days(10)  # until what was on its way has come, so that nothing is paid twice
    elif what in ("refund", "return") and decoda.payments():
        payment = chance.choice(decoda.payments())
        if what == "refund":
            decoda.refund(payment["id"], chance.randint(1, payment["amount"]))
        else:
            decoda.control("POST", "decoda/ach-returns", {"payment_id": payment["id"]})
    decoda.go_days(chance.choice((0, 0, 3, 20)))


@pytest.mark.parametrize("seed", range(4))
def test_what_was_paid_and_what_is_owed_agree_with_the_truth_book(
    decoda: DecodaBench, seed: int
) -> None:
    chance = random.Random(seed)
    owed_before, credit_before = owed_and_credit(decoda)
    for _ in range(40):
        act(decoda, chance)
        sums = book(decoda)
        owed, credit = owed_and_credit(decoda)
        paid = sums["settle_with_credit"] + sums["plan_payment"] - sums["ach_return"]
        rows = decoda.payments()
        assert owed_before - owed == paid
        of_credit = [row for row in rows if row["paymentMedium"] == "PATIENT_CREDIT"]
        given_back = sum(refund["amount"] for row in of_credit for refund in row["refunds"])
        assert credit_before - credit == sums["settle_with_credit"] - given_back
        refunded = sum(refund["amount"] for row in rows for refund in row["refunds"])
        assert refunded == sums["refund_payment"]
    assert book(decoda)["plan_payment"] > 0
