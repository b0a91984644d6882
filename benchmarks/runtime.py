"""One function in a process of its own, driven by AWS's own runtime client (awslambdaric).

The client asks this module for its next event and posts the answer, as it does in Lambda. Processor
time is read from the process's clock between two events, so that waiting and other processes do not
count. Linux only, as the client is.
"""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.server import HOST, Request, Response, Server

Event = dict[str, Any]
Check = Callable[[Any], bool]
Mark = Callable[[], object]

TIMEOUT_SECONDS = 120
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run: the interpreter, where it finds modules, which handler, in what environment."""

    python: str
    path: Sequence[Path]
    handler: str
    environment: Mapping[str, str]
    memory_mb: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One life of a process: seconds of processor time, bytes, peak memory in KB."""

    init_seconds: float
    first_seconds: float
    warm_seconds: float
    warm_bytes_logged: float
    peak_kb: int


class AnswerError(RuntimeError):
    """The function did not answer as the scenario expects; nothing can be said about its cost."""


def measure(
    program: Program,
    events: Iterator[Event],
    warm: int,
    is_good: Check,
    before_warm: Mark = lambda: None,
    settle: int = 3,
) -> Sample:
    """Start, answer one event, some more to settle, then `warm` that are measured, and stop.

    `before_warm` is called once when the measured ones begin. Raises AnswerError for an answer that
    is not good.
    """
    session = _Session(events, 1 + settle + warm, 1 + settle, is_good, before_warm)
    with session.run(program) as process:
        if not session.done.wait(TIMEOUT_SECONDS) or session.error:
            process.kill()
            output = session.output()
            raise AnswerError(
                f"{program.handler}: {session.error or 'no answer'}\n{output[-3000:]}"
            )
        peak_kb = _peak_kb(process.pid)
    cpu = session.cpu
    return Sample(
        init_seconds=cpu[0],
        first_seconds=cpu[1] - cpu[0],
        warm_seconds=(cpu[-1] - cpu[1 + settle]) / warm,
        warm_bytes_logged=(session.logged[1] - session.logged[0]) / warm,
        peak_kb=peak_kb,
    )


class _Session:
    """The Runtime API for one process."""

    def __init__(
        self, events: Iterator[Event], total: int, warm_from: int, is_good: Check, mark: Mark
    ) -> None:
        self._events, self._total, self._warm_from = events, total, warm_from
        self._is_good, self._mark = is_good, mark
        self._process: subprocess.Popen[bytes] | None = None
        self._log = bytearray()
        self._ready = threading.Event()
        self.cpu: list[float] = []
        self.logged: list[int] = []
        self.error: str | None = None
        self.done = threading.Event()
        self._closed = threading.Event()

    @contextlib.contextmanager
    def run(self, program: Program) -> Iterator[subprocess.Popen[bytes]]:
        """The process, as long as the block lasts."""
        server = Server(self._answer)
        command = [program.python, "-s", "-S", "-m", "awslambdaric", program.handler]
        process = subprocess.Popen(
            command,
            env=_environment(program, server.port),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._process = process
        self._ready.set()
        reader = threading.Thread(target=self._read_log, daemon=True)
        reader.start()
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            self._closed.set()
            reader.join()
            server.close()

    def output(self) -> str:
        """Everything that was logged."""
        return self._log.decode(errors="replace")

    def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            return self._next()
        if request.path.endswith("/error"):
            self._fail(request.body.decode(errors="replace")[:2000])
        elif not self._is_good(json.loads(request.body or b"null")):
            self._fail("answered " + request.body.decode(errors="replace")[:2000])
        return Response(status=202)

    def _next(self) -> Response:
        self._ready.wait()
        assert self._process is not None
        number = len(self.cpu)
        self.cpu.append(_cpu_seconds(self._process.pid))
        if number in (self._warm_from, self._total):
            time.sleep(0.02)  # the pipe of the log is read by another thread
            self.logged.append(len(self._log))
        if number == self._total or self.error:
            self.done.set()
            self._closed.wait()
        if number == self._warm_from:
            self._mark()
        try:
            event = json.dumps(next(self._events)).encode()
        except Exception as error:  # noqa: BLE001 - told by the thread that waits
            self._fail(f"no event could be made: {error!r}")
            return Response(status=500)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": f"00000000-0000-4000-8000-{number:012d}",
            "Lambda-Runtime-Deadline-Ms": str(time.time_ns() // 1_000_000 + 25_000),
            "Lambda-Runtime-Invoked-Function-Arn": _ARN,
            "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
        }
        return Response(headers=headers, body=event)

    def _fail(self, error: str) -> None:
        self.error = self.error or error
        self.done.set()

    def _read_log(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while part := self._process.stdout.read1(65_536):  # type: ignore[attr-defined]
            self._log += part

    def _watch(self) -> None:
        """A process that ends by itself has failed."""
        assert self._process is not None
        self._process.wait()
        if not self.done.is_set():
            self._fail(f"the process ended with {self._process.returncode}")


def _environment(program: Program, port: int) -> dict[str, str]:
    return {
        **program.environment,
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "PYTHONPATH": ":".join(map(str, program.path)),
        "PYTHONHASHSEED": "0",
        "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": "measured",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(program.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": "measured",
        "AWS_LAMBDA_LOG_STREAM_NAME": "measured",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(program.path[0]),
        "_HANDLER": program.handler,
    }


def _cpu_seconds(pid: int) -> float:
    """Processor time of all threads of a process: its clock, as clock_getcpuclockid names it."""
    return time.clock_gettime((~pid << 3) | 2)


def _peak_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
