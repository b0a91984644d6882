"""A sandbox in memory, driven step by step: a still clock, seeded ids, a receiver of webhooks."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.sandbox.clock import ManualClock
from local.sandbox.control import Control
from local.sandbox.ids import Ids
from local.sandbox.messages import Query, Reply, Request, Response
from local.sandbox.sandbox import Sandbox
from local.sandbox.store import Store
from local.sandbox.vendor import Settings
from local.sandbox.webhooks import Outcome, Post

TENANT, KEY = "tenant-1", "key-1"
PAID_OUT_CENTS = 10_000


@dataclass
class Receiver:
    """The hub's side of the webhooks: keeps what comes, and answers as it is told."""

    status: int | None = 204
    posts: list[Post] = field(default_factory=list)

    def __call__(self, post: Post) -> Outcome:
        self.posts.append(post)
        return Outcome(self.status, "" if self.status else "ConnectionRefusedError")

    @property
    def types(self) -> list[str]:
        return [json.loads(post.body)["type"] for post in self.posts]


class SandboxBench:
    """What a test of any vendor needs at hand: the controls, time and the truth book."""

    vendor = ""

    def __init__(self, state: Path | None = None) -> None:
        self.state = state
        self.clock = ManualClock()
        self.receiver = Receiver()
        self.open()

    def open(self) -> None:
        """Start, or start again on the same state as after a kill."""
        self.store = Store(self.state)
        ids = Ids(random.Random(self.clock.now_ms()))
        self.sandbox = Sandbox(self.store, self.clock, ids, self.receiver, Settings())
        self.controls = Control(self.sandbox)

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def control(self, method: str, path: str, body: Any = None) -> Response:
        request = request_of(method, f"/_sandbox/{path}", {}, json_body(body))
        response = self.controls.answer(request).response
        assert response is not None
        return response

    def arm(self, fault: str, operation: str, **more: Any) -> Response:
        body = {"vendor": self.vendor, "operation": operation, "fault": fault, **more}
        return self.control("POST", "faults", body)

    def wait(self, seconds: float) -> None:
        """Let time pass in small steps, doing what becomes due."""
        for _ in range(round(seconds / 0.1)):
            self.clock.advance(100)
            self.sandbox.run_due_jobs()

    def movements(self) -> list[tuple[str, int, str]]:
        return [
            (each["operation"], each["amount_cents"], each["direction"])
            for each in shown(self.control("GET", f"ledger?vendor={self.vendor}"))
        ]


class Bench(SandboxBench):
    """With the issuer's API."""

    vendor = "optum"

    def tenant(self, unit: str = "cents", tenant: str = TENANT, key: str = KEY) -> None:
        accounts = {"ACCT1": {"hold": False}, "ACCT2": {"hold": True}}
        body = {"tenant_id": tenant, "api_key": key, "amount_unit": unit, "accounts": accounts}
        assert self.control("POST", "optum/tenants", body).status == 201

    def reply(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Ask the vendor."""
        headers = {"api-key": KEY, "x-optum-tenant-id": TENANT, **headers}
        request = request_of(method, path, headers, json_body(body))
        return self.sandbox.handle("optum", request)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        response = self.reply(method, path, body, **headers).response
        assert response is not None
        return response

    def issue(self, amount: Any = PAID_OUT_CENTS, account: str = "ACCT1") -> dict[str, Any]:
        payment: dict[str, Any] = shown(self.ask("POST", "/payments", issue_body(amount, account)))
        return payment

    def details(self, payment_id: str) -> dict[str, Any]:
        details: dict[str, Any] = shown(self.ask("GET", f"/payments/{payment_id}/details"))
        return details

    def arm(self, fault: str, operation: str = "issue_payment", **more: Any) -> Response:
        return super().arm(fault, operation, **more)

    def events(self, action: str, **more: Any) -> Response:
        return self.control("POST", "events", {"vendor": self.vendor, "action": action, **more})

    def subscribe(self, key: str = "webhook-key", **changes: Any) -> str:
        names = ["payment_loading_requested", "payment_loading_completed", "payment_completed"]
        body = {
            "url": "http://127.0.0.1:1/webhooks",
            "eventNames": names,
            "auth": {"apiKey": {"key": key}},
            **changes,
        }
        answer = self.ask("POST", "/api/event-api/v1/subscriptions", body)
        assert answer.status == 201, answer.body
        return str(shown(answer)["id"])


def request_of(method: str, path: str, headers: dict[str, str], body: bytes) -> Request:
    """The query may be written in the path."""
    path, _, query = path.partition("?")
    return Request(method, path, Query.parse(query), headers, body)


def json_body(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def effects_of_faults(ok: int, declined: int) -> list[tuple[str, int | None, bool]]:
    """Each fault that can be armed for one request: the status seen, and whether money moved."""
    return [
        ("disconnect", None, False),
        ("timeout_before", None, False),
        ("timeout_after", None, True),
        ("http_500_before", 500, False),
        ("http_500_after", 500, True),
        ("http_429", 429, False),
        ("malformed", ok, True),
        ("slow", ok, True),
        ("decline", declined, False),
    ]


def shown(response: Response) -> Any:
    return json.loads(response.body)


def issue_body(amount: Any = PAID_OUT_CENTS, account: str = "ACCT1") -> dict[str, Any]:
    return {
        "clientRequestId": "request-1",
        "accountShortCode": account,
        "payment": {
            "paymentDetails": {"issuerReferenceId": "REF001", "amount": amount},
            "payeeDetails": {"name": "carried through"},
            "totalNumberOfClaims": 1,
        },
    }
