"""What DynamoDB would bill is reckoned from the items."""

import pytest

from benchmarks import units
from benchmarks.units import Index, TableSchema, Units

BY_STATE = Index(name="by_state", keys=("state",), projected=frozenset())
SCHEMA = TableSchema(keys=("pk",), indexes=(BY_STATE,))
BARE = TableSchema(keys=("pk",))


def item(size: int, **attributes: str) -> dict[str, dict[str, str]]:
    """An item of so many bytes, with these attributes among them."""
    made = {"pk": {"S": "p"}, **{name: {"S": value} for name, value in attributes.items()}}
    return {**made, "doc": {"S": "x" * (size - units.item_bytes(made) - len("doc"))}}


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    assert units.item_bytes({"pk": {"S": "ü1"}}) == 2 + 3
    assert units.item_bytes({"n": {"N": "1795297089721"}}) == 1 + 7 + 1
    assert units.item_bytes({"b": {"B": "AAEC"}, "t": {"BOOL": True}}) == 1 + 3 + 1 + 1
    assert units.item_bytes({"m": {"M": {"k": {"L": [{"S": "a"}]}}}}) == 1 + 3 + 1 + 1 + 3 + 1 + 1


@pytest.mark.parametrize(("size", "written"), [(1024, 1), (1025, 2), (2049, 3)])
def test_a_write_counts_each_kilobyte_begun(size: int, written: int) -> None:
    assert units.write_units(BARE, None, item(size)) == Units(base_write=written)
    assert units.write_units(BARE, None, item(size), transaction=True).base_write == 2 * written


def test_a_write_counts_the_larger_of_before_and_after() -> None:
    assert units.write_units(BARE, item(3000), item(100)).base_write == 3
    assert units.write_units(BARE, item(3000), None).base_write == 3


def test_an_index_counts_only_what_changes_in_it() -> None:
    one, same, other = item(100, state="a"), item(200, state="a"), item(100, state="b")
    assert units.write_units(SCHEMA, None, one).index_write == 1
    assert units.write_units(SCHEMA, one, same).index_write == 0
    assert units.write_units(SCHEMA, one, other).index_write == 2
    assert units.write_units(SCHEMA, one, item(100)).index_write == 1
    assert units.write_units(SCHEMA, item(100), item(200)).index_write == 0


def test_a_refused_write_counts_the_item_in_its_way() -> None:
    assert units.refused_write_units(None).base_write == 1
    assert units.refused_write_units(item(1500)) == Units(base_write=2)
    assert units.refused_write_units(item(1500), transaction=True).base_write == 4


def test_reads_round_each_item_up_and_a_query_their_sum() -> None:
    assert units.read_units([4096], consistent=True).read == 1
    assert units.read_units([4097], consistent=True).read == 2
    assert units.read_units([0], consistent=False).read == 0.5
    assert units.read_units([100, 100, 100], consistent=True).read == 3
    assert units.query_units([100, 100, 100], consistent=True).read == 1


def test_units_add_up_and_are_shared_out() -> None:
    total = Units(read=1, base_write=3, index_write=2) + Units(base_write=1)
    assert total.over(2) == Units(read=0.5, base_write=2, index_write=1)
