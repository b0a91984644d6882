"""What each function may do: the expectation that the template is compared with."""

_SECRETS = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}"

SECRET_OF = _SECRETS + ":secret:payhub/${Stage}/*/%s-??????"
"""One vendor's secret of any tenant; AWS ends every secret's name with six random characters."""

READ = frozenset({"dynamodb:GetItem Table", "kms:Decrypt DataKey"})
WRITE = READ | {"dynamodb:PutItem Table", "kms:GenerateDataKey DataKey"}
OPTUM = frozenset({"secretsmanager:GetSecretValue " + SECRET_OF % "optum"})
DECODA = frozenset({"secretsmanager:GetSecretValue " + SECRET_OF % "decoda"})
ATHENA = frozenset(
    {
        "secretsmanager:GetSecretValue " + SECRET_OF % "athena",
        "secretsmanager:GetSecretValue " + SECRET_OF % "athena-token",
        "secretsmanager:PutSecretValue " + SECRET_OF % "athena-token",
    }
)
"""The tenants' credentials, and the token that their processes share."""

MEDFUSION = frozenset(it.replace("/athena", "/medfusion") for it in ATHENA)
OAUTH = frozenset({"secretsmanager:GetSecretValue " + SECRET_OF % "oauth"})
"""The keys from which the secrets of the tenants' applications are derived."""


def index(*names: str) -> frozenset[str]:
    """May query these indexes."""
    return frozenset(f"dynamodb:Query ${{Table.Arn}}/index/{name}" for name in names)


def sends(*queues: str) -> frozenset[str]:
    """May send to these queues."""
    return frozenset(f"sqs:SendMessage {queue}" for queue in queues)


def receives(*queues: str) -> frozenset[str]:
    """May take messages from these queues."""
    verbs = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    return frozenset(f"sqs:{verb} {queue}" for queue in queues for verb in verbs)


_ASKS_FOR_MONEY = WRITE | sends("PaymentsQueue")
_MOVES_MONEY = _ASKS_FOR_MONEY | OPTUM
_COLLECTS_MONEY = _ASKS_FOR_MONEY | ATHENA
_SHOWS_RECEIPTS = READ | ATHENA
_ASKS_DECODA = _ASKS_FOR_MONEY | DECODA
_SERVES_FEEDS = READ | {"dynamodb:Query Table", "dynamodb:BatchGetItem Table"}
_SHOWS_PLANS = READ | index("by_caller_reference") | {"dynamodb:BatchGetItem Table"}
"""A plan is shown, and judged, with the payments that were taken for it: these refer to it."""

GRANTS: dict[str, frozenset[str]] = {
    "IssuePaymentFunction": _MOVES_MONEY,
    "ReleasePaymentFunction": _MOVES_MONEY,
    "VoidPaymentFunction": _MOVES_MONEY | ATHENA,
    "ReissuePaymentFunction": _MOVES_MONEY,
    "GetPaymentFunction": READ,
    "GetPaymentDetailsFunction": READ,
    "ListPaymentsFunction": READ
    | index("by_tenant", "by_caller_reference")
    | {"dynamodb:BatchGetItem Table"},
    "CollectPaymentFunction": _COLLECTS_MONEY,
    "StoreCardFunction": _COLLECTS_MONEY,
    "StartPaymentPlanFunction": _COLLECTS_MONEY,
    "RecordPaymentFunction": _COLLECTS_MONEY,
    "VoidCollectedPaymentFunction": _COLLECTS_MONEY,
    "RecordVendorPaymentFunction": _COLLECTS_MONEY,
    "RefundVendorPaymentFunction": _COLLECTS_MONEY,
    "AdjustChargesFunction": _COLLECTS_MONEY,
    "ListReceiptsFunction": _SHOWS_RECEIPTS,
    "GetReceiptFunction": _SHOWS_RECEIPTS,
    "GetReceiptDetailsFunction": _SHOWS_RECEIPTS,
    "SettleWithCreditFunction": _ASKS_DECODA,
    "CreatePayinConfigFunction": _ASKS_DECODA,
    "GetPaymentPlanFunction": _SHOWS_PLANS,
    "ListPaymentPlansFunction": _SHOWS_PLANS | index("by_tenant"),
    "CancelPaymentPlanFunction": _ASKS_DECODA | _SHOWS_PLANS,
    "RefundPaymentFunction": _ASKS_DECODA,
    "ListPortalPaymentsFunction": _SERVES_FEEDS,
    "ListSwiperPaymentsFunction": _SERVES_FEEDS,
    "UpdatePortalPaymentsFunction": _ASKS_FOR_MONEY | MEDFUSION,
    "UpdateSwiperPaymentsFunction": _ASKS_FOR_MONEY | MEDFUSION,
    "GetProcessingStatusFunction": READ,
    "ResolvePaymentFunction": WRITE | sends("PaymentsQueue"),
    "ListDeadLettersFunction": READ | {"dynamodb:Query Table"},
    "RedriveDeadLetterFunction": WRITE | sends("PaymentsQueue", "EventsQueue"),
    "IssueTokenFunction": WRITE,
    "IssuePortalTokenFunction": WRITE,
    "GetOauthApplicationFunction": READ | OAUTH,
    "DocumentationFunction": frozenset(),
    "UnknownRouteFunction": frozenset(),
    "ApiKeyFunction": READ,
    "BearerTokenFunction": READ,
    "OptumFunction": WRITE | OPTUM | sends("EventsQueue"),
    "DecodaFunction": WRITE | DECODA | sends("EventsQueue"),
    "AdvancePaymentFunction": _MOVES_MONEY
    | ATHENA
    | DECODA
    | MEDFUSION
    | _SHOWS_PLANS
    | receives("PaymentsQueue"),
    "ApplyEventFunction": WRITE
    | OPTUM
    | DECODA
    | _SHOWS_PLANS
    | index("by_reference")
    | sends("PaymentsQueue", "EventsQueue")
    | receives("EventsQueue"),
    "DeadLetterFunction": WRITE | receives("PaymentsDeadLetterQueue", "EventsDeadLetterQueue"),
    "SweepFunction": frozenset({"kms:Decrypt DataKey"})
    | index("due")
    | sends("PaymentsQueue", "EventsQueue"),
    "CollectMissedEventsFunction": WRITE
    | OPTUM
    | DECODA
    | {"dynamodb:Query Table"}
    | sends("EventsQueue"),
    "PollPortalPaymentsFunction": WRITE | MEDFUSION | {"dynamodb:Query Table"},
    "SettlePaymentsFunction": _COLLECTS_MONEY
    | index("by_tenant")
    | {"dynamodb:Query Table", "dynamodb:BatchGetItem Table"},
}
