"""template.yaml as CloudFormation would see it: translated, and resolved for one stage."""

import copy
import json
import logging
import os
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform

from local.template import load

Template = dict[str, Any]

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATE_FILE = REPOSITORY / "template.yaml"
REGION = "us-east-1"
_DROP = object()


def source() -> Template:
    """template.yaml as written, short intrinsics in their long form."""
    return load(TEMPLATE_FILE.read_text())


def parameters(template: Template, **values: str | int) -> dict[str, Any]:
    """The template's defaults, the maximum where a number has one, and the given values.

    The maxima make the checks hold for the worst values that a deployment can choose.
    """
    declared = template["Parameters"]
    chosen = {name: it.get("MaxValue", it.get("Default")) for name, it in declared.items()}
    vendors = ("Optum", "Athena", "Decoda", "Medfusion")
    hosts = {f"{it}BaseUrls": f"https://{it.lower()}.example.com" for it in vendors}
    return {**chosen, **hosts, **values}


def translated(template: Template | None = None, **values: str | int) -> Template:
    """Plain CloudFormation, with its parameters and conditions still in it."""
    template = copy.deepcopy(template or source())
    _pretend_packaged(template)
    chosen = parameters(template, **values)
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns of its own feature flags
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # the translator asks for one
    result: Template = transform(template, chosen, _NoManagedPolicies())
    return result


def resolved(stage: str, template: Template | None = None, **values: str | int) -> Template:
    """The translated template of one stage: conditions decided, parameters filled in."""
    plain = translated(template, Stage=stage, **values)
    chosen = parameters(plain, Stage=stage, **values)
    conditions = _Conditions(plain.get("Conditions", {}), chosen)
    kept = {
        name: resource
        for name, resource in plain["Resources"].items()
        if "Condition" not in resource or conditions.holds(resource["Condition"])
    }
    result: Template = _resolve({**plain, "Resources": kept}, chosen, conditions)
    return result


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """The resources of one type, by logical id."""
    return {name: it for name, it in template["Resources"].items() if it["Type"] == kind}


def target(value: Any) -> str:
    """The logical id that a Ref, GetAtt or Sub of one resource names."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return str(value["Ref"])
    if "Fn::GetAtt" in value:
        return str(value["Fn::GetAtt"][0])
    return json.dumps(value)


def _pretend_packaged(template: Template) -> None:
    """Code gets the address it has after packaging: the translator takes no local folders.

    Every folder gets an address of its own, so another folder is other code.
    """
    for owner in [template["Globals"]["Function"], *map(_properties, _resources(template))]:
        for key in ("CodeUri", "ContentUri"):
            if key in owner:
                owner[key] = f"s3://packaged/{owner[key].strip('/').replace('/', '-')}"


def _resources(template: Template) -> list[dict[str, Any]]:
    return list(template["Resources"].values())


def _properties(resource: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = resource.get("Properties", {})
    return properties


class _NoManagedPolicies:
    """The translator asks for AWS managed policies by name; the template names none."""

    def load(self) -> dict[str, str]:
        return {}


class _Conditions:
    """The template's conditions, decided for one set of parameter values."""

    def __init__(self, declared: dict[str, Any], chosen: dict[str, Any]) -> None:
        self._declared = declared
        self._chosen = chosen

    def holds(self, name: str) -> bool:
        """Whether the named condition is true."""
        return self._decide(self._declared[name])

    def _decide(self, expression: Any) -> bool:
        ((function, operand),) = expression.items()
        if function == "Condition":
            return self.holds(operand)
        if function == "Fn::Not":
            return not self._decide(operand[0])
        if function == "Fn::And":
            return all(map(self._decide, operand))
        if function == "Fn::Or":
            return any(map(self._decide, operand))
        assert function == "Fn::Equals", f"unknown condition {function}"
        left, right = (_resolve(it, self._chosen, self) for it in operand)
        return str(left) == str(right)


def _resolve(value: Any, chosen: dict[str, Any], conditions: _Conditions) -> Any:
    """The value without Fn::If and without references to parameters."""
    if isinstance(value, list):
        items = [_resolve(it, chosen, conditions) for it in value]
        return [it for it in items if it is not _DROP]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::If"}:
        name, then, otherwise = value["Fn::If"]
        return _resolve(then if conditions.holds(name) else otherwise, chosen, conditions)
    if set(value) == {"Ref"}:
        return _DROP if value["Ref"] == "AWS::NoValue" else chosen.get(value["Ref"], value)
    items_of = {key: _resolve(it, chosen, conditions) for key, it in value.items()}
    return {key: it for key, it in items_of.items() if it is not _DROP}
