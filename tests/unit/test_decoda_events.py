"""Decoda's webhooks: what proves that one is real, and what of the hub each one is about."""

import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payhub.domain.answers import VendorEvent
from payhub.vendors.decoda import wire
from payhub.vendors.decoda.events import SUBSCRIPTIONS, Events, read_delivery_attempt
from tests.support.fakes import NOON_MS, TENANT

KEY, OLD_KEY = "current-secret", "previous-secret"
SECRET = {"api_key": "k", "webhook_secret": KEY, "webhook_secret_previous": OLD_KEY}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def signature(body: bytes, key: str = KEY) -> str:
    """As the vendor signs."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def verified(body: bytes, given_signature: str | None, secret: dict[str, str] = SECRET) -> bool:
    """Whether the event is believed."""
    headers = {} if given_signature is None else {"decoda-signature": given_signature}
    return Events().verify(TENANT, headers, body, secret)


def parsed(kind: str, data: object, **envelope: Any) -> VendorEvent:
    """The event in the hub's terms."""
    event = {"id": "evt-1", "type": kind, "data": data, "createdDate": "2026-11-21T12:00:00Z"}
    return Events().parse(json.dumps({**event, **envelope}).encode())


# Proof

BODY = '{"id":"evt-1","type":"PAYMENT_CREATED","data":{"amount":1.50,"name":"Zoë"}}'.encode()


def compact(value: object) -> bytes:
    """JSON as other languages write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


@given(st.binary())
def test_any_bytes_that_the_vendor_signed_are_believed(body: bytes) -> None:
    assert verified(body, signature(body))


@settings(deadline=None)
@given(JSON)
def test_so_is_json_that_was_signed_as_python_writes_it(value: object) -> None:
    sent = compact(value)
    assert verified(sent, signature(json.dumps(json.loads(sent)).encode()))


@settings(deadline=None)
@given(JSON, JSON)
def test_a_signature_of_anything_else_is_not_believed(signed: object, sent: object) -> None:
    if json.dumps(signed) != json.dumps(sent):
        assert not verified(compact(sent), signature(compact(signed)))
        assert not verified(compact(sent), signature(json.dumps(signed).encode()))


@pytest.mark.parametrize("write", [lambda text: text, str.upper, lambda text: f" {text}\r\n"])
def test_case_and_space_around_the_signature_do_not_matter(write: Callable[[str], str]) -> None:
    assert verified(BODY, write(signature(BODY)))


def test_the_previous_secret_is_good_for_a_while() -> None:
    assert verified(BODY, signature(BODY, OLD_KEY))
    assert not verified(BODY, signature(BODY, OLD_KEY), {"webhook_secret": KEY})
    assert not verified(BODY, signature(BODY, "another"))


@pytest.mark.parametrize("secret", [{}, {"api_key": "k"}, {"webhook_secret": ""}])
def test_before_there_is_a_secret_nothing_is_believed(secret: dict[str, str]) -> None:
    for given_signature in (None, "", signature(BODY), signature(BODY, "")):
        assert not verified(BODY, given_signature, secret)


@pytest.mark.parametrize("given_signature", [None, "", "0", "é", signature(BODY)[:-1], KEY])
def test_what_is_no_signature_is_not_believed(given_signature: str | None) -> None:
    assert not verified(BODY, given_signature)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5000])
def test_a_body_that_is_no_json_is_compared_as_it_is(body: bytes) -> None:
    assert verified(body, signature(body)) and not verified(body, signature(body + b" "))


def test_a_proven_body_in_another_encoding_proves_nothing() -> None:
    body = json.dumps({"id": "evt-1"}).encode()
    assert not verified(body.decode().encode("utf-16"), signature(body))


def test_every_secret_is_compared_with_every_form_of_the_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[bytes] = []

    def compare(ours: bytes, given_signature: bytes) -> bool:
        compared.append(ours)
        return ours == given_signature

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for given_signature in (signature(BODY), "wrong"):
        compared.clear()
        verified(BODY, given_signature)
        assert len(compared) == 4


# Payments

PAYMENT_WORDS = ["PAYMENT_CREATED", "PAYMENT_SUCCEEDED", "PAYMENT_COMPLETED", "PAYMENT_FAILED"]


@pytest.mark.parametrize("kind", PAYMENT_WORDS)
def test_a_payments_event_names_it_and_what_it_belongs_to(kind: str) -> None:
    data = {"id": "pay-1", "payinConfigId": "pc-1", "status": "SUCCEEDED", "amount": 1}
    assert parsed(kind, data) == VendorEvent(
        event_id="evt-1",
        kind="PAYMENT_SUCCEEDED" if kind == "PAYMENT_COMPLETED" else kind,
        reference="payment/pay-1",
        status=None,
        occurred_at_ms=NOON_MS,
        within=("payin/pc-1",),
    )


@pytest.mark.parametrize("kind", PAYMENT_WORDS)
def test_it_does_so_in_the_guides_fields_too(kind: str) -> None:
    event = parsed(kind, {"id": "pay-1", "charge_id": "c-1", "status": "completed"})
    assert (event.reference, event.within) == ("payment/pay-1", ("plan-charge/c-1",))
    assert event.status is None and not event.optional


@pytest.mark.parametrize("style", ["chargeId", "charge_id"])
def test_a_payments_charges_are_named_each_once_and_in_order(style: str) -> None:
    charges = [{style: "c-2"}, {style: "c-1"}, {style: "c-2"}, {style: 7}, None, {}]
    data = {"id": "pay-1", "payinConfigId": "pc-1", "charges": charges}
    event = parsed("CHARGE_PAYMENT_CREATED", data)
    assert event.reference == "payment/pay-1"
    assert event.within == ("payin/pc-1", "plan-charge/c-2", "plan-charge/c-1")


def test_what_joins_a_charge_and_a_payment_is_not_taken_for_the_payment() -> None:
    data = {"id": "join-1", "paymentId": "pay-1", "chargeId": "c-1"}
    event = parsed("CHARGE_PAYMENT_CREATED", data)
    assert (event.reference, event.within) == ("payment/pay-1", ("plan-charge/c-1",))


@pytest.mark.parametrize(
    "data",
    [
        {"failedReason": "R01 of 4111111111111111"},
        {"failure_message": "R01 of 4111111111111111", "failure_reason": "r01"},
        {"failedReason": None, "failure_reason": "R01 of\n4111111111111111"},
    ],
)
def test_why_a_payment_failed_is_told_scrubbed(data: dict[str, str]) -> None:
    assert parsed("PAYMENT_FAILED", {"id": "p", **data}).detail == "R01 of [number]"


@pytest.mark.parametrize("reason", [None, "", " ", 7])
def test_no_reason_is_none(reason: object) -> None:
    assert parsed("PAYMENT_FAILED", {"id": "p", "failedReason": reason}).detail is None


@pytest.mark.parametrize("name", ["paymentId", "payment_id"])
@pytest.mark.parametrize("kind", ["REFUND_CREATED", "REFUND_SUCCEEDED", "REFUND_FAILED"])
def test_a_refunds_event_names_its_payment(kind: str, name: str) -> None:
    event = parsed(kind, {"id": "ref-1", name: "pay-1", "charge_id": "c-1"})
    assert (event.reference, event.within) == ("payment/pay-1", ())


# What a payment belongs to


@pytest.mark.parametrize("kind", ["PLANNED_PAYMENT_SUCCEEDED", "PLANNED_PAYMENT_FAILED"])
def test_a_planned_payment_names_its_plan(kind: str) -> None:
    event = parsed(kind, {"id": "pl-1", "paymentPlanId": "plan-1", "amount": 3000.0})
    assert (event.reference, event.within, event.optional) == (None, ("plan/plan-1",), False)


PAYIN_WORDS = [
    "RAINFOREST_PAYIN_PROCESSING",
    "RAINFOREST_PAYIN_FAILED",
    "RAINFOREST_POS_PAYIN_CANCELLED",
]


@pytest.mark.parametrize("kind", PAYIN_WORDS)
def test_a_payin_names_its_configuration_and_its_charges(kind: str) -> None:
    metadata = {
        "charges": [{"id": "c-1"}, {"id": "c-2"}],
        "paymentPlan": {"chargeIds": ["c-2", "c-3", 4]},
    }
    event = parsed(kind, {"payinConfigId": "pc-1", "payinId": "pi", "metadata": metadata})
    assert event.reference is None and not event.optional
    assert event.within == (
        "payin/pc-1",
        "plan-charge/c-1",
        "plan-charge/c-2",
        "plan-charge/c-3",
    )


@pytest.mark.parametrize("metadata", [None, [], {"charges": None, "paymentPlan": None}])
def test_a_payin_without_charges_names_its_configuration(metadata: object) -> None:
    event = parsed(PAYIN_WORDS[0], {"payinConfigId": "pc-1", "metadata": metadata})
    assert event.within == ("payin/pc-1",)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("CHARGE_CREATED", {"id": "c-1", "patientId": "p"}),
        ("CHARGE_UPDATED", {"id": "c-1"}),
        ("ADJUSTMENT_CREATED", {"id": "adj-1", "chargeId": "c-1"}),
        ("ADJUSTMENT_SUCCEEDED", {"id": "adj-1", "charge_id": "c-1"}),
    ],
)
def test_what_happens_to_a_charge_may_concern_nobody(kind: str, data: dict[str, str]) -> None:
    event = parsed(kind, data)
    assert (event.reference, event.within, event.optional) == (None, ("plan-charge/c-1",), True)


# What is only kept


@pytest.mark.parametrize(
    "kind",
    [
        "PATIENT_CREATED",
        "RAINFOREST_DEPOSIT_SUCCEEDED",
        "INVOICE_SENT",
        "PAYMENT_METHOD_CREATED",
        "payment_created",
        "",
        None,
        7,
    ],
)
def test_any_other_event_is_kept_without_an_effect(kind: Any) -> None:
    data = {"id": "x", "paymentId": "pay-1", "chargeId": "c", "payinConfigId": "pc"}
    event = parsed(kind, data)
    assert (event.reference, event.within, event.status) == (None, (), None)
    assert event.event_id == "evt-1" and event.kind


@pytest.mark.parametrize("data", [None, [], "x", {}, {"id": None}, {"id": 7}, {"id": "a\nb"}])
@pytest.mark.parametrize("kind", [*SUBSCRIPTIONS, "PAYMENT_COMPLETED"])
def test_an_event_that_names_nothing_is_kept(kind: str, data: object) -> None:
    event = parsed(kind, data)
    assert (event.reference, event.within) == (None, ())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000])
def test_an_unreadable_event_is_kept_under_a_digest_of_its_bytes(body: bytes) -> None:
    event = Events().parse(body)
    assert event.event_id == hashlib.sha256(body).hexdigest()
    assert (event.kind, event.reference, event.within) == ("unreadable", None, ())


@pytest.mark.parametrize("event_id", [None, "", 7, "x" * 300])
def test_so_is_one_without_an_id_and_it_is_understood_all_the_same(event_id: object) -> None:
    body = json.dumps({"id": event_id, "type": "PAYMENT_CREATED", "data": {"id": "p"}}).encode()
    event = Events().parse(body)
    assert event.event_id == hashlib.sha256(body).hexdigest()
    assert (event.reference, event.occurred_at_ms) == ("payment/p", None)


@pytest.mark.parametrize("at", [None, "soon", 5, {}])
def test_a_moment_that_cannot_be_read_is_none(at: object) -> None:
    assert parsed("PAYMENT_CREATED", {"id": "p"}, createdDate=at).occurred_at_ms is None


@settings(deadline=None)
@given(st.sampled_from([*SUBSCRIPTIONS, "PAYMENT_COMPLETED"]), JSON, st.sampled_from(["", "id"]))
def test_no_event_is_too_odd_to_be_read(kind: str, value: Any, name: str) -> None:
    names = ("id", "paymentId", "charges", "metadata", "chargeId", "payinConfigId", "failedReason")
    for data in (value, dict.fromkeys(names, value), {"metadata": {"charges": [value]}}):
        Events().parse(json.dumps({"id": name, "type": kind, "data": data}).encode())


def test_every_subscription_is_understood() -> None:
    data = {
        "id": "x",
        "paymentId": "pay-1",
        "paymentPlanId": "plan-1",
        "chargeId": "c-1",
        "payinConfigId": "pc-1",
    }
    for kind in SUBSCRIPTIONS:
        event = parsed(kind, data)
        assert event.reference or event.within, kind


# Deliveries that failed


LINE = {
    "id": "attempt-1",
    "type": "PLANNED_PAYMENT_FAILED",
    "data": {"paymentPlanId": "plan-1", "amount": Decimal("3000.0")},
    "createdDate": "2026-11-21T12:00:00Z",
    "alertId": "alert-1",
    "isDelivered": False,
    "lastDeliveryAttemptError": "HTTP 500",
}


def test_a_delivery_attempt_is_the_event_again() -> None:
    body = read_delivery_attempt({**LINE, "eventId": "evt-1"})
    assert json.loads(body) == {
        "id": "evt-1",
        "type": "PLANNED_PAYMENT_FAILED",
        "data": {"paymentPlanId": "plan-1", "amount": 3000.0},
        "createdDate": "2026-11-21T12:00:00Z",
        "alertId": "alert-1",
    }
    event = Events().parse(body)
    assert (event.event_id, event.within) == ("evt-1", ("plan/plan-1",))


def test_where_attempts_have_no_id_of_the_event_theirs_is_it() -> None:
    assert Events().parse(read_delivery_attempt(LINE)).event_id == "attempt-1"


def test_an_attempt_without_any_id_is_known_by_its_bytes() -> None:
    body = read_delivery_attempt({"type": "PAYMENT_CREATED", "data": {"id": "p"}})
    assert Events().parse(body).event_id == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("line", [None, [], "x", 7])
def test_a_line_that_is_no_object_is_unreadable(line: object) -> None:
    with pytest.raises(wire.Unreadable):
        read_delivery_attempt(line)


@settings(deadline=None)
@given(JSON)
def test_any_line_is_an_event_again(data: object) -> None:
    read = wire.loads(
        json.dumps({"eventId": "e", "type": "PAYMENT_CREATED", "data": data}).encode()
    )
    assert Events().parse(read_delivery_attempt(read)).event_id == "e"
