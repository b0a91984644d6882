"""Carrying one action from its intent to its outcome, and asking about what has no outcome.

Every verb of every vendor goes this way: the intent is stored, one call is made, its outcome is
stored under the attempt's own token, and whatever stays open is queued and due.
"""

from dataclasses import replace

from payhub.domain import outcomes
from payhub.domain.actions import (
    Request,
    begin_attempt,
    check_guard,
    open_action,
    open_queued,
    refuse_guard,
    same_request,
)
from payhub.domain.answers import (
    Answer,
    Done,
    Finding,
    Matches,
    NotSent,
    Reading,
    Undecided,
    VendorRefused,
    View,
)
from payhub.domain.contract import Lookup
from payhub.domain.errors import ActionOpen, NotAllowed
from payhub.domain.outcomes import HUB, Rules
from payhub.domain.payment import Action, ActionState, Payment
from payhub.domain.records import DeadLetter, InboxRecord
from payhub.domain.reply import Reply
from payhub.domain.tenant import Tenant
from payhub.ports import Change, Hub, Order

REMINDER_MAX_SECONDS = 900
"""The longest delay a queue message can have."""

OVERTAKEN_MAX = 3
"""How often a view is read anew because somebody wrote the payment meanwhile."""


def rules_of(hub: Hub, payment: Payment, verb: str) -> Rules:
    """The rules under which an action of this payment is judged."""
    vendor = hub.vendors[payment.vendor]
    return Rules(contract=vendor.contracts[verb], lifecycle=vendor.lifecycle, policy=hub.policy)


def order_of(hub: Hub, tenant: Tenant, payment: Payment, action: Action) -> Order:
    """The order that the vendor's client gets; the carried body is fetched only to be sent."""
    carried = hub.payments.carried(payment) if action.number == 1 else {}
    return Order(tenant=tenant, payment=payment, action=action, carried=carried)


def act(hub: Hub, tenant: Tenant, payment: Payment, request: Request) -> Reply:
    """Do what is asked with a payment that exists: one open action, judged on the vendor's word.

    Raises what `same_request` and the guard raise; a payment that others keep writing is a
    conflict, never a second action.
    """
    for _ in range(OVERTAKEN_MAX):
        try:
            return _act_on(hub, tenant, payment, request)
        except Overtaken as overtaken:
            payment = overtaken.latest
    raise ActionOpen("Others keep changing the payment.", payment_id=payment.payment_id)


def _act_on(hub: Hub, tenant: Tenant, payment: Payment, request: Request) -> Reply:
    repeated = same_request(payment, request)
    if repeated is not None:
        return repeat(hub, tenant, payment, repeated)
    vendor = hub.vendors[payment.vendor]
    guard = vendor.lifecycle.guards.get(request.verb)
    if guard is None:
        raise NotAllowed(
            f"{payment.vendor} has no way to {request.verb} a payment.",
            payment_id=payment.payment_id,
        )
    reading = vendor.gateway.read(order_of(hub, tenant, payment, payment.action))
    if isinstance(reading, VendorRefused):
        raise NotAllowed(
            f"The vendor does not show the payment: {reading.message}",
            payment_id=payment.payment_id,
        )
    if isinstance(reading, View):
        refuse_guard(payment, request.verb, guard, reading)
    opened = hub.payments.change(payment, _opening(hub, payment, request, reading))
    if not isinstance(reading, View):
        remind(hub, opened)
        return Reply(payment=opened, action=opened.action)
    settled = carry(hub, tenant, opened)
    return Reply(payment=settled, action=settled.actions[opened.action.number - 1])


def _opening(hub: Hub, seen: Payment, request: Request, reading: Reading) -> Change:
    """Open the action over the very revision it was judged on."""
    token, now_ms = hub.ids.new(), hub.clock.now_ms()
    rules = rules_of(hub, seen, request.verb)

    def open_it(latest: Payment) -> Payment:
        if latest.revision != seen.revision:
            raise Overtaken(latest)
        if isinstance(reading, View):
            current = outcomes.observe(latest, reading, rules, now_ms, "read before the action")
            return open_action(current, request, hub.policy, now_ms, token)
        wait_ms = hub.policy.backoff_ms(1, None, hub.ids.luck())
        return open_queued(
            latest, request, "the vendor could not be read yet", now_ms + wait_ms, now_ms
        )

    return open_it


def repeat(hub: Hub, tenant: Tenant, payment: Payment, action: Action) -> Reply:
    """Answer a repeated request: what was proven not sent begins anew, all else is shown."""
    if action.state is not ActionState.NOT_SENT or action is not payment.action:
        return Reply(payment=payment, action=action, replayed=True)
    token, now_ms = hub.ids.new(), hub.clock.now_ms()
    begun = hub.payments.change(
        payment,
        lambda latest: begin_attempt(
            latest, action.number, hub.policy, now_ms, token, action.actor
        ),
    )
    settled = carry(hub, tenant, begun)
    return Reply(payment=settled, action=settled.actions[action.number - 1])


def carry(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Make the call that the open action's intent announces, and store what came back."""
    action = payment.action
    attempt = action.attempt
    assert attempt is not None and action.state is ActionState.SENDING
    if hub.policy.call_may_start(attempt, hub.clock.now_ms()):
        gateway = hub.vendors[payment.vendor].gateway
        answer = gateway.perform(order_of(hub, tenant, payment, action))
    else:
        answer = NotSent(reason="the call could not start in time after the intent")
    return settle(hub, payment, attempt.token, answer)


def settle(hub: Hub, payment: Payment, token: str, answer: Answer) -> Payment:
    """Store an attempt's outcome over whatever others wrote meanwhile; see to what stays open."""
    rules = rules_of(hub, payment, payment.action.verb)
    luck = hub.ids.luck()
    now_ms = hub.clock.now_ms()
    letter = _given_up(payment, rules, answer, now_ms)
    after = hub.payments.change(
        payment,
        lambda latest: outcomes.record_answer(latest, token, answer, rules, now_ms, luck),
        dead_letter=letter,
    )
    if letter is not None:
        hub.signals.count("DeadLetters", kind=letter.kind)
    return follow_up(hub, after)


def _given_up(payment: Payment, rules: Rules, answer: Answer, now_ms: int) -> DeadLetter | None:
    """The letter that is written when this answer uses up the retries."""
    attempts = len(payment.action.attempts)
    used_up = isinstance(answer, NotSent) and attempts >= rules.policy.retry_attempts_max
    if not used_up or not rules.contract.queueable:
        return None
    return DeadLetter(
        tenant=payment.tenant,
        letter_id=f"{now_ms:013d}-{payment.payment_id}",
        kind="payment",
        subject_id=payment.payment_id,
        vendor=payment.vendor,
        reason=f"{payment.action.verb} was tried {attempts} times without reaching the vendor",
        at_ms=now_ms,
    )


def follow_up(hub: Hub, payment: Payment) -> Payment:
    """Remind a worker of an open action, and raise the alarm for one that needs a person."""
    action = payment.open_action
    if action is None:
        return payment
    if action.state is ActionState.NEEDS_REVIEW:
        hub.signals.count("NeedsReview", vendor=payment.vendor)
    elif payment.due_at_ms is not None:
        remind(hub, payment)
    return payment


def remind(hub: Hub, payment: Payment) -> None:
    """Have a worker look at the payment when it is due, or as late as a message can wait."""
    wait_ms = (payment.due_at_ms or 0) - hub.clock.now_ms()
    seconds = min(max(0, wait_ms // 1000 + 1), REMINDER_MAX_SECONDS)
    hub.queue.payment_due(payment.tenant, payment.payment_id, seconds)


def resend(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Begin the next attempt of a queued action; a guarded verb asks the vendor's state first."""
    action = payment.action
    vendor = hub.vendors[payment.vendor]
    guard = vendor.lifecycle.guards.get(action.verb)
    now_ms = hub.clock.now_ms
    token = hub.ids.new()

    def begin(latest: Payment) -> Payment:
        return begin_attempt(latest, action.number, hub.policy, now_ms(), token, HUB)

    if guard is None:
        return carry(hub, tenant, hub.payments.change(payment, begin))
    reading = vendor.gateway.read(order_of(hub, tenant, payment, action))
    begun = hub.payments.change(payment, begin)
    if not isinstance(reading, View):
        return settle(hub, begun, token, _not_sent_because(reading))
    if action.attempts and reading.status in vendor.lifecycle.applied[action.verb]:
        return settle(hub, begun, token, Done(view=reading))
    why = check_guard(action.verb, guard, reading)
    if why is not None:
        return settle(hub, begun, token, VendorRefused(message=why))
    return carry(hub, tenant, begun)


def _not_sent_because(reading: Reading) -> NotSent:
    """The state could not be read, so the call that would change it was not made."""
    if isinstance(reading, NotSent):
        return reading
    return NotSent(reason="the payment's state could not be read at the vendor")


def inquire(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Ask the vendor whether an unknown attempt was applied."""
    action = payment.open_action
    assert action is not None and action.attempt is not None
    token = action.attempt.token
    rules = rules_of(hub, payment, action.verb)
    asked_at_ms = hub.clock.now_ms()
    finding = _find(hub, order_of(hub, tenant, payment, action), rules)
    now_ms = hub.clock.now_ms()
    after = hub.payments.change(
        payment,
        lambda latest: outcomes.record_finding(latest, token, finding, rules, asked_at_ms, now_ms),
    )
    still = after.open_action
    if still is not None and still.state is ActionState.UNKNOWN:
        age_seconds = (now_ms - action.attempt.intent_at_ms) / 1000
        hub.signals.count("OldestUnknownAgeSeconds", age_seconds)
    return follow_up(hub, after)


def _find(hub: Hub, order: Order, rules: Rules) -> Finding:
    gateway = hub.vendors[order.payment.vendor].gateway
    if rules.contract.lookup is Lookup.SEARCH:
        return gateway.search(order)
    if rules.contract.lookup is Lookup.NONE:
        return Matches(views=())
    reading = gateway.read(order)
    if not isinstance(reading, View):
        retry_after = reading.retry_after_seconds if isinstance(reading, NotSent) else None
        return Undecided(reason="the payment could not be read", retry_after_seconds=retry_after)
    applied = reading.status in rules.lifecycle.applied[order.action.verb]
    return Matches(views=(reading,) if applied else ())


def watch(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Look whether a second one turned up after a resend."""
    first = payment.actions[0]
    rules = rules_of(hub, payment, first.verb)
    finding = _find(hub, order_of(hub, tenant, payment, first), rules)
    now_ms = hub.clock.now_ms()
    watched = hub.payments.change(
        payment, lambda latest: outcomes.record_watch(latest, finding, rules, now_ms)
    )
    return follow_up(hub, watched)


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

    A view may only be stored over the revision that was the latest before the vendor was asked:
    over a newer one it could be the older word, so it is asked again.
    """
    rules = rules_of(hub, payment, payment.action.verb)
    gateway = hub.vendors[payment.vendor].gateway
    for _ in range(OVERTAKEN_MAX):
        reading = gateway.read(order_of(hub, tenant, payment, payment.action))
        if not isinstance(reading, View):
            return None
        now_ms = hub.clock.now_ms()
        try:
            return hub.payments.change(
                payment, _observing(payment, reading, rules, now_ms, reason), applied=applied
            )
        except Overtaken as overtaken:
            payment = overtaken.latest
    return None


class Overtaken(Exception):
    """Somebody wrote the payment while the vendor was being read."""

    def __init__(self, latest: Payment) -> None:
        super().__init__(latest.payment_id)
        self.latest = latest


def _observing(seen: Payment, view: View, rules: Rules, now_ms: int, reason: str) -> Change:
    def observe(latest: Payment) -> Payment:
        if latest.revision != seen.revision:
            raise Overtaken(latest)
        return outcomes.observe(latest, view, rules, now_ms, reason)

    return observe
