"""One action on a payment that exists, from the request to its outcome.

At most one action is open; it is judged on the vendor's present word and opened over the very
revision it was judged on.
"""

from payhub.attempts import carry, order_of, read, remind, repeat, rules_of
from payhub.domain.actions import Request, open_action, open_queued, refuse_guard, same_request
from payhub.domain.answers import Reading, VendorRefused, View
from payhub.domain.contract import Guard
from payhub.domain.errors import ActionOpen, NotAllowed
from payhub.domain.observation import observe
from payhub.domain.payment import Payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Tenant
from payhub.inquiries import OVERTAKEN_MAX, Overtaken
from payhub.ports import Change, Hub


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
    vendor = hub.vendors[payment.vendor]
    applied = vendor.lifecycle.applied.get(request.verb, frozenset())
    repeated = same_request(payment, request, applied)
    if repeated is not None:
        return repeat(hub, tenant, payment, repeated)
    guard = vendor.lifecycle.guards.get(request.verb)
    if guard is None:
        raise NotAllowed(
            f"{payment.vendor} has no way to {request.verb} a payment.",
            payment_id=payment.payment_id,
        )
    reading = read(hub, order_of(hub, tenant, payment, payment.action))
    try:
        _judge(payment, request, guard, reading)
    except NotAllowed:
        _refuse_unless_overtaken(hub, payment)
        raise
    opened = hub.payments.change(payment, _opening(hub, payment, request, reading))
    if not isinstance(reading, View):
        remind(hub, opened)
        return Reply(payment=opened, action=opened.action)
    settled = carry(hub, tenant, opened)
    return Reply(payment=settled, action=settled.actions[opened.action.number - 1])


def _judge(payment: Payment, request: Request, guard: Guard, reading: Reading) -> None:
    """Raise NotAllowed where the vendor's present word does not allow what is asked."""
    if isinstance(reading, VendorRefused):
        raise NotAllowed(
            f"The vendor does not show the payment: {reading.message}",
            payment_id=payment.payment_id,
        )
    if isinstance(reading, View):
        refuse_guard(payment, request, guard, reading)


def _refuse_unless_overtaken(hub: Hub, seen: Payment) -> None:
    """Raise Overtaken where the payment was written meanwhile.

    What the vendor then shows may be the effect of this very request, sent twice at once: its
    caller must not be told that nothing was done.
    """
    latest = hub.payments.load(seen.tenant, seen.payment_id)
    if latest is not None and latest.revision != seen.revision:
        raise Overtaken(latest)


def _opening(hub: Hub, seen: Payment, request: Request, reading: Reading) -> Change:
    """Open the action over the very revision it was judged on."""
    token, now_ms = hub.ids.new(), hub.clock.now_ms()
    rules = rules_of(hub, seen, request.verb)

    def open_it(latest: Payment) -> Payment:
        if latest.revision != seen.revision:
            raise Overtaken(latest)
        if isinstance(reading, View):
            current = observe(latest, reading, rules, now_ms, "read before the action")
            return open_action(current, request, hub.policy, now_ms, token)
        wait_ms = hub.policy.backoff_ms(1, None, hub.ids.luck())
        return open_queued(
            latest, request, "the vendor could not be read yet", now_ms + wait_ms, now_ms
        )

    return open_it
