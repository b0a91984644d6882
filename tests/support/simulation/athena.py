"""athenahealth in a simulation: every way to take, record and give back a patient's money."""

import base64
import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, cast
from urllib.parse import urlencode

from local.sandbox.clock import ManualClock
from local.sandbox.messages import Request as VendorRequest
from payhub.domain.answers import Carried
from payhub.domain.claims import Claim
from payhub.domain.payment import Payment
from payhub.domain.reply import Reply
from payhub.domain.settlement import cut_off_ms
from payhub.entrypoints.athena import in_dialect
from payhub.store import keys
from payhub.store.payments import Payments
from payhub.store.table import Table
from payhub.vendors import RegisteredVendor
from tests.support.simulation.athena_ledger import Ledger, NotingGateway
from tests.support.simulation.athena_requests import (
    CODE,
    NUMBERS,
    OPERATIONS,
    PATIENTS,
    PRACTICE,
    READS,
    SECURITY_CODE,
    Ask,
    Requests,
)
from tests.support.simulation.chance import Chance
from tests.support.simulation.time_passing import NEW_YORK, Time
from tests.support.simulation.world import World

STARTS = ("2026-11-21 10:00", "2026-11-20 19:20", "2026-10-31 15:00", "2026-03-07 16:30")
"""New York; the last two days are before a change of the clocks."""

FAULTS = (
    *("disconnect", "timeout_before", "timeout_after", "http_500_before", "http_500_after"),
    *("http_429", "malformed", "slow", "decline", "late_apply", "refuse"),
)
MONEY = (
    *("collect_payment", "collect_payment", "store_card", "start_payment_plan"),
    *("record_payment", "void_collected_payment", "record_vendor_payment"),
    *("refund_vendor_payment", "adjust_charges"),
)
OTHERS = (
    *("issue_token", "list_receipts", "get_receipt", "get_receipt_details"),
    *("list_contracts", "list_payment_plans"),
)
PASSING = (1, 5, 30, 130, 400, 700, 1500, 4000)
HOUR = 3600


class NotingPayments(Payments):
    """The store, noting which request made which payment."""

    def __init__(self, table: Table, simulation: "AthenaSimulation") -> None:
        super().__init__(table)
        self._simulation = simulation

    def create(
        self, payment: Payment, carried: Carried | None, claims: Sequence[Claim] = ()
    ) -> Payment:
        """Noted before it is stored: the process may die right after."""
        simulation = self._simulation
        if keys.payment(payment.tenant, payment.payment_id) not in simulation.world.table.items:
            simulation.made_by.pop(payment.payment_id, None)
            simulation.made_by[payment.payment_id] = simulation.asking
        return super().create(payment, carried, claims)


class AthenaSimulation:
    """One seed's world; the oracle compares `ledger`, the payments, and what callers were told."""

    def __init__(self, seed: int, death_rate: float = 0.02) -> None:
        start = datetime.fromisoformat(STARTS[seed % len(STARTS)]).replace(tzinfo=NEW_YORK)
        clock = ManualClock(round(start.timestamp() * 1000))
        self.chance = Chance(seed, clock)
        self.chance.meanwhile = self.one_step
        self.world = World("athena", self.chance, clock, retry_attempts_max=6)
        self.requests = Requests(self.chance.random)
        self.ledger = Ledger(self.world.sandbox)
        self.world.line.moved = self.ledger.moved
        self.asked: list[Ask] = []
        self.asking: Ask | None = None
        self.made_by: dict[str, Ask | None] = {}
        self.told: dict[Ask, str] = {}
        self.complaints: list[str] = []
        self._front_desk = ("", 0)
        self._connect()
        self.chance.death_rate = death_rate
        self.time = Time(self.world, patient=True)

    @property
    def trace(self) -> list[str]:
        """What happened."""
        return self.chance.trace

    def _connect(self) -> None:
        for client in ("hub", "desk"):
            credentials = {"client_id": client, "client_secret": client}
            ids = {"practice_ids": [PRACTICE], "vendor_codes": [CODE]}
            self.world.control("POST", "athena/practices", {**credentials, **ids})
        vendor = cast("RegisteredVendor", self.world.hub.vendors["athena"])
        vars(vendor)["gateway"] = NotingGateway(vendor.gateway, self.ledger)
        payments = NotingPayments(cast("Table", self.world.table), self)
        self.world.hub = dataclasses.replace(self.world.hub, payments=payments)
        settings = {"practice_ids": [PRACTICE], "vendor_codes": [CODE]}
        self.world.make_tenant(settings, {"client_id": "hub", "client_secret": "hub"})

    # What happens

    def one_step(self) -> None:
        """Somebody does something, or time passes."""
        steps = {
            self._new: 28,
            self._repeat: 8,
            self._twin: 6,
            self._undo: 14,
            self._read: 3,
            self._past_the_hub: 6,
            self._arm: 18,
            self._outage: 1,
            self._wait: 20,
        }
        self.chance.random.choices(list(steps), list(steps.values()))[0]()

    def _new(self) -> None:
        self.ask(self.requests.new())

    def _repeat(self) -> None:
        """The same request again, rather a recent one."""
        if self.asked:
            latest = len(self.asked) - 1
            self.ask(self.asked[round(latest * self.chance.random.random() ** 0.5)])

    def _twin(self) -> None:
        """The same as a recent request for a card, and meant so: other money of the same look."""
        cards = [each for each in self.asked[-6:] if "accountnumber" in each.body]
        if cards:
            self.ask(self.requests.twin(cards[-1]))

    def _undo(self) -> None:
        """Give money back: by the vendor's paths, or by the hub's."""
        random = self.chance.random
        roll = random.random()
        if roll < 0.4:
            self._void(self._receipts())
        elif roll < 0.65:
            ids = self.world.payment_ids()
            if ids:
                payment_id = random.choice(ids)
                self.ask(self.requests.void_by_hub(payment_id, self._revision(payment_id)))
        else:
            payments = self._vendor_payments()
            if payments:
                self.ask(self.requests.refund(random.choice(payments)))

    def _void(self, receipts: list[tuple[int, int]]) -> None:
        if receipts:
            receipt = self.chance.random.choice(receipts)
            self.ask(self.requests.void(receipt, None))

    def _revision(self, payment_id: str) -> int | None:
        """If-Match now and then, of the payment as it stands or stood."""
        if self.chance.random.random() > 0.15:
            return None
        item = self.world.table.items[keys.payment(self._tenant_id(), payment_id)]
        return int(item["rev"]["N"]) - self.chance.random.randrange(2)

    def _tenant_id(self) -> str:
        return next(key[1] for key in self.world.table.items if key[0] == "TENANTS")

    def _receipts(self) -> list[tuple[int, int]]:
        """(epaymentid, patient) of what somebody sees in athenaNet."""
        found = self.world.sandbox.store.all("athena", "athena_receipt")
        return [(each["epayment_id"], each["patient_id"]) for each in found]

    def _vendor_payments(self) -> list[tuple[int, int]]:
        found = self.world.sandbox.store.all("athena", "athena_vendor_payment")
        return [(each["payment_id"], each["patient_id"]) for each in found]

    def _read(self) -> None:
        name = self.chance.random.choice(list(READS))
        operation, command = READS[name]
        values: dict[str, Any] = {"practice_id": PRACTICE, "patient_id": "1"}
        receipts = self._receipts()
        if name == "list_receipts":
            values["department_id"] = "1"
        elif receipts:
            epayment_id, patient = self.chance.random.choice(receipts)
            values |= {"epayment_id": str(epayment_id), "patient_id": str(patient)}
        else:
            return
        hub = self.world.hub
        self.chance.attempt(
            name, lambda: operation(hub, self.world.caller, command.model_validate(values)) and None
        )

    def ask(self, ask: Ask) -> None:
        """Somebody asks; what is said for good must be said again, to the byte."""
        self.asked.append(ask)
        self.chance.attempt(str(ask), lambda: self._answered(ask))

    def _answered(self, ask: Ask) -> Reply:
        operation, command, render = OPERATIONS[ask.operation]
        before, self.asking = self.asking, ask
        try:
            reply: Reply = operation(
                self.world.hub, self.world.caller, command.model_validate(ask.asked)
            )
        finally:
            self.asking = before
        if ask.key is not None and reply.action.answer is not None:
            answer = in_dialect(render(reply, self.world.caller, "r-1"))
            words = f"{answer['statusCode']} {answer['headers'].get('ETag')} {answer['body']}"
            if self.told.setdefault(ask, words) != words:
                self.complaints.append(f"{ask}: told {self.told[ask]}, then {words}")
        return reply

    def _arm(self) -> None:
        random = self.chance.random
        fault = random.choice(FAULTS)
        body: dict[str, Any] = {"vendor": "athena", "fault": fault}
        if fault == "refuse":
            self.world.arm({**body, "seconds": random.choice((5, 60, 400))})
            return
        body["operation"] = random.choice(MONEY)
        if fault not in ("decline", "late_apply") and random.random() < 0.3:
            body["operation"] = random.choice(OTHERS)
        if fault == "late_apply":
            body["delay_seconds"] = random.randrange(5, 900)
        self.world.arm(body)

    def _outage(self) -> None:
        """A call has no answer, and then the vendor is away for longer than it remembers it."""
        report = self.requests.report(self.chance.random.choice(PATIENTS))
        fault = self.chance.random.choice(("timeout_after", "timeout_before"))
        operation = "record_vendor_payment"
        self.world.arm({"vendor": "athena", "fault": fault, "operation": operation})
        self.ask(report)
        self.world.arm({"vendor": "athena", "fault": "refuse", "seconds": 7 * HOUR})
        self.time.pass_seconds(8 * HOUR)

    def _wait(self) -> None:
        random, now_ms = self.chance.random, self.world.clock.now_ms()
        roll = random.random()
        if roll < 0.15:
            until_ms = cut_off_ms(now_ms) + 1000 * random.choice((-900, -20, -1, 1, 200, 600))
            self.time.pass_seconds(max(1, (until_ms - now_ms) // 1000))
        elif roll < 0.25:
            self.time.pass_seconds(6 * HOUR + random.choice((-400, -320, 0, 60)))
        else:
            self.time.pass_seconds(random.choice(PASSING))

    # Past the hub

    def _past_the_hub(self) -> None:
        """Somebody works in athenaNet, or another client on the same account."""
        random = self.chance.random
        patient, amount = random.choice(PATIENTS), random.choice(("25.00", "10.50"))
        patients = f"patients/{patient}"
        what = random.choice(("collect", "report", "void", "refund"))
        if what == "collect":
            number = random.choice(list(NUMBERS.values()))
            self._desk(f"{patients}/collectpayment", {"otheramount": amount, **_card(number)})
        elif what == "report":
            form = {"patientid": patient, "otheramount": amount, "paymentmethod": "CASH"}
            reference = f"desk-{len(self.ledger.entries)}"
            self._desk(f"patientpayvendors/{CODE}/payments", {**form, "externalrefid": reference})
        elif what == "void":
            for epayment_id, whose in self._receipts()[-1:]:
                self._desk(f"patients/{whose}/voidpayment/{epayment_id}", {})
        else:
            for payment_id, whose in self._vendor_payments()[-1:]:
                form = {"patientid": whose, "paymentmethod": "CASH", "externalrefid": "desk"}
                self._desk(f"patientpayvendors/{CODE}/payments/{payment_id}/refund", form)

    def _desk(self, path: str, form: dict[str, Any]) -> None:
        body = urlencode({"departmentid": "1", **form}).encode()
        self.trace.append(f"past the hub: {path}")
        with self.ledger.sending(None):
            self._sent("POST", f"/v1/{PRACTICE}/{path}", f"Bearer {self._token()}", body)
            self.ledger.moved(None)

    def _token(self) -> str:
        token, until_ms = self._front_desk
        now_ms = self.world.clock.now_ms()
        if now_ms >= until_ms:
            basic = "Basic " + base64.b64encode(b"desk:desk").decode()
            form = {"grant_type": "client_credentials", "scope": "athena/service/Athenanet.MDP.*"}
            given = self._sent("POST", "/oauth2/v1/token", basic, urlencode(form).encode())
            token = given["access_token"]
            self._front_desk = token, now_ms + 3000 * 1000
        return token

    def _sent(self, method: str, path: str, authorization: str, body: bytes) -> Any:
        """A request that no fault hits."""
        headers = {
            "authorization": authorization,
            "content-type": "application/x-www-form-urlencoded",
        }
        sandbox = self.world.sandbox
        with sandbox.store.transaction():
            answer = sandbox.vendors["athena"].handle(
                VendorRequest(method=method, path=path, headers=headers, body=body)
            )
        return json.loads(answer.body) if answer.status < 300 else None

    # The end

    def settle(self, days: int = 5) -> None:
        """No more faults, for days: everything unfinished ends, and what was collected settles."""
        self.time.stop_failing()
        for day in range(days):
            self.time.pass_seconds(24 * HOUR)
            if day >= 1 and self.time.is_quiet():
                break
        self._replay()

    def _replay(self) -> None:
        """Whatever was said for good is said again, and again, and nothing moves."""
        moved = len(self.ledger.entries)
        for ask in (*self.told, *self.told):
            if not self.chance.attempt(f"replay {ask}", partial(self._answered, ask)):
                self.complaints.append(f"{ask}: told {self.told[ask]}, then {self.trace[-1]}")
        if len(self.ledger.entries) != moved:
            self.complaints.append("replays moved money")


def _card(number: str) -> dict[str, str]:
    return {
        "accountnumber": number,
        "nameoncard": "Front Desk",
        "expirationmonthmm": "12",
        "expirationyearyyyy": "2039",
        "billingaddress": "1 Main Street",
        "billingzip": "02472",
        "cardsecuritycode": SECURITY_CODE,
    }
