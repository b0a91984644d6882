"""Apply a vendor's event to the payment it is about."""

from pydantic import BaseModel

from payhub import notifications
from payhub.ports import Hub


class ApplyEvent(BaseModel):
    """A reminder: ids only."""

    tenant: str
    vendor: str
    event: str


def apply_event(hub: Hub, command: ApplyEvent) -> None:
    """A reminder of an event that is final does nothing."""
    record = hub.inbox.load(command.tenant, command.vendor, command.event)
    tenant = hub.tenants.load(command.tenant)
    if record is not None and tenant is not None and not record.state.is_final:
        notifications.apply(hub, tenant, record)
