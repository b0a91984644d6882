"""Faults that can be armed, and what each one does to a request. One table: FAULTS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import unquote

from local.sandbox.jobs import Jobs
from local.sandbox.messages import Reply, Request, Response
from local.sandbox.store import Document, Store

LATE_APPLY = "late_apply"
REFUSE = "refuse"
_KIND = "fault"


@dataclass(frozen=True)
class Fault:
    """One armed fault; `count` is how many more requests it spoils."""

    id: str
    vendor: str
    operation: str
    fault: str
    count: int
    match: str = ""
    delay_seconds: float = 0.0

    def hits(self, operation: str, request: Request) -> bool:
        if operation != self.operation:
            return False
        return (
            self.match in unquote(request.path)
            or self.match.encode(errors="replace") in request.body
        )


@dataclass(frozen=True)
class Refusal:
    """A vendor whose port is closed until a moment."""

    vendor: str
    until_ms: int


@dataclass(frozen=True)
class Scene:
    """What a fault may use: apply() does the work, put_off() tells what to keep to do it later."""

    fault: Fault
    apply: Callable[[], Response]
    decline: Callable[[], Response]
    put_off: Callable[[], Document | None]
    error_page: Callable[[int], Response]
    jobs: Jobs
    now_ms: int
    hang_seconds: float
    slow_seconds: float = field(default=1.0)


def _disconnect(_: Scene) -> Reply:
    return Reply(None)


def _timeout_before(scene: Scene) -> Reply:
    return Reply(None, scene.hang_seconds)


def _timeout_after(scene: Scene) -> Reply:
    scene.apply()
    return Reply(None, scene.hang_seconds)


def _http_500_before(scene: Scene) -> Reply:
    return Reply(scene.error_page(500))


def _http_500_after(scene: Scene) -> Reply:
    scene.apply()
    return Reply(scene.error_page(500))


def _http_429(scene: Scene) -> Reply:
    page = scene.error_page(429)
    return Reply(Response(page.status, page.body, {**page.headers, "Retry-After": "1"}))


def _malformed(scene: Scene) -> Reply:
    """Cut in the middle: the length is right, the content cannot be read."""
    answer = scene.apply()
    return Reply(Response(answer.status, answer.body[: len(answer.body) // 2], answer.headers))


def _slow(scene: Scene) -> Reply:
    return Reply(scene.apply(), scene.slow_seconds)


def _decline(scene: Scene) -> Reply:
    return Reply(scene.decline())


def _late_apply(scene: Scene) -> Reply:
    kept = scene.put_off()
    if kept is not None:
        due_ms = scene.now_ms + round(scene.fault.delay_seconds * 1000)
        scene.jobs.schedule(due_ms, scene.fault.vendor, LATE_APPLY, kept)
    return Reply(None, scene.hang_seconds)


FAULTS: dict[str, Callable[[Scene], Reply]] = {
    "disconnect": _disconnect,
    "timeout_before": _timeout_before,
    "timeout_after": _timeout_after,
    "http_500_before": _http_500_before,
    "http_500_after": _http_500_after,
    "http_429": _http_429,
    "malformed": _malformed,
    "slow": _slow,
    "decline": _decline,
    LATE_APPLY: _late_apply,
}


def play(scene: Scene) -> Reply:
    """The reply under this fault, with its name for the log."""
    reply = FAULTS[scene.fault.fault](scene)
    return Reply(reply.response, reply.after_seconds, note=scene.fault.fault)


class FaultDesk:
    """Armed faults and refusals, kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def arm(self, fault: Fault) -> None:
        self._store.put(fault.vendor, _KIND, fault.id, asdict(fault))

    def armed(self, vendor: str) -> list[Fault]:
        return [Fault(**body) for body in self._store.all(vendor, _KIND)]

    def take(self, vendor: str, operation: str, request: Request) -> Fault | None:
        """The oldest fault that hits this request; it has one hit less afterwards."""
        for fault in self.armed(vendor):
            if fault.hits(operation, request):
                self._use_up(fault)
                return fault
        return None

    def _use_up(self, fault: Fault) -> None:
        if fault.count > 1:
            left: dict[str, Any] = {**asdict(fault), "count": fault.count - 1}
            self._store.put(fault.vendor, _KIND, fault.id, left)
        else:
            self._store.remove(fault.vendor, _KIND, fault.id)

    def clear(self, vendor: str, fault_id: str = "") -> int:
        """Disarm one fault, or all of a vendor's and open its port; answers how many there were."""
        faults = [fault for fault in self.armed(vendor) if fault_id in ("", fault.id)]
        for fault in faults:
            self._store.remove(vendor, _KIND, fault.id)
        if not fault_id and self._store.get(vendor, REFUSE, REFUSE):
            self._store.remove(vendor, REFUSE, REFUSE)
            return len(faults) + 1
        return len(faults)

    def refuse(self, refusal: Refusal) -> None:
        self._store.put(refusal.vendor, REFUSE, REFUSE, asdict(refusal))

    def refusal(self, vendor: str, now_ms: int) -> Refusal | None:
        """The refusal in force, if any."""
        body = self._store.get(vendor, REFUSE, REFUSE)
        if body is None or body["until_ms"] <= now_ms:
            return None
        return Refusal(**body)
