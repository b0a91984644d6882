"""make docs: the tables and diagrams of docs/, written from what the code obeys.

They stand in the pages between `<!-- make docs: NAME -->` and `<!-- end -->`; the rest is prose.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from local.settings import REPOSITORY
from payhub.domain.contract import Contract, Lifecycle
from payhub.domain.lifecycle import ACTION_MOVES, FINAL_STATES
from payhub.domain.payment import STATUS_WITHOUT_VENDOR, ActionState
from payhub.entrypoints.representations import RETRY_ADVICE
from payhub.vendors import VENDORS

_FOLDER = REPOSITORY / "docs"
_BLOCK = re.compile(r"(<!-- make docs: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> dict[Path, str]:
    """File -> what should stand in it. Raises KeyError for a block that nobody writes."""
    tables = blocks()
    return {
        path: _BLOCK.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n\n{found[3]}", text)
        for path in sorted(_FOLDER.rglob("*.md"))
        for text in [path.read_text()]
    }


def blocks() -> dict[str, str]:
    """Name -> table or diagram."""
    found = {
        "action diagram": _diagram(_action_edges()),
        "action moves": _action_moves(),
        "action states": _action_states(),
        "contracts": _contracts(),
        "expected ends": _expected_ends(),
    }
    for vendor in VENDORS:
        lifecycle = _lifecycle_of(vendor)
        found[f"{vendor} diagram"] = _diagram(_vendor_edges(lifecycle))
        found[f"{vendor} statuses"] = _statuses(lifecycle)
        found[f"{vendor} guards"] = _guards(lifecycle)
    return found


def _action_edges() -> Iterator[str]:
    for before, moves in ACTION_MOVES.items():
        for after in moves:
            yield f"{'[*]' if before is None else before.value} --> {after.value}"


def _action_moves() -> str:
    return _table(
        ("From", "To", "When"),
        (
            (_code(before), _code(after), why)
            for before, moves in ACTION_MOVES.items()
            for after, why in moves.items()
        ),
    )


def _action_states() -> str:
    return _table(
        ("State", "Open", "Final", "Status", "Is a retry safe?"), map(_action_state, ActionState)
    )


def _action_state(state: ActionState) -> Sequence[str]:
    safe, why = RETRY_ADVICE[state]
    return (
        _code(state),
        _yes(state.is_open),
        _yes(state in FINAL_STATES),
        _code(STATUS_WITHOUT_VENDOR[state]),
        f"{_yes(safe)}: {why}",
    )


def _statuses(lifecycle: Lifecycle) -> str:
    """Every word of the vendor, with what follows by itself."""
    words = lifecycle.resting | lifecycle.moves.keys()
    words |= {word for moves in lifecycle.moves.values() for word in moves}
    return _table(
        ("Status", "May go on to, by itself", "Resting", "Money is back"),
        (
            (
                _code(word),
                _codes(lifecycle.moves.get(word, ())),
                _yes(word in lifecycle.resting),
                _yes(word in lifecycle.money_back),
            )
            for word in sorted(words)
        ),
    )


def _guards(lifecycle: Lifecycle) -> str:
    return _table(
        ("Verb", "Allowed in", "Needs a balance", "Proven applied by"),
        (
            (
                _code(verb),
                _codes(guard.statuses),
                _yes(guard.needs_balance),
                _codes(lifecycle.applied[verb]),
            )
            for verb, guard in lifecycle.guards.items()
        ),
    )


def _vendor_edges(lifecycle: Lifecycle) -> Iterator[str]:
    """Own moves, then the verbs; a verb proven by several statuses leads to a state of its name.

    One that no status proves leaves the status as it is.
    """
    for before, moves in lifecycle.moves.items():
        yield from (f"{before} --> {after}" for after in sorted(moves))
    for verb, guard in lifecycle.guards.items():
        applied = lifecycle.applied[verb]
        if not applied:
            yield from (f"{same} --> {same}: {verb}" for same in sorted(guard.statuses))
            continue
        goal = next(iter(applied)) if len(applied) == 1 else f"{verb}d"
        yield from (f"{before} --> {goal}: {verb}" for before in sorted(guard.statuses))
        if len(applied) > 1:
            yield f"{goal}: {verb}d, then any status that proves it"


def _rows() -> list[Contract]:
    return [row for vendor in VENDORS for row in _contracts_of(vendor).values()]


def _contracts() -> str:
    return _table(
        (
            *("Vendor", "Verb", "Operation", "Acknowledged", "Lookup", "Resend"),
            *("Late apply", "Duplicate window", "Cut-off", "Queueable", "Carries a card"),
            "Amount unit",
        ),
        map(_contract, _rows()),
    )


def _expected_ends() -> str:
    """A table for each vendor, or it would be too wide to read."""
    return "\n\n".join(
        f"Of {vendor}:\n\n" + _expected_ends_of(list(_contracts_of(vendor).values()))
        for vendor in VENDORS
    )


def _expected_ends_of(rows: Sequence[Contract]) -> str:
    faults = sorted({fault for row in rows for fault in row.expected_ends})
    return _table(
        ("Fault", *(_code(row.verb) for row in rows)),
        (
            (_code(fault), *(_codes(row.expected_ends.get(fault, ())) for row in rows))
            for fault in faults
        ),
    )


def _contract(row: Contract) -> Sequence[str]:
    bound, window = row.late_apply_bound_seconds, row.duplicate_window_seconds
    return (
        *(row.vendor, _code(row.verb), _code(row.operation), _code(row.acknowledged)),
        *(_code(row.lookup), _code(row.resend), "none" if bound is None else f"{bound} s"),
        *("none" if window is None else f"{window} s", row.cut_off or "none"),
        *(_yes(row.queueable), _yes(row.carries_card), row.amount_unit),
    )


def _contracts_of(vendor: str) -> Mapping[str, Contract]:
    contracts: Mapping[str, Contract] = import_module(f"payhub.vendors.{vendor}.contract").CONTRACTS
    return contracts


def _lifecycle_of(vendor: str) -> Lifecycle:
    lifecycle: Lifecycle = import_module(f"payhub.vendors.{vendor}.contract").LIFECYCLE
    return lifecycle


def _diagram(edges: Iterable[str]) -> str:
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"  {edge}" for edge in edges), "```"])


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _codes(words: Iterable[str]) -> str:
    return ", ".join(map(_code, sorted(words))) or "-"


def _code(word: str | None) -> str:
    return "(new)" if word is None else f"`{word}`"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def main() -> None:
    """Write the pages that differ."""
    for path, text in pages().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
