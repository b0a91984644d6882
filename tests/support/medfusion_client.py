"""A caller written for Medfusion, from its documents alone; and what happens in its portal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree  # the product's own reader is what is to be proven

import httpx

from tests.support.hub import Hub, Json, Sandbox, Tenant, eventually

VENDOR = "medfusion"
SECURE, SWIPED, PAY_NOW = "securePayments", "vcsPayment", "payNowpayment"
TYPES = {SECURE: "BillPayment", SWIPED: "VCS Payment", PAY_NOW: "Pay Now Payment"}
XML_TYPE, PROBLEM_TYPE = "application/xml", "application/problem+xml"
NAMESPACE = "http://schema.intuit.com/health/securePayments/v1"

FAILS_CENTS, CLOSED_CENTS = 404, 409
"""The sandbox's magic amounts of payments whose update is accepted and fails later."""

_http = httpx.Client(timeout=90, trust_env=False)


class MedfusionClient:
    """One application of a practice. Answers are raw: their status is the behaviour."""

    def __init__(self, base_url: str, tenant: Tenant) -> None:
        self._url, self._tenant, self._token = base_url, tenant, ""
        self.practice_id = tenant.medfusion_practice_ids[0]

    # Signing in

    def application(self, app_token: str | None = None) -> httpx.Response:
        """GET oauthapplication: the client id and secret of the application token."""
        known = self._tenant.app_token if app_token is None else app_token
        return _http.get(f"{self._url}/v1/oauth2/oauthapplication/{known}")

    def sign_in(self, grant: str = "password", **changes: str) -> httpx.Response:
        """POST token with the application's credentials as Basic and, of a person, a password."""
        given = self.application().json()
        client = (given["clientId"], changes.pop("client_secret", given["clientSecret"]))
        form = {"grant_type": grant}
        if grant == "password":
            form |= {"username": self._tenant.username, "password": self._tenant.password}
        url = f"{self._url}/v1/oauth2/token"
        return _http.post(url, data={**form, **changes}, auth=client)

    @property
    def token(self) -> str:
        """The one in use."""
        if not self._token:
            self._token = self.sign_in().json()["accessToken"]
        return self._token

    # Documents

    def poll(self, kind: str = SECURE, practice: str = "", **query: Any) -> httpx.Response:
        """GET securePayments, or payments of the other kinds."""
        return self.send("GET", *self._where(kind, practice, query))

    def post(
        self,
        document: str | bytes,
        kind: str = SECURE,
        practice: str = "",
        content_type: str = XML_TYPE,
        **headers: str,
    ) -> httpx.Response:
        """POST securePayments, or payments."""
        body = document.encode() if isinstance(document, str) else document
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        where = self._where(kind, practice, {})
        return self.send("POST", *where, body, {"Content-Type": content_type, **named})

    def report(self, *references: str, status: str = "POSTED", **more: Any) -> httpx.Response:
        """POST a document that says of all these payments that they have the status now."""
        kind = more.get("kind", SECURE)
        payments = (payment_element(it, status, kind) for it in references)
        practice = more.get("practice") or self.practice_id
        return self.post(document_of(payments, practice), **more)

    def processing(self, message_id: str, practice: str = "") -> httpx.Response:
        """GET processingStatus."""
        path = f"/v1/practice/{practice or self.practice_id}/processingStatus/{message_id}"
        return self.send("GET", path, {})

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Any request with the token."""
        known = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        url = f"{self._url}{path}"
        return _http.request(method, url, params=dict(query), content=body, headers=known)

    def _where(self, kind: str, practice: str, query: Mapping[str, Any]) -> tuple[str, Json]:
        base = f"/v1/practice/{practice or self.practice_id}"
        if kind == SECURE:
            return f"{base}/securePayments", dict(query)
        return f"{base}/payments", {"paymentType": kind, **query}


@dataclass(frozen=True)
class MedfusionSide:
    """What happens in the vendor's portal, past the hub."""

    hub: Hub

    @property
    def practice_id(self) -> str:
        """The tenant's practice."""
        return self.hub.tenant.medfusion_practice_ids[0]

    @property
    def sandbox(self) -> Sandbox:
        """Faults, the truth book and the clock."""
        return self.hub.sandbox_of(VENDOR)

    def pay(self, cents: int = 2_500, kind: str = SECURE, **more: str) -> str:
        """A patient pays; answers the vendor's id of the payment."""
        fields = {"practice_id": self.practice_id, "amount_cents": cents, **more}
        answer = _http.post(self._url("payments"), json={**fields, "payment_type": TYPES[kind]})
        assert answer.is_success, answer.text
        return str(answer.json()["payment_id"])

    def status_of(self, reference: str) -> str:
        """The payment's status as the portal shows it to the practice."""
        found = self.portal_payments()
        return str(next(it["status"] for it in found if it["payment_id"] == reference))

    def portal_payments(self) -> list[Json]:
        """Everything that was paid, as the portal shows it, in cents."""
        return self._listed("payments")

    def expire_tokens(self) -> None:
        """The vendor's tokens end now."""
        _http.delete(self._url("tokens")).raise_for_status()

    def messages(self, reference: str = "") -> list[Json]:
        """Every message that the vendor accepted, oldest first; of one payment if it is named."""
        query = {"payment_id": reference} if reference else {}
        return self._listed("messages", **query)

    def processed(self, reference: str) -> list[Json]:
        """The same, when the vendor has come to the end of each."""

        def look() -> list[list[Json]]:
            found = self.messages(reference)
            return [] if any(it["state"] == "PROCESSING" for it in found) else [found]

        return eventually(look, f"the vendor has processed the messages of {reference}")[0]

    def pick_up(self) -> None:
        """The poller's time has come."""
        self.hub.invoke("PollPortalPaymentsFunction")

    def picked_up(self, cents: int = 2_500, kind: str = SECURE, **more: str) -> str:
        """A patient has paid, and the hub knows of it; answers the vendor's id."""
        reference = self.pay(cents, kind, **more)
        eventually(lambda: self._polled(reference), "it was picked up")
        return reference

    def _polled(self, reference: str) -> list[Json]:
        """One poll may find a busy machine."""
        self.pick_up()
        return self.known(reference)

    def known(self, reference: str) -> list[Json]:
        """The hub's payments of that id of the vendor's, as its list shows them."""
        return [it for it in self.payments() if it["vendorReference"] == reference]

    def payment_id(self, reference: str) -> str:
        """How the hub calls the payment."""
        [payment] = self.known(reference)
        return str(payment["paymentId"])

    def payments(self) -> Iterable[Json]:
        """Everything of this vendor that the hub lists."""
        query = {"limit": "100"}
        while True:
            page = self.hub.api.send("GET", "/payments", query=query).json()
            yield from (it for it in page["payments"] if it["vendor"] == VENDOR)
            if page["nextCursor"] is None:
                return
            query["cursor"] = page["nextCursor"]

    def _listed(self, what: str, **query: str) -> list[Json]:
        asked = {"practice_id": self.practice_id, **query}
        found: list[Json] = _http.get(self._url(what), params=asked).raise_for_status().json()
        return found

    def _url(self, what: str) -> str:
        return f"{self.hub.stack.sandbox_url}/_sandbox/{VENDOR}/{what}"


def payment_element(reference: str, status: str = "POSTED", kind: str = SECURE) -> str:
    """A payment as a practice reports it."""
    return (
        f'<Payment id="{reference}"><PaymentType>{TYPES[kind]}</PaymentType>'
        f"<PaymentStatus>{status}</PaymentStatus></Payment>"
    )


def document_of(payments: Iterable[str], practice: str, beginning: str = "") -> str:
    """A Payments document; `beginning` stands before its root."""
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
{beginning}<ns2:Payments xmlns:ns2="{NAMESPACE}">
  <PaymentsMessageHeaders>
    <Sender deviceName="12.5"/>
    <Partner deviceName="Test Application"/>
    <Destination deviceName="Test Destination Name"/>
  </PaymentsMessageHeaders>
  <PracticeInformation>
    <PracticeIdentifier><PracticeId>{practice}</PracticeId></PracticeIdentifier>
  </PracticeInformation>
  {"".join(payments)}
</ns2:Payments>
"""


def served(answer: httpx.Response) -> dict[str, str]:
    """Id -> status of what a poll brought."""
    assert answer.status_code in (200, 204), answer.text
    if answer.status_code == httpx.codes.NO_CONTENT:
        return {}
    payments = ElementTree.fromstring(answer.content).iter("Payment")
    return {it.get("id", ""): it.findtext("PaymentStatus", "") for it in payments}


def text_of(answer: httpx.Response, name: str) -> str | None:
    """The text of the first element of that local name."""
    elements = ElementTree.fromstring(answer.content).iter()
    return next((it.text for it in elements if it.tag.rpartition("}")[2] == name), None)


def texts_of(answer: httpx.Response, name: str) -> list[str | None]:
    """The texts of all elements of that local name."""
    elements = ElementTree.fromstring(answer.content).iter()
    return [it.text for it in elements if it.tag.rpartition("}")[2] == name]


def ended(caller: MedfusionClient, accepted: httpx.Response) -> tuple[str, str | None]:
    """State and error of the message that a 202 told of, when it has come to its end."""
    message_id = accepted.headers["Location"].rpartition("/")[2]

    def look() -> httpx.Response | None:
        answer = caller.processing(message_id)
        assert answer.status_code == httpx.codes.OK, answer.text
        return None if "PROCESSING" in texts_of(answer, "State") else answer

    answer = eventually(look, f"message {message_id} has come to its end")
    states = set(texts_of(answer, "State"))
    assert len(states) == 1, answer.text
    return str(states.pop()), text_of(answer, "Error")


_callers: dict[tuple[str, str], MedfusionClient] = {}


def caller_of(hub: Hub) -> MedfusionClient:
    """The tenant's application, which signs in once."""
    who = (hub.stack.base_url, hub.tenant.tenant)
    return _callers.setdefault(who, MedfusionClient(hub.stack.base_url, hub.tenant))
