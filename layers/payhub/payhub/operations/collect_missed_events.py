"""Collect the events a vendor could not deliver, and have its deliveries go on."""

from payhub import notifications
from payhub.domain.answers import Missed
from payhub.domain.tenant import Tenant
from payhub.ports import EventSource, Hub

VENDOR = "optum"


def collect_missed_events(hub: Hub) -> None:
    """For every tenant of the vendor: take missed events in, acknowledge them, reopen deliveries.

    A tenant whose list cannot be read is left for the next run.
    """
    source = hub.vendors[VENDOR].event_source
    for tenant in hub.tenants.all():
        if VENDOR in tenant.vendors:
            _collect(hub, source, tenant)
    hub.signals.count("Heartbeat", schedule="collect_missed_events")


def _collect(hub: Hub, source: EventSource, tenant: Tenant) -> None:
    missed = source.missed(tenant)
    if not isinstance(missed, Missed):
        hub.signals.count("MissedEventsUnreadable", vendor=VENDOR)
        return
    for event in missed.events:
        notifications.take_in(hub, tenant, VENDOR, event.body)
        source.acknowledge(tenant, event)
    if missed.events:
        source.reopen(tenant)
