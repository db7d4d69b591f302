"""Which triggers a deployment runs, and why; `tests/cloud` compares with what it really runs."""

from typing import Any

import pytest

from cfn_trigger.prediction.predict import predictions
from cfn_trigger.prediction.snapshots import NO_STACK, Baseline, state_of_template
from cfn_trigger.template.source import Template
from tests.support.stack_updates import REGION, planned, template
from tests.support.templates import QUEUE, SAM, function, of_type, trigger

RUN, STAY, UNKNOWN = "will run", "will not run", "unknown until deployment"
LEVEL = {"Parameters": {"Level": {"Type": "String", "Default": "low"}}}
READING = function(Environment={"Variables": {"LEVEL": {"Ref": "Level"}, "MODE": "slow"}})


def verdicts(old: Template, new: Template, **more: Any) -> dict[str, str]:
    return {name: verdict for name, verdict, _ in planned(old, new, **more)}


def reasons(old: Template | None, new: Template, **more: Any) -> tuple[str, ...]:
    ((_, verdict, why),) = planned(old, new, **more)
    return (verdict, *why)


def test_a_first_deployment_runs_every_trigger() -> None:
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
def test_a_trigger_whose_settings_silence_it_does_not_run(setting: Any, why: str) -> None:
    assert reasons(None, template(Run=trigger(**setting))) == (STAY, why)


def test_an_unchanged_template_runs_nothing() -> None:
    one = template(Run=trigger(), Queue=QUEUE)

    assert reasons(one, one) == (STAY, "nothing that it depends on differs")


RUN_LIVE = {"Run": trigger({"Ref": "Live"})}


def alias(version: Any) -> Any:
    return of_type(
        "AWS::Lambda::Alias",
        FunctionName={"Ref": "Migrate"}, Name="live", FunctionVersion=version,
    )  # fmt: skip


def published(logical_id: str, code: str) -> Any:
    """Return a version of a function, and the alias and the trigger that run it."""
    return RUN_LIVE | {
        "Migrate": function(Code={"ZipFile": code}),
        logical_id: of_type("AWS::Lambda::Version", FunctionName={"Ref": "Migrate"}),
        "Live": alias({"Fn::GetAtt": [logical_id, "Version"]}),
    }


CHANGES: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "code": (
        {"Migrate": function(Code={"ZipFile": "a"})}, {"Migrate": function(Code={"ZipFile": "b"})},
        (RUN, "the code of 'Migrate'"),
    ),
    "an alias that moves": (
        {"Live": alias("1"), **RUN_LIVE}, {"Live": alias("2"), **RUN_LIVE},
        (RUN, "FunctionVersion of alias 'Live'"),
    ),
    "code behind an alias that stays": (
        {"Live": alias("1"), "Migrate": function(Code={"ZipFile": "a"}), **RUN_LIVE},
        {"Live": alias("1"), "Migrate": function(Code={"ZipFile": "b"}), **RUN_LIVE},
        (STAY, "nothing that it depends on differs"),
    ),
    "a version that an alias serves anew": (
        published("V0a1b2c3d4e", "a"), published("V5f6a7b8c9d", "b"),
        (RUN, "FunctionVersion of alias 'Live'", "the code of 'Migrate'"),
    ),
    "code of a version that stays": (
        published("V0a1b2c3d4e", "a"), published("V0a1b2c3d4e", "b"),
        (STAY, "nothing that it depends on differs"),
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
        (RUN, "Payload is written differently"),
    ),
    "a setting": (
        {"Run": trigger()}, {"Run": trigger(Retry={"MaxAttempts": 3})},
        (STAY, "only settings changed"),
    ),
    "hours, and more hours": (
        {"Run": trigger(Timeout=7200)}, {"Run": trigger(Timeout=10_800)},
        (STAY, "only settings changed"),
    ),
    "hours, and new code": (
        {"Run": trigger(Timeout=7200), "Migrate": function(Layers=["a"])},
        {"Run": trigger(Timeout=7200), "Migrate": function(Layers=["b"])},
        (RUN, "Layers of 'Migrate'"),
    ),
    "a timeout that becomes more than an hour": (
        {"Run": trigger()}, {"Run": trigger(Timeout=7200)},
        (RUN, "its Timeout crosses 3,540 seconds"),
    ),
    "a timeout that is an hour at most again": (
        {"Run": trigger(Timeout=7200)}, {"Run": trigger()},
        (RUN, "its Timeout crosses 3,540 seconds"),
    ),
    "a setting, from one value to another": (
        {"Run": trigger(Timeout=10)}, {"Run": trigger(Timeout=20)}, (STAY, "only settings changed"),
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
def test_a_reason_is_in_the_authors_terms(name: str) -> None:
    old, new, expected = CHANGES[name]

    assert reasons(
        template(**{"Run": trigger(), **old}), template(**{"Run": trigger(), **new})
    ) == (expected)


def test_a_reason_names_the_parameter_behind_a_change() -> None:
    one = template(LEVEL, Migrate=READING, Run=trigger())

    assert reasons(one, one, old_values={"Level": "low"}, Level="high") == (
        RUN, "environment key 'LEVEL' of 'Migrate' (parameter 'Level': 'low' → 'high')",
    )  # fmt: skip


def test_a_reason_names_a_parameter_behind_a_condition() -> None:
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


def test_a_changed_default_counts_as_a_changed_parameter() -> None:
    new = {"Parameters": {"Level": {"Type": "String", "Default": "high"}}}
    old, later = (template(one, Migrate=READING, Run=trigger()) for one in (LEVEL, new))

    assert reasons(old, later)[1].endswith("(parameter 'Level': 'low' → 'high')")
    assert reasons(old, later, Level="low")[0] == STAY


def test_a_looked_up_value_is_unknown_unless_something_else_differs() -> None:
    before = template(Run=trigger(Payload={"Url": "{{resolve:ssm:/shop/url}}"}))
    after = template(Run=trigger(Payload={"Url": "{{resolve:ssm:/shop/url}}", "More": 1}))

    assert reasons(before, before) == (
        UNKNOWN,
        "{{resolve:ssm:/shop/url}} is looked up at deployment",
    )
    assert reasons(before, after)[0] == RUN


def test_a_silenced_trigger_with_a_looked_up_value_does_not_run() -> None:
    payload = {"Url": "{{resolve:ssm:/shop/url}}"}
    one = template(Run=trigger(Payload=payload, Enabled=False))

    assert reasons(one, one) == (STAY, "Enabled is false")


def test_a_parameter_from_the_store_is_unknown() -> None:
    stored = {"Parameters": {"Level": {"Type": "AWS::SSM::Parameter::Value<String>",
                                       "Default": "/level"}}}  # fmt: skip
    one = template(stored, Migrate=READING, Run=trigger())

    assert reasons(one, one) == (UNKNOWN, "parameter 'Level' is looked up at deployment")


def test_a_reader_of_the_result_of_a_running_trigger_is_unknown() -> None:
    reader = trigger("Other", Payload={"Rows": {"Fn::GetAtt": ["Run", "Rows"]}})
    old, new = (
        template(Other=function(), Run=trigger(Payload=number), Reader=reader) for number in (1, 2)
    )

    assert verdicts(old, new) == {"Run": RUN, "Reader": UNKNOWN}
    assert verdicts(old, old) == {"Run": STAY, "Reader": STAY}


def test_code_at_a_local_path_is_unknown() -> None:
    code = of_type("AWS::Serverless::Function", Runtime="python3.13", Handler="a.b", CodeUri="./a")
    of_sam = template({"Transform": [SAM, "Trigger"]}, Migrate=code, Run=trigger())
    plain = template(Migrate=function(Code="./a"), Run=trigger())

    reason = (
        "the code of 'Migrate' is at a local path;"
        " plan what `sam package` or `aws cloudformation package` writes"
    )
    assert reasons(of_sam, of_sam) == reasons(plain, plain) == (UNKNOWN, reason)


def test_an_alias_of_code_at_a_local_path_is_unknown() -> None:
    code = of_type(
        "AWS::Serverless::Function", Runtime="python3.13", Handler="a.b",
        CodeUri="./a", AutoPublishAlias="live",
    )  # fmt: skip
    uploaded = code | {"Properties": code["Properties"] | {"CodeUri": "s3://code/0a1b2c3d"}}
    run = trigger({"Ref": "Migrate.Alias"})
    old, new = (
        template({"Transform": [SAM, "Trigger"]}, Migrate=migrate, Run=run)
        for migrate in (uploaded, code)
    )

    verdict, reason = reasons(old, new)

    assert verdict == UNKNOWN
    assert reason.startswith("the code of 'Migrate' is at a local path; ")


def test_an_alias_of_another_version_than_the_templates_is_known_next_to_local_code() -> None:
    plain = template(Migrate=function(Code="./a"), Live=alias("1"), **RUN_LIVE)

    assert reasons(plain, plain) == (STAY, "nothing that it depends on differs")


def test_local_code_does_not_concern_a_trigger_that_ignores_handler_changes() -> None:
    plain = template(Migrate=function(Code="./a"), Run=trigger(ExecuteOnHandlerChange=False))

    assert reasons(plain, plain)[0] == STAY


def test_a_renamed_trigger_is_created_and_deleted() -> None:
    old, new = template(Run=trigger()), template(Again=trigger())

    assert planned(old, new) == [
        (
            "Again",
            RUN,
            ("first time; for CloudFormation, a renamed 'Run' is a new trigger",),
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
            (STAY, "it is removed from the stack without a request: its DeletionPolicy retains it"),
        ),
    ],
)
def test_a_removed_trigger_runs_only_with_execute_on_delete(
    resource: Any, expected: tuple[str, ...]
) -> None:
    old, new = template(Run=resource), template()

    assert reasons(old, new) == expected


def test_a_trigger_that_was_never_created_is_deleted_without_running() -> None:
    old, new = template(Run=trigger(ExecuteOnDelete=True)), template()

    assert reasons(old, new, failed=("Run",)) == (STAY, "it is deleted, and was never created")


def test_a_trigger_that_failed_last_time_runs_again() -> None:
    always = template(Run=trigger())
    once = template(Run=trigger(ExecuteOnHandlerChange=False))

    assert reasons(always, always, failed=("Run",)) == (RUN, "it failed last time")
    assert reasons(once, once, failed=("Run",)) == (RUN, "it failed last time")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"OnFailure": "Continue"}, (RUN, "OnFailure: default → Continue")),
        ({"OnFailure": "Continue"}, {}, (RUN, "OnFailure: Continue → default")),
        ({"Enabled": False}, {}, (RUN, "Enabled: false → default")),
        (
            {"ExecuteOnEveryDeployment": True},
            {},
            (STAY, "only settings changed"),
        ),
        (
            {},
            {"ExecuteOnHandlerChange": False},
            (STAY, "ExecuteOnHandlerChange is false"),
        ),
        ({}, {"ExecuteOnDelete": True, "NoEcho": True}, (STAY, "only settings changed")),
    ],
)
def test_settings_run_nothing_unless_the_last_run_may_have_failed(
    old: dict[str, Any], new: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert reasons(template(Run=trigger(**old)), template(Run=trigger(**new))) == expected


def test_a_condition_creates_and_deletes_triggers() -> None:
    sections = LEVEL | {"Conditions": {"IsHigh": {"Fn::Equals": [{"Ref": "Level"}, "high"]}}}
    conditional = template(sections, Run={**trigger(), "Condition": "IsHigh"})

    assert planned(conditional, conditional) == []
    assert reasons(conditional, conditional, old_values={"Level": "low"}, Level="high") == (
        RUN,
        "first time",
    )
    assert reasons(conditional, conditional, old_values={"Level": "high"}, Level="low")[0] == STAY


def test_an_undecided_condition_is_unknown_only_if_it_is_new() -> None:
    sections = {"Conditions": {"IsHere": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}}
    conditional = template(sections, Run={**trigger(), "Condition": "IsHere"})
    changed = template(
        sections, Migrate=function(MemorySize=1), Run={**trigger(), "Condition": "IsHere"}
    )
    always = template(sections, Run=trigger())

    assert reasons(conditional, conditional)[0] == STAY
    assert reasons(conditional, changed)[0] == RUN
    assert reasons(always, conditional) == (UNKNOWN, "its Condition 'IsHere' is not known here")


def test_custom_resources_with_another_service_token_are_not_triggers() -> None:
    others = of_type("Custom::Trigger", ServiceToken="arn:aws:lambda:us-east-1:1:function:f")

    assert planned(None, template(Theirs=others)) == []


def test_a_layer_that_changes_is_sure_next_to_code_at_a_local_path() -> None:
    old, new = (
        template(Migrate=function(Code="./a", Layers=[layer]), Run=trigger()) for layer in "ab"
    )

    assert reasons(old, new)[:2] == (RUN, "Layers of 'Migrate'")


def test_a_prediction_has_the_request_and_what_differs() -> None:
    old, new = (template(Run=trigger(Payload=number)) for number in (1, 2))
    baseline = Baseline(state=state_of_template(old, {}, region=REGION))

    (prediction,) = predictions(baseline, state_of_template(new, {}, region=REGION), region=REGION)

    assert prediction.request == "Update"
    assert prediction.differs == ("Payload", "Fingerprint.Payload")


UNDO = {"OnRollback": {"Handler": "Revert"}}


def test_a_trigger_that_runs_is_undone_by_a_function() -> None:
    new = template(Run=trigger(**UNDO), Revert=function())

    (prediction,) = predictions(NO_STACK, state_of_template(new, {}, region=REGION), region=REGION)

    assert prediction.undone_by == ("Revert",)


def test_a_trigger_that_does_not_run_is_not_undone() -> None:
    state = state_of_template(template(Run=trigger(**UNDO), Revert=function()), {}, region=REGION)

    (prediction,) = predictions(Baseline(state=state), state, region=REGION)

    assert (prediction.verdict, prediction.undone_by) == (STAY, ())


@pytest.mark.parametrize(
    ("old", "new"), [({}, UNDO), (UNDO, {}), (UNDO, {"OnRollback": {"Handler": "Migrate"}})]
)
def test_how_a_run_is_undone_runs_nothing(old: Any, new: Any) -> None:
    before, after = (template(Run=trigger(**it), Revert=function()) for it in (old, new))

    assert verdicts(before, after) == {"Run": STAY}


def test_an_undo_is_no_reason_where_another_is() -> None:
    old, new = (template(Run=trigger(Payload=it, **UNDO), Revert=function()) for it in (1, 2))

    assert reasons(old, new) == (RUN, "Payload")


def test_an_undo_is_no_reason_where_a_setting_is() -> None:
    outputs = {"Outputs": {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}}}
    undo = UNDO | {"ExecuteOnRollback": False}
    old, new = (
        template(outputs, Run=trigger(Timeout=it, **undo), Revert=function()) for it in (60, 90)
    )

    assert reasons(old, new) == (RUN, "Timeout: 60 → 90")


def test_what_the_macro_adds_to_a_watched_trigger_is_no_reason() -> None:
    watching = trigger(ExecuteOnResourceChange=["Run"])
    old, new = (
        template(Run=trigger(Timeout=it, **UNDO), Revert=function(), Watch=watching)
        for it in (3600, 7200)
    )

    (_, _, because), _ = sorted(planned(old, new), reverse=True)

    assert because == (
        "'Run' will be updated, which may change its response", "Timeout of resource 'Run'",
    )  # fmt: skip


def test_how_a_run_is_undone_is_a_reason_where_the_result_is_read() -> None:
    outputs = {"Outputs": {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}}}
    silent = {"ExecuteOnRollback": False}
    old, new = (
        template(outputs, Run=trigger(**silent, **it), Revert=function()) for it in ({}, UNDO)
    )

    assert reasons(old, new) == (RUN, "OnRollback")
