"""What must be true of athenahealth's books and the hub's once everything has ended."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from local.sandbox.truth_book import Movement
from payhub.domain.payment import Action, ActionState, Payment
from payhub.vendors.athena.contract import (
    ADJUST,
    COLLECT,
    CONTRACTS,
    RECORD,
    REFUND,
    REPORT,
    START_PLAN,
    VOID,
)

WAYS = {
    **dict.fromkeys((COLLECT, START_PLAN, RECORD, REPORT), "in"),
    **dict.fromkeys((VOID, REFUND, ADJUST), "out"),
}
"""By verb: whether money comes in or goes out. A stored card moves none."""


@dataclass(frozen=True)
class Line:
    """A movement; without a reference where the hub cannot know under which one it stands."""

    operation: str
    reference: str | None
    cents: int
    way: str


def wrong_books(payments: Sequence[Payment], movements: Sequence[Movement]) -> Iterator[str]:
    """What the truth book and the hub do not agree about, movement by movement.

    What a person must look at may have moved, once.
    """
    actions = [(payment, action) for payment in payments for action in payment.actions]
    done = [it for pair in actions if _is(pair, ActionState.DONE) for it in _lines(*pair)]
    perhaps = [
        it for pair in actions if _is(pair, ActionState.NEEDS_REVIEW) for it in _lines(*pair)
    ]
    moved = [
        Line(row.operation, row.reference, row.amount_cents, row.direction) for row in movements
    ]
    for line in done:
        found = next((it for it in moved if _fits(line, it)), None)
        if found is None:
            yield f"done, but did not move: {line}"
        else:
            moved.remove(found)
    for line in perhaps:
        found = next((it for it in moved if _fits(line, it)), None)
        if found is not None:
            moved.remove(found)
    yield from (f"moved, but nobody did it: {line}" for line in moved)
    yield from _held_twice(payments)


def _is(pair: tuple[Payment, Action], state: ActionState) -> bool:
    return pair[1].state is state


def _fits(line: Line, moved: Line) -> bool:
    known = line if line.reference else replace(line, reference=moved.reference)
    return known == moved


def _lines(payment: Payment, action: Action) -> Iterator[Line]:
    """What an action moved, if it was done."""
    way, operation = WAYS.get(action.verb), CONTRACTS[action.verb].operation
    if way is None:
        return
    if action.verb == ADJUST:
        for charge in json.loads(str(payment.terms["charges"])):
            cents = round(float(charge["adjustmentamount"]) * 100)
            yield Line(operation, str(charge["chargeid"]), cents, way)
        return
    # A plan's down payment stands under a receipt of its own, which the vendor's list lacks.
    reference = None if action.verb == START_PLAN else payment.vendor_reference
    yield Line(operation, reference, payment.amount_cents, way)


def _held_twice(payments: Sequence[Payment]) -> Iterator[str]:
    held = Counter(
        payment.reference_scope + payment.vendor_reference
        for payment in payments
        if payment.vendor_reference
    )
    yield from (f"{reference} is held twice" for reference, times in held.items() if times > 1)
