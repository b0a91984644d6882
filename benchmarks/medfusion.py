"""Scenarios of Medfusion's paths: what patients paid in the portal, served and reported."""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.events import event_for, key
from benchmarks.stage import PORTAL_PRACTICE, Stage, sample

Event = dict[str, Any]
Events = Callable[[Stage], Iterator[Event]]

BILL, SWIPER = "BillPayment", "VCS Payment"
_FUNCTIONS = {
    BILL: ("api/list_portal_payments", "api/update_portal_payments"),
    SWIPER: ("api/list_swiper_payments", "api/update_swiper_payments"),
}
_PATH = {"practiceId": PORTAL_PRACTICE}


def paid(stage: Stage, kind: str, count: int) -> list[str]:
    """Ids of new payments in the portal, which the hub has picked up."""
    fields = {"practice_id": PORTAL_PRACTICE, "payment_type": kind, "amount_cents": 2500}
    ids = [stage.control("medfusion/payments", **fields)["payment_id"] for _ in range(count)]
    stage.invoke("schedules/poll_portal_payments", sample("schedules/poll_portal_payments"))
    return ids


def _list(kind: str) -> Events:
    function = _FUNCTIONS[kind][0]
    fixed = {} if kind == BILL else {"paymentType": "vcsPayment"}

    def events(stage: Stage) -> Iterator[Event]:
        paid(stage, kind, 10)
        query = {**fixed, "max": "10"}
        yield from itertools.repeat(event_for(stage, function, path=_PATH, query=query))

    return events


def _update(kind: str) -> Events:
    function = _FUNCTIONS[kind][1]
    document = sample(function)["body"]
    known = re.search(r'<Payment id="([^"]+)"', document)
    assert known is not None

    def events(stage: Stage) -> Iterator[Event]:
        while True:
            for reference in paid(stage, kind, 10):
                body = document.replace(known[1], reference)
                yield event_for(stage, function, path=_PATH, body=body, headers=key())

    return events


def _status(stage: Stage) -> Iterator[Event]:
    accepted = stage.invoke("api/update_portal_payments", next(_update(BILL)(stage)))
    path = {**_PATH, "messageId": accepted["headers"]["Location"].rpartition("/")[2]}
    yield from itertools.repeat(event_for(stage, "api/get_processing_status", path=path))


EVENTS: dict[str, Events] = {
    "api/list_portal_payments": _list(BILL),
    "api/list_swiper_payments": _list(SWIPER),
    "api/update_portal_payments": _update(BILL),
    "api/update_swiper_payments": _update(SWIPER),
    "api/get_processing_status": _status,
}
