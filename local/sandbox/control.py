"""The controls at /_sandbox: truth book, faults, clock, events, reset, and each vendor's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from local.sandbox import control_events
from local.sandbox.clock import iso
from local.sandbox.control_faults import FaultControls
from local.sandbox.control_input import BadInputError, Fields, only_query, query_flag
from local.sandbox.messages import Reply, Request, Response, json_response
from local.sandbox.routes import Match, Route, allowed_methods, find
from local.sandbox.sandbox import Sandbox

_ROOT = "/_sandbox"
_ADVANCE_SECONDS_MAX = 10 * 366 * 86_400
_ROUTES = (
    Route("GET", "/_sandbox/health", "health"),
    Route("GET", "/_sandbox/ledger", "ledger"),
    Route("GET", "/_sandbox/faults", "list_faults"),
    Route("POST", "/_sandbox/faults", "arm_fault"),
    Route("DELETE", "/_sandbox/faults", "clear_faults"),
    Route("GET", "/_sandbox/clock", "clock"),
    Route("POST", "/_sandbox/clock", "advance_clock"),
    Route("GET", "/_sandbox/events", "list_events"),
    Route("POST", "/_sandbox/events", "send_events"),
    Route("POST", "/_sandbox/reset", "reset"),
)


class Ports(Protocol):
    """Whoever opens and closes the vendors' ports."""

    def sync_ports(self) -> None: ...


class Control:
    """Answers one request at a time, like a vendor's port does."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.ports: Ports | None = None
        faults = FaultControls(sandbox)
        self._shared: dict[str, Callable[[Request], Response]] = {
            "health": self._health,
            "ledger": self._ledger,
            "list_faults": faults.show,
            "arm_fault": faults.arm,
            "clear_faults": faults.clear,
            "clock": self._clock,
            "advance_clock": self._advance_clock,
            "list_events": lambda request: control_events.show(sandbox, request),
            "send_events": lambda request: control_events.act(sandbox, request),
            "reset": self._reset,
        }

    def answer(self, request: Request) -> Reply:
        """A mistake is a 400 that says which; a closed port is closed when the answer leaves."""
        try:
            response = self._route(request)
        except BadInputError as mistake:
            response = json_response(400, {"error": str(mistake)})
        if self.ports is not None and request.method != "GET":
            self.ports.sync_ports()
        return Reply(response)

    def _route(self, request: Request) -> Response:
        match = find(_ROUTES, request.method, request.path)
        if match:
            return self._shared[match.route.operation](request)
        for name, vendor in self._sandbox.vendors.items():
            own = self._own(name, request)
            if own:
                with self._sandbox.store.transaction():
                    return vendor.control(own.route.operation, request)
        return self._no_route(request)

    def _own(self, vendor_name: str, request: Request) -> Match | None:
        return find(self._own_routes(vendor_name), request.method, request.path)

    def _own_routes(self, vendor_name: str) -> list[Route]:
        return [
            Route(route.method, f"{_ROOT}/{vendor_name}{route.path}", route.operation)
            for route in self._sandbox.vendors[vendor_name].controls
        ]

    def _no_route(self, request: Request) -> Response:
        routes = [*_ROUTES]
        for name in self._sandbox.vendors:
            routes += self._own_routes(name)
        allowed = ", ".join(allowed_methods(routes, request.path))
        if allowed:
            return json_response(405, {"error": f"allowed: {allowed}"}, Allow=allowed)
        known = sorted({f"{route.method} {route.path}" for route in routes})
        return json_response(404, {"error": "no such control", "controls": known})

    def _health(self, _: Request) -> Response:
        refused = {name: self._sandbox.refusal(name) is not None for name in self._sandbox.vendors}
        vendors = {name: "refusing" if closed else "open" for name, closed in refused.items()}
        return json_response(200, {"status": "ok", "vendors": vendors})

    def _ledger(self, request: Request) -> Response:
        only_query(request.query, ("vendor", "reference"))
        vendor = request.query.get("vendor", "")
        if vendor:
            Fields(request.query).choice("vendor", self._sandbox.vendors)
        reference = request.query.get("reference", "")
        entries = []
        for movement in self._sandbox.truth_book.movements(vendor, reference):
            entry: dict[str, Any] = asdict(movement)
            entry["at"] = iso(entry.pop("at_ms"))
            entries.append(entry)
        return json_response(200, entries)

    def _clock(self, _: Request) -> Response:
        return json_response(200, {"now": iso(self._sandbox.clock.now_ms())})

    def _advance_clock(self, request: Request) -> Response:
        fields = Fields.of_body(request.body).only("advance_seconds")
        seconds = fields.seconds("advance_seconds", _ADVANCE_SECONDS_MAX)
        self._sandbox.clock.advance(round(seconds * 1000))
        return self._clock(request)

    def _reset(self, request: Request) -> Response:
        only_query(request.query, ("tenants_too",))
        tenants_too = query_flag(request.query, "tenants_too")
        self._sandbox.reset(tenants_too)
        return json_response(200, {"reset": True, "tenants_too": tenants_too})
