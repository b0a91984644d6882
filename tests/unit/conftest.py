"""A fresh world in memory for every unit test."""

import pytest

from tests.support.fakes import World


@pytest.fixture
def world() -> World:
    """A Hub on fakes."""
    return World()
