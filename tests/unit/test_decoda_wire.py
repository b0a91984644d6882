"""Decoda's JSON: requests in the documented names and types, answers believed when they fit."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payhub.domain.answers import NotSent, Unanswered, VendorRefused
from payhub.domain.money import MAX_CENTS
from payhub.domain.payment import Action, ActionState, Payment, Refund
from payhub.ports import Order
from payhub.transport import Response
from payhub.vendors.decoda import wire
from tests.support.fakes import NOON_MS, TENANT

PAYMENT_ID = "0123456789abcdef0123456789abcdef"
OURS = {"payhubPaymentId": PAYMENT_ID}


def order(
    carried: Mapping[str, object] | None = None,
    terms: Mapping[str, str | int] | None = None,
    charge_ids: tuple[str, ...] = (),
) -> Order:
    """An order with these carried parts and terms, of a payment for these charges."""
    action = Action(
        verb="settle",
        number=1,
        state=ActionState.SENDING,
        actor="caller",
        opened_at_ms=NOON_MS,
        terms=terms or {},
    )
    payment = Payment(
        tenant=TENANT.tenant,
        payment_id=PAYMENT_ID,
        vendor="decoda",
        operation="settle_with_credit",
        amount_cents=5000,
        caller_reference="r",
        fingerprint="f",
        created_at_ms=NOON_MS,
        updated_at_ms=NOON_MS,
        vendor_reference="pay-1",
        reference_scope="payment/",
        terms={"chargeIds": json.dumps(charge_ids)},
        actions=(action,),
    )
    return Order(
        tenant=TENANT, payment=payment, action=action, carried=carried or {}, now_ms=NOON_MS
    )


def answer(body: object, status: int = 200, **headers: str) -> Response:
    """What the vendor answers."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=status, headers=headers, body=content)


# What goes out

TAG = {
    "id": "t",
    "name": "VIP",
    "isActive": True,
    "createdDate": "2023-11-07T05:31:56Z",
    "emoji": "x",
    "color": "#fff",
    "updatedDate": None,
}
PATIENT = {
    "id": "p",
    "type": "PATIENT",
    "createdDate": "2023-11-07T05:31:56Z",
    "firstName": "Ada",
    "lastName": "Abbott",
    "phoneNumber": "1",
    "email": "a@example.com",
    "locationId": "l",
    "externalId": "e",
    "address": "1 Main Street",
    "addressLineTwo": None,
    "city": "c",
    "state": "MA",
    "zipCode": "02472",
    "country": "US",
    "addressValid": True,
    "meta": {"a": 1},
    "isArchived": False,
    "primaryLocationId": "l",
    "gender": "F",
    "dateOfBirth": "1990-02-28",
    "patientMedications": ["m"],
    "onSchedulingBlacklist": False,
    "surchargeDisabled": False,
    "tags": [TAG],
    "creditBalance": 5000,
    "preferredProviderId": "d",
}
SUMMARY: dict[str, Any] = {
    "patientId": "p",
    "totalOutstanding": 5000,
    "id": "c-1",
    "patient": PATIENT,
    "total": 5000,
    "description": "visit",
    "status": "OUTSTANDING",
    "discountAmount": 0,
    "discountPercentage": 12.5,
    "externalId": "ext-1",
    "externalCreatedDate": "2023-11-07T05:31:56Z",
    "ruleSetId": "r",
    "createdDate": "2023-11-07T05:31:56Z",
    "creatorId": "d",
    "items": [{"quantity": 1, "price": 5000}],
    "tips": [{"chargeId": "c-1", "amount": 1, "providerId": "d"}],
    "locationId": "l",
    "eventId": "e",
    "memberId": "m",
    "comment": "two\nlines, ü",
    "meta": {"theirs": [1, {"x": None}]},
    "merchantAccountId": "ma",
}
DETAIL: dict[str, Any] = {**SUMMARY, "payments": [], "adjustments": []}
PAYIN: dict[str, Any] = {
    "paymentMedium": "PAYMENT_PLAN",
    "charges": [SUMMARY],
    "paymentAmount": 2000,
    "savePaymentMethod": True,
    "textReceipt": False,
    "paymentPlan": {
        "initialAmount": 2000,
        "chargeIds": ["c-1"],
        "frequency": "WEEKLY",
        "installments": 3,
        "installmentAmount": 1000,
        "locationId": "l",
        "startDate": None,
    },
    "isSurcharged": False,
    "locationId": "l",
    "creatorId": "d",
    "membershipId": "ms",
    "membershipStartDate": "2023-11-07T05:31:56Z",
    "soldByProviderId": "d",
    "merchantAccountId": "ma",
}

TEXT, WHOLE, NUMBER, FLAG, LIST, OBJECT = str, int, (int, float), bool, list, dict
DOCUMENTED: dict[str, dict[str, Any]] = {
    "ChargeSummary": {
        "patientId": TEXT,
        "totalOutstanding": WHOLE,
        "id": TEXT,
        "patient": OBJECT,
        "total": WHOLE,
        "description": TEXT,
        "status": TEXT,
        "discountAmount": WHOLE,
        "discountPercentage": NUMBER,
        "externalId": TEXT,
        "externalCreatedDate": TEXT,
        "ruleSetId": TEXT,
        "createdDate": TEXT,
        "creatorId": TEXT,
        "items": LIST,
        "tips": LIST,
        "locationId": TEXT,
        "eventId": TEXT,
        "memberId": TEXT,
        "comment": TEXT,
        "meta": OBJECT,
        "merchantAccountId": TEXT,
    },
    "PayinConfigCreate": {
        "paymentMedium": TEXT,
        "charges": LIST,
        "paymentAmount": WHOLE,
        "savePaymentMethod": FLAG,
        "textReceipt": FLAG,
        "paymentPlan": OBJECT,
        "isSurcharged": FLAG,
        "locationId": TEXT,
        "creatorId": TEXT,
        "membershipId": TEXT,
        "membershipStartDate": TEXT,
        "soldByProviderId": TEXT,
        "merchantAccountId": TEXT,
    },
    "RefundCreate": {
        "paymentId": TEXT,
        "providerId": TEXT,
        "amount": WHOLE,
        "reason": TEXT,
        "description": TEXT,
        "locationId": TEXT,
        "restoreInventory": FLAG,
    },
}
DOCUMENTED["ChargeDetail"] = {
    **DOCUMENTED["ChargeSummary"],
    "payments": LIST,
    "adjustments": LIST,
}
"""Field -> type, of the vendor's request bodies."""


def fits(body: Mapping[str, Any], schema: str) -> None:
    """Only documented names, each in its type; true is no whole number."""
    for name, value in body.items():
        wanted = DOCUMENTED[schema][name]
        assert isinstance(value, wanted), name
        assert wanted is FLAG or not isinstance(value, bool), name


def test_charges_are_sent_as_documented_and_as_they_came() -> None:
    sent = json.loads(wire.settle_body(order({"charges": [DETAIL]}, charge_ids=("c-1",))))
    assert sent == [{**DETAIL, "meta": {**DETAIL["meta"], **OURS}}]
    for charge in sent:
        fits(charge, "ChargeDetail")
    assert set(sent[0]) == set(DOCUMENTED["ChargeDetail"])


def test_charges_keep_their_order_and_those_without_an_id_get_the_one_we_gave_them() -> None:
    bare = {"patientId": "p", "totalOutstanding": 1}
    ids = (f"ph-{PAYMENT_ID}-1", "mine", f"ph-{PAYMENT_ID}-3")
    charges = [bare, {**bare, "id": "mine", "meta": None}, {**bare, "id": None}]
    wanted = order({"charges": charges}, charge_ids=ids)
    sent = json.loads(wire.settle_body(wanted))
    assert [charge["id"] for charge in sent] == list(ids)
    assert wire.charge_ids(wanted.payment) == ids
    assert all(charge["meta"] == OURS for charge in sent)
    assert "id" not in bare and "meta" not in bare, "what was carried is not changed"


def test_a_caller_cannot_pass_for_another_payment_of_ours() -> None:
    charge = {"patientId": "p", "totalOutstanding": 1, "meta": {"payhubPaymentId": "other"}}
    for body in (
        json.loads(wire.settle_body(order({"charges": [charge]}, charge_ids=("c",)))),
        json.loads(wire.payin_body(order({"body": {"charges": [charge]}})))["charges"],
    ):
        assert body[0]["meta"] == OURS


def test_a_payin_is_sent_as_documented_and_unchanged_but_for_our_id() -> None:
    sent = json.loads(wire.payin_body(order({"body": PAYIN})))
    fits(sent, "PayinConfigCreate")
    fits(sent["charges"][0], "ChargeSummary")
    assert set(sent) == set(DOCUMENTED["PayinConfigCreate"])
    assert sent["charges"][0].pop("meta") == {**SUMMARY["meta"], **OURS}
    assert sent["charges"][0] == {k: v for k, v in SUMMARY.items() if k != "meta"}
    assert {**sent, "charges": []} == {**PAYIN, "charges": []}


def test_a_charge_of_a_payin_gets_no_id_because_the_plan_names_it() -> None:
    body = {"paymentMedium": "POS", "charges": [{"patientId": "p", "totalOutstanding": 1}]}
    assert "id" not in json.loads(wire.payin_body(order({"body": body})))["charges"][0]


@pytest.mark.parametrize(
    ("terms", "more"),
    [
        ({}, {}),
        ({"restoreInventory": "false"}, {}),
        (
            {"description": "twice", "locationId": "l", "restoreInventory": "true"},
            {"description": "twice", "locationId": "l", "restoreInventory": True},
        ),
    ],
)
def test_a_refund_is_sent_as_documented(terms: dict[str, str], more: dict[str, object]) -> None:
    needed: dict[str, str | int] = {"amountCents": 125, "reason": "DUPLICATE", "providerId": "d"}
    wanted = order(terms={**needed, **terms})
    sent = json.loads(wire.refund_body(wanted))
    fits(sent, "RefundCreate")
    assert sent == {
        "paymentId": "pay-1",
        "providerId": "d",
        "amount": 125,
        "reason": "DUPLICATE",
        **more,
    }


def test_a_webhook_is_registered_with_its_words_and_its_address() -> None:
    sent = json.loads(wire.webhook_body("https://hub.test/x", ("PAYMENT_CREATED",)))
    assert sent == {"subscriptions": ["PAYMENT_CREATED"], "url": "https://hub.test/x"}


# What an answer proves


def read_id(response: Response) -> str:
    """The id of a payment."""
    return str(wire.read_summary(wire.read_object(response))["id"])


def refused(status: int, body: object, **headers: str) -> Any:
    """What an answer that is not a success means."""
    return wire.understood(answer(body, status, **headers), read_id)


def test_a_rule_that_was_broken_is_a_refusal_in_the_vendors_words() -> None:
    said = refused(400, {"detail": "Not enough credit 4111 1111 1111 1111"})
    assert said == VendorRefused(message="Not enough credit [number]", code="400")
    assert refused(404, {"detail": "Payment not found"}) == VendorRefused(
        message="Payment not found", code="404"
    )


def test_mistakes_are_told_by_place_and_rule_and_never_by_value() -> None:
    mistakes = [
        {
            "loc": ["body", 0, "patientId"],
            "msg": "Field required",
            "type": "missing",
            "input": {"ssn": "secret"},
            "ctx": {"given": "secret"},
        },
        {"loc": ["query", "amount"], "msg": "Input should be a valid integer", "type": "int"},
    ]
    assert refused(422, {"detail": mistakes}) == VendorRefused(
        message="body.0.patientId: Field required; query.amount: Input should be a valid integer",
        code="422",
    )


@pytest.mark.parametrize(
    "detail", [None, 7, {}, [], [None], [{"loc": "x", "msg": 1}], [{"loc": [{}], "msg": None}]]
)
def test_mistakes_in_another_form_are_a_refusal_all_the_same(detail: object) -> None:
    assert isinstance(refused(422, {"detail": detail}), VendorRefused)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"detail": "Not Found"}),
        (405, {"detail": "Method Not Allowed"}),
        (404, b"<html>nginx</html>"),
    ],
)
def test_a_route_that_is_not_there_is_no_judgement_of_the_payment(
    status: int, body: object
) -> None:
    assert isinstance(refused(status, body), NotSent)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_what_is_answered_before_anything_is_applied_may_be_sent_again(status: int) -> None:
    said = refused(status, {"detail": "Rate limit exceeded"}, **{"retry-after": "7"})
    assert isinstance(said, NotSent) and said.retry_after_seconds == 7


@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504])
def test_any_other_answer_proves_nothing(status: int) -> None:
    assert isinstance(refused(status, b"Internal Server Error"), Unanswered)


def test_what_was_not_answered_stays_as_it_is() -> None:
    for sent in (NotSent(reason="x"), Unanswered(reason="y")):
        assert wire.understood(sent, read_id) is sent


def test_a_success_that_cannot_be_read_proves_nothing() -> None:
    said = wire.understood(answer(b"{"), read_id)
    assert said == Unanswered(reason="vendor answered 200 but unreadably: not JSON")


# Payments

PAYMENT: dict[str, Any] = {
    "id": "pay-1",
    "amount": 5000,
    "status": "SUCCEEDED",
    "paymentMedium": "PATIENT_CREDIT",
    "createdDate": "2026-11-21T12:00:00Z",
    "feeToPatient": 3,
    "patientId": "p",
    "payinId": "pi",
    "currency": "USD",
    "payinConfigId": "pc",
    "paymentMethodId": "pm",
    "stripePaymentIntentId": "st",
    "failedReason": "R01 of 4111111111111111",
    "updatedDate": "2026-11-21T12:00:01.5+00:00",
    "fee": 4,
}
REFUND = {
    "id": "ref-1",
    "amount": 125,
    "reason": "OTHER",
    "createdDate": "2026-11-21T12:00:00Z",
    "status": "PROCESSING",
}
ROW: dict[str, Any] = {
    **{name: PAYMENT[name] for name in ("id", "amount", "status", "createdDate", "patientId")},
    "firstName": "Ada",
    "currency": "USD",
    "paymentMedium": "PAYMENT_PLAN",
    "fee": 0,
    "feeToPatient": 0,
    "paymentMethod": {"id": "pm", "type": "ACH", "routingNumber": 110000000},
    "refunds": [REFUND],
    "isPaymentPlan": True,
    "items": [],
}


def test_a_payment_has_its_fifteen_fields_in_their_types() -> None:
    summary = wire.read_summary({**PAYMENT, "undocumented": 1})
    assert summary == {**PAYMENT, "failedReason": "R01 of [number]"}
    assert list(summary) == list(PAYMENT) and len(summary) == 15


def test_what_a_payment_lacks_takes_its_documented_default() -> None:
    required = ("id", "amount", "status", "paymentMedium", "createdDate")
    summary = wire.read_summary({name: PAYMENT[name] for name in required})
    assert (summary["fee"], summary["feeToPatient"], summary["currency"]) == (0, 0, "USD")
    assert {name for name, value in summary.items() if value is None} == {
        "patientId",
        "payinId",
        "payinConfigId",
        "paymentMethodId",
        "stripePaymentIntentId",
        "failedReason",
        "updatedDate",
    }


def test_a_medium_of_the_practices_own_is_a_medium() -> None:
    assert wire.read_summary({**PAYMENT, "paymentMedium": "Venmo"})["paymentMedium"] == "Venmo"


BAD_VALUES: dict[str, list[object]] = {
    "id": [None, "", 7, "x" * 300, "a\nb", "\ud800"],
    "amount": [None, "5000", True, -1, MAX_CENTS + 1, Decimal("5000.5"), Decimal("1E+99999")],
    "status": [None, "RETURNED", "succeeded", []],
    "paymentMedium": [None, "", 1],
    "createdDate": [None, "yesterday", 1],
    "patientId": [5, ""],
    "currency": [840],
    "failedReason": [{}],
    "updatedDate": ["soon"],
    "fee": ["0", True],
    "feeToPatient": ["0", Decimal("0.5")],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_VALUES.items() for value in values]
)
def test_a_payment_that_is_not_as_documented_is_not_believed(name: str, value: object) -> None:
    with pytest.raises(wire.Unreadable):
        wire.read_summary({**PAYMENT, name: value})


@given(st.integers(min_value=0, max_value=MAX_CENTS), st.sampled_from(["", ".0", ".00", "e0"]))
def test_amounts_are_read_to_the_cent_however_a_whole_number_is_written(
    cents: int, ending: str
) -> None:
    text = json.dumps(PAYMENT).replace('"amount": 5000', f'"amount": {cents}{ending}')
    found = wire.read_summary(wire.loads(text.encode()))["amount"]
    assert found == cents and type(found) is int


@given(st.decimals(min_value=0, max_value=MAX_CENTS, places=3, allow_nan=False))
def test_a_part_of_a_cent_is_never_rounded(amount: Decimal) -> None:
    if amount == amount.to_integral_value():
        assert wire.read_summary({**PAYMENT, "amount": amount})["amount"] == amount
    else:
        with pytest.raises(wire.Unreadable):
            wire.read_summary({**PAYMENT, "amount": amount})


def test_a_row_of_the_table_is_read_with_its_refunds_and_its_method() -> None:
    body = {"items": {"data": [ROW], "total": 7}, "hasInsurancePayments": False}
    rows, total = wire.read_table(answer(body))
    assert total == 7 and len(rows) == 1
    row = rows[0]
    assert (row.reference, row.status, row.amount_cents) == ("pay-1", "SUCCEEDED", 5000)
    assert (row.created_at_ms, row.medium, row.patient_id) == (NOON_MS, "PAYMENT_PLAN", "p")
    assert (row.is_plan, row.method_type) == (True, "ACH")
    assert row.refunds == (
        Refund(
            refund_id="ref-1",
            amount_cents=125,
            status="PROCESSING",
            created_at_ms=NOON_MS,
            reason="OTHER",
        ),
    )
    assert set(row.summary) == set(PAYMENT) and row.summary["payinId"] is None


@pytest.mark.parametrize("method", [None, {}, {"type": None}, {"type": "SHELLS"}, "?", 7])
def test_a_method_that_is_not_known_is_none(method: object) -> None:
    row = wire.read_row({**ROW, "paymentMethod": method})
    assert row.method_type is None


def test_a_row_without_the_optional_is_no_plan_and_has_no_refunds() -> None:
    bare = {k: v for k, v in ROW.items() if k not in ("isPaymentPlan", "refunds", "patientId")}
    row = wire.read_row(bare)
    assert (row.is_plan, row.refunds, row.patient_id) == (False, (), None)


def test_a_receipt_names_its_charges() -> None:
    receipt = {"id": "pay-1", "charges": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}
    assert wire.read_receipt_charges(answer(receipt)) == {"a", "b"}


def test_a_refund_is_read_and_its_reason_scrubbed() -> None:
    body = {**REFUND, "paymentId": "pay-1", "reason": "OTHER 4111111111111111"}
    found = wire.read_refund(answer(body))
    assert (found.refund_id, found.amount_cents, found.status) == ("ref-1", 125, "PROCESSING")
    assert found.reason == "OTHER [number]"


# Payins and plans

METHOD: dict[str, Any] = {
    "id": "12345678-1234-4567-8901-234567890123",
    "patientId": "p",
    "rainforestPaymentMethodId": "mth",
    "brand": None,
    "last4": None,
    "expMonth": None,
    "expYear": None,
    "accountHolderType": "INDIVIDUAL",
    "accountNumberLast4": 789,
    "bankName": "BANK",
    "routingNumber": 110000000,
    "description": "account 4111111111111111",
    "type": "ACH",
    "isDefault": False,
    "isArchived": False,
}


def test_a_payin_is_read_and_no_routing_number_is_kept() -> None:
    body = {
        "sessionKey": "sess",
        "payinConfigId": "pc",
        "sandbox": True,
        "paymentMethods": [{**METHOD, "accountNumber": "12345678901234", "nested": {}}, "CARD"],
        "undocumented": 1,
    }
    found = wire.read_payin(answer(body))
    shown = {**METHOD, "routingNumber": None, "description": "account [number]"}
    assert found == {
        "sessionKey": "sess",
        "payinConfigId": "pc",
        "sandbox": True,
        "paymentMethods": [shown, "CARD"],
    }
    assert "110000000" not in json.dumps(found)


def test_a_payin_without_stored_methods_has_none() -> None:
    body = {"sessionKey": "s", "payinConfigId": "pc", "sandbox": False}
    assert wire.read_payin(answer(body))["paymentMethods"] == []


PLANNED = {
    "paymentPlanId": "plan-1",
    "amount": 3000.0,
    "paymentDate": "2028-02-29",
    "id": "pl-1",
    "status": "SCHEDULED",
}
PLAN: dict[str, Any] = {
    "id": "plan-1",
    "patientId": "p",
    "chargeIds": ["c-2", "c-1"],
    "status": "active",
    "totalAmount": 12000.0,
    "initialAmount": 0.0,
    "createdDate": "2026-11-21T12:00:00",
    "plannedPayments": [PLANNED],
}


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"data": rows, "total": 1}])
def test_a_plan_is_read_to_the_cent_and_to_the_day(wrap: Callable[[Any], object]) -> None:
    (plan,) = wire.read_plans(answer(wrap([PLAN])))
    assert plan == wire.PlanRow(
        plan_id="plan-1",
        patient_id="p",
        charge_ids=("c-2", "c-1"),
        status="active",
        created_at_ms=NOON_MS,
        planned=(
            wire.PlannedRow(
                planned_id="pl-1",
                amount_cents=3000,
                due_on=date(2028, 2, 29),
                status="SCHEDULED",
            ),
        ),
        initial_cents=0,
        total_cents=12000,
    )


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        (PLAN, "id", None),
        (PLAN, "chargeIds", None),
        (PLAN, "chargeIds", [1]),
        (PLAN, "status", "CANCELED"),
        (PLAN, "totalAmount", 1.5),
        (PLAN, "plannedPayments", None),
        (PLAN, "plannedPayments", [7]),
        (PLANNED, "amount", 3000.5),
        (PLANNED, "amount", "3000"),
        (PLANNED, "paymentDate", "2027-02-29"),
        (PLANNED, "paymentDate", None),
        (PLANNED, "status", "CANCELED"),
        (PLANNED, "id", ""),
    ],
)
def test_a_plan_that_is_not_as_documented_is_not_believed(
    where: dict[str, Any], name: str, value: object
) -> None:
    row = {**where, name: value}
    plan = row if where is PLAN else {**PLAN, "plannedPayments": [row]}
    with pytest.raises(wire.Unreadable):
        wire.read_plans(answer([plan]))


# Anything at all

READERS: list[Callable[[Response], object]] = [
    read_id,
    wire.read_table,
    wire.read_receipt_charges,
    wire.read_plans,
    wire.read_payin,
    wire.read_refund,
]
NAMES = sorted(
    {*PAYMENT, *ROW, *REFUND, *PLAN, *PLANNED, *METHOD, "data", "items", "charges", "detail"}
    | {"sessionKey", "sandbox", "paymentMethods", "total"}
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["SUCCEEDED", "active", "SCHEDULED", "2026-11-21", "2026-11-21T12:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=20,
)
ODD: list[bytes] = [
    b"",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"amount": 1e99999999999999999999}',
    b'{"amount": ' + b"9" * 5000 + b"}",
    b'{"amount": NaN}',
    b'{"items": {"data": [{"id": "\\ud800"}], "total": 1}}',
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("body", ODD)
def test_bytes_that_are_no_answer_are_unreadable(
    read: Callable[[Response], object], body: bytes
) -> None:
    with pytest.raises(wire.Unreadable):
        read(answer(body))


@settings(deadline=None)
@given(JSON, st.sampled_from(READERS))
def test_whatever_comes_back_nothing_but_unreadable_is_raised(
    value: object, read: Callable[[Response], object]
) -> None:
    with suppress(wire.Unreadable):
        read(answer(value))


@settings(deadline=None)
@given(
    JSON,
    st.sampled_from(READERS),
    st.sampled_from([PAYMENT, PLAN, ROW, REFUND, METHOD]),
    st.sampled_from(NAMES),
)
def test_one_odd_value_among_good_ones_raises_nothing_else_either(
    value: object, read: Callable[[Response], object], good: dict[str, Any], name: str
) -> None:
    row = {**good, name: value}
    payin = {"sessionKey": "s", "payinConfigId": "c", "sandbox": True, "paymentMethods": [row]}
    for body in (row, [row], {"items": {"data": [row], "total": 1}}, {"charges": [row]}, payin):
        with suppress(wire.Unreadable):
            read(answer(body))


@settings(deadline=None)
@given(JSON, st.integers(min_value=100, max_value=599))
def test_whatever_is_answered_has_a_verdict(body: object, status: int) -> None:
    wire.understood(answer(body, status), read_id)


# Instants


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00",
        "2026-11-21T12:00:00.000000",
        "2026-11-21T07:00:00-05:00",
        "2026-11-21 12:00:00+00:00",
    ],
)
def test_an_instant_without_an_offset_is_utc(text: str) -> None:
    assert wire.instant_ms(text) == NOON_MS


@given(st.none() | st.text() | st.integers() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d"))
def test_what_is_no_instant_is_unreadable(text: object) -> None:
    with suppress(wire.Unreadable):
        assert isinstance(wire.instant_ms(text), int)
