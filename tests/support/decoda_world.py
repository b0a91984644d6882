"""A Hub on fakes whose Decoda is the sandbox's own machine, in memory, on one clock.

The functions' own handlers take and answer requests, webhooks, reminders and the sweep. Webhooks
are signed by the sandbox's outbox and come when, and in the order in which, a test wants.
"""

import copy
import importlib
import json
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

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
from local.sandbox.webhooks import Outcome, Post, signature
from payhub import wiring
from payhub.domain.payment import Payment
from payhub.domain.tenant import Tenant
from payhub.operations.collect_missed_events import collect_missed_events
from payhub.operations.create_tenant import CreateTenant, create_tenant
from payhub.ports import Hub
from payhub.store.dead_letters import DeadLetterBook
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

URL = "http://decoda.test"
TENANT_ID = "0b2f6a52-7c1e-4f57-9a6e-3d1c5a9e7b10"
OTHER_ID = "1c3f7b63-8d2f-4a68-8b7f-4e2d6bae8c21"
CLINICS = {TENANT_ID: "clinic-1", OTHER_ID: "clinic-2"}
"""The hub's tenants, and how Decoda calls them."""

PATIENT = 7
MORNING_MS = 1_795_273_200_000
"""2026-11-21T15:00:00Z: ten in the morning in New York."""

NEW_YORK = ZoneInfo("America/New_York")
SETTLE = "/billing/payment-terminal/charge/create-patient-credit-settled"
PAYIN = "/billing/payment-plan/payin-config"
REFUND = "/billing/payment/refund"
TABLE = "/billing/payment/table"
REPORT = "/analytics/dashboards/payment-plans/payment-plans-grouped"

_API = (
    *("settle_with_credit", "create_payin_config", "get_payment_plan", "list_payment_plans"),
    *("cancel_payment_plan", "refund_payment", "get_payment", "get_payment_details"),
    *("list_payments", "resolve_payment", "list_dead_letters"),
)
_OTHERS = ("webhooks.decoda", "workers.advance_payment", "workers.apply_event", "schedules.sweep")
_FUNCTIONS = (*(f"api.{name}" for name in _API), *_OTHERS)


@dataclass(frozen=True)
class Said:
    """An HTTP answer."""

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
    """A request that the hub made to the vendor."""

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
class DecodaWorld:
    """Two tenants, each with a clinic at the vendor; `sent` is what the vendor was asked.

    `before_call` is told each path before the vendor sees it; `instead` may answer for the vendor,
    and `tampered` change what it answers. Webhooks go to `mail` while `holds` is set, nowhere when
    they are `lost`, and else to the hub at once.
    """

    start_ms: int = MORNING_MS
    event_style: str = "api"
    time_zone: str = "America/New_York"
    payin_expires_days: int = 7
    sent: list[Sent] = field(default_factory=list)
    mail: list[Post] = field(default_factory=list)
    holds: bool = False
    lost: bool = False
    before_call: Callable[[str], None] = lambda path: None
    instead: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
    tampered: Callable[[str, Any], Any] = lambda path, answer: answer

    def __post_init__(self) -> None:
        self.clock = ManualClock(self.start_ms)
        ids = SandboxIds(random.Random(7))
        self.sandbox = Sandbox(Store(), self.clock, ids, self._deliver, Settings())
        self.controls = Control(self.sandbox)
        self.table, self.ids = MemoryTable(), CountingIds()
        self.queue = TimedQueue(self.clock.now_ms)
        self.signals, self.secrets = RecordingSignals(), MemorySecrets()
        self.answers_stand = False
        self._standing: dict[str, httpx.Response] = {}
        self._charges: dict[tuple[int, int], Json] = {}
        self.hub = self._hub()

    def begin(self) -> None:
        """Set the tenants up on both sides; needs the functions' handlers."""
        for tenant, clinic in CLINICS.items():
            known = {"tenant": clinic, "api_key": f"key-{clinic}"}
            style = {"event_style": self.event_style, "requests_per_minute": 1_000_000}
            self.control("POST", "decoda/tenants", {**known, **style})
            decoda = {
                "base_url": URL,
                "tenant_id": clinic,
                "api_key": f"key-{clinic}",
                "payin_expires_days": self.payin_expires_days,
            }
            command = {
                "tenant": tenant,
                "name": clinic,
                "amount_unit": "cents",
                "time_zone": self.time_zone,
                "vendors": {"decoda": decoda},
            }
            create_tenant(self.hub, CreateTenant.model_validate(command))
        self.sent.clear()

    def _hub(self) -> Hub:
        table = cast("Table", self.table)
        timeout = POLICY.vendor_timeout_seconds
        transport = Transport(timeout, httpx.MockTransport(self._vendor))
        vendor = RegisteredVendor(
            "decoda", self.secrets, frozenset({URL}), timeout, self.clock, transport
        )
        return Hub(
            payments=Payments(table),
            inbox=EventInbox(table),
            tenants=Tenants(table),
            dead_letters=DeadLetterBook(table),
            queue=self.queue,
            secrets=self.secrets,
            vendors={"decoda": vendor},
            clock=self.clock,
            ids=self.ids,
            signals=self.signals,
            policy=POLICY,
            public_url="https://api.payhub.test",
        )

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
                body=json.loads(body) if body else None,
            )
        )
        self.before_call(path)
        if self.sandbox.refusal("decoda") is not None:
            raise httpx.ConnectError("played")
        answer_of_another = self.instead(request)
        if answer_of_another is not None:
            return answer_of_another
        if not self.answers_stand or request.method != "GET":
            return self._answered(request, path, body)
        if str(request.url) not in self._standing:
            self._standing[str(request.url)] = self._answered(request, path, body)
        return self._standing[str(request.url)]

    def _answered(self, request: httpx.Request, path: str, body: bytes) -> httpx.Response:
        reply = self.sandbox.handle(
            "decoda",
            VendorRequest(
                method=request.method,
                path=path,
                query=Query(request.url.params.multi_items()),
                headers={k.lower(): v for k, v in request.headers.items()},
                body=body,
            ),
        )
        if reply.after_seconds > POLICY.vendor_timeout_seconds:
            self.clock.advance(POLICY.vendor_timeout_seconds * 1000)
            raise httpx.ReadTimeout("played")
        if reply.response is None:
            raise httpx.ReadError("played")
        answer = reply.response
        content = answer.body
        if answer.status == httpx.codes.OK and not reply.note:
            content = json.dumps(self.tampered(path, json.loads(content))).encode()
        headers = {k: v for k, v in answer.headers.items() if k.lower() != "content-length"}
        return httpx.Response(answer.status, headers=headers, content=content)

    def asked(self, path: str, method: str = "POST") -> list[Sent]:
        """What the vendor was asked on a path."""
        return [it for it in self.sent if (it.method, it.path) == (method, path)]

    # The vendor, as its clinic and its patients see it

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
        """Spoil the next requests of that operation; `refuse` closes the port for five seconds."""
        if fault == "refuse":
            self.control("POST", "faults", {"vendor": "decoda", "fault": fault, "seconds": 5})
            return
        late = {"delay_seconds": 120} if fault == "late_apply" else {}
        wanted = {"vendor": "decoda", "operation": operation, "fault": fault, "count": count}
        self.control("POST", "faults", {**wanted, **late, **more})

    def ledger(self) -> list[tuple[str, int, str]]:
        """(operation, cents, direction) of every movement."""
        lines = self.control("GET", "ledger?vendor=decoda")
        return [(it["operation"], it["amount_cents"], it["direction"]) for it in lines]

    def moved(self, operation: str) -> list[int]:
        """The amounts that an operation moved."""
        return [cents for name, cents, _ in self.ledger() if name == operation]

    def patient(self, number: int = PATIENT, clinic: str = "clinic-1") -> Json:
        """As the clinic's books have the patient."""
        found: Json = self.control("GET", f"decoda/patients?tenant={clinic}")[number - 1]
        return found

    def credits(self, number: int = PATIENT) -> list[int]:
        """What is left of each credit, oldest first."""
        return [it["left_cents"] for it in self.patient(number)["credits"]]

    def owed(self, place: int, number: int = PATIENT) -> int:
        """What is outstanding on a charge."""
        found: int = self.patient(number)["charges"][place]["outstanding_cents"]
        return found

    def charges(self, *places: int, number: int = PATIENT, **more: Any) -> list[Json]:
        """Charges as a caller writes them, and writes them again: 250000, 10000 and 1707 cents."""
        return [{**self._charge(place, number), **more} for place in places]

    def _charge(self, place: int, number: int) -> Json:
        if (place, number) not in self._charges:
            patient = self.patient(number)
            charge = patient["charges"][place]
            self._charges[place, number] = {
                "patientId": patient["patient_id"],
                "id": charge["charge_id"],
                "totalOutstanding": charge["outstanding_cents"],
            }
        return self._charges[place, number]

    def look_up_charges(self) -> None:
        """The caller asks anew what is outstanding."""
        self._charges.clear()

    def confirm(self, payin: Json, method: str = "CARD", outcome: str = "approved") -> Json:
        """The payer does in the component what a payin was prepared for."""
        body = {
            "payin_config_id": payin["payinConfigId"],
            "method": method,
            "outcome": outcome,
        }
        found: Json = self.control("POST", "decoda/payins", body)
        return found

    def at_vendor(self, method: str, path: str, body: Any = None, clinic: str = "clinic-1") -> Any:
        """Somebody in the clinic works with Decoda itself."""
        path, _, query = path.partition("?")
        request = VendorRequest(
            method=method,
            path=path,
            query=Query.parse(query),
            headers={"api-key": f"key-{clinic}", "tenant": clinic},
            body=json.dumps(body).encode() if body is not None else b"",
        )
        answer = self.sandbox.handle("decoda", request).response
        assert answer is not None and answer.status < 300, answer
        return json.loads(answer.body)

    def vendor_payments(self, number: int = PATIENT) -> list[Json]:
        """The rows of a patient's payments, oldest first."""
        who = self.patient(number)["patient_id"]
        path = f"{TABLE}?patient_id={who}&sort_direction=asc&per_page=100"
        found: list[Json] = self.at_vendor("GET", path)["items"]["data"]
        return found

    # Webhooks

    def _deliver(self, post: Post) -> Outcome:
        if self.lost:
            return Outcome(status=None, error="ConnectionRefusedError")
        if self.holds:
            self.mail.append(post)
            return Outcome(status=200)
        return Outcome(status=self.post(post).status)

    def post(self, post: Post) -> Said:
        """A webhook reaches the hub."""
        handler = importlib.import_module("webhooks.decoda").handler
        event = {
            "httpMethod": "POST",
            "resource": "/webhooks/decoda/{tenant}",
            "pathParameters": {"tenant": post.url.rpartition("/")[2]},
            "headers": dict(post.headers),
            "body": post.body.decode(),
            "requestContext": {"requestId": "w-1"},
        }
        return _said(handler(event, SimpleNamespace()))

    def tell(self, type_: str, data: Json, event_id: str = "e-1") -> Said:
        """A webhook that the vendor might send, signed with the hub's secret of it."""
        created = {"createdDate": "2026-11-21T15:00:00Z", "alertId": "a-1"}
        body = json.dumps({"id": event_id, "type": type_, "data": data, **created}).encode()
        key = str(self.secrets.known[TENANT_ID, "decoda"]["webhook_secret"])
        url = f"{self.hub.public_url}/webhooks/decoda/{TENANT_ID}"
        return self.post(Post(url, {"Decoda-Signature": signature(key, body)}, body))

    def deliver(self, posts: Iterable[Post]) -> None:
        """Webhooks reach the hub in this order, each worked on before the next comes."""
        for post in posts:
            assert self.post(post).status == 200
            self.work()

    def events(self) -> list[Json]:
        """The inbox."""
        return [
            json.loads(item["doc"]["S"])
            for key, item in self.table.items.items()
            if key[1] == "EVENT"
        ]

    def collect_missed(self) -> None:
        """The schedule that asks for deliveries that failed."""
        collect_missed_events(self.hub, self.tenant)

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
                sweep = importlib.import_module("schedules.sweep").handler
                sweep({}, SimpleNamespace())
                messages = self.queue.take()
            if not messages:
                return
            for worker, ids in dict.fromkeys((w, tuple(i.items())) for w, i in messages):
                self.remind(worker, dict(ids))
        raise AssertionError("something stays due for ever")

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
        handler = importlib.import_module(f"workers.{worker}").handler
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

    def go_to(self, local: str) -> None:
        """The same, to a time in New York such as 2026-03-08 19:50."""
        moment = datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)
        self.go_until(round(moment.timestamp() * 1000))

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
        """Invoke a function as API Gateway would."""
        handler = importlib.import_module(f"api.{function}").handler
        text = body.decode() if isinstance(body, bytes) else json.dumps(body)
        sent = {"Content-Type": "application/json", **(headers or {})}
        event = {
            "httpMethod": "POST" if body is not None else "GET",
            "resource": f"/{function}",
            "pathParameters": ids or {},
            "queryStringParameters": query or {},
            "headers": sent | ({"Idempotency-Key": key} if key else {}),
            "body": None if body is None else text,
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {"tenant": tenant, "role": role, "actor": f"{role}:test"},
            },
        }
        return _said(handler(event, SimpleNamespace()))

    def settle(
        self, amount: Any, *places: int, key: str | None = None, charges: Any = None, **more: Any
    ) -> Said:
        """Settle charges with the patient's credit; the second charge, 10000 cents, by default."""
        charges = self.charges(*(places or (1,))) if charges is None else charges
        query = {"amount": str(amount)}
        return self.call("settle_with_credit", body=charges, key=key, query=query, **more)

    def plan_body(self, *places: int, number: int = PATIENT, **plan: Any) -> Json:
        """The second charge, 10000 cents: 1000 now and three times 3000."""
        charges = self.charges(*(places or (1,)), number=number)
        wanted = {
            "initialAmount": 1000,
            "chargeIds": [charge["id"] for charge in charges],
            "frequency": "MONTHLY",
            "installments": 3,
            "installmentAmount": 3000,
            **plan,
        }
        return {"paymentMedium": "VIRTUAL_TERMINAL", "charges": charges, "paymentPlan": wanted}

    def prepare(self, *places: int, key: str | None = None, body: Any = None, **plan: Any) -> Said:
        """Prepare a plan."""
        body = self.plan_body(*places, **plan) if body is None else body
        return self.call("create_payin_config", body=body, key=key)

    def running(self, *places: int, method: str = "CARD", **plan: Any) -> str:
        """The id of a plan that its payer has confirmed and the hub heard of."""
        said = self.prepare(*places, **plan)
        assert said.status == 200, said
        self.confirm(said.body, method)
        self.go(5)
        return said.payment_id

    def plan(self, plan_id: str, **more: Any) -> Said:
        """GET /payment-plans/{planId}."""
        return self.call("get_payment_plan", {"planId": plan_id}, **more)

    def shown(self, plan_id: str) -> Json:
        """The plan as it is shown."""
        said = self.plan(plan_id)
        assert said.status == 200, said
        found: Json = said.body
        return found

    def cancel(self, plan_id: str, key: str | None = None, **more: Any) -> Said:
        """POST /payment-plans/{planId}/cancel."""
        return self.call("cancel_payment_plan", {"planId": plan_id}, {}, key, **more)

    def refund(
        self,
        payment_id: str,
        amount: int,
        key: str | None = None,
        tenant: str = TENANT_ID,
        **more: Any,
    ) -> Said:
        """POST /payments/{paymentId}/refund."""
        body = {"amount": amount, "reason": "OTHER", "providerId": "provider-1", **more}
        return self.call("refund_payment", {"paymentId": payment_id}, body, key, tenant=tenant)

    def payment(self, payment_id: str) -> Payment:
        """The payment as it stands in the table."""
        found = self.hub.payments.load(TENANT_ID, payment_id)
        assert found is not None
        return found

    def details(self, payment_id: str, **more: Any) -> Json:
        """GET /payments/{paymentId}/details."""
        said = self.call("get_payment_details", {"paymentId": payment_id}, **more)
        assert said.status == 200, said
        found: Json = said.body
        return found

    def page(self, function: str = "list_payments", **query: str) -> list[Json]:
        """GET /payments, or /payment-plans."""
        said = self.call(function, query={"limit": "25", **query})
        assert said.status == 200, said
        found: list[Json] = said.body["payments" if function == "list_payments" else "paymentPlans"]
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


def _said(answer: Json) -> Said:
    return Said(answer["statusCode"], answer["headers"], json.loads(answer["body"]))


def decoda_world(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> DecodaWorld:
    """A world whose hub the functions' handlers get when they are imported."""
    world = DecodaWorld(**changes)
    monkeypatch.setattr(wiring, "hub", lambda: world.hub)
    for function in _FUNCTIONS:
        monkeypatch.delitem(sys.modules, function, raising=False)
    for function in _FUNCTIONS:
        importlib.import_module(function)
    world.begin()
    return world


def types_of(posts: Sequence[Post]) -> list[str]:
    """What webhooks tell of."""
    return [json.loads(post.body)["type"] for post in posts]
