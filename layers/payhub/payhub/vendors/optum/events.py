"""The issuer API's webhooks: hex HMAC-SHA256 over the raw body, CloudEvents-like inside."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from payhub.domain.answers import VendorEvent
from payhub.domain.tenant import Tenant
from payhub.vendors.optum import wire
from payhub.vendors.optum.auth import settings_of

SECRET_FIELDS = ("webhook_secret", "webhook_secret_previous")
"""While a key changes, the vendor may sign with the old or the new one."""


class Events:
    """The EventReader port for this vendor."""

    def verify(
        self, tenant: Tenant, headers: Mapping[str, str], body: bytes, secret: Mapping[str, str]
    ) -> bool:
        """Whether one of the tenant's secrets signed exactly these bytes (constant time)."""
        names = settings_of(tenant).signature_headers
        given = next((headers[name] for name in names if name in headers), "")
        keys = [secret[field] for field in SECRET_FIELDS if secret.get(field)]
        matches = [
            hmac.compare_digest(
                hmac.new(key.encode(), body, hashlib.sha256).hexdigest().encode(),
                given.strip().lower().encode("utf-8", "replace"),
            )
            for key in keys
        ]
        return any(matches)

    def parse(self, body: bytes) -> VendorEvent:
        """The envelope; `causationId` is the event's id, `id` that of the object it is about."""
        try:
            envelope = wire.read_object(body)
        except wire.Unreadable:
            return _kept(body, "unreadable")
        kind = str(envelope.get("type") or "unnamed")
        data = envelope.get("data")
        if not isinstance(data, dict) or not kind.startswith("payment_"):
            return _kept(body, kind, envelope)
        return VendorEvent(
            event_id=_event_id(envelope, body),
            kind=kind,
            reference=_payment_id(envelope, data),
            status=_word(data.get("status")),
            occurred_at_ms=_instant(envelope.get("time")),
        )


def _kept(body: bytes, kind: str, envelope: Mapping[str, Any] | None = None) -> VendorEvent:
    return VendorEvent(
        event_id=_event_id(envelope or {}, body),
        kind=kind,
        reference=None,
        status=None,
        occurred_at_ms=None,
    )


def _event_id(envelope: Mapping[str, Any], body: bytes) -> str:
    return _word(envelope.get("causationId")) or hashlib.sha256(body).hexdigest()


def _payment_id(envelope: Mapping[str, Any], data: Mapping[str, Any]) -> str | None:
    network = data.get("paymentNetwork")
    ids = network.get("id") if isinstance(network, dict) else None
    inner = ids.get("paymentId") if isinstance(ids, dict) else None
    return _word(inner) or _word(envelope.get("id"))


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _instant(value: object) -> int | None:
    try:
        return wire.instant_ms(value)
    except wire.Unreadable:
        return None
