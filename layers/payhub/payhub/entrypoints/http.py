"""API Gateway -> command -> operation -> answer, for every function behind an authorizer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from payhub import wiring
from payhub.command import Command
from payhub.domain.errors import RoleNeeded, WrongTenant
from payhub.domain.tenant import Caller, Role
from payhub.entrypoints import problems, representations
from payhub.entrypoints.observability import log_unexpected, logger
from payhub.entrypoints.requests import HttpRequest, read_command, read_event
from payhub.ports import Hub

C = TypeVar("C", bound=Command)
R = TypeVar("R")

OPERATOR = Role.OPERATOR

Answer = dict[str, Any]
Dialect = Callable[[Answer], Answer]
Render = Callable[[R, Caller, str], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a handler does, so that the API's description can be generated from it."""

    operation: Callable[..., Any]
    command: type[BaseModel] | None = None
    render: Callable[..., Answer] | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Handler:
    """What Lambda calls: every error becomes a problem, every request one line in the log."""

    handle: Callable[[HttpRequest], Answer]
    declaration: Declaration
    dialect: Dialect | None = None

    def __call__(self, event: Mapping[str, Any], context: Any) -> Answer:
        """Answer an API Gateway proxy event."""
        request = read_event(event)
        try:
            answer = self.handle(request)
        except Exception as error:  # noqa: BLE001
            answer = _problem_of(error, request)
        if self.dialect is not None:
            answer = self.dialect(answer)
        logger.info(
            "answered",
            route=f"{request.method} {request.resource}",
            status=answer["statusCode"],
            tenant=request.authorizer.get("tenant"),
            payment_id=answer["headers"].get("Payment-Id"),
            correlation_id=request.correlation_id,
        )
        return answer


def endpoint(
    operation: Callable[[Hub, Caller, C], R],
    command: type[C],
    render: Render[R] = representations.reply_answer,  # type: ignore[assignment]
    role: Role = Role.CALLER,
    dialect: Dialect | None = None,
) -> Handler:
    """A Lambda handler that does `operation` for the caller the authorizer vouches for.

    `dialect` says problems as the clients of a vendor's path expect them.
    """
    hub = wiring.hub()

    def handle(request: HttpRequest) -> Answer:
        caller = _caller(hub, request, role)
        result = operation(hub, caller, read_command(request, command))
        return render(result, caller, request.correlation_id)

    declaration = Declaration(operation=operation, command=command, render=render, role=role)
    return Handler(handle, declaration, dialect)


def _problem_of(error: Exception, request: HttpRequest) -> Answer:
    known = problems.problem_of(error, request.correlation_id)
    if known is not None and known["statusCode"] < problems.UNEXPECTED.status:
        return known
    log_unexpected(error, correlation_id=request.correlation_id)
    return known or problems.problem(
        problems.UNEXPECTED,
        "Nothing is lost: repeat the request with the same key, or look the payment up.",
        correlation_id=request.correlation_id,
    )


def _caller(hub: Hub, request: HttpRequest, needed: Role) -> Caller:
    """Who calls, from the authorizer only. Raises WrongTenant and RoleNeeded."""
    vouched = request.authorizer
    tenant = hub.tenants.load(vouched["tenant"])
    sent = request.headers.get("tenant")
    if tenant is None or (sent is not None and sent not in (tenant.tenant, tenant.name)):
        raise WrongTenant("The key belongs to another tenant than the TENANT header names.")
    role = Role(vouched["role"])
    if needed is Role.OPERATOR and role is not Role.OPERATOR:
        raise RoleNeeded("This needs a key with the operator role.")
    return Caller(tenant=tenant, role=role, actor=vouched["actor"])
