"""What a template gets: the provider with its permissions, and the triggers in full."""

import json
from collections import Counter
from typing import Any, Final

import pytest

from macro.encode import skeleton
from tests.support.templates import (
    Template,
    expanded,
    fingerprint,
    function,
    get,
    of_type,
    problems,
    properties,
    ref,
    resources,
    sub,
    table,
    template,
    trigger,
    under,
    when,
)

ARN: Final = "arn:aws:lambda:eu-central-1:123456789012:function:migrate"
INVOKE: Final = ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"]
DURABLE: Final = ["lambda:GetDurableExecution", "lambda:StopDurableExecution"]
PROVIDER: Final = [
    "TriggerProviderLogGroup",
    "TriggerProviderRole",
    "TriggerProviderHandOver",
    "TriggerProvider",
    "TriggerProviderInvokeConfig",
]


def created(fragment: Template) -> list[str]:
    """List the resources that the author did not write."""
    return [name for name in resources(fragment) if name not in fragment["Resources"]]


def allowed(fragment: Template, name: str) -> list[Any]:
    """List what a policy allows: actions and resources."""
    document = resources(fragment)[name]["Properties"]["PolicyDocument"]
    return [(statement["Action"], statement["Resource"]) for statement in document["Statement"]]


# ---- the provider


def test_a_stack_has_one_provider_however_many_triggers() -> None:
    fragment = template(Run=trigger(), Check=trigger())

    assert created(fragment) == [*PROVIDER, "TriggerProviderInvokeMigrate"]


def test_the_provider_may_invoke_itself_for_as_long_as_a_trigger_lasts() -> None:
    fragment = template(Run=trigger())

    assert resources(fragment)["TriggerProvider"]["Properties"]["RecursiveLoop"] == "Allow"
    assert allowed(fragment, "TriggerProviderHandOver") == [
        ("lambda:InvokeFunction", get("TriggerProvider"))
    ]


def test_an_event_for_the_provider_is_neither_repeated_nor_served_hours_late() -> None:
    assert resources(template(Run=trigger()))["TriggerProviderInvokeConfig"] == {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": ref("TriggerProvider"),
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": 0,
            "MaximumEventAgeInSeconds": 3600,
        },
    }


def test_the_providers_role_may_write_its_log_and_look_at_its_stack_and_no_more() -> None:
    role = resources(template(Run=trigger()))["TriggerProviderRole"]["Properties"]

    statements = [p["PolicyDocument"]["Statement"] for p in role["Policies"]]

    assert statements == [
        [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": get("TriggerProviderLogGroup"),
            }
        ],
        [
            {
                "Effect": "Allow",
                "Action": ["cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents"],
                "Resource": ref("AWS::StackId"),
            }
        ],
    ]
    assert "ManagedPolicyArns" not in role


def test_the_providers_log_group_has_retention_and_no_name() -> None:
    group = resources(template(Run=trigger()))["TriggerProviderLogGroup"]

    assert group == {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}}


def test_no_added_resource_has_a_physical_name() -> None:
    emitted = resources(template(Run=trigger()))
    names = {"FunctionName", "RoleName", "LogGroupName"}

    with_a_name = [
        name
        for name in ("TriggerProvider", "TriggerProviderRole", "TriggerProviderLogGroup")
        if names & emitted[name]["Properties"].keys()
    ]

    assert with_a_name == []


# ---- the right to invoke


def test_a_permission_is_for_one_function_and_all_its_versions() -> None:
    assert resources(template(Run=trigger()))["TriggerProviderInvokeMigrate"] == {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "TriggerProviderInvokeMigrate",
            "Roles": [ref("TriggerProviderRole")],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
                        "Resource": [get("Migrate"), {"Fn::Join": [":", [get("Migrate"), "*"]]}],
                    }
                ],
            },
        },
    }


def test_each_function_has_its_own_permission() -> None:
    fragment = template(Check=function(), Run=trigger(), Try=trigger("Check"))

    assert created(fragment)[len(PROVIDER) :] == [
        "TriggerProviderInvokeMigrate",
        "TriggerProviderInvokeCheck",
    ]


def test_an_alias_counts_as_its_function() -> None:
    live = of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live")
    fragment = template(Live=live, Run=trigger(), Check=trigger(ref("Live")))

    assert created(fragment) == [*PROVIDER, "TriggerProviderInvokeMigrate"]


def test_an_alias_by_arn_counts_as_its_function() -> None:
    fragment = template(Run=trigger(ARN), Check=trigger(f"{ARN}:live"))

    (name,) = created(fragment)[len(PROVIDER) :]

    assert allowed(fragment, name) == [
        ([*INVOKE, *DURABLE], [ARN, f"{ARN}:*"])  # it may be a durable function
    ]


@pytest.mark.parametrize("config", [{"ExecutionTimeout": 60}, {"Ref": "AWS::NoValue"}])
def test_executions_of_a_durable_function_may_be_read_and_stopped(config: Any) -> None:
    fragment = template(
        Migrate=function(DurableConfig=config),
        Check=function(),
        Run=trigger(),
        Test=trigger("Check"),
    )

    ((durable, _),) = allowed(fragment, "TriggerProviderInvokeMigrate")
    ((plain, _),) = allowed(fragment, "TriggerProviderInvokeCheck")
    assert (durable, plain) == ([*INVOKE, *DURABLE], INVOKE)


def test_a_trigger_knows_that_its_handler_is_a_durable_function() -> None:
    fragment = template(
        Migrate=function(DurableConfig={"ExecutionTimeout": 60}),
        Check=function(),
        Run=trigger(),
        Test=trigger("Check"),
    )

    properties = {name: resources(fragment)[name]["Properties"] for name in ("Run", "Test")}
    assert properties["Run"]["Durable"] is True
    assert "Durable" not in properties["Test"]


def test_the_name_of_a_permission_for_an_arn_is_a_contract() -> None:
    assert created(template(Run=trigger(ARN)))[len(PROVIDER) :] == ["TriggerProviderInvoke912d52f5"]


def test_every_branch_of_a_handler_may_be_invoked() -> None:
    fragment = template(Run=trigger(when("Production", get("Migrate"), ARN)))

    documents = json.dumps([resources(fragment)[name] for name in created(fragment)])

    assert ARN in documents


def test_a_permission_is_for_an_arn_where_a_branch_of_the_handler_is_a_ref() -> None:
    fragment = template(
        Check=function(), Run=trigger(when("Production", ref("Migrate"), ref("Check")))
    )

    documents = json.dumps([resources(fragment)[name] for name in created(fragment)])

    assert json.dumps(get("Migrate")) in documents
    assert json.dumps(get("Check")) in documents
    assert json.dumps(ref("Migrate")) not in documents


def test_a_function_named_config_leaves_the_providers_invoke_config_alone() -> None:
    fragment = template(Config=function(), Run=trigger("Config"))

    kinds = Counter(resources(fragment)[name]["Type"] for name in created(fragment))

    assert (kinds["AWS::Lambda::EventInvokeConfig"], kinds["AWS::IAM::Policy"]) == (1, 2)


@pytest.mark.parametrize("config", [under("Production", table()), "odd"])
def test_a_resource_named_config_leaves_the_providers_invoke_config_alone(config: Any) -> None:
    emitted = resources(template(Config=config, Run=trigger()))

    assert "Condition" not in emitted["TriggerProviderInvokeConfig"]


# ---- a trigger


def test_a_trigger_in_full() -> None:
    fragment = template(Run=trigger())

    assert resources(fragment)["Run"] == {
        "Type": "Custom::Trigger",
        "Properties": {
            "ServiceToken": get("TriggerProvider"),
            "ServiceTimeout": 960,
            "HandlerArn": get("Migrate"),
            "Fingerprint": fingerprint(fragment),
        },
        "DependsOn": [
            "TriggerProviderInvokeConfig",
            "TriggerProviderInvokeMigrate",
            "TriggerProviderHandOver",
        ],
    }


@pytest.mark.parametrize(
    ("timeout", "service_timeout"), [(1, 61), (900, 960), (3540, 3600), (43200, 3600)]
)
def test_cloudformation_waits_a_minute_longer_than_the_trigger(
    timeout: int, service_timeout: int
) -> None:
    emitted = resources(template(Run=trigger(Timeout=timeout)))["Run"]["Properties"]

    assert emitted["ServiceTimeout"] == service_timeout


DEFAULTS: Final = {
    "InvocationType": "RequestResponse",
    "Timeout": 900,
    "ExecuteAfter": [],
    "ExecuteBefore": [],
    "ExecuteOnHandlerChange": True,
    "ExecuteOnEveryDeployment": False,
    "ExecuteOnResourceChange": [],
    "ExecuteOnRollback": False,
    "ExecuteOnDelete": False,
    "Enabled": True,
    "Retry": {"MaxAttempts": 1, "Interval": 5, "BackoffRate": 2.0, "MaxInterval": 60},
    "PollInterval": 10,
    "OnFailure": "Fail",
    "NoEcho": False,
}


def test_a_setting_at_its_default_is_not_emitted() -> None:
    assert resources(template(Run=trigger(**DEFAULTS))) == resources(template(Run=trigger()))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("InvocationType", "Event"),
        ("Timeout", 60),
        ("ExecuteOnHandlerChange", False),
        ("ExecuteOnRollback", True),
        ("ExecuteOnDelete", True),
        ("Enabled", False),
        ("Retry", {"MaxAttempts": 3, "Interval": 5, "BackoffRate": 2, "MaxInterval": 60}),
        ("PollInterval", 30),
        ("OnFailure", "Continue"),
        ("NoEcho", True),
    ],
)
def test_a_setting_that_is_not_at_its_default_is_emitted(name: str, value: Any) -> None:
    assert properties(template(Run=trigger(**{name: value}))) == {name: value}


def test_a_retry_is_emitted_as_a_whole() -> None:
    assert properties(template(Run=trigger(Retry={"MaxAttempts": 3})))["Retry"] == {
        "MaxAttempts": 3,
        "Interval": 5,
        "BackoffRate": 2,
        "MaxInterval": 60,
    }


def test_a_default_that_is_written_out_emits_the_same_bytes() -> None:
    left_out = properties(template(Run=trigger(Retry={"MaxAttempts": 3})))
    written = properties(template(Run=trigger(Retry={"MaxAttempts": 3, "Interval": 5})))

    assert json.dumps(written) == json.dumps(left_out)


def test_what_only_orders_or_dates_is_not_a_property() -> None:
    run = trigger(
        ExecuteAfter=["Orders"], ExecuteOnResourceChange=["*"], ExecuteOnEveryDeployment=True
    )

    assert properties(template(Orders=table(), Run=run)) == {}


@pytest.mark.parametrize(
    ("setting", "expected"), [({}, True), ({"ExecuteOnRollback": False}, None)]
)
def test_a_trigger_whose_result_is_read_runs_again_on_rollback(
    setting: Template, expected: Any
) -> None:
    reading = {"Outputs": {"Rows": {"Value": get("Run", "Rows")}}}

    actual = properties(template(reading, Run=trigger(**setting)))

    assert actual.get("ExecuteOnRollback") == expected


def test_the_attributes_that_the_template_reads_are_sent_along() -> None:
    reading = {"Outputs": {"Rows": {"Value": sub("${Run.Rows} of ${Run.Deep.Total}")}}}
    fragment = template(
        reading,
        Check=trigger(Payload={"Count": get("Run", "Count")}),
        Orders=table(Name=get("Run", "Rows")),
        Run=trigger(),
    )

    assert properties(fragment)["Attributes"] == ["Count", "Deep.Total", "Rows"]


def test_the_resources_own_attributes_are_kept() -> None:
    attributes = {
        "Condition": "Production",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Metadata": {"Note": 1},
    }

    actual = resources(template(Run=trigger() | attributes))["Run"]

    assert {name: actual[name] for name in attributes} == attributes


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (ref("Live"), ref("Live")),
        (sub("${Migrate.Arn}:live"), sub("${Migrate.Arn}:live")),
        (ARN, ARN),
        ({"Fn::ImportValue": "Shared"}, {"Fn::ImportValue": "Shared"}),
    ],
)
def test_a_handlers_arn_is_emitted_as_it_was_meant(handler: Any, expected: Any) -> None:
    live = of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live")
    emitted = resources(template(Live=live, Run=trigger(handler)))["Run"]

    assert emitted["Properties"]["HandlerArn"] == expected


# ---- payloads


@pytest.mark.parametrize(
    "value",
    [None, True, 5, 1.5, "text", "", [], {}, {"B": [1, "1", None], "A": {"Deep": False}}, "zażółć"],
)
def test_literals_travel_as_text_and_keep_their_types(value: Any) -> None:
    assert skeleton(value) == {"Skeleton": json.dumps(value, sort_keys=True, ensure_ascii=False)}


@pytest.mark.parametrize(
    "dynamic",
    [ref("Orders"), get("Orders"), sub("x"), ref("AWS::NoValue"), "a{{resolve:ssm:/size}}b"],
)
def test_a_value_that_only_cloudformation_can_resolve_travels_with_its_path(dynamic: Any) -> None:
    assert skeleton({"A": [1, {"B": dynamic}], "C": "x"}) == {
        "Skeleton": '{"A": [1, {"B": null}], "C": "x"}',
        "Values": [{"Path": ["A", "1", "B"], "Value": dynamic}],
    }


def test_a_payload_that_is_an_intrinsic_as_a_whole_has_an_empty_path() -> None:
    assert skeleton(ref("Orders")) == {
        "Skeleton": "null",
        "Values": [{"Path": [], "Value": ref("Orders")}],
    }


def test_values_stand_in_the_order_of_sorted_keys_and_of_lists() -> None:
    assert skeleton({"B": ref("X"), "A": [ref("Y"), ref("Z")]})["Values"] == [
        {"Path": ["A", "0"], "Value": ref("Y")},
        {"Path": ["A", "1"], "Value": ref("Z")},
        {"Path": ["B"], "Value": ref("X")},
    ]


@pytest.mark.parametrize("value", [{"Ref": "A", "B": 1}, {"Reference": "A"}, {"fn::sub": "A"}])
def test_what_only_looks_like_an_intrinsic_is_a_literal(value: Template) -> None:
    assert "Values" not in skeleton(value)


def test_the_key_order_of_a_payload_changes_nothing_of_the_trigger() -> None:
    sorted_keys = template(
        Orders=table(), Run=trigger(Payload={"A": ref("Orders"), "B": ref("Migrate")})
    )
    reversed_keys = template(
        Orders=table(), Run=trigger(Payload={"B": ref("Migrate"), "A": ref("Orders")})
    )

    assert json.dumps(resources(sorted_keys)["Run"]) == json.dumps(resources(reversed_keys)["Run"])


def test_a_payload_of_five_hundred_levels_is_written() -> None:
    value: Any = 5
    for _ in range(500):
        value = {"Deep": value}

    assert skeleton(value) == {"Skeleton": json.dumps(value)}


# ---- conditions


def conditions(fragment: Template) -> Template:
    """Return the condition of each resource that was added."""
    emitted = resources(fragment)
    return {name: emitted[name].get("Condition") for name in created(fragment)}


def test_a_resource_for_one_conditional_trigger_has_its_condition() -> None:
    fragment = template(Run=under("Production", trigger()))

    assert set(conditions(fragment).values()) == {"Production"}
    assert "Conditions" not in expanded(fragment)


def test_resources_for_several_conditional_triggers_have_the_or_of_their_conditions() -> None:
    sections: Template = {"Conditions": {"A": {}, "B": {}}}
    fragment = template(
        sections, One=under("A", trigger()), Two=under("B", trigger()), More=under("A", trigger())
    )

    assert {conditions(fragment)[name] for name in PROVIDER} == {"TriggerProviderCondition"}
    assert expanded(fragment)["Conditions"] == {
        "A": {},
        "B": {},
        "TriggerProviderCondition": {"Fn::Or": [{"Condition": "A"}, {"Condition": "B"}]},
    }


def test_one_trigger_without_a_condition_leaves_shared_resources_without_one() -> None:
    fragment = template(One=under("A", trigger()), Two=trigger())

    assert set(conditions(fragment).values()) == {None}


@pytest.mark.parametrize("number", [2, 10, 11, 12, 21, 100, 101, 111])
def test_an_or_takes_two_to_ten_conditions_at_every_level(number: int) -> None:
    triggers = {f"Run{n}": under(f"C{n}", trigger()) for n in range(number)}
    expression = expanded(template(**triggers))["Conditions"]["TriggerProviderCondition"]

    named: list[str] = []
    waiting = [expression]
    while waiting:
        match waiting.pop():
            case {"Condition": name}:
                named.append(name)
            case {"Fn::Or": parts}:
                assert 2 <= len(parts) <= 10
                waiting.extend(parts)

    assert sorted(named) == sorted(f"C{n}" for n in range(number))


def test_a_permission_exists_only_if_the_providers_role_and_its_function_do() -> None:
    fragment = template(
        {"Conditions": {"Production": {}, "Migrating": {}}},
        Migrate=under("Production", function()),
        Run=under("Migrating", trigger()),
    )

    by_resource = conditions(fragment)

    assert by_resource["TriggerProviderRole"] == "Migrating"
    assert expanded(fragment)["Conditions"][by_resource["TriggerProviderInvokeMigrate"]] == {
        "Fn::And": [{"Condition": "Migrating"}, {"Condition": "Production"}]
    }


def test_a_permission_of_an_unconditional_trigger_exists_if_its_function_does() -> None:
    fragment = template(
        {"Conditions": {"Production": {}, "Checking": {}}},
        Check=under("Production", function()),
        Run=trigger(),
        Try=under("Checking", trigger("Check")),
    )

    assert conditions(fragment)["TriggerProviderInvokeCheck"] == "Production"


@pytest.mark.parametrize("section", [None, "odd", ["odd"]])
def test_conditions_that_are_not_a_map_are_no_obstacle(section: Any) -> None:
    fragment = template(
        {"Conditions": section}, One=under("A", trigger()), Two=under("B", trigger())
    )

    assert "TriggerProviderCondition" in expanded(fragment)["Conditions"]


@pytest.mark.parametrize(
    "odd",
    [
        {"Type": "AWS::IAM::Policy", "Properties": "odd"},
        {"Type": ["odd"], "Metadata": {"Trigger": {}}},
        {"Type": {"odd": 1}, "Condition": ["odd"], "DependsOn": {"odd": 1}},
    ],
)
def test_a_resource_of_an_odd_shape_is_no_obstacle(odd: Template) -> None:
    assert resources(template(Odd=odd, Run=trigger(ExecuteOnResourceChange=["*"])))["Odd"] == odd


def test_a_loop_over_resources_of_an_odd_shape_is_no_obstacle() -> None:
    loop: Any = ["Name", ["A"], {"Odd${Name}": {"Type": ["odd"]}}]
    fragment = template(**{"Fn::ForEach::Odd": loop})

    assert expanded(fragment) == fragment


# ---- a function that is defined with its trigger


def test_policies_next_to_a_role_are_a_problem() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    code = {"ZipFile": "def handler(event, context): ..."}
    own = {"Role": "arn:aws:iam::123456789012:role/a", "Policies": [statement], "Code": code}

    assert problems(template(Run=of_type("Custom::Trigger", Function=own))) == [
        "Run.Function: has both a Role and Policies; add the statements to the role"
    ]


# ---- names


@pytest.mark.parametrize("name", ["my-function", "Fünction", "1"])
def test_a_logical_id_that_cloudformation_will_refuse_is_no_obstacle(name: str) -> None:
    assert "Run" in resources(template(**{name: function()}, Run=trigger(get(name))))


@pytest.mark.parametrize("name", ["my-run", "Läufer"])
@pytest.mark.parametrize(
    "run",
    [
        of_type("Custom::Trigger", Function={"Code": {"ZipFile": "x"}}),
        trigger(InvocationType="Event", FailureDestination="arn:aws:sqs:eu-central-1:1:a"),
    ],
)
def test_a_triggers_logical_id_that_cloudformation_will_refuse_is_no_obstacle(
    name: str, run: Template
) -> None:
    assert name in resources(template(**{name: run}))


def test_a_long_logical_id_makes_no_policy_name_that_is_longer_than_iam_takes() -> None:
    name = "F" * 200
    emitted = resources(template(**{name: function()}, Run=trigger(name)))

    names = [
        resource["Properties"]["PolicyName"]
        for resource in emitted.values()
        if resource["Type"] == "AWS::IAM::Policy"
    ]

    assert max(map(len, names)) <= 128
