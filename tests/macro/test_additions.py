"""What an expansion adds, as data: ids, policies, conditions, edges."""

import subprocess
import sys

from macro.additions import Additions, InvokePolicy
from macro.expand import expand, read
from macro.model import Deployment
from tests.support.templates import Template, function, ref, table, template, trigger, under, when

PARTNER = "arn:aws:lambda:eu-central-1:123456789012:function:seed:live"
SHARED = {
    "TriggerProviderLogGroup", "TriggerProvider", "TriggerProviderInvokeConfig",
    "TriggerProviderRole", "TriggerProviderHandOver",
}  # fmt: skip


def additions(fragment: Template, **settings: str) -> Additions:
    return read(fragment, Deployment(settings=settings)).additions


def test_every_resource_that_is_added_has_an_id_and_no_other_has() -> None:
    run = trigger(FailureDestination="arn:aws:sqs:x:1:y", InvocationType="Event")
    migrate = function() | {"Metadata": {"Trigger": {}}}
    defined = {"Type": "Custom::Trigger", "Properties": {"Function": {"Handler": "a.b"}}}
    fragment = template(Migrate=migrate, Run=run, Seed=defined, Orders=table())
    expansion = expand(fragment, Deployment())

    added = set(expansion.fragment["Resources"]) - set(fragment["Resources"])

    assert set(expansion.reading.additions.ids) == added
    assert len(expansion.reading.additions.ids) == len(added)


def test_what_triggers_share_is_created_for_the_first_of_them() -> None:
    created_for = additions(template(First=trigger(), Second=trigger("Other"), Other=function()))

    assert {created_for.created_for[name] for name in SHARED} == {"First"}
    assert created_for.created_for["TriggerProviderInvokeOther"] == "Second"


def test_triggers_with_one_handler_share_its_policy() -> None:
    assert additions(template(First=trigger(), Second=trigger())).policies == (
        InvokePolicy(
            logical_id="TriggerProviderInvokeMigrate",
            arns=({"Fn::GetAtt": ["Migrate", "Arn"]},),
            functions=("Migrate",),
        ),
    )


def test_the_policy_of_an_alias_outside_the_template_is_that_of_its_function() -> None:
    (policy,) = additions(template(Run=trigger(PARTNER))).policies

    assert policy.arns == (PARTNER.removesuffix(":live"),)
    assert policy.functions == ()


def test_a_choice_between_handlers_is_one_policy_and_waits_for_none_of_them() -> None:
    choice = when("Large", ref("Migrate"), ref("Other"))
    added = additions(template(Run=trigger(choice), Other=function()))

    assert len(added.policies) == 1
    assert not {"Migrate", "Other"} & {edge.first for edge in added.edges}


def test_a_role_of_the_authors_needs_no_policies() -> None:
    role = "arn:aws:iam::123456789012:role/triggers"
    added = additions(template(Run=trigger()), ProviderRole=role)

    assert added.policies == ()
    assert [edge.first for edge in added.edges] == ["Migrate", "TriggerProviderInvokeConfig"]


def test_what_is_shared_exists_under_any_of_the_triggers_conditions() -> None:
    added = additions(template(First=under("A", trigger()), Second=under("B", trigger())))

    assert added.conditions == {
        "TriggerProviderCondition": {"Fn::Or": [{"Condition": "A"}, {"Condition": "B"}]}
    }
    assert {added.condition_of[name] for name in SHARED} == {"TriggerProviderCondition"}


def test_a_template_with_problems_has_additions_too() -> None:
    added = additions(template(Run=trigger(ExecuteAfter=["Missing"])))

    assert set(added.ids) >= SHARED


def test_deciding_what_to_add_needs_no_troposphere() -> None:
    script = "import sys, macro.additions; print('troposphere' in sys.modules)"

    completed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert completed.stdout.strip() == "False"
