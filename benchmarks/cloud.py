"""AWS at once: DynamoDB, SQS and Secrets Manager on one port, every request counted and billed."""

import hashlib
import json
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.server import Request, Response, Server
from benchmarks.table import RefusedError, Table
from benchmarks.units import TableSchema, Units

MEASURED_KEY, OTHER_KEY = "AKIAMEASURED", "AKIAOTHER"
"""Access keys: only requests under the first are counted, what prepares them uses the second."""

_CREDENTIAL = re.compile(r"Credential=([^/]+)/")
_WEBHOOK = re.compile(r"/webhooks/(\w+)/")
_NONE_SUCH, _EXISTS = "ResourceNotFoundException", "ResourceExistsException"

Json = dict[str, Any]


@dataclass(slots=True)
class Bill:
    """What was asked of AWS: requests by operation, units, bytes sent and received."""

    requests: Counter[str] = field(default_factory=Counter)
    units: Units = field(default_factory=Units)
    bytes_sent: int = 0
    bytes_received: int = 0


class Cloud:
    """The endpoint and everything behind it."""

    def __init__(self, schemas: Mapping[str, TableSchema]) -> None:
        self.tables = {name: Table(schema) for name, schema in schemas.items()}
        self.messages: dict[str, list[str]] = defaultdict(list)
        self.webhooks: dict[str, list[Request]] = defaultdict(list)
        self.delay_seconds = 0.0
        self._secrets: dict[str, str] = {}
        self._bill = Bill()
        self._lock = threading.Lock()
        self._verbs: dict[str, Callable[[Json], tuple[Json, Units]]] = {
            "GetItem": lambda it: self._table(it).get_item(it),
            "PutItem": lambda it: self._table(it).put_item(it),
            "UpdateItem": lambda it: self._table(it).update_item(it),
            "DeleteItem": lambda it: self._table(it).delete_item(it),
            "Query": lambda it: self._table(it).query(it),
            "BatchGetItem": self._batch_get,
            "TransactWriteItems": self._transact,
            "SendMessage": self._send_message,
            "GetSecretValue": self._get_secret,
            "CreateSecret": self._create_secret,
            "PutSecretValue": self._put_secret,
        }
        self.server = Server(self._answer)

    @property
    def url(self) -> str:
        """The endpoint of every service; also where vendors may send webhooks."""
        return self.server.url

    def take_bill(self) -> Bill:
        """What was asked under the measured key since this was called last."""
        with self._lock:
            bill, self._bill = self._bill, Bill()
        return bill

    def _answer(self, request: Request) -> Response:
        webhook = _WEBHOOK.match(request.path)
        if webhook is not None:
            self.webhooks[webhook[1]].append(request)
            return Response()
        if self.delay_seconds:
            time.sleep(self.delay_seconds)
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        try:
            answer, billed = self._verbs[operation](json.loads(request.body))
            status = 200
        except RefusedError as refused:
            answer, billed, status = _error(refused), refused.billed, 400
        body = json.dumps(answer).encode()
        credential = _CREDENTIAL.search(request.headers.get("authorization", ""))
        if credential is not None and credential[1] == MEASURED_KEY:
            self._note(operation, billed, len(request.body), len(body))
        return Response(
            status=status, headers={"Content-Type": "application/x-amz-json-1.0"}, body=body
        )

    def _note(self, operation: str, billed: Units, sent: int, received: int) -> None:
        with self._lock:
            self._bill.requests[operation] += 1
            self._bill.units += billed
            self._bill.bytes_sent += sent
            self._bill.bytes_received += received

    def _table(self, request: Json) -> Table:
        return self.tables[request["TableName"]]

    def _batch_get(self, request: Json) -> tuple[Json, Units]:
        ((name, wanted),) = request["RequestItems"].items()
        items, billed = self.tables[name].batch_get(wanted)
        return {"Responses": {name: items}, "UnprocessedKeys": {}}, billed

    def _transact(self, request: Json) -> tuple[Json, Units]:
        puts = [write["Put"] for write in request["TransactItems"]]
        (name,) = {put["TableName"] for put in puts}
        return {}, self.tables[name].transact(puts)

    def _send_message(self, request: Json) -> tuple[Json, Units]:
        body = request["MessageBody"]
        self.messages[request["QueueUrl"]].append(body)
        digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
        return {"MD5OfMessageBody": digest, "MessageId": "m-1"}, Units()

    def _get_secret(self, request: Json) -> tuple[Json, Units]:
        name = request["SecretId"]
        if name not in self._secrets:
            raise RefusedError(_NONE_SUCH, Units())
        return {"Name": name, "SecretString": self._secrets[name], "ARN": name}, Units()

    def _create_secret(self, request: Json) -> tuple[Json, Units]:
        name = request["Name"]
        if name in self._secrets:
            raise RefusedError(_EXISTS, Units())
        self._secrets[name] = request["SecretString"]
        return {"Name": name, "ARN": name}, Units()

    def _put_secret(self, request: Json) -> tuple[Json, Units]:
        self._secrets[request["SecretId"]] = request["SecretString"]
        return {"Name": request["SecretId"], "ARN": request["SecretId"]}, Units()


def _error(refused: RefusedError) -> Json:
    return {"__type": f"com.amazonaws#{refused.code}", "message": "refused", **refused.members}
