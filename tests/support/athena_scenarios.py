"""How each verb of athenahealth is brought about: a fresh amount tells the cases apart."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

import httpx

from tests.support.athena_side import (
    CARD,
    PATIENTS_WITH_CLAIMS,
    AthenaSide,
    Patient,
    dollars,
    fresh_cents,
)
from tests.support.fault_scenarios import Prepared, Scenario
from tests.support.hub import Hub, Json, Movement, new_key

Send = Callable[[Hub, Prepared], httpx.Response]


def _one_after_another() -> Iterator[Patient]:
    """As many cases of one verb side by side have patients of their own."""
    return itertools.cycle(map(Patient, PATIENTS_WITH_CLAIMS))


_payers, _card_holders, _planners, _debtors = (_one_after_another() for _ in range(4))


def _payment(patients: Iterator[Patient]) -> Callable[[Hub], Prepared]:
    """A payment to be made, known by its amount."""

    def prepare(_: Hub) -> Prepared:
        cents, patient = fresh_cents(), next(patients)
        return Prepared(match=dollars(cents), patient_id=patient.patient_id, amount_cents=cents)

    return prepare


def _card(_: Hub) -> Prepared:
    """A card to be stored, known by its owner's address, for there is no amount."""
    return Prepared(match=new_key(), patient_id=next(_card_holders).patient_id)


def _made(send: Send, name: str) -> Callable[[Hub], Prepared]:
    """A payment that exists, known by the vendor's number in the path."""

    def prepare(hub: Hub) -> Prepared:
        wanted = _payment(_payers)(hub)
        answer = send(hub, wanted)
        assert answer.is_success, answer.text
        reference = str(answer.json()[name])
        return Prepared(
            match=reference,
            payment_id=answer.headers["Payment-Id"],
            reference=reference,
            patient_id=wanted.patient_id,
            amount_cents=wanted.amount_cents,
        )

    return prepare


def _collect(hub: Hub, prepared: Prepared) -> httpx.Response:
    fields = {**CARD, **_department(prepared), "otheramount": dollars(prepared.amount_cents)}
    return hub.athena.collect_payment(prepared.patient_id, fields, prepared.key).response


def _store_card(hub: Hub, prepared: Prepared) -> httpx.Response:
    patient = Patient(prepared.patient_id)
    fields = {**CARD, **_department(prepared), "email": f"{prepared.match}@example.com"}
    return hub.athena.store_card(
        patient.patient_id, patient.appointment_id(), fields, prepared.key
    ).response


def _start_plan(hub: Hub, prepared: Prepared) -> httpx.Response:
    fields = {
        **CARD,
        **_department(prepared),
        "claimids": Patient(prepared.patient_id).claim_id(),
        "cycleamount": "10.00",
        "downpaymentamount": dollars(prepared.amount_cents),
    }
    return hub.athena.start_payment_plan(prepared.patient_id, fields, prepared.key).response


def _record(hub: Hub, prepared: Prepared) -> httpx.Response:
    fields = {
        **_department(prepared),
        "paymentmethod": "CASH",
        "otheramount": dollars(prepared.amount_cents),
    }
    return hub.athena.record_payment(prepared.patient_id, fields, prepared.key).response


def _report(hub: Hub, prepared: Prepared) -> httpx.Response:
    fields = {
        **_department(prepared),
        "patientid": prepared.patient_id,
        "paymentmethod": "EFT",
        "otheramount": dollars(prepared.amount_cents),
    }
    return hub.athena.record_vendor_payment(fields, prepared.key).response


def _adjust(hub: Hub, prepared: Prepared) -> httpx.Response:
    charge = Patient(prepared.patient_id).charge_id()
    entry = {"chargeid": charge, "adjustmentamount": dollars(prepared.amount_cents)}
    fields = {"patientid": prepared.patient_id, "charges": [entry]}
    return hub.athena.adjust_charges(fields, prepared.key).response


def _void(hub: Hub, prepared: Prepared) -> httpx.Response:
    reference = int(prepared.reference)
    return hub.athena.void_payment(prepared.patient_id, reference, prepared.key).response


def _refund(hub: Hub, prepared: Prepared) -> httpx.Response:
    fields = {**_department(prepared), "patientid": prepared.patient_id, "paymentmethod": "EFT"}
    return hub.athena.refund_vendor_payment(int(prepared.reference), fields, prepared.key).response


def _department(prepared: Prepared) -> dict[str, int]:
    return {"departmentid": Patient(prepared.patient_id).department_id}


def _by_amount(hub: Hub, prepared: Prepared, _: str) -> Sequence[Movement]:
    return AthenaSide(hub).moved(prepared.amount_cents)


def _cards_of_patient(hub: Hub, prepared: Prepared, _: str) -> Sequence[Movement]:
    """No money, so not in the truth book: the receipts of the patient's stored cards."""
    stored = AthenaSide(hub).stored_cards(prepared.patient_id)
    return [Movement("store_card", str(number), 0, "in") for number in stored]


def _charge(_: Json, prepared: Prepared) -> str:
    """Movements of adjustments go by charge."""
    return str(Patient(prepared.patient_id).charge_id())


ATHENA: Mapping[tuple[str, str], Scenario] = {
    ("athena", "collect"): Scenario(_payment(_payers), _collect, refused=200, applied=_by_amount),
    ("athena", "store_card"): Scenario(_card, _store_card, refused=200, applied=_cards_of_patient),
    ("athena", "start_plan"): Scenario(
        # The movement goes by the receipt of the down payment, which the vendor's list lacks.
        _payment(_planners),
        _start_plan,
        refused=200,
        applied=_by_amount,
        reference=None,
    ),
    ("athena", "record"): Scenario(_payment(_payers), _record, refused=200, applied=_by_amount),
    ("athena", "report"): Scenario(_payment(_payers), _report, refused=400, applied=_by_amount),
    ("athena", "adjust"): Scenario(
        _payment(_debtors), _adjust, refused=400, applied=_by_amount, reference=_charge
    ),
    ("athena", "void"): Scenario(
        _made(_collect, "epaymentid"), _void, ("collect_payment",), applied=_by_amount
    ),
    ("athena", "refund"): Scenario(
        _made(_report, "patientpaymentid"),
        _refund,
        ("record_vendor_payment",),
        applied=_by_amount,
    ),
}
