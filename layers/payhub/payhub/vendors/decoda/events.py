"""Decoda's webhooks: a signature over the body, hints in two vocabularies and two field styles.

An event is never believed for what it says of a payment: its order is not promised, and a second
one of the same moment may say the opposite. It names what the vendor is then asked about.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from payhub.domain.answers import VendorEvent
from payhub.domain.scrub import scrub
from payhub.domain.tenant import Tenant
from payhub.vendors.decoda import wire

SIGNATURE_HEADER = "decoda-signature"

SECRET_FIELDS = ("webhook_secret", "webhook_secret_previous")
"""After a webhook was made anew, what the old one signed may still be on its way."""

SUBSCRIPTIONS = (
    "PAYMENT_CREATED",
    "PAYMENT_SUCCEEDED",
    "PAYMENT_FAILED",
    "PLANNED_PAYMENT_SUCCEEDED",
    "PLANNED_PAYMENT_FAILED",
    "CHARGE_CREATED",
    "CHARGE_PAYMENT_CREATED",
    "REFUND_CREATED",
    "REFUND_SUCCEEDED",
    "REFUND_FAILED",
    "ADJUSTMENT_CREATED",
    "ADJUSTMENT_SUCCEEDED",
    "ADJUSTMENT_FAILED",
    "RAINFOREST_PAYIN_PROCESSING",
    "RAINFOREST_PAYIN_FAILED",
    "RAINFOREST_POS_PAYIN_CANCELLED",
)
"""What a webhook is registered for, in the vendor's AlertType words."""

SAME = {"PAYMENT_COMPLETED": "PAYMENT_SUCCEEDED"}
"""The guide's word -> the AlertType word."""

PAYMENT, REFUND, PLANNED = "payment", "refund", "planned"
PAYIN, CHARGE, ADJUSTMENT = "payin", "charge", "adjustment"

_OF_A_PAYMENT = {f"PAYMENT_{status}" for status in wire.PAYMENT_STATUSES} | {
    "CHARGE_PAYMENT_CREATED"
}
_BEGINNINGS = {
    "REFUND_": REFUND,
    "PLANNED_PAYMENT_": PLANNED,
    "RAINFOREST_PAYIN_": PAYIN,
    "RAINFOREST_POS_PAYIN_": PAYIN,
    "CHARGE_": CHARGE,
    "ADJUSTMENT_": ADJUSTMENT,
}
_ID_MAX_CHARS = 256


class Events:
    """The EventReader port for this vendor."""

    def verify(
        self,
        tenant: Tenant,  # noqa: ARG002 - the header's name is the same for all tenants
        headers: Mapping[str, str],
        body: bytes,
        secret: Mapping[str, str],
    ) -> bool:
        """Whether one of the tenant's secrets signed these bytes, or the JSON in them.

        The guide signs the raw body; one of its samples signs the body as Python writes it.
        """
        given = headers.get(SIGNATURE_HEADER, "").strip().lower().encode("utf-8", "replace")
        keys = [secret[field].encode() for field in SECRET_FIELDS if secret.get(field)]
        matches = [
            hmac.compare_digest(hmac.new(key, text, hashlib.sha256).hexdigest().encode(), given)
            for key in keys
            for text in (body, _as_python_writes(body))
        ]
        return any(matches)

    def parse(self, body: bytes) -> VendorEvent:
        """The envelope, and what of the hub it is about."""
        try:
            envelope = wire.loads(body)
        except wire.Unreadable:
            envelope = None
        if not isinstance(envelope, dict):
            return VendorEvent(
                event_id=_digest(body),
                kind="unreadable",
                reference=None,
                status=None,
                occurred_at_ms=None,
            )
        kind = _kind(envelope)
        data = envelope.get("data")
        about = _topic(kind)
        fields = data if about and isinstance(data, dict) else {}
        payment_id = _payment_id(about, fields)
        return VendorEvent(
            event_id=_word(envelope.get("id")) or _digest(body),
            kind=kind,
            reference=None if payment_id is None else f"payment/{payment_id}",
            status=None,
            occurred_at_ms=_instant(_first(envelope, "createdDate", "created_date")),
            within=_within(about, fields),
            optional=about in (CHARGE, ADJUSTMENT),
            detail=_detail(fields) if about == PAYMENT else None,
        )


def read_delivery_attempt(line: object) -> bytes:
    """A line of the list of delivery attempts as the event that was to be delivered.

    Raises Unreadable.
    """
    if not isinstance(line, dict):
        raise wire.Unreadable("a delivery attempt is not an object")
    names = ("type", "data", "createdDate", "alertId")
    envelope = {
        "id": _first(line, "eventId", "id"),
        **{name: line[name] for name in names if name in line},
    }
    return json.dumps(envelope, separators=(",", ":"), default=_number).encode()


def _as_python_writes(body: bytes) -> bytes:
    """The JSON as Python's json.dumps writes it; the body itself where it is no JSON."""
    try:
        return json.dumps(json.loads(body.decode())).encode()
    except (ValueError, RecursionError):
        return body


def _kind(envelope: Mapping[str, Any]) -> str:
    word = envelope.get("type")
    kind = scrub(word) if isinstance(word, str) else ""
    return SAME.get(kind, kind) or "unnamed"


def _topic(kind: str) -> str | None:
    if kind in _OF_A_PAYMENT:
        return PAYMENT
    return next((topic for begin, topic in _BEGINNINGS.items() if kind.startswith(begin)), None)


def _payment_id(about: str | None, data: Mapping[str, Any]) -> str | None:
    """The payment that the event names; the `id` of a refund is not it."""
    if about not in (PAYMENT, REFUND):
        return None
    return _first(data, "paymentId", "payment_id") or (
        _first(data, "id") if about == PAYMENT else None
    )


def _within(about: str | None, data: Mapping[str, Any]) -> tuple[str, ...]:
    """What knows the payments in question: a payin, a plan, or the plans of a charge."""
    if about == PLANNED:
        return _named("plan", [_first(data, "paymentPlanId", "payment_plan_id")])
    payin = _named("payin", [_first(data, "payinConfigId", "payin_config_id")])
    own = _first(data, "chargeId", "charge_id")
    if about == PAYMENT:
        charges = [_first(each, "chargeId", "charge_id") for each in _objects(data.get("charges"))]
        return payin + _named("plan-charge", [own, *charges])
    if about == PAYIN:
        return payin + _named("plan-charge", _charges_of_payin(data.get("metadata")))
    if about == CHARGE:
        return _named("plan-charge", [own or _first(data, "id")])
    return _named("plan-charge", [own]) if about == ADJUSTMENT else ()


def _charges_of_payin(metadata: object) -> list[str | None]:
    """From the charges of a payin's metadata, and from those of the plan in it."""
    found = metadata if isinstance(metadata, dict) else {}
    plan = found.get("paymentPlan")
    ids = plan.get("chargeIds") if isinstance(plan, dict) else None
    return [
        *(_first(each, "id") for each in _objects(found.get("charges"))),
        *(_word(each) for each in (ids if isinstance(ids, list) else [])),
    ]


def _named(kind: str, ids: Iterable[str | None]) -> tuple[str, ...]:
    """References of one kind, each once, in their order."""
    return tuple(dict.fromkeys(f"{kind}/{each}" for each in ids if each))


def _detail(data: Mapping[str, Any]) -> str | None:
    """Why the payment failed, in the vendor's words."""
    names = ("failedReason", "failure_message", "failure_reason")
    found = next((data[name] for name in names if isinstance(data.get(name), str)), "")
    return scrub(found) or None


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _first(fields: Mapping[str, Any], *names: str) -> str | None:
    """The word under the first of the names that has one."""
    return next((word for name in names if (word := _word(fields.get(name)))), None)


def _word(value: object) -> str | None:
    """An id or an instant; None for what is no such text."""
    if not isinstance(value, str) or not 0 < len(value) <= _ID_MAX_CHARS:
        return None
    return value if value.isprintable() else None


def _instant(value: str | None) -> int | None:
    try:
        return wire.instant_ms(value)
    except wire.Unreadable:
        return None


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _number(value: object) -> float:
    """A Decimal in a line that was read exactly; nothing is reckoned with it."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return float(value)
