"""Receipts as callers see them: what the vendor keeps, in the types it documents."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import quote

from payhub.domain.answers import Failure, Fetched, NotSent, Unanswered, VendorRefused
from payhub.domain.card import holds_card_number
from payhub.domain.scrub import without_numbers
from payhub.domain.tenant import Tenant
from payhub.transport import Response
from payhub.vendors.athena import wire
from payhub.vendors.athena.client import Client

_INTEGERS = frozenset({"epaymentid", "contractid", "patientid", "appointmentid", "claimid"})
_MONEY_ENDINGS = ("amount", "balance")
_RECEIPTS = "/v1/{practiceid}/patients/{patientid}/receipts"


class Documents:
    """The DocumentSource port for this vendor."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def fetch(
        self, tenant: Tenant, document: str, ids: Mapping[str, str], query: Mapping[str, str]
    ) -> Fetched | Failure:
        """One GET. Raises KeyError for a document that is not of this vendor."""
        path, read = _DOCUMENTS[document]
        path = path.format(**{name: quote(value, safe="") for name, value in ids.items()})
        sent = self._client.call(tenant, "GET", path, query=query or None)
        content = wire.understood(sent, read)
        if isinstance(content, NotSent | Unanswered | VendorRefused):
            return content
        return Fetched(content=content)


def _receipts(answer: Response) -> object:
    return [_normalised("", line) for line in wire.list_of(answer)]


def _details(answer: Response) -> object:
    return _normalised("", wire.object_of(answer))


def _receipt(answer: Response) -> object:
    """The printed receipt: JSON as it came, a page as one text."""
    try:
        content = _plain(wire.json_of(answer))
    except wire.Unreadable:
        content = _plain(answer.body.decode("utf-8", "replace"))
    if isinstance(content, str):
        content = {"receipt": content}
    if not content or content == {"receipt": ""}:
        raise wire.Unreadable("an empty receipt")
    return content


def _normalised(name: str, value: object) -> object:
    """Ids as integers, money as text with two decimals; what cannot be read stays as it came."""
    if isinstance(value, Mapping):
        return {key: _normalised(key, each) for key, each in value.items()}
    if isinstance(value, list):
        return [_normalised(name, each) for each in value]
    if name in _INTEGERS:
        found = wire.identifier(value)
        return _plain(value) if found is None else int(found)
    money = wire.money_text(value) if name.endswith(_MONEY_ENDINGS) else None
    return _plain(value) if money is None else money


def _plain(value: object) -> object:
    """A JSON value that can be written again; a card number in it would stay here."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str) and holds_card_number(value):
        return without_numbers(value)
    return float(value) if isinstance(value, Decimal) else value


_DOCUMENTS: Mapping[str, tuple[str, Callable[[Response], object]]] = {
    "list_receipts": (_RECEIPTS, _receipts),
    "get_receipt": (_RECEIPTS + "/{epaymentid}", _receipt),
    "get_receipt_details": (_RECEIPTS + "/{epaymentid}/details", _details),
}
