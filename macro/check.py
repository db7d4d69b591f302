"""Problems of meaning: each rule is a function that yields what breaks it.

Knows what makes no sense although it is spelled correctly. Refuses to know spelling (`parse`) and
order (`ordering`). A new rule is a new function in `RULES`.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from macro import undo
from macro.cloudformation import (
    INVOKE_CONFIG_TYPE,
    MANAGED_POLICY_TYPE,
    MOST_MANAGED_POLICIES,
    MOST_POLICY_CHARACTERS,
    MOST_RESOURCES,
    OBJECT_LIMIT,
    POLICY_TYPE,
    SERVERLESS,
    SERVERLESS_TRANSFORM,
    Resources,
    as_map,
    condition_of,
    occurrences,
    properties_of,
    section,
)
from macro.errors import Problem
from macro.model import ABSENT, METADATA_KEY, TRANSFORM, Json
from macro.names import condition_id
from macro.parse import UNKNOWN
from macro.permissions import characters
from macro.readers import shown
from macro.reading import Reading
from macro.references import mentions


def problems(reading: Reading) -> Iterator[Problem]:
    """Yield every problem of meaning, rule by rule."""
    for rule in RULES:
        yield from rule(reading)


def untransformed_resources(resources: Resources) -> Iterator[Problem]:
    """Refuse to expand before SAM: its resources and their references are not known yet."""
    for name, kind in resources.types.items():
        if kind.startswith(SERVERLESS):
            early = f"Trigger runs before SAM has transformed {name!r}"
            remedy = f"write Transform: [{SERVERLESS_TRANSFORM}, {TRANSFORM}]"
            yield Problem("Transform", f"{early}; {remedy}")
            return


def added_names_are_free(reading: Reading) -> Iterator[Problem]:
    """Refuse names in the template that the expansion needs for what it adds."""
    for name, times in Counter(reading.additions.ids).items():
        if times > 1:
            yield Problem(
                name, "would be created twice for triggers; rename a trigger or a handler"
            )
        if name in reading.fragment["Resources"]:
            yield _taken(name, reading)
    conditions = section(reading.fragment, "Conditions")
    for name in map(condition_id, reading.additions.ids):
        if name in conditions:
            yield Problem(
                name, "is reserved for a condition that is created for triggers; rename yours"
            )


def undos_are_free(reading: Reading, fingerprints: Mapping[str, Json]) -> Iterator[Problem]:
    """Refuse names in the template that undos need, which their fingerprints decide."""
    for name in undo.logical_ids(reading.triggers, fingerprints).values():
        if name in reading.fragment["Resources"]:
            yield _taken(name, reading)


def _taken(name: str, reading: Reading) -> Problem:
    """Return the problem of a taken name, which SAM may have generated for an event `Trigger`."""
    for trigger in reading.triggers:
        if trigger.is_metadata and trigger.logical_id == name:
            message = f"needs the logical id {name!r}, which is taken"
            remedy = f"rename that resource, or the event {METADATA_KEY!r} that SAM made it for"
            return Problem(trigger.place, f"{message}; {remedy}")
    return Problem(name, "is reserved for a resource that is created for triggers; rename yours")


def conditions_are_names(reading: Reading) -> Iterator[Problem]:
    """Refuse a condition that is not a name: it would become the condition of added resources."""
    for trigger in reading.triggers:
        condition = trigger.attributes.get("Condition", "")
        if not isinstance(condition, str):
            owner = trigger.handler.functions[0] if trigger.is_metadata else trigger.logical_id
            message = f"must be the name of a condition, not {shown(condition)}"
            yield Problem(f"{owner}.Condition", message)


def results_are_waited_for(reading: Reading) -> Iterator[Problem]:
    """Refuse to use the result of an invocation that has none."""
    for trigger in reading.triggers:
        if trigger.invocation_type == "RequestResponse":
            continue
        reason = f"InvocationType {trigger.invocation_type} does not wait for a result"
        if trigger.expect is not ABSENT:
            yield Problem(f"{trigger.place}.Expect", f"{reason}; use RequestResponse")
        for attribute in reading.survey.attributes_read(trigger.logical_id):
            place = f"{trigger.place}.InvocationType"
            yield Problem(
                place, f"{reason}, but the template reads {attribute!r}; use RequestResponse"
            )


def conditional_handlers_have_conditional_triggers(reading: Reading) -> Iterator[Problem]:
    """Refuse a trigger that always exists, of a function that may not."""
    for trigger in (*reading.triggers, *reading.undos):
        for function in trigger.handler.functions:
            condition = condition_of(reading.resources[function])
            if condition and not trigger.attributes.get("Condition"):
                if mentions(trigger.handler.arn).conditions:
                    break  # the author is responsible for what a condition chooses
                remedy = f"give the trigger Condition: {condition}"
                message = f"{function!r} exists only under {condition!r}; {remedy}"
                yield Problem(f"{trigger.place}.Handler", message)


def runs_can_be_undone(reading: Reading) -> Iterator[Problem]:
    """Refuse to undo what is not known to have succeeded, or what a rollback runs again."""
    for trigger in reading.triggers:
        if trigger.on_rollback is None:
            continue
        place = f"{trigger.place}.OnRollback"
        if trigger.invocation_type != "RequestResponse":
            reason = f"InvocationType {trigger.invocation_type} does not wait for a result"
            remedy = "so it is unknown whether there is a run to undo; use RequestResponse"
            yield Problem(place, f"{reason}, {remedy}")
        if trigger.execute_on_rollback:
            again = "ExecuteOnRollback runs the previous handler again before this undoes the run"
            yield Problem(place, f"{again}; keep one of them")
        read = reading.survey.attributes_read(trigger.logical_id)
        if read and trigger.execute_on_rollback is None:
            again = f"the template reads {read[0]!r}, so a rollback runs the previous handler again"
            remedy = "set ExecuteOnRollback: false if it may be empty in a rollback"
            yield Problem(place, f"{again}; {remedy}")


def handlers_can_run(reading: Reading) -> Iterator[Problem]:
    """Refuse a handler whose reserved concurrency is 0, which is how a function is switched off.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    disabled = {trigger.logical_id for trigger in reading.triggers if not trigger.enabled}
    for trigger in (*reading.triggers, *reading.undos):
        if disabled & {trigger.logical_id, trigger.undoes} or trigger.invocation_type == "DryRun":
            continue
        for function in trigger.handler.functions:
            reserved = properties_of(reading.resources[function]).get(_RESERVED)
            if str(reserved) == "0":
                message = f"{function!r} can never run, since its {_RESERVED} is 0"
                remedy = "raise it" if trigger.undoes else "raise it, or set Enabled: false"
                yield Problem(trigger.place, f"{message}; {remedy}")


_RESERVED: Final = "ReservedConcurrentExecutions"

_SECRET: Final = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")


def secrets_stay_with_the_handler(reading: Reading) -> Iterator[Problem]:
    """Refuse dynamic references that CloudFormation does not resolve in custom resources."""
    for trigger in (*reading.triggers, *reading.undos):
        for name, value in (("Payload", trigger.payload), ("Expect", trigger.expect)):
            for kind, keys in occurrences(_SECRET.findall, value):
                place = f"{trigger.place}.{name}"
                unresolved = f"CloudFormation does not resolve {kind} references here"
                yield Problem(place, f"{unresolved}; read the secret in the handler", keys)


def destinations_are_of_asynchronous_functions(reading: Reading) -> Iterator[Problem]:
    """Refuse a destination that Lambda would never use, or that is configured elsewhere."""
    if all(trigger.failure_destination is ABSENT for trigger in reading.triggers):
        return
    misspelled = {problem.place for problem in reading.spelling_problems}
    configured = {
        reference.name: name
        for name, resource in reading.resources.of_type(INVOKE_CONFIG_TYPE).items()
        if properties_of(resource).get("Qualifier") == "$LATEST"
        for reference in mentions(properties_of(resource).get("FunctionName")).references
    }
    for trigger in reading.triggers:
        if trigger.failure_destination is ABSENT:
            continue
        place = f"{trigger.place}.FailureDestination"
        if trigger.handler == UNKNOWN or f"{trigger.place}.InvocationType" in misspelled:
            continue
        if trigger.invocation_type != "Event":
            message = (
                f"applies only to InvocationType Event, not {trigger.invocation_type}; use Event"
            )
            yield Problem(place, message)
        function = trigger.handler.functions[0] if len(trigger.handler.functions) == 1 else ""
        if trigger.handler.arn != {"Fn::GetAtt": [function, "Arn"]}:
            yield Problem(
                place,
                "requires a handler that is a function in this template, without alias or version",
            )
        elif function in configured:
            message = (
                f"{function!r} is already configured in {configured[function]!r}; set it there"
            )
            yield Problem(place, message)
        configured.setdefault(function, trigger.logical_id)


def settings_fit_together(reading: Reading) -> Iterator[Problem]:
    """Refuse parameters of the transform that contradict each other."""
    settings, place = reading.settings, "Transform.Parameters"
    together = {f"{place}.SubnetIds", f"{place}.SecurityGroupIds"}
    are_read = together.isdisjoint(problem.place for problem in reading.spelling_problems)
    if are_read and bool(settings.subnet_ids) != bool(settings.security_group_ids):
        yield Problem(
            f"{place}.SubnetIds", "goes together with SecurityGroupIds; set both or neither"
        )
    if settings.provider_role and (settings.permissions_boundary or settings.role_path):
        message = "is used as it is; remove PermissionsBoundary and RolePath"
        yield Problem(f"{place}.ProviderRole", message)
    for trigger in reading.triggers if settings.provider_role else ():
        if trigger.function is not None and "Role" not in trigger.function:
            message = (
                "has no Role, and with a ProviderRole no IAM resources are created; give it one"
            )
            yield Problem(f"{trigger.place}.Function", message)


def responses_hold_what_is_read(reading: Reading) -> Iterator[Problem]:
    """Refuse to read more attributes than a response to CloudFormation has room for."""
    for trigger in reading.triggers:
        read = reading.survey.attributes_read(trigger.logical_id)
        if sum(len(name.encode()) + ATTRIBUTE_OVERHEAD for name in read) > MOST_ATTRIBUTE_BYTES:
            count = f"the template reads {len(read)} attributes"
            excess = f"{count}, more than fit in a response of 4,096 bytes"
            yield Problem(trigger.place, f"{excess}; read fewer, or have the handler store them")


ATTRIBUTE_OVERHEAD: Final = 6
MOST_ATTRIBUTE_BYTES: Final = 2_500
"""What is left of 4,096 bytes next to ids of maximum length."""


def size_limit(size: int) -> Iterator[Problem]:
    """Yield a problem if an expanded template has too many bytes, however it is passed."""
    if size > OBJECT_LIMIT:
        limit = f"CloudFormation accepts {OBJECT_LIMIT} at most"
        remedy = "split the template or shorten its payloads"
        yield Problem("Resources", f"expands to {size} bytes; {limit}; {remedy}")


def limits(expanded: Mapping[str, Json], role: str) -> Iterator[Problem]:
    """Yield the quotas of CloudFormation and IAM that an expanded template breaks.

    `role` is the provider's role, empty if the template has none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    resources = Resources(expanded["Resources"])
    yield from resource_limit(resources)
    yield from policy_limits(resources, role) if role else ()


def resource_limit(resources: Collection[str]) -> Iterator[Problem]:
    """Yield a problem if there are more resources than a template may have."""
    if (count := len(resources)) > MOST_RESOURCES:
        total = f"{count} with those created for triggers"
        limit = f"CloudFormation allows {MOST_RESOURCES}"
        yield Problem("Resources", f"{total}; {limit}; split the template")


def policy_limits(resources: Resources, role: str) -> Iterator[Problem]:
    """Yield the quotas of policies that the provider's role breaks."""
    remedy = "set ProviderRole to a role that may invoke them"
    inline = [
        as_map(policy).get("PolicyDocument")
        for policy in (
            *properties_of(resources[role])["Policies"],
            *_attached(resources, role, POLICY_TYPE),
        )
    ]
    if (size := sum(map(characters, inline))) > MOST_POLICY_CHARACTERS:
        message = f"needs up to {size} characters of inline policies"
        yield Problem(role, f"{message}; a role holds {MOST_POLICY_CHARACTERS}; {remedy}")
    managed = len(_attached(resources, role, MANAGED_POLICY_TYPE))
    if managed > MOST_MANAGED_POLICIES:
        message = f"needs {managed} managed policies for its handlers"
        yield Problem(role, f"{message}; a role holds {MOST_MANAGED_POLICIES}; {remedy}")


def _attached(resources: Resources, role: str, kind: str) -> list[Mapping[str, Json]]:
    """Return the properties of the policies of a type that are attached to a role."""
    policies = map(properties_of, resources.of_type(kind).values())
    return [policy for policy in policies if policy.get("Roles") == [{"Ref": role}]]


RULES: Final[tuple[Callable[[Reading], Iterator[Problem]], ...]] = (
    added_names_are_free,
    conditions_are_names,
    results_are_waited_for,
    conditional_handlers_have_conditional_triggers,
    runs_can_be_undone,
    handlers_can_run,
    secrets_stay_with_the_handler,
    destinations_are_of_asynchronous_functions,
    settings_fit_together,
    responses_hold_what_is_read,
)
