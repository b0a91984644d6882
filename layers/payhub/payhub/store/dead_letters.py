"""Dead letters in the table, newest first."""

from collections.abc import Sequence
from dataclasses import replace

from payhub.domain.records import DeadLetter
from payhub.store import conditions, keys
from payhub.store.items import dead_letter_item, dead_letter_of
from payhub.store.table import Item, Put, Table


class DeadLetterBook:
    """The DeadLetters port on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, letter: DeadLetter) -> None:
        """One conditional put; the same letter twice is the first one, redriven or not."""
        self._table.put(Put(item=dead_letter_item(letter), condition=conditions.NEW))

    def load(self, tenant: str, letter_id: str) -> DeadLetter | None:
        """One consistent read."""
        item = self._table.get(keys.dead_letter(tenant, letter_id))
        return None if item is None else dead_letter_of(item)

    def page(
        self, tenant: str, limit: int, cursor: str | None
    ) -> tuple[Sequence[DeadLetter], str | None]:
        """One query."""
        partition = keys.dead_letter(tenant, "")[0]
        start: Item | None = None
        if cursor is not None:
            start = {"pk": {"S": partition}, "sk": {"S": cursor}}
        items, last = self._table.query(partition, newest_first=True, limit=limit, start=start)
        letters = [dead_letter_of(item) for item in items]
        return letters, None if last is None else last["sk"]["S"]

    def mark_redriven(self, letter: DeadLetter, actor: str, now_ms: int) -> None:
        """One put."""
        redriven = replace(letter, redriven_at_ms=now_ms, redriven_by=actor)
        self._table.put(Put(item=dead_letter_item(redriven)))
