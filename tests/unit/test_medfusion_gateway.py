"""Messages and the portal's lists against the sandbox's own machine, and against odd vendors."""

from collections.abc import Iterator

import httpx
import pytest

from payhub.domain.answers import (
    Done,
    Matches,
    NotSent,
    Unanswered,
    Undecided,
    VendorRefused,
    View,
)
from payhub.domain.payment import Payment
from payhub.ports import Order
from payhub.vendors.medfusion.contract import LIFECYCLE
from payhub.vendors.medfusion.gateway import PaymentGateway
from payhub.vendors.medfusion.portal import POLLS_MAX, Portal
from tests.support.fakes import NOON_MS, SetClock
from tests.unit.medfusion_orders import (
    MEDFUSION_TENANT,
    ONE,
    PAY_NOW,
    PRACTICE,
    PRACTICE_PATH,
    SECURE,
    SWIPED,
    TWO,
    Handler,
    Room,
    answering,
    client,
    document,
    element,
    line,
    message,
    order,
    paid,
    portal_payment,
    with_tokens,
)

TYPES = {SECURE: "BillPayment", SWIPED: "VCS Payment", PAY_NOW: "Pay Now Payment"}
ACCEPTED = b"<ProcessingResponse><MessageId>m-1</MessageId></ProcessingResponse>"


@pytest.fixture
def room() -> Iterator[Room]:
    """A sandbox of its own for each test."""
    room = Room()
    yield room
    room.store.close()


def sent(room: Room, *references: str, kind: str = SECURE, status: str = "POSTED") -> View:
    """A message that the vendor takes."""
    text = document(*(element(it, status) for it in references))
    text = text.replace("BillPayment", TYPES[kind])
    about = message(*(line(it, status) for it in references), kind=kind)
    answer = room.gateway.perform(order(about, text, room.clock.now_ms()))
    assert isinstance(answer, Done), answer
    return answer.view


def taken(room: Room, view: View, *references: str, status: str = "POSTED") -> Order:
    """An order to read the message that was sent."""
    about = message(
        *(line(it, status) for it in references),
        facts=dict(view.facts),
        reference=view.reference,
        at_ms=room.clock.now_ms(),
    )
    return order(about, now_ms=room.clock.now_ms())


# Polling


@pytest.mark.parametrize("kind", [SECURE, SWIPED, PAY_NOW])
def test_what_patients_paid_is_polled_by_kind_and_once(room: Room, kind: str) -> None:
    references = [room.pay(2500 + n, payment_type=TYPES[kind]) for n in range(3)]
    page = room.polled(kind)
    assert [it.reference for it in page.payments] == references
    assert [it.amount_cents for it in page.payments] == [2500, 2501, 2502]
    assert {it.status for it in page.payments} == {"SUBMITTED"}
    assert page.last_ms is not None
    again = room.polled(kind, page.last_ms)
    assert again.payments == () and again.last_ms == page.last_ms


def test_kinds_and_practices_are_kept_apart(room: Room) -> None:
    room.pay(payment_type=TYPES[SWIPED])
    assert room.polled(SECURE).payments == () and len(room.polled(SWIPED).payments) == 1
    elsewhere = room.portal.poll(MEDFUSION_TENANT, ONE, SECURE, None)
    assert isinstance(elsewhere, NotSent), elsewhere


def test_a_long_list_comes_in_pages(room: Room) -> None:
    references = [room.pay() for _ in range(120)]
    first = room.polled()
    second = room.polled(since_ms=first.last_ms)
    found = [it.reference for it in (*first.payments, *second.payments)]
    assert found == references and len(first.payments) == 100


def test_a_poll_asks_for_what_it_was_told() -> None:
    seen: list[httpx.URL] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(204)

    portal = Portal(client(with_tokens(handler)))
    portal.poll(MEDFUSION_TENANT, "a/b", SECURE, None)
    portal.poll(MEDFUSION_TENANT, PRACTICE, PAY_NOW, 0)
    assert str(seen[0]).endswith("/v1/practice/a%2Fb/securePayments?max=100")
    assert seen[1].path == f"{PRACTICE_PATH}/payments"
    assert dict(seen[1].params) == {"paymentType": PAY_NOW, "max": "100", "since": "0"}


@pytest.mark.parametrize("body", [b"", b"<x/>", b"<Payments", b"{}", b"<!DOCTYPE a><Payments/>"])
def test_a_page_that_cannot_be_read_proves_nothing(body: bytes) -> None:
    portal = Portal(client(answering(200, body, Last_Timestamp="7")))
    assert isinstance(portal.poll(MEDFUSION_TENANT, PRACTICE, SECURE, None), Unanswered)


# Messages


@pytest.mark.parametrize("style", ["admin", "ccd"])
@pytest.mark.parametrize("loses_location", [False, True])
def test_a_message_is_followed_to_its_end(room: Room, style: str, loses_location: bool) -> None:
    manners = {"response_style": style, "loses_location": loses_location}
    room.control("practices", {"practice_id": PRACTICE, **manners})
    reference = room.pay()
    view = sent(room, reference)
    listed = room.control("messages")[0]
    assert view.reference == view.facts["statusId"] == listed["message_id"]
    assert view.facts["dataJobId"] == listed["data_job_id"]
    assert (view.status, view.look_again_at_ms) == ("PROCESSING", room.clock.now_ms() + 2000)
    asked = taken(room, view, reference)
    reading = room.gateway.read(asked)
    assert isinstance(reading, View) and reading.status == "PROCESSING"
    room.pass_seconds(3)
    assert room.gateway.read(asked) == View(reference=view.reference, status="COMPLETED")
    assert room.status_of(reference) == "POSTED"


@pytest.mark.parametrize("kind", [SWIPED, PAY_NOW])
def test_messages_about_other_kinds_have_a_path_of_their_own(room: Room, kind: str) -> None:
    reference = room.pay(payment_type=TYPES[kind])
    sent(room, reference, kind=kind)
    room.pass_seconds(3)
    assert room.status_of(reference) == "POSTED"


def test_a_message_that_fails_later_says_why(room: Room) -> None:
    reference = room.pay(409)
    view = sent(room, reference)
    room.pass_seconds(3)
    failed = room.gateway.read(taken(room, view, reference))
    assert isinstance(failed, View)
    assert (failed.status, failed.said) == ("ERROR", "The patient's account is closed.")
    assert failed.look_again_at_ms is None


def test_a_message_is_looked_at_more_rarely_as_it_grows_old(room: Room) -> None:
    reference = room.pay(408)
    asked = taken(room, sent(room, reference), reference)
    waits = []
    for age_ms in (0, 60_000, 86_400_000_000):
        now_ms = room.clock.now_ms() + age_ms
        reading = room.gateway.read(order(asked.payment, now_ms=now_ms))
        assert isinstance(reading, View) and reading.look_again_at_ms is not None
        waits.append(reading.look_again_at_ms - now_ms)
    assert waits == [2000, 15_000, 6 * 3_600_000]


def test_a_status_that_was_forgotten_is_asked_of_the_payments(room: Room) -> None:
    reference, other = room.pay(410), room.pay()
    view = sent(room, reference)
    room.pass_seconds(3)
    asked = taken(room, view, reference)
    assert room.gateway.read(asked) == View(reference=view.reference, status="COMPLETED")
    unmoved = message(line(other), facts=dict(view.facts), reference=view.reference)
    still = room.gateway.read(order(unmoved, now_ms=NOON_MS))
    assert isinstance(still, View) and still.status == "PROCESSING"
    assert still.look_again_at_ms == NOON_MS + 2000


def test_only_what_is_not_left_out_is_sent(room: Room) -> None:
    one, two = room.pay(), room.pay()
    about = message(line(one, included=False), line(two))
    text = document(element(one), element(two))
    answer = room.gateway.perform(order(about, text, room.clock.now_ms()))
    assert isinstance(answer, Done)
    updates = room.control("messages")[0]["updates"]
    assert updates == [{"payment_id": two, "status": "POSTED"}]


def test_what_the_vendor_refuses_at_once_is_refused(room: Room) -> None:
    reference = room.pay(422)
    about = message(line(reference))
    answer = room.gateway.perform(order(about, document(element(reference))))
    assert answer == VendorRefused(message="The payment cannot be updated.", code="400")


@pytest.mark.parametrize("text", ["", "<a", document()])
def test_a_document_that_is_not_kept_any_more_is_not_sent(text: str) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    answer = PaymentGateway(client(never)).perform(order(message(line()), text))
    assert isinstance(answer, VendorRefused) and answer.message.startswith("not sent: ")


def test_a_call_that_would_start_too_late_is_not_made(room: Room) -> None:
    reference = room.pay()
    late = order(
        message(line(reference)),
        document(element(reference)),
        call_by_ms=room.clock.now_ms() - 1,
    )
    assert isinstance(room.gateway.perform(late), NotSent)
    assert room.control("messages") == []


FAULTS = {
    "disconnect": (Unanswered, 0),
    "timeout_before": (Unanswered, 0),
    "timeout_after": (Unanswered, 1),
    "http_500_before": (Unanswered, 0),
    "http_500_after": (Unanswered, 1),
    "http_429": (NotSent, 0),
    "malformed": (Unanswered, 1),
    "decline": (VendorRefused, 0),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_message_is_told_as_it_is(room: Room, fault: str) -> None:
    expected, messages = FAULTS[fault]
    reference = room.pay()
    room.fault("post_secure_payments", fault)
    about = message(line(reference))
    text = document(element(reference))
    answer = room.gateway.perform(order(about, text, room.clock.now_ms()))
    assert isinstance(answer, expected), answer
    assert len(room.control("messages")) == messages
    room.pass_seconds(3)
    found = room.gateway.search(order(about))
    assert found == Matches(views=(View(reference=None, status="COMPLETED"),) if messages else ())


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("body", ["", "Not Found", " method not allowed ", "<html><p>x</html>"])
def test_a_path_that_leads_nowhere_proves_that_nothing_was_sent(status: int, body: str) -> None:
    gateway = PaymentGateway(client(answering(status, body)))
    answer = gateway.perform(order(message(line()), document(element())))
    assert isinstance(answer, NotSent), answer


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, VendorRefused) for status in (400, 404, 415)),
        *((status, NotSent) for status in (401, 403, 429)),
        *((status, Unanswered) for status in (302, 500, 503)),
    ],
)
def test_other_answers_are_judged_as_for_all_vendors(status: int, expected: type) -> None:
    body = "Payment of card 4111 1111 1111 1111 is unknown"
    gateway = PaymentGateway(client(answering(status, body)))
    answer = gateway.perform(order(message(line()), document(element())))
    assert isinstance(answer, expected), answer
    words = answer.message if isinstance(answer, VendorRefused) else str(answer)
    assert "4111" not in words and "is unknown" in words


@pytest.mark.parametrize(
    ("location", "status_id"),
    [
        ("https://host/v1/practice/p/processingStatus/other-7", "other-7"),
        ("/other-7", "other-7"),
        ("other-7", "other-7"),
        ("https://evil.test/x/other-7", "other-7"),
        ("https://host/v1/practice/p/processingStatus/", "m-1"),
        ("https://host/x?a=b", "m-1"),
        ("https://host/a%2Fb", "m-1"),
        ("https://host/" + "a" * 65, "m-1"),
        ("https://host/..", "m-1"),
        ("", "m-1"),
    ],
)
def test_of_a_location_only_an_id_at_its_end_is_believed(location: str, status_id: str) -> None:
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(str(request.url))
        if request.method == "POST":
            return httpx.Response(202, content=ACCEPTED, headers={"Location": location})
        return httpx.Response(200, content=b"<ProcessingStatus><State>X</State></ProcessingStatus>")

    gateway = PaymentGateway(client(with_tokens(handler)))
    answer = gateway.perform(order(message(line()), document(element())))
    assert isinstance(answer, Done) and answer.view.reference == "m-1"
    assert answer.view.facts == {"statusId": status_id}
    gateway.read(order(message(line(), facts=dict(answer.view.facts))))
    assert paths[1] == f"http://medfusion.test{PRACTICE_PATH}/processingStatus/{status_id}"


@pytest.mark.parametrize(
    "body", [b"", b"OK", b"<ProcessingResponse/>", b"<x><MessageId>m-1</MessageId></x>"]
)
def test_a_message_that_was_taken_unreadably_is_unknown(body: bytes) -> None:
    gateway = PaymentGateway(client(answering(202, body)))
    answer = gateway.perform(order(message(line()), document(element())))
    assert isinstance(answer, Unanswered)


def test_a_message_that_an_operator_named_is_asked_for_by_that_id(room: Room) -> None:
    reference = room.pay(409)
    view = sent(room, reference)
    room.pass_seconds(3)
    named = message(line(reference), facts={}, reference=view.reference)
    failed = room.gateway.read(order(named))
    assert isinstance(failed, View) and failed.status == "ERROR"


@pytest.mark.parametrize("status", [200, 401, 429, 500])
def test_a_status_that_cannot_be_read_is_no_word(status: int) -> None:
    gateway = PaymentGateway(client(answering(status, b"<x/>")))
    reading = gateway.read(order(message(line(), facts={"statusId": "m-1"})))
    assert isinstance(reading, NotSent if status in (401, 429) else Unanswered)


# Reading and searching payments


def test_a_portal_payment_is_read_from_the_list_it_was_seen_in(room: Room) -> None:
    room.pay()
    reference = room.pay()
    since_ms = room.polled().last_ms
    assert since_ms is not None
    reading = room.gateway.read(order(portal_payment(reference)))
    assert reading == View(reference=reference, status="SUBMITTED")
    sent(room, reference)
    room.pass_seconds(3)
    after = order(portal_payment(reference, sinceMs=since_ms - 1))
    assert room.gateway.read(after) == View(reference=reference, status="POSTED")
    gone = order(portal_payment(reference, sinceMs=since_ms))
    assert isinstance(room.gateway.read(gone), Unanswered)


@pytest.mark.parametrize("about", [portal_payment(None), portal_payment(ONE)])
def test_a_payment_that_the_portal_does_not_show_has_no_word(about: Payment) -> None:
    gateway = PaymentGateway(client(answering(204, Last_Timestamp="1")))
    assert isinstance(gateway.read(order(about)), Unanswered)


def test_a_message_is_found_when_all_its_payments_are_at_their_targets(room: Room) -> None:
    one, two, out = room.pay(), room.pay(), room.pay()
    sent(room, one)
    room.pass_seconds(3)
    about = message(line(one), line(two), line(out, included=False))
    assert room.gateway.search(order(about)) == Matches(views=())
    sent(room, two)
    room.pass_seconds(3)
    found = room.gateway.search(order(about))
    assert found == Matches(views=(View(reference=None, status="COMPLETED"),))


def test_what_is_beyond_its_target_needs_no_report(room: Room) -> None:
    reference = room.pay()
    sent(room, reference)
    room.pass_seconds(3)
    found = room.gateway.search(order(message(line(reference, "ACCEPTED"))))
    assert isinstance(found, Matches) and found.views
    assert LIFECYCLE.can_reach("ACCEPTED", "POSTED") and not LIFECYCLE.can_reach("POSTED", "ODD")


def test_payments_seen_long_apart_are_each_looked_for_where_they_were_seen(room: Room) -> None:
    lines = []
    for _ in range(3):
        since_ms = room.clock.now_ms() - 1
        lines.append(line(room.pay(), "SUBMITTED", since_ms))
        room.pass_seconds(86_400)
        for _ in range(150):
            room.pay()
        room.pass_seconds(86_400)
    room.paths.clear()
    found = room.gateway.search(order(message(*reversed(lines))))
    assert isinstance(found, Matches) and found.views
    polls = [path for path in room.paths if path.endswith("/securePayments")]
    assert len(polls) == 3


def listing(*pages: tuple[str, str]) -> Handler:
    """A vendor that answers polls with these bodies and Last-Timestamps, then the last again."""
    left = list(pages)

    def handler(request: httpx.Request) -> httpx.Response:
        body, last = left.pop(0) if len(left) > 1 else left[0]
        headers = {"Last-Timestamp": last} if last else {}
        return httpx.Response(200 if body else 204, text=body, headers=headers)

    return with_tokens(handler)


def test_a_payment_that_is_on_no_page_is_not_at_its_target() -> None:
    pages = listing((document(paid(payment_id=TWO)), "5"), ("", "5"))
    gateway = PaymentGateway(client(pages))
    assert gateway.search(order(message(line()))) == Matches(views=())


def test_a_list_ends_with_its_first_empty_page() -> None:
    pages = listing((document(paid(payment_id=TWO)), "5"), ("", "6"), ("", "7"))
    gateway = PaymentGateway(client(pages))
    assert gateway.search(order(message(line()))) == Matches(views=())

    def growing(request: httpx.Request) -> httpx.Response:
        last = int(request.url.params["since"]) + 1000
        return httpx.Response(204, headers={"Last-Timestamp": str(last)})

    gateway = PaymentGateway(client(with_tokens(growing)))
    assert gateway.search(order(message(line()))) == Matches(views=())


def test_a_list_that_repeats_itself_ends() -> None:
    pages = listing((document(paid(payment_id=TWO)), "5"), (document(paid(payment_id=TWO)), "5"))
    gateway = PaymentGateway(client(pages))
    assert gateway.search(order(message(line()))) == Matches(views=())


@pytest.mark.parametrize(
    "last",
    ["", "soon", "-5", "9" * 16],
)
def test_a_list_that_does_not_say_how_it_goes_on_proves_nothing(last: str) -> None:
    gateway = PaymentGateway(client(listing((document(paid(payment_id=TWO)), last))))
    assert isinstance(gateway.search(order(message(line()))), Undecided)


def test_an_endless_list_is_given_up() -> None:
    polls: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        polls.append(int(request.url.params["since"]))
        headers = {"Last-Timestamp": str(polls[-1] + 1)}
        return httpx.Response(200, text=document(paid(payment_id=TWO)), headers=headers)

    gateway = PaymentGateway(client(with_tokens(handler)))
    assert isinstance(gateway.search(order(message(line()))), Undecided)
    assert polls == list(range(POLLS_MAX))


def test_a_slow_list_is_given_up_in_time() -> None:
    clock, polls = SetClock(), []

    def handler(request: httpx.Request) -> httpx.Response:
        clock.advance(5)
        polls.append(1)
        headers = {"Last-Timestamp": str(len(polls))}
        return httpx.Response(200, text=document(paid(payment_id=TWO)), headers=headers)

    gateway = PaymentGateway(client(with_tokens(handler), clock=clock))
    assert isinstance(gateway.search(order(message(line()))), Undecided)
    assert len(polls) == 3


@pytest.mark.parametrize("status", [200, 404, 429, 500])
def test_a_search_that_cannot_be_completed_proves_nothing(status: int) -> None:
    gateway = PaymentGateway(client(answering(status, "x", Retry_After="7")))
    found = gateway.search(order(message(line())))
    assert isinstance(found, Undecided)
    assert found.retry_after_seconds == (7 if status == 429 else None)


def test_a_message_without_lines_is_not_found() -> None:
    gateway = PaymentGateway(client(answering(204, Last_Timestamp="1")))
    assert gateway.search(order(message(line(included=False)))) == Matches(views=())
