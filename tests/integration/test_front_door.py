"""The front door hands on every byte as it came, and answers by itself only where it must."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx
import pytest

from local import ports
from local.settings import HOST, REPOSITORY
from tests.support.stack import free_port

pytestmark = pytest.mark.integration

PREFIX = "/restapis/api1/local/_user_request_"
EVERY_BYTE = bytes(range(256))


@dataclass
class Upstream:
    """Stands for the stack: notes each request and answers with its body."""

    port: int
    seen: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server that answers with what it got."""
    noted = Upstream(free_port())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            noted.seen.append(
                {"method": self.command, "target": self.path, "headers": self.headers, "body": body}
            )
            self.send_response(noted.answer.get("status", 200))
            for name, value in noted.answer.get("headers", []):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer((HOST, noted.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield noted
    server.shutdown()
    server.server_close()


@pytest.fixture
def door(upstream: Upstream) -> Iterator[str]:
    """The front door's URL, in front of the upstream."""
    port = free_port()
    arguments = [f"--port={port}", f"--stack-port={upstream.port}", "--api=api1", "--stage=local"]
    process = subprocess.Popen(
        [sys.executable, "-m", "local.front_door", *arguments], cwd=REPOSITORY
    )
    try:
        assert ports.wait_until_open(port, 20)
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    "path",
    [
        "/payments",
        "/",
        "/payments/a%2Fb",
        "/payments/%",
        "/payments/%zz%25",
        "/payments/..%2f..%2Fetc/../x",
        "/payments/;a=b'(c)*!$&+,:@~",
        "//double//slashes/",
        "/%00%ff%C3%A4%20",
        '/a"b<c>d\\e^f`g{h|i}',
    ],
)
def test_a_path_arrives_as_it_was_sent(door: str, upstream: Upstream, path: str) -> None:
    """The stack decodes a path once; what it then hands to a function is the caller's path."""
    assert _raw(door, f"GET {path} HTTP/1.1") == 200
    target = upstream.seen[0]["target"]
    assert unquote_to_bytes(target) == (PREFIX + path).encode()


def test_a_query_arrives_as_it_was_sent(door: str, upstream: Upstream) -> None:
    """Repeated, empty and encoded values included."""
    assert _raw(door, "GET /payments?a=1&a=%2F&b&c=%C3%A4+x HTTP/1.1") == 200
    assert upstream.seen[0]["target"] == f"{PREFIX}/payments?a=1&a=%2F&b&c=%C3%A4+x"


def test_bodies_are_the_same_bytes_both_ways(door: str, upstream: Upstream) -> None:
    """With a length and in chunks; answers too."""
    answer = httpx.post(f"{door}/webhooks/optum/t", content=EVERY_BYTE)
    assert upstream.seen[0]["body"] == EVERY_BYTE
    assert answer.content == EVERY_BYTE
    answer = httpx.post(f"{door}/webhooks/optum/t", content=iter([EVERY_BYTE, b"", EVERY_BYTE]))
    assert upstream.seen[1]["body"] == EVERY_BYTE * 2
    assert answer.content == EVERY_BYTE * 2


def test_headers_pass_both_ways_but_those_of_the_connection(door: str, upstream: Upstream) -> None:
    """The host is the stack's own: it would choose a service by any other."""
    upstream.answer = {
        "status": 409,
        "headers": [("Payment-Id", "p1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    }
    answer = httpx.get(
        f"{door}/payments",
        headers={"API-KEY": "k", "Host": "bucket.s3.amazonaws.com", "X-Forwarded-For": "1.2.3.4"},
    )
    sent = upstream.seen[0]["headers"]
    assert sent["api-key"] == "k"
    assert sent["host"] == f"{HOST}:{upstream.port}"
    assert sent["x-forwarded-for"] == HOST
    assert answer.status_code == 409
    assert answer.headers["payment-id"] == "p1"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_a_body_over_ten_megabytes_is_refused(door: str, upstream: Upstream) -> None:
    """As API Gateway does, before anybody else sees it."""
    answer = httpx.post(f"{door}/payments", content=b"x" * (10 * 1024 * 1024 + 1), timeout=30)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert upstream.seen == []


def test_without_a_stack_nothing_was_done() -> None:
    """503 says so; the caller may try again."""
    port = free_port()
    arguments = [f"--port={port}", f"--stack-port={free_port()}", "--api=a", "--stage=local"]
    process = subprocess.Popen(
        [sys.executable, "-m", "local.front_door", *arguments], cwd=REPOSITORY
    )
    try:
        assert ports.wait_until_open(port, 20)
        answer = httpx.get(f"http://{HOST}:{port}/payments")
    finally:
        process.terminate()
        process.wait(20)
    assert answer.status_code == 503
    assert answer.json()["title"] == "Service Unavailable"


def _raw(door: str, request_line: str) -> int:
    """The status of a request that no client library has tidied up."""
    host, port = door.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"{request_line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])
