"""What an operation on payments or plans answers, before it is HTTP."""

from dataclasses import dataclass

from payhub.domain.payment import Action, Payment
from payhub.domain.plan import Installment, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The payment and the action that the request asked for, or is a repeat of."""

    payment: Payment
    action: Action
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan with the payments taken for it, and what is overdue today where the tenant is."""

    payment: Payment
    plan: Plan
    payments: tuple[Payment, ...]
    overdue: tuple[Installment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """Some plans and the cursor of what follows."""

    plans: tuple[PlanView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReply:
    """What became of an action on a plan, and the plan."""

    reply: Reply
    plan: PlanView
