"""A trigger of hours becomes several custom resources, the last of which has its logical id."""

from typing import Any

import pytest

from macro.expand import expand
from macro.model import Deployment, Handler, Trigger
from macro.relay import part_ids
from tests.support.templates import (
    Template,
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

HOURS: dict[str, Any] = {"Timeout": 7200}
PARTS = ["RunPart1", "RunPart2", "Run"]


@pytest.mark.parametrize(
    ("timeout", "parts"),
    [(1, 0), (900, 0), (3540, 0), (3541, 1), (6140, 1), (6141, 2), (7200, 2), (43_200, 16)],
)
def test_a_timeout_of_hours_needs_a_part_for_each_further_2600_seconds(
    timeout: int, parts: int
) -> None:
    names = part_ids(Trigger("Run", Handler(""), "Run", timeout=timeout))

    assert names == tuple(f"RunPart{number}" for number in range(1, parts + 1))


def test_each_part_goes_on_from_the_one_before() -> None:
    emitted = resources(template(Run=trigger(**HOURS)))

    previous = [emitted[name]["Properties"].get("Previous") for name in PARTS]
    assert previous == [None, get("RunPart1", "Run"), get("RunPart2", "Run")]


def test_all_parts_say_of_which_trigger_they_are_but_the_trigger_itself() -> None:
    emitted = resources(template(Run=trigger(**HOURS)))

    assert [emitted[name]["Properties"].get("PartOf") for name in PARTS] == ["Run", "Run", None]


def test_all_parts_have_the_settings_and_the_payload_of_the_trigger() -> None:
    settings = {"Retry": {"MaxAttempts": 3}, "Expect": 5, "ExecuteOnDelete": True}
    emitted = resources(
        template(Run=trigger(Payload={"Table": ref("T")}, **settings, **HOURS), T=table())
    )

    own = {"Previous", "PartOf", "Fingerprint"}
    properties = [
        {key: value for key, value in emitted[name]["Properties"].items() if key not in own}
        for name in PARTS
    ]
    assert properties[0] == properties[1] == properties[2]
    assert properties[0]["Payload"]["Skeleton"] == '{"Table": null}'
    assert properties[0]["ServiceTimeout"] == 3600


def test_the_first_part_and_the_trigger_have_the_fingerprint() -> None:
    emitted = resources(template(Run=trigger(**HOURS)))

    fingerprints = [emitted[name]["Properties"].get("Fingerprint") for name in PARTS]
    assert fingerprints[0] == fingerprints[2]
    assert fingerprints[1] is None


def test_the_first_part_waits_for_what_the_trigger_waits_for() -> None:
    run = trigger(ExecuteAfter=["After"], ExecuteBefore=["Before"], **HOURS) | {"DependsOn": "Own"}
    emitted = resources(template(Run=run, After=table(), Before=table(), Own=table()))

    assert {"Own", "After", "TriggerProviderInvokeMigrate"} <= {*emitted["RunPart1"]["DependsOn"]}
    assert not {"DependsOn"} & (emitted["RunPart2"].keys() | emitted["Run"].keys())
    assert emitted["Before"]["DependsOn"] == ["Run"]


def test_all_parts_exist_where_the_trigger_exists() -> None:
    fragment = template(Run=under("Production", trigger(**HOURS)))

    emitted = resources(fragment)

    assert {emitted[name]["Condition"] for name in PARTS} == {"Production"}


def test_what_waits_for_what_may_not_exist_is_the_first_part() -> None:
    perhaps = under("Production", table())
    emitted = resources(template(Run=trigger(ExecuteAfter=["T"], **HOURS), T=perhaps))

    assert emitted["RunPart1"]["Metadata"]["TriggerEdges"]
    assert "Metadata" not in emitted["Run"]


def test_only_the_trigger_keeps_the_metadata_of_its_resource() -> None:
    run = trigger(**HOURS) | {"Metadata": {"Owner": "us"}, "DeletionPolicy": "Retain"}
    emitted = resources(template(Run=run))

    assert [emitted[name].get("Metadata") for name in PARTS] == [None, None, {"Owner": "us"}]
    assert {emitted[name]["DeletionPolicy"] for name in PARTS} == {"Retain"}


def test_what_reads_the_result_reads_that_of_the_trigger() -> None:
    reader = of_type("AWS::SSM::Parameter", Value=get("Run", "Rows"))
    emitted = resources(template(Run=trigger(**HOURS), Reader=reader))

    assert emitted["Reader"] == reader
    assert {tuple(emitted[name]["Properties"]["Attributes"]) for name in PARTS} == {("Rows",)}


def test_the_names_of_parts_are_reserved() -> None:
    assert problems(template(Run=trigger(**HOURS), RunPart2=table())) == [
        "RunPart2: is reserved for a resource that is created for triggers; rename yours"
    ]
    assert problems(template(Run=trigger(), RunPart2=table())) == []


def test_parts_of_two_triggers_may_not_have_the_same_name() -> None:
    fragment = template(Run=trigger(**HOURS), RunPart1=trigger(**HOURS))

    assert problems(fragment) == [
        "RunPart1: is reserved for a resource that is created for triggers; rename yours"
    ]


def test_a_lane_waits_for_a_whole_trigger_of_hours_and_its_undo() -> None:
    back = {"OnRollback": {"Handler": "Back"}}
    fragment = template(Back=function(), Run=trigger(**HOURS, **back), Second=trigger(**HOURS))

    one_at_a_time = Deployment(settings={"MaxConcurrentTriggers": 1})
    emitted: Any = expand(fragment, one_at_a_time).fragment["Resources"]

    (undo,) = [name for name in emitted if name.startswith("RunUndo")]
    assert {"Run", undo} <= {*emitted["SecondPart1"]["DependsOn"]}
    assert "DependsOn" not in emitted["Second"]


def test_no_selector_matches_a_part() -> None:
    emitted = resources(
        template(Run=trigger(**HOURS), Other=trigger(ExecuteAfter=["Run*", "Custom::*"]))
    )

    assert {"RunPart1", "RunPart2"}.isdisjoint(emitted["Other"]["DependsOn"])


def test_parts_count_among_the_resources_that_a_template_may_have() -> None:
    fragment: Template = template(
        Run=trigger(Timeout=43_200), **{f"T{number}": table() for number in range(480)}
    )

    count = "504 with those created for triggers; CloudFormation allows 500"
    assert problems(fragment) == [f"Resources: {count}; split the template"]


def test_a_trigger_in_metadata_may_take_hours_too() -> None:
    emitted = resources(template(Migrate=function() | {"Metadata": {"Trigger": HOURS}}))

    assert emitted["MigrateTriggerPart1"]["Properties"]["PartOf"] == "MigrateTrigger"


def test_what_undoes_a_trigger_of_hours_refers_to_the_trigger() -> None:
    fragment = template(
        Run=trigger(OnRollback={"Handler": "Back"}, **HOURS), Back=function(), After=table()
    )
    fragment["Resources"]["After"]["DependsOn"] = "Run"
    emitted = expand(fragment, Deployment()).fragment["Resources"]

    (undo,) = [name for name in emitted if name.startswith("RunUndo")]
    references = [each["Value"] for each in emitted[undo]["Properties"]["Undo"]["Values"]]
    assert get("Run", "TriggerRunId") in references
    assert {emitted[name]["Properties"]["UndoneBy"] for name in PARTS} == {undo}
