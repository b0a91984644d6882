"""Carrying one action from its intent to its outcome, attempt by attempt.

Every verb of every vendor goes this way: the intent is stored, one call is made, its outcome is
stored under the attempt's own token, and whatever stays open is queued and due.
"""

from dataclasses import replace

from payhub.domain import outcomes
from payhub.domain.actions import begin_attempt, check_guard
from payhub.domain.answers import Answer, Done, NotSent, Reading, VendorRefused, View
from payhub.domain.outcomes import HUB, Rules
from payhub.domain.payment import Action, ActionState, Payment
from payhub.domain.records import DeadLetter
from payhub.domain.reply import Reply
from payhub.domain.steps import redrive
from payhub.domain.tenant import Tenant
from payhub.ports import Hub, Order

REMINDER_MAX_SECONDS = 900
"""The longest delay a queue message can have."""


def rules_of(hub: Hub, payment: Payment, verb: str) -> Rules:
    """The rules under which an action of this payment is judged."""
    vendor = hub.vendors[payment.vendor]
    return Rules(contract=vendor.contracts[verb], lifecycle=vendor.lifecycle, policy=hub.policy)


def order_of(tenant: Tenant, payment: Payment, action: Action) -> Order:
    """The order that the vendor's client gets to read or to search."""
    return Order(tenant=tenant, payment=payment, action=action, carried={})


def repeat(hub: Hub, tenant: Tenant, payment: Payment, action: Action) -> Reply:
    """Answer a repeated request: what was proven not sent begins anew, all else is shown."""
    if action.state is not ActionState.NOT_SENT or action is not payment.action:
        return Reply(payment=payment, action=action, replayed=True)
    now_ms = hub.clock.now_ms()
    queued = hub.payments.change(
        payment, lambda latest: redrive(latest, action.actor, "asked for again", now_ms)
    )
    settled = resend(hub, tenant, queued)
    return Reply(payment=settled, action=settled.actions[action.number - 1])


def carry(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Make the call that the open action's intent announces, and store what came back."""
    action = payment.action
    attempt = action.attempt
    assert attempt is not None and action.state is ActionState.SENDING
    if hub.policy.call_may_start(attempt, hub.clock.now_ms()):
        answer = _perform(hub, tenant, payment, action)
    else:
        answer = NotSent(reason="the call could not start in time after the intent")
    return settle(hub, payment, attempt.token, answer)


def _perform(hub: Hub, tenant: Tenant, payment: Payment, action: Action) -> Answer:
    """The one call. What the caller sent along goes out whole or not at all."""
    carried = hub.payments.carried(payment) if action.number == 1 else {}
    if carried is None:
        return VendorRefused(message="not sent: what came with the request is not kept any more")
    order = replace(order_of(tenant, payment, action), carried=carried)
    return hub.vendors[payment.vendor].gateway.perform(order)


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
    reading = vendor.gateway.read(order_of(tenant, payment, action))
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
