"""Both books of a running stack: what the hub says of its payments, what the vendors have done."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.support.athena_side import AthenaSide
from tests.support.chaos.books import Account, Line
from tests.support.decoda_side import DecodaSide
from tests.support.fault_table import contracts, payments_of
from tests.support.hub import Hub, Json
from tests.support.medfusion_client import MedfusionSide

VENDORS = ("optum", "athena", "decoda", "medfusion")
OPERATIONS = {(row.vendor, row.verb): row.operation for row in contracts()}
"""Contract rows of what the hub does at a vendor: (vendor, verb) -> operation."""

_MOVEMENTS = {
    **OPERATIONS,
    ("decoda", "take"): "plan_payment",
    ("medfusion", "receive"): "portal_payment",
    ("medfusion", "post"): "update_portal_payments",
}
"""(vendor, verb) -> the operation of its line in the vendors' book."""

_WITHOUT_LINE = frozenset({("decoda", "set_up"), ("medfusion", "send")})
"""Harmless twice: what counts is that the payer gets one session, that the payments are posted."""

_OUT = frozenset(
    {
        *(("optum", verb) for verb in ("issue", "release", "reissue")),
        *(("athena", verb) for verb in ("void", "refund", "adjust")),
        *(("decoda", verb) for verb in ("refund", "cancel")),
    }
)
_MOVE_NO_MONEY = frozenset({"store_card", "cancel", "post"})
_FELL_THROUGH = frozenset({"FAILED", "CANCELED"})
_READERS = 4


def accounts_of(hub: Hub) -> list[Account]:
    """Every payment of the tenant, as its details tell it."""
    with ThreadPoolExecutor(_READERS) as readers:
        details = readers.map(lambda it: hub.api.details(it["paymentId"]), payments_of(hub))
        return [account_of(it) for it in details]


def account_of(details: Json) -> Account:
    """What the details of a payment say has moved, and what is unfinished."""
    return Account(
        payment_id=details["paymentId"],
        operation=f"{details['vendor']} {details['operation']}",
        moved=tuple(_moved(details)),
        unfinished=tuple(_unfinished(details)),
    )


def line_of(vendor: str, verb: str, reference: str, cents: int) -> Line:
    """The line that a verb leaves in the vendors' book."""
    direction = "out" if (vendor, verb) in _OUT else "in"
    cents = 0 if verb in _MOVE_NO_MONEY else cents
    # The movement goes by the receipt of the down payment, which the vendor's list lacks.
    reference = "" if verb == "start_plan" else reference
    return Line(vendor, _MOVEMENTS[vendor, verb], reference, cents, direction)


def _moved(details: Json) -> Iterator[Line]:
    vendor, done = details["vendor"], [it for it in details["actions"] if it["state"] == "done"]
    amounts = iter([it["amountCents"] for it in _standing_refunds(details)])
    for verb in [it["verb"] for it in done]:
        if (vendor, verb) in _WITHOUT_LINE or _is_without_money(details, verb):
            continue
        is_part = (vendor, verb) == ("decoda", "refund")
        cents = next(amounts, 0) if is_part else details["amountCents"]
        yield line_of(vendor, verb, details["vendorReference"] or "", cents)


def _standing_refunds(details: Json) -> list[Json]:
    return [it for it in details["refunds"] if it["status"] not in _FELL_THROUGH]


def _is_without_money(details: Json, verb: str) -> bool:
    """What was issued on hold is paid by its release; what fell through was never taken."""
    if verb == "issue":
        released = [it for it in details["actions"] if it["verb"] == "release"]
        return details["status"] == "Held" or any(it["state"] == "done" for it in released)
    return verb == "take" and details["status"] in _FELL_THROUGH


def _unfinished(details: Json) -> Iterator[str]:
    for action in details["actions"]:
        if action["state"] in ("sending", "queued", "unknown", "needs_review", "not_sent"):
            said = [it["reason"] for it in details["history"] if it["subject"] == action["verb"]]
            yield f"{action['verb']} is {action['state']} ({said[-1] if said else 'no reason'})"
    if details["vendor"] != "decoda":
        return
    refunds = len(_standing_refunds(details))
    done = sum(it["verb"] == "refund" and it["state"] == "done" for it in details["actions"])
    if refunds != done:
        yield f"the vendor shows {refunds} refunds, the hub carried out {done}"


def book_of(hub: Hub) -> list[Line]:
    """What the vendors did: the truth book, and beside it what moves no money."""
    moved = [
        Line(vendor, it.operation, it.reference, it.amount_cents, it.direction)
        for vendor in VENDORS
        for it in hub.sandbox_of(vendor).ledger()
    ]
    return [*moved, *_stored_cards(hub), *_cancelled_plans(hub), *_posted(hub)]


def _stored_cards(hub: Hub) -> Iterator[Line]:
    receipts = [it for account in AthenaSide(hub).accounts() for it in account["receipts"]]
    for receipt in receipts:
        if receipt["type"] == "AUTHORIZATION":
            yield line_of("athena", "store_card", str(receipt["epaymentid"]), 0)


def _cancelled_plans(hub: Hub) -> Iterator[Line]:
    """A plan that began, and whose charge is in none any more."""
    books = DecodaSide(hub).books()
    charges = {it["charge_id"]: it for patient in books["patients"] for it in patient["charges"]}
    for payin in books["payins"]:
        if payin["plan_id"] and charges[payin["charge_ids"][0]]["plan_id"] is None:
            yield line_of("decoda", "cancel", payin["payin_config_id"], 0)


def _posted(hub: Hub) -> Iterator[Line]:
    for payment in MedfusionSide(hub).portal_payments():
        if payment["status"] == "POSTED":
            yield line_of("medfusion", "post", payment["payment_id"], 0)
