"""A Hub on fakes whose Decoda is the sandbox's own machine, in memory, on one clock.

The functions' own handlers take and answer requests, webhooks, reminders and the sweep. Webhooks
are signed by the sandbox's outbox and come when, and in the order in which, a test wants.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import httpx
import pytest

from local.sandbox.messages import Query
from local.sandbox.messages import Request as VendorRequest
from local.sandbox.webhooks import Outcome, Post, signature
from payhub.operations.collect_missed_events import collect_missed_events
from payhub.operations.create_tenant import CreateTenant, create_tenant
from tests.support.sandbox_world import (
    MORNING_MS,
    OTHER_ID,
    TENANT_ID,
    Json,
    Said,
    SandboxWorld,
    Sent,
    begun,
    functions,
)

__all__ = ["MORNING_MS", "OTHER_ID", "TENANT_ID", "Json", "Said", "Sent"]

URL = "http://decoda.test"
CLINICS = {TENANT_ID: "clinic-1", OTHER_ID: "clinic-2"}
"""The hub's tenants, and how Decoda calls them."""

PATIENT = 7
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


@dataclass
class DecodaWorld(SandboxWorld):
    """Two tenants, each with a clinic at the vendor; `sent` is what the vendor was asked.

    `before_call` is told each path before the vendor sees it; `instead` may answer for the vendor,
    and `tampered` change what it answers. Webhooks go to `mail` while `holds` is set, nowhere when
    they are `lost`, and else to the hub at once.
    """

    vendor: ClassVar[str] = "decoda"
    url: ClassVar[str] = URL
    functions: ClassVar[tuple[str, ...]] = functions(_API, *_OTHERS)
    patients: ClassVar[Mapping[str, int]] = {}
    """By tenant, where there are to be fewer than the sandbox's own."""

    event_style: str = "api"
    checks_refunds: bool = True
    time_zone: str = "America/New_York"
    payin_expires_days: int = 7
    mail: list[Post] = field(default_factory=list)
    holds: bool = False
    lost: bool = False
    tampered: Callable[[str, Any], Any] = lambda path, answer: answer

    def __post_init__(self) -> None:
        super().__post_init__()
        self.answers_stand = False
        self._standing: dict[str, httpx.Response] = {}
        self._charges: dict[tuple[int, int], Json] = {}

    def begin(self) -> None:
        """Set the tenants up on both sides; needs the functions' handlers."""
        for tenant, clinic in CLINICS.items():
            known = {"tenant": clinic, "api_key": f"key-{clinic}"}
            style = {"event_style": self.event_style, "requests_per_minute": 1_000_000}
            few = {"patients": self.patients[tenant]} if tenant in self.patients else {}
            trust = {"checks_refunds": self.checks_refunds}
            self.control("POST", "decoda/tenants", {**known, **style, **trust, **few})
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

    def _answered(self, request: httpx.Request, path: str, body: bytes) -> httpx.Response:
        if not self.answers_stand or request.method != "GET":
            return super()._answered(request, path, body)
        if str(request.url) not in self._standing:
            self._standing[str(request.url)] = super()._answered(request, path, body)
        return self._standing[str(request.url)]

    def _content(self, path: str, body: bytes, *, spoilt: bool) -> bytes:
        try:
            return body if spoilt else json.dumps(self.tampered(path, json.loads(body))).encode()
        except ValueError:
            return body

    # The vendor, as its clinic and its patients see it

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
        return Outcome(status=self.notify(post).status)

    def tell(self, type_: str, data: Json, event_id: str = "e-1") -> Said:
        """A webhook that the vendor might send, signed with the hub's secret of it."""
        created = {"createdDate": "2026-11-21T15:00:00Z", "alertId": "a-1"}
        body = json.dumps({"id": event_id, "type": type_, "data": data, **created}).encode()
        key = str(self.secrets.known[TENANT_ID, "decoda"]["webhook_secret"])
        url = f"{self.hub.public_url}/webhooks/decoda/{TENANT_ID}"
        return self.notify(Post(url, {"Decoda-Signature": signature(key, body)}, body))

    def deliver(self, posts: Iterable[Post]) -> None:
        """Webhooks reach the hub in this order, each worked on before the next comes."""
        for post in posts:
            assert self.notify(post).status == 200
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

    def go_to(self, local: str) -> None:
        """The same, to a time in New York such as 2026-03-08 19:50."""
        moment = datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)
        self.go_until(round(moment.timestamp() * 1000))

    # Its callers

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


def decoda_world(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> DecodaWorld:
    """A world whose hub the functions' handlers get when they are imported."""
    return begun(monkeypatch, DecodaWorld(**changes))


def types_of(posts: Sequence[Post]) -> list[str]:
    """What webhooks tell of."""
    return [json.loads(post.body)["type"] for post in posts]
