"""Drives a sandbox with real time: opens and closes the vendors' ports, does jobs when due."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping

from local.sandbox.http_server import Port, PortBusyError
from local.sandbox.jobs import Job
from local.sandbox.sandbox import Sandbox
from local.sandbox.store import StoreClosedError

# A job that a request schedules meanwhile is noticed within this time.
_TICK_SECONDS = 0.05
# A slow receiver of webhooks holds up the deliveries behind it, but no payment.
_COURIERS = 4


class Runner:
    """One thread for time, a few for webhooks."""

    def __init__(self, sandbox: Sandbox, ports: Mapping[str, Port]) -> None:
        self._sandbox = sandbox
        self._ports = ports
        self._ports_lock = threading.Lock()
        self._stopping = threading.Event()
        self._courier_lock = threading.Lock()
        self._under_way: set[int] = set()

    def start(self) -> None:
        threading.Thread(target=self._keep_time, name="time", daemon=True).start()
        for number in range(_COURIERS):
            threading.Thread(target=self._deliver, name=f"courier-{number}", daemon=True).start()

    def stop(self) -> None:
        """Deliveries under way are abandoned; their jobs are still in the store."""
        self._stopping.set()
        with self._ports_lock:
            for port in self._ports.values():
                port.close()

    def open_ports(self) -> None:
        """Open what does not refuse now; raises PortBusyError."""
        with self._ports_lock:
            for name, port in self._ports.items():
                if self._sandbox.refusal(name) is None:
                    port.open()

    def sync_ports(self) -> None:
        """Close the port of each vendor that refuses now, open the others."""
        with self._ports_lock:
            if self._stopping.is_set():
                return
            for name, port in self._ports.items():
                self._sync(port, refused=self._sandbox.refusal(name) is not None)

    def _sync(self, port: Port, *, refused: bool) -> None:
        if refused and port.is_open:
            port.close()
        elif not refused and not port.is_open:
            try:
                port.open()
            except PortBusyError as error:  # tried again with the next tick
                print(error, file=sys.stderr, flush=True)

    def _keep_time(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            try:
                while job := self._sandbox.next_job("inside"):
                    self._do(job)
                self.sync_ports()
            except StoreClosedError:
                return

    def _deliver(self) -> None:
        while not self._stopping.is_set():
            try:
                job = self._take_delivery()
                if job is None:
                    self._stopping.wait(_TICK_SECONDS)
                    continue
                self._do(job)
            except StoreClosedError:
                return
            with self._courier_lock:
                self._under_way.remove(job.id)

    def _take_delivery(self) -> Job | None:
        """A delivery that is due and that no other courier has."""
        with self._courier_lock:
            job = self._sandbox.next_job("outward", tuple(self._under_way))
            if job is not None:
                self._under_way.add(job.id)
            return job

    def _do(self, job: Job) -> None:
        try:
            self._sandbox.run(job)
        except StoreClosedError:
            raise
        except Exception as error:  # noqa: BLE001
            # The thread must go on; a job that fails once would fail for ever.
            text = f"job {job.vendor}/{job.kind} dropped: {type(error).__name__}: {error}"
            print(text, file=sys.stderr, flush=True)
            self._sandbox.drop(job)
