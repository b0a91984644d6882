"""The machine: requests and jobs in, answers, events and truth book entries out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from local.sandbox.jobs import Job
from local.sandbox.messages import Request, Response, json_response, text_response
from local.sandbox.optum import controls, issue_request, lifecycle, problems
from local.sandbox.optum.event_api import EventApi
from local.sandbox.optum.events import Events
from local.sandbox.optum.magic import magic
from local.sandbox.optum.money import from_cents
from local.sandbox.optum.payments import (
    Payment,
    Payments,
    batch_object,
    payment_details,
    payment_object,
)
from local.sandbox.optum.problems import Problem, conflict, invalid, not_found
from local.sandbox.optum.routes import OPERATIONS, ROUTES
from local.sandbox.optum.tenants import KIND, VENDOR, Tenant, Tenants
from local.sandbox.outbox import SUBSCRIPTION
from local.sandbox.routes import Route, allowed_methods, find, operation_of
from local.sandbox.store import Document
from local.sandbox.truth_book import Direction, Movement
from local.sandbox.vendor import Tools
from local.sandbox.webhooks import DeliveryPolicy

DELIVERY = DeliveryPolicy(
    signature_header="X-Optum-Webhook-Callback-Hmac-Signature",
    retry_delays_ms=(1000, 1000, 1000),
    breaker_after_missed=3,
)
_PAGE_SIZE_MAX = 200
_PAGE_MAX = 1_000_000
_DIGITS_MAX = 9
_STEP = "step"


@dataclass(frozen=True)
class _Call:
    """A request that was understood: who asks, for what, when."""

    tenant: Tenant
    parameters: dict[str, str]
    request: Request
    now_ms: int


class OptumMachine:
    """Not idempotent, as the vendor: the same clientRequestId twice makes two payments."""

    name = VENDOR
    operations: Sequence[str] = OPERATIONS
    declinable: Sequence[str] = (
        "issue_payment",
        "release_payment",
        "void_payment",
        "reissue_payment",
    )
    kept_kinds: Sequence[str] = (KIND, SUBSCRIPTION)
    controls: Sequence[Route] = controls.CONTROLS

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._tenants = Tenants(tools.store)
        self._payments = Payments(tools.store)
        self._events = Events(tools.outbox, tools.ids)
        self._event_api = EventApi(tools.outbox, tools.ids)
        self._verbs: dict[str, Callable[[_Call], Response]] = {
            "issue_payment": self._issue,
            "release_payment": self._release,
            "void_payment": self._void,
            "reissue_payment": self._reissue,
            "get_payment": self._get_payment,
            "get_payment_details": self._get_details,
            "list_batches": self._list_batches,
            "get_batch": self._get_batch,
            "get_batch_details": self._get_batch_details,
            "subscribe": lambda c: self._event_api.subscribe(c.tenant, c.request.body),
            "list_subscriptions": lambda c: self._event_api.list(c.tenant),
            "change_subscription": lambda c: self._event_api.change(
                c.tenant, c.parameters["id"], c.request.body
            ),
            "reopen_subscription": lambda c: self._event_api.reopen(c.tenant, c.parameters["id"]),
            "list_missed_events": lambda c: self._event_api.missed(c.tenant, c.parameters["id"]),
            "acknowledge_event": lambda c: self._event_api.acknowledge(
                c.tenant, c.parameters["id"], c.parameters["event_id"]
            ),
        }

    def operation_of(self, request: Request) -> str | None:
        return operation_of(ROUTES, request.method, request.path)

    def handle(self, request: Request) -> Response:
        try:
            return self._handle(request)
        except Problem as problem:
            return problems.answer(problem, self._tools.ids)

    def put_off(self, request: Request) -> Document:
        return request.to_document()

    def catch_up(self, kept: Document) -> None:
        self.handle(Request.from_document(kept))

    def error_page(self, status: int) -> Response:
        return text_response(status, HTTPStatus(status).phrase)

    def decline(self, operation: str) -> Response:
        status, title = (
            (422, "Unprocessable Entity") if operation == "issue_payment" else (409, "Conflict")
        )
        problem = Problem(status, title, f"{operation} was declined", "DECLINED")
        return problems.answer(problem, self._tools.ids)

    def control(self, operation: str, request: Request) -> Response:
        return controls.control(self._tenants, operation, request)

    def run(self, job: Job) -> None:
        """A step by itself: the only kind of job of this machine."""
        payment = self._payments.get(job.payload["payment_id"])
        planned_from = (job.payload["status"], job.payload["cycle"])
        # A void, a reissue or a reset since then makes the step void too.
        if payment is not None and (payment.status, payment.cycle) == planned_from:
            self._step(payment, job.due_ms)

    def _handle(self, request: Request) -> Response:
        match = find(ROUTES, request.method, request.path)
        if match is None:
            raise self._no_route(request)
        tenant = self._tenants.authenticate(request)
        call = _Call(tenant, match.parameters, request, self._tools.clock.now_ms())
        return self._verbs[match.route.operation](call)

    def _no_route(self, request: Request) -> Problem:
        allowed = ", ".join(allowed_methods(ROUTES, request.path))
        if allowed:
            return Problem(405, "Method Not Allowed", f"allowed: {allowed}", Allow=allowed)
        return not_found("The path")

    # What moves money

    def _issue(self, call: _Call) -> Response:
        """Create a payment in a batch of its own; it is out at once unless its account holds."""
        wanted = issue_request.parse(call.request.body, call.tenant)
        if magic(wanted.amount_cents).refuse_issue:
            raise Problem(
                422, "Unprocessable Entity", "The account lacks the funds", "INSUFFICIENT_FUNDS"
            )
        hold = call.tenant.accounts[wanted.account]
        payment = Payment(
            payment_id=self._tools.ids.hex32(),
            batch_id=self._tools.ids.uuid(),
            tenant_id=call.tenant.tenant_id,
            client_request_id=wanted.client_request_id,
            account=wanted.account,
            sub_account=wanted.sub_account,
            issuer_reference_id=wanted.issuer_reference_id,
            amount_cents=wanted.amount_cents,
            status=lifecycle.HELD if hold else lifecycle.CREATED,
            created_ms=call.now_ms,
            available_cents=0 if hold else wanted.amount_cents,
        )
        self._payments.add(payment)
        self._events.batch_created(payment, call.now_ms)
        if not hold:
            self._move("issue_payment", payment, payment.amount_cents, "out", call.now_ms)
        self._plan_step(payment, call.now_ms)
        return json_response(201, payment_object(payment, call.tenant))

    def _release(self, call: _Call) -> Response:
        payment = self._own_payment(call)
        if payment.status != lifecycle.HELD:
            raise conflict(f"A payment can be released when Held; it is {payment.status}")
        amount_cents = payment.amount_cents
        released = replace(payment, status=lifecycle.LOADING, available_cents=amount_cents)
        self._move("release_payment", payment, amount_cents, "out", call.now_ms)
        return self._acted(call, released)

    def _void(self, call: _Call) -> Response:
        """Take back what is out and not cashed."""
        payment = self._own_payment(call)
        balance_cents = payment.available_cents
        if payment.status not in lifecycle.VOIDABLE or balance_cents <= 0:
            balance = from_cents(balance_cents, call.tenant.amount_unit)
            raise conflict(
                f"A payment in status {payment.status} with available balance {balance}"
                " cannot be voided"
            )
        if magic(payment.amount_cents).refuse_void:
            raise conflict("The payment network refuses the void")
        voided = replace(
            payment, status=lifecycle.VOIDED, available_cents=0, voided_cents=balance_cents
        )
        self._move("void_payment", payment, balance_cents, "in", call.now_ms)
        return self._acted(call, voided)

    def _reissue(self, call: _Call) -> Response:
        """Send out again what the void took back, under the same payment id."""
        payment = self._own_payment(call)
        if payment.status != lifecycle.VOIDED:
            raise conflict(f"A payment can be reissued when Voided; it is {payment.status}")
        amount_cents = payment.voided_cents
        reissued = replace(
            payment,
            status=lifecycle.REISSUING,
            available_cents=amount_cents,
            voided_cents=0,
            cycle=payment.cycle + 1,
        )
        self._move("reissue_payment", payment, amount_cents, "out", call.now_ms)
        return self._acted(call, reissued)

    def _acted(self, call: _Call, payment: Payment) -> Response:
        """Keep and tell what an action made of a payment."""
        self._reach(payment, call.now_ms)
        return json_response(200, payment_object(payment, call.tenant))

    def _step(self, payment: Payment, now_ms: int) -> None:
        """One step of the way to Completed, or to where the magic amount makes it end."""
        special = magic(payment.amount_cents)
        if payment.status == special.fails_in:
            self._move("loading_failed", payment, payment.available_cents, "in", now_ms)
            self._reach(replace(payment, status=lifecycle.FAILED, available_cents=0), now_ms)
            return
        moved = replace(payment, status=lifecycle.NEXT[payment.status])
        if moved.status == lifecycle.COMPLETED:
            cashed_cents = moved.available_cents * special.cashed_percent_when_completed // 100
            moved = replace(moved, available_cents=moved.available_cents - cashed_cents)
        self._reach(moved, now_ms)

    def _reach(self, payment: Payment, now_ms: int) -> None:
        self._payments.save(payment)
        self._events.status_reached(payment, now_ms)
        self._plan_step(payment, now_ms)

    def _plan_step(self, payment: Payment, now_ms: int) -> None:
        stays = payment.status == magic(payment.amount_cents).stays_in
        if payment.status not in lifecycle.NEXT or stays:
            return
        payload = {
            "payment_id": payment.payment_id,
            "status": payment.status,
            "cycle": payment.cycle,
        }
        due_ms = now_ms + self._tools.settings.step_ms
        self._tools.jobs.schedule(due_ms, VENDOR, _STEP, payload)

    def _move(
        self,
        operation: str,
        payment: Payment,
        amount_cents: int,
        direction: Direction,
        now_ms: int,
    ) -> None:
        movement = Movement(VENDOR, operation, payment.payment_id, amount_cents, direction, now_ms)
        self._tools.truth_book.record(movement)

    # What only reads

    def _own_payment(self, call: _Call) -> Payment:
        payment_id = call.parameters["payment_id"]
        payment = self._payments.get(payment_id)
        if payment is None or payment.tenant_id != call.tenant.tenant_id:
            raise not_found(f"Payment {payment_id}")
        return payment

    def _get_payment(self, call: _Call) -> Response:
        return json_response(200, payment_object(self._own_payment(call), call.tenant))

    def _get_details(self, call: _Call) -> Response:
        return json_response(200, payment_details(self._own_payment(call), call.tenant))

    def _list_batches(self, call: _Call) -> Response:
        page = _number(call.request, "page", 1, _PAGE_MAX)
        page_size = _number(call.request, "pageSize", 50, _PAGE_SIZE_MAX)
        payments, total = self._payments.page(call.tenant.tenant_id, page, page_size)
        body = {
            "batches": [batch_object(payment, call.tenant) for payment in payments],
            "page": page,
            "pageSize": page_size,
            "totalPages": -(-total // page_size),
        }
        return json_response(200, body)

    def _get_batch(self, call: _Call) -> Response:
        return json_response(200, batch_object(self._own_batch(call), call.tenant))

    def _get_batch_details(self, call: _Call) -> Response:
        payment = self._own_batch(call)
        payments = [payment_object(payment, call.tenant)]
        return json_response(200, {**batch_object(payment, call.tenant), "payments": payments})

    def _own_batch(self, call: _Call) -> Payment:
        batch_id = call.parameters["batch_id"]
        payment = self._payments.in_batch(batch_id)
        if payment is None or payment.tenant_id != call.tenant.tenant_id:
            raise not_found(f"Batch {batch_id}")
        return payment


def _number(request: Request, name: str, default: int, highest: int) -> int:
    text = request.query.get(name, str(default))
    if not (
        text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX and 1 <= int(text) <= highest
    ):
        raise invalid(name, f"must be a whole number from 1 to {highest}")
    return int(text)
