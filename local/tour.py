"""make tour: real payments through every operation, over HTTP, beside the vendor's truth book."""

import re
import secrets
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from local import demo, show
from local.settings import Settings, from_environment

_AMOUNT_CENTS = 12_500
_COMPLETED_TIMEOUT_SECONDS = 60
_POLL_SECONDS = 0.4

_PAYMENT_ID = re.compile("[0-9a-f]{32}")

Json = dict[str, Any]


class UnexpectedAnswerError(Exception):
    """A step did not answer as it should."""


@dataclass
class _Tour:
    """One play: keys of its own, so that it never replays an earlier one."""

    settings: Settings
    tenant: Json
    play: str = field(default_factory=lambda: secrets.token_hex(4))
    rows: list[list[object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.settings.base_url, timeout=40)

    def paid_voided_and_paid_again(self) -> Json:
        payment = self.post("issue", "/payments", 201, body=self.issue("ACCT1"), key="issue")
        path = f"/payments/{payment['paymentId']}"
        self.until_completed("webhooks arrive", path)
        replay = self.post("same key again", "/payments", 201, self.issue("ACCT1"), key="issue")
        self.expect(replay["paymentId"] == payment["paymentId"], "a replay is the same payment")
        self.post("void", f"{path}/void", 200, key="void")
        self.post("reissue", f"{path}/reissue", 200, key="reissue")
        return self.until_completed("webhooks arrive", path)

    def held_and_released(self) -> Json:
        payment = self.post("issue, on hold", "/payments", 201, self.issue("ACCT2"), key="held")
        path = f"/payments/{payment['paymentId']}"
        self.expect(payment["status"] == "Held", "an account on hold holds its payments")
        self.post("release as caller", f"{path}/release", 403, key="no")
        self.post("release as operator", f"{path}/release", 200, key="release", operator=True)
        return self.until_completed("webhooks arrive", path)

    def looked_up(self, payments: list[Json]) -> None:
        for payment in payments:
            path = f"/payments/{payment['paymentId']}/details"
            details = self.call("details", "GET", path, 200)
            self.expect(bool(details.get("history")), "details tell the history")
        listed = self.call("list", "GET", "/payments", 200)
        self.expect(bool(listed), "the list is not empty")

    def issue(self, account: str) -> Json:
        return {
            "accountShortCode": account,
            "payment": {
                "paymentDetails": {
                    "issuerReferenceId": f"TOUR-{self.play}-{account}",
                    "amount": _AMOUNT_CENTS,
                },
                "totalNumberOfClaims": 1,
            },
        }

    def post(
        self,
        step: str,
        path: str,
        status: int,
        body: Json | None = None,
        *,
        key: str,
        operator: bool = False,
    ) -> Json:
        return self.call(step, "POST", path, status, body, key=key, operator=operator)

    def call(
        self,
        step: str,
        method: str,
        path: str,
        status: int,
        body: Json | None = None,
        *,
        key: str = "",
        operator: bool = False,
    ) -> Json:
        """One request, one row of the table."""
        headers = {"API-KEY": self.tenant["operator_key" if operator else "api_key"]}
        if key:
            headers["Idempotency-Key"] = f"tour-{self.play}-{key}"
        answer = self.client.request(method, path, json=body, headers=headers)
        shown: Json = answer.json()
        payment = shown if "paymentId" in shown else {}
        self.note(step, f"{method} {path}", answer.status_code, payment)
        self.expect(
            answer.status_code == status,
            f"{step} answers {status}, not {answer.status_code}: {answer.text}",
        )
        return shown

    def until_completed(self, step: str, path: str) -> Json:
        """Statuses move by the vendor's webhooks alone; this only looks."""
        headers = {"API-KEY": self.tenant["api_key"]}
        deadline = time.monotonic() + _COMPLETED_TIMEOUT_SECONDS
        while True:
            answer = self.client.get(path, headers=headers)
            payment: Json = answer.json()
            if payment.get("status") == "Completed" or time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        self.note(step, f"GET {path}", answer.status_code, payment)
        self.expect(payment.get("status") == "Completed", "the payment completes")
        return payment

    def note(self, step: str, request: str, status: int, payment: Json) -> None:
        request = _PAYMENT_ID.sub("{paymentId}", request)
        self.rows.append([step, request, status, payment.get("status"), payment.get("paymentId")])

    def expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise UnexpectedAnswerError(what)

    def print_steps(self) -> None:
        headings = ["step", "request", "HTTP", "status", "payment"]
        print(show.table(headings, self.rows), flush=True)

    def print_books(self, payments: list[Json]) -> None:
        """What the hub says of each payment, beside the money that the vendor really moved."""
        rows = []
        for payment in payments:
            movements = self.movements(payment["vendorReference"])
            sum_cents = sum(_signed_cents(it) for it in movements)
            told = ", ".join(f"{_verb(it)} {_signed_cents(it):+d}" for it in movements)
            hub_cents = payment["amountCents"]
            rows.append([payment["paymentId"], payment["status"], hub_cents, sum_cents, told])
            self.expect(sum_cents == hub_cents, "the hub and the truth book agree")
        headings = ["payment", "status", "hub, cents", "truth book", "its movements"]
        print(show.table(headings, rows), flush=True)

    def movements(self, reference: str) -> list[Json]:
        answer = httpx.get(
            f"{self.settings.sandbox_url}/_sandbox/ledger",
            params={"vendor": "optum", "reference": reference},
        )
        found: list[Json] = answer.raise_for_status().json()
        return found


def play(settings: Settings) -> bool:
    """Play it for the first demo tenant; says whether every step was as expected."""
    tour = _Tour(settings, demo.read(settings)[0])
    print(f"\nTour of {settings.base_url} as {tour.tenant['name']}\n", flush=True)
    payments = []
    failure: Exception | None = None
    try:
        payments.append(tour.paid_voided_and_paid_again())
        payments.append(tour.held_and_released())
        tour.looked_up(payments)
    except (UnexpectedAnswerError, httpx.HTTPError, ValueError, KeyError) as error:
        failure = error
    tour.print_steps()
    print()
    try:
        tour.print_books(payments)
    except (UnexpectedAnswerError, httpx.HTTPError) as error:
        failure = failure or error
    print(f"\nThe tour stopped: {failure!r}" if failure else "\nEvery step as expected.")
    return failure is None


def _verb(movement: Json) -> str:
    return str(movement["operation"]).removesuffix("_payment")


def _signed_cents(movement: Json) -> int:
    cents: int = movement["amount_cents"]
    return cents if movement["direction"] == "out" else -cents


def main() -> int:
    """Play against the stack that is running."""
    settings = from_environment()
    settings.require_running()
    return 0 if play(settings) else 1


if __name__ == "__main__":
    sys.exit(main())
