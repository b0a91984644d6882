"""The house is in order: template, function files and sample events name the same functions."""

import ast
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.template import REPOSITORY, resolved, source
from tests.support.template_checks.api import routes

ROOMS = ("api", "authorizers", "webhooks", "workers", "schedules")
LINES_MAX = 15
TEMPLATE_FUNCTIONS = {
    name: resource["Properties"]["Handler"].removesuffix(".handler").replace(".", "/")
    for name, resource in source()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
"""Logical id -> folder and file of the function."""


def _files(folder: str, suffix: str) -> set[str]:
    """The files of a folder, without the suffix: `api/issue_payment`."""
    root = REPOSITORY / folder
    paths = (path.relative_to(root) for path in root.rglob(f"*{suffix}"))
    return {path.with_suffix("").as_posix() for path in paths if path.name != "__init__.py"}


def test_every_template_function_has_a_file() -> None:
    """Each Handler names a file below functions/."""
    missing = set(TEMPLATE_FUNCTIONS.values()) - _files("functions", ".py")
    assert not missing, f"functions/ lacks {sorted(f'{it}.py' for it in missing)}"


def test_every_function_file_is_in_the_template() -> None:
    """No file below functions/ that nothing calls."""
    missing = _files("functions", ".py") - set(TEMPLATE_FUNCTIONS.values())
    assert not missing, f"template.yaml lacks a function for {sorted(missing)}"


def test_every_function_has_a_sample_event() -> None:
    """events/ mirrors functions/."""
    expected, found = set(TEMPLATE_FUNCTIONS.values()), _files("events", ".json")
    missing, extra = sorted(expected - found), sorted(found - expected)
    assert not missing, f"events/ lacks {[f'{it}.json' for it in missing]}"
    assert not extra, f"events/ has more than the template: {extra}"


def test_functions_are_named_after_their_files() -> None:
    """void_payment.py is VoidPaymentFunction."""
    for name, path in TEMPLATE_FUNCTIONS.items():
        words = Path(path).name.split("_")
        assert name == "".join(map(str.capitalize, words)) + "Function", f"{path} is {name}"


def test_the_template_follows_the_tree() -> None:
    """Functions of one folder stand together, folders in the order of the tree."""
    rooms = [path.split("/")[0] for path in TEMPLATE_FUNCTIONS.values()]
    assert rooms == sorted(rooms, key=ROOMS.index)


@pytest.mark.parametrize("path", sorted(_files("functions", ".py")))
def test_a_function_file_is_a_declaration(path: str) -> None:
    """A docstring, imports and the handler; everything else belongs in the package."""
    text = (REPOSITORY / "functions" / f"{path}.py").read_text()
    assert len(text.splitlines()) <= LINES_MAX
    module = ast.parse(text)
    assert ast.get_docstring(module), "no docstring"
    statements = [it for it in module.body[1:] if not isinstance(it, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(it).split(" = ")[0] for it in statements] == ["handler"]
    assert all(isinstance(it, ast.Assign | ast.AnnAssign) for it in statements)


@pytest.mark.parametrize("path", sorted(_files("events", ".json")))
def test_a_sample_event_is_of_its_trigger(path: str) -> None:
    """The event is one that the function's own trigger sends."""
    event = json.loads((REPOSITORY / "events" / f"{path}.json").read_text())
    problems = {
        "api": _http_problems,
        "webhooks": _http_problems,
        "authorizers": _authorizer_problems,
        "workers": _queue_problems,
        "schedules": _no_problems,
    }[path.split("/", maxsplit=1)[0]](path, event)
    assert problems == []


@cache
def _routes() -> dict[tuple[str, str], str]:
    return routes(resolved("prod"))


def _http_problems(path: str, event: dict[str, Any]) -> list[str]:
    method, resource = event.get("httpMethod", ""), event.get("resource", "")
    served_by = _routes().get((method, resource)) or _routes().get(("ANY", resource))
    served = TEMPLATE_FUNCTIONS.get(served_by or "")
    return [] if served == path else [f"{method} {resource} goes to {served}"]


def _no_problems(_path: str, _event: dict[str, Any]) -> list[str]:
    return []


def _authorizer_problems(_path: str, event: dict[str, Any]) -> list[str]:
    return sorted({"type", "authorizationToken", "methodArn"} - event.keys())


def _queue_problems(_path: str, event: dict[str, Any]) -> list[str]:
    records = event.get("Records", [])
    sources = {record.get("eventSource") for record in records}
    return [] if sources == {"aws:sqs"} else [f"records from {sources}"]
