"""Every alarm on a metric of the hub listens under dimensions that the hub really sends.

CloudWatch adds nothing up: a value sent under vendor and service is not heard under service alone.
"""

import ast
import json
from collections.abc import Iterator

import pytest

from payhub.metrics import EmbeddedMetrics
from tests.support.template import REPOSITORY, of_type, resolved

PACKAGE = REPOSITORY / "layers/payhub/payhub"


def _alarms() -> dict[str, tuple[str, dict[str, str]]]:
    """Alarm -> its metric and dimensions."""
    alarms = {
        name: it["Properties"]
        for name, it in of_type(resolved("prod"), "AWS::CloudWatch::Alarm").items()
    }
    return {
        name: (it["MetricName"], {each["Name"]: each["Value"] for each in it["Dimensions"]})
        for name, it in alarms.items()
        if it["Namespace"] == "Payhub"
    }


def _signals() -> Iterator[tuple[str, frozenset[str]]]:
    """(metric, dimensions) of every `signals.count(...)` in the package."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("signals.count"):
                name = ast.literal_eval(node.args[0])
                yield (
                    name,
                    frozenset(it.arg for it in node.keywords if it.arg and it.arg != "value"),
                )


@pytest.mark.parametrize("alarm", _alarms())
def test_an_alarm_hears_its_metric(
    alarm: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Send the metric as the code does and look for the alarm's dimensions."""
    metric, wanted = _alarms()[alarm]
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "payhub")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Payhub")
    senders = [dimensions for name, dimensions in _signals() if name == metric]
    assert senders, f"nothing sends {metric}"
    for dimensions in senders:
        EmbeddedMetrics().count(metric, 1, **{it: wanted.get(it, "any") for it in dimensions})
        sent = _dimension_sets(capsys.readouterr().out)
        assert frozenset(wanted) in sent, f"{metric} is sent under {sorted(map(sorted, sent))}"


def _dimension_sets(lines: str) -> set[frozenset[str]]:
    return {
        frozenset(names)
        for line in lines.splitlines()
        for directive in json.loads(line)["_aws"]["CloudWatchMetrics"]
        for names in directive["Dimensions"]
    }
