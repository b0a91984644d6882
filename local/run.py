"""make run: the stack, the sandbox and the front door, started in order and then watched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from local import demo, deploy, ports, processes, welcome
from local.settings import STAGE, Settings, from_environment
from local.stack import Stack

_START_TIMEOUT_SECONDS = 30
_STOP_TIMEOUT_SECONDS = 10
_WATCH_SECONDS = 0.2
_RESTART_PAUSE_SECONDS = 1.0
_BUSY_PORT = 2


class _Stopping:
    """Whether INT or TERM arrived; a flag, for an exception could strike anywhere."""

    def __init__(self) -> None:
        self.is_requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request)

    def _request(self, _number: int, _frame: FrameType | None) -> None:
        self.is_requested = True


@dataclass
class _Server:
    """A child that may die at any time and is then started again."""

    name: str
    port: int
    arguments: list[str]
    settings: Settings
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.settings.folder / "logs" / f"{self.name}.log"
        self.process = processes.start(self.arguments, log)
        if not ports.wait_until_open(self.port, _START_TIMEOUT_SECONDS):
            raise RuntimeError(f"the {self.name} did not start; see {log}")

    def restart_if_dead(self) -> bool:
        if self.process is None or self.process.poll() is None:
            return False
        _say(f"The {self.name} ended ({self.process.returncode}); starting it again.")
        time.sleep(_RESTART_PAUSE_SECONDS)
        self.start()
        return True

    def stop(self) -> None:
        if self.process is not None and not processes.stop(self.process, _STOP_TIMEOUT_SECONDS):
            self.process.kill()  # keeps nothing that it has not written already
            self.process.wait()


@dataclass
class _Run:
    settings: Settings
    stopping: _Stopping
    servers: list[_Server] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stack = Stack(self.settings)

    def start(self) -> None:
        """Start everything in order, as long as nobody wants it stopped."""
        began = time.monotonic()
        outputs: dict[str, str] = {}
        sandbox = self._server(
            "sandbox", self.settings.sandbox_port, _sandbox_arguments(self.settings)
        )
        self._step("Starting the stack", self.stack.start)
        self._step("Starting the sandbox", sandbox.start)
        self._step("Deploying template.yaml", lambda: outputs.update(deploy.deploy(self.settings)))
        self._step("Starting the front door", lambda: self._start_front_door(outputs))
        self._step("Looking after the demo tenants", lambda: demo.ensure(self.settings))
        self._note_processes()
        if not self.stopping.is_requested:
            _say(f"Ready in {time.monotonic() - began:.1f} s.")
            self.settings.ready_file.touch()

    def play_tour(self) -> None:
        """A child on this terminal, so that a stop need not wait for its end."""
        tour = processes.start(["-m", "local.tour"], None, self.settings.environment)
        self.watch(until=lambda: tour.poll() is not None)
        processes.stop(tour, _STOP_TIMEOUT_SECONDS)

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Start again what died, until a stop is wanted."""
        while not self.stopping.is_requested and not until():
            self._check()
            time.sleep(_WATCH_SECONDS)

    def _check(self) -> None:
        if sum(server.restart_if_dead() for server in self.servers):
            self._note_processes()
        if self.stack.process is not None and self.stack.process.poll() is None:
            return
        # Not started again: what it had not saved is lost, and somebody should know.
        raise RuntimeError(f"the stack ended by itself; see {self.settings.folder}/logs/stack.log")

    def stop(self) -> None:
        """The front door first, so that nothing new comes in; the stack last."""
        _say("Stopping...")
        self.settings.ready_file.unlink(missing_ok=True)
        for server in reversed(self.servers):
            server.stop()
        self.stack.stop()
        self._processes_file.unlink(missing_ok=True)
        _say("Stopped; the payments are kept.")

    def _step(self, what: str, action: Callable[[], object]) -> None:
        if self.stopping.is_requested:
            return
        print(f"{what} ...", end=" ", flush=True)
        began = time.monotonic()
        action()
        print(f"{time.monotonic() - began:.1f} s", flush=True)

    def _server(self, name: str, port: int, arguments: list[str]) -> _Server:
        server = _Server(name, port, arguments, self.settings)
        self.servers.append(server)
        return server

    def _start_front_door(self, outputs: dict[str, str]) -> None:
        arguments = _front_door_arguments(self.settings, outputs)
        self._server("front-door", self.settings.port, arguments).start()

    def _note_processes(self) -> None:
        """Who is who, for whoever wants to kill one."""
        known = {server.name: server.process for server in self.servers}
        known["stack"] = self.stack.process
        ids = {name: it.pid for name, it in known.items() if it is not None}
        self._processes_file.write_text(json.dumps({"run": os.getpid(), **ids}))

    @property
    def _processes_file(self) -> Path:
        return self.settings.folder / "processes.json"


def main() -> int:
    """Serve until INT or TERM."""
    settings = from_environment()
    busy = ports.busy(settings)
    if busy:
        print("\n".join(busy), file=sys.stderr)
        return _BUSY_PORT
    shutil.rmtree(settings.folder / "logs", ignore_errors=True)
    settings.folder.mkdir(parents=True, exist_ok=True)
    settings.ready_file.unlink(missing_ok=True)  # of a run that was killed
    wants_tour = os.environ.get("TOUR") != "no" and not demo.read(settings)
    run = _Run(settings, _Stopping())
    try:
        run.start()
        if wants_tour:
            run.play_tour()
        if not run.stopping.is_requested:
            welcome.show(settings)
        run.watch()
    except RuntimeError as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    finally:
        run.stop()
    return 0


def _sandbox_arguments(settings: Settings) -> list[str]:
    return [
        "-m",
        "local.sandbox",
        f"--port={settings.sandbox_port}",
        f"--vendor-ports-from={settings.sandbox_port + 1}",
        f"--state={settings.sandbox_folder}",
    ]


def _front_door_arguments(settings: Settings, outputs: dict[str, str]) -> list[str]:
    return [
        "-m",
        "local.front_door",
        f"--port={settings.port}",
        f"--stack-port={settings.stack_port}",
        f"--api={outputs['RestApiId']}",
        f"--stage={STAGE}",
    ]


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
