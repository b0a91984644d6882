"""Orders for Medfusion, and a client whose vendor is a function or the sandbox's own machine."""

import json
import random
from collections.abc import Callable
from typing import Any

import httpx

from local.sandbox.clock import ManualClock
from local.sandbox.control import Control
from local.sandbox.ids import Ids
from local.sandbox.messages import Query, Request
from local.sandbox.sandbox import Sandbox
from local.sandbox.store import Store
from local.sandbox.vendor import Settings
from local.sandbox.webhooks import Outcome, Post
from payhub.domain.payment import Action, ActionState, Attempt, BatchLine, FinalAnswer, Payment
from payhub.domain.portal import PortalPage
from payhub.ports import Clock, Order, Secrets
from payhub.transport import Transport
from payhub.vendors.medfusion.client import Client
from payhub.vendors.medfusion.contract import CONTRACTS, RECEIVE, SEND
from payhub.vendors.medfusion.gateway import PaymentGateway
from payhub.vendors.medfusion.portal import Portal
from tests.support.fakes import NOON_MS, TENANT, MemorySecrets, SetClock

Handler = Callable[[httpx.Request], httpx.Response]

BASE_URL = "http://medfusion.test"
MEDFUSION_TENANT = TENANT.model_copy(update={"vendors": {"medfusion": {"base_url": BASE_URL}}})
CREDENTIALS = {"app_token": "app/1", "username": "api-user", "password": "pass word&1"}
APPLICATION = {"clientId": "client-1", "clientSecret": "secret:1", "oauthVersion": "O_AUTH_2_0"}
APPLICATION_PATH, TOKEN_PATH = b"/v1/oauth2/oauthapplication/app%2F1", b"/v1/oauth2/token"

PRACTICE = "1c7ecf9f-9700-4e70-b976-9356db658274"
PRACTICE_PATH = f"/v1/practice/{PRACTICE}"
ONE, TWO = "782b8228-2527-4e2a-825c-a4afabe74ae0", "882b8228-2527-4e2a-825c-a4afabe74ae1"
SECURE, SWIPED, PAY_NOW = "securePayments", "vcsPayment", "payNowpayment"
TIMEOUT_SECONDS = 3.0

HEADERS = """\
  <PaymentsMessageHeaders>
    <Sender deviceName="12.5"/><Partner deviceName="P"/><Destination deviceName="D"/>
  </PaymentsMessageHeaders>
"""


def element(payment_id: str = ONE, status: str = "POSTED", more: str = "") -> str:
    """A payment of a document."""
    return (
        f'<Payment id="{payment_id}"><PaymentType>BillPayment</PaymentType>'
        f"<PaymentStatus>{status}</PaymentStatus>{more}</Payment>"
    )


def paid(amount: str = "25.00", payment_id: str = ONE, status: str = "SUBMITTED") -> str:
    """A payment as the portal shows it."""
    information = f"<PaymentInformation><AmountPaid>{amount}</AmountPaid></PaymentInformation>"
    return element(payment_id, status, information)


def document(*payments: str, practice: str = PRACTICE) -> str:
    """A Payments document."""
    practice_id = f"<PracticeId>{practice}</PracticeId>"
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:Payments xmlns:ns2="http://schema.intuit.com/health/securePayments/v1">
{HEADERS}  <PracticeInformation>
    <PracticeIdentifier>{practice_id}</PracticeIdentifier>
  </PracticeInformation>
{"".join(f"  {each}{chr(10)}" for each in payments)}</ns2:Payments>
"""


def known_secrets(**changes: str) -> MemorySecrets:
    """The tenant's credentials."""
    secrets = MemorySecrets()
    secrets.put(MEDFUSION_TENANT.tenant, "medfusion", {**CREDENTIALS, **changes})
    return secrets


def with_tokens(handler: Handler) -> Handler:
    """The vendor, giving a token to whoever asks."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.raw_path == APPLICATION_PATH:
            return httpx.Response(200, json=APPLICATION)
        if request.url.raw_path == TOKEN_PATH:
            return httpx.Response(200, json={"accessToken": "token-1", "expiresIn": 7200})
        return handler(request)

    return handle


def client(handler: Handler, secrets: Secrets | None = None, clock: Clock | None = None) -> Client:
    """A client whose vendor is `handler`, tokens and all."""
    transport = Transport(TIMEOUT_SECONDS, httpx.MockTransport(handler))
    return Client(transport, secrets or known_secrets(), frozenset({BASE_URL}), clock or SetClock())


def answering(status: int, body: str | bytes = b"", **headers: str) -> Handler:
    """A vendor that always answers this; underscores in names of headers are dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return with_tokens(lambda request: httpx.Response(status, content=body, headers=named))


def line(
    reference: str = ONE,
    target: str = "POSTED",
    since_ms: int = 0,
    included: bool | None = True,
) -> BatchLine:
    """A payment of a message."""
    return BatchLine(
        payment_id="0" * 32,
        reference=reference,
        target=target,
        since_ms=since_ms,
        included=included,
    )


def message(
    *lines: BatchLine,
    kind: str = SECURE,
    facts: dict[str, str] | None = None,
    reference: str | None = None,
    at_ms: int = NOON_MS,
) -> Payment:
    """A message; with facts one that the vendor has taken."""
    answer = None
    if facts is not None:
        answer = FinalAnswer(
            state=ActionState.DONE, status="PROCESSING", revision=2, at_ms=at_ms, facts=facts
        )
    sending = Action(
        verb=SEND,
        number=1,
        state=ActionState.SENDING if facts is None else ActionState.DONE,
        actor="caller:test",
        opened_at_ms=at_ms,
        answer=answer,
        attempts=(Attempt(number=1, token="t", intent_at_ms=at_ms),),
    )
    return _payment(
        SEND,
        sending,
        amount_cents=0,
        vendor_reference=reference,
        terms={"practiceId": PRACTICE, "kind": kind},
        batch=lines,
        created_at_ms=at_ms,
    )


def portal_payment(reference: str | None = ONE, **terms: str | int) -> Payment:
    """A payment that was picked up."""
    received = Action(
        verb=RECEIVE, number=1, state=ActionState.DONE, actor="vendor", opened_at_ms=NOON_MS
    )
    whose = {"practiceId": PRACTICE, "kind": SECURE, "sinceMs": 0, **terms}
    return _payment(RECEIVE, received, vendor_reference=reference, terms=whose)


def _payment(verb: str, action: Action, **changes: Any) -> Payment:
    values: dict[str, Any] = {
        "tenant": MEDFUSION_TENANT.tenant,
        "payment_id": "0" * 31 + "1",
        "vendor": "medfusion",
        "operation": CONTRACTS[verb].operation,
        "amount_cents": 2500,
        "caller_reference": "",
        "fingerprint": "f",
        "created_at_ms": NOON_MS,
        "updated_at_ms": NOON_MS,
        "actions": (action,),
    }
    return Payment(**{**values, **changes})


def order(payment: Payment, text: str = "", now_ms: int = NOON_MS, **changes: Any) -> Order:
    """An order about the payment's last action."""
    return Order(
        tenant=MEDFUSION_TENANT,
        payment=payment,
        action=payment.action,
        carried={"xml": text} if text else {},
        now_ms=now_ms,
        **changes,
    )


class Room:
    """The sandbox and a client in front of it; `paths` are what the vendor was asked for."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = Store()
        self.sandbox = Sandbox(
            self.store, self.clock, Ids(random.Random(1)), self.deliver, Settings()
        )
        self.paths: list[str] = []
        member = {**CREDENTIALS, "client_id": "client-1", "client_secret": "secret:1"}
        self.control("members", {**member, "practice_ids": [PRACTICE]})
        self.client = client(self.answer, clock=self.clock)
        self.gateway = PaymentGateway(self.client)
        self.portal = Portal(self.client)

    def deliver(self, post: Post) -> Outcome:
        """This vendor sends nothing."""
        raise AssertionError(post)

    def control(self, path: str, body: Any = None) -> Any:
        """One of the sandbox's controls for this vendor; without a body one that lists."""
        method = "GET" if body is None else "POST"
        raw = b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"/_sandbox/medfusion/{path}", body=raw)
        return self._control(request)

    def fault(self, operation: str, fault: str) -> None:
        """Spoil the next request of that operation."""
        body = {"vendor": "medfusion", "operation": operation, "fault": fault}
        self._control(Request("POST", "/_sandbox/faults", body=json.dumps(body).encode()))

    def _control(self, request: Request) -> Any:
        response = Control(self.sandbox).answer(request).response
        assert response is not None and response.status < 300, response
        return json.loads(response.body)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the wire shows."""
        path = request.url.raw_path.decode().partition("?")[0]
        self.paths.append(f"{request.method} {path}")
        reply = self.sandbox.handle(
            "medfusion",
            Request(
                method=request.method,
                path=path,
                query=Query(request.url.params.multi_items()),
                headers={k.lower(): v for k, v in request.headers.items()},
                body=request.read(),
            ),
        )
        if reply.response is None or reply.after_seconds > TIMEOUT_SECONDS:
            raise httpx.ReadTimeout("played", request=request)
        answer = reply.response
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def pay(self, amount_cents: int = 2500, **changes: Any) -> str:
        """A patient pays; answers the vendor's id."""
        body = {"practice_id": PRACTICE, "amount_cents": amount_cents, **changes}
        return str(self.control("payments", body)["payment_id"])

    def status_of(self, reference: str) -> str:
        """How the vendor has it."""
        found = {it["payment_id"]: it["status"] for it in self.control("payments")}
        return str(found[reference])

    def polled(self, kind: str = SECURE, since_ms: int | None = None) -> PortalPage:
        """A poll that succeeds."""
        page = self.portal.poll(MEDFUSION_TENANT, PRACTICE, kind, since_ms)
        assert isinstance(page, PortalPage), page
        return page

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass, doing what becomes due."""
        self.clock.advance(round(seconds * 1000))
        self.sandbox.run_due_jobs()
