"""XML in and out: no entities, no network, no DOCTYPE."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from local.sandbox.messages import Response

Element = etree._Element
XML = "application/xml"
_ENCODINGS = ("UTF-8", "US-ASCII", "ASCII")


def parse(body: bytes) -> Element:
    """The root of a document; raises ValueError for anything that must not be read."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise ValueError("the body must be well-formed XML") from None
    described = root.getroottree().docinfo
    if described.internalDTD is not None:
        raise ValueError("the body must not have a DOCTYPE")
    if (described.encoding or "UTF-8").upper() not in _ENCODINGS:
        raise ValueError("the body must be encoded in UTF-8")
    return root


def local_name(element: Element) -> str:
    return etree.QName(element).localname


def text_of(element: Element) -> str:
    return (element.text or "").strip()


def root_element(name: str, namespace: str, *, prefixed: bool = True) -> Element:
    """Declares the namespace as ns2; only a prefixed root is in it."""
    tag = f"{{{namespace}}}{name}" if prefixed else name
    return etree.Element(tag, nsmap={"ns2": namespace})


def add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """A child without namespace, as the vendor's are."""
    child = etree.SubElement(parent, name, attributes)
    child.text = text
    return child


def xml_response(status: int, root: Element, headers: Mapping[str, str] | None = None) -> Response:
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return Response(status, body, {"Content-Type": XML, **(headers or {})})
