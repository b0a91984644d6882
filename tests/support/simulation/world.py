"""The hub and one vendor's sandbox in one process, on one clock and one random source."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import httpx

from local.sandbox.clock import ManualClock
from local.sandbox.control import Control
from local.sandbox.ids import Ids as SandboxIds
from local.sandbox.messages import Query
from local.sandbox.messages import Request as VendorRequest
from local.sandbox.sandbox import Sandbox
from local.sandbox.store import Store
from local.sandbox.vendor import Settings
from local.sandbox.webhooks import Outcome, Post
from payhub.domain.payment import Payment
from payhub.domain.tenant import Caller, Role, Tenant
from payhub.operations.create_tenant import CreateTenant, create_tenant
from payhub.operations.receive_event import receive_event
from payhub.ports import Hub
from payhub.store.dead_letters import DeadLetterBook
from payhub.store.feed import PaymentFeed
from payhub.store.inbox import EventInbox
from payhub.store.payments import Payments
from payhub.store.table import Table
from payhub.store.tenants import Tenants
from payhub.transport import Transport
from payhub.vendors import RegisteredVendor
from tests.support.fakes import POLICY, CountingIds, MemorySecrets
from tests.support.memory_table import MemoryTable
from tests.support.simulation.chance import Chance
from tests.support.simulation.ports import SimulatedQueue, SimulatedSignals, VendorLine

TENANT_ID = "0b2f6a52-7c1e-4f57-9a6e-3d1c5a9e7b10"


class World:
    """Everything is real but the ports: the operations and the vendor's client."""

    def __init__(
        self, vendor: str, chance: Chance, clock: ManualClock, retry_attempts_max: int = 40
    ) -> None:
        self.vendor = vendor
        self.chance = chance
        self.clock = clock
        self.sandbox = Sandbox(
            Store(), clock, SandboxIds(chance.random), self._deliver, Settings(step_seconds=5)
        )
        self.controls = Control(self.sandbox)
        self.table = MemoryTable()
        self.queue = SimulatedQueue(chance, clock)
        self.signals = SimulatedSignals()
        self.line = VendorLine(vendor, chance, clock, self.sandbox)
        self.hub = self._hub(retry_attempts_max)

    def _hub(self, retry_attempts_max: int) -> Hub:
        secrets, table = MemorySecrets(), cast("Table", self.table)
        vendor = RegisteredVendor(
            self.vendor,
            secrets,
            frozenset({self.url}),
            POLICY.vendor_timeout_seconds,
            self.clock,
            Transport(POLICY.vendor_timeout_seconds, httpx.MockTransport(self.line)),
        )
        return Hub(
            payments=Payments(table),
            feed=PaymentFeed(table),
            inbox=EventInbox(table),
            tenants=Tenants(table),
            dead_letters=DeadLetterBook(table),
            queue=self.queue,
            secrets=secrets,
            vendors={self.vendor: vendor},
            clock=self.clock,
            ids=CountingIds(),
            signals=self.signals,
            policy=replace(POLICY, retry_attempts_max=retry_attempts_max),
            public_url="https://api.payhub.test",
        )

    @property
    def url(self) -> str:
        """Where the vendor is."""
        return f"http://{self.vendor}.test"

    def make_tenant(self, settings: Mapping[str, Any], vendor: Mapping[str, Any]) -> None:
        """The tenant of the simulation; from then on the table may fail."""
        command = {
            "tenant": TENANT_ID,
            "name": "Simulated",
            "amount_unit": "cents",
            **settings,
            "vendors": {self.vendor: {"base_url": self.url, **vendor}},
        }
        create_tenant(self.hub, CreateTenant.model_validate(command))
        self.table.hook = self.chance.perhaps

    def _deliver(self, post: Post) -> Outcome:
        """The sandbox's webhooks reach the hub, or the function that takes them dies."""
        if self.chance.strikes(times=5):
            return Outcome(None, "lost")
        headers = {k.lower(): v for k, v in post.headers.items()}
        done = self.chance.attempt(
            "webhook",
            lambda: receive_event(self.hub, self.vendor, TENANT_ID, headers, post.body),
        )
        return Outcome(200 if done else 500, "")

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The sandbox's controls."""
        content = b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        request = VendorRequest(
            method=method, path=f"/_sandbox/{path}", query=Query.parse(query), body=content
        )
        reply = self.controls.answer(request).response
        assert reply is not None and reply.status < 300, reply
        return json.loads(reply.body) if reply.body else None

    def arm(self, body: dict[str, Any]) -> None:
        """The vendor misbehaves, some time from now."""
        self.chance.trace.append(f"arm {body}")
        wanted = {**body, "count": self.chance.random.randrange(1, 3)}
        self.control("POST", "faults", body if body["fault"] == "refuse" else wanted)

    @property
    def caller(self) -> Caller:
        """An operator, who may do everything."""
        tenant = cast("Tenant", self.hub.tenants.load(TENANT_ID))
        return Caller(tenant=tenant, role=Role.OPERATOR, actor="operator:simulation")

    def payment_ids(self) -> list[str]:
        """Every payment the hub has stored."""
        return sorted(key[0].rpartition("#")[2] for key in self.table.items if key[1] == "PAYMENT")

    def payments(self) -> list[Payment]:
        """Every payment as it stands."""
        loaded = [self.hub.payments.load(TENANT_ID, it) for it in self.payment_ids()]
        return [payment for payment in loaded if payment is not None]
