"""Medfusion's XML: documents as shown in its pages, answers checked before they are believed.

The vendor's pages disagree about namespaces and upper case, so names are read without regard to
either. Amounts are dollars as text with at most two decimals.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from lxml import etree

from payhub import transport
from payhub.domain.answers import Failure, NotSent, Unanswered
from payhub.domain.money import AmountUnit, MoneyError, cents_of_balance
from payhub.domain.portal import PortalPage, PortalPayment
from payhub.domain.scrub import scrub, without_numbers
from payhub.transport import Response, verdict_of
from payhub.vendors.medfusion.contract import COMPLETED, ERROR, PROCESSING
from payhub.xml import VENDOR_MAX_BYTES, Element, XmlRefused, local_name, parse, to_bytes

SECURE = "securePayments"
"""The kind of payments that has a path of its own; the others are named in a query."""

ID = re.compile(r"[A-Za-z0-9-]{1,64}")
"""Of messages, batches and statuses."""

PAYMENT_XML_MAX_CHARS = 100_000
"""A payment is stored with its element, and an item of the table has 400 KB."""

NO_REASON = "the vendor gave no reason"

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NO_CONTENT = 204
_NO_SUCH_ROUTE = frozenset({404, 405})
_NO_ROUTE_WORDS = frozenset({"", "not found", "method not allowed"})
_WORDS_READ_BYTES = 4000
_STATUS_MAX_CHARS = 40
_EPOCH_MS = re.compile(r"[0-9]{1,15}", re.ASCII)
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")

T = TypeVar("T")


class Unreadable(transport.Unreadable):
    """An answer that is not what the vendor documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What the vendor says of a message that it took: `status_id` leads to what becomes of it."""

    message_id: str
    data_job_id: str | None
    status_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """How far the vendor is with a message, in one of the words for it, and why it failed."""

    status: str
    said: str | None = None


# Where to


def payments_path(practice_id: str, kind: str) -> tuple[str, dict[str, str]]:
    """The path and the query of a practice's payments of one kind."""
    if kind == SECURE:
        return _practice_path(practice_id) + "/securePayments", {}
    return _practice_path(practice_id) + "/payments", {"paymentType": kind}


def status_path(practice_id: str, status_id: str) -> str:
    """Where the vendor tells what became of a message."""
    return f"{_practice_path(practice_id)}/processingStatus/{quote(status_id, safe='')}"


def _practice_path(practice_id: str) -> str:
    return f"/v1/practice/{quote(practice_id, safe='')}"


# What goes out


def outgoing(document: str, left_out: frozenset[str]) -> bytes:
    """The caller's document without the payments of these ids, everything else as it came.

    Raises Unreadable where it cannot be read (any more), or no payment is left.
    """
    try:
        root = parse(document.encode())
    except XmlRefused as refused:
        raise Unreadable(refused.words) from None
    payments = list(root.iterchildren("Payment"))
    gone = [payment for payment in payments if payment.get("id") in left_out]
    if len(gone) == len(payments):
        raise Unreadable("no payment is left in the document")
    for payment in gone:
        root.remove(payment)
    return to_bytes(root)


# What an answer means


def understood(sent: Response | NotSent | Unanswered, read: Callable[[Response], T]) -> T | Failure:
    """What a complete answer says; a success that cannot be read proves nothing."""
    return transport.understood(sent, read, _failure)


def _failure(response: Response) -> Failure:
    """The API answers plain text; a page, or nothing but the phrase, is a path that leads nowhere.

    So is a practice that the vendor does not know: no message can have been applied either way.
    """
    text = response.body[:_WORDS_READ_BYTES].decode(errors="replace")
    words = " ".join(_TAG.sub(" ", text).split())
    is_page = _PAGE.match(response.body) is not None
    if response.status in _NO_SUCH_ROUTE and (is_page or words.lower() in _NO_ROUTE_WORDS):
        return NotSent(reason=f"vendor answered {response.status}: no such practice or path")
    return verdict_of(response, words)


def _root(body: bytes, name: str) -> Element:
    try:
        root = parse(body, VENDOR_MAX_BYTES)
    except XmlRefused as refused:
        # The words may quote the document, which is a patient's.
        where = "" if refused.line is None else f" at line {refused.line}"
        raise Unreadable(f"not XML that is taken{where}") from None
    if not _is_named(root, name):
        raise Unreadable(f"no {name}")
    return root


def _is_named(element: Element, name: str) -> bool:
    return local_name(element).lower() == name.lower()


def _all(element: Element, name: str) -> Iterator[Element]:
    """The elements of that name in the element, itself not."""
    return (each for each in element.iterdescendants("{*}*") if _is_named(each, name))


def _words(element: Element) -> str:
    """All text in it, which may stand in elements of its own."""
    return " ".join(" ".join(map(str, element.itertext())).split())


def _word(element: Element, name: str) -> str | None:
    """The one text of that name in the element; None where there is none. Raises Unreadable."""
    found = {_words(each) for each in _all(element, name)} - {""}
    if len(found) > 1:
        raise Unreadable(f"more than one {name}")
    return next(iter(found), None)


# Payments


def read_page(answer: Response, practice_id: str) -> PortalPage:
    """A poll's answer; 204 is a page without payments. Raises Unreadable."""
    said = answer.headers.get("last-timestamp", "").strip()
    last_ms = int(said) if _EPOCH_MS.fullmatch(said) else None
    if answer.status == _NO_CONTENT:
        return PortalPage(payments=(), last_ms=last_ms)
    return PortalPage(payments=read_payments(answer.body, practice_id), last_ms=last_ms)


def read_payments(body: bytes, practice_id: str) -> tuple[PortalPayment, ...]:
    """The payments of a document, in its order. Raises Unreadable.

    One that cannot be read makes the whole document unreadable: to skip it would lose it.
    """
    root = _root(body, "Payments")
    payments = [child for child in root.iterchildren("{*}*") if _is_named(child, "Payment")]
    for whose in (_word(each, "PracticeId") for each in _all(root, "PracticeInformation")):
        if whose is not None and whose.lower() != practice_id.lower():
            raise Unreadable("payments of another practice")
    return tuple(map(_payment, payments))


def _payment(element: Element) -> PortalPayment:
    reference = (element.get("id") or "").strip()
    if _UUID.fullmatch(reference) is None:
        raise Unreadable("a payment without a UUID as id")
    status = _word(element, "PaymentStatus")
    if status is None or len(status) > _STATUS_MAX_CHARS:
        raise Unreadable(f"payment {reference} has no PaymentStatus")
    xml = _stored(element)
    if len(xml) > PAYMENT_XML_MAX_CHARS:
        raise Unreadable(f"payment {reference} is too long")
    return PortalPayment(
        reference=reference,
        status=scrub(status),
        amount_cents=_cents(_word(element, "AmountPaid"), reference),
        xml=xml,
    )


def _cents(text: str | None, reference: str) -> int:
    try:
        return cents_of_balance(text, AmountUnit.DECIMAL_DOLLARS)
    except MoneyError:
        raise Unreadable(f"payment {reference} has no AmountPaid in dollars") from None


def _stored(payment: Element) -> str:
    """The element as text, in its own order, with what looks like a card's number masked."""
    copied = deepcopy(payment)
    copied.tail = None
    for each in copied.iter():
        each.text, each.tail = _masked(each.text), _masked(each.tail)
        for name, value in each.attrib.items():
            if etree.QName(name).localname.lower() != "id":
                each.set(name, _masked(value) or "")
    return etree.tostring(copied, encoding="unicode")


def _masked(text: str | None) -> str | None:
    """A UUID is no number, however many of its characters are digits."""
    if text is None or _UUID.fullmatch(text.strip()):
        return text
    return without_numbers(text)


# Messages


def read_accepted(answer: Response) -> Accepted:
    """The ProcessingResponse of a message that was taken. Raises Unreadable.

    Of `Location` only the last segment is believed, and only where it looks like an id.
    """
    root = _root(answer.body, "ProcessingResponse")
    message_id, job_id = _word(root, "MessageId"), _word(root, "DataJobId")
    if message_id is None or ID.fullmatch(message_id) is None:
        raise Unreadable("no MessageId")
    last = answer.headers.get("location", "").strip().rpartition("/")[2]
    return Accepted(
        message_id=message_id,
        data_job_id=job_id if job_id is not None and ID.fullmatch(job_id) else None,
        status_id=last if ID.fullmatch(last) else message_id,
    )


def read_processed(answer: Response) -> Processed:
    """What became of a message: an Error is failure, COMPLETED in every State the end of it.

    Raises Unreadable where there is neither.
    """
    root = _root(answer.body, "ProcessingStatus")
    states = [_words(each).upper() for each in _all(root, "State")]
    errors = list(_all(root, "Error"))
    said = list(dict.fromkeys(text for text in map(_words, errors) if text))
    is_complete = bool(states) and all(state == COMPLETED for state in states)
    if said or (errors and not is_complete):
        return Processed(status=ERROR, said=scrub("; ".join(said)) or NO_REASON)
    if not states:
        raise Unreadable("no State")
    return Processed(status=COMPLETED if is_complete else PROCESSING)
