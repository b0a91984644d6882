"""Whatever fails and dies, and in whatever order: the money moves once and nothing is lost.

Each seed draws its own requests, faults, deaths, hangs, lost and doubled messages. At the end of
all unfinished work the vendor's truth book must agree with the hub, payment by payment.
"""

import pytest

from tests.support.simulation import run

SEEDS_PER_TEST = 15


@pytest.mark.parametrize("first", range(0, 120, SEEDS_PER_TEST))
def test_the_books_agree(first: int) -> None:
    for seed in range(first, first + SEEDS_PER_TEST):
        simulation = run(seed)
        wrong = simulation.wrong()
        assert not wrong, "\n".join([f"seed {seed}", *simulation.trace, *wrong])


def test_rough_weather_changes_nothing() -> None:
    for seed in range(1000, 1010):
        simulation = run(seed, steps=40, death_rate=0.08)
        assert not simulation.wrong(), f"seed {seed}"


def test_something_really_happens() -> None:
    simulations = [run(seed) for seed in range(20)]
    trace = "\n".join(line for simulation in simulations for line in simulation.trace)
    for happening in ("died", "hangs", "storage failed", "arm", "issue unknown", "ActionOpen"):
        assert happening in trace, happening
    moved = sum(len(it.sandbox.truth_book.movements("optum")) for it in simulations)
    assert moved > 2 * len(simulations)


def test_a_seed_replays_exactly() -> None:
    first, again = run(7), run(7)
    assert first.trace == again.trace
    assert first.sandbox.truth_book.movements("optum") == again.sandbox.truth_book.movements(
        "optum"
    )
