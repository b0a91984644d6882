"""Every five minutes: collect the events that could not be delivered"""

from payhub.entrypoints.schedule import schedule_for_tenants
from payhub.operations.collect_missed_events import collect_missed_events

handler = schedule_for_tenants(collect_missed_events, "collect_missed_events")
