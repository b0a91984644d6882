"""Fixtures that every kind of test may use."""

from collections.abc import Iterator

import pytest

from tests.support.stack import LocalStack, running


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One stack for all integration and journey tests; each test cleans up its faults."""
    with running(tmp_path_factory.mktemp("local")) as stack:
        yield stack
