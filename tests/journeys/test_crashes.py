"""Whatever dies, and whenever: every payment ends done, and its money moved once."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from tests.support.fault_table import SCENARIOS, Prepared, Scenario, contracts
from tests.support.hub import Hub, Sandbox, eventually, settled

pytestmark = pytest.mark.journey

ISSUE, RELEASE, VOID, REISSUE = (
    ("optum", verb) for verb in ("issue", "release", "void", "reissue")
)
SETTLE, REFUND = ("decoda", "settle"), ("decoda", "refund")
BEFORE_AND_AFTER = ("timeout_before", "timeout_after")
OPERATIONS = {(row.vendor, row.verb): row.operation for row in contracts()}
_PREPARING = 4
"""At once: every function's first process takes its time, and nothing is to fail yet."""


@dataclass(frozen=True)
class Flight:
    """A request that is under way while something dies."""

    hub: Hub
    name: tuple[str, str]
    prepared: Prepared
    answer: Future[int | None]

    @property
    def scenario(self) -> Scenario:
        """How the verb is brought about."""
        return SCENARIOS[self.name]

    @property
    def sandbox(self) -> Sandbox:
        """The controls of the vendor."""
        return self.hub.sandbox_of(self.name[0])

    def repeat(self) -> str:
        """Ask again with the same key, as a caller without an answer should; the payment's id."""
        return eventually(self._ask, "the hub answers again")

    def _ask(self) -> str:
        try:
            answer = self.scenario.send(self.hub, self.prepared)
        except httpx.HTTPError:
            return ""
        return str(answer.headers.get("Payment-Id", ""))


@pytest.fixture(autouse=True)
def _faults_are_cleared(hub: Hub) -> Iterator[None]:
    yield
    hub.sandbox.clear_faults()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Callers of their own."""
    with ThreadPoolExecutor(16) as callers:
        yield callers


def test_killed_functions_leave_nothing_undone(hub: Hub, pool: ThreadPoolExecutor) -> None:
    """At several positions of every verb: before the vendor acted, after it, in a worker, and
    wherever it strikes right after a request. Callers repeat what they got no answer to.
    """
    wanted = [
        *((verb, ["timeout_after"]) for verb in (ISSUE, RELEASE, VOID, REISSUE)),
        *((verb, ["timeout_before"]) for verb in (ISSUE, VOID)),
        (ISSUE, ["http_429", "timeout_after"]),
        *((verb, [fault]) for verb in (SETTLE, REFUND) for fault in BEFORE_AND_AFTER),
    ]
    flights = _take_off(hub, pool, wanted)
    hub.stack.kill_workers()
    for pause_seconds in (0.0, 0.1, 0.3):
        flights += _take_off(hub, pool, [(ISSUE, []), (ISSUE, ["slow"]), (SETTLE, [])])
        time.sleep(pause_seconds)  # not waiting for anything: this is where the kill strikes
        hub.stack.kill_workers()
    _end_well(flights, lambda: hub.invoke("SweepFunction"))


def test_a_killed_front_door_loses_nothing(hub: Hub, pool: ThreadPoolExecutor) -> None:
    """The caller hears nothing, asks again with its key and has the first request's outcome."""
    flights = _take_off(hub, pool, [(verb, ["slow"]) for verb in (ISSUE, VOID, SETTLE)])
    hub.stack.kill("front-door")
    _end_well(flights, lambda: None)


def test_a_killed_vendor_keeps_its_word(hub: Hub, pool: ThreadPoolExecutor) -> None:
    """Its answers are cut off, and it comes back with what it had written."""
    wanted = [(verb, ["slow"]) for verb in (ISSUE, RELEASE, VOID, REISSUE, SETTLE, REFUND)]
    flights = _take_off(hub, pool, [*wanted, (ISSUE, [])])
    hub.stack.kill("sandbox")
    _end_well(flights, lambda: None)


def test_a_whole_stack_that_is_stopped_and_started_finishes_by_its_schedule(
    hub: Hub, pool: ThreadPoolExecutor
) -> None:
    """In flight, queued and unknown alike; nobody repeats a request, nobody runs the sweep."""
    wanted = [
        *((verb, ["timeout_after"]) for verb in (ISSUE, VOID)),
        (ISSUE, ["http_429"] * 3),
        (REISSUE, ["http_500_before"]),
        (SETTLE, ["timeout_after"]),
        (REFUND, ["http_500_before"]),
    ]
    flights = _take_off(hub, pool, wanted)
    ids = [it.prepared.payment_id or _id_of(hub, it) for it in flights]
    hub.stack.stop()
    hub.stack.start()
    _end(hub, flights, ids, lambda: None, seconds=150)


def _take_off(
    hub: Hub, pool: ThreadPoolExecutor, wanted: Sequence[tuple[tuple[str, str], Sequence[str]]]
) -> list[Flight]:
    """Send them all, and go on when the vendor has every request that is to be spoiled."""
    with ThreadPoolExecutor(_PREPARING) as few:
        prepared = list(few.map(lambda it: SCENARIOS[it[0]].prepare(hub), wanted))
    flights = []
    for (name, faults), ready in zip(wanted, prepared, strict=True):
        for fault in faults:
            hub.sandbox_of(name[0]).arm(OPERATIONS[name], fault, ready.match)
        answer = pool.submit(_status, hub, SCENARIOS[name], ready)
        flights.append(Flight(hub, name, ready, answer))
    for flight in flights:
        eventually(partial(_is_spoiled, flight), "the vendor has the request")
    return flights


def _is_spoiled(flight: Flight) -> bool:
    return not flight.sandbox.armed(flight.prepared.match)


def _status(hub: Hub, scenario: Scenario, prepared: Prepared) -> int | None:
    try:
        return scenario.send(hub, prepared).status_code
    except httpx.HTTPError:
        return None


def _end_well(flights: Sequence[Flight], help_on: Callable[[], None]) -> None:
    """Callers without an answer ask again; then everything ends, once."""
    ids = [flight.repeat() for flight in flights]
    _end(flights[0].hub, flights, ids, help_on)


def _end(
    hub: Hub,
    flights: Sequence[Flight],
    ids: Sequence[str],
    help_on: Callable[[], None],
    seconds: float = 90,
) -> None:
    def look() -> bool:
        help_on()
        return all(settled(hub.api.payment(it)) for it in ids)

    eventually(look, "everything has ended", seconds)
    for flight, payment_id in zip(flights, ids, strict=True):
        actions = hub.api.details(payment_id)["actions"]
        assert {it["state"] for it in actions} == {"done"}, actions
        moved = flight.scenario.applied(hub, flight.prepared, payment_id)
        expected = [*flight.scenario.moved_before, OPERATIONS[flight.name]]
        assert [it.operation for it in moved] == expected
        assert len({it.reference for it in moved}) == 1


def _id_of(hub: Hub, flight: Flight) -> str:
    """By the caller's reference, without repeating the request."""

    def look() -> str:
        query = {"reference": flight.prepared.match}
        found = hub.api.send("GET", "/payments", query=query).json()["payments"]
        return found[0]["paymentId"] if found else ""

    return eventually(look, "the payment is listed")
