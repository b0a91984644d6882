"""make bench: measure everything, print the report and write docs/performance.md."""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import growth, layers, stack, subjects, throughput
from benchmarks.figures import Figures, measured
from benchmarks.layers import Layers
from benchmarks.packages import packages
from benchmarks.report import report
from benchmarks.results import Results
from benchmarks.stage import opened
from local.settings import REPOSITORY

PAGE = REPOSITORY / "docs" / "performance.md"
_FUNCTION_ROUNDS = 2
_SCHEDULES = "schedules/"


def main() -> None:
    """Say what is under way on stderr, and the report on stdout."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--python", required=True, help="interpreter of the bench environment")
    parser.add_argument("--rounds", type=int, default=5, help="of the comparison and the cuts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        results = run(options.python, Path(scratch), options.rounds)
    page = report(results)
    PAGE.write_text(page)
    print(page)
    print(f"wrote {PAGE.relative_to(REPOSITORY)}", file=sys.stderr)


def run(python: str, folder: Path, rounds: int) -> Results:
    """Everything, part by part; each on a stage of its own, so that none finds another's traces."""
    _tell("the layers")
    made = layers.build(folder / "layers", python)
    with opened() as stage:
        _tell("payments")
        compared = subjects.payments(stage, made)
        payments = measured(stage.cloud, compared, rounds=rounds, warm=50)
    with opened() as stage:
        _tell("cuts")
        undone = subjects.without_cuts(stage, made, folder)
        cuts = measured(stage.cloud, undone, rounds=rounds, warm=30)
    _tell("every function")
    functions = _functions(made)
    with opened() as stage:
        _tell("growth")
        sizes, histories = growth.by_size(stage, made), growth.by_history(stage, made)
    with opened() as stage:
        _tell("throughput")
        loads = throughput.loads(stage, made, folder)
    _tell("packages")
    return Results(
        interpreter=layers.version_of(python),
        payments=payments,
        cuts=cuts,
        functions=functions,
        sizes=sizes,
        histories=histories,
        loads=loads,
        packages=packages(),
    )


def _functions(made: Layers) -> dict[str, Figures]:
    """Schedules look at everything there is, so each gets a stage of its own."""
    names = [function.name for function in stack.functions()]
    groups = [[name for name in names if not name.startswith(_SCHEDULES)]]
    groups += [[name] for name in names if name.startswith(_SCHEDULES)]
    found: dict[str, Figures] = {}
    for group in groups:
        with opened() as stage:
            found |= measured(
                stage.cloud,
                subjects.functions(stage, made, group),
                rounds=_FUNCTION_ROUNDS,
                warm=4,
                yardstick=subjects.floor(stage, made) if len(group) > 1 else None,
            )
    return found


def _tell(what: str) -> None:
    print(f"measuring {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
