"""Threads that call one handler: python -m benchmarks.measured.crowd EVENTS_FILE CONCURRENCY."""

import importlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


def main() -> None:
    """Print wall and processor seconds of all events but the first, which warm the process up."""
    events: list[dict[str, Any]] = json.loads(Path(sys.argv[1]).read_text())
    concurrency = int(sys.argv[2])
    name = os.environ["BENCH_HANDLER"].removesuffix(".handler")
    handler = importlib.import_module(name).handler

    def call(event: dict[str, Any]) -> int:
        return int(handler(event, None)["statusCode"])

    with ThreadPoolExecutor(concurrency) as pool:
        statuses = set(pool.map(call, events[:concurrency]))
        wall, cpu = time.perf_counter(), time.process_time()
        statuses |= set(pool.map(call, events[concurrency:]))
        told = {
            "wall_seconds": time.perf_counter() - wall,
            "cpu_seconds": time.process_time() - cpu,
        }
    if statuses != {201}:
        raise SystemExit(f"not every payment was made: {statuses}")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
