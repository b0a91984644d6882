"""What callers do: every money operation of every vendor, and looking at it meanwhile."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.support.athena_side import PATIENTS_WITH_CLAIMS, Patient, dollars
from tests.support.chaos.clients import Client
from tests.support.chaos.intents import UNHEARD, Told
from tests.support.decoda_client import DecodaClient
from tests.support.decoda_side import DecodaSide
from tests.support.fault_table import Prepared
from tests.support.hub import HOLD_ACCOUNT, new_key
from tests.support.medfusion_client import MedfusionSide, caller_of

_CONFIRMS_MAX = 20


def issuer(client: Client) -> None:
    """Issue; of an account on hold release; then void and reissue, some times over."""
    wanted = Prepared(match=f"REF-{new_key()}", amount_cents=client.cents())
    if client.happens(0.25):
        told = client.carry("optum", "issue", wanted, lambda: _issue_on_hold(client, wanted))
        payment = _acted_upon(told)
        client.carry("optum", "release", payment)
    else:
        payment = _acted_upon(client.carry("optum", "issue", wanted))
    for verb in ("void", "reissue", "void"):
        if client.happens(0.4):
            return
        client.rest(3)
        client.carry("optum", verb, _acting_again(payment))


def _issue_on_hold(client: Client, wanted: Prepared) -> httpx.Response:
    api, amount = client.hub.api, wanted.amount_cents
    return api.issue(amount, account=HOLD_ACCOUNT, reference=wanted.match, key=wanted.key)


def _acted_upon(told: Told) -> Prepared:
    return Prepared(match=told.json["vendorReference"], payment_id=told.payment_id)


def _acting_again(payment: Prepared) -> Prepared:
    """The same payment with a new key."""
    return Prepared(match=payment.match, payment_id=payment.payment_id)


def card(client: Client) -> None:
    """Charge a card; void it, some of the time."""
    wanted = _of_patient(client, client.cents())
    told = client.carry("athena", "collect", wanted)
    if client.happens(0.5):
        client.rest(2)
        client.carry("athena", "void", _made(told, wanted, "epaymentid"))


def vendor_payment(client: Client) -> None:
    """Report what a payment vendor took; report its refund, some of the time."""
    wanted = _of_patient(client, client.cents())
    told = client.carry("athena", "report", wanted)
    if client.happens(0.5):
        client.rest(2)
        client.carry("athena", "refund", _made(told, wanted, "patientpaymentid"))


def cash(client: Client) -> None:
    """Record cash."""
    client.carry("athena", "record", _of_patient(client, client.cents()))


def discount(client: Client) -> None:
    """Adjust a charge."""
    client.carry("athena", "adjust", _of_patient(client, client.small_cents()))


def stored_card(client: Client) -> None:
    """Store a card, known by its owner's address.

    One of each patient: two without an answer could not be told from each other at the vendor.
    """
    patient_id = client.patient_without("card")
    if patient_id is not None:
        client.carry("athena", "store_card", Prepared(match=new_key(), patient_id=patient_id))


def athena_plan(client: Client) -> None:
    """Start a plan of a claim that is in none."""
    patient_id = client.patient_without("plan")
    if patient_id is not None:
        cents = client.small_cents()
        wanted = Prepared(match=dollars(cents), patient_id=patient_id, amount_cents=cents)
        client.carry("athena", "start_plan", wanted)


def _of_patient(client: Client, cents: int) -> Prepared:
    patient_id = client.chance.choice(PATIENTS_WITH_CLAIMS)
    return Prepared(match=dollars(cents), patient_id=patient_id, amount_cents=cents)


def _made(told: Told, wanted: Prepared, number: str) -> Prepared:
    """What was made, known by the vendor's number of it."""
    reference = str(told.json[number])
    return Prepared(
        match=reference,
        payment_id=told.payment_id,
        reference=reference,
        patient_id=wanted.patient_id,
        amount_cents=wanted.amount_cents,
    )


def credit(client: Client) -> None:
    """Settle a charge with credit; refund parts of it, some of the time."""
    side, cents = DecodaSide(client.hub), client.cents()
    charge = side.payable(2 * cents)
    wanted = Prepared(match=charge.charge_id, reference=charge.patient_id, amount_cents=cents)
    told = client.carry("decoda", "settle", wanted)
    for part_cents in (cents // 3, cents // 4):
        if client.happens(0.5):
            return
        client.rest(2)
        refund = Prepared(
            match=told.json["id"], payment_id=told.payment_id, amount_cents=part_cents
        )
        client.carry("decoda", "refund", refund)


def decoda_plan(client: Client) -> None:
    """Prepare a plan, which its payer confirms most of the time; cancel it, some of the time."""
    side, cents = DecodaSide(client.hub), client.cents()
    charge = side.charge(cents)
    wanted = Prepared(match=charge.charge_id, reference=charge.patient_id, amount_cents=cents)
    told = client.carry("decoda", "set_up", wanted)
    if client.happens(0.2) or not _confirmed(client, side, told.json):
        return
    if client.happens(0.4):
        client.rest(3)
        plan = Prepared(match=charge.charge_id, payment_id=told.payment_id)
        client.carry("decoda", "cancel", plan)


def _confirmed(client: Client, side: DecodaSide, payin: dict[str, Any]) -> bool:
    """Whether the payer came through: looked up first, for the answer may have been lost."""
    for _ in range(_CONFIRMS_MAX):
        try:
            if side.payin(payin["payinConfigId"])["plan_id"]:
                return True
            side.confirm(payin)
        except UNHEARD:
            client.rest()
    return False


def portal(client: Client) -> None:
    """A patient pays in the portal; the practice reports it posted, now or a while later."""
    reference = MedfusionSide(client.hub).pay(client.cents())
    client.rest(5)
    client.carry("medfusion", "send", Prepared(match=reference, reference=reference))


def looking(client: Client) -> None:
    """Lists, details, plans, receipts and the feed: read, or told to come again."""
    hub, patient = client.hub, Patient(client.chance.choice(PATIENTS_WITH_CLAIMS))
    number, department = patient.patient_id, patient.department_id
    looks: list[Callable[[], httpx.Response]] = [
        lambda: hub.api.send("GET", "/payments", query={"limit": "25"}),
        lambda: DecodaClient(hub.api).plans(limit="5"),
        lambda: hub.athena.receipts(number, department).response,
        lambda: caller_of(hub).poll(max=20),
    ]
    known = [it.payment_id for it in client.notebook.intents[-200:] if it.payment_id]
    if known:
        path = f"/payments/{client.chance.choice(known)}/details"
        looks.append(lambda: hub.api.send("GET", path))
    try:
        answer = client.chance.choice(looks)()
    except UNHEARD:
        return
    later = answer.status_code in (401, 429) or answer.status_code >= 500
    if not answer.is_success and not later:
        client.notebook.complain(f"a look at {answer.url} was told {answer.status_code}")


STORIES: Mapping[Callable[[Client], None], int] = {
    issuer: 6,
    card: 5,
    vendor_payment: 3,
    cash: 2,
    discount: 2,
    stored_card: 1,
    athena_plan: 1,
    credit: 4,
    decoda_plan: 3,
    portal: 3,
    looking: 5,
}
"""Each with its weight."""
