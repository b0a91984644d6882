"""Remind workers of everything that is due: what a crash or a lost message left behind."""

from payhub.ports import Hub

LIMIT_PER_SHARD = 250


def sweep(hub: Hub) -> None:
    """The index yields ids only; the decision is the worker's, on a consistent read."""
    now_ms = hub.clock.now_ms()
    everything = hub.payments.due(now_ms, LIMIT_PER_SHARD)
    for due in everything:
        if due.vendor is None:
            hub.queue.payment_due(due.tenant, due.subject_id, 0)
        else:
            hub.queue.event_due(due.tenant, due.vendor, due.subject_id, 0)
    oldest_ms = min((due.due_at_ms for due in everything), default=now_ms)
    hub.signals.count("OldestDueAgeSeconds", (now_ms - oldest_ms) / 1000)
    hub.signals.count("Heartbeat", schedule="sweep")
