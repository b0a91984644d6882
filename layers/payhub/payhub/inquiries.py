"""Asking about what has no outcome, and adopting the vendor's present word.

Inquiry is how an unknown attempt ends: in proof, or in a review where the vendor offers none.
"""

from dataclasses import replace

from payhub.attempts import follow_up, order_of, read, rules_of, send_again
from payhub.domain import outcomes
from payhub.domain.answers import Finding, Matches, NotSent, Undecided, View
from payhub.domain.contract import Lookup
from payhub.domain.errors import ClaimTaken, NothingToDo
from payhub.domain.observation import Rules, observe
from payhub.domain.payment import Action, ActionState, Payment
from payhub.domain.records import InboxRecord
from payhub.domain.tenant import Tenant
from payhub.ports import Change, Hub, Order
from payhub.references import holder_of

OVERTAKEN_MAX = 3
"""How often a view is read anew because somebody wrote the payment meanwhile."""


def inquire(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Ask the vendor whether an unknown attempt was applied."""
    action = payment.open_action
    assert action is not None and action.attempt is not None
    token = action.attempt.token
    rules = rules_of(hub, payment, action.verb)
    if rules.contract.lookup is Lookup.REPEAT:
        return _still_unknown(hub, action, send_again(hub, tenant, payment))
    asked_at_ms = hub.clock.now_ms()
    finding = _find(hub, order_of(hub, tenant, payment, action), rules)
    now_ms = hub.clock.now_ms()

    def record(finding: Finding) -> Payment:
        return hub.payments.change(
            payment,
            lambda latest: outcomes.record_finding(
                latest, token, finding, rules, asked_at_ms, now_ms
            ),
        )

    try:
        after = record(finding)
    except ClaimTaken:
        after = record(Undecided(reason="what was found was just taken for another payment"))
    return follow_up(hub, _still_unknown(hub, action, after))


def _still_unknown(hub: Hub, asked: Action, after: Payment) -> Payment:
    """Have the alarm know how old the oldest unknown call is."""
    still = after.open_action
    if still is not None and still.state is ActionState.UNKNOWN:
        age_seconds = (hub.clock.now_ms() - asked.attempts[0].intent_at_ms) / 1000
        hub.signals.count("OldestUnknownAgeSeconds", age_seconds)
    return after


def _find(hub: Hub, order: Order, rules: Rules) -> Finding:
    if rules.contract.lookup is Lookup.SEARCH:
        finding = hub.vendors[order.payment.vendor].gateway.search(order)
        return _without_others(hub, order.payment, finding)
    if rules.contract.lookup is Lookup.NONE:
        return Matches(views=())
    reading = read(hub, order)
    if not isinstance(reading, View):
        retry_after = reading.retry_after_seconds if isinstance(reading, NotSent) else None
        return Undecided(reason="the payment could not be read", retry_after_seconds=retry_after)
    applied = reading.status in rules.lifecycle.applied[order.action.verb]
    return Matches(views=(reading,) if applied else ())


def _without_others(hub: Hub, payment: Payment, finding: Finding) -> Finding:
    """Only what no other payment holds: the vendor may show several that look the same."""
    if isinstance(finding, Undecided) or not payment.reference_scope:
        return finding
    free = []
    for view in finding.views:
        reference = payment.reference_scope + str(view.reference)
        holder = holder_of(hub, payment.tenant, payment.vendor, reference)
        if holder in (None, payment.payment_id):
            free.append(view)
    return Matches(views=tuple(free))


def watch(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Look whether a second one turned up after a resend."""
    watched = payment.watched_action
    if watched is None:
        raise NothingToDo
    rules = rules_of(hub, payment, watched.verb)
    finding = _find(hub, order_of(hub, tenant, payment, watched), rules)
    now_ms = hub.clock.now_ms()
    after = hub.payments.change(
        payment, lambda latest: outcomes.record_watch(latest, finding, rules, now_ms)
    )
    return follow_up(hub, after)


def presume_unknown(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """An intent that never got its outcome: from here on it is asked about."""
    rules = rules_of(hub, payment, payment.action.verb)
    now_ms = hub.clock.now_ms()
    unknown = hub.payments.change(
        payment, lambda latest: outcomes.presume_unknown(latest, rules, now_ms)
    )
    return inquire(hub, tenant, unknown)


def refresh(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Read the vendor although nothing was heard; when it cannot be read, later again."""
    observed = adopt_present_state(hub, tenant, payment, "read at the vendor")
    if observed is not None:
        return follow_up(hub, observed)
    due_ms = hub.policy.next_refresh_ms(payment, hub.clock.now_ms())
    return hub.payments.change(
        payment,
        lambda latest: (
            replace(latest, due_at_ms=due_ms, revision=latest.revision + 1)
            if latest.due_at_ms == payment.due_at_ms
            else latest
        ),
    )


def adopt_present_state(
    hub: Hub,
    tenant: Tenant,
    payment: Payment,
    reason: str,
    applied: InboxRecord | None = None,
) -> Payment | None:
    """Store the vendor's present word about the payment; None when it cannot be read.

    So it is when what is read was just found to be another payment's. A view may only be stored
    over the revision that was the latest before the vendor was asked: over a newer one it could be
    the older word, so it is asked again.
    """
    rules = rules_of(hub, payment, payment.action.verb)
    for _ in range(OVERTAKEN_MAX):
        reading = read(hub, order_of(hub, tenant, payment, payment.action))
        if not isinstance(reading, View):
            return None
        now_ms = hub.clock.now_ms()
        try:
            return hub.payments.change(
                payment, _observing(payment, reading, rules, now_ms, reason), applied=applied
            )
        except Overtaken as overtaken:
            payment = overtaken.latest
        except ClaimTaken:
            return None
    return None


class Overtaken(Exception):
    """Somebody wrote the payment while the vendor was being read."""

    def __init__(self, latest: Payment) -> None:
        super().__init__(latest.payment_id)
        self.latest = latest


def _observing(seen: Payment, view: View, rules: Rules, now_ms: int, reason: str) -> Change:
    def observed(latest: Payment) -> Payment:
        if latest.revision != seen.revision:
            raise Overtaken(latest)
        return observe(latest, view, rules, now_ms, reason)

    return observed
