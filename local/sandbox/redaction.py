"""Card numbers never reach a log or a disk, wherever in a request they were written."""

from __future__ import annotations

import re

# A whole track, with the name and whatever else the card's issuer wrote on it.
_TRACK = re.compile(r"(?:%B|;)[0-9]{13,19}[\^=][^?]*\?")
# Digits of a card's length on their own or in groups; hexadecimal ids and UUIDs are none.
_UUID = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
_DIGITS = r"(?:(?<=%B)|(?<![0-9A-Za-z]))[0-9](?:[ +-]?[0-9]){12,18}(?![0-9A-Za-z])"
_NUMBER = re.compile(f"(?P<uuid>{_UUID})|{_DIGITS}")


def masked(text: str) -> str:
    """The text without tracks, and with card numbers reduced to their last four digits."""
    return _NUMBER.sub(_mask, _TRACK.sub("****", text))


def passes_check_digit(digits: str) -> bool:
    """Whether the last digit is the right one for a card number (Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += sum(divmod(int(digit) * (1 + place % 2), 10))
    return total % 10 == 0


def _mask(found: re.Match[str]) -> str:
    if found["uuid"]:
        return found[0]
    digits = re.sub("[^0-9]", "", found[0])
    return f"****{digits[-4:]}" if passes_check_digit(digits) else found[0]
