"""A payment card: what is kept of it (brand, last four digits) and what never is.

Everything secret or personal about a card is SecretStr and lives in one request: it is never
stored, queued, logged, hashed or put into an error.
"""

import re
from dataclasses import dataclass

from pydantic import SecretStr

_BRANDS = {
    "VI": re.compile("4"),
    "MC": re.compile("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"),
    "AX": re.compile("3[47]"),
    "DS": re.compile("6011|64[4-9]|65"),
}
_LENGTHS = {"VI": (13, 16, 19), "MC": (16,), "AX": (15,), "DS": (16, 17, 18, 19)}
_LONGEST = 19
_NUMBER = re.compile(r"[0-9]{12,19}", re.ASCII)
_TRACK_NUMBER = re.compile(r"(?:%B|;)([0-9]{12,19})[\^=]", re.ASCII)
_GROUPS = re.compile(r"[0-9]{3,}(?:[ .-]{1,2}[0-9]{3,})*", re.ASCII)
"""Digits as cards are written: in one piece, or in groups of three and more."""

_IDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9a-f]*[a-f])[0-9a-f]{24,}",
    re.ASCII | re.IGNORECASE,
)
"""UUIDs and other hexadecimal ids: long enough for a card number to stand in one by chance."""

_TRACK = re.compile(r"%B[0-9]{12,19}\^|;[0-9]{12,19}=", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card was presented with; kept nowhere."""

    account_number: SecretStr | None = None
    track_data: SecretStr | None = None
    security_code: SecretStr | None = None
    expiration_month: SecretStr | None = None
    expiration_year: SecretStr | None = None
    name: SecretStr | None = None
    billing_address: SecretStr | None = None
    billing_zip: SecretStr | None = None
    email: SecretStr | None = None

    @property
    def face(self) -> "CardFace":
        """What may be kept of it."""
        if self.account_number is not None:
            return face_of(self.account_number.get_secret_value())
        track = self.track_data.get_secret_value() if self.track_data else ""
        found = _TRACK_NUMBER.search(track)
        return face_of(found.group(1) if found else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFace:
    """What may be kept of a card; both empty where no number was given.

    Brands are VI, MC, AX and DS, as receipts abbreviate them; empty for any other.
    """

    brand: str
    last4: str


def face_of(number: str) -> CardFace:
    """Brand and last four digits of a card number."""
    if _NUMBER.fullmatch(number) is None:
        return CardFace(brand="", last4="")
    return CardFace(brand=_brand(number), last4=number[-4:])


def is_card_number(text: str) -> bool:
    """Whether the text is made like a card number: 12 to 19 digits, nothing else."""
    return _NUMBER.fullmatch(text) is not None


def is_track(text: str) -> bool:
    """Whether the text is swipe data with its sentinels and a number in it."""
    return _TRACK_NUMBER.search(text) is not None and text.rstrip().endswith("?")


def holds_card_number(text: str) -> bool:
    """Whether a card number or swipe data stands anywhere in the text, spaced and dashed too.

    A number counts when it has a brand's first digits and length, and the right check digit,
    whatever other digits stand beside it.
    """
    if _TRACK.search(text):
        return True
    rest = _IDS.sub(" ", text)
    return any(_has_card(re.findall("[0-9]+", found)) for found in _GROUPS.findall(rest))


def _has_card(groups: list[str]) -> bool:
    """Whether some groups that follow each other make a card number."""
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) > _LONGEST:
                break
            if len(digits) in _LENGTHS.get(_brand(digits), ()) and _passes_check_digit(digits):
                return True
    return False


def _brand(number: str) -> str:
    return next((name for name, start in _BRANDS.items() if start.match(number)), "")


def _passes_check_digit(digits: str) -> bool:
    """The Luhn check."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004
    return total % 10 == 0
