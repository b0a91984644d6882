"""The functions: runtime, limits, and careful deployment of those that move money."""

import json
from typing import Any

from tests.support.template import Template, of_type, target

MONEY = {
    *("IssuePaymentFunction", "ReleasePaymentFunction", "VoidPaymentFunction"),
    *("ReissuePaymentFunction", "AdvancePaymentFunction"),
    *("CollectPaymentFunction", "StoreCardFunction", "StartPaymentPlanFunction"),
    *("RecordPaymentFunction", "VoidCollectedPaymentFunction", "RecordVendorPaymentFunction"),
    *("RefundVendorPaymentFunction", "AdjustChargesFunction"),
    *("SettleWithCreditFunction", "CreatePayinConfigFunction"),
    *("CancelPaymentPlanFunction", "RefundPaymentFunction"),
}
VENDOR_WORKERS = {
    *("AdvancePaymentFunction", "ApplyEventFunction"),
    *("CollectMissedEventsFunction", "SettlePaymentsFunction"),
    "PollPortalPaymentsFunction",
}
GATEWAY_HANGS_UP_SECONDS = 29


def one_runtime_everywhere(template: Template) -> list[str]:
    """python3.13 on arm64, both layers, tracing, no network of our own."""
    found = []
    for name, function in _functions(template).items():
        expected = {
            "Runtime": "python3.13",
            "Architectures": ["arm64"],
            "TracingConfig": {"Mode": "Active"},
            "VpcConfig": None,
        }
        found += [f"{name}: {key}" for key, value in expected.items() if function.get(key) != value]
        layers = {template["Resources"][target(it)]["Type"] for it in function.get("Layers", [])}
        if layers != {"AWS::Lambda::LayerVersion"} or len(function["Layers"]) != 2:
            found.append(f"{name}: layers")
    return found


def functions_answer_in_time(template: Template) -> list[str]:
    """Behind the API a function ends before API Gateway hangs up; elsewhere it says its limit."""
    behind_api = json.dumps([it["Properties"]["Body"] for it in _apis(template)])
    found = []
    for name, function in _functions(template).items():
        timeout = function.get("Timeout")
        if timeout is None or not function.get("MemorySize"):
            found.append(f"{name}: no limit")
        elif f"${{{name}" in behind_api and timeout >= GATEWAY_HANGS_UP_SECONDS:
            found.append(f"{name}: {timeout} s behind the API")
    return found


def vendor_workers_are_reserved(template: Template) -> list[str]:
    """Workers that call vendors keep their share of the account and never take more."""
    functions = _functions(template)
    found = [
        f"{name}: nothing reserved"
        for name in sorted(VENDOR_WORKERS)
        if not functions.get(name, {}).get("ReservedConcurrentExecutions")
    ]
    for mapping in of_type(template, "AWS::Lambda::EventSourceMapping").values():
        function = _behind(template, target(mapping["Properties"]["FunctionName"]))
        reserved = functions[function].get("ReservedConcurrentExecutions")
        wanted = mapping["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency", 0)
        if reserved is not None and reserved < wanted:
            found.append(f"{function}: {reserved} reserved for {wanted} at a time")
    return found


def money_is_deployed_by_canary(template: Template) -> list[str]:
    """A tenth of the traffic first, watched by an alarm that rolls back."""
    return [
        f"{name}: {config}"
        for name in sorted(MONEY)
        if "Canary" not in (config := _deployment_config(template, name))
    ]


def money_is_called_through_its_alias(template: Template) -> list[str]:
    """A canary works only where callers name the alias, and rolls back only with an alarm."""
    aliases = {_behind(template, alias): alias for alias in of_type(template, "AWS::Lambda::Alias")}
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    callers = json.dumps(
        [it["Properties"]["Body"]["paths"] for it in _apis(template)]
        + list(of_type(template, "AWS::Lambda::EventSourceMapping").values())
    )
    found = []
    for name in sorted(MONEY):
        alias = aliases.get(name)
        if alias is None or f"${{{name}.Arn}}" in callers or f'"Ref": "{name}"' in callers:
            found.append(f"{name}: called without an alias")
        group = template["Resources"].get(f"{name}DeploymentGroup", {}).get("Properties", {})
        watched = [
            target(it["Name"]) for it in group.get("AlarmConfiguration", {}).get("Alarms", [])
        ]
        if not watched or not set(watched) <= alarms.keys():
            found.append(f"{name}: no alarm rolls back")
    return found


CHECKS = (
    one_runtime_everywhere,
    functions_answer_in_time,
    vendor_workers_are_reserved,
    money_is_deployed_by_canary,
    money_is_called_through_its_alias,
)


def _functions(template: Template) -> dict[str, dict[str, Any]]:
    functions = of_type(template, "AWS::Lambda::Function")
    return {name: function["Properties"] for name, function in functions.items()}


def _apis(template: Template) -> list[dict[str, Any]]:
    return list(of_type(template, "AWS::ApiGateway::RestApi").values())


def _behind(template: Template, name: str) -> str:
    """The function behind an alias, or the function itself."""
    alias = of_type(template, "AWS::Lambda::Alias").get(name)
    return target(alias["Properties"]["FunctionName"]) if alias else name


def _deployment_config(template: Template, function: str) -> str:
    group = template["Resources"].get(f"{function}DeploymentGroup", {})
    return json.dumps(group.get("Properties", {}).get("DeploymentConfigName", "none"))
