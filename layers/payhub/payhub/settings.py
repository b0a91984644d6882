"""The stack's settings, read once from the PAYHUB_* environment that template.yaml sets."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from payhub.domain.policy import Policy

LOCAL_STAGE = "local"
"""The stage on a developer's machine; no AWS account has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Names of the stack's resources and its bounds."""

    stage: str
    table: str
    payments_queue_url: str
    events_queue_url: str
    secret_prefix: str
    public_url: str
    base_urls: Mapping[str, frozenset[str]]
    policy: Policy
    called_vendors: tuple[str, ...] = ()
    """Whose clients are made while the function starts; of the others it is when they are used."""
    clock_offset_file: Path | None = None
    """Where the sandbox says how far its clock is moved; only on a developer's machine."""


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process. Raises KeyError naming the variable that is missing."""

    def seconds(name: str) -> int:
        return int(environment[f"PAYHUB_{name}_SECONDS"])

    return Settings(
        stage=environment["PAYHUB_STAGE"],
        table=environment["PAYHUB_TABLE"],
        payments_queue_url=environment["PAYHUB_PAYMENTS_QUEUE_URL"],
        events_queue_url=environment["PAYHUB_EVENTS_QUEUE_URL"],
        secret_prefix=environment["PAYHUB_SECRET_PREFIX"],
        public_url=environment["PAYHUB_PUBLIC_URL"],
        base_urls={
            "optum": _urls(environment["PAYHUB_OPTUM_BASE_URLS"]),
            "athena": _urls(environment["PAYHUB_ATHENA_BASE_URLS"]),
            "decoda": _urls(environment["PAYHUB_DECODA_BASE_URLS"]),
            "medfusion": _urls(environment["PAYHUB_MEDFUSION_BASE_URLS"]),
        },
        policy=Policy(
            function_timeout_seconds=max(seconds("API_TIMEOUT"), seconds("WORKER_TIMEOUT")),
            vendor_timeout_seconds=seconds("VENDOR_TIMEOUT"),
            late_apply_bound_seconds=seconds("LATE_APPLY_BOUND"),
            retry_base_seconds=seconds("RETRY_BASE"),
            retry_cap_seconds=seconds("RETRY_CAP"),
            retry_attempts_max=int(environment["PAYHUB_RETRY_ATTEMPTS_MAX"]),
            inquiry_interval_seconds=seconds("INQUIRY_INTERVAL"),
            refresh_seconds=seconds("REFRESH"),
            watch_seconds=seconds("WATCH"),
            duplicate_window_seconds=seconds("DUPLICATE_WINDOW"),
            park_seconds=seconds("PARK"),
        ),
        called_vendors=tuple(filter(None, environment.get("PAYHUB_CALLED_VENDORS", "").split(","))),
        clock_offset_file=_clock_offset_file(environment),
    )


def _clock_offset_file(environment: Mapping[str, str]) -> Path | None:
    """None in every stage but the local one, whatever the environment says."""
    name = environment.get("PAYHUB_CLOCK_OFFSET_FILE")
    is_local = environment["PAYHUB_STAGE"] == LOCAL_STAGE
    return Path(name) if name and is_local else None


def _urls(comma_list: str) -> frozenset[str]:
    return frozenset(url.strip().rstrip("/") for url in comma_list.split(",") if url.strip())
