"""make simulate-mutants: each guard of the product is taken away, and an oracle must notice.

A known killer is played first, else one is searched; the table goes into docs/.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.settings import REPOSITORY
from tests.support.simulation.mutants import MUTANTS
from tests.support.simulation.mutants.cases import Case, case_of
from tests.support.simulation.mutants.mutant import Mutant

PAGE = REPOSITORY / "docs" / "reliability.md"
KILLERS = Path(__file__).with_name("killers.json")
_BLOCK = re.compile(r"(<!-- make simulate-mutants: table -->\n).*?(<!-- end -->)", re.DOTALL)
_SEARCH_SECONDS, _WORDS_MAX = 120.0, 120


@dataclass(frozen=True)
class Death:
    """How a mutant died; `case` is None where it did not. `broken` runs kill nothing."""

    mutant: Mutant
    case: Case | None
    kind: str
    sentence: str
    runs: int
    broken: Sequence[str]


def main() -> int:
    """Kill them all; the exit code says whether one survived."""
    wanted = _wanted()
    begun = time.monotonic()
    mutants = [it for name, it in MUTANTS.items() if wanted.only is None or wanted.only in name]
    for mutant in mutants:
        mutant.check()
    hints = {} if wanted.search else known_killers()
    deaths = _all_killed(mutants, hints, wanted.seconds, wanted.jobs)
    alive = [death for death in deaths if death.case is None]
    false = [death for death in deaths if death.case and _is_wrong_anyway(death.case, death.mutant)]
    seconds = time.monotonic() - begun
    text = "\n".join([*_table(deaths), "", _summary(deaths, alive, seconds, wanted.jobs)])
    print(text)
    for death in alive:
        print(f"survived {death.runs} runs: {death.mutant.name}")
    for death in false:
        print(f"fails with the guard in place too: {death.mutant.name}: {death.case}")
    if wanted.only is None and not alive and not false:
        PAGE.write_text(_BLOCK.sub(lambda it: f"{it[1]}\n{text}\n\n{it[2]}", PAGE.read_text()))
        print(f"\nwritten to {PAGE.relative_to(REPOSITORY)}")
    return 1 if alive or false else 0


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate-mutants", description=__doc__)
    parser.add_argument("--only", help="mutants whose name contains this; writes no page")
    parser.add_argument("--search", action="store_true", help="without the known killers")
    parser.add_argument(
        "--seconds", type=float, default=_SEARCH_SECONDS, help="to search for one killer"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def known_killers() -> dict[str, Mapping[str, Any]]:
    """What killed each mutant the last time, by its name."""
    kept: dict[str, Mapping[str, Any]] = json.loads(KILLERS.read_text())
    return kept


def _keep(deaths: Sequence[Death]) -> None:
    kept = {name: case for name, case in known_killers().items() if name in MUTANTS}
    kept |= {death.mutant.name: death.case.as_json() for death in deaths if death.case}
    in_order = {name: kept[name] for name in sorted(kept)}
    KILLERS.write_text(json.dumps(in_order, indent=1) + "\n")


def _all_killed(
    mutants: Sequence[Mutant], hints: Mapping[str, Mapping[str, Any]], seconds: float, jobs: int
) -> list[Death]:
    found: dict[str, Death] = {}
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(killed, it, hints.get(it.name), seconds) for it in mutants]
        for number, future in enumerate(as_completed(futures), start=1):
            death = future.result()
            found[death.mutant.name] = death
            _keep([death])
            told = f"killed by {death.case}" if death.case else f"survives {death.runs} runs"
            line = f"{number} of {len(futures)}: {death.mutant.name} {told}"
            print(line, *death.broken, sep="\n    ", file=sys.stderr, flush=True)
    return [found[mutant.name] for mutant in mutants]


def killed(mutant: Mutant, hint: Mapping[str, Any] | None, seconds: float) -> Death:
    """Its death, played in a process of its own. Raises CalledProcessError where it cannot run."""
    with mutant.as_package() as folder:
        command = [sys.executable, "-m", "tests.support.simulation.mutants.search", mutant.name]
        command += ["--package", str(folder), "--seconds", str(seconds)]
        command += [] if hint is None else ["--hint", json.dumps(hint)]
        path = os.pathsep.join([str(folder), str(REPOSITORY / "functions"), str(REPOSITORY)])
        said = subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    told: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    case = None if told["case"] is None else case_of(told["case"])
    kind, sentence = told.get("kind", ""), told.get("sentence", "")
    return Death(mutant, case, kind, sentence, told["runs"], told["broken"])


def _is_wrong_anyway(case: Case, mutant: Mutant) -> bool:
    """Whether the oracle fails with the guard in place: then it says nothing about the guard."""
    wrongs = case.play().wrongs
    return any(wrongs.get(kind) for kind in mutant.kinds)


def _table(deaths: Sequence[Death]) -> Iterator[str]:
    yield "| Guard | Without it | Killed by | The oracle's words |"
    yield "| --- | --- | --- | --- |"
    for death in deaths:
        words = f"{death.kind}: {_short(death.sentence)}" if death.case else "-"
        case = str(death.case or "nothing")
        cells = [death.mutant.guard, death.mutant.without, case, words]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= _WORDS_MAX else sentence[:_WORDS_MAX] + "..."


def _summary(deaths: Sequence[Death], alive: Sequence[Death], seconds: float, jobs: int) -> str:
    dead = len(deaths) - len(alive)
    time_taken = f"in {seconds / 60:.0f} minutes on {jobs} processors"
    return f"{dead} of {len(deaths)} mutants killed, {time_taken}."


if __name__ == "__main__":
    sys.exit(main())
