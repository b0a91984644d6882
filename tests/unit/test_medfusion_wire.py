"""Medfusion's XML: read in every spelling its pages show, believed only where it fits."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payhub.domain.portal import PortalPage
from payhub.transport import Response
from payhub.vendors.medfusion import wire
from tests.unit.medfusion_orders import ONE, PRACTICE, TWO, document, element, paid

CARD = "4111 1111 1111 1111"
RESPONSES = {
    "as the page on updates has it": b"""<?xml version="1.0" encoding="UTF-8"?>
<ProcessingResponse xmlns:ns2="http://schema.intuit.com/health/admin/v1">
  <DataJobId> job-1 </DataJobId><MessageId>message-1</MessageId>
</ProcessingResponse>""",
    "as the page on batches has it": b"""
<ns2:ProcessingResponse xmlns:ns2="http://schema.intuit.com/health/ccd/v1">
  <dataJobId>job-1</dataJobId><messageId>message-1</messageId>
</ns2:ProcessingResponse>""",
    "with everything in a namespace": b"""
<PROCESSINGRESPONSE xmlns="http://schema.intuit.com/health/v9">
  <more><DATAJOBID>job-1</DATAJOBID></more><messageid>message-1</messageid>
</PROCESSINGRESPONSE>""",
}


def answer(
    body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A complete answer."""
    raw = body.encode() if isinstance(body, str) else body
    return Response(status=status, headers=headers or {}, body=raw)


def page(text: str) -> PortalPage:
    """A poll's answer that is read."""
    return wire.read_page(answer(text), PRACTICE)


def stored(*payments: str) -> str:
    """How the first payment of a document is kept."""
    return page(document(*payments)).payments[0].xml


# Payments


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("100.00", 10000),
        ("25.5", 2550),
        ("10", 1000),
        (".7", 70),
        ("0.01", 1),
        (" 17.07\n", 1707),
        ("0.00", 0),
        ("9999999999.99", 999_999_999_999),
    ],
)
def test_amounts_are_read_exactly(text: str, cents: int) -> None:
    assert page(document(paid(text))).payments[0].amount_cents == cents


@pytest.mark.parametrize(
    "text",
    ["", "1.005", "1,000.00", "-5.00", "$5", "1e3", "NaN", "5 .00", "99999999999.00", "\u0661"],
)
def test_an_amount_that_is_not_exact_makes_the_page_unreadable(text: str) -> None:
    with pytest.raises(wire.Unreadable, match=ONE):
        page(document(paid(text)))


@pytest.mark.parametrize("word", ["SUBMITTED", "ACCEPTED", "POSTED", "Refunded", "on hold"])
def test_every_status_is_kept_as_it_is_said(word: str) -> None:
    assert page(document(paid(status=word))).payments[0].status == word


def test_a_status_shows_no_number_of_a_card() -> None:
    assert page(document(paid(status=CARD))).payments[0].status == "[number]"


def test_a_payment_without_account_and_with_unknown_parts_is_read_whole() -> None:
    odd = (
        f'<Payment id="{ONE}" seen="yes"><PaidOn zone="UTC">2026-11-21</PaidOn>'
        "<PaymentInformation><Fee><AmountPaid>3.00</AmountPaid></Fee></PaymentInformation>"
        "<More><PaymentStatus>POSTED</PaymentStatus></More></Payment>"
    )
    found = page(document(odd)).payments[0]
    assert (found.reference, found.status, found.amount_cents) == (ONE, "POSTED", 300)
    assert found.xml == odd


def test_elements_are_kept_in_the_order_in_which_they_came() -> None:
    shuffled = (
        f'<Payment id="{ONE}">\n  <PaymentStatus>SUBMITTED</PaymentStatus><Z/>\n'
        "  <PaymentInformation><CCLast4Digits>0042</CCLast4Digits>"
        "<AmountPaid>1.00</AmountPaid></PaymentInformation><A/></Payment>"
    )
    assert stored(shuffled) == shuffled


def test_a_document_may_put_everything_into_a_namespace() -> None:
    text = document(paid()).replace("xmlns:ns2=", "xmlns=").replace("ns2:", "")
    found = page(text).payments
    assert [it.reference for it in found] == [ONE]


def test_a_page_keeps_its_order_and_its_repeats() -> None:
    found = page(document(paid(payment_id=TWO), paid(), paid(payment_id=TWO))).payments
    assert [it.reference for it in found] == [TWO, ONE, TWO]


@pytest.mark.parametrize(
    "text",
    [
        document(paid(payment_id="")),
        document(paid(payment_id="4111111111111111")),
        document(paid(payment_id="../x")),
        document(paid().replace("id=", "ID=")),
        document(paid(status="")),
        document(paid(status="X" * 41)),
        document(paid().replace("PaymentStatus", "Status")),
        document(element(more="<AmountPaid>1.00</AmountPaid><AmountPaid>2.00</AmountPaid>")),
        document(paid().replace("</Payment>", "<PaymentStatus>POSTED</PaymentStatus></Payment>")),
        document(paid(), practice=TWO),
        document(paid()).replace("ns2:Payments", "ns2:Bills"),
        document(element(more="<c>" + "<d>x</d>" * 15_000 + "</c><AmountPaid>1</AmountPaid>")),
    ],
)
def test_what_cannot_be_told_for_sure_makes_the_page_unreadable(text: str) -> None:
    with pytest.raises(wire.Unreadable):
        page(text)


@pytest.mark.parametrize("practice", [PRACTICE.upper(), f" {PRACTICE} ", ""])
def test_the_practice_may_be_spelt_otherwise_or_missing(practice: str) -> None:
    assert len(page(document(paid(), practice=practice)).payments) == 1


def test_a_page_without_payments_is_empty() -> None:
    assert page(document()).payments == ()
    last = {"last-timestamp": "1795262400000"}
    empty = wire.read_page(answer(b"", 204, last), PRACTICE)
    assert empty == PortalPage(payments=(), last_ms=1795262400000)


@pytest.mark.parametrize("said", ["", "soon", "-1", "1.5", "1" * 16, "\u0661"])
def test_a_last_timestamp_that_is_no_number_is_none(said: str) -> None:
    found = wire.read_page(answer(document(paid()), headers={"last-timestamp": said}), PRACTICE)
    assert found.last_ms is None and len(found.payments) == 1


# Card numbers


def test_what_looks_like_a_cards_number_is_masked_wherever_it_stands() -> None:
    more = (
        f'<PaymentInformation note="{CARD}"><AmountPaid>1.00</AmountPaid>'
        f"<PaymentComments>my card {CARD}, exp 12/30</PaymentComments> 4111-1111-1111-1111"
        "<Memo><![CDATA[4111111111111111]]></Memo><Split>4111<!-- -->111111111111</Split>"
        "</PaymentInformation>"
    )
    kept = stored(element(more=more))
    assert "1111" not in kept.replace(ONE, "") and kept.count("[number]") == 5
    assert "exp 12/30" in kept


def test_ids_and_short_numbers_are_left_as_they_are() -> None:
    digits = "12345678-1234-1234-1234-123456789012"
    more = (
        f'<Place id="4111111111111111"/><LocationId>{digits}</LocationId>'
        "<PatientAccountNumber>100234</PatientAccountNumber>"
        "<PaymentInformation><AmountPaid>1.00</AmountPaid><CCLast4Digits>0042</CCLast4Digits>"
        "</PaymentInformation>"
    )
    odd = element(payment_id=digits, more=more)
    assert stored(odd) == odd


def test_a_payment_is_kept_without_namespaces_of_the_document_that_it_does_not_use() -> None:
    assert "xmlns" not in stored(paid())
    own = paid().replace("<PaymentType", '<x:a xmlns:x="urn:x" x:id="7"/><PaymentType')
    assert '<x:a xmlns:x="urn:x" x:id="7"/>' in stored(own)


# Messages going out


def test_a_message_goes_out_as_it_came_but_for_what_is_left_out() -> None:
    odd = element(ONE, more="<B/>\n<A>&lt;&amp;\u00e9</A>")
    text = document(odd, element(TWO))

    def lines(sent: str) -> list[str]:
        return [line.strip() for line in sent.split("?>", 1)[1].splitlines() if line.strip()]

    whole = wire.outgoing(text, frozenset()).decode()
    assert lines(whole) == lines(text)
    part = wire.outgoing(text, frozenset({TWO, PRACTICE})).decode()
    assert lines(part) == lines(document(odd))
    assert part.startswith("<?xml version='1.0' encoding='UTF-8' standalone='yes'?>")


@pytest.mark.parametrize("text", ["", "<", "<a/>", document(), "<!DOCTYPE a><a/>"])
def test_a_message_that_is_no_document_of_payments_is_not_built(text: str) -> None:
    with pytest.raises(wire.Unreadable):
        wire.outgoing(text, frozenset())
    with pytest.raises(wire.Unreadable, match="no payment is left"):
        wire.outgoing(document(element(ONE), element(TWO)), frozenset({ONE, TWO}))


# What becomes of messages


@pytest.mark.parametrize("style", RESPONSES)
def test_a_processing_response_is_read_in_every_style(style: str) -> None:
    read = wire.read_accepted(answer(RESPONSES[style], 202))
    assert read == wire.Accepted(message_id="message-1", data_job_id="job-1", status_id="message-1")


def test_a_batch_without_an_id_is_no_matter() -> None:
    for job in ("", "<DataJobId/>", "<DataJobId>a b</DataJobId>"):
        body = f"<ProcessingResponse>{job}<MessageId>m</MessageId></ProcessingResponse>"
        assert wire.read_accepted(answer(body)).data_job_id is None


@pytest.mark.parametrize("message_id", ["", " ", "a b", "../x", "a" * 65, "<b/>", "m</MessageId>"])
def test_a_message_without_an_id_is_unreadable(message_id: str) -> None:
    body = f"<ProcessingResponse><MessageId>{message_id}</MessageId></ProcessingResponse>"
    with pytest.raises(wire.Unreadable):
        wire.read_accepted(answer(body))


def processed(*children: str, root: str = "ProcessingStatus") -> wire.Processed:
    """A status document with these elements."""
    return wire.read_processed(answer(f"<{root}>{''.join(children)}</{root}>"))


COMPLETE, RUNNING = "<State>COMPLETED</State>", "<State>PROCESSING</State>"


@pytest.mark.parametrize(
    ("children", "status", "said"),
    [
        ([COMPLETE], "COMPLETED", None),
        ([COMPLETE] * 5, "COMPLETED", None),
        (["<state> Completed\n</state>", COMPLETE], "COMPLETED", None),
        ([COMPLETE, "<Error/>"], "COMPLETED", None),
        ([RUNNING], "PROCESSING", None),
        ([COMPLETE, RUNNING], "PROCESSING", None),
        ([COMPLETE, "<State>ERROR</State>"], "PROCESSING", None),
        ([COMPLETE, "<State>ODD</State>"], "PROCESSING", None),
        ([COMPLETE, "<State/>"], "PROCESSING", None),
        ([COMPLETE, "<Error>closed</Error>"], "ERROR", "closed"),
        ([RUNNING, "<m><ERROR>closed</ERROR></m>"], "ERROR", "closed"),
        (["<Error>closed</Error>"], "ERROR", "closed"),
        ([RUNNING, "<Error/>"], "ERROR", "the vendor gave no reason"),
        (["<Error/>"], "ERROR", "the vendor gave no reason"),
        (
            [RUNNING, "<Error>one</Error>", "<Error>two</Error>", "<Error>one</Error>"],
            "ERROR",
            "one; two",
        ),
        (
            [RUNNING, "<Error><Code>17</Code><Text>no\n such</Text></Error>"],
            "ERROR",
            "17 no such",
        ),
        ([RUNNING, f"<Error>card {CARD}</Error>"], "ERROR", "card [number]"),
    ],
)
def test_a_message_is_complete_when_every_state_is_and_failed_when_there_is_an_error(
    children: list[str], status: str, said: str | None
) -> None:
    assert processed(*children) == wire.Processed(status=status, said=said)


def test_namespaces_of_a_status_do_not_matter() -> None:
    body = f'<n:processingStatus xmlns:n="u" xmlns="v">{COMPLETE}</n:processingStatus>'
    assert wire.read_processed(answer(body)).status == "COMPLETED"


def test_a_status_without_states_says_nothing() -> None:
    for children in ("", "<DataJob/>", "<Status>COMPLETED</Status>"):
        with pytest.raises(wire.Unreadable):
            processed(children)
    with pytest.raises(wire.Unreadable):
        processed(COMPLETE, root="Other")


def test_what_the_vendor_writes_at_length_is_shown_in_short() -> None:
    said = processed(RUNNING, *(f"<Error>{'x' * 200} {n}</Error>" for n in range(50))).said
    assert said is not None and len(said) <= 300


def test_no_words_about_an_unreadable_document_quote_it() -> None:
    with pytest.raises(wire.Unreadable) as caught:
        wire.read_payments(b"<Payments>\n<Ada></Abbott></Payments>", PRACTICE)
    assert str(caught.value) == "not XML that is taken at line 2"


# Whatever comes


READERS: list[Callable[[Response], object]] = [
    lambda response: wire.read_page(response, PRACTICE),
    wire.read_accepted,
    wire.read_processed,
]
_NAMES = st.sampled_from(
    ["Payments", "Payment", "PaymentStatus", "AmountPaid", "MessageId", "State", "Error", "x:y"]
)
_TEXTS = st.sampled_from(["", "POSTED", "1.00", "1e9", CARD, "COMPLETED", "\u00e9", "&amp;", " "])


def _wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def build(name: str, attribute: str, parts: list[str]) -> str:
        return f'<{name} id="{attribute}" xmlns:x="u">{"".join(parts)}</{name}>'

    return st.builds(build, _NAMES, st.sampled_from([ONE, "", "7"]), st.lists(inner, max_size=4))


@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(_TEXTS, _wrapped, max_leaves=20).map(
            lambda inner: f"<Payments>{inner}</Payments>".encode()
        ),
        st.recursive(_TEXTS, _wrapped, max_leaves=20).map(
            lambda inner: f"<ProcessingStatus>{inner}</ProcessingStatus>".encode()
        ),
    ),
    st.text(max_size=30),
)
@settings(max_examples=150, deadline=None)
def test_no_answer_makes_a_reader_raise_anything_else(body: bytes, header: str) -> None:
    headers = {"last-timestamp": header, "location": header}
    for reader in READERS:
        with suppress(wire.Unreadable):
            reader(answer(body, headers=headers))
