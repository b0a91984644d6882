"""Take a vendor's notification in: prove who sent it, store it once, have it looked at."""

from collections.abc import Mapping

from payhub import notifications
from payhub.domain.errors import BadSignature
from payhub.ports import Hub


def receive_event(
    hub: Hub, vendor_name: str, tenant_id: str, headers: Mapping[str, str], body: bytes
) -> None:
    """Acknowledge by returning: the event is then in the inbox and, unless final, in the queue.

    Raises BadSignature, for an unknown tenant too; nothing is stored then.
    """
    tenant = hub.tenants.load(tenant_id)
    if tenant is None or vendor_name not in tenant.vendors:
        raise BadSignature("The signature does not match the body.")
    secret = hub.secrets.get(tenant_id, vendor_name)
    events = hub.vendors[vendor_name].events
    if not events.verify(tenant, headers, body, secret):
        secret = hub.secrets.get(tenant_id, vendor_name, fresh=True)
        if not events.verify(tenant, headers, body, secret):
            raise BadSignature("The signature does not match the body.")
    notifications.take_in(hub, tenant, vendor_name, body)
