"""athenahealth in a simulation: collected, recorded, reported, voided, refunded, adjusted."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, cast

from payhub.domain.settlement import cut_off_ms
from tests.support.athena_world import AthenaWorld
from tests.support.sandbox_world import Said
from tests.support.simulation.athena_books import wrong_books
from tests.support.simulation.athena_requests import ADDRESS, NAME, NUMBERS, SECRETS, SECURITY_CODE
from tests.support.simulation.scenario import Scenario, Trial
from tests.support.simulation.simulated import Simulated

DAY_SECONDS = 86_400
AMOUNT, CENTS = "31.07", 3107
CARD = {
    "accountnumber": NUMBERS["VISA"],
    "nameoncard": NAME,
    "billingaddress": ADDRESS,
    "cardsecuritycode": SECURITY_CODE,
}
JUST_BEFORE_THE_CUT_OFF = "2026-11-21 19:59:50"

Ask = Callable[["SimulatedAthena"], Said]


class SimulatedAthena(Simulated, AthenaWorld):
    """Two practices; everything may go wrong. The nightly schedule runs at 20:00 in New York."""

    schedules: ClassVar[dict[str, int]] = {"settle_payments": DAY_SECONDS}
    never_stored: ClassVar[tuple[str, ...]] = SECRETS

    def _make_ports(self) -> None:
        super()._make_ports()
        self._next_run_ms["settle_payments"] = cut_off_ms(self.clock.now_ms())

    @property
    def is_quiet(self) -> bool:
        """Whether what was collected, and what nothing is open of, has settled, too."""
        return super().is_quiet and not any(
            payment.vendor_status == "Collected" and payment.open_action is None
            for payment in self.payments()
        )

    def wrong_books(self) -> Iterator[str]:
        """Cents that moved, against what the hub says of it."""
        yield from wrong_books(self.payments(), self.sandbox.truth_book.movements("athena"))

    def stored(self, kind: str) -> list[dict[str, Any]]:
        """What the vendor keeps of a kind."""
        return self.sandbox.store.all("athena", kind)

    # What callers ask for

    def with_card(self, function: str, key: str | None, **more: str) -> Said:
        """Charge or store a card of patient 1."""
        ids = {"appointmentid": "10011"} if function == "store_card" else {}
        fields = {**self.card_fields(), **more}
        return self.patient(function, fields, key=key, ids=ids)

    def card_fields(self) -> dict[str, str]:
        """A card that must not be found anywhere afterwards."""
        rest = {"expirationmonthmm": "12", "expirationyearyyyy": "2039", "billingzip": "90417"}
        return {"departmentid": "1", **CARD, **rest}


def _made(
    ask: Ask, operation: str, *, is_known_for_ever: bool = True
) -> Callable[[Simulated], Trial]:
    """A payment that a request asks for."""

    def prepare(sim: Simulated) -> Trial:
        world = cast("SimulatedAthena", sim)
        return Trial(
            ask=lambda: ask(world),
            applied=lambda: world.moved(operation),
            is_known_for_ever=is_known_for_ever,
        )

    return prepare


def _kept(ask: Ask, kind: str, **fields: str) -> Callable[[Simulated], Trial]:
    """What is no movement by itself: a card, a plan."""

    def prepare(sim: Simulated) -> Trial:
        world = cast("SimulatedAthena", sim)

        def applied() -> int:
            return sum(fields.items() <= each.items() for each in world.stored(kind))

        return Trial(ask=lambda: ask(world), applied=applied)

    return prepare


def _taken_back(
    first: Ask,
    ask: Callable[["SimulatedAthena", Said], Said],
    operation: str,
    at: str | None = None,
    more_ends: frozenset[str] = frozenset(),
) -> Callable[[Simulated], Trial]:
    """What is done with a payment that exists."""

    def prepare(sim: Simulated) -> Trial:
        world = cast("SimulatedAthena", sim)
        made = first(world)
        assert made.status == 200, made
        if at is not None:
            world.at(at)
        return Trial(
            ask=lambda: ask(world, made),
            applied=lambda: world.moved(operation),
            payment_id=made.payment_id,
            more_ends=more_ends,
        )

    return prepare


def _collect(key: str | None) -> Ask:
    return lambda world: world.with_card("collect_payment", key, otheramount=AMOUNT)


def _store_card(world: SimulatedAthena) -> Said:
    return world.with_card("store_card", "k")


def _start_plan(world: SimulatedAthena) -> Said:
    plan = {"claimids": "101", "cycleamount": "5.00", "downpaymentamount": AMOUNT}
    return world.with_card("start_payment_plan", "k", **plan)


def _report(**more: str) -> Ask:
    return lambda world: world.report(AMOUNT, **more)


def _void(key: str | None) -> Callable[[SimulatedAthena, Said], Said]:
    return lambda world, made: world.void(made.body["epaymentid"], key=key)


def _void_by_hub(world: SimulatedAthena, made: Said) -> Said:
    return world.call("void_payment", {"paymentId": made.payment_id}, {}, "v")


def _refund(**more: str) -> Callable[[SimulatedAthena, Said], Said]:
    return lambda world, made: world.refund(made.body["patientpaymentid"], **more)


def _scenario(verb: str, name: str, prepare: Callable[[Simulated], Trial]) -> Scenario:
    return Scenario("athena", verb, SimulatedAthena, prepare, name)


COLLECT, RECORD, REPORT = "collect_payment", "record_payment", "record_vendor_payment"
VOID, REFUND = "void_collected_payment", "refund_vendor_payment"
MAY_BE_REFUSED = frozenset({"refused"})

SCENARIOS = (
    _scenario("collect", "with a key", _made(_collect("k"), COLLECT)),
    _scenario(
        "collect",
        "without a key",
        _made(_collect(None), COLLECT, is_known_for_ever=False),
    ),
    _scenario("store_card", "", _kept(_store_card, "athena_receipt", type="AUTHORIZATION")),
    _scenario("start_plan", "", _kept(_start_plan, "athena_payment_plan")),
    _scenario("record", "with a key", _made(lambda it: it.record(AMOUNT, "k"), RECORD)),
    _scenario(
        "record",
        "without a key",
        _made(lambda it: it.record(AMOUNT), RECORD, is_known_for_ever=False),
    ),
    _scenario("report", "with a reference", _made(_report(externalrefid="R-1"), REPORT)),
    _scenario("report", "with a key", _made(_report(key="k"), REPORT)),
    _scenario("adjust", "", _made(lambda it: it.adjust((1011, AMOUNT), key="k"), "adjust_charges")),
    _scenario("void", "by the vendor's path", _taken_back(_collect("k"), _void(None), VOID)),
    _scenario("void", "with a key", _taken_back(_collect("k"), _void("v"), VOID)),
    _scenario("void", "by the hub's path", _taken_back(_collect("k"), _void_by_hub, VOID)),
    _scenario(
        "void",
        "just before the cut-off",
        _taken_back(_collect("k"), _void("v"), VOID, JUST_BEFORE_THE_CUT_OFF, MAY_BE_REFUSED),
    ),
    _scenario("refund", "with a key", _taken_back(_report(key="k"), _refund(key="r"), REFUND)),
    _scenario("refund", "without a key", _taken_back(_report(key="k"), _refund(), REFUND)),
)
