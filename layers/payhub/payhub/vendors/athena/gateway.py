"""athenahealth in the hub's terms: orders in, answers, readings and findings out."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from string import Formatter
from typing import Any, TypeVar
from urllib.parse import quote

from payhub.domain.answers import (
    Answer,
    Done,
    Failure,
    Finding,
    Matches,
    NotSent,
    Reading,
    Unanswered,
    Undecided,
    VendorRefused,
    View,
    undecided,
)
from payhub.domain.money import AmountUnit, format_amount
from payhub.domain.payment import Origin, Payment
from payhub.domain.scrub import scrub
from payhub.domain.settlement import Taken, Window, cut_off_ms, in_new_york, window
from payhub.ports import Order
from payhub.transport import Response
from payhub.vendors.athena import contract, wire
from payhub.vendors.athena.auth import settings_of
from payhub.vendors.athena.client import Client

CLOCK_SKEW_MS = 300_000
"""How far the vendor's clock may be behind ours when its receipts are searched."""

LATE_MS = (contract.LATE_APPLY_BOUND_SECONDS + 420) * 1000
"""How long after its intent an attempt may have left a receipt: applied late, clock ahead."""

CARD_NEEDED = "the card is not kept; send the request again"

_PATIENT = "/v1/{practiceid}/patients/{patientid}"
_PAYMENT_VENDOR = "/v1/{practiceid}/patientpayvendors/{vendorcode}"
_PATHS = {
    contract.COLLECT: _PATIENT + "/collectpayment",
    contract.STORE_CARD: _PATIENT + "/collectpayment/singleappointment/{appointmentid}",
    contract.START_PLAN: _PATIENT + "/collectpayment/paymentplan",
    contract.RECORD: _PATIENT + "/recordpayment",
    contract.VOID: _PATIENT + "/voidpayment/{reference}",
    contract.REPORT: _PAYMENT_VENDOR + "/payments",
    contract.REFUND: _PAYMENT_VENDOR + "/payments/{reference}/refund",
    contract.ADJUST: _PAYMENT_VENDOR + "/adjustingcharges",
}
_RECEIPTS = _PATIENT + "/receipts"
_DETAILS = _RECEIPTS + "/{reference}/details"
_CONTRACTS = _PATIENT + "/collectpayment/singleappointment"
_PLANS = _PATIENT + "/collectpayment/paymentplan"

_PURCHASE, _AUTHORIZATION = "PURCHASE", "AUTHORIZATION"
_VOIDED_WORDS = re.compile(
    r"\balready\s+(?:been\s+)?void(?:ed)?\b|\bhas\s+been\s+voided\b", re.IGNORECASE
)
_SETTLED_WORDS = re.compile(r"\bsettled\b|\bafter\s+settlement\b", re.IGNORECASE)
_NOT_SETTLED_WORDS = re.compile(r"\bnot\s+(?:yet\s+)?(?:been\s+)?settled\b", re.IGNORECASE)
_DOLLARS = AmountUnit.DECIMAL_DOLLARS

T = TypeVar("T")


class PaymentGateway:
    """The Gateway port for this vendor."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def perform(self, order: Order) -> Answer:
        """The one POST of the action's verb; never repeated here."""
        verb = order.action.verb
        if _needs_card(order) and order.card is None:
            return NotSent(reason=CARD_NEEDED)
        path, form = _path(_PATHS[verb], order.payment), _form(order)
        sent = self._client.call(order.tenant, "POST", path, form, call_by_ms=order.call_by_ms)
        read = wire.understood(
            sent, lambda answer: _READERS[verb](wire.object_of(answer), order), order.card
        )
        if isinstance(read, VendorRefused) and verb == contract.VOID:
            return _void_refusal(read, order)
        return Done(view=read) if isinstance(read, View) else read

    def search(self, order: Order) -> Finding:
        """What an attempt without an answer left at the vendor, in its lists."""
        try:
            found = self._found(order)
        except wire.Unreadable as error:
            return Undecided(reason=f"the vendor's list cannot be read: {error}")
        return Matches(views=found) if isinstance(found, tuple) else undecided(found)

    def _found(self, order: Order) -> tuple[View, ...] | Failure:
        match order.action.verb:
            case contract.COLLECT:
                return self._purchases(order)
            case contract.STORE_CARD:
                return self._stored_cards(order)
            case contract.START_PLAN:
                return self._plans(order)
        return ()

    def _purchases(self, order: Order) -> tuple[View, ...] | Failure:
        wanted = _wanted(order, _PURCHASE, order.payment.amount_cents)
        receipts = self._receipts(order, wanted)
        if not isinstance(receipts, list):
            return receipts
        return tuple(
            View(
                reference=wire.required_id(receipt, "epaymentid"),
                status=contract.COLLECTED,
                facts={"collected_at_ms": str(wire.taken_at_ms(receipt, wanted))},
            )
            for receipt in receipts
        )

    def _stored_cards(self, order: Order) -> tuple[View, ...] | Failure:
        """A stored card's receipt does not name the appointment; the list of contracts does."""
        receipts = self._receipts(order, _wanted(order, _AUTHORIZATION, None))
        if not isinstance(receipts, list) or not receipts:
            return () if isinstance(receipts, list) else receipts
        contracts = self._get(order, _CONTRACTS, wire.list_of)
        if isinstance(contracts, VendorRefused | NotSent | Unanswered):
            return contracts
        appointment_id = wire.identifier(order.payment.terms.get("appointmentid"))
        return tuple(
            View(reference=wire.required_id(receipt, "epaymentid"), status=contract.CARD_STORED)
            for receipt in receipts
            if any(wire.is_contract_of(each, receipt, appointment_id) for each in contracts)
        )

    def _plans(self, order: Order) -> tuple[View, ...] | Failure:
        name = order.payment.terms.get("paymentplanname")
        claim_ids = wire.numbers(order.payment.terms.get("claimids"))
        if name is None or claim_ids is None:
            raise wire.Unreadable("the request named no plan to look for")
        plans = self._get(order, _PLANS, wire.list_of, linkedclaiminfo="true")
        if isinstance(plans, VendorRefused | NotSent | Unanswered):
            return plans
        return tuple(_plan_view(plan) for plan in plans if wire.is_plan(plan, str(name), claim_ids))

    def _receipts(
        self, order: Order, wanted: wire.Wanted | None
    ) -> list[Mapping[str, Any]] | Failure:
        """The receipts that fit; without anything wanted nothing is asked."""
        if wanted is None:
            return []
        receipts = self._get(order, _RECEIPTS, wire.list_of)
        if isinstance(receipts, VendorRefused | NotSent | Unanswered):
            return receipts
        return [receipt for receipt in receipts if wire.receipt_fits(receipt, wanted)]

    def read(self, order: Order) -> Reading:
        """What the vendor shows of the payment; it shows no status, so the clock tells most."""
        payment = order.payment
        if payment.operation == _operation(contract.COLLECT):
            if payment.vendor_status is None and payment.origin is Origin.EXTERNAL:
                return self._made_elsewhere(order)
            if payment.vendor_status in (contract.COLLECTED, contract.SETTLED):
                return self._collected(order)
        if payment.vendor_status is None:
            return Unanswered(reason="athenahealth has no call that shows it")
        return View(reference=payment.vendor_reference, status=payment.vendor_status)

    def _collected(self, order: Order) -> Reading:
        """A collected payment settles at its cut-off; the vendor's own word goes before ours."""
        payment = order.payment
        assert payment.vendor_status is not None
        if _said_settled(payment):
            return _settled(payment, "athenahealth says that it has settled.")
        taken = _taken(payment)
        if taken is None or taken.is_astride:
            at_ms = self._details(order, wire.taken_at_ms)
            if not isinstance(at_ms, int):
                return at_ms
            taken = Taken(earliest_ms=at_ms, latest_ms=at_ms)
        cut_off = cut_off_ms(taken.earliest_ms)
        margin_seconds = settings_of(order.tenant).void_margin_seconds
        if window(cut_off, order.now_ms, margin_seconds) is Window.CLOSED:
            return _settled(payment, f"It settled at {in_new_york(cut_off)}.")
        # Past the cut-off it is named settled, but within the margin the vendor is still asked.
        passed = order.now_ms >= cut_off
        status = contract.SETTLED if passed else payment.vendor_status
        return View(reference=payment.vendor_reference, status=status)

    def _made_elsewhere(self, order: Order) -> Reading:
        """A payment that the hub did not take: its receipt says what it is."""

        def read(details: Mapping[str, Any]) -> View | VendorRefused:
            kind = details.get("type")
            if not isinstance(kind, str) or not kind.strip():
                raise wire.Unreadable("no type")
            if kind.strip().upper() != _PURCHASE:
                return VendorRefused(
                    message=f"That receipt is of type {scrub(kind)}, not a purchase.",
                    code="not_a_purchase",
                )
            amount_cents = wire.cents(details.get("amount"))
            if not amount_cents:
                raise wire.Unreadable("no amount")
            return View(
                reference=order.payment.vendor_reference,
                status=contract.COLLECTED,
                amount_cents=amount_cents,
                facts={"collected_at_ms": str(wire.taken_at_ms(details))},
            )

        return self._details(order, read)

    def _details(self, order: Order, read: Callable[[Mapping[str, Any]], T]) -> T | Failure:
        path = _path(_DETAILS, order.payment)
        sent = self._client.call(order.tenant, "GET", path)
        return wire.understood(sent, lambda answer: read(wire.object_of(answer)))

    def _get(
        self, order: Order, path: str, read: Callable[[Response], T], **query: str
    ) -> T | Failure:
        department = order.payment.terms.get("departmentid")
        if department is not None:
            query["departmentid"] = str(department)
        sent = self._client.call(
            order.tenant, "GET", _path(path, order.payment), query=query or None
        )
        return wire.understood(sent, read)


# Out: the path and the form of an order


def _operation(verb: str) -> str:
    return contract.CONTRACTS[verb].operation


def _names_of(path: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(path) if name)


def _path(path: str, payment: Payment) -> str:
    values: dict[str, str | int | None] = {
        **payment.terms,
        "reference": payment.vendor_reference,
    }
    named = {name: values[name] for name in _names_of(path)}
    assert None not in named.values(), "a payment without a reference has nothing to act upon"
    return path.format(**{name: quote(str(value), safe="") for name, value in named.items()})


def _form(order: Order) -> dict[str, str] | None:
    """The body: the payment's terms and the card, or the action's own terms; none for a void."""
    in_path = _names_of(_PATHS[order.action.verb])
    if order.action.verb == contract.VOID:
        return None
    if order.action.verb == contract.REFUND:
        whose = {k: v for k, v in order.payment.terms.items() if k in _WHOSE}
        terms = {**whose, **order.action.terms, "fullrefund": "true"}
        return wire.fields_of(terms, in_path)
    fields = wire.fields_of(order.payment.terms, in_path)
    if contract.CONTRACTS[order.action.verb].carries_card:
        fields |= wire.card_fields(order.card)
    return fields


_WHOSE = frozenset({"patientid", "departmentid"})
"""What a refund repeats of its payment, unless it says so itself."""


def _needs_card(order: Order) -> bool:
    """A plan needs a card only for a down payment, or to charge its cycles."""
    if not contract.CONTRACTS[order.action.verb].carries_card:
        return False
    if order.action.verb != contract.START_PLAN:
        return True
    terms = order.payment.terms
    down_payment = terms.get("downpaymentamount")
    return terms.get("billingmethod") == "CREDITCARD" or (
        down_payment is not None and wire.cents(down_payment) != 0
    )


# In: what a success says, by verb


Read = Callable[[Mapping[str, Any], Order], View | VendorRefused]


def _with_id(name: str, status: str) -> Read:
    """A success with the id of what was made."""

    def read(answer: Mapping[str, Any], order: Order) -> View | VendorRefused:
        refused = wire.refusal_in(answer, order.card)
        return refused or View(reference=wire.required_id(answer, name), status=status)

    return read


def _plan_started(answer: Mapping[str, Any], order: Order) -> View | VendorRefused:
    return wire.refusal_in(answer, order.card) or _plan_view(answer)


def _plan_view(answer: Mapping[str, Any]) -> View:
    epayment_id = wire.identifier(answer.get("epaymentid"))
    return View(
        reference=wire.required_id(answer, "paymentplanid"),
        status=contract.PLAN_STARTED,
        facts={} if epayment_id is None else {"epaymentid": epayment_id},
    )


def _voided(answer: Mapping[str, Any], order: Order) -> View | VendorRefused:
    view = View(reference=order.payment.vendor_reference, status=contract.VOIDED)
    return wire.refusal_in(answer) or view


def _reported(answer: Mapping[str, Any], _: Order) -> View | VendorRefused:
    previously = wire.flag(answer.get("previouslyrecordedyn")) is True
    return wire.refusal_in(answer, documented=False) or View(
        reference=wire.required_id(answer, "patientpaymentid"),
        status=contract.RECORDED,
        facts={"previouslyrecordedyn": "true" if previously else "false"},
    )


def _refunded(answer: Mapping[str, Any], order: Order) -> View | VendorRefused:
    refused = wire.refusal_in(answer, documented=False)
    if refused:
        return refused
    facts = {"refundid": wire.required_id(answer, "patientpaymentid")}
    if isinstance(answer.get("recordedtime"), str):
        facts["recordedtime"] = scrub(answer["recordedtime"])
    return View(reference=order.payment.vendor_reference, status=contract.REFUNDED, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Adjusted:
    """The vendor's answer about one charge."""

    charge_id: str
    cents: int = 0
    outstanding: str | None = None
    error: str | None = None

    def shown(self) -> dict[str, object]:
        if self.error is not None:
            return {"chargeid": int(self.charge_id), "error": self.error}
        amount = format_amount(self.cents, _DOLLARS)
        shown: dict[str, object] = {"chargeid": int(self.charge_id), "adjustmentamount": amount}
        return (
            shown if self.outstanding is None else {**shown, "outstandingamount": self.outstanding}
        )


def _adjusted(answer: Mapping[str, Any], order: Order) -> View | VendorRefused:
    """Every charge answers for itself; whatever was adjusted is money, however the rest went."""
    lines = answer.get("charges")
    charges = [_charge(line) for line in lines] if isinstance(lines, list) else []
    said = answer.get("error")
    patient_error = scrub(said) if isinstance(said, str) else ""
    cents = sum(charge.cents for charge in charges)
    if not cents and patient_error:
        return VendorRefused(message=patient_error, code="patient")
    refused = None if cents else wire.refusal_in(answer, documented=False)
    if refused:
        return refused
    if {charge.charge_id for charge in charges} != _charges_asked(order):
        raise wire.Unreadable("not every charge is answered")
    facts = {"charges": json.dumps([c.shown() for c in charges], separators=(",", ":"))}
    if not cents:
        errors = "; ".join(dict.fromkeys(c.error or "nothing adjusted" for c in charges))
        return VendorRefused(message=scrub(errors), code="charges", facts=facts)
    whole = not patient_error and all(charge.cents for charge in charges)
    status = contract.ADJUSTED if whole else contract.PARTLY_ADJUSTED
    return View(reference=None, status=status, facts=facts, amount_cents=cents)


def _charge(line: object) -> _Adjusted:
    if not isinstance(line, dict):
        raise wire.Unreadable("a charge is not an object")
    charge_id, error = wire.required_id(line, "chargeid"), line.get("error")
    if error:
        return _Adjusted(charge_id=charge_id, error=scrub(str(error)))
    cents = wire.cents(line.get("adjustmentamount"))
    if cents is None:
        raise wire.Unreadable("no adjustmentamount")
    outstanding = wire.money_text(line.get("outstandingamount"))
    return _Adjusted(charge_id=charge_id, cents=cents, outstanding=outstanding)


def _charges_asked(order: Order) -> set[str | None]:
    try:
        charges = json.loads(str(order.payment.terms["charges"]), parse_float=Decimal)
        return {wire.identifier(charge["chargeid"]) for charge in charges}
    except (ValueError, KeyError, TypeError):
        raise wire.Unreadable("the charges that were sent") from None


_READERS: Mapping[str, Read] = {
    contract.COLLECT: _with_id("epaymentid", contract.COLLECTED),
    contract.STORE_CARD: _with_id("epaymentid", contract.CARD_STORED),
    contract.START_PLAN: _plan_started,
    contract.RECORD: _with_id("paymentbatchid", contract.POSTED),
    contract.VOID: _voided,
    contract.REPORT: _reported,
    contract.REFUND: _refunded,
    contract.ADJUST: _adjusted,
}


def _void_refusal(refused: VendorRefused, order: Order) -> Answer:
    """A void of what is voided already has its effect; words that say both prove neither."""
    voided = _VOIDED_WORDS.search(refused.message) is not None
    settled = _SETTLED_WORDS.search(_NOT_SETTLED_WORDS.sub("", refused.message)) is not None
    if voided and not settled:
        return Done(view=View(reference=order.payment.vendor_reference, status=contract.VOIDED))
    if settled and not voided:
        return replace(refused, code=contract.SETTLED_CODE, status=contract.SETTLED)
    return refused


# Searching and reading


def _wanted(order: Order, kind: str, amount_cents: int | None) -> wire.Wanted | None:
    """What the receipt of an attempt must be; None when no attempt can have left one."""
    intents = [a.intent_at_ms for a in order.action.attempts if a.outcome != "not_sent"]
    if not intents:
        return None
    terms = order.payment.terms
    return wire.Wanted(
        type=kind,
        amount_cents=amount_cents,
        brand=str(terms.get("cardbrand", "")),
        last4=wire.last4(terms.get("cardlast4")) or "",
        earliest_ms=min(intents) - CLOCK_SKEW_MS,
        latest_ms=max(intents) + LATE_MS,
    )


def _said_settled(payment: Payment) -> bool:
    """Whether a void was refused because the payment has settled: true whatever the time."""
    return any(
        action.verb == contract.VOID
        and action.answer is not None
        and action.answer.vendor_code == contract.SETTLED_CODE
        for action in payment.actions
    )


def _settled(payment: Payment, why: str) -> View:
    return View(reference=payment.vendor_reference, status=contract.SETTLED, refusal=why)


def _taken(payment: Payment) -> Taken | None:
    """When the hub knows it was taken; None when only the vendor can tell."""
    first = payment.actions[0]
    noted = first.answer.facts.get("collected_at_ms", "") if first.answer else ""
    if noted.isdecimal():
        return Taken(earliest_ms=int(noted), latest_ms=int(noted))
    done = next((a for a in first.attempts if a.outcome == "done"), None)
    if first.verb != contract.COLLECT or done is None or done.ended_at_ms is None:
        return None
    return Taken(earliest_ms=done.intent_at_ms, latest_ms=done.ended_at_ms)
