"""The controls of the sandbox that belong to no single room."""

from __future__ import annotations

from pathlib import Path

import pytest

import local.sandbox
from local.sandbox.athena.magic import DECLINED_CARDS
from local.sandbox.athena.magic import MAGIC_AMOUNTS as ATHENA_AMOUNTS
from local.sandbox.clock import OFFSET_FILE, SystemClock
from local.sandbox.decoda.magic import MAGIC_AMOUNTS as DECODA_AMOUNTS
from local.sandbox.faults import FAULTS, REFUSE
from local.sandbox.medfusion.magic import MAGIC_AMOUNTS as MEDFUSION_AMOUNTS
from local.sandbox.optum.magic import MAGIC_AMOUNTS as OPTUM_AMOUNTS
from local.sandbox.store import Store
from tests.unit.sandbox.bench import TENANT, Bench, shown


def test_the_ledger_lists_movements_in_the_documented_form(bench: Bench) -> None:
    payment = bench.issue()
    [entry] = shown(bench.control("GET", f"ledger?reference={payment['paymentId']}"))
    assert sorted(entry) == sorted(
        ["vendor", "operation", "reference", "amount_cents", "direction", "at"]
    )
    assert entry["vendor"] == "optum"
    assert shown(bench.control("GET", "ledger?reference=other")) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "ledger?vendor=nobody", 400),
        ("GET", "ledger?vedor=optum", 400),
        ("GET", "nothing", 404),
        ("DELETE", "ledger", 405),
        ("POST", "reset?tenants_too=yes", 400),
        ("GET", "events", 400),
    ],
)
def test_wrong_controls_are_refused(bench: Bench, method: str, path: str, status: int) -> None:
    assert bench.control(method, path).status == status


def test_the_clock_moves_forward_only(bench: Bench) -> None:
    assert bench.control("POST", "clock", {"advance_seconds": -1}).status == 400
    before = shown(bench.control("GET", "clock"))["now"]
    assert shown(bench.control("POST", "clock", {"advance_seconds": 90}))["now"] > before


def test_the_systems_clock_keeps_its_offset(tmp_path: Path) -> None:
    store, file = Store(), tmp_path / OFFSET_FILE
    SystemClock(store, file).advance(3_600_000)
    ahead_ms = SystemClock(store, file).now_ms()
    clock = SystemClock(store, file)
    clock.reset()
    assert 3_599_000 < ahead_ms - clock.now_ms() <= 3_600_000
    store.close()


def test_the_offset_stands_in_a_file_from_the_start_and_after_each_change(tmp_path: Path) -> None:
    store, file = Store(), tmp_path / OFFSET_FILE
    clock = SystemClock(store, file)
    said = [file.read_text()]
    clock.advance(1_500)
    clock.advance(500)
    said.append(file.read_text())
    file.unlink()
    SystemClock(store, file)
    said.append(file.read_text())
    clock.reset()
    said.append(file.read_text())
    assert said == ["0", "2000", "2000", "0"]
    assert [path.name for path in tmp_path.iterdir()] == [OFFSET_FILE]
    store.close()


def test_tenants_are_shown_without_their_keys(bench: Bench) -> None:
    answer = bench.control("GET", "optum/tenants")
    assert shown(answer)[0]["tenant_id"] == TENANT
    assert shown(answer)[0]["accounts"]["ACCT2"] == {"hold": True}
    assert b"key" not in answer.body


def test_a_tenants_key_can_be_rotated_but_not_be_anothers(bench: Bench) -> None:
    bench.tenant(key="key-2")
    assert bench.ask("GET", "/payments/batch").status == 401
    body = {
        "tenant_id": "tenant-2",
        "api_key": "key-2",
        "amount_unit": "cents",
        "accounts": {"A": {}},
    }
    assert bench.control("POST", "optum/tenants", body).status == 400


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"amount_unit": "dollars"}, "amount_unit must be one of cents, whole_dollars"),
        ({"accounts": {}}, "accounts must be an object"),
        ({"accounts": {"A": {"hold": "no"}}}, "accounts.A.hold must be true or false"),
        ({"accounts": {"A": {"held": True}}}, "accounts.A.held is not known; allowed: hold"),
        ({"api_key": ""}, "api_key must be text"),
    ],
)
def test_a_wrong_tenant_is_refused(bench: Bench, change: dict[str, object], named: str) -> None:
    good = {"tenant_id": "t", "api_key": "k", "amount_unit": "cents", "accounts": {"A": {}}}
    answer = bench.control("POST", "optum/tenants", {**good, **change})
    assert answer.status == 400
    assert named in shown(answer)["error"]


def test_the_same_seed_gives_the_same_answers() -> None:
    def run() -> list[bytes]:
        bench = Bench()
        bench.tenant()
        bench.subscribe()
        bench.issue()
        bench.wait(5)
        bodies = [post.body for post in bench.receiver.posts]
        bench.store.close()
        return bodies

    assert run() == run()


def test_the_readme_lists_every_magic_amount_card_fault_operation_and_control(
    bench: Bench,
) -> None:
    readme = (Path(local.sandbox.__file__).parent / "README.md").read_text()
    rows = [
        *((cents, magic.meaning) for cents, magic in OPTUM_AMOUNTS.items()),
        *((cents, magic.meaning) for cents, magic in ATHENA_AMOUNTS.items()),
        *((cents, magic.meaning) for cents, magic in DECODA_AMOUNTS.items()),
        *((cents, magic.meaning) for cents, magic in MEDFUSION_AMOUNTS.items()),
    ]
    for key, meaning in (*rows, *DECLINED_CARDS.items()):
        assert f"| {key} | {meaning} |" in readme
    for vendor in bench.sandbox.vendors.values():
        assert all(f"`{operation}`" in readme for operation in vendor.operations)
        assert all(f"/_sandbox/{vendor.name}{route.path}" in readme for route in vendor.controls)
    assert all(f"`{fault}`" in readme for fault in (*FAULTS, REFUSE))
