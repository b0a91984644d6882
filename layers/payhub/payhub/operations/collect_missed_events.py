"""Collect the events a vendor could not deliver, and have its deliveries go on."""

from payhub import notifications
from payhub.domain.answers import Missed
from payhub.domain.tenant import Tenant
from payhub.ports import Hub

VENDOR = "optum"


def collect_missed_events(hub: Hub, tenant: Tenant) -> None:
    """Take the tenant's missed events in, acknowledge them, have deliveries go on.

    A list that cannot be read is left for the next run.
    """
    if VENDOR not in tenant.vendors:
        return
    source = hub.vendors[VENDOR].event_source
    missed = source.missed(tenant)
    if not isinstance(missed, Missed):
        hub.signals.count("MissedEventsUnreadable", vendor=VENDOR)
        return
    for event in missed.events:
        notifications.take_in(hub, tenant, VENDOR, event.body)
        source.acknowledge(tenant, event)
    if missed.events:
        source.reopen(tenant)
