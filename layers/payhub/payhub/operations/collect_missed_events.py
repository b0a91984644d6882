"""Collect the events a vendor could not deliver, and have its deliveries go on."""

from payhub import notifications
from payhub.domain.answers import Missed
from payhub.domain.tenant import Tenant
from payhub.ports import Hub


def collect_missed_events(hub: Hub, tenant: Tenant) -> None:
    """Take the tenant's missed events in, acknowledge them, have deliveries go on.

    What the vendor gave up before it went on is taken in too. A list that cannot be read is left
    for the next run.
    """
    for name, vendor in hub.vendors.items():
        if name in tenant.vendors and vendor.notifies and _collected(hub, tenant, name):
            vendor.event_source.reopen(tenant)
            _collected(hub, tenant, name)


def _collected(hub: Hub, tenant: Tenant, vendor: str) -> bool:
    """Whether there was anything to take in."""
    source = hub.vendors[vendor].event_source
    missed = source.missed(tenant)
    if not isinstance(missed, Missed):
        hub.signals.count("MissedEventsUnreadable", vendor=vendor)
        return False
    for event in missed.events:
        notifications.take_in(hub, tenant, vendor, event.body)
        source.acknowledge(tenant, event)
    return bool(missed.events)
