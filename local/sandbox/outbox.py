"""The outbox of all vendors: delivery, retries, circuit breaker, missed events, sending on purpose.

An event is stored in the transaction of the state change that causes it, with one delivery for each
subscription that wants it. Delivering is a job: at least once, in no promised order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

from local.sandbox.clock import Clock
from local.sandbox.jobs import Job, Jobs
from local.sandbox.store import Document, Store
from local.sandbox.webhooks import (
    Delivery,
    DeliveryPolicy,
    Event,
    Outcome,
    Post,
    Resent,
    Sender,
    Subscription,
    signature,
)

DELIVER = "deliver_webhook"
RESEND = "resend_webhooks"
SUBSCRIPTION = "subscription"
_EVENT, _DELIVERY, _MISSED, _HOLD = "event", "delivery", "missed_event", "webhook_hold"


class Outbox:
    """Events and deliveries of all vendors. `sender` is the only thing here that does I/O."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        jobs: Jobs,
        sender: Sender,
        policies: Mapping[str, DeliveryPolicy],
    ) -> None:
        self._store = store
        self._clock = clock
        self._jobs = jobs
        self._send = sender
        self._policies = policies

    # Subscriptions

    def save(self, vendor: str, subscription: Subscription) -> None:
        body = asdict(subscription)
        self._store.put(vendor, SUBSCRIPTION, subscription.id, body, subscription.tenant_id)

    def subscription(self, vendor: str, subscription_id: str) -> Subscription | None:
        body = self._store.get(vendor, SUBSCRIPTION, subscription_id)
        return Subscription(**body) if body else None

    def subscriptions(self, vendor: str, tenant_id: str) -> list[Subscription]:
        rows = self._store.all(vendor, SUBSCRIPTION, tenant_id)
        return [Subscription(**body) for body in rows]

    def close_breaker(self, vendor: str, subscription: Subscription) -> Subscription:
        """Deliver again from now on; what was missed stays missed until it is acknowledged."""
        closed = replace(subscription, missed_in_a_row=0, breaker_open=False)
        self.save(vendor, closed)
        return closed

    # Events as they happen

    def publish(self, vendor: str, tenant_id: str, event: Event) -> None:
        """Store an event and plan its deliveries; part of the caller's transaction."""
        self._store.put(vendor, _EVENT, event.id, asdict(event))
        for subscription in self.subscriptions(vendor, tenant_id):
            if event.type in subscription.event_names:
                delivery = Delivery(event.id, subscription.id, "pending")
                self._plan(vendor, delivery, event, subscription)

    def _plan(
        self, vendor: str, delivery: Delivery, event: Event, subscription: Subscription
    ) -> None:
        if subscription.breaker_open:
            self._miss(vendor, replace(delivery, failure="the circuit breaker is open"))
        elif self._is_held(vendor, event):
            self._keep(vendor, replace(delivery, state="held"))
        else:
            self._keep(vendor, delivery)
            due_ms = self._clock.now_ms()
            self._jobs.schedule(due_ms, vendor, DELIVER, {"delivery": delivery.id}, "outward")

    def run(self, job: Job) -> None:
        """Do a delivery job. Outside any transaction: the receiver may be slow."""
        if job.kind == RESEND:
            self.resend(job.vendor, job.payload["event_ids"], job.payload["times"])
            with self._store.transaction():
                self._jobs.done(job)
            return
        post = self._begin(job)
        if post is None:
            return
        outcome = self._send(post)
        with self._store.transaction():
            self._jobs.done(job)
            self._finish(job.vendor, job.payload["delivery"], outcome, may_retry=True)

    def _begin(self, job: Job) -> Post | None:
        """The webhook to send, unless there is no reason to send it any more."""
        with self._store.transaction():
            delivery = self._delivery(job.vendor, job.payload["delivery"])
            if delivery is None or delivery.state != "pending":
                self._jobs.done(job)
                return None
            event, subscription = self._parts(job.vendor, delivery)
            if subscription.breaker_open or self._is_held(job.vendor, event):
                self._jobs.done(job)
                self._plan(job.vendor, delivery, event, subscription)
                return None
            return self._post(job.vendor, event, subscription)

    def _post(self, vendor: str, event: Event, subscription: Subscription) -> Post:
        body = event.body.encode()
        headers = {
            "Content-Type": "application/json",
            self._policies[vendor].signature_header: signature(subscription.key, body),
        }
        return Post(subscription.url, headers, body)

    def _finish(self, vendor: str, delivery_id: str, outcome: Outcome, may_retry: bool) -> None:
        delivery = self._delivery(vendor, delivery_id)
        if delivery is None or delivery.state in ("delivered", "missed"):
            return  # reset, or sent on purpose meanwhile
        _, subscription = self._parts(vendor, delivery)
        failure = "" if outcome.accepted else outcome.error or f"HTTP {outcome.status}"
        tried = replace(delivery, attempts=delivery.attempts + 1, failure=failure)
        delays_ms = self._policies[vendor].retry_delays_ms
        if outcome.accepted:
            self._keep(vendor, replace(tried, state="delivered"))
            if subscription.missed_in_a_row:
                self.save(vendor, replace(subscription, missed_in_a_row=0))
        elif not may_retry:
            self._keep(vendor, tried)
        elif tried.attempts <= len(delays_ms):
            self._keep(vendor, tried)
            due_ms = self._clock.now_ms() + delays_ms[tried.attempts - 1]
            self._jobs.schedule(due_ms, vendor, DELIVER, {"delivery": tried.id}, "outward")
        else:
            self._miss(vendor, tried)
            self._count_missed(vendor, subscription)

    def _count_missed(self, vendor: str, subscription: Subscription) -> None:
        missed = subscription.missed_in_a_row + 1
        limit = self._policies[vendor].breaker_after_missed
        is_open = limit is not None and missed >= limit
        self.save(vendor, replace(subscription, missed_in_a_row=missed, breaker_open=is_open))

    # Missed events

    def missed(self, vendor: str, subscription_id: str) -> list[tuple[Event, Delivery]]:
        """What was given up on and not acknowledged, oldest first."""
        found = []
        for body in self._store.all(vendor, _MISSED, subscription_id):
            delivery = Delivery(**body)
            found.append((self._parts(vendor, delivery)[0], delivery))
        return found

    def acknowledge(self, vendor: str, subscription_id: str, event_id: str) -> bool:
        """Take an event off the missed list; False when it is not on it."""
        missed_id = f"{subscription_id}:{event_id}"
        if self._store.get(vendor, _MISSED, missed_id) is None:
            return False
        self._store.remove(vendor, _MISSED, missed_id)
        return True

    def _miss(self, vendor: str, delivery: Delivery) -> None:
        missed = replace(delivery, state="missed")
        self._keep(vendor, missed)
        self._store.put(vendor, _MISSED, missed.id, asdict(missed), missed.subscription_id)

    # What the controls do on purpose

    def events(self, vendor: str, reference: str = "") -> list[Event]:
        """In the order in which they happened."""
        events = [Event(**body) for body in self._store.all(vendor, _EVENT)]
        return [event for event in events if not reference or reference in event.references]

    def deliveries(self, vendor: str) -> list[Delivery]:
        return [Delivery(**body) for body in self._store.all(vendor, _DELIVERY)]

    def hold(self, vendor: str, reference: str) -> None:
        """Keep back what happens from now on, of one reference or (empty) of the whole vendor."""
        self._store.put(vendor, _HOLD, reference or "*", {"reference": reference})

    def holds(self, vendor: str) -> list[str]:
        return [str(body["reference"]) for body in self._store.all(vendor, _HOLD)]

    def resume(self, vendor: str, reference: str, newest_first: bool) -> list[Resent]:
        """End a hold and send what it kept back; a receiver that fails is tried again as usual."""
        with self._store.transaction():
            self._store.remove(vendor, _HOLD, reference or "*")
            freed = self._freed(vendor, reference)
        if newest_first:
            freed.reverse()
        resent = self.resend(vendor, freed, times=1)
        with self._store.transaction():
            for event_id in freed:
                self._plan_failed(vendor, event_id)
        return resent

    def _freed(self, vendor: str, reference: str) -> list[str]:
        held = {each.event_id for each in self.deliveries(vendor) if each.state == "held"}
        events = [event for event in self.events(vendor, reference) if event.id in held]
        return [event.id for event in events if not self._is_held(vendor, event)]

    def _plan_failed(self, vendor: str, event_id: str) -> None:
        for delivery in self._deliveries_of(vendor, event_id):
            if delivery.state == "held":
                event, subscription = self._parts(vendor, delivery)
                self._plan(vendor, replace(delivery, state="pending"), event, subscription)

    def resend(self, vendor: str, event_ids: Iterable[str], times: int) -> list[Resent]:
        """Send events now, one after another in the order given, whatever became of them before."""
        resent = []
        for event_id in event_ids:
            for delivery in self._deliveries_of(vendor, event_id):
                resent += [self._send_again(vendor, delivery) for _ in range(times)]
        return resent

    def _deliveries_of(self, vendor: str, event_id: str) -> list[Delivery]:
        return [Delivery(**body) for body in self._store.all(vendor, _DELIVERY, event_id)]

    def _send_again(self, vendor: str, delivery: Delivery) -> Resent:
        event, subscription = self._parts(vendor, delivery)
        outcome = self._send(self._post(vendor, event, subscription))
        with self._store.transaction():
            self._finish(vendor, delivery.id, outcome, may_retry=False)
        return Resent(event.id, event.type, subscription.id, outcome.status, outcome.error)

    # Storage

    def _is_held(self, vendor: str, event: Event) -> bool:
        return any(hold in ("", *event.references) for hold in self.holds(vendor))

    def _keep(self, vendor: str, delivery: Delivery) -> None:
        body = asdict(delivery)
        self._store.put(vendor, _DELIVERY, delivery.id, body, delivery.event_id)

    def _delivery(self, vendor: str, delivery_id: str) -> Delivery | None:
        body = self._store.get(vendor, _DELIVERY, delivery_id)
        return Delivery(**body) if body else None

    def _parts(self, vendor: str, delivery: Delivery) -> tuple[Event, Subscription]:
        event: Document | None = self._store.get(vendor, _EVENT, delivery.event_id)
        subscription = self.subscription(vendor, delivery.subscription_id)
        if event is None or subscription is None:
            raise LookupError(f"delivery {delivery.id} lacks its event or subscription")
        return Event(**event), subscription
