"""Scenarios for guards that a careful vendor, or the next look at it, would make up for.

Vendors that trust the hub, and a payment at rest of which only a webhook brings news.
"""

from collections.abc import Iterator
from typing import cast

from local.sandbox.messages import Query, Request
from payhub.domain.payment import Action, Payment
from payhub.domain.settlement import cut_off_ms
from tests.support.optum_world import AT_THE_VENDOR
from tests.support.sandbox_world import TENANT_ID, Said
from tests.support.simulation.athena_scenarios import AMOUNT, COLLECT, VOID, SimulatedAthena
from tests.support.simulation.optum_books import wrong_books
from tests.support.simulation.optum_scenarios import REFERENCE, SimulatedOptum
from tests.support.simulation.scenario import Scenario, Trial
from tests.support.simulation.simulated import NoAnswer, Simulated
from tests.support.simulation.simulated_decoda import SimulatedDecoda

LATE_IN_THE_EVENING_MS = 600_000
"""After the cut-off, and after the margin within which only the vendor knows."""

PAID_CENTS, REFUND_CENTS, ANOTHER_CENTS = 1000, 600, 700
AT_REST = "Completed"
HTTP_OK = 200


class IssuerWithPortal(SimulatedOptum):
    """Where somebody voids payments past the hub."""

    def _make_ports(self) -> None:
        super()._make_ports()
        self.voided_there: list[str] = []

    def void_there(self) -> None:
        """Void what has come to rest."""
        for row in self.payments_of(REFERENCE):
            if row["status"] == AT_REST:
                self._void_there(str(row["payment_id"]))

    def _void_there(self, reference: str) -> None:
        known_as = AT_THE_VENDOR[TENANT_ID]
        headers = {"api-key": f"key-{known_as}", "x-optum-tenant-id": known_as}
        path = f"/api/v1/payments/{reference}/void"
        request = Request(method="POST", path=path, query=Query(()), headers=headers, body=b"")
        answer = self.sandbox.handle(self.vendor, request).response
        assert answer is not None and answer.status == HTTP_OK, answer
        self.voided_there.append(reference)

    def wrong_books(self) -> Iterator[str]:
        """Cents that moved, against what the hub says of it."""
        yield from wrong_books(self.payments(), self.movements(), self.voided_there)


def _voided_there(sim: Simulated) -> Trial:
    """The payment has come to rest; then somebody voids it at the vendor itself."""
    world = cast("IssuerWithPortal", sim)

    def after() -> None:
        world.come_to_rest()
        world.calm_days(1)  # until nothing is due that would read it again
        world.void_there()

    return Trial(
        ask=lambda: world.issue("k", reference=REFERENCE),
        applied=lambda: len(world.payments_of(REFERENCE)),
        after=after,
    )


def _trusting_practice() -> SimulatedAthena:
    return SimulatedAthena(voids_settled=True)


def _voided_late(sim: Simulated) -> Trial:
    """What was collected is to be voided after the cut-off; the practice would do it."""
    world = cast("SimulatedAthena", sim)
    cut_off = cut_off_ms(world.clock.now_ms())

    def collect() -> Said:
        return world.with_card(COLLECT, "k", otheramount=AMOUNT)

    def after() -> None:
        world.go_until(cut_off + LATE_IN_THE_EVENING_MS)
        for payment_id in [it.payment_id for it in world.payments()]:
            _ask(world, payment_id)

    def wrong() -> Iterator[str]:
        if world.moved(VOID):
            yield "voided after it had settled"

    return Trial(ask=collect, applied=lambda: world.moved(COLLECT), after=after, wrong=wrong)


def _ask(world: SimulatedAthena, payment_id: str) -> None:
    """For a void, by somebody who gives up in the end."""
    try:
        world.answered(lambda: world.call("void_payment", {"paymentId": payment_id}, {}, "v"))
    except NoAnswer:
        world.weather.trace.append("  somebody gives up")


def _trusting_tenant() -> SimulatedDecoda:
    return SimulatedDecoda(checks_refunds=False)


def _refund_before_another(sim: Simulated) -> Trial:
    """While a refund to a card is on its way, another is asked for: together too much."""
    world = cast("SimulatedDecoda", sim)
    world.running(initialAmount=PAID_CENTS, frequency="WEEKLY", installments=3)
    taken = [it for it in world.payments() if it.operation == "take_payment"]
    payment_id = taken[0].payment_id

    def after() -> None:
        try:
            world.answered(lambda: world.refund(payment_id, ANOTHER_CENTS, "another"))
        except NoAnswer:
            world.weather.trace.append("  somebody gives up")

    return Trial(
        ask=lambda: world.refund(payment_id, REFUND_CENTS, "k"),
        applied=lambda: sum(it["amount_cents"] == REFUND_CENTS for it in world.refunds()),
        after=after,
        payment_id=payment_id,
        action=_first_action,
    )


def _refunded_there(sim: Simulated) -> Trial:
    """The payment has come to rest; then the clinic gives a part of it back past the hub."""
    world = cast("SimulatedDecoda", sim)
    charges = world.charges(1)

    def after() -> None:
        world.come_to_rest()
        world.calm_days(1)
        world.refund_there(ANOTHER_CENTS)

    return Trial(
        ask=lambda: world.settle(PAID_CENTS, charges=charges, key="k"),
        applied=lambda: len(world.moved("settle_with_credit")),
        after=after,
    )


def _first_action(payment: Payment, verb: str) -> Action | None:
    return next((it for it in payment.actions if it.verb == verb), None)


SCENARIOS = (
    Scenario("optum", "issue", IssuerWithPortal, _voided_there, "voided past the hub"),
    Scenario("athena", "collect", _trusting_practice, _voided_late, "voided after the cut-off"),
    Scenario("decoda", "refund", _trusting_tenant, _refund_before_another, "before another one"),
    Scenario("decoda", "settle", SimulatedDecoda, _refunded_there, "refunded past the hub"),
)
