"""A card that exists nowhere else, and every way in which it could be found again."""

import base64
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.stack import LocalStack

NUMBER = "4539578763621486"
"""Has the right check digit; no test card is near it."""

_GROUPS = [NUMBER[at : at + 4] for at in range(0, 16, 4)]
SPACED, DASHED = " ".join(_GROUPS), "-".join(_GROUPS)
SECURITY_CODE, WRONG_CODE = "8317", "CVVCANARY"
NAME, ADDRESS, ZIP = "NORA QUILLCANARY", "7 Canaryfinch Row", "ZIPCANARY"
EMAIL = "nora@canarypost.example"
TRACK = f"%B{NUMBER}^QUILLCANARY/NORA^31121010000000000?;{NUMBER}=31121010000000000?"

PATIENT_ACCOUNT, COMMENTS = "ACCOUNTCANARY-4417", "COMMENTSCANARY of a patient"
"""Of a bill paid in a portal: kept with the payment, in no log, no queue and no key."""

BESIDE = f"INV-7-{NUMBER} 12/31"
SPELLINGS: tuple[str | int, ...] = (NUMBER, SPACED, DASHED, BESIDE, TRACK, int(NUMBER))

_BETWEEN = r"(?:[\s+._-]|%20|%2B|%2D|\\u0020|\\u002d)*"
_AS_FLOAT = rf"{NUMBER[0]}\.{NUMBER[1:].rstrip('0')}[eE]\+?15"


def _base64_of(text: str) -> Iterator[str]:
    """What of the text shows in base64, wherever it begins in what was encoded."""
    for before in range(3):
        encoded = base64.b64encode(b"." * before + text.encode()).decode().rstrip("=")
        yield re.escape(encoded[before + 1 : -2])


NEEDLES: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "number": "|".join([_BETWEEN.join(NUMBER), _AS_FLOAT, *_base64_of(NUMBER)]),
        "number in hexadecimal": NUMBER.encode().hex(),
        "track": r"=3112101|\^3112101",
        # Four digits on their own: not part of an id, a time or a longer number.
        "security code": rf"(?<![\w.:/-]){SECURITY_CODE}(?![\w.:/-])|{WRONG_CODE}",
        "name": "QUILLCANARY",
        "address": "Canaryfinch",
        "zip code": ZIP,
        "e-mail": "canarypost",
    }.items()
}


@dataclass(frozen=True)
class Hit:
    """Where something of the card was found, without repeating more than is needed."""

    place: str
    needle: str
    context: str


def hits(place: str, text: str) -> Iterator[Hit]:
    """Everything of the card that stands in a text."""
    for needle, pattern in NEEDLES.items():
        for found in pattern.finditer(text):
            context = text[max(0, found.start() - 60) : found.end() + 30]
            yield Hit(place, needle, context)


def stored_texts(stack: LocalStack) -> Iterator[tuple[str, str]]:
    """What a running stack would show to its operators: tables, queues, logs."""
    yield from _tables(stack.client("dynamodb"))
    yield from _queues(stack.client("sqs"))
    yield from _logs(stack.client("logs"))


def texts_on_disk(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file of a stack that has stopped: its whole state, and everybody's logs."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes().decode("latin-1")
        if path.suffix == ".sqlite3":
            # Numbers are not text in there.
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                yield f"{path.name} as text", "\n".join(database.iterdump())


def _tables(client: Any) -> Iterator[tuple[str, str]]:
    for table in client.list_tables()["TableNames"]:
        for page in client.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                yield f"table {table}", repr(item)


def _queues(client: Any) -> Iterator[tuple[str, str]]:
    """A look at the messages; they stay."""
    for url in client.list_queues().get("QueueUrls", []):
        seen = client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        for message in seen.get("Messages", []):
            yield f"queue {url}", repr(message)


def _logs(client: Any) -> Iterator[tuple[str, str]]:
    for group in client.describe_log_groups()["logGroups"]:
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"]
        )
        for page in pages:
            for event in page["events"]:
                yield f"log {group['logGroupName']}", event["message"]
