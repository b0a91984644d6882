"""A patient who exists nowhere else, and what of the patient must not be found again."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import httpx

from tests.support.card_canary import Hit
from tests.support.decoda_side import VENDOR, Charge, DecodaSide, plan_body
from tests.support.hub import Hub, Json

PATIENT: Json = {
    "id": "patient-of-nobody",
    "type": "PATIENT",
    "createdDate": "2023-11-07T05:31:56Z",
    "firstName": "Wilhelmina",
    "lastName": "Brackenfjord",
    "preferredName": "Minnakin",
    "phoneNumber": "+1 617 555 0143",
    "email": "mina@brackenpost.example",
    "address": "12 Thistlewick Lane",
    "addressLineTwo": "Thistlewick Annex",
    "city": "Owlmeadowton",
    "zipCode": "ZIPTHISTLE",
    "dateOfBirth": "1931-07-09",
    "gender": "GENDERCANARY",
    "meta": {"maidenName": "Thornquillon"},
    "patientMedications": ["Medicanarin"],
}

NEEDLES: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "name": "Wilhelmina|Brackenfjord|Minnakin|Thornquillon",
        "telephone": r"555[ .-]?0143",
        "e-mail": "brackenpost",
        "address": "Thistlewick|Owlmeadowton|ZIPTHISTLE",
        "date of birth": r"1931-07-09|07[/.]09[/.]1931|19310709",
        "gender": "GENDERCANARY",
        "medication": "Medicanarin",
        "comment": "COMMENTCANARY",
    }.items()
}
COMMENT = "COMMENTCANARY about her knee"

_CARRIED = re.compile(r"'sk': \{'S': 'CARRIED#")
_OF_THE_VENDOR_OR_THE_TABLE = ("sandbox/", "sandbox.sqlite3", "state/")


def hits(place: str, text: str) -> Iterator[Hit]:
    """Everything of the patient that stands in a text."""
    for needle, pattern in NEEDLES.items():
        for found in pattern.finditer(text):
            yield Hit(place, needle, text[max(0, found.start() - 60) : found.end() + 30])


def is_carried(place: str, text: str) -> bool:
    """Whether this is the body of a request, kept to be sent again."""
    return place.startswith("table ") and _CARRIED.search(text) is not None


def may_hold_patients(place: str, text: str) -> bool:
    """Carried bodies, the vendor's own books, and the files that the tables are made of."""
    return is_carried(place, text) or place.startswith(_OF_THE_VENDOR_OR_THE_TABLE)


WRONG: tuple[Json, ...] = (
    *({"patient": {**PATIENT, name: [PATIENT[name]]}} for name in ("firstName", "dateOfBirth")),
    {"patient": {**PATIENT, "dateOfBirth": "1931-07-09T00:00"}},
    {"patient": {**PATIENT, "type": PATIENT["lastName"]}},
    {"patient": {**PATIENT, "nonsense": PATIENT["email"]}},
    {"patient": {**PATIENT, "creditBalance": PATIENT["phoneNumber"]}},
    {"patient": PATIENT["address"]},
    {"status": PATIENT["lastName"]},
    {"totalOutstanding": PATIENT["phoneNumber"]},
    {"externalCreatedDate": PATIENT["dateOfBirth"] + " Wilhelmina"},
    {"comment": [COMMENT]},
)
"""Of a charge with everything about its patient, what is wrong with it."""


def errands(hub: Hub, faults: Sequence[str]) -> Iterator[list[Callable[[], httpx.Response]]]:
    """Settlements and plans with everything about the patient: under every fault, and refused."""
    side = DecodaSide(hub)
    for send in (_settle, _prepare):
        yield [partial(send, side, fault, {}) for fault in ("", *faults)]
        yield [partial(send, side, "", wrong) for wrong in WRONG]


def _settle(side: DecodaSide, fault: str, wrong: Json) -> httpx.Response:
    charge = side.payable(1_000)
    if fault:
        side.hub.sandbox_of(VENDOR).arm("settle_with_credit", fault, charge.charge_id)
    return side.caller.settle(1_000, [_with_patient(charge, wrong)])


def _prepare(side: DecodaSide, fault: str, wrong: Json) -> httpx.Response:
    charge = side.charge(3_000)
    if fault:
        side.hub.sandbox_of(VENDOR).arm("create_payin_config", fault, charge.charge_id)
    body = plan_body([charge], 0, 3, 1_000)
    return side.caller.create_payin({**body, "charges": [_with_patient(charge, wrong)]})


def _with_patient(charge: Charge, wrong: Json) -> Json:
    patient = {**PATIENT, "id": charge.patient_id}
    return {**charge.shown(patient=patient, comment=COMMENT), **wrong}
