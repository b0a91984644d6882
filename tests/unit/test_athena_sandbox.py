"""Every verb of athenahealth against the sandbox's own machine, in memory."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from local.sandbox.clock import ManualClock
from local.sandbox.control import Control
from local.sandbox.ids import Ids
from local.sandbox.messages import Query, Request
from local.sandbox.sandbox import Sandbox
from local.sandbox.store import Store
from local.sandbox.vendor import Settings
from local.sandbox.webhooks import Outcome, Post
from payhub.domain.answers import (
    Answer,
    Done,
    Fetched,
    Matches,
    NotSent,
    Unanswered,
    VendorRefused,
    View,
)
from payhub.domain.payment import ActionState, Origin
from payhub.ports import Order
from payhub.vendors.athena.contract import (
    ADJUST,
    COLLECT,
    RECORD,
    REFUND,
    REPORT,
    START_PLAN,
    STORE_CARD,
    VOID,
)
from payhub.vendors.athena.documents import Documents
from payhub.vendors.athena.gateway import PaymentGateway
from tests.unit.athena_orders import (
    ATHENA_TENANT,
    CARD,
    CREDENTIALS,
    NUMBER,
    TERMS,
    action,
    attempt,
    client,
    final,
    order,
    payment,
)

HOUR_MS = 3_600_000
TIMEOUT_SECONDS = 3.0


class Room:
    """The sandbox and a client in front of it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = Store()
        self.sandbox = Sandbox(
            self.store, self.clock, Ids(random.Random(1)), self.deliver, Settings()
        )
        practice = {**CREDENTIALS, "practice_ids": ["195900"], "vendor_codes": ["ACME"]}
        self.control("athena/practices", practice)
        self.client = client(self.answer)
        self.gateway = PaymentGateway(self.client)

    def deliver(self, post: Post) -> Outcome:
        """This vendor sends nothing."""
        raise AssertionError(post)

    def control(self, path: str, body: Mapping[str, Any]) -> None:
        """One of the sandbox's controls."""
        request = Request("POST", f"/_sandbox/{path}", body=json.dumps(body).encode())
        response = Control(self.sandbox).answer(request).response
        assert response is not None and response.status < 300, response

    def fault(self, operation: str, fault: str) -> None:
        """Spoil the next request of that operation."""
        self.control("faults", {"vendor": "athena", "operation": operation, "fault": fault})

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the wire shows."""
        reply = self.sandbox.handle(
            "athena",
            Request(
                method=request.method,
                path=request.url.raw_path.decode().partition("?")[0],
                query=Query(request.url.params.multi_items()),
                headers={k.lower(): v for k, v in request.headers.items()},
                body=request.read(),
            ),
        )
        if reply.response is None or reply.after_seconds > TIMEOUT_SECONDS:
            raise httpx.ReadTimeout("played", request=request)
        answer = reply.response
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def order(self, verb: str, **changes: Any) -> Order:
        """An order at the sandbox's time."""
        now_ms = self.clock.now_ms()
        return order(verb, attempt(now_ms, None), now_ms=now_ms, **changes)

    def perform(self, verb: str, **changes: Any) -> Answer:
        """One call."""
        return self.gateway.perform(self.order(verb, **changes))

    def made(self, verb: str, **changes: Any) -> View:
        """One call that succeeds."""
        answer = self.perform(verb, **changes)
        assert isinstance(answer, Done), answer
        return answer.view

    def moved(self) -> list[tuple[str, int, str]]:
        """What the truth book holds: operation, cents, direction."""
        entries = self.sandbox.truth_book.movements()
        return [(entry.operation, entry.amount_cents, entry.direction) for entry in entries]


@pytest.fixture
def room() -> Iterator[Room]:
    """A sandbox of its own for each test."""
    room = Room()
    yield room
    room.store.close()


def test_every_verb_passes_and_moves_what_it_says(room: Room) -> None:
    collected = room.made(COLLECT)
    assert collected.status == "Collected"
    assert room.made(STORE_CARD).status == "CardStored"
    plan = room.made(START_PLAN)
    assert plan.status == "PlanStarted" and plan.facts["epaymentid"].isdigit()
    assert room.made(RECORD).status == "Posted"
    reported = room.made(REPORT)
    assert reported.facts == {"previouslyrecordedyn": "false"}
    refunded = room.made(REFUND, vendor_reference=reported.reference)
    assert refunded.reference == reported.reference and refunded.facts["refundid"].isdigit()
    assert room.made(VOID, vendor_reference=collected.reference).status == "Voided"
    adjusted = room.made(ADJUST)
    assert (adjusted.status, adjusted.amount_cents) == ("Adjusted", 570)
    assert room.moved() == [
        ("collect_payment", 4250, "in"),
        ("start_payment_plan", 2000, "in"),
        ("record_payment", 4250, "in"),
        ("record_vendor_payment", 4250, "in"),
        ("refund_vendor_payment", 4250, "out"),
        ("void_collected_payment", 4250, "out"),
        ("adjust_charges", 500, "out"),
        ("adjust_charges", 70, "out"),
    ]


def test_repeats_that_the_vendor_recognises_move_nothing_twice(room: Room) -> None:
    collected, reported = room.made(COLLECT), room.made(REPORT)
    again = room.made(REPORT)
    assert again.reference == reported.reference
    assert again.facts == {"previouslyrecordedyn": "true"}
    refunds = [room.made(REFUND, vendor_reference=reported.reference) for _ in range(2)]
    assert refunds[0] == refunds[1]
    voids = [room.made(VOID, vendor_reference=collected.reference) for _ in range(2)]
    assert voids[0] == voids[1]
    assert len(room.moved()) == 4


@pytest.mark.parametrize("verb", [COLLECT, STORE_CARD, START_PLAN])
def test_what_was_applied_without_an_answer_is_found(room: Room, verb: str) -> None:
    operation = {COLLECT: "collect_payment", STORE_CARD: "store_card"}.get(
        verb, "start_payment_plan"
    )
    for fault, count in (("timeout_before", 0), ("timeout_after", 1)):
        room.fault(operation, fault)
        asked = room.order(verb)
        assert isinstance(room.gateway.perform(asked), Unanswered)
        room.clock.advance(60_000)
        found = room.gateway.search(replace(asked, card=None))
        assert isinstance(found, Matches) and len(found.views) == count, fault


def test_what_is_applied_late_is_found_once_it_is_there(room: Room) -> None:
    late = {"operation": "collect_payment", "fault": "late_apply", "delay_seconds": 600}
    room.control("faults", {"vendor": "athena", **late})
    asked = room.order(COLLECT)
    assert isinstance(room.gateway.perform(asked), Unanswered)
    assert room.gateway.search(asked) == Matches(views=())
    room.clock.advance(600_000)
    room.sandbox.run_due_jobs()
    found = room.gateway.search(asked)
    assert isinstance(found, Matches) and len(found.views) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("disconnect", Unanswered),
        ("timeout_after", Unanswered),
        ("http_500_before", Unanswered),
        ("http_500_after", Unanswered),
        ("malformed", Unanswered),
        ("http_429", NotSent),
        ("slow", Done),
        ("decline", VendorRefused),
    ],
)
@pytest.mark.parametrize(
    ("verb", "operation"),
    [(COLLECT, "collect_payment"), (RECORD, "record_payment"), (ADJUST, "adjust_charges")],
)
def test_every_fault_proves_what_it_may(
    room: Room, verb: str, operation: str, fault: str, kind: type[object]
) -> None:
    room.fault(operation, fault)
    asked = room.order(verb)
    answer = room.gateway.perform(asked)
    assert isinstance(answer, kind)
    assert NUMBER not in f"{answer!r} {asked!r}"


@pytest.mark.parametrize("fault", ["timeout_after", "http_500_before", "malformed", "http_429"])
def test_a_token_that_fails_sends_nothing(room: Room, fault: str) -> None:
    room.fault("issue_token", fault)
    assert isinstance(room.perform(COLLECT), NotSent)
    assert isinstance(room.perform(COLLECT), Done)
    assert len(room.moved()) == 1


def test_a_token_that_expired_at_the_vendor_is_renewed(room: Room) -> None:
    room.made(RECORD)
    room.clock.advance(2 * HOUR_MS)
    room.made(RECORD)
    assert len(room.moved()) == 2


def test_a_declined_card_is_refused_in_the_processors_words(room: Room) -> None:
    declined = replace(CARD, account_number=SecretStr("4000000000000002"))
    answer = room.perform(COLLECT, card=declined)
    assert answer == VendorRefused(message="DECLINED", code="success_false")
    assert isinstance(room.perform(COLLECT), Done)
    twice = room.perform(COLLECT)
    assert twice == VendorRefused(message="DUPLICATE TRANSACTION", code="success_false")


def test_a_rule_that_is_broken_is_refused_in_the_vendors_words(room: Room) -> None:
    terms = {k: v for k, v in TERMS[RECORD].items() if k != "checknumber"}
    answer = room.perform(RECORD, terms=terms)
    words = "Additional fields are required. Missing: checknumber"
    assert answer == VendorRefused(message=words, code="400")


def test_a_practice_that_is_not_ours_is_not_reached(room: Room) -> None:
    assert isinstance(room.perform(RECORD, terms={**TERMS[RECORD], "practiceid": "1"}), NotSent)


def test_charges_are_refused_one_by_one(room: Room) -> None:
    asked = [
        {"chargeid": 7011, "adjustmentamount": "5000.00"},
        {"chargeid": 7012, "adjustmentamount": "1.00"},
    ]
    partly = room.made(ADJUST, terms={**TERMS[ADJUST], "charges": json.dumps(asked)})
    assert (partly.status, partly.amount_cents) == ("PartlyAdjusted", 100)
    nobody = room.perform(ADJUST, terms={**TERMS[ADJUST], "patientid": "99"})
    assert nobody == VendorRefused(message="The patient was not found.", code="patient")


def test_a_void_after_the_settlement_says_so(room: Room) -> None:
    reference = room.made(COLLECT).reference
    room.clock.advance(25 * HOUR_MS)
    room.sandbox.run_due_jobs()
    answer = room.perform(VOID, vendor_reference=reference)
    assert isinstance(answer, VendorRefused)
    assert (answer.code, answer.status) == ("settled", "Settled")
    refused = action(
        VOID,
        ActionState.REFUSED,
        number=2,
        answer=final(ActionState.REFUSED, vendor_code="settled"),
    )
    about = payment(
        COLLECT,
        action(COLLECT, ActionState.DONE),
        refused,
        vendor_reference=reference,
        vendor_status="Settled",
    )
    read = room.gateway.read(replace(room.order(VOID), payment=about))
    assert isinstance(read, View) and read.status == "Settled" and read.refusal


def test_a_payment_taken_in_the_hub_reads_as_the_vendor_settles_it(room: Room) -> None:
    taken_ms = room.clock.now_ms()
    reference = room.made(COLLECT).reference
    collect = action(COLLECT, ActionState.DONE, attempt(taken_ms, "done", taken_ms + 1))
    about = payment(COLLECT, collect, vendor_reference=reference, vendor_status="Collected")
    for _ in range(26):
        read = room.gateway.read(replace(room.order(VOID), payment=about))
        assert isinstance(read, View)
        receipt = room.sandbox.store.all("athena", "athena_receipt", "195900/7")[0]
        assert (read.status == "Settled") == receipt["settled"]
        room.clock.advance(HOUR_MS)
        room.sandbox.run_due_jobs()


def test_a_payment_made_elsewhere_is_read_from_its_receipt(room: Room) -> None:
    taken_ms = room.clock.now_ms() // 1000 * 1000
    reference = room.made(COLLECT).reference
    asked = room.order(VOID, vendor_reference=reference, origin=Origin.EXTERNAL, vendor_status=None)
    facts = {"collected_at_ms": str(taken_ms)}
    expected = View(reference=reference, status="Collected", amount_cents=4250, facts=facts)
    assert room.gateway.read(asked) == expected
    unknown = replace(asked, payment=replace(asked.payment, vendor_reference="999999"))
    assert isinstance(room.gateway.read(unknown), VendorRefused)


def test_receipts_are_shown_in_documented_types(room: Room) -> None:
    reference = room.made(COLLECT).reference
    room.made(STORE_CARD)
    ids = {"practiceid": "195900", "patientid": "7", "epaymentid": str(reference)}
    documents = Documents(room.client)
    listed = documents.fetch(ATHENA_TENANT, "list_receipts", ids, {"departmentid": "1"})
    assert isinstance(listed, Fetched) and isinstance(listed.content, list)
    assert [(r["type"], r["amount"]) for r in listed.content] == [
        ("PURCHASE", "42.50"),
        ("AUTHORIZATION", "0.00"),
    ]
    shown = documents.fetch(ATHENA_TENANT, "get_receipt_details", ids, {"termsasjson": "true"})
    assert isinstance(shown, Fetched) and isinstance(shown.content, dict)
    assert shown.content["epaymentid"] == int(str(reference))
    assert shown.content["claimpayments"] == [{"claimid": 701, "amount": "30.00"}]
    printed = documents.fetch(ATHENA_TENANT, "get_receipt", ids, {"merchantversion": "true"})
    assert isinstance(printed, Fetched) and "Merchant copy" in str(printed.content)
    missing = documents.fetch(ATHENA_TENANT, "list_receipts", ids, {})
    assert isinstance(missing, VendorRefused)
