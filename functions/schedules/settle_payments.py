"""Every night at the cut-off: show as settled what has settled"""

from payhub.entrypoints.schedule import schedule_for_tenants
from payhub.operations.settle_payments import settle_payments

handler = schedule_for_tenants(settle_payments, "settle_payments")
