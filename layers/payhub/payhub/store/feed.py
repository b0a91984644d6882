"""Feeds in the table: each payment with its place, under a head that only grows."""

from collections.abc import Callable, Sequence

from payhub.domain.payment import Payment
from payhub.store import conditions, keys
from payhub.store.items import payment_item, payment_of
from payhub.store.payments import reference_claims, taken
from payhub.store.table import Item, Put, Table

ADD_TRIES = 20
"""Pollers of one practice are few; more conflicts than this mean that something is wrong."""


class PaymentFeed:
    """The Feed port on DynamoDB.

    The head is written with every place, over the very revision that was read: so stamps grow in
    the order in which places become visible, and nothing appears before one handed out.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, tenant: str, feed: str, now_ms: int, build: Callable[[int], Payment]) -> Payment:
        """One read of the head, then one transaction; once more when another was faster."""
        partition = keys.feed(tenant, feed)
        for _ in range(ADD_TRIES):
            head = self._table.get((partition, keys.FEED_HEAD))
            last_ms, revision = _head_of(head)
            stamp_ms = max(now_ms, last_ms + 1)
            payment = build(stamp_ms)
            puts = [
                Put(item=payment_item(payment), condition=conditions.NEW),
                _head_put(partition, stamp_ms, revision),
                Put(item=_place(partition, stamp_ms, payment), condition=conditions.NEW),
                *reference_claims(None, payment),
            ]
            blocking = self._table.put_together(puts)
            if blocking is None:
                return payment
            if blocking[0] is not None:
                return payment_of(blocking[0])
            if any(item is not None and item["sk"]["S"] == "CLAIM" for item in blocking):
                raise taken(blocking)
        raise TimeoutError(f"feed {feed} is written by too many at once")

    def page(
        self, tenant: str, feed: str, after_ms: int | None, limit: int
    ) -> tuple[Sequence[Payment], int]:
        """The head first, then one consistent query and one batch read.

        The head is the last stamp that was given. Read later it could name a payment that the
        query did not see yet; and a stamp ahead of it must not be handed out, whoever asks for it.
        """
        partition = keys.feed(tenant, feed)
        last_ms, _ = _head_of(self._table.get((partition, keys.FEED_HEAD)))
        first_ms = (after_ms or 0) + 1
        if last_ms < first_ms:
            return (), last_ms
        places, _ = self._table.query(
            partition,
            sort="#s BETWEEN :from AND :to",
            values={
                ":from": {"S": keys.feed_place(first_ms)},
                ":to": {"S": keys.feed_place(10**13 - 1)},
            },
            limit=limit,
        )
        ids = [place["payment"]["S"] for place in places]
        items = self._table.get_many([keys.payment(tenant, payment_id) for payment_id in ids])
        by_id = {payment.payment_id: payment for payment in map(payment_of, items)}
        return [by_id[payment_id] for payment_id in ids], int(places[-1]["sk"]["S"])

    def cursor(self, tenant: str, feed: str) -> int | None:
        """One read."""
        item = self._table.get((keys.feed(tenant, feed), keys.FEED_CURSOR))
        return None if item is None else int(item["at"]["N"])

    def save_cursor(self, tenant: str, feed: str, at_ms: int) -> None:
        """One put; the last writer wins, which at worst has something fetched once more."""
        partition = keys.feed(tenant, feed)
        item = {"pk": {"S": partition}, "sk": {"S": keys.FEED_CURSOR}, "at": {"N": str(at_ms)}}
        self._table.put(Put(item=item))


def _head_of(item: Item | None) -> tuple[int, int]:
    """(last stamp, revision) of a feed's head; of none yet zeros."""
    return (0, 0) if item is None else (int(item["last"]["N"]), int(item["rev"]["N"]))


def _head_put(partition: str, stamp_ms: int, revision: int) -> Put:
    item = {
        "pk": {"S": partition},
        "sk": {"S": keys.FEED_HEAD},
        "last": {"N": str(stamp_ms)},
        "rev": {"N": str(revision + 1)},
    }
    if revision == 0:
        return Put(item=item, condition=conditions.NEW)
    return Put(
        item=item,
        condition=conditions.SAME_REVISION,
        values=conditions.same_revision(revision),
    )


def _place(partition: str, stamp_ms: int, payment: Payment) -> Item:
    return {
        "pk": {"S": partition},
        "sk": {"S": keys.feed_place(stamp_ms)},
        "payment": {"S": payment.payment_id},
    }
