"""A function that is defined with its trigger, and what is made for it."""

from typing import Any, Final

import pytest

from tests.support.templates import (
    Template,
    fingerprint,
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
    waits,
    when,
)

CODE: Final = {"ZipFile": "def handler(event, context): return event"}
STATEMENT: Final = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": get("Jobs")}
OWN_ROLE: Final = "arn:aws:iam::123456789012:role/handlers"
QUEUE: Final = of_type("AWS::SQS::Queue")
LOCAL: Final = (
    "Run.Function: its code is a local path, which nothing uploads here; "
    "write the code inline, or put the trigger in the Metadata of a function"
)


def defining(settings: Template | None = None, **properties: Any) -> Template:
    """Define a trigger with a function of these properties; settings are the trigger's."""
    return of_type(
        "Custom::Trigger",
        Function={"Handler": "index.handler", "Code": CODE} | properties,
        **(settings or {}),
    )


def statements(role: Template) -> list[Any]:
    return [policy["PolicyDocument"]["Statement"] for policy in role["Properties"]["Policies"]]


def created(fragment: Template) -> list[str]:
    """List the resources created for the trigger `Run`, without the provider's."""
    names = [name for name in resources(fragment) if name not in fragment["Resources"]]
    return [name for name in names if not name.startswith("TriggerProvider")]


# ---- what is made


def test_a_function_defined_with_its_trigger_has_a_role_and_a_log_group() -> None:
    assert sorted(created(template(Run=defining()))) == ["RunFunction", "RunLogGroup", "RunRole"]


def test_the_function_has_the_properties_that_were_written() -> None:
    run = defining(Runtime="python3.13", MemorySize=256, Environment={"Variables": {"A": "b"}})

    assert resources(template(Run=run))["RunFunction"] == {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Handler": "index.handler",
            "Code": CODE,
            "Runtime": "python3.13",
            "MemorySize": 256,
            "Environment": {"Variables": {"A": "b"}},
            "LoggingConfig": {"LogGroup": ref("RunLogGroup")},
            "Role": get("RunRole"),
        },
    }


def test_the_trigger_runs_the_function_that_it_defines() -> None:
    run = resources(template(Run=defining()))["Run"]

    assert run["Properties"]["HandlerArn"] == get("RunFunction")
    assert "Function" not in run["Properties"]


def test_the_provider_may_invoke_the_function() -> None:
    policy = resources(template(Run=defining()))["TriggerProviderInvokeRunFunction"]

    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]

    assert statement["Resource"][0] == get("RunFunction")


def test_the_role_may_write_to_the_functions_log_and_no_more() -> None:
    role = resources(template(Run=defining()))["RunRole"]

    assert statements(role) == [
        [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": get("RunLogGroup"),
            }
        ]
    ]
    assert "ManagedPolicyArns" not in role["Properties"]


def test_only_lambda_may_assume_the_role() -> None:
    role = resources(template(Run=defining()))["RunRole"]

    assert role["Properties"]["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ]


def test_policies_are_statements_of_the_role() -> None:
    emitted = resources(template(Jobs=QUEUE, Run=defining(Policies=[STATEMENT])))

    assert statements(emitted["RunRole"])[1:] == [[STATEMENT]]
    assert "Policies" not in emitted["RunFunction"]["Properties"]


def test_an_empty_list_of_policies_adds_no_policy() -> None:
    assert len(statements(resources(template(Run=defining(Policies=[])))["RunRole"])) == 1


def test_the_functions_log_group_has_retention_and_no_name() -> None:
    assert resources(template(Run=defining()))["RunLogGroup"] == {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"RetentionInDays": 30},
    }


def test_another_setting_of_the_log_leaves_the_log_group_in_use() -> None:
    run = defining(LoggingConfig={"LogFormat": "JSON"})

    assert resources(template(Run=run))["RunFunction"]["Properties"]["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": ref("RunLogGroup"),
    }


def test_a_choice_of_log_settings_is_left_as_it_is() -> None:
    logging = when("Json", {"LogFormat": "JSON"}, {"LogFormat": "Text"})
    emitted = resources(template(Run=defining(LoggingConfig=logging)))

    assert emitted["RunFunction"]["Properties"]["LoggingConfig"] == logging


def test_a_function_may_write_to_the_log_group_of_its_author() -> None:
    log_group = of_type("AWS::Logs::LogGroup")
    run = defining(LoggingConfig={"LogGroup": ref("Own")})

    emitted = resources(template(Own=log_group, Run=run))

    arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Name}:*"
    assert statements(emitted["RunRole"])[0][0]["Resource"] == {
        "Fn::Sub": [arn, {"Name": ref("Own")}]
    }


def test_a_role_of_the_authors_is_used_as_it_is() -> None:
    emitted = resources(template(Run=defining(Role=OWN_ROLE)))

    assert emitted["RunFunction"]["Properties"]["Role"] == OWN_ROLE
    assert "RunRole" not in emitted


def test_a_function_that_is_defined_once_is_created_once_for_each_trigger() -> None:
    fragment = template(Run=defining(), Check=defining(MemorySize=256))

    assert sorted(created(fragment)) == [
        *("CheckFunction", "CheckLogGroup", "CheckRole"),
        *("RunFunction", "RunLogGroup", "RunRole"),
    ]


# ---- conditions


def test_every_resource_for_a_conditional_trigger_has_its_condition() -> None:
    fragment = template(Run=under("Production", defining(Policies=[STATEMENT])))

    emitted = resources(fragment)

    assert {
        emitted[name].get("Condition")
        for name in [*created(fragment), "TriggerProviderInvokeRunFunction"]
    } == {"Production"}


def test_a_function_of_an_unconditional_trigger_has_no_condition() -> None:
    emitted = resources(template(Run=defining(), Try=under("Production", trigger())))

    assert "Condition" not in emitted["RunFunction"]


# ---- problems


@pytest.mark.parametrize("code", ["./migrate", "s3://bucket/migrate.zip", ""])
def test_a_local_path_in_its_code_is_a_problem(code: str) -> None:
    assert problems(template(Run=defining(Code=code))) == [LOCAL]


def test_a_local_path_as_sam_spells_it_is_a_problem() -> None:
    run = of_type("Custom::Trigger", Function={"CodeUri": "./migrate"})

    assert problems(template(Run=run)) == [LOCAL]


@pytest.mark.parametrize("code", [{"S3Bucket": "b", "S3Key": "k"}, {"ImageUri": "i"}, CODE])
def test_code_that_is_uploaded_or_inline_is_none(code: Template) -> None:
    assert problems(template(Run=defining(Code=code))) == []


def test_a_handler_next_to_a_function_is_a_problem() -> None:
    assert problems(template(Run=defining({"Handler": "Migrate"}))) == [
        "Run: has both a Handler and a Function; keep one of them"
    ]


@pytest.mark.parametrize(
    ("value", "described"), [(None, "null"), ("Migrate", "'Migrate'"), ([CODE], "a list")]
)
def test_a_function_that_is_not_a_map_of_properties_is_a_problem(
    value: Any, described: str
) -> None:
    assert problems(template(Run=of_type("Custom::Trigger", Function=value))) == [
        f"Run.Function: must be the properties of an AWS::Lambda::Function, not {described}"
    ]


@pytest.mark.parametrize("policies", ["AmazonS3ReadOnlyAccess", ["AmazonS3ReadOnlyAccess"], 5])
def test_policies_that_are_not_statements_are_a_problem(policies: Any) -> None:
    assert problems(template(Run=defining(Policies=policies))) == [
        "Run.Function: Policies must be a list of IAM statements; attach other policies to a Role"
    ]


def test_two_added_resources_never_share_a_logical_id() -> None:
    fragment = template(
        Function=function(), TriggerProviderInvoke=defining(), Run=trigger("Function")
    )

    assert problems(fragment) == [
        (
            "TriggerProviderInvokeFunction: would be created twice for triggers; "
            "rename a trigger or a handler"
        )
    ]


@pytest.mark.parametrize("taken", ["RunFunction", "RunRole", "RunLogGroup"])
def test_a_logical_id_that_the_macro_would_create_twice_is_a_problem(taken: str) -> None:
    assert problems(template(Run=defining(), **{taken: table()})) == [
        f"{taken}: is reserved for a resource that is created for triggers; rename yours"
    ]


@pytest.mark.parametrize("taken", ["RunRole", "RunFunction"])
def test_a_resource_that_is_not_added_takes_no_logical_id(taken: str) -> None:
    assert problems(template(Run=trigger(), **{taken: table()})) == []


def test_a_function_with_its_own_role_leaves_the_reserved_logical_id_free() -> None:
    assert problems(template(Run=defining(Role=OWN_ROLE), RunRole=table())) == []


def test_a_secret_that_the_functions_payload_would_carry_is_a_problem() -> None:
    run = defining({"Payload": "{{resolve:secretsmanager:a}}"})

    assert problems(template(Run=run)) == [
        (
            "Run.Payload: CloudFormation does not resolve secretsmanager references here; "
            "read the secret in the handler"
        )
    ]


# ---- order


@pytest.mark.parametrize("selector", ["*", "*Function", "AWS::Lambda::Function", "AWS::IAM::*"])
def test_no_pattern_matches_what_is_made(selector: str) -> None:
    fragment = template(
        Role=of_type("AWS::IAM::Role"),
        OtherFunction=function(),
        Run=defining(),
        Try=trigger(ExecuteAfter=[selector]),
    )

    selected = set(waits(fragment, "Try"))

    assert selected
    assert selected.isdisjoint({"RunFunction", "RunRole", "RunLogGroup"})


@pytest.mark.parametrize("side", ["ExecuteAfter", "ExecuteBefore", "ExecuteOnResourceChange"])
def test_no_name_selects_what_is_made(side: str) -> None:
    fragment = template(Run=defining(), Try=trigger(**{side: ["RunFunction"]}))

    assert problems(fragment) == [f"Try.{side}: no resource 'RunFunction' in the template"]


def test_a_trigger_before_what_its_function_needs_is_a_cycle() -> None:
    run = defining({"ExecuteBefore": ["Orders"]}, Environment={"Variables": {"T": ref("Orders")}})

    assert problems(template(Orders=table(), Run=run)) == [
        (
            "Run.ExecuteBefore: closes a cycle: Orders -> Run -> RunFunction -> Orders; "
            "remove one of these dependencies"
        )
    ]


def test_a_trigger_before_what_its_functions_policies_name_is_a_cycle() -> None:
    run = defining({"ExecuteBefore": ["Jobs"]}, Policies=[STATEMENT])

    assert problems(template(Jobs=QUEUE, Run=run)) == [
        (
            "Run.ExecuteBefore: closes a cycle: Jobs -> Run -> RunFunction -> RunRole -> Jobs; "
            "remove one of these dependencies"
        )
    ]


def test_a_precondition_gives_way_to_what_its_function_needs() -> None:
    run = defining({"ExecuteBefore": ["*"]}, Policies=[STATEMENT])
    fragment = template(Jobs=QUEUE, Orders=table(), Run=run)

    assert (waits(fragment, "Jobs"), waits(fragment, "Orders")) == ([], ["Run"])


def test_a_function_that_reads_its_own_triggers_result_is_a_cycle() -> None:
    run = defining(Environment={"Variables": {"ROWS": get("Run", "Rows")}})

    assert problems(template(Run=run)) == [
        "Run.Handler: closes a cycle: Run -> RunFunction -> Run; remove one of these dependencies"
    ]


def test_a_trigger_waits_for_a_policy_attached_to_its_functions_role() -> None:
    more = of_type("AWS::IAM::Policy", PolicyName="More", Roles=[ref("RunRole")])

    assert "More" in waits(template(More=more, Run=defining()))


def test_the_result_that_a_function_reads_of_another_trigger_is_sent_along() -> None:
    run = defining(Environment={"Variables": {"ROWS": get("Try", "Rows")}})

    emitted = resources(template(Try=trigger(), Run=run))

    assert emitted["Try"]["Properties"]["Attributes"] == ["Rows"]


# ---- when it runs again


def test_a_function_that_a_trigger_defines_has_a_fingerprint_like_any_other() -> None:
    environment = {"Variables": {"TABLE": ref("Orders")}}
    run = defining(Environment=environment, Layers=["arn"])

    entries = fingerprint(template(Orders=table(), Run=run))

    assert list(entries) == ["Code", "Configuration", "Environment", "Layers", "References"]
    assert entries["References"] == {
        "Orders": ref("Orders"),
        "RunLogGroup": ref("RunLogGroup"),
        "RunRole.Arn": get("RunRole"),
    }


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        ({"Code": {"ZipFile": "def handler(event, context): return None"}}, "Code"),
        ({"MemorySize": 256}, "Configuration"),
        ({"Environment": {"Variables": {"A": "b"}}}, "Environment"),
    ],
)
def test_a_change_of_the_function_changes_its_own_entry(change: Template, entry: str) -> None:
    before = fingerprint(template(Run=defining()))
    after = fingerprint(template(Run=defining(**change)))

    assert {name for name in after if after[name] != before.get(name)} == {entry}


def test_a_change_of_its_policies_runs_nothing_again() -> None:
    fragment = template(Jobs=QUEUE, Run=defining(Policies=[STATEMENT]))

    assert fingerprint(fragment) == fingerprint(template(Jobs=QUEUE, Run=defining()))


def test_a_parameter_of_the_function_counts_by_its_value() -> None:
    sections: Template = {"Parameters": {"Stage": {"Type": "String"}}}
    fragment = template(sections, Run=defining(Environment={"Variables": {"S": ref("Stage")}}))

    before, after = (fingerprint(fragment, Stage=value) for value in ("test", "production"))

    assert before["Environment"] != after["Environment"]


def test_a_role_chosen_under_a_condition_keeps_it() -> None:
    sections: Template = {"Conditions": {"Own": {}}}
    role = when("Own", get("Role"), OWN_ROLE)
    fragment = template(sections, Role=of_type("AWS::IAM::Role"), Run=defining(Role=role))

    assert fingerprint(fragment)["References"] == {
        "Role.Arn Own": when("Own", get("Role")),
        "RunLogGroup": ref("RunLogGroup"),
    }


# ---- its role may send to where failed events go

QUEUE_ARN: Final = "arn:aws:sqs:eu-central-1:123456789012:lost"
SEND: Final = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": get("Lost")}
PLACES: Final[dict[str, Template]] = {
    "Lost": QUEUE,
    "Topic": of_type("AWS::SNS::Topic"),
    "Bus": of_type("AWS::Events::EventBus", Name="bus"),
    "Bucket": of_type("AWS::S3::Bucket"),
    "Live": of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live"),
}


def sent(destination: Any) -> list[Any]:
    """Return the statements that a failure destination adds to a function's role."""
    run = defining({"InvocationType": "Event", "FailureDestination": destination})
    emitted = resources(template({"Conditions": {"Production": {}}}, **PLACES, Run=run))
    return list(statements(emitted["RunRole"])[1])


@pytest.mark.parametrize(
    ("destination", "action"),
    [
        (get("Lost"), "sqs:SendMessage"),
        (QUEUE_ARN, "sqs:SendMessage"),
        ({"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:1:lost"}, "sqs:SendMessage"),
        (ref("Topic"), "sns:Publish"),
        (get("Topic", "TopicArn"), "sns:Publish"),
        (get("Bus"), "events:PutEvents"),
        (get("Migrate"), "lambda:InvokeFunction"),
        (ref("Live"), "lambda:InvokeFunction"),
    ],
)
def test_the_role_may_send_to_the_failure_destination(destination: Any, action: str) -> None:
    assert sent(destination) == [{"Effect": "Allow", "Action": action, "Resource": destination}]


def test_the_role_may_put_objects_into_a_bucket_of_failures() -> None:
    assert sent(get("Bucket")) == [
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:ListBucket"],
            "Resource": [get("Bucket"), {"Fn::Join": ["/", [get("Bucket"), "*"]]}],
        }
    ]
    (statement,) = sent("arn:aws:s3:::lost")
    assert statement["Resource"] == ["arn:aws:s3:::lost", "arn:aws:s3:::lost/*"]


def test_a_destination_that_only_deployment_shows_may_be_of_any_kind() -> None:
    (statement,) = sent({"Fn::ImportValue": "Lost"})

    assert statement["Action"] == [
        "sqs:SendMessage", "sns:Publish", "events:PutEvents", "lambda:InvokeFunction",
        "s3:PutObject", "s3:ListBucket",
    ]  # fmt: skip


def test_a_destination_chosen_by_a_condition_is_allowed_under_it() -> None:
    chosen = when("Production", get("Lost"), ref("Topic"))
    run = defining({"InvocationType": "Event", "FailureDestination": chosen})
    role = resources(template(**PLACES, Run=run))["RunRole"]

    assert role["Properties"]["Policies"][1] == when(
        "Production",
        {"PolicyName": "SendFailures", "PolicyDocument": document(SEND)},
        {
            "PolicyName": "SendFailures",
            "PolicyDocument": document(
                {"Effect": "Allow", "Action": "sns:Publish", "Resource": ref("Topic")}
            ),
        },
    )


def document(*statements_of_one: Any) -> Template:
    return {"Version": "2012-10-17", "Statement": list(statements_of_one)}


def test_the_role_may_send_dead_letters() -> None:
    run = defining(DeadLetterConfig={"TargetArn": get("Lost")})

    assert statements(resources(template(**PLACES, Run=run))["RunRole"])[1:] == [[SEND]]


def test_dead_letters_go_to_queues_and_topics_alone() -> None:
    run = defining(DeadLetterConfig={"TargetArn": {"Fn::ImportValue": "Lost"}})
    (_, (statement,)) = statements(resources(template(Run=run))["RunRole"])

    assert statement["Action"] == ["sqs:SendMessage", "sns:Publish"]


def test_a_dead_letter_queue_under_a_condition_is_allowed_under_it() -> None:
    run = defining(DeadLetterConfig=when("Production", {"TargetArn": get("Lost")}))
    role = resources(template(Lost=under("Production", QUEUE), Run=run))["RunRole"]

    assert role["Properties"]["Policies"][1] == when(
        "Production", {"PolicyName": "SendDeadLetters", "PolicyDocument": document(SEND)}
    )


def test_the_role_may_use_the_key_of_an_encrypted_queue() -> None:
    encrypted = of_type("AWS::SQS::Queue", KmsMasterKeyId=ref("Key"))
    run = defining(DeadLetterConfig={"TargetArn": get("Lost")})
    emitted = resources(template(Lost=encrypted, Key=of_type("AWS::KMS::Key"), Run=run))

    assert statements(emitted["RunRole"])[1] == [
        SEND,
        {
            "Effect": "Allow",
            "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
            "Resource": get("Key"),
        },
    ]


def test_a_role_of_the_authors_is_not_given_permissions() -> None:
    run = defining(Role=OWN_ROLE, DeadLetterConfig={"TargetArn": get("Lost")})

    assert "RunRole" not in resources(template(**PLACES, Run=run))


@pytest.mark.parametrize(("mode", "count"), [("Active", 2), ("PassThrough", 1), (ref("Mode"), 2)])
def test_the_role_may_send_the_traces_of_a_function_that_is_traced(mode: Any, count: int) -> None:
    run = defining(TracingConfig={"Mode": mode})
    fragment = template({"Parameters": {"Mode": {"Type": "String"}}}, Run=run)
    permissions = statements(resources(fragment)["RunRole"])

    assert len(permissions) == count
    assert permissions[1:] in (
        [],
        [
            [
                {
                    "Effect": "Allow",
                    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                    "Resource": "*",
                }
            ]
        ],
    )
