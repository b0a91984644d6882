"""The sandbox as a client of athena's documented protocol sees it."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from local.sandbox.messages import Reply, Response
from tests.unit.sandbox.bench import SandboxBench, request_of, shown

PRACTICE, CLIENT_ID, CLIENT_SECRET = "195900", "client-1", "secret-1"
SCOPE = "athena/service/Athenanet.MDP.*"
VISA = "4111111111111111"
PATIENT = 7
CARD = {
    "departmentid": "1",
    "accountnumber": VISA,
    "nameoncard": "Ada Abbott",
    "expirationmonthmm": "12",
    "expirationyearyyyy": "2030",
    "billingaddress": "1 Main Street",
    "billingzip": "02472",
}
STORED_CARD = {**CARD, "cardsecuritycode": "987"}

Fields = dict[str, str]


class AthenaBench(SandboxBench):
    """With athena's API: form-encoded, a token first."""

    vendor = "athena"
    token = ""

    def practices(self, *practice_ids: str, client_id: str = CLIENT_ID, **more: Any) -> Response:
        body = {
            "client_id": client_id,
            "client_secret": CLIENT_SECRET,
            "practice_ids": practice_ids or [PRACTICE],
            "vendor_codes": ["ACME"],
            **more,
        }
        return self.control("POST", "athena/practices", body)

    def ask_token(
        self, path: str = "/oauth2/v1/token", secret: str = CLIENT_SECRET, **changes: str
    ) -> Response:
        basic = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
        fields = {"grant_type": "client_credentials", "scope": SCOPE, **changes}
        reply = self.send("POST", path, fields, authorization=f"Basic {basic}")
        assert reply.response is not None
        return reply.response

    def sign_in(self) -> None:
        self.token = shown(self.ask_token())["access_token"]

    def send(
        self, method: str, path: str, fields: dict[str, str] | None = None, **headers: str
    ) -> Reply:
        headers = {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/x-www-form-urlencoded",
            **headers,
        }
        body = urlencode(fields or {}).encode()
        return self.sandbox.handle(self.vendor, request_of(method, path, headers, body))

    def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, **headers: str
    ) -> Response:
        """A path below the practice."""
        response = self.send(method, f"/v1/{PRACTICE}/{path}", fields, **headers).response
        assert response is not None
        return response

    def collect(
        self, changes: Fields | None = None, patient: int = PATIENT, **more: str
    ) -> Response:
        fields = {**CARD, "otheramount": "10.00", **(changes or {}), **more}
        return self.ask("POST", f"patients/{patient}/collectpayment", _without_empty(fields))

    def collected(self, changes: Fields | None = None, **more: str) -> int:
        answer = shown(self.collect({**(changes or {}), **more}))
        assert answer["success"] == "true", answer
        return int(answer["epaymentid"])

    def void(self, epayment_id: int, patient: int = PATIENT) -> Response:
        return self.ask("POST", f"patients/{patient}/voidpayment/{epayment_id}")

    def store_card(
        self, changes: Fields | None = None, appointment: int = 10_071, **more: str
    ) -> Response:
        path = f"patients/{PATIENT}/collectpayment/singleappointment/{appointment}"
        return self.ask("POST", path, _without_empty({**STORED_CARD, **(changes or {}), **more}))

    def record(self, **changes: str) -> Response:
        fields = {"departmentid": "1", "paymentmethod": "CASH", "otheramount": "10", **changes}
        return self.ask("POST", f"patients/{PATIENT}/recordpayment", _without_empty(fields))

    def vendor_payment(self, **changes: str) -> Response:
        fields = {
            "departmentid": "1",
            "patientid": str(PATIENT),
            "externalrefid": "ref-1",
            "paymentmethod": "CASH",
            "otheramount": "25",
            **changes,
        }
        return self.ask("POST", "patientpayvendors/ACME/payments", _without_empty(fields))

    def refund(self, payment_id: object, **changes: str) -> Response:
        fields = {
            "departmentid": "1",
            "patientid": str(PATIENT),
            "externalrefid": "refund-1",
            "paymentmethod": "CASH",
            **changes,
        }
        path = f"patientpayvendors/ACME/payments/{payment_id}/refund"
        return self.ask("POST", path, _without_empty(fields))

    def adjust(self, charges: str, patient: int = PATIENT) -> Response:
        fields = {"patientid": str(patient), "charges": charges}
        return self.ask("POST", "patientpayvendors/ACME/adjustingcharges", fields)

    def plan(self, **changes: str) -> Response:
        fields = {
            **CARD,
            "claimids": "[701,702]",
            "cycleamount": "100",
            "downpaymentamount": "50",
            **changes,
        }
        path = f"patients/{PATIENT}/collectpayment/paymentplan"
        return self.ask("POST", path, _without_empty(fields))

    def receipts(self, patient: int = PATIENT) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = shown(
            self.ask("GET", f"patients/{patient}/receipts?departmentid=1")
        )
        return found

    def patient(self, number: int = PATIENT) -> dict[str, Any]:
        """As the controls show the patient."""
        patients = shown(self.control("GET", f"athena/patients?practice={PRACTICE}"))
        found: dict[str, Any] = patients[number - 1]
        return found

    def claim(self, number: int) -> dict[str, Any]:
        [found] = [each for each in self.patient()["claims"] if each["claimid"] == number]
        return dict(found)

    def go_to(self, day_and_time: str) -> None:
        """Move the clock to a time in New York, and do what becomes due."""
        moment = datetime.fromisoformat(day_and_time).replace(tzinfo=ZoneInfo("America/New_York"))
        self.clock.advance(round(moment.timestamp() * 1000) - self.clock.now_ms())
        self.sandbox.run_due_jobs()
        self.sign_in()


def _without_empty(fields: dict[str, str]) -> dict[str, str]:
    """A field that a test sets to nothing does not come."""
    return {name: value for name, value in fields.items() if value}
