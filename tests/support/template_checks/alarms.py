"""Somebody is told: dead letters, unknown payments, silence, and failures where money moves."""

from typing import Any

from tests.support.template import Template, of_type, target
from tests.support.template_checks.functions import MONEY
from tests.support.template_checks.queues import dead_letter_queues

METRICS = {
    *("NeedsReview", "OldestUnknownAgeSeconds", "DeadLetters", "ParkedEventsExpired"),
    *("OverdueInstallments", "PlanDifferences"),
}
HEARTBEATS = {
    "sweep": 60,
    "collect_missed_events": 300,
    "poll_portal_payments": 300,
    "settle_payments": 25 * 3600,
}
"""Schedule -> the longest it may be from one beat to the next, when clocks change too."""

_HALF_AN_HOUR_SECONDS, _HOUR_SECONDS, _DAY_SECONDS = 1800, 3600, 86_400
QUEUE_METRICS = {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}


def alarms_reach_somebody(template: Template) -> list[str]:
    """Every alarm tells a topic of the stack."""
    topics = of_type(template, "AWS::SNS::Topic")
    return [
        name
        for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items()
        if not {target(it) for it in alarm["Properties"].get("AlarmActions", [])} & topics.keys()
    ]


def dead_letter_queues_have_alarms(template: Template) -> list[str]:
    """Messages that wait in a dead-letter queue are noticed."""
    watched = {
        target(_dimension(alarm, "QueueName"))
        for alarm in _alarms(template, "AWS/SQS")
        if alarm["MetricName"] in QUEUE_METRICS
    }
    return sorted(dead_letter_queues(template) - watched)


def hub_metrics_have_alarms(template: Template) -> list[str]:
    """What only the hub can know is noticed: review, unknown for long, dead letters."""
    watched = {alarm["MetricName"] for alarm in _alarms(template, "Payhub")}
    return sorted(METRICS - watched)


def silence_has_alarms(template: Template) -> list[str]:
    """A schedule that no longer runs sends nothing, so missing data is the alarm."""
    watched = {
        _dimension(alarm, "schedule")
        for alarm in _alarms(template, "Payhub")
        if alarm["MetricName"] == "Heartbeat" and alarm.get("TreatMissingData") == "breaching"
    }
    return sorted(HEARTBEATS.keys() - watched)


def silence_is_longer_than_a_pause(template: Template) -> list[str]:
    """An alarm on silence is quiet between two beats, and loud before two of them are missed."""
    found = []
    for alarm in _alarms(template, "Payhub"):
        schedule = _dimension(alarm, "schedule")
        if schedule in HEARTBEATS:
            pause = HEARTBEATS[schedule]
            watched = alarm["Period"] * alarm["EvaluationPeriods"]
            if not pause < watched <= max(2 * pause, _HALF_AN_HOUR_SECONDS):
                found.append(f"{schedule}: {watched} s for a beat every {pause} s")
    return found


def alarms_look_at_what_cloudwatch_takes(template: Template) -> list[str]:
    """A day at most; a week where a period has an hour or more."""
    found = []
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        period = alarm["Properties"]["Period"]
        most = 7 * _DAY_SECONDS if period >= _HOUR_SECONDS else _DAY_SECONDS
        if period * alarm["Properties"]["EvaluationPeriods"] > most:
            found.append(f"{name}: more than {most} s")
    return found


def money_errors_have_alarms(template: Template) -> list[str]:
    """A function that moves money failed or ran out of time."""
    watched = {
        target(_dimension(alarm, "FunctionName"))
        for alarm in _alarms(template, "AWS/Lambda")
        if alarm["MetricName"] == "Errors"
    }
    return sorted(MONEY - watched)


CHECKS = (
    alarms_reach_somebody,
    dead_letter_queues_have_alarms,
    hub_metrics_have_alarms,
    silence_has_alarms,
    silence_is_longer_than_a_pause,
    alarms_look_at_what_cloudwatch_takes,
    money_errors_have_alarms,
)


def _alarms(template: Template, namespace: str) -> list[dict[str, Any]]:
    alarms = [it["Properties"] for it in of_type(template, "AWS::CloudWatch::Alarm").values()]
    return [alarm for alarm in alarms if alarm.get("Namespace") == namespace]


def _dimension(alarm: dict[str, Any], name: str) -> Any:
    values = {it["Name"]: it["Value"] for it in alarm.get("Dimensions", [])}
    return values.get(name, "")
