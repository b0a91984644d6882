"""What callers want, once each, and everything that they were told about it."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

_ASK_AGAIN = frozenset({202, 401, 408, 429})
_ASK_AGAIN_FROM = 500
_CONFLICT = 409
_NOT_YET = ("problems/still-running", "problems/action-open")
_CORRELATION_ID = re.compile(r"<correlation_id>[^<]*</correlation_id>")
_PAUSE_SECONDS, _PAUSE_MAX_SECONDS = 0.5, 3.0

UNHEARD = (httpx.HTTPError, ValueError, KeyError)
"""No answer, or none that can be read: as a caller meets it when something dies."""


@dataclass(frozen=True)
class Told:
    """A last word: what every repeat of the request must be told too, if it was accepted."""

    status: int
    body: str
    payment_id: str

    @property
    def json(self) -> Any:
        """The body, where it is JSON."""
        return json.loads(self.body)

    @property
    def is_yes(self) -> bool:
        """Whether it was done: a vendor's no may come with HTTP 200, and says so."""
        refused = '"success": "false"' in self.body or '"error": ' in self.body
        return httpx.codes.is_success(self.status) and not refused

    def __str__(self) -> str:
        return f"{self.status} {self.body[:300]}"


@dataclass
class Intent:
    """One thing that is wanted once. `done` is the status of the answer when it was done.

    `answers` counts the last words that it was given.
    """

    vendor: str
    operation: str
    name: str
    done: int
    send: Callable[[], httpx.Response]
    requests: int = 0
    answers: int = 0
    payment_id: str = ""
    told: Told | None = None
    complaints: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_accepted(self) -> bool:
        """Whether the hub has said that it keeps a payment for it."""
        return self.payment_id != ""

    def ask(self) -> None:
        """Send the request once, and note what came back."""
        with self._lock:
            self.requests += 1
        try:
            answer = self.send()
        except UNHEARD:
            return
        with self._lock:
            self._note(answer)

    def ask_until_told(self, seconds: float, give_up: Callable[[], bool] = bool) -> Told | None:
        """Repeat the same request until there is a last word; None if there is none in time."""
        deadline, pause = time.monotonic() + seconds, _PAUSE_SECONDS
        while True:
            self.ask()
            if self.told is not None or time.monotonic() > deadline or give_up():
                return self.told
            time.sleep(pause)
            pause = min(2 * pause, _PAUSE_MAX_SECONDS)

    def ask_at_once(self, times: int) -> None:
        """The same request several times side by side, as a nervous caller does."""
        callers = [threading.Thread(target=self.ask) for _ in range(times)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()

    def _note(self, answer: httpx.Response) -> None:
        payment_id = answer.headers.get("Payment-Id", "")
        if payment_id and self.payment_id and payment_id != self.payment_id:
            self._complain(f"was told of payment {self.payment_id}, then of {payment_id}")
        self.payment_id = self.payment_id or payment_id
        if not is_last_word(answer, self.done):
            return
        self.answers += 1
        told = Told(answer.status_code, _words_of(answer), payment_id)
        if self.told is None or not self.told.payment_id:
            self.told = told
        elif payment_id and told != self.told:
            self._complain(f"was told {self.told}, then {told}")

    def _complain(self, words: str) -> None:
        self.complaints.append(f"{self} {words}")

    def __str__(self) -> str:
        return f"the caller of {self.vendor} {self.operation} {self.name}"


def is_last_word(answer: httpx.Response, done: int) -> bool:
    """Whether a careful caller stops asking: done, or refused for good."""
    status = answer.status_code
    if status == done:
        return True
    if status in _ASK_AGAIN or status >= _ASK_AGAIN_FROM:
        return False
    return status != _CONFLICT or not any(kind in answer.text for kind in _NOT_YET)


def _words_of(answer: httpx.Response) -> str:
    """The body without what is another one each time."""
    try:
        body = answer.json()
    except ValueError:
        return _CORRELATION_ID.sub("", answer.text)
    if isinstance(body, dict):
        body.pop("correlation_id", None)
        if "planId" in body:  # a plan is shown as it stands now, to repeats too
            body = {"planId": body["planId"]}
    return json.dumps(body, sort_keys=True)


@dataclass
class Notebook:
    """All intents of a run; many callers write it."""

    intents: list[Intent] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, intent: Intent) -> Intent:
        """Before it is asked for the first time."""
        with self._lock:
            self.intents.append(intent)
        return intent

    def complain(self, words: str) -> None:
        """Something that no caller should ever meet."""
        with self._lock:
            self.unexpected.append(words)

    @property
    def accepted(self) -> int:
        """How many are kept by the hub."""
        return sum(it.is_accepted for it in self.intents)

    def complaints(self) -> list[str]:
        """Every sentence that callers have to say against the hub."""
        told = [words for intent in self.intents for words in intent.complaints]
        never = [f"{it} never had an answer" for it in self.intents if it.told is None]
        return [*self.unexpected, *told, *never]
