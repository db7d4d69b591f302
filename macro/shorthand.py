"""The definition of the shorthand: every property, what it accepts, and what it means.

The one definition of the shorthand: `parse` reads by it, the tables of `docs/shorthand.md` and the
JSON Schemas for editors are generated from it. Refuses to know how a value is read (`readers`) and
what a property is when it is not written (`model`), which it looks up there.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from macro.model import OnRollback, Retry, Settings, Trigger
from macro.readers import (
    ANYTHING,
    BOOLEAN,
    DAYS,
    FUNCTION,
    HANDLER,
    SELECTORS,
    TAGS,
    TEXTS,
    Reader,
    field_name,
    number,
    on_rollback,
    one_of,
    retry,
    text,
)


class Property(NamedTuple):
    """A property: what it accepts, what it means, and its default if that is not a literal."""

    accepts: Reader
    summary: str
    otherwise: str = ""


RETRY: Final[Mapping[str, Property]] = {
    "MaxAttempts": Property(
        number(1, 100, whole=True), "How many times to try the handler in total."
    ),
    "Interval": Property(number(0, 3540), "Seconds before the second attempt."),
    "BackoffRate": Property(number(1, 10), "Factor by which each wait grows."),
    "MaxInterval": Property(number(0, 3540), "Longest wait, in seconds."),
}

ON_ROLLBACK: Final[Mapping[str, Property]] = {
    "Handler": Property(HANDLER, "The function that undoes a run.", otherwise="required"),
    "Payload": Property(
        ANYTHING, "What that function receives.", otherwise="a description of the run"
    ),
    "Timeout": Property(
        number(1, 3540, whole=True), "Seconds for all attempts, waits and polls together."
    ),
    "Retry": Property(
        retry({name: known.accepts for name, known in RETRY.items()}),
        "How to retry that function if it fails.",
    ),
}

PROPERTIES: Final[Mapping[str, Property]] = {
    "Handler": Property(
        HANDLER, "The function to run.", otherwise="this or `Function` is required"
    ),
    "Function": Property(FUNCTION, "A function to create and run, instead of `Handler`."),
    "Payload": Property(
        ANYTHING, "What the handler receives.", otherwise="a description of the request"
    ),
    "InvocationType": Property(
        one_of("RequestResponse", "Event", "DryRun"),
        "Wait for the result, queue an event and continue, or only check the permission to invoke.",
    ),
    "Timeout": Property(
        number(1, 43200, whole=True),
        "Seconds for all attempts, waits and polls together.",
    ),
    "ExecuteAfter": Property(SELECTORS, "Resources to provision before the trigger runs."),
    "ExecuteBefore": Property(
        SELECTORS, "Resources to provision only after the trigger has succeeded."
    ),
    "ExecuteOnHandlerChange": Property(
        BOOLEAN, "Run again when the handler's code or configuration changes."
    ),
    "ExecuteOnEveryDeployment": Property(BOOLEAN, "Run in every deployment."),
    "ExecuteOnResourceChange": Property(
        SELECTORS, "Run again when the definition of one of these resources changes."
    ),
    "ExecuteOnRollback": Property(
        BOOLEAN,
        "Run the previous handler again when CloudFormation rolls back.",
        otherwise="true if the template reads the trigger's result",
    ),
    "OnRollback": Property(
        on_rollback({name: known.accepts for name, known in ON_ROLLBACK.items()}),
        "How to undo a run that succeeded when CloudFormation rolls it back.",
    ),
    "ExecuteOnDelete": Property(
        BOOLEAN, "Run the handler with `RequestType: Delete` when the trigger is deleted."
    ),
    "Enabled": Property(BOOLEAN, "Whether the trigger runs; its resource exists either way."),
    "Retry": Property(
        retry({name: known.accepts for name, known in RETRY.items()}),
        "How to retry a failed handler.",
    ),
    "PollInterval": Property(
        number(0, 3540), "Seconds between polls of a handler that is still in progress."
    ),
    "Expect": Property(ANYTHING, "What the result must contain for the attempt to succeed."),
    "OnFailure": Property(
        one_of("Fail", "Continue"), "Whether a failure fails the deployment or lets it continue."
    ),
    "FailureDestination": Property(
        ANYTHING,
        "ARN of the destination to which Lambda sends an event after its last retry has failed.",
    ),
    "NoEcho": Property(BOOLEAN, "Mask the result wherever CloudFormation shows it."),
}

NAME_THE_HANDLER: Final = ("Handler", "Function")
OF_METADATA: Final[Mapping[str, Property]] = {
    name: known for name, known in PROPERTIES.items() if name not in NAME_THE_HANDLER
}
"""The properties of a trigger in the metadata of a function, which is its handler."""

SETTINGS: Final[Mapping[str, Property]] = {
    "LogRetentionInDays": Property(DAYS, "How many days to keep logs."),
    "PermissionsBoundary": Property(
        text(r"arn:.+:policy/.+", "the ARN of a managed policy"),
        "Permissions boundary of the roles that are created.",
    ),
    "RolePath": Property(
        text(r"/|/[!-~]+/", "a path such as /deployment/"),
        "Path of the roles and managed policies that are created.",
        otherwise="`/`",
    ),
    "ProviderRole": Property(
        text(r"arn:.+:role/.+", "the ARN of a role"),
        "Role for the provider; no IAM resources are created.",
    ),
    "Runtime": Property(
        text(r"python3\.(1[1-9]|[2-9]\d)", "python3.11 or later"),
        "The provider's runtime.",
    ),
    "MemorySize": Property(number(128, 10240, whole=True), "The provider's memory in MB."),
    "Architecture": Property(one_of("arm64", "x86_64"), "The provider's processor architecture."),
    "KmsKeyArn": Property(text(r"arn:.+:kms:.+", "the ARN of a key"), "Key that encrypts logs."),
    "SubnetIds": Property(TEXTS, "Subnets to run the provider in."),
    "SecurityGroupIds": Property(TEXTS, "Security groups of the provider in those subnets."),
    "MaxConcurrentTriggers": Property(
        number(1, 500, whole=True), "How many triggers may run at once.", otherwise="no limit"
    ),
    "Tags": Property(TAGS, "Tags of the functions, roles and log groups that are created."),
}

Model = type[Trigger] | type[Retry] | type[OnRollback] | type[Settings]


def default(model: Model, name: str) -> str | float | None:
    """Return the literal that a property has by default, if it has one."""
    value = model._field_defaults.get(field_name(name))
    return value if isinstance(value, str | int | float) and value != "" else None
