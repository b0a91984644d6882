"""Medfusion is away for an hour: nothing is lost, nothing is sent twice, and details tell why."""

from collections.abc import Iterator

import pytest

from tests.support.hub import Hub, Json, eventually, hub_of, new_tenant
from tests.support.medfusion_client import (
    MedfusionClient,
    MedfusionSide,
    caller_of,
    ended,
    served,
    texts_of,
)
from tests.support.stack import running

pytestmark = pytest.mark.journey

MINUTE, HOUR = 60, 3600
STAYS_A_MINUTE_CENTS = 425


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A stack of its own, for the clock is everybody's. It only goes forward."""
    with running(tmp_path_factory.mktemp("down")) as stack:
        yield hub_of(stack, new_tenant(stack, "down"))


@pytest.fixture(scope="module")
def side(hub: Hub) -> MedfusionSide:
    """The practice's portal."""
    return MedfusionSide(hub)


@pytest.fixture(scope="module")
def caller(hub: Hub) -> MedfusionClient:
    """The practice's system."""
    return caller_of(hub)


def test_an_hour_without_the_vendor(hub: Hub, side: MedfusionSide, caller: MedfusionClient) -> None:
    """The port is closed: what is known is served and taken, what is paid is fetched afterwards."""
    known = side.picked_up()
    side.sandbox.refuse(HOUR)
    meanwhile = side.pay(1_700)
    accepted = caller.report(known)
    assert accepted.status_code == 202
    message_id = accepted.headers["Payment-Id"]
    details = _tried(hub, message_id, 1)
    for tries in (2, 3):
        hub.sandbox.advance_clock(20 * MINUTE - MINUTE)
        side.pick_up()
        assert served(caller.poll()) == {known: "SUBMITTED"}
        _work(hub)
        details = _tried(hub, message_id, tries)
    assert (details["status"], details["action"]["state"]) == ("pending", "queued")
    assert details["retry"]["safe"] is True
    assert details["nextLookAt"] is not None
    assert {it["outcome"] for it in details["actions"][0]["attempts"]} == {"not_sent"}
    waiting = hub.api.details(side.payment_id(known))
    assert (waiting["action"]["verb"], waiting["action"]["state"]) == ("post", "queued")
    assert message_id in waiting["history"][-1]["reason"]
    processing = caller.processing(message_id)
    assert texts_of(processing, "State") == ["PROCESSING", "PROCESSING"]
    unknown = caller.report(meanwhile)
    assert unknown.status_code == 503, "nobody can be asked about it"
    assert meanwhile in unknown.text
    assert side.messages() == []

    hub.sandbox.advance_clock(HOUR)
    _work(hub)
    assert ended(caller, accepted) == ("COMPLETED", None)
    side.pick_up()
    assert served(caller.poll()) == {known: "POSTED", meanwhile: "SUBMITTED"}
    assert len(side.messages()) == 1
    assert [len(side.known(it)) for it in (known, meanwhile)] == [1, 1]
    assert ended(caller, caller.report(meanwhile)) == ("COMPLETED", None)


def test_a_message_that_takes_its_time(
    hub: Hub, side: MedfusionSide, caller: MedfusionClient
) -> None:
    """It is asked about until it has ended, and not sent again meanwhile."""
    reference = side.picked_up(STAYS_A_MINUTE_CENTS)
    accepted = caller.report(reference)
    eventually(lambda: side.messages(reference), "the vendor has it")
    again = caller.report(reference)
    assert (
        texts_of(caller.processing(accepted.headers["Payment-Id"]), "State") == ["PROCESSING"] * 2
    )
    hub.sandbox.advance_clock(2 * MINUTE)
    _work(hub)
    for answer in (accepted, again):
        assert ended(caller, answer) == ("COMPLETED", None)
    assert len(side.messages(reference)) == 1


def test_a_token_that_has_ended_is_renewed(hub: Hub, side: MedfusionSide) -> None:
    """After its hours, and before them where the vendor wants it so; nothing is lost with it."""
    hub.sandbox.advance_clock(3 * HOUR)
    reference = side.picked_up(1_801)
    side.expire_tokens()
    caller = MedfusionClient(hub.stack.base_url, hub.tenant)
    assert ended(caller, caller.report(reference)) == ("COMPLETED", None)
    side.expire_tokens()
    assert side.picked_up(1_802)
    assert len(side.messages(reference)) == 1


def _work(hub: Hub) -> None:
    """What became due while the clock was moved is seen to now."""
    hub.invoke("SweepFunction")


def _tried(hub: Hub, message_id: str, times: int) -> Json:
    """The message's details when it was tried so often."""

    def look() -> Json | None:
        details = hub.api.details(message_id)
        attempts = details["actions"][0]["attempts"]
        return details if len(attempts) >= times and attempts[-1]["endedAt"] else None

    return eventually(look, f"it was tried {times} times")
