"""What holds for every template.

- A template without triggers comes back as it is, with the same bytes.
- Expanding returns a template or raises `TemplateError`; it does nothing else.
- What is given is never changed.
- The same template and parameters give the same bytes.
- The order of keys changes no fingerprint, no order of resources and no problem.
- Of the author's, nothing changes but `DependsOn`, which grows, and `Metadata.TriggerEdges`.
- What comes out has no cycle where what went in had none.
- Every order that was asked for by name is in what comes out.
- Of a pattern, everything that it matches is before or after the trigger, as asked if possible.
- What makes usable what was named is before the trigger, unless it was asked or has to be after it.
- How a name is spelled decides no order.
- A trigger waits for its handler.
- What waits for a trigger waits for its undo, unless the undo needs it.
- An undo changes nothing about a trigger but the name of its undo and the attributes that it reads.
- Whatever the conditions say, what was added refers to nothing that is not there.
- A secret is in nothing that comes out.
- A payload reaches the handler as it was written.
- What comes out has no triggers of ours any more.
- What comes out is valid for cfn-lint whenever what went in was.
"""

import copy
import fnmatch
import json
import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment
from tests.support.strategies import (
    Template,
    deployable_templates,
    templates_of_any_shape,
    templates_with_companions,
    templates_with_triggers,
    templates_without_triggers,
    values,
)
from tests.support.templates import turned
from trigger_provider.request import assembled

Graph = dict[str, set[str]]
Law = Callable[[Any], None]

SLOW: Final = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
BRIEF: Final = settings(
    derandomize=True,
    database=None,
    max_examples=30,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=SLOW,
)
LONG: Final = settings(BRIEF, derandomize=False, max_examples=1_000)
LAWS: Final[list[tuple[Law, st.SearchStrategy[Any], settings]]] = []
WHOLE: Final = [Phase.explicit, Phase.generate]
"""The phases of a law that takes half a second for an example: none is made smaller."""

LINTED: Final = settings(BRIEF, max_examples=6, phases=WHOLE)
LINTED_LONG: Final = settings(LONG, max_examples=100, phases=WHOLE)
# W2001: a parameter that only a trigger's settings use is used no more.
CFN_LINT: Final = ManualArgs(regions=["eu-central-1"], ignore_checks=["W2001"])


def law(
    strategy: st.SearchStrategy[Any], brief: settings = BRIEF, long: settings = LONG
) -> Callable[[Law], Law]:
    """Hold a law against examples, and note it for the campaign."""

    def held(check: Law) -> Law:
        LAWS.append((check, strategy, long))
        return brief(given(strategy)(check))

    return held


# ---- what is asked of a template


def expanded(template: Template, canary: str = "hush") -> Template:
    """Expand a template, or give up the example if it has a problem."""
    values_given = {"Stage": "test", "Secret": canary}
    try:
        fragment = expand(
            template, Deployment(parameters=values_given, request_id="request")
        ).fragment
    except TemplateError:
        assume(condition=False)
    return dict(fragment)


def problems(template: Template) -> set[str]:
    try:
        expand(template, Deployment(parameters={"Stage": "test"}))
    except TemplateError as error:
        return {problem.place for problem in error.problems}
    return set()


def triggers(template: Template) -> dict[str, Template]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "Custom::Trigger"
    }


def referred(value: Any, *, branches: bool) -> Iterator[str]:
    """List what a value refers to, with or without the branches of an If."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), _]}:
            yield name
        case {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from re.findall(r"\$\{(\w+)", text)
        case {"Fn::If": [_, *_]} if not branches:
            pass
        case dict():
            for item in value.values():
                yield from referred(item, branches=branches)
        case list():
            for item in value:
                yield from referred(item, branches=branches)


def graph(template: Template, *, branches: bool, among: AbstractSet[str] | None = None) -> Graph:
    """Return which resource waits for which, including our edges within an If."""
    known = template["Resources"].keys() if among is None else among
    edges_of: Graph = {}
    for name, resource in template["Resources"].items():
        without_metadata = {key: value for key, value in resource.items() if key != "Metadata"}
        edges = resource.get("Metadata", {}).get("TriggerEdges", [])
        after = resource.get("DependsOn", [])
        firsts = {
            *referred(without_metadata, branches=branches),
            *referred(edges, branches=True),
            *([after] if isinstance(after, str) else after),
        }
        edges_of[name] = (firsts & known) - {name}
    return edges_of


def has_cycle(edges_of: Graph) -> bool:
    """Return whether resources wait for each other."""
    try:
        TopologicalSorter(edges_of).prepare()
    except CycleError:
        return True
    return False


def waited_for(edges_of: Graph, name: str) -> set[str]:
    seen: set[str] = set()
    stack = [name]
    while stack:
        new = edges_of[stack.pop()] - seen
        seen |= new
        stack.extend(new)
    return seen


def matched(template: Template, trigger: str, side: str) -> Iterator[str]:
    """List what the patterns of a trigger's property select."""
    of_all = {name for name, own in triggers(template).items() if "*" in own.get(side, [])}
    for selector in triggers(template)[trigger].get(side, []):
        if "*" not in selector and "::" not in selector:
            continue
        for name, resource in template["Resources"].items():
            compared = resource["Type"] if "::" in selector else name
            if fnmatch.fnmatchcase(compared, selector) and name not in {trigger, *of_all}:
                yield name


def holds(condition: Any, template: Template, truths: dict[str, bool]) -> bool:
    """Whether a condition holds, given the truth of the author's conditions."""
    match condition:
        case {"Condition": str(name)}:
            return holds(name, template, truths)
        case {"Fn::And": parts}:
            return all(holds(part, template, truths) for part in parts)
        case {"Fn::Or": parts}:
            return any(holds(part, template, truths) for part in parts)
        case str() if condition in truths:
            return truths[condition]
        case str():
            return holds(template["Conditions"][condition], template, truths)
    raise AssertionError(condition)


def chosen(value: Any, template: Template, truths: dict[str, bool]) -> Any:
    """Take the branches of every If that are taken."""
    match value:
        case {"Fn::If": [condition, yes, no]}:
            side = yes if holds(condition, template, truths) else no
            return chosen(side, template, truths)
        case dict():
            return {key: chosen(item, template, truths) for key, item in value.items()}
        case list():
            return [chosen(item, template, truths) for item in value]
    return value


def dangling(template: Template, truths: dict[str, bool]) -> set[tuple[str, str]]:
    """Pair each resource that is there with what it waits for that is not."""
    there = {
        name: chosen(resource, template, truths)
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or holds(resource["Condition"], template, truths)
    }
    absent: AbstractSet[str] = template["Resources"].keys() - there.keys()
    return {
        (name, first)
        for name, firsts in graph({"Resources": there}, branches=True, among=absent).items()
        for first in firsts
    }


def linted(template: Template) -> list[str]:
    """Return cfn-lint's findings in a template; to it, a trigger is any custom resource."""
    whole = copy.deepcopy(template)
    for own in triggers(whole).values():
        own.setdefault("ServiceToken", "arn:aws:lambda:eu-central-1:123456789012:function:any")
    return [str(match) for match in lint(json.dumps(whole), config=CFN_LINT)]


# ---- laws


@law(templates_without_triggers)
def test_a_template_without_triggers_comes_back_as_it_is(template: Template) -> None:
    before = json.dumps(template)

    assert json.dumps(expand(template, Deployment()).fragment) == before


@law(templates_of_any_shape)
def test_expanding_returns_or_raises_a_template_error(template: Template) -> None:
    through_json = json.loads(json.dumps(template))
    try:
        fragment = expand(
            through_json, Deployment(parameters={"Stage": "test"}, request_id="request")
        ).fragment
    except TemplateError as error:
        assert "\n" not in str(error)  # noqa: PT017 (both outcomes are looked at)
    else:
        assert json.dumps(fragment)


@law(templates_of_any_shape | templates_with_triggers())
def test_the_input_is_never_changed(template: Template) -> None:
    before = copy.deepcopy(template)
    with suppress(Exception):  # what comes of it is another law's business
        expand(template, Deployment(parameters={"Stage": "test"}))

    assert json.dumps(template) == json.dumps(before)


@law(templates_with_triggers())
def test_the_same_template_expands_to_the_same_bytes(template: Template) -> None:
    again = copy.deepcopy(template)

    assert json.dumps(expanded(template)) == json.dumps(expanded(again))


@law(templates_with_triggers())
def test_the_order_of_keys_decides_no_fingerprint_and_no_property(template: Template) -> None:
    one, other = triggers(expanded(template)), triggers(expanded(turned(template)))

    assert {name: json.dumps(own, sort_keys=True) for name, own in one.items()} == {
        name: json.dumps(own, sort_keys=True) for name, own in other.items()
    }


@law(templates_with_triggers())
def test_the_order_of_keys_decides_no_order_of_resources(template: Template) -> None:
    one, other = expanded(template), expanded(turned(template))

    assert graph(one, branches=True) == graph(other, branches=True)


@law(templates_with_triggers())
def test_the_order_of_keys_decides_no_problem(template: Template) -> None:
    assert problems(template) == problems(turned(template))


@law(templates_with_triggers())
def test_the_authors_resources_change_only_in_what_they_wait_for(template: Template) -> None:
    expansion = expanded(template)

    for name, resource in template["Resources"].items():
        if name in triggers(template):
            continue
        became = copy.deepcopy(expansion["Resources"][name])
        waited = resource.get("DependsOn", [])
        waited = [waited] if isinstance(waited, str) else waited
        waits = became.pop("DependsOn", [])
        waits = [waits] if isinstance(waits, str) else waits
        became.get("Metadata", {}).pop("TriggerEdges", None)
        if became.get("Metadata") == {}:
            del became["Metadata"]

        assert waits[: len(waited)] == waited
        assert became == {key: value for key, value in resource.items() if key != "DependsOn"}

    conditions = {
        name: condition
        for name, condition in expansion["Conditions"].items()
        if not name.startswith("TriggerProvider")
    }
    assert expansion | {"Resources": {}, "Conditions": conditions} == template | {"Resources": {}}


@law(templates_with_triggers())
def test_an_expanded_template_has_no_cycle_that_its_author_did_not_write(
    template: Template,
) -> None:
    written = graph(template, branches=False)

    assert not has_cycle(graph(expanded(template), branches=False)) or has_cycle(written)


@law(templates_with_triggers())
def test_patterns_alone_close_no_cycle_whatever_the_conditions(template: Template) -> None:
    for properties in triggers(template).values():
        properties["Payload"] = None
        for side in ("ExecuteAfter", "ExecuteBefore"):
            properties[side] = [
                selector for selector in properties.get(side, []) if "*" in selector
            ]

    TopologicalSorter(graph(expanded(template), branches=True)).prepare()


@law(templates_with_triggers())
def test_every_order_requested_by_name_is_kept(template: Template) -> None:
    edges_of = graph(expanded(template), branches=False)

    for name, properties in triggers(template).items():
        named = template["Resources"].keys()
        assert named & set(properties.get("ExecuteAfter", [])) <= waited_for(edges_of, name)
        for other in named & set(properties.get("ExecuteBefore", [])):
            assert name in waited_for(edges_of, other)


@law(templates_with_triggers())
def test_everything_that_matches_a_pattern_is_before_or_after_the_trigger(
    template: Template,
) -> None:
    edges_of = graph(expanded(template), branches=True)

    for name in triggers(template):
        for side in ("ExecuteAfter", "ExecuteBefore"):
            for other in matched(template, name, side):
                assert other in waited_for(edges_of, name) or name in waited_for(edges_of, other)


@law(templates_with_companions())
def test_what_makes_a_named_resource_usable_comes_before_the_trigger(
    pair: tuple[Template, Template],
) -> None:
    template, _ = pair
    edges = graph(expanded(template), branches=True)
    settings_of_run = template["Resources"]["Run"]["Properties"]
    selected_after = settings_of_run["ExecuteAfter"]
    after = selected_by_name(selected_after, template)
    before = selected_by_name(settings_of_run["ExecuteBefore"], template)

    assert "Door" in waited_for(edges, "Run")
    for name in sorted(after):
        companion = name.replace("Subject", "Companion")
        is_after = "Run" in waited_for(edges, companion)
        assert companion in waited_for(edges, "Run") or is_after
        if companion in before and companion not in after and "*" not in selected_after:
            assert is_after


def selected_by_name(selectors: list[str], template: Template) -> set[str]:
    """Return what selectors other than `*` select."""
    globs = [selector for selector in selectors if selector != "*"]
    return {
        name
        for name in template["Resources"]
        if any(fnmatch.fnmatchcase(name, glob) for glob in globs)
    }


@law(templates_with_companions())
def test_how_a_name_is_spelled_decides_no_order(pair: tuple[Template, Template]) -> None:
    one, other = map(expanded, pair)

    assert graph(one, branches=True) == graph(other, branches=True)


@law(templates_with_companions())
def test_what_comes_along_closes_no_cycle(pair: tuple[Template, Template]) -> None:
    template, _ = pair
    TopologicalSorter(graph(expanded(template), branches=False)).prepare()


@law(templates_with_companions())
def test_what_comes_along_refers_only_to_what_exists(pair: tuple[Template, Template]) -> None:
    template, _ = pair
    expansion = expanded(template)
    for is_test in (True, False):
        truths = {"IsTest": is_test, "IsLive": not is_test}
        if not dangling(template, truths):
            assert dangling(expansion, truths) == set()


@law(templates_with_triggers())
def test_a_trigger_waits_for_its_handler(template: Template) -> None:
    edges_of = graph(expanded(template), branches=False)

    for name, properties in triggers(template).items():
        handler = "Seed" if properties["Handler"] == {"Fn::GetAtt": "Seed.Arn"} else "Migrate"
        assert {handler, f"TriggerProviderInvoke{handler}"} <= waited_for(edges_of, name)


@law(templates_with_triggers())
def test_what_waits_for_a_trigger_waits_for_its_undo_unless_the_undo_needs_it(
    template: Template,
) -> None:
    expansion = expanded(template)
    for properties in triggers(expansion).values():
        properties.pop("Fingerprint", None)  # what is watched refers to more than was asked for
    edges = graph(expansion, branches=True)

    for name, properties in triggers(expansion).items():
        if undo := properties.get("UndoneBy"):
            needed = waited_for(edges, undo)
            waiting = {each for each, firsts in edges.items() if name in firsts}

            assert name in needed
            assert all(undo in waited_for(edges, each) for each in waiting - needed - {undo})


@law(templates_with_triggers())
def test_an_undo_changes_nothing_about_a_trigger_but_its_name_and_what_it_reads(
    template: Template,
) -> None:
    for properties in triggers(template).values():
        properties.pop("ExecuteOnResourceChange", None)  # which may watch another trigger
    without = copy.deepcopy(template)
    for properties in triggers(without).values():
        properties.pop("OnRollback", None)
    expansion, plain = triggers(expanded(template)), triggers(expanded(without))

    of_undos = {"UndoneBy": None, "Attributes": None}
    for name, properties in plain.items():
        assert expansion[name] | of_undos == properties | of_undos


@law(templates_with_triggers())
def test_added_resources_refer_only_to_what_exists(template: Template) -> None:
    expansion = expanded(template)

    for properties in triggers(template).values():
        for run in filter(None, (properties, properties.get("OnRollback"))):
            run["Handler"] = {"Ref": "Seed" if "Seed" in str(run["Handler"]) else "Migrate"}
    for is_test in (True, False):
        truths = {"IsTest": is_test, "IsLive": not is_test}
        if not dangling(template, truths):
            assert dangling(expansion, truths) == set()


@law(templates_with_triggers())
def test_an_expanded_template_contains_no_secret(template: Template) -> None:
    assert json.dumps(expanded(template, canary="a")) == json.dumps(expanded(template, canary="b"))


@law(values)
def test_a_payload_reaches_the_handler_as_it_was_written(payload: Any) -> None:
    payload = json.loads(json.dumps(payload))
    run = {"Type": "Custom::Trigger", "Properties": {"Handler": "Migrate", "Payload": payload}}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}}
    found = expanded({"Resources": {"Migrate": function, "Run": run}})

    assert assembled(found["Resources"]["Run"]["Properties"]["Payload"]) == payload


@law(templates_with_triggers())
def test_an_expanded_template_has_no_shorthand_left(template: Template) -> None:
    found = expanded(template)

    assert expand(found, Deployment()).fragment is found


@law(deployable_templates(), LINTED, LINTED_LONG)
def test_a_template_that_is_valid_for_cfn_lint_is_valid_when_expanded(template: Template) -> None:
    found = linted(expanded(template))

    assert not found or linted(template), found


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("check", "strategy", "long"), LAWS, ids=[check.__name__ for check, _, _ in LAWS]
)
def test_every_law_holds_at_length(
    check: Law, strategy: st.SearchStrategy[Any], long: settings
) -> None:
    long(given(strategy)(check))()
