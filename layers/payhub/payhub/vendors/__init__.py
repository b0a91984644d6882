"""The table of vendors. A client is made on first use, so functions without one stay light."""

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from payhub.domain.contract import Contract, Lifecycle
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.ports import (
    Clock,
    DocumentSource,
    EventReader,
    EventSource,
    Gateway,
    PlanSource,
    PortalSource,
    Secrets,
    VendorConfiguration,
)

if TYPE_CHECKING:
    from payhub.transport import Transport

VENDORS = ("optum", "athena", "decoda", "medfusion")
"""One folder each beside this file, all with the same modules, but for `events`, `documents`,
`plans` and `portal`, which not every vendor has."""


class RegisteredVendor:
    """The Vendor port: pure tables at once, network clients when they are first needed."""

    def __init__(
        self,
        name: str,
        secrets: Secrets,
        base_urls: frozenset[str],
        timeout_seconds: int,
        clock: Clock,
        transport: "Transport | None" = None,
    ) -> None:
        self.name = name
        self._secrets = secrets
        self._base_urls = base_urls
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._transport = transport

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """Verb -> contract row."""
        contracts: Mapping[str, Contract] = self._module("contract").CONTRACTS
        return contracts

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """The vendor's status words."""
        lifecycle: Lifecycle = self._module("contract").LIFECYCLE
        return lifecycle

    @cached_property
    def notifies(self) -> bool:
        """Whether there are notifications."""
        notifies: bool = self._module("contract").NOTIFIES
        return notifies

    @cached_property
    def shares_token(self) -> bool:
        """Whether one token serves all processes."""
        shares: bool = self._module("contract").SHARES_TOKEN
        return shares

    @cached_property
    def events(self) -> EventReader:
        """Verification and reading of notifications."""
        events: EventReader = self._module("events").Events()
        return events

    def prepare(self) -> None:
        """Make its clients now, where somebody would wait for the first call."""
        _ = self.contracts, self.gateway

    def configure(self, configuration: Mapping[str, object]) -> VendorConfiguration:
        """Check the configuration; its secret fields are the ones the vendor's auth names."""
        auth = self._module("auth")
        secret = {k: str(v) for k, v in configuration.items() if k in auth.SECRET_FIELDS}
        rest = {k: v for k, v in configuration.items() if k not in auth.SECRET_FIELDS}
        try:
            settings = auth.parse_settings(rest)
        except ValidationError as error:
            raise InvalidRequest(
                f"The configuration of {self.name} cannot be used.",
                [
                    FieldError(".".join(map(str, e["loc"])), e["msg"])
                    for e in error.errors(include_input=False, include_url=False)
                ],
            ) from None
        if settings.base_url not in self._base_urls:
            raise InvalidRequest(
                f"The base URL of {self.name} is not on the stack's list.",
                [FieldError("base_url", "use one of: " + ", ".join(sorted(self._base_urls)))],
            )
        return VendorConfiguration(settings=settings.model_dump(mode="json"), secret=secret)

    @cached_property
    def _client(self) -> Any:
        from payhub.transport import Transport  # noqa: PLC0415 - httpx, only to be called

        transport = self._transport or Transport(self._timeout_seconds)
        return self._module("client").Client(transport, self._secrets, self._base_urls, self._clock)

    @cached_property
    def gateway(self) -> Gateway:
        """The client for payments."""
        gateway: Gateway = self._module("gateway").PaymentGateway(self._client)
        return gateway

    @cached_property
    def documents(self) -> DocumentSource:
        """The client for documents."""
        documents: DocumentSource = self._module("documents").Documents(self._client)
        return documents

    @cached_property
    def plans(self) -> PlanSource:
        """The client for payment plans."""
        plans: PlanSource = self._module("plans").Plans(self._client)
        return plans

    @cached_property
    def portal(self) -> PortalSource:
        """The client for what was paid in the vendor's portal."""
        portal: PortalSource = self._module("portal").Portal(self._client)
        return portal

    @cached_property
    def event_source(self) -> EventSource:
        """The client for notifications."""
        source: EventSource = self._module("gateway").NotificationGateway(self._client)
        return source

    def _module(self, module: str) -> Any:
        return import_module(f"payhub.vendors.{self.name}.{module}")
