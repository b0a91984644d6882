"""A sandbox for each test: in memory, or on disk where it must survive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.sandbox.athena_bench import AthenaBench
from tests.unit.sandbox.bench import Bench
from tests.unit.sandbox.decoda_bench import DecodaBench
from tests.unit.sandbox.medfusion_bench import MedfusionBench


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    bench.tenant()
    yield bench
    bench.store.close()


@pytest.fixture
def kept_bench(tmp_path: Path) -> Iterator[Bench]:
    """On disk, so that it can be closed and opened again."""
    bench = Bench(tmp_path / "sandbox.sqlite3")
    bench.tenant()
    yield bench
    bench.store.close()


@pytest.fixture
def athena(tmp_path: Path) -> Iterator[AthenaBench]:
    """On disk, with a client that has its token."""
    athena = AthenaBench(tmp_path / "sandbox.sqlite3")
    athena.practices()
    athena.sign_in()
    yield athena
    athena.store.close()


@pytest.fixture
def decoda() -> Iterator[DecodaBench]:
    """In memory, with one tenant."""
    decoda = DecodaBench()
    decoda.tenant()
    yield decoda
    decoda.store.close()


@pytest.fixture
def medfusion() -> Iterator[MedfusionBench]:
    """In memory, with a member that has its token."""
    medfusion = MedfusionBench()
    medfusion.member()
    medfusion.sign_in()
    yield medfusion
    medfusion.store.close()
