"""XML from outside: the only module that makes parsers.

What a document could do to its reader is refused before it is parsed (size, encoding, DOCTYPE) or
before anything is read from the tree (depth, number of elements and attributes, long texts,
processing instructions, XInclude). Comments are dropped and CDATA is text, so a value is one text,
however it was written.
"""

import re
from functools import cache
from pathlib import Path

from lxml import etree

from payhub.domain.scrub import scrub

Element = etree._Element

CALLER_MAX_BYTES = 262_144
VENDOR_MAX_BYTES = 2_000_000
DEPTH_MAX = 32
ELEMENTS_MAX = 20_000
ATTRIBUTES_MAX = 100
"""Of one element: to read them all takes the square of their number."""

TEXT_MAX_CHARS = 20_000
"""Of one text or one attribute."""

UTF_8 = "UTF-8"

_DECLARATION = re.compile(
    r"<\?xml\s+version\s*=\s*(?:'1\.0'|\"1\.0\")"
    r"(?:\s+encoding\s*=\s*(?P<quote>['\"])(?P<encoding>[A-Za-z][\w.-]*)(?P=quote))?"
    r"(?:\s+standalone\s*=\s*(?:'(?:yes|no)'|\"(?:yes|no)\"))?\s*\?>",
    re.ASCII,
)
_BEFORE_ROOT = re.compile(r"[ \t\r\n]*(?:<!--.*?-->[ \t\r\n]*)*", re.DOTALL)
_PLACE = re.compile(r",? (?:line \d|use XML_PARSE_HUGE).*", re.DOTALL)
"""What libxml2 writes behind the words."""

_NAMED = re.compile(r"Element '(?:\{[^}]*\})?(?P<name>[^']*)'(?:, |: )")
_FACET = re.compile(r"\[facet '\w+'\] ")
_ONCE_IN_PAYMENT = ("PaymentType", "PaymentStatus")


class XmlRefused(ValueError):
    """A document that is not taken: why, and at which line and element as far as that is known."""

    def __init__(self, words: str, line: int | None = None, element: str | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.line = line
        self.element = element


def parse(body: bytes, max_bytes: int = CALLER_MAX_BYTES) -> Element:
    """The root of a document in UTF-8. Raises XmlRefused."""
    if len(body) > max_bytes:
        raise XmlRefused(f"The document has more than {max_bytes} bytes.")
    try:
        text = body.decode(UTF_8).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise XmlRefused("The document is not in UTF-8.", line=_line(body[: error.start])) from None
    _check_beginning(text)
    try:
        root = etree.fromstring(text.encode(UTF_8), _parser())
    except etree.XMLSyntaxError as error:
        words = scrub(_PLACE.sub("", error.msg or "")) or "no element found"
        raise XmlRefused(f"Not well-formed: {words}", line=error.lineno or 1) from None
    _check_tree(root)
    return root


def checked_payments(body: bytes) -> Element:
    """The root of a caller's Payments document whose structure is right. Raises XmlRefused.

    The schema is payments.xsd; what it cannot say, that a payment has its type and its status once
    each in any place, is checked here.
    """
    root = parse(body)
    schema = _schema()
    if not schema.validate(root):
        error = schema.error_log[0]
        named = _NAMED.match(error.message)
        words = _FACET.sub("", error.message[named.end() :] if named else error.message)
        raise XmlRefused(scrub(words), line=error.line, element=named["name"] if named else None)
    for payment in root.iterchildren("Payment"):
        for name in _ONCE_IN_PAYMENT:
            _check_once(payment, name)
    return root


def to_bytes(root: Element) -> bytes:
    """The document as it is sent."""
    return etree.tostring(root, xml_declaration=True, encoding=UTF_8, standalone=True)


def _parser() -> etree.XMLParser:
    """Reads no DTD and no other file, expands no entity, whatever a document asks for."""
    return etree.XMLParser(
        encoding="utf-8",  # whatever the first bytes look like
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        collect_ids=True,  # without, lxml reads the DTD all the same
        remove_comments=True,
    )


def _check_beginning(text: str) -> None:
    """Before the root there are a declaration and comments, nothing else: a DOCTYPE stands here."""
    declaration = _DECLARATION.match(text)
    if declaration is not None and (declaration["encoding"] or UTF_8).upper() != UTF_8:
        raise XmlRefused("The encoding must be UTF-8.", line=1)
    if declaration is None and re.match(r"\s*<\?xml\s", text):
        raise XmlRefused(
            "The XML declaration must come first and name version 1.0 and UTF-8.", line=1
        )
    start = declaration.end() if declaration else 0
    before = _BEFORE_ROOT.match(text, start)
    at = before.end() if before else start
    if text.startswith("<!", at) and not text.startswith("<!--", at):
        raise XmlRefused("A DOCTYPE is not taken.", line=_line(text[:at]))
    if text.startswith("<?", at):
        raise XmlRefused("Processing instructions are not taken.", line=_line(text[:at]))


def _check_tree(root: Element) -> None:
    depth = count = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "pi")):
        if event == "end":
            depth -= 1
            continue
        if event == "pi":
            raise XmlRefused("Processing instructions are not taken.", line=node.sourceline)
        depth += 1
        count += 1
        why = _why_refused(node, depth, count)
        if why is not None:
            raise XmlRefused(why, line=node.sourceline, element=local_name(node))
    for after in root.itersiblings():
        raise XmlRefused("Processing instructions are not taken.", line=after.sourceline)


def _why_refused(node: Element, depth: int, count: int) -> str | None:
    if depth > DEPTH_MAX:
        return f"Elements are nested more than {DEPTH_MAX} deep."
    if count > ELEMENTS_MAX:
        return f"There are more than {ELEMENTS_MAX} elements."
    if (etree.QName(node).namespace or "").lower().endswith("/xinclude"):
        return "XInclude is not taken."
    if len(node.attrib) > ATTRIBUTES_MAX:
        return f"An element has more than {ATTRIBUTES_MAX} attributes."
    texts = (node.text, node.tail, *node.attrib.values())
    if any(len(text) > TEXT_MAX_CHARS for text in texts if text):
        return f"A text has more than {TEXT_MAX_CHARS} characters."
    return None


def _check_once(payment: Element, name: str) -> None:
    found = list(payment.iterchildren(name))
    if len(found) != 1:
        how = "must have one" if not found else "must have only one"
        line = payment.sourceline if not found else found[1].sourceline
        raise XmlRefused(f"The payment {how} {name}.", line=line, element="Payment")
    if len(found[0]) or not (found[0].text or "").strip():
        raise XmlRefused("There must be a word.", line=found[0].sourceline, element=name)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(parse(Path(__file__).with_name("payments.xsd").read_bytes()))


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def _line(before: str | bytes) -> int:
    """The line on which something stands that has this before it."""
    return 1 + (before.count("\n") if isinstance(before, str) else before.count(b"\n"))
