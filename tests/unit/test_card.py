"""What looks like a card number is seen, however it is written and whatever stands beside it."""

import pytest

from payhub.domain.card import holds_card_number
from payhub.domain.scrub import scrub

NUMBER = "4539578763621486"
SPELLINGS = [
    NUMBER,
    "4539 5787 6362 1486",
    "4539-5787-6362-1486",
    "4539.5787.6362.1486",
    "4539  5787  6362  1486",
    "3782 822463 10005",
    "6011111111111117",
    "5555555555554444",
]


@pytest.mark.parametrize("number", SPELLINGS)
@pytest.mark.parametrize(
    "text", ["{}", "card {} thanks", "{} 12/31", "ref 12 {}", "INV-7-{}", "x{}", "ref{}y", "{} 123"]
)
def test_a_card_number_is_seen(number: str, text: str) -> None:
    assert holds_card_number(text.format(number))


@pytest.mark.parametrize("text", ["%B4539578763621486^A/B^3912?", ";4539578763621486=3912?"])
def test_swipe_data_is_seen(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "4539578763621487",
        "1234567890123456",
        "4539578763621486000000",
        "45395787-6362-1486-8000-123456789012",
        "a4539578763621486b0000000000000c",
        "INV-2026-11-21-000123",
        "12500",
        "",
    ],
)
def test_other_numbers_and_ids_are_not(text: str) -> None:
    assert not holds_card_number(text)


@pytest.mark.parametrize("number", SPELLINGS)
def test_somebody_elses_words_come_out_without_it(number: str) -> None:
    words = scrub(f"card {number} was declined")
    assert words == "card [number] was declined"
