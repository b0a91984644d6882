"""What patients paid in the portal is picked up: each payment once, whatever goes wrong."""

from collections.abc import Callable

import httpx
import pytest

from payhub.portal import OVERLAP_MS
from payhub.vendors.medfusion import portal as vendor_portal
from tests.support.medfusion_world import (
    PAY_NOW,
    PRACTICE,
    SECOND_PRACTICE,
    SECURE,
    SWIPED,
    MedfusionWorld,
    medfusion_world,
    payment_element,
)

PATH = f"/v1/practice/{PRACTICE}/securePayments"
KINDS = (SECURE, SWIPED, PAY_NOW)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> MedfusionWorld:
    """Two tenants and their portals."""
    return medfusion_world(monkeypatch)


class Died(BaseException):
    """The process is gone."""


def dying(room: MedfusionWorld, point: str, passes: int = 0) -> Callable[[], None]:
    """Have the process die at the table's request of that kind, after letting some through."""
    left = [passes]

    def hook(at: str) -> None:
        if at == point:
            left[0] -= 1
            if left[0] < 0:
                raise Died

    room.table.hook = hook

    def mend() -> None:
        room.table.hook = lambda at: None

    return mend


def each_once(room: MedfusionWorld, references: list[str], kind: str = SECURE) -> bool:
    """Whether the hub holds and serves each of them once, and nothing else."""
    held = [it["vendorReference"] for it in room.stored()]
    return sorted(held) == sorted(references) and sorted(room.served(kind)) == sorted(references)


def test_a_payment_is_picked_up_once_however_often_it_is_polled(room: MedfusionWorld) -> None:
    reference = room.picked_up(2500)
    for _ in range(3):
        room.go(300)
        room.poll()
    (shown,) = room.stored()
    assert (shown["vendorReference"], shown["amountCents"]) == (reference, 2500)
    assert (shown["status"], shown["vendor"]) == ("SUBMITTED", "medfusion")
    assert room.served() == {reference: "SUBMITTED"}


def test_the_three_kinds_of_a_practice_have_each_their_own_feed(room: MedfusionWorld) -> None:
    references = {kind: room.pay(1000, kind) for kind in KINDS}
    room.poll()
    for kind, reference in references.items():
        assert room.served(kind) == {reference: "SUBMITTED"}


def test_practices_do_not_mix(room: MedfusionWorld) -> None:
    ours, second = room.pay(), room.pay(practice=SECOND_PRACTICE)
    room.poll()
    assert list(room.served()) == [ours]
    assert list(room.served(practice=SECOND_PRACTICE)) == [second]


def test_the_first_poll_begins_at_the_beginning_and_later_ones_go_back_a_little(
    room: MedfusionWorld,
) -> None:
    room.pay()
    room.go(86_400)
    room.poll()
    first = room.asked(PATH, "GET")[0]
    assert "since" not in first.query and first.query["max"] == "100"
    cursor_ms = room.cursor()
    assert cursor_ms is not None
    room.sent.clear()
    room.poll()
    assert int(room.asked(PATH, "GET")[0].query["since"]) == cursor_ms - OVERLAP_MS


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three, so that few payments fill several."""
    monkeypatch.setattr(vendor_portal, "PAGE_MAX", 3)


@pytest.mark.usefixtures("short_pages")
def test_many_payments_are_fetched_page_by_page(room: MedfusionWorld) -> None:
    references = [room.pay(1000 + number) for number in range(8)]
    room.poll()
    assert list(room.served()) == references
    # Three pages with payments, one that has nothing more.
    asked = room.asked(PATH, "GET")
    assert len(asked) == 4 and {it.query["max"] for it in asked} == {"3"}


def test_a_lost_answer_loses_nothing(room: MedfusionWorld) -> None:
    reference = room.pay()
    for fault in ("timeout_after", "http_500_after", "disconnect", "malformed", "http_429"):
        room.arm("poll_secure_payments", fault)
        room.poll()
        assert room.cursor() is None and room.served() == {}
    room.poll()
    assert each_once(room, [reference])


def test_a_page_cut_in_the_middle_of_a_payment_is_not_taken_in_part(room: MedfusionWorld) -> None:
    references = [room.pay() for _ in range(3)]
    room.arm("poll_secure_payments", "malformed")
    room.poll()
    assert room.stored() == [] and "PortalUnreadable" in room.signals.names()
    room.poll()
    assert each_once(room, references)


@pytest.mark.usefixtures("short_pages")
def test_what_the_first_of_two_pages_brought_stays_when_the_second_is_lost(
    room: MedfusionWorld,
) -> None:
    references = [room.pay() for _ in range(5)]
    asked = []

    def second_is_lost(path: str) -> None:
        if path == PATH:
            asked.append(path)
        if len(asked) == 2:
            asked.append("once")
            raise httpx.ReadError("played")

    room.before_call = second_is_lost
    room.poll()
    assert list(room.served()) == references[:3]
    room.go(900)
    room.poll()
    assert each_once(room, references)


def test_a_process_that_dies_between_two_payments_loses_none(room: MedfusionWorld) -> None:
    references = [room.pay() for _ in range(3)]
    mend = dying(room, "before put_together", passes=1)
    with pytest.raises(Died):
        room.poll()
    mend()
    assert room.cursor() is None and len(room.served()) == 1
    room.poll()
    assert each_once(room, references)


def test_a_process_that_dies_before_the_cursor_moves_repeats_harmlessly(
    room: MedfusionWorld,
) -> None:
    references = [room.pay() for _ in range(3)]
    mend = dying(room, "before put")
    with pytest.raises(Died):
        room.poll()
    mend()
    assert room.cursor() is None and list(room.served()) == references
    room.poll()
    assert each_once(room, references) and room.cursor() is not None


@pytest.mark.parametrize("point", ["get", "put", "put_together"])
def test_wherever_a_poll_dies_nothing_is_lost_or_doubled(room: MedfusionWorld, point: str) -> None:
    """Dies at the first, the second, the third ... request of that kind until it comes through."""
    references = [room.pay(kind=SECURE) for _ in range(3)]
    for passes in range(100):
        mend = dying(room, f"before {point}", passes)
        try:
            room.poll()
        except Died:
            continue
        finally:
            mend()
        break
    else:
        raise AssertionError("it never came through")
    assert passes > 0 and each_once(room, references)


def test_the_cursor_moves_only_after_the_payments_are_stored(room: MedfusionWorld) -> None:
    room.pay()
    order: list[str] = []
    room.table.hook = lambda at: order.append(at) if at.startswith("after") else None
    room.poll()
    assert order.index("after put_together") < order.index("after put")


def test_a_payment_that_is_brought_again_makes_no_second_one(room: MedfusionWorld) -> None:
    room.manners(overlap_seconds=3600)
    ordinary, repeated = room.pay(2500), room.pay(411)
    for _ in range(4):
        room.poll()
        room.go(20)
    assert each_once(room, [ordinary, repeated])


def test_a_page_that_repeats_only_what_is_known_ends_the_poll(room: MedfusionWorld) -> None:
    room.manners(overlap_seconds=86_400)
    room.picked_up()
    room.go(3600)
    room.sent.clear()
    room.poll()
    assert len(room.asked(PATH, "GET")) <= 3


def test_two_pollers_at_once_store_each_payment_once(room: MedfusionWorld) -> None:
    references = [room.pay() for _ in range(3)]
    room.interleave(room.poll)
    room.poll()
    assert each_once(room, references)


def test_two_pollers_at_once_store_each_payment_once_whenever_they_meet(
    room: MedfusionWorld,
) -> None:
    references = [room.pay() for _ in range(2)]
    before = room.snapshot()
    for passes in range(8):
        room.restore(before)
        left = [passes]

        def meet(at: str, left: list[int] = left) -> None:
            if at.startswith("before"):
                left[0] -= 1
            if left[0] == 0:
                room.table.hook = lambda point: None
                room.poll()

        room.table.hook = meet
        room.poll()
        room.table.hook = lambda point: None
        assert each_once(room, references)


def test_what_somebody_else_posted_at_medfusion_shows(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.posted_by_another(reference, "ACCEPTED")
    room.poll()
    assert room.served() == {reference: "ACCEPTED"}
    room.posted_by_another(reference, "POSTED")
    room.poll()
    assert room.served() == {reference: "POSTED"}
    entry = room.details(room.known(reference).payment_id)["history"][-1]
    assert (entry["from"], entry["to"], entry["actor"]) == ("ACCEPTED", "POSTED", "vendor")


def test_a_status_never_goes_backwards(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.posted_by_another(reference, "POSTED")
    room.poll()
    answers = [answer_with(payment_element(reference, it, amount="25.00")) for it in EARLIER]
    for answer in answers:
        room.instead = answer
        room.poll()
        assert room.served() == {reference: "POSTED"}


EARLIER = ("SUBMITTED", "ACCEPTED", "SOMETHING_ELSE")


def answer_with(
    payments: str, last: str | None = None, kind: str = SECURE, practice: str = PRACTICE
) -> Callable[[httpx.Request], httpx.Response | None]:
    """The vendor's first page of a kind is this one; the next has nothing."""
    pages = [
        f"<Payments>{payments}</Payments>",
    ]

    def instead(request: httpx.Request) -> httpx.Response | None:
        asked = request.url.params.get("paymentType", SECURE)
        path = request.url.path
        if request.method != "GET" or asked != kind or f"/{practice}/" not in path:
            return None
        stamp = {} if last is None else {"Last-Timestamp": last}
        if pages:
            return httpx.Response(200, headers=stamp, text=pages.pop())
        return httpx.Response(204, headers=stamp)

    return instead


def test_a_poll_that_saw_the_old_status_does_not_undo_what_was_reported_meanwhile(
    room: MedfusionWorld,
) -> None:
    reference = room.picked_up()
    said = room.accepted(reference)
    room.go(60)
    assert room.state(said) == ("COMPLETED", None)
    room.instead = answer_with(payment_element(reference, "SUBMITTED", amount="25.00"))
    room.poll()
    assert room.served() == {reference: "POSTED"}


def test_what_is_being_reported_is_not_touched_by_a_poll(room: MedfusionWorld) -> None:
    room.manners(processing_seconds=600)
    reference = room.picked_up()
    room.accepted(reference)
    room.work()
    room.instead = answer_with(payment_element(reference, "ACCEPTED", amount="25.00"))
    before = room.known(reference)
    room.poll()
    assert room.known(reference) == before


def test_a_status_that_nobody_has_documented_is_kept_as_it_is(room: MedfusionWorld) -> None:
    reference = "782b8228-2527-4e2a-825c-a4afabe74ae0"
    room.instead = answer_with(payment_element(reference, "On Hold", amount="25.00"))
    room.poll()
    assert room.served() == {reference: "On Hold"}


@pytest.mark.usefixtures("short_pages")
def test_tokens_may_end_in_the_middle_of_a_poll(room: MedfusionWorld) -> None:
    references = [room.pay() for _ in range(5)]
    asked: list[str] = []

    def end_tokens(path: str) -> None:
        asked.append(path)
        if asked.count(PATH) == 2 and path == PATH:
            room.expire_tokens()

    room.before_call = end_tokens
    room.poll()
    assert each_once(room, references)
    assert sum(it.path == "/v1/oauth2/token" for it in room.sent) == 3  # two of ours, one other's


def test_an_instant_of_the_vendors_that_lies_in_the_future_hides_nothing(
    room: MedfusionWorld,
) -> None:
    one = "782b8228-2527-4e2a-825c-a4afabe74ae0"
    room.instead = answer_with(payment_element(one, "SUBMITTED", amount="25.00"), "9999999999999")
    room.poll()
    room.instead = lambda request: None
    room.go(600)
    later = room.picked_up()
    assert list(room.served()) == [one, later]


def test_a_page_without_its_last_timestamp_is_taken_and_asked_for_again(
    room: MedfusionWorld,
) -> None:
    one = "782b8228-2527-4e2a-825c-a4afabe74ae0"
    room.instead = answer_with(payment_element(one, "SUBMITTED", amount="25.00"))
    room.poll()
    assert list(room.served()) == [one] and room.cursor() is None


@pytest.mark.parametrize(
    "element",
    [
        payment_element("782b8228-2527-4e2a-825c-a4afabe74ae0", "SUBMITTED"),
        payment_element("not-an-id", "SUBMITTED", amount="25.00"),
        payment_element("782b8228-2527-4e2a-825c-a4afabe74ae0", "", amount="25.00"),
        payment_element("782b8228-2527-4e2a-825c-a4afabe74ae0", "SUBMITTED", amount="25.001"),
    ],
)
def test_a_payment_that_cannot_be_read_stops_the_cursor_and_raises_the_alarm(
    room: MedfusionWorld, element: str
) -> None:
    good = payment_element("882b8228-2527-4e2a-825c-a4afabe74ae1", "SUBMITTED", amount="1.00")
    room.instead = answer_with(good + element, "1700000000000")
    room.poll()
    assert room.stored() == [] and room.cursor() is None
    assert "PortalUnreadable" in room.signals.names()


def test_the_same_payment_twice_on_a_page_is_one(room: MedfusionWorld) -> None:
    one = payment_element("782b8228-2527-4e2a-825c-a4afabe74ae0", "SUBMITTED", amount="25.00")
    room.instead = answer_with(one + one, "1700000000000")
    room.poll()
    assert len(room.stored()) == 1 and len(room.served()) == 1


def test_one_practice_that_cannot_be_read_does_not_stop_the_others(room: MedfusionWorld) -> None:
    second = room.pay(practice=SECOND_PRACTICE)
    swiped = room.pay(kind=SWIPED)
    room.arm("poll_secure_payments", "http_500_before")
    room.poll()
    assert list(room.served(practice=SECOND_PRACTICE)) == [second]
    assert list(room.served(SWIPED)) == [swiped]


def test_while_the_vendor_is_down_nothing_is_lost(room: MedfusionWorld) -> None:
    known = room.picked_up()
    room.arm("", "refuse", seconds=3600)
    for _ in range(11):
        room.pay()
        room.go(300)
        room.poll()
        assert list(room.served()) == [known]
    room.go(400)
    room.poll()
    assert len(room.served()) == 12
