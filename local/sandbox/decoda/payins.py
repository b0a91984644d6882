"""Payin configs: what is to be paid, prepared for the component in the patient's browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from local.sandbox.decoda import due_dates, plans
from local.sandbox.decoda.accounts import Charge
from local.sandbox.decoda.books import Books
from local.sandbox.decoda.calls import Call, Verb
from local.sandbox.decoda.refusals import broken_rule
from local.sandbox.decoda.schemas import PAYIN_CONFIG, PROCESSOR_MEDIUMS
from local.sandbox.decoda.tenants import VENDOR
from local.sandbox.messages import Response, json_response
from local.sandbox.shelf import Shelf
from local.sandbox.store import Document
from local.sandbox.vendor import Tools

OPEN, COMPLETED = "open", "completed"
_INSTALLMENTS_MAX = 600


@dataclass(frozen=True)
class Terms:
    """What the caller wants of a payment plan; `start_date` only without a first payment."""

    initial_cents: int
    frequency: str
    installments: int
    installment_cents: int
    start_date: str | None
    location_id: str | None

    def amounts(self, total_cents: int) -> list[int]:
        """The installments in cents; empty when they do not come to the total."""
        return plans.installments(
            total_cents, self.initial_cents, self.installment_cents, self.installments
        )

    def days(self, today: date) -> list[date]:
        """After a first payment a period passes before the next one; so it does without a start."""
        if self.start_date is None:
            return due_dates.due_dates(today, self.frequency, self.installments + 1)[1:]
        start = max(date.fromisoformat(self.start_date), today)
        return due_dates.due_dates(start, self.frequency, self.installments)


@dataclass(frozen=True)
class PayinConfig:
    """`payment_ids` are all that came of it, declined ones too."""

    tenant: str
    id: str
    session_key: str
    patient_id: str
    charge_ids: list[str]
    medium: str
    saves_method: bool
    terms: Terms
    created_ms: int
    status: str = OPEN
    plan_id: str | None = None
    payment_ids: list[str] = field(default_factory=list)

    @classmethod
    def from_document(cls, document: Document) -> PayinConfig:
        return cls(**{**document, "terms": Terms(**document["terms"])})

    @property
    def name(self) -> str:
        return self.session_key

    @property
    def parent(self) -> str:
        return self.tenant


class Payins:
    """No money moves here."""

    def __init__(self, tools: Tools, books: Books) -> None:
        self._tools = tools
        self._books = books
        self.configs = Shelf(tools.store, VENDOR, "decoda_payin_config", PayinConfig.from_document)
        self.verbs: Mapping[str, Verb] = {"create_payin_config": self._create}

    def _create(self, call: Call) -> Response:
        body = call.object(PAYIN_CONFIG)
        if body["paymentMedium"] not in PROCESSOR_MEDIUMS:
            raise broken_rule("The payment medium is settled outside of the payment processor")
        if body.get("paymentPlan") is None:
            raise broken_rule("A payment plan is required")
        charges = self._charges(call, body)
        terms = _terms(body["paymentPlan"])
        check(terms, charges, due_dates.today(call.now_ms))
        config = PayinConfig(
            tenant=call.tenant.id,
            id=f"pcfg_{self._tools.ids.hex32()}",
            session_key=f"sess_{self._tools.ids.hex32()}",
            patient_id=charges[0].patient_id,
            charge_ids=[charge.id for charge in charges],
            medium=body["paymentMedium"],
            saves_method=body.get("savePaymentMethod", False),
            terms=terms,
            created_ms=call.now_ms,
        )
        self.configs.save(config)
        methods = self._books.listed_methods(config.tenant, config.patient_id)
        answer = {
            "sessionKey": config.session_key,
            "payinConfigId": config.id,
            "sandbox": True,
            "paymentMethods": [method.shown() for method in methods],
        }
        return json_response(200, answer)

    def _charges(self, call: Call, body: dict[str, Any]) -> list[Charge]:
        """The plan's charges as the vendor has them, in the order of the body."""
        named = body["charges"]
        ids = [each.get("id") for each in named]
        if not named or None in ids or len(set(ids)) < len(ids):
            raise broken_rule("Charges with an id, each once, are required")
        if set(ids) != set(body["paymentPlan"]["chargeIds"]):
            raise broken_rule("The payment plan must name the charges of the payin")
        charges = [self._books.charge(call.tenant.id, charge_id) for charge_id in ids]
        patients = {charge.patient_id for charge in charges}
        if len(patients) > 1 or {each["patientId"] for each in named} != patients:
            raise broken_rule("All charges must belong to the same patient")
        return charges


def check(terms: Terms, charges: list[Charge], today: date) -> None:
    """The rules of a plan on charges as they are now; raises Refused."""
    for charge in charges:
        if charge.status != "OUTSTANDING":
            raise broken_rule(f"Charge {charge.id} is not outstanding")
    if terms.initial_cents < 0 or terms.installment_cents < 1:
        raise broken_rule("Amounts of a payment plan must be positive")
    if not 1 <= terms.installments <= _INSTALLMENTS_MAX:
        raise broken_rule(f"A payment plan must have 1 to {_INSTALLMENTS_MAX} installments")
    if terms.start_date is not None and terms.initial_cents:
        raise broken_rule("A start date is only allowed for $0 down payment plans")
    if terms.start_date is not None and date.fromisoformat(terms.start_date) < today:
        raise broken_rule("The start date must not be in the past")
    total_cents = sum(charge.outstanding_cents for charge in charges)
    if not terms.amounts(total_cents):
        raise broken_rule(f"The payment plan does not come to the outstanding {total_cents}")


def _terms(body: dict[str, Any]) -> Terms:
    return Terms(
        initial_cents=body["initialAmount"],
        frequency=body["frequency"],
        installments=body["installments"],
        installment_cents=body["installmentAmount"],
        start_date=body.get("startDate"),
        location_id=body.get("locationId"),
    )
