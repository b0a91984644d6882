"""Fixtures that every kind of test may use."""

import os
from collections.abc import Iterator

import pytest

from tests.support.stack import LocalStack, running

LONGEST_FIRST = (
    "test_faults",
    "test_schemathesis",
    "test_races",
    "test_card_data",
    "test_crashes",
    "test_bad_input",
    "test_tenants",
    "test_athena_repeats",
    "test_local_stack",
    "test_payments",
)
"""Where files run side by side, none of these shall be what all the others wait for at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files change places; the tests of a file stay in theirs."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        places = {name: place for place, name in enumerate(LONGEST_FIRST)}
        items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One stack for all integration and journey tests that run one after another.

    Side by side run whole files only, each row of files on a stack of its own: a test may stop,
    kill or close whatever it wants, and cleans up its faults.
    """
    with running(tmp_path_factory.mktemp("local")) as stack:
        yield stack
