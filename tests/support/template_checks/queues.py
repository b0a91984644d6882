"""Queues, their consumers, and the schedules: nothing is lost and nothing runs twice at once."""

from collections.abc import Iterator
from typing import Any

from tests.support.template import Template, of_type, target

VISIBILITY_PER_TIMEOUT = 6
BATCH_MAX = 10
TIME_ZONE = "America/New_York"


def queues_redrive(template: Template) -> list[str]:
    """Every queue that is not itself a dead-letter queue has one, and it keeps messages longer."""
    queues = _queues(template)
    found = []
    for name in sorted(queues.keys() - dead_letter_queues(template)):
        policy = queues[name].get("RedrivePolicy")
        letters = queues.get(target(policy["deadLetterTargetArn"])) if policy else None
        if letters is None:
            found.append(f"{name}: no redrive policy")
        elif _kept_seconds(letters) <= _kept_seconds(queues[name]):
            found.append(f"{name}: dead letters expire with the messages")
    return found


def queues_hide_long_enough(template: Template) -> list[str]:
    """A message stays hidden for six times its consumer's timeout."""
    queues = _queues(template)
    functions = of_type(template, "AWS::Lambda::Function")
    found = []
    for queue, function, _ in _mappings(template):
        hidden = queues[queue].get("VisibilityTimeout", 30)
        timeout = functions[function]["Properties"]["Timeout"]
        if hidden < VISIBILITY_PER_TIMEOUT * timeout:
            found.append(f"{queue}: hidden {hidden} s, {function} may run {timeout} s")
    return found


def queues_are_encrypted(template: Template) -> list[str]:
    """Messages carry ids only; they are encrypted nevertheless."""
    return [
        name
        for name, queue in _queues(template).items()
        if queue.get("SqsManagedSseEnabled") is not True and "KmsMasterKeyId" not in queue
    ]


def queues_are_consumed(template: Template) -> list[str]:
    """Every queue has one consumer, except where the schedules' failures wait for a human."""
    consumed = [queue for queue, _, _ in _mappings(template)]
    expected = _queues(template).keys() - _schedule_dead_letter_queues(template)
    return [f"{name}: {consumed.count(name)}" for name in expected if consumed.count(name) != 1]


def batches_report_their_failures(template: Template) -> list[str]:
    """One bad message neither repeats nor drops the others of its batch."""
    return [
        f"{queue} -> {function}"
        for queue, function, mapping in _mappings(template)
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]
    ]


def consumers_are_limited(template: Template) -> list[str]:
    """Few messages at a time and few copies of a worker, so that a vendor is not flooded."""
    found = []
    for queue, function, mapping in _mappings(template):
        if mapping.get("BatchSize", 10_000) > BATCH_MAX:
            found.append(f"{queue} -> {function}: batch size")
        if "MaximumConcurrency" not in mapping.get("ScalingConfig", {}):
            found.append(f"{queue} -> {function}: no maximum concurrency")
    return found


def schedules_keep_new_york_time(template: Template) -> list[str]:
    """Bank and vendor cut-offs are in New York time, also when clocks change."""
    found = [
        name
        for name, it in of_type(template, "AWS::Scheduler::Schedule").items()
        if it["Properties"].get("ScheduleExpressionTimezone") != TIME_ZONE
    ]
    return found + [f"{name}: knows no zone" for name in of_type(template, "AWS::Events::Rule")]


def schedules_retry_and_tell(template: Template) -> list[str]:
    """A schedule tries again, and what fails for good ends in a queue."""
    found = []
    for name, schedule in of_type(template, "AWS::Scheduler::Schedule").items():
        aim = schedule["Properties"]["Target"]
        if not aim.get("RetryPolicy", {}).get("MaximumRetryAttempts"):
            found.append(f"{name}: no retry")
        if target(aim.get("DeadLetterConfig", {}).get("Arn", "")) not in _queues(template):
            found.append(f"{name}: no dead-letter queue")
    return found


CHECKS = (
    queues_redrive,
    queues_hide_long_enough,
    queues_are_encrypted,
    queues_are_consumed,
    batches_report_their_failures,
    consumers_are_limited,
    schedules_keep_new_york_time,
    schedules_retry_and_tell,
)


def dead_letter_queues(template: Template) -> set[str]:
    """The queues that others name as their dead-letter queue."""
    named = {
        target(queue["RedrivePolicy"]["deadLetterTargetArn"])
        for queue in _queues(template).values()
        if "RedrivePolicy" in queue
    }
    return named | _schedule_dead_letter_queues(template)


def _schedule_dead_letter_queues(template: Template) -> set[str]:
    return {
        target(schedule["Properties"]["Target"]["DeadLetterConfig"]["Arn"])
        for schedule in of_type(template, "AWS::Scheduler::Schedule").values()
        if "DeadLetterConfig" in schedule["Properties"]["Target"]
    }


def _queues(template: Template) -> dict[str, dict[str, Any]]:
    queues = of_type(template, "AWS::SQS::Queue")
    return {name: queue.get("Properties", {}) for name, queue in queues.items()}


def _mappings(template: Template) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(queue, function, mapping) for every queue that a function consumes."""
    aliases = of_type(template, "AWS::Lambda::Alias")
    for mapping in of_type(template, "AWS::Lambda::EventSourceMapping").values():
        properties = mapping["Properties"]
        function = target(properties["FunctionName"])
        if function in aliases:
            function = target(aliases[function]["Properties"]["FunctionName"])
        yield target(properties["EventSourceArn"]), function, properties


def _kept_seconds(queue: dict[str, Any]) -> int:
    return int(queue.get("MessageRetentionPeriod", 345_600))
