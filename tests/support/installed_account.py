"""An account's CloudFormation and S3, as an installation of the macro meets them.

Knows the requests of an installation, and holds each against the service's own model. A stack is
created, updated or deleted at once, when its operation is followed to its end.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from cfn_trigger.deployment.installer import InstallEffects
from cfn_trigger.deployment.state import DeploymentState

REGION: Final = "eu-west-1"


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def check(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
    """Fail if a request is not what the service's model describes."""
    shape = _model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


def refusal(code: str, message: str, operation: str) -> ClientError:
    """Return the error of a refused request."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass(slots=True)
class FakeStack:
    """A stack; `template` is the text as it was passed."""

    name: str
    template: str
    status: str = "CREATE_COMPLETE"
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    transforms: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    role_arn: str | None = None

    @property
    def stack_id(self) -> str:
        """The ARN."""
        return f"arn:aws:cloudformation:{REGION}:123456789012:stack/{self.name}/1"


@dataclass(slots=True)
class FakeAccount:
    """Stacks by name, and objects by bucket and key.

    `failing` has operations that fail, such as `CREATE cfn-trigger`. `refused` has errors of
    requests by operation, each for one request. `requests` lists operations and what they were
    about.
    """

    stacks: dict[str, FakeStack] = field(default_factory=dict)
    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    refused: dict[str, list[ClientError]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def effects(self) -> InstallEffects:
        """The account, as an installation sees it."""
        return InstallEffects(
            cloudformation=FakeCloudFormation(self),
            s3=FakeS3(self),
            perform=self.perform,
            note=self.notes.append,
        )

    def asked(self, service: str, operation: str, about: str, parameters: dict[str, Any]) -> None:
        """Take a request in, and refuse it if that is scripted."""
        check(service, operation, parameters)
        self.requests.append((operation, about))
        if errors := self.refused.get(operation):
            raise errors.pop(0)

    def changes(self) -> list[tuple[str, str]]:
        """Return the requests that change something."""
        reading = ("Describe", "Get", "List")
        return [request for request in self.requests if not request[0].startswith(reading)]

    def stack(self, name: str, operation: str) -> FakeStack:
        """Return a stack by its name or id."""
        for stack in self.stacks.values():
            if name in (stack.name, stack.stack_id):
                return stack
        raise refusal("ValidationError", f"Stack with id {name} does not exist", operation)

    def perform(self, name: str, start: Callable[[], Any]) -> DeploymentState:
        """Start an operation, and let it end."""
        start()
        stack = self.stack(name, "DescribeStackEvents")
        first = stack.status
        operation = first.removesuffix("_IN_PROGRESS")
        fails = f"{operation} {stack.name}" in self.failing
        stack.status = f"{operation}_COMPLETE"
        if fails:
            stack.status = {
                "CREATE": "ROLLBACK_COMPLETE",
                "UPDATE": "UPDATE_ROLLBACK_COMPLETE",
                "DELETE": "DELETE_FAILED",
            }[operation]
        elif operation == "DELETE":
            self._delete(stack)
        elif "Packages" in json.loads(stack.template)["Resources"]:
            stack.outputs = {"Bucket": f"{stack.name}-bucket"}
            self.buckets.setdefault(stack.outputs["Bucket"], {})
        return DeploymentState(first_status=first, status=stack.status)

    def _delete(self, stack: FakeStack) -> None:
        bucket = stack.outputs.get("Bucket")
        if bucket:
            assert not self.buckets.pop(bucket), "CloudFormation deletes no bucket with objects"
        del self.stacks[stack.name]


@dataclass(frozen=True, slots=True)
class FakeCloudFormation:
    """The operations of CloudFormation."""

    account: FakeAccount
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name=REGION))

    def create_stack(self, **parameters: Any) -> dict[str, str]:
        """Begin to create a stack; its name may not be in use."""
        name = parameters["StackName"]
        self.account.asked("cloudformation", "CreateStack", name, parameters)
        assert name not in self.account.stacks, f"{name} exists"
        self.account.stacks[name] = FakeStack(
            name=name,
            template=parameters["TemplateBody"],
            status="CREATE_IN_PROGRESS",
            parameters={
                each["ParameterKey"]: each["ParameterValue"] for each in parameters["Parameters"]
            },
        )
        _keep_options(self.account.stacks[name], parameters)
        self._check_options(parameters)
        return {"StackId": self.account.stacks[name].stack_id}

    def update_stack(self, **parameters: Any) -> dict[str, str]:
        """Begin to update a stack, which must be at rest."""
        stack = self.account.stack(parameters["StackName"], "UpdateStack")
        self.account.asked("cloudformation", "UpdateStack", stack.name, parameters)
        assert not stack.status.endswith("_IN_PROGRESS")
        values = {
            each["ParameterKey"]: each["ParameterValue"]
            if "UsePreviousValue" not in each
            else stack.parameters[each["ParameterKey"]]
            for each in parameters["Parameters"]
        }
        self._check_options(parameters)
        old, new = json.loads(stack.template), json.loads(parameters["TemplateBody"])
        before = old["Resources"], stack.parameters, dict(stack.tags)
        _keep_options(stack, parameters)
        if before == (new["Resources"], values, stack.tags):  # whatever else differs
            message = "No updates are to be performed."
            raise refusal("ValidationError", message, "UpdateStack")
        if f"UPDATE {stack.name}" not in self.account.failing:  # otherwise it is rolled back
            stack.template = parameters["TemplateBody"]
            stack.parameters = values
        stack.status = "UPDATE_IN_PROGRESS"
        return {"StackId": stack.stack_id}

    def _check_options(self, parameters: dict[str, Any]) -> None:
        """Fail without the capabilities of a template that SAM transforms, and that has a role."""
        template = json.loads(parameters["TemplateBody"])
        if "Transform" in template:
            assert {*parameters["Capabilities"]} == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
        assert parameters["RetainExceptOnCreate"] is True

    def delete_stack(self, **parameters: Any) -> None:
        """Begin to delete a stack."""
        stack = self.account.stack(parameters["StackName"], "DeleteStack")
        self.account.asked("cloudformation", "DeleteStack", stack.name, parameters)
        _keep_options(stack, parameters)
        stack.status = "DELETE_IN_PROGRESS"

    def describe_stacks(self, **parameters: Any) -> dict[str, Any]:
        """Return a stack."""
        name = parameters["StackName"]
        self.account.asked("cloudformation", "DescribeStacks", name, parameters)
        stack = self.account.stack(name, "DescribeStacks")
        return {
            "Stacks": [
                {
                    "StackId": stack.stack_id,
                    "StackName": stack.name,
                    "StackStatus": stack.status,
                    "Parameters": [
                        {"ParameterKey": key, "ParameterValue": value}
                        for key, value in stack.parameters.items()
                    ],
                    "Outputs": [
                        {"OutputKey": key, "OutputValue": value}
                        for key, value in stack.outputs.items()
                    ],
                    "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
                }
            ]
        }

    def get_template(self, **parameters: Any) -> dict[str, Any]:
        """Return the template of a stack, parsed as boto3 does it."""
        name = parameters["StackName"]
        self.account.asked("cloudformation", "GetTemplate", name, parameters)
        assert parameters["TemplateStage"] == "Original"
        return {"TemplateBody": json.loads(self.account.stack(name, "GetTemplate").template)}

    def get_template_summary(self, **parameters: Any) -> dict[str, Any]:
        """Return the transforms that a stack's template declares; the key is left out if none."""
        name = parameters["StackName"]
        self.account.asked("cloudformation", "GetTemplateSummary", name, parameters)
        transforms = self.account.stack(name, "GetTemplateSummary").transforms
        return {"DeclaredTransforms": list(transforms)} if transforms else {}

    def get_paginator(self, operation: str) -> "FakePages":
        """Return the pages of ListStacks, one stack on each."""
        assert operation == "list_stacks"
        return FakePages(self._stack_pages)

    def _stack_pages(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        self.account.asked("cloudformation", "ListStacks", "", parameters)
        for stack in self.account.stacks.values():
            if stack.status in parameters["StackStatusFilter"]:
                yield {"StackSummaries": [{"StackName": stack.name}]}


def _keep_options(stack: FakeStack, parameters: Mapping[str, Any]) -> None:
    """Keep the role and the tags of a request; without them, the stack keeps what it has."""
    stack.role_arn = parameters.get("RoleARN", stack.role_arn)
    if "Tags" in parameters:
        stack.tags = {tag["Key"]: tag["Value"] for tag in parameters["Tags"]}


@dataclass(frozen=True, slots=True)
class FakeS3:
    """The operations of S3."""

    account: FakeAccount

    def put_object(self, **parameters: Any) -> None:
        """Keep an object."""
        self.account.asked("s3", "PutObject", parameters["Bucket"], parameters)
        bucket = self.account.buckets[parameters["Bucket"]]
        bucket[parameters["Key"]] = parameters["Body"]

    def delete_objects(self, **parameters: Any) -> None:
        """Delete at most 1,000 objects."""
        self.account.asked("s3", "DeleteObjects", parameters["Bucket"], parameters)
        objects = parameters["Delete"]["Objects"]
        assert 0 < len(objects) <= 1000
        for each in objects:
            del self.account.buckets[parameters["Bucket"]][each["Key"]]

    def get_paginator(self, operation: str) -> "FakePages":
        """Return the pages of ListObjectVersions; a page without objects has no list of them."""
        assert operation == "list_object_versions"
        return FakePages(self._version_pages)

    def _version_pages(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        self.account.asked("s3", "ListObjectVersions", parameters["Bucket"], parameters)
        keys = list(self.account.buckets[parameters["Bucket"]])
        for at in range(0, len(keys), 1000):
            entries = [{"Key": key, "VersionId": "null"} for key in keys[at : at + 1000]]
            yield {"Versions": entries}
        if not keys:
            yield {}


@dataclass(frozen=True, slots=True)
class FakePages:
    """A paginator."""

    pages: Callable[..., Iterator[dict[str, Any]]]

    def paginate(self, **parameters: Any) -> Iterable[dict[str, Any]]:
        """Return the pages."""
        return self.pages(**parameters)
