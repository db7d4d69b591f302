"""Handlers share policies where the provider's role cannot hold one for each; no order is harmed.

A policy for each handler is what small stacks have. The laws hold over random acyclic orders.
"""

import json
from graphlib import TopologicalSorter
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro.cloudformation import depends_on
from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment
from macro.references import survey
from tests.support.templates import (
    Template,
    expanded,
    function,
    get,
    of_type,
    problems,
    ref,
    resources,
    table,
    template,
    trigger,
    under,
)

MOST_ALONE: Final = 24
OUTSIDE: Final = "arn:aws:iam::123456789012:role/triggers"
BRIEF: Final = settings(
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)


def handlers(*numbers: int) -> Template:
    """Build functions with a trigger each."""
    functions = {f"Do{n:03}": function() for n in numbers}
    return {**functions, **{f"Run{n:03}": trigger(f"Do{n:03}") for n in numbers}}


def policies(fragment: Template, kind: str = "AWS::IAM::ManagedPolicy") -> dict[str, list[str]]:
    """Return the functions that each policy of a type permits to invoke, once each."""
    return {
        name: [arn["Fn::GetAtt"][0] for arn in permitted(resource) if "Fn::GetAtt" in arn]
        for name, resource in resources(fragment).items()
        if resource["Type"] == kind and name != "TriggerProviderHandOver"
    }


def permitted(policy: Template) -> list[Any]:
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    found: list[Any] = statement["Resource"]
    return found


def waits(expansion: Template) -> dict[str, set[str]]:
    """Return what each resource of a template waits for, whatever the conditions say."""
    mentioned = survey(expansion).resources
    return {
        name: {
            *depends_on(resource),
            *(reference.name for reference in mentioned[name].references),
        }
        & set(expansion["Resources"])
        for name, resource in expansion["Resources"].items()
    }


def triggers_before(expansion: Template) -> dict[str, set[str]]:
    """Return the triggers that come before each trigger; raise for a cycle."""
    graph = waits(expansion)
    before: dict[str, set[str]] = {}
    for name in TopologicalSorter(graph).static_order():
        before[name] = graph[name].union(*(before[first] for first in graph[name]))
    runs = {name for name, it in expansion["Resources"].items() if it["Type"] == "Custom::Trigger"}
    return {name: before[name] & runs for name in runs}


# ---- when


def test_as_many_handlers_as_have_room_have_a_policy_each() -> None:
    fragment = template(**handlers(*range(MOST_ALONE)))

    assert policies(fragment) == {}
    assert len(policies(fragment, "AWS::IAM::Policy")) == MOST_ALONE


def test_more_handlers_share_managed_policies_of_the_providers_role() -> None:
    fragment = template(**handlers(*range(MOST_ALONE + 1)))

    assert policies(fragment, "AWS::IAM::Policy") == {}
    assert policies(fragment) == {
        "TriggerProviderHandlers1": [f"Do{n:03}" for n in range(23)],
        "TriggerProviderHandlers2": ["Do023", "Do024"],
    }
    assert resources(fragment)["TriggerProviderHandlers2"] == {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Roles": [ref("TriggerProviderRole")],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
                        "Resource": [
                            get("Do023"),
                            {"Fn::Join": [":", [get("Do023"), "*"]]},
                            get("Do024"),
                            {"Fn::Join": [":", [get("Do024"), "*"]]},
                        ],
                    }
                ],
            },
        },
    }


def test_a_trigger_waits_for_the_policy_that_its_handler_shares() -> None:
    run = resources(template(**handlers(*range(MOST_ALONE + 1))))["Run003"]

    assert run["DependsOn"] == [
        "TriggerProviderInvokeConfig",
        "TriggerProviderHandlers1",
        "TriggerProviderHandOver",
    ]


def test_a_hundred_and_fifty_handlers_fit_in_a_stack() -> None:
    numbers = range(150)
    roles = {f"Role{n:03}": of_type("AWS::IAM::Role") for n in numbers}
    expansion = expanded(template(**handlers(*numbers), **roles))

    assert len(expansion["Resources"]) == 1 + 150 * 3 + 5 + 7
    assert len(json.dumps(expansion)) < 1_000_000


def test_shared_policies_have_the_path_of_roles() -> None:
    deployment = Deployment(settings={"RolePath": "/deployment/"})
    found = expand(template(**handlers(*range(30))), deployment).fragment["Resources"]

    assert found["TriggerProviderHandlers1"]["Properties"]["Path"] == "/deployment/"


def test_a_provider_role_of_the_authors_gets_no_policies() -> None:
    deployment = Deployment(settings={"ProviderRole": OUTSIDE})
    found = expand(template(**handlers(*range(30))), deployment).fragment["Resources"]

    assert not [it for it in found.values() if it["Type"].startswith("AWS::IAM::")]


# ---- with whom


def test_a_handler_after_a_trigger_shares_no_policy_with_handlers_before_it() -> None:
    fragment = template(**handlers(*range(30)))
    fragment["Resources"]["Run000"]["Properties"]["ExecuteBefore"] = ["Do001", "Do002"]

    assert policies(fragment)["TriggerProviderHandlers3"] == ["Do001", "Do002"]


def test_a_precondition_of_the_whole_stack_shares_its_policy_with_no_other_handler() -> None:
    fragment = template(**handlers(*range(30)))
    fragment["Resources"]["Run000"]["Properties"]["ExecuteBefore"] = ["*"]

    assert ["Do000"] in policies(fragment).values()
    assert triggers_before(expanded(fragment))["Run000"] == set()


def test_handlers_under_different_conditions_share_no_policy() -> None:
    fragment = template(
        {"Conditions": {"Large": {"Fn::Equals": [ref("AWS::Region"), "x"]}}},
        **handlers(*range(30)),
    )
    for name in ("Do007", "Do008", "Run007", "Run008"):
        fragment["Resources"][name] = under("Large", fragment["Resources"][name])

    assert ["Do007", "Do008"] in policies(fragment).values()
    assert {
        name: it["Condition"] for name, it in resources(fragment).items() if "Condition" in it
    } == dict.fromkeys(["Do007", "Do008", "Run007", "Run008", "TriggerProviderHandlers3"], "Large")


def test_a_handler_that_runs_when_its_trigger_is_deleted_keeps_a_policy_of_its_own() -> None:
    fragment = template(**handlers(*range(30)))
    fragment["Resources"]["Run004"]["Properties"]["ExecuteOnDelete"] = True

    assert policies(fragment, "AWS::IAM::Policy") == {"TriggerProviderInvokeDo004": ["Do004"]}
    assert "Do004" not in {name for names in policies(fragment).values() for name in names}


def test_handlers_outside_the_template_share_policies() -> None:
    runs = {f"Run{n}": trigger({"Fn::ImportValue": f"Shared{n}"}) for n in range(30)}
    found = resources(template(**runs))

    assert permitted(found["TriggerProviderHandlers1"])[:2] == [
        {"Fn::ImportValue": "Shared8"},
        {"Fn::Join": [":", [{"Fn::ImportValue": "Shared8"}, "*"]]},
    ]


def test_triggers_in_a_long_chain_share_policies_when_their_handlers_are_in_none() -> None:
    fragment = template(**handlers(*range(40)))
    for n in range(39):
        fragment["Resources"][f"Run{n:03}"]["Properties"]["ExecuteBefore"] = [f"Run{n + 1:03}"]

    assert [len(names) for names in policies(fragment).values()] == [23, 17]


def test_parallel_chains_share_policies_where_each_would_need_too_many() -> None:
    fragment = template(**handlers(*range(80)))
    for n in range(40):
        fragment["Resources"][f"Run{n:03}"]["Properties"]["ExecuteBefore"] = [f"Do{n + 40:03}"]

    assert [len(names) for names in policies(fragment).values()] == [23, 17, 23, 17]


def test_a_chain_of_handlers_takes_policies_of_both_kinds() -> None:
    fragment = template(**handlers(*range(34)))
    for n in range(33):
        fragment["Resources"][f"Run{n:03}"]["Properties"]["ExecuteBefore"] = [f"Do{n + 1:03}"]

    assert [len(names) for names in policies(fragment).values()] == [1] * 10
    assert len(policies(fragment, "AWS::IAM::Policy")) == MOST_ALONE


def test_a_longer_chain_of_handlers_is_a_problem() -> None:
    fragment = template(**handlers(*range(35)))
    for n in range(34):
        fragment["Resources"][f"Run{n:03}"]["Properties"]["ExecuteBefore"] = [f"Do{n + 1:03}"]

    assert problems(fragment) == [
        (
            "TriggerProviderRole: needs 11 managed policies for its handlers; a role holds 10; "
            "set ProviderRole to a role that may invoke them"
        )
    ]


def test_managed_policies_that_the_author_attaches_to_the_providers_role_count() -> None:
    more = of_type(
        "AWS::IAM::ManagedPolicy",
        Roles=[ref("TriggerProviderRole")],
        PolicyDocument={"Version": "2012-10-17", "Statement": [{"Resource": []}]},
    )
    fragment = template(More=more, **handlers(*range(33)))
    for n in range(32):
        fragment["Resources"][f"Run{n:03}"]["Properties"]["ExecuteBefore"] = [f"Do{n + 1:03}"]

    assert len(policies(fragment)) == 9 + 1
    assert len(policies(fragment, "AWS::IAM::Policy")) == MOST_ALONE


def test_another_handler_moves_at_most_one_out_of_each_policy() -> None:
    before = policies(template(**handlers(*range(1, 151))))
    after = policies(template(**handlers(*range(151))))

    for name, names in before.items():
        assert len(set(names) - set(after[name])) <= 1


# ---- laws


@st.composite
def orders(draw: st.DrawFn) -> Template:
    """Draw more handlers than have room for a policy each, and an order without a cycle.

    Every edge leads from a trigger, a handler or a table to one with a higher number.
    """
    number = draw(st.integers(MOST_ALONE + 1, 60))
    most_edges = draw(st.sampled_from([3, 20, 100]))
    resources_by_name = handlers(*range(number)) | {f"Table{n:03}": table() for n in range(number)}
    pairs = st.tuples(st.integers(0, number - 1), st.integers(0, number - 1))
    for a, b in draw(st.lists(pairs, max_size=most_edges)):
        first, second = sorted((a, b))
        if first == second:
            continue
        kind = draw(st.sampled_from(["Do", "Do", "Run", "Table"]))
        resources_by_name[f"Run{first:03}"]["Properties"].setdefault("ExecuteBefore", []).append(
            f"{kind}{second:03}"
        )
        if draw(st.booleans()):
            resources_by_name[f"Run{second:03}"]["Properties"].setdefault(
                "ExecuteAfter", []
            ).append(f"Table{first:03}")
            resources_by_name[f"Do{second:03}"]["DependsOn"] = [f"Table{second:03}"]
    for n in draw(st.sets(st.integers(0, number - 1), max_size=4)):
        resources_by_name[f"Run{n:03}"]["Properties"]["ExecuteOnDelete"] = True
    return template(**resources_by_name)


@BRIEF
@given(orders())
def test_shared_policies_close_no_cycle_and_permit_exactly_the_handlers(fragment: Template) -> None:
    try:
        expansion = expanded(fragment)
    except TemplateError as error:
        assert "managed policies" in str(error)  # noqa: PT017 (there may be none)
        return
    graph = waits(expansion)

    assert triggers_before(expansion).keys() <= expansion["Resources"].keys()
    allowed: list[str] = []
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for policy, names in policies(fragment, kind).items():
            allowed += names
            for name in names:
                assert policy in graph[name.replace("Do", "Run")]
    assert sorted(allowed) == sorted(n for n in fragment["Resources"] if n.startswith("Do"))


@BRIEF
@given(orders())
def test_few_policies_make_no_trigger_wait_for_another(fragment: Template) -> None:
    without = expand(fragment, Deployment(settings={"ProviderRole": OUTSIDE})).fragment
    before = triggers_before(dict(without))
    handlers_before = {
        frozenset(before[name] & waited_by(dict(without), name.replace("Run", "Do")))
        for name in before
    }
    if len(handlers_before) > 8:
        return

    assert triggers_before(expanded(fragment)) == before


def waited_by(expansion: Template, start: str) -> set[str]:
    """Return everything that a resource waits for."""
    graph, seen, left = waits(expansion), set[str](), [start]
    while left:
        for first in graph[left.pop()] - seen:
            seen.add(first)
            left.append(first)
    return seen
