"""Who reaches Medfusion's paths in the hub, from the application token to the first document."""

import base64
import importlib
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.medfusion_world import (
    OTHER_ID,
    OTHER_PRACTICE,
    PRACTICE,
    TENANT_ID,
    MedfusionWorld,
    Said,
    medfusion_world,
)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> MedfusionWorld:
    """Two tenants and their portals."""
    return medfusion_world(monkeypatch)


def application(room: MedfusionWorld, tenant: str = TENANT_ID) -> Any:
    """What the tenant's application token stands for."""
    ids = {"appToken": str(room.new[tenant].app_token)}
    said = room.call("get_oauth_application", ids)
    assert said.status == 200, said
    return said.body


def token(room: MedfusionWorld, tenant: str = TENANT_ID, grant: str = "password") -> Said:
    """Sign in as a client of Medfusion does."""
    known, new = application(room, tenant), room.new[tenant]
    pair = f"{known['clientId']}:{known['clientSecret']}".encode()
    user = {"username": str(new.username), "password": str(new.password)}
    form = {"grant_type": grant, **(user if grant == "password" else {})}
    headers = {
        "Authorization": "Basic " + base64.b64encode(pair).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return room.call("issue_portal_token", body=urlencode(form), headers=headers)


def vouched(presented: str) -> Any:
    """What the authorizer says of a bearer token."""
    handler = importlib.import_module("authorizers.bearer_token").handler
    arn = "arn:aws:execute-api:us-east-1:1:api/stage/GET/v1/practice/p/securePayments"
    event = {"authorizationToken": presented, "methodArn": arn}
    return handler(event, SimpleNamespace())["context"]


@pytest.mark.parametrize("grant", ["password", "client_credentials"])
def test_a_client_of_medfusion_signs_in_and_reads_its_practice(
    room: MedfusionWorld, grant: str
) -> None:
    reference = room.picked_up()
    said = token(room, grant=grant)
    assert said.status == 200, said
    assert said.body["tokenType"] == "BEARER" and said.body["expiresIn"] > 0
    who = vouched(f"Bearer {said.body['accessToken']}")
    assert (who["tenant"], who["role"]) == (TENANT_ID, "caller")
    assert room.served(tenant=who["tenant"]) == {reference: "SUBMITTED"}


def test_each_tenants_token_opens_its_own_practices_only(room: MedfusionWorld) -> None:
    room.pay(), room.pay(practice=OTHER_PRACTICE)
    room.poll()
    who = vouched(f"bearer {token(room, OTHER_ID).body['accessToken']}")
    assert who["tenant"] == OTHER_ID
    assert room.get(practice=OTHER_PRACTICE, tenant=who["tenant"]).status == 200
    assert room.get(practice=PRACTICE, tenant=who["tenant"]).status == 404


def test_users_of_one_tenant_are_nobody_at_another_ones_client(room: MedfusionWorld) -> None:
    ours, theirs = room.new[TENANT_ID], room.new[OTHER_ID]
    room.new[TENANT_ID] = type(ours)(
        **{
            **{name: getattr(ours, name) for name in type(ours).__slots__},
            "username": theirs.username,
            "password": theirs.password,
        }
    )
    said = token(room)
    assert (said.status, said.body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("presented", ["", "Bearer", "Bearer x", "Basic x", "x"])
def test_without_a_token_nothing_is_reached(room: MedfusionWorld, presented: str) -> None:
    with pytest.raises(Exception, match="Unauthorized"):
        vouched(presented)


def test_a_token_ends(room: MedfusionWorld) -> None:
    said = token(room)
    room.clock.advance((said.body["expiresIn"] + 1) * 1000)
    with pytest.raises(Exception, match="Unauthorized"):
        vouched(f"Bearer {said.body['accessToken']}")


def test_another_tenants_name_in_the_header_is_a_403_in_xml(room: MedfusionWorld) -> None:
    said = room.call("list_portal_payments", {"practiceId": PRACTICE}, headers={"TENANT": OTHER_ID})
    assert room.problem(said)["status"] == "403"


def test_a_tenant_whose_portal_was_taken_away_has_no_practice(room: MedfusionWorld) -> None:
    room.picked_up()
    room.hub.tenants.save(room.tenant.model_copy(update={"vendors": {}}))
    assert room.problem(room.get())["status"] == "404"
    room.sent.clear()
    room.poll()
    assert all(PRACTICE not in it.path for it in room.sent)


def test_an_error_that_nobody_foresaw_is_told_in_xml_without_its_words(
    room: MedfusionWorld,
) -> None:
    def broken(at: str) -> None:
        if at == "before query":
            raise RuntimeError("a secret")

    room.picked_up()
    room.table.hook = broken
    said = room.get()
    problem = room.problem(said)
    assert problem["status"] == "500" and "secret" not in said.body
