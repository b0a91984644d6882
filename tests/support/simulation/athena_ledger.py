"""What happened at athenahealth, line by line, and which call of the hub each line comes from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from local.sandbox.jobs import Job
from local.sandbox.sandbox import Sandbox
from payhub.domain.answers import Answer, Finding, Reading
from payhub.ports import Gateway, Order

PLAN, STORED_CARD = "payment_plan", "store_card"
LATE = "late_apply"

T = TypeVar("T")


@dataclass(frozen=True)
class Cause:
    """The action of a payment whose call it was."""

    payment_id: str
    number: int


@dataclass(frozen=True)
class Entry:
    """A movement, a plan or a stored card; without a cause it was made past the hub."""

    number: int
    operation: str
    reference: str
    cents: int
    direction: str
    at_ms: int
    cause: Cause | None


class Ledger:
    """The truth book with plans and stored cards, which move nothing, and with every cause."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.entries: list[Entry] = []
        self._sandbox = sandbox
        self._sender: Cause | None = None
        self._late: dict[int, Cause | None] = {}
        self._seen = {"movements": 0, PLAN: 0, STORED_CARD: 0}

    @contextmanager
    def sending(self, cause: Cause | None) -> Iterator[None]:
        """What moves meanwhile comes from there, also what is applied late."""
        before, self._sender = self._sender, cause
        try:
            yield
        finally:
            self._sender = before

    def moved(self, job: Job | None) -> None:
        """Note what is new; a job that was put off comes from the call that it was put off from."""
        cause = self._sender if job is None else self._late.pop(job.id, None)
        self._note_movements(cause)
        at_ms = self._sandbox.clock.now_ms()
        plans = self._new(PLAN, self._sandbox.store.all("athena", "athena_payment_plan"))
        for plan in plans:
            self._add(PLAN, plan["plan_id"], plan["down_payment_cents"], "in", at_ms, cause)
        receipts = self._sandbox.store.all("athena", "athena_receipt")
        stored = [each for each in receipts if each["type"] == "AUTHORIZATION"]
        for card in self._new(STORED_CARD, stored):
            self._add(STORED_CARD, card["epayment_id"], 0, "in", at_ms, cause)
        for (number,) in self._sandbox.store.read("SELECT id FROM jobs WHERE kind = ?", (LATE,)):
            self._late.setdefault(number, cause)

    def _note_movements(self, cause: Cause | None) -> None:
        for row in self._new("movements", self._sandbox.truth_book.movements("athena")):
            self._add(
                row.operation, row.reference, row.amount_cents, row.direction, row.at_ms, cause
            )

    def _new(self, what: str, everything: list[T]) -> list[T]:
        fresh = everything[self._seen[what] :]
        self._seen[what] = len(everything)
        return fresh

    def _add(
        self,
        operation: str,
        reference: object,
        cents: int,
        direction: str,
        at_ms: int,
        cause: Cause | None,
    ) -> None:
        entry = Entry(len(self.entries), operation, str(reference), cents, direction, at_ms, cause)
        self.entries.append(entry)


class NotingGateway:
    """The vendor's own client; the ledger knows whose call is under way."""

    def __init__(self, inner: Gateway, ledger: Ledger) -> None:
        self._inner = inner
        self._ledger = ledger

    def perform(self, order: Order) -> Answer:
        """Note who calls."""
        with self._ledger.sending(Cause(order.payment.payment_id, order.action.number)):
            return self._inner.perform(order)

    def read(self, order: Order) -> Reading:
        """Nothing moves."""
        return self._inner.read(order)

    def search(self, order: Order) -> Finding:
        """Nothing moves."""
        return self._inner.search(order)
