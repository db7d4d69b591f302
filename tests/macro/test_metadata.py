"""A trigger that is written in the metadata of its function."""

from typing import Any, Final

import pytest

from tests.support.golden_cases import by_sam
from tests.support.templates import (
    Template,
    expanded,
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
    waiting,
    waits,
)

QUEUE: Final = of_type("AWS::SQS::Queue")
KNOWN: Final = (
    "Payload, InvocationType, Timeout, ExecuteAfter, ExecuteBefore, ExecuteOnHandlerChange, "
    "ExecuteOnEveryDeployment, ExecuteOnResourceChange, ExecuteOnRollback, OnRollback, "
    "ExecuteOnDelete, Enabled, Retry, PollInterval, Expect, OnFailure, FailureDestination, NoEcho"
)


def noted(shorthand: Any, resource: Template | None = None, **metadata: Any) -> Template:
    """Write a trigger in the metadata of a function."""
    return (resource or function()) | {"Metadata": {"Trigger": shorthand} | metadata}


def triggers(emitted: Template) -> list[str]:
    return [name for name, one in emitted.items() if one["Type"] == "Custom::Trigger"]


# ---- what it becomes


def test_a_function_with_the_key_has_a_trigger() -> None:
    emitted = resources(template(Migrate=noted({})))

    assert triggers(emitted) == ["MigrateTrigger"]
    assert emitted["MigrateTrigger"]["Properties"]["HandlerArn"] == get("Migrate")


def test_it_means_the_same_as_a_resource_of_its_own() -> None:
    settings: Template = {
        "Payload": {"Table": ref("Orders")},
        "ExecuteAfter": ["Orders"],
        "Retry": {"MaxAttempts": 3},
        "Timeout": 60,
    }
    short = resources(template(Orders=table(), Migrate=noted(settings)))
    long = resources(template(Orders=table(), MigrateTrigger=trigger(**settings)))

    assert short == long


@pytest.mark.parametrize("empty", [None, {}])
def test_no_settings_are_every_default(empty: Any) -> None:
    assert properties(template(Migrate=noted(empty)), "MigrateTrigger") == {}


def test_it_takes_the_condition_of_its_function_and_nothing_else() -> None:
    migrate = waiting(under("Production", noted({}, Note="kept")), "Orders") | {
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
    }

    resource = resources(template(Orders=table(), Migrate=migrate))["MigrateTrigger"]

    assert resource["Condition"] == "Production"
    assert set(resource) == {"Type", "Properties", "Condition", "DependsOn"}
    assert "Orders" not in resource["DependsOn"]


def test_each_of_several_functions_has_its_own() -> None:
    fragment = template(Migrate=noted({}), Seed=noted({}), Service=function())

    assert triggers(resources(fragment)) == ["MigrateTrigger", "SeedTrigger"]


def test_a_function_may_have_a_trigger_of_each_form() -> None:
    fragment = template(Migrate=noted({}), Run=trigger(Payload=1))

    assert sorted(triggers(resources(fragment))) == ["MigrateTrigger", "Run"]


# ---- what stays of the function


def test_metadata_that_was_nothing_else_is_gone() -> None:
    assert resources(template(Migrate=noted({})))["Migrate"] == function()


def test_other_metadata_is_kept() -> None:
    assert resources(template(Migrate=noted({}, Note=1)))["Migrate"] == (
        function() | {"Metadata": {"Note": 1}}
    )


def test_the_key_is_removed_from_the_configuration_that_sam_copied_it_to() -> None:
    config = of_type("AWS::Lambda::EventInvokeConfig", FunctionName=ref("Migrate"))

    emitted = resources(template(Migrate=noted({}), Config=noted({}, config, SamId="x")))

    assert emitted["Config"] == config | {"Metadata": {"SamId": "x"}}
    assert triggers(emitted) == ["MigrateTrigger"]


def test_a_sam_function_with_an_invoke_config_has_one_trigger_once_it_is_transformed() -> None:
    sam = of_type(
        "AWS::Serverless::Function",
        Handler="index.handler",
        Runtime="python3.13",
        InlineCode="def handler(event, context): return event",
        EventInvokeConfig={"MaximumRetryAttempts": 0},
        AutoPublishAlias="live",
    )
    transformed = by_sam({"Resources": {"Migrate": noted({}, sam)}})
    copied = [name for name, resource in transformed["Resources"].items() if "Metadata" in resource]

    emitted = expanded(transformed)["Resources"]

    assert len(copied) > 1, "SAM copies a function's metadata"
    assert triggers(emitted) == ["MigrateTrigger"]
    assert [
        name for name, resource in emitted.items() if "Trigger" in resource.get("Metadata", {})
    ] == []


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::Lambda::Alias"])
def test_the_key_on_another_type_is_left_alone(kind: str) -> None:
    other = noted({"ExecuteBefore": ["Migrate"]}, of_type(kind))

    assert resources(template(Other=other, Run=trigger()))["Other"] == other


def test_a_template_with_the_key_on_another_type_alone_comes_back_as_it_is() -> None:
    fragment = template(Orders=noted({}, table()))

    assert expanded(fragment) == fragment


# ---- order


@pytest.mark.parametrize("value", [ref("Jobs"), get("Jobs"), sub("${Jobs.Arn}")])
def test_references_there_are_not_edges_of_the_function(value: Any) -> None:
    shorthand = {"ExecuteBefore": ["Service"], "Payload": value}
    service = of_type("AWS::ECS::Service", Cluster=ref("Migrate"))

    emitted = resources(template(Jobs=QUEUE, Service=service, Migrate=noted(shorthand)))

    assert emitted["Service"]["DependsOn"] == ["MigrateTrigger"]
    assert emitted["Migrate"] == function()


def test_the_function_may_come_first_for_what_its_trigger_names() -> None:
    jobs = of_type("AWS::SQS::Queue", QueueName=ref("Migrate"))

    assert problems(template(Jobs=jobs, Migrate=noted({"ExecuteAfter": [ref("Jobs")]}))) == []


def test_a_precondition_precedes_all_but_what_its_function_needs() -> None:
    migrate = noted({"ExecuteBefore": ["*"]}, function(Role=get("Role")))
    fragment = template(Role=of_type("AWS::IAM::Role"), Jobs=QUEUE, Orders=table(), Migrate=migrate)

    assert {name: waits(fragment, name) for name in ("Role", "Jobs", "Orders", "Migrate")} == {
        "Role": [],
        "Jobs": ["MigrateTrigger"],
        "Orders": ["MigrateTrigger"],
        "Migrate": [],
    }


def test_a_reference_to_the_trigger_is_an_edge_to_it() -> None:
    shorthand = {"ExecuteAfter": ["Jobs"]}
    jobs = of_type("AWS::SQS::Queue", QueueName=get("MigrateTrigger", "Name"))

    assert problems(template(Jobs=jobs, Migrate=noted(shorthand))) == [
        (
            "Migrate.Metadata.Trigger.ExecuteAfter: closes a cycle: MigrateTrigger -> Jobs -> "
            "MigrateTrigger; remove one of these dependencies"
        )
    ]


def test_the_attributes_that_the_template_reads_are_sent_along() -> None:
    reading = {"Outputs": {"Rows": {"Value": get("MigrateTrigger", "Rows")}}}

    emitted = properties(template(reading, Migrate=noted({})), "MigrateTrigger")

    assert emitted == {"ExecuteOnRollback": True, "Attributes": ["Rows"]}


def test_a_change_of_the_metadata_itself_runs_nothing_again() -> None:
    plain = resources(template(Migrate=noted({})))["MigrateTrigger"]
    described = resources(template(Migrate=noted({}, Note=1)))["MigrateTrigger"]

    assert described == plain


# ---- problems


@pytest.mark.parametrize(
    ("shorthand", "expected"),
    [
        (5, "Migrate.Metadata.Trigger: must be a map of properties, not 5"),
        (False, "Migrate.Metadata.Trigger: must be a map of properties, not false"),
        ([{}], "Migrate.Metadata.Trigger: must be a map of properties, not a list"),
        (
            {"Timout": 5},
            "Migrate.Metadata.Trigger.Timout: unknown property; did you mean 'Timeout'?",
        ),
        (
            {"Timeout": 0},
            "Migrate.Metadata.Trigger.Timeout: must be a whole number from 1 to 43200, not 0",
        ),
        (
            {"ExecuteAfter": ["Order"]},
            (
                "Migrate.Metadata.Trigger.ExecuteAfter: no resource 'Order' in the template; "
                "did you mean 'Orders'?"
            ),
        ),
        (
            {"ExecuteOnResourceChange": ["Q*"]},
            "Migrate.Metadata.Trigger.ExecuteOnResourceChange: 'Q*' matches no resource",
        ),
        (
            {"InvocationType": "Event", "Expect": 1},
            (
                "Migrate.Metadata.Trigger.Expect: InvocationType Event does not wait for a result; "
                "use RequestResponse"
            ),
        ),
        (
            {"Payload": "{{resolve:ssm-secure:a}}"},
            (
                "Migrate.Metadata.Trigger.Payload: CloudFormation does not resolve "
                "ssm-secure references here; read the secret in the handler"
            ),
        ),
        (
            {"FailureDestination": "arn"},
            (
                "Migrate.Metadata.Trigger.FailureDestination: applies only to InvocationType "
                "Event, not RequestResponse; use Event"
            ),
        ),
        (
            {"ExecuteBefore": ["Migrate"]},
            (
                "Migrate.Metadata.Trigger.ExecuteBefore: closes a cycle: Migrate -> "
                "MigrateTrigger -> Migrate; remove one of these dependencies"
            ),
        ),
        (
            {"Handler": "Migrate"},
            f"Migrate.Metadata.Trigger.Handler: unknown property; known properties are {KNOWN}",
        ),
        (
            {"Function": {}},
            f"Migrate.Metadata.Trigger.Function: unknown property; known properties are {KNOWN}",
        ),
    ],
)
def test_a_problem_names_the_place_in_the_metadata(shorthand: Any, expected: str) -> None:
    assert problems(template(Migrate=noted(shorthand), Orders=table())) == [expected]


def test_handler_and_function_are_unknown_properties_there() -> None:
    shorthand = {"Handler": "Migrate", "Function": {}}

    assert problems(template(Migrate=noted(shorthand))) == [
        f"Migrate.Metadata.Trigger.Handler: unknown property; known properties are {KNOWN}",
        f"Migrate.Metadata.Trigger.Function: unknown property; known properties are {KNOWN}",
    ]


def test_a_service_token_makes_no_sense_there() -> None:
    migrate = noted({"ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:theirs"})

    assert problems(template(Migrate=migrate)) == [
        f"Migrate.Metadata.Trigger.ServiceToken: unknown property; known properties are {KNOWN}"
    ]


@pytest.mark.parametrize("taken", [table(), trigger(), function()])
def test_a_taken_logical_id_is_a_problem(taken: Template) -> None:
    assert problems(template(Migrate=noted({}), MigrateTrigger=taken)) == [
        (
            "Migrate.Metadata.Trigger: needs the logical id 'MigrateTrigger', which is taken;"
            " rename that resource, or the event 'Trigger' that SAM made it for"
        )
    ]


@pytest.mark.parametrize("metadata", [None, "Trigger", ["Trigger"], {"trigger": {}}, {}])
def test_metadata_without_the_key_is_not_a_trigger(metadata: Any) -> None:
    fragment = template(Migrate=function() | {"Metadata": metadata})

    assert expanded(fragment) == fragment


# ---- how it is selected


def test_a_smoke_test_of_the_whole_stack_waits_for_a_trigger_in_metadata() -> None:
    fragment = template(
        Migrate=noted({}), Check=function(), Smoke=trigger("Check", ExecuteAfter="*")
    )

    assert "MigrateTrigger" in waits(fragment, "Smoke")


@pytest.mark.parametrize("side", ["ExecuteAfter", "ExecuteBefore"])
def test_a_trigger_in_metadata_is_selected_by_its_logical_id(side: str) -> None:
    seed = trigger("Seed", **{side: ["MigrateTrigger"]})

    assert problems(template(Migrate=noted({}), Seed=function(), Run=seed)) == []
