"""A Hub on fakes whose Medfusion is the sandbox's own machine, in memory, on one clock.

Documents go in and out as XML, as a practice's system sends and reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from lxml import etree

from local.sandbox.messages import Request as VendorRequest
from payhub.domain import passwords
from payhub.domain.payment import Payment
from payhub.operations.create_tenant import CreateTenant, NewTenant, create_tenant
from payhub.portal import PAY_NOW, SECURE, SWIPED, feed_of, known_payment
from payhub.xml import Element, parse
from tests.support.sandbox_world import (
    MORNING_MS,
    OTHER_ID,
    TENANT_ID,
    Json,
    Said,
    SandboxWorld,
    begun,
    functions,
)

__all__ = ["MORNING_MS", "OTHER_ID", "PAY_NOW", "SECURE", "SWIPED", "TENANT_ID", "Said"]

URL = "http://medfusion.test"
PRACTICE = "1c7ecf9f-9700-4e70-b976-9356db658274"
SECOND_PRACTICE = "3a0e2d14-5a0f-4e0b-9c9a-0e2f8f1f7a11"
OTHER_PRACTICE = "6f0d0f3b-6a52-4b59-8a6e-0d5a5a3b1c02"
PRACTICES = {TENANT_ID: (PRACTICE, SECOND_PRACTICE), OTHER_ID: (OTHER_PRACTICE,)}

TYPES = {SECURE: "BillPayment", SWIPED: "VCS Payment", PAY_NOW: "Pay Now Payment"}
NAMESPACE = "http://schema.intuit.com/health/securePayments/v1"
XML_TYPE = "application/xml"

_API = (
    *("list_portal_payments", "list_swiper_payments", "get_processing_status"),
    *("update_portal_payments", "update_swiper_payments"),
    *("get_payment", "get_payment_details", "list_payments", "resolve_payment", "void_payment"),
    *("refund_payment", "release_payment", "list_dead_letters", "redrive_dead_letter"),
    *("issue_portal_token", "get_oauth_application"),
)
_OTHERS = (
    *("authorizers.bearer_token", "workers.advance_payment", "workers.dead_letter"),
    *("schedules.sweep", "schedules.poll_portal_payments"),
)


def payment_element(
    reference: str,
    status: str = "POSTED",
    kind: str = SECURE,
    amount: str | None = None,
    more: str = "",
) -> str:
    """A payment of a caller's document."""
    paid = f"<AmountPaid>{amount}</AmountPaid>" if amount is not None else ""
    information = f"<PaymentInformation>{paid}</PaymentInformation>" if paid else ""
    return (
        f'  <Payment id="{reference}">\n'
        f"    <PaymentType>{TYPES[kind]}</PaymentType>\n"
        f"    <PaymentStatus>{status}</PaymentStatus>{more}{information}\n"
        "  </Payment>\n"
    )


def document(*payments: str, practice: str = PRACTICE) -> str:
    """A caller's document."""
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:Payments xmlns:ns2="{NAMESPACE}">
  <PaymentsMessageHeaders>
    <Sender deviceName="12.5"/>
    <Partner deviceName="Test Application"/>
    <Destination deviceName="Test Destination Name"/>
  </PaymentsMessageHeaders>
  <PracticeInformation>
    <PracticeIdentifier>
      <PracticeId>{practice}</PracticeId>
    </PracticeIdentifier>
  </PracticeInformation>
{"".join(payments)}</ns2:Payments>
"""


@dataclass
class MedfusionWorld(SandboxWorld):
    """Two tenants; the first has two practices, the second one of its own."""

    vendor: ClassVar[str] = "medfusion"
    url: ClassVar[str] = URL
    functions: ClassVar[tuple[str, ...]] = functions(_API, *_OTHERS)

    def begin(self) -> None:
        """Set the tenants up on both sides."""
        self.new: dict[str, NewTenant] = {}
        for number, (tenant, practices) in enumerate(PRACTICES.items(), start=1):
            user = {
                "app_token": f"app-{number}",
                "username": f"user-{number}",
                "password": f"password-{number}",
            }
            member = {"client_id": f"client-{number}", "client_secret": f"secret-{number}"}
            whole = {**member, **user, "practice_ids": list(practices)}
            self.control("POST", "medfusion/members", whole)
            command = {
                "tenant": tenant,
                "name": f"Practice {number}",
                "amount_unit": "cents",
                "medfusion_practice_ids": practices,
                "vendors": {"medfusion": {"base_url": URL, **user}},
            }
            self.new[tenant] = create_tenant(self.hub, CreateTenant.model_validate(command))
        self.sent.clear()

    # The vendor, as patients and others see it

    def pay(
        self, amount_cents: int = 2500, kind: str = SECURE, practice: str = PRACTICE, **more: Any
    ) -> str:
        """A patient pays; answers the vendor's id."""
        body = {"practice_id": practice, "amount_cents": amount_cents, **more}
        if kind != SECURE:
            body["payment_type"] = TYPES[kind]
        found: str = self.control("POST", "medfusion/payments", body)["payment_id"]
        return found

    def manners(self, practice: str = PRACTICE, **changes: Any) -> None:
        """How the practice behaves."""
        self.control("POST", "medfusion/practices", {"practice_id": practice, **changes})

    def expire_tokens(self) -> None:
        """All tokens of the vendor end now."""
        self.control("DELETE", "medfusion/tokens")

    def at_vendor(self, reference: str) -> str:
        """The status that the vendor has."""
        found = {it["payment_id"]: it["status"] for it in self.control("GET", "medfusion/payments")}
        return str(found[reference])

    def messages(self, reference: str | None = None, practice: str = PRACTICE) -> list[Json]:
        """What the vendor accepted, oldest first; of one payment where it is named."""
        query = f"?practice_id={practice}" + (f"&payment_id={reference}" if reference else "")
        found: list[Json] = self.control("GET", f"medfusion/messages{query}")
        return found

    def posted_by_another(self, reference: str, status: str = "POSTED") -> None:
        """Somebody else reports it at Medfusion, past the hub."""
        body = document(payment_element(reference, status)).encode()
        token = self.secrets.shared_token(TENANT_ID, "medfusion")["token"]
        headers = {"authorization": f"Bearer {token}", "content-type": XML_TYPE}
        path = f"/v1/practice/{PRACTICE}/securePayments"
        request = VendorRequest("POST", path, headers=headers, body=body)
        answer = self.sandbox.handle("medfusion", request).response
        assert answer is not None and answer.status == 202, answer
        self.clock.advance(2000)
        self.sandbox.run_due_jobs()
        assert self.at_vendor(reference) == status

    # The hub at work

    def poll(self) -> None:
        """The schedule's time has come."""
        self.schedule("poll_portal_payments")

    def picked_up(self, amount_cents: int = 2500, kind: str = SECURE, **more: Any) -> str:
        """A patient has paid and the hub knows of it; answers the vendor's id."""
        reference = self.pay(amount_cents, kind, **more)
        self.poll()
        return reference

    def known(self, reference: str, tenant: str = TENANT_ID, practice: str = PRACTICE) -> Payment:
        """The hub's payment of that id of the vendor's."""
        found = known_payment(self.hub, tenant, practice, reference)
        assert found is not None
        return found

    def stored(self, operation: str = "receive_portal_payment") -> list[Json]:
        """All payments of an operation, as the list shows them."""
        return [it for it in self.page(limit="100") if it["operation"] == operation]

    def cursor(self, kind: str = SECURE, practice: str = PRACTICE) -> int | None:
        """Up to where the hub has polled."""
        return self.hub.feed.cursor(TENANT_ID, feed_of(practice, kind))

    # Its callers

    def get(
        self,
        kind: str = SECURE,
        practice: str = PRACTICE,
        tenant: str = TENANT_ID,
        **query: object,
    ) -> Said:
        """GET securePayments, or payments."""
        asked = {name: str(value) for name, value in query.items() if value is not None}
        function = "list_portal_payments"
        if kind != SECURE:
            function, asked = "list_swiper_payments", {"paymentType": kind, **asked}
        return self.call(function, {"practiceId": practice}, query=asked, tenant=tenant)

    def served(self, kind: str = SECURE, **more: Any) -> dict[str, str]:
        """Id -> status of what is served."""
        said = self.get(kind, **more)
        assert said.status in (200, 204), said
        payments = parse(said.body.encode()).iterchildren("Payment") if said.body else ()
        return {it.get("id", ""): it.findtext("PaymentStatus") or "" for it in payments}

    def post(
        self,
        body: str,
        key: str | None = None,
        kind: str = SECURE,
        practice: str = PRACTICE,
        tenant: str = TENANT_ID,
        content_type: str = XML_TYPE,
    ) -> Said:
        """POST securePayments, or payments."""
        function, query = "update_portal_payments", None
        if kind != SECURE:
            function, query = "update_swiper_payments", {"paymentType": kind}
        headers = {"Content-Type": content_type}
        ids = {"practiceId": practice}
        return self.call(function, ids, body, key, query, tenant, headers=headers)

    def report(
        self, *references: str, status: str = "POSTED", key: str | None = None, **more: Any
    ) -> Said:
        """Report payments, all of them with one status."""
        kind = more.get("kind", SECURE)
        practice = more.get("practice", PRACTICE)
        payments = (payment_element(each, status, kind) for each in references)
        return self.post(document(*payments, practice=practice), key, **more)

    def accepted(self, *references: str, **more: Any) -> Said:
        """The same, which is taken."""
        said = self.report(*references, **more)
        assert said.status == 202, said
        return said

    def processing(self, message: str, practice: str = PRACTICE, tenant: str = TENANT_ID) -> Said:
        """GET processingStatus."""
        ids = {"practiceId": practice, "messageId": message}
        return self.call("get_processing_status", ids, tenant=tenant)

    def state(self, said: Said) -> tuple[str, str | None]:
        """State and error of the message that an answer told of."""
        status = self.processing(said.headers["Location"].rpartition("/")[2])
        assert status.status == 200, status
        root = parse(status.body.encode())
        states = {str(it.text) for it in root.iter("State")}
        assert len(states) == 1
        return states.pop(), root.findtext("Messages/Message/Error")

    def settled(self, said: Said, seconds: float = 3 * 3600) -> tuple[str, str | None]:
        """State and error after as much time as it takes, at most so many seconds."""
        end_ms = self.clock.now_ms() + round(seconds * 1000)
        while self.state(said)[0] == "PROCESSING":
            next_ms = self._next_ms()
            if next_ms is None or next_ms > end_ms:
                break
            self.go_until(max(next_ms, self.clock.now_ms()))
        return self.state(said)

    def problem(self, said: Said) -> Mapping[str, Any]:
        """A problem in XML: its members, with `errors` as pairs of field and detail."""
        assert said.headers["Content-Type"] == "application/problem+xml", said
        return problem_of(parse(said.body.encode()))


def problem_of(root: Element) -> Mapping[str, Any]:
    """The members of a problem."""
    found: dict[str, Any] = {}
    for member in root:
        name = etree.QName(member).localname
        if len(member):
            found[name] = [tuple(it.text for it in mistake) for mistake in member]
        else:
            found[name] = member.text
    return found


def medfusion_world(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> MedfusionWorld:
    """A world whose hub the functions' handlers get when they are imported.

    Its passwords are cheap to hash: what a guess costs is tested elsewhere.
    """
    monkeypatch.setattr(passwords, "_COST", 2)
    return begun(monkeypatch, MedfusionWorld(**changes))
