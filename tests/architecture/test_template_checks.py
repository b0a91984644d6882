"""The template checks themselves: each reports its rule when the rule is broken."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.support.template import Template, resolved
from tests.support.template_checks import (
    CHECKS,
    Check,
    access,
    alarms,
    api,
    functions,
    queues,
    storage,
)

Break = Callable[[Template], None]
Path = tuple[str | int, ...]


def put(value: Any, *path: str | int) -> Break:
    """Set what is at the path below Resources."""

    def breaking(template: Template) -> None:
        _parent(template, path)[path[-1]] = value

    return breaking


def drop(*path: str | int) -> Break:
    """Remove what is at the path below Resources."""

    def breaking(template: Template) -> None:
        del _parent(template, path)[path[-1]]

    return breaking


def _parent(template: Template, path: Path) -> Any:
    place: Any = template["Resources"]
    for step in path[:-1]:
        place = place[step]
    return place


def grant(role: str, **statement: Any) -> Break:
    """Add a statement to a role's first policy."""

    def breaking(template: Template) -> None:
        policies = template["Resources"][role]["Properties"]["Policies"]
        policies[0]["PolicyDocument"]["Statement"].append({"Effect": "Allow", **statement})

    return breaking


def environment(name: str, value: str) -> Break:
    """Give one function another variable."""
    place = ("SweepFunction", "Properties", "Environment", "Variables", name)
    return put(value, *place)


def parameter(name: str) -> Break:
    """Declare another parameter."""

    def breaking(template: Template) -> None:
        template["Parameters"][name] = {"Type": "String"}

    return breaking


def many_permissions(function: str) -> Break:
    """Let the API call a function by a permission for each of many paths."""

    def breaking(template: Template) -> None:
        for number in range(60):
            template["Resources"][f"{function}Path{number}Permission"] = {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Ref": function},
                    "Principal": "apigateway.amazonaws.com",
                    "SourceArn": {"Fn::Sub": f"arn:aws:execute-api:::${{RestApi}}/*/*/{number}"},
                },
            }

    return breaking


BODY = ("RestApi", "Properties", "Body")
PATHS = (*BODY, "paths")
COLLECT_PATH = "/v1/{practiceid}/patients/{patientid}/collectpayment"
STAGE_SETTINGS = ("RestApiStage", "Properties", "MethodSettings")
SETTING = (*STAGE_SETTINGS, 0)
ACCESS_LOG = ("RestApiStage", "Properties", "AccessLogSetting")
ANSWERS = (*BODY, "x-amazon-apigateway-gateway-responses")
SCHEMES = (*BODY, "components", "securitySchemes")
SCHEDULE = ("SweepFunctionSchedule", "Properties")
TABLE = ("Table", "Properties")
ISSUE = ("IssuePaymentFunction", "Properties")
MAPPING = ("AdvancePaymentPaymentsQueueMapping", "Properties")
AUTHORIZER = "x-amazon-apigateway-authorizer"
CONTENT_TYPE = "gatewayresponse.header.Content-Type"
PUBLIC_SECURITY: list[dict[str, list[str]]] = [{"NONE": []}]
ANY_CALLER = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}

BREAKS: list[tuple[Check, Break]] = [
    (access.no_wildcards, grant("SweepFunctionRole", Action="dynamodb:*", Resource="x")),
    (access.no_wildcards, grant("SweepFunctionRole", Action="sqs:Get?", Resource="x")),
    (access.no_wildcards, grant("SweepFunctionRole", Action="sqs:SendMessage", Resource="*")),
    (access.no_wildcards, grant("SweepFunctionRole", NotAction="sqs:X", Resource="x")),
    (
        access.no_wildcards,
        grant(
            "SweepFunctionRole",
            Action="secretsmanager:GetSecretValue",
            Resource={"Fn::Sub": "arn:aws:secretsmanager:us-east-1:1:secret:payhub/*"},
        ),
    ),
    (
        access.no_wildcards,
        grant(
            "SweepFunctionRole",
            Action="dynamodb:Query",
            Resource={"Fn::Sub": "${Table.Arn}/index/*"},
        ),
    ),
    (
        access.only_known_managed_policies,
        put(
            ["arn:aws:iam::aws:policy/AdministratorAccess"],
            *("SweepFunctionRole", "Properties", "ManagedPolicyArns"),
        ),
    ),
    (
        access.key_policies_name_their_actions,
        put(ANY_CALLER, "DataKey", "Properties", "KeyPolicy", "Statement", 0),
    ),
    (
        access.granted_what_they_use,
        grant("SweepFunctionRole", Action="dynamodb:Scan", Resource={"Fn::GetAtt": ["Table", "A"]}),
    ),
    (
        access.granted_what_they_use,
        drop("SweepFunctionRole", "Properties", "Policies"),
    ),
    (access.granted_what_they_use, drop("SweepFunction")),
    (
        access.one_role_each,
        put({"Fn::GetAtt": ["VoidPaymentFunctionRole", "Arn"]}, *ISSUE, "Role"),
    ),
    (access.known_environment, environment("PAYHUB_UNKNOWN", "1")),
    (access.known_environment, drop(*ISSUE, "Environment", "Variables", "PAYHUB_TABLE")),
    (
        access.called_vendors_are_those_it_has_secrets_of,
        environment("PAYHUB_CALLED_VENDORS", "optum"),
    ),
    (
        access.called_vendors_are_those_it_has_secrets_of,
        drop(*ISSUE, "Environment", "Variables", "PAYHUB_CALLED_VENDORS"),
    ),
    (access.no_clock_offset, environment("PAYHUB_CLOCK_OFFSET_SECONDS", "1")),
    (access.no_clock_offset, environment("PAYHUB_CLOCK_OFFSET_FILE", "/var/task/offset")),
    (access.known_environment, environment("PAYHUB_CLOCK_OFFSET_FILE", "/var/task/offset")),
    (access.no_clock_offset, parameter("ClockOffset")),
    (access.no_secrets_in_sight, environment("PAYHUB_API_KEY", "k")),
    (access.no_secrets_in_sight, environment("X", "{{resolve:secretsmanager:x}}")),
    (access.no_secrets_in_sight, parameter("OptumPassword")),
    (
        access.no_secrets_in_sight,
        put(
            {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "plain"}},
            "PlainSecret",
        ),
    ),
    (
        api.methods_are_authorized,
        put(PUBLIC_SECURITY, *PATHS, "/payments", "post", "security"),
    ),
    (api.methods_are_authorized, drop(*PATHS, "/payments", "get", "security")),
    (
        api.methods_are_authorized,
        put([{"ApiKey": []}], *PATHS, "/webhooks/optum/{tenant}", "post", "security"),
    ),
    (
        api.methods_are_authorized,
        put([{"ApiKey": []}], *PATHS, COLLECT_PATH, "post", "security"),
    ),
    (
        api.methods_are_authorized,
        put([{"BearerToken": []}], *PATHS, "/payments", "post", "security"),
    ),
    (api.every_route_may_call_its_function, drop("UnknownRoutePermission")),
    (
        api.every_route_may_call_its_function,
        put(
            {"Fn::Sub": "arn:aws:execute-api:us-east-1:1:${RestApi}/*/*/payments"},
            *("UnknownRoutePermission", "Properties", "SourceArn"),
        ),
    ),
    (api.resource_policies_fit, many_permissions("UnknownRouteFunction")),
    (api.authorizers_read_one_header_each, drop(*SCHEMES, "BearerToken")),
    (
        api.authorizers_read_one_header_each,
        put(86400, *SCHEMES, "ApiKey", AUTHORIZER, "authorizerResultTtlInSeconds"),
    ),
    (api.authorizers_read_one_header_each, put("Authorization", *SCHEMES, "ApiKey", "name")),
    (api.other_methods_and_paths_are_answered, drop(*PATHS, "/{proxy+}")),
    (api.other_methods_and_paths_are_answered, drop(*PATHS, "/payments", api.ANY)),
    (api.requests_are_throttled, drop(*SETTING, "ThrottlingBurstLimit")),
    (api.requests_are_throttled, put(0, *SETTING, "ThrottlingRateLimit")),
    (api.guesses_are_throttled, put(50, *STAGE_SETTINGS, 1, "ThrottlingRateLimit")),
    (api.guesses_are_throttled, drop(*STAGE_SETTINGS, 2)),
    (api.web_acl_limits_addresses, put([], "WebAcl", "Properties", "Rules")),
    (
        api.web_acl_limits_addresses,
        put({"Count": {}}, "WebAcl", "Properties", "Rules", 0, "Action"),
    ),
    (api.web_acl_limits_addresses, drop("WebAclAssociation")),
    (api.nothing_is_cached_or_traced_in_full, put(True, *SETTING, "CachingEnabled")),
    (api.nothing_is_cached_or_traced_in_full, put(True, *SETTING, "DataTraceEnabled")),
    (api.nothing_is_cached_or_traced_in_full, put("INFO", *SETTING, "LoggingLevel")),
    (
        api.nothing_is_cached_or_traced_in_full,
        put(True, "RestApiStage", "Properties", "CacheClusterEnabled"),
    ),
    (api.access_log_is_discreet, drop(*ACCESS_LOG)),
    (api.access_log_is_discreet, put('{"p":"$context.path"}', *ACCESS_LOG, "Format")),
    (
        api.access_log_is_discreet,
        put(
            '{"r":"$context.resourcePath","q":"$context.requestOverride.querystring.x"}',
            *(*ACCESS_LOG, "Format"),
        ),
    ),
    (api.access_log_is_discreet, put('{"m":"$context.httpMethod"}', *ACCESS_LOG, "Format")),
    (api.own_answers_are_problems, drop(*ANSWERS, "THROTTLED")),
    (
        api.own_answers_are_problems,
        put("'application/json'", *ANSWERS, "THROTTLED", "responseParameters", CONTENT_TYPE),
    ),
    (api.own_answers_are_problems, put("403", *ANSWERS, "UNAUTHORIZED", "statusCode")),
    (
        api.own_answers_are_problems,
        put("{}", *ANSWERS, "DEFAULT_5XX", "responseTemplates", "application/json"),
    ),
    (api.regional_and_traced, drop("RestApi", "Properties", "EndpointConfiguration")),
    (api.regional_and_traced, put(False, "RestApiStage", "Properties", "TracingEnabled")),
    (queues.queues_redrive, drop("EventsQueue", "Properties", "RedrivePolicy")),
    (
        queues.queues_redrive,
        put(3600, "EventsDeadLetterQueue", "Properties", "MessageRetentionPeriod"),
    ),
    (
        queues.queues_hide_long_enough,
        put(179, "PaymentsQueue", "Properties", "VisibilityTimeout"),
    ),
    (queues.queues_hide_long_enough, put(31, "ApplyEventFunction", "Properties", "Timeout")),
    (
        queues.queues_hide_long_enough,
        drop("EventsDeadLetterQueue", "Properties", "VisibilityTimeout"),
    ),
    (queues.queues_are_encrypted, drop("EventsQueue", "Properties", "SqsManagedSseEnabled")),
    (queues.queues_are_consumed, drop("DeadLetterEventsDeadLetterQueueMapping")),
    (queues.batches_report_their_failures, drop(*MAPPING, "FunctionResponseTypes")),
    (queues.consumers_are_limited, drop(*MAPPING, "ScalingConfig")),
    (queues.consumers_are_limited, put(1000, *MAPPING, "BatchSize")),
    (queues.schedules_keep_new_york_time, drop(*SCHEDULE, "ScheduleExpressionTimezone")),
    (queues.schedules_keep_new_york_time, put("UTC", *SCHEDULE, "ScheduleExpressionTimezone")),
    (
        queues.schedules_keep_new_york_time,
        put({"Type": "AWS::Events::Rule", "Properties": {}}, "OldRule"),
    ),
    (queues.schedules_retry_and_tell, drop(*SCHEDULE, "Target", "RetryPolicy")),
    (queues.schedules_retry_and_tell, drop(*SCHEDULE, "Target", "DeadLetterConfig")),
    (storage.tables_are_recoverable, drop(*TABLE, "PointInTimeRecoverySpecification")),
    (storage.tables_are_recoverable, put(False, *TABLE, "DeletionProtectionEnabled")),
    (storage.tables_use_the_stack_key, drop(*TABLE, "SSESpecification", "KMSMasterKeyId")),
    (storage.tables_use_the_stack_key, put("AES256", *TABLE, "SSESpecification", "SSEType")),
    (
        storage.tables_use_the_stack_key,
        put(False, "DataKey", "Properties", "EnableKeyRotation"),
    ),
    (storage.tables_cost_what_they_serve, drop(*TABLE, "TimeToLiveSpecification")),
    (storage.tables_cost_what_they_serve, put("PROVISIONED", *TABLE, "BillingMode")),
    (
        storage.tables_cost_what_they_serve,
        put({"ProjectionType": "ALL"}, *TABLE, "GlobalSecondaryIndexes", 0, "Projection"),
    ),
    (storage.data_outlives_the_stack, drop("Table", "DeletionPolicy")),
    (storage.data_outlives_the_stack, put("Delete", "DataKey", "UpdateReplacePolicy")),
    (
        storage.logs_are_kept_and_encrypted,
        drop("FunctionLogGroup", "Properties", "RetentionInDays"),
    ),
    (storage.logs_are_kept_and_encrypted, drop("AccessLogGroup", "Properties", "KmsKeyId")),
    (storage.logs_are_kept_and_encrypted, drop(*ISSUE, "LoggingConfig")),
    (functions.one_runtime_everywhere, put("python3.11", *ISSUE, "Runtime")),
    (functions.one_runtime_everywhere, put({"SubnetIds": ["s"]}, *ISSUE, "VpcConfig")),
    (functions.one_runtime_everywhere, put("PassThrough", *ISSUE, "TracingConfig", "Mode")),
    (functions.one_runtime_everywhere, put([], *ISSUE, "Layers")),
    (functions.functions_answer_in_time, put(29, *ISSUE, "Timeout")),
    (functions.functions_answer_in_time, drop("SweepFunction", "Properties", "Timeout")),
    (
        functions.vendor_workers_are_reserved,
        drop("ApplyEventFunction", "Properties", "ReservedConcurrentExecutions"),
    ),
    (
        functions.vendor_workers_are_reserved,
        put(2, "ApplyEventFunction", "Properties", "ReservedConcurrentExecutions"),
    ),
    (
        functions.money_is_deployed_by_canary,
        put(
            "CodeDeployDefault.LambdaAllAtOnce",
            *("VoidPaymentFunctionDeploymentGroup", "Properties", "DeploymentConfigName"),
        ),
    ),
    (functions.money_is_deployed_by_canary, drop("VoidPaymentFunctionDeploymentGroup")),
    (
        functions.money_is_called_through_its_alias,
        drop("VoidPaymentFunctionDeploymentGroup", "Properties", "AlarmConfiguration"),
    ),
    (
        functions.money_is_called_through_its_alias,
        put({"Ref": "AdvancePaymentFunction"}, *MAPPING, "FunctionName"),
    ),
    (functions.money_is_called_through_its_alias, drop("VoidPaymentFunctionAliaslive")),
    (alarms.alarms_reach_somebody, drop("DeadLettersAlarm", "Properties", "AlarmActions")),
    (alarms.dead_letter_queues_have_alarms, drop("EventsDeadLetterQueueAlarm")),
    (alarms.dead_letter_queues_have_alarms, drop("SchedulesDeadLetterQueueAlarm")),
    (alarms.hub_metrics_have_alarms, drop("OldestUnknownAlarm")),
    (alarms.hub_metrics_have_alarms, put("Other", "NeedsReviewAlarm", "Properties", "MetricName")),
    (
        alarms.silence_has_alarms,
        put("notBreaching", "SweepSilentAlarm", "Properties", "TreatMissingData"),
    ),
    (
        alarms.silence_is_longer_than_a_pause,
        put(24, "SettlePaymentsSilentAlarm", "Properties", "EvaluationPeriods"),
    ),
    (
        alarms.silence_is_longer_than_a_pause,
        put(72, "SettlePaymentsSilentAlarm", "Properties", "EvaluationPeriods"),
    ),
    (
        alarms.alarms_look_at_what_cloudwatch_takes,
        put(169, "SettlePaymentsSilentAlarm", "Properties", "EvaluationPeriods"),
    ),
    (alarms.money_errors_have_alarms, drop("VoidPaymentErrorsAlarm")),
]


@cache
def _production() -> Template:
    return resolved("prod")


@pytest.mark.parametrize(
    ("check", "breaking"),
    BREAKS,
    ids=[f"{check.__name__}-{number}" for number, (check, _) in enumerate(BREAKS)],
)
def test_a_broken_rule_is_reported(check: Check, breaking: Break) -> None:
    """The check finds nothing before and something after."""
    template = copy.deepcopy(_production())
    assert check(template) == []
    breaking(template)
    assert check(template) != []


def test_every_check_is_proven() -> None:
    """No check without a broken template that it reports."""
    unproven = set(CHECKS) - {check for check, _ in BREAKS}
    assert {check.__name__ for check in unproven} == set()
