"""athenahealth's receipts as callers see them: documented types, exact money, nothing added."""

import json
from typing import Any

import httpx
import pytest

from payhub.domain.answers import Failure, Fetched, NotSent, Unanswered, VendorRefused
from payhub.vendors.athena.documents import Documents
from tests.unit.athena_orders import ATHENA_TENANT, Handler, answering, client, with_tokens

IDS = {"practiceid": "195900", "patientid": "7", "epaymentid": "551"}
NUMBER = "4111111111111111"


def fetch(handler: Handler, document: str, **query: str) -> Fetched | Failure:
    """The document from that vendor."""
    return Documents(client(with_tokens(handler))).fetch(ATHENA_TENANT, document, IDS, query)


def content(document: str, body: object) -> Any:
    """What callers see of a readable answer."""
    fetched = fetch(answering(200, body), document)
    assert isinstance(fetched, Fetched), fetched
    return fetched.content


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("list_receipts", "/v1/195900/patients/7/receipts"),
        ("get_receipt", "/v1/195900/patients/7/receipts/551"),
        ("get_receipt_details", "/v1/195900/patients/7/receipts/551/details"),
    ],
)
def test_each_document_has_its_path_and_passes_the_query_on(document: str, path: str) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    fetch(handler, document, departmentid="1")
    assert (seen[0].method, seen[0].url.path) == ("GET", path)
    assert dict(seen[0].url.params) == {"departmentid": "1"}


def test_ids_come_as_integers_and_money_as_text_with_two_decimals() -> None:
    line = {
        "epaymentid": "551",
        "contractid": 31,
        "amount": ".7",
        "epaymentcontractbalance": "-25.5",
        "epaymentcontractmaxamount": 200,
        "type": "PURCHASE",
        "cardnumberlast4digits": "0009",
        "requestdate": "11/21/2026 07:00:00",
    }
    expected = {
        **line,
        "epaymentid": 551,
        "amount": "0.70",
        "epaymentcontractbalance": "-25.50",
        "epaymentcontractmaxamount": "200.00",
    }
    assert content("list_receipts", [line]) == [expected]
    assert content("list_receipts", {"receipts": [line], "totalcount": 1}) == [expected]


def test_details_are_normalised_throughout() -> None:
    body = {
        "epaymentid": "551",
        "patientid": "7",
        "appointmentid": "10071",
        "copayamount": "12.5",
        "otheramount": 0.1,
        "claimpayments": [{"claimid": "701", "amount": "30"}],
        "terms": ["I agree."],
        "rate": 1.5,
        "more": None,
    }
    assert content("get_receipt_details", body) == {
        "epaymentid": 551,
        "patientid": 7,
        "appointmentid": 10071,
        "copayamount": "12.50",
        "otheramount": "0.10",
        "claimpayments": [{"claimid": 701, "amount": "30.00"}],
        "terms": ["I agree."],
        "rate": 1.5,
        "more": None,
    }


def test_what_cannot_be_read_stays_as_it_came() -> None:
    line = {"epaymentid": "E-1", "amount": "n/a", "contractid": None, "claimid": 1.5}
    assert content("list_receipts", [line]) == [line]


def test_a_document_can_be_written_as_json_again() -> None:
    body = b'[{"epaymentid": 1.5, "amount": 0.7, "x": {"y": [1.25, 3]}}]'
    text = json.dumps(content("list_receipts", body))
    assert text == '[{"epaymentid": 1.5, "amount": "0.70", "x": {"y": [1.25, 3]}}]'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"receipt": "<p>Paid</p>", "amount": "1"}, {"receipt": "<p>Paid</p>", "amount": "1"}),
        (b"<html><p>Paid</p></html>", {"receipt": "<html><p>Paid</p></html>"}),
        (b"Paid", {"receipt": "Paid"}),
        ("Paid", {"receipt": "Paid"}),
    ],
)
def test_a_printed_receipt_is_json_or_one_text(body: object, expected: object) -> None:
    assert content("get_receipt", body) == expected


def test_a_card_number_in_a_receipt_goes_no_further() -> None:
    shown = content("get_receipt", {"receipt": f"Card {NUMBER}, paid"})
    assert shown == {"receipt": "Card [number], paid"}
    assert NUMBER not in str(content("list_receipts", [{"note": NUMBER}]))


@pytest.mark.parametrize(
    ("document", "body"),
    [
        ("list_receipts", b"<html>"),
        ("list_receipts", {}),
        ("get_receipt_details", b""),
        ("get_receipt_details", [1]),
        ("get_receipt", b""),
    ],
)
def test_an_unreadable_document_is_no_document(document: str, body: object) -> None:
    assert isinstance(fetch(answering(200, body), document), Unanswered)


@pytest.mark.parametrize("document", ["list_receipts", "get_receipt", "get_receipt_details"])
def test_failures_are_the_vendors_words(document: str) -> None:
    refused = fetch(answering(404, {"error": "The epayment was not found."}), document)
    assert refused == VendorRefused(message="The epayment was not found.", code="404")
    assert isinstance(fetch(answering(404, b"<html>"), document), NotSent)
    assert isinstance(fetch(answering(503, b""), document), Unanswered)
