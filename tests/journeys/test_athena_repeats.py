"""Said twice, at once, or without an answer: a patient's money moves once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.support.athena_client import Answer, AthenaClient, Fields
from tests.support.athena_side import (
    LAST4,
    OTHER_CARD_NUMBER,
    OTHER_LAST4,
    VENDOR,
    AthenaSide,
    Patient,
    dollars,
    fresh_cents,
    purchase,
)
from tests.support.hub import Hub, Json, eventually, net_cents, new_key, read

pytestmark = pytest.mark.journey

UNKNOWN_WORDS = "OUTCOME UNKNOWN, do not charge again"


@pytest.fixture(scope="module")
def side(hub: Hub) -> AthenaSide:
    """The practice of this file's tenant."""
    return AthenaSide(hub)


@pytest.fixture(scope="module")
def athena(hub: Hub) -> AthenaClient:
    """Its caller."""
    return hub.athena


@pytest.fixture(autouse=True)
def _faults_are_cleared(hub: Hub) -> Iterator[None]:
    yield
    hub.sandbox_of(VENDOR).clear_faults()


GATEWAY_TIMEOUT = 504


def test_the_same_request_without_a_key_is_a_replay(side: AthenaSide, athena: AthenaClient) -> None:
    """The same payment in the same words; the department and the rest of the card may differ."""
    cents = fresh_cents()
    fields = purchase(Patient(1), cents)
    first = athena.collect_payment(1, fields)
    for changes in ({}, {"departmentid": 2}, {"billingzip": "10001"}):
        again = athena.collect_payment(1, {**fields, **changes})
        assert again.body == first.body
        assert again.payment_id == first.payment_id
        assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert len(side.moved(cents)) == 1


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"allowduplicatepayments": True}, None),
        ({"allowduplicatepayments": True}, "one of its own"),
        ({"accountnumber": OTHER_CARD_NUMBER}, None),
    ],
)
def test_what_is_meant_twice_is_charged_twice(
    side: AthenaSide, athena: AthenaClient, changes: Json, key: str | None
) -> None:
    """By the vendor's own flag, with a key or without, or from another card."""
    cents = fresh_cents()
    fields = purchase(Patient(2), cents)
    first = athena.collect_payment(2, fields)
    second = athena.collect_payment(2, {**fields, **changes}, key and new_key())
    assert second.body["success"] == "true"
    assert second.body["epaymentid"] != first.body["epaymentid"]
    assert [it.operation for it in side.moved(cents)] == ["collect_payment"] * 2


def test_the_vendors_own_guard_still_stands_behind_another_key(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """Another key without the flag reaches the vendor, who takes it for a duplicate."""
    cents = fresh_cents()
    fields = purchase(Patient(2), cents)
    athena.collect_payment(2, fields, new_key())
    refused = athena.collect_payment(2, fields, new_key())
    assert (refused.body["success"], refused.body["errortext"]) == (
        "false",
        "DUPLICATE TRANSACTION",
    )
    assert hub.api.payment(refused.payment_id)["status"] == "declined"
    assert len(side.moved(cents)) == 1


def test_a_key_belongs_to_one_request(side: AthenaSide, athena: AthenaClient) -> None:
    """The same key and another amount: 422, in the problem's words and in the vendor's."""
    cents, other, key = fresh_cents(), fresh_cents(), new_key()
    first = athena.collect_payment(3, purchase(Patient(3), cents), key)
    again = athena.collect_payment(3, purchase(Patient(3), cents), key)
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    reused = athena.collect_payment(3, purchase(Patient(3), other), key)
    assert reused.status == 422
    assert reused.body["payment_id"] == first.payment_id
    assert reused.body["success"] == "false"
    assert reused.body["errortext"] == reused.body["detail"]
    assert (len(side.moved(cents)), side.moved(other)) == (1, [])


def test_a_declined_card_may_be_tried_again(side: AthenaSide, athena: AthenaClient) -> None:
    """Without a key too: nothing was taken, so it is no repeat."""
    cents = fresh_cents()
    fields = purchase(Patient(3), cents)
    side.hub.sandbox_of(VENDOR).arm("collect_payment", "decline", dollars(cents))
    declined = athena.collect_payment(3, fields)
    assert (declined.body["success"], declined.body["errortext"]) == ("false", "DECLINED")
    second = athena.collect_payment(3, fields)
    assert second.body["success"] == "true"
    assert second.payment_id != declined.payment_id
    assert len(side.moved(cents)) == 1


@pytest.mark.parametrize("collected_first", [True, False])
def test_what_was_collected_is_not_recorded_as_well(
    side: AthenaSide, athena: AthenaClient, collected_first: bool
) -> None:
    """Nor the other way round: 409 names the payment, and the caller's word overrules."""
    patient, cents = Patient(4), fresh_cents()
    collect = partial(athena.collect_payment, 4), purchase(patient, cents)
    record = partial(athena.record_payment, 4), _recording(patient, cents)
    (first, its_fields), (second, fields) = (
        (collect, record) if collected_first else (record, collect)
    )
    made = first(its_fields)
    assert made.body["success"] == "true"
    refused = second(fields)
    assert refused.status == 409
    assert refused.body["payment_id"] == made.payment_id
    assert made.payment_id in refused.body["errortext"]
    assert "confirmnotduplicate=true" in refused.body["errortext"]
    assert len(side.moved(cents)) == 1
    confirmed = second({**fields, "confirmnotduplicate": True})
    assert confirmed.body["success"] == "true"
    assert len(side.moved(cents)) == 2


def test_a_voided_payment_and_another_card_are_other_money(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """What came back may be recorded; so may the same amount from another card, or cash."""
    patient, cents = Patient(5), fresh_cents()
    made = athena.collect_payment(5, purchase(patient, cents))
    for other in (
        {"cardnumberlast4": OTHER_LAST4},
        {"paymentmethod": "CASH", "cardnumberlast4": ""},
    ):
        answer = athena.record_payment(5, {**_recording(patient, cents), **other})
        assert answer.body["success"] == "true", answer
    athena.void_payment(5, made.body["epaymentid"])
    assert athena.record_payment(5, _recording(patient, cents)).body["success"] == "true"


def test_two_genuine_equal_vendor_payments_both_get_through(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """Two keys and no reference of the caller's: the hub gives each a reference of its own."""
    cents = fresh_cents()
    fields = _reporting(Patient(6), cents)
    keys = [new_key(), new_key()]
    answers = [athena.record_vendor_payment(fields, key) for key in keys]
    assert [it.body["previouslyrecordedyn"] for it in answers] == ["false", "false"]
    assert len({it.body["patientpaymentid"] for it in answers}) == 2
    again = athena.record_vendor_payment(fields, keys[0])
    assert (again.body, again.headers["Idempotent-Replayed"]) == (answers[0].body, "true")
    assert len(side.moved(cents)) == 2


def test_one_reference_is_one_vendor_payment(side: AthenaSide, athena: AthenaClient) -> None:
    """Said again it is a replay, whatever the key; with another amount it is refused."""
    cents, other = fresh_cents(), fresh_cents()
    fields = {**_reporting(Patient(7), cents), "externalrefid": f"R-{new_key()[:20]}"}
    first = athena.record_vendor_payment(fields)
    again = athena.record_vendor_payment(fields)
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    changed = athena.record_vendor_payment({**fields, "otheramount": dollars(other)})
    assert changed.status == 422
    assert changed.body["payment_id"] == first.payment_id
    under_a_key = athena.record_vendor_payment(fields, new_key())
    assert under_a_key.status == 422
    assert "externalrefid" in under_a_key.body["errortext"]
    assert (len(side.moved(cents)), side.moved(other)) == (1, [])


def test_a_reference_the_vendor_knows_already_is_told(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """Recorded past the hub before: the earlier number comes back, and nothing is booked."""
    cents = fresh_cents()
    fields = {**_reporting(Patient(7), cents), "externalrefid": f"R-{new_key()[:20]}"}
    earlier = side.past_the_hub().record_vendor_payment(fields)
    answer = athena.record_vendor_payment(fields)
    assert answer.body == {
        "patientpaymentid": int(earlier.body["patientpaymentid"]),
        "previouslyrecordedyn": "true",
    }
    assert len(side.moved(cents)) == 1


def test_void_and_void_again_is_one_void(side: AthenaSide, athena: AthenaClient) -> None:
    """With the same key and without any; another key is a new request, and is refused."""
    cents, key = fresh_cents(), new_key()
    number = athena.collect_payment(8, purchase(Patient(8), cents)).body["epaymentid"]
    answers = [athena.void_payment(8, number, it) for it in (key, key, None)]
    assert [it.body for it in answers] == [{"success": "true"}] * 3
    assert [it.headers.get("Idempotent-Replayed") for it in answers] == [None, "true", "true"]
    assert athena.void_payment(8, number, new_key()).status == 409
    assert net_cents(side.moved(cents)) == 0
    assert len(side.moved(cents)) == 2


def test_twenty_identical_charges_at_once_charge_once(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """Each is told the one outcome, or that it is still being carried out; a gateway that gives up
    waiting on a busy machine tells nothing."""
    athena.sign_in()
    cents = fresh_cents()
    answers = _at_once([partial(athena.collect_payment, 9, purchase(Patient(9), cents))] * 20)
    assert {it.status for it in answers} <= {200, 202, 409, GATEWAY_TIMEOUT}, answers
    assert len({it.payment_id for it in answers if it.status != GATEWAY_TIMEOUT}) == 1
    last = athena.collect_payment(9, purchase(Patient(9), cents))
    assert last.body["success"] == "true"
    assert {it.response.text for it in answers if it.status == 200} <= {last.response.text}
    assert len(side.moved(cents)) == 1


@pytest.mark.parametrize("keys", [(None, None), ("one", "two")])
def test_two_voids_at_once_are_one_void(
    hub: Hub, side: AthenaSide, athena: AthenaClient, keys: Sequence[str | None]
) -> None:
    """Without keys the second is a repeat; with two keys it is refused."""
    made = []
    for _ in range(3):
        cents = fresh_cents()
        number = athena.collect_payment(10, purchase(Patient(10), cents)).body["epaymentid"]
        made.append((cents, number))
    answers = _at_once(
        [partial(athena.void_payment, 10, it, key) for _, it in made for key in keys]
    )
    assert {it.status for it in answers} <= {200, 202, 409}, answers
    for cents, number in made:
        eventually(partial(_is_voided, athena, number), "it is voided")
        assert [it.operation for it in side.moved(cents)] == [
            "collect_payment",
            "void_collected_payment",
        ]


def test_of_a_charge_and_a_recording_at_once_one_goes_through(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """The same tender of the same patient: the other one is told which payment it would double."""
    patient = Patient(11)
    amounts = [fresh_cents() for _ in range(5)]
    answers = _at_once(
        [
            call
            for cents in amounts
            for call in (
                partial(athena.collect_payment, 11, purchase(patient, cents)),
                partial(athena.record_payment, 11, _recording(patient, cents)),
            )
        ]
    )
    for place, cents in enumerate(amounts):
        both = answers[2 * place : 2 * place + 2]
        assert sorted(it.status for it in both) == [200, 409], both
        refused = next(it for it in both if it.status == 409)
        made = next(it for it in both if it.status == 200)
        assert refused.body["payment_id"] == made.payment_id
        assert len(side.moved(cents)) == 1


def test_a_charge_without_an_answer_is_found_out(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """202 says not to charge again; then its receipt is found, or after the quarantine none is."""
    sandbox = hub.sandbox_of(VENDOR)
    applied, lost = fresh_cents(), fresh_cents()
    sandbox.arm("collect_payment", "timeout_after", dollars(applied))
    sandbox.arm("collect_payment", "disconnect", dollars(lost))
    requests = [purchase(Patient(12), cents) for cents in (applied, lost)]
    unknown = _at_once([partial(athena.collect_payment, 12, it) for it in requests])
    for answer in unknown:
        assert answer.status == 202
        assert answer.body["success"] == "false"
        assert answer.body["errortext"].startswith(UNKNOWN_WORDS)
        assert answer.payment_id in answer.body["errortext"]
    again = athena.collect_payment(12, requests[1])
    assert (again.status, again.payment_id) == (202, unknown[1].payment_id)
    assert hub.api.details(again.payment_id)["retry"]["safe"] is True

    hub.api.wait_for_status(unknown[0].payment_id, "Collected")
    found = athena.collect_payment(12, requests[0])
    assert (found.status, found.body["success"]) == (200, "true")
    assert [it.reference for it in side.moved(applied)] == [str(found.body["epaymentid"])]

    hub.api.wait_for_status(unknown[1].payment_id, "not_captured")
    assert side.moved(lost) == []
    charged = athena.collect_payment(12, requests[1])
    assert charged.body["success"] == "true"
    assert charged.payment_id != unknown[1].payment_id
    assert len(side.moved(lost)) == 1


def test_a_lost_answer_of_a_payment_vendor_is_asked_for_again(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """Its repeat is recognised: the caller reads the first call's number, recorded just now."""
    cents = fresh_cents()
    fields = {**_reporting(Patient(13), cents), "externalrefid": f"R-{new_key()[:20]}"}
    hub.sandbox_of(VENDOR).arm("record_vendor_payment", "malformed", dollars(cents))
    unknown = athena.record_vendor_payment(fields)
    assert unknown.status == 202
    hub.api.wait_for_status(unknown.payment_id, "Recorded")
    answer = athena.record_vendor_payment(fields)
    [movement] = side.moved(cents)
    assert answer.body == {
        "patientpaymentid": int(movement.reference),
        "previouslyrecordedyn": "false",
    }


def test_a_recording_without_an_answer_waits_for_a_person(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """Nothing shows it: it is never sent again, and the same card is not charged meanwhile."""
    patient, cents = Patient(14), fresh_cents()
    hub.sandbox_of(VENDOR).arm("record_payment", "http_500_after", dollars(cents))
    unknown = athena.record_payment(14, _recording(patient, cents))
    assert unknown.status == 202
    assert unknown.body["errortext"].startswith(UNKNOWN_WORDS)
    hub.api.wait_until(unknown.payment_id, _needs_review, "a person is asked")
    refused = athena.collect_payment(14, purchase(patient, cents))
    assert refused.status == 409
    assert refused.body["payment_id"] == unknown.payment_id
    [movement] = side.moved(cents)
    read(hub.operator.resolve(unknown.payment_id, "moved", vendorReference=movement.reference))
    replayed = athena.record_payment(14, _recording(patient, cents))
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert replayed.body == {"paymentbatchid": int(movement.reference), "success": "true"}
    assert len(side.moved(cents)) == 1


def test_while_the_vendor_is_down_a_charge_is_not_sent_and_then_charged_once(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """503 with Retry-After and nothing kept of the card; the same request does it later."""
    sandbox, key = hub.sandbox_of(VENDOR), new_key()
    keyed, keyless = fresh_cents(), fresh_cents()
    sandbox.refuse(3600)
    for cents, its_key in ((keyed, key), (keyless, None)):
        for _ in range(2):
            refused = athena.collect_payment(15, purchase(Patient(15), cents), its_key)
            assert refused.status == 503
            assert int(refused.headers["Retry-After"]) > 0
            assert refused.body["success"] == "false"
            assert hub.api.payment(refused.payment_id)["status"] == "not_sent"
    sandbox.clear_faults()
    for cents, its_key in ((keyed, key), (keyless, None)):
        first, second = (
            athena.collect_payment(15, purchase(Patient(15), cents), its_key) for _ in range(2)
        )
        assert first.body["success"] == "true"
        assert second.headers["Idempotent-Replayed"] == "true"
        assert len(side.moved(cents)) == 1


def test_while_the_vendor_is_down_receipts_cannot_be_shown(hub: Hub, athena: AthenaClient) -> None:
    """503 with Retry-After, and the listing is there when the vendor is."""
    sandbox = hub.sandbox_of(VENDOR)
    sandbox.refuse(3600)
    down = athena.receipts(16, 1)
    assert down.status == 503
    assert int(down.headers["Retry-After"]) > 0
    sandbox.clear_faults()
    assert athena.receipts(16, 1).status == 200


def _recording(patient: Patient, cents: int) -> Fields:
    """By hand what went through another terminal, with the card of `purchase`."""
    return {
        "departmentid": patient.department_id,
        "paymentmethod": "VISA",
        "cardnumberlast4": LAST4,
        "otheramount": dollars(cents),
    }


def _reporting(patient: Patient, cents: int) -> Fields:
    return {
        "departmentid": patient.department_id,
        "patientid": patient.patient_id,
        "paymentmethod": "EFT",
        "otheramount": dollars(cents),
    }


def _is_voided(athena: AthenaClient, epayment_id: int) -> bool:
    return athena.void_payment(10, epayment_id).status == 200


def _needs_review(payment: Json) -> bool:
    action = payment["action"]
    return action is not None and action["state"] == "needs_review"


def _at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))
