"""Fetch what patients paid in Medfusion's portal, practice by practice."""

from payhub import portal
from payhub.domain.tenant import Tenant
from payhub.ports import Hub


def poll_portal_payments(hub: Hub, tenant: Tenant) -> None:
    """One poll a practice and kind; what cannot be read now is fetched by the next run."""
    if portal.VENDOR not in tenant.vendors:
        return
    for practice_id in tenant.medfusion_practice_ids:
        for kind in portal.KINDS:
            portal.fetch(hub, tenant, practice_id, kind)
