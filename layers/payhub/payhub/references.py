"""Which payment the vendor knows under a name: asked of the claims, so read consistently."""

from payhub.domain.claims import owner_of, reference_key
from payhub.domain.payment import Payment
from payhub.ports import Hub


def holder_of(hub: Hub, tenant: str, vendor: str, reference: str) -> str | None:
    """The id of the payment that owns the scoped reference."""
    return owner_of(hub.payments.claim(tenant, reference_key(vendor, reference)))


def payment_under(hub: Hub, tenant: str, vendor: str, reference: str) -> Payment | None:
    """The payment that owns the scoped reference."""
    holder = holder_of(hub, tenant, vendor, reference)
    return None if holder is None else hub.payments.load(tenant, holder)
