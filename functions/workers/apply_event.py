"""Queue of vendor events to be applied"""

from payhub.entrypoints.queue import worker
from payhub.operations.apply_event import ApplyEvent, apply_event

handler = worker(apply_event, ApplyEvent)
