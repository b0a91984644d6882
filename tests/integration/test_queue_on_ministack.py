"""The queue's contract on ministack."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from payhub.queue import SqsQueue
from tests.support.queue_contract import (
    RECEIVES_MAX,
    VISIBILITY_SECONDS,
    QueueContract,
    Received,
)
from tests.support.stack import LocalStack

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class _Message:
    """A message in a worker's hands."""

    url: str
    handle: str
    body: str
    is_dead: bool

    @property
    def ids(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.body)
        return found


class _Queue:
    """A queue of its own with its dead letters."""

    def __init__(self, client: Any) -> None:
        self._client = client
        name = f"contract-{uuid.uuid4().hex}"
        self._dead = client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        wanted = client.get_queue_attributes(QueueUrl=self._dead, AttributeNames=["QueueArn"])
        redrive = {
            "deadLetterTargetArn": wanted["Attributes"]["QueueArn"],
            "maxReceiveCount": RECEIVES_MAX,
        }
        attributes = {
            "VisibilityTimeout": str(VISIBILITY_SECONDS),
            "RedrivePolicy": json.dumps(redrive),
        }
        self._url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.adapter = SqsQueue(client, self._url, self._url)

    def receive(self) -> Received | None:
        for url in (self._url, self._dead):
            for found in self._client.receive_message(QueueUrl=url).get("Messages", []):
                return _Message(url, found["ReceiptHandle"], found["Body"], url == self._dead)
        return None

    def delete(self, message: Received) -> None:
        assert isinstance(message, _Message)
        self._client.delete_message(QueueUrl=message.url, ReceiptHandle=message.handle)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds + 0.2)

    def remove(self) -> None:
        for url in (self._url, self._dead):
            self._client.delete_queue(QueueUrl=url)


@pytest.fixture
def queue(local_stack: LocalStack) -> Iterator[_Queue]:
    """A queue that is gone after the test."""
    made = _Queue(local_stack.client("sqs"))
    yield made
    made.remove()


class TestQueueOnMinistack(QueueContract):
    """The same contract as in the simulation."""
