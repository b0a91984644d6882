"""Magic amounts and test cards: the total of a payment, or a card's last four digits, decide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Magic:
    """What is special about an amount; `meaning` is what the README says."""

    meaning: str
    errortext: str = ""
    settles_at_once: bool = False
    refuse_posting: bool = False


ORDINARY = Magic("nothing special")

MAGIC_AMOUNTS: dict[int, Magic] = {
    402: Magic("a card is declined: INSUFFICIENT FUNDS", errortext="INSUFFICIENT FUNDS"),
    403: Magic("a card is declined: DECLINED CVV2", errortext="DECLINED CVV2"),
    409: Magic(
        "collected and settled at once, so a void is refused whatever the time",
        settles_at_once=True,
    ),
    422: Magic(
        "cannot be posted: recordpayment answers success false, a vendor payment 400",
        refuse_posting=True,
    ),
}

# The usual test numbers end so: 4000000000000002, 4000000000000069, ...
DECLINED_CARDS: dict[str, str] = {
    "0002": "DECLINED",
    "0069": "EXPIRED CARD",
    "0119": "PROCESSING ERROR",
    "0127": "DECLINED CVV2",
    "9995": "INSUFFICIENT FUNDS",
}


def magic(amount_cents: int) -> Magic:
    return MAGIC_AMOUNTS.get(amount_cents, ORDINARY)
