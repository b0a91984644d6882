"""Status updates to Medfusion: taken with 202, applied or failed later, asked about by message."""

from __future__ import annotations

import pytest

from local.sandbox.medfusion.magic import MAGIC_AMOUNTS
from local.sandbox.messages import Response
from tests.unit.sandbox.bench import shown
from tests.unit.sandbox.medfusion_bench import (
    HEADERS,
    OTHER_PRACTICE,
    PAY_NOW,
    PRACTICE,
    SWIPED,
    MedfusionBench,
    document,
    payment,
    texts,
)

UNKNOWN = "782b8228-2527-4e2a-825c-a4afabe74ae0"


def test_an_update_is_taken_with_the_way_to_its_processing_status(
    medfusion: MedfusionBench,
) -> None:
    payment_id = medfusion.pay()
    answer = medfusion.post(payment(payment_id, amount="25.00"))
    [message] = medfusion.listed("messages")
    message_id = message["message_id"]
    path = f"/v1/practice/{PRACTICE}/processingStatus/{message_id}"
    assert (answer.status, answer.headers) == (
        202,
        {"Content-Type": "application/xml", "Location": f"http://127.0.0.1:8094{path}"},
    )
    assert texts(answer, "MessageId") == [message_id]
    assert texts(answer, "DataJobId") == [message["data_job_id"]]


def test_both_documented_forms_of_the_response_are_spoken(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay()
    usual = medfusion.post(payment(payment_id)).body
    assert b'<ProcessingResponse xmlns:ns2="http://schema.intuit.com/health/admin/v1">' in usual
    assert b"<DataJobId>" in usual
    medfusion.manners(response_style="ccd")
    other = medfusion.post(payment(payment_id)).body
    assert b'<ns2:ProcessingResponse xmlns:ns2="http://schema.intuit.com/health/ccd/v1">' in other
    assert b"<dataJobId>" in other
    assert b"<messageId>" in other


def test_an_update_is_processing_for_two_seconds_and_then_applied(
    medfusion: MedfusionBench,
) -> None:
    payment_id = medfusion.pay()
    path = medfusion.posted(payment_id)
    medfusion.wait(1.9)
    assert medfusion.states(path) == ["PROCESSING", "PROCESSING"]
    assert medfusion.status_of(payment_id) == "SUBMITTED"
    medfusion.wait(0.1)
    assert medfusion.states(path) == ["COMPLETED", "COMPLETED"]
    assert medfusion.status_of(payment_id) == "POSTED"


def test_how_long_updates_take_can_be_changed(medfusion: MedfusionBench) -> None:
    assert medfusion.manners()["processing_seconds"] == 2
    medfusion.manners(processing_seconds=60)
    path = medfusion.posted(medfusion.pay())
    medfusion.wait(59)
    assert medfusion.states(path) == ["PROCESSING", "PROCESSING"]
    medfusion.wait(1)
    assert medfusion.states(path) == ["COMPLETED", "COMPLETED"]


def test_posting_moves_no_money(medfusion: MedfusionBench) -> None:
    medfusion.posted(medfusion.pay(2500))
    medfusion.wait(3)
    assert medfusion.movements() == [("portal_payment", 2500, "in")]


def test_the_same_update_again_is_another_message_and_harmless(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay()
    paths = []
    for _ in range(2):
        paths.append(medfusion.posted(payment_id))
        medfusion.wait(3)
    assert paths[0] != paths[1]
    assert medfusion.states(paths[1]) == ["COMPLETED", "COMPLETED"]
    assert medfusion.status_of(payment_id) == "POSTED"
    assert len(medfusion.listed(f"messages?payment_id={payment_id}")) == 2


def failure(medfusion: MedfusionBench, *updates: str) -> str:
    """Post updates that are taken, and answer why they failed."""
    answer = medfusion.post(*updates)
    assert answer.status == 202
    medfusion.wait(3)
    path = answer.headers["Location"].partition(f"/practice/{PRACTICE}/")[2]
    status = medfusion.ask("GET", path)
    assert texts(status, "State") == ["COMPLETED", "ERROR"]
    return "\n".join(texts(status, "Error"))


def test_an_unknown_payment_is_taken_and_fails_later(medfusion: MedfusionBench) -> None:
    assert failure(medfusion, payment(UNKNOWN)) == f"Payment {UNKNOWN} was not found."


def test_a_payment_of_another_practice_or_kind_is_not_found(medfusion: MedfusionBench) -> None:
    medfusion.other_member()
    for paid in (
        medfusion.pay(practice_id=OTHER_PRACTICE),
        medfusion.pay(payment_type="VCS Payment"),
    ):
        assert "was not found" in failure(medfusion, payment(paid))
        assert medfusion.status_of(paid) == "SUBMITTED"


def test_another_amount_than_was_paid_fails_later(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay(2500)
    update = payment(payment_id, amount="25.01")
    assert "AmountPaid" in failure(medfusion, update)
    assert medfusion.status_of(payment_id) == "SUBMITTED"


def test_a_status_only_goes_forward(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay()
    for status in ("ACCEPTED", "POSTED"):
        medfusion.posted(payment_id, status)
        medfusion.wait(3)
        assert medfusion.status_of(payment_id) == status
    assert "is POSTED and cannot become ACCEPTED" in failure(
        medfusion, payment(payment_id, "ACCEPTED")
    )
    assert medfusion.status_of(payment_id) == "POSTED"


def test_a_message_is_applied_as_a_whole_or_not_at_all(medfusion: MedfusionBench) -> None:
    paid = [medfusion.pay(), medfusion.pay()]
    assert UNKNOWN in failure(medfusion, payment(paid[0]), payment(UNKNOWN), payment(paid[1]))
    assert [medfusion.status_of(each) for each in paid] == ["SUBMITTED", "SUBMITTED"]
    assert medfusion.post(*(payment(each) for each in paid)).status == 202
    medfusion.wait(3)
    assert [medfusion.status_of(each) for each in paid] == ["POSTED", "POSTED"]


@pytest.mark.parametrize(("path", "type_"), [(SWIPED, "VCS Payment"), (PAY_NOW, "Pay Now Payment")])
def test_other_payments_are_updated_where_they_are_polled(
    medfusion: MedfusionBench, path: str, type_: str
) -> None:
    payment_id = medfusion.pay(payment_type=type_)
    assert medfusion.post(payment(payment_id, type_=type_)).status == 400
    assert medfusion.post(payment(payment_id, type_=type_), path="payments").status == 400
    assert medfusion.post(payment(payment_id, type_=type_), path=path).status == 202
    medfusion.wait(3)
    assert medfusion.status_of(payment_id) == "POSTED"


def broken(medfusion: MedfusionBench, body: str | bytes) -> Response:
    """What is refused leaves no message."""
    answer = medfusion.ask("POST", "securePayments", body)
    assert medfusion.listed("messages") == []
    return answer


GOOD = document(payment(UNKNOWN, amount="25.00"))


@pytest.mark.parametrize(
    ("sent", "instead", "named"),
    [
        (GOOD, "", "well-formed"),
        ("</ns2:Payments>", "", "well-formed"),
        ("<ns2:Payments", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><ns2:Payments', "DOCTYPE"),
        ('encoding="UTF-8"', 'encoding="ISO-8859-1"', "UTF-8"),
        ("securePayments/v1", "securePayments/v2", "root"),
        (HEADERS, "", "must have PaymentsMessageHeaders"),
        ('    <Partner deviceName="Test partner"/>\n', "", "must have Partner"),
        (' deviceName="12.5"', "", "attribute deviceName"),
        (' deviceName="12.5"', ' deviceName="12.5" name="x"', "attribute that is not known"),
        ("<Payment id=", "<Payment number=", "attribute id"),
        (f'id="{UNKNOWN}"', 'id=""', "attribute id"),
        (PRACTICE, OTHER_PRACTICE, "PracticeId must be that of the path"),
        (payment(UNKNOWN, amount="25.00"), "", "must have Payment"),
        ("<PaymentType>BillPayment</PaymentType>", "", "must have PaymentType"),
        ("BillPayment", "Bill", "PaymentType must be BillPayment"),
        ("POSTED", "posted", "PaymentStatus has no allowed content"),
        ("POSTED", "SETTLED", "PaymentStatus has no allowed content"),
        ("25.00", "25", "AmountPaid has no allowed content"),
        ("25.00", "-25.00", "AmountPaid has no allowed content"),
        ("25.00", "25.001", "AmountPaid has no allowed content"),
        ("25.00", "<b>25.00</b>", "AmountPaid has no allowed content"),
        ("<AmountPaid>", "text<AmountPaid>", "text of its own"),
        ("</AmountPaid>", "</AmountPaid><AmountPaid>1.00</AmountPaid>", "one AmountPaid only"),
        ("PaymentComments>", "Comments>", "unknown or out of place"),
        ("</AmountPaid>", "</AmountPaid><CCLast4Digits>1</CCLast4Digits>", "CCLast4Digits"),
    ],
)
def test_a_document_of_another_form_is_refused_at_once(
    medfusion: MedfusionBench, sent: str, instead: str, named: str
) -> None:
    assert sent in GOOD
    answer = broken(medfusion, GOOD.replace(sent, instead))
    assert (answer.status, answer.headers["Content-Type"]) == (400, "text/plain")
    assert named in answer.body.decode()


def test_elements_must_stand_in_their_order(medfusion: MedfusionBench) -> None:
    type_, status = (
        "    <PaymentType>BillPayment</PaymentType>\n",
        "    <PaymentStatus>POSTED</PaymentStatus>\n",
    )
    answer = broken(medfusion, GOOD.replace(type_ + status, status + type_))
    assert answer.status == 400


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><a>&z;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
        "<a>" * 10_000,
    ],
)
def test_documents_that_attack_the_reader_are_refused(
    medfusion: MedfusionBench, attack: str
) -> None:
    assert broken(medfusion, attack).status == 400


def test_a_payment_as_it_was_polled_can_be_sent_back_with_another_status(
    medfusion: MedfusionBench,
) -> None:
    payment_id = medfusion.pay()
    answer = medfusion.ask(
        "POST", "securePayments", medfusion.poll().body.replace(b"SUBMITTED", b"POSTED")
    )
    assert answer.status == 202
    medfusion.wait(3)
    assert medfusion.status_of(payment_id) == "POSTED"


def test_a_practice_may_lose_the_way_to_the_status(medfusion: MedfusionBench) -> None:
    medfusion.manners(loses_location=True)
    answer = medfusion.post(payment(medfusion.pay()))
    assert (answer.status, "Location" in answer.headers) == (202, False)
    message_id = medfusion.listed("messages")[0]["message_id"]
    assert medfusion.states(f"processingStatus/{message_id}") == ["PROCESSING", "PROCESSING"]


def test_the_status_of_no_message_or_another_practices_is_not_found(
    medfusion: MedfusionBench,
) -> None:
    assert medfusion.ask("GET", f"processingStatus/{UNKNOWN}").status == 404
    path = medfusion.posted(medfusion.pay())
    medfusion.member(practice_ids=[PRACTICE, OTHER_PRACTICE])
    reply = medfusion.reply("GET", f"/v1/practice/{OTHER_PRACTICE}/{path}")
    assert reply.response
    assert reply.response.status == 404


# Magic amounts, each by its cents


def test_404_and_409_fail_later_with_their_reasons(medfusion: MedfusionBench) -> None:
    for cents in (404, 409):
        payment_id = medfusion.pay(cents)
        assert failure(medfusion, payment(payment_id)) == MAGIC_AMOUNTS[cents].ends_in_error
        assert medfusion.status_of(payment_id) == "SUBMITTED"


def test_408_stays_in_processing(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay(408)
    path = medfusion.posted(payment_id)
    medfusion.wait(200)
    assert medfusion.states(path) == ["PROCESSING", "PROCESSING"]
    assert medfusion.status_of(payment_id) == "SUBMITTED"


def test_410_is_applied_and_its_status_forgotten(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay(410)
    path = medfusion.posted(payment_id)
    assert medfusion.states(path) == ["PROCESSING", "PROCESSING"]
    medfusion.wait(3)
    assert medfusion.ask("GET", path).status == 404
    assert medfusion.status_of(payment_id) == "POSTED"
    assert medfusion.listed("messages")[0]["state"] == "COMPLETED"


def test_412_is_accepted_without_a_location(medfusion: MedfusionBench) -> None:
    payment_id = medfusion.pay(412)
    assert "Location" not in medfusion.post(payment(payment_id)).headers
    medfusion.wait(3)
    assert medfusion.status_of(payment_id) == "POSTED"


def test_422_is_refused_at_once(medfusion: MedfusionBench) -> None:
    assert medfusion.post(payment(medfusion.pay(422))).status == 400
    assert medfusion.listed("messages") == []


def test_425_takes_a_minute_longer(medfusion: MedfusionBench) -> None:
    path = medfusion.posted(medfusion.pay(425))
    medfusion.wait(61.9)
    assert medfusion.states(path) == ["PROCESSING", "PROCESSING"]
    medfusion.wait(0.1)
    assert medfusion.states(path) == ["COMPLETED", "COMPLETED"]


# Controls


def test_messages_are_listed_with_what_they_ask_for(medfusion: MedfusionBench) -> None:
    first, second = medfusion.pay(), medfusion.pay()
    medfusion.posted(first)
    medfusion.posted(second, "ACCEPTED")
    [message] = medfusion.listed(f"messages?practice_id={PRACTICE}&payment_id={second}")
    assert message["updates"] == [{"payment_id": second, "status": "ACCEPTED"}]
    assert (message["practice_id"], message["payment_type"]) == (PRACTICE, "BillPayment")
    assert (message["state"], message["errors"]) == ("PROCESSING", [])
    assert len(medfusion.listed("messages")) == 2
    assert medfusion.control("GET", "medfusion/messages?payment=x").status == 400


def test_manners_are_changed_one_by_one_and_a_reset_brings_the_usual_ones_back(
    medfusion: MedfusionBench,
) -> None:
    usual = medfusion.listed("practices")
    assert usual == [
        {
            "practice_id": PRACTICE,
            "response_style": "admin",
            "loses_location": False,
            "overlap_seconds": 0.0,
            "processing_seconds": 2.0,
        }
    ]
    medfusion.manners(response_style="ccd")
    changed = {**usual[0], "response_style": "ccd", "loses_location": True}
    assert medfusion.manners(loses_location=True) == changed
    medfusion.control("POST", "reset")
    assert medfusion.listed("practices") == usual


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"response_style": "xml"}, "response_style must be one of admin, ccd"),
        ({"loses_location": "yes"}, "loses_location must be true or false"),
        ({"processing_seconds": -1}, "processing_seconds must be a number of seconds"),
        ({"practice_id": OTHER_PRACTICE}, "practice_id must be one of"),
        ({"slow": True}, "slow is not known"),
    ],
)
def test_wrong_manners_are_refused(
    medfusion: MedfusionBench, change: dict[str, object], named: str
) -> None:
    answer = medfusion.control("POST", "medfusion/practices", {"practice_id": PRACTICE, **change})
    assert answer.status == 400
    assert named in shown(answer)["error"]
