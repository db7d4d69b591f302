"""What is allowed but may surprise: each risk is a function that yields it.

Knows what an author would want to know. Refuses to stop a deployment: the macro logs a risk, and
linters and commands show it. A new risk is a new function in `RISKS`.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Final

from macro.canonical import Canon, Text
from macro.cloudformation import (
    ALIAS_TYPE,
    INVOKE_CONFIG_TYPE,
    LAYER_TYPE,
    LOOP,
    MANAGED_POLICY_TYPE,
    POLICY_TYPE,
    ROLE_TYPE,
    VERSION_TYPE,
    is_durable,
    occurrences,
    properties_of,
    section,
    type_of,
)
from macro.errors import EXPAND_LOOPS, Problem, Selecting
from macro.functions import LATEST, Functions
from macro.model import ABSENT, Json, Trigger
from macro.ordering import SIDES, is_pattern, reachable, selectors_of
from macro.permissions import CHECKPOINT
from macro.reading import Reading
from macro.references import mentions
from macro.sam_names import written_names
from macro.versions import ENTRIES, follows_its_function, served_by, served_by_alias

_LONGEST_OLD: Final = 2000
"""Bytes that a client context has left besides the rest of a description, ids included."""


def risks(reading: Reading) -> Iterator[Problem]:
    """Yield every risk of a template, in the form of a problem at a name that the author wrote."""
    names = {ids[0]: name for name, ids in written_names(reading.resources).items()}
    for risk in RISKS:
        for problem in risk(reading):
            owner, dot, rest = problem.place.partition(".")
            place = f"{names.get(owner, owner)}{dot}{rest}"
            yield Problem(place, problem.message, problem.within, "risk")


def failures_that_nobody_sees(reading: Reading) -> Iterator[Problem]:
    """Report an asynchronous trigger whose failed events have no destination.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    configured = {
        reference.name
        for resource in reading.resources.of_type(INVOKE_CONFIG_TYPE).values()
        for reference in mentions(properties_of(resource).get("FunctionName")).references
    }
    for trigger in reading.triggers:
        if trigger.invocation_type != "Event" or trigger.failure_destination is not ABSENT:
            continue
        for function in trigger.handler.functions:
            properties = properties_of(reading.resources[function])
            if function not in configured and "DeadLetterConfig" not in properties:
                remedy = "give the trigger a FailureDestination or the function a dead-letter queue"
                unseen = (
                    f"a failure of {function!r} would go unnoticed, since Lambda drops the event"
                )
                yield Problem(f"{trigger.place}.InvocationType", f"{unseen}; {remedy}")


def payloads_that_no_update_sees(reading: Reading) -> Iterator[Problem]:
    """Report a payload that is too long to be passed on as `Old` by the next update.

    Next to the new payload, it travels in the client context, as JSON in a JSON string. A
    reference counts as it is written.
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    for trigger in reading.triggers:
        if trigger.payload is ABSENT or trigger.invocation_type != "RequestResponse":
            continue
        needed = len(json.dumps(json.dumps(trigger.payload, ensure_ascii=False)))
        if needed > _LONGEST_OLD:
            unseen = (
                f"the next update's event will lack Old, since {needed:,} bytes do not fit there"
            )
            remedy = f"keep the payload under {_LONGEST_OLD:,} bytes if the handler reads Old"
            yield Problem(f"{trigger.place}.Payload", f"{unseen}; {remedy}")


def loops_that_no_selector_sees(reading: Reading) -> Iterator[Problem]:
    """Report selectors that would select resources of a loop too, if it were expanded.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
    """
    loop = next((name for name in reading.resources if str(name).startswith(LOOP)), "")
    for trigger in reading.triggers if loop else ():
        for side in SIDES:
            for selector in filter(is_pattern, selectors_of(trigger, side)):
                unseen = f"{selector!r} selects nothing from {loop}, which is not expanded yet"
                within = (Selecting(selector),)
                yield Problem(f"{trigger.place}.{side}", f"{unseen}; {EXPAND_LOOPS}", within)


# ---- changes that no deployment can see


def code_that_changes_in_its_place(reading: Reading) -> Iterator[Problem]:
    """Report code of handlers and their layers that somebody can replace under the same name.

    CloudFormation updates a function only if its properties differ.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    """
    canon = _canon(reading)
    owners = {
        owner: None
        for trigger in _noticing(reading)
        for function in trigger.handler.functions
        for owner in (function, *_layers(function, reading))
    }
    for owner in owners:
        name = "Content" if type_of(reading.resources[owner]) == LAYER_TYPE else "Code"
        code = section(properties_of(reading.resources[owner]), name)
        place = f"{owner}.{name}"
        if "S3Key" in code and "S3ObjectVersion" not in code:
            for key in _names_that_stay(canon.texts(code["S3Key"])):
                unseen = f"an object that is overwritten at {key!r} goes unnoticed"
                yield Problem(place, f"{unseen}; set S3ObjectVersion, or change the key with it")
        if "ImageUri" in code:
            for tag in _tags_that_move(canon.texts(code["ImageUri"])):
                unseen = f"an image that is pushed to {tag!r} goes unnoticed"
                yield Problem(place, f"{unseen}; use its digest, or a tag that does not move")


def _layers(function: str, reading: Reading) -> Iterator[str]:
    layers = properties_of(reading.resources[function]).get("Layers")
    for reference in mentions(layers).references:
        if type_of(reading.resources.get(reference.name)) == LAYER_TYPE:
            yield reference.name


_OF_ONE_CONTENT: Final = re.compile(r"(?=[a-f]*\d)[0-9a-f]{7,}|\d+\.\d+")
"""The parts of a name that change with its content: a hash, a commit, a date, a version."""


def _names_that_stay(texts: tuple[Text, ...]) -> Iterator[str]:
    """Yield the names that are literals and the same whatever the content is."""
    for text in texts:
        name = "".join(part for part in text.parts if isinstance(part, str))
        if len(text.parts) == 1 and name and not _OF_ONE_CONTENT.search(name):
            yield name


def _tags_that_move(texts: tuple[Text, ...]) -> Iterator[str]:
    """Yield the names and tags of images whose tag is a literal that may move to another image."""
    for text in texts:
        last = text.parts[-1] if text.parts else ""
        if isinstance(last, str) and "@" not in last:
            image = last.rpartition("/")[2]
            _, colon, tag = image.rpartition(":")
            if image and not _OF_ONE_CONTENT.search(tag if colon else ""):
                yield image


def functions_outside_the_template(reading: Reading) -> Iterator[Problem]:
    """Report handlers outside the template whose `$LATEST` runs, whatever code that has.

    An ARN without a qualifier means the same, but nobody wrote there that the latest code matters.
    """
    canon = _canon(reading)
    for trigger in _noticing(reading):
        handler = trigger.handler
        for text in canon.texts(handler.arn) if not handler.functions else ():
            fields = "".join(p if isinstance(p, str) else _UNKNOWN for p in text.parts).split(":")
            if fields[5:6] == ["function"] and fields[7:] == [LATEST]:
                function = "the function" if fields[6] == _UNKNOWN else repr(fields[6])
                unseen = f"new code of {function} goes unnoticed, since the template has none"
                remedy = "name a version of it, or set ExecuteOnEveryDeployment"
                yield Problem(f"{trigger.place}.Handler", f"{unseen}; {remedy}")


def versions_that_stay(reading: Reading) -> Iterator[Problem]:
    """Report handlers that run a version which new code of its function does not replace.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    functions = Functions(_canon(reading))
    for trigger in _noticing(reading):
        for name in served_by(trigger.handler.arn, functions):
            served = mentions(served_by_alias(reading.resources[name])).references
            for version in dict.fromkeys([name, *(reference.name for reference in served)]):
                resource = reading.resources.get(version)
                if type_of(resource) == VERSION_TYPE and not follows_its_function(
                    version, resource
                ):
                    stays = f"{version!r} keeps the code that it was created with"
                    remedy = "give it another logical id with new code, as AutoPublishAlias does"
                    yield Problem(f"{trigger.place}.Handler", f"{stays}; {remedy}")


_WITHOUT_A_VERSION: Final = re.compile(r"\{\{resolve:ssm(?:-secure)?:[^:}]+\}\}")


def parameters_without_a_version(reading: Reading) -> Iterator[Problem]:
    """Report dynamic references in handlers and payloads whose new value changes no property.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html
    """
    values: dict[str, Json] = {}
    for trigger in _noticing(reading):
        for function in trigger.handler.functions:
            properties = properties_of(reading.resources[function])
            for name in ENTRIES.keys() & properties.keys():
                values[f"{function}.{name}"] = properties[name]
    for trigger in reading.triggers:
        if trigger.payload is not ABSENT and not trigger.execute_on_every_deployment:
            values[f"{trigger.place}.Payload"] = trigger.payload
    for place, value in sorted(values.items()):
        for reference, keys in occurrences(_WITHOUT_A_VERSION.findall, value):
            unseen = f"a new value of {reference!r} goes unnoticed"
            remedy = "name a version, or use a parameter of the template"
            yield Problem(place, f"{unseen}; {remedy}", keys)


def _noticing(reading: Reading) -> Iterator[Trigger]:
    """Yield the triggers that run again only when what runs has changed."""
    for trigger in reading.triggers:
        if trigger.execute_on_handler_change and not trigger.execute_on_every_deployment:
            yield trigger


def _canon(reading: Reading) -> Canon:
    """Return what names are computed from: not parameters, which authors change with content."""
    return Canon(resources=reading.resources, mappings=section(reading.fragment, "Mappings"))


# ---- code that a rollback has replaced


def undos_with_previous_code(reading: Reading) -> Iterator[Problem]:
    """Report what undoes a run with the code that was there before the run.

    A rollback restores functions and aliases first, and deletes what is new after that.
    """
    functions = Functions(_canon(reading))
    for undo in reading.undos:
        meant = functions.meant_by(undo.handler.arn)
        aliases = [
            name for name in meant.qualified if type_of(reading.resources[name]) == ALIAS_TYPE
        ]
        for name in aliases:
            earlier = f"a rollback restores the previous version of alias {name!r} first"
            remedy = "name the function, and a version of it is published"
            yield Problem(f"{undo.place}.Handler", f"{earlier}; {remedy}")
        unqualified = [*meant.unqualified, *_unqualified_names(undo, functions.canon)]
        for name in dict.fromkeys(unqualified):
            function = "the function" if name == _UNKNOWN else repr(name)
            earlier = f"a rollback restores the previous code of {function} first"
            remedy = "name a version that changes whenever the code does"
            yield Problem(f"{undo.place}.Handler", f"{earlier}; {remedy}")


def undos_that_come_late(reading: Reading) -> Iterator[Problem]:
    """Report undos that wait for something that itself waits for the run.

    If that fails, CloudFormation has not created the undo yet.
    """
    waits = reading.order.firm, reading.order.conditional
    for undo in reading.undos:
        awaited = reachable([undo.logical_id], *waits) & reading.fragment["Resources"].keys()
        for name in sorted(awaited - {undo.undoes}):
            if undo.undoes in reachable([name], *waits):
                late = f"waits for {name!r}, which waits for the trigger"
                effect = f"so nothing undoes the run if {name!r} fails"
                yield Problem(undo.place, f"{late}, {effect}; remove one of these dependencies")


def _unqualified_names(trigger: Trigger, canon: Canon) -> Iterator[str]:
    """Yield the names of functions outside the template that are named without a version."""
    for text in canon.texts(trigger.handler.arn) if not trigger.handler.functions else ():
        fields = "".join(p if isinstance(p, str) else _UNKNOWN for p in text.parts).split(":")
        if fields[5:6] == ["function"] and fields[7:] in ([], [LATEST]):
            yield fields[6]


_UNKNOWN: Final = "*"
"""Stands for a part of a name that only the deployment shows."""


# ---- durable handlers


def durable_handlers_that_cannot_checkpoint(reading: Reading) -> Iterator[Problem]:
    """Report durable functions whose role, in the template, allows no checkpoint.

    SAM adds the permission; nobody else does. A policy that cannot be read here may allow it.
    https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html
    """
    for function in _durable_handlers(reading):
        role = mentions(properties_of(reading.resources[function]).get("Role")).references
        for name in dict.fromkeys(reference.name for reference in role):
            if type_of(reading.resources.get(name)) == ROLE_TYPE and not _may_checkpoint(
                name, reading
            ):
                denied = f"its role {name!r} does not allow {CHECKPOINT}"
                fails = f"{denied}, so a durable run fails at once"
                remedy = f"add the managed policy {_CHECKPOINTING} to the role"
                yield Problem(f"{function}.Role", f"{fails}; {remedy}")


_CHECKPOINTING: Final = "AWSLambdaBasicDurableExecutionRolePolicy"
_ALLOWS_IT: Final = re.compile(
    rf"{CHECKPOINT}|{_CHECKPOINTING}|lambda:\*|(Administrator|PowerUser)Access|Lambda_FullAccess"
    r'|"Action": (\[[^]]*)?"\*"|"ManagedPolicyArns": [^]]*("Ref"|"Fn::(?!Sub))'
)


def _may_checkpoint(role: str, reading: Reading) -> bool:
    attached = [
        resource
        for resource in reading.resources.values()
        if type_of(resource) in (POLICY_TYPE, MANAGED_POLICY_TYPE, "AWS::IAM::RolePolicy")
        and any(it.name == role for it in mentions(properties_of(resource)).references)
    ]
    return any(
        _ALLOWS_IT.search(json.dumps(resource)) for resource in (reading.resources[role], *attached)
    )


def durable_handlers_that_end_before_timeout(reading: Reading) -> Iterator[Problem]:
    """Report triggers that wait longer than their durable handler may take."""
    for trigger in (*reading.triggers, *reading.undos):
        if trigger.invocation_type != "RequestResponse":
            continue
        for function in trigger.handler.functions:
            config = section(properties_of(reading.resources[function]), "DurableConfig")
            seconds = str(config.get("ExecutionTimeout"))
            if seconds.isdecimal() and int(seconds) < trigger.timeout:
                ends = f"an execution of {function!r} ends after {seconds} s, its ExecutionTimeout"
                remedy = f"increase that to {trigger.timeout}, or decrease Timeout"
                yield Problem(f"{trigger.place}.Timeout", f"{ends}; {remedy}")


def durable_handlers_with_a_destination(reading: Reading) -> Iterator[Problem]:
    """Report a destination of a durable function, whose use AWS does not document.

    https://docs.aws.amazon.com/lambda/latest/dg/durable-best-practices.html
    """
    for trigger in reading.triggers:
        for function in trigger.handler.functions:
            is_sent = trigger.failure_destination is not ABSENT
            if is_sent and is_durable(reading.resources[function]):
                unknown = "AWS documents only dead-letter queues for durable functions"
                remedy = f"give {function!r} a DeadLetterConfig"
                yield Problem(f"{trigger.place}.FailureDestination", f"{unknown}; {remedy}")


def _durable_handlers(reading: Reading) -> dict[str, None]:
    return {
        function: None
        for trigger in (*reading.triggers, *reading.undos)
        for function in trigger.handler.functions
        if is_durable(reading.resources[function])
    }


RISKS: Final[tuple[Callable[[Reading], Iterator[Problem]], ...]] = (
    failures_that_nobody_sees,
    payloads_that_no_update_sees,
    loops_that_no_selector_sees,
    code_that_changes_in_its_place,
    functions_outside_the_template,
    versions_that_stay,
    parameters_without_a_version,
    undos_with_previous_code,
    undos_that_come_late,
    durable_handlers_that_cannot_checkpoint,
    durable_handlers_that_end_before_timeout,
    durable_handlers_with_a_destination,
)
