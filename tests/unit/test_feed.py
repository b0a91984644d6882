"""Feeds: stamps that only grow, and nothing that appears behind one that was handed out."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payhub.domain.errors import ClaimTaken
from payhub.domain.payment import Action, ActionState, Origin, Payment
from payhub.store.feed import ADD_TRIES, PaymentFeed
from payhub.store.payments import Payments
from payhub.store.table import Table
from tests.support.fakes import NOON_MS
from tests.support.memory_table import MemoryTable

TENANT, FEED = "t", "practice/securePayments"


def portal_payment(number: int, stamp_ms: int, tenant: str = TENANT) -> Payment:
    """A payment that is known by a number."""
    received = Action(
        verb="receive", number=1, state=ActionState.DONE, actor="vendor", opened_at_ms=stamp_ms
    )
    return Payment(
        tenant=tenant,
        payment_id=f"{number:032x}",
        vendor="medfusion",
        operation="receive_portal_payment",
        amount_cents=2500,
        caller_reference=f"{number}",
        fingerprint="f",
        created_at_ms=stamp_ms,
        updated_at_ms=stamp_ms,
        vendor_reference=f"ref-{number}",
        vendor_status="SUBMITTED",
        reference_scope="practice/payment/",
        origin=Origin.EXTERNAL,
        actions=(received,),
    )


class Room:
    """A feed on a table in memory."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.feed = PaymentFeed(cast("Table", self.table))
        self.payments = Payments(cast("Table", self.table))
        self.stamps: list[int] = []

    def add(
        self, number: int, now_ms: int = NOON_MS, feed: str = FEED, tenant: str = TENANT
    ) -> Payment:
        """A payment becomes known."""

        def build(stamp_ms: int) -> Payment:
            return portal_payment(number, stamp_ms, tenant)

        return self.feed.add(tenant, feed, now_ms, build)

    def read(
        self, after_ms: int | None = None, limit: int = 100, feed: str = FEED, tenant: str = TENANT
    ) -> tuple[list[int], int]:
        """The numbers of a page, and where to go on."""
        payments, last_ms = self.feed.page(tenant, feed, after_ms, limit)
        return [int(it.payment_id, 16) for it in payments], last_ms


@pytest.fixture
def room() -> Room:
    """An empty feed."""
    return Room()


def test_payments_come_in_the_order_in_which_they_became_known(room: Room) -> None:
    for number in (7, 3, 5):
        room.add(number, NOON_MS + number)
    assert room.read() == ([7, 3, 5], NOON_MS + 9)
    assert room.payments.load(TENANT, f"{5:032x}") == portal_payment(5, NOON_MS + 9)


def test_many_in_one_millisecond_have_each_a_stamp_of_their_own(room: Room) -> None:
    stamps = [room.add(number).created_at_ms for number in range(20)]
    assert stamps == list(range(NOON_MS, NOON_MS + 20))


def test_a_clock_that_goes_back_gives_no_earlier_stamp(room: Room) -> None:
    late, early = room.add(1, NOON_MS), room.add(2, NOON_MS - 3_600_000)
    assert early.created_at_ms == late.created_at_ms + 1


def test_pages_follow_each_other_without_gap_or_repeat(room: Room) -> None:
    for number in range(7):
        room.add(number)
    seen: list[int] = []
    after_ms = None
    for _ in range(3):
        numbers, after_ms = room.read(after_ms, limit=3)
        seen += numbers
    assert seen == list(range(7))
    assert room.read(after_ms) == ([], after_ms)


def test_a_page_with_nothing_new_goes_on_from_where_it_was(room: Room) -> None:
    last = room.add(1).created_at_ms
    assert room.read(last) == ([], last)
    room.add(2)
    assert room.read(last) == ([2], last + 1)


def test_an_empty_feed_begins_at_the_beginning(room: Room) -> None:
    assert room.read() == ([], 0)
    room.add(1)
    assert room.read(0) == ([1], NOON_MS)


def test_a_stamp_ahead_of_every_payment_is_not_handed_out(room: Room) -> None:
    """What becomes known later would lie behind it."""
    last = room.add(1).created_at_ms
    for ahead in (last + 1, NOON_MS + 86_400_000, 10**13 - 1):
        assert room.read(ahead) == ([], last)
    room.add(2)
    assert room.read(last) == ([2], last + 1)


def test_a_payment_that_is_known_has_one_place_however_often_it_is_added(room: Room) -> None:
    first = room.add(1)
    assert room.add(1, NOON_MS + 5) == first
    assert room.read() == ([1], NOON_MS)
    assert room.read(NOON_MS) == ([], NOON_MS)


def test_feeds_and_tenants_know_nothing_of_each_other(room: Room) -> None:
    room.add(1)
    room.add(2, feed="practice/vcsPayment")
    room.add(3, tenant="u")
    assert room.read()[0] == [1]
    assert room.read(feed="practice/vcsPayment") == ([2], NOON_MS)
    assert room.read(tenant="u") == ([3], NOON_MS)
    assert room.feed.cursor("u", FEED) is None


def test_what_another_payment_holds_is_not_given_a_second_time(room: Room) -> None:
    room.add(1)

    def other(stamp_ms: int) -> Payment:
        return replace(portal_payment(1, stamp_ms), payment_id="f" * 32)

    with pytest.raises(ClaimTaken):
        room.feed.add(TENANT, FEED, NOON_MS, other)
    assert room.read() == ([1], NOON_MS)


@pytest.mark.parametrize("point", ["before get", "before put_together"])
def test_a_process_that_dies_while_it_adds_leaves_nothing_half_done(room: Room, point: str) -> None:
    def die(at: str) -> None:
        if at == point:
            raise SystemExit

    room.table.hook = die
    with pytest.raises(SystemExit):
        room.add(1)
    room.table.hook = lambda at: None
    assert room.read() == ([], 0)
    assert room.payments.load(TENANT, f"{1:032x}") is None
    room.add(1)
    assert room.read() == ([1], NOON_MS)


def test_one_that_dies_after_its_write_has_added_it(room: Room) -> None:
    def die(at: str) -> None:
        if at == "after put_together":
            raise SystemExit

    room.table.hook = die
    with pytest.raises(SystemExit):
        room.add(1)
    room.table.hook = lambda at: None
    room.add(1, NOON_MS + 9)
    assert room.read() == ([1], NOON_MS)


def test_writers_that_never_come_to_an_end_are_an_error_and_no_gap(room: Room) -> None:
    numbers = iter(range(100, 200))

    def another_is_faster(at: str) -> None:
        if at == "before put_together":
            room.table.hook = lambda point: None
            room.add(next(numbers))
            room.table.hook = another_is_faster

    room.table.hook = another_is_faster
    with pytest.raises(TimeoutError):
        room.add(1)
    room.table.hook = lambda at: None
    assert room.read()[0] == list(range(100, 100 + ADD_TRIES))


def test_the_vendors_cursor_is_kept_beside_the_feed(room: Room) -> None:
    assert room.feed.cursor(TENANT, FEED) is None
    room.feed.save_cursor(TENANT, FEED, 17)
    room.add(1)
    assert room.feed.cursor(TENANT, FEED) == 17
    assert room.read() == ([1], NOON_MS)


# ---------------------------------------------------------------- several at once


class Readers:
    """Callers that poll, each going on from the stamp it was handed."""

    def __init__(self, room: Room, count: int) -> None:
        self._room = room
        self.after: list[int | None] = [None] * count
        self.seen: list[list[int]] = [[] for _ in range(count)]

    def poll(self, who: int, limit: int) -> None:
        """One request of one of them."""
        asked = self.after[who]
        numbers, last_ms = self._room.read(asked, limit)
        if self.after[who] == asked:  # a request of its own that came in between was answered first
            self.seen[who] += numbers
            self.after[who] = last_ms

    def drain(self) -> None:
        """Everybody polls until there is nothing new."""
        for who in range(len(self.after)):
            while True:
                before = len(self.seen[who])
                self.poll(who, 3)
                if len(self.seen[who]) == before:
                    break


class Interleaved:
    """Runs actions, some of them in the middle of others, as the drawn numbers say."""

    def __init__(self, room: Room, choices: list[int], actions: list[Callable[[], None]]) -> None:
        self._table, self._choices, self._actions = room.table, choices, actions
        self._depth = 0

    def run(self) -> None:
        """All of them, each once."""
        self._table.hook = self._at
        while self._actions:
            self._actions.pop(0)()
        self._table.hook = lambda at: None

    def _at(self, point: str) -> None:
        if not self._choices or not self._actions or self._depth > 3:
            return
        if self._choices.pop() == 0:
            self._depth += 1
            self._actions.pop(0)()
            self._depth -= 1


@settings(max_examples=300, deadline=None)
@given(
    actors=st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(-3, 3)),
            st.tuples(st.just("poll"), st.integers(0, 2)),
        ),
        max_size=25,
    ),
    choices=st.lists(st.integers(0, 2), max_size=60),
)
def test_nothing_ever_appears_behind_a_stamp_that_was_handed_out(
    actors: list[tuple[str, int]], choices: list[int]
) -> None:
    """Whoever goes on from what it was handed sees each payment once, in one order."""
    room = Room()
    readers, numbers = Readers(room, 3), iter(range(1, 100))
    added: list[Payment] = []

    def step(what: str, value: int) -> Callable[[], None]:
        def add() -> None:
            added.append(room.add(next(numbers), NOON_MS + value))

        return add if what == "add" else partial(readers.poll, value, value + 1)

    steps = [step(what, value) for what, value in actors]
    Interleaved(room, choices, steps).run()
    readers.drain()
    stamps = sorted(it.created_at_ms for it in added)
    assert len(set(stamps)) == len(stamps)
    in_order = [int(it.payment_id, 16) for it in sorted(added, key=lambda it: it.created_at_ms)]
    assert readers.seen == [in_order] * 3
