"""What the stores rely on from a table, as tests that any table can be held to."""

from typing import Any

from payhub.store import conditions
from payhub.store.table import Put

Subject = Any
"""A Table, or something that claims to be one."""


def item(pk: str, sk: str, **attributes: Any) -> dict[str, Any]:
    """An item in DynamoDB's notation: text as S, numbers as N, truth as BOOL."""
    typed: dict[str, Any] = {"pk": {"S": pk}, "sk": {"S": sk}}
    for name, value in attributes.items():
        kind = "BOOL" if isinstance(value, bool) else "N" if isinstance(value, int) else "S"
        typed[name] = {kind: str(value) if kind == "N" else value}
    return typed


def without_token(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """The item without the name of the write that made it."""
    return None if found is None else {k: v for k, v in found.items() if k != "tok"}


def revised(pk: str, revision: int, over: int) -> Put:
    """A put of `revision` that holds only over revision `over`."""
    return Put(
        item=item(pk, "P", rev=revision),
        condition=conditions.SAME_REVISION,
        values=conditions.same_revision(over),
    )


class TableContract:
    """Inherited by a test class per kind of table; `table` is a fixture."""

    def test_what_is_put_is_read(self, table: Subject) -> None:
        table.put(Put(item=item("a", "1", doc="x")))
        assert without_token(table.get(("a", "1"))) == item("a", "1", doc="x")
        assert table.get(("a", "2")) is None

    def test_a_new_item_is_put_once_and_the_second_gets_the_first(self, table: Subject) -> None:
        first = Put(item=item("a", "1", doc="x"), condition=conditions.NEW)
        second = Put(item=item("a", "1", doc="y"), condition=conditions.NEW)
        assert table.put(first) is None
        assert without_token(table.put(second)) == first.item

    def test_a_revision_is_written_over_its_own_predecessor_only(self, table: Subject) -> None:
        table.put(Put(item=item("a", "P", rev=1)))
        assert table.put(revised("a", 2, over=1)) is None
        assert without_token(table.put(revised("a", 2, over=1))) == item("a", "P", rev=2)

    def test_a_final_event_stays(self, table: Subject) -> None:
        def put(*, final: bool) -> Put:
            return Put(
                item=item("e", "EVENT", final=final),
                condition=conditions.NOT_FINAL,
                values=conditions.NOT_FINAL_VALUES,
                names=conditions.NOT_FINAL_NAMES,
            )

        assert table.put(put(final=False)) is None
        assert table.put(put(final=True)) is None
        assert without_token(table.put(put(final=False))) == item("e", "EVENT", final=True)

    def test_items_are_put_together_or_not_at_all(self, table: Subject) -> None:
        table.put(Put(item=item("a", "P", rev=5)))
        blocking = table.put_together([revised("a", 2, over=1), Put(item=item("b", "1"))])
        assert blocking is not None
        assert [without_token(it) for it in blocking] == [item("a", "P", rev=5), None]
        assert table.get(("b", "1")) is None
        assert table.put_together([revised("a", 6, over=5), Put(item=item("b", "1"))]) is None
        assert table.get(("b", "1")) is not None

    def test_a_revision_over_what_is_gone_stops_everything_with_it(self, table: Subject) -> None:
        blocking = table.put_together([Put(item=item("b", "1")), revised("a", 2, over=1)])
        assert blocking == [None, None]
        assert table.get(("b", "1")) is None

    def test_a_claim_is_written_again_by_its_owner_and_by_nobody_else(self, table: Subject) -> None:
        def claim(owner: str) -> Put:
            mine = item("c", "CLAIM", doc=owner)
            return Put(item=mine, condition=conditions.OWN_OR_NEW, values={":doc": mine["doc"]})

        assert table.put_together([Put(item=item("p", "1")), claim("first")]) is None
        assert table.put_together([Put(item=item("p", "1")), claim("first")]) is None
        blocking = table.put_together([Put(item=item("p", "2")), claim("second")])
        assert blocking is not None
        assert without_token(blocking[1]) == item("c", "CLAIM", doc="first")
        assert table.get(("p", "2")) is None

    def test_a_partition_is_paged_in_both_directions(self, table: Subject) -> None:
        for number in range(5):
            table.put(Put(item=item("p", str(number))))
        first, start = table.query("p", limit=3, newest_first=True)
        rest, end = table.query("p", limit=3, newest_first=True, start=start)
        assert [it["sk"]["S"] for it in first + rest] == ["4", "3", "2", "1", "0"]
        assert end is None

    def test_a_stretch_of_a_partition_is_read_in_its_order(self, table: Subject) -> None:
        """As places of a feed are, beside its head and its cursor."""
        for sort in ("0000000000030", "HEAD", "0000000000010", "CURSOR", "0000000000020"):
            table.put(Put(item=item("f", sort, payment=sort)))
        found, _ = table.query(
            "f",
            sort="#s BETWEEN :from AND :to",
            values={":from": {"S": "0000000000011"}, ":to": {"S": "9" * 13}},
            limit=2,
        )
        assert [it["payment"]["S"] for it in found] == ["0000000000020", "0000000000030"]

    def test_a_feed_is_written_by_one_at_a_time(self, table: Subject) -> None:
        """The second over the same head is stopped as a whole, and told the head that stands."""

        def add(stamp: int, revision: int) -> list[Put]:
            head = revised("f", revision, over=revision - 1)
            if revision == 1:
                head = Put(item=item("f", "P", rev=1), condition=conditions.NEW)
            place = Put(item=item("f", f"{stamp:013d}"), condition=conditions.NEW)
            return [Put(item=item(f"p{stamp}", "1"), condition=conditions.NEW), head, place]

        assert table.put_together(add(1, revision=1)) is None
        assert table.put_together(add(2, revision=2)) is None
        blocking = table.put_together(add(3, revision=2))
        assert blocking is not None
        assert [without_token(it) for it in blocking] == [None, item("f", "P", rev=2), None]
        assert table.get(("p3", "1")) is None

    def test_an_index_gives_keys_in_order_within_bounds(self, table: Subject) -> None:
        for at in (30, 10, 20):
            table.put(Put(item=item(f"x{at}", "1", due_shard="D", due_at=at, doc="secret")))
        found, _ = table.query(
            "D",
            index="due",
            keys=("due_shard", "due_at"),
            sort="#s <= :now",
            values={":now": {"N": "20"}},
        )
        assert [it["pk"]["S"] for it in found] == ["x10", "x20"]
        assert all("doc" not in it for it in found)

    def test_a_list_index_is_paged_newest_first(self, table: Subject) -> None:
        for number in range(4):
            table.put(Put(item=item(f"p{number}", "1", by_tenant="T", created=f"{number:013d}#x")))
        bounds = {":from": {"S": "0" * 13}, ":to": {"S": "9" * 13}}
        seen: list[str] = []
        start = None
        for _ in range(3):
            found, start = table.query(
                "T",
                index="by_tenant",
                keys=("by_tenant", "created"),
                sort="#s BETWEEN :from AND :to",
                values=bounds,
                newest_first=True,
                limit=2,
                start=start,
            )
            seen += [it["pk"]["S"] for it in found]
            if start is None:
                break
        assert seen == ["p3", "p2", "p1", "p0"]

    def test_many_items_are_read_at_once(self, table: Subject) -> None:
        table.put(Put(item=item("a", "1")))
        table.put(Put(item=item("b", "1")))
        found = table.get_many([("a", "1"), ("b", "1"), ("c", "1")])
        assert {it["pk"]["S"] for it in found} == {"a", "b"}
