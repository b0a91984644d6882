"""Domain values to items and back: index attributes beside one JSON document per item."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

from payhub.domain.claims import Claim
from payhub.domain.errors import BodyTooLarge
from payhub.domain.payment import Payment, Transition
from payhub.domain.records import Credential, DeadLetter, InboxRecord
from payhub.store import keys
from payhub.store.table import Item

SCHEMA = 1
"""Version of the documents, so that old and new code can tell what they read."""

EVENT_KEPT_SECONDS = 30 * 86400
"""How long events are kept after they came in."""

CARRIED_KEPT_SECONDS = 90 * 86400
"""How long a request's parts are kept: far longer than the hub tries to send it by itself."""

CARRIED_MAX_BYTES = 384 * 1024
"""An item has room for 400 KB; numbers can be longer here than they were in the request."""

T = TypeVar("T")


_payment = TypeAdapter(Payment)
_history = TypeAdapter(tuple[Transition, ...])
_claim = TypeAdapter(Claim)
_event = TypeAdapter(InboxRecord)
_letter = TypeAdapter(DeadLetter)
_credential = TypeAdapter(Credential)


def _document(adapter: TypeAdapter[T], value: T) -> Item:
    text = adapter.dump_json(value, exclude_defaults=True).decode()
    return {"schema": {"N": str(SCHEMA)}, "doc": {"S": text}}


def _value(adapter: TypeAdapter[T], item: Item) -> T:
    return adapter.validate_json(item["doc"]["S"])


def _at(key: tuple[str, str]) -> Item:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _due(subject_id: str, due_at_ms: int | None) -> Item:
    if due_at_ms is None:
        return {}
    return {"due_shard": {"S": keys.due_shard(subject_id)}, "due_at": {"N": str(due_at_ms)}}


def payment_item(payment: Payment) -> Item:
    """The payment with the attributes its indexes and conditions need."""
    item = _at(keys.payment(payment.tenant, payment.payment_id))
    item |= _document(_payment, payment)
    item |= {
        "rev": {"N": str(payment.revision)},
        "by_tenant": {"S": keys.by_tenant(payment.tenant)},
        "created": {"S": keys.created(payment.created_at_ms, payment.payment_id)},
        "caller_ref": {"S": keys.caller_reference(payment.tenant, payment.caller_reference)},
    }
    if payment.scoped_reference is not None:
        reference = keys.vendor_reference(payment.tenant, payment.vendor, payment.scoped_reference)
        item["vendor_ref"] = {"S": reference}
    return item | _due(payment.payment_id, payment.due_at_ms)


def payment_of(item: Item) -> Payment:
    """The payment of a stored item."""
    return _value(_payment, item)


def claim_item(claim: Claim) -> Item:
    """A claim, with the revision that its writers compare."""
    item = _at(keys.claim(claim.tenant, claim.key)) | _document(_claim, claim)
    item["rev"] = {"N": str(claim.revision)}
    if claim.until_ms is not None:
        item["expires_at"] = {"N": str(claim.until_ms // 1000)}
    return item


def claim_of(item: Item) -> Claim:
    """The claim of a stored item."""
    return _value(_claim, item)


def carried_item(payment: Payment, carried: dict[str, Any]) -> Item:
    """The undocumented request parts, as one JSON text. Raises BodyTooLarge."""
    item = _at(keys.carried(payment.tenant, payment.payment_id, payment.fingerprint))
    text = json.dumps(carried, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > CARRIED_MAX_BYTES:
        raise BodyTooLarge(f"The payment's parts may have at most {CARRIED_MAX_BYTES} bytes.")
    item["doc"] = {"S": text}
    expires = payment.created_at_ms // 1000 + CARRIED_KEPT_SECONDS
    return item | {"schema": {"N": str(SCHEMA)}, "expires_at": {"N": str(expires)}}


def carried_of(item: Item) -> dict[str, Any]:
    """The request parts of a stored item."""
    carried: dict[str, Any] = json.loads(item["doc"]["S"])
    return carried


def history_item(payment: Payment, page: int, entries: tuple[Transition, ...]) -> Item:
    """A page of older history entries."""
    item = _at(keys.history_page(payment.tenant, payment.payment_id, page))
    return item | _document(_history, entries)


def history_of(item: Item) -> tuple[Transition, ...]:
    """The entries of a stored page."""
    return _value(_history, item)


def event_item(record: InboxRecord) -> Item:
    """A vendor event with the attribute that says whether it is final."""
    item = _at(keys.event(record.tenant, record.vendor, record.event_id))
    item |= _document(_event, record)
    expires = record.received_at_ms // 1000 + EVENT_KEPT_SECONDS
    item |= {"final": {"BOOL": record.state.is_final}, "expires_at": {"N": str(expires)}}
    if record.state.is_final:
        return item
    return item | _due(record.event_id, record.due_at_ms)


def event_of(item: Item) -> InboxRecord:
    """The event of a stored item."""
    return _value(_event, item)


def dead_letter_item(letter: DeadLetter) -> Item:
    """A dead letter."""
    item = _at(keys.dead_letter(letter.tenant, letter.letter_id))
    return item | _document(_letter, letter)


def dead_letter_of(item: Item) -> DeadLetter:
    """The dead letter of a stored item."""
    return _value(_letter, item)


def credential_item(credential: Credential) -> Item:
    """A credential; tokens carry their expiry for the table's clean-up too."""
    item = _at(keys.credential(credential.digest)) | _document(_credential, credential)
    if credential.expires_at_ms is not None:
        item["expires_at"] = {"N": str(credential.expires_at_ms // 1000)}
    return item


def credential_of(item: Item) -> Credential:
    """The credential of a stored item."""
    return _value(_credential, item)
