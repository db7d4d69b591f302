"""How a trigger is spelled, and what is said when it is spelled otherwise."""

from typing import Any, Final

import pytest

from macro import parse
from macro.cloudformation import Resources, section
from macro.errors import Problem
from macro.model import ABSENT, Deployment, Handler, Retry, Trigger
from tests.support.templates import (
    Template,
    function,
    get,
    of_type,
    problems,
    ref,
    sub,
    table,
    template,
    trigger,
    under,
    waiting,
    when,
)

ARN: Final = "arn:aws:lambda:eu-central-1:123456789012:function:migrate"
PARAMETERS: Final = {
    "Parameters": {
        "Stage": {"Type": "String"},
        "Names": {"Type": "CommaDelimitedList"},
        "Secret": {"Type": "String", "NoEcho": True},
    }
}


def triggers_of(
    fragment: Template, deployment: Deployment
) -> tuple[tuple[Trigger, ...], tuple[Problem, ...]]:
    return parse.triggers(fragment, Resources(section(fragment, "Resources")), deployment)


def read(fragment: Template, **values: Any) -> Trigger:
    """Read the one trigger of a template that has no problem."""
    triggers, found = triggers_of(fragment, Deployment(parameters=values))
    assert not found
    (one,) = triggers
    return one


# ---- which resources are triggers


def test_a_trigger_that_says_no_more_than_its_handler_has_every_default() -> None:
    assert read(template(Run=trigger())) == Trigger(
        logical_id="Run",
        place="Run",
        handler=Handler(arn=get("Migrate"), functions=("Migrate",)),
        attributes={},
        payload=ABSENT,
        invocation_type="RequestResponse",
        timeout=900,
        execute_after=(),
        execute_before=(),
        execute_on_handler_change=True,
        execute_on_every_deployment=False,
        execute_on_resource_change=(),
        execute_on_rollback=None,
        execute_on_delete=False,
        enabled=True,
        retry=Retry(max_attempts=1, interval=5, backoff_rate=2.0, max_interval=60),
        poll_interval=10,
        expect=ABSENT,
        on_failure="Fail",
        no_echo=False,
    )


@pytest.mark.parametrize("token", [get("Theirs"), ref("Theirs"), "arn:aws:lambda:x", sub("x")])
def test_a_trigger_with_a_service_token_is_somebody_elses(token: Any) -> None:
    theirs = of_type("Custom::Trigger", ServiceToken=token, Anything=1)

    assert triggers_of(template(Theirs=theirs), Deployment()) == ((), ())


@pytest.mark.parametrize("token", ["", " ", "\t"])
def test_a_trigger_with_a_blank_service_token_is_ours(token: str) -> None:
    assert read(template(Run=trigger(ServiceToken=token))).logical_id == "Run"


@pytest.mark.parametrize(
    "resource",
    [None, "Custom::Trigger", ["Custom::Trigger"], {}, {"Type": ["Custom::Trigger"]}, table()],
)
def test_any_other_resource_is_none(resource: Any) -> None:
    assert triggers_of(template(Other=resource), Deployment()) == ((), ())


@pytest.mark.parametrize("resources", [None, [], "text", 5, {}])
def test_a_template_without_resources_has_no_triggers(resources: Any) -> None:
    assert triggers_of({"Resources": resources}, Deployment()) == ((), ())


def test_triggers_are_read_in_document_order() -> None:
    triggers, _ = triggers_of(template(Second=trigger(), First=trigger()), Deployment())

    assert [each.logical_id for each in triggers] == ["Second", "First"]


def test_a_trigger_with_a_problem_keeps_no_other_from_being_read() -> None:
    triggers, problems_read = triggers_of(
        template(Bad=trigger(Timeout=0), Good=trigger(), Worse=trigger("Nobody")), Deployment()
    )

    assert [each.logical_id for each in triggers] == ["Bad", "Good", "Worse"]
    assert [str(problem) for problem in problems_read] == [
        "Bad.Timeout: must be a whole number from 1 to 43200, not 0",
        "Worse.Handler: no 'Nobody' in the template; did you mean 'Good'?",
    ]


def test_the_resources_own_attributes_are_kept() -> None:
    run = under("Production", waiting(trigger(), "Orders")) | {"Metadata": {"Note": 1}}

    assert read(template(Run=run)).attributes == {
        "Condition": "Production",
        "DependsOn": ["Orders"],
        "Metadata": {"Note": 1},
    }


# ---- settings


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("InvocationType", "Event", "invocation_type", "Event"),
        ("InvocationType", "DryRun", "invocation_type", "DryRun"),
        ("Timeout", 1, "timeout", 1),
        ("Timeout", 43200, "timeout", 43200),
        ("Timeout", "120", "timeout", 120),
        ("Timeout", 120.0, "timeout", 120),
        ("ExecuteAfter", ["Orders", "AWS::SQS::*"], "execute_after", ("Orders", "AWS::SQS::*")),
        ("ExecuteAfter", [ref("Orders")], "execute_after", ("Orders",)),
        ("ExecuteAfter", "Orders", "execute_after", ("Orders",)),
        ("ExecuteAfter", ref("Orders"), "execute_after", ("Orders",)),
        ("ExecuteAfter", [], "execute_after", ()),
        ("ExecuteBefore", ["Orders"], "execute_before", ("Orders",)),
        ("ExecuteOnResourceChange", ["*"], "execute_on_resource_change", ("*",)),
        ("ExecuteOnHandlerChange", False, "execute_on_handler_change", False),
        ("ExecuteOnEveryDeployment", True, "execute_on_every_deployment", True),
        ("ExecuteOnRollback", False, "execute_on_rollback", False),
        ("ExecuteOnDelete", "true", "execute_on_delete", True),
        ("Enabled", "FALSE", "enabled", False),
        ("PollInterval", 0.5, "poll_interval", 0.5),
        ("Payload", None, "payload", None),
        ("Payload", {"Rows": [5]}, "payload", {"Rows": [5]}),
        ("Expect", "done", "expect", "done"),
        ("OnFailure", "Continue", "on_failure", "Continue"),
        ("NoEcho", True, "no_echo", True),
    ],
)
def test_a_setting_is_read(name: str, value: Any, field: str, expected: Any) -> None:
    actual = getattr(read(template(Run=trigger(**{name: value}))), field)

    assert (actual, type(actual)) == (expected, type(expected))


def test_what_is_left_out_of_a_retry_has_its_default() -> None:
    run = trigger(Retry={"MaxAttempts": "3", "BackoffRate": 1.5})

    assert read(template(Run=run)).retry == Retry(
        max_attempts=3, interval=5, backoff_rate=1.5, max_interval=60
    )


def test_a_setting_may_be_a_parameters_value() -> None:
    run = trigger(Enabled=ref("Stage"), ExecuteAfter=ref("Names"))

    actual = read(template(PARAMETERS, Run=run), Stage="false", Names=["Migrate", "Q*"])

    assert (actual.enabled, actual.execute_after) == (False, ("Migrate", "Q*"))


def test_a_part_of_a_retry_may_be_a_parameters_value() -> None:
    run = trigger(Retry={"MaxAttempts": ref("Stage")})

    assert read(template(PARAMETERS, Run=run), Stage="3").retry == Retry(max_attempts=3)


def test_a_wrong_value_of_a_parameter_is_reported() -> None:
    run = trigger(Timeout=ref("Stage"))

    assert problems(template(PARAMETERS, Run=run), Stage="test") == [
        "Run.Timeout: must be a whole number from 1 to 43200, not 'test'"
    ]


# ---- the handler


SPELLINGS: Final[list[tuple[Any, Handler]]] = [
    ("Migrate", Handler(arn=get("Migrate"), functions=("Migrate",))),
    (ref("Migrate"), Handler(arn=get("Migrate"), functions=("Migrate",))),
    (get("Migrate"), Handler(arn=get("Migrate"), functions=("Migrate",))),
    ({"Fn::GetAtt": "Migrate.Arn"}, Handler(arn=get("Migrate"), functions=("Migrate",))),
    (ref("Live"), Handler(arn=ref("Live"), functions=("Migrate",), qualified=("Live",))),
    ("Live", Handler(arn=ref("Live"), functions=("Migrate",), qualified=("Live",))),
    (ref("Fixed"), Handler(arn=ref("Fixed"), functions=("Migrate",), qualified=("Fixed",))),
    (ref("Theirs"), Handler(arn=ref("Theirs"), qualified=("Theirs",))),
    (
        "Sam.Alias",
        Handler(arn=ref("SamAliaslive"), functions=("Sam",), qualified=("SamAliaslive",)),
    ),
    (
        ref("Sam.Version"),
        Handler(
            arn=ref("SamVersion0123456789"),
            functions=("Sam",),
            qualified=("SamVersion0123456789",),
        ),
    ),
    (ref("Stage"), Handler(arn=ref("Stage"))),
    (ARN, Handler(arn=ARN)),
    (f"{ARN}:live", Handler(arn=f"{ARN}:live")),
    (f"{ARN}:$LATEST", Handler(arn=f"{ARN}:$LATEST")),
    (
        "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:a_b-c",
        Handler(arn="arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:a_b-c"),
    ),
    ({"Fn::ImportValue": "Shared"}, Handler(arn={"Fn::ImportValue": "Shared"})),
    (
        sub("${Migrate.Arn}:live"),
        Handler(arn=sub("${Migrate.Arn}:live"), functions=("Migrate",), qualified=("Live",)),
    ),
    (
        when("Production", get("Migrate"), get("Sam")),
        Handler(arn=when("Production", get("Migrate"), get("Sam")), functions=("Migrate", "Sam")),
    ),
]


@pytest.mark.parametrize(("spelling", "expected"), SPELLINGS)
def test_a_handler_has_many_spellings(spelling: Any, expected: Handler) -> None:
    fragment = template(
        PARAMETERS,
        Live=of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live"),
        Fixed=of_type("AWS::Lambda::Version", FunctionName=get("Migrate")),
        Theirs=of_type("AWS::Lambda::Alias", FunctionName="theirs", Name="live"),
        Sam=function(),
        SamAliaslive=of_type("AWS::Lambda::Alias", FunctionName=ref("Sam"), Name="live"),
        SamVersion0123456789=of_type("AWS::Lambda::Version", FunctionName=ref("Sam")),
        Run=trigger(spelling),
    )

    assert read(fragment).handler == expected


def test_an_alias_within_an_intrinsic_counts_as_its_function() -> None:
    fragment = template(
        Live=of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live"),
        Run=trigger(sub("${Live}")),
    )

    assert read(fragment).handler == Handler(
        arn=sub("${Live}"), functions=("Migrate",), qualified=("Live",)
    )


@pytest.mark.parametrize("named", [ref("Live"), ref("Other"), sub("${Other}")])
def test_aliases_of_one_another_are_of_no_function(named: Any) -> None:
    fragment = template(
        Live=of_type("AWS::Lambda::Alias", FunctionName=named),
        Other=of_type("AWS::Lambda::Alias", FunctionName=ref("Live")),
        Run=trigger(ref("Live")),
    )

    assert read(fragment).handler.functions == ()


# ---- problems


WRONG: Final[list[tuple[Template, list[str]]]] = [
    (trigger(Timout=5), ["Run.Timout: unknown property; did you mean 'Timeout'?"]),
    (
        trigger(Colour="red"),
        [
            (
                "Run.Colour: unknown property; known properties are Handler, Function, Payload, "
                "InvocationType, Timeout, ExecuteAfter, ExecuteBefore, ExecuteOnHandlerChange, "
                "ExecuteOnEveryDeployment, ExecuteOnResourceChange, ExecuteOnRollback, "
                "OnRollback, ExecuteOnDelete, Enabled, Retry, PollInterval, Expect, OnFailure, "
                "FailureDestination, NoEcho"
            )
        ],
    ),
    (of_type("Custom::Trigger"), ["Run: has no Handler; name the function to run"]),
    (of_type("Custom::Trigger") | {"Properties": 5}, ["Run: must be a map of properties, not 5"]),
    (
        of_type("Custom::Trigger") | {"Properties": ["Handler"]},
        ["Run: must be a map of properties, not a list"],
    ),
    (trigger(Timeout=0), ["Run.Timeout: must be a whole number from 1 to 43200, not 0"]),
    (trigger(Timeout=43201), ["Run.Timeout: must be a whole number from 1 to 43200, not 43201"]),
    (trigger(Timeout=1.5), ["Run.Timeout: must be a whole number from 1 to 43200, not 1.5"]),
    (trigger(Timeout=True), ["Run.Timeout: must be a whole number from 1 to 43200, not true"]),
    (trigger(Timeout="soon"), ["Run.Timeout: must be a whole number from 1 to 43200, not 'soon'"]),
    (trigger(Timeout="nan"), ["Run.Timeout: must be a whole number from 1 to 43200, not 'nan'"]),
    (trigger(Timeout=None), ["Run.Timeout: must be a whole number from 1 to 43200, not null"]),
    (trigger(Timeout=[5]), ["Run.Timeout: must be a whole number from 1 to 43200, not a list"]),
    (trigger(Timeout=sub("5")), ["Run.Timeout: must be a literal or a Ref to a parameter"]),
    (trigger(Timeout=ref("Orders")), ["Run.Timeout: must be a literal or a Ref to a parameter"]),
    (
        trigger(Timeout=ref("Nowhere")),
        ["Run.Timeout: no parameter 'Nowhere' in the template"],
    ),
    (
        trigger(Timeout=ref("Sceret")),
        ["Run.Timeout: no parameter 'Sceret' in the template; did you mean 'Secret'?"],
    ),
    (
        trigger(Timeout=ref("AWS::Region")),
        ["Run.Timeout: must be a literal or a Ref to a parameter"],
    ),
    (
        trigger(Timeout=ref("Secret")),
        ["Run.Timeout: 'Secret' is a parameter with NoEcho; use one without"],
    ),
    (trigger(PollInterval=-1), ["Run.PollInterval: must be a number from 0 to 3540, not -1"]),
    (trigger(Enabled="yes"), ["Run.Enabled: must be true or false, not 'yes'"]),
    (trigger(Enabled=1), ["Run.Enabled: must be true or false, not 1"]),
    (trigger(Enabled=None), ["Run.Enabled: must be true or false, not null"]),
    (
        trigger(Enabled=when("Production", yes=True, no=False)),
        ["Run.Enabled: must be a literal or a Ref to a parameter"],
    ),
    (
        trigger(InvocationType="Sync"),
        ["Run.InvocationType: must be RequestResponse, Event or DryRun, not 'Sync'"],
    ),
    (
        trigger(InvocationType="event"),
        [
            (
                "Run.InvocationType: must be RequestResponse, Event or DryRun, not 'event'; "
                "did you mean 'Event'?"
            )
        ],
    ),
    (
        trigger(InvocationType=["Event"]),
        ["Run.InvocationType: must be RequestResponse, Event or DryRun, not a list"],
    ),
    (trigger(OnFailure="Stop"), ["Run.OnFailure: must be Fail or Continue, not 'Stop'"]),
    (trigger(ExecuteAfter=5), ["Run.ExecuteAfter: must be a list of selectors, not 5"]),
    (
        trigger(ExecuteAfter=[["Orders"]]),
        [
            (
                "Run.ExecuteAfter: each selector must be a logical id, a glob, a type or a Ref, "
                "not a list"
            )
        ],
    ),
    (
        trigger(ExecuteAfter=[get("Orders")]),
        [
            (
                "Run.ExecuteAfter: each selector must be a logical id, a glob, a type or a Ref, "
                "not a map"
            )
        ],
    ),
    (
        trigger(ExecuteAfter=[""]),
        ["Run.ExecuteAfter: each selector must be a logical id, a glob, a type or a Ref, not ''"],
    ),
    (
        trigger(Retry=3),
        ["Run.Retry: must be a map of MaxAttempts, Interval, BackoffRate, MaxInterval, not 3"],
    ),
    (
        trigger(Retry={"MaxAttempt": 3}),
        ["Run.Retry: unknown key 'MaxAttempt'; did you mean 'MaxAttempts'?"],
    ),
    (
        trigger(Retry={"MaxAttempts": 0}),
        ["Run.Retry: MaxAttempts must be a whole number from 1 to 100, not 0"],
    ),
    (
        trigger(Retry={"BackoffRate": 0.5}),
        ["Run.Retry: BackoffRate must be a number from 1 to 10, not 0.5"],
    ),
    (
        trigger(Retry={"MaxAttempts": 0, "Interval": -1}),
        [
            "Run.Retry: MaxAttempts must be a whole number from 1 to 100, not 0",
            "Run.Retry: Interval must be a number from 0 to 3540, not -1",
        ],
    ),
    (
        trigger("Migrat"),
        ["Run.Handler: no 'Migrat' in the template; did you mean 'Migrate'?"],
    ),
    (trigger(ref("Sage")), ["Run.Handler: no 'Sage' in the template; did you mean 'Stage'?"]),
    (trigger("Nobody"), ["Run.Handler: no 'Nobody' in the template"]),
    (trigger(get("Nobody")), ["Run.Handler: no 'Nobody' in the template"]),
    (
        trigger("Orders"),
        [
            (
                "Run.Handler: 'Orders' has type AWS::DynamoDB::Table; "
                "name a function, an alias or a version"
            )
        ],
    ),
    (
        trigger("Odd"),
        ["Run.Handler: 'Odd' has no type; name a function, an alias or a version"],
    ),
    (
        trigger(get("Migrate", "Name")),
        ["Run.Handler: must be the function's 'Arn', not its 'Name'"],
    ),
    (
        trigger("arn:aws:sqs:eu-central-1:123456789012:orders"),
        [
            (
                "Run.Handler: 'arn:aws:sqs:eu-central-1:123456789012:orders' is not the ARN of a "
                "Lambda function"
            )
        ],
    ),
    (trigger(None), ["Run.Handler: must be a function in the template or an ARN, not null"]),
    (trigger({}), ["Run.Handler: must be a function in the template or an ARN, not a map"]),
    (trigger([]), ["Run.Handler: must be a function in the template or an ARN, not a list"]),
    (
        trigger(Timeout=0, Handlers="Migrate", Enabled=5),
        [
            "Run.Timeout: must be a whole number from 1 to 43200, not 0",
            "Run.Handlers: unknown property; did you mean 'Handler'?",
            "Run.Enabled: must be true or false, not 5",
        ],
    ),
]


@pytest.mark.parametrize(("run", "expected"), WRONG, ids=[said[0] for _, said in WRONG])
def test_a_misspelling_is_reported_with_the_known_name(run: Template, expected: list[str]) -> None:
    fragment = template(PARAMETERS, Orders=table(), Odd="text", Run=run)

    assert problems(fragment, Stage="test") == expected


def test_a_handler_that_is_only_misspelled_is_not_also_missing() -> None:
    run = of_type("Custom::Trigger", Handlr="Migrate")

    assert problems(template(Run=run)) == ["Run.Handlr: unknown property; did you mean 'Handler'?"]


def test_a_number_of_any_size_is_refused() -> None:
    huge = 10**400

    assert problems(template(Run=trigger(Timeout=huge))) == [
        f"Run.Timeout: must be a whole number from 1 to 43200, not {huge}"
    ]


def test_a_problem_is_one_line_whatever_the_property_is_called() -> None:
    (said,) = problems(template(Run=trigger(**{"Time\nout": 5})))

    assert "\n" not in said


def test_a_trigger_with_a_service_token_is_not_a_handler() -> None:
    theirs = of_type("Custom::Trigger", ServiceToken=get("Migrate"))

    assert problems(template(Theirs=theirs, Run=trigger("Theirs"))) == [
        "Run.Handler: 'Theirs' has type Custom::Trigger; name a function, an alias or a version"
    ]


def test_a_handlers_arn_may_come_from_a_nested_stack() -> None:
    handler = get("Nested", "Outputs.MigrateArn")
    fragment = template(Nested=of_type("AWS::CloudFormation::Stack"), Run=trigger(handler))

    assert problems(fragment) == []
