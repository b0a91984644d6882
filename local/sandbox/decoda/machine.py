"""The machine: requests and jobs in; answers, webhooks and truth book entries out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local.sandbox import json_text
from local.sandbox.decoda import controls, due_dates, page, refusals
from local.sandbox.decoda.account_controls import AccountControls
from local.sandbox.decoda.books import Books
from local.sandbox.decoda.calls import Call, Verb
from local.sandbox.decoda.cashier import RETURN, SETTLE, Cashier
from local.sandbox.decoda.component import Component
from local.sandbox.decoda.events import Events
from local.sandbox.decoda.installments import CHARGE_INSTALLMENT, Installments
from local.sandbox.decoda.payins import COMPLETED, PayinConfig, Payins
from local.sandbox.decoda.reading import Reading
from local.sandbox.decoda.refunding import SETTLE_REFUND, Refunding
from local.sandbox.decoda.refusals import detail
from local.sandbox.decoda.routes import (
    COMPLETE_PAYIN,
    OPERATIONS,
    ROUTES,
    SHOW_COMPONENT,
    operation_asked,
)
from local.sandbox.decoda.settling import Settling
from local.sandbox.decoda.table import Table
from local.sandbox.decoda.tenants import TENANT, VENDOR, Tenants
from local.sandbox.decoda.webhook_api import WEBHOOK, WebhookApi
from local.sandbox.jobs import Job
from local.sandbox.messages import Query, Request, Response
from local.sandbox.outbox import SUBSCRIPTION
from local.sandbox.refused import Refused
from local.sandbox.routes import Match, Route, allowed_methods, find
from local.sandbox.store import Document
from local.sandbox.vendor import Tools
from local.sandbox.webhooks import DeliveryPolicy

# The documented delays; after the last one the vendor would write an e-mail.
DELIVERY = DeliveryPolicy(
    signature_header="Decoda-Signature",
    retry_delays_ms=(1_000, 5_000, 15_000, 60_000, 300_000, 900_000),
    breaker_after_missed=None,
)
_OF_THE_PAGE = (SHOW_COMPONENT, COMPLETE_PAYIN)
_DECLINED = {
    "settle_with_credit": "Patient credit cannot be used",
    "create_payin_config": "The payin cannot be prepared",
    "cancel_payment_plan": "The payment plan cannot be cancelled",
    "refund_payment": "The payment cannot be refunded",
    "register_webhook": "The webhook cannot be created",
    COMPLETE_PAYIN: "DO_NOT_HONOR",
}


class DecodaMachine:
    """Not idempotent, as the vendor: the same request twice does it twice."""

    name = VENDOR
    operations: Sequence[str] = OPERATIONS
    declinable: Sequence[str] = tuple(_DECLINED)
    kept_kinds: Sequence[str] = (TENANT, WEBHOOK, SUBSCRIPTION)
    controls: Sequence[Route] = controls.CONTROLS

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._tenants = Tenants(tools.store)
        self._books = books = Books(tools.store)
        events = Events(tools.outbox, tools.ids, self._tenants)
        self._cashier = Cashier(tools, books, events)
        self._installments = Installments(tools, books, events, self._cashier)
        self._refunding = Refunding(tools, books, events)
        payins = Payins(tools, books)
        self._component = Component(tools, books, payins, self._cashier, self._installments)
        self._controls = controls.Controls(
            tools.clock,
            self._tenants,
            books,
            self._component,
            self._cashier,
            self._installments,
            AccountControls(tools, self._tenants, books, events),
        )
        self._verbs: Mapping[str, Verb] = {
            **Settling(tools, books, events).verbs,
            **payins.verbs,
            **self._installments.verbs,
            **self._refunding.verbs,
            **Table(books).verbs,
            **Reading(books).verbs,
            **WebhookApi(tools).verbs,
            SHOW_COMPONENT: self._show_component,
            COMPLETE_PAYIN: self._complete_payin,
        }

    def operation_of(self, request: Request) -> str | None:
        return operation_asked(request)

    def handle(self, request: Request) -> Response:
        try:
            match = _match(request)
            if match.route.operation in _OF_THE_PAGE:
                return self._do_page(self._from_browser(match, request))
            call, headers = self._let_in(match, request)
        except Refused as refusal:
            return refusal.response
        try:
            response = self._verbs[call.operation](call)
        except Refused as refusal:
            response = refusal.response
        return Response(response.status, response.body, {**response.headers, **headers})

    def put_off(self, request: Request) -> Document | None:
        """Whoever is let in is let in now; what is asked is decided later."""
        try:
            match = _match(request)
            if match.route.operation in _OF_THE_PAGE:
                return self._from_browser(match, request).to_document()
            return self._let_in(match, request)[0].to_document()
        except Refused:
            return None

    def catch_up(self, kept: Document) -> None:
        tenant = self._tenants.get(kept["tenant"])
        if tenant is None:
            return
        self._books.plant(tenant.id)
        call = Call.from_document(kept, tenant, self._tools.clock.now_ms())
        try:
            self._verbs[call.operation](call)
        except Refused:
            return  # nobody waits for the answer

    def error_page(self, status: int) -> Response:
        return refusals.error_page(status)

    def decline(self, operation: str) -> Response:
        if operation == COMPLETE_PAYIN:
            return page.declined(_DECLINED[operation])
        return refusals.broken_rule(_DECLINED[operation]).response

    def control(self, operation: str, request: Request) -> Response:
        return self._controls.answer(operation, request)

    def run(self, job: Job) -> None:
        """At the moment it was due, so that what follows from it does not drift."""
        if job.kind == CHARGE_INSTALLMENT:
            self._installments.charge(job.payload, job.due_ms)
        elif job.kind == SETTLE_REFUND:
            self._refunding.settle(job.payload, job.due_ms)
        elif job.kind == SETTLE:
            payment = self._cashier.settle(job.payload["payment_id"], job.due_ms)
            if payment is not None:
                self._installments.note(payment, job.due_ms)
        elif job.kind == RETURN:
            self._return(job)

    def _return(self, job: Job) -> None:
        payment = self._books.payments.get(job.payload["payment_id"])
        if payment is not None and self._cashier.can_be_returned(payment):
            returned = self._cashier.take_back(payment, job.due_ms)
            self._installments.note(returned, job.due_ms)

    def _let_in(self, match: Match, request: Request) -> tuple[Call, Mapping[str, str]]:
        """The call, and the headers about the rate limit; raises Refused."""
        now_ms = self._tools.clock.now_ms()
        tenant = self._tenants.authenticate(request)
        headers = self._tenants.count(tenant, now_ms)
        self._books.plant(tenant.id)
        operation = operation_asked(request) or match.route.operation
        call = Call(operation, tenant, match.parameters, request.query, request.body, now_ms)
        return call, headers

    # The page in the patient's browser

    def _from_browser(self, match: Match, request: Request) -> Call:
        """The tenant is that of the session; raises Refused with a page."""
        config = self._component.find(page.session_of(request.query, request.body))
        tenant = self._tenants.get(config.tenant) if config else None
        if config is None or tenant is None:
            raise Refused(page.refused(404, "This session is not known."))
        query = Query([*request.query.pairs(), ("sessionKey", config.session_key)])
        now_ms = self._tools.clock.now_ms()
        return Call(match.route.operation, tenant, {}, query, request.body, now_ms)

    def _do_page(self, call: Call) -> Response:
        try:
            return self._verbs[call.operation](call)
        except Refused as refusal:
            text = str(json_text.loads(refusal.response.body)["detail"])
            return page.refused(refusal.response.status, text)

    def _config(self, call: Call) -> PayinConfig:
        config = self._component.find(call.query["sessionKey"])
        if config is None:
            raise refusals.not_found("Session")
        return config

    def _show_component(self, call: Call) -> Response:
        config = self._config(call)
        charges = [self._books.charge(config.tenant, each) for each in config.charge_ids]
        total_cents = sum(charge.outstanding_cents for charge in charges)
        return page.form(config, total_cents, due_dates.today(call.now_ms))

    def _complete_payin(self, call: Call) -> Response:
        submitted = page.submitted(call.body)
        if submitted is None:
            return page.refused(400, "method and outcome must be those of the form.")
        config = self._component.complete(self._config(call), submitted, call.now_ms)
        if config.status == COMPLETED:
            return page.completed(config)
        return page.declined(submitted.declined or "Declined", config.session_key)


def _match(request: Request) -> Match:
    match = find(ROUTES, request.method, request.path)
    if match:
        return match
    allowed = ", ".join(allowed_methods(ROUTES, request.path))
    if allowed:
        raise detail(405, "Method Not Allowed", Allow=allowed)
    raise detail(404, "Not Found")
