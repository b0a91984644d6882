"""Prepare a payment plan at Decoda, for the payer to confirm in Decoda's component."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Annotated

from payhub import plans
from payhub.command import Command, From, IdempotencyKey, Place
from payhub.decoda_forms import (
    VENDOR,
    PayinBody,
    as_sent,
    body_digest,
    charge_terms,
    check_tenant,
    reference_of,
)
from payhub.domain.days import day_of
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.identity import fingerprint_of
from payhub.domain.payment import Payment
from payhub.domain.plan import Plan, amounts, planned
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.drafts import draft, key_of
from payhub.making import Membership, Proposal, make
from payhub.ports import Hub

OPERATION, VERB, SCOPE = "create_payin_config", "set_up", "payin/"


class CreatePayinConfig(Command):
    """POST /billing/payment-plan/payin-config."""

    idempotency_key: IdempotencyKey = None
    body: Annotated[PayinBody, From(Place.BODY)]


def create_payin_config(hub: Hub, caller: Caller, command: CreatePayinConfig) -> Reply:
    """Check the plan to the cent, then prepare it once; no money moves before the payer confirms.

    Raises NotFound, InvalidRequest, KeyReused, and AlreadyPlanned for a charge in another plan.
    """
    check_tenant(caller.tenant)
    body = command.body
    today = day_of(hub.clock.now_ms(), caller.tenant.time_zone)
    errors = list(_errors(body, today))
    if errors:
        raise InvalidRequest("The plan cannot be made.", errors)
    plan = planned(_plan(body), today)
    sent = as_sent(body)
    asked = {"body": body_digest(sent)}
    patient_id = body.charges[0].patient_id
    drafted = draft(
        hub,
        caller.tenant.tenant,
        VENDOR,
        OPERATION,
        charge_terms(patient_id, plan.charge_ids),
        plan.total_cents,
        SCOPE,
        reference=reference_of(body.charges),
    )

    def build(payment_id: str) -> Payment:
        return replace(
            drafted(payment_id),
            fingerprint=fingerprint_of(asked),
            has_carried_body=True,
            plan=plan,
        )

    proposal = Proposal(
        operation=OPERATION,
        verb=VERB,
        build=build,
        key=key_of(command.idempotency_key),
        carried={"body": sent},
        identity=fingerprint_of(asked),
        memberships=tuple(
            Membership(key=plans.claim_on_charge(VENDOR, charge_id), what=f"Charge {charge_id}")
            for charge_id in plan.charge_ids
        ),
    )
    return make(hub, caller, proposal)


def _plan(body: PayinBody) -> Plan:
    asked = body.payment_plan
    return Plan(
        frequency=asked.frequency,
        charge_ids=tuple(asked.charge_ids),
        initial_cents=asked.initial_amount,
        total_cents=_total_cents(body),
        installment_cents=asked.installment_amount,
        count=asked.installments,
        start_on=None if asked.start_date is None else date.fromisoformat(asked.start_date),
    )


def _total_cents(body: PayinBody) -> int:
    wanted = frozenset(body.payment_plan.charge_ids)
    return sum(charge.total_outstanding for charge in body.charges if charge.id in wanted)


def _errors(body: PayinBody, today: date) -> Iterator[FieldError]:
    yield from _charge_errors(body)
    asked = body.payment_plan
    total_cents = _total_cents(body)
    cents = amounts(total_cents, asked.initial_amount, asked.installment_amount, asked.installments)
    if cents is None:
        sum_cents = asked.initial_amount + asked.installments * asked.installment_amount
        yield FieldError(
            "paymentPlan.installmentAmount",
            f"{asked.initial_amount} + {asked.installments} x {asked.installment_amount} ="
            f" {sum_cents} cents, but {total_cents} are outstanding on the charges; they may differ"
            f" by {asked.installments - 1} at most, which the last installment takes",
        )
    if asked.start_date is not None and asked.initial_amount:
        yield FieldError("paymentPlan.startDate", "is only for plans with initialAmount 0")
    if asked.start_date is not None and date.fromisoformat(asked.start_date) < today:
        yield FieldError("paymentPlan.startDate", f"must not be before today, {today}")


def _charge_errors(body: PayinBody) -> Iterator[FieldError]:
    ids = [charge.id for charge in body.charges]
    for at, charge in enumerate(body.charges):
        if charge.patient_id != body.charges[0].patient_id:
            yield FieldError(f"charges.{at}.patientId", "must be the same for all charges")
        if charge.id is not None and charge.id in ids[:at]:
            yield FieldError(f"charges.{at}.id", "is there twice")
    wanted = body.payment_plan.charge_ids
    for at, charge_id in enumerate(wanted):
        if charge_id not in ids:
            yield FieldError(f"paymentPlan.chargeIds.{at}", "is the id of none of the charges")
        if charge_id in wanted[:at]:
            yield FieldError(f"paymentPlan.chargeIds.{at}", "is there twice")
