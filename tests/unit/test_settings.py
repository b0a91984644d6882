"""The stack's settings, and the clock that only a developer's machine can move."""

from pathlib import Path

import pytest

from local import deploy
from local.settings import Settings as LocalSettings
from local.template import load, translate
from payhub.settings import Settings, read_settings
from payhub.wiring import MovedClock, SystemClock, build
from tests.support.aws import ENVIRONMENT, SETTINGS
from tests.support.template import TEMPLATE_FILE, Template, of_type

FILE = "PAYHUB_CLOCK_OFFSET_FILE"
QUEUES = {
    "PAYHUB_PAYMENTS_QUEUE_URL": "http://queue.test/payments",
    "PAYHUB_EVENTS_QUEUE_URL": "http://queue.test/events",
}
HOUR_MS = 3_600_000


def settings(**changes: str) -> Settings:
    """Read from the environment of tests, some of it changed."""
    return read_settings({**SETTINGS, **QUEUES, **changes})


def ahead_ms(clock: MovedClock) -> int:
    """How far it is ahead, to the second."""
    return round(clock.now_ms() - SystemClock().now_ms(), -3)


def test_each_vendor_has_its_own_list_of_hosts() -> None:
    hosts = settings(PAYHUB_ATHENA_BASE_URLS="https://a.test, https://b.test/").base_urls
    assert hosts["athena"] == {"https://a.test", "https://b.test"}
    assert hosts["optum"] == {"http://optum.test"}


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(KeyError, match="PAYHUB_STAGE"):
        read_settings({})


def test_only_the_local_stage_has_a_clock_that_can_be_moved(tmp_path: Path) -> None:
    moved = str(tmp_path / "offset")
    assert settings(**{FILE: moved}).clock_offset_file == Path(moved)
    assert settings().clock_offset_file is None
    for stage in ("dev", "prod", "", "LOCAL"):
        assert settings(PAYHUB_STAGE=stage, **{FILE: moved}).clock_offset_file is None


@pytest.mark.parametrize(("stage", "expected"), [("local", MovedClock), ("prod", SystemClock)])
def test_a_hub_in_the_cloud_ignores_the_file_even_when_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stage: str, expected: type
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "offset"
    file.write_text(str(HOUR_MS))
    clock = build(settings(PAYHUB_STAGE=stage, **{FILE: str(file)})).clock
    assert type(clock) is expected


def test_a_hub_starts_with_the_clients_of_the_vendors_it_is_told_to_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert settings().called_vendors == ()
    told = settings(PAYHUB_CALLED_VENDORS="athena,optum")
    assert told.called_vendors == ("athena", "optum")
    made = {name for name, vendor in build(told).vendors.items() if "gateway" in vars(vendor)}
    assert made == {"athena", "optum"}


def test_the_clock_follows_the_file_as_it_is_replaced(tmp_path: Path) -> None:
    file, draft = tmp_path / "offset", tmp_path / "draft"
    clock = MovedClock(file)
    told = [ahead_ms(clock)]
    for offset_ms in (HOUR_MS, 25 * HOUR_MS, 0):
        draft.write_text(str(offset_ms))
        draft.replace(file)
        told += [ahead_ms(clock), ahead_ms(clock)]
    file.unlink()
    told.append(ahead_ms(clock))
    assert told == [0, *([HOUR_MS] * 2), *([25 * HOUR_MS] * 2), 0, 0, 0]


def test_a_file_that_did_not_change_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "offset"
    file.write_text(str(HOUR_MS))
    clock = MovedClock(file)
    clock.now_ms()
    monkeypatch.setattr(Path, "read_text", None)
    assert ahead_ms(clock) == HOUR_MS


HERE = LocalSettings(port=1, sandbox_port=2, stack_port=3, folder=Path("state"))


def translated_here() -> Template:
    """template.yaml as `make run` deploys it."""
    declared = load(TEMPLATE_FILE.read_text())
    for owner in (declared["Globals"]["Function"], *declared["Resources"].values()):
        for name in {"CodeUri", "ContentUri"} & owner.get("Properties", owner).keys():
            owner.get("Properties", owner)[name] = "s3://bucket/package"
    return translate(declared, deploy.parameters(HERE), deploy.variables(HERE))


def test_only_the_local_translation_names_the_file_and_it_does_for_every_function() -> None:
    assert FILE not in TEMPLATE_FILE.read_text()
    functions = of_type(translated_here(), "AWS::Lambda::Function").values()
    given = [it["Properties"]["Environment"]["Variables"].get(FILE) for it in functions]
    assert set(given) == {str(HERE.clock_offset_file)}


def test_here_a_nightly_schedule_looks_every_minute() -> None:
    schedules = of_type(translated_here(), "AWS::Scheduler::Schedule").values()
    expressions = {it["Properties"]["ScheduleExpression"] for it in schedules}
    assert expressions == {"rate(1 minute)", "rate(5 minutes)"}
