"""The stages in order, nothing else: from a fragment with triggers to one without the shorthand.

Knows the order of the stages. Refuses to know what any of them does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from macro import check, emit, ordering, parse
from macro.cloudformation import as_map
from macro.errors import Problem, TemplateError
from macro.fingerprint import Content, fingerprint
from macro.model import ABSENT, TRIGGER_TYPE, Deployment, Json, Settings, Trigger
from macro.references import Survey, survey

_NOT_A_TEMPLATE: Final = Problem(
    "Fn::Transform", "Trigger works on whole templates; write it under the template's Transform"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a fragment says: all that is known before anything is built.

    `resources` are the author's, and the functions that triggers define. One without triggers and
    without problems is empty.
    """

    triggers: tuple[Trigger, ...] = ()
    settings: Settings = field(default_factory=Settings)
    resources: Mapping[str, Json] = field(default_factory=dict)
    survey: Survey | None = None
    order: ordering.Order = field(default_factory=ordering.Order)
    problems: tuple[Problem, ...] = ()


def expand(fragment: Mapping[str, Json], deployment: Deployment) -> Mapping[str, Json]:
    """Rewrite every trigger of a fragment; one without triggers is returned itself.

    Raises `TemplateError` with all problems of the template, and nothing else.
    """
    if not isinstance(fragment, dict) or "Resources" not in fragment:
        raise TemplateError([_NOT_A_TEMPLATE])
    reading = read(fragment, deployment)
    if reading.problems:
        raise TemplateError(reading.problems)
    if reading.survey is None:
        return fragment
    content = Content(fragment={**fragment, "Resources": reading.resources}, deployment=deployment)
    names = [trigger.logical_id for trigger in reading.triggers]
    plan = emit.Plan(
        defined=reading.resources,
        triggers=reading.triggers,
        edges=reading.order.edges,
        fingerprints={
            one.logical_id: fingerprint(one, content, watched=reading.order.watched[one.logical_id])
            for one in reading.triggers
        },
        reads={name: reading.survey.attributes_read(name) for name in names},
        settings=reading.settings,
    )
    expanded = emit.template(fragment, plan)
    role = "" if reading.settings.provider_role else emit.ROLE
    if found := tuple(check.limits(expanded, role)):
        raise TemplateError(found)
    return expanded


def read(fragment: Mapping[str, Json], deployment: Deployment) -> Reading:
    """Read the triggers of a template, order them, and find what is wrong with them."""
    triggers, misspelled = parse.triggers(fragment, deployment)
    settings, missettings = parse.settings(deployment)
    if not triggers and not misspelled:
        return Reading()
    resources = _defined(fragment, triggers, settings)
    understood = {**resources, **{trigger.logical_id: _mentioning(trigger) for trigger in triggers}}
    seen = survey({**fragment, "Resources": understood})
    made = emit.made(triggers, settings)
    subject = check.Subject(
        taken=frozenset(fragment["Resources"]),
        made=made,
        conditions=frozenset(as_map(fragment.get("Conditions"))),
        made_conditions=tuple(emit.condition_id(name) for name in made),
        resources=understood,
        function_globals=as_map(as_map(fragment.get("Globals")).get("Function")),
        triggers=triggers,
        settings=settings,
        wrong_settings=frozenset(problem.place for problem in missettings),
        survey=seen,
    )
    support = [edge for trigger in triggers for edge in emit.support(trigger, settings)]
    ours = set(made) - {trigger.logical_id for trigger in triggers}
    order = ordering.order(understood, seen, triggers, support, made=ours)
    judged = (*check.problems(subject), *order.problems, *check.unsayable(order.edges, understood))
    return Reading(
        triggers=triggers,
        settings=settings,
        resources=resources,
        survey=seen,
        order=order,
        problems=(*misspelled, *missettings, *judged),
    )


def _defined(
    fragment: Mapping[str, Json], triggers: tuple[Trigger, ...], settings: Settings
) -> dict[str, Json]:
    """Give the author's resources, and the functions that triggers define."""
    resources = {
        name: parse.without_shorthand(resource) for name, resource in fragment["Resources"].items()
    }
    for trigger in triggers:
        resources |= emit.functions(trigger, settings)
    return resources


def _mentioning(trigger: Trigger) -> dict[str, Json]:
    """Say what a trigger will refer to, without its spelling, where a Ref may be a selector."""
    values = (
        trigger.handler.arn, trigger.payload, trigger.expect, trigger.failure_destination,
    )  # fmt: skip
    kept = [value for value in values if value is not ABSENT]
    return {"Type": TRIGGER_TYPE, "Properties": kept, **trigger.attributes}
