"""Scenarios for guards that one request by itself does not need: twins, forgers, others' requests.

`BEYOND` goes beyond what vendors promise: there the hub can only notice what has happened.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

from local.sandbox.webhooks import Post
from tests.support.fakes import POLICY
from tests.support.optum_world import STAYS_IN_LOADING_CENTS
from tests.support.sandbox_world import TENANT_ID, Said
from tests.support.simulation.athena_requests import NUMBERS
from tests.support.simulation.athena_scenarios import (
    AMOUNT,
    COLLECT,
    RECORD,
    REPORT,
    SimulatedAthena,
)
from tests.support.simulation.optum_scenarios import REFERENCE, SimulatedOptum
from tests.support.simulation.scenario import Scenario, Trial
from tests.support.simulation.simulated import NoAnswer, Simulated
from tests.support.simulation.simulated_decoda import SimulatedDecoda
from tests.support.simulation.simulated_medfusion import SimulatedMedfusion, stored_as

ON_ITS_WAY_SECONDS = 1
SIGNATURE, FORGED = "X-Optum-Webhook-Callback-Hmac-Signature", "forged"
HTTP_OK, HTTP_BAD_REQUEST, HTTP_UNAVAILABLE = 200, 400, 503


# The issuer


def _issue(world: SimulatedOptum) -> Trial:
    return Trial(
        ask=lambda: world.issue("k", reference=REFERENCE, amount=STAYS_IN_LOADING_CENTS),
        applied=lambda: len(world.payments_of(REFERENCE)),
    )


def _void_on_its_way(sim: Simulated) -> Trial:
    """News of the payment comes before, meanwhile and after."""
    world = cast("SimulatedOptum", sim)
    said = world.issue("issued")
    for _ in range(2 * ON_ITS_WAY_SECONDS):
        world.clock.advance(500)
        world.run()
    return Trial(
        ask=lambda: world.ask("void", said.payment_id, "k"),
        applied=lambda: len(world.moved("void_payment")),
        payment_id=said.payment_id,
    )


def _forged(sim: Simulated) -> Trial:
    """Somebody who knows the path says that the payment has failed."""
    world = cast("SimulatedOptum", sim)
    trial, answers = _issue(world), list[Said]()

    def forge() -> None:
        world.come_to_rest()
        for payment in world.payments():
            body = _event(str(payment.vendor_reference), "Failed")
            url = f"{world.hub.public_url}/webhooks/optum/{TENANT_ID}"
            post = Post(url, {SIGNATURE: "0" * 64}, body)
            said = world.process("webhook", lambda post=post: world.notify(post))  # type: ignore[misc]
            answers.extend([said] if said else [])

    def wrong() -> Iterator[str]:
        believed = [said.status for said in answers if said.status < 300]
        if believed:
            yield f"a forged webhook was answered {believed[0]}"
        if FORGED in repr(world.table.items):
            yield "a forged webhook was stored"

    return replace(trial, after=forge, wrong=wrong)


def _event(reference: str, status: str) -> bytes:
    ids = {"paymentNetwork": {"id": {"paymentId": reference}}}
    envelope = {
        "id": reference,
        "type": f"payment_{FORGED}",
        "causationId": FORGED,
        "time": "2026-11-21T15:00:00.000Z",
        "data": {"status": status, **ids},
    }
    return json.dumps(envelope).encode()


class LateOptum(SimulatedOptum):
    """A vendor that applies later than it promises: a second payment needs a person."""

    @property
    def _is_noticed(self) -> bool:
        return any(a.state.value == "needs_review" for it in self.payments() for a in it.actions)

    @property
    def is_quiet(self) -> bool:
        """Whether it is done, or somebody is told that it was done twice."""
        return self._is_noticed or super().is_quiet

    def wrong_books(self) -> Iterator[str]:
        """What moved twice and nobody was told of."""
        if not self._is_noticed:
            yield from super().wrong_books()

    def unnoticed(self) -> int:
        """How often it was issued, as far as nobody was told."""
        times = len(self.payments_of(REFERENCE))
        return min(1, times) if self._is_noticed else times


def _late(sim: Simulated) -> Trial:
    world = cast("LateOptum", sim)
    return replace(_issue(world), applied=world.unnoticed, for_good=())


def _impatient() -> LateOptum:
    return LateOptum(policy=replace(POLICY, late_apply_bound_seconds=0))


# athenahealth


def _recorded_too(sim: Simulated) -> Trial:
    """The front desk records by hand what may have been collected by card."""
    world = cast("SimulatedAthena", sim)

    return Trial(
        ask=lambda: _by_card(world),
        applied=lambda: world.moved(COLLECT),
        after=lambda: _asked(world, lambda: _by_hand(world)),
        wrong=lambda: _booked_twice(world),
    )


def _recorded_instead(sim: Simulated) -> Trial:
    """The vendor took no card, so it is recorded by hand; then the first request is repeated."""
    world = cast("SimulatedAthena", sim)
    world.arm(COLLECT, "http_429")
    assert _by_card(world).status == HTTP_UNAVAILABLE
    return Trial(
        ask=lambda: _by_hand(world),
        applied=lambda: world.moved(RECORD),
        after=lambda: _asked(world, lambda: _by_card(world)),
        wrong=lambda: _booked_twice(world),
    )


def _by_card(world: SimulatedAthena) -> Said:
    return world.with_card(COLLECT, "k", otheramount=AMOUNT)


def _by_hand(world: SimulatedAthena) -> Said:
    card = {"paymentmethod": "VISA", "cardnumberlast4": NUMBERS["VISA"][-4:]}
    return world.record(AMOUNT, "by-hand", **card)


def _asked(world: Simulated, ask: Callable[[], Said]) -> None:
    """By somebody who gives up in the end."""
    try:
        world.answered(ask)
    except NoAnswer:
        world.weather.trace.append("  somebody gives up")


def _booked_twice(world: SimulatedAthena) -> Iterator[str]:
    if world.moved(COLLECT) and world.moved(RECORD):
        yield "booked twice: by card and by hand"


def _repeat_refused(sim: Simulated) -> Trial:
    """The first call has no answer, and its repeat is refused: a person must look."""
    world = cast("SimulatedAthena", sim)
    world.arm(REPORT, "timeout_after")
    world.arm(REPORT, "decline")
    return Trial(
        ask=lambda: world.report(AMOUNT, key="k"),
        applied=lambda: world.moved(REPORT),
        more_ends=frozenset({"needs_review"}),
    )


# Decoda


def _settle_beside_another(place: int) -> Callable[[Simulated], Trial]:
    """The same patient's credit has just paid as much for the charge at that place.

    Of that for another charge the answer was lost, so that nobody holds it yet.
    """

    def prepare(sim: Simulated) -> Trial:
        world = cast("SimulatedDecoda", sim)
        others, charges = world.charges(place), world.charges(1)
        if place != 1:
            world.arm("settle_with_credit", "timeout_after")
        assert world.settle(1200, charges=others, key="other").status < HTTP_BAD_REQUEST
        return Trial(
            ask=lambda: world.settle(1200, charges=charges, key="k"),
            applied=lambda: len(world.moved("settle_with_credit")) - 1,
        )

    return prepare


def _refund_after_another(sim: Simulated) -> Trial:
    """As much was refunded a moment ago, and that was meant."""
    world = cast("SimulatedDecoda", sim)
    payment_id = world.settle(1200, charges=world.charges(1)).payment_id
    assert world.refund(payment_id, 400, "earlier").status == HTTP_OK
    return Trial(
        ask=lambda: world.refund(payment_id, 400, "k"),
        applied=lambda: len(world.refunds()) - 1,
        payment_id=payment_id,
    )


def _planned_twice(sim: Simulated) -> Trial:
    """Somebody else plans the same charge, while the payer confirms the first plan of it."""
    world = cast("SimulatedDecoda", sim)
    body = world.plan_body(frequency="WEEKLY")

    def ask() -> Said:
        return world.prepare(key="k", body=body)

    def after() -> None:
        first = world.told(ask)
        _asked(world, lambda: world.prepare(key="another", body=body))
        if first is not None:
            world.confirm(first.body)
        world.pass_days(0.05)

    def wrong() -> Iterator[str]:
        plans = [it for it in world.payments() if it.plan and it.vendor_reference]
        if len(plans) > 1:
            yield f"the payer was given {len(plans)} plans of the charge"

    return Trial(
        ask=ask, applied=lambda: min(1, len(world.kept("payin_config"))), after=after, wrong=wrong
    )


# Medfusion


def _receive_after_an_hour(sim: Simulated) -> Trial:
    """Two patients paid an hour apart before the portal could be polled again."""
    world = cast("SimulatedMedfusion", sim)
    world.poll()
    first = world.patient_pays()
    world.clock.advance(3_600_000)
    world.patient_pays(1999)

    def picked_up() -> str | None:
        return next((it.payment_id for it in stored_as(world, first)), None)

    return Trial(
        ask=world.get,
        applied=lambda: len(stored_as(world, first)),
        after=lambda: world.go(1000),
        payment_id=picked_up,
        is_known_for_ever=False,
        for_good=(),
    )


def _scenario(
    vendor: str,
    verb: str,
    name: str,
    world: Callable[[], Simulated],
    prepare: Callable[[Simulated], Trial],
) -> Scenario:
    return Scenario(vendor, verb, world, prepare, name)


SCENARIOS = (
    _scenario("optum", "void", "on its way", SimulatedOptum, _void_on_its_way),
    _scenario("optum", "issue", "beside a forger", SimulatedOptum, _forged),
    _scenario("athena", "collect", "recorded by hand too", SimulatedAthena, _recorded_too),
    _scenario("athena", "record", "of what was not sent", SimulatedAthena, _recorded_instead),
    _scenario("athena", "report", "whose repeat is refused", SimulatedAthena, _repeat_refused),
    _scenario("decoda", "settle", "beside another one", SimulatedDecoda, _settle_beside_another(2)),
    _scenario("decoda", "settle", "after the same", SimulatedDecoda, _settle_beside_another(1)),
    _scenario("decoda", "refund", "after another one", SimulatedDecoda, _refund_after_another),
    _scenario("decoda", "set_up", "asked for twice", SimulatedDecoda, _planned_twice),
    _scenario("medfusion", "receive", "after an hour", SimulatedMedfusion, _receive_after_an_hour),
)

BEYOND = (_scenario("optum", "issue", "applied beyond its bound", _impatient, _late),)
