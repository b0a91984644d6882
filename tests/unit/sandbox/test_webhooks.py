"""Webhooks: what they say, how they are signed, retried, given up, kept back and sent again."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from tests.unit.sandbox.bench import Bench, shown

LOADING, GENERATING, DONE = (
    "payment_loading_requested",
    "payment_loading_completed",
    "payment_completed",
)


def missed(bench: Bench, subscription_id: str) -> list[dict[str, Any]]:
    path = f"/v1/event-api/subscriptions/{subscription_id}/missed-events"
    listed: list[dict[str, Any]] = shown(bench.ask("GET", path))["missedEvents"]
    return listed


def subscription_status(bench: Bench) -> str:
    path = "/api/event-api/v1/subscriptions"
    return str(shown(bench.ask("GET", path))["subscriptions"][0]["status"])


def test_each_status_is_told_to_those_who_asked_for_it(bench: Bench) -> None:
    bench.subscribe()
    bench.issue()
    bench.wait(10)
    assert bench.receiver.types == [LOADING, GENERATING, DONE]


def test_an_event_has_the_documented_envelope(bench: Bench) -> None:
    bench.subscribe()
    payment = bench.issue()
    bench.wait(0.6)
    envelope = json.loads(bench.receiver.posts[0].body)
    assert envelope["id"] == payment["paymentId"]
    assert envelope["causationId"] not in (payment["paymentId"], payment["batchId"])
    assert (envelope["specVersion"], envelope["dataContentType"]) == ("1.0", "application/json")
    assert envelope["data"]["status"] == "Loading"
    assert envelope["data"]["batchId"] == payment["batchId"]
    assert envelope["data"]["paymentNetwork"]["id"]["paymentId"] == payment["paymentId"]
    assert b'"amount":100.00' in bench.receiver.posts[0].body
    assert envelope["time"].endswith("Z")


def test_a_batch_is_told_of_under_its_own_id(bench: Bench) -> None:
    bench.subscribe(eventNames=["batch_created"])
    payment = bench.issue()
    bench.wait(0.1)
    envelope = json.loads(bench.receiver.posts[0].body)
    assert (envelope["type"], envelope["id"]) == ("batch_created", payment["batchId"])


def test_the_signature_is_over_the_raw_body_with_the_present_key(bench: Bench) -> None:
    subscription_id = bench.subscribe("first-key")
    change = {
        "url": "http://127.0.0.1:1/webhooks",
        "eventNames": [LOADING],
        "auth": {"apiKey": {"key": "second-key"}},
    }
    path = f"/api/event-api/v1/subscriptions/{subscription_id}"
    assert bench.ask("PUT", path, change).status == 200
    bench.issue()
    bench.wait(0.6)
    post = bench.receiver.posts[0]
    expected = hmac.new(b"second-key", post.body, hashlib.sha256).hexdigest()
    assert post.headers["X-Optum-Webhook-Callback-Hmac-Signature"] == expected


def test_a_failed_delivery_is_tried_three_times_more_and_then_missed(bench: Bench) -> None:
    subscription_id = bench.subscribe(eventNames=[LOADING])
    bench.receiver.status = 503
    payment = bench.issue()
    bench.wait(10)
    assert len(bench.receiver.posts) == 4
    assert len({post.body for post in bench.receiver.posts}) == 1
    [event] = missed(bench, subscription_id)
    assert (event["eventName"], event["subscriptionId"]) == (LOADING, subscription_id)
    payload = json.loads(event["eventPayload"])
    assert payload["id"] == payment["paymentId"]
    assert payload["causationId"] == event["id"]
    assert "503" in event["failurePayload"]


def test_a_receiver_that_comes_back_in_time_misses_nothing(bench: Bench) -> None:
    subscription_id = bench.subscribe(eventNames=[LOADING])
    bench.receiver.status = None
    bench.issue()
    bench.wait(1)
    bench.receiver.status = 204
    bench.wait(5)
    assert missed(bench, subscription_id) == []


def test_an_acknowledged_event_leaves_the_missed_list(bench: Bench) -> None:
    subscription_id = bench.subscribe(eventNames=[LOADING])
    bench.receiver.status = 500
    bench.issue()
    bench.wait(10)
    [event] = missed(bench, subscription_id)
    path = f"/api/event-api/v1/subscriptions/{subscription_id}/missed-events/{event['id']}"
    assert bench.ask("POST", f"{path}/acknowledge").status == 204
    assert missed(bench, subscription_id) == []
    assert bench.ask("POST", f"{path}/acknowledge").status == 404


def test_after_three_missed_events_nothing_is_delivered_until_it_is_reopened(bench: Bench) -> None:
    subscription_id = bench.subscribe()
    bench.receiver.status = 500
    bench.issue()
    bench.wait(20)
    assert subscription_status(bench) == "Suspended"
    bench.receiver.status = 204
    bench.receiver.posts.clear()
    bench.issue()
    bench.wait(20)
    assert bench.receiver.posts == []
    assert len(missed(bench, subscription_id)) == 6
    path = f"/api/event-api/v1/subscriptions/{subscription_id}/reopen"
    assert bench.ask("POST", path).status == 200
    assert subscription_status(bench) == "Active"
    bench.issue()
    bench.wait(20)
    assert bench.receiver.types == [LOADING, GENERATING, DONE]
    assert len(missed(bench, subscription_id)) == 6


def test_a_subscription_is_its_tenants_own(bench: Bench) -> None:
    bench.tenant(tenant="tenant-2", key="key-2")
    subscription_id = bench.subscribe()
    other = {"api-key": "key-2", "x-optum-tenant-id": "tenant-2"}
    path = f"/api/event-api/v1/subscriptions/{subscription_id}"
    assert bench.ask("POST", f"{path}/reopen", **other).status == 404
    assert bench.ask("GET", f"{path}/missed-events", **other).status == 404


def test_a_subscription_needs_a_url_known_events_and_a_key(bench: Bench) -> None:
    good: dict[str, Any] = {
        "url": "http://127.0.0.1:1/",
        "eventNames": [LOADING],
        "auth": {"apiKey": {"key": "k"}},
    }
    for change, named in (
        ({"url": "ftp://x"}, "url"),
        ({"eventNames": ["payment_lost"]}, "eventNames"),
        ({"auth": {}}, "auth.apiKey.key"),
    ):
        refused = bench.ask("POST", "/api/event-api/v1/subscriptions", {**good, **change})
        assert refused.status == 400
        assert named in shown(refused)["detail"]


def test_held_webhooks_wait_and_come_in_the_order_that_is_asked_for(bench: Bench) -> None:
    bench.subscribe()
    bench.events("hold", reference="REF001")
    payment = bench.issue()
    bench.wait(10)
    assert bench.receiver.posts == []
    bench.events("resume", reference="REF001", order="reverse")
    assert bench.receiver.types == [DONE, GENERATING, LOADING]
    bench.events("reverse", reference=payment["paymentId"])
    bench.issue()
    bench.wait(10)
    assert bench.receiver.types[6:] == [LOADING, GENERATING, DONE]


def test_a_hold_on_one_reference_leaves_the_others_alone(bench: Bench) -> None:
    bench.subscribe()
    bench.events("hold", reference="SOMEONE-ELSE")
    bench.issue()
    bench.wait(10)
    assert len(bench.receiver.posts) == 3


def test_held_webhooks_that_cannot_be_delivered_on_resume_are_tried_again(bench: Bench) -> None:
    bench.subscribe(eventNames=[LOADING])
    bench.events("hold")
    bench.issue()
    bench.wait(10)
    bench.receiver.status = 500
    bench.events("resume")
    bench.receiver.status = 204
    bench.wait(2)
    [event] = shown(bench.control("GET", "events?vendor=optum&reference=REF001"))[1:2]
    assert event["deliveries"][0]["state"] == "delivered"


def test_one_event_can_be_sent_many_times(bench: Bench) -> None:
    bench.subscribe()
    payment = bench.issue()
    bench.wait(10)
    listed = shown(bench.control("GET", f"events?vendor=optum&reference={payment['paymentId']}"))
    event_id = next(each["event_id"] for each in listed if each["type"] == GENERATING)
    bench.receiver.posts.clear()
    answer = shown(bench.events("resend", event_ids=[event_id], times=10))
    assert bench.receiver.types == [GENERATING] * 10
    assert [each["status"] for each in answer["sent"]] == [204] * 10


def test_all_events_of_a_payment_can_be_sent_again_later(bench: Bench) -> None:
    bench.subscribe()
    bench.issue()
    bench.wait(10)
    bench.receiver.posts.clear()
    bench.events("resend_all", reference="REF001", order="reverse", after_seconds=5)
    bench.wait(4)
    assert bench.receiver.posts == []
    bench.wait(2)
    assert bench.receiver.types == [DONE, GENERATING, LOADING]


def test_wrong_event_controls_are_told_what_is_allowed(bench: Bench) -> None:
    for answer, named in (
        (bench.events("shout"), "action must be one of hold, resume, resend, resend_all, reverse"),
        (bench.events("resend", event_ids=["x"]), "event_ids must be known events; x is not"),
        (bench.events("resend_all", reference="x"), "reference must be one that has events"),
        (bench.events("resume", order="up"), "order must be one of created, reverse"),
    ):
        assert answer.status == 400
        assert named in shown(answer)["error"]
