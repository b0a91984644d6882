"""Decoda's webhooks: registration, order, content in both styles, signature, retries."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.unit.sandbox.bench import shown
from tests.unit.sandbox.decoda_bench import DecodaBench

CREATED, PROCESSING = "PAYMENT_CREATED", "RAINFOREST_PAYIN_PROCESSING"
SUCCEEDED, ON_CHARGE = "PAYMENT_SUCCEEDED", "CHARGE_PAYMENT_CREATED"
FAILED, PAYIN_FAILED = "PAYMENT_FAILED", "RAINFOREST_PAYIN_FAILED"
PLANNED, PLANNED_FAILED = "PLANNED_PAYMENT_SUCCEEDED", "PLANNED_PAYMENT_FAILED"


def types(decoda: DecodaBench) -> list[str]:
    """What came since the last look, in its order."""
    decoda.wait(1)
    found = decoda.receiver.types
    decoda.receiver.posts.clear()
    return found


def attempts(decoda: DecodaBench, webhook: dict[str, Any], query: str = "") -> dict[str, Any]:
    path = f"/webhook/decoda/{webhook['id']}/delivery-attempts/list?{query}"
    found: dict[str, Any] = decoda.got(path)
    return found


def test_a_webhook_is_registered_and_its_secret_shown_once(decoda: DecodaBench) -> None:
    webhook = decoda.subscribe(CREATED)
    assert (webhook["subscriptions"], webhook["isArchived"]) == ([CREATED], False)
    secret = webhook.pop("secret")
    assert len(secret) == 32
    assert decoda.got("/webhook/decoda/list") == [webhook]
    assert decoda.got(f"/webhook/decoda/get/{webhook['id']}") == webhook


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"subscriptions": ["PAYMENT_LOST"]}, 422),
        ({"subscriptions": ["PAYMENT_COMPLETED"]}, 422),
        ({"subscriptions": None}, 422),
        ({"subscriptions": []}, 400),
        ({"url": "ftp://x"}, 422),
        ({"url": 7}, 422),
    ],
)
def test_a_wrong_webhook_is_refused(
    decoda: DecodaBench, change: dict[str, Any], status: int
) -> None:
    good = {"subscriptions": [CREATED], "url": "http://127.0.0.1:1/"}
    assert decoda.ask("POST", "/webhook/decoda/create", {**good, **change}).status == status


def test_a_webhook_is_changed_and_archived_at_once(decoda: DecodaBench) -> None:
    webhook = decoda.subscribe(CREATED)
    path = f"/webhook/decoda/update/{webhook['id']}"
    body = {"subscriptions": [SUCCEEDED], "url": "http://127.0.0.1:1/other"}
    assert decoda.ask("PUT", path, body).status == 200
    decoda.settled(100)
    assert (types(decoda), decoda.ask("PUT", path, {}).status) == ([SUCCEEDED], 422)
    assert decoda.ask("DELETE", f"/webhook/decoda/delete/{webhook['id']}").body == b"true"
    decoda.settled(100)
    assert types(decoda) == []
    assert decoda.got("/webhook/decoda/list") == []
    assert len(decoda.got("/webhook/decoda/list?include_archived=true")) == 1


def test_a_webhook_outlives_a_rotated_key_and_a_reset(decoda: DecodaBench) -> None:
    decoda.subscribe(SUCCEEDED)
    decoda.control("POST", "reset")
    decoda.tenant(key="new-key")
    decoda.tenant(key="decoda-key-1")
    decoda.settled(100)
    assert types(decoda) == [SUCCEEDED]


def test_each_kind_of_money_is_told_in_its_order(decoda: DecodaBench) -> None:
    decoda.subscribe()
    decoda.settled(500)
    assert types(decoda) == [CREATED, SUCCEEDED, ON_CHARGE]
    payin = decoda.start()
    decoda.sandbox.run_due_jobs()
    assert decoda.receiver.types == [CREATED, PROCESSING]
    assert types(decoda) == [CREATED, PROCESSING, SUCCEEDED, ON_CHARGE]
    decoda.go_days(32)
    assert types(decoda) == [CREATED, PROCESSING, SUCCEEDED, ON_CHARGE, PLANNED]
    decoda.refund(payin["payments"][0]["payment_id"], 100)
    assert types(decoda) == ["REFUND_CREATED", "REFUND_SUCCEEDED"]


def test_refusals_are_told_in_their_order(decoda: DecodaBench) -> None:
    decoda.subscribe()
    config = decoda.prepare(2, initialAmount=501, installments=3, installmentAmount=402)
    assert types(decoda) == []
    decoda.complete(config["payinConfigId"], outcome="do_not_honor")
    assert types(decoda) == [CREATED, PAYIN_FAILED, FAILED]
    decoda.complete(config["payinConfigId"])
    types(decoda)
    decoda.go_days(32)
    assert types(decoda) == [CREATED, PAYIN_FAILED, FAILED, PLANNED_FAILED]
    refused = decoda.start(1, initialAmount=410, installments=1, installmentAmount=9_590)
    types(decoda)
    decoda.refund(refused["payments"][0]["payment_id"], 1)
    assert types(decoda) == ["REFUND_CREATED", "REFUND_FAILED"]


def test_an_ach_return_is_a_payment_that_fails_after_it_succeeded(decoda: DecodaBench) -> None:
    decoda.subscribe()
    payin = decoda.start(method="ACH")
    payment_id = payin["payments"][0]["payment_id"]
    assert types(decoda) == [CREATED, PROCESSING]
    decoda.go_days(10)
    assert types(decoda) == [SUCCEEDED, ON_CHARGE]
    decoda.control("POST", "decoda/ach-returns", {"payment_id": payment_id})
    decoda.sandbox.run_due_jobs()
    [data] = decoda.told(FAILED)
    assert (data["id"], data["status"]) == (payment_id, "FAILED")
    assert data["failedReason"] == "R01 - Insufficient Funds"
    assert types(decoda) == [FAILED]


def test_a_plan_without_a_first_payment_begins_without_a_webhook(decoda: DecodaBench) -> None:
    decoda.subscribe()
    decoda.start(initialAmount=0, installmentAmount=3_333)
    assert types(decoda) == []


def test_a_webhook_has_the_documented_envelope_and_data(decoda: DecodaBench) -> None:
    decoda.subscribe()
    config = decoda.prepare()
    payin = decoda.complete(config["payinConfigId"])
    decoda.go_days(32)
    decoda.wait(1)
    envelopes = [json.loads(post.body) for post in decoda.receiver.posts]
    assert all(
        sorted(each) == ["alertId", "createdDate", "data", "id", "type"] for each in envelopes
    )
    assert len({each["id"] for each in envelopes}) == len(envelopes) == 9
    payment_id = payin["payments"][0]["payment_id"]
    first = decoda.told(SUCCEEDED)[0]
    assert (first["id"], first["payinConfigId"]) == (payment_id, config["payinConfigId"])
    assert (first["amount"], first["status"], "charges" in first) == (1_000, "SUCCEEDED", False)
    [part] = decoda.told(ON_CHARGE)[0]["charges"]
    assert (part["paymentId"], part["amount"]) == (payment_id, 1_000)
    assert part["chargeId"] == decoda.charge(1)["charge_id"]
    of_processor = decoda.told(PROCESSING)[0]
    assert of_processor["payinConfigId"] == config["payinConfigId"]
    assert (of_processor["payinId"], of_processor["billingType"]) == (first["payinId"], "NET")
    assert of_processor["metadata"]["charges"] == [{"id": part["chargeId"]}]
    [planned] = decoda.told(PLANNED)
    assert (planned["amount"], planned["status"]) == (3_000, "COMPLETED")
    assert planned["paymentPlanId"] == payin["plan_id"]


def test_the_guides_style_has_its_own_names_fields_and_fewer_events(decoda: DecodaBench) -> None:
    decoda.tenant(event_style="guide")
    decoda.subscribe("PAYMENT_CREATED", "PAYMENT_COMPLETED", "PAYMENT_FAILED", "REFUND_CREATED")
    payin = decoda.start()
    decoda.wait(1)
    payment_id = payin["payments"][0]["payment_id"]
    decoda.refund(payment_id, 100)
    decoda.go_days(32)
    decoda.wait(1)
    assert decoda.receiver.types == [
        "PAYMENT_CREATED",
        "PAYMENT_COMPLETED",
        "REFUND_CREATED",
        "PAYMENT_CREATED",
        "PAYMENT_COMPLETED",
    ]
    data = decoda.told("PAYMENT_COMPLETED")[0]
    assert (data["id"], data["amount_cents"], data["status"]) == (payment_id, 1_000, "completed")
    assert data["charge_id"] == decoda.charge(1)["charge_id"]
    assert data["completed_date"] > data["created_date"]
    assert decoda.told("REFUND_CREATED")[0]["amount_cents"] == 100


def test_the_guides_failures_have_a_reason_and_a_message(decoda: DecodaBench) -> None:
    decoda.subscribe(SUCCEEDED, FAILED)
    decoda.tenant(event_style="guide")  # also for who registered before
    config = decoda.prepare()
    decoda.complete(config["payinConfigId"], outcome="insufficient_funds")
    decoda.complete(config["payinConfigId"])
    decoda.wait(1)
    assert decoda.receiver.types == ["PAYMENT_FAILED", "PAYMENT_COMPLETED"]
    [data] = decoda.told(FAILED)
    assert (data["status"], data["failure_reason"]) == ("failed", "insufficient_funds")
    assert data["failure_message"] == "INSUFFICIENT_FUNDS"


def test_the_signature_is_the_hex_hmac_of_the_raw_body(decoda: DecodaBench) -> None:
    webhook = decoda.subscribe(SUCCEEDED)
    decoda.settled(100)
    decoda.wait(0.1)
    [post] = decoda.receiver.posts
    expected = hmac.new(webhook["secret"].encode(), post.body, hashlib.sha256).hexdigest()
    assert post.headers["Decoda-Signature"] == expected
    assert post.body != json.dumps(json.loads(post.body)).encode()


def test_a_failed_delivery_is_tried_again_by_the_documented_schedule(decoda: DecodaBench) -> None:
    webhook = decoda.subscribe(SUCCEEDED)
    decoda.receiver.status = 503
    decoda.settled(100)
    counts = []
    for seconds in (0, 1, 5, 15, 60, 300, 900, 3_600):
        decoda.clock.advance(seconds * 1000)
        decoda.sandbox.run_due_jobs()
        counts.append(len(decoda.receiver.posts))
    assert counts == [1, 2, 3, 4, 5, 6, 7, 7]
    assert len({post.body for post in decoda.receiver.posts}) == 1
    [attempt] = attempts(decoda, webhook, "is_delivered=false")["data"]
    assert (attempt["type"], attempt["lastDeliveryAttemptStatus"]) == (SUCCEEDED, 503)


def test_deliveries_can_be_listed_looked_at_and_sent_again(decoda: DecodaBench) -> None:
    webhook = decoda.subscribe()
    decoda.settled(100)
    assert len(types(decoda)) == 3
    assert attempts(decoda, webhook, "limit=1&offset=1")["total"] == 3
    [attempt] = attempts(decoda, webhook, f"event_type={SUCCEEDED}")["data"]
    assert (attempt["isDelivered"], attempt["data"]["amount"]) == (True, 100)
    path = f"/webhook/decoda/events/{attempt['id']}"
    assert decoda.got(path) == attempt
    assert decoda.got(f"{path}/send") is True
    assert types(decoda) == [SUCCEEDED]
    assert decoda.ask("GET", "/webhook/decoda/events/unknown").status == 404


def test_events_are_found_by_payin_config_charge_and_plan(decoda: DecodaBench) -> None:
    config = decoda.prepare()
    payin = decoda.complete(config["payinConfigId"])
    decoda.go_days(32)
    for reference in (config["payinConfigId"], payin["charge_ids"][0], payin["plan_id"]):
        listed = shown(decoda.control("GET", f"events?vendor=decoda&reference={reference}"))
        assert {CREATED, SUCCEEDED, PLANNED} <= {each["type"] for each in listed}
