"""The reasons why something about a trigger differs, in the author's terms.

Knows what an entry of a fingerprint covers, and compares what two templates define there, since
an entry itself is a hash. Refuses to know what follows from a difference (`predict`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cfn_trigger.prediction.impact import Difference, Update
from cfn_trigger.prediction.resource_schema import PropertyPath
from cfn_trigger.template.intrinsics import StackState
from cfn_trigger.template.triggers import functions_behind, functions_of, served_of
from macro.cloudformation import ALIAS_TYPE, VERSION_TYPE, as_map, properties_of, section, type_of
from macro.model import Json
from macro.references import conditions_within, mentions
from macro.shorthand import PROPERTIES
from macro.versions import ENTRIES, served_by_alias, served_by_version
from trigger_provider.request import assembled


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason in words.

    `is_cause` is false if it says no more than that something differs, and `is_sure` is false if
    what it says may be the same.
    """

    text: str
    is_cause: bool = True
    is_sure: bool = True


def reasons(trigger: str, differences: Iterable[Difference], update: Update) -> Iterator[str]:
    """Yield the reason for each difference of a trigger, except those that follow from another."""
    listed = tuple(differences)
    properties = {difference.path[0] for difference in listed}
    entries = {difference.path[1] for difference in listed if difference.path[0] == "Fingerprint"}
    for difference in listed:
        match difference.path:
            case ["Fingerprint", *_] | ["Payload", *_] if difference.why:
                yield difference.why
            case ["Fingerprint", "References", *_] if len(entries) > 1:
                continue  # the entry in which the reference is gives the reason
            case ["Fingerprint", *entry]:
                yield from (reason.text for reason in _of_entry(trigger, entry, update))
            case ["Payload", *_] if "Fingerprint" in properties:
                continue  # the fingerprint's entry says which part of the payload it is
            case [setting] if not properties.isdisjoint(_LEADING.get(setting, ())):
                continue
            case ["Attributes", *_]:
                yield "the template reads other attributes of it"
            case ["Previous", *_]:
                yield "its Timeout crosses 3,540 seconds"
            case [setting, *_]:
                yield difference.why or _of_setting(setting, trigger, update)


_LEADING: Final[Mapping[str, tuple[str, ...]]] = {
    "ServiceTimeout": ("Timeout",),
    "ExecuteOnRollback": ("Attributes",),  # reading the result changes its default
    "UndoneBy": ("Fingerprint", "HandlerArn", *PROPERTIES),  # an undo has a new name with them
}
"""The properties that differ whenever one of these others does."""


def with_explanation(trigger: str, difference: Difference, update: Update) -> Difference:
    """Return a difference of a trigger, not explained if nothing that its entry covers differs."""
    match difference.path:
        case ["Fingerprint", *entry] if not difference.why:
            causes = [reason for reason in _of_entry(trigger, entry, update) if reason.is_cause]
            return replace(
                difference,
                is_explained=bool(causes),
                has_sure_cause=any(reason.is_sure for reason in causes),
            )
    return difference


def _of_entry(trigger: str, entry: Iterable[str], update: Update) -> Iterator[Reason]:
    """Yield the reasons for an entry of the fingerprint from what the two templates define."""
    kind, _, subject = ".".join(entry).partition(".")
    match kind:
        case "Deployment":
            is_on = "Deployment" in update.new.properties(trigger)["Fingerprint"]
            text = "every deployment" if is_on else "ExecuteOnEveryDeployment is no longer true"
            yield Reason(text=text)
        case "References":
            parameter = subject.partition(".")[0].partition(" ")[0]
            yield from (Reason(text=text) for text in _parameter_changes([parameter], update))
        case "Payload":
            both = [_payload(state, trigger) for state in (update.old, update.new)]
            yield from _changes(both, "", update) or _unexplained("Payload")
        case "Resources":
            resources = [as_map(state.resources.get(subject)) for state in (update.old, update.new)]
            both = [_written_by_an_author(resource) for resource in resources]
            changes = _changes(both, f" of resource {subject!r}", update)
            yield from changes or (Reason(text=_attribute_change(subject, *resources)),)
        case "Alias" | "Version":
            for name in [subject] if subject else served_of(trigger, update.new.template):
                changes = _changes_of_version(name, kind, update)
                yield from changes or _unexplained(f"{kind} {name!r}")
        case _:
            for function in [subject] if subject else functions_of(trigger, update.new.template):
                both = [_covered(state, function, kind) for state in (update.old, update.new)]
                changes = _changes(both, f" of {function!r}", update)
                yield from changes or _unexplained(f"{kind} of {function!r}")


def _written_by_an_author(resource: Mapping[str, Json]) -> Json:
    """Return the properties of a resource without those that the macro adds to a trigger."""
    properties = as_map(resource.get("Properties"))
    return {name: value for name, value in properties.items() if name not in _ADDED}


_ADDED: Final = ("Fingerprint", "Previous", "ServiceTimeout", "UndoneBy")


def _unexplained(subject: str) -> tuple[Reason]:
    return (Reason(text=f"{subject} is written differently", is_cause=False),)


def _payload(state: StackState, trigger: str) -> Json:
    payload = written(state, trigger, "Payload")
    return {} if payload is None else {"Payload": payload}


def written(state: StackState, trigger: str, name: str) -> Json:
    """Return a Payload or an Expect as the author wrote it; None if the trigger has none."""
    parts = properties_of(state.resources.get(trigger)).get(name)
    return None if parts is None else assembled(parts)


def _covered(state: StackState, function: str, entry: str) -> Json:
    """Return the properties of a function that an entry of the fingerprint covers."""
    properties = as_map(as_map(state.resources.get(function)).get("Properties"))
    return {key: value for key, value in properties.items() if ENTRIES.get(key) == entry}


def _changes_of_version(name: str, kind: str, update: Update) -> tuple[Reason, ...]:
    """Describe what an alias or a version runs now, and what its function publishes anew."""
    states = (update.old, update.new)
    both = [_version(name, state) for state in states]
    changes = list(_changes(both, f" of {kind.lower()} {name!r}", update))
    is_new = kind == "Version" or mentions(both[1]).references != mentions(both[0]).references
    for function in functions_behind(name, update.new.template) if is_new else ():
        for entry in dict.fromkeys(ENTRIES.values()):
            covered = [_covered(state, function, entry) for state in states]
            changes += _changes(covered, f" of {function!r}", update)
    return tuple(changes)


def _version(name: str, state: StackState) -> Json:
    resource = as_map(state.resources.get(name))
    served = {VERSION_TYPE: served_by_version, ALIAS_TYPE: served_by_alias}
    return served[type_of(resource)](resource) if type_of(resource) in served else {}


def _attribute_change(name: str, old: Mapping[str, Json], new: Mapping[str, Json]) -> str:
    if not old:
        return f"resource {name!r} is selected now"
    attributes = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return f"{', '.join(attributes) or 'the definition'} of resource {name!r}"


def _changes(both: list[Json], owner: str, update: Update) -> tuple[Reason, ...]:
    """Describe where two definitions differ once resolved, with the parameters that changed."""
    old, new = both
    changes: dict[str, bool] = {}
    resolved = update.old.resolve(old or {}), update.new.resolve(new or {})
    for difference in update.differences(*resolved):
        match difference.path:
            case ["Code", *_]:
                what = "the code"
            case ["Environment", "Variables", key, *_]:
                what = f"environment key {key!r}"
            case ["Payload", *_]:
                what = ".".join(difference.path)
            case []:
                what = "the definition"
            case [name, *_]:
                what = name
        why = difference.why or ", ".join(_changes_behind(_at(difference.path, new), update))
        text = f"{what}{owner}{f' ({why})' if why else ''}"
        changes[text] = changes.get(text, False) or difference.is_sure
    return tuple(Reason(text=text, is_sure=is_sure) for text, is_sure in changes.items())


def _at(path: PropertyPath, value: Json) -> Json:
    """Return what is written at a path, or the intrinsic function on the way that yields it."""
    for step in path:
        match value:
            case dict() if step in value:
                value = value[step]
            case list() if int(step) < len(value):
                value = value[int(step)]
            case _:
                break
    return value


def _changes_behind(value: Json, update: Update) -> Iterator[str]:
    """Yield the changes of parameters that a value depends on, through conditions too."""
    mentioned = mentions(value)
    waiting, seen = list(mentioned.conditions), set[str]()
    names = [reference.name for reference in mentioned.references]
    while waiting:
        name = waiting.pop()
        condition = section(update.new.template, "Conditions").get(name)
        if name not in seen:
            seen.add(name)
            waiting.extend(conditions_within(condition))
            names += [reference.name for reference in mentions(condition).references]
    yield from _parameter_changes(dict.fromkeys(names), update)


def _parameter_changes(names: Iterable[str], update: Update) -> Iterator[str]:
    """Yield those of the names that are parameters with a new value, with both values."""
    declared = section(update.new.template, "Parameters")
    for name in names:
        old, new = update.old.values.get(name), update.new.values.get(name)
        if name in declared and old != new and name not in update.new.unknown_parameters:
            values = "" if old is None else f": {old!r} → {new!r}"
            yield f"parameter {name!r}{values}"


def _of_setting(name: str, trigger: str, update: Update) -> str:
    old, new = (state.properties(trigger).get(name) for state in (update.old, update.new))
    if name == "HandlerArn":
        return "another handler"
    if name == "UndoneBy":
        return "OnRollback"
    if isinstance(old or "", str) and isinstance(new or "", str):
        return f"{name}: {old or 'default'} → {new or 'default'}"
    return name
