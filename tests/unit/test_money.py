"""Money is exact: integer cents inside, no float anywhere, every unit converted to the cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payhub.domain.money import (
    MAX_CENTS,
    AmountUnit,
    Money,
    MoneyError,
    cents_of_balance,
    format_amount,
    parse_amount,
)

CENTS = st.integers(min_value=1, max_value=MAX_CENTS)


@given(CENTS, st.sampled_from([AmountUnit.CENTS, AmountUnit.DECIMAL_DOLLARS]))
def test_what_is_written_is_read_back_to_the_cent(cents: int, unit: AmountUnit) -> None:
    assert parse_amount(format_amount(cents, unit), unit).amount_cents == cents


@given(st.integers(min_value=1, max_value=MAX_CENTS // 100))
def test_whole_dollars_are_read_back_to_the_cent(dollars: int) -> None:
    cents = dollars * 100
    assert format_amount(cents, AmountUnit.WHOLE_DOLLARS) == dollars
    assert parse_amount(dollars, AmountUnit.WHOLE_DOLLARS).amount_cents == cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        (".7", 70),
        ("10", 1000),
        ("17.07", 1707),
        ("7.5", 750),
        ("0.01", 1),
        (Decimal("100.00"), 10000),
    ],
)
def test_decimal_dollars_need_not_be_normalised(text: object, cents: int) -> None:
    assert parse_amount(text, AmountUnit.DECIMAL_DOLLARS).amount_cents == cents


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (0, "cents"),
        (-1, "cents"),
        (1.5, "cents"),
        (True, "cents"),
        ("100", "cents"),
        (None, "cents"),
        (MAX_CENTS + 1, "cents"),
        (MAX_CENTS // 100 + 1, "whole_dollars"),
        ("1.234", "decimal_dollars"),
        ("1,00", "decimal_dollars"),
        ("-1", "decimal_dollars"),
        ("1e2", "decimal_dollars"),
        (".", "decimal_dollars"),
        ("", "decimal_dollars"),
        ("0.00", "decimal_dollars"),
        ("١", "decimal_dollars"),
        (12.5, "decimal_dollars"),
        ("99999999999.99", "decimal_dollars"),
        (Decimal("NaN"), "decimal_dollars"),
    ],
)
def test_what_is_not_exact_and_positive_is_refused(value: object, unit: str) -> None:
    with pytest.raises(MoneyError):
        parse_amount(value, AmountUnit(unit))


def test_cents_that_whole_dollars_cannot_express_are_refused() -> None:
    with pytest.raises(MoneyError, match=r"125\.50"):
        format_amount(12550, AmountUnit.WHOLE_DOLLARS)


@pytest.mark.parametrize("value", [0, "0", "0.00", "0.0", ".00", Decimal("0.00")])
def test_a_balance_may_be_zero(value: object) -> None:
    assert cents_of_balance(value, AmountUnit.DECIMAL_DOLLARS) == 0


@pytest.mark.parametrize("value", [1.0, "12"])
def test_money_is_made_of_whole_cents_only(value: object) -> None:
    with pytest.raises(MoneyError):
        Money(value)  # type: ignore[arg-type]
