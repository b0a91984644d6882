"""Medfusion's OAuth calls, and who is let in to which practice with which media types."""

from __future__ import annotations

import pytest

from local.sandbox.messages import Response
from tests.unit.sandbox.bench import request_of, shown
from tests.unit.sandbox.medfusion_bench import (
    CLIENT_ID,
    CLIENT_SECRET,
    OTHER_PRACTICE,
    PRACTICE,
    MedfusionBench,
    document,
    payment,
)

UNKNOWN_PRACTICE = "00000000-0000-4000-8000-000000000000"


def ask_application(medfusion: MedfusionBench, token: str, **headers: str) -> Response:
    path = f"/v1/oauth2/oauthapplication/{token}"
    reply = medfusion.sandbox.handle("medfusion", request_of("GET", path, headers, b""))
    assert reply.response
    return reply.response


def test_an_application_token_is_answered_with_the_applications_credentials(
    medfusion: MedfusionBench,
) -> None:
    answer = ask_application(medfusion, "app-token-1", accept="application/json")
    assert shown(answer) == {
        "applicationName": "Sandbox application client-1",
        "grantTypes": ["password", "client_credentials"],
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "oauthVersion": "O_AUTH_2_0",
    }
    assert ask_application(medfusion, "other").status == 404
    assert ask_application(medfusion, "app-token-1", accept="application/xml").status == 406


@pytest.mark.parametrize("grant", ["password", "client_credentials"])
def test_a_token_is_given_in_camel_case_for_two_hours(
    medfusion: MedfusionBench, grant: str
) -> None:
    answer = shown(medfusion.ask_token(grant_type=grant))
    assert len(answer.pop("accessToken")) == 32
    assert answer == {
        "tokenType": "BEARER",
        "expiresIn": 7200,
        "refreshToken": None,
        "accessTokenSecret": None,
    }


def test_with_client_credentials_no_user_is_asked_for(medfusion: MedfusionBench) -> None:
    answer = medfusion.ask_token(grant_type="client_credentials", username="", password="")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"secret": "wrong"}, 401, "invalid_client"),
        ({"password": "wrong"}, 400, "invalid_grant"),
        ({"username": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_and_grants_get_no_token(
    medfusion: MedfusionBench, change: dict[str, str], status: int, error: str
) -> None:
    answer = medfusion.ask_token(**change)
    assert (answer.status, shown(answer)) == (status, {"error": error})


def test_a_token_expires_by_the_clock_after_the_seconds_it_was_told(
    medfusion: MedfusionBench,
) -> None:
    medfusion.member(token_seconds=60)
    assert shown(medfusion.ask_token())["expiresIn"] == 60
    medfusion.sign_in()
    medfusion.clock.advance(59_999)
    assert medfusion.poll().status == 204
    medfusion.clock.advance(1)
    assert medfusion.poll().status == 401


def test_tokens_can_be_made_worthless_now_all_or_those_of_one_client(
    medfusion: MedfusionBench,
) -> None:
    medfusion.other_member()
    answer = medfusion.control("DELETE", "medfusion/tokens?client_id=client-2")
    assert (shown(answer), medfusion.poll().status) == ({"expired": 0}, 204)
    answer = medfusion.control("DELETE", "medfusion/tokens")
    assert (shown(answer), medfusion.poll().status) == ({"expired": 1}, 401)
    medfusion.sign_in()
    assert medfusion.poll().status == 204
    assert medfusion.control("DELETE", "medfusion/tokens?client_id=nobody").status == 400


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic Y2xpZW50LTE6c2VjcmV0LTE="])
def test_nobody_is_let_in_without_a_token(medfusion: MedfusionBench, header: str) -> None:
    refused = medfusion.ask("GET", "securePayments", authorization=header)
    assert (refused.status, refused.headers["Content-Type"]) == (401, "text/plain")


def test_another_members_practice_is_forbidden_and_nobodys_is_not_found(
    medfusion: MedfusionBench,
) -> None:
    medfusion.other_member()
    for practice, status in ((OTHER_PRACTICE, 403), (UNKNOWN_PRACTICE, 404)):
        refused = medfusion.reply("GET", f"/v1/practice/{practice}/securePayments").response
        assert refused
        assert refused.status == status


def test_unknown_paths_and_methods_are_refused(medfusion: MedfusionBench) -> None:
    assert medfusion.ask("GET", "balance").status == 404
    refused = medfusion.ask("DELETE", "securePayments")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("type_", ["", "text/xml", "application/json", "text/plain"])
def test_a_body_of_another_media_type_is_refused(medfusion: MedfusionBench, type_: str) -> None:
    payment_id = medfusion.pay()
    assert medfusion.post(payment(payment_id), content_type=type_).status == 415
    assert medfusion.listed("messages") == []


def test_media_types_may_have_parameters_and_any_case(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay()
    type_ = "Application/XML; charset=UTF-8"
    assert medfusion.post(payment(payment_id), content_type=type_).status == 202


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.5", 200),
        ("application/xml;charset=utf-8", 200),
        ("application/json", 406),
        ("text/*", 406),
    ],
)
def test_who_does_not_take_xml_gets_none(
    medfusion: MedfusionBench, accept: str, status: int
) -> None:
    medfusion.pay()
    assert medfusion.ask("GET", "securePayments", accept=accept).status == status


def test_a_poll_that_says_to_send_something_else_than_xml_is_refused(
    medfusion: MedfusionBench,
) -> None:
    answer = medfusion.ask("GET", "securePayments", content_type="application/json")
    assert answer.status == 415


def test_whoever_is_not_let_in_learns_nothing_of_the_media_type(medfusion: MedfusionBench) -> None:
    body, type_ = document(), "text/plain"
    answer = medfusion.ask("POST", "securePayments", body, authorization="", content_type=type_)
    assert answer.status == 401


def test_members_are_shown_without_secrets_and_outlive_a_reset_that_keeps_them(
    medfusion: MedfusionBench,
) -> None:
    medfusion.pay()
    medfusion.control("POST", "reset")
    answer = medfusion.control("GET", "medfusion/members")
    assert shown(answer) == [
        {
            "client_id": CLIENT_ID,
            "username": "api-user",
            "practice_ids": [PRACTICE],
            "token_seconds": 7200,
        }
    ]
    assert medfusion.poll().status == 204
    medfusion.control("POST", "reset?tenants_too=true")
    assert medfusion.listed("members") == []
    assert medfusion.poll().status == 401


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"practice_ids": []}, "practice_ids must be a list"),
        ({"practice_ids": ["195900"]}, "practice_ids must be UUIDs in lower case"),
        ({"practice_ids": [PRACTICE.upper()]}, "practice_ids must be UUIDs in lower case"),
        ({"client_id": "a:b"}, "client_id must be without a colon"),
        ({"client_id": "client-2"}, "app_token must not be another member's"),
        ({"token_seconds": 0}, "token_seconds must be a whole number from 1"),
        ({"secret": "x"}, "secret is not known"),
    ],
)
def test_wrong_members_are_refused(
    medfusion: MedfusionBench, change: dict[str, object], named: str
) -> None:
    answer = medfusion.member(**change)
    assert answer.status == 400
    assert named in shown(answer)["error"]
