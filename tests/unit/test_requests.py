"""Bad input gets a clear error that names the field; good input becomes a command."""

import base64
import json
from typing import Any

import pytest

from payhub.domain.errors import (
    BodyTooLarge,
    InvalidRequest,
    NotFound,
    Refused,
    UnsupportedMedia,
)
from payhub.entrypoints.requests import BODY_MAX_BYTES, read_command, read_event
from payhub.operations.get_payment import GetPayment
from payhub.operations.issue_payment import IssuePayment
from payhub.operations.list_payments import ListPayments
from payhub.operations.void_payment import VoidPayment
from tests.support.fakes import issue_values

ID = "48dc532ac1f63a9616b719de0a6a19a5"


def event(body: Any = None, **changes: Any) -> dict[str, Any]:
    """A proxy event; a body that is not text is sent as JSON."""
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    headers = {"content-type": "application/json", **changes.pop("headers", {})}
    return {"httpMethod": "POST", "resource": "/x", "body": text, "headers": headers, **changes}


def issue_body(**changes: Any) -> dict[str, Any]:
    """A good body with one thing changed, by dotted name."""
    body: dict[str, Any] = issue_values()["body"]
    for name, value in changes.items():
        *path, last = name.split("__")
        inner = body
        for step in path:
            inner = inner[step]
        inner[last] = value
    return body


def refused(body: Any, **changes: Any) -> Refused:
    """What the hub says to it."""
    with pytest.raises(Refused) as error:
        read_command(read_event(event(body, **changes)), IssuePayment)
    return error.value


def test_a_good_request_becomes_a_command() -> None:
    headers = {"Idempotency-Key": " key-1 "}
    command = read_command(read_event(event(issue_body(), headers=headers)), IssuePayment)
    assert command.idempotency_key == "key-1"
    assert command.body.payment.payment_details.amount == 12500


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("payment.paymentDetails.amount", "12500"),
        ("payment.paymentDetails.amount", 125.0),
        ("payment.paymentDetails.amount", True),
        ("payment.paymentDetails.amount", None),
        ("payment.paymentDetails.issuerReferenceId", ""),
        ("payment.paymentDetails.issuerReferenceId", "x" * 256),
        ("payment.paymentDetails.issuerReferenceId", "a\x00b"),
        ("payment.totalNumberOfClaims", -1),
        ("payment.totalNumberOfClaims", 2**31),
        ("payment.payeeDetails", "text"),
        ("payment.claimLevelInformation", {}),
        ("accountShortCode", 7),
        ("clientRequestId", "two words"),
        ("misspelt", 1),
    ],
)
def test_a_wrong_field_is_named(field: str, value: Any) -> None:
    error = refused(issue_body(**{field.replace(".", "__"): value}))
    assert isinstance(error, InvalidRequest)
    assert [it.field for it in error.errors] == [field]
    assert str(value) not in error.errors[0].detail or len(str(value)) < 3


def test_a_missing_field_is_named() -> None:
    body = issue_body()
    del body["payment"]["paymentDetails"]["amount"]
    error = refused(body)
    assert isinstance(error, InvalidRequest)
    assert [it.field for it in error.errors] == ["payment.paymentDetails.amount"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "7",
        "null",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": [' + "[" * 100 + "]" * 100 + "]}",
        "[" * 100_000,
        "\ufffd",
        '{"a": "\\ud800',
        '{"a": "\\ud800"}',
    ],
)
def test_what_is_not_a_json_object_is_refused(text: str) -> None:
    assert isinstance(refused(text), InvalidRequest)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "json"])
def test_another_content_type_is_refused(content_type: str) -> None:
    error = refused(issue_body(), headers={"content-type": content_type})
    assert isinstance(error, UnsupportedMedia)


def test_a_charset_in_the_content_type_is_fine() -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    read_command(read_event(event(issue_body(), headers=headers)), IssuePayment)


def test_a_body_over_the_limit_is_refused() -> None:
    assert isinstance(refused("x" * (BODY_MAX_BYTES + 1)), BodyTooLarge)


def test_an_encoded_body_is_decoded() -> None:
    body = base64.b64encode(json.dumps(issue_body()).encode()).decode()
    request = read_event(event(body, isBase64Encoded=True))
    assert read_command(request, IssuePayment).body.account_short_code == "ACCT1"


@pytest.mark.parametrize("payment_id", ["", "x", ID.upper(), ID + "0", "..", "%00", "a" * 5000])
def test_a_payment_id_that_cannot_exist_is_not_found(payment_id: str) -> None:
    request = read_event(event(pathParameters={"paymentId": payment_id}))
    with pytest.raises(NotFound):
        read_command(request, GetPayment)


def test_path_values_are_decoded_once() -> None:
    request = read_event(event(pathParameters={"paymentId": "%34" + ID[1:]}))
    assert read_command(request, GetPayment).payment_id == ID


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "ten"),
        ("from", "yesterday"),
        ("from", "2026-11-21T00:00:00"),
        ("cursor", "§"),
        ("status", ""),
        ("unknown", "1"),
    ],
)
def test_a_wrong_query_parameter_is_named(name: str, value: str) -> None:
    request = read_event(event(queryStringParameters={name: value}))
    with pytest.raises(InvalidRequest) as error:
        read_command(request, ListPayments)
    assert [it.field for it in error.value.errors] == [name]


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "a\tb"])
def test_a_wrong_idempotency_key_is_named(key: str) -> None:
    error = refused(issue_body(), headers={"Idempotency-Key": key})
    assert isinstance(error, InvalidRequest)
    assert [it.field for it in error.errors] == ["Idempotency-Key"]


@pytest.mark.parametrize("if_match", ['"7"', 'W/"7"', "7"])
def test_a_revision_is_read_from_if_match(if_match: str) -> None:
    request = read_event(event(pathParameters={"paymentId": ID}, headers={"If-Match": if_match}))
    assert read_command(request, VoidPayment).if_match == if_match


def test_an_action_needs_no_body() -> None:
    request = read_event({"pathParameters": {"paymentId": ID}})
    assert read_command(request, VoidPayment).body.reason is None
