"""Why something about a trigger differs, in the author's terms.

Knows what an entry of a fingerprint is about, and compares what two templates define there, since
an entry itself is a hash. Refuses to know what follows from a difference (`predictions`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cfn_trigger.prediction.impact import Difference, Update
from cfn_trigger.template import triggers
from cfn_trigger.template.intrinsics import Side
from cfn_trigger.template.source import section
from macro.cloudformation import as_map
from macro.fingerprint import CONFIGURATION
from macro.model import Json
from macro.references import conditions_within, mentions
from trigger_provider.index import assembled

_OTHERWISE: Final = "is written otherwise"


def explained(name: str, found: Iterable[Difference], update: Update) -> Iterator[str]:
    """Say each difference in the author's terms."""
    parts = {one.path[0] for one in found}
    entries = {one.path[1] for one in found if one.path[0] == "Fingerprint"}
    for one in found:
        match one.path:
            case ["Fingerprint", *_] | ["Payload", *_] if one.why:
                yield one.why
            case ["Fingerprint", "References", *_] if len(entries) > 1:
                continue  # another entry says what it is in
            case ["Fingerprint", *inner]:
                yield from _entry(name, ".".join(inner), update)
            case ["Payload", *_] if "Fingerprint" in parts:
                continue  # its entry says which part
            case ["ServiceTimeout"] if "Timeout" in parts:
                continue
            case ["ExecuteOnRollback"] if "Attributes" in parts:
                continue  # it is by default what reading the result makes it
            case ["Attributes", *_]:
                yield "the template reads other attributes of it"
            case [setting, *_]:
                yield one.why or _setting(setting, name, update)


def _entry(name: str, entry: str, update: Update) -> Iterator[str]:
    """Explain an entry of the fingerprint by what the two templates define."""
    kind, _, about = entry.partition(".")
    match kind:
        case "Deployment":
            is_on = "Deployment" in update.new.properties(name)["Fingerprint"]
            yield "every deployment" if is_on else "ExecuteOnEveryDeployment is no longer true"
        case "References":
            yield from filter(None, [_parameter(about.partition(".")[0].partition(" ")[0], update)])
        case "Payload":
            both = [_payload(side, name) for side in (update.old, update.new)]
            yield from _said(both, "", update) or (f"Payload {_OTHERWISE}",)
        case "Resources":
            resources = [as_map(side.resources.get(about)) for side in (update.old, update.new)]
            both = [resource.get("Properties") for resource in resources]
            said = _said(both, f" of resource {about!r}", update)
            yield from said or (_other_attribute(about, *resources),)
        case _:
            for function in [about] if about else functions(name, update.new):
                both = [_part(side, function, kind) for side in (update.old, update.new)]
                said = _said(both, f" of {function!r}", update)
                yield from said or (f"{kind} of {function!r} {_OTHERWISE}",)


def is_unexplained(name: str, entry: str, update: Update) -> bool:
    """Tell whether an entry differs although all that it is about is the same once resolved."""
    return all(said.endswith(_OTHERWISE) for said in _entry(name, entry, update))


def _payload(side: Side, name: str) -> Json:
    sent = as_map(side.resources[name].get("Properties")).get("Payload")
    return {} if sent is None else {"Payload": assembled(sent)}


def _part(side: Side, function: str, entry: str) -> Json:
    """Give the properties of a function that an entry of a fingerprint is about."""
    properties = as_map(as_map(side.resources.get(function)).get("Properties"))
    own = ("Code", "Environment", "Layers")
    wanted = [key for key in properties if (key == entry if entry in own else key not in own)]
    return {key: properties[key] for key in wanted if key in CONFIGURATION or key in own}


def _other_attribute(name: str, old: Mapping[str, Json], new: Mapping[str, Json]) -> str:
    if not old:
        return f"resource {name!r} is selected now"
    differing = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return f"{', '.join(differing) or 'the definition'} of resource {name!r}"


def _said(both: list[Json], owner: str, update: Update) -> tuple[str, ...]:
    """Say where two written values differ once resolved, and the parameters behind it."""
    old, new = both
    said: dict[str, None] = {}
    for one in update.differences(update.old.resolve(old or {}), update.new.resolve(new or {})):
        match one.path:
            case ["Code", *_]:
                what = "the code"
            case ["Environment", "Variables", key, *_]:
                what = f"environment key {key!r}"
            case ["Payload", *_]:
                what = ".".join(one.path)
            case _:
                what = one.path[0] if one.path else "the definition"
        behind = [one.why] if one.why else _parameters_behind(_at(one.path, new), update)
        why = f" ({', '.join(behind)})" if behind else ""
        said[f"{what}{owner}{why}"] = None
    return tuple(said)


def _at(path: tuple[str, ...], written: Json) -> Json:
    """Give what is written at a path, or the function that yields it."""
    for step in path:
        match written:
            case dict() if step in written:
                written = written[step]
            case list() if int(step) < len(written):
                written = written[int(step)]
            case _:
                break
    return written


def _parameters_behind(written: Json, update: Update) -> list[str]:
    """Say which parameters that a value depends on have another value."""
    found = mentions(written)
    waiting, seen = list(found.conditions), set[str]()
    names = {reference.name: None for reference in found.references}
    while waiting:
        name = waiting.pop()
        condition = section(update.new.template, "Conditions").get(name)
        if name not in seen:
            seen.add(name)
            waiting.extend(conditions_within(condition))
            names |= {reference.name: None for reference in mentions(condition).references}
    return [said for name in names if (said := _parameter(name, update))]


def _parameter(name: str, update: Update) -> str:
    declared = section(update.new.template, "Parameters")
    old, new = update.old.values.get(name), update.new.values.get(name)
    if name not in declared or old == new or name in update.new.opened:
        return ""
    return f"parameter {name!r}: {old!r} → {new!r}" if old is not None else f"parameter {name!r}"


def _setting(name: str, trigger: str, update: Update) -> str:
    old, new = (side.properties(trigger).get(name) for side in (update.old, update.new))
    if name == "HandlerArn":
        return "another handler"
    if isinstance(old or "", str) and isinstance(new or "", str):
        return f"{name}: {old or 'default'} → {new or 'default'}"
    return name


def handler(side: Side, name: str) -> Json:
    """Give the ARN of a trigger's handler, as the template says it."""
    return as_map(side.resources[name].get("Properties")).get("HandlerArn")


def functions(name: str, side: Side) -> tuple[str, ...]:
    """Name the functions of the template that a trigger runs."""
    return triggers.functions(side.template, handler(side, name))
