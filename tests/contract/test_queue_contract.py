"""One contract for the queue: the simulation's and (in integration) ministack's."""

from typing import Any, cast

import pytest

from payhub.queue import SqsQueue
from tests.support.queue_contract import (
    RECEIVES_MAX,
    VISIBILITY_SECONDS,
    QueueContract,
    Received,
)
from tests.support.simulation.aws import Message, SimulatedSqs
from tests.support.simulation.weather import Weather


class _Simulated:
    """The simulation's queue, on a clock that only this test moves."""

    def __init__(self) -> None:
        self._now_ms = 0
        self._sqs = SimulatedSqs(Weather(), lambda: self._now_ms, VISIBILITY_SECONDS, RECEIVES_MAX)
        self.adapter = SqsQueue(cast("Any", self._sqs), "payments", "events")

    def receive(self) -> Received | None:
        return self._sqs.receive()

    def delete(self, message: Received) -> None:
        self._sqs.delete(cast("Message", message))

    def wait(self, seconds: float) -> None:
        self._now_ms += round(seconds * 1000)


@pytest.fixture
def queue() -> _Simulated:
    """The queue under test."""
    return _Simulated()


class TestSimulatedQueue(QueueContract):
    """The contract, on the simulation's queue."""
