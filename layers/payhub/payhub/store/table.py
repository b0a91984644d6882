"""One DynamoDB table: conditional puts that know their own write again, reads and queries."""

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
"""An item in DynamoDB's own notation, attribute -> {type: value}."""

TOKEN = "tok"  # noqa: S105
"""Attribute naming the write that made the item, so that a repeated request knows its own write."""

CONFLICT_TRIES = 5
"""A write that meets a transaction on the same item is refused at once; it is tried again."""

CONFLICT_PAUSE_SECONDS = 0.02
"""About as long as a transaction takes; the pauses grow by as much each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """One conditional put; `condition` None means unconditional."""

    item: Item
    condition: str | None = None
    values: Item | None = None
    names: dict[str, str] | None = None


class Table:
    """The operations the stores need, each one request unless it says otherwise."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: tuple[str, str]) -> Item | None:
        """The item at `key`, read consistently."""
        answer = self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=True)
        return answer.get("Item")

    def put(self, put: Put) -> Item | None:
        """Put the item; None when it is stored, else the item that stands in its way.

        The SDK repeats a request whose answer was lost; the repeat then fails on the first one's
        effect, which the token reveals.
        """
        token = secrets.token_hex(8)
        item = {**put.item, TOKEN: {"S": token}}
        if put.condition is None:
            self._client.put_item(TableName=self._name, Item=item)
            return None
        for tried in range(CONFLICT_TRIES):
            _pause_before(tried)
            try:
                self._client.put_item(
                    TableName=self._name,
                    Item=item,
                    ConditionExpression=put.condition,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **_expressions(put),
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ConditionalCheckFailedException":
                    standing: Any = error.response.get("Item")
                    return _unless_own(standing, token)
                if code != "TransactionConflictException":
                    raise
            else:
                return None
        raise TimeoutError("transactions kept the item busy")

    def put_together(self, puts: Sequence[Put]) -> list[Item | None] | None:
        """Put all items or none; None when stored, else per put the item in its way (or None)."""
        token = secrets.token_hex(8)
        writes: list[Any] = [{"Put": self._transact_put(put, token)} for put in puts]
        for tried in range(CONFLICT_TRIES):
            _pause_before(tried)
            try:
                self._client.transact_write_items(TransactItems=writes, ClientRequestToken=token)
            except self._client.exceptions.TransactionCanceledException as error:
                reasons: list[Any] = error.response.get("CancellationReasons", [])
                codes = [reason.get("Code") for reason in reasons]
                if "ConditionalCheckFailed" in codes:
                    return [_unless_own(reason.get("Item"), token) for reason in reasons]
                if "TransactionConflict" not in codes:
                    raise
            else:
                return None
        raise TimeoutError("other transactions kept the items busy")

    def query(
        self,
        partition: str,
        *,
        index: str | None = None,
        keys: tuple[str, str] = ("pk", "sk"),
        sort: str | None = None,
        values: Item | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        start: Item | None = None,
    ) -> tuple[list[Item], Item | None]:
        """One page of a partition of the table or an index, and where the next page starts.

        `sort` is a condition on the sort key, called `#s`, with its `values`.
        """
        condition = "#p = :p" + (f" AND {sort}" if sort else "")
        names = {"#p": keys[0]} | ({"#s": keys[1]} if sort else {})
        options: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        if limit is not None:
            options["Limit"] = limit
        if start is not None:
            options["ExclusiveStartKey"] = start
        answer = self._client.query(
            TableName=self._name,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":p": {"S": partition}, **(values or {})},
            ScanIndexForward=not newest_first,
            **options,
        )
        return answer["Items"], answer.get("LastEvaluatedKey")

    def get_many(self, keys: Sequence[tuple[str, str]]) -> Iterator[Item]:
        """The items at up to 100 keys, read consistently, in no order."""
        pending: Any = {"Keys": [_key(key) for key in keys], "ConsistentRead": True}
        while pending and pending["Keys"]:
            answer = self._client.batch_get_item(RequestItems={self._name: pending})
            yield from answer["Responses"].get(self._name, [])
            pending = answer.get("UnprocessedKeys", {}).get(self._name)

    def _transact_put(self, put: Put, token: str) -> dict[str, Any]:
        write: dict[str, Any] = {
            "TableName": self._name,
            "Item": {**put.item, TOKEN: {"S": token}},
        }
        if put.condition is not None:
            write["ConditionExpression"] = put.condition
            write["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            write |= _expressions(put)
        return write


def _pause_before(tried: int) -> None:
    """Nothing before the first try: even a sleep of no time costs a turn of the scheduler."""
    if tried:
        time.sleep(tried * CONFLICT_PAUSE_SECONDS)


def _key(key: tuple[str, str]) -> Item:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _expressions(put: Put) -> dict[str, Any]:
    expressions: dict[str, Any] = {}
    if put.values:
        expressions["ExpressionAttributeValues"] = put.values
    if put.names:
        expressions["ExpressionAttributeNames"] = put.names
    return expressions


def _unless_own(item: Item | None, token: str) -> Item | None:
    """The item in the way, unless our own first try put it there."""
    if item is not None and item.get(TOKEN, {}).get("S") == token:
        return None
    return item
