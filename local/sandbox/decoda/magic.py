"""Magic amounts: payments of exactly so many cents behave in a special way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Magic:
    """What is special about an amount; `meaning` is what the README says."""

    meaning: str
    declined: str = ""
    stays_processing: bool = False
    refuse_refund: bool = False
    refund_fails: bool = False
    bank_refuses: str = ""
    returned: str = ""
    refuse_credit: bool = False


ORDINARY = Magic("nothing special")
RETURNED = "R01 - Insufficient Funds"

MAGIC_AMOUNTS: dict[int, Magic] = {
    402: Magic("a card or bank account is declined: INSUFFICIENT_FUNDS", "INSUFFICIENT_FUNDS"),
    403: Magic("a card or bank account is declined: DO_NOT_HONOR", "DO_NOT_HONOR"),
    408: Magic("stays in PROCESSING", stays_processing=True),
    409: Magic("every refund is refused with 400", refuse_refund=True),
    410: Magic(
        "a refund is taken, then FAILED; no money goes back (credit is refunded all the same)",
        refund_fails=True,
    ),
    412: Magic(
        f"by ACH: returned two days after it succeeded: {RETURNED}",
        returned=RETURNED,
    ),
    413: Magic(
        "by ACH: FAILED instead of SUCCEEDED: R03 - No Account",
        bank_refuses="R03 - No Account",
    ),
    422: Magic("settling with credit is refused with 400", refuse_credit=True),
}


def magic(amount_cents: int) -> Magic:
    return MAGIC_AMOUNTS.get(amount_cents, ORDINARY)
