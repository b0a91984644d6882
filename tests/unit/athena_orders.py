"""Orders for athenahealth, and a client whose vendor is a function."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
from pydantic import SecretStr

from payhub.domain.card import Card
from payhub.domain.payment import Action, ActionState, Attempt, FinalAnswer, Payment
from payhub.domain.settlement import NEW_YORK
from payhub.ports import Order, Secrets
from payhub.transport import Transport
from payhub.vendors.athena import contract
from payhub.vendors.athena.client import Client
from payhub.vendors.athena.gateway import PaymentGateway
from tests.support.fakes import NOON_MS, TENANT, MemorySecrets, SetClock

Handler = Callable[[httpx.Request], httpx.Response]

BASE_URL = "http://athena.test"
ATHENA_TENANT = TENANT.model_copy(update={"vendors": {"athena": {"base_url": BASE_URL}}})
CREDENTIALS = {"client_id": "client-1", "client_secret": "secret-1"}
TOKEN_PATH = "/oauth2/v1/token"

NUMBER, CODE = "4111111111111111", "987"
CARD = Card(
    account_number=SecretStr(NUMBER),
    security_code=SecretStr(CODE),
    expiration_month=SecretStr("12"),
    expiration_year=SecretStr("2030"),
    name=SecretStr("Ada Abbott"),
    billing_address=SecretStr("1 Main Street"),
    billing_zip=SecretStr("02472"),
    email=SecretStr("ada@example.com"),
)
CARD_FORM = {
    "accountnumber": NUMBER,
    "cardsecuritycode": CODE,
    "expirationmonthmm": "12",
    "expirationyearyyyy": "2030",
    "nameoncard": "Ada Abbott",
    "billingaddress": "1 Main Street",
    "billingzip": "02472",
    "email": "ada@example.com",
}

WHERE: dict[str, str | int] = {"practiceid": "195900", "patientid": "7", "departmentid": "1"}
KEPT: dict[str, str | int] = {"cardbrand": "VI", "cardlast4": "1111", "confirmnotduplicate": "true"}
VENDORS: dict[str, str | int] = {**WHERE, "vendorcode": "ACME"}
TERMS: dict[str, dict[str, str | int]] = {
    contract.COLLECT: {
        **WHERE,
        **KEPT,
        "appointmentid": "10071",
        "copayamount": "12.50",
        "claimpayment": '[{"701":"30.00"}]',
        "todayservice": "false",
    },
    contract.STORE_CARD: {**WHERE, **KEPT, "appointmentid": "10071", "maxamount": "200"},
    contract.START_PLAN: {
        **WHERE,
        **KEPT,
        "claimids": "[701,702]",
        "cycleamount": "50.00",
        "downpaymentamount": "20.00",
        "paymentplanname": "Payhub 0123456789abcdef",
    },
    contract.RECORD: {
        **WHERE,
        "paymentmethod": "CHECK",
        "checknumber": "1001",
        "otheramount": "42.50",
        "confirmnotduplicate": "true",
    },
    contract.VOID: {**WHERE, **KEPT, "otheramount": "42.50"},
    contract.REPORT: {
        **VENDORS,
        "externalrefid": "ext-1",
        "paymentmethod": "CASH",
        "otheramount": "42.50",
    },
    contract.REFUND: {
        **VENDORS,
        "externalrefid": "ext-1",
        "paymentmethod": "CASH",
        "otheramount": "42.50",
    },
    contract.ADJUST: {
        "practiceid": "195900",
        "vendorcode": "ACME",
        "patientid": "7",
        "charges": '[{"chargeid":7011,"adjustmentamount":"5.00"},'
        '{"chargeid":7012,"adjustmentamount":"0.70"}]',
    },
}
REFUND_TERMS: dict[str, str | int] = {
    "patientid": "7",
    "departmentid": "1",
    "externalrefid": "ref-1",
    "paymentmethod": "CASH",
    "ispaymentsettled": "true",
}
MADE_BY = {contract.VOID: contract.COLLECT, contract.REFUND: contract.REPORT}
"""The verb of the payment that an action is about."""


def ms(text: str) -> int:
    """An instant in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def eastern(at_ms: int) -> str:
    """As the vendor writes an instant."""
    return datetime.fromtimestamp(at_ms / 1000, NEW_YORK).strftime("%m/%d/%Y %H:%M:%S")


def attempt(intent_at_ms: int, outcome: str | None, ended_at_ms: int | None = None) -> Attempt:
    """One call to the vendor."""
    return Attempt(
        number=1,
        token="t",
        intent_at_ms=intent_at_ms,
        ended_at_ms=ended_at_ms,
        outcome=outcome,
    )


def action(verb: str, state: ActionState, *attempts: Attempt, **changes: Any) -> Action:
    """One thing asked of the vendor."""
    values: dict[str, Any] = {"number": 1, "actor": "caller:test", "opened_at_ms": NOON_MS}
    return Action(verb=verb, state=state, attempts=attempts, **{**values, **changes})


def final(state: ActionState, **changes: Any) -> FinalAnswer:
    """What a caller was told."""
    return FinalAnswer(state=state, status="-", revision=1, at_ms=NOON_MS, **changes)


def payment(verb: str, *actions: Action, **changes: Any) -> Payment:
    """A payment made by `verb`."""
    values: dict[str, Any] = {
        "tenant": ATHENA_TENANT.tenant,
        "payment_id": "0" * 31 + "1",
        "vendor": "athena",
        "operation": contract.CONTRACTS[verb].operation,
        "amount_cents": 4250,
        "caller_reference": "INV-1",
        "fingerprint": "f",
        "created_at_ms": NOON_MS,
        "updated_at_ms": NOON_MS,
        "terms": TERMS[verb],
        "actions": actions,
    }
    return Payment(**{**values, **changes})


def order(
    verb: str, *attempts: Attempt, card: Card | None = CARD, now_ms: int = NOON_MS, **changes: Any
) -> Order:
    """An order to carry out or look up `verb`; `terms` replace the usual ones."""
    sent = attempts or (attempt(NOON_MS, None),)
    terms = REFUND_TERMS if verb == contract.REFUND else {}
    asked = action(verb, ActionState.SENDING, *sent, terms=terms)
    made_by = MADE_BY.get(verb, verb)
    if verb in MADE_BY:
        changes = {"vendor_reference": "551", **changes}
    about = payment(made_by, asked, **{"terms": TERMS[verb], **changes})
    return Order(
        tenant=ATHENA_TENANT, payment=about, action=asked, carried={}, now_ms=now_ms, card=card
    )


def known_secrets() -> MemorySecrets:
    """The tenant's credentials."""
    secrets = MemorySecrets()
    secrets.put(ATHENA_TENANT.tenant, "athena", CREDENTIALS)
    return secrets


def with_tokens(handler: Handler) -> Handler:
    """The vendor, giving a token to whoever asks."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            return httpx.Response(200, json={"access_token": "token-1", "expires_in": "3600"})
        return handler(request)

    return handle


def client(handler: Handler, secrets: Secrets | None = None) -> Client:
    """A client whose vendor is `handler`, tokens and all."""
    transport = Transport(3.0, httpx.MockTransport(handler))
    return Client(transport, secrets or known_secrets(), frozenset({BASE_URL}), SetClock())


def gateway(handler: Handler) -> PaymentGateway:
    """The payment gateway in front of it, tokens left to the helper."""
    return PaymentGateway(client(with_tokens(handler)))


def answering(status: int, body: object, **headers: str) -> Handler:
    """A vendor that always answers this: bytes as they are, anything else as JSON."""
    if isinstance(body, bytes):
        return lambda request: httpx.Response(status, content=body, headers=headers)
    return lambda request: httpx.Response(status, json=body, headers=headers)


def never(request: httpx.Request) -> httpx.Response:
    """A vendor that must not be called."""
    raise AssertionError(f"{request.method} {request.url.path} must not be called")


def by_path(answers: Mapping[str, object]) -> Handler:
    """A vendor that answers JSON by the end of the path."""

    def handle(request: httpx.Request) -> httpx.Response:
        for ending, body in answers.items():
            if request.url.path.endswith(ending):
                return httpx.Response(200, json=body)
        raise AssertionError(f"{request.url.path} must not be called")

    return handle


def form_of(request: httpx.Request) -> dict[str, str]:
    """The body of a request, every field once."""
    pairs = parse_qsl(request.read().decode(), keep_blank_values=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)
