"""Documents that are made to hurt their reader are refused before they can, and named by line."""

import io
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from local.packages import package
from payhub import xml
from payhub.xml import XmlRefused
from tests.unit.medfusion_orders import HEADERS, ONE, TWO, document, element

PACKAGE = Path(xml.__file__).parent
SECRET = "the content of a file"
BOMB = (
    '<!DOCTYPE a [<!ENTITY l "lol">'
    + "".join(f'<!ENTITY l{n} "' + f"&l{n - 1 or ''};" * 10 + '">' for n in range(1, 10))
    + "]><a>&l9;</a>"
)
QUADRATIC = f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 50_000}</a>'


def refused(body: str | bytes, max_bytes: int = xml.CALLER_MAX_BYTES) -> XmlRefused:
    """How a document is refused."""
    with pytest.raises(XmlRefused) as caught:
        xml.parse(body.encode() if isinstance(body, str) else body, max_bytes)
    return caught.value


@pytest.fixture(autouse=True)
def nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No document of this file may open a connection."""

    def never(*_: object) -> NoReturn:
        raise AssertionError("a document opened a connection")

    monkeypatch.setattr(socket.socket, "connect", never)
    monkeypatch.setattr(socket, "getaddrinfo", never)


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[str]:
    """The URL of a file that no document may bring to light."""
    path = tmp_path / "secret"
    path.write_text(SECRET)
    yield path.as_uri()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what came as far as the parser."""
    sizes: list[int] = []
    real = etree.fromstring

    def counting(text: bytes, parser: Any) -> Any:
        sizes.append(len(text))
        return real(text, parser)

    monkeypatch.setattr(etree, "fromstring", counting)
    return sizes


# What is refused before anything is parsed


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "{url}">',
        '<!DOCTYPE a PUBLIC "-//X//Y" "{url}">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "{url}">]>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "{url}"> %x;]>',
        '<!DOCTYPE a [<!ENTITY % x "y"> %x;]>',
        '<!DOCTYPE a [<!ATTLIST a b CDATA "{url}">]>',
        '<!DOCTYPE a [<?p x?><!NOTATION n SYSTEM "{url}">]>',
    ],
)
@pytest.mark.parametrize("before", ["", "\n<!-- <a/> -->\n", '<?xml version="1.0"?>\n', "\ufeff"])
def test_no_doctype_comes_as_far_as_the_parser(
    doctype: str, before: str, secret: str, parsed: list[int]
) -> None:
    found = refused(before + doctype.replace("{url}", secret) + "<a>&x;</a>")
    assert found.words == "A DOCTYPE is not taken."
    assert found.line == 1 + before.count("\n") and not parsed


@pytest.mark.parametrize("body", [BOMB, QUADRATIC], ids=["billion laughs", "quadratic blow-up"])
def test_no_bomb_comes_as_far_as_the_parser(body: str, parsed: list[int]) -> None:
    assert refused(body).words == "A DOCTYPE is not taken." and not parsed


def test_a_body_that_is_too_long_is_not_even_decoded(parsed: list[int]) -> None:
    class Body(bytes):
        def decode(self, *_: object) -> NoReturn:
            raise AssertionError("nobody may look into it")

    found = refused(Body(b"<a>" + b"x" * 10_000_000 + b"</a>"))
    assert "262144 bytes" in found.words and not parsed
    fits = b"<a>" + b" " * 90 + b"</a>"
    assert xml.parse(fits, max_bytes=97) is not None
    assert "96 bytes" in refused(fits, max_bytes=96).words


@pytest.mark.parametrize(
    "body",
    [
        "<a/>".encode("utf-16"),
        "\ufeff<a/>".encode("utf-16-be"),
        "\ufeff<a/>".encode("utf-32"),
        b"<a>\n\xff</a>",
        b"<a>\n\xc0\xbc</a>",  # an overlong <
        b"<a>\n\xed\xa0\x80</a>",  # half a surrogate pair
        "\n<a>\u00e9</a>".encode("latin-1"),
        "<a/>".encode("cp037"),
    ],
)
def test_other_encodings_are_no_utf_8(body: bytes, parsed: list[int]) -> None:
    found = refused(body)
    assert "UTF-8" in found.words and found.line in (1, 2) and not parsed


@pytest.mark.parametrize(
    "name", ["UTF-7", "UTF-16", "utf-16le", "ISO-8859-1", "US-ASCII", "UTF8", "UTF-32", "x-user"]
)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_an_encoding_that_is_declared_must_be_utf_8(
    name: str, quote: str, parsed: list[int]
) -> None:
    body = f"<?xml version={quote}1.0{quote} encoding={quote}{name}{quote}?><a/>"
    assert refused(body).words == "The encoding must be UTF-8." and not parsed


@pytest.mark.parametrize(
    "body",
    [
        "<?xml version='1.1'?><a/>",
        "<?xml encoding='UTF-8'?><a/>",
        "<?xml version='1.0' encoding='UTF-8' encoding='UTF-7'?><a/>",
        "<?xml version='1.0' encoding='\u212a'?><a/>",
        "<?xml version='1.0' standalone='no' encoding='UTF-8'?><a/>",
        "\n<?xml version='1.0'?><a/>",
        "<?xml version='1.0'",
    ],
)
def test_a_declaration_that_is_odd_is_not_taken(body: str, parsed: list[int]) -> None:
    assert "XML declaration" in refused(body).words and not parsed


@pytest.mark.parametrize(
    "body",
    [
        "+ADw-a/+AD4-",
        "<a>+ADw-</a>\n+ADw-!DOCTYPE a+AD4-",
        b"+/v8-<a/>",
    ],
)
def test_utf_7_is_only_text(body: str | bytes) -> None:
    assert refused(body).words.startswith("Not well-formed: ")


def test_utf_7_inside_a_value_stays_what_it_is() -> None:
    assert xml.parse(b"<a>+ADw-b/+AD4-</a>").text == "+ADw-b/+AD4-"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_without_a_mark_are_not_guessed(encoding: str) -> None:
    for text in ("<a/>", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'):
        assert refused(text.encode(encoding)).words.startswith("Not well-formed: ")


@pytest.mark.parametrize("start", ["", "\ufeff", "\ufeff<?xml version='1.0' encoding='utf-8'?>"])
def test_a_mark_of_utf_8_is_taken(start: str) -> None:
    assert xml.parse(f"{start}<a>\u00e9</a>".encode()).text == "\u00e9"


# What is refused on the tree


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("<?p x?><a/>", 1),
        ("<?xml version='1.0'?>\n<?xml-stylesheet href='x'?><a/>", 2),
        ("<!-- -->\n\n<?p?><a/>", 3),
        ("<a>\n<b><?p x?></b></a>", 2),
        ("<a/>\n<?p x?>", 2),
    ],
)
def test_processing_instructions_are_not_taken(body: str, line: int) -> None:
    found = refused(body)
    assert (found.words, found.line) == ("Processing instructions are not taken.", line)


@pytest.mark.parametrize(
    "namespace", ["http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude"]
)
@pytest.mark.parametrize("name", ["include", "fallback"])
def test_xinclude_is_not_taken_and_never_done(namespace: str, name: str, secret: str) -> None:
    body = f'<a xmlns:x="{namespace}">\n<b><x:{name} parse="text" href="{secret}"/></b></a>'
    found = refused(body)
    assert (found.words, found.line, found.element) == ("XInclude is not taken.", 2, name)


def nested(depth: int) -> str:
    """Elements in each other, each on a line of its own."""
    return "<a>\n" * depth + "</a>" * depth


def test_elements_are_nested_only_so_deep() -> None:
    assert xml.parse(nested(xml.DEPTH_MAX).encode()) is not None
    found = refused(nested(xml.DEPTH_MAX + 1))
    assert found.line == xml.DEPTH_MAX + 1 and found.element == "a"
    for depth in (300, 30_000):
        assert "xcessive depth" in refused(nested(depth)).words
    siblings = f"<r>{nested(xml.DEPTH_MAX - 1) * 3}</r>"
    assert xml.parse(siblings.encode()) is not None


def test_there_are_only_so_many_elements() -> None:
    fits = f"<a>{'<b/>' * (xml.ELEMENTS_MAX - 1)}</a>"
    assert len(xml.parse(fits.encode())) == xml.ELEMENTS_MAX - 1
    found = refused(f"<a>{'<b/>' * xml.ELEMENTS_MAX}</a>")
    assert found.element == "b" and str(xml.ELEMENTS_MAX) in found.words


@pytest.mark.parametrize(
    "body", ["<a>{}</a>", "<a><b/>{}</a>", '<a b="{}"/>', "<a><![CDATA[{}]]></a>"]
)
def test_a_text_is_only_so_long(body: str) -> None:
    assert xml.parse(body.format("x" * xml.TEXT_MAX_CHARS).encode()) is not None
    found = refused(body.format("x" * (xml.TEXT_MAX_CHARS + 1)))
    assert str(xml.TEXT_MAX_CHARS) in found.words


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("", 1),
        ("  \n ", 2),
        ("<!-- nothing -->", 1),
        ("no markup", 1),
        ("{}", 1),
        ("<a>\n<b></a>", 2),
        ("<a>\n", 2),
        ("<a\n b='1' b='2'/>", 2),
        ("<a>\n&x;</a>", 2),
        ("<a b='\n&x;'/>", 2),
        ("<a>\n&#0;</a>", 2),
        ("<a>\n&#xD800;</a>", 2),
        ("<a>\n\x08</a>", 2),
        ("<a>\0</a>", 1),
        ("<n:a/>", 1),
        ("<a/>\nrest", 2),
        ("<a/>\n<a/>", 2),
        ("<a/>\n\0", 2),
        ("<a/>\n<!DOCTYPE a>", 2),
        ("<a>\n<!DOCTYPE a></a>", 2),
        ("<a>\n<!ENTITY x 'y'></a>", 2),
        ("<!-- a -- b --><a/>", 1),
        ("<!-- never ends", 1),
    ],
)
def test_what_is_not_well_formed_is_refused_by_its_line(body: str, line: int) -> None:
    found = refused(body)
    assert found.words.startswith("Not well-formed: ") and found.line in (line, line - 1)
    assert "line" not in found.words and "HUGE" not in found.words


def test_no_words_repeat_a_number_of_the_document() -> None:
    assert "4111" not in refused("<a>\n<n4111111111111111></a>").words


def test_an_element_has_only_so_many_attributes() -> None:
    def with_attributes(count: int) -> bytes:
        return f"<r><a {' '.join(f'a{n}=()' for n in range(count))}/></r>".replace(
            "()", "''"
        ).encode()

    assert xml.parse(with_attributes(xml.ATTRIBUTES_MAX)) is not None
    found = refused(with_attributes(20_000))
    assert (found.element, str(xml.ATTRIBUTES_MAX) in found.words) == ("a", True)


def test_whatever_is_within_the_limit_is_parsed_once(parsed: list[int]) -> None:
    many = xml.CALLER_MAX_BYTES
    names = " ".join(f"xmlns:a{n}='u'" for n in range(10_000))
    spaces = f"<a {names}>{'<b/>' * 9000}</a>"
    comments = "<!-- x -->" * (many // 12) + "<a/>"
    for body in (spaces, comments, "<!--" * (many // 4), "<a>" + "&amp;" * 4000 + "</a>"):
        assert len(body) <= many
        with suppress(XmlRefused):
            xml.parse(body.encode())
    assert len(parsed) == 4


# What is taken, and how it is read


@pytest.mark.parametrize(
    "body",
    [
        "<a>PO<!-- -->STED</a>",
        "<a><![CDATA[POSTED]]></a>",
        "<a>P<![CDATA[OST]]>E<!-- a --><!-- b -->D</a>",
        "<a>&#80;OSTED</a>",
        "<a><!-- -->POSTED</a><!-- after -->",
    ],
)
def test_however_a_value_is_written_it_is_one_text(body: str) -> None:
    root = xml.parse(body.encode())
    assert root.text == "POSTED" and len(root) == 0
    assert xml.to_bytes(root).endswith(b"<a>POSTED</a>")


def test_what_looks_like_an_attack_within_a_value_is_only_text() -> None:
    text = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><?p?>&x;"
    root = xml.parse(f"<a><![CDATA[{text}]]></a>".encode())
    assert root.text == text and xml.parse(xml.to_bytes(root)).text == text


def test_a_document_is_written_in_utf_8_and_read_again_as_it_was() -> None:
    body = '<n:a xmlns:n="u" b="&lt;&quot;\u00e9">x\n <c/> \U0001f600</n:a>'
    written = xml.to_bytes(xml.parse(body.encode()))
    assert written.startswith(b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n")
    assert written.decode().partition("\n")[2] == body.replace("&quot;", "&quot;")


@given(
    st.one_of(
        st.binary(max_size=100),
        st.text(alphabet="<>/!?-[]&;#'\" =abDOCTYPEnx:\n", max_size=60).map(str.encode),
    )
)
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_the_parser_raise_anything_else(body: bytes) -> None:
    for read in (xml.parse, xml.checked_payments):
        try:
            read(body)
        except XmlRefused as found:
            assert found.words and (found.line is None or found.line >= 1)


# The parser itself: what holds although a guard before it should fail


def test_the_parser_expands_no_entity(secret: str) -> None:
    inner = b'<!DOCTYPE a [<!ENTITY x "expanded">]><a>&x;</a>'
    outer = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret}">]><a>&x;</a>'.encode()
    for body in (inner, outer):
        root = etree.fromstring(body, xml._parser())
        text = "".join(str(each) for each in root.itertext(tag=etree.Element))
        assert "expanded" not in text and SECRET not in text


def test_the_parser_reads_no_dtd(tmp_path: Path) -> None:
    dtd = tmp_path / "a.dtd"
    dtd.write_text("<!ATTLIST a b CDATA 'from the DTD'><!ENTITY x 'from the DTD'>")
    body = f'<!DOCTYPE a SYSTEM "{dtd.as_uri()}"><a/>'.encode()
    assert etree.fromstring(body, xml._parser()).get("b") is None


def test_the_parser_takes_no_hint_about_encodings() -> None:
    for body in ("<a/>".encode("utf-16-le"), "<a/>".encode("utf-16-be")):
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(body, xml._parser())


def test_the_parser_has_its_own_bounds_and_repairs_nothing() -> None:
    deep = b"<a>" * 3000 + b"</a>" * 3000
    for body in (deep, b"<a><b></a>"):
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(body, xml._parser())


def test_no_other_module_makes_a_parser() -> None:
    made = ("XMLParser", "XMLPullParser", "fromstring", "etree.parse", "iterparse", "etree.XML(")
    for path in PACKAGE.rglob("*.py"):
        if path.name == "xml.py" and path.parent == PACKAGE:
            continue
        text = path.read_text()
        assert not [name for name in made if name in text], path
        assert "xml.etree" not in text and "xml.dom" not in text and "xml.sax" not in text, path


# The structure of a Payments document


def checked(text: str) -> XmlRefused:
    """How a Payments document is refused."""
    with pytest.raises(XmlRefused) as caught:
        xml.checked_payments(text.encode())
    return caught.value


GOOD = document(element(ONE), element(TWO))


def test_the_documents_own_sample_with_its_gaps_closed_is_taken() -> None:
    sample = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:Payments xmlns:ns2="http://schema.intuit.com/health/securePayments/v1">
   <PaymentsMessageHeaders>
      <Sender deviceName="12.5"/>
      <Partner deviceName="Test Application"/>
      <Destination deviceName="Test Destination Name"/>
   </PaymentsMessageHeaders>
   <PracticeInformation><PracticeIdentifier>
      <PracticeId>1c7ecf9f-9700-4e70-b976-9356db658274</PracticeId>
   </PracticeIdentifier></PracticeInformation>
   <Payment id="{ONE}">
      <PatientAccountNumber>100234</PatientAccountNumber>
      <PaymentType>BillPayment</PaymentType>
      <PaymentStatus>POSTED</PaymentStatus>
      <PaymentInformation>
         <AmountPaid>25.00</AmountPaid>
         <PaymentComments>Copay for Appointment</PaymentComments>
      </PaymentInformation>
   </Payment>
</ns2:Payments>
"""
    assert len(xml.checked_payments(sample.encode())) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("ns2:", "").replace("xmlns:ns2", "xmlns:p").replace(
            "<Payments ", "<p:Payments ").replace("</Payments>", "</p:Payments>"),
        lambda text: text.replace('<Sender ', '<Sender deviceVersion="1" vendorName="V" '),
        lambda text: text.replace("<PaymentType>", "<Paid zone='UTC'><On/></Paid><PaymentType>"),
        lambda text: text.replace("<PaymentType>", "<x:a xmlns:x='urn:x'>1</x:a><PaymentType>"),
        lambda text: text.replace("BillPayment", "\n VCS Payment "),
        lambda text: text.replace("POSTED", "whatever it is called"),
        lambda text: text.replace("<PaymentStatus>", "<PaymentStatus at='7'>"),
        lambda text: text.replace(ONE, ONE.upper()),
    ],
)  # fmt: skip
def test_what_is_not_known_of_a_payment_has_its_place(change: Callable[[str], str]) -> None:
    assert change(GOOD) != GOOD
    assert xml.checked_payments(change(GOOD).encode()) is not None


def test_type_and_status_may_stand_in_any_place() -> None:
    parts = ["<PaymentStatus>POSTED</PaymentStatus>", "<X/>", "<PaymentType>T</PaymentType>"]
    for order in (parts, parts[::-1]):
        text = document(f'<Payment id="{ONE}">{"".join(order)}</Payment>')
        assert xml.checked_payments(text.encode()) is not None


WRONG: list[tuple[str, str, str]] = [
    (document(), "Payments", "Expected is ( Payment )"),
    (GOOD.replace(HEADERS, ""), "PracticeInformation", "Expected is ( PaymentsMessageHeaders )"),
    (GOOD.replace('<Partner deviceName="P"/>', ""), "Destination", "Expected is ( Partner )"),
    (GOOD.replace(' deviceName="D"', ""), "Destination", "required"),
    (GOOD.replace('deviceName="12.5"', 'deviceName=""'), "Sender", "deviceName"),
    (document(element(), practice=""), "PracticeId", "length"),
    (document(element(), practice="x" * 201), "PracticeId", "length"),
    (GOOD.replace("PracticeIdentifier>", "Practice>"), "Practice", "PracticeIdentifier"),
    (GOOD.replace(f' id="{ONE}"', ""), "Payment", "id"),
    (GOOD.replace(ONE, "782b8228"), "Payment", "pattern"),
    (GOOD.replace(ONE, f" {ONE}"), "Payment", "pattern"),
    (GOOD.replace(ONE, "\u0667" + ONE[1:]), "Payment", "pattern"),
    (GOOD.replace(TWO, ONE), "Payment", "Duplicate"),
    (GOOD.replace("ns2:Payments", "Payments"), "Payments", "No matching"),
    (GOOD.replace("Payments/v1", "Payments/v2"), "Payments", "No matching"),
    (GOOD.replace("securePayments/v1", "SecurePayments/v1"), "Payments", "No matching"),
    (GOOD.replace("ns2:Payments", "ns2:payments"), "payments", "No matching"),
    (GOOD.replace("<Payment id", '<Payment xmlns="urn:x" id'), "Payment", "not expected"),
    (GOOD.replace("<Payment id", "<ns2:Payment id").replace("</Payment>", "</ns2:Payment>"),
     "Payment", "not expected"),
    (GOOD.replace("</ns2:Payments>", "<More/></ns2:Payments>"), "More", "not expected"),
    (GOOD.replace("</ns2:Payments>", "words</ns2:Payments>"), "Payments", "not allowed"),
    (document(element().replace("PaymentType", "Type")), "Payment", "one PaymentType"),
    (document(element().replace("PaymentStatus", "Status")), "Payment", "one PaymentStatus"),
    (document(element().replace("<PaymentStatus", '<PaymentStatus xmlns="urn:x"')),
     "Payment", "one PaymentStatus"),
    (document(element(more="<PaymentStatus>SUBMITTED</PaymentStatus>")), "Payment", "only one"),
    (document(element(status="")), "PaymentStatus", "word"),
    (document(element(status="<b>POSTED</b>")), "PaymentStatus", "word"),
    (document(element(status="POSTED<b/>")), "PaymentStatus", "word"),
    (document(element(status="<![CDATA[  ]]>")), "PaymentStatus", "word"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "element_name", "words"), WRONG)
def test_a_wrong_structure_is_named_by_line_and_element(
    text: str, element_name: str, words: str
) -> None:
    found = checked(text)
    assert words in found.words and found.element == element_name
    assert found.line is not None and 1 < found.line <= text.count("\n")


def test_the_line_is_where_the_mistake_is() -> None:
    text = document(element(ONE), element(TWO, status=""), element(ONE))
    lines = text.splitlines()
    found = checked(text.replace(element(ONE), "", 1))
    assert found.element == "PaymentStatus"
    assert found.line == 1 + next(n for n, line in enumerate(lines) if TWO in line)


def test_a_document_cannot_bring_a_schema_of_its_own(secret: str) -> None:
    hint = (
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="urn:x {secret} http://schema.intuit.com/health/securePayments/v1'
        f' http://127.0.0.1:9/x.xsd" xsi:noNamespaceSchemaLocation="{secret}" xmlns:ns2='
    )
    assert xml.checked_payments(GOOD.replace("xmlns:ns2=", hint).encode()) is not None
    typed = GOOD.replace("<PaymentType", '<x xsi:type="Device"/><PaymentType').replace(
        "xmlns:ns2=", 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:ns2='
    )
    assert "deviceName" in checked(typed).words or checked(typed).words


def test_no_words_about_the_structure_repeat_a_cards_number() -> None:
    found = checked(GOOD.replace(ONE, "4111111111111111"))
    assert "4111" not in found.words and "[number]" in found.words


def test_payments_are_checked_once_however_many_they_are() -> None:
    many = [element(f"{n:08x}-2527-4e2a-825c-a4afabe74ae0") for n in range(1500)]
    assert len(xml.checked_payments(document(*many).encode())) == 1502
    assert checked(document(*many, many[700])).words.startswith("Duplicate")


# Packaging


def test_the_schema_is_in_the_layer_beside_the_code() -> None:
    """`sam build` copies the folder as it is; the local deployment zips it."""
    names = zipfile.ZipFile(io.BytesIO(package(PACKAGE, below="python/payhub/"))).namelist()
    assert {"python/payhub/xml.py", "python/payhub/payments.xsd"} <= set(names)
    makefile = (PACKAGE.parent / "Makefile").read_text()
    assert 'cp -R payhub "$(TARGET)/"' in makefile


def test_the_schema_describes_what_it_is_for() -> None:
    schema = etree.parse(PACKAGE / "payments.xsd").getroot()
    assert schema.get("targetNamespace") == "http://schema.intuit.com/health/securePayments/v1"
