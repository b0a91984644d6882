"""Registration of webhooks, and what became of their deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from local.sandbox import json_text
from local.sandbox.clock import iso
from local.sandbox.decoda.calls import Call, Verb
from local.sandbox.decoda.events import ALERT_TYPES, GUIDE_NAMES, GUIDE_TYPES
from local.sandbox.decoda.refusals import Mistake, broken_rule, invalid, not_found
from local.sandbox.decoda.schema import Field
from local.sandbox.decoda.tenants import VENDOR
from local.sandbox.messages import Response, json_response
from local.sandbox.outbox import RESEND
from local.sandbox.shelf import Shelf
from local.sandbox.vendor import Tools
from local.sandbox.webhooks import Delivery, Event, Subscription

WEBHOOK = "decoda_webhook"
_TYPES = tuple(dict.fromkeys((*ALERT_TYPES, *GUIDE_TYPES)))
_ATTEMPTS = 10


@dataclass(frozen=True)
class Webhook:
    """`subscriptions` as they were asked for; the secret is shown once."""

    tenant: str
    id: str
    url: str
    subscriptions: list[str]
    email: str | None
    secret: str
    created_ms: int
    updated_ms: int
    archived: bool = False

    @property
    def name(self) -> str:
        return self.id

    @property
    def parent(self) -> str:
        return self.tenant

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "subscriptions": self.subscriptions,
            "url": self.url,
            "createdDate": iso(self.created_ms),
            "updatedDate": iso(self.updated_ms),
            "notificationEmail": self.email,
            "isArchived": self.archived,
        }

    def subscription(self) -> Subscription:
        """A name of one vocabulary stands for the same event in the other one too."""
        names = [] if self.archived else self.subscriptions
        same = {**GUIDE_NAMES, **{guide: name for name, guide in GUIDE_NAMES.items()}}
        wanted = [*names, *(same[name] for name in names if name in same)]
        return Subscription(self.id, self.tenant, self.url, self.secret, wanted)


class WebhookApi:
    """A tenant sees its own webhooks only."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._shelf = Shelf(tools.store, VENDOR, WEBHOOK, lambda body: Webhook(**body))
        self.verbs: Mapping[str, Verb] = {
            "register_webhook": self._register,
            "list_webhooks": self._list,
            "get_webhook": lambda call: json_response(200, self._own(call).shown()),
            "change_webhook": self._change,
            "archive_webhook": self._archive,
            "list_delivery_attempts": self._attempts,
            "get_delivery_attempt": self._attempt,
            "resend_delivery_attempt": self._resend,
        }

    def _register(self, call: Call) -> Response:
        body = _wanted(call)
        webhook = Webhook(
            tenant=call.tenant.id,
            id=self._tools.ids.uuid(),
            url=body["url"],
            subscriptions=body["subscriptions"],
            email=body.get("notificationEmail"),
            secret=self._tools.ids.hex32(),
            created_ms=call.now_ms,
            updated_ms=call.now_ms,
        )
        self._save(webhook)
        return json_response(200, {**webhook.shown(), "secret": webhook.secret})

    def _list(self, call: Call) -> Response:
        with_archived = call.query.get("include_archived", "false").lower() == "true"
        found = self._shelf.all(call.tenant.id)
        shown = [each.shown() for each in found if with_archived or not each.archived]
        return json_response(200, shown)

    def _change(self, call: Call) -> Response:
        """Effective at once, also for deliveries that are tried again; the secret stays."""
        body = _wanted(call)
        changed = replace(
            self._own(call),
            url=body["url"],
            subscriptions=body["subscriptions"],
            email=body.get("notificationEmail"),
            updated_ms=call.now_ms,
        )
        self._save(changed)
        return json_response(200, changed.shown())

    def _archive(self, call: Call) -> Response:
        self._save(replace(self._own(call), archived=True, updated_ms=call.now_ms))
        return json_response(200, True)

    def _attempts(self, call: Call) -> Response:
        """Newest first."""
        webhook = self._own(call)
        limit = call.integer("limit", _ATTEMPTS, lowest=1)
        offset = call.integer("offset", 0, lowest=0)
        type_, delivered = call.query.get("event_type"), call.query.get("is_delivered")
        events = {event.id: event for event in self._tools.outbox.events(VENDOR)}
        shown = [
            _attempt(delivery, events[delivery.event_id])
            for delivery in reversed(self._tools.outbox.deliveries(VENDOR))
            if delivery.subscription_id == webhook.id
            and type_ in (None, events[delivery.event_id].type)
            and delivered in (None, str(delivery.state == "delivered").lower())
        ]
        return json_response(200, {"data": shown[offset : offset + limit], "total": len(shown)})

    def _attempt(self, call: Call) -> Response:
        return json_response(200, _attempt(*self._own_attempt(call)))

    def _resend(self, call: Call) -> Response:
        """A GET with an effect: the event is sent again, to all who had it."""
        _, event = self._own_attempt(call)
        payload = {"event_ids": [event.id], "times": 1}
        self._tools.jobs.schedule(call.now_ms, VENDOR, RESEND, payload, "outward")
        return json_response(200, True)

    def _own(self, call: Call) -> Webhook:
        webhook = self._shelf.get(call.parameters["webhook_id"])
        if webhook is None or webhook.tenant != call.tenant.id:
            raise not_found("Webhook")
        return webhook

    def _own_attempt(self, call: Call) -> tuple[Delivery, Event]:
        webhooks = {each.id for each in self._shelf.all(call.tenant.id)}
        for delivery in self._tools.outbox.deliveries(VENDOR):
            if delivery.id == call.parameters["attempt_id"] and (
                delivery.subscription_id in webhooks
            ):
                events = self._tools.outbox.events(VENDOR)
                return delivery, next(each for each in events if each.id == delivery.event_id)
        raise not_found("Webhook delivery attempt")

    def _save(self, webhook: Webhook) -> None:
        self._shelf.save(webhook)
        self._tools.outbox.save(VENDOR, webhook.subscription())


def _wanted(call: Call) -> dict[str, Any]:
    """The guide's names are only known where the tenant is told in the guide's style."""
    types = _TYPES if call.tenant.event_style == "guide" else ALERT_TYPES
    fields = (
        Field("subscriptions", "texts", required=True, nullable=False, choices=types),
        Field("url", "text", required=True, nullable=False),
        Field("notificationEmail", "text"),
    )
    body = call.object(fields)
    if not _is_web_address(body["url"]):
        mistake = Mistake(("body", "url"), "Input should be a valid URL", "url_parsing")
        raise invalid([mistake])
    if not body["subscriptions"]:
        raise broken_rule("At least one subscription is required")
    return body


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _attempt(delivery: Delivery, event: Event) -> dict[str, Any]:
    """The envelope with what became of it; the moments of attempts are not kept."""
    failed_with_status = delivery.failure.startswith("HTTP ")
    status = int(delivery.failure.removeprefix("HTTP ")) if failed_with_status else None
    return {
        **json_text.loads(event.body),
        "id": delivery.id,
        "eventId": event.id,
        "webhookId": delivery.subscription_id,
        "isDelivered": delivery.state == "delivered",
        "deliveredDate": None,
        "lastDeliveryAttemptDate": None,
        "lastDeliveryAttemptStatus": 200 if delivery.state == "delivered" else status,
        "lastDeliveryAttemptError": delivery.failure or None,
    }
