"""Templates and updates in few words, for the tests of the command line's pure parts."""

import json
from typing import Any, Final

from cfn_trigger.prediction import snapshots
from cfn_trigger.prediction.impact import Update
from cfn_trigger.prediction.predict import NOTHING, Before, predictions
from cfn_trigger.template import transforms
from cfn_trigger.template.intrinsics import Open, Side
from cfn_trigger.template.source import Template, parsed
from tests.support.templates import function, of_type, trigger

Json = Any

QUEUE: Final = of_type("AWS::SQS::Queue")
SAM: Final = "AWS::Serverless-2016-10-31"


def template(sections: Json = None, **resources: Json) -> Template:
    """Read a template with our transform, and the function `Migrate` unless another is given."""
    whole = {
        "Transform": "Trigger",
        **(sections or {}),
        "Resources": {"Migrate": function()} | resources,
    }
    return parsed(json.dumps(whole), "template.json")


def side(
    sections: Json = None,
    *,
    values: dict[str, str] | None = None,
    opened: dict[str, Open] | None = None,
    constants: dict[str, str] | None = None,
    **resources: Json,
) -> Side:
    """Give one state of a stack."""
    return Side(
        template={**(sections or {}), "Resources": resources},
        values=values or {},
        opened=opened or {},
        constants=constants or {},
    )


def update(old: Side, new: Side) -> Update:
    """Give an update between two states."""
    return Update(old=old, new=new, region="us-east-1")


def expanded(one: Template, **values: str) -> dict[str, Json]:
    """Let all transforms work on a template."""
    declared = one.values.get("Parameters", {})
    known = {name: value for name, value in values.items() if name in declared}
    return transforms.expanded(one, transforms.Setting(values=known)).template


def planned(
    old: Template | None,
    new: Template,
    *,
    old_values: Json = None,
    failed: tuple[str, ...] = (),
    **values: str,
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Plan an update; without an old template a first deployment."""
    before = NOTHING
    if old is not None:
        before = Before(
            side=snapshots.of_template(old, values, old_values or {}), failed=frozenset(failed)
        )
    after = snapshots.of_template(new, values, {})
    found = predictions(before, after, region="us-east-1")
    return [(one.trigger, one.verdict, one.because) for one in found]


__all__ = [
    "QUEUE",
    "SAM",
    "expanded",
    "function",
    "of_type",
    "planned",
    "side",
    "template",
    "trigger",
    "update",
]
