"""Which triggers a deployment runs, and because of what; `tests/cloud` compares with facts."""

from typing import Any

import pytest

from cfn_trigger.deployment import stacks
from cfn_trigger.prediction import snapshots
from cfn_trigger.prediction.predict import Before, predictions
from cfn_trigger.template.source import Template
from tests.support.stack_states import (
    QUEUE,
    SAM,
    expanded,
    function,
    of_type,
    planned,
    template,
    trigger,
)

RUN, STAY, OPEN = "will run", "will not run", "unknown until deployment"
LEVEL = {"Parameters": {"Level": {"Type": "String", "Default": "low"}}}
READING = function(Environment={"Variables": {"LEVEL": {"Ref": "Level"}, "MODE": "slow"}})


def verdicts(old: Template, new: Template, **more: Any) -> dict[str, str]:
    return {name: verdict for name, verdict, _ in planned(old, new, **more)}


def reasons(old: Template | None, new: Template, **more: Any) -> tuple[str, ...]:
    ((_, verdict, why),) = planned(old, new, **more)
    return (verdict, *why)


def test_without_a_stack_every_trigger_runs_for_the_first_time() -> None:
    assert reasons(None, template(Run=trigger())) == (RUN, "first time")


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ({"Enabled": False}, "Enabled is false"),
        (
            {"InvocationType": "DryRun"},
            "InvocationType DryRun only checks that the handler may be invoked",
        ),
    ],
)
def test_what_only_answers_does_not_run(setting: Any, why: str) -> None:
    assert reasons(None, template(Run=trigger(**setting))) == (STAY, why)


def test_the_same_template_runs_nothing() -> None:
    one = template(Run=trigger(), Queue=QUEUE)

    assert reasons(one, one) == (STAY, "nothing that it depends on differs")


CHANGES: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "code": (
        {"Migrate": function(Code={"ZipFile": "a"})}, {"Migrate": function(Code={"ZipFile": "b"})},
        (RUN, "the code of 'Migrate'"),
    ),
    "two properties of the configuration": (
        {"Migrate": function(MemorySize=128, Timeout=3)},
        {"Migrate": function(MemorySize=256, Timeout=4)},
        (RUN, "MemorySize of 'Migrate'", "Timeout of 'Migrate'"),
    ),
    "keys of the environment": (
        {"Migrate": function(Environment={"Variables": {"A": 1, "B": 2}})},
        {"Migrate": function(Environment={"Variables": {"A": 2, "C": 2}})},
        (RUN, "environment key 'A' of 'Migrate'", "environment key 'B' of 'Migrate'",
         "environment key 'C' of 'Migrate'"),
    ),
    "layers": (
        {"Migrate": function(Layers=["a"])}, {"Migrate": function(Layers=["b"])},
        (RUN, "Layers of 'Migrate'"),
    ),
    "tags": ({"Migrate": function(Tags=[])}, {"Migrate": function(Tags=[{"Key": "a"}])},
             (STAY, "nothing that it depends on differs")),
    "a payload, deep inside": (
        {"Run": trigger(Payload={"a": [{"b": 1}], "c": 1})},
        {"Run": trigger(Payload={"a": [{"b": 2}], "c": 1})},
        (RUN, "Payload.a.0.b"),
    ),
    "how a payload is written": (
        {"Run": trigger(Payload={"a": "b"})}, {"Run": trigger(Payload={"a": {"Fn::Sub": "b"}})},
        (RUN, "Payload is written otherwise"),
    ),
    "a setting": (
        {"Run": trigger()}, {"Run": trigger(Retry={"MaxAttempts": 3})}, (RUN, "Retry"),
    ),
    "a setting, from one value to another": (
        {"Run": trigger(Timeout=10)}, {"Run": trigger(Timeout=20)}, (RUN, "Timeout: 10 → 20"),
    ),
    "the handler": (
        {"Other": function()}, {"Other": function(), "Run": trigger("Other")},
        (RUN, "another handler"),
    ),
    "the name of the handler": (
        {"Migrate": function(FunctionName="a")}, {"Migrate": function(FunctionName="b")},
        (RUN, "'Migrate' will be replaced", "FunctionName of 'Migrate'"),
    ),
    "an order": (
        {"Queue": QUEUE}, {"Queue": QUEUE, "Run": trigger(ExecuteAfter=["Queue"])},
        (STAY, "nothing that it depends on differs"),
    ),
    "every deployment": (
        {}, {"Run": trigger(ExecuteOnEveryDeployment=True)}, (RUN, "every deployment"),
    ),
    "a watched resource": (
        {"Queue": of_type("AWS::SQS::Queue", DelaySeconds=1),
         "Run": trigger(ExecuteOnResourceChange=["Queue"])},
        {"Queue": of_type("AWS::SQS::Queue", DelaySeconds=2),
         "Run": trigger(ExecuteOnResourceChange=["Queue"])},
        (RUN, "DelaySeconds of resource 'Queue'"),
    ),
    "another attribute of a watched resource": (
        {"Queue": QUEUE, "Run": trigger(ExecuteOnResourceChange=["Queue"])},
        {"Queue": {**QUEUE, "DeletionPolicy": "Retain"},
         "Run": trigger(ExecuteOnResourceChange=["Queue"])},
        (RUN, "DeletionPolicy of resource 'Queue'"),
    ),
    "what is watched": (
        {"Queue": QUEUE, "Run": trigger(ExecuteOnResourceChange=["Migrate"])},
        {"Queue": QUEUE, "Run": trigger(ExecuteOnResourceChange=["Migrate", "Queue"])},
        (RUN, "the definition of resource 'Queue'"),
    ),
    "what only runs once": (
        {"Run": trigger(ExecuteOnHandlerChange=False)},
        {"Run": trigger(ExecuteOnHandlerChange=False, Timeout=5)},
        (STAY, "ExecuteOnHandlerChange is false"),
    ),
    "the payload of what only runs once": (
        {"Run": trigger(ExecuteOnHandlerChange=False, Payload=1)},
        {"Run": trigger(ExecuteOnHandlerChange=False, Payload=2)},
        (RUN, "Payload"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_said_in_the_authors_terms(name: str) -> None:
    old, new, expected = CHANGES[name]

    assert reasons(
        template(**{"Run": trigger(), **old}), template(**{"Run": trigger(), **new})
    ) == (expected)


def test_a_parameter_is_named_where_it_is_behind_a_change() -> None:
    one = template(LEVEL, Migrate=READING, Run=trigger())

    assert reasons(one, one, old_values={"Level": "low"}, Level="high") == (
        RUN, "environment key 'LEVEL' of 'Migrate' (parameter 'Level': 'low' → 'high')",
    )  # fmt: skip


def test_a_parameter_behind_a_condition_is_named_too() -> None:
    chosen = function(MemorySize={"Fn::If": ["IsHigh", 512, 128]})
    sections = LEVEL | {
        "Conditions": {
            "IsHigh": {"Fn::Not": [{"Condition": "IsLow"}]},
            "IsLow": {"Fn::Equals": [{"Ref": "Level"}, "low"]},
        }
    }
    one = template(sections, Migrate=chosen, Run=trigger())

    assert reasons(one, one, old_values={"Level": "low"}, Level="high") == (
        RUN, "MemorySize of 'Migrate' (parameter 'Level': 'low' → 'high')",
    )  # fmt: skip


def test_a_default_that_changes_is_a_parameter_that_changes() -> None:
    new = {"Parameters": {"Level": {"Type": "String", "Default": "high"}}}
    old, later = (template(one, Migrate=READING, Run=trigger()) for one in (LEVEL, new))

    assert reasons(old, later)[1].endswith("(parameter 'Level': 'low' → 'high')")
    assert reasons(old, later, Level="low")[0] == STAY


def test_what_a_deployment_looks_up_is_unknown_if_nothing_else_differs() -> None:
    one = template(Run=trigger(Payload={"Url": "{{resolve:ssm:/shop/url}}"}))
    other = template(Run=trigger(Payload={"Url": "{{resolve:ssm:/shop/url}}", "More": 1}))

    assert reasons(one, one) == (OPEN, "{{resolve:ssm:/shop/url}} is looked up at deployment")
    assert reasons(one, other)[0] == RUN


def test_what_does_not_run_anyway_is_not_unknown() -> None:
    payload = {"Url": "{{resolve:ssm:/shop/url}}"}
    one = template(Run=trigger(Payload=payload, Enabled=False))

    assert reasons(one, one) == (STAY, "Enabled is false")


def test_a_parameter_from_the_store_is_unknown() -> None:
    stored = {"Parameters": {"Level": {"Type": "AWS::SSM::Parameter::Value<String>",
                                       "Default": "/level"}}}  # fmt: skip
    one = template(stored, Migrate=READING, Run=trigger())

    assert reasons(one, one) == (OPEN, "parameter 'Level' is looked up at deployment")


def test_what_reads_the_result_of_a_trigger_that_runs_is_unknown() -> None:
    reader = trigger("Other", Payload={"Rows": {"Fn::GetAtt": ["Run", "Rows"]}})
    old, new = (
        template(Other=function(), Run=trigger(Payload=number), Reader=reader) for number in (1, 2)
    )

    assert verdicts(old, new) == {"Run": RUN, "Reader": OPEN}
    assert verdicts(old, old) == {"Run": STAY, "Reader": STAY}


def test_code_at_a_local_path_is_unknown() -> None:
    code = of_type("AWS::Serverless::Function", Runtime="python3.13", Handler="a.b", CodeUri="./a")
    one = template({"Transform": [SAM, "Trigger"]}, Migrate=code, Run=trigger())
    plain = template(Migrate=function(Code="./a"), Run=trigger())

    said = "the code of 'Migrate' is at a local path"
    remedy = "plan what `sam package` or `aws cloudformation package` writes"
    assert reasons(one, one) == reasons(plain, plain) == (OPEN, f"{said}; {remedy}")


def test_code_at_a_local_path_is_nothing_to_a_trigger_that_ignores_its_handler() -> None:
    plain = template(Migrate=function(Code="./a"), Run=trigger(ExecuteOnHandlerChange=False))

    assert reasons(plain, plain)[0] == STAY


def test_a_renamed_trigger_is_created_and_deleted() -> None:
    old, new = template(Run=trigger()), template(Again=trigger())

    assert planned(old, new) == [
        (
            "Again",
            RUN,
            ("first time; to CloudFormation 'Run' under another name is a new trigger",),
        ),
        ("Run", STAY, ("it is deleted, and ExecuteOnDelete is false",)),
    ]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (trigger(), (STAY, "it is deleted, and ExecuteOnDelete is false")),
        (trigger(ExecuteOnDelete=True), (RUN, "it is deleted, and ExecuteOnDelete is true")),
        (
            trigger(ExecuteOnDelete=True, Enabled=False),
            (STAY, "it is deleted, and Enabled is false"),
        ),
        (
            {**trigger(ExecuteOnDelete=True), "DeletionPolicy": "Retain"},
            (STAY, "it leaves the stack without a request: its DeletionPolicy retains it"),
        ),
    ],
)
def test_a_trigger_that_is_removed(resource: Any, expected: tuple[str, ...]) -> None:
    old, new = template(Run=resource), template()

    assert reasons(old, new) == expected


def test_what_was_never_created_is_deleted_without_running() -> None:
    old, new = template(Run=trigger(ExecuteOnDelete=True)), template()

    assert reasons(old, new, failed=("Run",)) == (STAY, "it is deleted, and was never created")


def test_what_failed_last_time_runs_again() -> None:
    one = template(Run=trigger())
    once = template(Run=trigger(ExecuteOnHandlerChange=False))

    assert reasons(one, one, failed=("Run",)) == (RUN, "it failed last time")
    assert reasons(once, once, failed=("Run",))[0] == STAY


def test_a_condition_creates_and_deletes() -> None:
    sections = LEVEL | {"Conditions": {"IsHigh": {"Fn::Equals": [{"Ref": "Level"}, "high"]}}}
    one = template(sections, Run={**trigger(), "Condition": "IsHigh"})

    assert planned(one, one) == []
    assert reasons(one, one, old_values={"Level": "low"}, Level="high") == (RUN, "first time")
    assert reasons(one, one, old_values={"Level": "high"}, Level="low")[0] == STAY


def test_a_condition_that_nobody_knows_is_unknown_only_where_it_is_new() -> None:
    sections = {"Conditions": {"IsHere": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}}
    one = template(sections, Run={**trigger(), "Condition": "IsHere"})
    other = template(
        sections, Migrate=function(MemorySize=1), Run={**trigger(), "Condition": "IsHere"}
    )
    always = template(sections, Run=trigger())

    assert reasons(one, one)[0] == STAY
    assert reasons(one, other)[0] == RUN
    assert reasons(always, one) == (OPEN, "its Condition 'IsHere' is not known here")


def test_custom_triggers_of_others_are_none() -> None:
    others = of_type("Custom::Trigger", ServiceToken="arn:aws:lambda:us-east-1:1:function:f")

    assert planned(None, template(Theirs=others)) == []


# ---- with a deployed stack


STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/0a1b"


def deployed(one: Template, **more: Any) -> stacks.Deployed:
    values = {"Level": "low"}
    return stacks.Deployed(
        stack_id=STACK_ID, template=expanded(one, **values), **({"values": values} | more)
    )


def against_stack(
    new: Template, stack: stacks.Deployed, **said: str
) -> list[tuple[str, str, tuple[str, ...]]]:
    before, after = snapshots.against_stack(new, said, stack)
    found = predictions(before, after, region="eu-west-1")
    return [(one.trigger, one.verdict, one.because) for one in found]


def test_parameters_that_are_not_given_keep_their_deployed_values() -> None:
    changed = {"Parameters": {"Level": {"Type": "String", "Default": "other"}}}
    old, new = (template(one, Migrate=READING, Run=trigger()) for one in (LEVEL, changed))

    assert against_stack(new, deployed(old))[0][1] == STAY
    assert against_stack(new, deployed(old), Level="high")[0][1] == RUN


def test_a_stack_tells_its_pseudo_parameters() -> None:
    assert stacks.pseudo_parameters(STACK_ID) == {
        "AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012",
        "AWS::StackId": STACK_ID, "AWS::StackName": "shop", "AWS::URLSuffix": "amazonaws.com",
    }  # fmt: skip
    china = stacks.pseudo_parameters("arn:aws-cn:cloudformation:cn-north-1:1:stack/s/1")
    assert china["AWS::URLSuffix"] == "amazonaws.com.cn"


def test_a_parameter_from_the_store_that_keeps_its_name_hashes_as_it_did() -> None:
    stored = {"Parameters": {"Level": {"Type": "AWS::SSM::Parameter::Value<String>",
                                       "Default": "/level"}}}  # fmt: skip
    one = template(stored, Migrate=READING, Run=trigger())
    stack = deployed(one, values={"Level": "/level"}, looked_up={"Level": "low"})

    assert against_stack(one, stack) == [
        ("Run", OPEN, ("parameter 'Level' is looked up at deployment",))
    ]


def test_a_hash_over_a_stored_parameters_name_instead_of_its_value_is_no_sure_change() -> None:
    stored = {"Parameters": {"Level": {"Type": "AWS::SSM::Parameter::Value<String>",
                                       "Default": "/level"}}}  # fmt: skip
    one = template(stored, Migrate=READING, Run=trigger())
    by_name = stacks.Deployed(
        stack_id=STACK_ID,
        template=expanded(one, Level="/level"),
        values={"Level": "/level"},
        looked_up={"Level": "low"},
    )

    before, after = snapshots.against_stack(one, {}, by_name, {"/level": "low"})

    (found,) = predictions(before, after, region="eu-west-1")
    said = "a parameter from the parameter store is looked up at deployment"
    assert (found.verdict, *found.because) == (OPEN, said)


@pytest.mark.parametrize(
    ("now", "expected"),
    [("low", (STAY, "nothing that it depends on differs")),
     ("high", (RUN, "environment key 'LEVEL' of 'Migrate' (parameter 'Level': 'low' → 'high')"))],
)  # fmt: skip
def test_a_parameter_from_the_store_is_compared_where_both_values_can_be_read(
    now: str, expected: tuple[str, ...]
) -> None:
    stored = {"Parameters": {"Level": {"Type": "AWS::SSM::Parameter::Value<String>"}}}
    one = template(stored, Migrate=READING, Run=trigger())
    stack = deployed(one, values={"Level": "/level"}, looked_up={"Level": "low"})

    before, after = snapshots.against_stack(one, {}, stack, {"/level": now})

    (found,) = predictions(before, after, region="eu-west-1")
    assert (found.verdict, *found.because) == expected


def test_a_secret_that_is_given_again_is_unknown_and_one_that_is_kept_is_the_same() -> None:
    secret = {"Parameters": {"Password": {"Type": "String", "NoEcho": True}}}
    one = template(secret, Run=trigger(Payload={"Password": {"Ref": "Password"}}))
    stack = deployed(one, values={"Password": "****"})

    assert against_stack(one, stack) == [("Run", STAY, ("nothing that it depends on differs",))]
    assert against_stack(one, stack, Password="new") == [  # noqa: S106 (it is no secret)
        ("Run", OPEN, ("parameter 'Password' has NoEcho, so its deployed value is not known",))
    ]


def test_the_entries_that_differ_are_told_to_machines() -> None:
    old, new = (template(Run=trigger(Payload=number)) for number in (1, 2))
    before = Before(side=snapshots.of_template(old, {}, {}))

    (found,) = predictions(before, snapshots.of_template(new, {}, {}), region="us-east-1")

    assert found.request == "Update"
    assert found.differs == ("Payload", "Fingerprint.Payload")


def test_what_the_sam_client_adds_is_no_change() -> None:
    def one(**more: Any) -> Template:
        queue = {**QUEUE, **more}
        return template(LEVEL, Queue=queue, Run=trigger(ExecuteOnResourceChange=["Queue"]))

    by_sam = one(Metadata={"SamResourceId": "Queue"})

    assert against_stack(one(), deployed(by_sam))[0][1] == STAY
    assert against_stack(one(), deployed(one()))[0][1] == STAY


def test_a_stack_that_is_only_reviewed_has_nothing_yet() -> None:
    stack = stacks.Deployed(stack_id=STACK_ID, template={}, values={})

    assert against_stack(template(LEVEL, Run=trigger()), stack) == [("Run", RUN, ("first time",))]
