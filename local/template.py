"""template.yaml as this machine's AWS can take it: translated, with local parameter values."""

import copy
import hashlib
import json
import logging
import os
from typing import Any

import yaml
from samtranslator.translator.transform import transform

from local.settings import ACCOUNT, REGION, STACK_NAME

Template = dict[str, Any]

# ministack knows neither, and both only matter to a deployment in the cloud.
_UNKNOWN_TYPES = ("AWS::CodeDeploy::", "AWS::WAFv2::WebACLAssociation")
# Handlers run on the interpreter that runs ministack, which has the dependencies already.
_DEPENDENCIES_LAYER = "DependenciesLayer"
_METHODS = ("get", "post", "put", "delete", "patch", "head", "options")
_POLLER = "PollPortalPayments"
_ANY = "x-amazon-apigateway-any-method"
_GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"


def load(text: str) -> Template:
    """Read a template with its short intrinsics (!Ref, !Sub, ...) in their long form."""
    template: Template = yaml.load(text, _Loader)  # noqa: S506, a SafeLoader
    return template


def without_dependencies(template: Template) -> Template:
    """The template without the layer of third-party packages."""
    template = copy.deepcopy(template)
    template["Resources"].pop(_DEPENDENCIES_LAYER, None)
    reference = {"Ref": _DEPENDENCIES_LAYER}
    owners = [template.get("Globals", {}).get("Function", {})]
    owners += [resource.get("Properties", {}) for resource in template["Resources"].values()]
    for owner in owners:
        if reference in owner.get("Layers", []):
            owner["Layers"].remove(reference)
    return template


def translate(
    template: Template, parameters: dict[str, str], variables: dict[str, str] | None = None
) -> Template:
    """Plain CloudFormation, reduced to what ministack knows.

    Every function gets `variables` besides its own: what only a stack on this machine may have.
    """
    declared = template.get("Parameters", {})
    unknown = sorted(parameters.keys() - declared.keys())
    if unknown:
        raise ValueError(f"template.yaml has no parameter {', '.join(unknown)}")
    values = {name: parameter.get("Default") for name, parameter in declared.items()}
    values.update(parameters)
    values.update(_pseudo_parameters())
    template = _with_variables(template, variables or {})
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # the translator asks for one
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns of its own feature flags
    translated: Template = transform(template, values, _ManagedPolicies())
    translated.pop("Transform", None)
    _drop_unknown(translated)
    _concurrency_as_number(translated, values)
    _look_every_minute(translated)
    for name, resource in list(translated["Resources"].items()):
        if resource["Type"] == "AWS::ApiGateway::RestApi":
            _expand_any(resource["Properties"]["Body"])
            _lift_gateway_responses(translated, name)
    return _with_new_versions(translated, {**values, **(variables or {})})


def _pseudo_parameters() -> dict[str, str]:
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackName": STACK_NAME,
        "AWS::URLSuffix": "amazonaws.com",
    }


def _with_variables(template: Template, variables: dict[str, str]) -> Template:
    template = copy.deepcopy(template)
    if variables:
        template["Globals"]["Function"]["Environment"]["Variables"].update(variables)
    return template


def _drop_unknown(translated: Template) -> None:
    resources = translated["Resources"]
    dropped = {name for name, it in resources.items() if it["Type"].startswith(_UNKNOWN_TYPES)}
    for name in dropped:
        del resources[name]
    for resource in resources.values():
        resource.pop("UpdatePolicy", None)  # names the CodeDeploy application
        needed = resource.get("DependsOn", [])
        needed = [needed] if isinstance(needed, str) else needed
        if dropped & set(needed):
            resource["DependsOn"] = [name for name in needed if name not in dropped]


def _concurrency_as_number(translated: Template, values: dict[str, Any]) -> None:
    """Parameters are text; the poller compares this one with a number."""
    for resource in translated["Resources"].values():
        scaling = resource.get("Properties", {}).get("ScalingConfig", {})
        reference = scaling.get("MaximumConcurrency")
        if isinstance(reference, dict):
            scaling["MaximumConcurrency"] = int(values[reference["Ref"]])


def _look_every_minute(translated: Template) -> None:
    """A nightly schedule looks every minute, and acts when the clock that can be moved says so.

    ministack goes by the real time, and takes a cron expression for UTC. What patients pay in a
    portal is looked for every minute too: nobody who tries it out waits for five.
    """
    for name, resource in translated["Resources"].items():
        schedule = resource.get("Properties", {})
        nightly = str(schedule.get("ScheduleExpression", "")).startswith("cron(")
        if nightly or (name.startswith(_POLLER) and "ScheduleExpression" in schedule):
            schedule["ScheduleExpression"] = "rate(1 minute)"


def _with_new_versions(translated: Template, values: dict[str, Any]) -> Template:
    """Versions named by the parameters too: the translator makes new ones for new code only."""
    text = json.dumps(translated)
    suffix = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]
    for name, resource in translated["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Version":
            text = text.replace(f'"{name}"', f'"{name}{suffix}"')
    renamed: Template = json.loads(text)
    return renamed


def _expand_any(body: Template) -> None:
    """One operation per method instead of ANY, wherever the path has none of its own."""
    for operations in body["paths"].values():
        catch_all = operations.pop(_ANY, None)
        if catch_all is None:
            continue
        for method in _METHODS:
            operations.setdefault(method, copy.deepcopy(catch_all))


def _lift_gateway_responses(translated: Template, api: str) -> None:
    """Gateway responses as resources: in an API's body they are ignored."""
    resources = translated["Resources"]
    names = []
    for kind, response in resources[api]["Properties"]["Body"].pop(_GATEWAY_RESPONSES, {}).items():
        name = f"{api}{kind.title().replace('_', '')}Response"
        properties = {
            "RestApiId": {"Ref": api},
            "ResponseType": kind,
            "StatusCode": response.get("statusCode"),
            "ResponseParameters": response.get("responseParameters"),
            "ResponseTemplates": response.get("responseTemplates"),
        }
        resources[name] = {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {key: value for key, value in properties.items() if value is not None},
        }
        names.append(name)
    for resource in resources.values():
        if resource["Type"] == "AWS::ApiGateway::Deployment":
            resource["DependsOn"] = [*resource.get("DependsOn", []), *names]


class _ManagedPolicies:
    """The translator asks for AWS managed policies by name; the template names none."""

    def load(self) -> dict[str, str]:
        return {}


class _Loader(yaml.SafeLoader):
    """A SafeLoader that knows CloudFormation's short tags and leaves dates as text."""

    yaml_implicit_resolvers = {  # noqa: RUF012, the base class declares it so
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix in {"Ref", "Condition"}:
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)
