"""`make run`: clear about ports, keeps what it knows, and leaves nothing behind."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from local.settings import HOST, REPOSITORY
from tests.support.stack import LocalStack, free_port, free_settings, running

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("variable", ["PORT", "SANDBOX_PORT", "STACK_PORT"])
def test_a_busy_port_is_a_clear_error(variable: str, tmp_path: Path) -> None:
    """One line names the port and the variable, and nothing is started."""
    with socket.create_server((HOST, 0)) as held:
        port = held.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "local.run"],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "PORT": str(free_port()),
                "SANDBOX_PORT": str(free_port()),
                "STACK_PORT": str(free_port()),
                "PAYHUB_LOCAL_DIR": str(tmp_path / "local"),
                variable: str(port),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert ended.returncode == 2
    assert f"port {port} is in use" in ended.stderr
    assert f"{variable}=" in ended.stderr
    assert not (tmp_path / "local").exists()


def test_demo_tenants_have_what_is_promised(local_stack: LocalStack) -> None:
    """Two of them, with credentials and what is theirs."""
    first, second = local_stack.tenants
    for tenant in (first, second):
        for name in ("tenant", "api_key", "operator_key", "client_id", "client_secret"):
            assert tenant[name]
    assert first["practice_ids"] == ["195900"]
    assert first["medfusion_practice_ids"] == ["1c7ecf9f-9700-4e70-b976-9356db658274"]
    assert first["vendor_codes"] == ["ACME"]
    assert first["accounts"] == {"ACCT1": {"hold": False}, "ACCT2": {"hold": True}}
    assert not first["accounts"].keys() & second["accounts"].keys()
    assert local_stack.settings.tenants_file.stat().st_mode & 0o077 == 0


def test_a_stop_leaves_no_process_and_a_restart_keeps_the_payments(
    local_stack: LocalStack,
) -> None:
    """TERM ends everything that was started, and nothing of what it kept is lost."""
    payment_id = _issue(local_stack, "INV-restart")
    started = [*local_stack.process_ids().values(), *local_stack.worker_ids()]
    tenants = local_stack.tenants
    local_stack.stop()
    assert _eventually(lambda: not any(_is_alive(it) for it in started))
    assert not local_stack.settings.ready_file.exists()
    local_stack.start()
    assert local_stack.tenants == tenants
    with local_stack.http() as api:
        assert api.get(f"/payments/{payment_id}").json()["paymentId"] == payment_id


def test_other_ports_next_time_keep_the_payments(tmp_path: Path) -> None:
    """Whoever needs 8080 for something else loses nothing."""
    with running(tmp_path / "local") as stack:
        payment_id = _issue(stack, "INV-before")
        stack.stop()
        stack.settings = free_settings(stack.settings.folder)
        stack.start()
        with stack.http() as api:
            assert api.get(f"/payments/{payment_id}").json()["paymentId"] == payment_id
            moved = _issue(stack, "INV-after")
            assert _eventually(
                lambda: api.get(f"/payments/{moved}").json()["status"] == "Completed"
            )


@pytest.mark.parametrize("name", ["sandbox", "front-door"])
def test_a_killed_server_comes_back(local_stack: LocalStack, name: str) -> None:
    """With the same port and what it knew."""
    killed = local_stack.process_ids()[name]
    url = {
        "sandbox": f"{local_stack.sandbox_url}/_sandbox/ledger",
        "front-door": f"{local_stack.base_url}/payments",
    }[name]
    local_stack.kill(name)
    assert _eventually(lambda: local_stack.process_ids()[name] != killed)
    assert _eventually(lambda: _answers(url))


def test_killed_functions_are_started_anew(local_stack: LocalStack) -> None:
    """The next call is a cold start and nothing else."""
    with local_stack.http() as api:
        assert api.get("/payments").is_success
        assert local_stack.kill_workers() > 0
        assert api.get("/payments").is_success


def _issue(stack: LocalStack, reference: str) -> str:
    body = {
        "accountShortCode": "ACCT1",
        "payment": {
            "paymentDetails": {"issuerReferenceId": reference, "amount": 1200},
            "totalNumberOfClaims": 1,
        },
    }
    with stack.http() as api:
        answer = api.post("/payments", json=body, headers={"Idempotency-Key": reference})
    assert answer.status_code in {200, 201, 202}, answer.text
    return str(answer.json()["paymentId"])


def _answers(url: str) -> bool:
    try:
        return not httpx.get(url, timeout=20).is_server_error
    except httpx.HTTPError:
        return False


def _eventually(holds: Callable[[], bool], timeout_seconds: float = 20) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


def _is_alive(process_id: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
