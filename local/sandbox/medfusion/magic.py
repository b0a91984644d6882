"""Magic amounts: portal payments of exactly so many cents behave in a special way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Magic:
    """What is special about an amount; `meaning` is what the README says."""

    meaning: str
    ends_in_error: str = ""
    stays_processing: bool = False
    forgets_status: bool = False
    overlap_seconds: float = 0
    loses_location: bool = False
    refuse_post: bool = False
    later_seconds: float = 0


ORDINARY = Magic("nothing special")
_NOT_FOUND, _CLOSED = "The payment was not found.", "The patient's account is closed."

MAGIC_AMOUNTS: dict[int, Magic] = {
    404: Magic(f"an update ends in ERROR: {_NOT_FOUND}", ends_in_error=_NOT_FOUND),
    408: Magic("an update stays in PROCESSING and is never applied", stays_processing=True),
    409: Magic(f"an update ends in ERROR: {_CLOSED}", ends_in_error=_CLOSED),
    410: Magic(
        "an update is applied, then its processing status is forgotten: 404", forgets_status=True
    ),
    411: Magic(
        "polled again by every `since` that is less than a minute after it", overlap_seconds=60
    ),
    412: Magic("an update is accepted without a `Location` header", loses_location=True),
    422: Magic("an update is refused at once with 400", refuse_post=True),
    425: Magic("an update stays in PROCESSING for a minute longer", later_seconds=60),
}


def magic(amount_cents: int) -> Magic:
    return MAGIC_AMOUNTS.get(amount_cents, ORDINARY)
