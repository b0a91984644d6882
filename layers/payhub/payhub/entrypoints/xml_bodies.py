"""Bodies in XML as plain values: what a caller reports about payments of a portal."""

from collections.abc import Iterator

from payhub.domain.card import holds_card_number
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.portal import PostedDocument, PostedPayment
from payhub.xml import Element, XmlRefused, checked_payments, local_name, to_bytes

_NAMED_MAX = 20

_PRACTICE = "PracticeInformation/PracticeIdentifier/PracticeId"


def read_payments(body: bytes) -> PostedDocument:
    """The document as its sender meant it: its text is written anew, without comments.

    Raises InvalidRequest naming line and element of the first thing that is wrong.
    """
    try:
        root = checked_payments(body)
    except XmlRefused as error:
        where = error.element or "body"
        at = "" if error.line is None else f"line {error.line}: "
        raise InvalidRequest(
            "The body cannot be read.", [FieldError(where[:80], at + error.words)]
        ) from None
    _refuse_card_numbers(root)
    return PostedDocument(
        practice_id=_text(root.findtext(_PRACTICE)),
        payments=tuple(_payment(element) for element in root.iterchildren("Payment")),
        text=to_bytes(root).decode(),
    )


def _payment(element: Element) -> PostedPayment:
    amounts = (_text(it.text) for it in element.iter() if local_name(it) == "AmountPaid")
    return PostedPayment(
        reference=element.get("id", ""),
        target=_text(element.findtext("PaymentStatus")),
        payment_type=_text(element.findtext("PaymentType")),
        amount=next(amounts, None) or None,
    )


def _text(words: str | None) -> str:
    return (words or "").strip()


def _refuse_card_numbers(root: Element) -> None:
    """Nothing of the document is made for one, and all of it is stored and passed on."""
    found = [(it.sourceline, where) for it in root.iter() for where in _card_places(it)]
    if found:
        raise InvalidRequest(
            "Card numbers may only stand in the fields made for them.",
            [
                FieldError(where[:80], f"line {line}: looks like a card number")
                for line, where in found[:_NAMED_MAX]
            ],
        )


def _card_places(element: Element) -> Iterator[str]:
    """Where in it a card number stands, without the number."""
    name = local_name(element)
    if holds_card_number(name):
        yield "the name of an element"
        return
    if any(holds_card_number(words) for words in (element.text, element.tail) if words):
        yield name
    for attribute, words in element.attrib.items():
        if holds_card_number(str(attribute)):
            yield "the name of an attribute"
        elif holds_card_number(str(words)):
            yield name
    for prefix, namespace in element.nsmap.items():
        if holds_card_number(f"{prefix} {namespace}"):
            yield "a namespace"
