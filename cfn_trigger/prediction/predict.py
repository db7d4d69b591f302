"""The prediction: what a deployment does with every trigger.

Knows when CloudFormation sends a custom resource a request, and which requests the provider answers
without running the handler. Refuses to know how values are compared (`impact`), why something
differs (`reasons`), and where the two states come from (`snapshots`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from cfn_trigger.prediction.impact import PACKAGE, Difference, Update
from cfn_trigger.prediction.reasons import reasons, with_explanation
from cfn_trigger.prediction.snapshots import Baseline
from cfn_trigger.prediction.writing import entry_of, of_meaning
from cfn_trigger.template import parameters
from cfn_trigger.template.artifacts import NOT_PACKAGED
from cfn_trigger.template.intrinsics import Resolved, StackConstant, StackState, unknowns
from cfn_trigger.template.triggers import (
    functions_of,
    handler_arn,
    published_entries,
    triggers,
    undoing_functions,
)
from macro.cloudformation import LAYER_TYPE, VERSION_TYPE, as_map, properties_of, section, type_of
from macro.references import mentions
from trigger_provider.request import RERUNS, SWITCHED_OFF

# Theory of operation
#
# CloudFormation sends a custom resource an Update if and only if one of its properties has another
# value once it is resolved. Everything that should rerun a trigger is therefore in its properties:
# its settings, its payload, and the fingerprint, whose entries are hashes of what the handler is.
# DependsOn, Metadata and tags are not properties, so they run nothing.
#
# A trigger exists before and after the deployment, in one of the states, or in none; a condition
# that cannot be evaluated here makes that unknown. Existing in both, its verdict follows from the
# differences of its properties, which are sure or not (`impact`):
#
#   at least one sure difference     will run
#   only differences that may be     unknown until deployment
#   none                             will not run
#
# The provider then overrules this for settings under which it only answers (`Enabled: false`, a dry
# run, `ExecuteOnHandlerChange: false`). A trigger that failed last time gets a request even if
# nothing differs, since CloudFormation retries failed resources.
#
# Two kinds of differences are weaker than they look. A hash over code at a local path says nothing:
# the deployment uploads that code, and hashes its address. And a hash may differ because of a
# stored parameter alone, which the two templates do not show.

_CONTENT_TYPES: Final = (VERSION_TYPE, LAYER_TYPE)

Verdict = Literal["will run", "will not run", "unknown until deployment"]
Outcome = Literal[
    "will run",
    "unchanged",
    "updated without running",
    "disabled",
    "dry run",
    "deleted without running",
    "retained",
    "unknown until deployment",
]
"""What becomes of a trigger: its verdict, with what it means not to run."""
RequestType = Literal["Create", "Update", "Delete", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a deployment does with a trigger, and why.

    `outcome` is the verdict in more detail. `request` is what CloudFormation surely sends.
    `differs` lists the properties that differ, and entries of the fingerprint as
    `Fingerprint.Code`. `undone_by` are the functions that undo the run if the deployment is rolled
    back.
    """

    trigger: str
    verdict: Verdict
    outcome: Outcome
    request: RequestType
    because: tuple[str, ...]
    differs: tuple[str, ...] = ()
    undone_by: tuple[str, ...] = ()


def predictions(baseline: Baseline, after: StackState, *, region: str) -> tuple[Prediction, ...]:
    """Predict for every trigger, in the order of the new template, then for the removed ones."""
    update = Update(old=baseline.state, new=after, region=region)
    names = dict.fromkeys([*_existing_triggers(after), *_existing_triggers(baseline.state)])
    return tuple(_with_undo(_prediction(name, baseline, update), after) for name in names)


def _with_undo(prediction: Prediction, after: StackState) -> Prediction:
    """Return a prediction with what undoes the run; a trigger that does not run has none."""
    if prediction.verdict == "will not run":
        return prediction
    return replace(prediction, undone_by=undoing_functions(prediction.trigger, after.template))


def doubted(predicted: Iterable[Prediction], reason: str) -> tuple[Prediction, ...]:
    """Return predictions that hold if something unknown may change any trigger that exists."""
    return tuple(
        prediction
        if prediction.request == "Create"
        else replace(
            prediction,
            verdict="unknown until deployment",
            outcome="unknown until deployment",
            request="none",
            because=(*(prediction.because if prediction.verdict == "will run" else ()), reason),
        )
        for prediction in predicted
    )


def _existing_triggers(state: StackState) -> Iterator[str]:
    """Yield the triggers of a state that exist, or may."""
    yield from (name for name in triggers(state.template) if state.exists(name) is not False)


def _prediction(name: str, baseline: Baseline, update: Update) -> Prediction:
    existed = name in _existing_triggers(update.old) and update.old.exists(name)
    will_exist = name in _existing_triggers(update.new) and update.new.exists(name)
    match existed, will_exist:
        case False, True:
            return _creation(name, update)
        case True, False:
            return _deletion(name, baseline, update)
        case _ if existed == will_exist:
            return _update(name, baseline, update)
    reason = f"its Condition {_condition(name, update)!r} is not known here"
    return Prediction(
        trigger=name,
        verdict="unknown until deployment",
        outcome="unknown until deployment",
        request="none",
        because=(reason,),
    )


def _condition(name: str, update: Update) -> str:
    state = update.new if name in update.new.resources else update.old
    return str(state.resources[name].get("Condition"))


def _creation(name: str, update: Update) -> Prediction:
    if silence := _silence(update.new.properties(name)):
        return _not_run(name, silence.outcome, "Create", silence.setting)
    former = _former_name(name, update)
    hint = f"; for CloudFormation, a renamed {former!r} is a new trigger"
    return Prediction(
        trigger=name,
        verdict="will run",
        outcome="will run",
        request="Create",
        because=(f"first time{hint if former else ''}",),
    )


def _not_run(name: str, outcome: Outcome, request: RequestType, reason: str) -> Prediction:
    return Prediction(
        trigger=name, verdict="will not run", outcome=outcome, request=request, because=(reason,)
    )


def _former_name(name: str, update: Update) -> str:
    """Return the trigger that is removed and has the same handler; empty if there is none."""
    arn = handler_arn(update.new.template, name)
    for other in _existing_triggers(update.old):
        if update.new.exists(other) is False and handler_arn(update.old.template, other) == arn:
            return other
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silence:
    """A setting under which the provider does not run a handler, and the outcome of that."""

    setting: str
    outcome: Outcome


_DISABLED: Final = _Silence(setting="Enabled is false", outcome="disabled")
_DRY_RUN: Final = _Silence(
    setting="InvocationType DryRun only checks that the handler may be invoked", outcome="dry run"
)


def _silence(properties: Mapping[str, Resolved]) -> _Silence | None:
    """Return the setting under which the provider does not run a handler; None if it would."""
    if properties.get("Enabled") == "false":
        return _DISABLED
    return _DRY_RUN if properties.get("InvocationType") == "DryRun" else None


def _deletion(name: str, baseline: Baseline, update: Update) -> Prediction:
    properties = update.old.properties(name)
    match update.old.resources[name].get("DeletionPolicy"):
        case "Retain" | "RetainExceptOnCreate":
            reason = "it is removed from the stack without a request: its DeletionPolicy retains it"
            return _not_run(name, "retained", "none", reason)
        case _ if silence := _silence(properties):
            why_not = silence.setting
        case _ if properties.get("ExecuteOnDelete") != "true":
            why_not = "ExecuteOnDelete is false"
        case _ if name in baseline.failed:
            why_not = "was never created"
        case _:
            return Prediction(
                trigger=name,
                verdict="will run",
                outcome="will run",
                request="Delete",
                because=("it is deleted, and ExecuteOnDelete is true",),
            )
    return _not_run(name, "deleted without running", "Delete", f"it is deleted, and {why_not}")


def _update(name: str, baseline: Baseline, update: Update) -> Prediction:
    properties = update.new.properties(name)
    differences = all_differences = tuple(_differences(name, baseline, update))
    has_failed = name in baseline.failed
    if not (has_failed or _any_difference_runs(name, update)):
        differences = tuple(
            difference for difference in all_differences if _is_cause(difference, name, update)
        )
    because = tuple(dict.fromkeys(reasons(name, differences, update)))
    surely_differs = any(difference.is_sure for difference in all_differences)
    verdict: Verdict = "will not run"
    outcome: Outcome = "unchanged"
    if silence := _silence(properties):
        outcome, because = silence.outcome, (silence.setting,)
    elif any(difference.is_sure for difference in differences):
        verdict = outcome = "will run"
    elif has_failed:
        verdict = outcome = "will run"
        because = ("it failed last time", *because)
    elif differences:
        verdict = outcome = "unknown until deployment"
    elif surely_differs:
        once = properties.get("ExecuteOnHandlerChange") == "false"
        because = ("ExecuteOnHandlerChange is false" if once else "only settings changed",)
        outcome = "updated without running"
    else:
        because = ("nothing that it depends on differs",)
    return Prediction(
        trigger=name,
        verdict=verdict,
        outcome=outcome,
        request="Update" if surely_differs or has_failed else "none",
        because=because,
        differs=tuple(dict.fromkeys(map(_property_name, differences))),
    )


def _any_difference_runs(name: str, update: Update) -> bool:
    """Return whether the provider runs a trigger even if only its settings changed.

    It does so if the template reads the result, since nobody keeps the last result, and if the
    trigger continues after a failure, since nobody knows how its last run ended.
    """
    old, new = (state.properties(name) for state in (update.old, update.new))
    return bool(new.get("Attributes")) or "Continue" in {
        properties.get("OnFailure") for properties in (old, new)
    }


def _is_cause(difference: Difference, name: str, update: Update) -> bool:
    """Return whether a difference runs a trigger by itself, as the provider judges it."""
    old, new = (state.properties(name) for state in (update.old, update.new))
    match difference.path:
        case ["HandlerArn", *_]:
            return bool(new.get("ExecuteOnHandlerChange") != "false")
        case ["Enabled", *_]:
            return bool(old.get("Enabled") == "false")
        case ["Fingerprint", entry, *rest] if not difference.why:
            whole = as_map(new.get("Fingerprint"))
            is_there = (rest[0] in as_map(whole.get(entry))) if rest else entry in whole
            is_switched = old.get("ExecuteOnHandlerChange") != new.get("ExecuteOnHandlerChange")
            key = ".".join((entry, *rest))
            return is_there or not (is_switched or re.match(SWITCHED_OFF, key))
    return difference.path[0] in ("Fingerprint", *RERUNS)


def _property_name(difference: Difference) -> str:
    depth = 2 if difference.path[0] == "Fingerprint" else 1
    return ".".join(difference.path[:depth])


def _without_parts(name: str, state: StackState, update: Update) -> Mapping[str, Resolved]:
    """Return a trigger's properties without what the part before it passes on.

    It is left out only if there is such a part before and after the update. Then it differs if and
    only if something else does.
    """
    states = (update.old, update.new)
    has_parts = all("Previous" in each.properties(name) for each in states)
    properties = state.properties(name).items()
    return {key: value for key, value in properties if not (has_parts and key == "Previous")}


def _differences(name: str, baseline: Baseline, update: Update) -> Iterator[Difference]:
    """Yield the differences of a trigger, not sure where a hash proves less than it seems to."""
    local_code = _local_code(name, update)
    old, new = (_without_parts(name, state, update) for state in (update.old, update.new))
    differences = update.differences(old, new)
    if baseline.rebuilt is not None:
        differences = of_meaning(differences, name, baseline.rebuilt, update)
    for difference in differences:
        is_of_content = bool(local_code) and _refers_to_content(difference, update)
        if entry_of(difference) not in local_code and not is_of_content:
            explained = with_explanation(name, difference, update)
            if explained.has_sure_cause or not _is_of_local_path(difference, update):
                yield _doubted(explained, update)
    covered = as_map(update.new.properties(name).get("Fingerprint"))
    for entry, reason in local_code.items():
        if any(key.partition(".")[0] == entry for key in covered):
            yield Difference(path=("Fingerprint", entry), is_sure=False, why=reason)
    for key in covered:
        difference = Difference(path=("Fingerprint", key), is_sure=False)
        if _is_of_local_path(difference, update):
            why = f"the code of {key.partition('.')[2]!r} is at a local path; {PACKAGE}"
            yield replace(difference, why=why)


def _is_of_local_path(difference: Difference, update: Update) -> bool:
    """Return whether a difference is in a hash over a resource with something at a local path."""
    match difference.path:
        case ["Fingerprint", key] if entry_of(difference) == "Resources":
            parts = unknowns(update.new.properties(key.partition(".")[2]))
            return any(update.local_path_behind(part) for part in parts)
    return False


def _refers_to_content(difference: Difference, update: Update) -> bool:
    """Return whether a difference is in a live reference to a version or layer.

    Their logical ids are hashes of the code's address.
    """
    match difference.path:
        case ("Fingerprint", "References", name, *_):
            owner = name.partition(" ")[0].partition(".")[0]
            states = (update.old, update.new)
            return any(type_of(state.resources.get(owner)) in _CONTENT_TYPES for state in states)
    return False


def _doubted(difference: Difference, update: Update) -> Difference:
    """Return a difference, not sure if only a parameter without a known value can be its cause.

    The macro hashes the values of parameters. AWS does not document whether it gets the name or the
    value of a stored one.
    """
    declared = section(update.new.template, "Parameters").values()
    is_hash = entry_of(difference) not in ("", "References", "Deployment")
    open_parameters = [
        unknown
        for state in (update.new, update.old)
        for unknown in state.unknown_parameters.values()
        if isinstance(unknown, StackConstant)
    ]
    if is_hash and open_parameters and not difference.has_sure_cause:
        why = "" if difference.is_explained else f"{open_parameters[0].label} is not known here"
        return replace(difference, is_sure=False, why=why)
    if difference.is_explained or not is_hash or not any(map(parameters.is_stored, declared)):
        return difference
    reason = "a parameter from Parameter Store is looked up at deployment"
    return replace(difference, is_sure=False, why=reason)


def _local_code(name: str, update: Update) -> dict[str, str]:
    """Return the entries that cover code which only a deployment uploads, with the reason."""
    entries = {}
    for function in functions_of(name, update.new.template):
        properties = properties_of(update.new.resources[function])
        parts = [("Code", function, properties.get("Code") or properties.get("CodeUri"))]
        for layer in mentions(properties.get("Layers")).references:
            content = properties_of(update.new.resources.get(layer.name))
            parts.append(("Layers", layer.name, content))
        for entry, owner, part in parts:
            if isinstance(part, str) or NOT_PACKAGED in json.dumps(part):
                entries[entry] = f"the code of {owner!r} is at a local path; {PACKAGE}"
    if entries:
        reason = next(iter(entries.values()))
        entries |= dict.fromkeys(published_entries(name, update.new.template), reason)
    return entries
