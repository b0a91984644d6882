"""Payments in the table: created once, changed by one conditional put per revision."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from payhub.domain.answers import Carried
from payhub.domain.claims import Claim, owned, owner_of, reference_key
from payhub.domain.errors import ClaimTaken, FieldError, InvalidRequest, NothingToDo
from payhub.domain.payment import Payment
from payhub.domain.records import DeadLetter, DueItem, InboxRecord, PaymentFilter, PaymentPage
from payhub.ports import Change
from payhub.store import conditions, keys
from payhub.store.items import (
    carried_item,
    carried_of,
    claim_item,
    claim_of,
    dead_letter_item,
    event_item,
    history_item,
    history_of,
    payment_item,
    payment_of,
)
from payhub.store.table import Item, Put, Table

CHANGE_TRIES = 20
"""Writers of one payment are few; more conflicts than this mean that something is wrong."""

HISTORY_MAX = 30
"""Entries a payment item holds before older ones move to pages of their own: each write pays for
all that it holds, and most payments never have as many."""

HISTORY_PAGE = 20
PAGE_READS_MAX = 5
"""Index pages read for one page of a filtered list; the cursor goes on from there."""


class Payments:
    """The PaymentStore port on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(
        self, payment: Payment, carried: Carried | None, claims: Sequence[Claim] = ()
    ) -> Payment:
        """One conditional put, or one transaction with the claims.

        The carried body, if there is one, is stored before it.
        """
        if carried:
            self._table.put(Put(item=carried_item(payment, dict(carried))))
        own = Put(item=payment_item(payment), condition=conditions.NEW)
        others = [_claim_put(claim) for claim in claims] + reference_claims(None, payment)
        if not others:
            standing = self._table.put(own)
            return payment if standing is None else payment_of(standing)
        blocking = self._table.put_together([own, *others])
        if blocking is None:
            return payment
        if blocking[0] is not None:
            return payment_of(blocking[0])
        raise taken(blocking)

    def claim(self, tenant: str, key: str) -> Claim | None:
        """One consistent read."""
        item = self._table.get(keys.claim(tenant, key))
        return None if item is None else claim_of(item)

    def load(self, tenant: str, payment_id: str) -> Payment | None:
        """One consistent read."""
        item = self._table.get(keys.payment(tenant, payment_id))
        return None if item is None else payment_of(item)

    def carried(self, payment: Payment) -> Carried | None:
        """One consistent read, none when the request had no such parts."""
        if not payment.has_carried_body:
            return {}
        key = keys.carried(payment.tenant, payment.payment_id, payment.fingerprint)
        item = self._table.get(key)
        return None if item is None else carried_of(item)

    def change(
        self,
        payment: Payment,
        change: Change,
        *,
        applied: InboxRecord | None = None,
        dead_letter: DeadLetter | None = None,
    ) -> Payment:
        """Usually one put; a conflict brings the newer item with it, and the change is redone."""
        for _ in range(CHANGE_TRIES):
            after, page = _with_paged_history(change(payment))
            others = [Put(item=item) for item in page] + reference_claims(payment, after)
            if applied is not None:
                others.append(event_put(applied))
            if dead_letter is not None:
                others.append(Put(item=dead_letter_item(dead_letter)))
            standing = self._write(payment, after, others)
            if standing is None:
                return after
            payment = payment_of(standing)
        raise TimeoutError(f"payment {payment.payment_id} is written by too many at once")

    def _write(self, before: Payment, after: Payment, others: Sequence[Put]) -> Item | None:
        """None when stored; the payment's standing item when another writer was faster."""
        if after is before:
            for other in others:
                self._table.put(other)
            return None
        own = Put(
            item=payment_item(after),
            condition=conditions.SAME_REVISION,
            values=conditions.same_revision(before.revision),
        )
        if not others:
            return self._table.put(own)
        blocking = self._table.put_together([own, *others])
        if blocking is None:
            return None
        if blocking[0] is not None:
            return blocking[0]
        if any(item is not None and item["sk"]["S"] == "CLAIM" for item in blocking):
            raise taken(blocking)
        # Only the event stood in the way: it has been applied, so the change is not due.
        raise NothingToDo

    def with_history(self, payment: Payment) -> Payment:
        """The payment with its history pages read back in, oldest first."""
        pages = [
            self._table.get(keys.history_page(payment.tenant, payment.payment_id, page))
            for page in range(1, payment.history_pages + 1)
        ]
        older = tuple(entry for page in pages if page is not None for entry in history_of(page))
        return replace(payment, history=older + payment.history)

    def find_by_reference(self, tenant: str, vendor: str, reference: str) -> Payment | None:
        """One index query for the key, one consistent read for the payment."""
        partition = keys.vendor_reference(tenant, vendor, reference)
        found, _ = self._table.query(
            partition, index="by_reference", keys=("vendor_ref", ""), limit=1
        )
        if not found:
            return None
        _, payment_id, _ = keys.subject_of(found[0]["pk"]["S"])
        return self.load(tenant, payment_id)

    def page(self, tenant: str, wanted: PaymentFilter) -> PaymentPage:
        """Index queries for the keys, one batch read for the payments of each.

        Status and vendor are looked at on the payments themselves, so a page may be short.
        """
        found: list[Payment] = []
        start = wanted.cursor
        for _ in range(PAGE_READS_MAX):
            ids, start = self._ids(tenant, wanted, start, wanted.limit - len(found))
            found += [p for p in self._in_order(tenant, ids) if _is_wanted(p, wanted)]
            if start is None or len(found) >= wanted.limit:
                break
        return PaymentPage(payments=tuple(found), next_cursor=start)

    def _ids(
        self, tenant: str, wanted: PaymentFilter, cursor: str | None, limit: int
    ) -> tuple[list[str], str | None]:
        index, attribute = "by_tenant", "by_tenant"
        partition = keys.by_tenant(tenant)
        if wanted.reference is not None:
            index, attribute = "by_caller_reference", "caller_ref"
            partition = keys.caller_reference(tenant, wanted.reference)
        from_key = f"{wanted.from_ms or 0:013d}"
        to_key = f"{wanted.to_ms if wanted.to_ms is not None else 10**13 - 1:013d}"
        start = None
        if cursor is not None:
            start = _start_of(tenant, cursor, attribute, partition)
            if not from_key <= start["created"]["S"] <= to_key:
                raise _not_a_cursor()  # DynamoDB refuses a start outside the range
        items, last = self._table.query(
            partition,
            index=index,
            keys=(attribute, "created"),
            sort="#s BETWEEN :from AND :to",
            values={
                ":from": {"S": from_key},
                ":to": {"S": to_key},
            },
            newest_first=True,
            limit=limit,
            start=start,
        )
        ids = [keys.subject_of(item["pk"]["S"])[1] for item in items]
        return ids, None if last is None else _cursor_of(last["created"]["S"])

    def _in_order(self, tenant: str, ids: Sequence[str]) -> list[Payment]:
        if not ids:
            return []
        items = self._table.get_many([keys.payment(tenant, payment_id) for payment_id in ids])
        by_id = {payment.payment_id: payment for payment in map(payment_of, items)}
        return [by_id[payment_id] for payment_id in ids if payment_id in by_id]

    def due(self, now_ms: int, limit: int) -> Sequence[DueItem]:
        """One query per shard of the sparse index."""
        due: list[DueItem] = []
        for shard in keys.shards():
            items, _ = self._table.query(
                shard,
                index="due",
                keys=("due_shard", "due_at"),
                sort="#s <= :now",
                values={":now": {"N": str(now_ms)}},
                limit=limit,
            )
            due += [_due_item(item) for item in items]
        return sorted(due, key=lambda item: item.due_at_ms)


def _claim_put(claim: Claim) -> Put:
    """The put of a claim over the very revision that was read."""
    if claim.revision == 1:
        return Put(item=claim_item(claim), condition=conditions.NEW)
    return Put(
        item=claim_item(claim),
        condition=conditions.SAME_REVISION,
        values=conditions.same_revision(claim.revision - 1),
    )


def reference_claims(before: Payment | None, after: Payment) -> list[Put]:
    """The claims on the vendor's names of the payment that are new, and that only it may have."""
    had = set() if before is None else set(_own_references(before))
    return [_own(after, each) for each in _own_references(after) if each not in had]


def _own_references(payment: Payment) -> list[str]:
    scoped = payment.scoped_reference if payment.reference_scope else None
    return [each for each in (scoped, payment.alias) if each is not None]


def _own(payment: Payment, reference: str) -> Put:
    key = reference_key(payment.vendor, reference)
    item = claim_item(
        owned(None, payment.tenant, key, payment.payment_id, payment.created_at_ms, None)
    )
    return Put(item=item, condition=conditions.OWN_OR_NEW, values={":doc": item["doc"]})


def taken(blocking: Sequence[Item | None]) -> ClaimTaken:
    """Who holds the claim that stood in the way."""
    claims = [claim_of(item) for item in blocking if item and item["sk"]["S"] == "CLAIM"]
    return ClaimTaken(owner_of(claims[0]) if claims else None)


def event_put(record: InboxRecord) -> Put:
    """The put that moves an event on, unless it is final already."""
    return Put(
        item=event_item(record),
        condition=conditions.NOT_FINAL,
        values=conditions.NOT_FINAL_VALUES,
        names=conditions.NOT_FINAL_NAMES,
    )


def _due_item(item: Item) -> DueItem:
    tenant, subject_id, vendor = keys.subject_of(item["pk"]["S"])
    return DueItem(
        tenant=tenant, subject_id=subject_id, vendor=vendor, due_at_ms=int(item["due_at"]["N"])
    )


def _with_paged_history(payment: Payment) -> tuple[Payment, list[Item]]:
    if len(payment.history) <= HISTORY_MAX:
        return payment, []
    page = payment.history_pages + 1
    older, kept = payment.history[:HISTORY_PAGE], payment.history[HISTORY_PAGE:]
    return (
        replace(payment, history=kept, history_pages=page),
        [history_item(payment, page, older)],
    )


def _is_wanted(payment: Payment, wanted: PaymentFilter) -> bool:
    open_state = payment.open_action.state if payment.open_action else None
    return (
        wanted.status in (None, payment.status)
        and wanted.action in (None, open_state)
        and wanted.vendor in (None, payment.vendor)
        and wanted.operation in (None, payment.operation)
    )


def _cursor_of(created: str) -> str:
    return base64.urlsafe_b64encode(created.encode()).decode().rstrip("=")


def _start_of(tenant: str, cursor: str, attribute: str, partition: str) -> dict[str, Any]:
    """The index key a cursor stands for; it names a place in time, never another tenant."""
    try:
        created = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (ValueError, binascii.Error):
        raise _not_a_cursor() from None
    if keys.CREATED.fullmatch(created) is None:
        raise _not_a_cursor()
    key = keys.payment(tenant, created.partition("#")[2])
    return {
        "pk": {"S": key[0]},
        "sk": {"S": key[1]},
        attribute: {"S": partition},
        "created": {"S": created},
    }


def _not_a_cursor() -> InvalidRequest:
    return InvalidRequest(
        "The cursor is not one that this list handed out.",
        [FieldError("cursor", "send the nextCursor of the page before, or none")],
    )
