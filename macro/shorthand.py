"""What there is to write: every property, what it takes, what it means.

The one definition of the shorthand: `parse` reads by it, the tables of `docs/shorthand.md` and the
JSON Schemas for editors are generated from it. Refuses to know how a value is read (`readers`) and
what a property is when it is not written (`model`), which it looks up there.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

from macro.model import Retry, Settings, Trigger
from macro.readers import (
    ANYTHING,
    BOOLEAN,
    DAYS,
    FUNCTION,
    HANDLER,
    SELECTORS,
    TEXTS,
    Reader,
    field_name,
    number,
    one_of,
    retry,
    text,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Property:
    """A property: what it takes, what it means, and what holds where no value stands for it."""

    takes: Reader
    summary: str
    otherwise: str = ""


RETRY: Final[Mapping[str, Property]] = {
    "MaxAttempts": Property(number(1, 100, whole=True), "So often is the handler tried in all."),
    "Interval": Property(number(0, 3540), "Seconds before the second attempt."),
    "BackoffRate": Property(number(1, 10), "Each wait is so many times as long as the last."),
    "MaxInterval": Property(number(0, 3540), "Seconds that no wait is longer than."),
}

PROPERTIES: Final[Mapping[str, Property]] = {
    "Handler": Property(
        HANDLER, "The function to run.", otherwise="this or `Function` is required"
    ),
    "Function": Property(FUNCTION, "Defines the function to run together with its trigger."),
    "Payload": Property(
        ANYTHING, "What the handler receives.", otherwise="a description of the event"
    ),
    "InvocationType": Property(
        one_of("RequestResponse", "Event", "DryRun"),
        "Wait for the result, hand over and go on, or only check that the handler may be invoked.",
    ),
    "Timeout": Property(
        number(1, 3540, whole=True),
        "Seconds for all attempts, waits and polls together.",
    ),
    "ExecuteAfter": Property(SELECTORS, "These are provisioned first."),
    "ExecuteBefore": Property(SELECTORS, "These are provisioned only after the trigger succeeded."),
    "ExecuteOnHandlerChange": Property(
        BOOLEAN, "Run again when the handler's code or configuration changes."
    ),
    "ExecuteOnEveryDeployment": Property(BOOLEAN, "Run at every deployment."),
    "ExecuteOnResourceChange": Property(
        SELECTORS, "Run again when the definition of one of these changes."
    ),
    "ExecuteOnRollback": Property(
        BOOLEAN,
        "Run the old handler again while CloudFormation rolls back.",
        otherwise="true where the template reads the trigger's result",
    ),
    "ExecuteOnDelete": Property(
        BOOLEAN, "Run the handler with `RequestType: Delete` when the trigger is deleted."
    ),
    "Enabled": Property(BOOLEAN, "Whether the trigger runs at all; its resource stays."),
    "Retry": Property(
        retry({name: one.takes for name, one in RETRY.items()}),
        "How often a failing handler is tried.",
    ),
    "PollInterval": Property(
        number(0, 3540), "Seconds between two polls of a handler that is not done."
    ),
    "Expect": Property(ANYTHING, "The result must contain this, or else the attempt failed."),
    "OnFailure": Property(
        one_of("Fail", "Continue"), "Whether a failure fails the deployment, or lets it go on."
    ),
    "FailureDestination": Property(
        ANYTHING, "The ARN where Lambda sends an event whose retries are spent."
    ),
    "NoEcho": Property(BOOLEAN, "Mask the result."),
}

NAME_THE_HANDLER: Final = ("Handler", "Function")
OF_METADATA: Final[Mapping[str, Property]] = {
    name: one for name, one in PROPERTIES.items() if name not in NAME_THE_HANDLER
}
"""What there is to write in the metadata of a function, which is the handler."""

SETTINGS: Final[Mapping[str, Property]] = {
    "LogRetentionInDays": Property(DAYS, "How many days logs are kept."),
    "PermissionsBoundary": Property(
        text(r"arn:.+:policy/.+", "the ARN of a managed policy"), "The boundary of roles."
    ),
    "RolePath": Property(
        text(r"/|/[!-~]+/", "a path such as /deployment/"), "The path of roles.", otherwise="`/`"
    ),
    "ProviderRole": Property(
        text(r"arn:.+:role/.+", "the ARN of a role"),
        "The provider's role; no IAM resource is made then.",
    ),
    "Runtime": Property(
        text(r"python3\.(1[1-9]|[2-9]\d)", "python3.11 or a later Python"),
        "The provider's runtime.",
    ),
    "MemorySize": Property(number(128, 10240, whole=True), "The provider's memory in MB."),
    "Architecture": Property(one_of("arm64", "x86_64"), "The provider's processor."),
    "KmsKeyArn": Property(text(r"arn:.+:kms:.+", "the ARN of a key"), "Encrypts logs."),
    "SubnetIds": Property(TEXTS, "Put the provider into a VPC."),
    "SecurityGroupIds": Property(TEXTS, "The provider's security groups in that VPC."),
}

Model = type[Trigger] | type[Retry] | type[Settings]


def default(model: Model, name: str) -> str | float | None:
    """Give the literal that a property has where it is not written, if it has one."""
    (value,) = (one.default for one in dataclasses.fields(model) if one.name == field_name(name))
    return value if isinstance(value, str | int | float) and value != "" else None
