"""`cfn-trigger graph` at a terminal."""

import json
from pathlib import Path

from tests.support.command_line import run
from tests.support.templates import QUEUE, function, of_type, trigger


def test_a_tree_has_what_runs_before_and_after_a_trigger_by_property(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    after_topic = of_type("AWS::SQS::Queue", QueueName={"Ref": "Late"})
    resources = {
        "Migrate": function(),
        "Queue": QUEUE,
        "Named": of_type("AWS::SQS::Queue", QueueName={"Ref": "Queue"}),
        "Maybe": QUEUE | {"Condition": "IsOn"},
        "Run": trigger(ExecuteAfter=["Named", "Maybe"], ExecuteBefore=["Late"]),
        "Late": QUEUE,
        "Later": after_topic,
    }
    conditions = {"IsOn": {"Fn::Equals": ["a", "a"]}}
    path.write_text(
        json.dumps({"Transform": "Trigger", "Conditions": conditions, "Resources": resources})
    )

    assert (
        run("graph", str(path)).stdout
        == """\
Run  runs Migrate
├── after  and 1 more indirectly
│   ├── ExecuteAfter: Named
│   ├── Handler: Migrate
│   └── ExecuteAfter (if its condition holds): Maybe
└── before  and 1 more indirectly
    └── ExecuteBefore: Late

Levels: each is created in parallel, after those above
1  Migrate, Queue, Maybe
2  Named
3  Run
4  Late
5  Later
"""
    )
