"""The hub's ports as Protocols, and the frozen Hub value that carries what stands behind them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from payhub.domain.answers import (
    Answer,
    Carried,
    Failure,
    Fetched,
    Finding,
    Missed,
    MissedEvent,
    Reading,
    Registered,
    TakenPayment,
    VendorEvent,
)
from payhub.domain.card import Card
from payhub.domain.claims import Claim
from payhub.domain.contract import Contract, Lifecycle
from payhub.domain.payment import Action, Payment
from payhub.domain.policy import Policy
from payhub.domain.portal import PortalPage
from payhub.domain.records import (
    Credential,
    DeadLetter,
    DueItem,
    InboxRecord,
    PaymentFilter,
    PaymentPage,
)
from payhub.domain.tenant import Tenant

Change = Callable[[Payment], Payment]
"""A pure step from one revision of a payment to the next; the same object back means no change."""


class Clock(Protocol):
    """Time in epoch milliseconds."""

    def now_ms(self) -> int:
        """The present instant."""
        ...


class Ids(Protocol):
    """Unguessable ids and chance."""

    def new(self) -> str:
        """A new id of 32 hex characters."""
        ...

    def secret(self) -> str:
        """A new secret with at least 256 bits, safe in a header and a URL."""
        ...

    def luck(self) -> float:
        """A number in [0, 1) for jitter; nothing secret hangs on it."""
        ...


class PaymentStore(Protocol):
    """Payments: strongly consistent per payment, every write conditional."""

    def create(
        self, payment: Payment, carried: Carried | None, claims: Sequence[Claim] = ()
    ) -> Payment:
        """Store a new payment, or give back the one that stands under its id.

        Compare tokens or revisions to tell which. The carried body is written first; `claims` are
        written with the payment or not at all. Raises ClaimTaken when one of them has changed.
        """
        ...

    def claim(self, tenant: str, key: str) -> Claim | None:
        """Who holds the claim, read consistently."""
        ...

    def load(self, tenant: str, payment_id: str) -> Payment | None:
        """The payment at its latest revision, or None when the tenant has none of that id."""
        ...

    def carried(self, payment: Payment) -> Carried | None:
        """The undocumented parts of the request, as they came in; None when over their time."""
        ...

    def change(
        self,
        payment: Payment,
        change: Change,
        *,
        applied: InboxRecord | None = None,
        dead_letter: DeadLetter | None = None,
    ) -> Payment:
        """Apply `change`, and again to what another writer stored meanwhile, until it holds.

        `applied` (the event it comes from) and `dead_letter` are written with it or not at all. So
        is the claim on the vendor's reference, of a payment that has a scope for it; raises
        ClaimTaken when another payment holds that reference.
        """
        ...

    def with_history(self, payment: Payment) -> Payment:
        """The payment with the history entries that had moved to pages of their own."""
        ...

    def find_by_reference(self, tenant: str, vendor: str, reference: str) -> Payment | None:
        """The payment that the vendor knows under `reference`."""
        ...

    def page(self, tenant: str, wanted: PaymentFilter) -> PaymentPage:
        """One page of a tenant's payments, newest first."""
        ...

    def due(self, now_ms: int, limit: int) -> Sequence[DueItem]:
        """Ids of what is due, oldest first; the decision is taken on a consistent read."""
        ...


class Feed(Protocol):
    """Payments in the order in which they became known, by feeds that callers poll.

    A stamp is an epoch millisecond that only one payment of a feed has, later than all before it.
    """

    def add(self, tenant: str, feed: str, now_ms: int, build: Callable[[int], Payment]) -> Payment:
        """Store the payment that `build` makes of its stamp, and its place in the feed, together.

        A payment that stands under its id comes back instead. Raises ClaimTaken when another
        payment holds its reference.
        """
        ...

    def page(
        self, tenant: str, feed: str, after_ms: int | None, limit: int
    ) -> tuple[Sequence[Payment], int]:
        """Payments after a stamp, read consistently, and the stamp to go on from."""
        ...

    def cursor(self, tenant: str, feed: str) -> int | None:
        """Up to which instant of the vendor's the feed is complete."""
        ...

    def save_cursor(self, tenant: str, feed: str, at_ms: int) -> None:
        """Note that it is, after the payments up to then were added."""
        ...


class Inbox(Protocol):
    """Vendor events as they came in, each once."""

    def add(self, record: InboxRecord) -> InboxRecord:
        """Store the event under its id, or give back the one that stands there."""
        ...

    def load(self, tenant: str, vendor: str, event_id: str) -> InboxRecord | None:
        """The event at its latest state."""
        ...

    def save(self, record: InboxRecord) -> None:
        """Replace the event unless it is applied already."""
        ...

    def revive(self, record: InboxRecord) -> None:
        """Replace the event even where it was given up."""
        ...

    def expire(self, record: InboxRecord, dead_letter: DeadLetter) -> None:
        """Give the event up: it and its dead letter are written together."""
        ...


class TenantStore(Protocol):
    """Tenants, and the credentials that lead to them."""

    def load(self, tenant: str) -> Tenant | None:
        """The tenant's settings, at most some seconds old."""
        ...

    def all(self) -> Iterator[Tenant]:
        """Every tenant of the stack."""
        ...

    def save(self, tenant: Tenant) -> None:
        """Store the settings, replacing earlier ones."""
        ...

    def credential(self, digest: str) -> Credential | None:
        """The credential whose secret has that digest."""
        ...

    def add_credential(self, credential: Credential) -> None:
        """Store a credential; the secret itself is never stored."""
        ...


class DeadLetters(Protocol):
    """What was given up and waits for an operator."""

    def add(self, letter: DeadLetter) -> None:
        """Store the letter; the same letter twice is one."""
        ...

    def load(self, tenant: str, letter_id: str) -> DeadLetter | None:
        """One letter."""
        ...

    def page(
        self, tenant: str, limit: int, cursor: str | None
    ) -> tuple[Sequence[DeadLetter], str | None]:
        """One page of the tenant's letters, newest first, and the cursor of the next."""
        ...

    def mark_redriven(self, letter: DeadLetter, actor: str, now_ms: int) -> None:
        """Note who redrove it and when."""
        ...


class Queue(Protocol):
    """Reminders: a message carries ids only, and one that finds nothing to do does nothing."""

    def payment_due(self, tenant: str, payment_id: str, delay_seconds: int) -> None:
        """Have a worker look at the payment; a lost reminder is made good by the sweep."""
        ...

    def event_due(self, tenant: str, vendor: str, event_id: str, delay_seconds: int) -> None:
        """Have a worker look at the event; raises when it cannot be queued."""
        ...


class Secrets(Protocol):
    """Vendor credentials, one secret per tenant and vendor."""

    def get(self, tenant: str, vendor: str, *, fresh: bool = False) -> Mapping[str, str]:
        """The secret's fields; `fresh` asks again after the vendor refused the known ones.

        Raises SecretUnavailable where they cannot be read.
        """
        ...

    def find(self, tenant: str, vendor: str) -> Mapping[str, str] | None:
        """The secret's fields as they are now, or None where there is no such secret."""
        ...

    def put(self, tenant: str, vendor: str, fields: Mapping[str, str]) -> None:
        """Store the secret's fields, replacing earlier ones."""
        ...

    def shared_token(self, tenant: str, vendor: str) -> Mapping[str, str]:
        """The token that a process of this stack shared last; empty where none can be read."""
        ...

    def share_token(self, tenant: str, vendor: str, fields: Mapping[str, str]) -> None:
        """Let other processes use the token too; where that fails they get tokens of their own."""
        ...


OAUTH_SECRET = "oauth"  # noqa: S105 - a name
"""Under which name the key of the tenant's applications stands among its secrets."""


def token_secret(vendor: str) -> str:
    """Under which name a vendor's shared token stands among the tenant's secrets."""
    return f"{vendor}-token"


class Signals(Protocol):
    """What alarms listen to."""

    def count(self, name: str, value: float = 1, **dimensions: str) -> None:
        """Emit one metric value."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Everything a vendor client needs to carry out, look up or read one action."""

    tenant: Tenant
    payment: Payment
    action: Action
    carried: Carried
    now_ms: int
    card: Card | None = None
    """In a request that presents one; never when the hub acts by itself."""
    call_by_ms: int | None = None
    """When the call of an attempt must have started, because its intent grows old."""
    not_ours: frozenset[str] = frozenset()
    """Names that the vendor gives to other payments: what it shows under them is not this one."""


class Gateway(Protocol):
    """A vendor's client: one call each, never raising for what a vendor may answer."""

    def perform(self, order: Order) -> Answer:
        """Have the vendor carry the action out: one request that may move money."""
        ...

    def read(self, order: Order) -> Reading:
        """The payment's present state at the vendor."""
        ...

    def search(self, order: Order) -> Finding:
        """Every payment at the vendor that carries this order's reference."""
        ...


class DocumentSource(Protocol):
    """The side of a vendor's client that fetches what is only shown to callers."""

    def fetch(
        self, tenant: Tenant, document: str, ids: Mapping[str, str], query: Mapping[str, str]
    ) -> Fetched | Failure:
        """The document of that name (`list_receipts`, ...) for the ids of its path."""
        ...


class PlanSource(Protocol):
    """The side of a vendor's client that tells what was taken for a payment plan."""

    def taken(
        self, order: Order, is_known: Callable[[str], bool]
    ) -> Sequence[TakenPayment] | Failure:
        """The payments of the order's plan that are not known by their vendor's reference yet."""
        ...


class PortalSource(Protocol):
    """The side of a vendor's client that fetches what patients paid in its portal."""

    def poll(
        self, tenant: Tenant, practice_id: str, kind: str, since_ms: int | None
    ) -> PortalPage | Failure:
        """The payments after an instant of the vendor's, a page of them."""
        ...


class EventSource(Protocol):
    """The side of a vendor's client that deals with its notifications."""

    def register(self, tenant: Tenant, url: str) -> Registered | Failure:
        """Have notifications sent to `url`, signed with the tenant's webhook secret."""
        ...

    def missed(self, tenant: Tenant) -> Missed | Failure:
        """Notifications the vendor could not deliver."""
        ...

    def acknowledge(self, tenant: Tenant, event: MissedEvent) -> Failure | None:
        """Tell the vendor that a missed notification is safe with us."""
        ...

    def reopen(self, tenant: Tenant) -> Failure | None:
        """Have the vendor deliver again after its circuit breaker stopped."""
        ...


class EventReader(Protocol):
    """Verification and reading of a vendor's notifications; needs no network."""

    def verify(
        self, tenant: Tenant, headers: Mapping[str, str], body: bytes, secret: Mapping[str, str]
    ) -> bool:
        """Whether the signature proves that the vendor sent exactly these bytes."""
        ...

    def parse(self, body: bytes) -> VendorEvent:
        """The event in the hub's terms; an unreadable one is kept under a digest of its bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorConfiguration:
    """A tenant's configuration of a vendor, parted into what is stored where."""

    settings: Mapping[str, object]
    secret: Mapping[str, str]


class Vendor(Protocol):
    """One vendor as the hub sees it; the clients behind it are made on first use."""

    @property
    def name(self) -> str:
        """The vendor's name in payments, settings, queues and secrets."""
        ...

    @property
    def contracts(self) -> Mapping[str, Contract]:
        """Verb -> the vendor's promises for it."""
        ...

    @property
    def lifecycle(self) -> Lifecycle:
        """The vendor's status words."""
        ...

    @property
    def notifies(self) -> bool:
        """Whether it sends notifications at all."""
        ...

    @property
    def shares_token(self) -> bool:
        """Whether its tokens are few, so that one is shared by all processes of the stack."""
        ...

    @property
    def events(self) -> EventReader:
        """How its notifications are read."""
        ...

    def configure(self, configuration: Mapping[str, object]) -> VendorConfiguration:
        """Check a tenant's configuration and part it into settings and secret.

        Raises InvalidRequest, for a base URL that is not on the stack's list too.
        """
        ...

    @property
    def gateway(self) -> Gateway:
        """Its client for payments."""
        ...

    @property
    def documents(self) -> DocumentSource:
        """Its client for documents. Raises NotFound where the vendor keeps none for callers."""
        ...

    @property
    def plans(self) -> PlanSource:
        """Its client for payment plans; only asked about payments that are plans."""
        ...

    @property
    def portal(self) -> PortalSource:
        """Its client for what was paid in its portal; only asked where it has one."""
        ...

    @property
    def event_source(self) -> EventSource:
        """Its client for notifications."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """All ports, joined to their adapters in one place (wiring) and to fakes in tests."""

    payments: PaymentStore
    feed: Feed
    inbox: Inbox
    tenants: TenantStore
    dead_letters: DeadLetters
    queue: Queue
    secrets: Secrets
    vendors: Mapping[str, Vendor]
    clock: Clock
    ids: Ids
    signals: Signals
    policy: Policy
    public_url: str
