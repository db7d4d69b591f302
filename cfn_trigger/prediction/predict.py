"""What a deployment does with every trigger.

Knows what makes CloudFormation send a custom resource a request, and which of them the provider
answers without running: any property that differs once it is resolved, and nothing else. Refuses to
know why something differs (`because`), and where the two sides come from (`sides`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from cfn_trigger.prediction.impact import Difference, Update
from cfn_trigger.prediction.reasons import explained, functions, handler, is_unexplained
from cfn_trigger.template import parameters, transforms
from cfn_trigger.template.intrinsics import Resolved, Side
from cfn_trigger.template.source import section
from cfn_trigger.template.triggers import triggers
from macro.cloudformation import as_map
from macro.references import mentions

Verdict = Literal["will run", "will not run", "unknown until deployment"]
RequestType = Literal["Create", "Update", "Delete", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a deployment does with a trigger: the request it gets, if any, and because of what."""

    trigger: str
    verdict: Verdict
    request: RequestType
    because: tuple[str, ...]
    differs: tuple[str, ...] = ()
    """The properties that differ, and the entries of the fingerprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What stands before the deployment: a side of the update, and resources that failed."""

    side: Side
    failed: frozenset[str] = frozenset()


NOTHING: Final = Before(side=Side(template={}, values={}, opened={}, constants={}))
"""No stack: a first deployment."""


def predictions(before: Before, after: Side, *, region: str) -> tuple[Prediction, ...]:
    """Predict for every trigger, in the order of the new template, then those that are gone."""
    update = Update(old=before.side, new=after, region=region)
    names = dict.fromkeys([*_triggers(after), *_triggers(before.side)])
    return tuple(_predicted(name, before, update) for name in names)


def _triggers(side: Side) -> Iterator[str]:
    """Name the triggers of a side that exist, or may."""
    yield from (name for name in triggers(side.template) if side.exists(name) is not False)


def _predicted(name: str, before: Before, update: Update) -> Prediction:
    was = name in _triggers(before.side) and before.side.exists(name)
    will_be = name in _triggers(update.new) and update.new.exists(name)
    match was, will_be:
        case False, True:
            return _created(name, update)
        case True, False:
            return _deleted(name, before, update)
        case _ if was == will_be:
            return _updated(name, before, update)
    said = f"its Condition {_condition(name, update)!r} is not known here"
    return Prediction(
        trigger=name, verdict="unknown until deployment", request="none", because=(said,)
    )


def _condition(name: str, update: Update) -> str:
    side = update.new if name in update.new.resources else update.old
    return str(side.resources[name].get("Condition"))


def _created(name: str, update: Update) -> Prediction:
    twin = next(
        (
            other
            for other in _triggers(update.old)
            if update.new.exists(other) is False
            and handler(update.old, other) == handler(update.new, name)
        ),
        "",
    )
    said = f"first time; to CloudFormation {twin!r} under another name is a new trigger"
    skip = _skipped(update.new.properties(name))
    return Prediction(
        trigger=name,
        verdict="will not run" if skip else "will run",
        request="Create",
        because=(skip or (said if twin else "first time"),),
    )


def _skipped(properties: Mapping[str, Resolved]) -> str:
    """Say why a trigger that gets a request does not run its handler, if that is so."""
    if properties.get("Enabled") == "false":
        return "Enabled is false"
    if properties.get("InvocationType") == "DryRun":
        return "InvocationType DryRun only checks that the handler may be invoked"
    return ""


def _deleted(name: str, before: Before, update: Update) -> Prediction:
    resource = update.old.resources[name]
    properties = update.old.properties(name)
    why = "it is deleted, and ExecuteOnDelete is true"
    runs = False
    request: RequestType = "Delete"
    match resource.get("DeletionPolicy"):
        case "Retain" | "RetainExceptOnCreate":
            why, request = (
                "it leaves the stack without a request: its DeletionPolicy retains it",
                "none",
            )
        case _ if skip := _skipped(properties):
            why = f"it is deleted, and {skip}"
        case _ if properties.get("ExecuteOnDelete") != "true":
            why = "it is deleted, and ExecuteOnDelete is false"
        case _ if before.failed and name in before.failed:
            why = "it is deleted, and was never created"
        case _:
            runs = True
    verdict: Verdict = "will run" if runs else "will not run"
    return Prediction(trigger=name, verdict=verdict, request=request, because=(why,))


# ---- an update: what differs, and what the provider makes of it

_ONLY_WHEN_CHANGED: Final = ("Fingerprint", "Payload", "Enabled")
"""What the provider compares of a trigger with `ExecuteOnHandlerChange: false`."""


def _updated(name: str, before: Before, update: Update) -> Prediction:
    properties = update.new.properties(name)
    found = tuple(_differences(name, update))
    sure = [one for one in found if one.is_sure]
    failed = name in before.failed
    only_once = properties.get("ExecuteOnHandlerChange") == "false" and not properties.get(
        "Attributes"
    )
    if only_once:
        found = tuple(one for one in found if one.path[0] in _ONLY_WHEN_CHANGED)
    why = tuple(dict.fromkeys(explained(name, found, update)))
    request: RequestType = "Update" if sure or failed else "none"
    verdict: Verdict = "will not run"
    if skip := _skipped(properties):
        why = (skip,)
    elif any(one.is_sure for one in found):
        verdict = "will run"
    elif failed and not only_once:
        verdict, why = "will run", ("it failed last time", *why)
    elif found:
        verdict = "unknown until deployment"
    elif sure:
        why = ("ExecuteOnHandlerChange is false",)
    else:
        why = ("nothing that it depends on differs",)
    differs = (".".join(one.path[: 2 if one.path[0] == "Fingerprint" else 1]) for one in found)
    return Prediction(
        trigger=name,
        verdict=verdict,
        request=request,
        because=why,
        differs=tuple(dict.fromkeys(differs)),
    )


def _differences(name: str, update: Update) -> Iterator[Difference]:
    """Yield what differs of a trigger; code that is not uploaded yet differs perhaps."""
    local = _local_code(name, update)
    for one in update.differences(update.old.properties(name), update.new.properties(name)):
        entry = ".".join(one.path[:2]).partition(".")[2].partition(".")[0]
        if local and one.path[0] == "Fingerprint" and entry in ("Code", "Layers"):
            continue
        yield _looked_up(name, one, update) or one
    for entry, said in local.items():
        if _has_entry(name, entry, update):
            yield Difference(path=("Fingerprint", entry), is_sure=False, why=said)


def _looked_up(name: str, one: Difference, update: Update) -> Difference | None:
    """Doubt a hash that differs for no reason, where a parameter from the store may count in it.

    Whether CloudFormation tells a macro its name or its value is documented nowhere.
    """
    declared = section(update.new.template, "Parameters").values()
    is_hash = one.path[0] == "Fingerprint" and one.path[1:2] not in (
        ("References",),
        ("Deployment",),
    )
    if one.why or not is_hash or not any(map(parameters.is_stored, declared)):
        return None
    if not is_unexplained(name, ".".join(one.path[1:]), update):
        return None
    said = "a parameter from the parameter store is looked up at deployment"
    return replace(one, is_sure=False, why=said)


def _has_entry(name: str, entry: str, update: Update) -> bool:
    written = as_map(update.new.properties(name).get("Fingerprint"))
    return any(key.partition(".")[0] == entry for key in written)


def _local_code(name: str, update: Update) -> dict[str, str]:
    """Say what of a handler only a deployment uploads, by entry of the fingerprint."""
    found = {}
    for function in functions(name, update.new):
        properties = as_map(update.new.resources[function].get("Properties"))
        layers = [one.name for one in mentions(properties.get("Layers")).references]
        parts = [("Code", function, properties.get("Code") or properties.get("CodeUri"))]
        for layer in layers:
            content = as_map(as_map(update.new.resources.get(layer)).get("Properties"))
            parts.append(("Layers", layer, content))
        for entry, owner, part in parts:
            if isinstance(part, str) or transforms.NOT_PACKAGED in json.dumps(part):
                remedy = "plan what `sam package` or `aws cloudformation package` writes"
                found[entry] = f"the code of {owner!r} is at a local path; {remedy}"
    return found
