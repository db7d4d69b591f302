"""What makes a new version of a function, and what an alias or a version as a handler serves."""

from typing import Any, Final

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from macro.versions import ENTRIES, NOT_COUNTED
from tests.support.templates import (
    Template,
    fingerprint,
    function,
    get,
    of_type,
    ref,
    sub,
    table,
    template,
    trigger,
    when,
)

NEW_CODE: Final = {"Migrate": function(Code={"ZipFile": "new"}, MemorySize=256)}


def alias(version: Any = "1", **properties: Any) -> Template:
    return of_type(
        "AWS::Lambda::Alias",
        FunctionName=ref("Migrate"),
        Name="live",
        FunctionVersion=version,
        **properties,
    )


def version(**properties: Any) -> Template:
    return of_type("AWS::Lambda::Version", FunctionName=ref("Migrate"), **properties)


def entries(sections: Template | None = None, /, handler: Any = None, **resources: Any) -> Template:
    """Fingerprint a trigger whose handler is the alias `Live`, unless another is passed."""
    run = trigger(ref("Live") if handler is None else handler)
    return fingerprint(template(sections, Run=run, **resources))


# ---- properties


def test_every_property_of_a_function_counts_or_is_known_not_to() -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
        "us-east-1", "AWS::Lambda::Function"
    ).schema
    returned = {pointer.removeprefix("/properties/") for pointer in schema["readOnlyProperties"]}

    assert {*ENTRIES, *NOT_COUNTED} == {*schema["properties"]} - returned
    assert ENTRIES.keys().isdisjoint(NOT_COUNTED)


@pytest.mark.parametrize("name", NOT_COUNTED)
def test_a_property_that_is_known_not_to_count_changes_no_entry(name: str) -> None:
    plain = template(Run=trigger())
    changed = template(Run=trigger(), Migrate=function(**{name: "changed"}))

    assert fingerprint(changed) == fingerprint(plain)


# ---- aliases


def test_an_alias_counts_by_what_it_serves() -> None:
    assert entries(Live=alias()).keys() == {"Alias"}


@pytest.mark.parametrize(
    "moved",
    [
        alias("2"),
        alias(RoutingConfig={"AdditionalVersionWeights": [{"FunctionVersion": "2"}]}),
        alias(get("V2", "Version")),
    ],
)
def test_an_alias_that_moves_changes_its_entry(moved: Template) -> None:
    assert entries(Live=moved)["Alias"] != entries(Live=alias())["Alias"]


def test_new_code_behind_an_alias_that_stays_changes_nothing() -> None:
    assert entries(Live=alias(), **NEW_CODE) == entries(Live=alias())


@pytest.mark.parametrize(
    "property_of_no_version",
    [
        {"Description": "new"},
        {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}},
    ],
)
def test_only_what_an_alias_serves_counts(
    property_of_no_version: Template,
) -> None:
    assert entries(Live=alias(**property_of_no_version)) == entries(Live=alias())


def test_a_parameter_moves_an_alias_with_and_without_a_new_template() -> None:
    sections = {"Parameters": {"Number": {"Type": "String"}}}
    fragment = template(sections, Live=alias(ref("Number")), Run=trigger(ref("Live")))
    first, second = (fingerprint(fragment, Number=number) for number in ("1", "2"))

    assert first["Alias"] != second["Alias"]
    assert first["References"] == {"Number": ref("Number")}


def test_a_new_version_of_the_template_moves_the_alias_that_serves_it() -> None:
    before = entries(Live=alias(get("V0a1b2c3d4e", "Version")), V0a1b2c3d4e=version())
    after = entries(Live=alias(get("V5f6a7b8c9d", "Version")), V5f6a7b8c9d=version(), **NEW_CODE)

    assert before["Alias"] != after["Alias"]
    assert after["References"] == {"V5f6a7b8c9d.Version": get("V5f6a7b8c9d", "Version")}


def test_what_is_published_as_a_version_counts_for_the_alias_that_serves_it() -> None:
    live = alias(get("V", "Version"))

    assert entries(Live=live, V=version()) != entries(Live=live, V=version(CodeSha256="new"))


@pytest.mark.parametrize("value", ["$LATEST", when("IsLive", "1", no="$LATEST"), ref("Number")])
def test_an_alias_of_the_latest_code_counts_with_its_function(value: Any) -> None:
    sections = {
        "Parameters": {"Number": {"Type": "String"}},
        "Conditions": {"IsLive": {"Fn::Equals": ["a", "b"]}},
    }
    old, new = (
        template(sections, Live=alias(value), Run=trigger(ref("Live")), **code)
        for code in ({}, NEW_CODE)
    )
    before, after = (fingerprint(each, Number="$LATEST") for each in (old, new))

    assert {name for name in after if before.get(name) != after[name]} == {"Code", "Configuration"}


def test_an_alias_of_a_function_outside_the_template_counts() -> None:
    outside = alias() | {"Properties": alias()["Properties"] | {"FunctionName": "other"}}

    assert entries(Live=outside).keys() == {"Alias"}


def test_each_of_several_handlers_has_entries_of_its_own() -> None:
    chosen = when("IsLive", ref("Live"), get("Migrate"))

    assert entries(handler=chosen, Live=alias(), **NEW_CODE).keys() == {
        "Alias.Live",
        "Code.Migrate",
        "Configuration.Migrate",
    }


@pytest.mark.parametrize(
    "handler",
    [
        ref("Live"),
        sub("${Migrate.Arn}:live"),
        sub("${Live}"),
        {"Fn::Join": [":", [get("Migrate"), "live"]]},
    ],
)
def test_an_alias_counts_however_it_is_written(handler: Any) -> None:
    assert entries(handler=handler, Live=alias(), **NEW_CODE) == entries(Live=alias())


@pytest.mark.parametrize("qualifier", ["live", "3"])
def test_only_the_arn_of_a_version_outside_the_template_counts(qualifier: str) -> None:
    assert entries(handler=sub(f"${{Migrate.Arn}}:{qualifier}"), **NEW_CODE) == {}


@pytest.mark.parametrize(
    "handler",
    [
        sub("${Migrate.Arn}"),
        sub("${Migrate.Arn}:$LATEST"),
        {"Fn::Select": [0, [get("Migrate")]]},
        "arn:aws:lambda:eu-central-1:123456789012:function:migrate",
    ],
)
def test_a_function_as_it_is_counts_however_it_is_written(handler: Any) -> None:
    migrate = function(Code={"ZipFile": "new"}, FunctionName="migrate")

    assert entries(handler=handler, Migrate=migrate).keys() == {"Code", "Configuration"}


# ---- versions


def test_a_version_counts_by_its_id_and_by_what_it_publishes() -> None:
    before = entries(handler=ref("V"), V=version())

    assert before.keys() == {"Version"}
    assert before != entries(handler=ref("W"), W=version())
    assert before != entries(handler=ref("V"), V=version(CodeSha256="new"))
    assert before != entries(handler=ref("V"), V=version(Description="new"))


def test_new_code_of_the_function_of_a_version_changes_nothing() -> None:
    assert entries(handler=ref("V"), V=version(), **NEW_CODE) == entries(
        handler=ref("V"), V=version()
    )


def test_the_concurrency_of_a_version_does_not_count() -> None:
    provisioned = version(ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": 1})

    assert entries(handler=ref("V"), V=provisioned) == entries(handler=ref("V"), V=version())


# ---- what conditions depend on


def test_a_parameter_that_decides_a_condition_is_repeated() -> None:
    sections = {
        "Parameters": {"Stage": {"Type": "String"}, "Key": {"NoEcho": True}},
        "Conditions": {
            "IsTest": {"Fn::Or": [{"Condition": "IsEarly"}, {"Fn::Equals": [ref("Key"), "a"]}]},
            "IsEarly": {"Fn::Equals": [ref("Stage"), "test"]},
        },
    }
    handler = function(Environment={"Variables": {"A": when("IsTest", "yes", no="no")}})

    assert fingerprint(template(sections, Migrate=handler, Run=trigger()))["References"] == {
        "Stage": ref("Stage")
    }


# ---- what is watched


def watching(selector: str = "Orders", /, handler: Any = "Migrate", **resources: Any) -> Template:
    run = trigger(handler, ExecuteOnResourceChange=[selector])
    found: Template = fingerprint(template(Run=run, **resources)).get("References", {})
    return found


def test_a_watched_resource_is_repeated_with_what_it_refers_to() -> None:
    orders = table(Key=get("Key"), Name=sub("${AWS::StackName}-${Jobs}"))
    others = {"Key": of_type("AWS::KMS::Key"), "Jobs": of_type("AWS::SQS::Queue")}

    assert watching(Orders=orders, **others) == {
        "Jobs": ref("Jobs"),
        "Key.Arn": get("Key"),
        "Orders": ref("Orders"),
    }


def test_a_parameter_of_a_watched_resource_is_repeated() -> None:
    sections = {"Parameters": {"Stage": {"Type": "String"}, "Key": {"NoEcho": "true"}}}
    run = trigger(ExecuteOnResourceChange=["Orders"], ExecuteOnHandlerChange=False)
    orders = table(TableName=ref("Stage"), Other=ref("Key"))

    assert fingerprint(template(sections, Orders=orders, Run=run))["References"] == {
        "Orders": ref("Orders"),
        "Stage": ref("Stage"),
    }


def test_a_watched_resource_that_may_not_be_there_is_repeated_under_its_condition() -> None:
    orders = table(Key=get("Key")) | {"Condition": "IsLive"}
    sections = {"Conditions": {"IsLive": {"Fn::Equals": ["a", "b"]}}}
    run = trigger(ExecuteOnResourceChange=["Orders"])
    fragment = template(sections, Orders=orders, Key=of_type("AWS::KMS::Key"), Run=run)

    assert fingerprint(fragment)["References"] == {
        "Key.Arn IsLive": when("IsLive", get("Key")),
        "Orders IsLive": when("IsLive", ref("Orders")),
    }


def test_what_may_exist_only_without_the_trigger_is_not_repeated() -> None:
    orders = table(Key=when("IsLive", get("Key")))
    conditions = {"IsLive": {"Fn::Equals": ["a", "b"]}, "IsTest": {"Fn::Equals": ["a", "c"]}}
    run = trigger(ExecuteOnResourceChange=["Orders", "Jobs"]) | {"Condition": "IsTest"}
    fragment = template(
        {"Conditions": conditions},
        Orders=orders,
        Jobs=of_type("AWS::SQS::Queue") | {"Condition": "IsLive"},
        Key=of_type("AWS::KMS::Key"),
        Run=run,
    )

    assert fingerprint(fragment)["References"] == {"Orders": ref("Orders")}


def test_a_reference_to_what_waits_for_the_trigger_is_left_out() -> None:
    run = trigger(ExecuteOnResourceChange=["Orders"], ExecuteBefore=["Orders"])
    orders = table(Key=get("Key"))
    fragment = template(Orders=orders, Key=of_type("AWS::KMS::Key"), Run=run)

    assert fingerprint(fragment)["References"] == {"Key.Arn": get("Key")}


def test_a_reference_to_what_may_wait_for_the_trigger_is_left_out() -> None:
    orders = table(Rows=when("IsLive", get("Run", "Rows")))
    sections = {"Conditions": {"IsLive": {"Fn::Equals": ["a", "b"]}}}
    run = trigger(ExecuteOnResourceChange=["Orders"])

    assert "References" not in fingerprint(template(sections, Orders=orders, Run=run))


def test_of_two_triggers_that_watch_each_other_one_waits() -> None:
    fragment = template(
        Run=trigger(ExecuteOnResourceChange=["Check"]),
        Check=trigger(ExecuteOnResourceChange=["Run"]),
    )

    assert fingerprint(fragment, "Check")["References"] == {"Run": ref("Run")}
    assert "References" not in fingerprint(fragment, "Run")


def test_a_secret_of_what_is_watched_is_not_repeated() -> None:
    orders = table(Token=get("Client", "ClientSecret"))

    assert watching(Orders=orders, Client=of_type("AWS::Cognito::UserPoolClient")) == {
        "Client": ref("Client"),
        "Orders": ref("Orders"),
    }
