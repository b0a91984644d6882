"""Payments documents of callers, and the XML that they are answered with."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from payhub import wiring
from payhub.domain.actions import Request, open_queued
from payhub.domain.errors import BodyTooLarge, InvalidRequest, Refused, UnsupportedMedia
from payhub.domain.payment import Payment
from payhub.domain.portal import FeedPage, MessageView, PostedDocument, PostedPayment
from payhub.domain.reply import Reply
from payhub.entrypoints import medfusion, problems
from payhub.entrypoints.requests import BODY_MAX_BYTES, read_command, read_event
from payhub.operations.update_portal_payments import UpdatePortalPayments
from payhub.xml import local_name, parse
from tests.support.fakes import NOON_MS, World

PRACTICE = "1c7ecf9f-9700-4e70-b976-9356db658274"
PAYMENT = "782b8228-2527-4e2a-825c-a4afabe74ae0"
MESSAGE_ID = "2f1c7a9b3d024a558d7e5c2f9e527b0e"
SAMPLE: str = json.loads(
    (Path(__file__).parents[2] / "events/api/update_portal_payments.json").read_text()
)["body"]
PAN = "4111111111111111"


def event(body: str = SAMPLE, content_type: str | None = "application/xml") -> dict[str, Any]:
    """A POST of the document."""
    headers = {} if content_type is None else {"content-type": content_type}
    return {
        "httpMethod": "POST",
        "resource": "/v1/practice/{practiceId}/securePayments",
        "pathParameters": {"practiceId": PRACTICE},
        "headers": headers,
        "body": body,
    }


def read(event_: dict[str, Any]) -> PostedDocument:
    """What the operation is given."""
    return read_command(read_event(event_), UpdatePortalPayments).document


def refused(event_: dict[str, Any]) -> Refused:
    """Why it is not taken."""
    with pytest.raises(Refused) as error:
        read(event_)
    return error.value


def test_the_documented_message_is_read_as_plain_values() -> None:
    document = read(event())
    assert document.practice_id == PRACTICE
    assert document.payments == (
        PostedPayment(
            reference=PAYMENT, target="POSTED", payment_type="BillPayment", amount="25.00"
        ),
    )
    assert "Copay for Appointment" in document.text


def test_comments_and_spelling_make_no_difference() -> None:
    spelt = SAMPLE.replace("POSTED", " PO<!-- x -->STED\n").replace("Copay", "<![CDATA[Copay]]>")
    document = read(event(f"\ufeff{spelt}"))
    assert document.payments == read(event()).payments
    assert "<!--" not in document.text and "CDATA" not in document.text


def test_what_is_not_known_is_kept_where_it_stood() -> None:
    more = SAMPLE.replace("<PaymentType>", "<Later><Inner a='1'>x</Inner></Later><PaymentType>")
    text = read(event(more)).text
    assert text.index("<Later>") < text.index("<PaymentType>")


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/xml", "Application/XML", "application/xml; charset=utf-8"),
        *("application/xml;charset=UTF-8", 'application/xml; charset="utf-8"', "application/xml;"),
    ],
)
def test_xml_in_utf_8_is_taken(content_type: str) -> None:
    assert read(event(content_type=content_type)).practice_id == PRACTICE


@pytest.mark.parametrize(
    "content_type",
    [
        *(None, "", "text/xml", "application/json", "application/xml+x", "text/plain"),
        *("application/xml; charset=utf-16", "application/xml; charset=iso-8859-1"),
        *("application/xml; version=1", "application/xml; charset=utf-8; charset=utf-16"),
        "application/x-www-form-urlencoded",
    ],
)
def test_every_other_content_type_is_a_415(content_type: str | None) -> None:
    assert isinstance(refused(event(content_type=content_type)), UnsupportedMedia)


def test_a_large_body_is_a_413_and_read_no_further() -> None:
    assert isinstance(refused(event("<" * (BODY_MAX_BYTES + 1))), BodyTooLarge)


@pytest.mark.parametrize(
    "body", ["", " ", "{}", "<Payments/>", "\ufffd", SAMPLE.replace("</ns2:Payments>", "")]
)
def test_what_is_no_payments_document_names_the_body_or_an_element(body: str) -> None:
    error = refused(event(body))
    assert isinstance(error, InvalidRequest) and error.errors


def test_other_bytes_than_utf_8_are_refused_where_they_come_through() -> None:
    binary = {
        **event(),
        "body": base64.b64encode(SAMPLE.encode("utf-16")).decode(),
        "isBase64Encoded": True,
    }
    assert isinstance(refused(binary), InvalidRequest)


@pytest.mark.parametrize(
    ("change", "element", "line"),
    [
        (lambda text: text.replace("<PaymentStatus>POSTED</PaymentStatus>", ""), "Payment", 13),
        (lambda text: text.replace(f'id="{PAYMENT}"', 'id="7"'), "Payment", 13),
        (lambda text: text.replace('<Sender deviceName="12.5"/>', ""), "Partner", 5),
        (lambda text: text.replace(PRACTICE, ""), "PracticeId", 10),
    ],
)
def test_a_mistake_is_named_by_element_and_line(
    change: Callable[[str], str], element: str, line: int
) -> None:
    error = refused(event(change(SAMPLE)))
    assert isinstance(error, InvalidRequest)
    assert error.errors[0].field == element
    assert error.errors[0].detail.startswith(f"line {line}: ")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("100234", PAN),
        lambda text: text.replace("100234", "4111 1111 1111 1111"),
        lambda text: text.replace("100234", "4111<!-- -->1111<!-- -->1111<!-- -->1111"),
        lambda text: text.replace("100234", f"<![CDATA[{PAN}]]>"),
        lambda text: text.replace("100234", "&#52;111111111111111"),
        lambda text: text.replace("Copay for Appointment", f"card {PAN}, thanks"),
        lambda text: text.replace("12.5", PAN),
        lambda text: text.replace("<PaymentType>", f"<More a='{PAN}'/><PaymentType>"),
        lambda text: text.replace("<PaymentType>", f"<n{PAN}/><PaymentType>"),
        lambda text: text.replace("<PaymentType>", f"<More a{PAN}='x'/><PaymentType>"),
        lambda text: text.replace("<PaymentType>", f"<x:A xmlns:x='urn:{PAN}'/><PaymentType>"),
        lambda text: text.replace("</PaymentType>", f"</PaymentType>{PAN}"),
    ],
)
def test_a_card_number_is_refused_wherever_it_stands_and_not_repeated(
    change: Callable[[str], str],
) -> None:
    error = refused(event(change(SAMPLE)))
    assert isinstance(error, InvalidRequest)
    answer = problems.problem_of(error, "c-1")
    assert answer is not None and "1111" not in answer["body"]


def test_a_card_number_in_a_comment_is_not_kept() -> None:
    document = read(event(SAMPLE.replace("<PaymentType>", f"<!-- {PAN} --><PaymentType>")))
    assert "1111" not in document.text


# ---------------------------------------------------------------- answers


@pytest.fixture
def hub(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The hub that the renderers ask for its address."""
    monkeypatch.setattr(wiring, "hub", lambda: world.hub)
    return world


ELEMENT = f"""<Payment id="{PAYMENT}"><Z>1</Z><PaymentStatus>SUBMITTED</PaymentStatus>
  <PaymentInformation><AmountPaid>25.00</AmountPaid></PaymentInformation></Payment>"""


def portal_payment(**changes: Any) -> Payment:
    """A payment of the portal that was reported since."""
    payment = Payment(
        tenant="t",
        payment_id="0" * 32,
        vendor="medfusion",
        operation="receive_portal_payment",
        amount_cents=2500,
        caller_reference="r",
        fingerprint="f",
        created_at_ms=NOON_MS,
        updated_at_ms=NOON_MS,
        vendor_status="POSTED",
        terms={"practiceId": PRACTICE, "kind": "securePayments", "xml": ELEMENT},
    )
    received = open_queued(
        payment, Request(verb="receive", actor="vendor"), "seen", NOON_MS, NOON_MS
    )
    (action,) = received.actions
    done = replace(action, state=type(action.state).DONE)
    return replace(received, actions=(done,), **changes)


def message() -> Payment:
    """A message that waits for a worker."""
    made = replace(
        portal_payment(),
        payment_id=MESSAGE_ID,
        operation="update_portal_payments",
        alias="job/" + "ab" * 16,
    )
    return open_queued(made, Request(verb="send", actor="caller"), "accepted", NOON_MS, NOON_MS)


def test_payments_are_served_as_they_came_with_their_present_status(world: World) -> None:
    page = FeedPage(payments=(portal_payment(), portal_payment()), last_ms=1763719200123)
    answer = medfusion.portal_payments_answer(page, world.caller(), "c-1")
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "application/xml"
    assert answer["headers"]["Last-Timestamp"] == "1763719200123"
    root = parse(answer["body"].encode())
    assert root.tag == "{http://schema.intuit.com/health/securePayments/v1}Payments"
    names = [child.tag for child in root]
    assert names == ["PaymentsMessageHeaders", "PracticeInformation", "Payment", "Payment"]
    assert root.findtext("PracticeInformation/PracticeIdentifier/PracticeId") == PRACTICE
    assert [child.tag for child in root[2]] == ["Z", "PaymentStatus", "PaymentInformation"]
    assert root.findtext("Payment/PaymentStatus") == "POSTED"
    destination = root.find("PaymentsMessageHeaders/Destination")
    assert destination is not None and destination.get("deviceName") == "Riverside"


def test_what_is_served_may_be_posted_back() -> None:
    page = FeedPage(payments=(portal_payment(),), last_ms=1)
    xml = ELEMENT.replace("<Z>1</Z>", "<Z>1</Z><PaymentType>BillPayment</PaymentType>")
    terms = {**page.payments[0].terms, "xml": xml}
    page = replace(page, payments=(replace(page.payments[0], terms=terms),))
    answer = medfusion.portal_payments_answer(page, World().caller(), "c-1")
    assert read(event(answer["body"])).payments[0].target == "POSTED"


def test_nothing_new_is_a_204_that_says_where_to_go_on(world: World) -> None:
    answer = medfusion.portal_payments_answer(
        FeedPage(payments=(), last_ms=7), world.caller(), "c-1"
    )
    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"] == {
        "Content-Type": "application/xml",
        "Cache-Control": "no-store",
        "Last-Timestamp": "7",
    }
    assert medfusion.in_xml(answer) is answer


def test_an_accepted_message_is_answered_as_documented(hub: World) -> None:
    reply = Reply(payment=message(), action=message().action, replayed=True)
    answer = medfusion.accepted_answer(reply, hub.caller(), "c-1")
    assert answer["statusCode"] == 202
    headers = answer["headers"]
    message_id = "2f1c7a9b-3d02-4a55-8d7e-5c2f9e527b0e"
    path = f"/v1/practice/{PRACTICE}/processingStatus/{message_id}"
    assert headers["Location"] == "https://api.payhub.test" + path
    assert headers["Payment-Id"] == MESSAGE_ID and headers["Idempotent-Replayed"] == "true"
    root = parse(answer["body"].encode())
    assert root.tag == "ProcessingResponse"
    assert root.nsmap == {"ns2": "http://schema.intuit.com/health/admin/v1"}
    job_id = "abababab-abab-abab-abab-abababababab"
    assert [(it.tag, it.text) for it in root] == [("DataJobId", job_id), ("MessageId", message_id)]


@pytest.mark.parametrize("error", [None, "payment 7 <is> unknown \x07"])
def test_a_processing_status_has_a_state_for_the_job_and_one_for_the_message(
    world: World, error: str | None
) -> None:
    state = "COMPLETED" if error is None else "ERROR"
    view = MessageView(message=message(), state=state, error=error)
    answer = medfusion.processing_status_answer(view, world.caller(), "c-1")
    root = parse(answer["body"].encode())
    assert [it.text for it in root.iter("State")] == [state, state]
    said = root.findtext("Messages/Message/Error")
    assert said == (error and "payment 7 <is> unknown \ufffd")


def test_a_problem_in_xml_has_the_members_of_the_json() -> None:
    known = problems.problem_of(refused(event(SAMPLE.replace("POSTED", ""))), "c-1")
    assert known is not None
    answer = medfusion.in_xml(known)
    assert answer["headers"]["Content-Type"] == "application/problem+xml"
    assert answer["statusCode"] == 400
    root = parse(answer["body"].encode())
    assert root.tag == "{urn:ietf:rfc:7807}problem"
    body = json.loads(known["body"])
    told = {local_name(it): it for it in root}
    assert told.keys() == body.keys()
    assert told["status"].text == "400" and told["title"].text == body["title"]
    (mistake,) = told["errors"]
    assert [it.text for it in mistake] == list(body["errors"][0].values())


def test_a_problem_about_what_xml_cannot_hold_can_be_told_in_xml() -> None:
    odd = {**event(), "queryStringParameters": {"a\x00\ud800]]>&": "1"}}
    known = problems.problem_of(refused(odd), "c-1")
    assert known is not None
    assert parse(medfusion.in_xml(known)["body"].encode()) is not None
