"""The issuer API in the hub's terms: orders in, answers, readings and findings out."""

import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from payhub.domain.answers import (
    Answer,
    Done,
    Failure,
    Finding,
    Matches,
    Missed,
    MissedEvent,
    NotSent,
    Reading,
    Registered,
    Unanswered,
    Undecided,
    VendorRefused,
    View,
    undecided,
)
from payhub.domain.money import AmountUnit, MoneyError
from payhub.domain.tenant import Tenant
from payhub.ports import Order
from payhub.transport import Response, understood, verdict_of
from payhub.vendors.optum import wire
from payhub.vendors.optum.auth import settings_of
from payhub.vendors.optum.client import Client
from payhub.vendors.optum.contract import ISSUE

PAGE_SIZE = 50
PAGES_MAX = 100
SEARCH_MAX_SECONDS = 8.0
"""A search that takes longer is broken off: the function that runs it must end before its time."""

CLOCK_SKEW_MS = 300_000
"""How far the vendor's clock may be behind ours when its list is searched back in time."""

NO_SUCH_ROUTE = frozenset({404, 405})
"""For POST /payments these mean a wrong prefix, not a judgement of the payment."""

EVENT_NAMES = (
    "batch_created",
    "payment_loading_requested",
    "payment_loading_completed",
    "payment_loading_failed",
    "payment_remittance_requested",
    "payment_documents_distributing",
    "payment_distribution_assigned",
    "payment_sent",
    "payment_completed",
    "payment_voided",
    "payment_reissue_requested",
)

T = TypeVar("T")


class PaymentGateway:
    """The Gateway port for this vendor."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def perform(self, order: Order) -> Answer:
        """POST /payments, or POST /payments/{id}/{verb}; never repeated here."""
        unit = settings_of(order.tenant).amount_unit
        if order.action.verb == ISSUE:
            try:
                body = wire.issue_body(order, unit)
            except MoneyError as error:
                return VendorRefused(message=f"the vendor's amount unit: {error}")
            sent = self._client.payments(order.tenant, "POST", "/payments", body)
            if isinstance(sent, Response) and sent.status in NO_SUCH_ROUTE:
                return NotSent(reason=f"vendor answered {sent.status} to POST /payments")
        else:
            path = f"/payments/{_reference(order)}/{order.action.verb}"
            sent = self._client.payments(order.tenant, "POST", path)
        read = _read(sent, lambda answer: wire.read_view(wire.read_object(answer.body), unit))
        return Done(view=read) if isinstance(read, View) else read

    def read(self, order: Order) -> Reading:
        """GET /payments/{id}/details, which has the available balance too."""
        unit = settings_of(order.tenant).amount_unit
        path = f"/payments/{_reference(order)}/details"
        sent = self._client.payments(order.tenant, "GET", path)
        return _read(sent, lambda answer: wire.read_view(wire.read_object(answer.body), unit))

    def search(self, order: Order) -> Finding:
        """Every payment whose batch carries our clientRequestId, from the batch list's pages.

        Pages are read newest first, so what is added meanwhile is seen twice, never missed.
        """
        since_ms = order.action.attempts[0].intent_at_ms - CLOCK_SKEW_MS
        give_up_at = time.monotonic() + SEARCH_MAX_SECONDS
        found: dict[str, View] = {}
        for page in range(1, PAGES_MAX + 1):
            query = {"page": str(page), "pageSize": str(PAGE_SIZE)}
            sent = self._client.payments(order.tenant, "GET", "/payments/batch", query=query)
            read = _read(sent, lambda answer: wire.read_batches(wire.read_object(answer.body)))
            if not isinstance(read, tuple):
                return undecided(read)
            batches, pages = read
            for batch in batches:
                if batch.client_request_id == order.payment.payment_id:
                    views = self._payments_of(order, batch)
                    if not isinstance(views, tuple):
                        return undecided(views)
                    found |= {str(view.reference): view for view in views}
            if page >= pages or (batches and batches[-1].created_at_ms < since_ms):
                return Matches(views=tuple(found.values()))
            if time.monotonic() > give_up_at:
                break
        return Undecided(reason="the vendor's batch list is too long to be searched")

    def _payments_of(self, order: Order, batch: wire.Batch) -> tuple[View, ...] | Failure:
        unit: AmountUnit = settings_of(order.tenant).amount_unit
        path = f"/payments/batch/{quote(batch.batch_id, safe='')}/details"
        sent = self._client.payments(order.tenant, "GET", path)
        return _read(
            sent, lambda answer: wire.read_batch_payments(wire.read_object(answer.body), unit)
        )


class NotificationGateway:
    """The EventSource port for this vendor: subscriptions and missed events."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def register(self, tenant: Tenant, url: str) -> Registered | Failure:
        """POST /subscriptions with the webhook secret as its key; PUT where there is one."""
        key = self._client.secret(tenant)["webhook_secret"]
        body = wire.subscription_body(url, EVENT_NAMES, key)
        if settings_of(tenant).subscription_id is None:
            sent = self._client.events(tenant, "POST", "/subscriptions", body)
        else:
            path = f"/subscriptions/{_subscription(tenant)}"
            sent = self._client.events(tenant, "PUT", path, body)
        return _read(
            sent, lambda answer: Registered(registration_id=_id(wire.read_object(answer.body)))
        )

    def missed(self, tenant: Tenant) -> Missed | Failure:
        """GET /subscriptions/{id}/missed-events; the payload is JSON text."""
        path = f"/subscriptions/{_subscription(tenant)}/missed-events"
        return _read(self._client.events(tenant, "GET", path), _missed)

    def acknowledge(self, tenant: Tenant, event: MissedEvent) -> Failure | None:
        """POST .../missed-events/{id}/acknowledge (path assumed, see docs/vendors/optum.md)."""
        missed_id = quote(event.missed_id, safe="")
        path = f"/subscriptions/{_subscription(tenant)}/missed-events/{missed_id}/acknowledge"
        return _read(self._client.events(tenant, "POST", path), _nothing)

    def reopen(self, tenant: Tenant) -> Failure | None:
        """POST /subscriptions/{id}/reopen (path assumed, see docs/vendors/optum.md)."""
        path = f"/subscriptions/{_subscription(tenant)}/reopen"
        return _read(self._client.events(tenant, "POST", path), _nothing)


def _read(sent: Response | NotSent | Unanswered, read: Callable[[Response], T]) -> T | Failure:
    return understood(sent, read, _failure)


def _failure(response: Response) -> Failure:
    words, code = wire.problem_words(response)
    return verdict_of(response, words, code)


def _nothing(_: Response) -> None:
    """The success itself is all that is wanted."""


def _missed(answer: Response) -> Missed:
    lines = wire.read_object(answer.body).get("missedEvents")
    if not isinstance(lines, list):
        raise wire.Unreadable("no list of missed events")
    return Missed(
        events=tuple(
            MissedEvent(missed_id=_id(line), body=str(line.get("eventPayload", "")).encode())
            for line in lines
        )
    )


def _id(answer: object) -> str:
    value = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value:
        raise wire.Unreadable("no id")
    return value


def _reference(order: Order) -> str:
    assert order.payment.vendor_reference is not None
    return quote(order.payment.vendor_reference, safe="")


def _subscription(tenant: Tenant) -> str:
    return quote(settings_of(tenant).subscription_id or "", safe="")
