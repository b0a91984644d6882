"""Journeys run side by side on one stack, so each file has a tenant of its own."""

import pytest

from tests.support.hub import Hub, hub_of, new_tenant
from tests.support.stack import LocalStack


@pytest.fixture(scope="module")
def hub(local_stack: LocalStack, request: pytest.FixtureRequest) -> Hub:
    """A new tenant's hub."""
    return hub_of(local_stack, new_tenant(local_stack, request.module.__name__.split(".")[-1]))
