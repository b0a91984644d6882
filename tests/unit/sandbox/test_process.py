"""The sandbox as a real process: ports, connections, signals and SIGKILL."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.sandbox.vendors import VENDORS
from tests.unit.sandbox.bench import issue_body

pytestmark = pytest.mark.integration
REPOSITORY = Path(__file__).resolve().parents[3]
HEADERS = {"API-Key": "key-1", "X-Optum-Tenant-Id": "tenant-1"}


class Process:
    """One sandbox on free ports; it can be killed and started again on the same state."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port, self.optum_port = free_port(), free_port(neighbours=len(VENDORS) - 1)
        self.start()

    def start(self) -> None:
        self.process = launch(self.port, self.optum_port, self.state)
        for _ in range(200):
            try:
                self.control("GET", "health")
            except OSError:
                assert self.process.poll() is None, "the sandbox did not start"
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("the sandbox does not answer")

    def stop(self, signal_number: signal.Signals) -> int:
        self.process.send_signal(signal_number)
        return self.process.wait(timeout=10)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return call(self.port, method, f"/_sandbox/{path}", body)[1]

    def issue(self) -> tuple[int, Any]:
        return call(self.optum_port, "POST", "/payments", issue_body())

    def arm(self, fault: str, **more: Any) -> None:
        body = {"vendor": "optum", "operation": "issue_payment", "fault": fault, **more}
        assert "error" not in self.control("POST", "faults", body)


def launch(port: int, optum_port: int, state: Path) -> subprocess.Popen[str]:
    options = {
        "--port": port,
        "--vendor-ports-from": optum_port,
        "--state": state,
        "--step-seconds": 0.1,
        "--hang-seconds": 30,
    }
    arguments = [str(part) for option in options.items() for part in option]
    return subprocess.Popen(
        [sys.executable, "-m", "local.sandbox", *arguments],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def free_port(neighbours: int = 0) -> int:
    """A port that is free, and as many after it: vendors listen side by side."""
    while True:
        with contextlib.ExitStack() as stack:
            probe = stack.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            number = int(probe.getsockname()[1])
            try:
                for place in range(1, neighbours + 1):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", number + place))
            except (OSError, OverflowError):
                continue
            return number


def call(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), HEADERS)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


def wait_for_status(sandbox: Process, payment_id: str, status: str) -> None:
    for _ in range(200):
        if call(sandbox.optum_port, "GET", f"/payments/{payment_id}")[1]["status"] == status:
            return
        time.sleep(0.1)
    raise TimeoutError(f"the payment did not become {status}")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Process]:
    sandbox = Process(tmp_path)
    tenant = {
        "tenant_id": "tenant-1",
        "api_key": "key-1",
        "amount_unit": "cents",
        "accounts": {"ACCT1": {"hold": False}},
    }
    sandbox.control("POST", "optum/tenants", tenant)
    yield sandbox
    if sandbox.process.poll() is None:
        sandbox.process.kill()
        sandbox.process.wait()


def test_refuse_closes_the_port_also_for_idle_connections_and_opens_it_again(
    sandbox: Process,
) -> None:
    kept = http.client.HTTPConnection("127.0.0.1", sandbox.optum_port, timeout=10)
    kept.request("GET", "/payments/batch", headers=HEADERS)
    assert kept.getresponse().read()
    sandbox.control("POST", "faults", {"vendor": "optum", "fault": "refuse", "seconds": 1})
    with pytest.raises(ConnectionRefusedError):
        sandbox.issue()
    kept.auto_open = 0
    with pytest.raises((http.client.HTTPException, OSError)):
        kept.request("GET", "/payments/batch", headers=HEADERS)
        kept.getresponse()
    time.sleep(1.3)
    assert sandbox.issue()[0] == 201


def test_disconnect_closes_without_a_byte(sandbox: Process) -> None:
    sandbox.arm("disconnect")
    with pytest.raises(http.client.RemoteDisconnected):
        sandbox.issue()
    assert sandbox.control("GET", "ledger") == []


def test_a_client_that_gives_up_waiting_does_not_undo_what_was_applied(sandbox: Process) -> None:
    sandbox.arm("timeout_after")
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.optum_port, timeout=0.3)
    connection.request("POST", "/payments", json.dumps(issue_body()), HEADERS)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert len(sandbox.control("GET", "ledger")) == 1


def test_every_answer_before_a_sigkill_is_true_after_it(sandbox: Process) -> None:
    answered: list[str] = []

    def keep_issuing() -> None:
        try:
            while True:
                answered.append(sandbox.issue()[1]["paymentId"])
        except (OSError, http.client.HTTPException):
            return

    threads = [threading.Thread(target=keep_issuing) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    sandbox.stop(signal.SIGKILL)
    for thread in threads:
        thread.join()
    sandbox.start()
    moved = [entry["reference"] for entry in sandbox.control("GET", "ledger")]
    assert len(answered) > 10
    assert set(answered) <= set(moved)
    assert len(moved) == len(set(moved)) <= len(answered) + len(threads)
    wait_for_status(sandbox, moved[-1], "Completed")


def test_webhooks_arrive_over_http(sandbox: Process) -> None:
    received: list[dict[str, Any]] = []

    class Hub(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    hub = HTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    subscription = {
        "url": f"http://127.0.0.1:{hub.server_port}/webhooks/optum/tenant-1",
        "eventNames": ["payment_completed"],
        "auth": {"apiKey": {"key": "secret"}},
    }
    call(sandbox.optum_port, "POST", "/api/event-api/v1/subscriptions", subscription)
    payment_id = sandbox.issue()[1]["paymentId"]
    for _ in range(60):
        time.sleep(0.05)
        if received:
            break
    hub.shutdown()
    hub.server_close()
    assert [event["id"] for event in received] == [payment_id]


def test_term_stops_it_although_a_client_hangs_for_longer(sandbox: Process) -> None:
    sandbox.arm("timeout_before")
    client = socket.create_connection(("127.0.0.1", sandbox.optum_port))
    body = json.dumps(issue_body())
    client.sendall(
        f"POST /payments HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    time.sleep(0.3)
    assert sandbox.stop(signal.SIGTERM) == 0
    client.close()


def test_the_log_has_one_line_per_request_without_bodies_and_keys(sandbox: Process) -> None:
    sandbox.issue()
    sandbox.stop(signal.SIGTERM)
    assert sandbox.process.stderr
    log = sandbox.process.stderr.read()
    assert "optum POST /payments 201" in log
    for secret in ("key-1", "REF001", "carried through"):
        assert secret not in log


def test_a_busy_port_is_one_clear_line_and_exit_code_2(sandbox: Process, tmp_path: Path) -> None:
    second = launch(sandbox.port, free_port(neighbours=len(VENDORS) - 1), tmp_path / "other")
    _, error = second.communicate(timeout=10)
    assert second.returncode == 2
    assert error.strip().count("\n") == 0
    assert str(sandbox.port) in error
