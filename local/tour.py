"""make tour: real payments through every operation, over HTTP, beside the vendors' truth book."""

import sys
import time

import httpx

from local import demo
from local.settings import Settings, from_environment
from local.tour_athena import AthenaTour
from local.tour_decoda import DecodaTour
from local.tour_medfusion import MedfusionTour
from local.tour_steps import Json, Steps, UnexpectedAnswerError

_AMOUNT_CENTS = 12_500
_COMPLETED_TIMEOUT_SECONDS = 60
_POLL_SECONDS = 0.4


class _IssuerTour(Steps):
    """Payments through the issuer."""

    def run(self) -> None:
        payments = [self.paid_voided_and_paid_again(), self.held_and_released()]
        self.looked_up(payments)
        for payment in payments:
            moved = self.movements("optum", payment["vendorReference"])
            self.compare(payment, payment["amountCents"], moved, "out")

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


_Part = _IssuerTour | AthenaTour | MedfusionTour | DecodaTour


def play(settings: Settings) -> bool:
    """Play it for the first demo tenant; says whether every step was as expected."""
    tenant = demo.read(settings)[0]
    print(f"\nTour of {settings.base_url} as {tenant['name']}\n", flush=True)
    parts: tuple[_Part, ...] = (
        _IssuerTour(settings, tenant),
        AthenaTour(settings, tenant),
        MedfusionTour(settings, tenant),
        DecodaTour(settings, tenant),  # the last: it moves the clock by a year
    )
    failures = [_played(part) for part in parts]
    failure = next((it for it in failures if it is not None), None)
    print(f"The tour stopped: {failure!r}" if failure else "Every step as expected.")
    return failure is None


def _played(part: _Part) -> Exception | None:
    failure: Exception | None = None
    try:
        part.run()
    except (UnexpectedAnswerError, httpx.HTTPError, ValueError, KeyError) as error:
        failure = error
    part.print_steps()
    print()
    part.print_books()
    print()
    return failure


def main() -> int:
    """Play against the stack that is running."""
    settings = from_environment()
    settings.require_running()
    return 0 if play(settings) else 1


if __name__ == "__main__":
    sys.exit(main())
