"""Whatever fails and dies at athenahealth: each request moves money once, and the books say so.

Each seed draws its own requests, repeats, faults, deaths, hangs, lost and doubled messages, and
what others do past the hub. Once everything unfinished has ended, every line of the vendor's truth
book must be accounted for, and every payment must be what it says.
"""

import pytest

from tests.support.simulation import AthenaBooks, run_athena

SEEDS_PER_TEST = 15


@pytest.mark.parametrize("first", range(0, 90, SEEDS_PER_TEST))
def test_both_books_agree(first: int) -> None:
    for seed in range(first, first + SEEDS_PER_TEST):
        simulation = run_athena(seed)
        wrong = AthenaBooks(simulation).wrong()
        assert not wrong, "\n".join([f"seed {seed}", *simulation.trace, *wrong])


@pytest.mark.parametrize("seed", [153, 347])
def test_a_void_of_a_lost_charge_does_not_have_it_charged_again(seed: int) -> None:
    assert not AthenaBooks(run_athena(seed)).wrong()


def test_rough_weather_changes_nothing() -> None:
    for seed in (1003, *range(1010, 1020)):
        assert not AthenaBooks(run_athena(seed, steps=40, death_rate=0.08)).wrong(), f"seed {seed}"


def test_every_kind_of_thing_really_happens() -> None:
    simulations = [run_athena(seed) for seed in range(25)]
    payments = [each for it in simulations for each in AthenaBooks(it).payments]
    ends = {(a.verb, a.state.value) for payment in payments for a in payment.actions}
    verbs = ("collect", "store_card", "start_plan", "record", "report", "adjust", "void", "refund")
    assert {(verb, "done") for verb in verbs} <= ends
    assert {end for _, end in ends} >= {"refused", "not_sent", "not_captured", "needs_review"}
    assert {payment.origin.value for payment in payments} == {"hub", "external"}
    trace = "\n".join(line for simulation in simulations for line in simulation.trace)
    for happening in ("died", "hangs", "storage failed", "arm", "past the hub", "unknown"):
        assert happening in trace, happening
    for refusal in ("KeyReused", "PossibleDuplicate", "NotAllowed", "VendorUnavailable"):
        assert refusal in trace, refusal


def test_a_seed_of_athenahealth_replays_exactly() -> None:
    first, again = run_athena(7), run_athena(7)
    assert first.trace == again.trace
    assert first.ledger.entries == again.ledger.entries
