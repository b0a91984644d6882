"""Faults, restarts and secrets at athena: money moves once or not, cards leave no trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.sandbox.messages import Query, Request
from tests.unit.sandbox.athena_bench import CARD, PATIENT, STORED_CARD, VISA, AthenaBench
from tests.unit.sandbox.bench import effects_of_faults, shown

CODE = "987"
CANARY_TRACK = f"%B{VISA}^ABBOTT/ADA^3012101?"


@pytest.mark.parametrize(("fault", "status", "applied"), effects_of_faults(200, 200))
def test_a_fault_spoils_one_collection(
    athena: AthenaBench, fault: str, status: int | None, applied: bool
) -> None:
    assert athena.arm(fault, "collect_payment").status == 201
    fields = {**CARD, "otheramount": "10"}
    reply = athena.send("POST", f"/v1/195900/patients/{PATIENT}/collectpayment", fields)
    assert (reply.response.status if reply.response else None) == status
    assert len(athena.movements()) == len(athena.receipts()) == int(applied)
    assert shown(athena.collect(otheramount="11"))["success"] == "true"


def test_failures_of_the_gateway_are_html_or_text_and_never_json(athena: AthenaBench) -> None:
    for fault, kind in (("http_500_before", "text/html"), ("http_429", "text/plain")):
        athena.arm(fault, "get_patient")
        page = athena.ask("GET", f"patients/{PATIENT}")
        assert page.headers["Content-Type"] == kind
        with pytest.raises(json.JSONDecodeError):
            shown(page)


ACTIONS: dict[str, Callable[[AthenaBench], Any]] = {
    "collect_payment": lambda athena: athena.collect(),
    "store_card": lambda athena: athena.store_card(),
    "start_payment_plan": lambda athena: athena.plan(),
    "record_payment": lambda athena: athena.record(),
    "record_vendor_payment": lambda athena: athena.vendor_payment(),
    "adjust_charges": lambda athena: athena.adjust('[{"chargeid":7011,"adjustmentamount":"1"}]'),
    "void_collected_payment": lambda athena: athena.void(1),
    "refund_vendor_payment": lambda athena: athena.refund(1),
}


@pytest.mark.parametrize("operation", ACTIONS)
def test_every_action_can_be_declined_in_the_vendors_words(
    athena: AthenaBench, operation: str
) -> None:
    athena.arm("decline", operation)
    answer = ACTIONS[operation](athena)
    assert (answer.status, "error" in answer.body.decode()) in ((200, True), (400, True))
    assert answer.status == 400 or shown(answer)["success"] == "false"
    assert athena.movements() == []


def test_a_late_collection_is_applied_after_its_delay_also_across_a_restart(
    athena: AthenaBench,
) -> None:
    athena.arm("late_apply", "collect_payment", delay_seconds=5)
    fields = {**CARD, "otheramount": "10"}
    path = f"/v1/195900/patients/{PATIENT}/collectpayment"
    assert athena.send("POST", path, fields).response is None
    athena.reopen()
    athena.wait(4.9)
    assert athena.movements() == []
    athena.wait(0.2)
    assert athena.movements() == [("collect_payment", 1000, "in")]
    [receipt] = athena.receipts()
    assert receipt["cardnumberlast4digits"] == "1111"


@pytest.mark.parametrize("operation", [name for name in ACTIONS if "void" not in name])
def test_any_late_action_is_applied_once_or_refused_by_then(
    athena: AthenaBench, operation: str
) -> None:
    athena.arm("late_apply", operation, delay_seconds=1)
    with pytest.raises(AssertionError):  # no answer
        ACTIONS[operation](athena)
    athena.wait(1.5)
    assert len(athena.movements()) == int(operation not in ("store_card", "refund_vendor_payment"))


def test_a_late_request_that_is_not_let_in_is_never_applied(athena: AthenaBench) -> None:
    athena.arm("late_apply", "collect_payment", delay_seconds=1)
    fields = {**CARD, "otheramount": "10"}
    path = f"/v1/195900/patients/{PATIENT}/collectpayment"
    athena.send("POST", path, fields, authorization="Bearer wrong")
    assert athena.sandbox.jobs.next() is None
    athena.arm("late_apply", "issue_token", delay_seconds=1)
    athena.send("POST", "/oauth2/v1/token", {})
    athena.wait(1.5)
    assert athena.movements() == []


def test_books_receipts_tokens_and_the_settlement_survive_a_restart(athena: AthenaBench) -> None:
    epayment_id = athena.collected()
    payment_id = shown(athena.vendor_payment())["patientpaymentid"]
    athena.reopen()
    assert len(athena.movements()) == 2
    assert [str(each["epaymentid"]) for each in athena.receipts()] == [str(epayment_id)]
    assert shown(athena.vendor_payment())["patientpaymentid"] == payment_id
    athena.go_to("2026-05-28T20:00:00")
    assert athena.patient()["receipts"][0]["settled"] is True


def test_the_same_seed_gives_the_same_answers() -> None:
    def run() -> list[bytes]:
        athena = AthenaBench()
        athena.practices()
        athena.sign_in()
        answers = [ACTIONS[each](athena).body for each in ACTIONS]
        answers.append(athena.ask("GET", f"patients/{PATIENT}?showbalancedetails=true").body)
        athena.store.close()
        return answers

    assert run() == run()


def test_no_card_number_code_or_track_is_ever_written(athena: AthenaBench) -> None:
    athena.collected(STORED_CARD)
    athena.collected(otheramount="12", accountnumber="", trackdata=CANARY_TRACK)
    athena.store_card()
    athena.plan(cardsecuritycode=CODE, paymentplanname=VISA, cycleamount="9")
    athena.vendor_payment(externalrefid=VISA)
    athena.record(paymentmethod="CHECK", checknumber=VISA)
    athena.adjust(json.dumps([{"chargeid": VISA, "adjustmentamount": "1"}]))
    for operation, act in ACTIONS.items():
        athena.arm("late_apply", operation, delay_seconds=3600)
        with pytest.raises(AssertionError):
            act(athena)
    athena.arm("late_apply", "collect_payment", delay_seconds=3600)
    spaced = "4111 1111 1111 1111"
    fields = {**STORED_CARD, "nameoncard": spaced, "email": CANARY_TRACK, spaced: "1", "x": VISA}
    athena.send("POST", f"/v1/195900/patients/{VISA}/collectpayment", fields)
    assert athena.state
    written = b"".join(file.read_bytes() for file in athena.state.parent.iterdir())
    for secret in (VISA[:12], spaced[:14], "ABBOTT/ADA"):
        assert secret.encode() not in written, secret
    rows = athena.store.read("SELECT body FROM documents UNION SELECT payload FROM jobs")
    assert rows
    assert CODE not in str(rows)


def test_a_kept_call_is_the_request_without_its_secrets(athena: AthenaBench) -> None:
    body = b"accountnumber=" + VISA.encode() + b"&cardsecuritycode=987&otheramount=1"
    path = f"/v1/195900/patients/{PATIENT}/collectpayment"
    headers = {"authorization": f"Bearer {athena.token}"}
    kept = athena.sandbox.vendors["athena"].put_off(Request("POST", path, Query(), headers, body))
    text = json.dumps(kept)
    assert "1111" in text
    assert VISA not in text
    assert "987" not in text
