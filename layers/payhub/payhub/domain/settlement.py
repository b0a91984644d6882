"""When a collected payment settles: the next 20:00 in New York, from the payment's own instants."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
CUT_OFF_HOUR = 20


class Window(StrEnum):
    """Where an instant stands before a payment's settlement."""

    OPEN = "open"
    MARGIN = "margin"
    """So close to the cut-off that only the vendor knows on which side its clock is."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """When a payment was taken: at some instant from its call until the answer."""

    earliest_ms: int
    latest_ms: int

    @property
    def is_astride(self) -> bool:
        """Whether the cut-off lies between: then only the vendor's own time of it decides."""
        return cut_off_ms(self.earliest_ms) != cut_off_ms(self.latest_ms)


def cut_off_ms(taken_ms: int) -> int:
    """The first 20:00 in New York after the payment was taken, on either side of a clock change."""
    taken = datetime.fromtimestamp(taken_ms / 1000, NEW_YORK)
    at = taken.replace(hour=CUT_OFF_HOUR, minute=0, second=0, microsecond=0)
    if at <= taken:
        at += timedelta(days=1)  # wall time: 20:00 again, whatever the offset
    return round(at.timestamp()) * 1000


def window(cut_off: int, now_ms: int, margin_seconds: int) -> Window:
    """Whether a void can still succeed, judged with a margin on both sides of the cut-off."""
    margin_ms = margin_seconds * 1000
    if now_ms < cut_off - margin_ms:
        return Window.OPEN
    return Window.MARGIN if now_ms < cut_off + margin_ms else Window.CLOSED


def eastern(at_ms: int) -> str:
    """An instant as the vendor writes it, such as 11/01/2026 20:00:00."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(NEW_YORK)
    return at.strftime("%m/%d/%Y %H:%M:%S")


def in_new_york(at_ms: int) -> str:
    """An instant as people at the practice read it, such as 2026-11-01 20:00 EST."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(NEW_YORK)
    return at.strftime("%Y-%m-%d %H:%M %Z")
