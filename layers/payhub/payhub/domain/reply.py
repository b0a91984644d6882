"""What an operation on one payment answers, before it is HTTP."""

from dataclasses import dataclass

from payhub.domain.payment import Action, Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The payment and the action that the request asked for, or is a repeat of."""

    payment: Payment
    action: Action
    replayed: bool = False
