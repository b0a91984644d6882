"""Decoda's own controls: tenants, their patients, payins without the page, ACH returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.sandbox import json_text
from local.sandbox.clock import Clock
from local.sandbox.control_input import BadInputError, Fields, only_query
from local.sandbox.decoda.account_controls import (
    ACCOUNT_CONTROLS,
    AccountControls,
    shown_charge,
    shown_credit,
)
from local.sandbox.decoda.accounts import Patient
from local.sandbox.decoda.books import Books
from local.sandbox.decoda.cashier import Cashier
from local.sandbox.decoda.component import OUTCOMES, Component, Submitted
from local.sandbox.decoda.installments import Installments
from local.sandbox.decoda.magic import RETURNED
from local.sandbox.decoda.payins import PayinConfig
from local.sandbox.decoda.schemas import METHOD_TYPES
from local.sandbox.decoda.seeds import PATIENTS
from local.sandbox.decoda.tenants import EVENT_STYLES, Tenant, Tenants
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.refused import Refused
from local.sandbox.routes import Route

CONTROLS = (
    Route("POST", "/tenants", "set_tenant"),
    Route("GET", "/tenants", "list_tenants"),
    Route("GET", "/patients", "list_patients"),
    Route("GET", "/payins", "list_payins"),
    Route("POST", "/payins", "complete_payin"),
    Route("POST", "/ach-returns", "return_payment"),
    *ACCOUNT_CONTROLS,
)
_REQUESTS_PER_MINUTE, _REQUESTS_MAX = 1000, 1_000_000


class Controls:
    """Answers CONTROLS."""

    def __init__(
        self,
        clock: Clock,
        tenants: Tenants,
        books: Books,
        component: Component,
        cashier: Cashier,
        installments: Installments,
        accounts: AccountControls,
    ) -> None:
        self._clock = clock
        self._tenants = tenants
        self._books = books
        self._component = component
        self._cashier = cashier
        self._installments = installments
        self._verbs: dict[str, Callable[[Request], Response]] = {
            "set_tenant": self._set_tenant,
            "list_tenants": self._list_tenants,
            "list_patients": self._list_patients,
            "list_payins": self._list_payins,
            "complete_payin": self._complete,
            "return_payment": self._return,
            **accounts.verbs,
        }

    def answer(self, operation: str, request: Request) -> Response:
        return self._verbs[operation](request)

    def _set_tenant(self, request: Request) -> Response:
        """Add a tenant, or change one that exists (so a key can be rotated)."""
        fields = Fields.of_body(request.body)
        fields.only(
            *("tenant", "api_key", "event_style", "requests_per_minute", "checks_refunds"),
            "patients",
        )
        tenant = Tenant(
            id=fields.text("tenant"),
            api_key=fields.text("api_key"),
            event_style=fields.choice("event_style", EVENT_STYLES, EVENT_STYLES[0]),
            requests_per_minute=fields.whole_number(
                "requests_per_minute", 1, _REQUESTS_MAX, _REQUESTS_PER_MINUTE
            ),
            checks_refunds=fields.flag("checks_refunds", default=True),
        )
        holder = self._tenants.with_key(tenant.api_key)
        if holder and holder.id != tenant.id:
            raise BadInputError("api_key must not be another tenant's")
        patients = fields.whole_number("patients", 0, PATIENTS, PATIENTS)
        self._tenants.save(tenant)
        if fields.has("patients"):
            self._books.plant(tenant.id, patients)
        return json_response(201, _shown(tenant))

    def _list_tenants(self, _: Request) -> Response:
        return json_response(200, [_shown(tenant) for tenant in self._tenants.all()])

    def _list_patients(self, request: Request) -> Response:
        shown = []
        for tenant_id in self._asked_tenants(request):
            self._books.plant(tenant_id)
            shown += [self._patient(patient) for patient in self._books.patients.all(tenant_id)]
        return json_response(200, shown)

    def _list_payins(self, request: Request) -> Response:
        shown = [
            self._payin(config)
            for tenant_id in self._asked_tenants(request)
            for config in self._component.all(tenant_id)
        ]
        return json_response(200, shown)

    def _complete(self, request: Request) -> Response:
        """As the page would."""
        fields = Fields.of_body(request.body).only("payin_config_id", "method", "outcome")
        config_id = fields.text("payin_config_id")
        config = self._component.find_by_id(config_id)
        if config is None:
            raise BadInputError(f"payin_config_id must be a known one; {config_id} is not")
        submitted = Submitted(
            fields.choice("method", METHOD_TYPES, METHOD_TYPES[0]),
            fields.choice("outcome", OUTCOMES, next(iter(OUTCOMES))),
        )
        try:
            config = self._component.complete(config, submitted, self._clock.now_ms())
        except Refused as refusal:
            detail = json_text.loads(refusal.response.body)["detail"]
            raise BadInputError(f"the payin cannot be completed: {detail}") from None
        return json_response(200, self._payin(config))

    def _return(self, request: Request) -> Response:
        fields = Fields.of_body(request.body).only("payment_id", "reason")
        payment = self._books.payments.get(fields.text("payment_id"))
        reason = fields.text("reason", default=RETURNED)
        if payment is None or not self._cashier.can_be_returned(payment):
            raise BadInputError(
                "payment_id must be that of an ACH payment that succeeded and has no refund"
            )
        now_ms = self._clock.now_ms()
        returned = self._cashier.take_back(payment, now_ms, reason)
        self._installments.note(returned, now_ms)
        return json_response(200, returned.shown())

    def _asked_tenants(self, request: Request) -> list[str]:
        """The one that the query names, or all."""
        only_query(request.query, ("tenant",))
        known = [tenant.id for tenant in self._tenants.all()]
        if "tenant" not in request.query:
            return known
        return [Fields(request.query).choice("tenant", known)]

    def _patient(self, patient: Patient) -> dict[str, Any]:
        now_ms = self._clock.now_ms()
        available = self._books.available_credits(patient, now_ms)
        return {
            "tenant": patient.tenant,
            "patient_id": patient.id,
            "external_id": patient.external_id,
            "available_credit_cents": sum(credit.left_cents for credit in available),
            "credits": [
                shown_credit(credit, now_ms) for credit in self._books.credits.all(patient.name)
            ],
            "charges": [shown_charge(charge) for charge in self._books.charges.all(patient.name)],
        }

    def _payin(self, config: PayinConfig) -> dict[str, Any]:
        payments = [self._books.payments.get(each) for each in config.payment_ids]
        return {
            "tenant": config.tenant,
            "payin_config_id": config.id,
            "session_key": config.session_key,
            "status": config.status,
            "patient_id": config.patient_id,
            "charge_ids": config.charge_ids,
            "initial_cents": config.terms.initial_cents,
            "plan_id": config.plan_id,
            "payments": [
                {"payment_id": each.id, "status": each.status, "amount_cents": each.amount_cents}
                for each in payments
                if each
            ],
        }


def _shown(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenant": tenant.id,
        "event_style": tenant.event_style,
        "requests_per_minute": tenant.requests_per_minute,
        "checks_refunds": tenant.checks_refunds,
    }
