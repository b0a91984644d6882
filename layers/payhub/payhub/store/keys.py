"""The one place that knows how keys look. Every key begins with the tenant.

Two exceptions: a credential is looked up before its tenant is known, and the list of tenants.
"""

import hashlib
import re

SHARDS = 4
"""Partitions of the index of due items, so that the sweep's write load spreads."""


def payment(tenant: str, payment_id: str) -> tuple[str, str]:
    """The payment itself."""
    return f"TENANT#{tenant}#PAYMENT#{payment_id}", "PAYMENT"


def carried(tenant: str, payment_id: str, fingerprint: str) -> tuple[str, str]:
    """The undocumented parts of the request that made the payment."""
    return f"TENANT#{tenant}#PAYMENT#{payment_id}", f"CARRIED#{fingerprint}"


def history_page(tenant: str, payment_id: str, page: int) -> tuple[str, str]:
    """Older entries of the payment's history."""
    return f"TENANT#{tenant}#PAYMENT#{payment_id}", f"HISTORY#{page:06d}"


def event(tenant: str, vendor: str, event_id: str) -> tuple[str, str]:
    """One vendor event, by the hub's id of it."""
    return f"TENANT#{tenant}#EVENT#{vendor}#{event_id}", "EVENT"


def claim(tenant: str, key: str) -> tuple[str, str]:
    """A fact that spans payments, by a digest: what it is about may be a patient's."""
    return f"TENANT#{tenant}#CLAIM#{hashlib.sha256(key.encode()).hexdigest()}", "CLAIM"


def feed(tenant: str, name: str) -> str:
    """Partition of a feed: its places, its head and its cursor."""
    return f"TENANT#{tenant}#FEED#{name}"


FEED_HEAD, FEED_CURSOR = "HEAD", "CURSOR"


def feed_place(stamp_ms: int) -> str:
    """Sort key of a place in a feed: fixed width, so that text order is time order."""
    return f"{stamp_ms:013d}"


def tenant_settings(tenant: str) -> tuple[str, str]:
    """A tenant's settings."""
    return f"TENANT#{tenant}", "SETTINGS"


def registry(tenant: str) -> tuple[str, str]:
    """The tenant's line in the list of all tenants."""
    return "TENANTS", tenant


def credential(digest: str) -> tuple[str, str]:
    """A key, client or token by the digest of its secret."""
    return f"CREDENTIAL#{digest}", "CREDENTIAL"


def dead_letter(tenant: str, letter_id: str) -> tuple[str, str]:
    """One dead letter; the id begins with its time, so a query sorts by age."""
    return f"TENANT#{tenant}#DEAD_LETTERS", letter_id


def by_tenant(tenant: str) -> str:
    """Index `by_tenant`: all payments of a tenant."""
    return f"TENANT#{tenant}#PAYMENTS"


def created(created_at_ms: int, payment_id: str) -> str:
    """Sort key of the listing indexes: fixed width, so that text order is time order."""
    return f"{created_at_ms:013d}#{payment_id}"


CREATED = re.compile(r"\d{13}#[0-9a-f]{32}", re.ASCII)
"""How such a key looks."""


def vendor_reference(tenant: str, vendor: str, reference: str) -> str:
    """Index `by_reference`: the payment a vendor knows under this id."""
    return f"TENANT#{tenant}#VENDOR#{vendor}#{reference}"


def caller_reference(tenant: str, reference: str) -> str:
    """Index `by_caller_reference`: payments that carry the caller's reference."""
    return f"TENANT#{tenant}#REFERENCE#{reference}"


def due_shard(subject_id: str) -> str:
    """Index `due`: which shard an id falls into."""
    return f"DUE#{hashlib.sha256(subject_id.encode()).digest()[0] % SHARDS}"


def subject_of(partition: str) -> tuple[str, str, str | None]:
    """(tenant, id, vendor or None) of a payment's or an event's partition key."""
    _, tenant, kind, *rest = partition.split("#")
    return (tenant, rest[0], None) if kind == "PAYMENT" else (tenant, rest[1], rest[0])


def shards() -> list[str]:
    """Every shard of the index `due`."""
    return [f"DUE#{shard}" for shard in range(SHARDS)]
