"""The stages in order, and nothing else: from a fragment with triggers to its expansion.

Knows the order of the stages. Refuses to know what any of them does.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from macro import check, concurrency, embedding, emit, grouping, ordering, parse, undo
from macro.additions import additions, with_shared_policies
from macro.canonical import Canon
from macro.cloudformation import Resources, section
from macro.define import definition
from macro.errors import Problem, TemplateError
from macro.fingerprint import Content, fingerprint
from macro.model import ABSENT, TRIGGER_TYPE, Deployment, Json, Trigger
from macro.names import ROLE
from macro.reading import Reading
from macro.references import survey
from macro.watching import watched_references

NOT_A_TEMPLATE: Final = Problem(
    "Fn::Transform", "Trigger transforms whole templates; put it in the template's Transform"
)


class Expansion(NamedTuple):
    """An expanded template, and what was read in the author's."""

    fragment: Mapping[str, Json]
    reading: Reading

    @property
    def size(self) -> int:
        """The bytes of the template as JSON; 0 if nothing was expanded."""
        return len(json.dumps(self.fragment)) if self.reading.triggers else 0


def expand(fragment: Mapping[str, Json], deployment: Deployment) -> Expansion:
    """Rewrite every trigger of a fragment; a fragment without triggers is returned itself.

    Raises `TemplateError` with all problems of the template, and nothing else.
    """
    return build(read(fragment, deployment))


def read(fragment: Mapping[str, Json], deployment: Deployment) -> Reading:
    """Read the triggers of a template, order them, and find their problems."""
    reading = Reading(fragment=fragment, deployment=deployment)
    if not isinstance(fragment, dict) or "Resources" not in fragment:
        return reading._replace(meaning_problems=(NOT_A_TEMPLATE,))
    written = Resources(section(fragment, "Resources"))
    triggers, misspelled_triggers = parse.triggers(fragment, written, deployment)
    if not triggers and not misspelled_triggers:
        return reading
    settings, misspelled_settings = parse.settings(deployment)
    written_canon = Canon.of(fragment, written, deployment)
    definitions: Mapping[str, Mapping[str, Json]] = {
        trigger.logical_id: definition(trigger, settings, written_canon) for trigger in triggers
    }
    resources = _resources(written, definitions)
    undone = undo.undos(triggers, Content.of(fragment, resources, deployment))
    if undone.triggers:
        definitions = {**definitions, **undone.definitions}
        resources = _resources(written, definitions)
    running = (*triggers, *undone.triggers)
    spelling_problems = (*misspelled_triggers, *misspelled_settings)
    if untransformed := tuple(check.untransformed_resources(resources)):
        return reading._replace(
            triggers=triggers,
            settings=settings,
            definitions=definitions,
            resources=resources,
            spelling_problems=spelling_problems,
            meaning_problems=untransformed,
        )
    understood = resources.replaced({it.logical_id: _mentioning(it) for it in running})
    surveyed = survey({**fragment, "Resources": understood})
    added = additions(running, settings, definitions, resources)
    canon = Canon.of(fragment, understood, deployment)
    order = ordering.order(understood, surveyed, running, added, canon)
    order = concurrency.limited(order, triggers, resources, settings.max_concurrent_triggers)
    order = undo.with_undos(order, undone.triggers)
    if shared := grouping.shared_policies(added, order, running, settings, resources):
        added = with_shared_policies(added, shared, settings, resources)
        order = grouping.with_shared_policies(order, shared)
    reading = reading._replace(
        triggers=triggers,
        undos=undone.triggers,
        settings=settings,
        definitions=definitions,
        resources=resources,
        survey=surveyed,
        additions=added,
        spelling_problems=spelling_problems,
    )
    problems = (*check.problems(reading), *order.problems)
    return reading._replace(order=order, meaning_problems=problems)


def build(reading: Reading) -> Expansion:
    """Build the expansion of a template; raises `TemplateError` if it has problems."""
    role = "" if reading.settings.provider_role else ROLE
    if reading.problems:
        raise TemplateError((*reading.problems, *_exceeded_limits(reading, role)))
    if not reading.triggers:
        return Expansion(fragment=reading.fragment, reading=reading)
    fingerprints = _fingerprints(reading)
    emitted = emit.template(reading, fingerprints)
    late = (*check.undos_are_free(reading, fingerprints), *check.limits(emitted, role))
    if late:
        raise TemplateError(late)
    fragment = embedding.embed(emitted, reading.deployment.provider_layer)
    return Expansion(fragment=fragment, reading=reading)


def _exceeded_limits(reading: Reading, role: str) -> Iterator[Problem]:
    """Yield the quotas that a template with problems breaks too, as far as it is understood."""
    yield from check.resource_limit({*reading.resources, *reading.additions.ids})
    if role and reading.triggers and not reading.are_settings_misspelled:
        permissions = emit.permissions_of_provider(reading)
        yield from check.policy_limits(reading.resources.replaced(permissions), role)


def _resources(written: Resources, definitions: Mapping[str, Mapping[str, Json]]) -> Resources:
    """Return the author's resources without the shorthand, and those that triggers define."""
    defined = {name: it for each in definitions.values() for name, it in each.items()}
    return parse.without_shorthand(written).replaced(defined)


def _mentioning(trigger: Trigger) -> dict[str, Json]:
    """Return what a trigger will refer to, without its spelling, where a Ref may be a selector."""
    values = (
        trigger.handler.arn, trigger.payload, trigger.expect, trigger.failure_destination,
    )  # fmt: skip
    written = [value for value in values if value is not ABSENT]
    written += [{"Ref": trigger.undoes}] if trigger.undoes else []
    return {"Type": TRIGGER_TYPE, "Properties": written, **trigger.attributes}


def _fingerprints(reading: Reading) -> dict[str, Json]:
    content = Content.of(reading.fragment, reading.resources, reading.deployment)
    repeated = watched_references(reading, content)
    return {
        trigger.logical_id: fingerprint(
            trigger,
            content,
            watched=reading.order.watched[trigger.logical_id],
            repeated=repeated[trigger.logical_id],
        )
        for trigger in reading.triggers
    }
