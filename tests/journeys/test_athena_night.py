"""What time does to payments of patients: windows end, and every night they settle."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.athena_client import AthenaClient
from tests.support.athena_side import (
    VENDOR,
    AthenaSide,
    Patient,
    dollars,
    fresh_cents,
    purchase,
)
from tests.support.hub import Hub, Json, hub_of, net_cents, new_key, new_tenant
from tests.support.stack import running

pytestmark = pytest.mark.journey

NEW_YORK = ZoneInfo("America/New_York")
MINUTE, HOUR = 60, 3600


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A stack of its own, for the clock is everybody's. It only goes forward."""
    with running(tmp_path_factory.mktemp("night")) as stack:
        yield hub_of(stack, new_tenant(stack, "night"))


@pytest.fixture(scope="module")
def side(hub: Hub) -> AthenaSide:
    """The tenant's practice."""
    return AthenaSide(hub)


@pytest.fixture(scope="module")
def athena(hub: Hub) -> AthenaClient:
    """Its caller. Its token ends within the hour, and it gets itself a new one."""
    return hub.athena


def test_the_same_charge_later_is_another_charge(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """A repeat without a key is one for ten minutes; with a key it is one for ever."""
    patient, cents, keyed, key = Patient(1), fresh_cents(), fresh_cents(), new_key()
    first = athena.collect_payment(1, purchase(patient, cents))
    with_key = athena.collect_payment(1, purchase(patient, keyed), key)
    hub.sandbox.advance_clock(9 * MINUTE)
    repeat = athena.collect_payment(1, purchase(patient, cents))
    assert repeat.headers["Idempotent-Replayed"] == "true"
    hub.sandbox.advance_clock(2 * MINUTE)
    later = athena.collect_payment(1, purchase(patient, cents))
    assert later.body["success"] == "true"
    assert later.payment_id != first.payment_id
    assert len(side.moved(cents)) == 2
    hub.sandbox.advance_clock(2 * HOUR)
    repeated = athena.collect_payment(1, purchase(patient, keyed), key)
    assert (repeated.body, repeated.payment_id) == (with_key.body, with_key.payment_id)
    assert len(side.moved(keyed)) == 1


def test_a_reference_is_one_payment_although_the_vendor_forgets(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """After six hours it records the same again, for whoever goes past the hub."""
    cents = fresh_cents()
    fields = {**_reporting(Patient(2), cents), "externalrefid": "INVOICE-1"}
    first = athena.record_vendor_payment(fields)
    hub.sandbox.advance_clock(7 * HOUR)
    again = athena.record_vendor_payment(fields)
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    assert len(side.moved(cents)) == 1
    assert side.past_the_hub().record_vendor_payment(fields).body["previouslyrecordedyn"] == "false"
    assert len(side.moved(cents)) == 2


def test_what_the_vendor_would_not_recognise_any_more_is_not_repeated(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """An unknown recording that grew older than six hours is a person's to look at."""
    cents, sandbox = fresh_cents(), hub.sandbox_of(VENDOR)
    sandbox.arm("record_vendor_payment", "disconnect", dollars(cents), count=1000)
    unknown = athena.record_vendor_payment(_reporting(Patient(3), cents), new_key())
    assert unknown.status == 202
    hub.sandbox.advance_clock(7 * HOUR)
    sandbox.clear_faults()
    hub.invoke("SweepFunction")
    hub.api.wait_until(unknown.payment_id, _needs_review, "a person is asked")
    assert "does not recognise" in hub.api.details(unknown.payment_id)["history"][-1]["reason"]
    assert side.moved(cents) == []


def test_payments_can_be_voided_until_they_settle(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """Shortly before 20:00 in New York they can; around it the vendor decides; then the hub says
    by itself when the payment settled and what to do, and does not ask.
    """
    patient = Patient(4)
    early, edge, late = (fresh_cents() for _ in range(3))
    made = {it: athena.collect_payment(4, purchase(patient, it)) for it in (early, edge, late)}
    numbers = {cents: it.body["epaymentid"] for cents, it in made.items()}
    cut_off = _cut_off(hub)

    _advance_to(hub, cut_off - timedelta(minutes=10))
    assert athena.void_payment(4, numbers[early]).body == {"success": "true"}
    assert net_cents(side.moved(early)) == 0

    _advance_to(hub, cut_off + timedelta(minutes=1))
    refused = athena.void_payment(4, numbers[edge])
    assert refused.status == 409
    assert refused.body["vendor_message"] == (
        "This payment has already been settled and cannot be voided."
    )
    assert hub.api.payment(made[edge].payment_id)["status"] == "Settled"

    _advance_to(hub, cut_off + timedelta(minutes=10))
    sandbox, match = hub.sandbox_of(VENDOR), str(numbers[late])
    sandbox.arm("void_collected_payment", "slow", match)
    refused = athena.void_payment(4, numbers[late])
    assert refused.status == 409
    assert "vendor_message" not in refused.body
    assert f"It settled at {cut_off:%Y-%m-%d %H:%M %Z}" in refused.body["errortext"]
    assert "terminal" in refused.body["errortext"]
    assert sandbox.armed(match), "the vendor was not asked"
    sandbox.clear_faults()
    assert [len(side.moved(it)) for it in (early, edge, late)] == [2, 1, 1]


def test_the_night_shows_what_has_settled(hub: Hub, side: AthenaSide, athena: AthenaClient) -> None:
    """The schedule's function names it; what was charged after the cut-off has a day to go."""
    patient = Patient(5)
    today, tomorrow = fresh_cents(), fresh_cents()
    before = athena.collect_payment(5, purchase(patient, today))
    _advance_to(hub, _cut_off(hub) + timedelta(minutes=30))
    after = athena.collect_payment(5, purchase(patient, tomorrow))
    hub.invoke("SettlePaymentsFunction")
    hub.api.wait_for_status(before.payment_id, "Settled")
    assert hub.api.payment(after.payment_id)["status"] == "Collected"
    receipts = {it["epaymentid"]: it["settled"] for it in side.account(5)["receipts"]}
    assert receipts[before.body["epaymentid"]]
    assert not receipts[after.body["epaymentid"]]
    assert athena.void_payment(5, after.body["epaymentid"]).body == {"success": "true"}


def _cut_off(hub: Hub) -> datetime:
    """The next 20:00 in New York; well ahead, so that it does not pass meanwhile."""
    soon = hub.sandbox.now() + timedelta(minutes=15)
    at = soon.astimezone(NEW_YORK).replace(hour=20, minute=0, second=0, microsecond=0)
    return at if at > soon else at + timedelta(days=1)


def _advance_to(hub: Hub, at: datetime) -> None:
    hub.sandbox.advance_clock(round((at - hub.sandbox.now()).total_seconds()))


def _reporting(patient: Patient, cents: int) -> Json:
    return {
        "departmentid": patient.department_id,
        "patientid": patient.patient_id,
        "paymentmethod": "EFT",
        "otheramount": dollars(cents),
    }


def _needs_review(payment: Json) -> bool:
    action = payment["action"]
    return action is not None and action["state"] == "needs_review"
