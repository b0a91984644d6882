"""What is told of messages and of portal payments, by every way of asking."""

from uuid import UUID

import pytest

from payhub.xml import parse
from tests.support.medfusion_world import (
    OTHER_ID,
    OTHER_PRACTICE,
    PRACTICE,
    SECOND_PRACTICE,
    MedfusionWorld,
    Said,
    medfusion_world,
)

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> MedfusionWorld:
    """Two tenants and their portals."""
    return medfusion_world(monkeypatch)


def ids_of(said: Said) -> dict[str, str]:
    """The three ids under which a message is asked about."""
    root = parse(said.body.encode())
    return {
        "DataJobId": root.findtext("DataJobId") or "",
        "MessageId": root.findtext("MessageId") or "",
        "Location": said.headers["Location"].rpartition("/")[2],
    }


@pytest.mark.parametrize("name", ["DataJobId", "MessageId", "Location"])
def test_a_message_is_known_by_each_of_its_ids(room: MedfusionWorld, name: str) -> None:
    said = room.accepted(room.picked_up())
    ids = ids_of(said)
    for written in (ids[name], ids[name].upper(), UUID(ids[name]).hex):
        status = room.processing(written)
        assert (status.status, status.headers["Content-Type"]) == (200, "application/xml")
        root = parse(status.body.encode())
        assert root.tag == "ProcessingStatus"
        assert root.findtext("DataJob/DataJobId") == ids["DataJobId"]
        assert root.findtext("Messages/Message/MessageId") == ids["MessageId"]
        assert status.headers["Payment-Id"] == said.payment_id


def test_a_message_is_processing_until_its_end(room: MedfusionWorld) -> None:
    said = room.accepted(room.picked_up())
    assert room.state(said) == ("PROCESSING", None)
    room.work()
    assert room.state(said) == ("PROCESSING", None)
    room.go(120)
    assert room.state(said) == ("COMPLETED", None)


def test_a_message_that_failed_says_why(room: MedfusionWorld) -> None:
    said = room.accepted(room.picked_up(409))
    assert room.settled(said) == ("ERROR", "The patient's account is closed.")


def test_asking_needs_no_vendor(room: MedfusionWorld) -> None:
    said = room.accepted(room.picked_up())
    room.sent.clear()
    room.arm("", "refuse", seconds=60)
    assert room.state(said) == ("PROCESSING", None)
    assert room.sent == []


def test_messages_of_other_practices_and_tenants_are_not_found(room: MedfusionWorld) -> None:
    ours, theirs = room.pay(), room.pay(practice=OTHER_PRACTICE)
    room.poll()
    said = room.accepted(ours)
    other = room.accepted(theirs, practice=OTHER_PRACTICE, tenant=OTHER_ID)
    for each in ids_of(said).values():
        assert room.problem(room.processing(each, SECOND_PRACTICE))["status"] == "404"
        strange = room.processing(each, OTHER_PRACTICE, OTHER_ID)
        assert room.problem(strange)["status"] == "404"
        assert room.problem(room.processing(each, PRACTICE, OTHER_ID))["status"] == "404"
    for each in ids_of(other).values():
        assert room.problem(room.processing(each))["status"] == "404"
        assert room.processing(each, OTHER_PRACTICE, OTHER_ID).status == 200


def test_what_is_no_message_is_not_found(room: MedfusionWorld) -> None:
    payment_id = room.known(room.picked_up()).payment_id
    for each in (NOBODYS, str(UUID(payment_id))):
        assert room.problem(room.processing(each))["status"] == "404"


@pytest.mark.parametrize("message", ["x", "-" * 36, "0" * 31, "g" * 32, "0" * 33])
def test_what_is_no_id_is_not_found_either(room: MedfusionWorld, message: str) -> None:
    assert room.problem(room.processing(message))["status"] == "404"


# ---------------------------------------------------------------- the hub's own paths


def test_a_portal_payment_is_a_payment_of_the_hub(room: MedfusionWorld) -> None:
    reference = room.picked_up(123456)
    payment = room.known(reference)
    said = room.call("get_payment", {"paymentId": payment.payment_id})
    assert said.status == 200
    shown = said.body
    assert (shown["amount"], shown["amountCents"], shown["currency"]) == (123456, 123456, "USD")
    assert (shown["status"], shown["action"], shown["vendorReference"]) == (
        *("SUBMITTED", None),
        reference,
    )
    assert (shown["vendor"], shown["operation"]) == ("medfusion", "receive_portal_payment")
    details = room.details(payment.payment_id)
    assert details["vendorStatus"] == "SUBMITTED" and details["nextLookAt"] is None
    assert [it["verb"] for it in details["actions"]] == ["receive"]
    assert (details["contract"]["verb"], details["contract"]["queueable"]) == ("receive", False)


def test_while_a_payment_is_reported_it_shows_its_open_action(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = room.accepted(reference)
    room.work()
    shown = room.details(room.known(reference).payment_id)
    assert shown["action"] == {"verb": "post", "state": "queued", "attempt": 0}
    assert shown["status"] == "SUBMITTED"
    reason = shown["history"][-1]["reason"]
    assert reason == f"reported as POSTED in message {said.payment_id}"


def test_the_history_tells_the_whole_story(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.settled(room.accepted(reference, status="ACCEPTED"))
    room.settled(room.accepted(reference))
    history = room.details(room.known(reference).payment_id)["history"]
    assert [(it["subject"], it["from"], it["to"]) for it in history] == [
        ("receive", None, "done"),
        ("status", None, "SUBMITTED"),
        ("post", None, "queued"),
        ("post", "queued", "done"),
        ("status", "SUBMITTED", "ACCEPTED"),
        ("post", None, "queued"),
        ("post", "queued", "done"),
        ("status", "ACCEPTED", "POSTED"),
    ]
    actors = {it["actor"] for it in history if it["to"] == "queued"}
    assert actors == {"caller:test"}


def test_a_message_is_shown_as_a_payment_of_nothing(room: MedfusionWorld) -> None:
    said = room.accepted(room.picked_up())
    shown = room.details(said.payment_id)
    assert (shown["amountCents"], shown["operation"]) == (0, "update_portal_payments")
    assert (shown["status"], shown["action"]["verb"]) == ("pending", "send")
    room.settled(said)
    shown = room.details(said.payment_id)
    assert (shown["status"], shown["action"], shown["nextLookAt"]) == ("COMPLETED", None, None)
    assert shown["vendorReference"] == room.messages()[0]["message_id"]
    assert shown["contract"]["lookup"] == "search" and shown["contract"]["resend"] == "automatic"


def test_a_message_with_nothing_to_send_says_so(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.settled(room.accepted(reference))
    said = room.accepted(reference)
    room.work()
    shown = room.details(said.payment_id)
    assert (shown["status"], shown["actions"][0]["attempts"]) == ("COMPLETED", [])
    assert "nothing to send" in shown["history"][-1]["reason"]


def test_the_list_has_payments_and_messages_newest_first(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    room.go(60)
    said = room.accepted(reference)
    newest, oldest = room.page()
    assert newest["paymentId"] == said.payment_id
    assert oldest["vendorReference"] == reference
    assert room.page(status="SUBMITTED", vendor="medfusion") == [oldest]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("void_payment", "medfusion has no way to void"),
        ("release_payment", "medfusion has no way to release"),
        ("refund_payment", "medfusion are not given back"),
    ],
)
def test_what_medfusion_cannot_do_is_refused_and_nothing_is_asked(
    room: MedfusionWorld, function: str, words: str
) -> None:
    reference = room.picked_up()
    payment_id = room.known(reference).payment_id
    body = {"amount": 100, "reason": "OTHER", "providerId": "p"} if "refund" in function else {}
    room.sent.clear()
    said = room.call(function, {"paymentId": payment_id}, body, role="operator")
    assert said.status == 409 and words in said.body["detail"]
    assert room.sent == []
    assert room.served() == {reference: "SUBMITTED"}


def test_only_a_review_can_be_resolved(room: MedfusionWorld) -> None:
    reference = room.picked_up()
    said = room.accepted(reference)
    body = {"resolution": "not_moved", "reason": "x"}
    for payment_id in (said.payment_id, room.known(reference).payment_id):
        ids = {"paymentId": payment_id}
        answer = room.call("resolve_payment", ids, body, role="operator")
        assert answer.status == 409
