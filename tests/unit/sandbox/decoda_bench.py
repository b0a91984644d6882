"""The sandbox as a client of Decoda's documented protocol, and a patient's browser, see it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from local.sandbox.decoda.events import ALERT_TYPES
from local.sandbox.messages import Reply, Response
from tests.unit.sandbox.bench import SandboxBench, json_body, request_of, shown

TENANT, KEY = "clinic-1", "decoda-key-1"
PATIENT = 7
SETTLE = "/billing/payment-terminal/charge/create-patient-credit-settled"
PAYIN_CONFIG = "/billing/payment-plan/payin-config"
PLANS = "/analytics/dashboards/payment-plans/payment-plans-grouped"
TABLE = "/billing/payment/table"
NEW_YORK = ZoneInfo("America/New_York")

Json = dict[str, Any]


class DecodaBench(SandboxBench):
    """With the billing API and the page of the component."""

    vendor = "decoda"

    def tenant(self, tenant: str = TENANT, key: str = KEY, **more: Any) -> Response:
        return self.control("POST", "decoda/tenants", {"tenant": tenant, "api_key": key, **more})

    def reply(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        headers = {"api-key": KEY, "tenant": TENANT, **headers}
        given = {name: value for name, value in headers.items() if value}
        request = request_of(method, path, given, json_body(body))
        return self.sandbox.handle(self.vendor, request)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        response = self.reply(method, path, body, **headers).response
        assert response is not None
        return response

    def got(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return shown(answer)

    # The patients and what they owe

    def patient(self, number: int = PATIENT) -> Json:
        """As the controls show the patient."""
        found: Json = shown(self.control("GET", f"decoda/patients?tenant={TENANT}"))[number - 1]
        return found

    def charge(self, place: int, number: int = PATIENT) -> Json:
        """250000, 10000 and 1707 cents."""
        found: Json = self.patient(number)["charges"][place]
        return found

    def left(self, number: int = PATIENT) -> list[int]:
        return [each["left_cents"] for each in self.patient(number)["credits"]]

    def named(self, *places: int, number: int = PATIENT) -> list[Json]:
        """Charges as a caller writes them."""
        patient = self.patient(number)
        return [
            {
                "patientId": patient["patient_id"],
                "id": patient["charges"][place]["charge_id"],
                "totalOutstanding": patient["charges"][place]["outstanding_cents"],
            }
            for place in places
        ]

    # What moves money

    def settle(self, amount: Any, *places: int, number: int = PATIENT, query: str = "") -> Response:
        charges = self.named(*(places or (0,)), number=number)
        return self.ask("POST", f"{SETTLE}?amount={amount}{query}", charges)

    def settled(self, amount: int, *places: int) -> Json:
        answer = self.settle(amount, *places)
        assert answer.status == 200, answer.body
        payment: Json = shown(answer)
        return payment

    def plan_body(self, *places: int, number: int = PATIENT, **plan: Any) -> Json:
        """The second charge, 10000 cents: 1000 now and three times 3000."""
        charges = self.named(*(places or (1,)), number=number)
        wanted = {
            "initialAmount": 1000,
            "chargeIds": [charge["id"] for charge in charges],
            "frequency": "MONTHLY",
            "installments": 3,
            "installmentAmount": 3000,
            **plan,
        }
        return {"paymentMedium": "VIRTUAL_TERMINAL", "charges": charges, "paymentPlan": wanted}

    def prepare(self, *places: int, **plan: Any) -> Json:
        answer = self.ask("POST", PAYIN_CONFIG, self.plan_body(*places, **plan))
        assert answer.status == 200, answer.body
        config: Json = shown(answer)
        return config

    def start(self, *places: int, method: str = "CARD", **plan: Any) -> Json:
        """A plan whose payin was completed without the page."""
        config = self.prepare(*places, **plan)
        return self.complete(config["payinConfigId"], method)

    def complete(self, config_id: str, method: str = "CARD", outcome: str = "approved") -> Json:
        body = {"payin_config_id": config_id, "method": method, "outcome": outcome}
        answer = self.control("POST", "decoda/payins", body)
        assert answer.status == 200, answer.body
        payin: Json = shown(answer)
        return payin

    def submit(self, session_key: str, method: str = "CARD", outcome: str = "approved") -> Response:
        """What the form of the page sends."""
        response = self.submit_reply(session_key, method, outcome).response
        assert response is not None
        return response

    def submit_reply(self, session_key: str, method: str, outcome: str) -> Reply:
        form = urlencode({"sessionKey": session_key, "method": method, "outcome": outcome})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.sandbox.handle(
            self.vendor, request_of("POST", "/component", headers, form.encode())
        )

    def refund(self, payment_id: str, amount: int, **changes: Any) -> Response:
        body = {
            "paymentId": payment_id,
            "providerId": "provider-1",
            "amount": amount,
            "reason": "OTHER",
            **changes,
        }
        return self.ask("POST", "/billing/payment/refund", body)

    # What became of it

    def payment(self, payment_id: str) -> Json:
        [row] = self.got(f"{TABLE}?id={payment_id}")["items"]["data"]
        found: Json = row
        return found

    def payments(self, query: str = "") -> list[Json]:
        """Oldest first."""
        rows: list[Json] = self.got(f"{TABLE}?sort_direction=asc&per_page=100{query}")["items"][
            "data"
        ]
        return rows

    def plan(self) -> Json:
        [row] = self.got(PLANS)["data"]
        found: Json = row
        return found

    def subscribe(self, *types: str, url: str = "http://127.0.0.1:1/hooks") -> Json:
        body = {"subscriptions": list(types or ALERT_TYPES), "url": url}
        answer = self.ask("POST", "/webhook/decoda/create", body)
        assert answer.status == 200, answer.body
        webhook: Json = shown(answer)
        return webhook

    def told(self, type_: str) -> list[Any]:
        """The data of all webhooks of a type."""
        bodies = [json.loads(post.body) for post in self.receiver.posts]
        return [body["data"] for body in bodies if body["type"] == type_]

    def go_to(self, day_and_time: str) -> None:
        """Move the clock to a time in New York, and do what becomes due."""
        moment = datetime.fromisoformat(day_and_time).replace(tzinfo=NEW_YORK)
        self.clock.advance(round(moment.timestamp() * 1000) - self.clock.now_ms())
        self.sandbox.run_due_jobs()

    def go_days(self, days: int) -> None:
        self.clock.advance(days * 86_400_000)
        self.sandbox.run_due_jobs()
