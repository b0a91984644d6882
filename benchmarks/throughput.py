"""How many payments a second one process makes while more and more are asked of it at once.

In Lambda a process has one request at a time. Here threads share one, which tells how much of a
payment is processor time that nobody can share, and how much is waiting.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.layers import Layers
from benchmarks.optum import issue_events
from benchmarks.stage import Stage
from benchmarks.subjects import ISSUE, program

CONCURRENCY = (1, 2, 4, 8, 16)
PAYMENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One step: requests a second, and how busy the process was, in cores."""

    concurrency: int
    per_second: float
    cores: float
    milliseconds: float


def loads(stage: Stage, made: Layers, folder: Path) -> Sequence[Load]:
    """Every step in a process of its own."""
    found = []
    for concurrency in CONCURRENCY:
        file = folder / "events.json"
        file.write_text(json.dumps(list(islice(issue_events(stage), PAYMENTS + concurrency))))
        what = program(stage, made, ISSUE)
        done = subprocess.run(
            [
                what.python,
                "-s",
                "-S",
                "-m",
                "benchmarks.measured.crowd",
                str(file),
                str(concurrency),
            ],
            env={
                **what.environment,
                "PYTHONPATH": ":".join(map(str, what.path)),
                "BENCH_HANDLER": what.handler,
            },
            check=True,
            capture_output=True,
            text=True,
        )
        told = json.loads(done.stdout.splitlines()[-1])
        found.append(
            Load(
                concurrency=concurrency,
                per_second=PAYMENTS / told["wall_seconds"],
                cores=told["cpu_seconds"] / told["wall_seconds"],
                milliseconds=1000 * told["wall_seconds"] * concurrency / PAYMENTS,
            )
        )
    return found


def bottleneck(steps: Sequence[Load]) -> str:
    """What keeps the last step from being faster, in words."""
    last = steps[-1]
    if last.cores > 0.8:  # noqa: PLR2004
        return (
            "the interpreter: the process is busy all the time, one thread holds its lock and the"
            " others wait for it"
        )
    return "the vendor sandbox and this endpoint: the process waits for them"
