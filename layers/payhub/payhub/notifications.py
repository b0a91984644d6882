"""Vendor notifications from proof to effect: taken in once, applied in any order, or parked.

An event is a hint. It is believed as it stands only where it fits the payment's first way through
the vendor's statuses; otherwise the vendor is asked how things are now.
"""

from dataclasses import replace

from payhub import attempts, inquiries, plans
from payhub.domain.answers import VendorEvent, View
from payhub.domain.claims import reference_key
from payhub.domain.contract import Lifecycle
from payhub.domain.identity import digest
from payhub.domain.observation import observe
from payhub.domain.payment import Payment
from payhub.domain.records import DeadLetter, InboxRecord, InboxState
from payhub.domain.tenant import Tenant
from payhub.ports import Hub
from payhub.references import payment_under

PARKED_WAIT_MAX_SECONDS = 900


def take_in(hub: Hub, tenant: Tenant, vendor_name: str, body: bytes) -> None:
    """Store a proven event under its id and queue it, whether or not it was there before."""
    event = hub.vendors[vendor_name].events.parse(body)
    now_ms = hub.clock.now_ms()
    record = hub.inbox.add(
        InboxRecord(
            tenant=tenant.tenant,
            vendor=vendor_name,
            event_id=digest(event.event_id),
            body=body.decode("utf-8", "replace"),
            received_at_ms=now_ms,
            due_at_ms=now_ms + hub.policy.inquiry_interval_seconds * 1000,
        )
    )
    if record.state is InboxState.EXPIRED:
        record = replace(record, state=InboxState.RECEIVED, received_at_ms=now_ms, tries=0)
        hub.inbox.revive(record)
    if not record.state.is_final:
        hub.queue.event_due(record.tenant, record.vendor, record.event_id, 0)


def apply(hub: Hub, tenant: Tenant, record: InboxRecord) -> None:
    """Apply an event together with the note that it is applied; park what cannot be applied yet."""
    event = hub.vendors[record.vendor].events.parse(record.body.encode())
    if event.reference is None and not event.within:
        _keep(hub, record, f"kept: {event.kind} changes no payment")
        return
    payment = _subject(hub, tenant, record.vendor, event)
    if payment is None and event.optional:
        _keep(hub, record, f"kept: {event.kind} is about nothing of the hub's")
        return
    if payment is None:
        park(hub, record, "no payment has this vendor reference yet")
        return
    applied = replace(record, state=InboxState.APPLIED, due_at_ms=None)
    if not _applied_as_it_stands(hub, payment, event, applied):
        said = f" ({event.detail})" if event.detail else ""
        reason = f"event {event.kind}{said}, read at the vendor"
        observed = inquiries.adopt_present_state(hub, tenant, payment, reason, applied)
        if observed is None:
            park(hub, record, "the vendor could not be read")
        else:
            attempts.follow_up(hub, observed)
            plans.follow(hub, tenant, observed, changed=True)


def _keep(hub: Hub, record: InboxRecord, note: str) -> None:
    hub.inbox.save(replace(record, state=InboxState.KEPT, due_at_ms=None, note=note))


def _subject(hub: Hub, tenant: Tenant, vendor: str, event: VendorEvent) -> Payment | None:
    """The payment that an event is about; an unknown one is looked for in what it belongs to."""
    if event.reference is not None:
        payment = hub.payments.find_by_reference(tenant.tenant, vendor, event.reference)
        if payment is not None:
            return payment
    for name in event.within:
        within = hub.payments.claim(tenant.tenant, reference_key(vendor, name))
        for holder in plans.holders_of(within):
            plan = hub.payments.load(tenant.tenant, holder)
            if plan is None or event.reference is None:
                return plan
            plans.bring_in(hub, tenant, plan, f"event {event.kind}, read at the vendor")
            found = payment_under(hub, tenant.tenant, vendor, event.reference)
            if found is not None:
                return found
    return None


def _applied_as_it_stands(
    hub: Hub, payment: Payment, event: VendorEvent, applied: InboxRecord
) -> bool:
    if event.status is None:
        return False
    rules = attempts.rules_of(hub, payment, payment.action.verb)
    if not fits(payment, event, rules.lifecycle):
        return False
    view = View(reference=str(event.reference), status=str(event.status))
    now_ms = hub.clock.now_ms()

    def change(latest: Payment) -> Payment:
        if not fits(latest, event, rules.lifecycle):
            raise inquiries.Overtaken(latest)
        return observe(latest, view, rules, now_ms, f"event {event.kind}")

    try:
        hub.payments.change(payment, change, applied=applied)
    except inquiries.Overtaken:
        return False
    return True


def fits(payment: Payment, event: VendorEvent, lifecycle: Lifecycle) -> bool:
    """Whether the event can only be the next step of the payment's first way.

    After a second action the same words come again, so an old event could pass for a new one.
    """
    known = payment.vendor_status
    first_way = len(payment.actions) == 1 and known is not None
    return first_way and lifecycle.can_reach(str(known), str(event.status))


def park(hub: Hub, record: InboxRecord, why: str) -> None:
    """Look at the event again later; give it up to the operator's list when its time is over."""
    now_ms = hub.clock.now_ms()
    if now_ms - record.received_at_ms >= hub.policy.park_seconds * 1000:
        letter = DeadLetter(
            tenant=record.tenant,
            letter_id=f"{record.received_at_ms:013d}-{record.event_id[:32]}",
            kind="event",
            subject_id=record.event_id,
            vendor=record.vendor,
            reason=f"{why}, for {hub.policy.park_seconds} s",
            at_ms=now_ms,
        )
        given_up = replace(record, state=InboxState.EXPIRED, due_at_ms=None, note=why)
        hub.inbox.expire(given_up, letter)
        hub.signals.count("ParkedEventsExpired", vendor=record.vendor)
        return
    wait_seconds = min(2 ** min(record.tries + 1, 10), PARKED_WAIT_MAX_SECONDS)
    parked = replace(
        record,
        state=InboxState.PARKED,
        tries=record.tries + 1,
        due_at_ms=now_ms + wait_seconds * 1000,
        note=why,
    )
    hub.inbox.save(parked)
    hub.queue.event_due(record.tenant, record.vendor, record.event_id, wait_seconds)
