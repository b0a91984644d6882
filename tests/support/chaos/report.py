"""What a run has to show, as tables for the terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence

from local import show
from tests.support.chaos.books import Total, totals
from tests.support.chaos.closing import Ending, Review
from tests.support.chaos.intents import Notebook
from tests.support.chaos.killer import KINDS, RESTART

_MADE_BY_OTHERS = {"plan_payment": "by payers", "portal_payment": "by patients"}


def tables(notebook: Notebook, ending: Ending, kills: Mapping[str, int]) -> str:
    """Operations, what died, what needed a person."""
    return "\n\n".join([_operations(notebook, ending), _killed(kills), _reviews(ending.reviews)])


def _operations(notebook: Notebook, ending: Ending) -> str:
    """One row for each operation that was asked for, or moved."""
    sums = {(it.vendor, it.operation): it for it in totals(ending.accounts, ending.book)}
    asked = dict.fromkeys((it.vendor, it.operation) for it in notebook.intents)
    rows = [_row(notebook, name, sums.get(name)) for name in sorted({*asked, *sums})]
    headings = ["vendor", "operation", "wanted", "requests", "accepted"]
    headings += ["hub", "vendor", "hub, cents", "vendor, cents", "equal"]
    return show.table(headings, rows)


def _row(notebook: Notebook, name: tuple[str, str], total: Total | None) -> list[object]:
    intents = [it for it in notebook.intents if (it.vendor, it.operation) == name]
    asked: list[object] = [_MADE_BY_OTHERS.get(name[1], "-"), "-", "-"]
    if intents:
        accepted = sum(it.is_accepted for it in intents)
        asked = [len(intents), sum(it.requests for it in intents), accepted]
    if total is None:
        return [*name, *asked, *["-"] * 5]
    moved = [total.hub_count, total.vendor_count, total.hub_cents, total.vendor_cents]
    return [*name, *asked, *moved, "yes" if total.is_equal else "NO"]


def _killed(kills: Mapping[str, int]) -> str:
    rows = [[kind, "TERM, restart" if kind == RESTART else "KILL", kills[kind]] for kind in KINDS]
    return show.table(["what died", "by", "processes"], rows)


def _reviews(reviews: Sequence[Review]) -> str:
    counted = Counter((it.vendor, it.verb, it.reason, it.resolution) for it in reviews)
    if not counted:
        return "No payment needed a person."
    rows = [[*name, times] for name, times in sorted(counted.items())]
    return show.table(["vendor", "verb", "needed a person", "who found", "payments"], rows)
