"""A Hub on fakes whose athenahealth is the sandbox's own machine, in memory, on one clock.

Requests are forms, as a client sends them; the functions' own handlers take and answer them.
"""

import importlib
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

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
from local.sandbox.webhooks import Outcome
from payhub import wiring
from payhub.domain.payment import Payment
from payhub.domain.settlement import NEW_YORK
from payhub.domain.tenant import Tenant
from payhub.operations.advance_payment import AdvancePayment, advance_payment
from payhub.operations.create_tenant import CreateTenant, create_tenant
from payhub.operations.settle_payments import settle_payments
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
    RecordingQueue,
    RecordingSignals,
)
from tests.support.memory_table import MemoryTable

URL = "http://athena.test"
TENANT_ID = "0b2f6a52-7c1e-4f57-9a6e-3d1c5a9e7b10"
PRACTICE, CODE = "195900", "ACME"
PATIENT = f"/v1/{PRACTICE}/patients/{{}}"
CARD = {
    "accountnumber": "4111111111111111",
    "nameoncard": "Ada Abbott",
    "expirationmonthmm": "12",
    "expirationyearyyyy": "2039",
    "billingaddress": "1 Main Street",
    "billingzip": "02472",
}
MORNING_MS = 1_795_273_200_000
"""2026-11-21T15:00:00Z: ten in the morning in New York."""

_FUNCTIONS = (
    *("collect_payment", "store_card", "start_payment_plan", "record_payment"),
    *("void_collected_payment", "record_vendor_payment", "refund_vendor_payment"),
    *("adjust_charges", "list_receipts", "get_receipt", "get_receipt_details"),
    *("void_payment", "get_payment", "get_payment_details", "resolve_payment"),
)


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


@dataclass
class AthenaWorld:
    """One tenant with a practice; `calls` are the paths that the vendor was asked for.

    `before_call` is told each path before the vendor sees it, `instead` may answer for the vendor.
    """

    start_ms: int = MORNING_MS
    calls: list[str] = field(default_factory=list)
    before_call: Callable[[str], None] = lambda path: None
    instead: Callable[[str], httpx.Response | None] = lambda path: None

    def __post_init__(self) -> None:
        self.clock = ManualClock(self.start_ms)
        self.sandbox = Sandbox(
            Store(),
            self.clock,
            SandboxIds(random.Random(7)),
            lambda post: Outcome(status=200),
            Settings(),
        )
        self.controls = Control(self.sandbox)
        self.table, self.ids = MemoryTable(), CountingIds()
        self.queue, self.signals, self.secrets = (
            RecordingQueue(),
            RecordingSignals(),
            MemorySecrets(),
        )
        self.hub = self._hub()
        self.practice = {"client_id": "c", "client_secret": "s", "practice_ids": [PRACTICE]}
        self.control("POST", "athena/practices", {**self.practice, "vendor_codes": [CODE]})
        command = {
            "tenant": TENANT_ID,
            "name": "Riverside",
            "amount_unit": "cents",
            "practice_ids": [PRACTICE],
            "vendor_codes": [CODE],
            "vendors": {"athena": {"base_url": URL, "client_id": "c", "client_secret": "s"}},
        }
        create_tenant(self.hub, CreateTenant.model_validate(command))
        self.calls.clear()

    def _hub(self) -> Hub:
        table = cast("Table", self.table)
        vendor = RegisteredVendor(
            "athena",
            self.secrets,
            frozenset({URL}),
            POLICY.vendor_timeout_seconds,
            self.clock,
            Transport(POLICY.vendor_timeout_seconds, httpx.MockTransport(self._vendor)),
        )
        return Hub(
            payments=Payments(table),
            feed=PaymentFeed(table),
            inbox=EventInbox(table),
            tenants=Tenants(table),
            dead_letters=DeadLetterBook(table),
            queue=self.queue,
            secrets=self.secrets,
            vendors={"athena": vendor},
            clock=self.clock,
            ids=self.ids,
            signals=self.signals,
            policy=POLICY,
            public_url="https://api.payhub.test",
        )

    def _vendor(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        if not path.endswith("/token"):
            self.calls.append(f"{request.method} {path}")
        self.before_call(path)
        answer_of_another = self.instead(path)
        if answer_of_another is not None:
            return answer_of_another
        reply = self.sandbox.handle(
            "athena",
            VendorRequest(
                method=request.method,
                path=path,
                query=Query(request.url.params.multi_items()),
                headers={k.lower(): v for k, v in request.headers.items()},
                body=request.read(),
            ),
        )
        if reply.after_seconds > POLICY.vendor_timeout_seconds:
            self.clock.advance(POLICY.vendor_timeout_seconds * 1000)
            raise httpx.ReadTimeout("played")
        if reply.response is None:
            raise httpx.ReadError("played")
        answer = reply.response
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    # The vendor's side

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
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
        """Spoil the next requests of that operation."""
        wanted = {"vendor": "athena", "operation": operation, "fault": fault, "count": count}
        self.control("POST", "faults", {**wanted, **more})

    def ledger(self) -> list[tuple[str, str, int, str]]:
        """(operation, reference, cents, direction) of every movement."""
        lines = self.control("GET", "ledger?vendor=athena")
        return [
            (it["operation"], it["reference"], it["amount_cents"], it["direction"]) for it in lines
        ]

    def moved(self, operation: str) -> int:
        """How often that operation moved money."""
        return sum(line[0] == operation for line in self.ledger())

    # The hub's side

    @property
    def tenant(self) -> Tenant:
        """The tenant."""
        found = self.hub.tenants.load(TENANT_ID)
        assert found is not None
        return found

    def at(self, local: str) -> None:
        """Set the clock to a New York time, such as 2026-03-08 19:50."""
        wanted = datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)
        self.clock.advance(round(wanted.timestamp() * 1000) - self.clock.now_ms())
        self.sandbox.run_due_jobs()

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass at both sides."""
        self.clock.advance(round(seconds * 1000))
        self.sandbox.run_due_jobs()

    def call(
        self,
        function: str,
        ids: dict[str, str],
        fields: dict[str, Any] | bytes | None = None,
        key: str | None = None,
        role: str = "caller",
        **more: Any,
    ) -> Said:
        """Invoke a function as API Gateway would; `fields` become a form."""
        handler = importlib.import_module(f"api.{function}").handler
        body = fields if isinstance(fields, bytes) else urlencode(fields or {}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"Idempotency-Key": key} if key else {}
        event = {
            "httpMethod": "POST" if fields is not None else "GET",
            "resource": f"/{function}",
            "pathParameters": ids,
            "headers": {**headers, **more.pop("headers", {})},
            "body": body.decode() if body else None,
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {"tenant": TENANT_ID, "role": role, "actor": f"{role}:test"},
            },
            **more,
        }
        answer = handler(event, SimpleNamespace())
        return Said(answer["statusCode"], answer["headers"], json.loads(answer["body"]))

    def patient(self, function: str, fields: dict[str, Any], patient: int = 1, **more: Any) -> Said:
        """An operation below a patient's path."""
        ids = {"practiceid": PRACTICE, "patientid": str(patient), **more.pop("ids", {})}
        return self.call(function, ids, fields, **more)

    def collect(self, other: str = "25.00", key: str | None = None, **more: str) -> Said:
        """Charge the usual card of patient 1."""
        fields = {"departmentid": "1", "otheramount": other, **CARD, **more}
        return self.patient("collect_payment", fields, key=key)

    def void(self, epayment_id: object, patient: int = 1, key: str | None = None) -> Said:
        """Void by the vendor's path."""
        ids = {"epaymentid": str(epayment_id)}
        return self.patient("void_collected_payment", {}, patient, key=key, ids=ids)

    def record(self, amount: str = "25.00", key: str | None = None, **more: str) -> Said:
        """Record cash of patient 1 unless another method is given."""
        fields = {"departmentid": "1", "otheramount": amount, "paymentmethod": "CASH", **more}
        return self.patient("record_payment", fields, key=key)

    def report(self, amount: str = "25.00", **more: Any) -> Said:
        """Record a vendor payment in cash."""
        key = more.pop("key", None)
        usual = {"departmentid": "1", "patientid": "1", "paymentmethod": "CASH"}
        fields = {**usual, "otheramount": amount, **more}
        ids = {"practiceid": PRACTICE, "vendorcode": CODE}
        return self.call("record_vendor_payment", ids, fields, key)

    def refund(self, patient_payment_id: object, **more: Any) -> Said:
        """Record a vendor's refund."""
        key = more.pop("key", None)
        fields = {"departmentid": "1", "patientid": "1", "paymentmethod": "CASH", **more}
        ids = {
            "practiceid": PRACTICE,
            "vendorcode": CODE,
            "patientpaymentid": str(patient_payment_id),
        }
        return self.call("refund_vendor_payment", ids, fields, key)

    def adjust(self, *charges: tuple[int, str], key: str | None = None, **more: Any) -> Said:
        """Adjust charges of patient 1."""
        entries = [{"chargeid": charge, "adjustmentamount": amount} for charge, amount in charges]
        fields = {"patientid": "1", "charges": json.dumps(entries), **more}
        return self.call(
            "adjust_charges", {"practiceid": PRACTICE, "vendorcode": CODE}, fields, key
        )

    def payment(self, payment_id: str) -> Payment:
        """The payment as it stands."""
        found = self.hub.payments.load(TENANT_ID, payment_id)
        assert found is not None
        return found

    def work(self, payment_id: str) -> Payment:
        """Let time pass until the payment is due, and a worker look at it."""
        due_ms = self.payment(payment_id).due_at_ms
        if due_ms is not None and due_ms > self.clock.now_ms():
            self.pass_seconds((due_ms - self.clock.now_ms()) / 1000)
        advance_payment(self.hub, AdvancePayment(tenant=TENANT_ID, payment=payment_id))
        return self.payment(payment_id)

    def work_until_quiet(self, payment_id: str, looks: int = 40) -> Payment:
        """Have workers look until nothing is open, or a person must look."""
        for _ in range(looks):
            payment = self.payment(payment_id)
            action = payment.open_action
            if action is None or payment.due_at_ms is None:
                break
            self.work(payment_id)
        return self.payment(payment_id)

    def interleave(self, other: Callable[[], object]) -> None:
        """Have `other` happen just before the next transaction reaches the table."""

        def hook(point: str) -> None:
            if point == "before put_together":
                self.table.hook = lambda point: None
                other()

        self.table.hook = hook

    def resolve(self, payment_id: str, resolution: str, reference: str | None = None) -> Said:
        """POST /payments/{paymentId}/resolve, as an operator."""
        body = {"resolution": resolution, "reason": "asked the vendor"}
        body |= {"vendorReference": reference} if reference else {}
        return self.call(
            "resolve_payment",
            {"paymentId": payment_id},
            json.dumps(body).encode(),
            role="operator",
            headers={"Content-Type": "application/json"},
        )

    def settle(self) -> None:
        """The nightly schedule."""
        settle_payments(self.hub, self.tenant)


def athena_world(monkeypatch: pytest.MonkeyPatch, start_ms: int = MORNING_MS) -> AthenaWorld:
    """A world whose hub the functions' handlers get when they are imported."""
    world = AthenaWorld(start_ms)
    monkeypatch.setattr(wiring, "hub", lambda: world.hub)
    for function in _FUNCTIONS:
        monkeypatch.delitem(sys.modules, f"api.{function}", raising=False)
    for function in _FUNCTIONS:
        importlib.import_module(f"api.{function}")
    return world
