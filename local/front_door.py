"""Serves the deployed REST API at the root path, as a custom domain would in the cloud.

python -m local.front_door --port PORT --stack-port PORT --api ID --stage STAGE
"""

import argparse
import asyncio
import json
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import httpcore
from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.settings import HOST

_CONCURRENT_REQUESTS_MAX = 16  # each is a Python process of its own underneath
_BODY_BYTES_MAX = 10 * 1024 * 1024  # API Gateway's limit
_DISCARDED_BYTES_MAX = 64 * 1024 * 1024
_TIMEOUT_SECONDS = 29  # API Gateway's limit
_CONNECT_TIMEOUT_SECONDS = 5

# These belong to one connection; the next one sets its own.
_HOP_BY_HOP = frozenset(
    b"connection content-length expect host keep-alive proxy-connection te trailer"
    b" transfer-encoding upgrade".split()
)
_PATH_SAFE = frozenset(
    b"!$&'()*+,-./0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
)

_QUERY_SAFE = frozenset(range(0x21, 0x7F))

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: _Headers
    body: bytes


class FrontDoor:
    """An ASGI application that hands each request on to the stack."""

    def __init__(self, stack_port: int, api: str, stage: str) -> None:
        self._stack_port = stack_port
        self._prefix = f"/restapis/{api}/{stage}/_user_request_".encode()
        self._admitted = asyncio.Semaphore(_CONCURRENT_REQUESTS_MAX)
        # A connection of its own for each request: a kept one may be dead when it is needed.
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=_CONCURRENT_REQUESTS_MAX, max_keepalive_connections=0
        )

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Read the whole request, wait for a place, forward, answer."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _serve(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        body = await _read_body(receive)
        if body is None:
            answer = _problem(413, "Content Too Large", "The request body is larger than 10 MB.")
        else:
            async with self._admitted:
                answer = await self._forward(scope, body)
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def _forward(self, scope: _Message, body: bytes) -> _Answer:
        method: str = scope["method"]
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                response = await self._pool.request(
                    method.encode(),
                    httpcore.URL(
                        scheme=b"http",
                        host=HOST.encode(),
                        port=self._stack_port,
                        target=self._prefix + _target(scope["raw_path"], scope["query_string"]),
                    ),
                    headers=self._request_headers(scope, body),
                    content=body,
                    extensions={"timeout": {"connect": _CONNECT_TIMEOUT_SECONDS}},
                )
        except TimeoutError:
            return _problem(
                504,
                "Gateway Timeout",
                "The outcome is not known yet. Repeat the request with the same Idempotency-Key.",
            )
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            return _problem(
                503, "Service Unavailable", "The stack is not running. Nothing was done."
            )
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            return _problem(
                502,
                "Bad Gateway",
                "The outcome is not known yet. Repeat the request with the same Idempotency-Key.",
            )
        headers = [it for it in response.headers if it[0].lower() not in _HOP_BY_HOP]
        headers.append((b"content-length", str(len(response.content)).encode()))
        if method == "HEAD":
            headers.pop()
        return _Answer(response.status, headers, response.content)

    def _request_headers(self, scope: _Message, body: bytes) -> _Headers:
        """What the caller sent. The host is fixed: the stack would choose a service by it."""
        client = scope["client"][0] if scope.get("client") else HOST
        return [
            (b"host", f"{HOST}:{self._stack_port}".encode()),
            *((name, value) for name, value in scope["headers"] if name not in _DROPPED),
            (b"x-forwarded-for", client.encode()),
            (b"content-length", str(len(body)).encode()),
        ]


_DROPPED = _HOP_BY_HOP | {b"x-forwarded-for"}


def _target(raw_path: bytes, query: bytes) -> bytes:
    """The request target. A path stays encoded in the cloud, but ministack decodes: %25 for %."""
    path = b"".join(_as_is(byte, _PATH_SAFE) for byte in raw_path)
    return path + b"?" + b"".join(_as_is(byte, _QUERY_SAFE) for byte in query) if query else path


def _as_is(byte: int, safe: frozenset[int]) -> bytes:
    return bytes([byte]) if byte in safe else b"%%%02X" % byte


async def _read_body(receive: _Receive) -> bytes | None:
    """The whole body, or nothing where it is too large; that is read to its end all the same."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more and size <= _DISCARDED_BYTES_MAX:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > _BODY_BYTES_MAX:
            parts.clear()
        else:
            parts.append(part)
        more = message["type"] == "http.request" and message.get("more_body", False)
    return None if size > _BODY_BYTES_MAX else b"".join(parts)


def _problem(status: int, title: str, detail: str) -> _Answer:
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail})
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    return _Answer(status, headers, body.encode())


async def _lifespan(receive: _Receive, send: _Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _run(arguments: argparse.Namespace) -> None:
    config = Config()
    config.bind = [f"{HOST}:{arguments.port}"]
    config.include_server_header = False
    config.accesslog = None
    config.include_date_header = False  # the stack sends one
    config.loglevel = "WARNING"
    config.graceful_timeout = 5
    config.keep_alive_timeout = 300
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    async def until_stopped() -> None:
        await stopped.wait()

    app = FrontDoor(arguments.stack_port, arguments.api, arguments.stage)
    await serve(app, config, shutdown_trigger=until_stopped)  # type: ignore[arg-type]


def main() -> None:
    """Serve until TERM."""
    parser = argparse.ArgumentParser(description="The API at the root path.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--stack-port", type=int, required=True)
    parser.add_argument("--api", required=True)
    parser.add_argument("--stage", required=True)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
