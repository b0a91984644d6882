"""Payment plans as the months go by: installments, a cancel in between, returns of the bank."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.decoda_side import VENDOR, Charge, DecodaSide, plan_body, wait_for_plan
from tests.support.hub import Hub, Json, eventually, hub_of, new_tenant, read
from tests.support.stack import running

pytestmark = pytest.mark.journey

NEW_YORK = ZoneInfo("America/New_York")
CHARGED_AT = time(6, 1)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A stack of its own, for the clock is everybody's. It only goes forward."""
    with running(tmp_path_factory.mktemp("months")) as stack:
        yield hub_of(stack, new_tenant(stack, "months"))
        assert stack.function_logs('"unexpected error"') == []


@pytest.fixture(scope="module")
def side(hub: Hub) -> DecodaSide:
    """The tenant's patients."""
    return DecodaSide(hub)


def test_a_payin_that_nobody_confirms_expires(hub: Hub, side: DecodaSide) -> None:
    """After the days that the tenant's settings give it; no money ever moved."""
    charge = side.charge(5_000)
    plan_id, _ = _prepared(side, charge, 1_000, 2, 2_000)
    hub.sandbox.advance_clock(_seconds(days=6))
    assert read(side.caller.plan(plan_id))["status"] == "awaiting_payer"
    hub.sandbox.advance_clock(_seconds(days=1, minutes=5))
    _swept(hub, side, plan_id, status="expired")
    assert (side.movements(charge), side.outstanding_cents(charge)) == ([], 5_000)


def test_what_the_bank_takes_back_is_owed_again(hub: Hub, side: DecodaSide) -> None:
    """By ACH: under way for days, succeeded, and weeks later returned, by webhook; another one
    without any webhook.
    """
    told, silent = side.charge(9_001), side.charge(9_001)
    plans = {}
    for charge in (told, silent):
        plan_id, payin = _prepared(side, charge, 3_001, 2, 3_000)
        side.confirm(payin, method="ACH")
        plan = wait_for_plan(side, plan_id, "it has begun", status="active", paidCents=3_001)
        assert [it["status"] for it in plan["payments"]] == ["PROCESSING"]
        plans[charge] = plan
    assert side.movements(told) == [], "the bank has not paid yet"
    hub.sandbox.advance_clock(_seconds(days=7))
    for charge, plan in plans.items():
        hub.api.wait_for_status(plan["payments"][0]["paymentId"], "SUCCEEDED")
        assert side.received_cents(charge) == 3_001
    hub.sandbox.advance_clock(_seconds(days=14))

    hub.sandbox_of(VENDOR).send_events("hold", reference=silent.charge_id)
    for charge, plan in plans.items():
        side.return_payment(plan["payments"][0]["vendorReference"])
        assert (side.received_cents(charge), side.outstanding_cents(charge)) == (0, 9_001)
    payment_id = plans[told]["payments"][0]["paymentId"]
    hub.api.wait_for_status(payment_id, "FAILED")
    assert "R01" in hub.api.details(payment_id)["history"][-1]["reason"]
    wait_for_plan(side, plans[told]["planId"], "nothing is paid", paidCents=0)
    refused = side.caller.refund(payment_id, 1)
    assert refused.status_code == 409
    assert "FAILED" in refused.json()["detail"]

    # Recent ACH payments are read again, more rarely as they grow older.
    hub.sandbox.advance_clock(_seconds(days=7))
    _swept(hub, side, plans[silent]["planId"], paidCents=0)
    hub.sandbox_of(VENDOR).send_events("resume", reference=silent.charge_id, order="created")


def test_twelve_months_to_the_last_cent(hub: Hub, side: DecodaSide) -> None:
    """A total that does not divide evenly, confirmed on the page; month by month by webhook.

    Beside it a plan on the last day of each month, without a first payment, that is cancelled in
    between: nothing more is taken for it.
    """
    charge, stopped = side.charge(100_003), side.charge(30_000)
    plan_id, payin = _prepared(side, charge, 10_000, 12, 7_500)
    side.confirm_on_page(payin)
    plan = wait_for_plan(side, plan_id, "it has begun", status="active", paidCents=10_000)
    begun_on = _today(hub)
    expected = [_months_later(begun_on, count) for count in range(1, 13)]
    assert [it["dueOn"] for it in plan["installments"]] == [it.isoformat() for it in expected]
    assert [it["amountCents"] for it in plan["installments"]] == [7_500] * 11 + [7_503]
    assert (plan["source"], plan["difference"]) == ("decoda", None)

    start_on = _last_of_month(begun_on)
    stopped_id, payin = _prepared(side, stopped, 0, 6, 5_000, startDate=start_on.isoformat())
    side.confirm(payin)

    for number, due_on in enumerate(expected, start=1):
        _advance_to(hub, due_on)
        paid_cents = 10_000 + min(number * 7_500, 82_500) + (7_503 if number == 12 else 0)
        plan = wait_for_plan(side, plan_id, f"installment {number}", paidCents=paid_cents)
        assert plan["paidCents"] == side.received_cents(charge)
        assert plan["overdue"] == []
        if number == 3:
            _cancel_in_between(hub, side, stopped, stopped_id)
    plan = wait_for_plan(side, plan_id, "it is completed", status="completed", paidCents=100_003)
    assert {it["state"] for it in plan["installments"]} == {"paid"}
    assert plan["nextDueOn"] is None
    for it in plan["payments"]:
        hub.api.wait_for_status(it["paymentId"], "SUCCEEDED")
    assert side.received_cents(charge) == 100_003
    assert side.outstanding_cents(charge) == 0
    shown = read(side.caller.plan(stopped_id))
    assert shown["paidCents"] == side.received_cents(stopped)
    assert side.outstanding_cents(stopped) == 30_000 - shown["paidCents"]

    # A partial, then a full refund of what came last.
    last = plan["payments"][-1]["paymentId"]
    assert side.caller.refund(last, 503, "part").is_success
    hub.api.wait_until(last, lambda it: it["action"] is None)
    assert side.caller.refund(last, 7_000, "rest").is_success
    plan = wait_for_plan(side, plan_id, "it is refunded", refundedCents=7_503)
    assert plan["paidCents"] - plan["refundedCents"] == side.received_cents(charge)


def test_installments_without_news_are_flagged_and_asked_for(hub: Hub, side: DecodaSide) -> None:
    """The vendor tells nothing although it was paid, and cannot be read: the installment is
    overdue, until it can.
    """
    charge, sandbox = side.charge(3_000), hub.sandbox_of(VENDOR)
    plan_id, payin = _prepared(side, charge, 1_000, 2, 1_000)
    side.confirm(payin)
    wait_for_plan(side, plan_id, "it has begun", status="active", paidCents=1_000)
    sandbox.send_events("hold", reference=charge.charge_id)
    for read_by in ("list_planned_payments", "list_payment_table"):
        sandbox.arm(read_by, "http_500_before", "", count=1000)
    due_on = _months_later(_today(hub), 1)
    _advance_to(hub, due_on)
    eventually(lambda: side.received_cents(charge) == 2_000, "the vendor took it")
    assert read(side.caller.plan(plan_id))["overdue"] == [], "the day is not over"
    _advance_to(hub, due_on + timedelta(days=1))
    plan = _swept(hub, side, plan_id, overdue=[1])
    assert plan["nextDueOn"] == due_on.isoformat()
    eventually(lambda: hub.stack.function_logs('"OverdueInstallments"'), "the alarm is rung")
    sandbox.clear_faults()
    hub.sandbox.advance_clock(_seconds(hours=7))
    plan = _swept(hub, side, plan_id, paidCents=2_000)
    assert (plan["overdue"], plan["installments"][0]["state"]) == ([], "paid")
    sandbox.send_events("resume", reference=charge.charge_id, order="created")


def _cancel_in_between(hub: Hub, side: DecodaSide, charge: Charge, plan_id: str) -> None:
    plan = _swept(hub, side, plan_id, status="active")
    days = [date.fromisoformat(it["dueOn"]) for it in plan["installments"]]
    assert days == [_last_of_month(it) for it in days]
    taken = [it for it in days if it < _today(hub)]
    assert 0 < len(taken) < 6
    _swept(hub, side, plan_id, paidCents=5_000 * len(taken))
    assert read(side.caller.cancel(plan_id))["status"] == "cancelled"
    shown = read(side.caller.plan(plan_id))
    states = [it["state"] for it in shown["installments"]]
    assert states == ["paid"] * len(taken) + ["cancelled"] * (6 - len(taken))
    assert side.received_cents(charge) == 5_000 * len(taken)


def _prepared(
    side: DecodaSide, charge: Charge, initial_cents: int, count: int, each_cents: int, **more: str
) -> tuple[str, Json]:
    body = plan_body([charge], initial_cents, count, each_cents)
    body["paymentPlan"] |= more
    answer = side.caller.create_payin(body)
    return answer.headers["Payment-Id"], read(answer)


def _swept(hub: Hub, side: DecodaSide, plan_id: str, **wanted: object) -> Json:
    """The plan as wanted, by what the hub looks up by itself; its schedule runs now."""
    hub.invoke("SweepFunction")
    return wait_for_plan(side, plan_id, f"the hub sees {wanted}", **wanted)


def _today(hub: Hub) -> date:
    return hub.sandbox.now().astimezone(NEW_YORK).date()


def _advance_to(hub: Hub, day: date) -> None:
    """The morning of a day, after what is due was charged."""
    at = datetime.combine(day, CHARGED_AT, NEW_YORK)
    hub.sandbox.advance_clock(round((at.astimezone(UTC) - hub.sandbox.now()).total_seconds()))


def _months_later(day: date, count: int) -> date:
    """The same day of a later month, or its last: reckoned day by day, unlike in the hub."""
    later = day
    for _ in range(count):
        later = _last_of_month(later) + timedelta(days=1)
    return later.replace(day=min(day.day, _last_of_month(later).day))


def _last_of_month(day: date) -> date:
    while (day + timedelta(days=1)).month == day.month:
        day += timedelta(days=1)
    return day


def _seconds(**span: int) -> int:
    return round(timedelta(**span).total_seconds())
