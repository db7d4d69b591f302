import json

import pytest

from cfn_trigger.deployment.resources import Role, answered_part_of, parts, role_of, run_name
from cfn_trigger.template import transforms
from cfn_trigger.template.source import parse_template
from macro.names import (
    HAND_OVER,
    INVOKE_CONFIG,
    LOG_GROUP,
    PROVIDER,
    ROLE,
    is_shared_policy_id,
    part_id,
    policy_id,
    shared_policy_id,
    undo_id,
)
from tests.support.trigger_requests import template

UNDO = undo_id("Run", "0123456789")


@pytest.mark.parametrize(
    ("logical_id", "type_", "role"),
    [
        ("Run", "Custom::Trigger", "trigger"),
        ("UndoRun", "Custom::Trigger", "trigger"),
        (UNDO, "Custom::Trigger", "undo"),
        (UNDO, "AWS::SQS::Queue", "other"),
        ("Orders", "AWS::CloudFormation::Stack", "nested stack"),
        ("Queue", "AWS::SQS::Queue", "other"),
        *(
            (name, "AWS::Any::Type", "plumbing")
            for name in (
                PROVIDER,
                ROLE,
                LOG_GROUP,
                INVOKE_CONFIG,
                HAND_OVER,
                policy_id("Check"),
                shared_policy_id(1),
            )
        ),
    ],
)
def test_every_resource_has_a_role(logical_id: str, type_: str, role: Role) -> None:
    assert role_of(logical_id, type_) == role


def test_what_undoes_a_trigger_runs_under_its_name() -> None:
    assert (run_name("Run"), run_name(UNDO)) == ("Run", "Run (undo)")


def test_a_template_says_what_is_a_part_of_which_trigger() -> None:
    resources = {
        "RunPart1": {"Type": "Custom::Trigger", "Properties": {"PartOf": "Run"}},
        "Run": {"Type": "Custom::Trigger", "Properties": {}},
        "OtherPart1": {"Type": "Custom::Trigger"},
    }

    assert parts({"Resources": resources}) == {"RunPart1": "Run"}


def test_the_parts_of_a_trigger_are_those_that_the_macro_writes() -> None:
    written = json.dumps(template(Timeout=7200))
    expanded = transforms.process(parse_template(written, "t"), transforms.Context(values={}))

    assert parts(expanded.template) == {part_id("Run", 1): "Run", part_id("Run", 2): "Run"}


@pytest.mark.parametrize(
    ("logical_id", "physical_id", "trigger"),
    [
        ("RunPart12", "part of Run-1", "Run"),
        ("RunPart12", "Run-1", ""),
        ("RunPart0", "part of Run-1", ""),
        ("Run", "part of Run-1", ""),
    ],
)
def test_a_part_that_has_answered_is_known_by_its_ids(
    logical_id: str, physical_id: str, trigger: str
) -> None:
    assert answered_part_of(logical_id, physical_id) == trigger


def test_policies_for_several_handlers_are_known_by_their_ids() -> None:
    names = (shared_policy_id(1), shared_policy_id(12), policy_id("Handlers"), "Handlers1")

    assert [is_shared_policy_id(name) for name in names] == [True, True, False, False]
