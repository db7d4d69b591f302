import pytest

from cfn_trigger.deployment.resources import Role, TriggerPart, role_of, trigger_part
from macro.names import (
    HAND_OVER,
    INVOKE_CONFIG,
    LOG_GROUP,
    PROVIDER,
    ROLE,
    is_shared_policy_id,
    policy_id,
    shared_policy_id,
    undo_id,
)

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


def test_a_trigger_is_one_part_and_its_undo_is_named_after_it() -> None:
    assert trigger_part("Run") == TriggerPart("Run", is_last=True)
    assert trigger_part(UNDO) == TriggerPart("Run (undo)", is_last=True)


def test_policies_for_several_handlers_are_known_by_their_ids() -> None:
    names = (shared_policy_id(1), shared_policy_id(12), policy_id("Handlers"), "Handlers1")

    assert [is_shared_policy_id(name) for name in names] == [True, True, False, False]
