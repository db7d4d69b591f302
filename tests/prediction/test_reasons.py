"""Whether a hash that differs is explained by the two templates."""

from typing import Any

from cfn_trigger.prediction.impact import Difference
from cfn_trigger.prediction.reasons import reasons, with_explanation
from cfn_trigger.prediction.snapshots import state_of_template
from tests.support.stack_updates import REGION, template, update
from tests.support.templates import trigger

HASH = Difference(path=("Fingerprint", "Payload"))


def payloads(old: Any, new: Any) -> Any:
    """Return the update of a trigger from one payload to another."""
    sources = (template(Run=trigger(Payload=payload)) for payload in (old, new))
    return update(*(state_of_template(source, {}, region=REGION) for source in sources))


def test_a_hash_is_explained_if_what_it_covers_differs() -> None:
    change = payloads({"a": "b"}, {"a": "c"})

    assert with_explanation("Run", HASH, change).is_explained
    assert list(reasons("Run", [HASH], change)) == ["Payload.a"]


def test_a_hash_is_not_explained_if_only_the_spelling_differs() -> None:
    change = payloads({"a": "b"}, {"a": {"Fn::Sub": "b"}})

    assert not with_explanation("Run", HASH, change).is_explained
    assert list(reasons("Run", [HASH], change)) == ["Payload is written differently"]


def test_a_difference_with_a_cause_of_its_own_is_explained() -> None:
    looked_up = Difference(path=("Fingerprint", "Payload"), is_sure=False, why="it is looked up")

    assert with_explanation("Run", looked_up, payloads("a", "a")) == looked_up
