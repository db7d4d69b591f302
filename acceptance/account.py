"""An account in which everything that is created has a common prefix, and is removed in the end.

Knows stacks, their events, function logs and a bucket. Refuses to know what a stack is for. Waits
only by the `sleep` that it is passed.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from cfn_trigger.deployment.reasons import unwrapped

CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
PATIENCE: Final = 3 * 3600
"""Seconds after which a stack that is still in progress is reported."""

_GONE: Final = "does not exist"
_NOTHING_TO_UPDATE: Final = "No updates are to be performed"


class NotAsExpectedError(Exception):
    """Something in the account is not as a promise says; the message tells what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One stack event."""

    resource: str
    status: str
    reason: str
    properties: str

    @property
    def is_final(self) -> bool:
        """Whether the resource is not in progress."""
        return not self.status.endswith("_IN_PROGRESS")


@dataclass(kw_only=True)
class Account:
    """The account of the current credentials, in one region."""

    prefix: str
    client: Callable[[str], Any]
    sleep: Callable[[float], None]
    poll_seconds: float = 5
    stacks: list[str] = field(default_factory=list)
    leftovers: list[Callable[[], object]] = field(default_factory=list)
    """What no stack deletes: called, last first, when everything is removed."""

    def name(self, stack: str) -> str:
        """Return the full name of a stack."""
        return f"{self.prefix}-{stack}"

    def macro_name(self, kind: str = "") -> str:
        """Return the name of a macro of this account, which has only letters and digits."""
        return "".join(part.capitalize() for part in self.prefix.split("-")) + kind

    def own(self, stack: str) -> str:
        """Note a stack that is about to be created, so that it is removed; return its full name."""
        name = self.name(stack)
        if name not in self.stacks:
            self.stacks.append(name)
        return name

    def create(self, stack: str, template: object, **parameters: Any) -> str:
        """Create a stack and return its final status, or the message of a refused request."""
        cloudformation, name = self.client("cloudformation"), self.own(stack)
        return self._operated(name, cloudformation.create_stack, template, parameters)

    def update(self, stack: str, template: object, **parameters: Any) -> str:
        """Update a stack and return its final status, or the message of a refused request."""
        cloudformation, name = self.client("cloudformation"), self.own(stack)
        return self._operated(name, cloudformation.update_stack, template, parameters)

    def begin_update(self, stack: str, template: object, **parameters: Any) -> None:
        """Update a stack without waiting for the end."""
        cloudformation, name = self.client("cloudformation"), self.own(stack)
        cloudformation.update_stack(**_request(name, template, parameters))

    def cancel_update(self, stack: str) -> str:
        """Cancel an update and return the stack's final status."""
        self.client("cloudformation").cancel_update_stack(StackName=self.name(stack))
        return self.final_status(self.name(stack))

    def delete(self, stack: str) -> str:
        """Delete a stack and return its final status."""
        stack_id = self._description(self.name(stack))["StackId"]
        self.client("cloudformation").delete_stack(StackName=stack_id)
        return self.final_status(stack_id)

    def outputs(self, stack: str) -> dict[str, str]:
        """Return the outputs of a stack."""
        listed = self._description(self.name(stack)).get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in listed}

    def status_reason(self, stack: str) -> str:
        """Return why a stack has its status; empty if it does not say."""
        return str(self._description(self.name(stack)).get("StackStatusReason", ""))

    def physical_id(self, stack: str, resource: str) -> str:
        """Return the physical id of a resource."""
        detail = self.client("cloudformation").describe_stack_resource(
            StackName=self.name(stack), LogicalResourceId=resource
        )
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def events(self, stack: str) -> list[Event]:
        """Return the events of a stack, first to last."""
        paginator = self.client("cloudformation").get_paginator("describe_stack_events")
        pages = paginator.paginate(StackName=self.name(stack))
        listed = [event for page in pages for event in page["StackEvents"]]
        return [
            Event(
                resource=event["LogicalResourceId"],
                status=event["ResourceStatus"],
                reason=event.get("ResourceStatusReason", ""),
                properties=event.get("ResourceProperties", ""),
            )
            for event in reversed(listed)
        ]

    def failures(self, stack: str) -> str:
        """Return the reasons of what failed in a stack."""
        failed = [event for event in self.events(stack) if event.status.endswith("FAILED")]
        return "; ".join(f"{event.resource}: {unwrapped(event.reason)}" for event in failed)

    def log(self, function: str) -> list[str]:
        """Return the messages in a function's log."""
        paginator = self.client("logs").get_paginator("filter_log_events")
        try:
            pages = list(paginator.paginate(logGroupName=f"/aws/lambda/{function}"))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return []  # it has not run yet
            raise
        return [event["message"] for page in pages for event in page["events"]]

    def final_status(self, name: str) -> str:
        """Wait until a stack is not in progress, and return its status."""
        for _ in range(int(PATIENCE / self.poll_seconds)):
            status = str(self._description(name)["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
            self.sleep(self.poll_seconds)
        raise NotAsExpectedError(f"{name}: is still {status}")

    def remove_everything(self) -> Iterator[str]:
        """Delete what was created, last first; yield what could not be deleted, and why."""
        for name in reversed(self.stacks):
            try:
                stack_id = self._description(name)["StackId"]
                self.final_status(stack_id)
                self.client("cloudformation").delete_stack(StackName=stack_id)
                if (status := self.final_status(stack_id)) != "DELETE_COMPLETE":
                    yield f"stack {name}: is {status}"
            except (ClientError, NotAsExpectedError) as error:
                if _GONE not in str(error):
                    yield f"stack {name}: {error}"
        for remove in reversed(self.leftovers):
            try:
                remove()
            except ClientError as error:
                yield f"{error}"

    def _operated(
        self, name: str, operate: Callable[..., Any], template: object, parameters: dict[str, Any]
    ) -> str:
        try:
            operate(**_request(name, template, parameters))
        except ClientError as error:
            if _NOTHING_TO_UPDATE not in str(error):
                return str(error)
        return self.final_status(name)

    def _description(self, name: str) -> Mapping[str, Any]:
        described = self.client("cloudformation").describe_stacks(StackName=name)
        (description,) = described["Stacks"]
        return dict(description)


def _request(name: str, template: object, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the request that creates or updates a stack.

    `parameters` are further members of the request; `Parameters` is a map there.
    """
    values: Mapping[str, str] = parameters.pop("Parameters", {})
    return {
        "StackName": name,
        "TemplateBody": template if isinstance(template, str) else json.dumps(template),
        "Capabilities": list(CAPABILITIES),
        "Parameters": _parameters(values),
        **parameters,
    }


def _parameters(values: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
