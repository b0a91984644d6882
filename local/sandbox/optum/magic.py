"""Magic amounts: payments of exactly so many cents behave in a special way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Magic:
    """What is special about an amount; `meaning` is what the README says."""

    meaning: str
    refuse_issue: bool = False
    fails_in: str = ""
    stays_in: str = ""
    cashed_percent_when_completed: int = 0
    refuse_void: bool = False


ORDINARY = Magic("nothing special")

MAGIC_AMOUNTS: dict[int, Magic] = {
    402: Magic("the issue is refused: 422, code INSUFFICIENT_FUNDS", refuse_issue=True),
    403: Magic("issued, then Failed in Loading and the money comes back", fails_in="Loading"),
    408: Magic("stays in Loading", stays_in="Loading"),
    409: Magic("every void is refused with 409, whatever the balance says", refuse_void=True),
    410: Magic(
        "wholly cashed by the payee on Completed: balance 0, so a void is refused",
        cashed_percent_when_completed=100,
    ),
    411: Magic(
        "half cashed on Completed: a void takes back the rest", cashed_percent_when_completed=50
    ),
    425: Magic("stays in Created, where a void is refused", stays_in="Created"),
}


def magic(amount_cents: int) -> Magic:
    return MAGIC_AMOUNTS.get(amount_cents, ORDINARY)
