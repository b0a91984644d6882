"""The guards of the product are where the mutants take them away, and the simulation misses them.

`make simulate-mutants` kills all of them; here a few die by what is known to kill them.
"""

import pytest

from tests.support.simulation.mutants import MUTANTS
from tests.support.simulation.mutants.__main__ import killed, known_killers
from tests.support.simulation.mutants.cases import case_of
from tests.support.simulation.mutants.mutant import Edit, Mutant, NotThere
from tests.support.simulation.mutants.search import verdict_on

QUICK = ("new", "ask-first", "unanswered-is-unknown", "tender")


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_the_guard_stands_in_the_product_once(mutant: Mutant) -> None:
    mutant.check()


def test_a_guard_that_is_gone_is_an_error() -> None:
    gone = Edit("making.py", "no such line", "")
    with pytest.raises(NotThere, match="0 times"):
        Mutant(name="gone", guard="-", without="-", edits=(gone,)).check()


def test_what_kills_each_mutant_is_known() -> None:
    assert known_killers().keys() == MUTANTS.keys()


@pytest.mark.parametrize("name", QUICK)
def test_without_its_guard_the_oracles_fail_and_with_it_they_do_not(name: str) -> None:
    mutant, hint = MUTANTS[name], known_killers()[name]
    death = killed(mutant, hint, seconds=0)
    assert death.case == case_of(hint), death
    assert verdict_on(mutant, case_of(hint).play()) is None
