"""The one place that joins ports to adapters: the Hub of this process."""

import secrets
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import Session

from payhub import starting
from payhub.metrics import EmbeddedMetrics
from payhub.ports import Clock, Hub
from payhub.queue import SqsQueue
from payhub.secrets_manager import VendorSecrets
from payhub.settings import Settings, read_settings
from payhub.store.dead_letters import DeadLetterBook
from payhub.store.feed import PaymentFeed
from payhub.store.inbox import EventInbox
from payhub.store.payments import Payments
from payhub.store.table import Table
from payhub.store.tenants import Tenants
from payhub.vendors import VENDORS, RegisteredVendor

AWS = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3}
)
"""botocore waits a minute by default, longer than any function of ours lives."""


class SystemClock:
    """The Clock port on the system's clock."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000


class MovedClock:
    """The Clock port of the local stage: the system's clock, moved as far as the sandbox's is.

    One clock for hub and vendors, so that what depends on the time of day can be tried out.
    """

    def __init__(self, offset_file: Path) -> None:
        self._file = offset_file
        self._seen: tuple[int, int, int] | None = None
        self._offset_ms = 0

    def now_ms(self) -> int:
        """Epoch milliseconds, by the offset that stands in the file now."""
        return SystemClock().now_ms() + self._read_offset_ms()

    def _read_offset_ms(self) -> int:
        """The file is read again when it is another one; without a file nothing was moved."""
        try:
            status = self._file.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                self._offset_ms, self._seen = int(self._file.read_text()), seen
        except FileNotFoundError:
            self._offset_ms, self._seen = 0, None
        return self._offset_ms


class SystemIds:
    """The Ids port on the system's randomness."""

    def new(self) -> str:
        """32 hex characters."""
        return uuid.uuid4().hex

    def secret(self) -> str:
        """256 bits, URL-safe."""
        return secrets.token_urlsafe(32)

    def luck(self) -> float:
        """A number in [0, 1)."""
        return secrets.randbelow(1_000_000) / 1_000_000


@cache
def hub() -> Hub:
    """The Hub, made once per process from the PAYHUB_* environment.

    It is made while the function starts, and so are the clients of the vendors that the template
    says it calls: no request waits for them.
    """
    made = build(read_settings())
    starting.done()
    return made


def build(settings: Settings) -> Hub:
    """A Hub on AWS clients of its own."""
    clock, session = _clock(settings), Session()
    table = Table(_client(session, "dynamodb"), settings.table)
    vendor_secrets = VendorSecrets(_lazy(session, "secretsmanager"), settings.secret_prefix)
    vendors = {
        name: RegisteredVendor(
            name,
            vendor_secrets,
            settings.base_urls[name],
            settings.policy.vendor_timeout_seconds,
            clock,
        )
        for name in VENDORS
    }
    if settings.called_vendors:
        vendor_secrets.prepare()
    for name in settings.called_vendors:
        vendors[name].prepare()
    return Hub(
        payments=Payments(table),
        feed=PaymentFeed(table),
        inbox=EventInbox(table),
        tenants=Tenants(table),
        dead_letters=DeadLetterBook(table),
        queue=SqsQueue(
            _lazy(session, "sqs"), settings.payments_queue_url, settings.events_queue_url
        ),
        secrets=vendor_secrets,
        vendors=vendors,
        clock=clock,
        ids=SystemIds(),
        signals=EmbeddedMetrics(),
        policy=settings.policy,
        public_url=settings.public_url,
    )


def _clock(settings: Settings) -> Clock:
    moved_by = settings.clock_offset_file
    return SystemClock() if moved_by is None else MovedClock(moved_by)


def _client(session: Session, service: str) -> Any:
    """From botocore itself: boto3 would only add what nobody here uses, and take as long again."""
    return session.create_client(service, config=AWS)


def _lazy(session: Session, service: str) -> Any:
    return _Lazy(session, service)


class _Lazy:
    """An AWS client that is made when it is first used: not every function needs all of them."""

    def __init__(self, session: Session, service: str) -> None:
        self._session, self._service = session, service

    def __getattr__(self, name: str) -> Any:
        client = _client(self._session, self._service)
        self.__dict__.update(
            {method: getattr(client, method) for method in dir(client) if method[0] != "_"}
        )
        return self.__dict__[name]
