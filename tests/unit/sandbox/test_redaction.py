"""Card numbers are masked wherever they stand; ids and references are left alone."""

from __future__ import annotations

import pytest

from local.sandbox.redaction import masked


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("4111111111111111", "****1111"),
        ("4111 1111 1111 1111", "****1111"),
        ("4111-1111-1111-1111", "****1111"),
        ("pan=378282246310005;", "pan=****0005;"),
        ("/v1/195900/patients/4111111111111111/receipts", "/v1/195900/patients/****1111/receipts"),
        ("%B4111111111111111^ABBOTT/ADA^3012101?", "****"),
        ("%B4111111111111111^ABBOTT", "%B****1111^ABBOTT"),
        (";4111111111111111=3012101?", "****"),
    ],
)
def test_a_card_number_keeps_its_last_four_digits(text: str, kept: str) -> None:
    assert masked(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "195900",
        "4111111111111112",
        "0f4111111111111111a2",
        "08:30:00 12/31/2026",
        "10.50",
        'id="41111111-1111-1111-8a6e-0d5a5a3b1c02"',
        "/6f0d0f3b-4111-1111-8111-111111111116",
    ],
)
def test_what_is_no_card_number_stays(text: str) -> None:
    assert masked(text) == text
