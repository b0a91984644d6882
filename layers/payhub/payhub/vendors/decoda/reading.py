"""Decoda's reads in the hub's terms: a payment by the table, a plan by the report."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from payhub.domain.answers import Failure, NotSent, Reading, Unanswered, VendorRefused, View
from payhub.domain.days import day_of
from payhub.domain.payment import Payment, Refund
from payhub.domain.plan import Installment, InstallmentState, Plan, difference, planned
from payhub.domain.tenant import Tenant
from payhub.ports import Order
from payhub.vendors.decoda import wire
from payhub.vendors.decoda.auth import settings_of
from payhub.vendors.decoda.client import Client
from payhub.vendors.decoda.contract import (
    ACTIVE,
    AWAITING_PAYER,
    CANCELED,
    CANCELLED,
    EXPIRED,
    FAILED,
    SUCCEEDED,
)

TABLE = "/billing/payment/table"
REPORT = "/analytics/dashboards/payment-plans/payment-plans-grouped"
PER_PAGE, PAGES_MAX = 100, 20

SECOND_MS, DAY_MS = 1000, 86_400_000
CLOCK_SKEW_MS = 300 * SECOND_MS
"""How far the vendor's clock may be behind ours where its lists are searched back in time."""

ACH, ACH_RETURNS_MS = "ACH", 65 * DAY_MS
"""A bank can take an unauthorised debit back for sixty days, and a few more until it shows."""

NOTHING_GOES_BACK = frozenset({FAILED, CANCELED})
"""Refunds in these words moved no money."""

SOON_MS, LATER_MAX_MS = 30 * SECOND_MS, 6 * 3600 * SECOND_MS
PAST_DUE_AT = time(6, 0)
"""When an installment of the day before without news is asked about, on the tenant's clock."""

_INSTALLMENT_STATES = {
    "SCHEDULED": InstallmentState.SCHEDULED,
    "COMPLETED": InstallmentState.PAID,
    "FAILED": InstallmentState.FAILED,
    "CANCELLED": InstallmentState.CANCELLED,
}


class Reader:
    """Reads payments and plans of a tenant."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def payment(self, order: Order) -> Reading:
        """The payment in the table, by the vendor's id of it."""
        row = self.row(order)
        return view_of(row, order.now_ms) if isinstance(row, wire.PaymentRow) else row

    def row(self, order: Order) -> wire.PaymentRow | Failure:
        """The payment's row. A payment that the table does not show is a refusal."""
        query = {"id": str(order.payment.vendor_reference)}
        sent = self._client.call(order.tenant, "GET", TABLE, query=query)
        read = wire.understood(sent, wire.read_table)
        if isinstance(read, VendorRefused | NotSent | Unanswered):
            return read
        rows = [row for row in read[0] if row.reference == order.payment.vendor_reference]
        return rows[0] if rows else VendorRefused(message="the payment table does not show it")

    def table(
        self, tenant: Tenant, patient_id: str, since_ms: int, **filters: str
    ) -> tuple[wire.PaymentRow, ...] | Failure:
        """All rows of a patient from an instant on, less the vendor's clock being behind.

        The vendor filters as it likes: whoever asks for more looks at the rows once more.
        """
        since = datetime.fromtimestamp((since_ms - CLOCK_SKEW_MS) / 1000, UTC)
        wanted = {"patient_id": patient_id, "created_date": since.isoformat(), **filters}
        found: dict[str, wire.PaymentRow] = {}
        for page in range(1, PAGES_MAX + 1):
            query = {**wanted, "page": str(page), "per_page": str(PER_PAGE)}
            sent = self._client.call(tenant, "GET", TABLE, query=query)
            read = wire.understood(sent, wire.read_table)
            if isinstance(read, VendorRefused | NotSent | Unanswered):
                return read
            rows, total = read
            found |= {
                row.reference: row
                for row in rows
                if row.patient_id in (None, patient_id)
                and row.created_at_ms >= since_ms - CLOCK_SKEW_MS
            }
            if page * PER_PAGE >= total or not rows:
                return tuple(found.values())
        return Unanswered(reason="the payment table is too long to be searched")

    def charges_of(self, tenant: Tenant, reference: str) -> frozenset[str] | Failure:
        """The charges that a payment was for, by its receipt."""
        sent = self._client.call(tenant, "GET", f"/billing/payment/{reference}/receipt")
        return wire.understood(sent, wire.read_receipt_charges)

    def plan(self, order: Order) -> Reading:
        """The plan in the report; while it is not there, it waits for its payer, or has expired."""
        report = self._report(order)
        if isinstance(report, VendorRefused | NotSent | Unanswered):
            return report
        rows, is_whole = report
        row = _row_of_plan(order.payment, [it for it in rows if alias_of(it) not in order.not_ours])
        if row is not None:
            return _reported(order, row)
        return _waiting(order) if is_whole else Unanswered(reason="the report is cut short")

    def _report(self, order: Order) -> tuple[Sequence[wire.PlanRow], bool] | Failure:
        """Plans begin when the payer confirms: from the day the payin was made on.

        Beside the rows, whether these are all.
        """
        zone = order.tenant.time_zone
        start = day_of(order.payment.created_at_ms, zone) - timedelta(days=1)
        end = day_of(order.now_ms, zone) + timedelta(days=1)
        query = {"group_by": "none", "start_date": start.isoformat(), "end_date": end.isoformat()}
        sent = self._client.call(order.tenant, "GET", REPORT, query=query)
        return wire.understood(sent, lambda it: (wire.read_plans(it), wire.is_whole_report(it)))


def view_of(row: wire.PaymentRow, now_ms: int) -> View:
    """A payment as its row shows it, with what is left of it after its refunds."""
    return View(
        reference=row.reference,
        status=row.status,
        amount_cents=row.amount_cents,
        available_balance_cents=left_cents(row.amount_cents, row.refunds),
        refunds=tuple(sorted(row.refunds, key=lambda it: (it.created_at_ms, it.refund_id))),
        facts={"payment": json.dumps(row.summary, separators=(",", ":"))},
        look_again_at_ms=_look_again_at_ms(row, now_ms),
    )


def left_cents(amount_cents: int, refunds: Sequence[Refund]) -> int:
    """What is left of a payment after its refunds, those under way among them."""
    gone_cents = sum(it.amount_cents for it in refunds if it.status not in NOTHING_GOES_BACK)
    return max(0, amount_cents - gone_cents)


def _look_again_at_ms(row: wire.PaymentRow, now_ms: int) -> int | None:
    """When news is to be expected of a payment that rests: of a refund, or of the bank."""
    under_way = [it.created_at_ms for it in row.refunds if _is_under_way(it)]
    if under_way:
        return _growing_ms(max(under_way), now_ms)
    age_ms = now_ms - row.created_at_ms
    if row.status == SUCCEEDED and row.method_type == ACH and age_ms < ACH_RETURNS_MS:
        return now_ms + max(DAY_MS, age_ms // 4)
    return None


def _growing_ms(since_ms: int, now_ms: int) -> int:
    """When to look again at what began then: soon, and more rarely as it grows old."""
    return now_ms + min(max(SOON_MS, (now_ms - since_ms) // 4), LATER_MAX_MS)


def _is_under_way(refund: Refund) -> bool:
    return refund.status not in (SUCCEEDED, *NOTHING_GOES_BACK)


def _row_of_plan(payment: Payment, rows: Sequence[wire.PlanRow]) -> wire.PlanRow | None:
    """The plan's row: by its id once that is known, before by charges and time.

    Of several, the first that has the terms which were asked for.
    """
    if payment.alias is not None:
        return next((row for row in rows if alias_of(row) == payment.alias), None)
    asked = payment.plan
    assert asked is not None
    found = [
        row
        for row in rows
        if set(row.charge_ids) == set(asked.charge_ids)
        and row.patient_id in (None, payment.terms["patientId"])
        and (row.created_at_ms or payment.created_at_ms) >= payment.created_at_ms - CLOCK_SKEW_MS
    ]
    return min(
        found,
        key=lambda row: (not _has_terms(row, asked), row.created_at_ms or 0),
        default=None,
    )


def _has_terms(row: wire.PlanRow, asked: Plan) -> bool:
    return row.initial_cents in (None, asked.initial_cents) and len(row.planned) == asked.count


def alias_of(row: wire.PlanRow) -> str:
    """The vendor's id of a plan, as events name it."""
    return f"plan/{row.plan_id}"


def _waiting(order: Order) -> View:
    payment, now_ms = order.payment, order.now_ms
    reference = payment.vendor_reference
    if payment.alias is not None:
        # What the report showed once it will show again.
        again_ms = now_ms + DAY_MS if payment.vendor_status == ACTIVE else None
        return View(
            reference=reference, status=str(payment.vendor_status), look_again_at_ms=again_ms
        )
    # Who still has the session of a withdrawn plan may confirm it.
    status = CANCELLED if payment.vendor_status == CANCELLED else AWAITING_PAYER
    days = settings_of(order.tenant).payin_expires_days
    ends_ms = payment.created_at_ms + days * DAY_MS
    if now_ms >= ends_ms:
        ended = CANCELLED if status == CANCELLED else EXPIRED
        return View(reference=reference, status=ended)
    again_ms = _growing_ms(payment.created_at_ms, now_ms)
    return View(reference=reference, status=status, look_again_at_ms=min(again_ms, ends_ms))


def _reported(order: Order, row: wire.PlanRow) -> View:
    asked = order.payment.plan
    assert asked is not None
    told = _installments(row)
    plan = replace(
        asked, installments=told, reported=True, difference=_difference(order, asked, row, told)
    )
    return View(
        reference=order.payment.vendor_reference,
        status=row.status,
        alias=alias_of(row),
        plan=plan,
        look_again_at_ms=_next_news_ms(plan, order) if row.status == ACTIVE else None,
    )


def _installments(row: wire.PlanRow) -> tuple[Installment, ...]:
    in_order = sorted(row.planned, key=lambda it: (it.due_on, it.planned_id))
    return tuple(
        Installment(
            number=number,
            due_on=it.due_on,
            amount_cents=it.amount_cents,
            state=_INSTALLMENT_STATES[it.status],
            vendor_id=it.planned_id,
        )
        for number, it in enumerate(in_order, start=1)
    )


def _difference(
    order: Order, asked: Plan, row: wire.PlanRow, told: tuple[Installment, ...]
) -> str | None:
    """Against what was asked for, as if the plan began when the vendor says it did."""
    if row.created_at_ms is None:
        return None
    begins_on = day_of(row.created_at_ms, order.tenant.time_zone)
    return difference(planned(asked, begins_on), told)


def _next_news_ms(plan: Plan, order: Order) -> int | None:
    """The morning after the next installment is due; a day later while nothing is heard of it."""
    due_on = plan.next_due_on
    if due_on is None:
        return order.now_ms + DAY_MS
    zone = ZoneInfo(order.tenant.time_zone)
    morning = datetime.combine(due_on + timedelta(days=1), PAST_DUE_AT, zone)
    at_ms = round(morning.timestamp()) * 1000
    return at_ms if at_ms > order.now_ms else order.now_ms + DAY_MS
