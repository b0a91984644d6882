"""One local stack for tests: `make run` on free ports, in a folder of its own."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx

from local.deployed import Deployed, on_this_machine
from local.settings import HOST, REPOSITORY, Settings
from local.stack import Clients

_START_TIMEOUT_SECONDS = 240
_STOP_TIMEOUT_SECONDS = 240
_PORTS_OF_SANDBOX = 5  # the controls and the four vendors, next to each other
_PORTS_FOR_TESTS = range(20_000, 32_000)
"""Below those from which outgoing connections take theirs: they stay free over a restart."""

_WORKERS_MAX = 8


@dataclass
class LocalStack:
    """A whole stack as processes; stop, start and kill its parts at will."""

    settings: Settings
    process: subprocess.Popen[str] | None = field(default=None, init=False)

    @property
    def base_url(self) -> str:
        """Where callers go."""
        return self.settings.base_url

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox's controls are: this plus /_sandbox/..."""
        return self.settings.sandbox_url

    @property
    def tenants(self) -> list[dict[str, Any]]:
        """The two demo tenants with their credentials."""
        return cast("list[dict[str, Any]]", json.loads(self.settings.tenants_file.read_text()))

    @property
    def deployed(self) -> Deployed:
        """Outputs and physical names."""
        return _deployed(self.settings)

    def client(self, service: str) -> Any:
        """A boto3 client with the administrator's access."""
        return _client(self.settings, service)

    def http(self, api_key: str | None = None) -> httpx.Client:
        """A client of the API, as the first tenant's caller unless a key is given."""
        headers = {"API-KEY": api_key or self.tenants[0]["api_key"]}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=60)

    def start(self) -> None:
        """Start it and wait until it serves."""
        began = time.monotonic()
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.run"],
                cwd=REPOSITORY,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        while not self.settings.ready_file.exists():
            if self.process.poll() is not None or _since(began) > _START_TIMEOUT_SECONDS:
                self.stop()
                raise RuntimeError(f"the local stack did not start:\n{self.log_file.read_text()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """TERM and wait."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()  # its children get TERM from the kernel
                raise

    def environment(self) -> dict[str, str]:
        """What `make run` would be given."""
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(["layers/payhub", "functions", "."]),
            **self.settings.environment,
            "TOUR": "no",
        }

    @property
    def log_file(self) -> Path:
        """What `make run` printed."""
        return self.settings.folder / "run.log"

    def process_ids(self) -> dict[str, int]:
        """By name: run, stack, sandbox, front-door."""
        text = (self.settings.folder / "processes.json").read_text()
        return cast("dict[str, int]", json.loads(text))

    def kill(self, name: str) -> None:
        """SIGKILL the sandbox or the front-door; `make run` starts it again.

        Raises ProcessLookupError while it is being started again.
        """
        if name not in {"sandbox", "front-door"}:
            raise ValueError(f"{name} keeps what it has not saved; it is never killed")
        ids = self.process_ids()
        if ids[name] not in _children(ids["run"]):
            raise ProcessLookupError(f"the {name} is not running")
        os.kill(ids[name], signal.SIGKILL)

    def kill_workers(self) -> int:
        """SIGKILL every function's process and see them gone; answers how many there were."""
        workers = self.worker_ids()
        for process_id in workers:
            os.kill(process_id, signal.SIGKILL)
        while set(workers) & set(self.worker_ids()):
            time.sleep(0.01)
        return len(workers)

    def worker_ids(self) -> list[int]:
        """The processes that run functions: children of the stack's process."""
        return _children(self.process_ids()["stack"])

    def function_logs(self, text: str = "") -> list[str]:
        """What the functions logged, newest last, where it contains the text."""
        group = self.deployed.outputs["FunctionLogGroupName"]
        found = self.client("logs").filter_log_events(logGroupName=group)["events"]
        return [it["message"] for it in found if text in it["message"]]


@contextmanager
def running(folder: Path) -> Iterator[LocalStack]:
    """A stack on free ports, stopped at the end whatever happens."""
    stack = LocalStack(free_settings(folder))
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def free_port() -> int:
    """A port that nobody holds just now."""
    return _free_run_of_ports(1)


def free_settings(folder: Path) -> Settings:
    """Settings with ports that nobody holds just now."""
    return Settings(
        port=free_port(),
        sandbox_port=_free_run_of_ports(_PORTS_OF_SANDBOX),
        stack_port=free_port(),
        folder=folder,
    )


@cache
def _deployed(settings: Settings) -> Deployed:
    """Read once: no test deploys anything else."""
    return on_this_machine(settings)


@cache
def _client(settings: Settings, service: str) -> Any:
    """Made once, for that takes long; threads may share it, and it outlives a restart."""
    return Clients(settings).client(service)


def _ports_of_this_worker() -> range:
    """Tests that run side by side each choose from ports of their own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = len(_PORTS_FOR_TESTS) // _WORKERS_MAX
    first = worker % _WORKERS_MAX * share
    return _PORTS_FOR_TESTS[first : first + share - _PORTS_OF_SANDBOX]


def _free_run_of_ports(count: int) -> int:
    for _ in range(100):
        first = random.choice(_ports_of_this_worker())
        try:
            with ExitStack() as probes:
                for port in range(first, first + count):
                    probes.enter_context(socket.create_server((HOST, port)))
        except OSError:
            continue
        return first
    raise RuntimeError("no run of free ports")


def _children(parent: int) -> list[int]:
    """From /proc: "id (name) state parent ..."; the name may contain anything but ends with ")"."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(after_name[1]) == parent and after_name[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def _since(began: float) -> float:
    return time.monotonic() - began
