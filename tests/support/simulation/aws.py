"""The hub's storage in a simulation: table, queues and secrets whose every call may go wrong."""

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from payhub.domain.errors import SecretUnavailable
from payhub.store.table import Item, Put
from tests.support.fakes import CountingIds, MemorySecrets
from tests.support.memory_table import MemoryTable
from tests.support.simulation.weather import Fault, Port, Weather

T = TypeVar("T")

_URL = "https://aws.test"
_BEHIND = 6
"""Writes that an index which is behind does not show yet."""


def broken(fault: Fault, effect: Callable[[], T]) -> T:
    """An AWS call that failed, as botocore says it after its own repeats."""
    if fault is Fault.LOST:
        effect()
        raise ReadTimeoutError(endpoint_url=_URL)
    if fault is Fault.THROTTLED:
        answer: Any = {"Error": {"Code": "ThrottlingException", "Message": "too fast"}}
        raise ClientError(answer, "call")
    raise EndpointConnectionError(endpoint_url=_URL)


class SimulatedTable(MemoryTable):
    """The table in memory; an index may be behind it."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather
        self._before: deque[dict[tuple[str, str], Item]] = deque(maxlen=_BEHIND)

    def get(self, key: tuple[str, str]) -> Item | None:
        """A consistent read."""
        return self._weather.call(Port.READ, f"get {key[1]}", lambda: super_get(self, key), broken)

    def put(self, put: Put) -> Item | None:
        """One write."""
        name = f"put {put.item['sk']['S']}"
        return self._weather.call(Port.WRITE, name, lambda: super_put(self, put), broken)

    def put_together(self, puts: Sequence[Put]) -> list[Item | None] | None:
        """One transaction."""
        name = f"put {'+'.join(put.item['sk']['S'] for put in puts)}"
        return self._weather.call(Port.WRITE, name, lambda: super_together(self, puts), broken)

    def query(self, partition: str, **options: Any) -> tuple[list[Item], Item | None]:
        """A page; only indexes can be behind."""
        index = options.get("index")
        port = Port.READ if index is None else Port.INDEX
        name = f"query {index or 'table'}"

        def behind(fault: Fault, effect: Callable[[], T]) -> T:
            if fault is not Fault.STALE:
                return broken(fault, effect)
            now, self.items = self.items, self._before[0] if self._before else self.items
            try:
                return effect()
            finally:
                self.items = now

        return self._weather.call(
            port, name, lambda: super_query(self, partition, **options), behind
        )

    def get_many(self, keys: Sequence[tuple[str, str]]) -> Iterator[Item]:
        """Consistent reads."""

        def effect() -> list[Item]:
            return list(super_many(self, keys))

        yield from self._weather.call(Port.READ, "get many", effect, broken)

    def _store(self, put: Put) -> None:
        self._before.append(dict(self.items))
        super()._store(put)


super_get, super_put, super_together = MemoryTable.get, MemoryTable.put, MemoryTable.put_together
super_query, super_many = MemoryTable.query, MemoryTable.get_many


@dataclass
class Message:
    """A message on a queue, not to be received before its time."""

    number: int
    queue: str
    body: str
    at_ms: int
    receives: int = 0

    @property
    def ids(self) -> dict[str, str]:
        """What it reminds of."""
        found: dict[str, str] = json.loads(self.body)
        return found

    @property
    def is_dead(self) -> bool:
        """Whether it is given up."""
        return self.queue == DEAD


DEAD = "dead letters"
DELAY_SECONDS = 900
"""How much later than wanted a message may come."""


@dataclass
class SimulatedSqs:
    """What the queue's adapter needs of an SQS client; `messages` are those not done with.

    What was received is hidden for a while. What was received too often goes to the dead letters
    when it would be seen again.
    """

    weather: Weather
    now_ms: Callable[[], int]
    visibility_seconds: float = 180
    receives_max: int = 5
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def send_message(self, **request: Any) -> Mapping[str, str]:
        """Take it; a message may come twice, late, or not at all."""

        def keep(times: int = 1, late_seconds: int = 0) -> Mapping[str, str]:
            for _ in range(times):
                at_ms = self.now_ms() + (request["DelaySeconds"] + late_seconds) * 1000
                message = Message(
                    next(self._numbers), request["QueueUrl"], request["MessageBody"], at_ms
                )
                self.messages.append(message)
            return {"MessageId": "m"}

        def play(fault: Fault, effect: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
            if fault is Fault.DUPLICATED:
                return keep(times=2)
            if fault is Fault.DELAYED:
                return keep(late_seconds=DELAY_SECONDS)
            if fault is Fault.DROPPED:
                return keep(times=0)
            return broken(fault, effect)

        return self.weather.call(Port.QUEUE, f"send to {request['QueueUrl']}", keep, play)

    def receive(self) -> Message | None:
        """The next message that can be seen, of any queue."""
        now_ms = self.now_ms()
        found = next((message for message in self.messages if message.at_ms <= now_ms), None)
        if found is None:
            return None
        if found.receives >= self.receives_max and found.queue != DEAD:
            found.queue, found.receives = DEAD, 0
        found.receives += 1
        found.at_ms = now_ms + round(self.visibility_seconds * 1000)
        return found

    def delete(self, message: Message) -> None:
        """It was done; that it may have been done by somebody else before is no error."""
        self.messages = [each for each in self.messages if each is not message]


class SimulatedSecrets(MemorySecrets):
    """Secrets that cannot be had now and then; a shared token is then nobody's."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather

    def get(self, tenant: str, vendor: str, *, fresh: bool = False) -> Mapping[str, str]:
        """What was put."""

        def effect() -> Mapping[str, str]:
            return MemorySecrets.get(self, tenant, vendor, fresh=fresh)

        def play(fault: Fault, effect: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
            raise SecretUnavailable

        return self._weather.call(Port.SECRETS, f"get {vendor}", effect, play)

    def shared_token(self, tenant: str, vendor: str) -> Mapping[str, str]:
        """None where it cannot be read."""

        def effect() -> Mapping[str, str]:
            return MemorySecrets.shared_token(self, tenant, vendor)

        def play(fault: Fault, effect: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
            return {}

        return self._weather.call(Port.SECRETS, f"get {vendor}-token", effect, play)

    def share_token(self, tenant: str, vendor: str, fields: Mapping[str, str]) -> None:
        """Nothing where it cannot be written."""

        def effect() -> None:
            MemorySecrets.share_token(self, tenant, vendor, fields)

        self._weather.call(Port.SECRETS, f"put {vendor}-token", effect, lambda fault, effect: None)


class SimulatedClock:
    """The hub's clock, which is the vendor's too."""

    def __init__(self, weather: Weather, now_ms: Callable[[], int]) -> None:
        self._weather = weather
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return self._weather.call(Port.CLOCK, "now", self._now_ms, _never)


class SimulatedIds(CountingIds):
    """The same ids in every run."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather

    def new(self) -> str:
        """The next."""
        return self._weather.call(Port.IDS, "new", lambda: CountingIds.new(self), _never)


def _never(fault: Fault, effect: Callable[[], T]) -> T:
    raise AssertionError(f"no fault of this port: {fault}")
