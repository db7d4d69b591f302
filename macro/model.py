"""The vocabulary of the macro: frozen values without behavior.

Knows what a trigger is. Refuses to know how one is spelled, checked, ordered or built.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

Json = Any
"""A value of a template: what `json.loads` gives."""

NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})
"""An empty map that nobody can change, as a default."""

InvocationType = Literal["RequestResponse", "Event", "DryRun"]

TRANSFORM: Final = "Trigger"
"""The macro's name, in a template's Transform."""
TRIGGER_TYPE: Final = "Custom::Trigger"
"""The type of a trigger, as its author writes it and as CloudFormation sees it."""
METADATA_KEY: Final = "Trigger"
"""The key under a function's Metadata that makes the function the handler of a trigger."""


class Absent:
    """The type of `ABSENT`: what the author did not write, where null would be a value."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


class Deployment(NamedTuple):
    """What CloudFormation passes to a macro besides the template, and what the macro runs with.

    `parameters` holds every declared parameter's value (lists stay lists), `request_id` is new
    for every run, `settings` are the transform's own parameters as they were written.
    `provider_layer` is the ARN of the layer with the provider's code, empty if templates embed it.
    """

    parameters: Mapping[str, Json] = NOTHING
    request_id: str = ""
    settings: Mapping[str, Json] = NOTHING
    provider_layer: str = ""


class Handler(NamedTuple):
    """The function to run: its ARN as the template says it, and the functions that may be meant.

    `functions` are logical ids; it is empty for a function outside the template. `qualified` are
    those of the aliases and versions that may be meant.
    """

    arn: Json
    functions: tuple[str, ...] = ()
    qualified: tuple[str, ...] = ()


class Retry(NamedTuple):
    """How often a failing handler is tried; times are in seconds."""

    max_attempts: int = 1
    interval: float = 5
    backoff_rate: float = 2
    max_interval: float = 60


class OnRollback(NamedTuple):
    """How a run that succeeded is undone when CloudFormation rolls it back; seconds."""

    handler: Handler
    payload: Json | Absent = ABSENT
    timeout: int = 900
    retry: Retry = Retry()


class Trigger(NamedTuple):
    """One trigger of a template, every setting with its meaning; seconds."""

    logical_id: str
    handler: Handler
    place: str
    """The place of its properties, for messages."""
    function: Mapping[str, Json] | None = None
    """The properties of a function that is defined with the trigger, if one is."""
    is_metadata: bool = False
    """Whether it is written in the metadata of its function."""
    attributes: Mapping[str, Json] = NOTHING
    """The resource's attributes besides Type and Properties: Condition, DependsOn, …"""
    payload: Json | Absent = ABSENT
    invocation_type: InvocationType = "RequestResponse"
    timeout: int = 900
    execute_after: tuple[str, ...] = ()
    execute_before: tuple[str, ...] = ()
    execute_on_handler_change: bool = True
    execute_on_every_deployment: bool = False
    execute_on_resource_change: tuple[str, ...] = ()
    execute_on_rollback: bool | None = None
    """None: true if the template reads the trigger's result."""
    on_rollback: OnRollback | None = None
    execute_on_delete: bool = False
    enabled: bool = True
    retry: Retry = Retry()
    poll_interval: float = 10
    expect: Json | Absent = ABSENT
    on_failure: Literal["Fail", "Continue"] = "Fail"
    failure_destination: Json | Absent = ABSENT
    no_echo: bool = False
    undoes: str = ""
    """The trigger whose runs this one undoes (`undo`); empty for one that an author wrote."""


class Settings(NamedTuple):
    """The settings of the whole stack: the transform's own parameters."""

    log_retention_in_days: int = 30
    permissions_boundary: str = ""
    role_path: str = ""
    provider_role: str = ""
    runtime: str = "python3.13"
    memory_size: int = 512
    architecture: str = "arm64"
    kms_key_arn: str = ""
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    max_concurrent_triggers: int | None = None
    """None: no limit."""
    tags: tuple[tuple[str, str], ...] = ()
    """Keys and values."""


class Edge(NamedTuple):
    """An added dependency: `waiting` is provisioned after `first`, because of the property `why`.

    `companion` says what one of them is to what the property names: `instance of Orders`; it is
    empty for what the property names itself. (A tuple: there are thousands of them.)
    """

    waiting: str
    first: str
    why: str
    companion: str = ""
