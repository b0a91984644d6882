"""Decoda in the hub's terms: orders out, answers and findings in; webhooks registered."""

import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

from payhub.domain.answers import (
    Answer,
    Done,
    Failure,
    Finding,
    Matches,
    Missed,
    MissedEvent,
    NotSent,
    Reading,
    Registered,
    Unanswered,
    VendorRefused,
    View,
    undecided,
)
from payhub.domain.observation import REFUND_ID
from payhub.domain.payment import Refund
from payhub.domain.tenant import Tenant
from payhub.ports import Order
from payhub.transport import Response
from payhub.vendors.decoda import events, wire
from payhub.vendors.decoda.auth import settings_of
from payhub.vendors.decoda.client import Client
from payhub.vendors.decoda.contract import (
    AWAITING_PAYER,
    CANCEL,
    CANCELLED,
    REFUND,
    SET_UP,
    SETTLE,
    SUCCEEDED,
)
from payhub.vendors.decoda.reading import (
    CLOCK_SKEW_MS,
    NOTHING_GOES_BACK,
    SOON_MS,
    Reader,
    view_of,
)

SETTLE_PATH = "/billing/payment-terminal/charge/create-patient-credit-settled"
PAYIN_PATH = "/billing/payment-plan/payin-config"
REFUND_PATH = "/billing/payment/refund"
WEBHOOK_PATH = "/webhook/decoda"
PATIENT_CREDIT = "PATIENT_CREDIT"

ATTEMPTS_PER_PAGE, ATTEMPTS_MAX = 100, 1000


class PaymentGateway:
    """The Gateway port for this vendor."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._reader = Reader(client)
        self._verbs: Mapping[str, Callable[[Order], Answer]] = {
            SETTLE: self._settle,
            SET_UP: self._set_up,
            REFUND: self._refund,
            CANCEL: self._cancel,
        }

    def perform(self, order: Order) -> Answer:
        """One call by the action's verb; never repeated here."""
        return self._verbs[order.action.verb](order)

    def read(self, order: Order) -> Reading:
        """The payment table's row, or the report's for a plan."""
        if order.payment.plan is not None:
            return self._reader.plan(order)
        return self._reader.payment(order)

    def search(self, order: Order) -> Finding:
        """What can only be the lost settlement or refund."""
        if order.action.verb == REFUND:
            return self._search_refund(order)
        return self._search_settlement(order)

    def _settle(self, order: Order) -> Answer:
        path = f"{SETTLE_PATH}?amount={order.payment.amount_cents}"
        sent = self._client.call(order.tenant, "POST", path, wire.settle_body(order))
        row = wire.understood(sent, lambda answer: wire.read_row(wire.read_object(answer)))
        return Done(view=view_of(row, order.now_ms)) if isinstance(row, wire.PaymentRow) else row

    def _set_up(self, order: Order) -> Answer:
        sent = self._client.call(order.tenant, "POST", PAYIN_PATH, wire.payin_body(order))
        payin = wire.understood(sent, wire.read_payin)
        if isinstance(payin, VendorRefused | NotSent | Unanswered):
            return payin
        view = View(
            reference=str(payin["payinConfigId"]),
            status=AWAITING_PAYER,
            facts={"payin": json.dumps(payin, separators=(",", ":"))},
            look_again_at_ms=order.now_ms + SOON_MS,
        )
        return Done(view=view)

    def _refund(self, order: Order) -> Answer:
        sent = self._client.call(order.tenant, "POST", REFUND_PATH, wire.refund_body(order))
        refund = wire.understood(sent, wire.read_refund)
        if not isinstance(refund, Refund):
            return refund
        if refund.status in NOTHING_GOES_BACK:
            return VendorRefused(message=f"the refund is {refund.status}", code=refund.status)
        return Done(view=_refunded(order, refund))

    def _cancel(self, order: Order) -> Answer:
        """By the id of a charge; a plan that nobody confirmed is not at the vendor yet."""
        payment, plan = order.payment, order.payment.plan
        assert plan is not None
        if payment.vendor_status != AWAITING_PAYER:
            path = f"/billing/payment-plan/{quote(plan.charge_ids[0], safe='')}"
            done = wire.understood(self._client.call(order.tenant, "DELETE", path), _is_true)
            if isinstance(done, VendorRefused | NotSent | Unanswered):
                return done
        view = View(
            reference=payment.vendor_reference,
            status=CANCELLED,
            plan=plan.without_rest(),
            look_again_at_ms=order.now_ms + SOON_MS,
        )
        return Done(view=view)

    def _search_settlement(self, order: Order) -> Finding:
        """Payments by credit of the same patient and amount since the first try, charge by charge.

        The table has no reference of ours; the receipt names the charges. One that names only some
        of them may be it: a part of what was outstanding need not have reached all charges.
        """
        payment = order.payment
        rows = self._reader.table(
            order.tenant,
            str(payment.terms["patientId"]),
            order.action.attempts[0].intent_at_ms,
            amount=str(payment.amount_cents),
            payment_mediums=PATIENT_CREDIT,
        )
        if isinstance(rows, VendorRefused | NotSent | Unanswered):
            return undecided(rows)
        asked = frozenset(wire.charge_ids(payment))
        exact: list[View] = []
        partial: list[View] = []
        for row in rows:
            if (row.amount_cents, row.medium) != (payment.amount_cents, PATIENT_CREDIT):
                continue
            charges = self._reader.charges_of(order.tenant, quote(row.reference, safe=""))
            if not isinstance(charges, frozenset):
                return undecided(charges)
            if charges and charges <= asked:
                found = exact if charges == asked else partial
                found.append(view_of(row, order.now_ms))
        return Matches(views=tuple(exact or partial))

    def _search_refund(self, order: Order) -> Finding:
        """Refunds of the amount, made since the first try, not seen before and no other action's.

        A try that did not get there proves nothing about what was made since.
        """
        row = self._reader.row(order)
        if not isinstance(row, wire.PaymentRow):
            return undecided(row)
        attempts = order.action.attempts
        first = next((a for a in attempts if a.outcome != "not_sent"), attempts[0])
        since_ms = first.intent_at_ms - CLOCK_SKEW_MS
        known = {
            name
            for a in order.payment.actions
            if a.answer is not None and a.number != order.action.number
            for name in (a.answer.facts.get(REFUND_ID), a.answer.facts.get("reference"))
        }
        found = [
            refund
            for refund in row.refunds
            if refund.amount_cents == int(order.action.terms["amountCents"])
            and refund.created_at_ms >= since_ms
            and refund.refund_id not in known
            and refund.refund_id not in first.refunds_before
        ]
        return Matches(views=tuple(_refunded(order, refund) for refund in found))


def _refunded(order: Order, refund: Refund) -> View:
    """The payment after its refund; when it is read next, the vendor's word wins."""
    return View(
        reference=None,
        status=str(order.payment.vendor_status or SUCCEEDED),
        refund=refund,
        facts={REFUND_ID: refund.refund_id, "refundStatus": refund.status},
        look_again_at_ms=order.now_ms + SOON_MS,
    )


def _is_true(answer: Response) -> None:
    if wire.loads(answer.body) is not True:
        raise wire.Unreadable("not true")


class NotificationGateway:
    """The EventSource port for this vendor: webhooks and deliveries that failed."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def register(self, tenant: Tenant, url: str) -> Registered | Failure:
        """POST /webhook/decoda/create, whose answer has the secret; PUT where there is one."""
        body = wire.webhook_body(url, events.SUBSCRIPTIONS)
        known = settings_of(tenant).subscription_id
        if known is None:
            sent = self._client.call(tenant, "POST", f"{WEBHOOK_PATH}/create", body)
            return wire.understood(sent, _created)
        path = f"{WEBHOOK_PATH}/update/{quote(known, safe='')}"
        sent = self._client.call(tenant, "PUT", path, body)
        return wire.understood(sent, lambda _: Registered(registration_id=known))

    def missed(self, tenant: Tenant) -> Missed | Failure:
        """The newest deliveries that failed; the vendor keeps them listed."""
        webhook = quote(settings_of(tenant).subscription_id or "", safe="")
        path = f"{WEBHOOK_PATH}/{webhook}/delivery-attempts/list"
        found: list[MissedEvent] = []
        for offset in range(0, ATTEMPTS_MAX, ATTEMPTS_PER_PAGE):
            query = {
                "is_delivered": "false",
                "limit": str(ATTEMPTS_PER_PAGE),
                "offset": str(offset),
            }
            read = wire.understood(self._client.call(tenant, "GET", path, query=query), _missed)
            if not isinstance(read, tuple):
                return read
            found += read
            if len(read) < ATTEMPTS_PER_PAGE:
                break
        return Missed(events=tuple(found))

    def acknowledge(self, _tenant: Tenant, _event: MissedEvent) -> Failure | None:
        """Nothing: the vendor has no such call, and the inbox knows an event again."""
        return None

    def reopen(self, _tenant: Tenant) -> Failure | None:
        """Nothing: the vendor goes on delivering by itself."""
        return None


def _missed(answer: Response) -> tuple[MissedEvent, ...]:
    lines = wire.read_object(answer).get("data")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise wire.Unreadable("no list of delivery attempts")
    return tuple(
        MissedEvent(missed_id=str(line.get("id")), body=events.read_delivery_attempt(line))
        for line in lines
    )


def _created(answer: Response) -> Registered:
    found = wire.read_object(answer)
    webhook_id, secret = found.get("id"), found.get("secret")
    if not isinstance(webhook_id, str) or not isinstance(secret, str) or not secret:
        raise wire.Unreadable("no id or no secret of the webhook")
    return Registered(registration_id=webhook_id, secret={"webhook_secret": secret})
