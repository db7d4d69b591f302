"""The stages in order, nothing else: from a fragment with triggers to one without the shorthand.

Knows the order of the stages. Refuses to know what any of them does.
"""

from collections.abc import Mapping
from typing import Final

from macro import check, emit, graph, parse
from macro.errors import Problem, TemplateError
from macro.fingerprint import Content, fingerprint
from macro.model import ABSENT, TRIGGER_TYPE, Deployment, Json, Trigger
from macro.references import survey

_NOT_A_TEMPLATE: Final = Problem(
    "Fn::Transform", "Trigger works on whole templates; write it under the template's Transform"
)


def expand(fragment: Mapping[str, Json], deployment: Deployment) -> Mapping[str, Json]:
    """Rewrite every trigger of a fragment; one without triggers is returned itself.

    Raises `TemplateError` with all problems of the template, and nothing else.
    """
    if not isinstance(fragment, dict) or "Resources" not in fragment:
        raise TemplateError([_NOT_A_TEMPLATE])
    triggers, problems = parse.triggers(fragment, deployment)
    if not triggers and not problems:
        return fragment
    understood = _understood(fragment, triggers)
    seen = survey(understood)
    subject = check.Subject(
        fragment=fragment, triggers=triggers, survey=seen, made=emit.made(triggers)
    )
    order = graph.order(
        understood["Resources"],
        seen,
        triggers,
        [edge for trigger in triggers for edge in emit.support(trigger)],
    )
    if found := (*problems, *check.problems(subject), *order.problems):
        raise TemplateError(found)
    content = Content(fragment=fragment, deployment=deployment)
    plan = emit.Plan(
        triggers=triggers,
        edges=order.edges,
        fingerprints={
            trigger.logical_id: fingerprint(
                trigger, content, watched=order.watched[trigger.logical_id]
            )
            for trigger in triggers
        },
        reads={
            trigger.logical_id: seen.attributes_read(trigger.logical_id) for trigger in triggers
        },
    )
    return emit.template(fragment, plan)


def _understood(fragment: Mapping[str, Json], triggers: tuple[Trigger, ...]) -> dict[str, Json]:
    """Put what a trigger will refer to in the place of its spelling, where a Ref is a selector."""
    resources = dict(fragment["Resources"])
    for trigger in triggers:
        values = (trigger.handler.arn, trigger.payload, trigger.expect)
        kept = [value for value in values if value is not ABSENT]
        resources[trigger.logical_id] = {
            "Type": TRIGGER_TYPE, "Properties": kept, **trigger.attributes
        }  # fmt: skip
    return {**fragment, "Resources": resources}
