"""The hub's ports in a simulation: a queue that loses and doubles, a line into the sandbox."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from local.sandbox.clock import ManualClock
from local.sandbox.jobs import Job
from local.sandbox.messages import Query
from local.sandbox.messages import Request as VendorRequest
from local.sandbox.sandbox import Sandbox
from tests.support.fakes import POLICY
from tests.support.simulation.chance import Chance


@dataclass(order=True)
class Message:
    """One message on a queue, not to be received before its time."""

    at_ms: int
    number: int
    ids: dict[str, str] = field(compare=False)
    receives: int = field(default=0, compare=False)


class SimulatedQueue:
    """The Queue port; `messages` are those not yet taken for good."""

    def __init__(self, chance: Chance, clock: ManualClock) -> None:
        self.messages: list[Message] = []
        self.sent = 0
        self._chance = chance
        self._clock = clock

    def payment_due(self, tenant: str, payment_id: str, delay_seconds: int) -> None:
        """A reminder may be lost, the sweep makes it good."""
        self._chance.perhaps("before send")
        if not self._chance.strikes():
            self._enqueue({"tenant": tenant, "payment": payment_id}, delay_seconds)

    def event_due(self, tenant: str, vendor: str, event_id: str, delay_seconds: int) -> None:
        """An event is not lost here: whoever sends it is told."""
        self._chance.perhaps("before send")
        ids = {"tenant": tenant, "vendor": vendor, "event": event_id}
        self._enqueue(ids, delay_seconds)

    def _enqueue(self, ids: dict[str, str], delay_seconds: int) -> None:
        for _ in range(2 if self._chance.strikes() else 1):
            self.sent += 1
            at_ms = self._clock.now_ms() + delay_seconds * 1000
            self.messages.append(Message(at_ms, self.sent, ids))


@dataclass
class SimulatedSignals:
    """The Signals port as text, so that one can look for what must not be in it."""

    lines: list[str] = field(default_factory=list)

    def count(self, name: str, value: float = 1, **dimensions: str) -> None:
        """Note it."""
        self.lines.append(f"{name} {value} {dimensions}")


class VendorLine:
    """The client's HTTP, straight into the sandbox's machine.

    `moved` is called after everything that may have moved money: a request, or a job.
    """

    def __init__(self, vendor: str, chance: Chance, clock: ManualClock, sandbox: Sandbox) -> None:
        self.moved: Callable[[Job | None], None] = lambda job: None
        self._vendor = vendor
        self._chance = chance
        self._clock = clock
        self._sandbox = sandbox

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as the vendor does, or as its network does not."""
        path = request.url.raw_path.decode().partition("?")[0]
        # Whoever fetches a token holds a lock, which here is everybody's.
        may_hang = not path.endswith("/token")
        self._chance.perhaps("before vendor", may_hang=may_hang)
        if self._sandbox.refusal(self._vendor):
            raise httpx.ConnectError("played")
        reply = self._sandbox.handle(
            self._vendor,
            VendorRequest(
                method=request.method,
                path=path,
                query=Query(request.url.params.multi_items()),
                headers={k.lower(): v for k, v in request.headers.items()},
                body=request.read(),
            ),
        )
        self.moved(None)
        self._chance.perhaps("after vendor", may_hang=may_hang)
        if reply.after_seconds > POLICY.vendor_timeout_seconds:
            self._clock.advance(POLICY.vendor_timeout_seconds * 1000)
            raise httpx.ReadTimeout("played")
        self._clock.advance(round(reply.after_seconds * 1000))
        if reply.response is None:
            raise httpx.ReadError("played")
        answer = reply.response
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)
