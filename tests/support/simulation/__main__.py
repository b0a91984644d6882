"""make simulate: every fault, every pair, every meeting, many seeds; the table goes into docs/.

With SEED=n one seed is played again, step by step.
"""

import argparse
import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from local.settings import REPOSITORY
from tests.support.simulation import campaign, reference
from tests.support.simulation.campaign import (
    CROWDS,
    MEETING,
    PAIRS,
    SEEDS,
    SINGLES,
    Tally,
    Task,
    meeting_tasks,
    pair_tasks,
    seed_tasks,
    single_tasks,
)
from tests.support.simulation.encounters import MEETINGS
from tests.support.simulation.explore import of_seed, shrunk
from tests.support.simulation.scenario import all_of

PAGE = REPOSITORY / "docs" / "reliability.md"
_BLOCK = re.compile(r"(<!-- make simulate: table -->\n).*?(<!-- end -->)", re.DOTALL)
_SEEDS = 4000
_WRONGS = ("Wrong money", "Not ended", "Otherwise wrong")

Tallies = Mapping[tuple[str, str], Tally]


def main() -> int:
    """Run what is asked for; the exit code says whether anything went wrong."""
    wanted = _wanted()
    if wanted.seed is not None:
        return replay(wanted.seed)
    begun = time.monotonic()
    tallies = campaign.run_all(list(_tasks(wanted)), wanted.jobs)
    minutes = (time.monotonic() - begun) / 60
    text = "\n".join(_report(tallies, minutes, wanted))
    print(text)
    failures = [tally for tally in tallies.values() if tally.wrong]
    for tally in failures:
        print("", f"{tally.kind} {tally.name}:", *tally.told, sep="\n", file=sys.stderr)
    if wanted.only is None and not wanted.quick:
        PAGE.write_text(_BLOCK.sub(lambda it: f"{it[1]}\n{text}\n\n{it[2]}", PAGE.read_text()))
        print(f"\nwritten to {PAGE.relative_to(REPOSITORY)}")
    return 1 if failures else 0


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, help="play one seed again and print its trace")
    parser.add_argument("--seeds", type=int, default=_SEEDS, help="how many seeds to draw")
    parser.add_argument("--only", help="scenarios whose name contains this; writes no page")
    parser.add_argument("--quick", action="store_true", help="without pairs; writes no page")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _tasks(wanted: argparse.Namespace) -> Iterator[Task]:
    names = campaign.names(wanted.only)
    for name in names:
        yield from single_tasks(name, every_call=True)
    for name in MEETINGS:
        if str(MEETINGS[name].scenario) in names:
            yield from meeting_tasks(name)
    if not wanted.quick:
        for name in campaign.flows(names):
            yield from pair_tasks(name)
    if wanted.only is None:
        yield from seed_tasks(wanted.seeds)


def _report(tallies: Tallies, minutes: float, wanted: argparse.Namespace) -> Iterator[str]:
    yield from _heading(*("Scenario", "Calls of ports", "Single faults", "Ordered pairs"), *_WRONGS)
    for name in campaign.names(wanted.only):
        kinds = [tallies[key] for key in ((SINGLES, name), (PAIRS, name)) if key in tallies]
        pairs = tallies.get((PAIRS, name))
        cells = [
            name,
            campaign.points(name, every_call=True),
            tallies[SINGLES, name].runs,
            pairs.runs if pairs else "-",
            *_wrongs(kinds),
        ]
        yield _row(cells)
    yield ""
    yield from _heading("Two processes at once", "Orders of their calls", *_WRONGS)
    for (kind, name), tally in tallies.items():
        if kind == MEETING:
            yield _row([name, tally.runs, *_wrongs([tally])])
    yield ""
    yield from _heading("All together", "Runs", "Faults played", *_WRONGS, "Processor minutes")
    for kind, title in (
        (SINGLES, "single faults"),
        (PAIRS, "ordered pairs"),
        (MEETING, "two at once"),
        (SEEDS, "seeds, several faults each"),
        (CROWDS, "seeds, many callers at once"),
    ):
        kinds = [tally for (each, _), tally in tallies.items() if each == kind]
        faults = sum(tally.faults for tally in kinds)
        spent = sum(tally.seconds for tally in kinds) / 60
        runs = sum(tally.runs for tally in kinds)
        yield _row([title, runs, faults or "-", *_wrongs(kinds), f"{spent:.1f}"])
    yield _row(_baseline())
    yield ""
    yield f"It took {minutes:.0f} minutes on {wanted.jobs} processors."


def _baseline() -> Sequence[object]:
    faults = list(reference.singles())
    wrong = sum(charges != 1 for _, _, charges in faults)
    title = "for comparison: a charge behind Powertools' idempotency utility, single faults"
    return [title, len(faults), len(faults), wrong, 0, 0, "-"]


def _wrongs(tallies: Sequence[Tally]) -> Sequence[int]:
    money = sum(tally.wrong_money for tally in tallies)
    liveness = sum(tally.wrong_liveness for tally in tallies)
    return [money, liveness, sum(tally.wrong for tally in tallies) - money - liveness]


def _heading(first: str, *others: str) -> Iterator[str]:
    yield _row([first, *others])
    yield _row(["---", *("--:" for _ in others)])


def _row(cells: Sequence[object]) -> str:
    told = [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells]
    return f"| {' | '.join(told)} |"


def replay(seed: int) -> int:
    """Play one seed again: its scenario with several faults, and its crowds."""
    result = of_seed(seed)
    crowds = [(title, trace, all_of(wrongs)) for title, trace, wrongs in campaign.crowds_of(seed)]
    print(result, f"ended {result.state}, done {result.moved} time(s)", sep="\n")
    if result.wrong:
        print("with as few faults as it needs:", shrunk(str(result.scenario), result), sep="\n")
    for title, trace, wrong in crowds:
        print("", title, *trace, *wrong, sep="\n")
    everything = [str(result), *(line for _, trace, _ in crowds for line in trace)]
    digest = hashlib.sha256("\n".join(everything).encode()).hexdigest()
    print(f"\nSEED={seed} has the digest {digest[:16]}")
    return 1 if result.wrong or any(wrong for _, _, wrong in crowds) else 0


if __name__ == "__main__":
    sys.exit(main())
