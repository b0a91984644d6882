"""Payment plans: what is checked, and the down payment that starts one."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.athena_bench import PATIENT, AthenaBench
from tests.unit.sandbox.bench import shown


def listed(athena: AthenaBench, query: str = "") -> list[dict[str, object]]:
    path = f"patients/{PATIENT}/collectpayment/paymentplan?departmentid=1{query}"
    plans: list[dict[str, object]] = shown(athena.ask("GET", path))["paymentplans"]
    return plans


def test_the_down_payment_is_charged_and_pays_the_claims(athena: AthenaBench) -> None:
    answer = shown(athena.plan(frequency="BIWEEKLY", paymentplanname="Braces"))
    assert sorted(answer) == ["epaymentid", "paymentplanid", "success"]
    assert athena.movements() == [("start_payment_plan", 5000, "in")]
    [plan] = listed(athena, "&linkedclaiminfo=true")
    assert str(plan["paymentplanid"]) == str(answer["paymentplanid"])
    assert (plan["frequency"], plan["startdate"]) == ("BIWEEKLY", "05/29/2026")
    assert (plan["downpaymentamount"], plan["totalamount"]) == ("50", "1167.77")
    assert plan["outstandingamount"] == "1117.77"
    assert plan["claims"]
    assert athena.claim(701)["charges"][0]["outstanding_cents"] == 95_000
    assert athena.receipts()[0]["type"] == "PURCHASE"
    assert shown(athena.void(int(answer["epaymentid"]))) == {"success": "true"}


def test_without_a_down_payment_statements_need_no_card(athena: AthenaBench) -> None:
    bare = {"departmentid": "1", "claimids": "701,703", "cycleamount": "25"}
    path = f"patients/{PATIENT}/collectpayment/paymentplan"
    answer = shown(athena.ask("POST", path, bare))
    assert sorted(answer) == ["paymentplanid", "success"]
    assert athena.movements() == []
    assert len(listed(athena, f"&paymentplanids={answer['paymentplanid']}")) == 1
    assert listed(athena, "&paymentplanids=1") == []
    missing = athena.ask("POST", path, {**bare, "billingmethod": "CREDITCARD"})
    assert "accountnumber" in shown(missing)["missingfields"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"claimids": ""}, "claimids"),
        ({"claimids": "[801]"}, "claimids"),
        ({"claimids": "x"}, "claimids"),
        ({"cycleamount": ""}, "cycleamount"),
        ({"cycleamount": "0"}, "cycleamount"),
        ({"cycleamount": "1117.78"}, "cycleamount"),
        ({"downpaymentamount": "1167.77"}, "downpaymentamount"),
        ({"frequency": "DAILY"}, "frequency"),
        ({"billingmethod": "CASH"}, "billingmethod"),
        ({"startdate": "05/27/2026"}, "startdate"),
        ({"startdate": "tomorrow"}, "startdate"),
        ({"percentage": "101"}, "percentage"),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused(
    athena: AthenaBench, change: dict[str, str], named: str
) -> None:
    answer = athena.plan(**change)
    assert (answer.status, named in answer.body.decode()) == (400, True)
    assert athena.movements() == []
    assert listed(athena) == []


@pytest.mark.parametrize(
    "change", [{"accountnumber": "4000000000000002"}, {"downpaymentamount": "4.02"}]
)
def test_a_declined_down_payment_starts_no_plan(
    athena: AthenaBench, change: dict[str, str]
) -> None:
    answer = athena.plan(**change)
    assert (answer.status, shown(answer)["success"]) == (200, "false")
    assert athena.movements() == []
    assert listed(athena) == []
    assert shown(athena.plan())["success"] == "true"


def test_a_claim_is_in_one_plan_and_only_while_something_is_outstanding(
    athena: AthenaBench,
) -> None:
    athena.plan()
    assert athena.plan().status == 400
    athena.collected(otheramount="", claimpayment='[{"703":"17.50"}]')
    assert athena.plan(claimids="703").status == 400
    assert len(listed(athena)) == 1
