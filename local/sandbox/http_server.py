"""Serves one port over HTTP/1.1: a thread per connection, and a port that can really close."""

from __future__ import annotations

import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.sandbox.messages import Query, Reply, Request, Response
from local.sandbox.redaction import masked
from local.sandbox.store import StoreClosedError

HOST = "127.0.0.1"
Answer = Callable[[Request], Reply]
_BODY_BYTES_MAX = 20 * 1024 * 1024
_IDLE_SECONDS = 60
_POLL_SECONDS = 0.05


class PortBusyError(Exception):
    """Somebody else listens there."""


class Port:
    """A listening port that can be opened and closed again while connections come and go."""

    def __init__(self, name: str, number: int, answer: Answer) -> None:
        self.name = name
        self.number = number
        self.answer = answer
        self._server: _Server | None = None

    @property
    def is_open(self) -> bool:
        return self._server is not None

    def open(self) -> None:
        try:
            server = _Server((HOST, self.number), self)
        except OSError as error:
            raise PortBusyError(
                f"port {self.number} of {HOST} ({self.name}) cannot be opened: {error.strerror}"
            ) from error
        self._server = server
        self.number = server.server_address[1]
        threading.Thread(
            target=server.serve_forever, args=(_POLL_SECONDS,), name=self.name, daemon=True
        ).start()

    def close(self) -> None:
        """Refuse connections from now on; a request that is being answered is still answered."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], port: Port) -> None:
        self.port = port
        self.stopping = threading.Event()
        self._idle: set[socket.socket] = set()
        self._idle_lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the name look-up of HTTPServer, which can be slow and is of no use here."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._idle_lock:
            for connection in self._idle:
                _shut(connection)

    def set_idle(self, connection: socket.socket, idle: bool) -> None:
        """Idle connections are cut when the port closes, as when a process goes down."""
        with self._idle_lock:
            (self._idle.add if idle else self._idle.discard)(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Clients may leave at any moment; other errors are shown in one line."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            _log(f"{self.port.name} error {type(error).__name__}: {error}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "payhub-sandbox"
    sys_version = ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # one write per answer
    server: _Server

    def handle_one_request(self) -> None:
        """Read one request; the connection counts as idle until its first line is there."""
        self.server.set_idle(self.connection, True)
        try:
            if self.server.stopping.is_set():
                self.close_connection = True
                return
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True
        finally:
            self.server.set_idle(self.connection, False)

    def parse_request(self) -> bool:
        self.server.set_idle(self.connection, False)
        return super().parse_request()

    def do_GET(self) -> None:
        started = time.monotonic()
        body = self._read_body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query=Query.parse(query),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        try:
            reply = self.server.port.answer(request)
        except StoreClosedError:
            reply = Reply(None)
        self._wait(reply.after_seconds)
        self._log_line(request, reply, time.monotonic() - started)
        self._send(reply.response)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _read_body(self) -> bytes | None:
        if "transfer-encoding" in self.headers:
            self._refuse(411)
            return None
        length = self.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            self._refuse(400)
            return None
        if int(length) > _BODY_BYTES_MAX:
            self._refuse(413)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True  # the client left in the middle of its request
            return None
        return body

    def _refuse(self, status: int) -> None:
        """The rest of the connection cannot be understood, so it ends here."""
        self.close_connection = True
        self._send(Response(status))

    def _wait(self, seconds: float) -> None:
        """Until the time is over, the client has gone or the port closes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.server.stopping.is_set() or _has_gone(self.connection):
                self.close_connection = True
                return
            time.sleep(min(left, _POLL_SECONDS))

    def _send(self, response: Response | None) -> None:
        if response is None:
            self.close_connection = True
            return
        if self.server.stopping.is_set():
            self.close_connection = True
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(response.body)

    def _log_line(self, request: Request, reply: Reply, seconds: float) -> None:
        result = str(reply.response.status) if reply.response else "closed"
        note = f" fault={reply.note}" if reply.note else ""
        path = masked(request.path.encode("ascii", "replace").decode())
        _log(
            f"{self.server.port.name} {request.method} {path} {result} {seconds * 1000:.0f}ms{note}"
        )

    def log_message(self, *_: Any) -> None:
        """Nothing: one line per request is written above, without query, headers or body."""


def _has_gone(connection: socket.socket) -> bool:
    """Whether the client closed its side; what it may have sent meanwhile stays unread."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side closed it first
        connection.shutdown(socket.SHUT_RDWR)


def _log(line: str) -> None:
    moment = time.strftime("%H:%M:%S")
    print(f"{moment} {line}", file=sys.stderr, flush=True)
