"""The hub's books beside the vendors': every movement belongs to one payment, to the cent."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Line:
    """One movement, in the vendor's words; 0 cents where something was done that moves no money.

    The hub does not know the vendor's reference of every movement; there it is empty.
    """

    vendor: str
    operation: str
    reference: str
    cents: int
    direction: str

    def __str__(self) -> str:
        where = f" under {self.reference}" if self.reference else ""
        return f"{self.vendor} {self.operation} {self.direction} {self.cents} cents{where}"

    def is_told_by(self, said: "Line") -> bool:
        """Whether this line of the vendor's is what the hub says."""
        mine = (self.vendor, self.operation, self.cents, self.direction)
        told = (said.vendor, said.operation, said.cents, said.direction)
        return mine == told and said.reference in ("", self.reference)


@dataclass(frozen=True)
class Account:
    """A payment of the hub: what it says has moved, and in words what is not at its end."""

    payment_id: str
    operation: str
    moved: tuple[Line, ...] = ()
    unfinished: tuple[str, ...] = ()


@dataclass(frozen=True)
class Total:
    """Count and cents of one operation in one direction, on both sides."""

    vendor: str
    operation: str
    direction: str
    hub_count: int
    hub_cents: int
    vendor_count: int
    vendor_cents: int

    @property
    def is_equal(self) -> bool:
        """Same count, same cents."""
        return (self.hub_count, self.hub_cents) == (self.vendor_count, self.vendor_cents)


def differences(accounts: Sequence[Account], book: Sequence[Line]) -> list[str]:
    """Every disagreement between the hub and the vendors' book, as a sentence."""
    said = [
        f"payment {account.payment_id} ({account.operation}) is unfinished: {words}"
        for account in accounts
        for words in account.unfinished
    ]
    missing, left = _matched(accounts, book)
    said += _missing(missing, left)
    said += _unheld(accounts, left)
    said += [
        f"{it.vendor} {it.operation} {it.direction}: the hub counts {it.hub_count} with"
        f" {it.hub_cents} cents, the vendor {it.vendor_count} with {it.vendor_cents} cents"
        for it in totals(accounts, book)
        if not it.is_equal
    ]
    return said


def totals(accounts: Sequence[Account], book: Sequence[Line]) -> list[Total]:
    """Both sides by vendor, operation and direction."""
    hub = [line for account in accounts for line in account.moved]
    names = sorted({(it.vendor, it.operation, it.direction) for it in (*hub, *book)})
    return [Total(*name, *_sum(hub, name), *_sum(book, name)) for name in names]


def _sum(lines: Sequence[Line], name: tuple[str, str, str]) -> tuple[int, int]:
    cents = [it.cents for it in lines if (it.vendor, it.operation, it.direction) == name]
    return len(cents), sum(cents)


def _matched(
    accounts: Sequence[Account], book: Sequence[Line]
) -> tuple[list[tuple[Account, Line]], Counter[Line]]:
    """What the hub says and no line shows, and the lines that are left; named ones come first."""
    left = Counter(book)
    said = [(account, line) for account in accounts for line in account.moved]
    said.sort(key=lambda it: it[1].reference == "")
    missing = []
    for account, line in said:
        found = next((it for it in left if it.is_told_by(line)), None)
        if found is None:
            missing.append((account, line))
        else:
            left -= Counter([found])
    return missing, left


def _missing(missing: Sequence[tuple[Account, Line]], left: Counter[Line]) -> Iterator[str]:
    for account, line in missing:
        name = f"payment {account.payment_id} ({account.operation})"
        other = next((it for it in left if _differs_in_cents(it, line)), None)
        if other is None:
            yield f"{name} says {line}, which the vendor never moved"
        else:
            left -= Counter([other])
            yield f"{name} says {line}, but the vendor moved {other.cents} cents"


def _differs_in_cents(line: Line, said: Line) -> bool:
    mine = (line.vendor, line.operation, line.reference, line.direction)
    return mine == (said.vendor, said.operation, said.reference, said.direction)


def _unheld(accounts: Sequence[Account], left: Counter[Line]) -> Iterator[str]:
    for line, times in sorted(left.items()):
        holder = next((it for it in accounts if any(line.is_told_by(m) for m in it.moved)), None)
        if holder is None:
            yield f"no payment of the hub holds {line}" + (f", {times} times" if times > 1 else "")
        else:
            yield f"payment {holder.payment_id} ({holder.operation}) moved once too often: {line}"
