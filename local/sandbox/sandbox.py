"""The sandbox without sockets and threads: vendors, faults, books and jobs, one step at a time.

A server drives it with real time; a simulation can drive it with a ManualClock, seeded Ids, an
in-memory Store and a sender of its own, and gets the same answers for the same seed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from local.sandbox import faults
from local.sandbox.clock import Clock
from local.sandbox.faults import FaultDesk, Refusal, Scene
from local.sandbox.ids import Ids
from local.sandbox.jobs import Job, Jobs, Lane
from local.sandbox.messages import Reply, Request
from local.sandbox.outbox import SUBSCRIPTION, Outbox
from local.sandbox.store import Store
from local.sandbox.truth_book import TruthBook
from local.sandbox.vendor import Settings, Tools, Vendor
from local.sandbox.vendors import VENDORS
from local.sandbox.webhooks import DeliveryPolicy, Sender, Subscription


class Sandbox:
    """All vendors over one store."""

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, sender: Sender, settings: Settings
    ) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids
        self.settings = settings
        self.jobs = Jobs(store)
        self.faults = FaultDesk(store)
        self.truth_book = TruthBook(store)
        self.outbox = Outbox(store, clock, self.jobs, sender, _policies(settings))
        tools = Tools(store, clock, ids, self.truth_book, self.jobs, self.outbox, settings)
        self.vendors: dict[str, Vendor] = {
            name: room.machine(tools) for name, room in VENDORS.items()
        }

    def handle(self, vendor_name: str, request: Request) -> Reply:
        """Answer one request to a vendor; its effect is on disk when this returns."""
        vendor = self.vendors[vendor_name]
        with self.store.transaction():
            operation = vendor.operation_of(request)
            fault = self.faults.take(vendor_name, operation, request) if operation else None
            if operation is None or fault is None:
                return Reply(vendor.handle(request))
            scene = Scene(
                fault=fault,
                apply=lambda: vendor.handle(request),
                decline=lambda: vendor.decline(operation),
                put_off=lambda: vendor.put_off(request),
                error_page=vendor.error_page,
                jobs=self.jobs,
                now_ms=self.clock.now_ms(),
                hang_seconds=self.settings.hang_seconds,
                slow_seconds=self.settings.slow_seconds,
            )
            return faults.play(scene)

    def refusal(self, vendor_name: str) -> Refusal | None:
        """Whether a vendor's port is closed now, and until when."""
        return self.faults.refusal(vendor_name, self.clock.now_ms())

    def next_job(self, lane: Lane | None = None, but_not: Collection[int] = ()) -> Job | None:
        """The first job that is due now."""
        job = self.jobs.next(lane, but_not)
        return job if job and job.due_ms <= self.clock.now_ms() else None

    def run(self, job: Job) -> None:
        """Do one job. Its effect and its removal are one commit, except for what is sent out."""
        if job.lane == "outward":
            self.outbox.run(job)
            return
        with self.store.transaction():
            self.jobs.done(job)
            vendor = self.vendors[job.vendor]
            if job.kind == faults.LATE_APPLY:
                vendor.catch_up(job.payload)
            else:
                vendor.run(job)

    def drop(self, job: Job) -> None:
        """Give up a job that cannot be done, so that it does not come back for ever."""
        with self.store.transaction():
            self.jobs.done(job)

    def run_due_jobs(self) -> int:
        """Do everything that is due, in order, and what becomes due by it."""
        count = 0
        while job := self.next_job():
            self.run(job)
            count += 1
        return count

    def reset(self, tenants_too: bool) -> None:
        """Empty books and states, disarm everything, go back to real time.

        Tenants and their subscriptions stay unless they are to go too: without them the hub's keys
        would open nothing any more.
        """
        kept = [kind for vendor in self.vendors.values() for kind in vendor.kept_kinds]
        with self.store.transaction():
            self.store.clear(() if tenants_too else kept)
            self.clock.reset()
            for name in self.vendors:
                self._close_breakers(name)

    def _close_breakers(self, vendor_name: str) -> None:
        for body in self.store.all(vendor_name, SUBSCRIPTION):
            self.outbox.close_breaker(vendor_name, Subscription(**body))


def _policies(settings: Settings) -> Mapping[str, DeliveryPolicy]:
    """Each vendor's manners, with the delays scaled to this sandbox's speed."""
    return {
        name: replace(
            room.delivery,
            retry_delays_ms=[
                round(delay_ms * settings.retry_scale) for delay_ms in room.delivery.retry_delays_ms
            ],
        )
        for name, room in VENDORS.items()
        if room.delivery
    }
