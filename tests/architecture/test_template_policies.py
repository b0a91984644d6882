"""What template.yaml promises, checked where it counts: on the CloudFormation it becomes."""

import copy
import json
import re
from functools import cache
from pathlib import Path

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tests.support.template import REGION, REPOSITORY, Template, resolved, source, translated
from tests.support.template_checks import CHECKS, Check
from tests.support.template_checks.functions import MONEY, money_is_deployed_by_canary
from tests.support.template_checks.storage import tables_are_recoverable

resolved_once = cache(resolved)

FILLED_IN_BY_THE_TRANSLATOR = {"W2001: Parameter AuthorizerCacheSeconds not used."}

# What a stage may do without, and only that stage.
EXCEPTIONS: dict[str, set[Check]] = {
    "prod": set(),
    "dev": {money_is_deployed_by_canary},
    "local": {money_is_deployed_by_canary, tables_are_recoverable},
}


@pytest.mark.parametrize("stage", EXCEPTIONS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_template_keeps(check: Check, stage: str) -> None:
    """Each check finds nothing, whatever values the parameters take."""
    violations = check(resolved_once(stage))
    if check in EXCEPTIONS[stage]:
        assert violations, "the exception is not needed any more"
    else:
        assert violations == []


def test_linters_pass_on_the_translated_template() -> None:
    """Some rules see nothing in the SAM source and fire only here."""
    text = json.dumps(translated(), default=str)
    matches = lint(text, config=ManualArgs(regions=[REGION]))
    found = {f"{it.rule.id}: {it.message}" for it in matches}
    assert found - FILLED_IN_BY_THE_TRANSLATOR == set()


def test_a_new_layer_is_a_new_version_of_what_moves_money() -> None:
    """All logic is in the layers; an alias that kept its version would go on serving old code."""
    before, changed = source(), source()
    changed["Resources"]["PayhubLayer"]["Properties"]["ContentUri"] = "layers/payhub-next/"
    assert _versions(before).keys() == _versions(changed).keys() == MONEY
    unchanged = _versions(before).items() & _versions(changed).items()
    assert not unchanged


def test_time_limits_leave_room_for_an_outcome() -> None:
    """The vendor is given up on well before the function is."""
    values = {name: it.get("Default") for name, it in source()["Parameters"].items()}
    assert values["VendorTimeoutSeconds"] + 10 <= values["ApiTimeoutSeconds"]
    assert values["VendorTimeoutSeconds"] + 10 <= values["WorkerTimeoutSeconds"]


@pytest.mark.parametrize(
    ("hosts", "is_allowed"),
    [
        ("https://api.example.com", True),
        ("https://a.example.com:8443,https://b.example.com", True),
        ("http://127.0.0.1:8091", True),
        ("http://api.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("https://a.example.com,", False),
        ("https://a.example.com/../x", False),
        ("", False),
    ],
)
def test_vendor_hosts_are_encrypted_or_local(hosts: str, is_allowed: bool) -> None:
    """The allow-list takes https, and http for the sandbox on this machine alone."""
    pattern = source()["Parameters"]["OptumBaseUrls"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, hosts)) == is_allowed


def test_the_layer_holds_what_was_tested() -> None:
    """Every package of the Lambda layer has the version of the development environment."""
    layer = _pins(REPOSITORY / "layers/dependencies/requirements.txt")
    tested = _pins(REPOSITORY / "requirements/development.txt")
    assert layer
    assert {name: tested.get(name) for name in layer} == layer


def _versions(template: Template) -> dict[str, str]:
    """Function -> logical id of the version its alias serves."""
    resources = translated(copy.deepcopy(template))["Resources"]
    return {
        it["Properties"]["FunctionName"]["Ref"]: it["Properties"]["FunctionVersion"]["Fn::GetAtt"][
            0
        ]
        for it in resources.values()
        if it["Type"] == "AWS::Lambda::Alias"
    }


def _pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", path.read_text(), re.MULTILINE))
