"""What a deployed stack is made of: outputs, functions, and the environment they run in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from local.settings import REGION, STACK_NAME, Settings
from local.stack import Clients, credentials

# Every function has the same PAYHUB_* variables; any of them will do.
_ANY_FUNCTION = "IssuePaymentFunction"


@dataclass(frozen=True)
class Deployed:
    """A stack, read from its account and never assumed."""

    name: str
    client: Callable[[str], Any]
    access: dict[str, str]

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        stack = self._formation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}

    def physical_id(self, logical_id: str) -> str:
        """The name that the stack gave to a resource."""
        found = self._formation.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def environment(self) -> dict[str, str]:
        """The environment of the functions, with access to their account."""
        configuration = self.client("lambda").get_function_configuration(
            FunctionName=self.physical_id(_ANY_FUNCTION)
        )
        return {**configuration["Environment"]["Variables"], **self.access}

    @cached_property
    def _formation(self) -> Any:
        return self.client("cloudformation")


def on_this_machine(settings: Settings) -> Deployed:
    """The local stack, with its administrator's access."""
    access = {
        **credentials(),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": settings.stack_url,
    }
    return Deployed(STACK_NAME, Clients(settings).client, access)


def in_aws(stack_name: str) -> Deployed:
    """A stack in the account of the usual AWS profile."""
    client: Any = boto3.session.Session().client
    return Deployed(stack_name, client, {})
