"""How many payments a second one process makes while more and more are asked of it at once.

In Lambda a process has one request at a time. Here threads share one, which tells how much of a
payment is processor time that nobody can share, and how much is waiting.
"""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.layers import Layers
from benchmarks.optum import issue_events
from benchmarks.server import Request, Response, Server
from benchmarks.stage import Stage
from benchmarks.subjects import ISSUE, program

BUSY = 0.8
"""Of a core: whoever uses more is taken to be busy all the time."""

CONCURRENCY = (1, 2, 4, 8, 16)
PAYMENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One step: payments a second, and how many cores it and its endpoint kept busy."""

    concurrency: int
    per_second: float
    cores: float
    endpoint_cores: float


def loads(stage: Stage, made: Layers, folder: Path) -> Sequence[Load]:
    """Every step in a process of its own."""
    found = []
    vendor = _instant_vendor(stage)
    for concurrency in CONCURRENCY:
        file = folder / "events.json"
        file.write_text(json.dumps(list(islice(issue_events(stage), PAYMENTS + concurrency))))
        what = program(stage, made, ISSUE)
        before = time.process_time()
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
                "PAYHUB_OPTUM_BASE_URLS": vendor.url,
                "PYTHONPATH": ":".join(map(str, what.path)),
                "BENCH_HANDLER": what.handler,
            },
            check=True,
            capture_output=True,
            text=True,
        )
        told = json.loads(done.stdout.splitlines()[-1])
        seconds = told["wall_seconds"]
        endpoint = time.process_time() - before
        found.append(
            Load(
                concurrency=concurrency,
                per_second=PAYMENTS / seconds,
                cores=told["cpu_seconds"] / seconds,
                endpoint_cores=endpoint / seconds,
            )
        )
    return found


def _instant_vendor(stage: Stage) -> Server:
    """An issuer that issues at once; the sandbox would be the slowest part. The tenant uses it."""

    def issue(request: Request) -> Response:
        amount = json.loads(request.body)["payment"]["paymentDetails"]["amount"]
        made = {"paymentId": uuid.uuid4().hex, "status": "Created", "amount": amount}
        headers = {"Content-Type": "application/json"}
        return Response(status=201, headers=headers, body=json.dumps(made).encode())

    vendor = Server(issue)
    tenant = stage.hub.tenants.load(stage.tenant.tenant)
    assert tenant is not None
    optum = {**tenant.vendors["optum"], "base_url": vendor.url}
    stage.hub.tenants.save(
        tenant.model_copy(update={"vendors": {**tenant.vendors, "optum": optum}})
    )
    return vendor


def bottleneck(steps: Sequence[Load]) -> str:
    """What keeps the quickest step from being quicker, in words."""
    best = max(steps, key=lambda it: it.per_second)
    if best.cores > BUSY:
        return (
            "the interpreter: the process is busy all the time, one thread holds its lock and the"
            " others wait."
        )
    shares = {
        "the process": best.cores,
        "the endpoint that plays AWS and the vendor": best.endpoint_cores,
    }
    busiest = max(shares, key=lambda name: shares[name])
    if sum(shares.values()) > BUSY * (os.cpu_count() or 1):
        return f"this machine: all its cores are busy, most of all with {busiest}."
    return (
        f"what the machine leaves to the two: none is busy all the time, {busiest} most of all;"
        " others used the cores meanwhile, or somebody waited for the network."
    )
