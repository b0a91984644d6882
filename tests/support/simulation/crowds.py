"""Many callers of Decoda in one world: requests, repeats, payers, and faults drawn from a seed."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from payhub.vendors.decoda.reading import CLOCK_SKEW_MS
from tests.support.sandbox_world import Said
from tests.support.simulation import common_oracle
from tests.support.simulation.functions import logs_kept
from tests.support.simulation.scenario import Kind, Wrongs, open_ends
from tests.support.simulation.simulated import NoAnswer
from tests.support.simulation.simulated_decoda import SimulatedDecoda
from tests.support.simulation.weather import Fault, Process, drawn

RATES = (0.0, 0.01, 0.02, 0.04)
STEPS = 25
PASSING = (1, 5, 30, 200, 1500, 8000, 90_000)
PATIENTS = (5, 6, 7)
SETTLED = {"s0": (700, 1), "s1": (450, 1), "s2": (90_000, 0), "s3": (33, 2)}
"""Key -> cents and place of the charge: few, so that requests meet."""

FINAL = frozenset({200, 201, 422})


class _LongLived(SimulatedDecoda):
    """Days pass here, so missed deliveries are asked for less often."""

    schedules: ClassVar[dict[str, int]] = {"collect_missed_events": 6 * 3600}


class DecodaCrowd:
    """One seed of Decoda; `wrongs` says what does not agree once everything has ended."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.sim = _LongLived()
        self.sim.begin()
        self.payins: dict[str, Any] = {}
        self.payments: list[str] = []
        self.told: dict[str, tuple[Callable[[], Said], tuple[int, Any]]] = {}
        self.complaints: list[str] = []
        self.unfinished: list[str] = []
        self.wrongs: Wrongs = {}
        self._depth = 0

    @property
    def trace(self) -> list[str]:
        """What happened."""
        return self.sim.weather.trace

    def live(self) -> None:
        """From the first step to the end of everything unfinished, and once more what was said."""
        weather = self.sim.weather
        weather.choose = drawn(self.random, self.random.choice(RATES))
        weather.meanwhile, weather.is_on = self._meanwhile, True
        for _ in range(STEPS):
            self.step()
        weather.is_on = False
        self.sim.go(days=1)  # what payers did last is told by webhooks, or asked for
        if not self.sim.come_to_rest(days=12):
            self.unfinished.append(f"unfinished: {open_ends(self.sim)}")
        for name, (request, _) in (*self.told.items(), *self.told.items()):
            self._ask(name, request)

    def _meanwhile(self, process: Process, fault: Fault) -> None:
        """While a process hangs, others go on."""
        self.sim.clock.advance(self.random.choice((2000, 8000, 15_000)))
        if self._depth < 2:
            self._depth += 1
            with self.sim.weather.running(None):
                self.step()
            self._depth -= 1

    def step(self) -> None:
        """Somebody does something, or time passes."""
        steps = {
            self._settle: 6,
            self._prepare: 3,
            self._confirm: 3,
            self._refund: 4,
            self._cancel: 1,
            self._wait: 5,
        }
        self.random.choices(list(steps), list(steps.values()))[0]()

    def _settle(self) -> None:
        key = self.random.choice(list(SETTLED))
        cents, place = SETTLED[key]
        charges = self.sim.charges(place)
        self._ask(f"settle {key}", lambda: self.sim.settle(cents, charges=charges, key=key))

    def _prepare(self) -> None:
        number = self.random.choice(PATIENTS)
        key = f"p{number}-{self.random.randrange(2)}"
        body = self.sim.plan_body(1, number=number)
        said = self._ask(f"prepare {key}", lambda: self.sim.prepare(key=key, body=body))
        if said is not None and said.status == 200:
            self.payins[said.body["payinConfigId"]] = said.body

    def _confirm(self) -> None:
        """A payer does what was prepared, perhaps in vain, perhaps twice."""
        if self.payins:
            payin = self.payins.pop(self.random.choice(sorted(self.payins)))
            method = self.random.choice(("CARD", "ACH"))
            self.trace.append(f"confirm {payin['payinConfigId']} {method}")
            with self.sim.weather.running(None), suppress(AssertionError):
                self.sim.confirm(payin, method)  # refused where it was confirmed already

    def _refund(self) -> None:
        payments = sorted(p.payment_id for p in self.sim.payments() if p.amount_cents)
        if payments:
            payment, cents = self.random.choice(payments), self.random.choice((100, 450, 1000))
            key = f"r{self.random.randrange(2)}-{cents}"
            self._ask(f"refund {payment} {key}", lambda: self.sim.refund(payment, cents, key=key))

    def _cancel(self) -> None:
        plans = sorted(p.payment_id for p in self.sim.payments() if p.plan is not None)
        if plans:
            plan = self.random.choice(plans)
            self._ask(f"cancel {plan}", lambda: self.sim.cancel(plan, key="c"))
            with self.sim.weather.running(None):
                self.sim.go(CLOCK_SKEW_MS / 1000 + 60)  # a payment nearer to the next plan is its

    def _wait(self) -> None:
        seconds = self.random.choice(PASSING)
        self.trace.append(f"time {seconds} s")
        with self.sim.weather.running(None):
            self.sim.go(seconds)

    def _ask(self, name: str, request: Callable[[], Said]) -> Said | None:
        """What is said for good must be said again, to the byte."""
        self.trace.append(name)
        try:
            said = request()
        except NoAnswer:
            return None
        if said.status in FINAL and said.headers.get("Idempotent-Replayed") is not None:
            words = (said.status, said.body)
            _, before = self.told.setdefault(name, (request, words))
            if before != words:
                self.complaints.append(f"{name}: told {before}, then {words}")
        return said

    def judge(self, log: str) -> None:
        """Say what is wrong, now that everything has ended."""
        self.wrongs = {
            Kind.MONEY: list(self.sim.wrong_books()),
            Kind.LIVENESS: self.unfinished,
            Kind.OTHER: [*self.complaints, *common_oracle.wrong_in_all(self.sim, log)],
        }


def run_decoda(seed: int) -> DecodaCrowd:
    """One seed from its first step to the end of everything unfinished."""
    with logs_kept() as log:
        crowd = DecodaCrowd(seed)
        crowd.live()
        crowd.judge(log.getvalue())
        return crowd
