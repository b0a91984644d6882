"""Webhooks out, for every vendor: what is sent, to whom, how it is signed and tried again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_SUCCESS = 2  # hundred

State = Literal["pending", "held", "delivered", "missed"]


@dataclass(frozen=True)
class Post:
    """One webhook on its way."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """The receiver's status, or None with the reason why there was none."""

    status: int | None
    error: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and self.status // 100 == _SUCCESS


Sender = Callable[[Post], Outcome]


@dataclass(frozen=True)
class DeliveryPolicy:
    """How a vendor signs, how often it tries again and when it stops delivering at all."""

    signature_header: str
    retry_delays_ms: Sequence[int]
    breaker_after_missed: int | None


@dataclass(frozen=True)
class Subscription:
    """Where a tenant wants its events; the breaker is open once too many in a row were missed."""

    id: str
    tenant_id: str
    url: str
    key: str
    event_names: Sequence[str]
    missed_in_a_row: int = 0
    breaker_open: bool = False


@dataclass(frozen=True)
class Event:
    """A webhook's exact bytes (as text) and the references by which a test can name it."""

    id: str
    type: str
    body: str
    references: Sequence[str]
    at_ms: int


@dataclass(frozen=True)
class Delivery:
    """One event for one subscription."""

    event_id: str
    subscription_id: str
    state: State
    attempts: int = 0
    failure: str = ""

    @property
    def id(self) -> str:
        return f"{self.subscription_id}:{self.event_id}"


@dataclass(frozen=True)
class Resent:
    """What a deliberate sending came to."""

    event_id: str
    type: str
    subscription_id: str
    status: int | None
    error: str = ""


def signature(key: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over the raw body."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
