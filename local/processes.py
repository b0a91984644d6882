"""Child processes of the local run: started with a clean environment, stopped with TERM."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.settings import REPOSITORY

# Nothing else of the caller's environment reaches a child: no AWS profile, no PYTHONPATH.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def start(
    arguments: list[str], log: Path | None, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start python with these arguments, in a session of its own: Ctrl-C is the parent's business.

    Without a log it writes to the parent's terminal. Call from the main thread: the kernel ends
    the child when the thread that started it ends.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    command = [sys.executable, "-m", "local.child", sys.executable, *arguments]
    with contextlib.ExitStack() as opened:
        output = None
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            output = opened.enter_context(log.open("ab"))
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**kept, "PAYHUB_PARENT": str(os.getpid()), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], timeout_seconds: float) -> bool:
    """TERM, then wait; says whether the process ended in time."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
