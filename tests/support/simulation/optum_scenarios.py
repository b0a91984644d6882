"""The issuer in a simulation: issues, holds, releases, voids, reissues, and their webhooks."""

from collections.abc import Callable, Iterator
from typing import ClassVar, cast

from tests.support.optum_world import (
    FAILS_IN_LOADING_CENTS,
    HOLD_ACCOUNT,
    STAYS_IN_LOADING_CENTS,
    OptumWorld,
)
from tests.support.simulation.optum_books import wrong_books
from tests.support.simulation.scenario import Scenario, Trial
from tests.support.simulation.simulated import Simulated

REFERENCE = "INV-1"
PAYMENTS = ("optum", "payment")


class SimulatedOptum(Simulated, OptumWorld):
    """Two issuers; everything may go wrong."""

    schedules: ClassVar[dict[str, int]] = {"collect_missed_events": 300}

    @property
    def is_quiet(self) -> bool:
        """Whether the hub also knows where every payment is, and the vendor has nothing to do."""
        if self.sandbox.jobs.next() is not None or not super().is_quiet:
            return False
        shown = {row["payment_id"]: row["status"] for row in self.sandbox.store.all(*PAYMENTS)}
        known = {it.vendor_reference: it.vendor_status for it in self.payments()}
        return shown == known

    def wrong_books(self) -> Iterator[str]:
        """Cents that moved, against what the hub says of it."""
        yield from wrong_books(self.payments(), self.movements())


def _issue(key: str | None, **values: object) -> Callable[[Simulated], Trial]:
    def prepare(sim: Simulated) -> Trial:
        world = cast("SimulatedOptum", sim)
        return Trial(
            ask=lambda: world.issue(key, reference=REFERENCE, **values),
            applied=lambda: len(world.payments_of(REFERENCE)),
        )

    return prepare


def _act(
    verb: str, key: str | None, *, before: tuple[str, ...] = (), if_match: bool = False
) -> Callable[[Simulated], Trial]:
    """A verb on a payment that stays where it gets to, so that no news of its way comes between."""

    def prepare(sim: Simulated) -> Trial:
        world = cast("SimulatedOptum", sim)
        account = {"account": HOLD_ACCOUNT} if verb == "release" else {}
        payment_id = world.issued(amount=STAYS_IN_LOADING_CENTS, **account)
        for earlier in before:
            assert world.ask(earlier, payment_id).status == 200
            world.go(30)
        headers = {"If-Match": f'"{world.payment(payment_id).revision}"'} if if_match else None
        return Trial(
            ask=lambda: world.ask(verb, payment_id, key, headers=headers),
            applied=lambda: len(world.moved(f"{verb}_payment")),
            payment_id=payment_id,
            repeats_are_replays=key is not None or not if_match,
        )

    return prepare


def _scenario(verb: str, name: str, prepare: Callable[[Simulated], Trial]) -> Scenario:
    return Scenario("optum", verb, SimulatedOptum, prepare, name)


SCENARIOS = (
    _scenario("issue", "with a key", _issue("k")),
    _scenario("issue", "by its reference", _issue(None, amount=STAYS_IN_LOADING_CENTS)),
    _scenario("issue", "to an account that holds", _issue("k", account=HOLD_ACCOUNT)),
    _scenario("issue", "that fails on its way", _issue("k", amount=FAILS_IN_LOADING_CENTS)),
    _scenario("release", "with a key", _act("release", "k")),
    _scenario("release", "without a key", _act("release", None)),
    _scenario("void", "with a key", _act("void", "k")),
    _scenario("void", "without a key", _act("void", None)),
    _scenario("void", "with If-Match", _act("void", None, if_match=True)),
    _scenario("void", "with a key and If-Match", _act("void", "k", if_match=True)),
    _scenario("reissue", "with a key", _act("reissue", "k", before=("void",))),
    _scenario("reissue", "without a key", _act("reissue", None, before=("void",))),
)
