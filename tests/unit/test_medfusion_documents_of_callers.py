"""What a practice's system is served, and what it may report: documents in, documents out."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from payhub.entrypoints.requests import BODY_MAX_BYTES
from payhub.xml import local_name, parse
from tests.support.medfusion_world import (
    NAMESPACE,
    OTHER_ID,
    OTHER_PRACTICE,
    PAY_NOW,
    PRACTICE,
    SECOND_PRACTICE,
    SECURE,
    SWIPED,
    MedfusionWorld,
    document,
    medfusion_world,
    payment_element,
)

PATH = f"/v1/practice/{PRACTICE}/securePayments"
NOBODYS = "00000000-0000-4000-8000-000000000000"
ONE = "782b8228-2527-4e2a-825c-a4afabe74ae0"


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> MedfusionWorld:
    """Two tenants and their portals."""
    return medfusion_world(monkeypatch)


# ---------------------------------------------------------------- GET


def test_payments_are_served_as_the_vendor_documents_them(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = room.get()
    assert (said.status, said.headers["Content-Type"]) == (200, "application/xml")
    root = parse(said.body.encode())
    assert root.tag == f"{{{NAMESPACE}}}Payments"
    names = [it.tag for it in root]
    assert names == ["PaymentsMessageHeaders", "PracticeInformation", "Payment"]
    assert [it.tag for it in root[0]] == ["Sender", "Partner", "Destination"]
    assert root.findtext("PracticeInformation/PracticeIdentifier/PracticeId") == PRACTICE
    payment = root[2]
    assert payment.get("id") == reference
    assert [it.tag for it in payment] == [
        *("PatientAccountNumber", "PaymentType", "PaymentStatus", "PaymentInformation"),
    ]
    assert payment.findtext("PaymentInformation/AmountPaid") == "25.00"
    assert int(said.headers["Last-Timestamp"]) == room.known(reference).created_at_ms


def test_order_and_unknown_elements_stay_as_they_came_only_the_status_is_the_hubs(
    room: MedfusionWorld,
) -> None:
    element = (
        f'<Payment id="{ONE}" odd="1"><Later xmlns="urn:x"><a b="c">d</a></Later>'
        "<PaymentInformation><Zeta/><AmountPaid>25.00</AmountPaid></PaymentInformation>"
        "<PaymentStatus>SUBMITTED</PaymentStatus><PaymentType>BillPayment</PaymentType>"
        "<Date>2026-11-21</Date></Payment>"
    )
    pages = [httpx.Response(200, text=f"<Payments>{element}</Payments>")]
    room.instead = lambda request: (
        pages.pop() if pages and request.url.path == PATH and request.method == "GET" else None
    )
    room.poll()
    (served,) = parse(room.get().body.encode()).iterchildren("Payment")
    names = [local_name(it) for it in served.iter("*")]
    assert names == [
        *("Payment", "Later", "a", "PaymentInformation", "Zeta", "AmountPaid"),
        *("PaymentStatus", "PaymentType", "Date"),
    ]
    assert served[0].tag == "{urn:x}Later" and served[0][0].get("b") == "c"
    assert (served.get("odd"), served.findtext("Date")) == ("1", "2026-11-21")


def test_nothing_new_is_a_204_that_keeps_the_since_it_was_asked_with(room: MedfusionWorld) -> None:
    assert room.get().status == 204 and room.get().headers["Last-Timestamp"] == "0"
    room.picked_up()
    last = room.get().headers["Last-Timestamp"]
    said = room.get(since=last)
    assert (said.status, said.body, said.headers["Last-Timestamp"]) == (204, None, last)


def test_pages_of_max_follow_each_other(room: MedfusionWorld) -> None:
    references = [room.pay() for _ in range(5)]
    room.poll()
    seen: list[str] = []
    since = None
    while (said := room.get(since=since, max=2)).status == 200:
        seen += room.served(since=since, max=2)
        since = said.headers["Last-Timestamp"]
    assert seen == references


def test_who_asks_for_more_than_a_page_gets_a_page(room: MedfusionWorld) -> None:
    references = [room.pay() for _ in range(101)]
    room.poll()
    room.poll()
    assert list(room.served(max=500)) == references[:100]


@pytest.mark.parametrize("since", ["", "x", "-1", "1.5", "1e3", "٣", " 1", "0x1", "1" * 14])
def test_a_malformed_since_is_a_400_in_xml(room: MedfusionWorld, since: str) -> None:
    problem = room.problem(room.get(since=since))
    assert problem["status"] == "400" and problem["errors"][0][0] == "since"


@pytest.mark.parametrize("most", ["", "0", "-1", "x", "1.0", "1000001"])
def test_a_malformed_max_is_a_400_in_xml(room: MedfusionWorld, most: str) -> None:
    problem = room.problem(room.get(max=most))
    assert problem["status"] == "400" and problem["errors"][0][0] == "max"


@pytest.mark.parametrize("kind", ["BillPayment", "securePayments", "VCSPAYMENT", ""])
def test_another_payment_type_is_a_400(room: MedfusionWorld, kind: str) -> None:
    said = room.call("list_swiper_payments", {"practiceId": PRACTICE}, query={"paymentType": kind})
    assert room.problem(said)["status"] == "400"
    without = room.call("list_swiper_payments", {"practiceId": PRACTICE})
    assert room.problem(without)["errors"][0][0] == "paymentType"


def test_what_is_known_is_served_while_the_vendor_is_down(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.arm("", "refuse", seconds=3600)
    room.sent.clear()
    assert room.served() == {reference: "SUBMITTED"}
    assert room.sent == []


def test_what_is_served_may_be_posted_back_as_it_is(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = room.post(room.get().body)
    assert said.status == 202
    assert room.settled(said) == ("COMPLETED", None)
    assert room.messages(reference) == []


@pytest.mark.parametrize("amount", ["25.5", "25", "0025.00", ".70", "0.00", "0"])
def test_an_amount_may_be_posted_back_as_the_vendor_wrote_it(
    room: MedfusionWorld, amount: str
) -> None:
    element = payment_element(ONE, "SUBMITTED", amount=amount)
    pages = [httpx.Response(200, text=f"<Payments>{element}</Payments>")]
    room.instead = lambda request: (
        pages.pop() if pages and request.url.path == PATH and request.method == "GET" else None
    )
    room.poll()
    assert room.post(room.get().body.replace("SUBMITTED", "POSTED")).status == 202


# ---------------------------------------------------------------- POST


def test_a_report_is_accepted_as_the_vendor_documents_it(room: MedfusionWorld) -> None:
    said = room.accepted(room.picked_up())
    assert said.headers["Content-Type"] == "application/xml"
    root = parse(said.body.encode())
    assert root.tag == "ProcessingResponse"
    job, message = (str(UUID(root.findtext(name))) for name in ("DataJobId", "MessageId"))
    assert job != message and UUID(message).hex == said.payment_id
    location = f"https://api.payhub.test/v1/practice/{PRACTICE}/processingStatus/{message}"
    assert said.headers["Location"] == location


@pytest.mark.parametrize("kind", [SECURE, SWIPED, PAY_NOW])
def test_each_kind_is_reported_on_its_own_path(room: MedfusionWorld, kind: str) -> None:
    reference = room.picked_up(kind=kind)
    said = room.accepted(reference, kind=kind)
    assert room.settled(said) == ("COMPLETED", None)
    assert room.at_vendor(reference) == "POSTED"
    assert room.served(kind) == {reference: "POSTED"}
    (sent,) = [it for it in room.sent if it.method == "POST" and "practice" in it.path]
    path = "securePayments" if kind == SECURE else "payments"
    assert sent.path.endswith(path) and sent.query.get("paymentType", SECURE) == kind


def test_the_document_goes_out_in_the_order_in_which_it_came(room: MedfusionWorld) -> None:
    first, second = room.pay(), room.pay()
    room.poll()
    body = document(
        payment_element(second, "ACCEPTED", amount="25.00"), payment_element(first, "POSTED")
    )
    said = room.post(body)
    assert room.settled(said) == ("COMPLETED", None)
    (sent,) = room.asked(PATH)
    assert sent.headers["content-type"] == "application/xml"
    theirs, ours = parse(sent.body.encode()), parse(body.encode())
    assert [it.tag for it in theirs.iter("*")] == [it.tag for it in ours.iter("*")]
    assert [it.get("id") for it in theirs.iterchildren("Payment")] == [second, first]
    assert [it.get("deviceName") for it in theirs[0]] == [it.get("deviceName") for it in ours[0]]


@pytest.mark.parametrize("content_type", ["application/json", "text/xml", "", "application/xml+x"])
def test_another_content_type_is_a_415(room: MedfusionWorld, content_type: str) -> None:
    said = room.post(document(payment_element(ONE)), content_type=content_type)
    assert room.problem(said)["status"] == "415"


GOOD = document(payment_element(ONE))


@pytest.mark.parametrize(
    ("body", "element", "line"),
    [
        (GOOD.replace("</ns2:Payments>", ""), "body", 18),
        (GOOD.replace('id="', 'ident="'), "Payment", 13),
        (GOOD.replace(ONE, "7"), "Payment", 13),
        (GOOD.replace('<Partner deviceName="Test Application"/>', ""), "Destination", 6),
        (GOOD.replace("<PaymentStatus>POSTED</PaymentStatus>", ""), "Payment", 13),
        (GOOD.replace("<PaymentType>BillPayment</PaymentType>", ""), "Payment", 13),
        (GOOD.replace("ns2:Payments", "Payments"), "Payments", 2),
        (GOOD.replace(PRACTICE, ""), "PracticeId", 10),
        (document(), "Payments", 2),
    ],
)
def test_a_document_that_is_not_right_is_a_400_naming_line_and_element(
    room: MedfusionWorld, body: str, element: str, line: int
) -> None:
    problem = room.problem(room.post(body))
    assert problem["status"] == "400"
    assert problem["errors"][0][0] == element
    assert f"line {line}: " in problem["errors"][0][1]
    assert room.stored("update_portal_payments") == []


def test_a_document_that_is_too_large_is_a_413(room: MedfusionWorld) -> None:
    more = f"<!--{'x' * BODY_MAX_BYTES}-->"
    assert room.problem(room.post(GOOD + more))["status"] == "413"


@pytest.mark.parametrize("practice", [NOBODYS, OTHER_PRACTICE, "x"])
def test_a_practice_that_is_not_the_tenants_is_a_404(room: MedfusionWorld, practice: str) -> None:
    room.pay(practice=OTHER_PRACTICE)
    room.poll()
    said = room.report(ONE, practice=practice)
    assert room.problem(said)["status"] == "404"
    assert room.problem(room.get(practice=practice))["status"] == "404"


def test_the_documents_practice_is_that_of_the_path(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    body = document(payment_element(reference), practice=SECOND_PRACTICE)
    problem = room.problem(room.post(body))
    assert problem["errors"] == [("PracticeId", "must be the practice of the path")]


def test_unknown_payments_are_a_404_that_lists_them_and_nothing_is_sent(
    room: MedfusionWorld,
) -> None:
    known = room.picked_up()
    problem = room.problem(room.report(NOBODYS, known, ONE))
    assert problem["status"] == "404"
    assert NOBODYS in problem["detail"] and ONE in problem["detail"]
    assert known not in problem["detail"]
    room.go(600)
    assert room.asked(PATH) == [] and room.stored("update_portal_payments") == []
    assert room.known(known).open_action is None


def test_what_the_hub_has_not_polled_yet_is_fetched_and_goes_through(room: MedfusionWorld) -> None:
    reference = room.pay()
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)
    assert room.served() == {reference: "POSTED"}


def test_payments_of_another_practice_or_kind_are_unknown(room: MedfusionWorld) -> None:
    elsewhere, swiped = room.pay(practice=SECOND_PRACTICE), room.pay(kind=SWIPED)
    room.poll()
    problem = room.problem(room.report(elsewhere, swiped))
    assert problem["status"] == "404"
    assert elsewhere in problem["detail"] and swiped in problem["detail"]


@pytest.mark.parametrize("fault", ["http_500_before", "malformed", "timeout_after", "http_429"])
def test_while_the_vendor_cannot_be_asked_an_unknown_payment_is_a_503(
    room: MedfusionWorld, fault: str
) -> None:
    """A 404 would say that nobody knows it."""
    reference = room.pay()
    room.arm("poll_secure_payments", fault)
    said = room.report(reference)
    problem = room.problem(said)
    assert (problem["status"], problem["retry"]) == ("503", "later")
    assert reference in problem["detail"] and "Retry-After" in said.headers
    assert room.accepted(reference).status == 202


def test_while_the_vendor_is_down_known_payments_are_accepted(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.arm("", "refuse", seconds=3)
    said = room.accepted(reference)
    assert room.settled(said) == ("COMPLETED", None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("BillPayment", "VCS Payment"), "PaymentType must be"),
        (lambda text: text.replace(">POSTED<", ">Posted<"), "PaymentStatus must be one of"),
        (lambda text: text.replace("25.00", "25.01"), "AmountPaid is not what was paid"),
        (lambda text: text.replace("25.00", "-25.00"), "AmountPaid is not what was paid"),
        (lambda text: text.replace("25.00", "many"), "AmountPaid is not what was paid"),
    ],
)
def test_what_is_said_wrongly_about_a_payment_is_a_400_naming_it(
    room: MedfusionWorld, change: Callable[[str], str], words: str
) -> None:
    reference = room.picked_up()
    body = document(payment_element(reference, amount="25.00"))
    problem = room.problem(room.post(change(body)))
    ((field, detail),) = problem["errors"]
    assert field == f"Payment {reference}" and words in detail
    assert room.stored("update_portal_payments") == []


def test_every_payment_that_is_wrong_is_named(room: MedfusionWorld) -> None:
    one, two, right = room.pay(1000), room.pay(2000), room.pay(3000)
    room.poll()
    body = document(
        payment_element(one, amount="1.00"),
        payment_element(right, amount="30.00"),
        payment_element(two, amount="2.00"),
    )
    problem = room.problem(room.post(body))
    assert [field for field, _ in problem["errors"]] == [f"Payment {one}", f"Payment {two}"]


@pytest.mark.parametrize(("at", "back"), [("POSTED", "SUBMITTED"), ("ACCEPTED", "SUBMITTED")])
def test_a_status_may_not_go_back(room: MedfusionWorld, at: str, back: str) -> None:
    reference = room.picked_up()
    room.settled(room.accepted(reference, status=at))
    problem = room.problem(room.report(reference, status=back))
    assert problem["errors"] == [(f"Payment {reference}", f"is {at} and cannot go back to {back}")]


def test_the_same_payment_twice_in_a_document_is_a_400(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    problem = room.problem(room.report(reference, reference))
    assert problem["status"] == "400"


def test_more_payments_than_a_message_takes_are_a_400(room: MedfusionWorld) -> None:
    many = [f"782b8228-2527-4e2a-825c-{number:012d}" for number in range(101)]
    problem = room.problem(room.report(*many))
    assert problem["errors"] == [("Payment", "send at most 100 in one document")]


# ---------------------------------------------------------------- repeats


def test_the_same_key_twice_is_one_message(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    first = room.accepted(reference, key="k-1")
    again = room.accepted(reference, key="k-1")
    assert again.is_replay and not first.is_replay
    assert again.body == first.body and again.headers["Location"] == first.headers["Location"]
    assert room.settled(first) == ("COMPLETED", None)
    assert room.accepted(reference, key="k-1").body == first.body
    assert len(room.messages(reference)) == 1


def test_a_key_with_another_document_is_a_422(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.accepted(reference, key="k-1")
    problem = room.problem(room.report(reference, key="k-1", status="ACCEPTED"))
    assert problem["status"] == "422"


def test_a_late_repeat_with_its_key_is_a_replay_whatever_became_of_the_payment(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up()
    first = room.accepted(reference, key="k-1", status="ACCEPTED")
    room.settled(first)
    room.settled(room.accepted(reference, status="POSTED"))
    again = room.accepted(reference, key="k-1", status="ACCEPTED")
    assert again.is_replay and again.body == first.body


def test_keys_of_tenants_do_not_meet(room: MedfusionWorld) -> None:
    ours, theirs = room.pay(), room.pay(practice=OTHER_PRACTICE)
    room.poll()
    room.accepted(ours, key="k-1")
    said = room.report(theirs, key="k-1", practice=OTHER_PRACTICE, tenant=OTHER_ID)
    assert said.status == 202 and not said.is_replay


def test_a_repeat_without_a_key_is_a_second_message_that_makes_no_call(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up()
    first, second = room.accepted(reference), room.accepted(reference)
    assert first.payment_id != second.payment_id
    assert room.settled(first) == ("COMPLETED", None)
    assert room.settled(second) == ("COMPLETED", None)
    assert len(room.messages(reference)) == 1 and len(room.asked(PATH)) == 1


def test_two_requests_at_the_same_moment_are_one_report(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = []
    room.interleave(lambda: said.append(room.accepted(reference)))
    said.append(room.accepted(reference))
    assert [room.settled(it) for it in said] == [("COMPLETED", None)] * 2
    assert len(room.messages(reference)) == 1


def test_two_requests_with_one_key_at_the_same_moment_are_one_message(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up()
    said = []
    room.interleave(lambda: said.append(room.accepted(reference, key="k-1")))
    said.append(room.accepted(reference, key="k-1"))
    assert said[0].body == said[1].body
    assert len(room.stored("update_portal_payments")) == 1


def test_of_a_batch_only_what_is_not_there_yet_is_sent(room: MedfusionWorld) -> None:
    references = [room.pay() for _ in range(4)]
    room.poll()
    room.settled(room.accepted(references[1]))
    room.sent.clear()
    said = room.accepted(*reversed(references))
    assert room.settled(said) == ("COMPLETED", None)
    (sent,) = room.asked(PATH)
    ids = [it.get("id") for it in parse(sent.body.encode()).iterchildren("Payment")]
    assert ids == [references[3], references[2], references[0]]
    assert set(room.served().values()) == {"POSTED"}


def test_posted_twice_is_once(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.settled(room.accepted(reference))
    later = room.accepted(reference)
    room.work()
    assert room.state(later) == ("COMPLETED", None)
    assert len(room.messages(reference)) == 1
    verbs = [it["verb"] for it in room.details(room.known(reference).payment_id)["actions"]]
    assert verbs == ["receive", "post"]


def test_a_message_for_a_further_status_waits_for_the_one_under_way(room: MedfusionWorld) -> None:
    room.manners(processing_seconds=1800)
    reference = room.picked_up()
    first = room.accepted(reference, status="ACCEPTED")
    room.work()
    second = room.accepted(reference, status="POSTED")
    room.go(1700)
    assert len(room.messages(reference)) == 1
    assert room.state(first)[0] == room.state(second)[0] == "PROCESSING"
    assert room.settled(first) == ("COMPLETED", None)
    assert room.settled(second) == ("COMPLETED", None)
    assert room.at_vendor(reference) == "POSTED"
    updates = [it["updates"][0]["status"] for it in room.messages(reference)]
    assert updates == ["ACCEPTED", "POSTED"]
    assert "DeadLetters" not in room.signals.names()


def test_a_message_for_an_earlier_status_is_left_out_when_its_turn_comes(
    room: MedfusionWorld,
) -> None:
    """It was taken while the payment was at neither."""
    reference = room.picked_up()
    first = room.accepted(reference, status="POSTED")
    second = room.accepted(reference, status="ACCEPTED")
    assert room.settled(first) == ("COMPLETED", None)
    assert room.settled(second) == ("COMPLETED", None)
    assert room.at_vendor(reference) == "POSTED" and len(room.messages(reference)) == 1


def test_messages_that_want_each_others_payments_do_not_wait_for_ever(
    room: MedfusionWorld,
) -> None:
    one, two = room.pay(), room.pay()
    room.poll()
    first = room.accepted(one, two, status="POSTED")
    second = room.accepted(two, one, status="ACCEPTED")
    # The second worker begins when the first has taken one payment.
    seen = []

    def second_begins(at: str) -> None:
        if at == "after put":
            seen.append(at)
        if len(seen) == 1:
            room.table.hook = lambda point: None
            room.remind("advance_payment", {"tenant": room.tenant.tenant, "payment": second_id})

    second_id = second.payment_id
    room.table.hook = second_begins
    room.remind("advance_payment", {"tenant": room.tenant.tenant, "payment": first.payment_id})
    room.table.hook = lambda point: None
    assert room.settled(first)[0] == room.settled(second)[0] == "COMPLETED"
    assert {room.at_vendor(it) for it in (one, two)} == {"POSTED"}


def test_what_another_message_has_is_told_as_that_one_ends(room: MedfusionWorld) -> None:
    """A message with nothing left to send is not COMPLETED while the other may still fail."""
    reference = room.picked_up(409)
    first, second = room.accepted(reference), room.accepted(reference)
    room.work()
    assert room.state(second) == ("PROCESSING", None)
    assert room.settled(first)[0] == "ERROR"
    state, error = room.state(second)
    assert state == "ERROR" and error is not None
    assert reference in error and "The patient's account is closed." in error
    assert len(room.messages(reference)) == 1
