"""What worlds in memory share: a Hub on fakes, one clock, a vendor that is the sandbox's machine.

The functions' own handlers take and answer requests, reminders and schedules. Nothing waits: time
passes when a test says so, and both sides then do what has come due.
"""

import copy
import importlib
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar, cast

import httpx
import pytest

from local.sandbox.clock import ManualClock
from local.sandbox.control import Control
from local.sandbox.ids import Ids as SandboxIds
from local.sandbox.messages import Query
from local.sandbox.messages import Request as VendorRequest
from local.sandbox.sandbox import Sandbox
from local.sandbox.store import Store
from local.sandbox.vendor import Settings
from local.sandbox.webhooks import Outcome, Post
from payhub import wiring
from payhub.domain.payment import Payment
from payhub.domain.policy import Policy
from payhub.domain.tenant import Tenant
from payhub.ports import Hub
from payhub.store.dead_letters import DeadLetterBook
from payhub.store.feed import PaymentFeed
from payhub.store.inbox import EventInbox
from payhub.store.payments import Payments
from payhub.store.table import Table
from payhub.store.tenants import Tenants
from payhub.transport import Transport
from payhub.vendors import RegisteredVendor
from tests.support.fakes import (
    POLICY,
    CountingIds,
    MemorySecrets,
    RecordingSignals,
)
from tests.support.memory_table import MemoryTable

Json = dict[str, Any]

TENANT_ID = "0b2f6a52-7c1e-4f57-9a6e-3d1c5a9e7b10"
OTHER_ID = "1c3f7b63-8d2f-4a68-8b7f-4e2d6bae8c21"
MORNING_MS = 1_795_273_200_000
"""2026-11-21T15:00:00Z: ten in the morning in New York."""


@dataclass(frozen=True)
class Said:
    """An HTTP answer; a body that is not JSON is text."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def payment_id(self) -> str:
        """Which payment it is about."""
        return self.headers["Payment-Id"]

    @property
    def is_replay(self) -> bool:
        """Whether it is the answer of an earlier request."""
        return self.headers.get("Idempotent-Replayed") == "true"


@dataclass(frozen=True)
class Sent:
    """A request that the hub made to the vendor; a body that is not JSON is text."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class TimedQueue:
    """The Queue port: reminders lie until their time has come, or until a test loses them."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.messages: list[tuple[int, str, Json]] = []

    def payment_due(self, tenant: str, payment_id: str, delay_seconds: int) -> None:
        """Keep it."""
        self._keep("advance_payment", delay_seconds, tenant=tenant, payment=payment_id)

    def event_due(self, tenant: str, vendor: str, event_id: str, delay_seconds: int) -> None:
        """Keep it."""
        self._keep("apply_event", delay_seconds, tenant=tenant, vendor=vendor, event=event_id)

    def _keep(self, worker: str, delay_seconds: int, **ids: str) -> None:
        self.messages.append((self._now_ms() + delay_seconds * 1000, worker, ids))

    def take(self, *, early: bool = False) -> list[tuple[str, Json]]:
        """What has come due, in its order; `early`: what will come due, too."""
        now_ms = max(it[0] for it in self.messages) if early and self.messages else self._now_ms()
        due = sorted((m for m in self.messages if m[0] <= now_ms), key=lambda m: m[0])
        self.messages = [m for m in self.messages if m[0] > now_ms]
        return [(worker, ids) for _, worker, ids in due]

    @property
    def next_ms(self) -> int | None:
        """When the next one comes due."""
        return min((at_ms for at_ms, _, _ in self.messages), default=None)


@dataclass
class SandboxWorld:
    """`sent` is what the vendor was asked.

    `before_call` is told each path before the vendor sees it; `instead` may answer for the vendor.
    """

    vendor: ClassVar[str]
    url: ClassVar[str]
    functions: ClassVar[tuple[str, ...]]

    start_ms: int = MORNING_MS
    policy: Policy = POLICY
    sent: list[Sent] = field(default_factory=list)
    before_call: Callable[[str], None] = lambda path: None
    instead: Callable[[httpx.Request], httpx.Response | None] = lambda request: None

    def __post_init__(self) -> None:
        self.clock = ManualClock(self.start_ms)
        ids = SandboxIds(random.Random(7))
        self.sandbox = Sandbox(Store(), self.clock, ids, self._deliver, Settings())
        self.controls = Control(self.sandbox)
        self.table, self.ids = MemoryTable(), CountingIds()
        self.queue = TimedQueue(self.clock.now_ms)
        self.signals, self.secrets = RecordingSignals(), MemorySecrets()
        self.hub = self._hub()

    def begin(self) -> None:
        """Set the tenants up on both sides; needs the functions' handlers."""
        raise NotImplementedError

    def _deliver(self, post: Post) -> Outcome:
        """A webhook of the vendor's."""
        raise AssertionError(post)

    def _hub(self) -> Hub:
        table = cast("Table", self.table)
        timeout = self.policy.vendor_timeout_seconds
        transport = Transport(timeout, httpx.MockTransport(self._vendor))
        vendor = RegisteredVendor(
            self.vendor, self.secrets, frozenset({self.url}), timeout, self.clock, transport
        )
        return Hub(
            payments=Payments(table),
            feed=PaymentFeed(table),
            inbox=EventInbox(table),
            tenants=Tenants(table),
            dead_letters=DeadLetterBook(table),
            queue=self.queue,
            secrets=self.secrets,
            vendors={self.vendor: vendor},
            clock=self.clock,
            ids=self.ids,
            signals=self.signals,
            policy=self.policy,
            public_url="https://api.payhub.test",
        )

    def handler(self, name: str) -> Callable[[Any, Any], Any]:
        """What Lambda calls of a function such as `api.void_payment`."""
        found: Callable[[Any, Any], Any] = importlib.import_module(name).handler
        return found

    # The vendor, as the hub sees it

    def _vendor(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        body = request.read()
        self.sent.append(
            Sent(
                method=request.method,
                path=path,
                query=dict(request.url.params),
                headers=dict(request.headers),
                body=json_or_text(body.decode()),
            )
        )
        self.before_call(path)
        if self.sandbox.refusal(self.vendor) is not None:
            raise httpx.ConnectError("played")
        return self.instead(request) or self._answered(request, path, body)

    def _answered(self, request: httpx.Request, path: str, body: bytes) -> httpx.Response:
        reply = self.sandbox.handle(
            self.vendor,
            VendorRequest(
                method=request.method,
                path=path,
                query=Query(request.url.params.multi_items()),
                headers={k.lower(): v for k, v in request.headers.items()},
                body=body,
            ),
        )
        if reply.after_seconds > self.policy.vendor_timeout_seconds:
            self.clock.advance(self.policy.vendor_timeout_seconds * 1000)
            raise httpx.ReadTimeout("played")
        if reply.response is None:
            raise httpx.ReadError("played")
        answer = reply.response
        headers = {k: v for k, v in answer.headers.items() if k.lower() != "content-length"}
        content = self._content(path, answer.body, spoilt=bool(reply.note))
        return httpx.Response(answer.status, headers=headers, content=content)

    def _content(self, path: str, body: bytes, *, spoilt: bool) -> bytes:
        """What the hub reads; a world may change it."""
        return body

    def asked(self, path: str, method: str = "POST") -> list[Sent]:
        """What the vendor was asked on a path."""
        return [it for it in self.sent if (it.method, it.path) == (method, path)]

    def control(self, method: str, path: str, body: Json | None = None) -> Any:
        """The sandbox's controls."""
        path, _, query = path.partition("?")
        request = VendorRequest(
            method=method,
            path=f"/_sandbox/{path}",
            query=Query.parse(query),
            headers={"content-type": "application/json"},
            body=json.dumps(body).encode() if body is not None else b"",
        )
        answer = self.controls.answer(request).response
        assert answer is not None and answer.status < 300, answer
        return json.loads(answer.body)

    def arm(self, operation: str, fault: str, count: int = 1, **more: Any) -> None:
        """Spoil the next requests of that operation; `refuse` closes the port, for five seconds."""
        if fault == "refuse":
            closed = {"vendor": self.vendor, "fault": fault, "seconds": 5}
            self.control("POST", "faults", {**closed, **more})
            return
        late = {"delay_seconds": 120} if fault == "late_apply" else {}
        wanted = {"vendor": self.vendor, "operation": operation, "fault": fault, "count": count}
        self.control("POST", "faults", {**wanted, **late, **more})

    def notify(self, post: Post) -> Said:
        """A webhook of the vendor's reaches the hub."""
        handler = self.handler(f"webhooks.{self.vendor}")
        event = {
            "httpMethod": "POST",
            "resource": f"/webhooks/{self.vendor}/{{tenant}}",
            "pathParameters": {"tenant": post.url.rpartition("/")[2]},
            "headers": dict(post.headers),
            "body": post.body.decode(),
            "requestContext": {"requestId": "w-1"},
        }
        return answer_of(handler(event, SimpleNamespace()))

    # The hub at work

    @property
    def tenant(self) -> Tenant:
        """The tenant."""
        found = self.hub.tenants.load(TENANT_ID)
        assert found is not None
        return found

    def work(self) -> None:
        """Workers do everything that is due now, and what becomes due by it."""
        for _ in range(50):
            messages = self.queue.take()
            if not messages:
                self.schedule("sweep")
                messages = self.queue.take()
            if not messages:
                return
            for worker, ids in dict.fromkeys((w, tuple(i.items())) for w, i in messages):
                self.remind(worker, dict(ids))
        raise AssertionError("something stays due for ever")

    def schedule(self, name: str) -> None:
        """A schedule's time has come."""
        self.handler(f"schedules.{name}")({}, SimpleNamespace())

    def work_early(self) -> None:
        """Workers do now what they were reminded of for later."""
        for worker, ids in self.queue.take(early=True):
            self.remind(worker, ids)

    def remind(self, worker: str, ids: Json) -> None:
        """One message reaches a worker."""
        record = {
            "messageId": "m-1",
            "receiptHandle": "r-1",
            "body": json.dumps({"v": 1, **ids}),
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }
        handler = self.handler(f"workers.{worker}")
        told = handler({"Records": [record]}, SimpleNamespace())
        assert told == {"batchItemFailures": []}, told

    def run(self) -> None:
        """Both sides do what is due now."""
        while self.sandbox.run_due_jobs():
            self.work()
        self.work()

    def go(self, seconds: float = 0, days: float = 0) -> None:
        """Let time pass: both sides do everything at the moment at which it comes due."""
        self.go_until(self.clock.now_ms() + round((seconds + days * 86_400) * 1000))

    def go_until(self, end_ms: int) -> None:
        """The same, to an instant."""
        self.run()
        while (next_ms := self._next_ms()) is not None and next_ms <= end_ms:
            self.clock.advance(max(0, next_ms - self.clock.now_ms()))
            self.run()
        self.clock.advance(max(0, end_ms - self.clock.now_ms()))
        self.run()

    def _next_ms(self) -> int | None:
        job = self.sandbox.jobs.next()
        due = [int(it["due_at"]["N"]) for it in self.table.items.values() if "due_at" in it]
        times = [*due, *([job.due_ms] if job else []), self.queue.next_ms]
        return min((at for at in times if at is not None), default=None)

    # Its callers

    def call(
        self,
        function: str,
        ids: dict[str, str] | None = None,
        body: Any = None,
        key: str | None = None,
        query: dict[str, str] | None = None,
        tenant: str = TENANT_ID,
        role: str = "caller",
        headers: dict[str, str] | None = None,
    ) -> Said:
        """Invoke a function as API Gateway would; a body of text goes out as it is."""
        handler = self.handler(f"api.{function}")
        sent = {"Content-Type": "application/json", **(headers or {})}
        event = {
            "httpMethod": "POST" if body is not None else "GET",
            "resource": f"/{function}",
            "pathParameters": ids or {},
            "queryStringParameters": query or {},
            "headers": sent | ({"Idempotency-Key": key} if key else {}),
            "body": None if body is None else _text(body),
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {"tenant": tenant, "role": role, "actor": f"{role}:test"},
            },
        }
        return answer_of(handler(event, SimpleNamespace()))

    def payment(self, payment_id: str) -> Payment:
        """The payment as it stands in the table."""
        found = self.hub.payments.load(TENANT_ID, payment_id)
        assert found is not None
        return found

    def details(self, payment_id: str, **more: Any) -> Json:
        """GET /payments/{paymentId}/details."""
        answer = self.call("get_payment_details", {"paymentId": payment_id}, **more)
        assert answer.status == 200, answer
        found: Json = answer.body
        return found

    def page(self, function: str = "list_payments", **query: str) -> list[Json]:
        """GET /payments, or /payment-plans."""
        answer = self.call(function, query={"limit": "25", **query})
        assert answer.status == 200, answer
        name = "payments" if function == "list_payments" else "paymentPlans"
        found: list[Json] = answer.body[name]
        return found

    def ended(self, payment_id: str, looks: int = 60) -> Payment:
        """Workers look until nothing of the payment is open, or a person must look."""
        for _ in range(looks):
            payment = self.payment(payment_id)
            if payment.open_action is None or payment.due_at_ms is None:
                break
            self.go_until(max(payment.due_at_ms, self.clock.now_ms()))
        return self.payment(payment_id)

    def interleave(self, other: Callable[[], object], point: str = "before put_together") -> None:
        """Have `other` happen just before the next request of that kind reaches the table."""

        def hook(at: str) -> None:
            if at == point:
                self.table.hook = lambda point: None
                other()

        self.table.hook = hook

    # Once and again from the same state

    def snapshot(self) -> Any:
        """What the hub knows."""
        return copy.deepcopy(self.table.items), list(self.queue.messages)

    def restore(self, snapshot: Any) -> None:
        """Back to what the hub knew; the vendor stays as it is."""
        items, messages = snapshot
        self.table.items, self.queue.messages = copy.deepcopy(items), list(messages)


W = TypeVar("W", bound=SandboxWorld)


def begun(monkeypatch: pytest.MonkeyPatch, world: W) -> W:
    """The world, with the functions' handlers imported anew for its hub."""
    monkeypatch.setattr(wiring, "hub", lambda: world.hub)
    for function in world.functions:
        monkeypatch.delitem(sys.modules, function, raising=False)
    for function in world.functions:
        importlib.import_module(function)
    world.begin()
    return world


def functions(api: Sequence[str], *others: str) -> tuple[str, ...]:
    """The modules of functions: those behind the API by name, the others with their room."""
    return (*(f"api.{name}" for name in api), *others)


def answer_of(answer: Json) -> Said:
    """A function's answer."""
    return Said(answer["statusCode"], answer["headers"], json_or_text(answer["body"]))


def json_or_text(body: str) -> Any:
    """As it is read."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body


def _text(body: Any) -> str:
    if isinstance(body, bytes):
        return body.decode()
    return body if isinstance(body, str) else json.dumps(body)
