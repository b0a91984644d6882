"""A vendor's world in which anything may go wrong: processes, their deaths, time, and callers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar, cast

import httpx

from local.sandbox import faults as played
from local.sandbox.messages import Query
from local.sandbox.messages import Request as VendorRequest
from local.sandbox.webhooks import Outcome, Post
from payhub.ports import Hub, Queue
from payhub.queue import SqsQueue
from tests.support.doing import Killed
from tests.support.sandbox_world import Said, SandboxWorld, TimedQueue
from tests.support.simulation import functions
from tests.support.simulation.aws import (
    DEAD,
    Message,
    SimulatedClock,
    SimulatedIds,
    SimulatedSecrets,
    SimulatedSqs,
    SimulatedTable,
)
from tests.support.simulation.weather import Fault, Port, Process, Weather

T = TypeVar("T")

PAYMENTS, EVENTS = "payments", "events"
WORKERS = {PAYMENTS: "advance_payment", EVENTS: "apply_event", DEAD: "dead_letter"}
DOCUMENTS, CARRIED = "documents in the table", "carried bodies"
SWEEP_SECONDS = 60
MAIL_DELAY_SECONDS = 600
LATE_SECONDS = 120
HANG_SECONDS = {Fault.HANGS_BEFORE: 5, Fault.HANGS_AFTER: 12}
"""A call may start ten seconds after its intent: who hangs longer does not make it any more."""

AT_THE_VENDOR = {
    Fault.LOST: "timeout_after",
    Fault.THROTTLED: "http_429",
    Fault.CUT_OFF: "disconnect",
    Fault.ERROR_BEFORE: "http_500_before",
    Fault.ERROR_AFTER: "http_500_after",
    Fault.TRUNCATED: "malformed",
    Fault.LATE: played.LATE_APPLY,
}
"""How the sandbox plays a fault of the vendor's."""

WAITS_SECONDS = (2, 30, 60, 300, 1200, 3600, 4 * 3600)
"""After which a caller repeats a request that was not answered."""

AGAIN = frozenset({429, 500, 502, 503, 504})
UNDER_WAY = ("still-running", "action-open")


class NoAnswer(Exception):
    """The process that should have answered has died."""


class Simulated(SandboxWorld):
    """To be mixed into a vendor's world, before it.

    Schedules run at their own times; the sweep when something is due, once a minute at most.
    """

    schedules: ClassVar[dict[str, int]] = {}
    """Name -> period in seconds, of the schedules that this vendor has beside the sweep."""

    never_stored: ClassVar[tuple[str, ...]] = ()
    """Words of requests that may stand in no table, queue, log or metric."""

    stored_only_in: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Words of requests -> the places that may keep them: DOCUMENTS, CARRIED."""

    def wrong_books(self) -> Iterator[str]:
        """What the vendor's books and the hub's do not agree about, in words."""
        raise NotImplementedError

    def _hub(self) -> Hub:
        self._make_ports()
        return self.another_hub()

    def _make_ports(self) -> None:
        self.weather = Weather(meanwhile=self._meanwhile, now_ms=self.clock.now_ms)
        self.table = SimulatedTable(self.weather)
        self.sqs = SimulatedSqs(self.weather, self.clock.now_ms)
        self.queue = cast("TimedQueue", SqsQueue(cast("Any", self.sqs), PAYMENTS, EVENTS))
        self.secrets, self.ids = SimulatedSecrets(self.weather), SimulatedIds(self.weather)
        self.answers: list[Said] = []
        self.mail_on_its_way: list[tuple[int, Post]] = []
        self._next_sweep_ms, self._has_schedules = 0, True
        self._next_run_ms = {
            name: self.clock.now_ms() + seconds * 1000 for name, seconds in self.schedules.items()
        }

    def another_hub(self) -> Hub:
        """The hub of a process of its own: the same ports, nothing that it remembers."""
        hub = super()._hub()
        clock = SimulatedClock(self.weather, self.clock.now_ms)
        return replace(hub, clock=clock, queue=cast("Queue", self.queue))

    def handler(self, name: str) -> Callable[[Any, Any], Any]:
        """The function's handler, for the hub of the process that calls it."""
        return functions.handler(name)

    # Processes

    def process(self, name: str, action: Callable[[], T], hub: Hub | None = None) -> T | None:
        """What a function does in a run of its own; None when it died."""
        until_ms = self.clock.now_ms() + self.policy.function_timeout_seconds * 1000
        process = Process(name, action, until_ms)
        with self.weather.running(process), functions.at_work(hub or self.hub):
            try:
                return action()
            except Killed:
                if not process.is_dead:
                    raise
                return None

    def _meanwhile(self, process: Process, fault: Fault) -> None:
        """Time passes, and another process does the same: no lock is held against it."""
        self.clock.advance(HANG_SECONDS[fault] * 1000)
        self.process(f"{process.name} again", process.again, self.another_hub())

    # The vendor

    def _vendor(self, request: httpx.Request) -> httpx.Response:
        operation = self._operation_of(request)

        def play(fault: Fault, effect: Callable[[], httpx.Response]) -> httpx.Response:
            if fault is Fault.FAILS:
                raise httpx.ConnectError("played")
            if operation is not None:
                armed = played.Fault(
                    id="planned",
                    vendor=self.vendor,
                    operation=operation,
                    fault=AT_THE_VENDOR[fault],
                    count=1,
                    delay_seconds=LATE_SECONDS,
                )
                with self.sandbox.store.transaction():
                    self.sandbox.faults.arm(armed)
            return effect()

        name = operation or request.url.path
        port = Port.LOOKUP if request.method == "GET" else Port.VENDOR
        return self.weather.call(port, name, lambda: self._line(request), play)

    def _line(self, request: httpx.Request) -> httpx.Response:
        return SandboxWorld._vendor(self, request)

    def _operation_of(self, request: httpx.Request) -> str | None:
        path = request.url.raw_path.decode().partition("?")[0]
        return self.sandbox.vendors[self.vendor].operation_of(
            VendorRequest(
                method=request.method,
                path=path,
                query=Query(request.url.params.multi_items()),
                headers={k.lower(): v for k, v in request.headers.items()},
                body=request.read(),
            )
        )

    def _deliver(self, post: Post) -> Outcome:
        """A webhook, which may come twice, later, or not at all."""

        def play(fault: Fault, effect: Callable[[], Outcome]) -> Outcome:
            if fault is Fault.DELAYED:
                at_ms = self.clock.now_ms() + MAIL_DELAY_SECONDS * 1000
                self.mail_on_its_way.append((at_ms, post))
                return Outcome(status=200)
            outcome = Outcome(status=None, error="lost")
            for _ in range({Fault.LOST: 1, Fault.DUPLICATED: 2, Fault.DROPPED: 0}[fault]):
                given = effect()
                outcome = given if fault is Fault.DUPLICATED else outcome
            return outcome

        with self.weather.running(Process("vendor", lambda: None)):
            return self.weather.call(Port.WEBHOOK, "post", lambda: self._taken(post), play)

    def _taken(self, post: Post) -> Outcome:
        taken = self.process("webhook", lambda: super(Simulated, self)._deliver(post))
        return taken or Outcome(status=None, error="died")

    # Time

    def schedule(self, name: str) -> None:
        """A schedule's time has come; whoever fails is tried again at the next."""

        def action() -> bool:
            try:
                self.handler(f"schedules.{name}")({}, SimpleNamespace())
            except Exception as error:  # noqa: BLE001
                self.weather.trace.append(f"  schedule {name}: {type(error).__name__}")
                return False
            return True

        self.process(f"schedule {name}", action)

    def work(self) -> None:
        """Everything that is due now: the sweep, schedules, and messages until there are none."""
        now_ms = self.clock.now_ms()
        due_ms = min(self._due(), default=None)
        if due_ms is not None and max(due_ms, self._next_sweep_ms) <= now_ms:
            self._next_sweep_ms = now_ms + SWEEP_SECONDS * 1000
            self.schedule("sweep")
        for name, at_ms in self._next_run_ms.items():
            if at_ms <= now_ms and self._has_schedules:
                self._next_run_ms[name] = now_ms + self.schedules[name] * 1000
                self.schedule(name)
        while message := self.sqs.receive():
            self.work_on(message)

    def work_on(self, message: Message) -> None:
        """A worker takes it; what fails is visible again later."""
        worker = WORKERS[message.queue]
        record = {
            "messageId": str(message.number),
            "receiptHandle": "r",
            "body": message.body,
            "attributes": {"SentTimestamp": str(self.clock.now_ms())},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }

        def action() -> Any:
            return self.handler(f"workers.{worker}")({"Records": [record]}, SimpleNamespace())

        told = self.process(f"worker {worker}", action)
        if told == {"batchItemFailures": []}:
            self.sqs.delete(message)

    def run(self) -> None:
        """Both sides do what is due now."""
        self.work()
        while self.sandbox.run_due_jobs() or self._late_mail():
            self.work()

    def _late_mail(self) -> bool:
        now_ms = self.clock.now_ms()
        due = [post for at_ms, post in self.mail_on_its_way if at_ms <= now_ms]
        self.mail_on_its_way = [each for each in self.mail_on_its_way if each[0] > now_ms]
        for post in due:
            self._taken(post)
        return bool(due)

    def _due(self) -> list[int]:
        return [int(it["due_at"]["N"]) for it in self.table.items.values() if "due_at" in it]

    def _next_ms(self) -> int | None:
        job = self.sandbox.jobs.next()
        times = [
            *(max(at_ms, self._next_sweep_ms) for at_ms in self._due()),
            *(message.at_ms for message in self.sqs.messages),
            *(at_ms for at_ms, _ in self.mail_on_its_way),
            *(self._next_run_ms.values() if self._has_schedules else ()),
        ]
        return min(times + ([job.due_ms] if job else []), default=None)

    def pass_days(self, days: float) -> None:
        """Let days pass without schedules, of which most would find nothing; the sweep runs."""
        before, self._has_schedules = self._has_schedules, False
        self.go(days=days)
        self._has_schedules = before

    def calm_days(self, days: float) -> None:
        """Days on which nothing goes wrong: what happens then happens at other times as well."""
        before, self.weather.is_on = self.weather.is_on, False
        self.pass_days(days)
        self.weather.is_on = before

    # Callers

    def call(self, function: str, *arguments: Any, **more: Any) -> Said:
        """A request, in a process of its own. Raises NoAnswer when that dies."""
        process = self.weather.process
        if process is not None:  # it is the process that answers it
            return super().call(function, *arguments, **more)
        said = self.process(
            f"request {function}", lambda: self._noted(function, *arguments, **more)
        )
        if said is None:
            raise NoAnswer(function)
        return said

    def _noted(self, function: str, *arguments: Any, **more: Any) -> Said:
        said = super().call(function, *arguments, **more)
        if self.weather.is_on:
            self.answers.append(said)
            self.weather.trace.append(f"  {function}: {said.status}")
        return said

    def answered(self, request: Callable[[], Said], waits: Sequence[int] = WAITS_SECONDS) -> Said:
        """The answer to a request that its caller repeats until there is one, as a caller should.

        Raises NoAnswer when there is none in the end.
        """
        said = self._tried(request)
        for seconds in waits:
            if said is not None and not is_to_be_repeated(said):
                return said
            self.go(seconds)
            said = self._tried(request)
        if said is None:
            raise NoAnswer("after many repeats")
        return said

    def _tried(self, request: Callable[[], Said]) -> Said | None:
        try:
            return request()
        except NoAnswer:
            return None

    # The end

    @property
    def is_quiet(self) -> bool:
        """Whether nothing that somebody waits for is left to be done."""
        payments = self.payments()
        waiting = any(
            payment.open_action is not None and payment.due_at_ms is not None
            for payment in payments
        )
        events = any(
            item.get("final", {}).get("BOOL") is False for item in self.table.items.values()
        )
        on_its_way = self.sqs.messages or self.mail_on_its_way or self._applies_late()
        return not (waiting or events or on_its_way)

    def _applies_late(self) -> bool:
        """Whether the vendor has still to do what was given up: money may move twice only then."""
        late = "SELECT 1 FROM jobs WHERE kind = ?"
        return bool(self.sandbox.store.read(late, (played.LATE_APPLY,)))

    def come_to_rest(self, days: float = 3) -> bool:
        """Until nothing is left to be done: whether that was so in so much time."""
        end_ms = self.clock.now_ms() + round(days * 86_400_000)
        self.run()
        while not self.is_quiet and self.clock.now_ms() < end_ms:
            next_ms = self._next_ms()
            if next_ms is None:
                break
            self.clock.advance(max(0, next_ms - self.clock.now_ms()))
            self.run()
        return self.is_quiet

    def payments(self) -> list[Any]:
        """Every payment of every tenant, as it stands."""
        keys = [key[0].split("#") for key in self.table.items if key[1] == "PAYMENT"]
        found = [self.hub.payments.load(key[1], key[3]) for key in keys]
        return [payment for payment in found if payment is not None]


def is_to_be_repeated(said: Said) -> bool:
    """Whether a caller should ask again: nothing was decided."""
    return said.status in AGAIN or (
        said.status == 409 and any(word in str(said.body) for word in UNDER_WAY)
    )
