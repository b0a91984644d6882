"""Medfusion in a simulation: payments picked up in its portal, and reports of what was posted."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

from tests.support.medfusion_world import Said
from tests.support.simulation.scenario import Scenario, Trial
from tests.support.simulation.simulated import Simulated
from tests.support.simulation.simulated_medfusion import (
    HTTP_ACCEPTED,
    Feed,
    SimulatedMedfusion,
    messages_of,
    stored_as,
)

KEY = "k"
POLL_SECONDS = 310
FAILS_CENTS, FORGOTTEN_CENTS = 404, 410
"""The sandbox's magic amounts: an update that ends in ERROR, one whose status is forgotten."""

Prepare = Callable[[SimulatedMedfusion], Trial]


def _scenario(verb: str, prepare: Prepare, name: str = "") -> Scenario:
    def prepared(sim: Simulated) -> Trial:
        return prepare(cast("SimulatedMedfusion", sim))

    return Scenario("medfusion", verb, SimulatedMedfusion, prepared, name)


# Picking up


def _receive(world: SimulatedMedfusion) -> Trial:
    """Patients pay before a poll and after it, while the practice system reads on."""
    feed, first = Feed(world), world.patient_pays()

    def after() -> None:
        world.go(POLL_SECONDS)
        feed.catch_up()
        world.patient_pays(1999)
        world.patient_pays(1)
        world.go(POLL_SECONDS)
        feed.catch_up()
        world.go(POLL_SECONDS)

    def picked_up() -> str | None:
        return next((it.payment_id for it in stored_as(world, first)), None)

    return Trial(
        ask=feed.ask,
        applied=lambda: len(stored_as(world, first)),
        after=after,
        payment_id=picked_up,
        wrong=feed.wrong,
        is_known_for_ever=False,
        for_good=(),
    )


# Reporting


def _report(
    world: SimulatedMedfusion, *references: str, state: str = "COMPLETED", key: str | None = KEY
) -> Trial:
    """A message that names the payments; the vendor may get two of it, which do the same."""

    def ask() -> Said:
        return world.report(*references, key=key)

    def wrong() -> Iterator[str]:
        said = world.told(ask)
        if said is not None and world.state(said)[0] != state:
            yield f"the message is {world.state(said)}, not {state}"

    return Trial(
        ask=ask,
        applied=lambda: len(messages_of(world, references[-1], state)),
        after=lambda: world.go(POLL_SECONDS),
        wrong=wrong,
        for_good=(HTTP_ACCEPTED,),
    )


def _posted(world: SimulatedMedfusion, *references: str) -> Iterator[str]:
    found = {reference: world.at_vendor(reference) for reference in references}
    if set(found.values()) != {"POSTED"}:
        yield f"at the vendor they are {found}"


def _picked_up(world: SimulatedMedfusion, *amounts_cents: int) -> list[str]:
    references = [world.patient_pays(cents) for cents in amounts_cents]
    world.poll()
    return references


def _with_posted(trial: Trial, world: SimulatedMedfusion, *references: str) -> Trial:
    return replace(trial, wrong=lambda: [*trial.wrong(), *_posted(world, *references)])


def _send(world: SimulatedMedfusion) -> Trial:
    references = _picked_up(world, 2500)
    return _with_posted(_report(world, *references), world, *references)


def _send_two(world: SimulatedMedfusion) -> Trial:
    references = _picked_up(world, 2500, 1999)
    return _with_posted(_report(world, *references), world, *references)


def _send_unknown(world: SimulatedMedfusion) -> Trial:
    """It is reported before the hub has picked it up."""
    reference = world.patient_pays()
    return _with_posted(_report(world, reference), world, reference)


def _send_forgotten(world: SimulatedMedfusion) -> Trial:
    """Nobody can say what became of the message: its payment tells."""
    references = _picked_up(world, FORGOTTEN_CENTS)
    return _with_posted(_report(world, *references), world, *references)


def _send_again(world: SimulatedMedfusion) -> Trial:
    """One of two cannot be posted, so neither is; the other one is reported once more."""
    good, bad = _picked_up(world, 2500, FAILS_CENTS)
    trial = _report(world, good, bad, state="ERROR")

    def after() -> None:
        world.told(trial.ask)
        world.come_to_rest()
        world.told(lambda: world.report(good, key="k-2"))
        trial.after()

    return _with_posted(replace(trial, after=after), world, good)


SCENARIOS = (
    _scenario("receive", _receive),
    _scenario("send", _send),
    _scenario("send", _send_two, "of two payments"),
    _scenario("send", _send_unknown, "of a payment that was not picked up"),
    _scenario("send", _send_forgotten, "that the vendor forgets"),
    _scenario("send", _send_again, "that fails later, and another one"),
)
