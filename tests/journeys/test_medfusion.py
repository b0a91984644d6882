"""Medfusion through HTTP only: bills paid in the portal are picked up, served and reported posted.

What hours do to messages is in test_medfusion_down.py, what is wrong with documents in
test_medfusion_documents.py.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.hub import Hub, eventually, new_key
from tests.support.medfusion_client import (
    CLOSED_CENTS,
    FAILS_CENTS,
    NAMESPACE,
    PAY_NOW,
    SECURE,
    SWIPED,
    XML_TYPE,
    MedfusionClient,
    MedfusionSide,
    caller_of,
    document_of,
    ended,
    payment_element,
    served,
    text_of,
    texts_of,
)

pytestmark = pytest.mark.journey

LOCAL_POLL_SECONDS = 150
"""The poller of a local stack comes every minute."""

SAMPLE = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:Payments xmlns:ns2="{NAMESPACE}">
   <PaymentsMessageHeaders>
      <Sender deviceName="12.5"/>
      <Partner deviceName="Test Application"/>
      <Destination deviceName="Test Destination Name"/>
   </PaymentsMessageHeaders>
   <PracticeInformation>
      <PracticeIdentifier>
         <PracticeId>@practice</PracticeId>
      </PracticeIdentifier>
   </PracticeInformation>
   <Payment id="@payment">
      <PatientAccountNumber>100234</PatientAccountNumber>
      <PaymentType>BillPayment</PaymentType>
      <!-- *Note the change in status of the payment. -->
      <PaymentStatus>POSTED</PaymentStatus>
      <PaymentInformation>
         <AmountPaid>25.00</AmountPaid>
         <CCType>Visa</CCType>
         <CCLast4Digits>0042</CCLast4Digits>
         <PaymentComments>Copay for Appointment</PaymentComments>
      </PaymentInformation>
   </Payment>
</ns2:Payments>
"""
"""The document's own sample, with the tags that its page has lost."""


@pytest.fixture(scope="module")
def side(hub: Hub) -> MedfusionSide:
    """The practice's portal."""
    return MedfusionSide(hub)


@pytest.fixture(scope="module")
def caller(hub: Hub) -> MedfusionClient:
    """The practice's system."""
    return caller_of(hub)


@pytest.fixture(autouse=True)
def _faults_are_cleared(side: MedfusionSide) -> Iterator[None]:
    yield
    side.sandbox.clear_faults()


def test_a_bill_is_picked_up_served_and_posted(
    hub: Hub, side: MedfusionSide, caller: MedfusionClient
) -> None:
    """By the poller itself, once however often it comes; posted with the documented message."""
    before = caller.poll()
    reference = side.pay(2_500)
    eventually(lambda: side.known(reference), "the poller has found it", LOCAL_POLL_SECONDS)
    side.pick_up()
    side.pick_up()
    payment_id = side.payment_id(reference)
    shown = caller.poll(since=before.headers["Last-Timestamp"])
    assert shown.headers["Content-Type"] == XML_TYPE
    assert served(shown) == {reference: "SUBMITTED"}
    assert (text_of(shown, "AmountPaid"), text_of(shown, "CCLast4Digits")) == ("25.00", "0042")
    last = shown.headers["Last-Timestamp"]
    nothing = caller.poll(since=last)
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert int(nothing.headers["Last-Timestamp"]) >= int(last)
    details = hub.api.details(payment_id)
    assert (details["amountCents"], details["status"]) == (2_500, "SUBMITTED")
    assert [it.net_cents for it in side.sandbox.ledger(reference)] == [-2_500]

    sample = SAMPLE.replace("@practice", side.practice_id).replace("@payment", reference)
    accepted = caller.post(sample)
    assert (accepted.status_code, accepted.headers["Content-Type"]) == (202, XML_TYPE)
    message_id, job_id = text_of(accepted, "MessageId"), text_of(accepted, "DataJobId")
    where = f"/v1/practice/{side.practice_id}/processingStatus/{message_id}"
    assert accepted.headers["Location"].endswith(where)
    assert ended(caller, accepted) == ("COMPLETED", None)
    for known in (str(message_id), str(job_id)):
        assert texts_of(caller.processing(known), "State") == ["COMPLETED", "COMPLETED"]
    [message] = side.messages(reference)
    assert message["updates"] == [{"payment_id": reference, "status": "POSTED"}]
    assert side.status_of(reference) == "POSTED"

    details = hub.api.details(payment_id)
    assert (details["status"], details["action"]) == ("POSTED", None)
    assert [(it["verb"], it["state"]) for it in details["actions"]][-1] == ("post", "done")
    reasons = [it["reason"] for it in details["history"]]
    assert [it for it in reasons if accepted.headers["Payment-Id"] in it], reasons
    told = hub.api.details(accepted.headers["Payment-Id"])
    assert (told["status"], told["amountCents"]) == ("COMPLETED", 0)
    assert served(caller.poll(since=before.headers["Last-Timestamp"])) == {reference: "POSTED"}
    side.pick_up()
    assert hub.api.details(payment_id)["history"] == details["history"]


def test_posted_twice_is_posted_once(side: MedfusionSide, caller: MedfusionClient) -> None:
    """The same key is the same message; another message leaves out what is posted."""
    reference, key = side.picked_up(), new_key()
    with ThreadPoolExecutor(3) as pool:
        sent = [
            pool.submit(caller.report, reference, Idempotency_Key=it)
            for it in (key, key, new_key())
        ]
        answers = [it.result() for it in sent]
    assert {it.status_code for it in answers} == {202}, [it.text for it in answers]
    assert {ended(caller, it) for it in answers} == {("COMPLETED", None)}
    assert len({text_of(it, "MessageId") for it in answers}) == 2
    assert len(side.messages(reference)) == 1
    again = caller.report(reference)
    assert ended(caller, again) == ("COMPLETED", None)
    assert len(side.messages(reference)) == 1
    back = caller.report(reference, status="SUBMITTED")
    assert back.status_code == 400, "a status does not go back"
    assert reference in back.text


@pytest.mark.parametrize("cents", [FAILS_CENTS, CLOSED_CENTS])
def test_what_fails_later_is_told_and_can_be_sent_again(
    hub: Hub, side: MedfusionSide, caller: MedfusionClient, cents: int
) -> None:
    """Medfusion says 202 first and no afterwards, in its own words."""
    reference = side.picked_up(cents)
    payment_id = side.payment_id(reference)
    words = {FAILS_CENTS: "not found", CLOSED_CENTS: "closed"}[cents]
    for times in (1, 2):
        state, error = ended(caller, caller.report(reference))
        assert state == "ERROR"
        assert words in str(error)
        details = hub.api.details(payment_id)
        assert (details["status"], details["action"]) == ("SUBMITTED", None)
        assert [it["state"] for it in details["actions"] if it["verb"] == "post"] == [
            "refused"
        ] * times
        assert words in details["history"][-1]["reason"]
        assert len(side.messages(reference)) == times
    assert side.status_of(reference) == "SUBMITTED"


def test_payments_of_the_other_kinds_have_their_own_lists(
    side: MedfusionSide, caller: MedfusionClient
) -> None:
    """By the card swiper and by the Pay Now page; each is posted on its own path only."""
    references = {kind: side.pay(1_300, kind) for kind in (SECURE, SWIPED, PAY_NOW)}
    side.pick_up()
    for kind, reference in references.items():
        shown = served(caller.poll(kind))
        assert shown[reference] == "SUBMITTED"
        assert not (set(references.values()) - {reference}) & set(shown)
    for kind in (SWIPED, PAY_NOW):
        elsewhere = caller.report(references[kind], kind=SECURE)
        assert elsewhere.status_code == 404, elsewhere.text
        assert references[kind] in elsewhere.text
        assert ended(caller, caller.report(references[kind], kind=kind)) == ("COMPLETED", None)
        assert side.status_of(references[kind]) == "POSTED"


def test_what_was_not_polled_yet_can_be_posted(
    side: MedfusionSide, caller: MedfusionClient
) -> None:
    """The hub asks Medfusion; one payment that nobody knows and nothing of the batch is sent."""
    reference, unknown = side.pay(), "782b8228-2527-4e2a-825c-a4afabe74ae0"
    refused = caller.report(reference, unknown)
    assert refused.status_code == 404
    assert unknown in refused.text
    assert reference not in refused.text
    assert side.messages(reference) == []
    assert ended(caller, caller.report(reference)) == ("COMPLETED", None)
    assert len(side.known(reference)) == 1


def test_a_page_is_followed_by_the_next(side: MedfusionSide, caller: MedfusionClient) -> None:
    """By `max` and the `Last-Timestamp` of each answer, every payment is served once."""
    since = caller.poll().headers["Last-Timestamp"]
    paid = [side.pay(100 + each) for each in range(5)]
    side.pick_up()
    found: list[str] = []
    while page := served(answer := caller.poll(since=since, max=2)):
        assert len(page) <= 2
        assert int(answer.headers["Last-Timestamp"]) > int(since)
        found += page
        since = answer.headers["Last-Timestamp"]
    assert found == paid


def test_polls_that_are_lost_lose_nothing(side: MedfusionSide, caller: MedfusionClient) -> None:
    """The answer was cut, or never came; the next poll brings it, once."""
    cut, unanswered = side.pay(1_511), side.pay(1_512)
    for fault in ("malformed", "http_500_after"):
        side.sandbox.arm("poll_secure_payments", fault, side.practice_id)
        side.pick_up()
    side.pick_up()
    shown = served(caller.poll())
    assert shown[cut] == shown[unanswered] == "SUBMITTED"
    assert [len(side.known(it)) for it in (cut, unanswered)] == [1, 1]


# Signing in


def test_an_application_signs_in_as_at_medfusion(caller: MedfusionClient) -> None:
    """By password and by client credentials; both tokens open the same practice."""
    given = caller.application()
    assert set(given.json()) >= {"clientId", "clientSecret", "grantTypes", "oauthVersion"}
    for grant in ("password", "client_credentials"):
        answer = caller.sign_in(grant)
        assert answer.status_code == 200, answer.text
        token = answer.json()
        assert (token["tokenType"], token["refreshToken"]) == ("BEARER", None)
        assert token["expiresIn"] > 0
        path = f"/v1/practice/{caller.practice_id}/securePayments"
        authorization = {"Authorization": f"Bearer {token['accessToken']}"}
        assert caller.send("GET", path, {}, headers=authorization).status_code in (200, 204)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"password": "wrong"}, 400, "invalid_grant"),
        ({"username": "nobody"}, 400, "invalid_grant"),
        ({"password": ""}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_give_no_token(
    caller: MedfusionClient, changes: dict[str, str], status: int, error: str
) -> None:
    """A wrong name and a wrong password are told in the same words."""
    refused = caller.sign_in(**changes)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert "accessToken" not in refused.text


@pytest.mark.parametrize("token", ["wrong", "%2e%2e", "x" * 255])
def test_a_wrong_application_token_is_404(caller: MedfusionClient, token: str) -> None:
    """And gives no secret."""
    refused: httpx.Response = caller.application(token)
    assert refused.status_code == 404, refused.text
    assert "clientSecret" not in refused.text


def test_a_batch_of_several_is_one_message(side: MedfusionSide, caller: MedfusionClient) -> None:
    """What is at its target already is left out of it, in the order in which they came."""
    paid = [side.pay(700 + each) for each in range(3)]
    side.pick_up()
    assert ended(caller, caller.report(paid[1], status="ACCEPTED")) == ("COMPLETED", None)
    assert ended(caller, caller.report(paid[2])) == ("COMPLETED", None)
    document = document_of(map(payment_element, paid), side.practice_id)
    assert ended(caller, caller.post(document)) == ("COMPLETED", None)
    assert [it["payment_id"] for it in side.messages(paid[0])[0]["updates"]] == paid[:2]
    assert len(side.messages(paid[2])) == 1
    assert {side.status_of(it) for it in paid} == {"POSTED"}
