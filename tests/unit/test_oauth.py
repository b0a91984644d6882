"""Medfusion's form of OAuth: applications, users and their tokens."""

import base64
import hashlib
import io
import json
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from payhub import wiring
from payhub.bearer import TOKEN_SECONDS
from payhub.domain.errors import BadCredentials, BadUser, NotFound
from payhub.domain.identity import digest
from payhub.domain.passwords import hash_of, is_password
from payhub.domain.records import CredentialKind
from payhub.domain.tenant import Role
from payhub.entrypoints import oauth
from payhub.entrypoints.http import Handler
from payhub.entrypoints.observability import logger
from payhub.operations.authenticate import Authenticate, authenticate
from payhub.operations.create_tenant import CreateTenant, NewTenant, create_tenant
from payhub.operations.get_oauth_application import (
    GetOAuthApplication,
    OAuthApplication,
    get_oauth_application,
)
from payhub.operations.issue_portal_token import IssuePortalToken, issue_portal_token
from payhub.operations.issue_token import IssueToken, issue_token
from payhub.ports import OAUTH_SECRET
from tests.support.fakes import World

Json = dict[str, Any]

WANTED = {
    "name": "Riverside Clinic",
    "amount_unit": "cents",
    "medfusion_practice_ids": ["1c7ecf9f-9700-4e70-b976-9356db658274"],
}


def clinic(world: World, **changes: Any) -> NewTenant:
    """A tenant whose practice Medfusion's clients work for."""
    return create_tenant(world.hub, CreateTenant.model_validate({**WANTED, **changes}))


def application(world: World, app_token: str | None) -> OAuthApplication:
    """What the token's holder is told."""
    return get_oauth_application(
        world.hub, GetOAuthApplication.model_validate({"app_token": app_token})
    )


def token(world: World, app: OAuthApplication, username: Any = None, password: Any = None) -> str:
    """A token, of the user where there is one."""
    user = None if username is None else {"username": username, "password": password}
    fields = {"client_id": app.client_id, "client_secret": app.client_secret, "user": user}
    return issue_portal_token(world.hub, IssuePortalToken.model_validate(fields)).access_token


def holder(world: World, bearer: str) -> str | None:
    """Whose token it is, as the authorizer of the bearer routes finds out."""
    presented = {"kind": CredentialKind.BEARER, "secret": bearer}
    found = authenticate(world.hub, Authenticate.model_validate(presented))
    assert found is None or found.role is Role.CALLER
    return None if found is None else found.tenant


@pytest.fixture
def scrypts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every hash that was made, by its cost."""
    made: list[dict[str, Any]] = []
    scrypt = hashlib.scrypt

    def counting(password: bytes, **settings: Any) -> bytes:
        made.append({name: settings[name] for name in ("n", "r", "p")})
        return scrypt(password, **settings)

    monkeypatch.setattr(hashlib, "scrypt", counting)
    return made


def test_an_application_and_its_user_get_tokens_of_the_tenant(world: World) -> None:
    made = clinic(world)
    app = application(world, made.app_token)
    assert app.name == "Riverside Clinic"
    assert holder(world, token(world, app)) == made.tenant
    assert holder(world, token(world, app, made.username, made.password)) == made.tenant


def test_the_history_tells_a_user_from_its_application(world: World) -> None:
    made = clinic(world)
    app = application(world, made.app_token)
    actors = set()
    for who in ((), (made.username, made.password)):
        bearer = token(world, app, *who)
        credential = world.hub.tenants.credential(digest("bearer", bearer))
        assert credential is not None
        actors.add(credential.actor)
    assert len(actors) == 2 and all(actor.startswith("caller:") for actor in actors)


def test_a_token_ends_with_its_time(world: World) -> None:
    bearer = token(world, application(world, clinic(world).app_token))
    world.clock.advance(TOKEN_SECONDS)
    assert holder(world, bearer) is None


def test_the_applications_client_may_ask_at_the_other_token_path_too(world: World) -> None:
    made = clinic(world)
    app = application(world, made.app_token)
    command = {"client_id": app.client_id, "client_secret": app.client_secret}
    issued = issue_token(world.hub, IssueToken.model_validate(command))
    assert holder(world, issued.access_token) == made.tenant


def test_nothing_that_opens_anything_is_in_the_table_or_in_a_repr(world: World) -> None:
    made = clinic(world)
    app = application(world, made.app_token)
    bearer = token(world, app, made.username, made.password)
    key = world.secrets.get(made.tenant, OAUTH_SECRET)["key"]
    stored = str(world.table.items)
    for secret in (made.app_token, made.username, made.password, app.client_secret, bearer, key):
        assert secret and secret not in stored
    assert app.client_secret not in repr(app)
    asked = GetOAuthApplication.model_validate({"app_token": made.app_token})
    assert made.app_token and made.app_token not in repr(asked)


@pytest.mark.parametrize("mistake", ["user", "password", "both"])
def test_a_wrong_and_an_unknown_user_cost_one_scrypt_and_read_the_same(
    world: World, scrypts: list[Json], mistake: str
) -> None:
    made = clinic(world)
    app = application(world, made.app_token)
    username = "nobody" if mistake in ("user", "both") else made.username
    password = "wrong" if mistake in ("password", "both") else made.password
    scrypts.clear()
    with pytest.raises(BadUser, match=r"^The user name or password is wrong\.$"):
        token(world, app, username, password)
    assert scrypts == [{"n": 2**14, "r": 8, "p": 1}]


def test_the_right_password_costs_one_scrypt_too(world: World, scrypts: list[Json]) -> None:
    made = clinic(world)
    app = application(world, made.app_token)
    scrypts.clear()
    token(world, app, made.username, made.password)
    assert len(scrypts) == 1


def test_a_user_signs_in_through_an_application_of_the_own_tenant_only(
    world: World, scrypts: list[Json]
) -> None:
    own, other = clinic(world), clinic(world, name="Hilltop")
    app = application(world, own.app_token)
    scrypts.clear()
    with pytest.raises(BadUser, match=r"^The user name or password is wrong\.$"):
        token(world, app, other.username, other.password)
    assert len(scrypts) == 1


def test_an_app_token_leads_to_its_own_tenant_only(world: World) -> None:
    own, other = clinic(world), clinic(world, name="Hilltop")
    apps = [application(world, made.app_token) for made in (own, other)]
    assert apps[0].client_id != apps[1].client_id
    mixed = replace(apps[0], client_secret=apps[1].client_secret)
    with pytest.raises(BadCredentials):
        token(world, mixed)


def test_an_unknown_app_token_is_not_found(world: World) -> None:
    made = clinic(world)
    for wrong in ("nothing", made.api_key, made.client_secret, made.password):
        with pytest.raises(NotFound):
            application(world, wrong)


def test_an_app_token_opens_nothing_else(world: World) -> None:
    made = clinic(world)
    for kind in (CredentialKind.BEARER, CredentialKind.API_KEY):
        presented = {"kind": kind, "secret": made.app_token}
        assert authenticate(world.hub, Authenticate.model_validate(presented)) is None


def test_a_second_run_adds_an_application_and_leaves_the_first_as_it_was(world: World) -> None:
    first = clinic(world)
    app = application(world, first.app_token)
    second = clinic(world, tenant=first.tenant)
    assert application(world, first.app_token) == app
    assert application(world, second.app_token).client_id != app.client_id
    for made in (first, second):
        assert holder(world, token(world, app, made.username, made.password)) == first.tenant


def test_with_another_key_old_app_tokens_tell_no_secret_any_more(world: World) -> None:
    first = clinic(world)
    world.secrets.put(first.tenant, OAUTH_SECRET, {"key": "another"})
    with pytest.raises(NotFound):
        application(world, first.app_token)
    second = clinic(world, tenant=first.tenant)
    assert holder(world, token(world, application(world, second.app_token))) == first.tenant


def test_a_key_that_was_replaced_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = clinic(world)
    get = world.secrets.get

    def remembering(tenant: str, vendor: str, *, fresh: bool = False) -> Any:
        return get(tenant, vendor, fresh=True) if fresh else {"key": "remembered"}

    monkeypatch.setattr(world.secrets, "get", remembering)
    assert holder(world, token(world, application(world, made.app_token))) == made.tenant


def test_a_tenant_without_practices_there_has_no_application(world: World) -> None:
    made = clinic(world, medfusion_practice_ids=[])
    assert (made.app_token, made.username, made.password) == (None, None, None)
    assert world.secrets.find(made.tenant, OAUTH_SECRET) is None


def test_the_same_password_is_kept_differently_each_time() -> None:
    one, two = hash_of("password", "salt-1"), hash_of("password", "salt-2")
    assert one.scrypt != two.scrypt and "password" not in one.scrypt
    assert is_password("password", one) and is_password("password", two)
    assert not is_password("Password", one) and not is_password("", None)


# ---------------------------------------------------------------- through the entrypoints


@pytest.fixture
def handlers(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Handler]:
    """The three OAuth handlers on the world's hub."""
    monkeypatch.setattr(wiring, "hub", lambda: world.hub)
    return {
        "token": oauth.portal_token_endpoint(),
        "plain": oauth.token_endpoint(),
        "application": oauth.application_endpoint(),
    }


def basic(client_id: str, secret: str) -> str:
    """The header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def sent(handler: Handler, form: Any, authorization: str = "") -> tuple[int, Json, Json]:
    """Status, body and headers of what is answered to a form."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    headers |= {"authorization": authorization} if authorization else {}
    body = form if isinstance(form, str) else urlencode(form)
    answer = handler({"httpMethod": "POST", "headers": headers, "body": body}, None)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def asked(handler: Handler, app_token: str) -> tuple[int, Json]:
    """Status and body of what is answered to an application token."""
    event = {
        "httpMethod": "GET",
        "resource": "/v1/oauth2/oauthapplication/{appToken}",
        "pathParameters": {"appToken": app_token},
    }
    answer = handler(event, None)
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def test_an_integration_signs_in_as_the_vendor_documents_it(
    world: World, handlers: dict[str, Handler]
) -> None:
    made = clinic(world)
    status, app = asked(handlers["application"], str(made.app_token))
    assert status == 200
    assert app == {
        "applicationName": "Riverside Clinic",
        "grantTypes": ["password", "client_credentials"],
        "clientId": app["clientId"],
        "clientSecret": app["clientSecret"],
        "oauthVersion": "O_AUTH_2_0",
    }
    form = {"grant_type": "password", "username": made.username, "password": made.password}
    header = basic(app["clientId"], app["clientSecret"])
    for wanted in (form, {"grant_type": "client_credentials"}):
        status, body, headers = sent(handlers["token"], wanted, header)
        assert status == 200 and headers["Cache-Control"] == "no-store"
        assert holder(world, body.pop("accessToken")) == made.tenant
        assert body == {
            "tokenType": "BEARER",
            "expiresIn": 3600,
            "refreshToken": None,
            "accessTokenSecret": None,
        }


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ("", 400, "invalid_request"),
        ("grant_type=refresh_token", 400, "unsupported_grant_type"),
        ("grant_type=password", 400, "invalid_request"),
        ("grant_type=password&username=u&password=", 400, "invalid_request"),
        ("grant_type=password&username=u&username=v&password=p", 400, "invalid_request"),
        ("grant_type=password&username=u&password=p", 400, "invalid_grant"),
    ],
)
def test_a_mistake_is_worded_as_oauth_words_it(
    world: World, handlers: dict[str, Handler], form: str, status: int, error: str
) -> None:
    app = application(world, clinic(world).app_token)
    answer = sent(handlers["token"], form, basic(app.client_id, app.client_secret))
    assert answer[:1] == (status,) and answer[1]["error"] == error
    assert answer[1].keys() == {"error", "error_description"}


@pytest.mark.parametrize("header", ["", "Basic", "Basic !", "Bearer x", basic("a", "b")])
@pytest.mark.parametrize("grant", ["client_credentials", "password"])
def test_a_wrong_client_is_a_401_whatever_the_grant(
    handlers: dict[str, Handler], header: str, grant: str
) -> None:
    form = {"grant_type": grant, "username": "u", "password": "p"}
    status, body, headers = sent(handlers["token"], form, header)
    assert (status, body["error"]) == (401, "invalid_client")
    assert headers["WWW-Authenticate"].startswith("Basic")


def test_the_plain_token_path_takes_no_passwords(handlers: dict[str, Handler]) -> None:
    form = {"grant_type": "password", "username": "u", "password": "p"}
    status, body, _ = sent(handlers["plain"], form)
    assert (status, body["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("app_token", ["nothing", "x" * 300, "..%2f", "4111111111111111"])
def test_a_token_that_is_none_is_a_problem_without_it(
    handlers: dict[str, Handler], app_token: str
) -> None:
    status, body = asked(handlers["application"], app_token)
    assert status in (400, 404) and app_token not in json.dumps(body)


def test_no_secret_is_logged(
    world: World, handlers: dict[str, Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.StringIO()
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", lines)
    made = clinic(world)
    _, app = asked(handlers["application"], str(made.app_token))
    form = {"grant_type": "password", "username": made.username, "password": made.password}
    header = basic(app["clientId"], app["clientSecret"])
    _, body, _ = sent(handlers["token"], form, header)
    sent(handlers["token"], {**form, "password": "wrong-one"}, header)
    output = lines.getvalue()
    assert output.count("answered") == 3
    for secret in (made.app_token, made.password, made.username, "wrong-one", header):
        assert cast("str", secret) not in output
    assert app["clientSecret"] not in output and body["accessToken"] not in output
