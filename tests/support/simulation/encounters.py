"""Who meets whom: the pairs of processes that money depends on."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from payhub.domain.settlement import cut_off_ms
from tests.support.simulation.aws import Message
from tests.support.simulation.explore import SCENARIOS
from tests.support.simulation.meetings import Encounter, Meeting
from tests.support.simulation.scenario import Scenario, Trial
from tests.support.simulation.simulated import EVENTS, PAYMENTS, Simulated
from tests.support.simulation.simulated_decoda import SimulatedDecoda

Act = Callable[[], object]
Meet = Callable[[Simulated, Trial], tuple[Act, Act]]
"""What the two do in a world in which the scenario is prepared."""

STEP_MS = 500
"""After which the issuer's payment goes one step on and the issuer tells so."""

PART_CENTS = 400


def _same_twice(scenario: Scenario) -> Meeting:
    """The same request from the same caller, twice at once."""
    return _meeting(scenario, "the same twice", lambda sim, trial: (trial.ask, trial.ask))


def _meeting(scenario: Scenario, what: str, meet: Meet) -> Meeting:
    def prepare(sim: Simulated) -> Encounter:
        trial = scenario.prepare(sim)
        first, second = meet(sim, trial)
        return Encounter(first, second, trial)

    title = f"{scenario.verb} {scenario.name}".strip()
    return Meeting(scenario, f"{title}, {what}", prepare)


# With another request


def _ask(sim: Simulated, trial: Trial, verb: str, key: str) -> Act:
    """An action of another caller on the same payment."""
    ids = {"paymentId": str(trial.payment_id)}
    return lambda: sim.call(f"{verb}_payment", ids, {}, key, role="operator")


def _with_another(verb: str) -> Meet:
    return lambda sim, trial: (trial.ask, _ask(sim, trial, verb, "another"))


def _with_another_late(verb: str) -> Meet:
    """Whichever comes first has no answer, and is applied when it has long been given up."""

    def meet(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
        sim.arm(f"{verb}_payment", "late_apply")
        return trial.ask, _ask(sim, trial, verb, "another")

    return meet


def _with_settlement(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """The night's schedule runs, while somebody asks for what is settled by then."""
    sim.go_until(cut_off_ms(sim.clock.now_ms()) - 1000)
    return trial.ask, lambda: sim.schedule("settle_payments")


# With workers, webhooks and the sweep


def _worker(sim: Simulated, queue: str) -> Act:
    """A worker that has received what lies in a queue now."""
    messages = [message for message in sim.sqs.messages if message.queue == queue]
    assert messages, f"nothing in {queue}"
    return lambda: _work(sim, messages)


def _work(sim: Simulated, messages: Sequence[Message]) -> None:
    for message in messages:
        sim.work_on(message)


def _told(sim: Simulated, steps: int) -> None:
    """The vendor goes on and tells, and nobody works on it yet."""
    for _ in range(steps):
        sim.clock.advance(STEP_MS)
        sim.sandbox.run_due_jobs()


def _lost_answer(sim: Simulated, trial: Trial, operation: str = "issue_payment") -> None:
    """The request was made, and its answer lost."""
    sim.arm(operation, "timeout_after")
    trial.ask()


def _event_and_inquiry(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """What has no outcome is asked about, while an event says that there is such a payment."""
    _lost_answer(sim, trial)
    _told(sim, 120)
    return _worker(sim, PAYMENTS), _worker(sim, EVENTS)


def _inquiry_and_sweep(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """A reminder is worked on, while the sweep has another one sent."""
    _lost_answer(sim, trial)
    sim.clock.advance(120_000)

    def sweep() -> None:
        before = len(sim.sqs.messages)
        sim.schedule("sweep")
        _work(sim, sim.sqs.messages[before:])

    return _worker(sim, PAYMENTS), sweep


def _resent_twice(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """What the vendor did not take is sent again by two workers that got the same reminder."""
    sim.arm("issue_payment", "http_429")
    trial.ask()
    sim.clock.advance(60_000)
    return _worker(sim, PAYMENTS), _worker(sim, PAYMENTS)


def _two_events(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """Two webhooks about the same payment, each with a worker of its own."""
    trial.ask()
    _told(sim, 1)
    first = _worker(sim, EVENTS)
    known = list(sim.sqs.messages)
    _told(sim, 1)
    newer = [it for it in sim.sqs.messages if it not in known and it.queue == EVENTS]
    assert newer, "no newer event"
    return first, lambda: _work(sim, newer)


def _one_event_twice(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """The same event has two workers."""
    trial.ask()
    _told(sim, 1)
    return _worker(sim, EVENTS), _worker(sim, EVENTS)


def _refresh_and_request(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """The payment is read because nothing was heard, while somebody acts on it."""
    sim.clock.advance(1_000_000)
    sim.schedule("sweep")
    return trial.ask, _worker(sim, PAYMENTS)


def _event_and_request(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """News of a payment is worked on, while somebody acts on it."""
    _told(sim, 2)
    return trial.ask, _worker(sim, EVENTS)


def _inquiry_and_refund_there(sim: Simulated, trial: Trial) -> tuple[Act, Act]:
    """What has no outcome is asked about, while the clinic refunds it, which the vendor tells."""
    world = cast("SimulatedDecoda", sim)
    _lost_answer(world, trial, "settle_with_credit")
    _told(world, 120)

    def refund_there() -> None:
        world.refund_there(PART_CENTS)
        world.sandbox.run_due_jobs()
        _work(world, [message for message in world.sqs.messages if message.queue == EVENTS])

    return _worker(world, PAYMENTS), refund_there


_OTHERS: Mapping[str, Sequence[tuple[str, Meet]]] = {
    "optum issue with a key": (
        ("an event with an inquiry", _event_and_inquiry),
        ("a reminder with the sweep", _inquiry_and_sweep),
        ("two resends", _resent_twice),
        ("two events", _two_events),
        ("one event twice", _one_event_twice),
    ),
    "optum release with a key": (
        ("a void", _with_another("void")),
        ("another release", _with_another("release")),
    ),
    "optum void with a key": (
        ("another void", _with_another("void")),
        ("another void, the first applied late", _with_another_late("void")),
        ("a reissue", _with_another("reissue")),
        ("a refresh", _refresh_and_request),
    ),
    "decoda settle refunded past the hub": (
        ("an inquiry with the refund", _inquiry_and_refund_there),
    ),
    "optum void on its way": (("news of it", _event_and_request),),
    "athena void with a key": (("the settlement", _with_settlement),),
    "optum reissue with a key": (
        ("a void", _with_another("void")),
        ("another reissue", _with_another("reissue")),
    ),
}
"""Scenario -> what else happens at once."""


def _all() -> list[Meeting]:
    twice = [_same_twice(scenario) for scenario in SCENARIOS.values()]
    others = [
        _meeting(SCENARIOS[name], what, meet)
        for name, pairs in _OTHERS.items()
        for what, meet in pairs
    ]
    return twice + others


MEETINGS: Mapping[str, Meeting] = {str(meeting): meeting for meeting in _all()}
