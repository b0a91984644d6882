"""Voiding a card payment: before its settlement, and on the vendor's word near it."""

import importlib
from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from payhub.domain.payment import Origin
from payhub.domain.settlement import NEW_YORK
from tests.support.athena_world import CARD, PRACTICE, AthenaWorld, Said, athena_world

DAYS = [
    *("2026-03-07", "2026-03-08", "2026-03-09"),
    *("2026-10-31", "2026-11-01", "2026-11-02"),
    *("2026-12-31", "2027-01-01"),
]


def start_ms(local: str) -> int:
    """A New York time as epoch milliseconds."""
    return round(datetime.fromisoformat(local).replace(tzinfo=NEW_YORK).timestamp() * 1000)


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AthenaWorld]:
    """A world that begins at a New York time."""
    return lambda local: athena_world(monkeypatch, start_ms(local))


def voids(world: AthenaWorld) -> int:
    """How often the vendor was asked to void."""
    return sum("/voidpayment/" in call for call in world.calls)


@pytest.mark.parametrize("day", DAYS)
def test_well_before_the_cut_off_a_void_works(
    begin: Callable[[str], AthenaWorld], day: str
) -> None:
    world = begin(f"{day} 09:00")
    taken = world.collect()
    world.at(f"{day} 19:50")
    said = world.void(taken.body["epaymentid"])
    assert said.status == 200 and said.body == {"success": "true"}
    assert world.payment(taken.payment_id).status == "Voided"
    assert world.moved("void_collected_payment") == 1


@pytest.mark.parametrize("day", DAYS)
def test_well_after_the_cut_off_the_hub_refuses_says_when_and_what_to_do(
    begin: Callable[[str], AthenaWorld], day: str
) -> None:
    world = begin(f"{day} 09:00")
    taken = world.collect()
    world.at(f"{day} 20:06")
    said = world.void(taken.body["epaymentid"])
    assert said.status == 409 and said.body["success"] == "false"
    assert f"It settled at {day} 20:00 E" in said.body["error"]
    assert "card terminal" in said.body["error"]
    assert voids(world) == 0 and world.moved("void_collected_payment") == 0


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("clock", ["19:56", "19:59", "20:01", "20:04"])
def test_inside_the_margin_exactly_one_vendor_call_decides(
    begin: Callable[[str], AthenaWorld], day: str, clock: str
) -> None:
    world = begin(f"{day} 09:00")
    taken = world.collect()
    world.at(f"{day} {clock}")
    before = len(world.calls)
    said = world.void(taken.body["epaymentid"])
    assert len(world.calls) == before + 1 and voids(world) == 1
    status = world.payment(taken.payment_id).status
    assert (said.status, status) == ((200, "Voided") if clock < "20:00" else (409, "Settled"))


def test_a_payment_of_the_evening_settles_a_day_later(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 20:30")
    taken = world.collect()
    world.at("2026-11-21 19:30")
    assert world.void(taken.body["epaymentid"]).status == 200


def test_once_the_vendor_said_settled_it_is_not_asked_again(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 09:00")
    taken = world.collect("4.09")  # the sandbox settles this amount at once
    first = world.void(taken.body["epaymentid"], key="k-1")
    assert first.status == 409 and "settled" in first.body["error"]
    assert world.payment(taken.payment_id).status == "Settled" and voids(world) == 1
    again = world.void(taken.body["epaymentid"], key="k-2")
    assert again.status == 409 and "says that it has settled" in again.body["error"]
    assert voids(world) == 1


@pytest.mark.parametrize("receipt", ["2026-11-20 19:59:59", "2026-11-20 20:00:01"])
def test_a_charge_astride_the_cut_off_settles_by_its_receipt(
    begin: Callable[[str], AthenaWorld], receipt: str
) -> None:
    world = begin("2026-11-20 19:59:57")

    def slow(path: str) -> None:
        if path.endswith("/collectpayment"):
            world.at(receipt)

    world.before_call = slow
    taken = world.collect()
    world.before_call = lambda path: None
    world.at("2026-11-20 20:00:03")
    payment = world.payment(taken.payment_id)
    attempt = payment.action.attempts[0]
    assert attempt.ended_at_ms is not None
    if receipt < "2026-11-20 20:00":
        # The hub noted the answer before the clock struck, so widen it as a slow answer would.
        assert attempt.ended_at_ms < start_ms("2026-11-20 20:00")
    world.at("2026-11-20 20:30")
    said = world.void(taken.body["epaymentid"])
    in_time = receipt >= "2026-11-20 20:00"
    assert said.status == (200 if in_time else 409)
    assert voids(world) == int(in_time)


def by_hub(world: AthenaWorld, payment_id: str) -> Said:
    """POST /payments/{paymentId}/void."""
    importlib.import_module("api.void_payment")
    return world.call(
        "void_payment", {"paymentId": payment_id}, b"", headers={"Content-Type": "application/json"}
    )


def test_the_hubs_own_path_does_the_same(begin: Callable[[str], AthenaWorld]) -> None:
    world = begin("2026-11-20 09:00")
    taken, late = world.collect("25.00"), world.collect("26.00")
    said = by_hub(world, taken.payment_id)
    assert said.status == 200 and said.body["status"] == "Voided"
    world.at("2026-11-20 21:00")
    refused = by_hub(world, late.payment_id)
    assert refused.status == 409 and "2026-11-20 20:00 EST" in refused.body["detail"]


def test_a_void_again_is_one_void(begin: Callable[[str], AthenaWorld]) -> None:
    world = begin("2026-11-20 09:00")
    taken = world.collect()
    first, again = (world.void(taken.body["epaymentid"]) for _ in range(2))
    assert again.body == first.body and again.headers["Idempotent-Replayed"] == "true"
    assert voids(world) == 1


@pytest.mark.parametrize(
    "fault",
    [
        *("disconnect", "timeout_before", "timeout_after", "http_500_before"),
        *("http_500_after", "malformed", "http_429"),
    ],
)
def test_a_void_without_an_answer_is_repeated_until_the_vendor_says_what_became_of_it(
    begin: Callable[[str], AthenaWorld], fault: str
) -> None:
    world = begin("2026-11-20 09:00")
    taken = world.collect()
    world.arm("void_collected_payment", fault)
    said = world.void(taken.body["epaymentid"])
    assert said.status == 202 and said.body["errortext"].startswith("OUTCOME UNKNOWN")
    assert world.payment(taken.payment_id).status == "Collected"
    payment = world.work_until_quiet(taken.payment_id)
    assert payment.status == "Voided" and world.moved("void_collected_payment") == 1


def test_a_lost_void_that_came_too_late_ends_as_settled(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 19:58")
    taken = world.collect()
    world.arm("void_collected_payment", "disconnect")
    assert world.void(taken.body["epaymentid"]).status == 202
    world.at("2026-11-20 21:00")
    payment = world.work_until_quiet(taken.payment_id)
    assert payment.status == "Settled" and payment.open_action is None
    assert world.moved("void_collected_payment") == 0


def test_a_queued_void_is_not_sent_after_the_cut_off(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 19:40")
    taken = world.collect()
    world.arm("void_collected_payment", "http_429")
    assert world.void(taken.body["epaymentid"], key="k-1").status == 202
    world.at("2026-11-20 21:00")
    payment = world.work_until_quiet(taken.payment_id)
    assert payment.open_action is None and voids(world) == 1
    refused = world.void(taken.body["epaymentid"], key="k-1")
    assert refused.status == 409 and "20:00 EST" in refused.body["error"]


def test_a_payment_the_hub_never_saw_is_looked_up_and_voided(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 09:00")
    other = world.collect("25.00")
    world.table.items = {
        key: item
        for key, item in world.table.items.items()
        if "#PAYMENT#" not in key[0] and "#CLAIM#" not in key[0]
    }
    said = world.void(other.body["epaymentid"])
    assert said.status == 200
    payment = world.payment(said.payment_id)
    assert payment.origin is Origin.EXTERNAL and payment.status == "Voided"
    assert payment.amount_cents == 2500 and payment.payment_id != other.payment_id
    assert world.void(other.body["epaymentid"]).headers["Idempotent-Replayed"] == "true"
    assert world.moved("void_collected_payment") == 1


def test_what_is_no_payment_of_this_patient_is_not_found(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 09:00")
    taken = world.collect()
    assert world.void(taken.body["epaymentid"], patient=2).status == 404
    assert world.void("999999999").status == 404
    world.before_call = lambda path: world.pass_seconds(0)
    world.arm("get_receipt_details", "http_500_before")
    assert world.void("888888888").status == 503
    assert world.moved("void_collected_payment") == 0


def test_a_stored_card_cannot_be_voided(begin: Callable[[str], AthenaWorld]) -> None:
    world = begin("2026-11-20 09:00")
    fields = {"departmentid": "1", "cardsecuritycode": "987", **CARD}
    stored = world.patient("store_card", fields, ids={"appointmentid": "10011"})
    said = world.void(stored.body["epaymentid"])
    assert said.status == 409 and "CardStored" in said.body["error"]


def test_the_night_shows_as_settled_what_has_settled_and_nothing_else(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 09:00")
    old, voided = world.collect("25.00"), world.collect("26.00")
    world.void(voided.body["epaymentid"])
    world.at("2026-11-20 19:59:30")
    world.settle()
    assert world.payment(old.payment_id).status == "Collected"
    world.at("2026-11-20 20:00:30")
    young = world.collect("27.00")
    world.settle()
    statuses = [world.payment(said.payment_id).status for said in (old, voided, young)]
    assert statuses == ["Settled", "Voided", "Collected"]


def test_the_label_of_the_night_does_not_close_the_window_inside_the_margin(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 09:00")
    taken = world.collect()
    world.at("2026-11-20 20:01")
    world.settle()
    assert world.payment(taken.payment_id).status == "Settled"
    before = len(world.calls)
    assert world.void(taken.body["epaymentid"]).status == 409
    assert len(world.calls) == before + 1  # the vendor decided


def test_a_patient_path_of_another_practice_is_not_found(
    begin: Callable[[str], AthenaWorld],
) -> None:
    world = begin("2026-11-20 09:00")
    ids = {"practiceid": "7", "patientid": "1", "epaymentid": "1"}
    said = world.form("void_collected_payment", ids, {})
    assert said.status == 404 and PRACTICE not in str(said.body) and world.calls == []


def test_a_repeat_that_is_refused_in_words_cut_off_is_asked_again(
    begin: Callable[[str], AthenaWorld],
) -> None:
    """They may have said that it is voided already, or that it has settled."""

    def cut_off_once(request: httpx.Request) -> httpx.Response | None:
        if voids(world) != 2 or not request.url.path.endswith(f"/voidpayment/{epayment_id}"):
            return None
        return httpx.Response(409, content=b'{"error": "The payment has alre')

    world = begin("2026-11-20 09:00")
    taken = world.collect()
    epayment_id = taken.body["epaymentid"]
    world.arm("void_collected_payment", "timeout_after")
    world.instead = cut_off_once
    assert world.void(epayment_id).status == 202
    payment = world.work_until_quiet(taken.payment_id)
    assert payment.status == "Voided" and voids(world) == 3
    assert world.moved("void_collected_payment") == 1
