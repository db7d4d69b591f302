"""The forms of an order that other programs read."""

from collections.abc import Callable

import pytest

from cfn_trigger.ordering import formats
from cfn_trigger.ordering.levels import Dependency, Resource, StackOrder

ORDER = StackOrder(
    resources=(
        Resource(name="Queue", kind="AWS::SQS::Queue", level=0),
        Resource(name="Topic", kind="AWS::SNS::Topic", level=1),
        Resource(name="Run", kind="Custom::Trigger", level=2, runs=("Migrate",)),
    ),
    dependencies=(
        Dependency(waiting="Topic", first="Queue", why="Subscription"),
        Dependency(waiting="Run", first="Topic", why="Run.ExecuteAfter", conditional=True),
    ),
)


def test_json_counts_levels_from_one() -> None:
    assert formats.as_json(ORDER) == {
        "levels": [["Queue"], ["Topic"], ["Run"]],
        "resources": [
            {"name": "Queue", "kind": "AWS::SQS::Queue", "level": 1, "runs": [], "undone_by": []},
            {"name": "Topic", "kind": "AWS::SNS::Topic", "level": 2, "runs": [], "undone_by": []},
            {
                "name": "Run",
                "kind": "Custom::Trigger",
                "level": 3,
                "runs": ["Migrate"],
                "undone_by": [],
            },
        ],
        "waits": [
            {
                "waiting": "Topic",
                "first": "Queue",
                "why": "Subscription",
                "companion": "",
                "conditional": False,
            },
            {
                "waiting": "Run",
                "first": "Topic",
                "why": "Run.ExecuteAfter",
                "companion": "",
                "conditional": True,
            },
        ],
    }


def test_mermaid_labels_dependencies_of_triggers_and_dashes_conditional_ones() -> None:
    assert (
        formats.mermaid(ORDER)
        == """\
flowchart LR
  Queue["Queue"]
  Topic["Topic"]
  Run(["Run"])
  Queue --> Topic
  Topic -.->|"ExecuteAfter (if its condition holds)"| Run
  classDef trigger fill:#fbefff,stroke:#8250df,stroke-width:2px,color:#1f2328
  class Run trigger
"""
    )


def test_dot_labels_dependencies_of_triggers_and_dashes_conditional_ones() -> None:
    assert (
        formats.dot(ORDER)
        == """\
digraph order {
  rankdir=LR;
  node [shape=box, fontname="monospace"];
  "Queue" [label="Queue\\nAWS::SQS::Queue"];
  "Topic" [label="Topic\\nAWS::SNS::Topic"];
  "Run" [label="Run\\nCustom::Trigger", style="bold,rounded,filled", color="#8250df", \
fillcolor="#fbefff"];
  "Queue" -> "Topic";
  "Topic" -> "Run" [label="ExecuteAfter (if its condition holds)", style=dashed];
}
"""
    )


@pytest.mark.parametrize(
    ("form", "edge"),
    [
        (formats.mermaid, "  Queue -->|Subscription| Topic\n"),
        (formats.dot, '  "Queue" -> "Topic" [label="Subscription"];\n'),
    ],
)
def test_with_reasons_every_dependency_has_a_label(form: Callable[..., str], edge: str) -> None:
    assert edge not in form(ORDER)
    assert edge in form(ORDER, with_reasons=True)


def test_what_a_trigger_asked_for_between_others_has_a_label_too() -> None:
    order = StackOrder(
        resources=(
            Resource(name="Revert", kind="AWS::Lambda::Function", level=0),
            Resource(name="Service", kind="AWS::Lambda::Function", level=1),
        ),
        dependencies=(Dependency(waiting="Service", first="Revert", why="Run.ExecuteBefore"),),
    )

    assert "  Revert -->|ExecuteBefore| Service\n" in formats.mermaid(order)


def test_a_name_that_is_a_word_of_mermaid_has_an_id_of_its_own() -> None:
    order = StackOrder(
        resources=(
            Resource(name="end", kind="AWS::SQS::Queue", level=0),
            Resource(name="Class", kind="Custom::Trigger", level=1),
        ),
        dependencies=(Dependency(waiting="Class", first="end", why="Handler"),),
    )

    assert (
        formats.mermaid(order)
        == """\
flowchart LR
  end_["end"]
  Class_(["Class"])
  end_ -->|Handler| Class_
  classDef trigger fill:#fbefff,stroke:#8250df,stroke-width:2px,color:#1f2328
  class Class_ trigger
"""
    )


def test_names_of_any_characters_are_written_as_each_language_asks() -> None:
    order = StackOrder(
        resources=(
            Resource(name="Fn::ForEach::Loop", kind="", level=0),
            Resource(name='a"\\b', kind="Custom::Trigger", level=1),
        ),
        dependencies=(Dependency(waiting='a"\\b', first="Fn::ForEach::Loop", why="the end"),),
    )

    assert formats.mermaid(order).splitlines()[1:4] == [
        '  Fn__ForEach__Loop_["Fn::ForEach::Loop"]',
        '  a__b_(["a#quot;\\b"])',
        '  Fn__ForEach__Loop_ -->|"the end"| a__b_',
    ]
    assert '  "Fn::ForEach::Loop" -> "a\\"\\\\b" [label="the end"];' in formats.dot(order)


def test_a_label_has_the_property_and_what_came_along() -> None:
    needed = Dependency(
        waiting="Run", first="Writer", why="Run.ExecuteAfter", companion="instance of Orders"
    )

    assert formats.label(needed) == "ExecuteAfter, instance of Orders"
