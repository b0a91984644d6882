"""The REST API: who may call what, limits, what is logged, what it answers by itself."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support.template import Template, of_type, target

ANY = "x-amazon-apigateway-any-method"
CATCH_ALL = "UnknownRouteFunction"
PUBLIC = {
    *("IssueTokenFunction", "DocumentationFunction", CATCH_ALL),
    *("IssuePortalTokenFunction", "GetOauthApplicationFunction"),
    *("OptumFunction", "DecodaFunction"),  # webhooks: the signature is their credential
}
AUTHORIZERS = {"ApiKey": "API-KEY", "BearerToken": "Authorization"}
BEARER_PATHS = "/v1/"
"""Paths as athenahealth and Medfusion document them, with the credential that they document."""

GUESSED = {("POST", "/v1/oauth2/token"), ("GET", "/v1/oauth2/oauthapplication/{appToken}")}
GUESSES_PER_SECOND_MAX, GUESSES_AT_ONCE_MAX = 5, 10
"""Where passwords and application tokens could be tried, and how often at most."""

POLICY_BYTES_MAX = 20_480
CACHE_SECONDS_MAX = 3600
LOGGED = {
    *("requestTime", "requestId", "xrayTraceId", "identity.sourceIp", "httpMethod", "resourcePath"),
    *("authorizer.tenant", "authorizer.role", "authorizer.actor", "status", "error.responseType"),
    *("waf.status", "integration.integrationStatus", "integration.latency", "responseLatency"),
    "responseLength",
}
PROBLEMS = {
    "UNAUTHORIZED": 401,
    "ACCESS_DENIED": 403,
    "WAF_FILTERED": 403,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "INTEGRATION_TIMEOUT": 504,
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
}


def methods_are_authorized(template: Template) -> list[str]:
    """A key opens the hub's own paths, a token those below /v1; nothing opens the public ones.

    Public are webhooks, tokens, documentation and the catch-all.
    """
    found = []
    for path, method, operation in _operations(template):
        schemes = {scheme for entry in operation.get("security", []) for scheme in entry}
        scheme = "BearerToken" if path.startswith(BEARER_PATHS) else "ApiKey"
        if schemes != ({"NONE"} if _function(operation) in PUBLIC else {scheme}):
            found.append(f"{method} {path}: {sorted(schemes)}")
    return found


def authorizers_read_one_header_each(template: Template) -> list[str]:
    """Two token authorizers, each remembered for an hour at most."""
    schemes = _body(template)["components"]["securitySchemes"]
    found = [f"{name}: missing" for name in AUTHORIZERS.keys() - schemes.keys()]
    for name, scheme in schemes.items():
        authorizer = scheme["x-amazon-apigateway-authorizer"]
        if scheme["name"] != AUTHORIZERS.get(name) or authorizer["type"] != "token":
            found.append(f"{name}: {scheme['name']} {authorizer['type']}")
        if not 0 <= authorizer["authorizerResultTtlInSeconds"] <= CACHE_SECONDS_MAX:
            found.append(f"{name}: remembered too long")
    return found


def other_methods_and_paths_are_answered(template: Template) -> list[str]:
    """Every path, the root and everything else has an ANY method of the catch-all, nobody else."""
    paths = _body(template)["paths"]
    found = [f"{path}: missing" for path in ("/", "/{proxy+}") if path not in paths]
    found += [f"{path}: no ANY" for path, operations in paths.items() if ANY not in operations]
    for path, method, operation in _operations(template):
        if (method == ANY) != (_function(operation) == CATCH_ALL):
            found.append(f"{method} {path}: {_function(operation)}")
    return found


def every_route_may_call_its_function(template: Template) -> list[str]:
    """Each method has a permission on what it calls: without one it answers 500."""
    found = []
    sources = _allowed_sources(template)
    for path, method, operation in _operations(template):
        aim = _integration_target(operation)
        wanted = f"{'*' if method == ANY else method.upper()}{re.sub(r'{[^}]+}', '*', path)}"
        if not any(_covers(source, wanted) for source in sources.get(aim, [])):
            found.append(f"{method} {path}: no permission on {aim}")
    return found


def resource_policies_fit(template: Template) -> list[str]:
    """A function's resource policy, a statement for each permission, keeps below Lambda's limit."""
    return [
        f"{name}: {size} bytes"
        for name, size in policy_bytes(template).items()
        if size > POLICY_BYTES_MAX
    ]


def requests_are_throttled(template: Template) -> list[str]:
    """The stage limits every method."""
    found = []
    for name, stage in of_type(template, "AWS::ApiGateway::Stage").items():
        settings = [it for it in _settings(stage) if it["ResourcePath"] == "/*"]
        found += [
            f"{name}: no {limit}"
            for limit in ("ThrottlingRateLimit", "ThrottlingBurstLimit")
            if not any(it["HttpMethod"] == "*" and it.get(limit, 0) > 0 for it in settings)
        ]
    return found


def guesses_are_throttled(template: Template) -> list[str]:
    """Passwords and application tokens cannot be tried as fast as everything else is served."""
    found = []
    for name, stage in of_type(template, "AWS::ApiGateway::Stage").items():
        slow = {
            (it["HttpMethod"], it["ResourcePath"][1:].replace("~1", "/"))
            for it in _settings(stage)
            if 0 < it.get("ThrottlingRateLimit", 0) <= GUESSES_PER_SECOND_MAX
            and 0 < it.get("ThrottlingBurstLimit", 0) <= GUESSES_AT_ONCE_MAX
        }
        found += [f"{name}: {method} {path}" for method, path in sorted(GUESSED - slow)]
    return found


def web_acl_limits_addresses(template: Template) -> list[str]:
    """A web ACL with a blocking rate rule stands before every stage."""
    acls = of_type(template, "AWS::WAFv2::WebACL")
    found = [name for name, acl in acls.items() if not any(map(_is_rate_rule, _rules(acl)))]
    guarded = json.dumps(
        [
            it["Properties"]["ResourceArn"]
            for it in of_type(template, "AWS::WAFv2::WebACLAssociation").values()
            if target(it["Properties"]["WebACLArn"]) in acls
        ]
    )
    stages = of_type(template, "AWS::ApiGateway::Stage")
    return found + [f"{name}: no web ACL" for name in stages if f"${{{name}}}" not in guarded]


def nothing_is_cached_or_traced_in_full(template: Template) -> list[str]:
    """No response cache and no execution log: both would hold bodies and paths."""
    found = []
    for name, stage in of_type(template, "AWS::ApiGateway::Stage").items():
        if stage["Properties"].get("CacheClusterEnabled"):
            found.append(f"{name}: cache cluster")
        for setting in _settings(stage):
            if setting.get("CachingEnabled") or setting.get("DataTraceEnabled"):
                found.append(f"{name}: caching or data trace")
            if setting.get("LoggingLevel", "OFF") != "OFF":
                found.append(f"{name}: execution log")
    return found


def access_log_is_discreet(template: Template) -> list[str]:
    """One JSON line per request, of agreed variables: no path or query as sent, body or header."""
    found = []
    for name, stage in of_type(template, "AWS::ApiGateway::Stage").items():
        log = stage["Properties"].get("AccessLogSetting")
        if not log:
            found.append(f"{name}: no access log")
            continue
        line = json.loads(log["Format"])
        variables = set(re.findall(r"\$(?:context\.)?([A-Za-z.]+)", log["Format"]))
        found += [f"{name}: {variable}" for variable in sorted(variables - LOGGED)]
        if "$context.resourcePath" not in line.values():
            found.append(f"{name}: the route is not logged")
        if target(log["DestinationArn"]) not in of_type(template, "AWS::Logs::LogGroup"):
            found.append(f"{name}: not to a log group of the stack")
    return found


def own_answers_are_problems(template: Template) -> list[str]:
    """What API Gateway answers by itself is a problem document with the status it is sent with."""
    responses = _body(template).get("x-amazon-apigateway-gateway-responses", {})
    found = [f"{kind}: missing" for kind in PROBLEMS if kind not in responses]
    for kind, response in responses.items():
        headers = response.get("responseParameters", {})
        if headers.get("gatewayresponse.header.Content-Type") != "'application/problem+json'":
            found.append(f"{kind}: content type")
        problem = json.loads(response["responseTemplates"]["application/json"])
        status = response.get("statusCode")
        if not {"type", "title", "detail", "correlation_id"} <= problem.keys():
            found.append(f"{kind}: {sorted(problem)}")
        if str(problem.get("status")) != str(status) or (
            kind in PROBLEMS and str(status) != str(PROBLEMS[kind])
        ):
            found.append(f"{kind}: status {status}, body {problem.get('status')}")
    return found


def regional_and_traced(template: Template) -> list[str]:
    """A regional API (a web ACL needs one) with tracing."""
    apis = of_type(template, "AWS::ApiGateway::RestApi")
    stages = of_type(template, "AWS::ApiGateway::Stage")
    regional = {"Types": ["REGIONAL"]}
    found = [
        f"{name}: not regional"
        for name, it in apis.items()
        if it["Properties"].get("EndpointConfiguration") != regional
    ]
    return found + [
        f"{name}: no tracing"
        for name, it in stages.items()
        if it["Properties"].get("TracingEnabled") is not True
    ]


CHECKS = (
    methods_are_authorized,
    authorizers_read_one_header_each,
    other_methods_and_paths_are_answered,
    every_route_may_call_its_function,
    resource_policies_fit,
    requests_are_throttled,
    guesses_are_throttled,
    web_acl_limits_addresses,
    nothing_is_cached_or_traced_in_full,
    access_log_is_discreet,
    own_answers_are_problems,
    regional_and_traced,
)


def routes(template: Template) -> dict[tuple[str, str], str]:
    """(METHOD, path) -> logical id of the function, the catch-all's ANY included."""
    return {
        ("ANY" if method == ANY else method.upper(), path): _function(operation)
        for path, method, operation in _operations(template)
    }


def policy_bytes(template: Template) -> dict[str, int]:
    """Function or alias -> the size of its resource policy, as Lambda writes it."""
    statements: dict[str, list[dict[str, Any]]] = {}
    for name, permission in of_type(template, "AWS::Lambda::Permission").items():
        properties = permission["Properties"]
        source = json.dumps(properties.get("SourceArn", ""))
        statement = {
            "Sid": f"payhub-prod-{name}-123456789ABC",
            "Effect": "Allow",
            "Principal": {"Service": properties["Principal"]},
            "Action": properties["Action"],
            "Resource": f"arn:aws:lambda:us-east-1:123456789012:function:payhub-prod-{name}:live",
            "Condition": {"ArnLike": {"AWS:SourceArn": source}},
        }
        statements.setdefault(target(properties["FunctionName"]), []).append(statement)
    return {
        name: len(json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": them}))
        for name, them in statements.items()
    }


def _allowed_sources(template: Template) -> dict[str, list[str]]:
    """Function or alias -> METHOD/path of what may call it; * stands for anything."""
    found: dict[str, list[str]] = {}
    for permission in of_type(template, "AWS::Lambda::Permission").values():
        properties = permission["Properties"]
        arn = properties.get("SourceArn", {}).get("Fn::Sub", "")
        text = arn[0] if isinstance(arn, list) else arn
        below_api = (
            text.partition("${__ApiId__}/${__Stage__}/")[2] or text.partition("${RestApi}/")[2]
        )
        found.setdefault(target(properties["FunctionName"]), []).append(below_api)
    return found


def _covers(source: str, wanted: str) -> bool:
    """Whether an ArnLike pattern takes it: * takes slashes too."""
    return re.fullmatch(re.escape(source).replace(r"\*", ".*"), wanted) is not None


def _integration_target(operation: dict[str, Any]) -> str:
    """The function or alias that a method calls."""
    uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
    named = re.search(r"\$\{(\w+?)(?:\.Arn)?\}/invocations", uri)
    return named[1] if named else uri


def _body(template: Template) -> dict[str, Any]:
    (api,) = of_type(template, "AWS::ApiGateway::RestApi").values()
    body: dict[str, Any] = api["Properties"]["Body"]
    return body


def _operations(template: Template) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in _body(template)["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _function(operation: dict[str, Any]) -> str:
    uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
    named = re.search(r"\$\{(\w+?Function)(?:\.Arn|Alias\w+)\}", uri)
    return named[1] if named else uri


def _settings(stage: dict[str, Any]) -> list[dict[str, Any]]:
    settings: list[dict[str, Any]] = stage["Properties"].get("MethodSettings", [])
    return settings


def _rules(acl: dict[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = acl["Properties"].get("Rules", [])
    return rules


def _is_rate_rule(rule: dict[str, Any]) -> bool:
    return "Block" in rule.get("Action", {}) and "RateBasedStatement" in rule["Statement"]
