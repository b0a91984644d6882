"""The part of the tour at Medfusion: bills paid in the portal, picked up and reported as posted."""

import re
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

import httpx

from local import deployed
from local.tour_steps import Json, Steps, UnexpectedAnswerError

_SECURE, _SWIPED = "securePayments", "payments?paymentType=vcsPayment"
_POLLER = "PollPortalPaymentsFunction"
_WAIT_SECONDS, _POLL_SECONDS = 90, 1.0
_NO_CONTENT = 204

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<ns2:Payments xmlns:ns2="http://schema.intuit.com/health/securePayments/v1">
  <PaymentsMessageHeaders>
    <Sender deviceName="Tour"/>
    <Partner deviceName="Medfusion"/>
    <Destination deviceName="Payhub"/>
  </PaymentsMessageHeaders>
  <PracticeInformation>
    <PracticeIdentifier><PracticeId>{practice}</PracticeId></PracticeIdentifier>
  </PracticeInformation>
  {payment}
</ns2:Payments>
"""
_UNKNOWN = (
    '<Payment id="{reference}"><PaymentStatus>POSTED</PaymentStatus>'
    "<PaymentType>BillPayment</PaymentType></Payment>"
)


class MedfusionTour(Steps):
    """A practice system that knows Medfusion's paths only: its OAuth, its XML, its polling."""

    def run(self) -> None:
        """A bill paid in the portal, then one by the card swiper."""
        self.practice = str(self.tenant["medfusion_practice_ids"][0])
        self.token = self.signed_in()
        self.headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/xml",
        }
        self.reported_as_posted("a bill", "BillPayment", _SECURE)
        self.unknown()
        self.reported_as_posted("the card swiper", "VCS Payment", _SWIPED)

    def signed_in(self) -> str:
        """An application's client, then a user's token, as Medfusion words both."""
        answer = self.client.get(f"/v1/oauth2/oauthapplication/{self.tenant['app_token']}")
        self.note("application", "GET /v1/oauth2/oauthapplication/..", answer.status_code, {})
        application = answer.raise_for_status().json()
        answer = self.client.post(
            "/v1/oauth2/token",
            auth=(application["clientId"], application["clientSecret"]),
            data={
                "grant_type": "password",
                "username": self.tenant["username"],
                "password": self.tenant["password"],
            },
        )
        self.note("token", "POST /v1/oauth2/token", answer.status_code, {})
        return str(answer.raise_for_status().json()["accessToken"])

    def reported_as_posted(self, what: str, payment_type: str, path: str) -> None:
        """From the patient's payment to a report that is made twice and sent once."""
        since = self.everything_read(path)
        paid = self.patient_pays(payment_type)
        reference = str(paid["payment_id"])
        self.polled_now()
        served, since = self.until_served(f"{what}, picked up", path, since, reference)
        self.expect(_word(served, "PaymentStatus") == "SUBMITTED", "it is new")
        self.expect(_cents(served) == paid["amount_cents"], "it is what the patient paid")
        self.get("nothing new", path, since, _NO_CONTENT)
        posted = self.document(served.replace(">SUBMITTED<", ">POSTED<"))
        message = self.post("report it posted", path, posted, key=f"post-{path}")
        again = self.post("same key again", path, posted, key=f"post-{path}")
        self.expect(again == message, "a repeat is the same message")
        self.until_completed(message)
        once_more = self.post("posted a second time", path, posted)
        self.expect(once_more != message, "without a key it is another message")
        self.until_completed(once_more)
        told = self.control("GET", "messages", payment_id=reference)
        self.expect(len(told) == 1, f"the vendor was told once, not {len(told)} times")
        payment = self.of_hub(reference)
        self.expect(payment["status"] == "POSTED", "it is posted")
        self.details(payment)
        moved = self.movements("medfusion", reference)
        self.compare(payment, payment["amountCents"], moved, "in")

    def unknown(self) -> None:
        """A report about a payment that nobody knows is refused, and names it."""
        reference = str(uuid.uuid4())
        body = self.document(_UNKNOWN.format(reference=reference))
        answer = self.send("POST", _SECURE, content=body)
        self.note("report an unknown one", f"POST ../{_SECURE}", answer.status_code, {})
        self.expect(answer.status_code == 404, f"it is a 404, not {answer.text}")  # noqa: PLR2004
        self.expect(reference in answer.text, "the problem names the payment")
        self.expect(
            answer.headers["Content-Type"] == "application/problem+xml", "the problem is in XML"
        )

    def patient_pays(self, payment_type: str) -> Json:
        """What happens in the portal, or at the practice's desk, without the hub."""
        cents = 1000 + secrets.randbelow(9000)
        fields = {"practice_id": self.practice, "payment_type": payment_type}
        paid: Json = self.control("POST", "payments", **fields, amount_cents=cents)
        return paid

    def polled_now(self) -> None:
        """What the schedule does each minute; without this the tour would wait for it."""
        stack = deployed.on_this_machine(self.settings)
        name = stack.physical_id(_POLLER)
        stack.client("lambda").invoke(FunctionName=name, Payload=b"{}")

    def everything_read(self, path: str) -> str | None:
        """The Last-Timestamp behind all that earlier plays left; a look that is no step."""
        since = None
        while True:
            answer = self.send("GET", path, params=_since(since))
            since = answer.raise_for_status().headers["Last-Timestamp"]
            if answer.status_code == _NO_CONTENT:
                return since

    def until_served(
        self, step: str, path: str, since: str | None, reference: str
    ) -> tuple[str, str]:
        """The payment's element, and the Last-Timestamp that it came with."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            answer = self.send("GET", path, params=_since(since))
            element = _element(answer.text, reference)
            if element is not None or time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        self.note(step, f"GET ../{path}", answer.status_code, {})
        if element is None:
            raise UnexpectedAnswerError(f"{step}: the payment is not served: {answer.text}")
        return element, str(answer.headers["Last-Timestamp"])

    def until_completed(self, message_id: str) -> None:
        """The message is sent and followed by a worker; this only looks."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            answer = self.send("GET", f"processingStatus/{message_id}")
            states = set(re.findall(r"<State>(\w+)</State>", answer.text))
            if states != {"PROCESSING"} or time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        payment = self.payment(answer.headers.get("Payment-Id", ""))
        self.note("processed", "GET ../processingStatus/..", answer.status_code, payment)
        self.expect(states == {"COMPLETED"}, f"the message completes: {answer.text}")

    def of_hub(self, reference: str) -> Json:
        """The payment of that id of the vendor's, as the hub's own routes show it."""
        answer = self.client.get(
            "/payments",
            params={"vendor": "medfusion", "limit": 100},
            headers={"API-KEY": self.tenant["api_key"]},
        )
        listed: list[Json] = answer.raise_for_status().json()["payments"]
        return next(it for it in listed if it["vendorReference"] == reference)

    def details(self, payment: Json) -> None:
        path = f"/payments/{payment['paymentId']}/details"
        answer = self.client.get(path, headers={"API-KEY": self.tenant["api_key"]})
        shown: Json = answer.raise_for_status().json()
        self.note("details", f"GET {path}", answer.status_code, shown)
        ends = [(it["verb"], it["state"]) for it in shown["actions"]]
        self.expect(
            ends == [("receive", "done"), ("post", "done")],
            f"details tell that it was received and posted once, not {ends}",
        )

    def get(self, step: str, path: str, since: str, status: int) -> None:
        answer = self.send("GET", path, params=_since(since))
        self.note(step, f"GET ../{path}", answer.status_code, {})
        self.expect(
            answer.status_code == status,
            f"{step} answers {status}, not {answer.status_code}: {answer.text}",
        )

    def post(self, step: str, path: str, body: str, *, key: str = "") -> str:
        """One report, one row; answers the message's id."""
        headers = {"Idempotency-Key": f"tour-{self.play}-{key}"} if key else {}
        answer = self.send("POST", path, content=body, headers=headers)
        payment_id = answer.headers.get("Payment-Id")
        payment = self.payment(payment_id) if payment_id else {}
        self.note(step, f"POST ../{path}", answer.status_code, payment)
        self.expect(
            answer.status_code == 202,  # noqa: PLR2004
            f"{step} answers 202, not {answer.status_code}: {answer.text}",
        )
        return _word(answer.text, "MessageId")

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request below the practice's path."""
        url, _, query = path.partition("?")
        fixed = dict(httpx.QueryParams(query))
        return self.client.request(
            method,
            f"/v1/practice/{self.practice}/{url}",
            params={**fixed, **(params or {})},
            content=content,
            headers={**self.headers, **(headers or {})},
        )

    def document(self, payment: str) -> str:
        """A report of one payment."""
        return _DOCUMENT.format(practice=self.practice, payment=payment)

    def control(self, method: str, name: str, **fields: Any) -> Any:
        """The sandbox's control of that name."""
        url = f"{self.settings.sandbox_url}/_sandbox/medfusion/{name}"
        if method == "GET":
            return httpx.get(url, params=fields).raise_for_status().json()
        return httpx.post(url, json=fields).raise_for_status().json()


def _since(since: str | None) -> dict[str, str]:
    return {} if since is None else {"since": since}


def _element(document: str, reference: str) -> str | None:
    """The payment's element, as it stands in the document."""
    pattern = rf'<Payment\b[^>]*\bid="{re.escape(reference)}".*?</Payment>'
    found = re.search(pattern, document, re.DOTALL)
    return found and found[0]


def _word(document: str, name: str) -> str:
    """The text of the first element of that name."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", document)
    if found is None:
        raise UnexpectedAnswerError(f"there is no {name} in {document}")
    return found[1]


def _cents(payment: str) -> int:
    dollars, _, cents = _word(payment, "AmountPaid").partition(".")
    return int(dollars) * 100 + int(cents)
