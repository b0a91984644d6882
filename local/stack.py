"""AWS on this machine: ministack as a child process, with its state kept between runs."""

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from local import processes
from local.settings import HOST, REGION, Settings

_START_TIMEOUT_SECONDS = 60
_STOP_TIMEOUT_SECONDS = 120


@dataclass
class Stack:
    """Start it, use it, and stop it with TERM: it saves its state on a clean stop only."""

    settings: Settings
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start and wait until it answers."""
        self._take_state_along()
        scratch = self.settings.folder / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        self.process = processes.start(
            ["-m", "ministack"], self.settings.folder / "logs" / "stack.log", self._environment()
        )
        self._wait()

    def stop(self) -> None:
        """TERM, and wait for the state to be written."""
        if self.process is None:
            return
        if not processes.stop(self.process, _STOP_TIMEOUT_SECONDS):
            raise TimeoutError(f"the stack (process {self.process.pid}) did not stop")
        shutil.rmtree(self.settings.folder / "tmp", ignore_errors=True)

    def _take_state_along(self) -> None:
        """A queue's URL contains the port, so saved state is rewritten when the port changes."""
        state = self.settings.folder / "state"
        state.mkdir(parents=True, exist_ok=True)
        noted = state / "port"
        before = noted.read_text() if noted.exists() else ""
        if before and before != str(self.settings.stack_port):
            for path in state.glob("*.json"):
                text = path.read_text()
                path.write_text(
                    text.replace(f"http://{HOST}:{before}/", f"{self.settings.stack_url}/")
                )
        noted.write_text(str(self.settings.stack_port))

    def _environment(self) -> dict[str, str]:
        folder = self.settings.folder
        return {
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "GATEWAY_PORT": str(self.settings.stack_port),
            "AUTH": "true",  # the functions' IAM policies are enforced
            "PERSIST_STATE": "1",
            "STATE_DIR": str(folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(folder / "state" / "s3"),
            "TMPDIR": str(folder / "tmp"),
            "IOT_MTLS_ENABLED": "0",  # would listen on all interfaces
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "POWERTOOLS_TRACE_DISABLED": "true",
            **credentials(),
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                break
            if _answers(f"{self.settings.stack_url}/_ministack/health"):
                return
            time.sleep(0.1)
        log = self.settings.folder / "logs" / "stack.log"
        raise TimeoutError(f"the stack did not start; see {log}")


def credentials() -> dict[str, str]:
    """The administrator of this machine's AWS."""
    return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class Clients:
    """boto3 clients for this machine's AWS."""

    settings: Settings

    def client(self, service: str) -> Any:
        """A client with a retry budget that suits a server on the same machine."""
        return boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        ).client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.settings.stack_url,
            config=Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 2}),
        )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False
