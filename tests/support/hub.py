"""The hub as its callers use it, and the sandbox's truth book to compare it with."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import httpx

from local.settings import REPOSITORY
from tests.support.athena_client import AthenaClient
from tests.support.stack import LocalStack

Json = dict[str, Any]
T = TypeVar("T")

OPEN_ACCOUNT, HOLD_ACCOUNT = "MAIN", "HOLD"
"""The accounts of a tenant that `make tenant` makes."""

STAYS_IN_LOADING_CENTS = 408
"""The sandbox's magic amount for a payment that waits in a status in which it can be voided."""

_POLL_SECONDS = 0.3
_PATIENCE_SECONDS = 60
_REPEATS_MAX = 30
_CUT_OFF = frozenset({httpx.codes.BAD_GATEWAY, httpx.codes.GATEWAY_TIMEOUT})


class TimedOut(AssertionError):
    """What was waited for did not come."""


def eventually(look: Callable[[], T | None], what: str, seconds: float = _PATIENCE_SECONDS) -> T:
    """Look again and again until something is there; raises TimedOut after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimedOut(f"not within {seconds} s: {what}")
        time.sleep(_POLL_SECONDS)


@dataclass(frozen=True)
class Tenant:
    """A tenant with its credentials, and what a test needs to play its vendor."""

    tenant: str
    api_key: str
    operator_key: str
    client_id: str
    client_secret: str
    accounts: Mapping[str, Mapping[str, bool]]
    practice_ids: Sequence[str]
    vendor_codes: Sequence[str]
    vendor_tenant_ids: Mapping[str, str]
    medfusion_practice_ids: Sequence[str]
    app_token: str
    username: str
    password: str


def new_tenant(stack: LocalStack, name: str) -> Tenant:
    """`make tenant`: a tenant of the test's own, with vendor credentials in the sandbox."""
    made = subprocess.run(
        [sys.executable, "-m", "local.tenants", "--name", name],
        cwd=REPOSITORY,
        env=stack.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return Tenant(**json.loads(made.stdout))


def demo_tenant(stack: LocalStack, position: int) -> Tenant:
    """One of the two demo tenants."""
    known = stack.tenants[position]
    return Tenant(**{name: known[name] for name in Tenant.__dataclass_fields__})


def new_key() -> str:
    """A key that nobody used before."""
    return uuid.uuid4().hex


class Api:
    """The API with one key. Verbs answer the raw response: its status is the behaviour."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._http = httpx.Client(
            base_url=base_url, headers={"API-KEY": api_key}, timeout=90, trust_env=False
        )

    def send(
        self,
        method: str,
        path: str,
        body: Json | list[Json] | None = None,
        query: Mapping[str, str] | None = None,
        **headers: str | None,
    ) -> httpx.Response:
        """Any request; header names are given as keywords with underscores.

        A 502 or 504 is the gateway's word on a busy machine: what can be repeated is repeated, as
        it says, until the first request has come to its end.
        """
        given = {name.replace("_", "-"): text for name, text in headers.items() if text}
        repeats = _REPEATS_MAX if method == "GET" or "idempotency-key" in given else 0
        answer = self._http.request(method, path, json=body, params=query, headers=given)
        if answer.status_code not in _CUT_OFF:
            return answer
        for _ in range(repeats):
            answer = self._http.request(method, path, json=body, params=query, headers=given)
            if answer.status_code not in _CUT_OFF and not _still_running(answer):
                break
            time.sleep(1)
        return answer

    def issue(
        self,
        amount: int = 12_500,
        *,
        account: str = OPEN_ACCOUNT,
        reference: str | None = None,
        key: str | None = None,
        client_request_id: str | None = None,
        prefix: str = "",
    ) -> httpx.Response:
        """POST /payments; without any key it gets a new one."""
        body = issue_body(amount, account, reference or f"REF-{new_key()}")
        if client_request_id is not None:
            body["clientRequestId"] = client_request_id
        elif key is None:
            key = new_key()
        return self.send("POST", f"{prefix}/payments", body, idempotency_key=key)

    def act(
        self,
        verb: str,
        payment_id: str,
        *,
        key: str | None = None,
        if_match: str | None = None,
        reason: str | None = None,
        prefix: str = "",
    ) -> httpx.Response:
        """POST /payments/{id}/{verb}."""
        return self.send(
            "POST",
            f"{prefix}/payments/{payment_id}/{verb}",
            None if reason is None else {"reason": reason},
            idempotency_key=key,
            if_match=if_match,
        )

    def void(self, payment_id: str, **how: str) -> httpx.Response:
        """POST /payments/{id}/void."""
        return self.act("void", payment_id, **how)

    def reissue(self, payment_id: str, **how: str) -> httpx.Response:
        """POST /payments/{id}/reissue."""
        return self.act("reissue", payment_id, **how)

    def release(self, payment_id: str, **how: str) -> httpx.Response:
        """POST /payments/{id}/release."""
        return self.act("release", payment_id, **how)

    def resolve(self, payment_id: str, resolution: str, **more: str) -> httpx.Response:
        """POST /payments/{id}/resolve."""
        body = {"resolution": resolution, "reason": "asked the vendor", **more}
        return self.send("POST", f"/payments/{payment_id}/resolve", body)

    def payment(self, payment_id: str) -> Json:
        """GET /payments/{id}."""
        return read(self.send("GET", f"/payments/{payment_id}"))

    def details(self, payment_id: str) -> Json:
        """GET /payments/{id}/details."""
        return read(self.send("GET", f"/payments/{payment_id}/details"))

    def wait_until(
        self,
        payment_id: str,
        holds: Callable[[Json], bool],
        what: str = "the payment is as wanted",
        seconds: float = _PATIENCE_SECONDS,
    ) -> Json:
        """The payment as soon as it is as wanted."""
        last: Json = {}

        def look() -> Json | None:
            answer = self.send("GET", f"/payments/{payment_id}")
            if answer.status_code != httpx.codes.OK:
                return None
            last.clear()
            last.update(answer.json())
            return last if holds(last) else None

        try:
            return eventually(look, what, seconds)
        except TimedOut as error:
            raise TimedOut(f"{error}; it is {last}") from None

    def wait_for_status(self, payment_id: str, *statuses: str) -> Json:
        """The payment in one of these statuses with no action open."""
        what = " or ".join(statuses)
        return self.wait_until(
            payment_id, lambda it: it["status"] in statuses and it["action"] is None, what
        )

    def issued(self, amount: int = 12_500, **how: Any) -> Json:
        """A payment that the vendor has taken."""
        payment = read(self.issue(amount, **how))
        return payment if payment["action"] is None else self.wait_until(payment["paymentId"], done)

    def voidable(self, amount: int = STAYS_IN_LOADING_CENTS) -> Json:
        """A payment that stays where it can be voided."""
        return self.wait_for_status(self.issued(amount)["paymentId"], "Loading")


def issue_body(amount: int, account: str, reference: str) -> Json:
    """A small body as the issuer documents it."""
    details = {"issuerReferenceId": reference, "amount": amount}
    return {
        "accountShortCode": account,
        "payment": {"paymentDetails": details, "totalNumberOfClaims": 1},
    }


def read(answer: httpx.Response) -> Json:
    """The JSON of a success; anything else fails the test with its text."""
    assert answer.is_success, f"{answer.status_code} {answer.text}"
    found: Json = answer.json()
    return found


def _still_running(answer: httpx.Response) -> bool:
    is_problem = answer.status_code == httpx.codes.CONFLICT
    return is_problem and str(answer.json().get("type", "")).endswith("/still-running")


def done(payment: Json) -> bool:
    """Whether nothing is under way and nobody is waited for."""
    return payment["action"] is None


def settled(payment: Json) -> bool:
    """Whether nothing is under way: ended, or waiting for a person."""
    action = payment["action"]
    return action is None or action["state"] == "needs_review"


@dataclass(frozen=True)
class Movement:
    """A line of the truth book."""

    operation: str
    reference: str
    amount_cents: int
    direction: str

    @property
    def net_cents(self) -> int:
        """What went out to the payee; negative when it came back."""
        return self.amount_cents if self.direction == "out" else -self.amount_cents


class Sandbox:
    """The controls of the sandbox: what really happened, and what is to go wrong."""

    def __init__(self, url: str, vendor: str = "optum") -> None:
        self._http = httpx.Client(base_url=f"{url}/_sandbox", timeout=90, trust_env=False)
        self._vendor = vendor

    def ledger(self, reference: str = "") -> list[Movement]:
        """The movements under one reference of the vendor, or all of them."""
        query = {"vendor": self._vendor, "reference": reference}
        found = self._ok(self._http.get("/ledger", params=query))
        names = Movement.__dataclass_fields__
        return [Movement(**{name: it[name] for name in names}) for it in found]

    def references(self, payment_id: str) -> list[str]:
        """Every payment that the vendor made for this one of ours, oldest first."""
        found = [it["references"][0] for it in self.events(payment_id)]
        return list(dict.fromkeys(found))

    def movements(self, payment_id: str) -> list[Movement]:
        """Every movement of money for one payment of ours, whatever the hub knows of it."""
        return [it for name in self.references(payment_id) for it in self.ledger(name)]

    def arm(
        self,
        operation: str,
        fault: str,
        match: str,
        count: int = 1,
        delay_seconds: float | None = None,
    ) -> None:
        """Spoil the next requests whose path or body contains `match`."""
        wanted = {"vendor": self._vendor, "operation": operation, "fault": fault}
        late = {} if delay_seconds is None else {"delay_seconds": delay_seconds}
        aimed = {"match": match, "count": count}
        self._ok(self._http.post("/faults", json={**wanted, **aimed, **late}))

    def armed(self, match: str) -> list[Json]:
        """Faults that have not struck yet."""
        found = self._ok(self._http.get("/faults", params={"vendor": self._vendor}))
        return [it for it in found if it.get("match") == match]

    def refuse(self, seconds: float) -> None:
        """Close the vendor's port for so long."""
        body = {"vendor": self._vendor, "fault": "refuse", "seconds": seconds}
        self._ok(self._http.post("/faults", json=body))

    def clear_faults(self) -> None:
        """Disarm everything."""
        self._ok(self._http.delete("/faults"))

    def advance_clock(self, seconds: int) -> None:
        """Move the one clock of vendors and hub; only for a stack that nobody else uses."""
        self._ok(self._http.post("/clock", json={"advance_seconds": seconds}))

    def now(self) -> datetime:
        """What the clock shows."""
        shown = self._ok(self._http.get("/clock"))
        return datetime.fromisoformat(shown["now"])

    def events(self, reference: str) -> list[Json]:
        """The webhooks of one reference, oldest first, with what became of each."""
        query = {"vendor": self._vendor, "reference": reference}
        found: list[Json] = self._ok(self._http.get("/events", params=query))
        return found

    def send_events(self, action: str, **fields: Any) -> list[Json]:
        """Hold, resume or send webhooks again; answers what the receiver said to each."""
        body = {"vendor": self._vendor, "action": action, **fields}
        sent: list[Json] = self._ok(self._http.post("/events", json=body)).get("sent", [])
        return sent

    def _ok(self, answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json()


@dataclass(frozen=True)
class Hub:
    """One tenant's view of a running stack: its caller, its operator, its vendor."""

    stack: LocalStack
    tenant: Tenant
    api: Api
    operator: Api
    sandbox: Sandbox
    athena: AthenaClient

    def sandbox_of(self, vendor: str) -> Sandbox:
        """The controls of any vendor; `sandbox` are the issuer's."""
        return _sandbox(self.stack.sandbox_url, vendor)

    def invoke(self, function: str, event: Json | None = None) -> None:
        """Have a function run now, as its schedule would unless another event is given."""
        name = self.stack.deployed.physical_id(function)
        payload = json.dumps(event or {}).encode()
        answer = self.stack.client("lambda").invoke(FunctionName=name, Payload=payload)
        told = answer["Payload"].read()
        assert "FunctionError" not in answer, told
        assert b'"itemIdentifier"' not in told, told

    def remind(self, worker: str, **ids: str) -> None:
        """Hand a worker a reminder now, as its queue does some time or other."""
        record = {
            "messageId": new_key(),
            "receiptHandle": "none",
            "body": json.dumps({"v": 1, "tenant": self.tenant.tenant, **ids}),
            "attributes": {"SentTimestamp": "0", "ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "awsRegion": "us-east-1",
        }
        self.invoke(worker, {"Records": [record]})

    def agrees(self, payment_id: str) -> None:
        """The money that moved is what the hub says: out while it is paid, back once voided."""
        payment = self.api.payment(payment_id)
        movements = self.sandbox.movements(payment_id)
        back = payment["status"] in {"Voided", "Failed", "Held", "declined", "not_captured"}
        expected = 0 if back else payment["amountCents"]
        assert net_cents(movements) == expected, (payment, movements)
        assert len({it.reference for it in movements}) <= 1, movements


@cache
def _sandbox(url: str, vendor: str) -> Sandbox:
    """Made once: making its client takes longer than most of what it is asked."""
    return Sandbox(url, vendor)


def hub_of(stack: LocalStack, tenant: Tenant) -> Hub:
    """What a test of this tenant works with."""
    return Hub(
        stack=stack,
        tenant=tenant,
        api=Api(stack.base_url, tenant.api_key),
        operator=Api(stack.base_url, tenant.operator_key),
        sandbox=Sandbox(stack.sandbox_url),
        athena=AthenaClient(
            stack.base_url,
            tenant.client_id,
            tenant.client_secret,
            tenant.practice_ids[0],
            tenant.vendor_codes[0],
        ),
    )


def net_cents(movements: Iterable[Movement]) -> int:
    """What is out after all of them."""
    return sum(it.net_cents for it in movements)
