"""Where the local run lives: ports, folder and URLs, each to be set from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from local.sandbox.clock import OFFSET_FILE

HOST = "127.0.0.1"
REPOSITORY = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
ACCOUNT = "000000000000"
STACK_NAME = "payhub"
STAGE = "local"
VENDORS = ("optum", "athena", "decoda", "medfusion")


@dataclass(frozen=True)
class Settings:
    """The ports and the folder of one local run."""

    port: int
    sandbox_port: int
    stack_port: int
    folder: Path

    @property
    def base_url(self) -> str:
        """What callers use."""
        return f"http://{HOST}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """The sandbox's controls."""
        return f"http://{HOST}:{self.sandbox_port}"

    @property
    def stack_url(self) -> str:
        """The AWS API of this machine."""
        return f"http://{HOST}:{self.stack_port}"

    def vendor_port(self, vendor: str) -> int:
        """Each vendor has a port of its own, so that one can really be down."""
        return self.sandbox_port + 1 + VENDORS.index(vendor)

    def vendor_url(self, vendor: str) -> str:
        """Where the sandbox plays this vendor."""
        return f"http://{HOST}:{self.vendor_port(vendor)}"

    @property
    def environment(self) -> dict[str, str]:
        """The same settings for another process."""
        return {
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "STACK_PORT": str(self.stack_port),
            "PAYHUB_LOCAL_DIR": str(self.folder),
        }

    @property
    def tenants_file(self) -> Path:
        """The demo tenants and their credentials."""
        return self.folder / "tenants.json"

    @property
    def sandbox_folder(self) -> Path:
        """Where the sandbox keeps its state."""
        return self.folder / "sandbox"

    @property
    def clock_offset_file(self) -> Path:
        """Where the sandbox writes how far its clock is moved."""
        return self.sandbox_folder / OFFSET_FILE

    @property
    def ready_file(self) -> Path:
        """Exists while everything serves."""
        return self.folder / "ready"

    def require_running(self) -> None:
        """Ends the program with a clear word where nothing serves."""
        if not self.ready_file.exists():
            raise SystemExit("Nothing runs here: start `make run` first.")


def from_environment() -> Settings:
    """Read PORT, SANDBOX_PORT, STACK_PORT and PAYHUB_LOCAL_DIR, or take the usual ones."""
    return Settings(
        port=_port("PORT", 8080),
        sandbox_port=_port("SANDBOX_PORT", 8090),
        stack_port=_port("STACK_PORT", 4566),
        folder=Path(os.environ.get("PAYHUB_LOCAL_DIR") or REPOSITORY / ".local").resolve(),
    )


def _port(variable: str, usual: int) -> int:
    text = os.environ.get(variable) or str(usual)
    if not text.isdecimal() or not 0 < int(text) < 65536:  # noqa: PLR2004
        raise SystemExit(f"{variable} must be a port number, not {text!r}")
    return int(text)
