"""Every money verb under every fault: what the caller saw, how it ended, what money moved.

The rows come from the vendors' contracts. A new vendor adds its verbs to SCENARIOS; `make faults`
prints the table from a stack of its own, and the journey tests check each row.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path

import httpx

from local import show
from payhub.domain.contract import Contract, Lookup
from payhub.vendors import VENDORS
from tests.support.hub import (
    HOLD_ACCOUNT,
    OPEN_ACCOUNT,
    STAYS_IN_LOADING_CENTS,
    Hub,
    Json,
    Movement,
    eventually,
    hub_of,
    new_key,
    new_tenant,
    read,
    settled,
)
from tests.support.stack import running

REFUSE = "refuse"
BEYOND_BOUND = "late_apply beyond the bound"
LATE_SECONDS = {"late_apply": 5.0, BEYOND_BOUND: 26.0}
"""The local bound is 4 s after a cut at 3 s; absence is believed 22 s after the intent."""

REFUSED_SECONDS = 20
_CONCURRENT = 6
_PATIENCE_SECONDS = 150


@dataclass(frozen=True)
class Prepared:
    """A payment at the point where the verb can be asked for; `match` finds its requests."""

    match: str
    payment_id: str = ""
    key: str = field(default_factory=new_key)


@dataclass(frozen=True)
class Scenario:
    """How one verb of one vendor is brought about, and what money had moved before it."""

    prepare: Callable[[Hub], Prepared]
    send: Callable[[Hub, Prepared], httpx.Response]
    moved_before: Sequence[str] = ()


@dataclass(frozen=True)
class Case:
    """One row to be: a verb under a fault, with the ends that are right."""

    contract: Contract
    fault: str
    ends: frozenset[str]
    movements_expected: int

    @property
    def scenario(self) -> Scenario:
        """How the verb is brought about."""
        return SCENARIOS[self.contract.vendor, self.contract.verb]

    def __str__(self) -> str:
        return f"{self.contract.vendor} {self.contract.verb}: {self.fault}"


@dataclass(frozen=True)
class Row:
    """What came of a case."""

    case: Case
    payment_id: str
    answer: int
    states: Sequence[str]
    attempts: int
    movements: Sequence[Movement]
    seconds: float

    @property
    def end(self) -> str:
        """The state in which the action stands."""
        return self.states[-1]

    @property
    def moved(self) -> list[str]:
        """The movements of the verb itself, after those that led up to it."""
        return [it.operation for it in self.movements][len(self.case.scenario.moved_before) :]

    @property
    def wrongs(self) -> list[str]:
        """In words what is not as it should be."""
        case = self.case
        found = []
        if self.end not in case.ends:
            found.append(f"ended {self.end}, not {' or '.join(sorted(case.ends))}")
        before = [it.operation for it in self.movements][: len(case.scenario.moved_before)]
        if before != list(case.scenario.moved_before):
            found.append(f"before it moved {before}")
        if self.moved != [case.contract.operation] * case.movements_expected:
            found.append(f"moved {self.moved}, not {case.movements_expected} time(s)")
        return found


def _before_issue(_: Hub) -> Prepared:
    return Prepared(match=f"REF-{new_key()}")


def _issue(hub: Hub, prepared: Prepared) -> httpx.Response:
    amount = STAYS_IN_LOADING_CENTS
    return hub.api.issue(amount, account=OPEN_ACCOUNT, reference=prepared.match, key=prepared.key)


def _held(hub: Hub) -> Prepared:
    return _prepared(hub.api.issued(STAYS_IN_LOADING_CENTS, account=HOLD_ACCOUNT))


def _voidable(hub: Hub) -> Prepared:
    return _prepared(hub.api.voidable())


def _voided(hub: Hub) -> Prepared:
    payment = hub.api.voidable()
    read(hub.api.void(payment["paymentId"]))
    return _prepared(payment)


def _prepared(payment: Json) -> Prepared:
    return Prepared(match=payment["vendorReference"], payment_id=payment["paymentId"])


def _act(verb: str) -> Callable[[Hub, Prepared], httpx.Response]:
    return lambda hub, prepared: hub.operator.act(verb, prepared.payment_id, key=prepared.key)


SCENARIOS: Mapping[tuple[str, str], Scenario] = {
    ("optum", "issue"): Scenario(_before_issue, _issue),
    ("optum", "release"): Scenario(_held, _act("release")),
    ("optum", "void"): Scenario(_voidable, _act("void"), ("issue_payment",)),
    ("optum", "reissue"): Scenario(_voided, _act("reissue"), ("issue_payment", "void_payment")),
}


def money_contracts() -> Iterator[Contract]:
    """The contract rows of every vendor's operations that move money."""
    for vendor in VENDORS:
        contracts = import_module(f"payhub.vendors.{vendor}.contract").CONTRACTS
        yield from (row for row in contracts.values() if row.moves_money)


def cases() -> list[Case]:
    """Every fault of every contract row, and what lies beyond the promise of each."""
    found = []
    for row in money_contracts():
        for fault, ends in row.expected_ends.items():
            found.append(Case(row, fault, ends, 0 if ends == {"refused"} else 1))
        found.append(_beyond_bound(row))
    return found


def _beyond_bound(row: Contract) -> Case:
    """The vendor breaks its bound. A search shows the second one, and a person must see to it;
    where a status guards the verb at the vendor, the late one is refused there and moves nothing.
    """
    if row.lookup is Lookup.SEARCH:
        return Case(row, BEYOND_BOUND, frozenset({"needs_review"}), 2)
    return Case(row, BEYOND_BOUND, frozenset({"done"}), 1)


@dataclass(frozen=True)
class _Sent:
    """A case under way."""

    case: Case
    payment_id: str
    answer: int

    def is_over(self, payment: Json) -> bool:
        """Whether nothing is left to wait for; a second one shows only after the first is done."""
        if "needs_review" in self.case.ends:
            return payment["action"] is not None and payment["action"]["state"] == "needs_review"
        return settled(payment)


def drive(hub: Hub, wanted: Sequence[Case]) -> list[Row]:
    """All cases side by side, except those that close the vendor's port for everybody."""
    with ThreadPoolExecutor(_CONCURRENT) as pool:
        apart = [case for case in wanted if case.fault != REFUSE]
        together = [case for case in wanted if case.fault == REFUSE]
        rows = _drive(hub, pool, apart, lambda: None)
        if together:
            rows += _drive(hub, pool, together, lambda: hub.sandbox.refuse(REFUSED_SECONDS))
    return rows


def _drive(
    hub: Hub, pool: ThreadPoolExecutor, wanted: Sequence[Case], begin: Callable[[], None]
) -> list[Row]:
    prepared = list(pool.map(lambda case: case.scenario.prepare(hub), wanted))
    begin()
    sent = list(pool.map(lambda pair: _send(hub, *pair), zip(wanted, prepared, strict=True)))
    _wait(hub, sent)
    return list(pool.map(lambda it: _row(hub, it), sent))


def _send(hub: Hub, case: Case, prepared: Prepared) -> _Sent:
    if case.fault != REFUSE:
        fault = case.fault.split(maxsplit=1)[0]
        late = LATE_SECONDS.get(case.fault)
        hub.sandbox.arm(case.contract.operation, fault, prepared.match, delay_seconds=late)
    answer = case.scenario.send(hub, prepared)
    return _Sent(case, answer.headers["Payment-Id"], answer.status_code)


def _wait(hub: Hub, sent: Sequence[_Sent]) -> None:
    """One look a second at all of them, so that looking is not what keeps the machine busy.

    A second one is found by the watch after a resend, which is the sweep's: that is not waited for.
    """
    open_ends = {it.payment_id: it for it in sent}

    def look() -> bool:
        time.sleep(1)
        if {it.case.fault for it in open_ends.values()} == {BEYOND_BOUND}:
            hub.invoke("SweepFunction")
        for payment in _payments(hub):
            known = open_ends.get(payment["paymentId"])
            if known is not None and known.is_over(payment):
                del open_ends[known.payment_id]
        return not open_ends

    eventually(look, "every case has ended", _PATIENCE_SECONDS)


def _payments(hub: Hub) -> Iterator[Json]:
    query = {"limit": "100"}
    while True:
        page = read(hub.api.send("GET", "/payments", query=query))
        yield from page["payments"]
        if page["nextCursor"] is None:
            return
        query["cursor"] = page["nextCursor"]


def _row(hub: Hub, sent: _Sent) -> Row:
    details = hub.api.details(sent.payment_id)
    verb = sent.case.contract.verb
    trail = [it for it in details["history"] if it["subject"] == verb]
    times = [datetime.fromisoformat(it["at"]) for it in trail]
    action = next(it for it in reversed(details["actions"]) if it["verb"] == verb)
    return Row(
        case=sent.case,
        payment_id=sent.payment_id,
        answer=sent.answer,
        states=[it["to"] for it in trail],
        attempts=len(action["attempts"]),
        movements=hub.sandbox.movements(sent.payment_id),
        seconds=(times[-1] - times[0]).total_seconds(),
    )


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal."""
    headings = ["operation", "fault", "HTTP", "states", "attempts", "moved", "seconds", "as agreed"]
    lines = [
        [
            f"{row.case.contract.vendor} {row.case.contract.operation}",
            row.case.fault,
            row.answer,
            " ".join(dict.fromkeys(row.states)),
            row.attempts,
            len(row.moved),
            f"{row.seconds:.1f}",
            "; ".join(row.wrongs) or "yes",
        ]
        for row in rows
    ]
    return show.table(headings, lines)


def main() -> int:
    """Print the table; the exit code says whether every row is as agreed."""
    with (
        tempfile.TemporaryDirectory(prefix="payhub-faults-") as folder,
        running(Path(folder)) as stack,
    ):
        rows = drive(hub_of(stack, new_tenant(stack, "faults")), cases())
    print(table(rows))
    return 1 if any(row.wrongs for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
