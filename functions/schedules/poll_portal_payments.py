"""Every five minutes: fetch what patients paid in the portal"""

from payhub.entrypoints.schedule import schedule_for_tenants
from payhub.operations.poll_portal_payments import poll_portal_payments

handler = schedule_for_tenants(poll_portal_payments, "poll_portal_payments")
