"""Vendor events in the table: put once under their id, final once applied."""

from payhub.domain.records import DeadLetter, InboxRecord
from payhub.store import conditions, keys
from payhub.store.items import dead_letter_item, event_item, event_of
from payhub.store.payments import event_put
from payhub.store.table import Put, Table


class EventInbox:
    """The Inbox port on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, record: InboxRecord) -> InboxRecord:
        """One conditional put."""
        standing = self._table.put(Put(item=event_item(record), condition=conditions.NEW))
        return record if standing is None else event_of(standing)

    def load(self, tenant: str, vendor: str, event_id: str) -> InboxRecord | None:
        """One consistent read."""
        item = self._table.get(keys.event(tenant, vendor, event_id))
        return None if item is None else event_of(item)

    def save(self, record: InboxRecord) -> None:
        """One conditional put; a final event stays as it is."""
        self._table.put(event_put(record))

    def revive(self, record: InboxRecord) -> None:
        """One put."""
        self._table.put(Put(item=event_item(record)))

    def expire(self, record: InboxRecord, dead_letter: DeadLetter) -> None:
        """One transaction; nothing happens when the event became final meanwhile."""
        self._table.put_together([event_put(record), Put(item=dead_letter_item(dead_letter))])
