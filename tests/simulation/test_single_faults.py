"""No single fault, at no call of a port of any scenario, moves money twice or loses a payment."""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module

import pytest

from local.settings import REPOSITORY
from payhub.domain.contract import Contract
from payhub.vendors import VENDORS
from tests.support.simulation import more_scenarios, reference, vendor_scenarios
from tests.support.simulation.explore import SCENARIOS, of_plan, of_seed, singles
from tests.support.simulation.weather import Port

FAULTS_AT_LEAST = 30
"""The shortest way, a void whose vendor shows nothing to be read first, has four calls."""

MORE = {str(it) for it in (*more_scenarios.SCENARIOS, *vendor_scenarios.SCENARIOS)}
LONG = {
    "decoda set_up confirmed after it expired",
    "decoda take without webhooks",
    "decoda take that a bank takes back",
    "decoda refund of a part, without a key",
    "decoda refund of the whole",
    "decoda refund by ACH, in vain",
    "decoda cancel of a plan that waits",
    "decoda cancel of a plan that is confirmed all the same",
    "medfusion send of two payments",
    "medfusion send of a payment that was not picked up",
    "medfusion send that the vendor forgets",
    "medfusion send that fails later, and another one",
}
USUAL = SCENARIOS.keys() - MORE - LONG
"""All operations of all vendors. The others are variations of them, which `make simulate` plays."""


@pytest.mark.parametrize("name", sorted(USUAL))
def test_every_single_fault_ends_well(name: str) -> None:
    results = [of_plan(name, plan) for plan in singles(name)]
    wrong = [str(result) for result in results if result.wrong]
    assert not wrong, f"{len(wrong)} of {len(results)}:\n" + "\n\n".join(wrong[:3])
    assert len([it for it in results if it.struck]) == len(results) > FAULTS_AT_LEAST


def test_every_operation_of_every_vendor_is_played() -> None:
    assert SCENARIOS.keys() > LONG
    verbs = {(it.vendor, it.verb) for it in SCENARIOS.values()}
    assert {(SCENARIOS[name].vendor, SCENARIOS[name].verb) for name in USUAL} == verbs
    named = {(name, verb) for name in VENDORS for verb in _contracts(name)}
    assert named - verbs == {("medfusion", "post")}, "which `send` brings about"


def _contracts(vendor: str) -> Mapping[str, Contract]:
    found: Mapping[str, Contract] = import_module(f"payhub.vendors.{vendor}.contract").CONTRACTS
    return found


def test_every_kind_of_port_is_called() -> None:
    called = {point.port for seed in range(40) for point in of_seed(seed).points}
    assert called == set(Port) - {Port.CLOCK, Port.IDS}


def test_what_one_would_take_instead_moves_money_twice() -> None:
    """The faults are real: the usual utility does not withstand them."""
    charges = [count for _, _, count in reference.singles()]
    assert max(charges) > 1
    assert min(charges) == 1


@pytest.mark.parametrize("seed", [11, 2026])
def test_a_seed_is_the_same_run_in_every_process(seed: int) -> None:
    digests = {_digest(seed, hash_seed) for hash_seed in ("0", "1", "4711")}
    assert len(digests) == 1


def _digest(seed: int, hash_seed: str) -> str:
    said = subprocess.run(
        [sys.executable, "-m", "tests.support.simulation", "--seed", str(seed)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout
