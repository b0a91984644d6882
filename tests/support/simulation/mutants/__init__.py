"""The product's guards, and the product without each of them."""

from collections.abc import Mapping

from tests.support.simulation.mutants import asking, hearing, judging, returning, writing
from tests.support.simulation.mutants.mutant import Mutant

MUTANTS: Mapping[str, Mutant] = {
    mutant.name: mutant
    for room in (writing, judging, asking, hearing, returning)
    for mutant in room.MUTANTS
}
