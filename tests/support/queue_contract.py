"""What the hub relies on from its queues, as tests that any queue can be held to."""

from typing import Protocol

from payhub.queue import SqsQueue

VISIBILITY_SECONDS, RECEIVES_MAX = 1, 2
PAYMENT = {"v": 1, "tenant": "t-1", "payment": "p-1"}


class Received(Protocol):
    """A message in a worker's hands."""

    @property
    def ids(self) -> dict[str, str]:
        """What its body says."""
        ...

    @property
    def is_dead(self) -> bool:
        """Whether it was taken from the dead letters."""
        ...


class Subject(Protocol):
    """A queue with a visibility of VISIBILITY_SECONDS whose messages die after RECEIVES_MAX."""

    @property
    def adapter(self) -> SqsQueue:
        """The hub's side."""
        ...

    def receive(self) -> Received | None:
        """A message that can be seen now, of the queue or of its dead letters."""
        ...

    def delete(self, message: Received) -> None:
        """The worker has done it."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...


class QueueContract:
    """Inherited by a test class per kind of queue; `queue` is a fixture."""

    def test_what_is_sent_is_received_as_it_was_sent(self, queue: Subject) -> None:
        queue.adapter.payment_due("t-1", "p-1", 0)
        message = queue.receive()
        assert message is not None and message.ids == PAYMENT
        assert not message.is_dead

    def test_what_was_received_is_hidden_until_it_is_deleted_or_comes_back(
        self, queue: Subject
    ) -> None:
        queue.adapter.payment_due("t-1", "p-1", 0)
        assert queue.receive() is not None
        assert queue.receive() is None
        queue.wait(VISIBILITY_SECONDS)
        again = queue.receive()
        assert again is not None and again.ids == PAYMENT
        queue.delete(again)
        queue.wait(VISIBILITY_SECONDS)
        assert queue.receive() is None

    def test_a_message_comes_no_sooner_than_it_is_due(self, queue: Subject) -> None:
        queue.adapter.payment_due("t-1", "p-1", 2)
        assert queue.receive() is None
        queue.wait(2)
        assert queue.receive() is not None

    def test_the_same_message_twice_is_two_messages(self, queue: Subject) -> None:
        queue.adapter.payment_due("t-1", "p-1", 0)
        queue.adapter.payment_due("t-1", "p-1", 0)
        first, second = queue.receive(), queue.receive()
        assert first is not None and second is not None
        queue.delete(first)
        queue.wait(VISIBILITY_SECONDS)
        assert queue.receive() is not None

    def test_what_nobody_gets_done_becomes_a_dead_letter(self, queue: Subject) -> None:
        queue.adapter.event_due("t-1", "optum", "e-1", 0)
        for _ in range(RECEIVES_MAX):
            message = queue.receive()
            assert message is not None and not message.is_dead
            queue.wait(VISIBILITY_SECONDS)
        dead = queue.receive()
        assert dead is not None and dead.is_dead
        assert dead.ids == {"v": 1, "tenant": "t-1", "vendor": "optum", "event": "e-1"}
