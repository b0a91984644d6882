"""Each fault does what its name says, to the requests it was aimed at and to no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.sandbox.bench import Bench, effects_of_faults, issue_body, shown


@pytest.mark.parametrize(("fault", "status", "applied"), effects_of_faults(201, 422))
def test_a_fault_spoils_one_request_and_moves_money_or_not(
    bench: Bench, fault: str, status: int | None, applied: bool
) -> None:
    assert bench.arm(fault).status == 201
    reply = bench.reply("POST", "/payments", issue_body())
    assert (reply.response.status if reply.response else None) == status
    assert len(bench.movements()) == int(applied)
    assert bench.ask("POST", "/payments", issue_body()).status == 201


def test_timeouts_hang_longer_than_a_client_waits(bench: Bench) -> None:
    for fault in ("timeout_before", "timeout_after"):
        bench.arm(fault)
        assert bench.reply("POST", "/payments", issue_body()).after_seconds == 15
    bench.arm("disconnect")
    assert bench.reply("POST", "/payments", issue_body()).after_seconds == 0
    bench.arm("slow")
    assert bench.reply("POST", "/payments", issue_body()).after_seconds == 1


def test_429_says_when_to_come_back(bench: Bench) -> None:
    bench.arm("http_429")
    assert bench.ask("POST", "/payments", issue_body()).headers["Retry-After"] == "1"


def test_a_malformed_answer_cannot_be_read(bench: Bench) -> None:
    bench.arm("malformed")
    with pytest.raises(json.JSONDecodeError):
        shown(bench.ask("POST", "/payments", issue_body()))


def test_a_late_request_is_applied_after_its_delay(bench: Bench) -> None:
    bench.arm("late_apply", delay_seconds=3)
    assert bench.reply("POST", "/payments", issue_body()).response is None
    bench.wait(2.9)
    assert bench.movements() == []
    bench.wait(0.2)
    assert len(bench.movements()) == 1


def test_actions_are_declined_with_a_conflict(bench: Bench) -> None:
    payment_id = bench.issue()["paymentId"]
    bench.wait(10)
    bench.arm("decline", "void_payment")
    declined = bench.ask("POST", f"/payments/{payment_id}/void")
    assert (declined.status, shown(declined)["code"]) == (409, "DECLINED")
    assert bench.details(payment_id)["status"] == "Completed"


def test_a_fault_hits_as_often_as_it_is_armed_and_only_its_operation(bench: Bench) -> None:
    bench.arm("http_500_before", count=2)
    assert bench.ask("GET", "/payments/batch").status == 200
    answers = [bench.ask("POST", "/v1/payments", issue_body()).status for _ in range(3)]
    assert answers == [500, 500, 201]


def test_a_fault_can_be_aimed_at_one_payment(bench: Bench) -> None:
    first, second = (bench.issue()["paymentId"] for _ in range(2))
    bench.arm("http_500_before", "get_payment", match=second)
    bench.arm("http_500_before", match="REF777")
    assert bench.ask("GET", f"/payments/{first}").status == 200
    assert bench.ask("GET", f"/payments/{second}").status == 500
    body = issue_body()
    assert bench.ask("POST", "/payments", body).status == 201
    body["payment"]["paymentDetails"]["issuerReferenceId"] = "REF777"
    assert bench.ask("POST", "/payments", body).status == 500


def test_armed_faults_are_listed_and_cleared(bench: Bench) -> None:
    first = shown(bench.arm("slow", count=3))
    bench.arm("decline")
    bench.control("POST", "faults", {"vendor": "optum", "fault": "refuse", "seconds": 60})
    listed = shown(bench.control("GET", "faults"))
    assert [each["fault"] for each in listed] == ["slow", "decline", "refuse"]
    assert shown(bench.control("DELETE", f"faults?id={first['id']}")) == {"cleared": 1}
    assert shown(bench.control("DELETE", "faults?vendor=optum")) == {"cleared": 2}
    assert shown(bench.control("GET", "faults")) == []


def test_a_refusal_ends_by_itself(bench: Bench) -> None:
    bench.control("POST", "faults", {"vendor": "optum", "fault": "refuse", "seconds": 5})
    assert bench.sandbox.refusal("optum")
    bench.wait(5)
    assert bench.sandbox.refusal("optum") is None


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"vendor": "athenaa"}, "vendor must be one of optum"),
        ({"vendor": "optum", "fault": "explode"}, "fault must be one of disconnect"),
        ({"vendor": "optum", "fault": "slow"}, "operation is required: one of issue_payment"),
        ({"vendor": "optum", "fault": "slow", "operation": "issue_payment", "count": 0}, "count"),
        ({"vendor": "optum", "fault": "slow", "operation": "issue_payment", "x": 1}, "x is not"),
        ({"vendor": "optum", "fault": "decline", "operation": "get_payment"}, "declined"),
        ({"vendor": "optum", "fault": "late_apply", "operation": "issue_payment"}, "delay_seconds"),
        ({"vendor": "optum", "fault": "refuse", "seconds": "10"}, "seconds must be a number"),
        ({"vendor": "optum", "fault": "refuse", "seconds": True}, "seconds must be a number"),
        ([], "the body must be a JSON object"),
    ],
)
def test_a_wrong_control_is_told_which_field_and_what_is_allowed(
    bench: Bench, body: Any, named: str
) -> None:
    answer = bench.control("POST", "faults", body)
    assert answer.status == 400
    assert named in shown(answer)["error"]
