"""What an HTTP error proves, decided in one table; words of a vendor come out clean."""

import httpx
import pytest

from payhub.domain.answers import NotSent, Unanswered, VendorRefused
from payhub.domain.scrub import scrub
from payhub.transport import (
    ANSWER_MAX_BYTES,
    Request,
    Response,
    Transport,
    retry_after_seconds,
    verdict_of,
)

REQUEST = Request(method="POST", url="http://vendor.test/pay", headers={}, body=b"{}")


def send(handler: object) -> Response | NotSent | Unanswered:
    """One request against a handler."""
    return Transport(3.0, httpx.MockTransport(handler)).send(REQUEST)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_a_connection_that_was_never_made_proves_nothing_was_sent(
    error: type[httpx.TransportError],
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("no")

    assert isinstance(send(handler), NotSent)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.RemoteProtocolError,
        httpx.DecodingError,
    ],
)
def test_any_other_failure_leaves_it_open(error: type[httpx.RequestError]) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("broke off")

    assert isinstance(send(handler), Unanswered)


def test_an_endless_answer_is_cut_off_and_proves_nothing() -> None:
    body = b"x" * (ANSWER_MAX_BYTES + 1)
    assert isinstance(send(lambda request: httpx.Response(200, content=body)), Unanswered)


def test_redirects_are_not_followed() -> None:
    answer = send(lambda request: httpx.Response(307, headers={"location": "http://evil.test"}))
    assert isinstance(answer, Response)
    assert isinstance(verdict_of(answer, ""), Unanswered)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (429, NotSent),
        (401, NotSent),
        (403, NotSent),
        (400, VendorRefused),
        (404, VendorRefused),
        (409, VendorRefused),
        (422, VendorRefused),
        (408, Unanswered),
        (500, Unanswered),
        (502, Unanswered),
        (503, Unanswered),
        (504, Unanswered),
        (302, Unanswered),
        (418, Unanswered),
    ],
)
def test_the_verdict_of_every_status(status: int, verdict: type) -> None:
    answer = Response(status=status, headers={}, body=b"")
    assert isinstance(verdict_of(answer, "words"), verdict)


def test_retry_after_is_read_in_both_forms() -> None:
    assert retry_after_seconds("7") == 7
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after_seconds("soon") is None
    assert retry_after_seconds(None) is None
    answer = Response(status=429, headers={"retry-after": "9"}, body=b"")
    verdict = verdict_of(answer, "")
    assert isinstance(verdict, NotSent) and verdict.retry_after_seconds == 9


@pytest.mark.parametrize(
    "words", ["card 4111111111111111 no", "4111 1111 1111 1111", "4111-1111-1111-1111!"]
)
def test_what_looks_like_a_card_number_is_taken_out_of_a_vendors_words(words: str) -> None:
    assert "1111" not in scrub(words) and "[number]" in scrub(words)


def test_words_are_one_short_printable_line() -> None:
    assert scrub("a\r\nb\x00c" + "x" * 1000).startswith("a bc")
    assert len(scrub("x" * 1000)) == 300
