"""Sending webhooks again, late, out of order, or not yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from local.sandbox.clock import iso
from local.sandbox.control_input import BadInputError, Fields, only_query
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.outbox import RESEND
from local.sandbox.sandbox import Sandbox
from local.sandbox.webhooks import Event, Resent

_TIMES_MAX = 100
_LATE_SECONDS_MAX = 86_400
_ORDERS = ("created", "reverse")


def show(sandbox: Sandbox, request: Request) -> Response:
    """Every event of a vendor or of one reference, with what became of its deliveries."""
    only_query(request.query, ("vendor", "reference"))
    vendor = Fields(request.query).choice("vendor", sandbox.vendors)
    deliveries = sandbox.outbox.deliveries(vendor)
    shown = [
        {
            "event_id": event.id,
            "type": event.type,
            "at": iso(event.at_ms),
            "references": list(event.references),
            "deliveries": [
                {"subscription_id": d.subscription_id, "state": d.state, "attempts": d.attempts}
                for d in deliveries
                if d.event_id == event.id
            ],
        }
        for event in sandbox.outbox.events(vendor, request.query.get("reference", ""))
    ]
    return json_response(200, shown)


def act(sandbox: Sandbox, request: Request) -> Response:
    """Do one of ACTIONS; what is sent is sent in order, and each answer is reported."""
    fields = Fields.of_body(request.body)
    vendor = fields.choice("vendor", sandbox.vendors)
    return ACTIONS[fields.choice("action", ACTIONS)](sandbox, vendor, fields)


def _hold(sandbox: Sandbox, vendor: str, fields: Fields) -> Response:
    fields.only("vendor", "action", "reference")
    with sandbox.store.transaction():
        sandbox.outbox.hold(vendor, fields.text("reference", default=""))
    return json_response(200, {"holds": sandbox.outbox.holds(vendor)})


def _resume(sandbox: Sandbox, vendor: str, fields: Fields) -> Response:
    fields.only("vendor", "action", "reference", "order")
    reference = fields.text("reference", default="")
    newest_first = fields.choice("order", _ORDERS, "created") == "reverse"
    return _sent(sandbox.outbox.resume(vendor, reference, newest_first))


def _resend(sandbox: Sandbox, vendor: str, fields: Fields) -> Response:
    fields.only("vendor", "action", "event_ids", "times", "after_seconds")
    known = {event.id for event in sandbox.outbox.events(vendor)}
    event_ids = fields.texts("event_ids")
    for event_id in event_ids:
        if event_id not in known:
            raise BadInputError(f"event_ids must be known events; {event_id} is not")
    return _send(sandbox, vendor, fields, event_ids)


def _resend_all(sandbox: Sandbox, vendor: str, fields: Fields) -> Response:
    fields.only("vendor", "action", "reference", "order", "times", "after_seconds")
    events = _events_of(sandbox, vendor, fields)
    if fields.choice("order", _ORDERS, "created") == "reverse":
        events.reverse()
    return _send(sandbox, vendor, fields, [event.id for event in events])


def _reverse(sandbox: Sandbox, vendor: str, fields: Fields) -> Response:
    fields.only("vendor", "action", "reference", "times", "after_seconds")
    events = _events_of(sandbox, vendor, fields)
    return _send(sandbox, vendor, fields, [event.id for event in reversed(events)])


ACTIONS: dict[str, Callable[[Sandbox, str, Fields], Response]] = {
    "hold": _hold,
    "resume": _resume,
    "resend": _resend,
    "resend_all": _resend_all,
    "reverse": _reverse,
}


def _events_of(sandbox: Sandbox, vendor: str, fields: Fields) -> list[Event]:
    reference = fields.text("reference")
    events = sandbox.outbox.events(vendor, reference)
    if not events:
        raise BadInputError(f"reference must be one that has events; {reference} has none")
    return events


def _send(sandbox: Sandbox, vendor: str, fields: Fields, event_ids: list[str]) -> Response:
    """Now, or later as a job."""
    times = fields.whole_number("times", 1, _TIMES_MAX, default=1)
    after_seconds = fields.seconds("after_seconds", _LATE_SECONDS_MAX, default=0)
    if not after_seconds:
        return _sent(sandbox.outbox.resend(vendor, event_ids, times))
    due_ms = sandbox.clock.now_ms() + round(after_seconds * 1000)
    with sandbox.store.transaction():
        payload = {"event_ids": event_ids, "times": times}
        sandbox.jobs.schedule(due_ms, vendor, RESEND, payload, "outward")
    return json_response(200, {"scheduled": len(event_ids) * times, "due": iso(due_ms)})


def _sent(resent: list[Resent]) -> Response:
    return json_response(200, {"sent": [asdict(each) for each in resent]})
