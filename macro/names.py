"""The logical ids and the metadata key of what the macro adds to a template.

Knows names alone and imports nothing, so that whoever recognizes an expansion by them needs none
of the macro. Refuses to know which of them a template needs (`additions`).
"""

import hashlib
from typing import Final

PROVIDER: Final = "TriggerProvider"
"""The provider's logical id. It never changes: CloudFormation refuses a changed ServiceToken."""

ROLE: Final = f"{PROVIDER}Role"
LOG_GROUP: Final = f"{PROVIDER}LogGroup"
INVOKE_CONFIG: Final = f"{PROVIDER}InvokeConfig"
HAND_OVER: Final = f"{PROVIDER}HandOver"
INVOKE: Final = f"{PROVIDER}Invoke"
"""The prefix of the policies that allow the provider to invoke a handler."""

CONDITION: Final = f"{PROVIDER}Condition"
"""The condition of what triggers share, if it combines several conditions."""

EDGES: Final = "TriggerEdges"
"""The metadata key of edges that cannot be a DependsOn."""

RUN_ID: Final = "TriggerRunId"
"""The attribute of a trigger that identifies the run that succeeded, for the trigger's undo."""

RUN: Final = "Run"
"""The attribute of a part of a trigger that contains the state of the run."""

_LONGEST_POLICY_NAME: Final = 128
"""Characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def metadata_trigger_id(function: str) -> str:
    """Return the logical id of the trigger in the metadata of a function."""
    return f"{function}Trigger"


def function_id(trigger: str) -> str:
    """Return the logical id of the function that a trigger defines."""
    return f"{trigger}Function"


def role_id(trigger: str) -> str:
    """Return the logical id of the role of that function."""
    return f"{trigger}Role"


def log_group_id(trigger: str) -> str:
    """Return the logical id of the log group of that function."""
    return f"{trigger}LogGroup"


def destination_id(trigger: str) -> str:
    """Return the logical id of the configuration that names a trigger's FailureDestination."""
    return f"{trigger}Destination"


def part_id(trigger: str, number: int) -> str:
    """Return the logical id of a part of a trigger that may take hours; the first has number 1."""
    return f"{trigger}Part{number}"


def undo_id(trigger: str, digest: str = "*") -> str:
    """Return the logical id of what undoes a trigger's runs.

    Until the trigger's fingerprint is known, an asterisk stands for the digest: no resource of the
    author's has such a name.
    """
    return f"{trigger}Undo{digest}"


def version_id(function: str, digest: str) -> str:
    """Return the logical id of the version of a function that undoes runs."""
    return f"{function}Version{digest}"


def policy_id(function: str) -> str:
    """Return the logical id, and IAM name, of the policy to invoke a function of the template."""
    name = INVOKE + function
    is_valid = len(name) <= _LONGEST_POLICY_NAME and name.isascii() and name.isalnum()
    return name if is_valid and name != INVOKE_CONFIG else hashed_policy_id(function)


def hashed_policy_id(text: str) -> str:
    """Return the logical id of a policy for a handler without a name to derive an id from."""
    return INVOKE + hashlib.sha256(text.encode()).hexdigest()[:8]


def shared_policy_id(number: int) -> str:
    """Return the logical id of a policy to invoke several handlers; the first has number 1.

    A number, not a hash of the handlers: when these change, the policy is updated in place, and
    a role never has more of them attached than it may, not even during an update.
    """
    return f"{PROVIDER}Handlers{number}"


def is_shared_policy_id(logical_id: str) -> bool:
    """Whether a logical id is that of a policy to invoke several handlers."""
    return logical_id.startswith(f"{PROVIDER}Handlers")


def condition_id(resource: str) -> str:
    """Return the name of the condition of an added resource that combines two others."""
    return f"{resource}Condition"
