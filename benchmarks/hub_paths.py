"""Scenarios of the hub's own paths: credentials, tokens, documents, dead letters, schedules."""

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.athena import collect_events
from benchmarks.events import body_of, event_for, unique
from benchmarks.medfusion import BILL, paid
from benchmarks.optum import issued, load, message_event, store
from benchmarks.stage import Stage, sample
from payhub.domain.records import DeadLetter

Event = dict[str, Any]
Events = Callable[[Stage], Iterator[Event]]


def _unchanged(function: str) -> Events:
    """The sample again and again."""

    def events(stage: Stage) -> Iterator[Event]:
        del stage
        yield from itertools.repeat(sample(function))

    return events


def _basic(client_id: str, client_secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def _token(stage: Stage) -> Iterator[Event]:
    headers = _basic(stage.tenant.client_id, stage.tenant.client_secret)
    yield from itertools.repeat(event_for(stage, "api/issue_token", headers=headers))


def _application(stage: Stage) -> Iterator[Event]:
    path = {"appToken": str(stage.tenant.app_token)}
    yield from itertools.repeat(event_for(stage, "api/get_oauth_application", path=path))


def _portal_token(stage: Stage) -> Iterator[Event]:
    shown = body_of(stage.invoke("api/get_oauth_application", next(_application(stage))))
    headers = _basic(shown["clientId"], shown["clientSecret"])
    user = {"username": str(stage.tenant.username), "password": str(stage.tenant.password)}
    form = {"grant_type": "password", **user}
    event = event_for(stage, "api/issue_portal_token", form=form, headers=headers)
    yield from itertools.repeat(event)


def _key(stage: Stage) -> Iterator[Event]:
    event = {**sample("authorizers/api_key"), "authorizationToken": stage.tenant.api_key}
    yield from itertools.repeat(event)


def _bearer(stage: Stage) -> Iterator[Event]:
    token = body_of(stage.invoke("api/issue_token", next(_token(stage))))["access_token"]
    event = {**sample("authorizers/bearer_token"), "authorizationToken": f"Bearer {token}"}
    yield from itertools.repeat(event)


def _letters(stage: Stage) -> Iterator[str]:
    """Ids of letters about payments that came to nothing bad after all."""
    while True:
        payment_id, now_ms = issued(stage), stage.hub.clock.now_ms()
        letter = DeadLetter(
            tenant=stage.tenant.tenant,
            letter_id=f"{now_ms:013d}-{payment_id}",
            kind="payment",
            subject_id=payment_id,
            vendor="optum",
            reason="issue was tried 40 times without reaching the vendor",
            at_ms=now_ms,
        )
        stage.hub.dead_letters.add(letter)
        yield letter.letter_id


def _list_letters(stage: Stage) -> Iterator[Event]:
    for _ in itertools.islice(_letters(stage), 10):
        pass
    yield from itertools.repeat(event_for(stage, "api/list_dead_letters"))


def _redrive(stage: Stage) -> Iterator[Event]:
    for letter_id in _letters(stage):
        yield event_for(stage, "api/redrive_dead_letter", path={"deadLetterId": letter_id})


def _dead_letter(stage: Stage) -> Iterator[Event]:
    while True:
        body = {"v": 1, "tenant": stage.tenant.tenant, "payment": "0" * 24 + unique()}
        yield message_event("workers/dead_letter", json.dumps(body))


def _sweep(stage: Stage) -> Iterator[Event]:
    """Ten payments are due."""
    for _ in range(10):
        store(stage, replace(load(stage, issued(stage)), due_at_ms=1))
    yield from itertools.repeat(sample("schedules/sweep"))


def _poll(stage: Stage) -> Iterator[Event]:
    """The portal shows five bills; from the second poll on they are known."""
    paid(stage, BILL, 5)
    yield from itertools.repeat(sample("schedules/poll_portal_payments"))


def _settle(stage: Stage) -> Iterator[Event]:
    """Ten payments were collected today: too early, so they are looked at and left."""
    collects = collect_events(stage)
    for event in itertools.islice(collects, 10):
        stage.invoke("api/collect_payment", event)
    yield from itertools.repeat(sample("schedules/settle_payments"))


EVENTS: dict[str, Events] = {
    "api/documentation": _unchanged("api/documentation"),
    "api/unknown_route": _unchanged("api/unknown_route"),
    "api/issue_token": _token,
    "api/get_oauth_application": _application,
    "api/issue_portal_token": _portal_token,
    "api/list_dead_letters": _list_letters,
    "api/redrive_dead_letter": _redrive,
    "authorizers/api_key": _key,
    "authorizers/bearer_token": _bearer,
    "workers/dead_letter": _dead_letter,
    "schedules/sweep": _sweep,
    "schedules/collect_missed_events": _unchanged("schedules/collect_missed_events"),
    "schedules/poll_portal_payments": _poll,
    "schedules/settle_payments": _settle,
}
