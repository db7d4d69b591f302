"""The triggers of nested stacks, which a deployment of the outer stack may run too.

Knows which parameters a nested stack gets. Refuses to read files and stacks: a `Reader` does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from cfn_trigger.deployment.stack import StackSnapshot
from cfn_trigger.errors import UsageError
from cfn_trigger.prediction.impact import Update
from cfn_trigger.prediction.predict import Prediction, predictions
from cfn_trigger.prediction.snapshots import NO_STACK, Baseline
from cfn_trigger.template.intrinsics import (
    LocalPath,
    StackConstant,
    StackState,
    Unknown,
    is_known,
)
from cfn_trigger.template.parameters import effective_values
from cfn_trigger.template.source import Template
from cfn_trigger.template.triggers import triggers
from macro.cloudformation import as_map, section, type_of

# Theory of operation
#
# A nested stack is planned like a stack of its own, with its own template and its own deployed
# state. Only its parameters come from the outer template. A value that is known there is passed
# here. One that is not known, but is the same as before, is the deployed one. Any other is open.
#
# Unlike those of an outer stack, parameters that are not passed have their defaults.
#
# The old state of the outer stack may come from a template file instead of a deployed stack. Then
# the old template of a nested stack is at the path that this file has for it. If both outer
# templates lead to the same file, it is the new template, and nothing is known about the old one.

STACK_TYPE: Final = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The parameters of a nested stack: the known values, and the unknown ones."""

    values: Mapping[str, str]
    unknown: Mapping[str, Unknown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    """A stack with nested stacks: its template's file, its two states, and the deployed stack.

    `old_path` is the file of the old template, if the old state comes from a file.
    """

    path: Path
    update: Update
    deployed: StackSnapshot | None = None
    old_path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """What is planned for a nested stack; `note` says why if nothing can be."""

    predictions: tuple[Prediction, ...] = ()
    note: str = ""


class Reader(Protocol):
    """Where templates and stacks come from."""

    def template(self, path: Path) -> Template:
        """Read a template; raises UsageError if there is none."""

    def stack(self, stack_id: str) -> StackSnapshot:
        """Read a deployed stack; raises UsageError if there is none."""

    def state(self, template: Template, passed: Passed, region: str) -> StackState:
        """Return the state that a template describes."""

    def update(
        self, deployed: StackSnapshot, template: Template, passed: Passed
    ) -> tuple[Baseline, StackState]:
        """Return the two states of an update of a deployed stack."""


def nested_stacks(outer: Outer, reader: Reader) -> Iterator[Nested]:
    """Plan the stacks in a stack that exist after the deployment, and those within them."""
    for name in outer.update.new.resources:
        is_stack = type_of(outer.update.new.resources[name]) == STACK_TYPE
        if is_stack and outer.update.new.exists(name) is not False:
            yield from _planned(name, outer, reader)


def _planned(name: str, outer: Outer, reader: Reader) -> Iterator[Nested]:
    deployed = _deployed(name, outer, reader)
    url = outer.update.new.properties(name).get("TemplateURL")
    if not isinstance(url, LocalPath):
        if deployed is None or triggers(deployed.template):
            stack = f" --deployed-stack {deployed.name}" if deployed else ""
            note = f"{name}: its template is not at a local path; plan that template{stack}"
            yield Nested(note=note)
        return
    if url.path.startswith("https://"):  # an application of the repository, which only AWS reads
        return
    try:
        template = reader.template(outer.path.parent / url.path)
        old_template = _old_template(name, template, outer, reader)
        baseline, after = _states(name, template, deployed or old_template, outer, reader)
    except UsageError as error:
        yield Nested(note=f"{name}: is not planned: {error.message}")
        return
    region = outer.update.region
    yield Nested(
        predictions=tuple(
            _within(name, prediction) for prediction in predictions(baseline, after, region=region)
        )
    )
    update = Update(old=baseline.state, new=after, region=region)
    old_path = Path(old_template.name) if old_template else None
    inner = Outer(path=Path(template.name), update=update, deployed=deployed, old_path=old_path)
    for nested in nested_stacks(inner, reader):
        note = f"{name}.{nested.note}" if nested.note else ""
        yield Nested(
            predictions=tuple(_within(name, prediction) for prediction in nested.predictions),
            note=note,
        )


def _within(name: str, prediction: Prediction) -> Prediction:
    return replace(prediction, trigger=f"{name}.{prediction.trigger}")


def _deployed(name: str, outer: Outer, reader: Reader) -> StackSnapshot | None:
    if outer.deployed is None or name not in outer.deployed.physical_ids:
        return None
    return reader.stack(outer.deployed.physical_ids[name])


def _old_template(name: str, template: Template, outer: Outer, reader: Reader) -> Template | None:
    """Read the old template of a nested stack; return None if the stack is new.

    Raises UsageError if the old template cannot be read.
    """
    old = outer.update.old
    if outer.old_path is None or old.exists(name) is False:
        return None
    url = old.properties(name).get("TemplateURL")
    if not isinstance(url, LocalPath):
        raise UsageError(f"in {outer.old_path} its template is not at a local path")
    path = outer.old_path.parent / url.path
    if path.resolve() == Path(template.name).resolve():
        raise UsageError(f"{path} is both its old and its new template; compare two checkouts")
    return reader.template(path)


def _states(
    name: str,
    template: Template,
    before: StackSnapshot | Template | None,
    outer: Outer,
    reader: Reader,
) -> tuple[Baseline, StackState]:
    region = outer.update.region
    match before:
        case StackSnapshot():
            passed = passed_parameters(name, template, outer.update, is_deployed=True)
            return reader.update(before, template, passed)
        case Template():
            old_passed, passed = _passed_before_and_after(name, before, template, outer.update)
            old_state = reader.state(before, old_passed, region)
            return Baseline(state=old_state), reader.state(template, passed, region)
    passed = passed_parameters(name, template, outer.update, is_deployed=False)
    return NO_STACK, reader.state(template, passed, region)


def _passed_before_and_after(
    name: str, old_template: Template, template: Template, update: Update
) -> tuple[Passed, Passed]:
    """Return the parameters of a nested stack before the update and after it.

    A parameter without a known value is the same constant in both states, unless it may differ.
    """
    as_if_new = Update(old=update.old, new=update.old, region=update.region)
    before = passed_parameters(name, old_template, as_if_new, is_deployed=False)
    after = passed_parameters(name, template, update, is_deployed=False)
    old, new = (
        as_map(state.properties(name).get("Parameters")) for state in (update.old, update.new)
    )
    differing: dict[str, Unknown] = {
        parameter: StackConstant(f"the former parameter {parameter!r}")
        for parameter in before.unknown
        if any(update.differences(old[parameter], new.get(parameter)))
    }
    return replace(before, unknown={**before.unknown, **differing}), after


def passed_parameters(
    name: str, template: Template, update: Update, *, is_deployed: bool
) -> Passed:
    """Return the parameters that a nested stack gets after an update of the outer one."""
    old, new = (
        as_map(state.properties(name).get("Parameters")) for state in (update.old, update.new)
    )
    declared = section(template.values, "Parameters")
    values = effective_values(declared, {})
    unknown: dict[str, Unknown] = {}
    for parameter, value in new.items():
        values.pop(parameter, None)
        if is_known(value):
            values[parameter] = ",".join(value) if isinstance(value, list) else str(value)
        elif not is_deployed or any(update.differences(old.get(parameter), value)):
            unknown[parameter] = StackConstant(f"parameter {parameter!r}")
    return Passed(values=values, unknown=unknown)
