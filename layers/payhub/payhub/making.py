"""Making a payment, from the request to its outcome: a repeat is told from a new one first.

The payment's id derives from the caller's key, so that its first conditional put is the check.
Facts that span payments are claims, written in one transaction with it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from payhub import attempts
from payhub.domain.actions import Request, open_action
from payhub.domain.answers import Carried
from payhub.domain.card import Card
from payhub.domain.claims import Claim, joined, owned, owner_of
from payhub.domain.errors import (
    ActionOpen,
    AlreadyPlanned,
    ClaimTaken,
    KeyReused,
    PossibleDuplicate,
    Refused,
)
from payhub.domain.identity import digest, payment_id_of
from payhub.domain.payment import ActionState, Payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.ports import Hub

TRIES = 5
"""How often the claims are read anew because another request wrote them meanwhile."""

DAY_MS = 86_400_000

SAME = "same"
"""The side of a window's claim: payments that requests without a key asked for."""

COLLECTED, RECORDED = "collected", "recorded"
_ACROSS = {COLLECTED: RECORDED, RECORDED: COLLECTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """Money that could be booked twice: once collected through the hub, once recorded by hand.

    `key` names patient, amount and day, `card` the tender; `confirmed` is the caller's word that it
    is other money.
    """

    key: str
    how: str
    card: str
    confirmed: bool

    @property
    def side(self) -> str:
        """Its own side of the claim."""
        return f"{self.how}/{self.card}"

    @property
    def other_side(self) -> str:
        """Where the same money would stand if it was booked the other way."""
        return f"{_ACROSS[self.how]}/{self.card}"


def holders_of(claim: Claim | None, how: str) -> tuple[str, ...]:
    """The payments booked in this way, whatever the card."""
    sides = claim.holders if claim is not None else {}
    return tuple(it for side, held in sides.items() if side.startswith(f"{how}/") for it in held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusive:
    """A reference that only one payment may have, and the field that brought it."""

    key: str
    field: str


MEMBERS = "member"
"""The side of a claim on what payments are made for, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What only one payment at a time may be made for, and how a refusal calls it."""

    key: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A payment that a request asks for; `build` makes it once its id is known.

    `key` is the caller's (source, key). Without one, `identity` tells a repeat from a new payment
    within the duplicate window, unless it is wanted `again`.
    """

    operation: str
    verb: str
    build: Callable[[str], Payment]
    key: tuple[str, str] | None
    carried: Carried | None = None
    card: Card | None = None
    identity: str = ""
    again: bool = False
    exclusive: Exclusive | None = None
    tender: Tender | None = None
    memberships: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """The claims to be written with the payment, and why they may not be."""

    claims: tuple[Claim, ...]
    refusal: Refused | None = None


def make(hub: Hub, caller: Caller, proposal: Proposal) -> Reply:
    """Create the payment, call the vendor once, and answer what is known; a repeat is a replay.

    Raises KeyReused for a key or reference that came with another request before,
    PossibleDuplicate naming the other payment, ActionOpen when others keep writing the claims.
    """
    for _ in range(TRIES):
        try:
            return _make(hub, caller, proposal)
        except ClaimTaken:
            continue
    raise ActionOpen("Other requests for the same money are under way.")


def _make(hub: Hub, caller: Caller, proposal: Proposal) -> Reply:
    tenant = caller.tenant.tenant
    window = None if proposal.key else hub.payments.claim(tenant, _window_key(proposal))
    recent = _recent(hub, tenant, proposal, window)
    if recent is not None:
        _judge_again(hub, proposal, recent, window)
        return attempts.repeat(hub, caller.tenant, recent, recent.actions[0], proposal.card)
    source, key = proposal.key or ("identity", proposal.identity + hub.ids.new())
    payment = proposal.build(payment_id_of(tenant, proposal.operation, source, key))
    judged = _judge(hub, proposal, payment, window)
    if judged.refusal is not None:
        return _repeat_or_refuse(hub, caller, proposal, payment, judged.refusal)
    request = Request(verb=proposal.verb, actor=caller.actor, key_digest=digest(payment.payment_id))
    opened = open_action(payment, request, hub.policy, payment.created_at_ms, hub.ids.new())
    standing = hub.payments.create(opened, proposal.carried, judged.claims)
    if standing is not opened:
        return _repeat(hub, caller, proposal, payment, standing)
    settled = attempts.carry(hub, caller.tenant, opened, proposal.card, proposal.carried or {})
    return Reply(payment=settled, action=settled.actions[0])


def _judge_again(hub: Hub, proposal: Proposal, recent: Payment, window: Claim | None) -> None:
    """A repeat that would send anew is judged like a new payment: others may have been made since.

    Raises what stands against it.
    """
    if recent.actions[0].state is ActionState.NOT_SENT:
        refusal = _judge(hub, proposal, recent, window).refusal
        if refusal is not None:
            raise refusal


def _repeat_or_refuse(
    hub: Hub, caller: Caller, proposal: Proposal, payment: Payment, refusal: Refused
) -> Reply:
    """A repeat is answered whatever stands against a new payment, unless it would send anew."""
    standing = hub.payments.load(payment.tenant, payment.payment_id)
    if standing is None or standing.actions[0].state is ActionState.NOT_SENT:
        raise refusal
    return _repeat(hub, caller, proposal, payment, standing)


def _repeat(
    hub: Hub, caller: Caller, proposal: Proposal, payment: Payment, standing: Payment
) -> Reply:
    if standing.fingerprint != payment.fingerprint:
        raise KeyReused(
            "This key was used before with another request. Send that request again to have its"
            " answer, or use a new key.",
            payment_id=standing.payment_id,
        )
    return attempts.repeat(hub, caller.tenant, standing, standing.actions[0], proposal.card)


def _recent(hub: Hub, tenant: str, proposal: Proposal, window: Claim | None) -> Payment | None:
    """The payment that a request without a key repeats: unfinished, or young and not in vain."""
    if window is None or proposal.again:
        return None
    for holder in reversed(window.holders.get(SAME, ())):
        payment = hub.payments.load(tenant, holder)
        if payment is not None and _is_repeated(hub, payment):
            return payment
    return None


def _is_repeated(hub: Hub, payment: Payment) -> bool:
    if payment.open_action is not None:
        return True
    age_ms = hub.clock.now_ms() - payment.created_at_ms
    if age_ms >= hub.policy.duplicate_window_seconds * 1000:
        return False
    waits = payment.actions[0].state is ActionState.NOT_SENT
    return waits or _may_hold_money(hub, payment)


def _judge(hub: Hub, proposal: Proposal, payment: Payment, window: Claim | None) -> _Judged:
    """Read the claims that the payment needs, and judge what stands in them."""
    found: list[Claim] = []
    if proposal.key is None:
        found.append(_joined(hub, payment, window, _window_key(proposal), SAME, 2 * DAY_MS))
    if proposal.exclusive is not None:
        standing = hub.payments.claim(payment.tenant, proposal.exclusive.key)
        refusal = _taken_by_another(hub, payment, proposal.exclusive, owner_of(standing))
        if refusal is not None:
            return _Judged(claims=(), refusal=refusal)
        now_ms = hub.clock.now_ms()
        key = proposal.exclusive.key
        found.append(owned(standing, payment.tenant, key, payment.payment_id, now_ms, None))
    if proposal.tender is not None:
        tender = proposal.tender
        booked = hub.payments.claim(payment.tenant, tender.key)
        refusal = _booked_already(hub, payment, tender, booked)
        if refusal is not None:
            return _Judged(claims=(), refusal=refusal)
        found.append(_joined(hub, payment, booked, tender.key, tender.side, 3 * DAY_MS))
    for membership in proposal.memberships:
        standing = hub.payments.claim(payment.tenant, membership.key)
        refusal = _under_way_already(hub, payment, membership, standing)
        if refusal is not None:
            return _Judged(claims=(), refusal=refusal)
        found.append(_joined(hub, payment, standing, membership.key, MEMBERS, None))
    return _Judged(claims=tuple(found))


def _joined(
    hub: Hub, payment: Payment, standing: Claim | None, key: str, side: str, kept_ms: int | None
) -> Claim:
    now_ms = hub.clock.now_ms()
    until_ms = None if kept_ms is None else now_ms + kept_ms
    return joined(standing, payment.tenant, key, side, payment.payment_id, now_ms, until_ms)


def _under_way_already(
    hub: Hub, payment: Payment, membership: Membership, standing: Claim | None
) -> Refused | None:
    """Why nothing new is made for it: the last one has neither ended nor come to nothing.

    What was never sent stands in nobody's way: a repeat of it is judged anew.
    """
    for holder in members_of(standing):
        other = hub.payments.load(payment.tenant, holder)
        if other is None or other.payment_id == payment.payment_id:
            continue
        over = other.vendor_status in hub.vendors[other.vendor].lifecycle.ended
        over = over or other.actions[0].state is ActionState.NOT_SENT
        if not over and _may_hold_money(hub, other):
            return AlreadyPlanned(
                f"{membership.what} is in payment {holder} already, which is {other.status}."
                " Cancel that one first.",
                payment_id=holder,
            )
    return None


def members_of(claim: Claim | None) -> tuple[str, ...]:
    """The payments that were made for it, newest first."""
    held = claim.holders.get(MEMBERS, ()) if claim is not None else ()
    return held[::-1]


def _taken_by_another(
    hub: Hub, payment: Payment, exclusive: Exclusive, holder: str | None
) -> Refused | None:
    if holder in (None, payment.payment_id):
        return None
    other = hub.payments.load(payment.tenant, str(holder))
    if other is None or not _may_hold_money(hub, other):
        return None
    return KeyReused(
        f"This {exclusive.field} was used for another payment. Send that request again to have its"
        f" answer, or use a new {exclusive.field}.",
        payment_id=other.payment_id,
    )


def _booked_already(
    hub: Hub, payment: Payment, tender: Tender, booked: Claim | None
) -> Refused | None:
    """Why the same money may be about to be booked a second time, by hand or by card."""
    if booked is None or tender.confirmed:
        return None
    for holder in booked.holders.get(tender.other_side, ()):
        other = hub.payments.load(payment.tenant, holder)
        if other is not None and _may_hold_money(hub, other):
            return PossibleDuplicate(
                f"The same amount of the same patient and tender was {_ACROSS[tender.how]} today,"
                f" or may have been (payment {holder} is {other.status}). If this is other money,"
                " send confirmnotduplicate=true.",
                payment_id=holder,
            )
    return None


def _may_hold_money(hub: Hub, payment: Payment) -> bool:
    """Whether the payment moved money that has not come back, or may yet turn out to have."""
    vendor, first = hub.vendors[payment.vendor], payment.actions[0]
    if first.state in (ActionState.REFUSED, ActionState.NOT_CAPTURED):
        return False
    if first.state is ActionState.NOT_SENT:
        # What the queue gave up an operator may have sent again; a card's repeat is judged anew.
        return vendor.contracts[first.verb].queueable
    return payment.vendor_status not in vendor.lifecycle.money_back


def _window_key(proposal: Proposal) -> str:
    return f"window/{proposal.operation}/{proposal.identity}"
