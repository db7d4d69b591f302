"""The forms of an order that other programs read."""

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
            {"name": "Queue", "kind": "AWS::SQS::Queue", "level": 1, "runs": []},
            {"name": "Topic", "kind": "AWS::SNS::Topic", "level": 2, "runs": []},
            {"name": "Run", "kind": "Custom::Trigger", "level": 3, "runs": ["Migrate"]},
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
  classDef trigger stroke-width:3px
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
  "Run" [label="Run\\nCustom::Trigger", style=bold, shape=ellipse];
  "Queue" -> "Topic";
  "Topic" -> "Run" [label="ExecuteAfter (if its condition holds)", style=dashed];
}
"""
    )


@pytest.mark.parametrize(
    "text", ["Queue", "AWS::SNS::Topic", "ExecuteAfter (if its condition holds)"]
)
def test_a_drawing_shows_names_types_and_labels(text: str) -> None:
    assert f">{text}</text>" in formats.drawing(ORDER)


def test_a_label_has_the_property_and_what_came_along() -> None:
    needed = Dependency(
        waiting="Run", first="Writer", why="Run.ExecuteAfter", companion="instance of Orders"
    )

    assert formats.label(needed) == "ExecuteAfter, instance of Orders"
