"""One contract for the table: the one in memory, moto's and (in integration) ministack's."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from payhub.store import conditions
from payhub.store.table import Put, Table
from tests.support.aws import ENVIRONMENT, REGION, TABLE, create_table
from tests.support.memory_table import MemoryTable
from tests.support.simulation.aws import SimulatedTable
from tests.support.simulation.weather import Weather
from tests.support.table_contract import TableContract, item

IN_MEMORY: dict[str, Callable[[], MemoryTable]] = {
    "memory": MemoryTable,
    "simulated": lambda: SimulatedTable(Weather()),
}


@pytest.fixture(params=["memory", "simulated", "moto"])
def table(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Table | MemoryTable]:
    """The table under test."""
    if request.param in IN_MEMORY:
        yield IN_MEMORY[request.param]()
        return
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        create_table(client)
        yield Table(client, TABLE)


class TestTable(TableContract):
    """The contract, on each table that needs no server."""


def test_a_repeated_request_knows_its_own_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK sends again what was applied but not answered; that is no conflict."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        create_table(client)
        put_item = client.put_item

        def put_twice(**request: object) -> object:
            put_item(**request)  # type: ignore[arg-type]
            return put_item(**request)  # type: ignore[arg-type]

        monkeypatch.setattr(client, "put_item", put_twice)
        put = Put(item=item("a", "1"), condition=conditions.NEW)
        assert Table(client, TABLE).put(put) is None


def test_a_put_that_meets_a_transaction_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB refuses it at once; no outcome may be lost to an event that is being applied."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        create_table(client)
        put_item, conflicts = client.put_item, [1, 1]

        def busy_twice(**request: object) -> object:
            if conflicts:
                conflicts.pop()
                answer: Any = {"Error": {"Code": "TransactionConflictException"}}
                raise ClientError(answer, "PutItem")
            return put_item(**request)  # type: ignore[arg-type]

        monkeypatch.setattr(client, "put_item", busy_twice)
        table = Table(client, TABLE)
        assert table.put(Put(item=item("a", "1"), condition=conditions.NEW)) is None
        assert table.get(("a", "1")) is not None and not conflicts
