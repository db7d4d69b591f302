"""Differences of a trigger that are only a matter of how AWS writes a template.

Knows that a transform of AWS may leave a function where this command puts its value, or the other
way round. Refuses to know what follows from a difference (`predict`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from cfn_trigger.prediction.impact import Difference, Update
from cfn_trigger.prediction.reasons import with_explanation, written
from cfn_trigger.template.intrinsics import Resolved, StackState
from macro.cloudformation import as_map

# Theory of operation
#
# The old state is what AWS made of a template, the new one is what this command makes of another.
# Where both wrote the same value in two ways, a hash over it differs, and so do the two parts in
# which a payload travels. A deployment compares what AWS writes with what AWS writes, so such a
# difference is not there.
#
# A payload is therefore compared as the author wrote it. A hash is compared with the one that this
# command computes for the deployed template, `rebuilt`: if they are equal, so are AWS's. Unless
# what it covers surely differs from what is deployed: then the stack was deployed by another
# template than the one that it shows, or its transforms did not run again.

_OF_PARTS: Final = ("Payload", "Expect")
_UNSURE: Final = "AWS::LanguageExtensions may write what it covers in another way"


def entry_of(difference: Difference) -> str:
    """Return the kind of a fingerprint's entry that a difference is in; empty for other ones."""
    match difference.path:
        case ("Fingerprint", entry, *_):
            return entry.partition(".")[0]
    return ""


def of_meaning(
    differences: Iterable[Difference], trigger: str, rebuilt: StackState, update: Update
) -> Iterator[Difference]:
    """Yield the differences that are not only a matter of writing; one that may be is not sure."""
    for difference in differences:
        if difference.path[0] in _OF_PARTS:
            continue
        if entry_of(difference) in ("", "References", "Deployment") or difference.why:
            yield difference
            continue
        explained = with_explanation(trigger, difference, update)
        if explained.has_sure_cause:
            yield difference
        elif not _is_the_same(difference, trigger, rebuilt, update.new):
            why = "" if explained.is_explained else _UNSURE
            yield replace(difference, is_sure=False, why=why)
    for name in _OF_PARTS:
        old, new = (
            state.resolve(written(state, trigger, name)) for state in (update.old, update.new)
        )
        yield from update.differences(old, new, (name,))


def _is_the_same(
    difference: Difference, trigger: str, rebuilt: StackState, new: StackState
) -> bool:
    """Return whether this command computes the same hash for both templates."""
    hashes: list[Resolved] = []
    for state in (rebuilt, new):
        value: Resolved = state.properties(trigger)
        for step in difference.path:
            value = as_map(value).get(step)
        hashes.append(value)
    return hashes[0] is not None and hashes[0] == hashes[1]
