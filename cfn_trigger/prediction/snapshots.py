"""The two states of a stack that a prediction compares: as it stands, and as a template leaves it.

Knows which value each parameter has in either state. Refuses to call AWS: the responses of
CloudFormation and Parameter Store are passed in.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cfn_trigger.deployment.stack import StackSnapshot
from cfn_trigger.errors import TemplateProblems, UsageError
from cfn_trigger.template import parameters, transforms
from cfn_trigger.template.artifacts import uploads_of, with_placeholders
from cfn_trigger.template.intrinsics import KnownAtDeployment, Secret, StackState, Unknown
from cfn_trigger.template.source import Template
from macro.cloudformation import is_secret, section
from macro.model import TRANSFORM, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a deployment starts from: a stack's state, and its resources that failed last time.

    `rebuilt` is that state as this command expands the template that was deployed, if a transform
    of AWS may have written something in another way that means the same.
    """

    state: StackState
    failed: frozenset[str] = frozenset()
    rebuilt: StackState | None = None


NO_STACK: Final = Baseline(
    state=StackState(template={}, values={}, unknown_parameters={}, pseudo_parameters={})
)
"""The baseline of a first deployment."""


def state_of_template(
    template: Template,
    overrides: Mapping[str, str],
    *,
    region: str,
    macro_name: str = TRANSFORM,
    unknown_parameters: Mapping[str, Unknown] | None = None,
) -> StackState:
    """Return the state that a template describes with these parameters and its defaults.

    Raises TemplateProblems if the template cannot be expanded.
    """
    declared = section(template.values, "Parameters")
    unknown = dict(unknown_parameters or {})
    known = parameters.effective_values(declared, overrides)
    values = {name: value for name, value in known.items() if name not in unknown}
    context = transforms.Context(
        values=values, region=region, macro_name=macro_name, unknown_parameters=unknown
    )
    return StackState(
        template=with_placeholders(transforms.process(template, context).template),
        values=values,
        unknown_parameters=_looked_up(declared) | unknown,
        pseudo_parameters={},
    )


def states_of_update(
    template: Template,
    overrides: Mapping[str, str],
    deployed: StackSnapshot,
    stored: Mapping[str, str] | None = None,
    *,
    macro_name: str = TRANSFORM,
    unknown_parameters: Mapping[str, Unknown] | None = None,
) -> tuple[Baseline, StackState]:
    """Return the state of a deployed stack, and the state after an update with a template.

    Parameters that are not passed keep their deployed values, except `unknown_parameters`. `stored`
    has current values from Parameter Store, by their names there. Raises TemplateProblems if the
    template cannot be expanded.
    """
    declared = section(template.values, "Parameters")
    effective = parameters.effective_values(declared, overrides, deployed.values)
    current = {
        name: stored[key]
        for name, key in parameter_store_names(declared, effective)
        if stored and key in stored
    }
    kept = {name: value for name, value in deployed.looked_up.items() if name not in overrides}
    known = {**effective, **kept, **current}
    open_parameters = dict(unknown_parameters or {})
    values = {
        name: value
        for name, value in known.items()
        if name in declared and name not in open_parameters
    }
    region = deployed.pseudo_parameters["AWS::Region"]
    secrets = {
        name: Secret(name, is_override=name in overrides or name not in deployed.values)
        for name, parameter in declared.items()
        if is_secret(parameter)
    }
    context = transforms.Context(
        values=values,
        region=region,
        macro_name=macro_name,
        unknown_parameters={name: each for name, each in secrets.items() if not each.is_override}
        | open_parameters,
        pseudo_parameters=deployed.pseudo_parameters,
        uploads=uploads_of(deployed.template, Path(template.name).parent),
    )
    after = StackState(
        template=with_placeholders(transforms.process(template, context).template),
        values=values,
        unknown_parameters=_looked_up(declared, known=current) | secrets | open_parameters,
        pseudo_parameters=deployed.pseudo_parameters,
    )
    failed = frozenset(name for name, status in deployed.statuses.items() if "FAILED" in status)
    return Baseline(state=_as_deployed(deployed, current), failed=failed), after


def rebuilt_state(
    original: Template,
    deployed: StackSnapshot,
    stored: Mapping[str, str] | None = None,
    *,
    macro_name: str = TRANSFORM,
) -> StackState:
    """Return the state of a stack as this command expands the template that was deployed.

    It is empty if that template can be expanded only in the stack's account.
    """
    try:
        _, state = states_of_update(original, {}, deployed, stored, macro_name=macro_name)
    except (TemplateProblems, UsageError):
        return NO_STACK.state
    return state


def _as_deployed(deployed: StackSnapshot, current: Mapping[str, str]) -> StackState:
    """Return the state of a stack as it stands.

    A value from Parameter Store counts as known only if its current value is known too:
    otherwise there is nothing to compare it with.
    """
    declared = section(deployed.template, "Parameters")
    comparable = current.keys() & deployed.looked_up.keys()
    secrets = {
        name: Secret(name, is_override=False)
        for name, parameter in declared.items()
        if is_secret(parameter)
    }
    return StackState(
        template=deployed.template,
        values={**deployed.values, **deployed.looked_up},
        unknown_parameters=_looked_up(declared, known=comparable) | secrets,
        pseudo_parameters=deployed.pseudo_parameters,
    )


def parameter_store_names(
    declared: Mapping[str, Json], values: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the parameters whose value is a name in Parameter Store, with that name."""
    for name, parameter in declared.items():
        if parameters.is_stored(parameter) and name in values:
            yield name, values[name]


def _looked_up(declared: Mapping[str, Json], *, known: Collection[str] = ()) -> dict[str, Unknown]:
    return {
        name: KnownAtDeployment(f"parameter {name!r}")
        for name, parameter in declared.items()
        if parameters.is_stored(parameter) and name not in known
    }
