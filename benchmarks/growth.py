"""What one operation costs when the table is full, or its payment has a long history.

Payments that are only there to be many are not kept: they are made, equal but for their numbers,
when a request looks at them. Those that are asked about are real.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

from benchmarks.events import event_for
from benchmarks.figures import Figures, Subject, measured
from benchmarks.layers import Layers
from benchmarks.optum import issue_events, issued, load, replay_events, store, until_moved
from benchmarks.scenarios import check_of
from benchmarks.stack import TABLE
from benchmarks.stage import Stage
from benchmarks.subjects import ISSUE, STATUS, program
from benchmarks.table import Entry, Item, Key
from payhub.domain.payment import Payment, Transition
from payhub.store import keys
from payhub.store.items import history_item, payment_item
from payhub.store.payments import HISTORY_MAX, HISTORY_PAGE

SIZES = (1, 10_000, 1_000_000)
HISTORIES = (4, 30, 140, 500)
PAGE = 50

_LIST, _DETAILS, _SWEEP = "api/list_payments", "api/get_payment_details", "schedules/sweep"
_VOID = "api/void_payment"


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many payments of one tenant, all like the `pattern`, one each second until it was made."""

    pattern: Payment
    count: int

    def get(self, key: Key) -> Item | None:
        """The payment at the key, if it is one of these."""
        partition, _, payment_id = key[0].rpartition("#PAYMENT#")
        if partition != f"TENANT#{self.pattern.tenant}" or key[1] != "PAYMENT":
            return None
        number = int(payment_id, 16)
        return payment_item(self.payment(number)) if 0 <= number < self.count else None

    def payment(self, number: int) -> Payment:
        """The payment of that number, from 0, oldest first."""
        created_at_ms = self.pattern.created_at_ms - (self.count - number) * 1000
        return replace(
            self.pattern,
            payment_id=f"{number:032x}",
            created_at_ms=created_at_ms,
            vendor_reference=f"{number:032x}",
            caller_reference=f"CROWD{number}",
            due_at_ms=None,
        )

    def entries(self, index: str, partition: str) -> Sequence[Entry]:
        """In the list of all payments of the tenant; no other index is asked for many."""
        listed = index == "by_tenant" and partition == keys.by_tenant(self.pattern.tenant)
        return _Entries(self) if listed else ()


@dataclass(frozen=True, slots=True)
class _Entries(Sequence[Entry]):
    """The index entries of a crowd, each made when it is looked at."""

    crowd: Crowd

    def __len__(self) -> int:
        return self.crowd.count

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        payment = self.crowd.payment(place)
        sort = keys.created(payment.created_at_ms, payment.payment_id)
        return sort, keys.payment(payment.tenant, payment.payment_id)


def by_size(stage: Stage, made: Layers) -> dict[int, dict[str, Figures]]:
    """Each operation with so many payments in the table."""
    pattern = load(stage, issued(stage))
    found = {}
    for size in SIZES:
        stage.cloud.tables[TABLE].filler = Crowd(pattern, size)
        try:
            found[size] = measured(stage.cloud, _subjects(stage, made), rounds=1, warm=4)
        finally:
            stage.cloud.tables[TABLE].filler = None
    return found


def by_history(stage: Stage, made: Layers) -> dict[int, dict[str, Figures]]:
    """Looks at a payment with so many entries in its history, and a void of it."""
    found = {}
    for entries in HISTORIES:
        payment_id = _with_history(stage, issued(stage), entries)
        subjects = [
            _looking(stage, made, STATUS, payment_id),
            _looking(stage, made, _DETAILS, payment_id),
            _asking(stage, made, _VOID, _voids(stage, entries)),
        ]
        found[entries] = measured(stage.cloud, subjects, rounds=1, warm=4)
    return found


def _subjects(stage: Stage, made: Layers) -> list[Subject]:
    page = _repeated(event_for(stage, _LIST, query={"limit": str(PAGE)}))
    replay = _asking(stage, made, ISSUE, replay_events(stage))
    return [
        _asking(stage, made, ISSUE, issue_events(stage)),
        replace(replay, name="the same again"),
        _looking(stage, made, STATUS, f"{0:032x}"),
        _asking(stage, made, _LIST, page),
        _asking(stage, made, _SWEEP, _repeated({})),
    ]


def _asking(stage: Stage, made: Layers, function: str, events: Iterator[dict[str, Any]]) -> Subject:
    what = program(stage, made, function)
    return Subject(name=function, program=what, events=events, is_good=check_of(function))


def _looking(stage: Stage, made: Layers, function: str, payment_id: str) -> Subject:
    event = event_for(stage, function, path={"paymentId": payment_id})
    return _asking(stage, made, function, _repeated(event))


def _repeated(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        yield event


def _voids(stage: Stage, entries: int) -> Iterator[dict[str, Any]]:
    while True:
        payment_id = issued(stage)
        until_moved(stage, payment_id)
        _with_history(stage, payment_id, entries)
        yield event_for(stage, _VOID, path={"paymentId": payment_id})


def _with_history(stage: Stage, payment_id: str, entries: int) -> str:
    """Give the payment a history as the store would have paged it."""
    payment = load(stage, payment_id)
    line = Transition(
        at_ms=payment.updated_at_ms,
        subject="status",
        before="Sent",
        after="Sent",
        reason="the vendor's word",
        actor="vendor",
    )
    pages = max(0, -(-(entries - HISTORY_MAX) // HISTORY_PAGE))
    kept = entries - pages * HISTORY_PAGE
    table = stage.cloud.tables[TABLE]
    for page in range(1, pages + 1):
        item = history_item(payment, page, (line,) * HISTORY_PAGE)
        table.put_item({"Item": {**item, "tok": {"S": "0" * 16}}})
    history = (payment.history + (line,) * kept)[:kept]
    store(stage, replace(payment, history=history, history_pages=pages))
    return payment_id
