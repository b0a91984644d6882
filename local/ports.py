"""Ports of this machine: are they free, does somebody answer."""

import socket
import time
from collections.abc import Mapping

from local.settings import HOST, VENDORS, Settings


def busy(settings: Settings) -> list[str]:
    """One line for each port that somebody else holds."""
    return [
        f"port {port} is in use ({use}); free it or choose another with {variable}=..."
        for port, (variable, use) in _wanted(settings).items()
        if not _is_free(port)
    ]


def wait_until_open(port: int, timeout_seconds: float) -> bool:
    """Whether somebody listens within the time."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((HOST, port)) == 0:
                return True
        time.sleep(0.05)
    return False


def _wanted(settings: Settings) -> Mapping[int, tuple[str, str]]:
    vendors = {settings.vendor_port(it): ("SANDBOX_PORT", f"the sandbox's {it}") for it in VENDORS}
    return {
        **vendors,
        settings.sandbox_port: ("SANDBOX_PORT", "the sandbox's controls"),
        settings.stack_port: ("STACK_PORT", "the AWS stack"),
        settings.port: ("PORT", "the API"),
    }


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection of the last run that is still closing is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
