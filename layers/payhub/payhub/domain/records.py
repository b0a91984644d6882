"""What is stored beside payments: events, dead letters, credentials; and list pages."""

from dataclasses import dataclass
from enum import StrEnum

from payhub.domain.passwords import PasswordHash
from payhub.domain.payment import Payment
from payhub.domain.tenant import Role


class InboxState(StrEnum):
    """What became of an event."""

    RECEIVED = "received"
    PARKED = "parked"
    APPLIED = "applied"
    KEPT = "kept"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is done with the event by itself."""
        return self in (InboxState.APPLIED, InboxState.KEPT, InboxState.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRecord:
    """One vendor event, stored under its id before it is acknowledged.

    `event_id` is the hub's: a digest of the vendor's, whatever length and alphabet that has.
    """

    tenant: str
    vendor: str
    event_id: str
    body: str
    received_at_ms: int
    state: InboxState = InboxState.RECEIVED
    tries: int = 0
    due_at_ms: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something the hub gave up: `kind` is `payment`, `event` or `message`."""

    tenant: str
    letter_id: str
    kind: str
    subject_id: str
    vendor: str
    reason: str
    at_ms: int
    redriven_at_ms: int | None = None
    redriven_by: str | None = None


class CredentialKind(StrEnum):
    """What a stored digest opens."""

    API_KEY = "api_key"
    CLIENT = "client"
    BEARER = "bearer"
    APP = "app"
    """Shows an application's client secret; opens nothing."""
    USER = "user"
    """Found by the digest of its name; its password opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A key, client secret or token, known by its digest only.

    `client_id` is the client of an application; `password` is a user's.
    """

    digest: str
    kind: CredentialKind
    tenant: str
    role: Role
    actor: str
    expires_at_ms: int | None = None
    client_id: str | None = None
    password: PasswordHash | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueItem:
    """The id of something that is due: a payment, or an event when `vendor` is set."""

    tenant: str
    subject_id: str
    due_at_ms: int
    vendor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """What a page of payments may hold; times in epoch milliseconds, `to` exclusive."""

    limit: int
    cursor: str | None = None
    status: str | None = None
    action: str | None = None
    vendor: str | None = None
    operation: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPage:
    """Some payments and the cursor of what follows; a page may be short before the end."""

    payments: tuple[Payment, ...]
    next_cursor: str | None
