"""The documented rules of the card fields, and whether the processor takes the card."""

from __future__ import annotations

from dataclasses import dataclass

from local.sandbox.athena import wire
from local.sandbox.athena.cards import Card
from local.sandbox.athena.forms import Form
from local.sandbox.athena.magic import DECLINED_CARDS
from local.sandbox.athena.refusals import invalid

_NAME_MAX, _ADDRESS_MAX = 30, 20
_NOT_WITH_TRACK = "must not come together with trackdata"
_MONTHS = range(1, 13)
_YEARS = range(2000, 2100)
_WITHOUT_TRACK = (
    "accountnumber",
    "nameoncard",
    "expirationmonthmm",
    "expirationyearyyyy",
    "billingaddress",
    "billingzip",
)


@dataclass(frozen=True)
class Presented:
    """A card that was given in the right form; `declined` is the processor's text if it says no."""

    card: Card
    declined: str


def needed(form: Form, *, to_store: bool = False) -> list[str]:
    """The fields that a card asks for; to store one, some more."""
    names = [] if form.has("trackdata") else list(_WITHOUT_TRACK)
    if to_store:
        names += [name for name in ("billingaddress", "billingzip") if name not in names]
    by_number = to_store and form.has("accountnumber")
    if by_number or form.flag("ecommercemode"):
        names.append("cardsecuritycode")
    return names


def present(form: Form, now_ms: int) -> Presented:
    """Check the form of the fields; raises Refused."""
    if form.has("trackdata"):
        _refuse_with_track(form)
    given = form.card
    for name, rule in (
        ("accountnumber", given.number_rule),
        ("trackdata", given.track_rule),
        ("cardsecuritycode", given.code_rule),
    ):
        if rule:
            raise invalid(name, rule)
    form.text("nameoncard", _NAME_MAX)
    form.text("billingaddress", _ADDRESS_MAX)
    expiry = given.expiry or _expiry(form)
    return Presented(Card(given.brand, given.last4), _declined(form, expiry, now_ms))


def _refuse_with_track(form: Form) -> None:
    if form.has("accountnumber"):
        raise invalid("accountnumber", _NOT_WITH_TRACK)
    if form.flag("ecommercemode"):
        raise invalid("ecommercemode", _NOT_WITH_TRACK)


def _expiry(form: Form) -> str:
    month, year = form.integer("expirationmonthmm"), form.integer("expirationyearyyyy")
    if month not in _MONTHS:
        raise invalid("expirationmonthmm", "must be a month, MM")
    if year not in _YEARS:
        raise invalid("expirationyearyyyy", "must be a year, YYYY")
    return f"{year}-{month:02d}"


def _declined(form: Form, expiry: str, now_ms: int) -> str:
    if not form.card.passes_check_digit:
        return "INVALID CARD NUMBER"
    if not form.card.brand:
        return "SERV NOT ALLOWED"
    if expiry < wire.today(now_ms).strftime("%Y-%m"):
        return "EXPIRED CARD"
    return DECLINED_CARDS.get(form.card.last4, "")
