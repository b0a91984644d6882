"""Scenarios of the issuer's payments: issue, release, void, reissue, its webhooks and workers."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.events import body_of, event_for, unique
from benchmarks.stack import QUEUES, TABLE
from benchmarks.stage import Stage, sample
from payhub.attempts import order_of
from payhub.domain.payment import ActionState, Payment
from payhub.store.items import payment_item

Event = dict[str, Any]

ISSUE = "api/issue_payment"
_BATCH = 10
_WAIT_SECONDS = 10.0
_MOVABLE = "Created"


def issue_events(stage: Stage, *, claims: bool = False, account: str = "ACCT1") -> Iterator[Event]:
    """New payments; with `claims` the body has the parts that the hub passes on unread."""
    while True:
        body = json.loads(sample(ISSUE)["body"])
        body["clientRequestId"] = f"EVRYHEALTH-2026-11-21-{unique()}"
        body["accountShortCode"] = account
        body["payment"]["paymentDetails"]["issuerReferenceId"] = f"EVRYHEALTH{unique()}"
        if not claims:
            del body["payment"]["payeeDetails"], body["payment"]["claimLevelInformation"]
        yield event_for(stage, ISSUE, body=body)


def replay_events(stage: Stage) -> Iterator[Event]:
    """The same request again and again."""
    event = next(issue_events(stage))
    stage.invoke(ISSUE, event)
    yield from itertools.repeat(event)


def issued(stage: Stage, account: str = "ACCT1") -> str:
    """The id of a new payment."""
    answer = stage.invoke(ISSUE, next(issue_events(stage, account=account)))
    return str(body_of(answer)["paymentId"])


def one_payment(function: str) -> Callable[[Stage], Iterator[Event]]:
    """Looks at one and the same payment."""

    def events(stage: Stage) -> Iterator[Event]:
        event = event_for(stage, function, path={"paymentId": issued(stage)})
        yield from itertools.repeat(event)

    return events


def load(stage: Stage, payment_id: str) -> Payment:
    """The payment as it is stored."""
    payment = stage.hub.payments.load(stage.tenant.tenant, payment_id)
    assert payment is not None
    return payment


def store(stage: Stage, payment: Payment) -> None:
    """Make the table hold this very payment, whatever was there."""
    tables = stage.cloud.tables
    tables[TABLE].put_item({"Item": {**payment_item(payment), "tok": {"S": "0" * 16}}})


def _on_each(
    function: str, account: str, before: tuple[str, ...] = ()
) -> Callable[[Stage], Iterator[Event]]:
    """One request for each payment; payments are made some at a time and given time to move on."""

    def events(stage: Stage) -> Iterator[Event]:
        while True:
            ids = [issued(stage, account) for _ in range(_BATCH)]
            for payment_id in ids:
                if account == "ACCT1":
                    until_moved(stage, payment_id)
                for earlier in before:
                    stage.invoke(earlier, event_for(stage, earlier, path={"paymentId": payment_id}))
                headers = {"idempotency-key": f"bench-{unique()}"}
                path = {"paymentId": payment_id}
                yield event_for(stage, function, path=path, headers=headers)

    return events


def until_moved(stage: Stage, payment_id: str) -> None:
    """Until the vendor has gone on from the status in which it refuses a void."""
    vendor, payment = stage.hub.vendors["optum"], load(stage, payment_id)
    tenant = stage.hub.tenants.load(stage.tenant.tenant)
    assert tenant is not None
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        reading: Any = vendor.gateway.read(order_of(stage.hub, tenant, payment, payment.action))
        if reading.status != _MOVABLE:
            return
        time.sleep(0.02)
    raise TimeoutError(f"{payment_id} stays {_MOVABLE}")


def webhook_events(
    vendor: str, cause: Callable[[Stage], Any]
) -> Callable[[Stage], Iterator[Event]]:
    """The vendor's own notifications, as the sandbox signed and sent them, each once."""

    def events(stage: Stage) -> Iterator[Event]:
        sent = stage.cloud.webhooks[vendor]
        while True:
            deadline = time.monotonic() + _WAIT_SECONDS
            while not sent:
                cause(stage)
                time.sleep(0.1)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{vendor} sends no webhooks")
            request = sent.pop(0)
            yield event_for(
                stage,
                f"webhooks/{vendor}",
                path={"tenant": stage.tenant.tenant},
                body=request.body.decode(),
                headers=dict(request.headers),
            )

    return events


_optum_webhooks = webhook_events("optum", issued)


def _apply_events(stage: Stage) -> Iterator[Event]:
    """Messages about events that were just taken in."""
    queue = stage.cloud.messages[QUEUES["events"]]
    for webhook in _optum_webhooks(stage):
        queue.clear()
        stage.invoke("webhooks/optum", webhook)
        yield message_event("workers/apply_event", queue[-1])


def message_event(function: str, body: str) -> Event:
    """An SQS event of one message."""
    event = sample(function)
    record = {**event["Records"][0], "messageId": f"m-{unique()}", "body": body}
    return {**event, "Records": [record]}


def _advance_events(stage: Stage) -> Iterator[Event]:
    """Payments that are due: each is read at the vendor, and its new status is stored."""
    for payment_id in iter(lambda: issued(stage), None):
        store(stage, replace(load(stage, payment_id), due_at_ms=1))
        body = {"v": 1, "tenant": stage.tenant.tenant, "payment": payment_id}
        yield message_event("workers/advance_payment", json.dumps(body))


def _resolve_events(stage: Stage) -> Iterator[Event]:
    """Payments that nobody but an operator can end."""
    for payment_id in iter(lambda: issued(stage), None):
        payment = load(stage, payment_id)
        action = replace(payment.action, state=ActionState.NEEDS_REVIEW, answer=None)
        store(stage, replace(payment, actions=(action,), vendor_reference=None, vendor_status=None))
        yield event_for(stage, "api/resolve_payment", path={"paymentId": payment_id})


def _list_events(stage: Stage) -> Iterator[Event]:
    """A page of ten."""
    for _ in range(2 * _BATCH):
        issued(stage)
    yield from itertools.repeat(event_for(stage, "api/list_payments", query={"limit": "10"}))


EVENTS: dict[str, Callable[[Stage], Iterator[Event]]] = {
    ISSUE: issue_events,
    "api/release_payment": _on_each("api/release_payment", "ACCT2"),
    "api/void_payment": _on_each("api/void_payment", "ACCT1"),
    "api/reissue_payment": _on_each("api/reissue_payment", "ACCT1", ("api/void_payment",)),
    "api/get_payment": one_payment("api/get_payment"),
    "api/get_payment_details": one_payment("api/get_payment_details"),
    "api/list_payments": _list_events,
    "api/resolve_payment": _resolve_events,
    "webhooks/optum": _optum_webhooks,
    "workers/apply_event": _apply_events,
    "workers/advance_payment": _advance_events,
}
