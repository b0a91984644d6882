"""Decoda in a simulation: credit settlements, plans, refunds, cancellations, their webhooks."""

from collections.abc import Iterator
from typing import ClassVar, cast

from tests.support.decoda_world import DecodaWorld
from tests.support.simulation.scenario import Scenario, Trial
from tests.support.simulation.simulated import Simulated


class SimulatedDecoda(Simulated, DecodaWorld):
    """Two clinics; everything may go wrong."""

    schedules: ClassVar[dict[str, int]] = {"collect_missed_events": 300}

    def wrong_books(self) -> Iterator[str]:
        """Cents that moved, against what the hub says of it."""
        moved = sum(cents for _, cents, way in self.ledger() if way == "in")
        back = sum(cents for _, cents, way in self.ledger() if way == "out")
        known_in = known_out = 0
        for payment in self.payments():
            for action in payment.actions:
                if action.state.value != "done":
                    continue
                if action.verb == "settle" or (
                    action.verb == "take" and payment.vendor_status == "SUCCEEDED"
                ):
                    known_in += payment.amount_cents
                if action.verb == "refund":
                    known_out += int(action.terms["amountCents"])
        if (moved, back) != (known_in, known_out):
            yield f"moved {moved} in and {back} out, known are {known_in} and {known_out}"


def _settle(sim: Simulated) -> Trial:
    world = cast("SimulatedDecoda", sim)
    charges = world.charges(1)
    return Trial(
        ask=lambda: world.settle(1200, charges=charges, key="k"),
        applied=lambda: len(world.moved("settle_with_credit")),
    )


SCENARIOS = (Scenario("decoda", "settle", SimulatedDecoda, _settle),)
