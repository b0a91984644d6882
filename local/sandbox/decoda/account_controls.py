"""Controls that add to a patient's account: another charge, another credit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from local.sandbox.control_input import BadInputError, Fields
from local.sandbox.decoda import due_dates
from local.sandbox.decoda.accounts import Charge, Credit, Patient
from local.sandbox.decoda.books import Books
from local.sandbox.decoda.events import Events
from local.sandbox.decoda.tenants import Tenants
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.routes import Route
from local.sandbox.vendor import Tools

ACCOUNT_CONTROLS = (
    Route("POST", "/charges", "add_charge"),
    Route("POST", "/credits", "add_credit"),
)
_CENTS_MAX = 100_000_000


class AccountControls:
    """As somebody in the practice would, at the vendor."""

    def __init__(self, tools: Tools, tenants: Tenants, books: Books, events: Events) -> None:
        self._tools = tools
        self._tenants = tenants
        self._books = books
        self._events = events
        self.verbs: Mapping[str, Callable[[Request], Response]] = {
            "add_charge": self._add_charge,
            "add_credit": self._add_credit,
        }

    def _add_charge(self, request: Request) -> Response:
        fields = Fields.of_body(request.body)
        fields.only("tenant", "patient_id", "charge_id", "amount_cents")
        patient = self._patient(fields)
        cents = fields.whole_number("amount_cents", 1, _CENTS_MAX)
        charge = Charge(
            tenant=patient.tenant,
            id=fields.text("charge_id") if fields.has("charge_id") else self._tools.ids.uuid(),
            patient_id=patient.id,
            total_cents=cents,
            outstanding_cents=cents,
            status="OUTSTANDING",
            description="Visit",
            external_id=None,
            created_ms=self._tools.clock.now_ms(),
        )
        if self._books.charges.get(charge.name):
            raise BadInputError("charge_id must be a new one")
        self._books.charges.save(charge)
        self._events.charge("CHARGE_CREATED", charge, charge.created_ms)
        return json_response(201, shown_charge(charge))

    def _add_credit(self, request: Request) -> Response:
        fields = Fields.of_body(request.body)
        fields.only("tenant", "patient_id", "amount_cents", "expires_on")
        patient = self._patient(fields)
        cents = fields.whole_number("amount_cents", 1, _CENTS_MAX)
        expires_ms = _beginning(fields, "expires_on") if fields.has("expires_on") else None
        now_ms = self._tools.clock.now_ms()
        credit = Credit(
            tenant=patient.tenant,
            id=self._tools.ids.uuid(),
            patient_id=patient.id,
            amount_cents=cents,
            left_cents=cents,
            created_ms=now_ms,
            expires_ms=expires_ms,
        )
        self._books.credits.save(credit)
        return json_response(201, shown_credit(credit, now_ms))

    def _patient(self, fields: Fields) -> Patient:
        tenant = fields.choice("tenant", [each.id for each in self._tenants.all()])
        self._books.plant(tenant)
        patient_id = fields.text("patient_id")
        patient = self._books.patients.get(f"{tenant}/{patient_id}")
        if patient is None:
            raise BadInputError("patient_id must be that of a patient of the tenant")
        return patient


def shown_charge(charge: Charge) -> dict[str, Any]:
    return {
        "charge_id": charge.id,
        "status": charge.status,
        "total_cents": charge.total_cents,
        "outstanding_cents": charge.outstanding_cents,
        "plan_id": charge.plan_id,
    }


def shown_credit(credit: Credit, now_ms: int) -> dict[str, Any]:
    return {
        "credit_id": credit.id,
        "left_cents": credit.left_cents,
        "available": credit.is_available(now_ms),
    }


def _beginning(fields: Fields, name: str) -> int:
    """The moment at which the day begins in New York."""
    try:
        return due_dates.begins_at(date.fromisoformat(fields.text(name)))
    except ValueError:
        raise BadInputError(f"{name} must be a day such as 2026-12-31") from None
