"""athena's token endpoint, and the gateway that lets nobody in without a token."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.athena_bench import PRACTICE, AthenaBench
from tests.unit.sandbox.bench import shown


def test_a_token_is_given_for_an_hour_with_the_seconds_as_text(athena: AthenaBench) -> None:
    answer = shown(athena.ask_token())
    assert len(answer.pop("access_token")) == 32
    assert answer == {"token_type": "Bearer", "expires_in": "3600"}


def test_older_clients_ask_at_another_path_without_a_scope(athena: AthenaBench) -> None:
    assert athena.ask_token("/oauth/token", scope="").status == 200
    assert athena.ask_token("/oauth/token", scope="other").status == 400


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": ""}, 400, "invalid_scope"),
    ],
)
def test_wrong_credentials_grants_and_scopes_get_no_token(
    athena: AthenaBench, change: dict[str, str], status: int, error: str
) -> None:
    answer = athena.ask_token(**change)
    assert (answer.status, shown(answer)) == (status, {"error": error})


@pytest.mark.parametrize("header", ["", "Basic", "Basic ???", "Bearer Y2xpZW50LTE6c2VjcmV0LTE="])
def test_a_header_that_is_not_basic_gets_no_token(athena: AthenaBench, header: str) -> None:
    reply = athena.send("POST", "/oauth2/v1/token", {}, authorization=header)
    assert reply.response
    assert reply.response.status == 401


def test_fifty_tokens_a_minute_then_429_as_text_until_the_minute_ends(athena: AthenaBench) -> None:
    athena.clock.advance(60_000 - athena.clock.now_ms() % 60_000)
    assert [athena.ask_token().status for _ in range(50)] == [200] * 50
    refused = athena.ask_token()
    assert (refused.status, refused.headers["Content-Type"]) == (429, "text/plain")
    athena.clock.advance(59_999)
    assert athena.ask_token().status == 429
    athena.clock.advance(1)
    assert athena.ask_token().status == 200


def test_a_token_expires_by_the_clock(athena: AthenaBench) -> None:
    athena.clock.advance(3_599_999)
    assert athena.receipts() == []
    athena.clock.advance(1)
    assert athena.ask("GET", "patients/7").status == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic Y2xpZW50LTE6c2VjcmV0LTE="])
def test_without_a_token_a_page_says_that_the_developer_is_inactive(
    athena: AthenaBench, header: str
) -> None:
    refused = athena.ask("GET", "patients/7", authorization=header)
    assert (refused.status, refused.headers["Content-Type"]) == (401, "text/html")
    assert b"Developer Inactive" in refused.body


def test_another_practice_is_forbidden_and_another_path_unknown_both_as_pages(
    athena: AthenaBench,
) -> None:
    for path, status in (
        ("/v1/195901/patients/7", 403),
        ("/v1/nothing", 404),
        (f"/v1/{PRACTICE}/patients", 404),
    ):
        refused = athena.send("GET", path).response
        assert refused
        assert (refused.status, refused.headers["Content-Type"]) == (status, "text/html")


def test_a_wrong_method_is_told_the_right_one(athena: AthenaBench) -> None:
    refused = athena.ask("GET", "patients/7/collectpayment")
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")


def test_unknown_patients_and_payment_vendors_are_json(athena: AthenaBench) -> None:
    assert shown(athena.collect(patient=21)) == {"error": "The patient was not found."}
    assert athena.collect(patient=21).status == 404
    path = "patientpayvendors/OTHER/validvendorpaymentmethods"
    assert (athena.ask("GET", path).status, "error" in shown(athena.ask("GET", path))) == (
        404,
        True,
    )


def test_practices_are_shown_without_secrets_and_outlive_a_reset_that_keeps_them(
    athena: AthenaBench,
) -> None:
    athena.collected()
    athena.control("POST", "reset")
    answer = athena.control("GET", "athena/practices")
    assert shown(answer)[0]["practice_ids"] == [PRACTICE]
    assert shown(answer)[0]["voids_settled"] is False
    assert b"secret" not in answer.body
    assert athena.receipts() == []
    athena.control("POST", "reset?tenants_too=true")
    assert shown(athena.control("GET", "athena/practices")) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"practice_ids": []}, "practice_ids must be a list"),
        ({"practice_ids": ["x"]}, "practice_ids must be digits"),
        ({"client_id": "a:b"}, "client_id must be without a colon"),
        ({"secret": "x"}, "secret is not known"),
        ({"voids_settled": "yes"}, "voids_settled must be true or false"),
    ],
)
def test_wrong_practices_are_refused(
    athena: AthenaBench, change: dict[str, object], named: str
) -> None:
    good = {"client_id": "c", "client_secret": "s", "practice_ids": ["1"]}
    answer = athena.control("POST", "athena/practices", {**good, **change})
    assert answer.status == 400
    assert named in shown(answer)["error"]


def test_twenty_patients_are_seeded_in_every_practice(athena: AthenaBench) -> None:
    athena.practices(PRACTICE, "1")
    for practice in (PRACTICE, "1"):
        patients = shown(athena.control("GET", f"athena/patients?practice={practice}"))
        assert [each["patientid"] for each in patients] == list(range(1, 21))
        assert all(each["appointments"] for each in patients)
    assert athena.control("GET", "athena/patients?practice=2").status == 400
