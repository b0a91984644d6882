"""What must be true of athenahealth's books and the hub's once everything has ended."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import combinations

from payhub.domain.payment import Action, ActionState, Origin, Payment, Transition
from tests.support.fakes import POLICY
from tests.support.simulation.athena import AthenaSimulation
from tests.support.simulation.athena_ledger import PLAN, STORED_CARD, Cause, Entry
from tests.support.simulation.athena_requests import SECRETS, Ask
from tests.support.simulation.common_oracle import stands_in, wrong_history
from tests.support.simulation.scenario import Kind, Wrongs, all_of
from tests.support.simulation.time_passing import NEW_YORK

S = ActionState
DAY_MS = 86_400_000

KINDS = {
    "collect_payment": "epayment",
    "start_payment_plan": "epayment",
    "void_collected_payment": "epayment",
    STORED_CARD: "epayment",
    PLAN: "plan",
    "record_payment": "batch",
    "record_vendor_payment": "vendor payment",
    "refund_vendor_payment": "vendor payment",
    "adjust_charges": "charge",
}
"""Whose number a line of the ledger has."""

HOLDS = {**KINDS, "start_payment_plan": "plan"}
"""Whose number a payment of an operation has."""

REVIEWS: dict[str, tuple[str, ...]] = {
    "record": ("the vendor offers no way to know",),
    "adjust": ("the vendor offers no way to know",),
    **dict.fromkeys(
        ("collect", "store_card", "start_plan"),
        (
            r"the vendor shows \d+ of it: .*",
            "the vendor shows more than one of it: .*",
            "a late answer shows a second one at the vendor",
            "the vendor's answer names what payment [0-9a-f]+ holds",
        ),
    ),
    "report": (
        "the vendor does not recognise a repeat any more, and offers no other way to know",
        "a repeat was refused, the first may have been applied: .*",
        "the vendor's answer names what payment [0-9a-f]+ holds",
    ),
    "void": (
        r"a repeat was refused, the first may have been applied: (?!.*\b(voided|settled)\b).*",
    ),
    "refund": ("a repeat was refused, the first may have been applied: .*",),
}
"""By verb, the words with which a payment may be left to a person; nothing else may."""


class AthenaBooks:
    """Both books of one simulation."""

    def __init__(self, simulation: AthenaSimulation) -> None:
        self._simulation = simulation
        store = simulation.world.hub.payments
        self.payments = [store.with_history(each) for each in simulation.world.payments()]
        self.entries = simulation.ledger.entries
        self._by_id = {payment.payment_id: payment for payment in self.payments}
        self._holders = {_held(each): each for each in self.payments if each.vendor_reference}

    def wrong(self) -> list[str]:
        """All that is wrong."""
        return all_of(self.wrongs())

    def wrongs(self) -> Wrongs:
        """Every disagreement, as a sentence."""
        money = self._each(self._first, self._outs, self._calls)
        for check_all in (self._unheld, self._held_twice, self._repeats, self._tenders):
            money += check_all()
        said = [f"said: {line}" for line in self._simulation.complaints]
        return {
            Kind.MONEY: money,
            Kind.LIVENESS: self._each(_unfinished),
            Kind.OTHER: [*said, *self._each(wrong_history), *self._secrets()],
        }

    def _each(self, *checks: Callable[[Payment], Iterator[str]]) -> list[str]:
        return [
            f"{payment.payment_id[-6:]}: {line}"
            for payment in self.payments
            for check in checks
            for line in check(payment)
        ]

    # Payment by payment

    def _first(self, payment: Payment) -> Iterator[str]:
        """What is done has its line; what came to nothing has none that nobody holds."""
        first, own = payment.actions[0], self._own(payment)
        if payment.operation == "adjust_charges":
            yield from self._adjusted(payment)
        elif first.state is S.DONE:
            adopted_unseen = payment.origin is Origin.EXTERNAL and first.verb == "report"
            if len(own) != 1 and not (adopted_unseen and not own):
                yield f"{first.verb} done as {payment.vendor_reference}, but moved {len(own)} times"
            amounts = {entry.cents for entry in own}
            if amounts and payment.amount_cents not in amounts and not adopted_unseen:
                yield f"{first.verb} of {payment.amount_cents} cents moved {amounts}"
        said = _said_in_vain(payment)
        for entry in self._caused(payment, 1) if said else ():
            holder = self._holder(entry)
            if holder is None or holder is payment:
                yield f"{first.verb} was said to be {said}, but {_line(entry)}"
            elif holder.origin is Origin.EXTERNAL and not self._given_back(entry):
                yield f"{first.verb} was said to be {said}, passes for another's: {_line(entry)}"

    def _adjusted(self, payment: Payment) -> Iterator[str]:
        first = payment.actions[0]
        moved = [(entry.reference, entry.cents) for entry in self._caused(payment, 1)]
        said = []
        if first.state is S.DONE and first.answer is not None:
            charges = json.loads(first.answer.facts["charges"])
            said = [
                (str(charge["chargeid"]), _cents(charge["adjustmentamount"]))
                for charge in charges
                if "error" not in charge
            ]
        if sorted(moved) != sorted(said) and first.state is not S.NEEDS_REVIEW:
            yield f"adjust is {first.state.value} and said {said}, but moved {moved}"
        if first.state is S.DONE and payment.amount_cents != sum(cents for _, cents in moved):
            yield f"adjust of {payment.amount_cents} cents moved {moved}"

    def _outs(self, payment: Payment) -> Iterator[str]:
        """Money goes back once for a void or refund that is done, and for nothing else."""
        if payment.vendor_reference is None or payment.operation in ("adjust_charges", PLAN):
            return
        outs = [
            entry
            for entry in self.entries
            if entry.direction == "out" and _place(entry) == _held(payment)
        ]
        back = payment.vendor_status in ("Voided", "Refunded")
        done = any(a.verb in ("void", "refund") and a.state is S.DONE for a in payment.actions)
        if back != done:
            yield f"{payment.vendor_status}, although its void or refund is not so"
        if done and [entry.cents for entry in outs] != [self._taken(payment)]:
            yield f"{payment.vendor_status}, but went back {[_line(entry) for entry in outs]}"
        if not done and not _in_review(payment) and any(entry.cause for entry in outs):
            yield f"{payment.vendor_status}, but {_line(outs[0])}"
        old = payment.created_at_ms < self._simulation.world.clock.now_ms() - 3 * DAY_MS
        if payment.vendor_status == "Collected" and old and not _in_review(payment):
            yield "still collected after days"

    def _taken(self, payment: Payment) -> int:
        own = self._own(payment)
        return own[0].cents if payment.origin is Origin.EXTERNAL and own else payment.amount_cents

    def _calls(self, payment: Payment) -> Iterator[str]:
        """However often it was sent: once is the most that an action moves."""
        for action in payment.actions:
            lines = [
                (entry.operation, entry.reference if entry.operation == "adjust_charges" else "")
                for entry in self._caused(payment, action.number)
            ]
            if len(set(lines)) != len(lines):
                yield f"{action.verb} moved more than once: {lines}"

    # All together

    def _unheld(self) -> list[str]:
        return [
            f"nobody holds {_line(entry)}"
            for entry in self.entries
            if self._holder(entry) is None and not self._is_owed(entry)
        ]

    def _is_owed(self, entry: Entry) -> bool:
        """Whether somebody accounts for a line that no payment holds.

        It was made past the hub, or its payment is in review. Or its payment holds a line that
        could not be told from it, whose own payment is in review, and so on.
        """
        cause = entry.cause
        for _ in self.entries:
            if cause is None:
                return True
            payment = self._by_id[cause.payment_id]
            if payment.actions[cause.number - 1].state is S.NEEDS_REVIEW:
                return True
            if payment.operation == "adjust_charges":
                return payment.actions[0].state is S.DONE
            if entry.direction == "out":
                return False
            own = self._own(payment)
            if not own or own[0].cause == cause:
                return False
            cause = own[0].cause
        return False

    def _held_twice(self) -> list[str]:
        places = [
            _held(each)
            for each in self.payments
            if each.vendor_reference and each.operation != "adjust_charges"
        ]
        return [
            f"{place} is held twice" for place in sorted({p for p in places if places.count(p) > 1})
        ]

    def _repeats(self) -> list[str]:
        """Without a key, the same request within the window is a repeat, and moves nothing."""

        def same(earlier: Ask, later: Ask) -> bool:
            plain = not (earlier.again or later.again or earlier.key or later.key)
            return plain and _without_confirmation(earlier) == _without_confirmation(later)

        window_ms = POLICY.duplicate_window_seconds * 1000
        return [
            f"moved twice within the window: {_line(first)} and {_line(second)}"
            for first, second in self._pairs(same)
            if second.at_ms - first.at_ms < window_ms
            and self._created(second) - self._created(first) < window_ms
        ]

    def _tenders(self) -> list[str]:
        """What was collected by card is not recorded by hand on the same day, nor the reverse."""

        def same(earlier: Ask, later: Ask) -> bool:
            tenders = _tender(earlier), _tender(later)
            return tenders[0] == tenders[1] is not None and not later.confirmed

        return [
            f"booked twice: {_line(first)} and {_line(second)}"
            for first, second in self._pairs(same)
            if {first.operation, second.operation} == {"collect_payment", "record_payment"}
            and _day(self._created(first)) == _day(self._created(second))
        ]

    def _pairs(self, same: Callable[[Ask, Ask], bool]) -> Iterator[tuple[Entry, Entry]]:
        """Two lines of different payments, the first not given back when the second was asked."""
        lines = [e for e in self.entries if e.direction == "in" and e.cause]
        made = list(self._simulation.made_by)
        lines.sort(key=lambda entry: made.index(entry.cause.payment_id) if entry.cause else 0)
        for first, second in combinations(lines, 2):
            if first.cause == second.cause:
                continue
            earlier, later = self._ask_of(first), self._ask_of(second)
            if earlier and later and same(earlier, later):
                back_ms = self._given_back_ms(first)
                if back_ms is None or back_ms > self._created(second):
                    yield first, second

    def _secrets(self) -> Iterator[str]:
        world = self._simulation.world
        kept = {
            "table": json.dumps([repr(item) for item in world.table.items.values()]),
            "queue": json.dumps([message.ids for message in world.queue.messages]),
            "signals": "\n".join(world.signals.lines),
        }
        for where, text in kept.items():
            for secret in SECRETS:
                if stands_in(secret, text):
                    yield f"{secret} in the {where}"

    # Who holds what

    def _own(self, payment: Payment) -> list[Entry]:
        """The lines of what the payment holds."""
        if payment.vendor_reference is None:
            return []
        return [e for e in self.entries if e.direction == "in" and _place(e) == _held(payment)]

    def _holder(self, entry: Entry) -> Payment | None:
        found = self._holders.get(_place(entry))
        if found is not None or entry.operation != "start_payment_plan":
            return found
        plans = [e for e in self.entries if e.operation == PLAN and e.cause == entry.cause]
        return self._holders.get(_place(plans[0])) if plans else None

    def _caused(self, payment: Payment, number: int) -> list[Entry]:
        cause = Cause(payment.payment_id, number)
        return [entry for entry in self.entries if entry.cause == cause]

    def _given_back_ms(self, entry: Entry) -> int | None:
        times = [
            e.at_ms for e in self.entries if e.direction == "out" and _place(e) == _place(entry)
        ]
        return min(times, default=None)

    def _given_back(self, entry: Entry) -> bool:
        return self._given_back_ms(entry) is not None

    def _created(self, entry: Entry) -> int:
        assert entry.cause is not None
        return self._by_id[entry.cause.payment_id].created_at_ms

    def _ask_of(self, entry: Entry) -> Ask | None:
        return self._simulation.made_by.get(entry.cause.payment_id) if entry.cause else None


def _place(entry: Entry) -> tuple[str, str]:
    return KINDS[entry.operation], entry.reference


def _held(payment: Payment) -> tuple[str, str]:
    return HOLDS[payment.operation], str(payment.vendor_reference)


def _line(entry: Entry) -> str:
    cause = f"by {entry.cause.payment_id[-6:]}" if entry.cause else "past the hub"
    return f"{entry.operation} {entry.reference} {entry.direction} {entry.cents} {cause}"


def _cents(dollars: str) -> int:
    return round(float(dollars) * 100)


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(NEW_YORK).date().isoformat()


def _without_confirmation(ask: Ask) -> tuple[str, str]:
    values = {**ask.asked, "body": {**ask.body, "confirmnotduplicate": None}}
    return ask.operation, json.dumps(values, sort_keys=True)


def _tender(ask: Ask) -> tuple[object, ...] | None:
    """Patient, amount and card of what goes by card; every amount here is one field."""
    if ask.operation not in ("collect_payment", "record_payment"):
        return None
    body = ask.body
    number = body.get("accountnumber", body.get("cardnumberlast4"))
    amounts = [body.get("otheramount"), body.get("copayamount")]
    amounts += [amount for claim in body.get("claimpayment", ()) for amount in claim.values()]
    amount = next(filter(None, amounts), None)
    return None if number is None else (ask.asked["patient_id"], amount, number[-4:])


def _said_in_vain(payment: Payment) -> str | None:
    """What its first action ended as, if it ever ended so that nothing can have moved."""
    first = payment.actions[0]
    if first.state is S.NOT_SENT:
        return first.state.value
    ends = [line.after for line in payment.history if line.subject == first.verb]
    return next((end for end in ends if end in (S.REFUSED, S.NOT_CAPTURED)), None)


def _in_review(payment: Payment) -> bool:
    return any(action.state is S.NEEDS_REVIEW for action in payment.actions)


# What one payment says of itself


def _unfinished(payment: Payment) -> Iterator[str]:
    """Nothing is open but what a person must look at, for a reason that the contract has."""
    if payment.due_at_ms is not None:
        yield f"still due: {[(a.verb, a.state.value) for a in payment.actions]}"
    for action in payment.actions:
        if action.state is S.NEEDS_REVIEW:
            why = _last_line(payment, action).reason
            if not any(re.fullmatch(words, why) for words in REVIEWS[action.verb]):
                yield f"{action.verb} needs review: {why}"
        elif action.state.is_open:
            yield f"{action.verb} ended as {action.state.value}"


def _last_line(payment: Payment, action: Action) -> Transition:
    lines = [line for line in payment.history if line.subject == action.verb]
    return next(line for line in reversed(lines) if line.after == action.state)
