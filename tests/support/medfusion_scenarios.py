"""How Medfusion's one verb is brought about: a payment of its own tells the cases apart.

No money moves there, so what the vendor did is the messages that it applied to the payment.
"""

from collections.abc import Mapping, Sequence

import httpx

from tests.support.fault_scenarios import Prepared, Scenario
from tests.support.hub import Hub, Movement
from tests.support.medfusion_client import VENDOR, MedfusionSide, caller_of

OPERATION = "update_portal_payments"


def _picked_up(hub: Hub) -> Prepared:
    reference = MedfusionSide(hub).picked_up()
    return Prepared(match=reference, reference=reference)


def _report(hub: Hub, prepared: Prepared) -> httpx.Response:
    return caller_of(hub).report(prepared.reference, Idempotency_Key=prepared.key)


def _messages(hub: Hub, prepared: Prepared, _: str) -> Sequence[Movement]:
    """Each that asked for the target status and was carried out, whatever the hub knows of it."""
    target = {"payment_id": prepared.reference, "status": "POSTED"}
    return [
        Movement(OPERATION, it["message_id"], 0, "in")
        for it in MedfusionSide(hub).processed(prepared.reference)
        if it["state"] == "COMPLETED" and target in it["updates"]
    ]


MEDFUSION: Mapping[tuple[str, str], Scenario] = {
    (VENDOR, "send"): Scenario(
        _picked_up,
        _report,
        done=202,
        refused=202,
        applied=_messages,
        # After a lost answer nobody knows which message it was.
        reference=None,
        spoiled="post_secure_payments",
        by_worker=True,
        harmless_twice=True,
    ),
}
