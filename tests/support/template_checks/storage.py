"""The table, its key and the logs: encrypted, recoverable, and not deleted by accident."""

from tests.support.template import Template, of_type, target

RETAINED = (
    *("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup"),
    "AWS::ApiGateway::Account",
)
KEYS_ONLY = {"ProjectionType": "KEYS_ONLY"}


def tables_are_recoverable(template: Template) -> list[str]:
    """Point-in-time recovery and deletion protection."""
    found = []
    for name, table in of_type(template, "AWS::DynamoDB::Table").items():
        properties = table["Properties"]
        recovery = properties.get("PointInTimeRecoverySpecification", {})
        if recovery.get("PointInTimeRecoveryEnabled") is not True:
            found.append(f"{name}: no point-in-time recovery")
        if properties.get("DeletionProtectionEnabled") is not True:
            found.append(f"{name}: no deletion protection")
    return found


def tables_use_the_stack_key(template: Template) -> list[str]:
    """Encrypted with a key of this stack, which is replaced every year."""
    keys = of_type(template, "AWS::KMS::Key")
    found = [
        f"{name}: does not rotate"
        for name, key in keys.items()
        if key["Properties"].get("EnableKeyRotation") is not True
    ]
    for name, table in of_type(template, "AWS::DynamoDB::Table").items():
        encryption = table["Properties"].get("SSESpecification", {})
        if (
            encryption.get("SSEEnabled") is not True
            or encryption.get("SSEType") != "KMS"
            or target(encryption.get("KMSMasterKeyId", "")) not in keys
        ):
            found.append(f"{name}: not encrypted with a key of the stack")
    return found


def tables_cost_what_they_serve(template: Template) -> list[str]:
    """On demand, with expiry, and indexes that hold keys only."""
    found = []
    for name, table in of_type(template, "AWS::DynamoDB::Table").items():
        properties = table["Properties"]
        if properties.get("BillingMode") != "PAY_PER_REQUEST":
            found.append(f"{name}: not on demand")
        expiry = properties.get("TimeToLiveSpecification")
        if expiry != {"AttributeName": "expires_at", "Enabled": True}:
            found.append(f"{name}: no expiry")
        found += [
            f"{name}: index {index['IndexName']} holds more than keys"
            for index in properties.get("GlobalSecondaryIndexes", [])
            if index["Projection"] != KEYS_ONLY
        ]
    return found


def data_outlives_the_stack(template: Template) -> list[str]:
    """Deleting or replacing the resource keeps what it holds."""
    return [
        f"{name}: {policy}"
        for name, resource in template["Resources"].items()
        if resource["Type"] in RETAINED
        for policy in ("DeletionPolicy", "UpdateReplacePolicy")
        if resource.get(policy) != "Retain"
    ]


def logs_are_kept_and_encrypted(template: Template) -> list[str]:
    """Every log group says for how long, and every function writes to such a group."""
    groups = of_type(template, "AWS::Logs::LogGroup")
    keys = of_type(template, "AWS::KMS::Key")
    found = []
    for name, group in groups.items():
        if not group["Properties"].get("RetentionInDays"):
            found.append(f"{name}: no retention")
        if target(group["Properties"].get("KmsKeyId", "")) not in keys:
            found.append(f"{name}: not encrypted with a key of the stack")
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        logging = function["Properties"].get("LoggingConfig", {})
        if target(logging.get("LogGroup", "")) not in groups:
            found.append(f"{name}: logs elsewhere")
    return found


CHECKS = (
    tables_are_recoverable,
    tables_use_the_stack_key,
    tables_cost_what_they_serve,
    data_outlives_the_stack,
    logs_are_kept_and_encrypted,
)
