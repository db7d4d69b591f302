"""`cfn-trigger graph` at a terminal."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.command_line import ROOT, run
from tests.support.templates import QUEUE, function, of_type, trigger

PIPELINE = str(ROOT / "examples" / "pipeline" / "template.yaml")
MIGRATION = str(ROOT / "examples" / "migration" / "template.yaml")


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


def test_lines_are_wrapped_between_names_and_nothing_is_cut() -> None:
    assert (
        run("graph", PIPELINE, COLUMNS="60").stdout
        == """\
SelfTestTrigger  runs SelfTest
└── after
    ├── ExecuteAfter: Announced, WorkerByTopicPermission,
    │     WorkerByTopic, Incoming, Orders, SelfTestRole,
    │     Worker, WorkerByQueue, WorkerRole
    └── Handler: SelfTest

Levels: each is created in parallel, after those above
1  Incoming, Announced, Orders
2  WorkerRole, SelfTestRole
3  Worker, SelfTest
4  WorkerByQueue, WorkerByTopicPermission, WorkerByTopic
5  SelfTestTrigger
"""
    )


@pytest.mark.parametrize("options", [(), ("--reasons",)])
@pytest.mark.parametrize("columns", [1, 40, 60, 80])
def test_words_are_the_same_in_any_width(columns: int, options: tuple[str, ...]) -> None:
    output = run("graph", PIPELINE, *options, COLUMNS=str(columns)).stdout

    unlimited = run("graph", PIPELINE, *options).stdout
    assert words(output) == words(unlimited)
    if columns > 1:
        assert max(cell_len(line) for line in output.splitlines()) <= columns


def words(text: str) -> list[str]:
    return [word for word in text.split() if set(word) - set("│├└─")]


def test_outside_a_terminal_lines_are_as_long_as_they_need() -> None:
    lines = run("graph", PIPELINE).stdout.splitlines()

    assert len(lines) == 11
    assert max(map(len, lines)) > 80


def test_reasons_are_those_of_every_resource() -> None:
    output = run("graph", MIGRATION, "--reasons").stdout

    assert output.endswith(
        """\
Levels: each is created in parallel, after those above
1  Orders
   Migrations
2  MigrateRole
     Policies: Orders, Migrations
   ServiceRole
     Policies: Orders
3  Migrate
     Role: MigrateRole
     Environment: Orders, Migrations
4  RunMigrations
     Handler: Migrate, MigrateRole
     ExecuteAfter: Migrations, Orders
5  Service
     ExecuteBefore: RunMigrations
     Role: ServiceRole
     Environment: Orders
"""
    )


def test_the_drawing_in_the_documentation_is_what_the_command_prints() -> None:
    """`cfn-trigger graph examples/migration/template.yaml --format svg` writes it."""
    documented = (ROOT / "docs" / "images" / "migration-order.svg").read_text()

    assert documented == run("graph", MIGRATION, "--format", "svg").stdout
