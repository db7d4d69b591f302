"""What this command makes of AWS::LanguageExtensions and what the local cloud makes of it agree.

Both are written from AWS's documentation, by different authors. Where one of them leaves a function
in its place, the other may put the value that the function has.
"""

import copy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from ministack.services.cloudformation import language_extensions as theirs

from cfn_trigger.template.intrinsics import StackState, is_known
from cfn_trigger.template.language_extensions import extended
from tests.support.templates import of_type, ref, sub

Json = Any

SECTIONS: Json = {
    "Parameters": {"Stage": {"Type": "String"}, "Stages": {"Type": "CommaDelimitedList"}},
    "Mappings": {
        "Sizes": {
            "dev": {"N": "3", "L": ["A", "B"], "Other": "prod"},
            "prod": {"N": "9", "L": ["C"], "Other": "dev"},
        }
    },
    "Conditions": {"IsProd": {"Fn::Equals": [ref("Stage"), "prod"]}},
}
WORDS = st.sampled_from(["dev", "prod", "N", "Other", "a-b"])


def looked_up(key: Json, inner: Json, default: Json) -> Json:
    more = [] if default is None else [{"DefaultValue": default}]
    return {"Fn::FindInMap": ["Sizes", key, inner, *more]}


def texts(*variables: str) -> st.SearchStrategy[Json]:
    """Yield expressions whose value is a string, in a loop with these variables."""
    leaves = st.one_of(
        WORDS,
        st.sampled_from([ref(name) for name in ("Stage", *variables)]),
        st.sampled_from([sub(f"x-${{{name}}}") for name in ("Stage", *variables)]),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(looked_up, inner, inner, st.none() | inner),
            st.builds(lambda items: {"Fn::Join": ["-", items]}, lists(inner)),
            st.builds(lambda items: {"Fn::Select": [0, items]}, lists(inner)),
            st.builds(lambda yes, no: {"Fn::If": ["IsProd", yes, no]}, inner, inner),
            st.builds(lambda item: {"Fn::ToJsonString": {"a": item}}, inner),
        ),
        max_leaves=6,
    )


def lists(items: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Yield expressions whose value is a list that is not empty."""
    return st.one_of(
        st.just(ref("Stages")),
        st.just(looked_up(ref("Stage"), "L", None)),
        st.builds(lambda text: {"Fn::Split": ["-", text]}, items),
        st.lists(items, min_size=1, max_size=3),
    )


def values(*variables: str) -> st.SearchStrategy[Json]:
    inner = texts(*variables)
    return st.one_of(inner, lists(inner), lists(inner).map(lambda items: {"Fn::Length": items}))


COLLECTIONS = st.sampled_from([["dev", "prod"], ref("Stages"), looked_up(ref("Stage"), "L", None)])


@given(values(), values("Name"), COLLECTIONS, st.sampled_from(["dev", "prod"]))
def test_a_value_that_both_know_is_the_same(
    plain: Json, looped: Json, collection: Json, stage: str
) -> None:
    loop = ["Name", collection, {"Of${Name}": of_type("T", Value=looped)}]
    resources = {"Plain": of_type("T", Value=plain), "Fn::ForEach::All": loop}
    template = {**SECTIONS, "Resources": resources}
    known = {"Stage": stage, "Stages": "dev, prod"}
    try:
        by_the_cloud = theirs.apply(copy.deepcopy(template), known)
    except theirs.LanguageExtensionsError:
        assume(False)  # noqa: FBT003 (a length that it does not know)

    here = extended(template, known)

    assert here["Resources"].keys() == by_the_cloud["Resources"].keys()
    for name in here["Resources"]:
        ours, other = (
            StackState(
                template=each, values=known, unknown_parameters={}, pseudo_parameters={}
            ).properties(name)
            for each in (here, by_the_cloud)
        )
        assert ours == other or not is_known(ours) or not is_known(other)
