"""Sends webhooks over real HTTP."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from local.sandbox.webhooks import Outcome, Post, Sender


def http_sender(timeout_seconds: float) -> Sender:
    """A sender that gives the receiver so much time and never raises."""

    def send(post: Post) -> Outcome:
        try:
            return Outcome(_post(post, timeout_seconds))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Outcome(None, f"{type(error).__name__}: {error}")

    return send


def _post(post: Post, timeout_seconds: float) -> int:
    parts = urlsplit(post.url)
    host = parts.hostname or ""  # checked when the subscription was made
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, parts.port, timeout=timeout_seconds)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, post.body, dict(post.headers))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
