"""The hub and the vendor's sandbox in one process, with faults and deaths drawn from a seed.

Everything is real but the ports: the operations and the issuer's client run against the table in
memory, and the client's HTTP goes straight into the sandbox's state machine. One random source
decides what happens, so a seed replays exactly.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import httpx

from local.sandbox.clock import ManualClock
from local.sandbox.control import Control
from local.sandbox.ids import Ids as SandboxIds
from local.sandbox.messages import Request as VendorRequest
from local.sandbox.sandbox import Sandbox
from local.sandbox.store import Store
from local.sandbox.vendor import Settings
from local.sandbox.webhooks import Outcome, Post
from payhub.domain.errors import NothingToDo, Refused
from payhub.domain.payment import Payment
from payhub.domain.tenant import Caller, Role, Tenant
from payhub.operations.advance_payment import AdvancePayment, advance_payment
from payhub.operations.apply_event import ApplyEvent, apply_event
from payhub.operations.collect_missed_events import collect_missed_events
from payhub.operations.create_tenant import CreateTenant, create_tenant
from payhub.operations.issue_payment import IssuePayment, issue_payment
from payhub.operations.receive_event import receive_event
from payhub.operations.record_dead_letter import RecordDeadLetter, record_dead_letter
from payhub.operations.sweep import sweep
from payhub.ports import Hub
from payhub.store.dead_letters import DeadLetterBook
from payhub.store.inbox import EventInbox
from payhub.store.payments import Payments
from payhub.store.table import Table
from payhub.store.tenants import Tenants
from payhub.transport import Transport
from payhub.vendors import RegisteredVendor
from tests.support.doing import VERBS, Killed
from tests.support.fakes import POLICY, CountingIds, MemorySecrets, RecordingSignals, issue_values
from tests.support.memory_table import MemoryTable

VENDOR_URL = "http://optum.test"
TENANT_ID = "0b2f6a52-7c1e-4f57-9a6e-3d1c5a9e7b10"
VENDOR_TENANT = "a976ced5-28ea-4e08-a267-024d2751e591"
KEY = "vendor-key"

VISIBILITY_SECONDS = 180
RECEIVES_MAX = 4
FAULTS = (
    "disconnect",
    "timeout_before",
    "timeout_after",
    "http_500_before",
    "http_500_after",
    "http_429",
    "malformed",
    "decline",
    "late_apply",
)
OPERATIONS = ("issue_payment", "release_payment", "void_payment", "reissue_payment")
READS = ("get_payment_details", "list_batches", "get_batch_details")


class StorageFailure(Exception):
    """A request to the table that failed, before or after its effect."""


@dataclass(order=True)
class Message:
    """One message on a queue, not to be received before its time."""

    at_ms: int
    number: int
    ids: dict[str, str] = field(compare=False)
    receives: int = field(default=0, compare=False)


class Simulation:
    """One seed's world: act, let time pass, and look whether the books agree."""

    def __init__(self, seed: int, death_rate: float = 0.02) -> None:
        self.chance = random.Random(seed)
        self.death_rate = 0.0
        self.depth = 0
        self.trace: list[str] = []
        self.messages: list[Message] = []
        self.sent = 0
        self.clock = ManualClock()
        self.sandbox = Sandbox(
            Store(), self.clock, SandboxIds(self.chance), self._deliver, Settings(step_seconds=5)
        )
        self.controls = Control(self.sandbox)
        self.table = MemoryTable()
        self.hub = self._hub()
        self._make_tenant()
        self.table.hook = self._perhaps
        self.death_rate = death_rate
        self.payments: dict[str, Payment] = {}
        self.next_sweep_ms = self.clock.now_ms()

    # What the hub stands on

    def _hub(self) -> Hub:
        secrets, table = MemorySecrets(), cast("Table", self.table)
        ids = CountingIds()
        vendor = RegisteredVendor(
            "optum",
            secrets,
            frozenset({VENDOR_URL}),
            POLICY.vendor_timeout_seconds,
            self.clock,
            Transport(POLICY.vendor_timeout_seconds, httpx.MockTransport(self._vendor)),
        )
        return Hub(
            payments=Payments(table),
            inbox=EventInbox(table),
            tenants=Tenants(table),
            dead_letters=DeadLetterBook(table),
            queue=self,
            secrets=secrets,
            vendors={"optum": vendor},
            clock=self.clock,
            ids=ids,
            signals=RecordingSignals(),
            policy=replace(POLICY, retry_attempts_max=40),
            public_url="https://api.payhub.test",
        )

    def _make_tenant(self) -> None:
        accounts = {"ACCT1": {"hold": False}, "ACCT2": {"hold": True}}
        self.control(
            "POST",
            "optum/tenants",
            {
                "tenant_id": VENDOR_TENANT,
                "api_key": KEY,
                "amount_unit": "cents",
                "accounts": accounts,
            },
        )
        vendor = {
            "base_url": VENDOR_URL,
            "tenant_id": VENDOR_TENANT,
            "amount_unit": "cents",
            "api_key": KEY,
            "webhook_secret": "w",
        }
        command = {
            "tenant": TENANT_ID,
            "name": "Simulated",
            "amount_unit": "cents",
            "accounts": accounts,
            "vendors": {"optum": vendor},
        }
        create_tenant(self.hub, CreateTenant.model_validate(command))

    def payment_due(self, tenant: str, payment_id: str, delay_seconds: int) -> None:
        """The Queue port; a reminder may be lost, the sweep makes it good."""
        self._perhaps("before send")
        if self.chance.random() >= self.death_rate:
            self._enqueue({"tenant": tenant, "payment": payment_id}, delay_seconds)

    def event_due(self, tenant: str, vendor: str, event_id: str, delay_seconds: int) -> None:
        """The Queue port."""
        self._perhaps("before send")
        ids = {"tenant": tenant, "vendor": vendor, "event": event_id}
        self._enqueue(ids, delay_seconds)

    def _enqueue(self, ids: dict[str, str], delay_seconds: int) -> None:
        for _ in range(2 if self.chance.random() < self.death_rate else 1):
            self.sent += 1
            at_ms = self.clock.now_ms() + delay_seconds * 1000
            self.messages.append(Message(at_ms, self.sent, ids))

    def _vendor(self, request: httpx.Request) -> httpx.Response:
        self._perhaps("before vendor")
        reply = self.sandbox.handle(
            "optum",
            VendorRequest(
                method=request.method,
                path=request.url.raw_path.decode().partition("?")[0],
                query=dict(request.url.params),
                headers={k.lower(): v for k, v in request.headers.items()},
                body=request.read(),
            ),
        )
        self._perhaps("after vendor")
        if reply.after_seconds > POLICY.vendor_timeout_seconds:
            self.clock.advance(POLICY.vendor_timeout_seconds * 1000)
            raise httpx.ReadTimeout("played")
        self.clock.advance(round(reply.after_seconds * 1000))
        if reply.response is None:
            raise httpx.ReadError("played")
        answer = reply.response
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def _perhaps(self, point: str) -> None:
        """Every port call may be the one at which the process dies, hangs, or the table fails.

        While one hangs, others act and time passes; then it goes on, as a zombie would, unless its
        function's time is over: Lambda kills it then.
        """
        if self.depth == 0 and self.chance.random() < self.death_rate:
            self._hang(point)
        if self.chance.random() < self.death_rate:
            self.trace.append(f"  died {point}")
            raise Killed(point)
        if "vendor" not in point and self.chance.random() < self.death_rate:
            self.trace.append(f"  storage failed {point}")
            raise StorageFailure(point)

    def _hang(self, point: str) -> None:
        self.depth = 1
        self.trace.append(f"  hangs {point}")
        until_ms = self.clock.now_ms() + POLICY.function_timeout_seconds * 1000
        for _ in range(self.chance.randrange(1, 4)):
            self.one_step()
        self.depth = 0
        self.trace.append(f"  goes on {point}")
        if self.clock.now_ms() > until_ms:
            raise Killed(point)

    def _deliver(self, post: Post) -> Outcome:
        """The sandbox's webhooks reach the hub, or the function that takes them dies."""
        if self.chance.random() < self.death_rate * 5:
            return Outcome(None, "lost")
        headers = {k.lower(): v for k, v in post.headers.items()}
        done = self._try(
            "webhook",
            lambda: receive_event(self.hub, "optum", TENANT_ID, headers, post.body),
        )
        return Outcome(200 if done else 500, "")

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The sandbox's controls."""
        content = b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        parameters = dict(pair.split("=") for pair in query.split("&") if pair)
        request = VendorRequest(
            method=method, path=f"/_sandbox/{path}", query=parameters, body=content
        )
        reply = self.controls.answer(request).response
        assert reply is not None and reply.status < 300, reply
        return json.loads(reply.body) if reply.body else None

    # What happens

    def _try(self, what: str, action: Callable[[], Any]) -> bool:
        """Do it; a death, a failed table or a refusal ends it, and only it."""
        try:
            result = action()
        except (Killed, StorageFailure, NothingToDo) as error:
            self.trace.append(f"{what}: {type(error).__name__}")
            return False
        except Refused as refused:
            self.trace.append(f"{what}: {type(refused).__name__}: {refused.detail}")
            return False
        self.trace.append(f"{what}: {_short(result)}")
        return True

    @property
    def caller(self) -> Caller:
        """An operator, who may do everything."""
        tenant = cast("Tenant", self.hub.tenants.load(TENANT_ID))
        return Caller(tenant=tenant, role=Role.OPERATOR, actor="operator:simulation")

    def issue(self, key: str, account: str) -> None:
        """POST /payments."""
        values = issue_values(key=key, account=account, reference=f"ref-{key}")
        self._try(
            f"issue {key}",
            lambda: issue_payment(self.hub, self.caller, IssuePayment.model_validate(values)),
        )

    def ask(self, verb: str, payment_id: str) -> None:
        """POST /payments/{id}/{verb}, with a key now and then."""
        operation, command = VERBS[verb]
        key = f"{verb}-{self.chance.randrange(3)}" if self.chance.random() < 0.5 else None
        values = {"payment_id": payment_id, "idempotency_key": key}
        self._try(
            f"{verb} {payment_id[:6]} {key}",
            lambda: operation(self.hub, self.caller, command.model_validate(values)),
        )

    def arm(self) -> None:
        """The vendor misbehaves once, some time from now."""
        fault = self.chance.choice(FAULTS)
        operation = self.chance.choice(OPERATIONS)
        if fault not in ("decline", "late_apply") and self.chance.random() < 0.3:
            operation = self.chance.choice(READS)
        body: dict[str, Any] = {"vendor": "optum", "operation": operation, "fault": fault}
        if fault == "late_apply":
            body |= {"delay_seconds": self.chance.randrange(5, 800)}
        self.trace.append(f"arm {body}")
        self.control("POST", "faults", {**body, "count": self.chance.randrange(1, 3)})

    def payment_ids(self) -> list[str]:
        """Every payment the hub has stored."""
        return sorted(key[0].rpartition("#")[2] for key in self.table.items if key[1] == "PAYMENT")

    def one_step(self) -> None:
        """Somebody does something, or time passes."""
        ids = self.payment_ids()
        roll = self.chance.random()
        if roll < 0.25 or not ids:
            self.issue(f"k{self.chance.randrange(3)}", "ACCT1")
        elif roll < 0.30:
            self.issue(f"h{self.chance.randrange(2)}", "ACCT2")
        elif roll < 0.55:
            self.ask(self.chance.choice(list(VERBS)), self.chance.choice(ids))
        elif roll < 0.75:
            self.arm()
        else:
            self.pass_time(self.chance.choice([1, 5, 30, 200, 1500]))

    # Time

    def pass_time(self, seconds: float) -> None:
        """Let time pass from one thing that is due to the next."""
        end_ms = self.clock.now_ms() + int(seconds * 1000)
        self.trace.append(f"time {seconds} s")
        while self.clock.now_ms() < end_ms:
            at_ms = min(self._next_ms(), end_ms)
            self.clock.advance(max(0, at_ms - self.clock.now_ms()))
            self._do_what_is_due()

    def _next_ms(self) -> int:
        job = self.sandbox.jobs.next()
        times = [self.next_sweep_ms, *(message.at_ms for message in self.messages)]
        return min(times + ([job.due_ms] if job else []))

    def _do_what_is_due(self) -> None:
        self.sandbox.run_due_jobs()
        now_ms = self.clock.now_ms()
        due = [message for message in self.messages if message.at_ms <= now_ms]
        self.chance.shuffle(due)
        for message in due:
            self._receive(message)
        if now_ms >= self.next_sweep_ms:
            self.next_sweep_ms = now_ms + 60_000
            self._try("sweep", lambda: sweep(self.hub))
            if self.chance.random() < 0.2:
                tenant = self.caller.tenant
                self._try("missed", lambda: collect_missed_events(self.hub, tenant))

    def _receive(self, message: Message) -> None:
        """A worker takes a message; what fails is visible again later, four times at most."""
        message.at_ms = self.clock.now_ms() + VISIBILITY_SECONDS * 1000
        message.receives += 1
        ids = message.ids
        if "payment" in ids:
            done = self._try(
                f"work {ids['payment'][:6]}",
                lambda: advance_payment(self.hub, AdvancePayment.model_validate(ids)),
            )
        else:
            done = self._try(
                f"event {ids['event'][:6]}",
                lambda: apply_event(self.hub, ApplyEvent.model_validate(ids)),
            )
        if not done and message.receives >= RECEIVES_MAX:
            command = RecordDeadLetter(
                message_id=str(message.number), sent_at_ms=self.clock.now_ms(), **ids
            )
            done = self._try("dead letter", lambda: record_dead_letter(self.hub, command))
        if done and message in self.messages:
            self.messages.remove(message)

    def settle(self, days: int = 5) -> None:
        """No more faults: let everything that is unfinished come to its end."""
        self.death_rate = 0.0
        self.control("DELETE", "faults")
        self.trace.append("settle")
        for _ in range(days * 24):
            self.pass_time(3600)
            if not self.messages and not self.hub.payments.due(10**15, 1):
                return

    # The books

    def wrong(self) -> list[str]:
        """What the truth book and the hub do not agree about, payment by payment."""
        found: list[str] = []
        for payment_id in self.payment_ids():
            payment = self.hub.payments.load(TENANT_ID, payment_id)
            assert payment is not None
            found += self._wrong_with(payment)
        known = {p.vendor_reference for p in self._all()}
        for movement in self.sandbox.truth_book.movements("optum"):
            if movement.reference not in known:
                found.append(f"{movement.reference}: moved, unknown to the hub")
        return found

    def _all(self) -> list[Payment]:
        loaded = [self.hub.payments.load(TENANT_ID, it) for it in self.payment_ids()]
        return [payment for payment in loaded if payment is not None]

    def _wrong_with(self, payment: Payment) -> list[str]:
        name = payment.payment_id[:6]
        action = payment.open_action
        found = [f"{name}: {action.verb} ended as {action.state.value}"] if action else []
        reference = payment.vendor_reference or "nothing"
        rows = self.sandbox.truth_book.movements("optum", reference)
        for verb in ("issue", "release", "void", "reissue"):
            moved = sum(row.operation == f"{verb}_payment" for row in rows)
            done = sum(a.verb == verb and a.state.value == "done" for a in payment.actions)
            held = verb == "issue" and payment.terms["accountShortCode"] == "ACCT2"
            if moved != (0 if held else done):
                found.append(f"{name}: {verb} moved {moved} times, done {done} times")
        out = sum(r.amount_cents if r.direction == "out" else -r.amount_cents for r in rows)
        if out not in (0, payment.amount_cents):
            found.append(f"{name}: {out} cents are out")
        if (payment.vendor_status in ("Voided", "Held", None)) != (out == 0):
            found.append(f"{name}: {payment.vendor_status} with {out} cents out")
        return found


def _short(result: object) -> str:
    action = getattr(result, "action", None)
    return f"{action.verb} {action.state.value}" if action is not None else "ok"


def run(seed: int, steps: int = 25, death_rate: float = 0.02) -> Simulation:
    """One seed from its first step to the end of everything unfinished."""
    simulation = Simulation(seed, death_rate)
    for _ in range(steps):
        simulation.one_step()
    simulation.settle()
    return simulation
