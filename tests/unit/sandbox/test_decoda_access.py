"""Decoda's door: headers, keys, the rate limit, and how mistakes are told."""

from __future__ import annotations

import pytest

from local.sandbox.messages import Query, Request
from tests.unit.sandbox.bench import shown
from tests.unit.sandbox.decoda_bench import (
    KEY,
    PAYIN_CONFIG,
    SETTLE,
    TABLE,
    TENANT,
    DecodaBench,
)


def test_missing_headers_are_a_422_list_that_names_them(decoda: DecodaBench) -> None:
    answer = decoda.ask("GET", TABLE, **{"api-key": "", "tenant": ""})
    assert answer.status == 422
    assert shown(answer)["detail"] == [
        {"loc": ["header", "TENANT"], "msg": "Field required", "type": "missing"},
        {"loc": ["header", "API-KEY"], "msg": "Field required", "type": "missing"},
    ]


@pytest.mark.parametrize("wrong", [{"api-key": "nobody's"}, {"tenant": "clinic-2"}])
def test_a_wrong_key_or_tenant_is_a_401_with_a_text(
    decoda: DecodaBench, wrong: dict[str, str]
) -> None:
    decoda.tenant("clinic-2", "decoda-key-2")
    answer = decoda.ask("GET", TABLE, **wrong)
    assert (answer.status, shown(answer)) == (401, {"detail": "Invalid API key"})


def test_unknown_paths_and_methods_are_told_as_the_vendor_does(decoda: DecodaBench) -> None:
    unknown = decoda.ask("GET", "/billing/payment/some-id")
    assert (unknown.status, shown(unknown)) == (404, {"detail": "Not Found"})
    wrong = decoda.ask("PUT", TABLE)
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET")


def test_every_answer_tells_how_many_requests_are_left(decoda: DecodaBench) -> None:
    first, second = (decoda.ask("GET", TABLE) for _ in range(2))
    assert first.headers["X-RateLimit-Limit"] == "1000"
    assert first.headers["X-RateLimit-Remaining"] == "999"
    assert second.headers["X-RateLimit-Remaining"] == "998"
    assert int(first.headers["X-RateLimit-Reset"]) * 1000 > decoda.clock.now_ms()
    refused = decoda.ask("POST", SETTLE, [])
    assert (refused.status, refused.headers["X-RateLimit-Remaining"]) == (422, "997")


def test_too_many_requests_are_a_429_until_the_minute_is_over(decoda: DecodaBench) -> None:
    decoda.tenant(requests_per_minute=2)
    statuses = [decoda.ask("GET", TABLE).status for _ in range(3)]
    answer = decoda.ask("GET", TABLE)
    assert [*statuses, answer.status] == [200, 200, 429, 429]
    assert (answer.headers["X-RateLimit-Remaining"], shown(answer)) == (
        "0",
        {"detail": "Rate limit exceeded"},
    )
    decoda.clock.advance(60_000)
    assert decoda.ask("GET", TABLE).status == 200


@pytest.mark.parametrize(
    ("change", "place", "type_"),
    [
        ({"patientId": None}, ["body", 0, "patientId"], "string_type"),
        ({"id": "\ud800"}, ["body", 0, "id"], "string_type"),
        ({"totalOutstanding": "12"}, ["body", 0, "totalOutstanding"], "int_type"),
        ({"totalOutstanding": 12.5}, ["body", 0, "totalOutstanding"], "int_type"),
        ({"status": "OPEN"}, ["body", 0, "status"], "enum"),
        ({"discountPercentage": "x"}, ["body", 0, "discountPercentage"], "float_type"),
        ({"items": {}}, ["body", 0, "items"], "list_type"),
        ({"items": [{"quantity": 1}]}, ["body", 0, "items", 0, "price"], "missing"),
        (
            {"tips": [{"chargeId": "x", "amount": 1}]},
            ["body", 0, "tips", 0, "providerId"],
            "missing",
        ),
        (
            {"patient": {"id": "x", "type": "PATIENT"}},
            ["body", 0, "patient", "createdDate"],
            "missing",
        ),
        ({"createdDate": "today"}, ["body", 0, "createdDate"], "datetime_from_date_parsing"),
        ({"meta": []}, ["body", 0, "meta"], "model_attributes_type"),
        ({"payments": None}, ["body", 0, "payments"], "list_type"),
    ],
)
def test_a_wrong_field_is_a_422_that_says_where(
    decoda: DecodaBench, change: dict[str, object], place: list[object], type_: str
) -> None:
    [charge] = decoda.named(0)
    answer = decoda.ask("POST", f"{SETTLE}?amount=1", [{**charge, **change}])
    assert answer.status == 422
    [mistake] = shown(answer)["detail"]
    assert (mistake["loc"], mistake["type"]) == (place, type_)
    assert decoda.movements() == []


def test_all_mistakes_of_a_request_come_in_one_list(decoda: DecodaBench) -> None:
    answer = decoda.ask("POST", SETTLE, [{"id": 7}])
    places = [mistake["loc"] for mistake in shown(answer)["detail"]]
    assert places == [
        ["query", "amount"],
        ["body", 0, "patientId"],
        ["body", 0, "totalOutstanding"],
        ["body", 0, "id"],
    ]


def test_a_body_that_is_missing_or_no_json_or_no_list_is_a_422(decoda: DecodaBench) -> None:
    headers = {"api-key": KEY, "tenant": TENANT}
    for body, type_ in ((b"", "missing"), (b"{", "json_invalid"), (b"{}", "list_type")):
        request = Request("POST", SETTLE, Query.parse("amount=1"), headers, body)
        response = decoda.sandbox.handle("decoda", request).response
        assert response is not None
        assert response.status == 422
        assert shown(response)["detail"][0]["type"] == type_


def test_unknown_fields_are_ignored_and_null_stands_for_nothing(decoda: DecodaBench) -> None:
    body = decoda.plan_body()
    body["charges"][0].update({"newField": 1, "comment": None, "patient": None, "meta": None})
    body["cartId"] = "newer"
    assert decoda.ask("POST", PAYIN_CONFIG, body).status == 200


def test_a_tenant_sees_nothing_of_another_one(decoda: DecodaBench) -> None:
    decoda.tenant("clinic-2", "decoda-key-2")
    payment = decoda.settled(100)
    other = {"api-key": "decoda-key-2", "tenant": "clinic-2"}
    charge_id = decoda.charge(0)["charge_id"]
    webhook = decoda.subscribe()
    assert shown(decoda.ask("GET", TABLE, **other))["items"]["total"] == 0
    for method, path in (
        ("GET", f"/billing/charge/get/{charge_id}"),
        ("GET", f"/billing/payment/{payment['id']}/receipt"),
        ("GET", f"/user/patient/{decoda.patient()['patient_id']}/credit"),
        ("DELETE", f"/billing/payment-plan/{charge_id}"),
        ("GET", f"/webhook/decoda/get/{webhook['id']}"),
    ):
        assert decoda.ask(method, path, **other).status == 404, path


def test_patients_are_there_again_after_a_reset_and_the_tenant_stays(decoda: DecodaBench) -> None:
    before = decoda.patient()
    decoda.settled(500)
    assert decoda.patient() != before
    decoda.control("POST", "reset")
    assert decoda.patient() == before
    assert decoda.ask("GET", TABLE).status == 200
    decoda.control("POST", "reset?tenants_too=true")
    assert decoda.ask("GET", TABLE).status == 401


def test_a_new_tenant_may_have_fewer_patients_until_a_reset(decoda: DecodaBench) -> None:
    def patients() -> int:
        return len(shown(decoda.control("GET", "decoda/patients?tenant=clinic-9")))

    assert decoda.tenant("clinic-9", "key-9", patients=21).status == 400
    assert decoda.tenant("clinic-9", "key-9", patients=3).status == 201
    assert patients() == 3
    decoda.control("POST", "reset")
    assert patients() == 20


def test_the_controls_show_tenants_without_keys_and_refuse_what_is_wrong(
    decoda: DecodaBench,
) -> None:
    listed = decoda.control("GET", "decoda/tenants")
    assert KEY.encode() not in listed.body
    assert shown(listed)[0]["event_style"] == "api"
    assert shown(listed)[0]["checks_refunds"] is True
    assert decoda.tenant("clinic-2").status == 400
    assert decoda.tenant(event_style="loud").status == 400
    assert decoda.tenant(requests_per_minute=0).status == 400
    assert decoda.tenant(checks_refunds="no").status == 400
    assert decoda.control("GET", "decoda/patients?tenant=nobody").status == 400
    assert decoda.control("POST", "decoda/payins", {"payin_config_id": "x"}).status == 400
    assert len(shown(decoda.control("GET", "decoda/patients"))) == 20
