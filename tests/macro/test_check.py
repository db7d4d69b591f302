"""What makes no sense although it is spelled well."""

from typing import Any

import pytest

from tests.support.templates import (
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
    when,
)


@pytest.mark.parametrize(
    "taken",
    [
        "TriggerProvider",
        "TriggerProviderRole",
        "TriggerProviderLogGroup",
        "TriggerProviderHandOver",
        "TriggerProviderInvokeConfig",
        "TriggerProviderInvokeMigrate",
    ],
)
def test_a_reserved_logical_id_is_a_problem(taken: str) -> None:
    assert problems(template(Run=trigger(), **{taken: table()})) == [
        f"{taken}: is reserved for a resource that is created for triggers; rename yours"
    ]


def test_a_reserved_logical_id_is_free_in_a_template_without_triggers() -> None:
    assert problems(template(TriggerProvider=table())) == []


def test_a_condition_with_a_reserved_name_is_a_problem() -> None:
    conditions: dict[str, Any] = {"TriggerProviderCondition": {}, "A": {}, "B": {}}
    fragment = template(
        {"Conditions": conditions}, First=under("A", trigger()), Second=under("B", trigger())
    )

    assert problems(fragment) == [
        (
            "TriggerProviderCondition: is reserved for a condition that is created for triggers; "
            "rename yours"
        )
    ]


@pytest.mark.parametrize("reserved", [0, "0"])
def test_a_handler_whose_reserved_concurrency_is_zero_is_a_problem(reserved: Any) -> None:
    fragment = template(Migrate=function(ReservedConcurrentExecutions=reserved), Run=trigger())

    assert problems(fragment) == [
        (
            "Run: 'Migrate' can never run, since its ReservedConcurrentExecutions is 0; "
            "raise it, or set Enabled: false"
        )
    ]


def test_what_undoes_a_run_has_to_be_able_to_run_too() -> None:
    handler = function(ReservedConcurrentExecutions=0)
    run = trigger(OnRollback={"Handler": "Undo"})

    assert problems(template(Undo=handler, Run=run)) == [
        (
            "Run.OnRollback: 'Undo' can never run, since its ReservedConcurrentExecutions is 0; "
            "raise it"
        )
    ]


def test_the_undo_of_a_trigger_that_never_runs_need_not_be_able_to_run() -> None:
    handler = function(ReservedConcurrentExecutions=0)
    run = trigger(OnRollback={"Handler": "Undo"}, Enabled=False)

    assert problems(template(Undo=handler, Run=run)) == []


@pytest.mark.parametrize("reserved", [1, {"Ref": "Reserved"}])
def test_reserved_concurrency_that_lets_a_handler_run_is_no_problem(reserved: Any) -> None:
    parameters = {"Parameters": {"Reserved": {"Type": "Number", "Default": 0}}}
    handler = function(ReservedConcurrentExecutions=reserved)

    assert problems(template(parameters, Migrate=handler, Run=trigger())) == []


@pytest.mark.parametrize("setting", [{"Enabled": False}, {"InvocationType": "DryRun"}])
def test_a_trigger_that_runs_nothing_may_have_a_handler_that_never_runs(
    setting: dict[str, Any],
) -> None:
    handler = function(ReservedConcurrentExecutions=0)

    assert problems(template(Migrate=handler, Run=trigger(**setting))) == []


@pytest.mark.parametrize("kind", ["Event", "DryRun"])
def test_a_result_of_an_invocation_without_one_cannot_be_expected(kind: str) -> None:
    run = trigger(InvocationType=kind, Expect={"Rows": 5})

    assert problems(template(Run=run)) == [
        f"Run.Expect: InvocationType {kind} does not wait for a result; use RequestResponse"
    ]


@pytest.mark.parametrize("kind", ["Event", "DryRun"])
@pytest.mark.parametrize("value", [get("Run", "Rows"), sub("${Run.Rows}")])
@pytest.mark.parametrize("place", ["Resources", "Outputs"])
def test_a_result_of_an_invocation_without_one_cannot_be_read(
    kind: str, value: Any, place: str
) -> None:
    fragment = template(Run=trigger(InvocationType=kind))
    fragment.setdefault(place, {})["Orders"] = table(Name=value) | {"Value": value}

    assert problems(fragment) == [
        (
            f"Run.InvocationType: InvocationType {kind} does not wait for a result, "
            "but the template reads 'Rows'; use RequestResponse"
        )
    ]


def test_the_ref_of_a_trigger_without_a_result_can_be_read() -> None:
    fragment = template(Run=trigger(InvocationType="Event"), Orders=table(Name=ref("Run")))

    assert problems(fragment) == []


def test_a_trigger_without_a_condition_cannot_have_a_function_with_one() -> None:
    fragment = template(Migrate=under("Production", function()), Run=trigger())

    assert problems(fragment) == [
        (
            "Run.Handler: 'Migrate' exists only under 'Production'; "
            "give the trigger Condition: Production"
        )
    ]


@pytest.mark.parametrize("condition", ["Production", "Europe"])
def test_a_trigger_with_a_condition_may_have_a_function_with_one(condition: str) -> None:
    fragment = template(Migrate=under("Production", function()), Run=under(condition, trigger()))

    assert problems(fragment) == []


def test_a_choice_of_functions_may_be_made_by_their_own_conditions() -> None:
    fragment = template(
        {"Conditions": {"Production": {}, "Test": {"Fn::Not": [{"Condition": "Production"}]}}},
        Large=under("Production", function()),
        Small=under("Test", function()),
        Run=trigger(when("Production", get("Large"), get("Small"))),
    )

    assert problems(fragment) == []


@pytest.mark.parametrize("kind", ["secretsmanager", "ssm-secure"])
@pytest.mark.parametrize("name", ["Payload", "Expect"])
def test_a_secret_that_cloudformation_will_not_resolve_is_a_problem(name: str, kind: str) -> None:
    value = {"Deep": [{"Password": f"{{{{resolve:{kind}:database:SecretString}}}}"}]}

    assert problems(template(Run=trigger(**{name: value}))) == [
        (
            f"Run.{name}: CloudFormation does not resolve {kind} references here; "
            "read the secret in the handler"
        )
    ]


def test_a_secret_within_a_substitution_is_a_problem() -> None:
    payload = sub("{{resolve:secretsmanager:${Orders}}}")

    assert problems(template(Orders=table(), Run=trigger(Payload=payload))) == [
        (
            "Run.Payload: CloudFormation does not resolve secretsmanager references here; "
            "read the secret in the handler"
        )
    ]


def test_each_kind_of_secret_is_reported_once() -> None:
    payload = ["{{resolve:ssm-secure:a}}", "{{resolve:secretsmanager:b}}{{resolve:ssm-secure:c}}"]

    assert problems(template(Run=trigger(Payload=payload))) == [
        (
            "Run.Payload: CloudFormation does not resolve secretsmanager references here; "
            "read the secret in the handler"
        ),
        (
            "Run.Payload: CloudFormation does not resolve ssm-secure references here; "
            "read the secret in the handler"
        ),
    ]


def test_a_parameter_of_the_parameter_store_that_is_not_a_secret_may_be_in_a_payload() -> None:
    assert problems(template(Run=trigger(Payload="{{resolve:ssm:/orders/size}}"))) == []


def test_a_secret_in_the_handlers_environment_is_cloudformations_business() -> None:
    handler = function(Environment={"Variables": {"A": "{{resolve:secretsmanager:b}}"}})

    assert problems(template(Migrate=handler, Run=trigger())) == []


@pytest.mark.parametrize("alias", ["AWS::Lambda::Alias", "AWS::Lambda::Version"])
def test_an_alias_has_the_condition_of_its_function(alias: str) -> None:
    fragment = template(
        Migrate=under("Production", function()),
        Live=of_type(alias, FunctionName=ref("Migrate"), Name="live"),
        Run=trigger(ref("Live")),
    )

    assert problems(fragment) == [
        (
            "Run.Handler: 'Migrate' exists only under 'Production'; "
            "give the trigger Condition: Production"
        )
    ]


def test_all_problems_are_found_in_one_run() -> None:
    fragment = template(
        Misspelt=trigger(Timout=5),
        Unordered=trigger(ExecuteAfter=["Order"]),
        Unread=trigger(InvocationType="Event", Expect=1),
        Ring=trigger(ExecuteAfter=["Ring"]),
        Orders=table(),
    )

    assert problems(fragment) == [
        "Misspelt.Timout: unknown property; did you mean 'Timeout'?",
        "Unread.Expect: InvocationType Event does not wait for a result; use RequestResponse",
        "Unordered.ExecuteAfter: no resource 'Order' in the template; did you mean 'Orders'?",
        "Ring.ExecuteAfter: closes a cycle: Ring -> Ring; remove one of these dependencies",
    ]
