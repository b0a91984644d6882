"""The table of the benchmarks keeps what is put, under conditions, and finds it by its indexes."""

from typing import Any

import pytest

from benchmarks.stack import table_schema
from benchmarks.table import RefusedError, Table

NEW = "attribute_not_exists(pk)"


def payment(number: int, tenant: str = "t") -> dict[str, Any]:
    """An item as the store would write it."""
    return {
        "pk": {"S": f"TENANT#{tenant}#PAYMENT#{number}"},
        "sk": {"S": "PAYMENT"},
        "rev": {"N": "1"},
        "by_tenant": {"S": f"TENANT#{tenant}#PAYMENTS"},
        "created": {"S": f"{number:013d}#"},
    }


def query(newest_first: bool, limit: int, start: Any = None) -> dict[str, Any]:
    """A page of the tenant's payments."""
    asked = {
        "IndexName": "by_tenant",
        "KeyConditionExpression": "#p = :p AND #s BETWEEN :from AND :to",
        "ExpressionAttributeValues": {
            ":p": {"S": "TENANT#t#PAYMENTS"},
            ":from": {"S": f"{2:013d}"},
            ":to": {"S": f"{9:013d}"},
        },
        "ScanIndexForward": not newest_first,
        "Limit": limit,
    }
    return asked if start is None else {**asked, "ExclusiveStartKey": start}


def test_a_second_put_of_a_new_item_is_refused_and_shows_the_first() -> None:
    table = Table(table_schema())
    put = {"Item": payment(1), "ConditionExpression": NEW}
    _, billed = table.put_item(put)
    assert (billed.base_write, billed.index_write) == (1, 1)
    with pytest.raises(RefusedError) as refused:
        table.put_item({**put, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    assert refused.value.members == {"Item": payment(1)}
    assert refused.value.billed.base_write == 1


def test_a_transaction_stores_all_or_nothing() -> None:
    table = Table(table_schema())
    table.put_item({"Item": payment(1)})
    puts = [{"Item": payment(number), "ConditionExpression": NEW} for number in (2, 1)]
    with pytest.raises(RefusedError) as refused:
        table.transact(puts)
    codes = [reason["Code"] for reason in refused.value.members["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed"]
    assert table.item(("TENANT#t#PAYMENT#2", "PAYMENT")) is None


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_of_an_index_hold_each_item_once_and_in_order(newest_first: bool) -> None:
    table = Table(table_schema())
    for number in (5, 3, 8, 1, 2):
        table.put_item({"Item": payment(number)})
    table.put_item({"Item": payment(4, "other")})
    found, start = [], None
    while True:
        answer, _ = table.query(query(newest_first, 2, start))
        found += [int(item["created"]["S"].rstrip("#")) for item in answer["Items"]]
        start = answer.get("LastEvaluatedKey")
        if start is None:
            break
    assert found == sorted([5, 3, 8, 2], reverse=newest_first)


def test_an_item_leaves_its_index_with_its_key() -> None:
    table = Table(table_schema())
    table.put_item({"Item": payment(3)})
    bare = {k: v for k, v in payment(3).items() if k != "by_tenant"}
    _, billed = table.put_item({"Item": bare})
    assert billed.index_write == 1
    assert table.query(query(True, 5))[0]["Items"] == []
