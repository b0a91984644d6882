"""What is wrong with documents and requests at Medfusion's paths: told, not stored, not sent."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.card_canary import DASHED, NUMBER, SPACED
from tests.support.hub import Hub, Json
from tests.support.medfusion_client import (
    PROBLEM_TYPE,
    SECURE,
    SWIPED,
    MedfusionClient,
    MedfusionSide,
    caller_of,
    document_of,
    payment_element,
    text_of,
    texts_of,
)

pytestmark = pytest.mark.journey

Change = Callable[[str], str | bytes]
"""From a right document to a wrong one."""

FILE = "file:///etc/passwd"
LAUGHS = "".join(f'<!ENTITY l{each} "{f"&l{each - 1};" * 10}">' for each in range(1, 10))


@pytest.fixture(scope="module")
def side(hub: Hub) -> MedfusionSide:
    """The practice's portal."""
    return MedfusionSide(hub)


@pytest.fixture(scope="module")
def caller(hub: Hub) -> MedfusionClient:
    """The practice's system."""
    return caller_of(hub)


@pytest.fixture(scope="module")
def reference(side: MedfusionSide, caller: MedfusionClient) -> str:
    """A bill that could be posted, if anything were right; the function's process has started."""
    assert caller.post("").status_code == 400
    return side.picked_up()


@pytest.fixture(scope="module")
def right(side: MedfusionSide, reference: str) -> str:
    """A document with which it would be."""
    return document_of([payment_element(reference)], side.practice_id)


@pytest.fixture(scope="module")
def state(side: MedfusionSide, reference: str) -> tuple[list[Json], list[Json]]:
    """What there is, before anything is wrong."""
    assert reference
    return list(side.payments()), side.messages()


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(
    side: MedfusionSide, state: tuple[list[Json], list[Json]]
) -> Iterator[None]:
    yield
    assert (list(side.payments()), side.messages()) == state


def _before(beginning: str, inside: str = "") -> Change:
    """Something in front of the root, and in a payment."""

    def change(text: str) -> str:
        spoilt = text.replace("<ns2:Payments", f"{beginning}<ns2:Payments", 1)
        return _inside(inside)(spoilt) if inside else spoilt

    return change


def _inside(inside: str) -> Callable[[str], str]:
    return lambda text: text.replace("</Payment>", f"<More>{inside}</More></Payment>")


def _declared(encoding: str) -> Callable[[str], str]:
    return lambda text: text.replace('encoding="UTF-8"', f'encoding="{encoding}"')


ATTACKS: dict[str, Change] = {
    "external entity": _before(f'<!DOCTYPE a [<!ENTITY e SYSTEM "{FILE}">]>', "&e;"),
    "external entity, by its network": _before(
        '<!DOCTYPE a [<!ENTITY e SYSTEM "http://127.0.0.1:9/e">]>', "&e;"
    ),
    "parameter entity": _before(f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{FILE}"> %p;]>'),
    "external DTD": _before(f'<!DOCTYPE a SYSTEM "{FILE}">'),
    "billion laughs": _before(f'<!DOCTYPE a [<!ENTITY l0 "lol">{LAUGHS}]>', "&l9;"),
    "quadratic blow-up": _before(f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]>', "&x;" * 30_000),
    "deep nesting": _inside("<a>" * 10_000 + "</a>" * 10_000),
    "very many elements": _inside("<a/>" * 50_000),
    "a huge text": _inside("x" * 200_000),
    "a huge attribute": _inside(f'<a b="{"x" * 200_000}"/>'),
    "UTF-16": lambda text: _declared("UTF-16")(text).encode("utf-16"),
    "UTF-16 that says UTF-8": lambda text: text.encode("utf-16-le"),
    "UTF-7": lambda text: _declared("UTF-7")(text).encode("utf-7"),
    "UTF-7 in a declaration": _declared("UTF-7"),
    "a DOCTYPE in UTF-7": lambda text: _declared("UTF-7")(text).replace(
        "<ns2:Payments", "+ADw-!DOCTYPE a SYSTEM +ACI-x+ACI-+AD4-<ns2:Payments", 1
    ),
    "XInclude": _inside(
        f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" parse="text" href="{FILE}"/>'
    ),
    "a stylesheet": _before(f'<?xml-stylesheet type="text/xsl" href="{FILE}"?>'),
    "a processing instruction": _inside("<?php echo 1 ?>"),
    "one behind the root": lambda text: text + "<?later x?>",
    "9 MB": _inside("x" * 9_000_000),
    "10 MB": _inside("<a/>" * 2_621_440),
    "bytes that are not UTF-8": lambda text: text.encode().replace(b"BillPayment", b"Bill\xff"),
    "half of it": lambda text: text[: len(text) // 2],
    "nothing": lambda text: "",
    "two roots": lambda text: text + "<a/>",
    "JSON": lambda text: '{"payments": []}',
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(caller: MedfusionClient, right: str, name: str) -> None:
    """4xx, without anything of the file it wanted."""
    refused = caller.post(ATTACKS[name](right))
    assert 400 <= refused.status_code < 500, refused.text
    assert "root:" not in refused.text


MISTAKES: dict[str, tuple[Change, str]] = {
    "no status": (lambda it: _without(it, "PaymentStatus"), "Payment"),
    "no type": (lambda it: _without(it, "PaymentType"), "Payment"),
    "two statuses": (
        lambda it: it.replace("</Payment>", "<PaymentStatus>POSTED</PaymentStatus></Payment>"),
        "Payment",
    ),
    "no sender": (lambda it: it.replace('<Sender deviceName="12.5"/>', ""), "Partner"),
    "no headers": (lambda it: _without(it, "PaymentsMessageHeaders"), "PracticeInformation"),
    "no practice": (lambda it: _without(it, "PracticeId>"), "PracticeIdentifier"),
    "no payment": (lambda it: _without(it, "Payment "), "Payments"),
    "no id": (lambda it: it.replace('<Payment id="', '<Payment name="'), "Payment"),
    "another root": (lambda it: it.replace("ns2:Payments", "ns2:Bills"), "Bills"),
    "no namespace": (lambda it: it.replace("ns2:Payments ", "Payments ", 1), "body"),
}


def _without(text: str, name: str) -> str:
    """Without the one element of that name."""
    start, end = text.index(f"<{name}"), f"</{name.strip(' >')}>"
    return text[:start] + text[text.index(end) + len(end) :]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_by_line_and_element(
    caller: MedfusionClient, right: str, name: str
) -> None:
    """400, as RFC 7807 writes a problem in XML."""
    change, element = MISTAKES[name]
    refused = caller.post(change(right))
    _problem(refused, 400)
    assert texts_of(refused, "field") == [element], refused.text
    assert "<detail>line " in refused.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda it: it.replace("<PracticeId>", "<PracticeId>x"), "PracticeId"),
        (lambda it: it.replace("BillPayment", "VCS Payment"), "Payment"),
        (lambda it: it.replace("POSTED", "DONE"), "Payment"),
        (
            lambda it: it.replace(
                "</Payment>",
                "<PaymentInformation><AmountPaid>25.01</AmountPaid></PaymentInformation></Payment>",
            ),
            "Payment",
        ),
    ],
)
def test_what_does_not_fit_the_payment_is_refused(
    caller: MedfusionClient, right: str, reference: str, change: Change, field: str
) -> None:
    """Another practice, another kind, an unknown status, not what was paid."""
    refused = caller.post(change(right))
    _problem(refused, 400)
    wanted = f"Payment {reference}" if field == "Payment" else field
    assert texts_of(refused, "field") == [wanted], refused.text


@pytest.mark.parametrize("kind", [SECURE, SWIPED])
@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "application/json", "text/plain", "application/xml; charset=utf-16", "x"],
)
def test_another_content_type_is_415(
    caller: MedfusionClient, right: str, kind: str, content_type: str
) -> None:
    """Whatever the document is."""
    _problem(caller.post(right, kind=kind, content_type=content_type), 415)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "-1"}, "since"),
        ({"since": "1e3"}, "since"),
        ({"since": "9" * 20}, "since"),
        ({"since": ""}, "since"),
        ({"max": "0"}, "max"),
        ({"max": "1000001"}, "max"),
        ({"max": "all"}, "max"),
    ],
)
@pytest.mark.parametrize("kind", [SECURE, SWIPED])
def test_a_poll_that_cannot_be_read_is_400(
    caller: MedfusionClient, kind: str, query: dict[str, str], field: str
) -> None:
    """The field is named."""
    refused = caller.poll(kind, **query)
    _problem(refused, 400)
    assert texts_of(refused, "field") == [field], refused.text


@pytest.mark.parametrize("query", [{}, {"paymentType": "BillPayment"}, {"paymentType": ""}])
def test_payments_need_their_type(
    caller: MedfusionClient, right: str, query: dict[str, str]
) -> None:
    """In the query, in one of the two documented words."""
    path = f"/v1/practice/{caller.practice_id}/payments"
    _problem(caller.send("GET", path, query), 400)
    headers = {"Content-Type": "application/xml"}
    _problem(caller.send("POST", path, query, right.encode(), headers), 400)


def test_what_nobody_has_is_404(caller: MedfusionClient, right: str) -> None:
    """A practice, a message, what is no id at all."""
    practice = "6f0d0f3b-6a52-4b59-8a6e-0d5a5a3b1c03"
    _problem(caller.poll(practice=practice), 404)
    _problem(caller.post(right, practice=practice), 404)
    _problem(caller.processing(practice, practice=practice), 404)
    _problem(caller.processing(practice), 404)
    _problem(caller.processing("no-message"), 404)


def test_what_the_paths_do_not_know_is_told(caller: MedfusionClient) -> None:
    """A parameter by its name, and another method."""
    for kind in (SECURE, SWIPED):
        refused = caller.poll(kind, page="2")
        _problem(refused, 400)
        assert texts_of(refused, "field") == ["page"], refused.text
    path = f"/v1/practice/{caller.practice_id}/securePayments"
    assert caller.send("DELETE", path, {}).status_code == 405


@pytest.mark.parametrize("number", [NUMBER, SPACED, DASHED])
def test_a_card_number_is_not_taken(caller: MedfusionClient, right: str, number: str) -> None:
    """In no text and no attribute; the answer does not repeat it."""
    comments = f"<PaymentComments>paid with {number}</PaymentComments></Payment>"
    for text in (
        right.replace("</Payment>", comments),
        right.replace("12.5", number),
        right.replace("</Payment>", f"<More at='{number}'/></Payment>"),
        right.replace("</Payment>", f"<![CDATA[{number}]]></Payment>"),
    ):
        refused = caller.post(text)
        _problem(refused, 400)
        assert number not in refused.text


def _problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM_TYPE
    assert text_of(answer, "status") == str(status)
    assert text_of(answer, "title")
    assert text_of(answer, "detail")
    assert text_of(answer, "correlation_id")
