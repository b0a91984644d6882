"""Deploys template.yaml into this machine's AWS: upload, then one CloudFormation stack."""

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from local import packages, template
from local.settings import REPOSITORY, STACK_NAME, STAGE, Settings
from local.stack import Clients

_BUCKET = "payhub-artifacts"
_TIMEOUT_SECONDS = 120
_DIGEST_OUTPUT = "LocalDigest"


def deploy(settings: Settings, source: Path = REPOSITORY) -> dict[str, str]:
    """Create or update the stack unless it is there unchanged; answers its outputs."""
    functions = packages.package(source / "functions")
    layer = packages.package(source / "layers" / "payhub" / "payhub", below="python/payhub/")
    translated = _translated(settings, source, functions, layer)
    wanted = json.dumps([translated, parameters(settings)], sort_keys=True)
    digest = packages.digest(wanted.encode())
    clients = Clients(settings)
    formation = clients.client("cloudformation")
    present = _outputs(formation)
    if present.get(_DIGEST_OUTPUT) == digest:
        return present
    translated.setdefault("Outputs", {})[_DIGEST_OUTPUT] = {"Value": digest}
    body = json.dumps(translated).encode()
    _upload(clients.client("s3"), functions, layer, body)
    change = formation.update_stack if present else formation.create_stack
    change(
        StackName=STACK_NAME,
        TemplateURL=f"{settings.stack_url}/{_BUCKET}/{packages.digest(body)}",
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in parameters(settings).items()
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    _wait(formation)
    return _outputs(formation)


def parameters(settings: Settings) -> dict[str, str]:
    """The template's parameters on this machine: short times, local URLs."""
    return {
        "Stage": STAGE,
        "PublicUrl": settings.base_url,
        "OptumBaseUrls": settings.vendor_url("optum"),
        "AthenaBaseUrls": settings.vendor_url("athena"),
        "DecodaBaseUrls": settings.vendor_url("decoda"),
        "MedfusionBaseUrls": settings.vendor_url("medfusion"),
        "ManageApiGatewayAccount": "false",
        "ThrottleRequestsPerSecond": "1000",
        "ThrottleBurst": "1000",
        "WorkerConcurrency": "3",  # each copy is a process on this machine
        "ApiTimeoutSeconds": "12",
        "WorkerTimeoutSeconds": "15",
        "VendorTimeoutSeconds": "3",
        "LateApplyBoundSeconds": "4",
        "RetryBaseSeconds": "1",
        "RetryCapSeconds": "5",
        "InquiryIntervalSeconds": "2",
        "RefreshSeconds": "60",
        "WatchSeconds": "90",
        "ParkSeconds": "120",
    }


def variables(settings: Settings) -> dict[str, str]:
    """What the functions are given on this machine only; template.yaml does not know it."""
    return {"PAYHUB_CLOCK_OFFSET_FILE": str(settings.clock_offset_file)}


def _translated(settings: Settings, source: Path, functions: bytes, layer: bytes) -> dict[str, Any]:
    declared = template.load((source / "template.yaml").read_text())
    declared = template.without_dependencies(declared)
    declared["Globals"]["Function"]["CodeUri"] = f"s3://{_BUCKET}/{packages.digest(functions)}"
    for resource in declared["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = f"s3://{_BUCKET}/{packages.digest(layer)}"
    return template.translate(declared, parameters(settings), variables(settings))


def _upload(s3: Any, *contents: bytes) -> None:
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=_BUCKET)
    for content in contents:
        s3.put_object(Bucket=_BUCKET, Key=packages.digest(content), Body=content)


def _outputs(formation: Any) -> dict[str, str]:
    """The present stack's outputs, none where there is no stack."""
    try:
        stack = formation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    except formation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    return {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}


def _wait(formation: Any) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while True:
        status = formation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"]
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return
        if not status.endswith("IN_PROGRESS") or time.monotonic() > deadline:
            raise RuntimeError(f"deployment ended as {status}: {_failures(formation)}")
        time.sleep(0.2)


def _failures(formation: Any) -> str:
    events = formation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    reasons = [
        f"{it['LogicalResourceId']}: {it.get('ResourceStatusReason', '?')}"
        for it in events
        if it["ResourceStatus"].endswith("FAILED")
    ]
    return "; ".join(reversed(reasons)) or "no reason given"
