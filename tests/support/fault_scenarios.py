"""How each verb of each vendor is brought about, and how to see what it did there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from tests.support.hub import (
    HOLD_ACCOUNT,
    OPEN_ACCOUNT,
    STAYS_IN_LOADING_CENTS,
    Hub,
    Json,
    Movement,
    new_key,
    read,
)


@dataclass(frozen=True)
class Prepared:
    """Where the verb can be asked for: `match` finds its requests, and those of no other case.

    `payment_id` is what it acts upon, `reference` how the vendor calls that.
    """

    match: str
    payment_id: str = ""
    key: str = field(default_factory=new_key)
    reference: str = ""
    patient_id: int = 0
    amount_cents: int = 0


def movements_by_events(hub: Hub, _: Prepared, payment_id: str) -> Sequence[Movement]:
    """What moved for a payment of ours, whatever the hub knows of it."""
    return hub.sandbox.movements(payment_id)


def vendor_reference(payment: Json, _: Prepared) -> str:
    """Under what the hub believes that the money moved."""
    return str(payment["vendorReference"])


@dataclass(frozen=True)
class Scenario:
    """How one verb of one vendor is brought about.

    `applied` is what the vendor did, in its own books, and `reference` under what the hub believes
    that to be there; `moved_before` is what led up to the verb. `done` and `refused` are the
    statuses of the answer when it was carried out at once, or declined. `spoiled` is how the vendor
    calls what is to be spoiled, where that is not the operation's name.

    Where a worker makes the first call (`by_worker`), a closed port is met later than the caller is
    answered. What is `harmless_twice` changes nothing the second time, so that nobody looks for it.
    """

    prepare: Callable[[Hub], Prepared]
    send: Callable[[Hub, Prepared], httpx.Response]
    moved_before: Sequence[str] = ()
    done: int = 200
    refused: int = 409
    applied: Callable[[Hub, Prepared, str], Sequence[Movement]] = movements_by_events
    reference: Callable[[Json, Prepared], str] | None = vendor_reference
    spoiled: str = ""
    by_worker: bool = False
    harmless_twice: bool = False


def _before_issue(_: Hub) -> Prepared:
    return Prepared(match=f"REF-{new_key()}", amount_cents=STAYS_IN_LOADING_CENTS)


def _issue(hub: Hub, prepared: Prepared) -> httpx.Response:
    amount = prepared.amount_cents
    return hub.api.issue(amount, account=OPEN_ACCOUNT, reference=prepared.match, key=prepared.key)


def _held(hub: Hub) -> Prepared:
    return _prepared(hub.api.issued(STAYS_IN_LOADING_CENTS, account=HOLD_ACCOUNT))


def _voidable(hub: Hub) -> Prepared:
    return _prepared(hub.api.voidable())


def _voided(hub: Hub) -> Prepared:
    payment = hub.api.voidable()
    read(hub.api.void(payment["paymentId"]))
    return _prepared(payment)


def _prepared(payment: Json) -> Prepared:
    return Prepared(match=payment["vendorReference"], payment_id=payment["paymentId"])


def _act(verb: str) -> Callable[[Hub, Prepared], httpx.Response]:
    return lambda hub, prepared: hub.operator.act(verb, prepared.payment_id, key=prepared.key)


OPTUM: Mapping[tuple[str, str], Scenario] = {
    ("optum", "issue"): Scenario(_before_issue, _issue, done=201, refused=422),
    ("optum", "release"): Scenario(_held, _act("release")),
    ("optum", "void"): Scenario(_voidable, _act("void"), ("issue_payment",)),
    ("optum", "reissue"): Scenario(_voided, _act("reissue"), ("issue_payment", "void_payment")),
}
