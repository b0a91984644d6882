"""The sandbox as a client of Medfusion's documented protocol sees it."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from local.sandbox.messages import Reply, Response
from tests.unit.sandbox.bench import SandboxBench, request_of, shown

PRACTICE = "1c7ecf9f-9700-4e70-b976-9356db658274"
OTHER_PRACTICE = "6f0d0f3b-6a52-4b59-8a6e-0d5a5a3b1c02"
CLIENT_ID, CLIENT_SECRET, APP_TOKEN = "client-1", "secret-1", "app-token-1"
USERNAME, PASSWORD = "api-user", "api-password"
NAMESPACE = "http://schema.intuit.com/health/securePayments/v1"
BILLS, SWIPED, PAY_NOW = (
    "securePayments",
    "payments?paymentType=vcsPayment",
    "payments?paymentType=payNowpayment",
)
HEADERS = """\
  <PaymentsMessageHeaders>
    <Sender deviceName="12.5"/>
    <Partner deviceName="Test partner"/>
    <Destination deviceName="Test destination"/>
  </PaymentsMessageHeaders>
"""


class MedfusionBench(SandboxBench):
    """With Medfusion's API: XML both ways, a token first."""

    vendor = "medfusion"
    token = ""

    def member(self, **changes: Any) -> Response:
        body = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "app_token": APP_TOKEN,
            "username": USERNAME,
            "password": PASSWORD,
            "practice_ids": [PRACTICE],
            **changes,
        }
        return self.control("POST", "medfusion/members", body)

    def other_member(self) -> Response:
        return self.member(client_id="client-2", app_token="app-2", practice_ids=[OTHER_PRACTICE])

    def manners(self, **changes: Any) -> dict[str, Any]:
        body = {"practice_id": PRACTICE, **changes}
        answer = self.control("POST", "medfusion/practices", body)
        assert answer.status == 200, answer.body
        return dict(shown(answer))

    def pay(self, amount_cents: int = 2500, **changes: Any) -> str:
        """A patient pays; answers the payment's id."""
        body = {"practice_id": PRACTICE, "amount_cents": amount_cents, **changes}
        answer = self.control("POST", "medfusion/payments", body)
        assert answer.status == 201, answer.body
        return str(shown(answer)["payment_id"])

    def ask_token(self, secret: str = CLIENT_SECRET, **changes: str) -> Response:
        basic = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
        fields = {
            "grant_type": "password",
            "username": USERNAME,
            "password": PASSWORD,
            **changes,
        }
        headers = {
            "authorization": f"Basic {basic}",
            "content-type": "application/x-www-form-urlencoded",
        }
        body = urlencode(fields).encode()
        request = request_of("POST", "/v1/oauth2/token", headers, body)
        response = self.sandbox.handle(self.vendor, request).response
        assert response is not None
        return response

    def sign_in(self) -> None:
        self.token = shown(self.ask_token())["accessToken"]

    def reply(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Reply:
        """A header that a test sets to nothing does not come."""
        sent = {
            "authorization": f"Bearer {self.token}",
            "host": "127.0.0.1:8094",
            "accept": "application/xml",
            **({"content-type": "application/xml"} if method == "POST" else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name: value for name, value in sent.items() if value}
        raw = body.encode() if isinstance(body, str) else body
        return self.sandbox.handle(self.vendor, request_of(method, path, sent, raw))

    def ask(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Response:
        """A path below the practice."""
        response = self.reply(method, f"/v1/practice/{PRACTICE}/{path}", body, **headers).response
        assert response is not None
        return response

    def poll(self, path: str = BILLS, **query: object) -> Response:
        separator = "&" if "?" in path else "?"
        return self.ask("GET", f"{path}{separator}{urlencode(query)}")

    def polled(self, path: str = BILLS, **query: object) -> list[str]:
        """The ids of what a poll brings."""
        answer = self.poll(path, **query)
        assert answer.status in (200, 204), answer.body
        return [each.attrib["id"] for each in elements(answer, "Payment")]

    def post(self, *updates: str, path: str = BILLS, **headers: str) -> Response:
        return self.ask("POST", path, document(*updates), **headers)

    def posted(self, payment_id: str, status: str = "POSTED") -> str:
        """Report a status; answers the path of its processing status."""
        answer = self.post(payment(payment_id, status))
        assert answer.status == 202, answer.body
        path = answer.headers["Location"].partition(f"/practice/{PRACTICE}/")[2]
        assert path
        return path

    def states(self, path: str) -> list[str]:
        """Of the job and its message."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return texts(answer, "State")

    def status_of(self, payment_id: str) -> str:
        """As the controls show the payment."""
        found = {each["payment_id"]: each["status"] for each in self.listed("payments")}
        return str(found[payment_id])

    def listed(self, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = shown(self.control("GET", f"medfusion/{what}"))
        return found


def payment(
    payment_id: str, status: str = "POSTED", type_: str = "BillPayment", amount: str = ""
) -> str:
    paid = f"<AmountPaid>{amount}</AmountPaid>" if amount else ""
    return f"""\
  <Payment id="{payment_id}">
    <PaymentType>{type_}</PaymentType>
    <PaymentStatus>{status}</PaymentStatus>
    <PaymentInformation>{paid}<PaymentComments>Copay</PaymentComments></PaymentInformation>
  </Payment>
"""


def document(*updates: str, practice: str = PRACTICE, headers: str = HEADERS) -> str:
    """A status update as the vendor's sample has it, with its gaps closed."""
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:Payments xmlns:ns2="{NAMESPACE}">
{headers}  <PracticeInformation>
    <PracticeIdentifier><PracticeId>{practice}</PracticeId></PracticeIdentifier>
  </PracticeInformation>
{"".join(updates)}</ns2:Payments>
"""


def elements(answer: Response, name: str) -> list[ET.Element]:
    return list(ET.fromstring(answer.body).iter(name)) if answer.body else []


def texts(answer: Response, name: str) -> list[str]:
    return [each.text or "" for each in elements(answer, name)]
