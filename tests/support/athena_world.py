"""A Hub on fakes whose athenahealth is the sandbox's own machine, in memory, on one clock.

Requests are forms, as a client sends them; the functions' own handlers take and answer them.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest

from payhub.domain.payment import Payment
from payhub.domain.settlement import NEW_YORK
from payhub.operations.advance_payment import AdvancePayment, advance_payment
from payhub.operations.create_tenant import CreateTenant, create_tenant
from payhub.operations.settle_payments import settle_payments
from tests.support.sandbox_world import (
    MORNING_MS,
    OTHER_ID,
    TENANT_ID,
    Said,
    SandboxWorld,
    begun,
    functions,
)

__all__ = ["MORNING_MS", "TENANT_ID", "Said"]

URL = "http://athena.test"
PRACTICE, CODE = "195900", "ACME"
PRACTICES = {TENANT_ID: PRACTICE, OTHER_ID: "195901"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CARD = {
    "accountnumber": "4111111111111111",
    "nameoncard": "Ada Abbott",
    "expirationmonthmm": "12",
    "expirationyearyyyy": "2039",
    "billingaddress": "1 Main Street",
    "billingzip": "02472",
}

_API = (
    *("collect_payment", "store_card", "start_payment_plan", "record_payment"),
    *("void_collected_payment", "record_vendor_payment", "refund_vendor_payment"),
    *("adjust_charges", "list_receipts", "get_receipt", "get_receipt_details"),
    *("void_payment", "get_payment", "get_payment_details", "list_payments", "resolve_payment"),
)
_OTHERS = ("workers.advance_payment", "schedules.sweep", "schedules.settle_payments")


@dataclass
class AthenaWorld(SandboxWorld):
    """Two tenants, each with a practice and an account at the vendor."""

    vendor: ClassVar[str] = "athena"
    url: ClassVar[str] = URL
    functions: ClassVar[tuple[str, ...]] = functions(_API, *_OTHERS)

    voids_settled: bool = False

    def begin(self) -> None:
        """Set the tenants up on both sides; needs the functions' handlers."""
        for tenant, practice in PRACTICES.items():
            account = {"client_id": f"c-{practice}", "client_secret": f"s-{practice}"}
            known = {"practice_ids": [practice], "vendor_codes": [CODE]}
            trust = {"voids_settled": self.voids_settled}
            self.control("POST", "athena/practices", {**account, **known, **trust})
            command = {
                "tenant": tenant,
                "name": practice,
                "amount_unit": "cents",
                **known,
                "vendors": {"athena": {"base_url": URL, **account}},
            }
            create_tenant(self.hub, CreateTenant.model_validate(command))
        self.sent.clear()

    # The vendor's side

    @property
    def calls(self) -> list[str]:
        """What the vendor was asked, as method and path, but for tokens."""
        paths = [f"{it.method} {it.path}" for it in self.sent]
        return [path for path in paths if not path.endswith("/token")]

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

    def at(self, local: str) -> None:
        """Set the clock to a New York time, such as 2026-03-08 19:50."""
        wanted = datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)
        self.clock.advance(round(wanted.timestamp() * 1000) - self.clock.now_ms())
        self.sandbox.run_due_jobs()

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass at both sides."""
        self.clock.advance(round(seconds * 1000))
        self.sandbox.run_due_jobs()

    def form(
        self,
        function: str,
        ids: dict[str, str],
        fields: dict[str, Any] | bytes,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Said:
        """A function that takes a form."""
        body = fields if isinstance(fields, bytes) else urlencode(fields)
        return self.call(function, ids, body, key, headers=FORM | (headers or {}))

    def patient(self, function: str, fields: dict[str, Any], patient: int = 1, **more: Any) -> Said:
        """An operation below a patient's path."""
        ids = {"practiceid": PRACTICE, "patientid": str(patient), **more.pop("ids", {})}
        return self.form(function, ids, fields, **more)

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
        return self.form("record_vendor_payment", ids, fields, key)

    def refund(self, patient_payment_id: object, **more: Any) -> Said:
        """Record a vendor's refund."""
        key = more.pop("key", None)
        fields = {"departmentid": "1", "patientid": "1", "paymentmethod": "CASH", **more}
        ids = {
            "practiceid": PRACTICE,
            "vendorcode": CODE,
            "patientpaymentid": str(patient_payment_id),
        }
        return self.form("refund_vendor_payment", ids, fields, key)

    def adjust(self, *charges: tuple[int, str], key: str | None = None, **more: Any) -> Said:
        """Adjust charges of patient 1."""
        entries = [{"chargeid": charge, "adjustmentamount": amount} for charge, amount in charges]
        fields = {"patientid": "1", "charges": json.dumps(entries), **more}
        return self.form(
            "adjust_charges", {"practiceid": PRACTICE, "vendorcode": CODE}, fields, key
        )

    def look(self, payment_id: str) -> Payment:
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
            self.look(payment_id)
        return self.payment(payment_id)

    def resolve(self, payment_id: str, resolution: str, reference: str | None = None) -> Said:
        """POST /payments/{paymentId}/resolve, as an operator."""
        body = {"resolution": resolution, "reason": "asked the vendor"}
        body |= {"vendorReference": reference} if reference else {}
        return self.call("resolve_payment", {"paymentId": payment_id}, body, role="operator")

    def settle(self) -> None:
        """The nightly schedule."""
        settle_payments(self.hub, self.tenant)


def athena_world(monkeypatch: pytest.MonkeyPatch, start_ms: int = MORNING_MS) -> AthenaWorld:
    """A world whose hub the functions' handlers get when they are imported."""
    return begun(monkeypatch, AthenaWorld(start_ms))
