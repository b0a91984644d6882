"""make chaos: callers at random while everything is killed at random; both books to the cent."""

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.chaos.clients import Client
from tests.support.chaos.closing import close
from tests.support.chaos.intents import Notebook
from tests.support.chaos.killer import RESTART, Killer
from tests.support.chaos.report import tables
from tests.support.chaos.stories import STORIES
from tests.support.hub import Hub, hub_of, new_tenant
from tests.support.medfusion_client import caller_of
from tests.support.stack import running

_CLIENTS = 4
_MEMORY = Path("/dev/shm")
"""Where there is one: what killed functions leave behind are files, and a disk forgets slowly."""

_BEGIN_SECONDS = 60
_PROGRESS_SECONDS = 15
_SEEDS = 10**6


def main() -> int:
    """Print the tables; the exit code says whether everything agrees."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing is left running
    say(f"Seed {options.seed}: make chaos MINUTES={options.minutes:g} SEED={options.seed}")
    folder = Path(
        tempfile.mkdtemp(prefix="payhub-chaos-", dir=_MEMORY if _MEMORY.is_dir() else None)
    )
    with running(folder) as stack:
        hub, notebook = hub_of(stack, new_tenant(stack, "chaos")), Notebook()
        killer = Killer(stack, options.seed)
        with _callers(hub, notebook, options.seed) as stopping, _progress(notebook, killer):
            _begin(notebook, stopping)
            killer.strike_for(options.minutes * 60, stopping)
        ending = close(hub, notebook, say)
        print(f"\n{tables(notebook, ending, killer.kills)}\n")
        for line in ending.wrongs:
            print(line)
        say("Stopping the stack")
    if ending.wrongs:
        say(f"Seed {options.seed}: {len(ending.wrongs)} disagreements. All is kept: {folder}")
        return 1
    shutil.rmtree(folder)
    say(f"Seed {options.seed}: hub and vendors agree to the cent, nothing is unfinished.")
    return 0


def say(line: str) -> None:
    """On the terminal, at once."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="of killing; the rest follows")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(_SEEDS))
    return parser.parse_args()


def _begin(notebook: Notebook, stopping: threading.Event) -> None:
    """Until the first are accepted: a new stack that never gets to its feet proves nothing."""
    deadline = time.monotonic() + _BEGIN_SECONDS
    while notebook.accepted < _CLIENTS and time.monotonic() < deadline and not stopping.is_set():
        time.sleep(1)


@contextmanager
def _callers(hub: Hub, notebook: Notebook, seed: int) -> Iterator[threading.Event]:
    """Callers side by side until the block ends; the event is set to stop them."""
    signed_in = hub.athena.token, caller_of(hub).token  # before anything dies
    assert all(signed_in)
    stopping = threading.Event()
    clients = [Client(hub, notebook, stopping, it, _CLIENTS, seed) for it in range(_CLIENTS)]
    threads = [threading.Thread(target=_run, args=(it,)) for it in clients]
    for thread in threads:
        thread.start()
    try:
        yield stopping
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _run(client: Client) -> None:
    """A caller that ends early would prove nothing: that is told too."""
    try:
        client.run(STORIES)
    except Exception as error:
        client.notebook.complain(f"caller {client.number} ended early: {error!r}")
        client.stopping.set()
        raise


@contextmanager
def _progress(notebook: Notebook, killer: Killer) -> Iterator[None]:
    """A line now and then while the block runs."""
    over, began = threading.Event(), time.monotonic()

    def tell() -> None:
        while not over.wait(_PROGRESS_SECONDS):
            intents = list(notebook.intents)
            kills = sum(killer.kills.values()) - killer.kills[RESTART]
            say(
                f"{time.monotonic() - began:4.0f} s: {len(intents)} wanted,"
                f" {sum(it.requests for it in intents)} requests, {notebook.accepted} accepted,"
                f" {kills} killed, {killer.kills[RESTART]} restarts"
            )

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
