"""Faults at Decoda: each moves money once or not at all, and survives a restart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.sandbox.messages import Query, Request
from tests.unit.sandbox.bench import effects_of_faults, shown
from tests.unit.sandbox.decoda_bench import (
    KEY,
    PAYIN_CONFIG,
    PLANS,
    SETTLE,
    TABLE,
    TENANT,
    DecodaBench,
)

VISA = "4111111111111111"


@pytest.mark.parametrize(("fault", "status", "applied"), effects_of_faults(200, 400))
def test_a_fault_spoils_one_settlement(
    decoda: DecodaBench, fault: str, status: int | None, applied: bool
) -> None:
    assert decoda.arm(fault, "settle_with_credit").status == 201
    reply = decoda.reply("POST", f"{SETTLE}?amount=500", decoda.named(0))
    assert (reply.response.status if reply.response else None) == status
    assert len(decoda.movements()) == len(decoda.payments()) == int(applied)
    assert decoda.settle(500).status == 200


@pytest.mark.parametrize(("fault", "status", "applied"), effects_of_faults(200, 400))
def test_a_fault_spoils_one_refund(
    decoda: DecodaBench, fault: str, status: int | None, applied: bool
) -> None:
    payment_id = decoda.settled(500)["id"]
    decoda.arm(fault, "refund_payment")
    body = {"paymentId": payment_id, "providerId": "p", "amount": 200, "reason": "DUPLICATE"}
    reply = decoda.reply("POST", "/billing/payment/refund", body)
    assert (reply.response.status if reply.response else None) == status
    assert len(decoda.movements()) == 1 + int(applied)


@pytest.mark.parametrize(("fault", "status", "applied"), effects_of_faults(200, 400))
def test_a_fault_spoils_one_preparation_and_never_moves_money(
    decoda: DecodaBench, fault: str, status: int | None, applied: bool
) -> None:
    decoda.arm(fault, "create_payin_config")
    reply = decoda.reply("POST", PAYIN_CONFIG, decoda.plan_body())
    assert (reply.response.status if reply.response else None) == status
    assert len(shown(decoda.control("GET", "decoda/payins"))) == int(applied)
    assert decoda.movements() == []


@pytest.mark.parametrize(("fault", "status", "applied"), effects_of_faults(200, 402))
def test_a_fault_spoils_one_submitted_form(
    decoda: DecodaBench, fault: str, status: int | None, applied: bool
) -> None:
    config = decoda.prepare()
    decoda.arm(fault, "complete_payin")
    reply = decoda.submit_reply(config["sessionKey"], "CARD", "approved")
    assert (reply.response.status if reply.response else None) == status
    assert len(decoda.movements()) == int(applied)


@pytest.mark.parametrize(("fault", "status", "applied"), effects_of_faults(200, 400))
def test_a_fault_spoils_one_cancellation(
    decoda: DecodaBench, fault: str, status: int | None, applied: bool
) -> None:
    decoda.start()
    decoda.arm(fault, "cancel_payment_plan")
    charge_id = decoda.charge(1)["charge_id"]
    reply = decoda.reply("DELETE", f"/billing/payment-plan/{charge_id}")
    assert (reply.response.status if reply.response else None) == status
    assert (decoda.plan()["status"] == "cancelled") is applied


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("list_payment_table", TABLE),
        ("get_payment", f"{TABLE}?id=x"),
        ("list_planned_payments", PLANS),
        ("list_charges", "/billing/charge/list"),
        ("list_webhooks", "/webhook/decoda/list"),
    ],
)
def test_reads_fail_by_their_own_names(decoda: DecodaBench, operation: str, path: str) -> None:
    decoda.arm("http_500_before", operation)
    assert [decoda.ask("GET", path).status for _ in range(2)] == [500, 200]


def test_one_payment_and_the_whole_table_are_spoiled_apart(decoda: DecodaBench) -> None:
    decoda.arm("http_500_before", "get_payment")
    assert decoda.ask("GET", TABLE).status == 200
    assert decoda.ask("GET", f"{TABLE}?id=x").status == 500


def test_failures_of_the_gateway_look_like_the_vendors(decoda: DecodaBench) -> None:
    decoda.arm("http_500_before", "list_charges")
    page = decoda.ask("GET", "/billing/charge/list")
    assert (page.headers["Content-Type"], page.body) == ("text/plain", b"Internal Server Error")
    decoda.arm("http_429", "list_charges")
    limited = decoda.ask("GET", "/billing/charge/list")
    assert (limited.status, shown(limited)) == (429, {"detail": "Rate limit exceeded"})


def test_reads_cannot_be_declined_and_unknown_operations_not_spoiled(decoda: DecodaBench) -> None:
    assert decoda.arm("decline", "list_charges").status == 400
    assert decoda.arm("disconnect", "collect_payment").status == 400


def test_a_late_settlement_is_applied_after_its_delay(decoda: DecodaBench) -> None:
    decoda.arm("late_apply", "settle_with_credit", delay_seconds=30)
    reply = decoda.reply("POST", f"{SETTLE}?amount=500", decoda.named(0))
    assert (reply.response, reply.after_seconds) == (None, 15)
    decoda.wait(29)
    assert decoda.movements() == []
    decoda.wait(2)
    assert decoda.movements() == [("settle_with_credit", 500, "in")]


def test_a_late_form_begins_its_plan_late(decoda: DecodaBench) -> None:
    config = decoda.prepare()
    decoda.arm("late_apply", "complete_payin", delay_seconds=5)
    decoda.submit_reply(config["sessionKey"], "CARD", "approved")
    assert decoda.movements() == []
    decoda.wait(6)
    assert decoda.movements() == [("plan_payment", 1_000, "in")]


def test_what_is_refused_at_the_door_is_not_applied_late(decoda: DecodaBench) -> None:
    decoda.arm("late_apply", "settle_with_credit", delay_seconds=1)
    decoda.reply("POST", f"{SETTLE}?amount=500", decoda.named(0), tenant="nobody")
    decoda.arm("late_apply", "settle_with_credit", delay_seconds=1)
    decoda.reply("POST", f"{SETTLE}?amount=999999999", decoda.named(0))
    decoda.wait(3)
    assert decoda.movements() == []


def test_a_kept_request_has_no_key_and_no_card_number(decoda: DecodaBench) -> None:
    headers = {"api-key": KEY, "tenant": TENANT}
    body = json.dumps([{"comment": VISA}]).encode()
    request = Request("POST", SETTLE, Query.parse("amount=1"), headers, body)
    with decoda.store.transaction():
        kept = json.dumps(decoda.sandbox.vendors["decoda"].put_off(request))
    assert "1111" in kept
    assert VISA not in kept
    assert KEY not in kept


def test_a_card_number_in_free_text_is_not_written_down(decoda: DecodaBench) -> None:
    charge: dict[str, Any] = {
        "patientId": decoda.patient()["patient_id"],
        "totalOutstanding": 100,
        "description": VISA,
        "externalId": VISA,
        "comment": VISA,
        "meta": {"card": VISA},
    }
    assert decoda.ask("POST", f"{SETTLE}?amount=100", [charge]).status == 200
    rows = decoda.store.read("SELECT body FROM documents UNION SELECT payload FROM jobs")
    assert VISA not in str(rows)


def test_plans_and_payments_survive_a_restart(tmp_path: Path) -> None:
    decoda = DecodaBench(tmp_path / "sandbox.sqlite3")
    decoda.tenant()
    decoda.start()
    decoda.settled(100)
    decoda.reopen()
    decoda.go_days(120)
    assert decoda.charge(1)["status"] == "PAID"
    assert len(decoda.movements()) == 5
    decoda.store.close()


def test_the_same_seed_gives_the_same_webhooks() -> None:
    def run() -> list[bytes]:
        decoda = DecodaBench()
        decoda.tenant()
        decoda.subscribe()
        decoda.start()
        decoda.settled(100)
        decoda.go_days(40)
        bodies = [post.body for post in decoda.receiver.posts]
        decoda.store.close()
        return bodies

    assert run() == run() != []
