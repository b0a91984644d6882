"""Scenarios of athenahealth's paths: cards, records, payment vendors, receipts."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.events import body_of, event_for, key, unique
from benchmarks.stage import PRACTICE, VENDOR_CODE, Stage

Event = dict[str, Any]
Events = Callable[[Stage], Iterator[Event]]

_CARD = {
    "accountnumber": "4111111111111111",
    "nameoncard": "Ada Lovelace",
    "expirationmonthmm": "12",
    "expirationyearyyyy": "2040",
    "billingaddress": "1 Main St",
    "billingzip": "02110",
}
_amounts = itertools.count(1_001)


def _amount() -> str:
    """Dollars that no other event has, so that none is taken for a repeat."""
    cents = next(_amounts)
    return f"{cents // 100}.{cents % 100:02d}"


def _patient(stage: Stage, number: int = 0) -> dict[str, Any]:
    patients = stage.look("athena/patients", practice=PRACTICE)
    found: dict[str, Any] = patients[number % len(patients)]
    return found


def collect_events(stage: Stage) -> Iterator[Event]:
    """Cards charged, each a new amount."""
    patient = _patient(stage)
    while True:
        form = {"departmentid": str(patient["departmentids"][0]), "otheramount": _amount(), **_CARD}
        yield _of_patient(stage, "api/collect_payment", patient, form=form)


def _of_patient(
    stage: Stage,
    function: str,
    patient: dict[str, Any],
    *,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    **path: str,
) -> Event:
    ids = {"practiceid": PRACTICE, "patientid": str(patient["patientid"]), **path}
    return event_for(stage, function, path=ids, form=form, headers=headers)


def _store_card(stage: Stage) -> Iterator[Event]:
    while True:
        for patient in stage.look("athena/patients", practice=PRACTICE):
            for appointment in patient["appointments"]:
                form = {"departmentid": str(patient["departmentids"][0]), "maxamount": "250"}
                form |= {**_CARD, "cardsecuritycode": "123", "allowduplicatepayments": "true"}
                ids = {"appointmentid": str(appointment["appointmentid"])}
                function = "api/store_card"
                yield _of_patient(stage, function, patient, form=form, headers=key(), **ids)


def _plans(stage: Stage) -> Iterator[Event]:
    """A claim is in one plan at most; when all are, the sandbox forgets what was paid."""
    for patient in itertools.cycle(stage.look("athena/patients", practice=PRACTICE)):
        for claim in patient["claims"]:
            cents = sum(charge["outstanding_cents"] for charge in claim["charges"])
            if claim["paymentplanid"] is not None or cents <= 200:  # noqa: PLR2004
                continue
            form = {
                "departmentid": str(patient["departmentids"][0]),
                "claimids": str(claim["claimid"]),
                "cycleamount": "1.00",
                "downpaymentamount": "1.00",
                "frequency": "MONTHLY",
                "allowduplicatepayments": "true",
                **_CARD,
            }
            yield _of_patient(stage, "api/start_payment_plan", patient, form=form, headers=key())


def _record(stage: Stage) -> Iterator[Event]:
    patient = _patient(stage, 1)
    while True:
        form = {
            "departmentid": str(patient["departmentids"][0]),
            "paymentmethod": "CASH",
            "otheramount": _amount(),
        }
        yield _of_patient(stage, "api/record_payment", patient, form=form, headers=key())


def _vendor_form(patient: dict[str, Any], reference: str) -> dict[str, str]:
    return {
        "departmentid": str(patient["departmentids"][0]),
        "patientid": str(patient["patientid"]),
        "paymentmethod": "CASH",
        "externalrefid": f"{reference}-{unique()}",
    }


def _record_vendor(stage: Stage) -> Iterator[Event]:
    patient = _patient(stage, 2)
    ids = {"practiceid": PRACTICE, "vendorcode": VENDOR_CODE}
    while True:
        form = {**_vendor_form(patient, "ACME"), "otheramount": _amount()}
        yield event_for(stage, "api/record_vendor_payment", path=ids, form=form)


def _refund_vendor(stage: Stage) -> Iterator[Event]:
    patient = _patient(stage, 2)
    for recorded in _record_vendor(stage):
        answer = body_of(stage.invoke("api/record_vendor_payment", recorded))
        number = str(answer["patientpaymentid"])
        ids = {"practiceid": PRACTICE, "vendorcode": VENDOR_CODE, "patientpaymentid": number}
        form = _vendor_form(patient, "BACK")
        yield event_for(stage, "api/refund_vendor_payment", path=ids, form=form)


def _adjust(stage: Stage) -> Iterator[Event]:
    """A cent at a time, of the charges that have some left."""
    ids = {"practiceid": PRACTICE, "vendorcode": VENDOR_CODE}
    while True:
        for patient in stage.look("athena/patients", practice=PRACTICE):
            for charge in itertools.chain.from_iterable(it["charges"] for it in patient["claims"]):
                if charge["outstanding_cents"] < 1:
                    continue
                charges = [{"chargeid": charge["chargeid"], "adjustmentamount": "0.01"}]
                form = {"patientid": str(patient["patientid"]), "charges": json.dumps(charges)}
                yield event_for(stage, "api/adjust_charges", path=ids, form=form, headers=key())


def _collected(stage: Stage) -> Iterator[tuple[dict[str, Any], str]]:
    """Patients with the number of a payment that was just collected from them."""
    patient = _patient(stage)
    for event in collect_events(stage):
        yield patient, str(body_of(stage.invoke("api/collect_payment", event))["epaymentid"])


def _void(stage: Stage) -> Iterator[Event]:
    for patient, number in _collected(stage):
        yield _of_patient(stage, "api/void_collected_payment", patient, epaymentid=number)


def _receipt(function: str) -> Events:
    def events(stage: Stage) -> Iterator[Event]:
        patient, number = next(_collected(stage))
        yield from itertools.repeat(_of_patient(stage, function, patient, epaymentid=number))

    return events


def _receipts(stage: Stage) -> Iterator[Event]:
    patient = _patient(stage, 5)
    query = {"departmentid": str(patient["departmentids"][0])}
    ids = {"practiceid": PRACTICE, "patientid": str(patient["patientid"])}
    yield from itertools.repeat(event_for(stage, "api/list_receipts", path=ids, query=query))


EVENTS: dict[str, Events] = {
    "api/collect_payment": collect_events,
    "api/store_card": _store_card,
    "api/start_payment_plan": _plans,
    "api/record_payment": _record,
    "api/record_vendor_payment": _record_vendor,
    "api/refund_vendor_payment": _refund_vendor,
    "api/adjust_charges": _adjust,
    "api/void_collected_payment": _void,
    "api/list_receipts": _receipts,
    "api/get_receipt": _receipt("api/get_receipt"),
    "api/get_receipt_details": _receipt("api/get_receipt_details"),
}
