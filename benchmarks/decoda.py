"""Scenarios of Decoda's paths: credit, payment plans, refunds, its webhooks."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.events import body_of, event_for, key
from benchmarks.optum import message_event, webhook_events
from benchmarks.stack import QUEUES
from benchmarks.stage import DECODA_TENANT, Stage

Event = dict[str, Any]
Events = Callable[[Stage], Iterator[Event]]

_CENTS = 2500
_BATCH, _WAIT_SECONDS = 8, 5.0


def _patient(stage: Stage) -> str:
    return str(stage.look("decoda/patients", tenant=DECODA_TENANT)[0]["patient_id"])


def _charge(stage: Stage, patient: str) -> dict[str, Any]:
    """A new charge, as a request names it."""
    of = {"tenant": DECODA_TENANT, "patient_id": patient, "amount_cents": _CENTS}
    made = stage.control("decoda/charges", **of)
    return {"patientId": patient, "totalOutstanding": _CENTS, "id": made["charge_id"]}


def _settle(stage: Stage) -> Iterator[Event]:
    patient = _patient(stage)
    credit = {"tenant": DECODA_TENANT, "patient_id": patient, "amount_cents": _CENTS}
    while True:
        stage.control("decoda/credits", **credit)
        body, query = [_charge(stage, patient)], {"amount": str(_CENTS)}
        yield event_for(stage, "api/settle_with_credit", query=query, body=body, headers=key())


def _prepare(stage: Stage) -> Iterator[Event]:
    patient = _patient(stage)
    while True:
        charge = _charge(stage, patient)
        terms = {
            "initialAmount": 500,
            "chargeIds": [charge["id"]],
            "frequency": "MONTHLY",
            "installments": 4,
            "installmentAmount": 500,
        }
        body = {"paymentMedium": "VIRTUAL_TERMINAL", "charges": [charge], "paymentPlan": terms}
        yield event_for(stage, "api/create_payin_config", body=body, headers=key())


def _planned(stage: Stage) -> Iterator[tuple[str, str]]:
    """Payment ids of plans that were just prepared, with the vendor's id of the payin."""
    for event in _prepare(stage):
        answer = stage.invoke("api/create_payin_config", event)
        yield str(answer["headers"]["Payment-Id"]), str(body_of(answer)["payinConfigId"])


def _get_plan(stage: Stage) -> Iterator[Event]:
    plan_id, _ = next(_planned(stage))
    yield from itertools.repeat(event_for(stage, "api/get_payment_plan", path={"planId": plan_id}))


def _list_plans(stage: Stage) -> Iterator[Event]:
    for _ in itertools.islice(_planned(stage), 10):
        pass
    yield from itertools.repeat(event_for(stage, "api/list_payment_plans", query={"limit": "10"}))


def _confirmed(stage: Stage) -> Iterator[str]:
    """Plans that their payers have confirmed, and that the hub knows to run; some at a time."""
    plans = _planned(stage)
    while True:
        batch = list(itertools.islice(plans, _BATCH))
        for _, payin in batch:
            stage.control("decoda/payins", payin_config_id=payin, method="CARD")
        _take_news_in(stage, len(batch))
        yield from (plan_id for plan_id, _ in batch)


def _cancel(stage: Stage) -> Iterator[Event]:
    for plan_id in _confirmed(stage):
        yield event_for(stage, "api/cancel_payment_plan", path={"planId": plan_id}, headers=key())


def _refund(stage: Stage) -> Iterator[Event]:
    """Payments that were taken by card for a plan."""
    function = "api/get_payment_plan"
    for plan_id in _confirmed(stage):
        shown = body_of(
            stage.invoke(function, event_for(stage, function, path={"planId": plan_id}))
        )
        for payment in shown["payments"]:
            path = {"paymentId": payment["paymentId"]}
            yield event_for(stage, "api/refund_payment", path=path, headers=key())


def _take_news_in(stage: Stage, count: int) -> None:
    """So many webhooks at least, through the webhook function and the worker."""
    queue, sent = stage.cloud.messages[QUEUES["events"]], stage.cloud.webhooks["decoda"]
    queue.clear()
    deadline = time.monotonic() + _WAIT_SECONDS
    while len(sent) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    for webhook in itertools.islice(_webhooks(stage), len(sent)):
        stage.invoke("webhooks/decoda", webhook)
    for message in list(queue):
        stage.invoke("workers/apply_event", message_event("workers/apply_event", message))


def _confirm(stage: Stage) -> None:
    _, payin = next(_planned(stage))
    stage.control("decoda/payins", payin_config_id=payin, method="CARD")


_webhooks = webhook_events("decoda", _confirm)

EVENTS: dict[str, Events] = {
    "api/settle_with_credit": _settle,
    "api/create_payin_config": _prepare,
    "api/get_payment_plan": _get_plan,
    "api/list_payment_plans": _list_plans,
    "api/cancel_payment_plan": _cancel,
    "api/refund_payment": _refund,
    "webhooks/decoda": _webhooks,
}
