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
from cfn_trigger.prediction.snapshots import NO_STACK, Baseline, state_of_template
from cfn_trigger.template.intrinsics import LocalPath, StackConstant, StackState, Unknown, is_known
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

STACK_TYPE: Final = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The parameters of a nested stack: the known values, and the unknown ones."""

    values: Mapping[str, str]
    unknown: Mapping[str, Unknown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    """A stack with others in it: its template's file, its two states, and itself if it exists.

    `is_new` is false if its old state is that of another template, beside which no file tells what
    its nested stacks were.
    """

    path: Path
    update: Update
    deployed: StackSnapshot | None
    is_new: bool = True


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
    if not (outer.is_new or outer.deployed):
        yield Nested(note=f"{name}: is a stack of its own; plan its template too")
        return
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
        passed = passed_parameters(name, template, outer.update, is_deployed=deployed is not None)
        baseline, after = _states(deployed, template, passed, outer, reader)
    except UsageError as error:
        yield Nested(note=f"{name}: is not planned: {error.message}")
        return
    region = outer.update.region
    predicted = predictions(baseline, after, region=region)
    yield Nested(predictions=tuple(_within(name, each) for each in predicted))
    update = Update(old=baseline.state, new=after, region=region)
    inner = Outer(path=Path(template.name), update=update, deployed=deployed)
    for nested in nested_stacks(inner, reader):
        note = f"{name}.{nested.note}" if nested.note else ""
        yield Nested(
            predictions=tuple(_within(name, each) for each in nested.predictions), note=note
        )


def _within(name: str, prediction: Prediction) -> Prediction:
    return replace(prediction, trigger=f"{name}.{prediction.trigger}")


def _deployed(name: str, outer: Outer, reader: Reader) -> StackSnapshot | None:
    if outer.deployed is None or name not in outer.deployed.physical_ids:
        return None
    return reader.stack(outer.deployed.physical_ids[name])


def _states(
    deployed: StackSnapshot | None,
    template: Template,
    passed: Passed,
    outer: Outer,
    reader: Reader,
) -> tuple[Baseline, StackState]:
    if deployed is not None:
        return reader.update(deployed, template, passed)
    after = state_of_template(
        template, passed.values, region=outer.update.region, unknown_parameters=passed.unknown
    )
    return NO_STACK, after


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
