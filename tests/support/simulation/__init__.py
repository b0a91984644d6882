"""The hub and a vendor's sandbox in one process, with faults and deaths drawn from a seed.

`world` and `ports` are what the hub stands on, `chance` is what goes wrong, `time_passing` what
becomes due. A vendor's module says which steps there are, and how its books must look in the end.
"""

from tests.support.simulation.athena import AthenaSimulation
from tests.support.simulation.athena_oracle import AthenaBooks
from tests.support.simulation.optum import OptumSimulation


def run(seed: int, steps: int = 25, death_rate: float = 0.02) -> OptumSimulation:
    """One seed of the issuer from its first step to the end of everything unfinished."""
    simulation = OptumSimulation(seed, death_rate)
    for _ in range(steps):
        simulation.one_step()
    simulation.settle()
    return simulation


def run_athena(seed: int, steps: int = 30, death_rate: float = 0.02) -> AthenaSimulation:
    """One seed of athenahealth; AthenaBooks(...).wrong() says what does not agree in the end."""
    simulation = AthenaSimulation(seed, death_rate)
    for _ in range(steps):
        simulation.one_step()
    simulation.settle()
    return simulation


__all__ = ["AthenaBooks", "run", "run_athena"]
