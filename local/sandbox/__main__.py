"""python -m local.sandbox: the vendor sandbox as a process of its own."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from local.sandbox.clock import OFFSET_FILE, SystemClock
from local.sandbox.control import Control
from local.sandbox.http_client import http_sender
from local.sandbox.http_server import HOST, Port, PortBusyError
from local.sandbox.ids import Ids
from local.sandbox.runner import Runner
from local.sandbox.sandbox import Sandbox
from local.sandbox.store import Store, StoreBusyError
from local.sandbox.vendor import Settings
from local.sandbox.vendors import PORT_PLACES

_EXIT_CANNOT_START = 2
_DAY_SECONDS = 86_400


def main() -> int:
    """Serve until TERM or INT."""
    options = _options()
    stop = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    try:
        return _serve(options, stop)
    except (PortBusyError, StoreBusyError, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return _EXIT_CANNOT_START


def _serve(options: argparse.Namespace, stop: threading.Event) -> int:
    options.state.mkdir(parents=True, exist_ok=True)
    store = Store(options.state / "sandbox.sqlite3")
    settings = Settings(
        options.step_seconds, options.hang_seconds, retry_scale=options.retry_seconds
    )
    sender = http_sender(options.webhook_timeout_seconds)
    clock = SystemClock(store, options.state / OFFSET_FILE)
    ids = Ids(random.SystemRandom())
    sandbox = Sandbox(store, clock, ids, sender, settings)
    ports = {
        name: Port(
            name, options.vendor_ports_from + PORT_PLACES[name], partial(sandbox.handle, name)
        )
        for name in sandbox.vendors
    }
    control = Control(sandbox)
    control.ports = runner = Runner(sandbox, ports)
    control_port = Port("control", options.port, control.answer)
    control_port.open()
    runner.open_ports()
    runner.start()
    where = ", ".join(f"{name} http://{HOST}:{port.number}" for name, port in ports.items())
    print(f"sandbox: controls http://{HOST}:{control_port.number}/_sandbox, {where}", flush=True)
    stop.wait()
    control_port.close()
    runner.stop()
    store.close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="the controls (default %(default)s)")
    parser.add_argument(
        "--vendor-ports-from",
        type=int,
        default=8091,
        help="the first vendor's port; the others follow (default %(default)s)",
    )
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument(
        "--step-seconds", type=_seconds, default=0.5, help="between statuses (default %(default)s)"
    )
    parser.add_argument(
        "--hang-seconds", type=_seconds, default=15.0, help="of a timeout (default %(default)s)"
    )
    parser.add_argument(
        "--retry-seconds",
        type=_seconds,
        default=1.0,
        help="before a webhook is tried again (default %(default)s)",
    )
    parser.add_argument(
        "--webhook-timeout-seconds",
        type=_seconds,
        default=10.0,
        help="for the receiver's answer (default %(default)s)",
    )
    return parser.parse_args()


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= _DAY_SECONDS:
        raise argparse.ArgumentTypeError("must be more than 0 and at most a day")
    return value


if __name__ == "__main__":
    sys.exit(main())
