"""Least privilege: roles, policies, and what may stand in a function's environment."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from payhub.ports import OAUTH_SECRET
from tests.support.template import Template, of_type, target
from tests.support.template_checks.grants import GRANTS

ENVIRONMENT = {
    *("PAYHUB_STAGE", "PAYHUB_TABLE", "PAYHUB_PAYMENTS_QUEUE_URL", "PAYHUB_EVENTS_QUEUE_URL"),
    *("PAYHUB_SECRET_PREFIX", "PAYHUB_PUBLIC_URL"),
    *("PAYHUB_OPTUM_BASE_URLS", "PAYHUB_ATHENA_BASE_URLS", "PAYHUB_DECODA_BASE_URLS"),
    "PAYHUB_MEDFUSION_BASE_URLS",
    *("PAYHUB_VENDOR_TIMEOUT_SECONDS", "PAYHUB_API_TIMEOUT_SECONDS"),
    *("PAYHUB_WORKER_TIMEOUT_SECONDS", "PAYHUB_LATE_APPLY_BOUND_SECONDS"),
    *("PAYHUB_RETRY_BASE_SECONDS", "PAYHUB_RETRY_CAP_SECONDS", "PAYHUB_RETRY_ATTEMPTS_MAX"),
    *("PAYHUB_INQUIRY_INTERVAL_SECONDS", "PAYHUB_REFRESH_SECONDS", "PAYHUB_WATCH_SECONDS"),
    "PAYHUB_DUPLICATE_WINDOW_SECONDS",
    *("PAYHUB_PARK_SECONDS", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"),
    "POWERTOOLS_LOG_LEVEL",
}
"""Every variable a function is given. Nothing here is a secret or can shift the hub's clock."""

CALLED_VENDORS = "PAYHUB_CALLED_VENDORS"
"""What only the functions have that call vendors."""

# AWS gives these to every role of their kind; X-Ray and log delivery know no narrower resource.
MANAGED_POLICIES = {
    "service-role/AWSLambdaBasicExecutionRole",
    "AWSXrayWriteOnlyAccess",
    "service-role/AWSCodeDeployRoleForLambda",
    "service-role/AmazonAPIGatewayPushToCloudWatchLogs",
}
_SECRET_PATTERN = re.compile(r"^arn:[^*]+:secret:payhub/\$\{Stage\}/\*/[a-z]+(-token)?-\?{6}$")
_VENDOR_SECRET = re.compile(r":secret:payhub/\$\{Stage\}/\*/([a-z]+)-\?{6}$")
_SECRET_WORD = re.compile(r"secret|password|token|api_?key|credential", re.IGNORECASE)
_CLOCK_WORD = re.compile(r"clock|offset|skew|now|freeze|time_?travel", re.IGNORECASE)


def no_wildcards(template: Template) -> list[str]:
    """No wildcard action or resource in any role, except a secret's tenant and random ending."""
    found = []
    for owner, statement in _statements(template):
        odd = {"NotAction", "NotResource", "NotPrincipal"} & set(statement)
        found += [f"{owner}: {key}" for key in sorted(odd)]
        for action in _list(statement.get("Action", [])):
            if "*" in action or "?" in action:
                found.append(f"{owner}: action {action}")
        for resource in _list(statement.get("Resource", [])):
            text = resource if isinstance(resource, str) else json.dumps(resource)
            named = resource.get("Fn::Sub", text) if isinstance(resource, dict) else text
            if ("*" in text or "?" in text) and not _SECRET_PATTERN.match(str(named)):
                found.append(f"{owner}: resource {text}")
    return found


def only_known_managed_policies(template: Template) -> list[str]:
    """A managed policy brings wildcards of its own, so each is agreed on here."""
    return [
        f"{name}: {policy}"
        for name, role in of_type(template, "AWS::IAM::Role").items()
        for policy in map(_managed_name, role["Properties"].get("ManagedPolicyArns", []))
        if policy not in MANAGED_POLICIES
    ]


def key_policies_name_their_actions(template: Template) -> list[str]:
    """In a key policy the resource is always "*"; the actions are spelled out."""
    return [
        f"{name}: {action}"
        for name, key in of_type(template, "AWS::KMS::Key").items()
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        for action in _list(statement["Action"])
        if "*" in action
    ]


def granted_what_they_use(template: Template) -> list[str]:
    """Each function may do exactly what the expectation says."""
    found = []
    functions = of_type(template, "AWS::Lambda::Function")
    found += [f"{name}: no expectation" for name in sorted(functions.keys() - GRANTS.keys())]
    found += [f"{name}: no such function" for name in sorted(GRANTS.keys() - functions.keys())]
    for name in sorted(functions.keys() & GRANTS.keys()):
        granted = _grants(template, functions[name])
        found += [f"{name}: may {it}" for it in sorted(granted - GRANTS[name])]
        found += [f"{name}: may not {it}" for it in sorted(GRANTS[name] - granted)]
    return found


def one_role_each(template: Template) -> list[str]:
    """No two functions share a role."""
    functions = of_type(template, "AWS::Lambda::Function").values()
    roles = Counter(target(function["Properties"]["Role"]) for function in functions)
    return [f"{role}: shared by {count}" for role, count in roles.items() if count > 1]


def known_environment(template: Template) -> list[str]:
    """Functions are given the agreed variables and no other."""
    return [
        f"{name}: {variable}"
        for name, variables in _environments(template)
        for variable in sorted((variables.keys() - {CALLED_VENDORS}) ^ ENVIRONMENT)
    ]


def called_vendors_are_those_it_has_secrets_of(template: Template) -> list[str]:
    """Whose clients are made while a function starts: all that it may call, and no other."""
    found = []
    for name, variables in _environments(template):
        named = set(filter(None, str(variables.get(CALLED_VENDORS, "")).split(",")))
        grants = _grants(template, of_type(template, "AWS::Lambda::Function")[name])
        held = {secret[1] for grant in grants if (secret := _VENDOR_SECRET.search(grant))}
        found += [f"{name}: {vendor}" for vendor in sorted(named ^ (held - {OAUTH_SECRET}))]
    return found


def no_clock_offset(template: Template) -> list[str]:
    """Neither a variable nor a parameter can shift the hub's clock."""
    names = {
        f"{name}: {it}" for name, variables in _environments(template) for it in sorted(variables)
    }
    names |= {f"parameter {name}" for name in template.get("Parameters", {})}
    return sorted(name for name in names if _CLOCK_WORD.search(name.split()[-1]))


def no_secrets_in_sight(template: Template) -> list[str]:
    """No secret in the environment, in a parameter or as plain text in a resource."""
    found = [
        f"{name}: {variable}"
        for name, variables in _environments(template)
        for variable, value in variables.items()
        if (_SECRET_WORD.search(variable) and variable != "PAYHUB_SECRET_PREFIX")
        or "{{resolve:" in json.dumps(value)
    ]
    found += [
        f"parameter {name}" for name in template.get("Parameters", {}) if _SECRET_WORD.search(name)
    ]
    secrets = of_type(template, "AWS::SecretsManager::Secret")
    found += [name for name, it in secrets.items() if "SecretString" in it["Properties"]]
    return found


CHECKS = (
    no_wildcards,
    only_known_managed_policies,
    key_policies_name_their_actions,
    granted_what_they_use,
    one_role_each,
    known_environment,
    called_vendors_are_those_it_has_secrets_of,
    no_clock_offset,
    no_secrets_in_sight,
)


def _statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every role and policy, with the logical id it belongs to."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        documents += [properties[key] for key in _POLICY_KEYS if key in properties]
        for document in documents:
            yield from ((name, statement) for statement in _list(document["Statement"]))


_POLICY_KEYS = ("PolicyDocument", "AssumeRolePolicyDocument")


def _grants(template: Template, function: dict[str, Any]) -> set[str]:
    role = template["Resources"][target(function["Properties"]["Role"])]["Properties"]
    return {
        f"{action} {_resource(resource)}"
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    }


def _resource(value: Any) -> str:
    return (
        str(value["Fn::Sub"]) if isinstance(value, dict) and "Fn::Sub" in value else target(value)
    )


def _managed_name(arn: Any) -> str:
    text = arn["Fn::Sub"] if isinstance(arn, dict) else arn
    return str(text).split(":policy/")[-1]


def _environments(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        yield name, function["Properties"].get("Environment", {}).get("Variables", {})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
