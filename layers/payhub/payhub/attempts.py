"""Carrying one action from its intent to its outcome, attempt by attempt.

Every verb of every vendor goes this way: the intent is stored, one call is made, its outcome is
stored under the attempt's own token, and whatever stays open is queued and due.
"""

from dataclasses import replace

from payhub.domain import outcomes
from payhub.domain.actions import begin_attempt, check_guard
from payhub.domain.answers import TOO_LATE, Answer, Carried, NotSent, Reading, VendorRefused, View
from payhub.domain.card import Card
from payhub.domain.errors import ClaimTaken, NothingToDo
from payhub.domain.observation import HUB, Rules, observe
from payhub.domain.payment import Action, ActionState, Payment
from payhub.domain.records import DeadLetter
from payhub.domain.reply import Reply
from payhub.domain.steps import redrive
from payhub.domain.tenant import Tenant
from payhub.ports import Change, Hub, Order
from payhub.references import holder_of

REMINDER_MAX_SECONDS = 900
"""The longest delay a queue message can have."""


def rules_of(hub: Hub, payment: Payment, verb: str) -> Rules:
    """The rules under which an action of this payment is judged."""
    vendor = hub.vendors[payment.vendor]
    return Rules(contract=vendor.contracts[verb], lifecycle=vendor.lifecycle, policy=hub.policy)


def order_of(hub: Hub, tenant: Tenant, payment: Payment, action: Action) -> Order:
    """The order that the vendor's client gets to read or to search."""
    now_ms = hub.clock.now_ms()
    return Order(tenant=tenant, payment=payment, action=action, carried={}, now_ms=now_ms)


def read(hub: Hub, order: Order) -> Reading:
    """The vendor's word about the order's payment, never what another payment is known by."""
    payment, gateway = order.payment, hub.vendors[order.payment.vendor].gateway
    while True:
        reading = gateway.read(order)
        name = reading.alias if isinstance(reading, View) else None
        if name in (None, payment.alias) or name in order.not_ours:
            return reading
        holder = holder_of(hub, payment.tenant, payment.vendor, str(name))
        if holder in (None, payment.payment_id):
            return reading
        order = replace(order, not_ours=order.not_ours | {str(name)})


def repeat(
    hub: Hub, tenant: Tenant, payment: Payment, action: Action, card: Card | None = None
) -> Reply:
    """Answer a repeated request: what was proven not sent begins anew, all else is shown."""
    if action.state is not ActionState.NOT_SENT or action is not payment.action:
        return Reply(payment=payment, action=action, replayed=True)
    settled = resend(hub, tenant, payment, card)
    return Reply(payment=settled, action=settled.actions[action.number - 1])


def carry(
    hub: Hub,
    tenant: Tenant,
    payment: Payment,
    card: Card | None = None,
    carried: Carried | None = None,
) -> Payment:
    """Make the call that the open action's intent announces, and store what came back.

    A card comes with a caller's request and with nothing else. `carried` is what this very request
    has stored of itself; without it, it is read from the table.
    """
    action = payment.action
    attempt = action.attempt
    assert attempt is not None and action.state is ActionState.SENDING
    if hub.policy.call_may_start(attempt, hub.clock.now_ms()):
        answer = _perform(hub, tenant, payment, action, card, carried)
    else:
        answer = TOO_LATE
    return settle(hub, payment, attempt.token, answer)


def _perform(
    hub: Hub,
    tenant: Tenant,
    payment: Payment,
    action: Action,
    card: Card | None,
    carried: Carried | None,
) -> Answer:
    """The one call. What the caller sent along goes out whole or not at all."""
    if carried is None:
        carried = hub.payments.carried(payment) if action.number == 1 else {}
    if carried is None:
        return VendorRefused(message="not sent: what came with the request is not kept any more")
    assert action.attempt is not None
    order = replace(
        order_of(hub, tenant, payment, action),
        carried=carried,
        card=card,
        call_by_ms=hub.policy.call_by_ms(action.attempt),
    )
    return hub.vendors[payment.vendor].gateway.perform(order)


def settle(hub: Hub, payment: Payment, token: str, answer: Answer) -> Payment:
    """Store an attempt's outcome over whatever others wrote meanwhile; see to what stays open."""
    rules = rules_of(hub, payment, payment.action.verb)
    luck, now_ms = hub.ids.luck(), hub.clock.now_ms()
    try:
        return _store(
            hub,
            payment,
            lambda latest: outcomes.record_answer(latest, token, answer, rules, now_ms, luck),
            _given_up(payment, rules, now_ms) if isinstance(answer, NotSent) else None,
        )
    except ClaimTaken as taken:
        holder = taken.holder
    review = hub.payments.change(
        payment, lambda latest: outcomes.claim_refused(latest, token, answer, holder, now_ms)
    )
    return follow_up(hub, review)


def _store(hub: Hub, payment: Payment, change: Change, letter: DeadLetter | None) -> Payment:
    after = hub.payments.change(payment, change, dead_letter=letter)
    if letter is not None:
        hub.signals.count("DeadLetters", kind=letter.kind)
    return follow_up(hub, after)


def _given_up(
    payment: Payment, rules: Rules, now_ms: int, more_tries: int = 0
) -> DeadLetter | None:
    """The letter that is written when one more proof of "not sent" uses up the retries."""
    tries = payment.action.tries + more_tries
    if tries < rules.policy.retry_attempts_max or not rules.contract.queueable:
        return None
    return DeadLetter(
        tenant=payment.tenant,
        letter_id=f"{now_ms:013d}-{payment.payment_id}",
        kind="payment",
        subject_id=payment.payment_id,
        vendor=payment.vendor,
        reason=f"{payment.action.verb} was tried {tries} times without reaching the vendor",
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


def resend(hub: Hub, tenant: Tenant, payment: Payment, card: Card | None = None) -> Payment:
    """Begin the next attempt of what waits for one; a guarded verb asks the vendor's state first.

    An attempt of a guarded verb exists only where the guard allowed it, so a state that the verb
    leads to proves later that the attempt was applied.
    """
    action = payment.action
    vendor = hub.vendors[payment.vendor]
    guard = vendor.lifecycle.guards.get(action.verb)
    if guard is None:
        return carry(hub, tenant, _begin(hub, payment, None), card)
    if action.state is ActionState.NOT_SENT:
        payment = _queue_again(hub, payment)
        action = payment.action
    reading = read(hub, order_of(hub, tenant, payment, action))
    if not isinstance(reading, View):
        return _put_off(hub, payment, reading)
    rules, now_ms, number = rules_of(hub, payment, action.verb), hub.clock.now_ms(), action.number
    if action.may_be_applied and reading.status in vendor.lifecycle.applied[action.verb]:
        found = hub.payments.change(
            payment,
            lambda latest: outcomes.find_applied(latest, number, reading, rules, now_ms),
        )
        return follow_up(hub, found)
    why = check_guard(action.verb, guard, reading, action.terms)
    if why is not None:
        return hub.payments.change(
            payment, lambda latest: outcomes.find_not_allowed(latest, number, why, rules, now_ms)
        )
    return carry(hub, tenant, _begin(hub, payment, reading))


def send_again(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Repeat an unknown call that the vendor recognises: its answer says what became of the first.

    Past the time in which the vendor does so, nothing is sent and a person must look.
    """
    action = payment.action
    assert action.attempt is not None
    rules = rules_of(hub, payment, action.verb)
    first = next(a for a in action.attempts if a.outcome in (None, "unknown"))
    until_ms = hub.policy.recognised_until_ms(first, rules.contract)
    now_ms, token = hub.clock.now_ms(), action.attempt.token
    if until_ms is not None and now_ms > until_ms:
        review = hub.payments.change(
            payment, lambda latest: outcomes.give_up_asking(latest, token, now_ms)
        )
        return follow_up(hub, review)
    return carry(hub, tenant, _begin(hub, payment, None))


def _queue_again(hub: Hub, payment: Payment) -> Payment:
    now_ms, actor = hub.clock.now_ms(), payment.action.actor
    return hub.payments.change(
        payment, lambda latest: redrive(latest, actor, "asked for again", now_ms)
    )


def _begin(hub: Hub, payment: Payment, view: View | None) -> Payment:
    """Store the next attempt's intent, with the vendor's word it was judged on."""
    token, now_ms, waiting = hub.ids.new(), hub.clock.now_ms(), payment.action
    rules = rules_of(hub, payment, waiting.verb)
    actor = waiting.actor if waiting.state is ActionState.NOT_SENT else HUB

    def begin(latest: Payment) -> Payment:
        if view is not None:
            if latest.revision != payment.revision:
                raise NothingToDo  # judged on an older revision: it stays due
            latest = observe(latest, view, rules, now_ms, "read before the action")
        return begin_attempt(latest, waiting, hub.policy, now_ms, token, actor)

    return hub.payments.change(payment, begin)


def _put_off(hub: Hub, payment: Payment, reading: Reading) -> Payment:
    """The state could not be read, so the call that would change it is not made now."""
    rules = rules_of(hub, payment, payment.action.verb)
    luck, now_ms, number = hub.ids.luck(), hub.clock.now_ms(), payment.action.number
    why = (
        reading
        if isinstance(reading, NotSent)
        else NotSent(reason="the payment could not be read at the vendor")
    )
    return _store(
        hub,
        payment,
        lambda latest: outcomes.put_off(latest, number, why, rules, now_ms, luck),
        _given_up(payment, rules, now_ms, more_tries=1),
    )
