"""Arming, listing and clearing faults."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from local.sandbox.clock import iso
from local.sandbox.control_input import BadInputError, Fields, only_query
from local.sandbox.faults import FAULTS, LATE_APPLY, REFUSE, Fault, Refusal
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.sandbox import Sandbox

_COUNT_MAX = 1_000_000
_SECONDS_MAX = 86_400


class FaultControls:
    """One method per verb."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def show(self, request: Request) -> Response:
        """Everything armed, with how many hits are left."""
        only_query(request.query, ("vendor",))
        return json_response(200, self._armed(self._vendors(request)))

    def arm(self, request: Request) -> Response:
        fields = Fields.of_body(request.body)
        vendor = fields.choice("vendor", self._sandbox.vendors)
        name = fields.choice("fault", (*FAULTS, REFUSE))
        if name == REFUSE:
            return self._refuse(vendor, fields)
        return self._arm(vendor, name, fields)

    def clear(self, request: Request) -> Response:
        """All of them, those of one vendor, or one by id."""
        only_query(request.query, ("vendor", "id"))
        fault_id = request.query.get("id", "")
        with self._sandbox.store.transaction():
            desk = self._sandbox.faults
            cleared = sum(desk.clear(vendor, fault_id) for vendor in self._vendors(request))
        return json_response(200, {"cleared": cleared})

    def _refuse(self, vendor: str, fields: Fields) -> Response:
        fields.only("vendor", "fault", "seconds")
        seconds = fields.seconds("seconds", _SECONDS_MAX)
        until_ms = self._sandbox.clock.now_ms() + round(seconds * 1000)
        with self._sandbox.store.transaction():
            self._sandbox.faults.refuse(Refusal(vendor, until_ms))
        return json_response(201, _refusal_shown(Refusal(vendor, until_ms)))

    def _arm(self, vendor: str, name: str, fields: Fields) -> Response:
        late = ("delay_seconds",) if name == LATE_APPLY else ()
        fields.only("vendor", "operation", "fault", "count", "match", *late)
        operation = fields.choice("operation", self._sandbox.vendors[vendor].operations)
        if name == "decline" and operation not in self._sandbox.vendors[vendor].declinable:
            allowed = ", ".join(self._sandbox.vendors[vendor].declinable)
            raise BadInputError(f"operation must be one that can be declined: {allowed}")
        fault = Fault(
            id=self._sandbox.ids.hex32(),
            vendor=vendor,
            operation=operation,
            fault=name,
            count=fields.whole_number("count", 1, _COUNT_MAX, default=1),
            match=fields.text("match", default=""),
            delay_seconds=fields.seconds("delay_seconds", _SECONDS_MAX) if late else 0.0,
        )
        with self._sandbox.store.transaction():
            self._sandbox.faults.arm(fault)
        return json_response(201, asdict(fault))

    def _armed(self, vendors: list[str]) -> list[dict[str, Any]]:
        shown = []
        for vendor in vendors:
            shown += [asdict(fault) for fault in self._sandbox.faults.armed(vendor)]
            refusal = self._sandbox.refusal(vendor)
            if refusal:
                shown.append(_refusal_shown(refusal))
        return shown

    def _vendors(self, request: Request) -> list[str]:
        if "vendor" not in request.query:
            return list(self._sandbox.vendors)
        return [Fields(request.query).choice("vendor", self._sandbox.vendors)]


def _refusal_shown(refusal: Refusal) -> dict[str, Any]:
    return {"vendor": refusal.vendor, "fault": REFUSE, "until": iso(refusal.until_ms)}
