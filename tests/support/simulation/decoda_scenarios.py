"""Decoda in a simulation: credit settlements, plans, refunds, cancellations, their webhooks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

from payhub.vendors.decoda.contract import (
    ACTIVE,
    CANCELLED,
    COMPLETED,
    EXPIRED,
    FAILED,
)
from tests.support.decoda_world import Json, Said
from tests.support.simulation.scenario import Scenario, Trial
from tests.support.simulation.simulated import Simulated
from tests.support.simulation.simulated_decoda import SimulatedDecoda

KEY = "k"
WEEKS: Json = {"frequency": "WEEKLY", "installments": 3}
MONTHS: Json = {"frequency": "MONTHLY", "installments": 3}
BY_ACH_RETURNED: Json = {**MONTHS, "initialAmount": 412, "installmentAmount": 3196}
BY_ACH_NOT_REFUNDED: Json = {**MONTHS, "initialAmount": 410, "installmentAmount": 3197}
"""The sandbox's magic amounts: what the bank takes back, and what cannot be given back."""

Prepare = Callable[[SimulatedDecoda], Trial]


def _impatient() -> SimulatedDecoda:
    """A payer has a day."""
    return SimulatedDecoda(payin_expires_days=1)


def _scenario(
    verb: str,
    prepare: Prepare,
    name: str = "",
    world: Callable[[], SimulatedDecoda] = SimulatedDecoda,
) -> Scenario:
    def prepared(sim: Simulated) -> Trial:
        return prepare(cast("SimulatedDecoda", sim))

    return Scenario("decoda", verb, world, prepared, name)


# Settling with credit


def _settle(world: SimulatedDecoda) -> Trial:
    charges = world.charges_of_patient()
    return Trial(
        ask=lambda: world.settle(1200, charges=charges, key=KEY),
        applied=lambda: len(world.moved("settle_with_credit")),
    )


def _settle_keyless(world: SimulatedDecoda) -> Trial:
    charges = world.charges_of_patient()
    return Trial(
        ask=lambda: world.settle(1200, charges=charges),
        applied=lambda: len(world.moved("settle_with_credit")),
        is_known_for_ever=False,
    )


# Plans


def _plan(world: SimulatedDecoda, after: Callable[[Json], None], ends: str, **plan: Any) -> Trial:
    """A plan whose session the payer gets; `after` is what the payer does with it."""
    body = world.plan_body(**{**WEEKS, **plan}) | {"charges": world.charges_of_patient()}

    def ask() -> Said:
        return world.prepare(key=KEY, body=body)

    def payer() -> None:
        said = world.told(ask)
        if said is not None:
            after(said.body)
            world.calm_days(1)  # after several faults the hub looks again later

    return Trial(
        ask=ask,
        applied=lambda: len(world.kept("payin_config")),
        after=payer,
        wrong=lambda: _wrong_status(world, ends),
    )


def _wrong_status(world: SimulatedDecoda, status: str) -> Iterator[str]:
    plans = [it for it in world.payments() if it.plan is not None]
    if [it.status for it in plans] != [status]:
        yield f"plans are {[it.status for it in plans]}, not {status}"


def _set_up(world: SimulatedDecoda) -> Trial:
    """Confirmed at once, and paid to the last installment."""

    def after(payin: Json) -> None:
        world.confirm(payin)
        world.calm_days(20)
        world.pass_days(2)

    return _plan(world, after, COMPLETED)


def _set_up_without_first(world: SimulatedDecoda) -> Trial:
    """Nothing tells that the payer has confirmed: the hub looks."""

    def after(payin: Json) -> None:
        world.calm_days(0.1)
        world.confirm(payin)
        world.pass_days(0.05)

    return _plan(world, after, ACTIVE, initialAmount=0, installmentAmount=3333)


def _set_up_expires(world: SimulatedDecoda) -> Trial:
    def after(payin: Json) -> None:
        world.calm_days(0.9)
        world.pass_days(0.5)

    return _plan(world, after, EXPIRED)


def _set_up_late(world: SimulatedDecoda) -> Trial:
    """The payer confirms what the hub has given up."""

    def after(payin: Json) -> None:
        world.calm_days(1.1)
        world.confirm(payin)
        world.pass_days(0.1)

    return _plan(world, after, ACTIVE)


# What is taken for plans


def _take(world: SimulatedDecoda, method: str = "CARD", **plan: Any) -> Trial:
    """A plan's first payment, which nobody asks the hub for."""
    body = world.plan_body(**{**WEEKS, **plan})

    def ask() -> Said:
        return world.prepare(key=KEY, body=body)

    payin = ask().body

    def after() -> None:
        world.confirm(payin, method)
        world.pass_days(0.05)
        if method == "ACH":
            world.calm_days(4.7)
            world.pass_days(2.25)

    def first() -> str | None:
        taken = [it for it in world.payments() if it.operation == "take_payment"]
        return taken[0].payment_id if taken else None

    return Trial(
        ask=ask,
        applied=lambda: len(world.moved("plan_payment")),
        after=after,
        payment_id=first,
        wrong=lambda: _wrong_status(world, ACTIVE),
    )


def _take_unheard(world: SimulatedDecoda) -> Trial:
    """No webhook arrives for an hour; what was missed is asked for."""
    trial = _take(world)

    def after() -> None:
        world.lost = True
        trial.after()
        world.lost = False

    return replace(trial, after=after)


def _take_returned(world: SimulatedDecoda) -> Trial:
    """The bank takes it back two days after it succeeded."""
    trial = _take(world, "ACH", **BY_ACH_RETURNED)

    def wrong() -> Iterator[str]:
        yield from trial.wrong()
        statuses = [it["status"] for it in world.kept("payment")]
        if FAILED not in statuses:
            yield f"the bank took nothing back: {statuses}"

    return replace(trial, wrong=wrong)


# Refunds


def _refund(world: SimulatedDecoda, payment_id: str, cents: int, key: str | None = KEY) -> Trial:
    return Trial(
        ask=lambda: world.refund(payment_id, cents, key),
        applied=lambda: len(world.refunds()),
        payment_id=payment_id,
    )


def _refund_part(world: SimulatedDecoda) -> Trial:
    """So little that a second one would be taken too."""
    return _refund(world, world.settle(1200).payment_id, 400)


def _refund_keyless(world: SimulatedDecoda) -> Trial:
    return _refund(world, world.settle(1200).payment_id, 400, key=None)


def _refund_whole(world: SimulatedDecoda) -> Trial:
    return _refund(world, world.settle(1200).payment_id, 1200)


def _refund_card(world: SimulatedDecoda) -> Trial:
    """On its way for a while: webhooks tell how it went."""
    world.running(**WEEKS)
    return _refund(world, _first_taken(world), 400)


def _refund_ach_falls(world: SimulatedDecoda) -> Trial:
    """It is taken, and later the bank does not do it: the money stays."""
    world.running(method="ACH", **BY_ACH_NOT_REFUNDED)
    world.pass_days(6)
    return _refund(world, _first_taken(world), 410)


def _first_taken(world: SimulatedDecoda) -> str:
    return str(next(it.payment_id for it in world.payments() if it.operation == "take_payment"))


# Cancelling


def _cancel(world: SimulatedDecoda, plan_id: str, applied: Callable[[], int]) -> Trial:
    return Trial(
        ask=lambda: world.cancel(plan_id, KEY),
        applied=applied,
        payment_id=plan_id,
        wrong=lambda: _wrong_status(world, CANCELLED),
    )


def _cancel_active(world: SimulatedDecoda) -> Trial:
    plan_id = world.running(**WEEKS)
    trial = _cancel(
        world, plan_id, lambda: sum(it["status"] == CANCELLED for it in world.kept("plan"))
    )
    return replace(trial, after=lambda: world.pass_days(10))


def _cancel_waiting(world: SimulatedDecoda) -> Trial:
    """Withdrawn at the hub: the vendor has no such call, and is sent none."""
    said = world.prepare(**WEEKS)

    def withdrawn() -> int:
        assert not [it for it in world.sent if it.method == "DELETE"]
        return int(world.payment(said.payment_id).status == CANCELLED)

    trial = _cancel(world, said.payment_id, withdrawn)
    return replace(trial, after=lambda: world.pass_days(0.002))


def _cancel_in_vain(world: SimulatedDecoda) -> Trial:
    """Withdrawn, and confirmed all the same by a payer who still has the session."""
    said = world.prepare(**WEEKS)

    def confirmed() -> None:
        world.come_to_rest()
        world.confirm(said.body)
        world.pass_days(0.5)

    return Trial(
        ask=lambda: world.cancel(said.payment_id, KEY),
        applied=lambda: 1,
        after=confirmed,
        payment_id=said.payment_id,
        wrong=lambda: _wrong_status(world, ACTIVE),
    )


SCENARIOS = (
    _scenario("settle", _settle),
    _scenario("settle", _settle_keyless, "without a key"),
    _scenario("set_up", _set_up, "paid to the end"),
    _scenario("set_up", _set_up_without_first, "without a first payment"),
    _scenario("set_up", _set_up_expires, "that expires", _impatient),
    _scenario("set_up", _set_up_late, "confirmed after it expired", _impatient),
    _scenario("take", _take, "told by webhooks"),
    _scenario("take", _take_unheard, "without webhooks"),
    _scenario("take", _take_returned, "that a bank takes back"),
    _scenario("refund", _refund_part, "of a part"),
    _scenario("refund", _refund_keyless, "of a part, without a key"),
    _scenario("refund", _refund_whole, "of the whole"),
    _scenario("refund", _refund_card, "to a card"),
    _scenario("refund", _refund_ach_falls, "by ACH, in vain"),
    _scenario("cancel", _cancel_active, "of an active plan"),
    _scenario("cancel", _cancel_waiting, "of a plan that waits"),
    _scenario("cancel", _cancel_in_vain, "of a plan that is confirmed all the same"),
)
