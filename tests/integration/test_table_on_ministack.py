"""The table's contract and its races on ministack: of two writers, exactly one wins."""

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from payhub.domain.lifecycle import evolve
from payhub.domain.payment import Action, ActionState, Payment
from payhub.domain.records import InboxRecord, InboxState
from payhub.store import conditions
from payhub.store.inbox import EventInbox
from payhub.store.payments import Payments
from payhub.store.table import Put, Table
from tests.support.aws import create_table
from tests.support.fakes import NOON_MS
from tests.support.stack import LocalStack
from tests.support.table_contract import TableContract, item

pytestmark = pytest.mark.integration

WRITERS = 16


@pytest.fixture
def table(local_stack: LocalStack) -> Iterator[Table]:
    """A table of its own, gone after the test."""
    client = local_stack.client("dynamodb")
    name = f"contract-{uuid.uuid4().hex}"
    create_table(client, name)
    yield Table(client, name)
    client.delete_table(TableName=name)


class TestTableOnMinistack(TableContract):
    """The same contract as in memory and on moto."""


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What WRITERS threads get that start together."""
    barrier, results = threading.Barrier(WRITERS), [None] * WRITERS

    def run(number: int) -> None:
        barrier.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def payment() -> Payment:
    """A payment whose call is under way."""
    action = Action(
        verb="issue", number=1, state=ActionState.SENDING, actor="test", opened_at_ms=NOON_MS
    )
    return Payment(
        tenant="t",
        payment_id=uuid.uuid4().hex,
        vendor="optum",
        operation="issue_payment",
        amount_cents=100,
        caller_reference="r",
        fingerprint="f",
        created_at_ms=NOON_MS,
        updated_at_ms=NOON_MS,
        revision=1,
        due_at_ms=NOON_MS,
        actions=(action,),
    )


def test_of_many_creators_one_wins_and_the_others_get_its_payment(table: Table) -> None:
    store, wanted = Payments(table), payment()
    mine = [replace(wanted, fingerprint=str(number)) for number in range(WRITERS)]
    standing = at_once(lambda number: store.create(mine[number], None))
    winners = {found.fingerprint for found in standing}
    assert len(winners) == 1
    assert sum(found is mine[number] for number, found in enumerate(standing)) == 1


def test_of_many_changes_none_is_lost(table: Table) -> None:
    store, start = Payments(table), payment()
    store.create(start, None)

    def note(number: int) -> Payment:
        return store.change(
            start,
            lambda latest: evolve(
                latest,
                now_ms=number,
                actor="test",
                reason=str(number),
                vendor_status=str(number),
                actions=(replace(latest.actions[0], state=ActionState.DONE),),
            ),
        )

    at_once(note)
    after = store.load("t", start.payment_id)
    assert after is not None
    assert {entry.reason for entry in after.history} == {str(n) for n in range(WRITERS)}
    assert after.revision == 1 + WRITERS


def test_of_many_transactions_over_one_revision_one_wins(table: Table) -> None:
    table.put(Put(item=item("a", "P", rev=1)))

    def write(number: int) -> bool:
        over = Put(
            item=item("a", "P", rev=2, by=number),
            condition=conditions.SAME_REVISION,
            values=conditions.same_revision(1),
        )
        return table.put_together([over, Put(item=item("e", str(number)))]) is None

    won = at_once(write)
    assert sum(won) == 1
    winner = won.index(True)
    stored = [n for n in range(WRITERS) if table.get(("e", str(n))) is not None]
    assert stored == [winner]


def test_an_event_is_applied_by_one_worker_only(table: Table) -> None:
    store, inbox, start = Payments(table), EventInbox(table), payment()
    store.create(start, None)
    record = InboxRecord(
        tenant="t", vendor="optum", event_id="e", body="{}", received_at_ms=NOON_MS
    )
    inbox.add(record)
    applied = replace(record, state=InboxState.APPLIED)

    def apply(number: int) -> str:
        try:
            store.change(
                start,
                lambda latest: replace(
                    latest,
                    revision=latest.revision + 1,
                    terms={**latest.terms, str(number): number},
                ),
                applied=applied,
            )
        except Exception as error:  # noqa: BLE001
            return type(error).__name__
        return "applied"

    outcomes = at_once(apply)
    after = store.load("t", start.payment_id)
    assert after is not None
    assert outcomes.count("applied") == 1 and len(after.terms) == 1
    assert set(outcomes) <= {"applied", "NothingToDo"}
