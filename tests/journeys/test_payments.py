"""A payment's whole way over HTTP, moved by the vendor's webhooks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from tests.support.hub import HOLD_ACCOUNT, Hub, Json, eventually, net_cents, new_key, read
from tests.support.stack import LocalStack

pytestmark = pytest.mark.journey

ISSUER_PREFIX = "/api/issue/v1"


@pytest.mark.parametrize("prefix", ["", ISSUER_PREFIX])
def test_a_payment_is_completed_voided_reissued_and_completed_again(hub: Hub, prefix: str) -> None:
    """Under both families of paths, and the truth book follows each step."""
    answer = hub.api.issue(12_500, prefix=prefix)
    assert answer.status_code == 201
    payment_id = answer.headers["Payment-Id"]
    assert answer.headers["Location"].endswith(f"/payments/{payment_id}")
    hub.api.wait_for_status(payment_id, "Completed")
    assert _verbs(hub, payment_id) == ["issue_payment"]

    assert hub.api.void(payment_id, prefix=prefix).json()["status"] == "Voided"
    hub.agrees(payment_id)
    again = read(hub.api.reissue(payment_id, prefix=prefix))
    assert (again["paymentId"], again["amount"]) == (payment_id, 12_500)

    hub.api.wait_for_status(payment_id, "Completed")
    assert _verbs(hub, payment_id) == ["issue_payment", "void_payment", "reissue_payment"]
    hub.agrees(payment_id)


def test_statuses_come_from_the_vendors_webhooks(hub: Hub) -> None:
    """While they are held nothing moves; the history then names the events as its reasons."""
    reference = f"REF-{new_key()}"
    hub.sandbox.send_events("hold", reference=reference)
    payment_id = hub.api.issued(reference=reference)["paymentId"]
    eventually(lambda: len(hub.sandbox.events(payment_id)) == 8, "every event happened")
    assert hub.api.payment(payment_id)["status"] == "Created"
    hub.sandbox.send_events("resume", reference=reference)
    hub.api.wait_for_status(payment_id, "Completed")
    history = hub.api.details(payment_id)["history"]
    last = next(it for it in history if it["subject"] == "status" and it["to"] == "Completed")
    assert last["actor"] == "vendor"
    assert "event payment_" in last["reason"]


@pytest.mark.parametrize("prefix", ["", ISSUER_PREFIX])
def test_a_held_payment_waits_for_an_operator(hub: Hub, prefix: str) -> None:
    """A caller may not release it, no money moves before, and it cannot be released twice."""
    payment = hub.api.issued(account=HOLD_ACCOUNT)
    payment_id = payment["paymentId"]
    assert payment["status"] == "Held"
    assert hub.api.release(payment_id, prefix=prefix).status_code == 403
    assert hub.sandbox.movements(payment_id) == []

    void = hub.api.void(payment_id, key=new_key(), prefix=prefix)
    assert void.status_code == 409
    assert "Held" in void.json()["detail"]

    released = hub.operator.release(payment_id, key=new_key(), prefix=prefix, reason="checked")
    assert released.status_code == 200
    hub.api.wait_for_status(payment_id, "Completed")
    twice = hub.operator.release(payment_id, key=new_key(), prefix=prefix)
    assert twice.status_code == 409
    assert "Only a payment that is held" in twice.json()["detail"]
    hub.agrees(payment_id)
    assert _verbs(hub, payment_id) == ["release_payment"]


def test_what_is_not_held_cannot_be_released(hub: Hub) -> None:
    """409 with the status and the rule."""
    answer = hub.operator.release(hub.api.voidable()["paymentId"])
    assert answer.status_code == 409
    assert "Loading" in answer.json()["detail"]
    assert "Only a payment that is held" in answer.json()["detail"]


def test_a_refused_void_names_status_balance_and_rule(hub: Hub) -> None:
    """Created is not one of the nine statuses; a cashed payment has no balance."""
    created, cashed = 425, 410
    payment_id = hub.api.issued(created)["paymentId"]
    in_created = hub.api.void(payment_id)
    assert in_created.status_code == 409
    detail = in_created.json()["detail"]
    assert "Created" in detail
    assert "425 cents" in detail
    assert "available balance is above zero" in detail
    assert "DistributionAssigned" in detail

    payment_id = hub.api.issued(cashed)["paymentId"]
    hub.api.wait_for_status(payment_id, "Completed")
    without_balance = hub.api.void(payment_id)
    assert without_balance.status_code == 409
    assert "Completed" in without_balance.json()["detail"]
    assert "0 cents" in without_balance.json()["detail"]
    assert _verbs(hub, payment_id) == ["issue_payment"]


def test_only_a_voided_payment_can_be_reissued(hub: Hub) -> None:
    """409 with the rule."""
    answer = hub.api.reissue(hub.api.voidable()["paymentId"])
    assert answer.status_code == 409
    assert "Only a payment that was voided" in answer.json()["detail"]


def test_what_the_vendor_declines_is_final_for_its_key(hub: Hub) -> None:
    """422 with the vendor's words, again and again, and no money moved."""
    insufficient_funds = 402
    key = new_key()
    first = hub.api.issue(insufficient_funds, key=key, reference="REF-declined")
    assert first.status_code == 422
    assert first.json()["vendor"] == "optum"
    assert "vendor_message" in first.json()
    again = hub.api.issue(insufficient_funds, key=key, reference="REF-declined")
    assert again.status_code == 422
    assert again.headers["Idempotent-Replayed"] == "true"
    payment = hub.api.payment(first.headers["Payment-Id"])
    assert (payment["status"], payment["action"]) == ("declined", None)
    assert hub.sandbox.movements(payment["paymentId"]) == []


def test_a_failed_payment_shows_the_vendors_word(hub: Hub) -> None:
    """Failed by a webhook, and the money is back."""
    fails_in_loading = 403
    payment_id = hub.api.issued(fails_in_loading)["paymentId"]
    hub.api.wait_for_status(payment_id, "Failed")
    hub.agrees(payment_id)


def test_a_replay_is_the_first_answer_for_ever(hub: Hub) -> None:
    """Byte for byte and with its mark, also after the payment moved on; actions too."""
    key, void_key = new_key(), new_key()
    first = hub.api.issue(key=key, reference="REF-replay")
    payment_id = first.headers["Payment-Id"]
    assert "Idempotent-Replayed" not in first.headers
    hub.api.wait_for_status(payment_id, "Completed")
    void = hub.api.void(payment_id, key=void_key)
    hub.api.reissue(payment_id)
    hub.api.wait_for_status(payment_id, "Completed")

    again = hub.api.issue(key=key, reference="REF-replay")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    void_again = hub.api.void(payment_id, key=void_key)
    assert (void_again.status_code, void_again.content) == (200, void.content)
    assert void_again.headers["Idempotent-Replayed"] == "true"
    assert hub.api.payment(payment_id)["status"] == "Completed"
    assert _verbs(hub, payment_id) == ["issue_payment", "void_payment", "reissue_payment"]


def test_a_key_belongs_to_one_request(hub: Hub) -> None:
    """Another amount under the same key, or two different keys in one request: 422, no money."""
    key = new_key()
    first = hub.api.issue(1000, key=key, reference="REF-key")
    other_amount = hub.api.issue(1001, key=key, reference="REF-key")
    assert other_amount.status_code == 422
    assert other_amount.json()["payment_id"] == first.headers["Payment-Id"]
    two_keys = hub.api.issue(key=new_key(), client_request_id=new_key())
    assert two_keys.status_code == 422
    for_another_verb = hub.api.wait_for_status(first.headers["Payment-Id"], "Completed")
    void_key = new_key()
    read(hub.api.void(for_another_verb["paymentId"], key=void_key))
    reused = hub.api.reissue(for_another_verb["paymentId"], key=void_key)
    assert reused.status_code == 422
    assert net_cents(hub.sandbox.movements(first.headers["Payment-Id"])) == 0


def test_the_callers_request_id_is_its_key(hub: Hub) -> None:
    """With or without the same header, the same payment."""
    request_id = new_key()
    first = hub.api.issue(client_request_id=request_id, reference="REF-request-id")
    again = hub.api.issue(client_request_id=request_id, reference="REF-request-id", key=request_id)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_second_void_after_a_reissue_must_say_what_it_saw(hub: Hub) -> None:
    """Without a key it could be a late repeat: If-Match decides, and an old one is refused."""
    payment_id = hub.api.voidable()["paymentId"]
    read(hub.api.void(payment_id))
    before = hub.api.payment(payment_id)["revision"]
    assert hub.api.void(payment_id).headers["Idempotent-Replayed"] == "true"
    read(hub.api.reissue(payment_id))
    hub.api.wait_for_status(payment_id, "Loading")

    blind = hub.api.void(payment_id)
    assert blind.status_code == 409
    assert "If-Match" in blind.json()["detail"]
    assert hub.api.void(payment_id, if_match=f'"{before}"').status_code == 412
    etag = hub.api.send("GET", f"/payments/{payment_id}").headers["ETag"]
    assert hub.api.void(payment_id, if_match=etag).json()["status"] == "Voided"
    hub.agrees(payment_id)
    assert _verbs(hub, payment_id) == [
        "issue_payment",
        "void_payment",
        "reissue_payment",
        "void_payment",
    ]


def test_details_tell_everything_that_happened(hub: Hub) -> None:
    """Each transition with actor, reason and time; each attempt; the contract; retry advice."""
    payment_id = hub.api.voidable()["paymentId"]
    read(hub.api.void(payment_id, reason="sent to the wrong payee"))
    eventually(
        lambda: hub.api.details(payment_id)["availableBalanceCents"] == 0,
        "the balance is read at the vendor",
    )
    details = hub.api.details(payment_id)
    for entry in details["history"]:
        assert entry["actor"]
        assert entry["reason"]
        assert datetime.fromisoformat(entry["at"]).tzinfo is not None
    trail = [(it["subject"], it["from"], it["to"]) for it in details["history"]]
    assert ("issue", None, "sending") in trail
    assert ("issue", "sending", "done") in trail
    assert ("void", "sending", "done") in trail
    assert ("status", "Loading", "Voided") in trail
    issue, void = details["actions"]
    assert void["reason"] == "sent to the wrong payee"
    assert void["actor"].startswith("caller:")
    assert [it["outcome"] for it in issue["attempts"]] == ["done"]
    assert issue["attempts"][0]["vendorReference"] == details["vendorReference"]
    assert details["vendorStatus"] == "Voided"
    assert details["retry"]["safe"] is True
    assert details["retry"]["why"]
    assert details["contract"]["operation"] == "void_payment"


def test_the_list_has_pages_and_filters(hub: Hub) -> None:
    """Every payment is on exactly one page, newest first; each filter leaves out what it should."""
    reference = f"REF-{new_key()}"
    mine = [hub.api.issued(425, reference=reference)["paymentId"] for _ in range(5)]
    found, cursor = list[Json](), None
    while True:
        query = {"limit": "2", "reference": reference}
        page = read(hub.api.send("GET", "/payments", query=query | _cursor(cursor)))
        assert len(page["payments"]) <= 2
        found += page["payments"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert [it["paymentId"] for it in found] == mine[::-1]

    def ids(**query: str) -> set[str]:
        answer = hub.api.send("GET", "/payments", query={"limit": "100", **query})
        return {it["paymentId"] for it in read(answer)["payments"]}

    second = found[-2]["createdAt"]
    assert ids(reference=reference, status="Created") == set(mine)
    assert ids(reference=reference, status="Completed") == set()
    assert ids(vendor="optum", status="Created") >= set(mine)
    assert ids(vendor="decoda") == set()
    assert ids(**{"from": second}, reference=reference) == set(mine[1:])
    assert ids(to=second, reference=reference) == set(mine[:1])


def test_the_truth_book_nets_to_the_hubs_view_of_every_payment(
    hub: Hub, local_stack: LocalStack
) -> None:
    """All that this file did, page by page."""
    payments, cursor = list[Json](), None
    while True:
        page = read(hub.api.send("GET", "/payments", query={"limit": "100"} | _cursor(cursor)))
        payments += page["payments"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert payments
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda it: hub.agrees(it["paymentId"]), payments))


def _verbs(hub: Hub, payment_id: str) -> list[str]:
    return [it.operation for it in hub.sandbox.movements(payment_id)]


def _cursor(cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {"cursor": cursor}
