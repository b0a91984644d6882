"""Cards: a number is read here, reduced to brand and last four digits, and forgotten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.sandbox.redaction import passes_check_digit

SECRET_FIELDS = ("accountnumber", "trackdata", "cardsecuritycode")
BRAND_NAMES = {
    "VI": "Visa",
    "MC": "MasterCard",
    "AX": "American Express",
    "DS": "Discover",
}
_BRANDS = {
    "VI": re.compile("4"),
    "MC": re.compile("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"),
    "AX": re.compile("3[47]"),
    "DS": re.compile("6011|64[4-9]|65"),
}
_NUMBER = re.compile("[0-9]{13,19}")
_CODE = re.compile("[0-9]{3,4}")
# Both tracks of a swipe, with their sentinels: number and expiry as YYMM.
_TRACK = re.compile(
    r"%B(?P<number1>[0-9]{13,19})\^[^^]{2,26}\^(?P<expiry1>[0-9]{4})[^?]*\?.*"
    r"|;(?P<number2>[0-9]{13,19})=(?P<expiry2>[0-9]{4})[0-9]*\?"
)


@dataclass(frozen=True)
class Card:
    """What may be kept of a card."""

    brand: str
    last4: str


@dataclass(frozen=True)
class Given:
    """What came in the secret fields of a request, without the secrets.

    `number_rule`, `track_rule` and `code_rule` say what is wrong with a field; `expiry` is the
    track's YYYY-MM.
    """

    brand: str = ""
    last4: str = ""
    passes_check_digit: bool = False
    expiry: str = ""
    number_rule: str = ""
    track_rule: str = ""
    code_rule: str = ""


def read(fields: Mapping[str, str]) -> Given:
    """Take what may be known from the secret fields."""
    number, track, code = (fields.get(name, "") for name in SECRET_FIELDS)
    code_rule = "must be 3 or 4 digits" if code and not _CODE.fullmatch(code) else ""
    if track:
        swipe = _TRACK.fullmatch(track)
        if swipe is None:
            rule = "must be a whole track with its sentinels"
            return Given(track_rule=rule, code_rule=code_rule)
        number = swipe["number1"] or swipe["number2"]
        expiry = swipe["expiry1"] or swipe["expiry2"]
        return _known(number, f"20{expiry[:2]}-{expiry[2:]}", code_rule)
    if number and not _NUMBER.fullmatch(number):
        return Given(number_rule="must be 13 to 19 digits", code_rule=code_rule)
    return _known(number, "", code_rule)


def _known(number: str, expiry: str, code_rule: str) -> Given:
    brand = next((name for name, start in _BRANDS.items() if start.match(number)), "")
    return Given(brand, number[-4:], passes_check_digit(number), expiry, code_rule=code_rule)
