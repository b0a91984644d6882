"""Every five minutes: collect the events that could not be delivered"""

from payhub.entrypoints.schedule import schedule
from payhub.operations.collect_missed_events import collect_missed_events

handler = schedule(collect_missed_events)
