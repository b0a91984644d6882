"""What one would take instead: a charge behind Powertools' idempotency utility.

It is played under the same faults. One message is delivered until it is done or given up; the
vendor has no idempotency key.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    base,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.persistence import (
    base as persistence_base,
)
from aws_lambda_powertools.utilities.idempotency.persistence import (
    datarecord,
    dynamodb,
)
from moto import mock_aws

from tests.support.doing import Killed
from tests.support.simulation.aws import SimulatedSqs, broken
from tests.support.simulation.simulated import (
    HANG_SECONDS,
    LATE_SECONDS,
)
from tests.support.simulation.weather import (
    FAULTS,
    Chooser,
    Fault,
    Point,
    Port,
    Process,
    Weather,
    planned,
)

TABLE = "idempotency"
FUNCTION_SECONDS = 30
START_MS = 1_795_273_200_000


class VendorError(Exception):
    """The charge failed, or so it seems."""


@dataclass
class Reference:
    """The utility on its own table; `charges` is what the vendor took."""

    weather: Weather
    now_ms: int = START_MS
    charges: int = 0
    late: list[int] = field(default_factory=list)

    def deliver(self) -> None:
        """One message, until a worker has done it or it is given up."""
        charge = self._guarded()
        for _ in range(SimulatedSqs.receives_max):
            if self._process(charge):
                break
            self.now_ms += round(SimulatedSqs.visibility_seconds * 1000)
        self.charges += len(self.late)

    def _process(self, charge: Callable[..., Any]) -> bool:
        def action() -> bool:
            charge(data={"key": "payment-1", "amount": 100})
            return True

        process = Process("worker", action, self.now_ms + FUNCTION_SECONDS * 1000)
        with self.weather.running(process):
            try:
                return action()
            except Killed:
                return False
            except Exception as error:  # noqa: BLE001
                self.weather.trace.append(f"  {type(error).__name__}")
                return False

    def meanwhile(self, process: Process, fault: Fault) -> None:
        """Time passes, and the message is delivered to another worker."""
        self.now_ms += HANG_SECONDS[fault] * 1000
        again = Process("worker again", process.again, self.now_ms + FUNCTION_SECONDS * 1000)
        with self.weather.running(again):
            try:
                process.again()
            except Exception as error:  # noqa: BLE001
                self.weather.trace.append(f"  again: {type(error).__name__}")

    def _guarded(self) -> Callable[..., Any]:
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        store = DynamoDBPersistenceLayer(table_name=TABLE, boto3_client=client)
        for name, port in (
            ("put_item", Port.WRITE),
            ("update_item", Port.WRITE),
            ("delete_item", Port.WRITE),
            ("get_item", Port.READ),
        ):
            setattr(client, name, self._through(port, name, getattr(client, name)))
        config = IdempotencyConfig(event_key_jmespath="key")
        context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: FUNCTION_SECONDS * 1000)
        config.register_lambda_context(context)

        def charge(data: dict[str, Any]) -> dict[str, bool]:
            self.weather.call(Port.VENDOR, "charge", self._charged, self._charge_under)
            return {"ok": True}

        guarded: Callable[..., Any] = idempotent_function(
            charge, data_keyword_argument="data", config=config, persistence_store=store
        )
        return guarded

    def _through(self, port: Port, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            return self.weather.call(port, name, lambda: method(**request), broken)

        return call

    def _charged(self) -> None:
        self.charges += 1

    def _charge_under(self, fault: Fault, effect: Callable[[], None]) -> None:
        if fault in (Fault.LOST, Fault.ERROR_AFTER, Fault.TRUNCATED):
            effect()
        elif fault is Fault.LATE:
            self.late.append(self.now_ms + LATE_SECONDS * 1000)
        raise VendorError(fault)


def run(choose: Chooser) -> Reference:
    """One message from its sending to its end."""
    weather = Weather(choose, is_on=True)
    reference = Reference(weather)
    weather.meanwhile = reference.meanwhile
    weather.now_ms = lambda: reference.now_ms
    with _offline(), mock_aws(), _clock_of(reference):
        reference.deliver()
    return reference


def singles() -> Iterator[tuple[Point, Fault, int]]:
    """Every fault at every point of it, with the number of charges."""
    for point in run(lambda point: None).weather.points:
        for fault in FAULTS[point.port]:
            yield point, fault, run(planned({point.number: fault})).charges


@contextmanager
def _offline() -> Iterator[None]:
    known = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_LAMBDA_FUNCTION_NAME": "charge",
    }
    with mock.patch.dict(os.environ, known):
        yield


@contextmanager
def _clock_of(reference: Reference) -> Iterator[None]:
    """The utility reads the clock itself: it is given the simulated one."""

    class Now(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return dt.datetime.fromtimestamp(reference.now_ms / 1000, tz)

    clock = SimpleNamespace(datetime=Now, timedelta=dt.timedelta)
    modules = (base, persistence_base, datarecord, dynamodb)
    before = [module.dt for module in modules]
    for module in modules:
        module.dt = clock  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module, found in zip(modules, before, strict=True):
            module.dt = found  # type: ignore[attr-defined]
