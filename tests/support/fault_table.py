"""Every verb that does something at a vendor, under every fault: how it ended, what money moved.

The rows come from the vendors' contracts. A new vendor adds its verbs to SCENARIOS; `make faults`
prints the table from a stack of its own, and the journey tests check each row.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import httpx

from local import show
from payhub.domain.contract import Contract, Lookup, Resend
from payhub.vendors import VENDORS
from tests.support.athena_scenarios import ATHENA
from tests.support.decoda_scenarios import DECODA
from tests.support.fault_scenarios import OPTUM, Prepared, Scenario
from tests.support.hub import (
    Hub,
    Json,
    Movement,
    eventually,
    hub_of,
    new_tenant,
    read,
    settled,
)
from tests.support.medfusion_scenarios import MEDFUSION
from tests.support.stack import running

__all__ = ["SCENARIOS", "Prepared", "Scenario", "contracts", "payments_of"]

T = TypeVar("T")

REFUSE, SLOW = "refuse", "slow"
BEYOND_BOUND = "late_apply beyond the bound"
LATE_SECONDS = {"late_apply": 5.0, BEYOND_BOUND: 32.0}
"""The local bound is 4 s after a cut at 3 s; absence is believed 22 s after the intent."""

REFUSED_SECONDS = 3600
"""Until the port is opened again, when everybody has met it closed."""

NOT_SENT = frozenset({"not_sent"})
_DID_NOTHING = frozenset({"disconnect", "timeout_before", "http_500_before"})
_CONCURRENT = 4
_PATIENCE_SECONDS = 150
_GATEWAY_TIMEOUTS_MAX = 3

SCENARIOS: Mapping[tuple[str, str], Scenario] = {
    **OPTUM,
    **ATHENA,
    **DECODA,
    **MEDFUSION,
}


@dataclass(frozen=True)
class Case:
    """One row to be: a verb under a fault, with the ends that are right.

    What ends as not sent is asked for again with the same key, until it is done.
    """

    contract: Contract
    fault: str
    ends: frozenset[str]
    applied_expected: int

    @property
    def scenario(self) -> Scenario:
        """How the verb is brought about."""
        return SCENARIOS[self.contract.vendor, self.contract.verb]

    @property
    def answer(self) -> int:
        """What the caller is told at first."""
        if self.fault == SLOW:
            return self.scenario.done
        if self.fault == "decline":
            return self.scenario.refused
        return 503 if self.ends == NOT_SENT else 202

    def __str__(self) -> str:
        return f"{self.contract.vendor} {self.contract.verb}: {self.fault}"


@dataclass(frozen=True)
class Row:
    """What came of a case."""

    case: Case
    payment_id: str
    answer: int
    states: Sequence[str]
    before_repeat: Sequence[str]
    attempts: int
    movements: Sequence[Movement]
    reference: str | None
    seconds: float

    @property
    def end(self) -> str:
        """The state in which the action stood before anybody repeated it."""
        return self.before_repeat[-1]

    @property
    def applied(self) -> list[str]:
        """What the vendor did for the verb itself, after what led up to it."""
        return [it.operation for it in self.movements][len(self.case.scenario.moved_before) :]

    @property
    def wrongs(self) -> list[str]:
        """In words what is not as it should be."""
        return list(self._wrongs())

    def _wrongs(self) -> Iterator[str]:
        case = self.case
        if self.end not in case.ends:
            yield f"ended {self.end}, not {' or '.join(sorted(case.ends))}"
        if case.ends == NOT_SENT and self.states[-1] != "done":
            yield f"repeated with the same key it ended {self.states[-1]}, not done"
        before = [it.operation for it in self.movements][: len(case.scenario.moved_before)]
        if before != list(case.scenario.moved_before):
            yield f"before it moved {before}"
        if self.applied != [case.contract.operation] * case.applied_expected:
            yield f"applied {self.applied}, not {case.applied_expected} time(s)"
        known = {self.reference, *(it.reference for it in self.movements)} - {None}
        is_one = not case.scenario.harmless_twice
        if self.states[-1] == "done" and is_one and len(known) > 1:
            yield f"the hub and the vendor's books name {sorted(map(str, known))}"


def contracts() -> Iterator[Contract]:
    """The contract rows of every vendor's operations that do something there."""
    for vendor in VENDORS:
        rows = import_module(f"payhub.vendors.{vendor}.contract").CONTRACTS
        yield from (row for row in rows.values() if row.expected_ends)


def cases() -> list[Case]:
    """Every fault of every contract row, and what lies beyond the promise of each."""
    found = []
    for row in contracts():
        for fault, ends in row.expected_ends.items():
            found.append(Case(row, fault, ends, _times(fault, ends)))
        found += _beyond_bound(row)
    return found


def _times(fault: str, ends: frozenset[str]) -> int:
    """How often the vendor did it in the end; what nobody may know depends on the fault alone."""
    if ends == {"needs_review"}:
        return 0 if fault in _DID_NOTHING else 1
    return 1 if ends <= {"done", "not_sent"} else 0


def _beyond_bound(row: Contract) -> Iterator[Case]:
    """The vendor breaks its bound. A search shows it after all, and a person must see to it: the
    second one, or the first where nothing was sent again. Where a status guards the verb at the
    vendor, the late one is refused there and moves nothing; where it does no harm, it is done.
    """
    if row.late_apply_bound_seconds is None:
        return
    scenario = SCENARIOS.get((row.vendor, row.verb))
    if scenario is not None and scenario.harmless_twice:
        yield Case(row, BEYOND_BOUND, frozenset({"done"}), 2)
        return
    if row.lookup is Lookup.SEARCH:
        times = 2 if row.resend is Resend.AUTOMATIC else 1
        yield Case(row, BEYOND_BOUND, frozenset({"needs_review"}), times)
    else:
        yield Case(row, BEYOND_BOUND, frozenset({"done"}), 1)


@dataclass(frozen=True)
class _Sent:
    """A case under way."""

    case: Case
    prepared: Prepared
    payment_id: str
    answer: int
    at: float

    def is_over(self, payment: Json) -> bool:
        """Whether nothing is left to wait for: what the vendor does late must show first."""
        if time.monotonic() < self.at + LATE_SECONDS.get(self.case.fault, 0) + 1:
            return False
        if "needs_review" in self.case.ends:
            return payment["action"] is not None and payment["action"]["state"] == "needs_review"
        return settled(payment)


def drive(hub: Hub, wanted: Sequence[Case]) -> list[Row]:
    """All cases side by side, except those that close the vendors' ports for everybody."""
    with ThreadPoolExecutor(_CONCURRENT) as pool:
        prepared = _prepare_all(hub, pool, wanted)
        apart = [case for case in wanted if case.fault not in (SLOW, REFUSE)]
        # The longest first, so that the others end while they wait.
        apart.sort(key=lambda case: case.fault != BEYOND_BOUND)
        sent = _send_all(hub, pool, apart, prepared)
        _wait(hub, sent)
        # The hub waits for an answer for three seconds only: not while the machine is busy.
        slow = _send_all(hub, pool, [case for case in wanted if case.fault == SLOW], prepared)
        _wait(hub, slow)
        together = [case for case in wanted if case.fault == REFUSE]
        for vendor in {case.contract.vendor for case in together}:
            hub.sandbox_of(vendor).refuse(REFUSED_SECONDS)
        refused = _send_all(hub, pool, together, prepared)
        eventually(lambda: all(_met_it_closed(hub, it) for it in refused), "all were tried again")
        hub.sandbox.clear_faults()
        _wait(hub, refused)
        rows = list(pool.map(lambda it: _row(hub, it), [*sent, *slow, *refused]))
    return sorted(rows, key=lambda row: wanted.index(row.case))


def _prepare_all(
    hub: Hub, pool: ThreadPoolExecutor, wanted: Sequence[Case]
) -> Mapping[str, Prepared]:
    ready = _by_verb(pool, wanted, lambda it: (str(it), it.scenario.prepare(hub)))
    return dict(ready)


def _send_all(
    hub: Hub, pool: ThreadPoolExecutor, wanted: Sequence[Case], prepared: Mapping[str, Prepared]
) -> list[_Sent]:
    return _by_verb(pool, wanted, lambda it: _send(hub, it, prepared[str(it)]))


def _by_verb(pool: ThreadPoolExecutor, wanted: Sequence[Case], do: Callable[[Case], T]) -> list[T]:
    """Verbs side by side, the cases of each one after another: so that each verb's function runs
    in one process, for to start more of them is what keeps the machine busy.
    """
    verbs: dict[tuple[str, str], list[Case]] = {}
    for case in wanted:
        verbs.setdefault((case.contract.vendor, case.contract.verb), []).append(case)
    done = pool.map(lambda cases: [do(case) for case in cases], verbs.values())
    return [it for of_one_verb in done for it in of_one_verb]


def _met_it_closed(hub: Hub, sent: _Sent) -> bool:
    """Whether the hub tried again while the port was closed. It does not where a caller has to, and
    has not tried at all where it could not ask before it sends; a worker tries all the same.
    """
    actions = hub.api.details(sent.payment_id)["actions"]
    action = next(it for it in reversed(actions) if it["verb"] == sent.case.contract.verb)
    times = len(action["attempts"])
    is_tried = times > 1 if sent.case.scenario.by_worker else times != 1
    return sent.case.ends == NOT_SENT or is_tried


def _send(hub: Hub, case: Case, prepared: Prepared) -> _Sent:
    if case.fault != REFUSE:
        fault = case.fault.split(maxsplit=1)[0]
        late = LATE_SECONDS.get(case.fault)
        vendor = hub.sandbox_of(case.contract.vendor)
        operation = case.scenario.spoiled or case.contract.operation
        vendor.arm(operation, fault, prepared.match, delay_seconds=late)
    at = time.monotonic()
    answer = _answer_of_hub(hub, case, prepared)
    return _Sent(case, prepared, answer.headers["Payment-Id"], answer.status_code, at)


def _answer_of_hub(hub: Hub, case: Case, prepared: Prepared) -> httpx.Response:
    """A busy machine's gateway may answer first. It says to ask again with the same key."""
    for _ in range(_GATEWAY_TIMEOUTS_MAX):
        answer = case.scenario.send(hub, prepared)
        if answer.status_code != httpx.codes.GATEWAY_TIMEOUT:
            break
    assert "Payment-Id" in answer.headers, f"{case}: {answer.status_code} {answer.text}"
    return answer


def _wait(hub: Hub, sent: Sequence[_Sent]) -> None:
    """One look a second at all of them, so that looking is not what keeps the machine busy.

    What the watch finds is the sweep's to see: that is not waited for.
    """
    open_ends = {it.payment_id: it for it in sent}

    def look() -> bool:
        time.sleep(1)
        if {it.case.fault for it in open_ends.values()} == {BEYOND_BOUND}:
            hub.invoke("SweepFunction")
        for payment in payments_of(hub):
            known = open_ends.get(payment["paymentId"])
            if known is not None and known.is_over(payment):
                del open_ends[known.payment_id]
        return not open_ends

    eventually(look, "every case has ended", _PATIENCE_SECONDS)


def payments_of(hub: Hub) -> Iterator[Json]:
    """Every payment of the tenant, newest first, page by page."""
    query = {"limit": "100"}
    while True:
        page = read(hub.api.send("GET", "/payments", query=query))
        yield from page["payments"]
        if page["nextCursor"] is None:
            return
        query["cursor"] = page["nextCursor"]


def _row(hub: Hub, sent: _Sent) -> Row:
    case, prepared = sent.case, sent.prepared
    details = hub.api.details(sent.payment_id)
    before_repeat = _trail(details, case)
    if case.ends == NOT_SENT:
        assert not _applied(hub, sent), "it was said to be not sent"
        eventually(lambda: _is_repeated(hub, sent), "the same request is sent")
        details = hub.api.details(sent.payment_id)
    trail = _trail(details, case)
    times = [datetime.fromisoformat(it["at"]) for it in trail]
    action = next(it for it in reversed(details["actions"]) if it["verb"] == case.contract.verb)
    return Row(
        case=case,
        payment_id=sent.payment_id,
        answer=sent.answer,
        states=[it["to"] for it in trail],
        before_repeat=[it["to"] for it in before_repeat],
        attempts=len(action["attempts"]),
        movements=_applied(hub, sent),
        reference=case.scenario.reference and case.scenario.reference(details, prepared),
        seconds=(times[-1] - times[0]).total_seconds(),
    )


def _trail(details: Json, case: Case) -> list[Json]:
    return [it for it in details["history"] if it["subject"] == case.contract.verb]


def _applied(hub: Hub, sent: _Sent) -> Sequence[Movement]:
    return sent.case.scenario.applied(hub, sent.prepared, sent.payment_id)


def _is_repeated(hub: Hub, sent: _Sent) -> bool:
    """The caller asks again with the same key; while the port is closed that is a 503 too."""
    answer = sent.case.scenario.send(hub, sent.prepared)
    assert answer.headers["Payment-Id"] == sent.payment_id
    return answer.status_code != httpx.codes.SERVICE_UNAVAILABLE


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal."""
    headings = ["operation", "fault", "HTTP", "states", "attempts", "done", "seconds", "as agreed"]
    lines = [
        [
            f"{row.case.contract.vendor} {row.case.contract.operation}",
            row.case.fault,
            row.answer,
            " ".join(dict.fromkeys(row.states)),
            row.attempts,
            len(row.applied),
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
