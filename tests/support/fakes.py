"""A Hub in memory: a clock that is set, chance that is fixed, a vendor that answers as told."""

import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from payhub.domain.answers import (
    Answer,
    Done,
    Finding,
    Matches,
    Missed,
    MissedEvent,
    Reading,
    Registered,
    Unanswered,
    View,
)
from payhub.domain.contract import Contract, Lifecycle
from payhub.domain.errors import SecretUnavailable
from payhub.domain.policy import Policy
from payhub.domain.tenant import Caller, Role, Tenant
from payhub.ports import (
    DocumentSource,
    EventReader,
    Hub,
    Order,
    PlanSource,
    PortalSource,
    VendorConfiguration,
    token_secret,
)
from payhub.store.dead_letters import DeadLetterBook
from payhub.store.feed import PaymentFeed
from payhub.store.inbox import EventInbox
from payhub.store.payments import Payments
from payhub.store.table import Table
from payhub.store.tenants import Tenants
from payhub.vendors.optum import contract
from payhub.vendors.optum.events import Events
from tests.support.memory_table import MemoryTable

NOON_MS = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""

TENANT = Tenant.model_validate(
    {
        "tenant": "0b2f6a52-7c1e-4f57-9a6e-3d1c5a9e7b10",
        "name": "Riverside",
        "amount_unit": "cents",
        "accounts": {"ACCT1": {"hold": False}, "ACCT2": {"hold": True}},
        "practice_ids": ["195900"],
        "vendor_codes": ["ACME"],
        "vendors": {
            "athena": {"base_url": "http://athena.test"},
            "optum": {
                "base_url": "http://optum.test",
                "tenant_id": "a976ced5-28ea-4e08-a267-024d2751e591",
                "amount_unit": "cents",
                "subscription_id": "sub-1",
            },
        },
    }
)
OTHER = TENANT.model_copy(
    update={"tenant": "1c3f7b63-8d2f-4a68-8b7f-4e2d6bae8c21", "name": "Hilltop"}
)

POLICY = Policy(
    function_timeout_seconds=30,
    vendor_timeout_seconds=10,
    late_apply_bound_seconds=900,
    retry_base_seconds=2,
    retry_cap_seconds=900,
    retry_attempts_max=5,
    inquiry_interval_seconds=60,
    refresh_seconds=900,
    watch_seconds=86400,
    park_seconds=86400,
    duplicate_window_seconds=600,
)


class SetClock:
    """The Clock port, moved by the test."""

    def __init__(self) -> None:
        self.at_ms = NOON_MS

    def now_ms(self) -> int:
        """Where the test put it."""
        return self.at_ms

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at_ms += int(seconds * 1000)


class CountingIds:
    """The Ids port, the same in every run."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.fixed_luck = 0.5

    def new(self) -> str:
        """id 1, 2, 3 ... as 32 hex characters."""
        return f"{next(self._numbers):032x}"

    def secret(self) -> str:
        """A secret that can be told from an id."""
        return f"secret-{next(self._numbers)}"

    def luck(self) -> float:
        """The same chance every time."""
        return self.fixed_luck


@dataclass
class RecordingQueue:
    """The Queue port as a list of what was sent."""

    payments: list[tuple[str, str, int]] = field(default_factory=list)
    events: list[tuple[str, str, str, int]] = field(default_factory=list)

    def payment_due(self, tenant: str, payment_id: str, delay_seconds: int) -> None:
        """Note it."""
        self.payments.append((tenant, payment_id, delay_seconds))

    def event_due(self, tenant: str, vendor: str, event_id: str, delay_seconds: int) -> None:
        """Note it."""
        self.events.append((tenant, vendor, event_id, delay_seconds))


class MemorySecrets:
    """The Secrets port as a dictionary."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Mapping[str, str]] = {}
        self.fetches = 0
        self.is_away = False

    def get(self, tenant: str, vendor: str, *, fresh: bool = False) -> Mapping[str, str]:
        """What was put, unless a test has it out of reach."""
        self.fetches += fresh
        if self.is_away or (tenant, vendor) not in self.known:
            raise SecretUnavailable
        return self.known[tenant, vendor]

    def find(self, tenant: str, vendor: str) -> Mapping[str, str] | None:
        """What was put, if it was."""
        return self.known.get((tenant, vendor))

    def put(self, tenant: str, vendor: str, fields: Mapping[str, str]) -> None:
        """Replace."""
        self.known[tenant, vendor] = fields

    def shared_token(self, tenant: str, vendor: str) -> Mapping[str, str]:
        """What another process shared."""
        return self.known.get((tenant, token_secret(vendor)), {})

    def share_token(self, tenant: str, vendor: str, fields: Mapping[str, str]) -> None:
        """Replace."""
        self.known[tenant, token_secret(vendor)] = fields


@dataclass
class RecordingSignals:
    """The Signals port as a list."""

    counts: list[tuple[str, float]] = field(default_factory=list)

    def count(self, name: str, value: float = 1, **dimensions: str) -> None:
        """Note it."""
        self.counts.append((name, value))

    def names(self) -> set[str]:
        """What was signalled at all."""
        return {name for name, _ in self.counts}


class ScriptedGateway:
    """The Gateway and EventSource ports: answers in the order the test put them.

    An exception in the script is raised, as a killed process would be. Calls are noted.
    """

    def __init__(self) -> None:
        self.answers: deque[Answer | BaseException] = deque()
        self.readings: deque[Reading] = deque()
        self.findings: deque[Finding] = deque()
        self.missed_events: list[MissedEvent] = []
        self.acknowledged: list[str] = []
        self.reopened = 0
        self.calls: list[Order] = []
        self.reads = 0
        self.searches = 0

    def perform(self, order: Order) -> Answer:
        """The next scripted answer."""
        self.calls.append(order)
        answer = self.answers.popleft()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def read(self, order: Order) -> Reading:
        """The next scripted reading; the last one stays."""
        self.reads += 1
        return self.readings.popleft() if len(self.readings) > 1 else self.readings[0]

    def search(self, order: Order) -> Finding:
        """The next scripted finding; the last one stays."""
        self.searches += 1
        return self.findings.popleft() if len(self.findings) > 1 else self.findings[0]

    def register(self, tenant: Tenant, url: str) -> Registered:
        """Always taken."""
        return Registered(registration_id=f"registration of {url}")

    def missed(self, tenant: Tenant) -> Missed:
        """What the test put."""
        return Missed(events=tuple(self.missed_events))

    def acknowledge(self, tenant: Tenant, event: MissedEvent) -> None:
        """Note it."""
        self.acknowledged.append(event.missed_id)

    def reopen(self, tenant: Tenant) -> None:
        """Note it."""
        self.reopened += 1


class ScriptedVendor:
    """The Vendor port: the issuer's real tables and event reader, a scripted client."""

    name = "optum"
    notifies = True
    shares_token = False
    contracts: Mapping[str, Contract] = contract.CONTRACTS
    lifecycle: Lifecycle = contract.LIFECYCLE

    def __init__(self, gateway: ScriptedGateway) -> None:
        self.gateway = gateway
        self.event_source = gateway

    @cached_property
    def events(self) -> EventReader:
        """The real reader."""
        return Events()

    @property
    def documents(self) -> DocumentSource:
        """The issuer keeps none."""
        raise NotImplementedError

    @property
    def plans(self) -> PlanSource:
        """Nor plans."""
        raise NotImplementedError

    @property
    def portal(self) -> PortalSource:
        """Nor a portal."""
        raise NotImplementedError

    def configure(self, configuration: Mapping[str, object]) -> VendorConfiguration:
        """Everything but the key is settings."""
        rest = {k: v for k, v in configuration.items() if k != "api_key"}
        return VendorConfiguration(
            settings=rest, secret={"api_key": str(configuration.get("api_key"))}
        )


class World:
    """A Hub on fakes with everything a test looks at beside it."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.clock = SetClock()
        self.ids = CountingIds()
        self.queue = RecordingQueue()
        self.secrets = MemorySecrets()
        self.signals = RecordingSignals()
        self.vendor = ScriptedGateway()
        table = cast("Table", self.table)
        self.hub = Hub(
            payments=Payments(table),
            feed=PaymentFeed(table),
            inbox=EventInbox(table),
            tenants=Tenants(table),
            dead_letters=DeadLetterBook(table),
            queue=self.queue,
            secrets=self.secrets,
            vendors={"optum": ScriptedVendor(self.vendor)},
            clock=self.clock,
            ids=self.ids,
            signals=self.signals,
            policy=POLICY,
            public_url="https://api.payhub.test",
        )
        for tenant in (TENANT, OTHER):
            self.hub.tenants.save(tenant)
        self.secrets.put(TENANT.tenant, "optum", {"api_key": "k", "webhook_secret": "w"})

    def caller(self, tenant: Tenant = TENANT, role: Role = Role.CALLER) -> Caller:
        """Somebody who calls."""
        return Caller(tenant=tenant, role=role, actor=f"{role.value}:test")


def view(status: str, reference: str = "v-1", balance_cents: int | None = 12500) -> View:
    """The vendor's word."""
    return View(reference=reference, status=status, available_balance_cents=balance_cents)


def done(status: str, reference: str = "v-1") -> Done:
    """The vendor did it."""
    return Done(view=view(status, reference))


def matches(*views: View) -> Matches:
    """What a search found."""
    return Matches(views=views)


UNANSWERED = Unanswered(reason="no answer")


def issue_values(**changes: Any) -> dict[str, Any]:
    """A command to issue 125.00 dollars; `amount`, `reference`, `account`, `key` may differ."""
    reference = changes.get("reference", "INV-1")
    return {
        "idempotency_key": changes.get("key", "key-1"),
        "body": {
            "accountShortCode": changes.get("account", "ACCT1"),
            "payment": {
                "paymentDetails": {
                    "amount": changes.get("amount", 12500),
                    "issuerReferenceId": reference,
                },
                "totalNumberOfClaims": 1,
            },
        },
    }
