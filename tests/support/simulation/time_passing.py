"""Time: from one thing that is due to the next, at the vendor, in the queue and on schedules."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from payhub.domain.settlement import cut_off_ms
from payhub.operations.advance_payment import AdvancePayment, advance_payment
from payhub.operations.apply_event import ApplyEvent, apply_event
from payhub.operations.collect_missed_events import collect_missed_events
from payhub.operations.record_dead_letter import RecordDeadLetter, record_dead_letter
from payhub.operations.settle_payments import settle_payments
from payhub.operations.sweep import sweep
from tests.support.simulation.ports import Message
from tests.support.simulation.world import World

NEW_YORK = ZoneInfo("America/New_York")
VISIBILITY_SECONDS = 180
RECEIVES_MAX = 4


class Time:
    """Workers take messages, the sweep runs every minute, the nightly schedule at 20:00.

    `patient` sweeps only when something is due: a sweep that finds nothing does nothing.
    """

    def __init__(self, world: World, *, patient: bool = False) -> None:
        self._world = world
        self._chance = world.chance
        self._clock = world.clock
        self._patient = patient
        self._next_sweep_ms = self._clock.now_ms()
        self._next_night_ms = cut_off_ms(self._clock.now_ms())

    def stop_failing(self) -> None:
        """No more faults, deaths and hangs."""
        self._chance.death_rate = 0.0
        self._world.control("DELETE", "faults")
        self._chance.trace.append("settle")

    def is_quiet(self) -> bool:
        """Whether nothing is left to be done."""
        return not self._world.queue.messages and not self._world.hub.payments.due(10**15, 1)

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass from one thing that is due to the next."""
        end_ms = self._clock.now_ms() + int(seconds * 1000)
        self._chance.trace.append(f"time {seconds} s")
        while self._clock.now_ms() < end_ms:
            at_ms = min(self._next_ms(), end_ms)
            self._clock.advance(max(0, at_ms - self._clock.now_ms()))
            self._do_what_is_due()

    def _next_ms(self) -> int:
        job = self._world.sandbox.jobs.next()
        times = [self._sweep_ms(), *(message.at_ms for message in self._world.queue.messages)]
        if self._patient:
            times.append(self._next_night_ms)
        return min(times + ([job.due_ms] if job else []))

    def _sweep_ms(self) -> int:
        if not self._patient:
            return self._next_sweep_ms
        items = self._world.table.items.values()
        due = min((int(item["due_at"]["N"]) for item in items if "due_at" in item), default=10**15)
        return max(self._next_sweep_ms, due)

    def _do_what_is_due(self) -> None:
        while job := self._world.sandbox.next_job():
            self._world.sandbox.run(job)
            self._world.line.moved(job)
        now_ms = self._clock.now_ms()
        due = [message for message in self._world.queue.messages if message.at_ms <= now_ms]
        self._chance.random.shuffle(due)
        for message in due:
            self._receive(message)
        if now_ms >= self._sweep_ms():
            self._sweep(now_ms)
        if self._patient and now_ms >= self._next_night_ms:
            self._next_night_ms = cut_off_ms(now_ms)
            self._settle_night()

    def _sweep(self, now_ms: int) -> None:
        hub = self._world.hub
        self._next_sweep_ms = now_ms + 60_000
        self._chance.attempt("sweep", lambda: sweep(hub))
        if self._chance.random.random() < 0.2:
            self._chance.attempt(
                "missed", lambda: collect_missed_events(hub, self._world.caller.tenant)
            )

    def _settle_night(self) -> None:
        """A schedule that fails is tried again."""
        hub = self._world.hub
        for _ in range(RECEIVES_MAX):
            if self._chance.attempt(
                "night", lambda: settle_payments(hub, self._world.caller.tenant)
            ):
                return

    def _receive(self, message: Message) -> None:
        """A worker takes a message; what fails is visible again later, four times at most."""
        message.at_ms = self._clock.now_ms() + VISIBILITY_SECONDS * 1000
        message.receives += 1
        hub, ids = self._world.hub, message.ids
        done = self._chance.attempt(*self._work(ids))
        if not done and message.receives >= RECEIVES_MAX:
            command = RecordDeadLetter(
                message_id=str(message.number), sent_at_ms=self._clock.now_ms(), **ids
            )
            done = self._chance.attempt("dead letter", lambda: record_dead_letter(hub, command))
        if done and message in self._world.queue.messages:
            self._world.queue.messages.remove(message)

    def _work(self, ids: dict[str, str]) -> tuple[str, Callable[[], None]]:
        hub = self._world.hub
        if "payment" in ids:
            return f"work {ids['payment'][:6]}", lambda: advance_payment(
                hub, AdvancePayment.model_validate(ids)
            )
        return f"event {ids['event'][:6]}", lambda: apply_event(hub, ApplyEvent.model_validate(ids))
