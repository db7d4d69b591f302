"""States of a stack and updates between them, for the tests of the command line's pure parts.

Knows what a deployment starts from and leads to, and what is predicted of it. The templates
themselves are written in the words of `templates`.
"""

import json
from typing import Any, Final

from cfn_trigger.prediction.impact import Update
from cfn_trigger.prediction.predict import predictions
from cfn_trigger.prediction.snapshots import NO_STACK, Baseline, state_of_template
from cfn_trigger.template import transforms
from cfn_trigger.template.intrinsics import StackState, Unknown
from cfn_trigger.template.source import Template, parse_template
from tests.support.templates import function

Json = Any

REGION: Final = "us-east-1"


def template(sections: Json = None, **resources: Json) -> Template:
    """Return a template with the macro's transform, and the function `Migrate` by default."""
    whole = {
        "Transform": "Trigger",
        **(sections or {}),
        "Resources": {"Migrate": function()} | resources,
    }
    return parse_template(json.dumps(whole), "template.json")


def state(
    sections: Json = None,
    *,
    values: dict[str, str] | None = None,
    unknown_parameters: dict[str, Unknown] | None = None,
    pseudo_parameters: dict[str, str] | None = None,
    **resources: Json,
) -> StackState:
    """Return one state of a stack."""
    return StackState(
        template={**(sections or {}), "Resources": resources},
        values=values or {},
        unknown_parameters=unknown_parameters or {},
        pseudo_parameters=pseudo_parameters or {},
    )


def update(old: StackState, new: StackState) -> Update:
    """Return an update between two states."""
    return Update(old=old, new=new, region=REGION)


def expanded(source: Template, **values: str) -> dict[str, Json]:
    """Return a template after all of its transforms."""
    declared = source.values.get("Parameters", {})
    known = {name: value for name, value in values.items() if name in declared}
    return transforms.process(source, transforms.Context(values=known)).template


def planned(
    old: Template | None,
    new: Template,
    *,
    old_values: Json = None,
    failed: tuple[str, ...] = (),
    **values: str,
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return triggers, verdicts and reasons of an update, or of a first deployment."""
    baseline = NO_STACK
    if old is not None:
        before = state_of_template(old, values | (old_values or {}), region=REGION)
        baseline = Baseline(state=before, failed=frozenset(failed))
    after = state_of_template(new, values, region=REGION)
    predicted = predictions(baseline, after, region=REGION)
    return [(one.trigger, one.verdict, one.because) for one in predicted]
