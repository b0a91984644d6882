"""The table of vendors: add a folder beside optum/, then a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local.sandbox.athena import machine as athena
from local.sandbox.decoda import machine as decoda
from local.sandbox.medfusion import machine as medfusion
from local.sandbox.optum import machine as optum
from local.sandbox.vendor import Tools, Vendor
from local.sandbox.webhooks import DeliveryPolicy

# A vendor's port = the first vendor port + its place here; the places never change.
PORT_PLACES = {"optum": 0, "athena": 1, "decoda": 2, "medfusion": 3}


@dataclass(frozen=True)
class Room:
    """How a vendor is built, and how it delivers webhooks if it has any."""

    machine: Callable[[Tools], Vendor]
    delivery: DeliveryPolicy | None


VENDORS: dict[str, Room] = {
    "optum": Room(optum.OptumMachine, optum.DELIVERY),
    "athena": Room(athena.AthenaMachine, None),
    "decoda": Room(decoda.DecodaMachine, decoda.DELIVERY),
    "medfusion": Room(medfusion.MedfusionMachine, None),
}
