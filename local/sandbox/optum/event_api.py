"""The event API: subscriptions, their circuit breaker and the missed events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from local.sandbox import json_text
from local.sandbox.ids import Ids
from local.sandbox.messages import Response, json_response
from local.sandbox.optum.issue_request import json_object
from local.sandbox.optum.lifecycle import EVENT_NAMES
from local.sandbox.optum.problems import invalid, not_found
from local.sandbox.optum.tenants import VENDOR, Tenant
from local.sandbox.outbox import Outbox
from local.sandbox.webhooks import Delivery, Event, Subscription


@dataclass(frozen=True)
class _Wanted:
    url: str
    event_names: list[str]
    key: str


class EventApi:
    """A tenant sees its own subscriptions only; the keys are never shown again."""

    def __init__(self, outbox: Outbox, ids: Ids) -> None:
        self._outbox = outbox
        self._ids = ids

    def subscribe(self, tenant: Tenant, body: bytes) -> Response:
        wanted = _parse(body)
        subscription = Subscription(
            id=self._ids.uuid(),
            tenant_id=tenant.tenant_id,
            url=wanted.url,
            key=wanted.key,
            event_names=wanted.event_names,
        )
        self._outbox.save(VENDOR, subscription)
        return json_response(201, _shown(subscription))

    def change(self, tenant: Tenant, subscription_id: str, body: bytes) -> Response:
        """Effective at once, also for deliveries that are tried again."""
        subscription = self._own(tenant, subscription_id)
        wanted = _parse(body)
        changed = replace(
            subscription, url=wanted.url, key=wanted.key, event_names=wanted.event_names
        )
        self._outbox.save(VENDOR, changed)
        return json_response(200, _shown(changed))

    def list(self, tenant: Tenant) -> Response:
        found = self._outbox.subscriptions(VENDOR, tenant.tenant_id)
        return json_response(200, {"subscriptions": [_shown(each) for each in found]})

    def reopen(self, tenant: Tenant, subscription_id: str) -> Response:
        subscription = self._own(tenant, subscription_id)
        return json_response(200, _shown(self._outbox.close_breaker(VENDOR, subscription)))

    def missed(self, tenant: Tenant, subscription_id: str) -> Response:
        subscription = self._own(tenant, subscription_id)
        found = self._outbox.missed(VENDOR, subscription.id)
        return json_response(200, {"missedEvents": [_missed(*each) for each in found]})

    def acknowledge(self, tenant: Tenant, subscription_id: str, event_id: str) -> Response:
        subscription = self._own(tenant, subscription_id)
        if not self._outbox.acknowledge(VENDOR, subscription.id, event_id):
            raise not_found(f"Missed event {event_id}")
        return Response(204)

    def _own(self, tenant: Tenant, subscription_id: str) -> Subscription:
        subscription = self._outbox.subscription(VENDOR, subscription_id)
        if subscription is None or subscription.tenant_id != tenant.tenant_id:
            raise not_found(f"Subscription {subscription_id}")
        return subscription


def _parse(body: bytes) -> _Wanted:
    request = json_object(body)
    url = request.get("url")
    if not isinstance(url, str) or not _is_web_address(url):
        raise invalid("url", "is required: an http or https URL")
    names = request.get("eventNames")
    if not isinstance(names, list) or not names or not all(n in EVENT_NAMES for n in names):
        raise invalid("eventNames", "is required: a list of " + ", ".join(EVENT_NAMES))
    return _Wanted(url, names, _key(request))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _key(request: Mapping[str, Any]) -> str:
    value: Any = request
    for name in ("auth", "apiKey", "key"):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise invalid("auth.apiKey.key", "is required: text")
    return value


def _shown(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "url": subscription.url,
        "eventNames": list(subscription.event_names),
        "status": "Suspended" if subscription.breaker_open else "Active",
    }


def _missed(event: Event, delivery: Delivery) -> dict[str, Any]:
    failure = {"reason": delivery.failure, "attempts": delivery.attempts}
    return {
        "id": event.id,
        "eventName": event.type,
        "subscriptionId": delivery.subscription_id,
        "eventPayload": event.body,
        "failurePayload": json_text.dumps(failure),
    }
