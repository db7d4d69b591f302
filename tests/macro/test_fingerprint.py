"""When a trigger runs again, and when it does not.

The hashes that stand here are a contract: a change of one runs every trigger of every stack again
when the macro is upgraded.
"""

import hashlib
from typing import Any, Final

import pytest

from macro.versions import ENTRIES
from tests.support.templates import (
    REQUEST,
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
    turned,
    under,
    when,
)

CANARY: Final = {"Secret": "hush"}
HANDLER: Final = function(
    Runtime="python3.13",
    Code={"ZipFile": "def handler(event, context): ..."},
    Environment={"Variables": {"A": "1", "B": "2"}},
    Layers=["arn:aws:lambda:eu-central-1:123456789012:layer:a:1"],
    MemorySize=512,
)


def with_handler(handler: Template, **sections: Any) -> Template:
    return template(sections, Migrate=handler, Orders=table(), Run=trigger())


def variables(**values: Any) -> Template:
    return function(Environment={"Variables": values})


# ---- the bytes


def test_the_bytes_of_a_fingerprint_are_a_contract() -> None:
    run = trigger(Payload={"Rows": 5, "Name": "zażółć"}, ExecuteOnResourceChange=["Orders"])

    assert fingerprint(template(Migrate=HANDLER, Orders=table(), Run=run)) == {
        "Code": "9ffcf7ed56a99382",
        "Configuration": "ff24e6ba824c2643",
        "Environment": "861c9470a5ad8d2a",
        "Layers": "1dd7ab68d03d7bb6",
        "Payload": "03190480e3d83838",
        "References": {"Orders": ref("Orders")},
        "Resources.Orders": "56ad920956043c4a",
    }


def test_a_hash_is_that_of_a_value_and_what_its_meaning_depends_on_in_sorted_json() -> None:
    fragment = template(
        {
            "Parameters": {"Stage": {"Type": "String"}},
            "Conditions": {"IsTest": {"C": ref("Stage")}},
        },
        Run=trigger(Payload={"b": when("IsTest", 5), "a": "ż"}),
    )
    text = (
        '{"Conditions":{"IsTest":{"C":{"Ref":"Stage"}}},"Mappings":{},'
        '"Parameters":{"Stage":"test"},'
        '"Value":{"a":"\\u017c","b":{"Fn::If":["IsTest",5,{"Ref":"AWS::NoValue"}]}}}'
    )

    actual = fingerprint(fragment, Stage="test")["Payload"]

    assert actual == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_the_bytes_of_what_a_value_depends_on_are_a_contract() -> None:
    fragment = template(
        {
            "Parameters": {"Stage": {"Type": "String"}, "Secret": {"NoEcho": True}},
            "Mappings": {"Sizes": {"test": {"Memory": 512}}},
            "Conditions": {"IsTest": {"Fn::Equals": [ref("Stage"), "test"]}},
        },
        Migrate=function(
            MemorySize={"Fn::FindInMap": ["Sizes", ref("Stage"), "Memory"]},
            Timeout=when("IsTest", 5, ref("Secret")),
        ),
        Run=trigger(),
    )

    assert fingerprint(fragment, Stage="test", **CANARY) == {
        "Configuration": "9ebd471828a667dd",
        "References": {"Stage": ref("Stage")},
    }


def test_the_key_order_of_a_template_changes_no_entry() -> None:
    run = trigger(Payload={"B": {"Y": 1, "X": 2}, "A": ref("Orders")}, ExecuteOnResourceChange="*")
    handler = variables(B=ref("Orders"), A=get("Orders"), C=sub("${X}${Y}", {"Y": 1, "X": 2}))
    fragment = template(Migrate=handler, Orders=table(Keys={"B": 1, "A": 2}), Run=run)

    assert fingerprint(turned(fragment)) == fingerprint(fragment)


def test_nothing_but_the_handler_its_payload_and_what_is_watched_counts() -> None:
    fragment = with_handler(HANDLER)
    changed = template(
        {"Description": "New", "Outputs": {"A": {"Value": 1}}, "Parameters": {"New": {}}},
        Migrate=HANDLER,
        Orders=table(Changed=True),
        Another=table(),
        Run=trigger(),
    )

    assert fingerprint(changed) == fingerprint(fragment)


# ---- an entry per cause


def test_a_bare_function_has_one_entry() -> None:
    assert list(fingerprint(with_handler(function()))) == ["Configuration"]


@pytest.mark.parametrize(
    ("name", "value", "entry"),
    [(name, "changed", entry) for name, entry in ENTRIES.items()],
)
def test_what_makes_a_new_version_changes_its_own_entry(name: str, value: Any, entry: str) -> None:
    before = fingerprint(with_handler(HANDLER))
    handler = HANDLER | {"Properties": HANDLER["Properties"] | {name: value}}

    after = fingerprint(with_handler(handler))

    assert {key for key in after if after[key] != before[key]} == {entry}


@pytest.mark.parametrize(
    "addition",
    [
        {"DependsOn": ["Orders"]},
        {"Metadata": {"BuildId": 5}},
        {"DeletionPolicy": "Retain"},
        {"Properties": HANDLER["Properties"] | {"Tags": [{"Key": "A", "Value": "1"}]}},
        {"Properties": HANDLER["Properties"] | {"ReservedConcurrentExecutions": 1}},
    ],
)
def test_what_makes_no_new_version_changes_no_entry(addition: Template) -> None:
    assert fingerprint(with_handler(HANDLER | addition)) == fingerprint(with_handler(HANDLER))


def test_a_payload_is_an_entry_of_its_own() -> None:
    plain = fingerprint(template(Run=trigger()))
    five = fingerprint(template(Run=trigger(Payload=5)))

    assert set(five) - set(plain) == {"Payload"}
    assert five["Payload"] != fingerprint(template(Run=trigger(Payload="5")))["Payload"]


def test_a_payload_of_null_is_not_an_absent_one() -> None:
    assert "Payload" in fingerprint(template(Run=trigger(Payload=None)))


@pytest.mark.parametrize(
    "setting", [{"Timeout": 5}, {"Expect": 1}, {"Retry": {"MaxAttempts": 2}}, {"Enabled": False}]
)
def test_a_setting_is_not_an_entry(setting: Template) -> None:
    assert fingerprint(template(Run=trigger(**setting))) == fingerprint(template(Run=trigger()))


def test_each_of_several_handlers_has_its_entries() -> None:
    either = when("Production", get("Migrate"), get("Check"))
    fragment = template(Check=HANDLER, Run=trigger(either))

    assert sorted(fingerprint(fragment)) == [
        "Code.Check",
        "Configuration.Check",
        "Configuration.Migrate",
        "Environment.Check",
        "Layers.Check",
    ]


def test_a_handler_outside_the_template_has_no_entry() -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:migrate"

    assert fingerprint(template(Run=trigger(arn))) == {}


@pytest.mark.parametrize("properties", [{}, {"Properties": None}, {"Properties": "odd"}])
def test_a_function_without_properties_has_no_entry(properties: Template) -> None:
    assert fingerprint(with_handler({"Type": "AWS::Lambda::Function"} | properties)) == {}


def test_execute_on_handler_change_false_leaves_out_all_about_the_handler() -> None:
    run = trigger(ExecuteOnHandlerChange=False, Payload=1, ExecuteOnResourceChange=["Orders"])
    fragment = template(Migrate=variables(TABLE=ref("Orders")), Orders=table(), Run=run)

    assert fingerprint(fragment).keys() == {"Payload", "References", "Resources.Orders"}
    assert fingerprint(fragment)["References"] == {"Orders": ref("Orders")}


def test_execute_on_every_deployment_is_the_macros_request() -> None:
    run = trigger(ExecuteOnEveryDeployment=True)

    assert fingerprint(template(Run=run))["Deployment"] == REQUEST


def test_each_watched_resource_is_an_entry_by_name() -> None:
    run = trigger(ExecuteOnResourceChange=["AWS::DynamoDB::*", "Migrate"])
    before = fingerprint(template(Orders=table(), Items=table(), Run=run))
    after = fingerprint(template(Orders=table(Changed=1), Items=table(), Run=run))

    assert {key for key in before if key.startswith("Resources.")} == {
        "Resources.Items",
        "Resources.Migrate",
        "Resources.Orders",
    }
    assert {key for key in after if after[key] != before[key]} == {"Resources.Orders"}


def test_a_change_of_a_watched_resources_attributes_counts() -> None:
    run = trigger(ExecuteOnResourceChange=["Orders"])
    before = fingerprint(template(Orders=table(), Run=run))

    assert fingerprint(template(Orders=under("Production", table()), Run=run)) != before


def test_the_metadata_of_a_watched_resource_does_not_count() -> None:
    run = trigger(ExecuteOnResourceChange=["Orders"])
    by_sam = table() | {"Metadata": {"SamResourceId": "Orders"}}  # its client adds this

    assert fingerprint(template(Orders=by_sam, Run=run)) == fingerprint(
        template(Orders=table(), Run=run)
    )


# ---- SAM, before it has run


# ---- parameters, mappings and conditions


PARAMETERS: Final = {
    "Stage": {"Type": "String", "Default": "test"},
    "Names": {"Type": "CommaDelimitedList"},
    "Secret": {"Type": "String", "NoEcho": "true", "Default": "hush"},
}


def hashed(handler: Template, **values: Any) -> Template:
    """Return the entries except the live references."""
    conditions = {
        "IsTest": {"Fn::Equals": [ref("Stage"), "test"]},
        "IsOther": {"Fn::Not": [{"Condition": "IsTest"}]},
        "IsLarge": {"Fn::Equals": [{"Fn::FindInMap": ["Sizes", "a", "Memory"]}, 5]},
    }
    sections = {"Parameters": PARAMETERS, "Conditions": conditions}
    mappings = values.pop("Mappings", {})
    found = fingerprint(with_handler(handler, **sections, Mappings=mappings), **values)
    return {key: value for key, value in found.items() if key != "References"}


@pytest.mark.parametrize(
    "value",
    [
        ref("Stage"),
        sub("-${Stage}-"),
        sub("${Own}", {"Own": ref("Stage")}),
        {"Fn::Join": ["", ["a", ref("Stage")]]},
        when("IsTest", 1, no=2),
        when("IsOther", 1, no=2),
        {"Fn::FindInMap": ["Sizes", ref("Stage"), "Memory"]},
    ],
)
def test_a_parameters_value_counts_however_it_is_used(value: Any) -> None:
    test, live = (hashed(variables(A=value), Stage=stage) for stage in ("test", "live"))

    assert test["Environment"] != live["Environment"]


def test_a_parameter_that_is_not_used_does_not_count() -> None:
    assert hashed(variables(A=1), Stage="live") == hashed(variables(A=1), Stage="test")


def test_a_parameter_without_a_value_has_its_default() -> None:
    assert hashed(variables(A=ref("Stage"))) == hashed(variables(A=ref("Stage")), Stage="test")


def test_a_list_counts_in_its_order() -> None:
    handler = variables(A={"Fn::Join": ["", ref("Names")]})

    assert hashed(handler, Names=["a", "b"]) != hashed(handler, Names=["b", "a"])


@pytest.mark.parametrize(
    "value",
    [
        ref("Secret"),
        sub("${Secret}"),
        when("IsSecret", 1, no=2),
        when("IsTest", ref("Secret")),
        {"Fn::FindInMap": ["Sizes", ref("Secret"), "Memory"]},
    ],
)
@pytest.mark.parametrize("no_echo", [True, "true", "True"])
def test_a_secrets_value_is_never_hashed(value: Any, *, no_echo: bool | str) -> None:
    sections = {
        "Parameters": {"Stage": {}, "Secret": {"NoEcho": no_echo, "Default": "hush"}},
        "Conditions": {
            "IsSecret": {"Fn::Equals": [ref("Secret"), "hush"]},
            "IsTest": {"Fn::Equals": [ref("Stage"), "test"]},
        },
    }
    run = trigger(Payload=value, ExecuteOnResourceChange=["Orders"])
    fragment = template(sections, Migrate=variables(A=value), Orders=table(A=value), Run=run)

    first, second = (fingerprint(fragment, Stage="test", Secret=secret) for secret in ("a", "b"))

    assert first == second
    assert first == fingerprint(fragment, Stage="test")


def test_a_mapping_that_is_used_counts_by_content() -> None:
    handler = function(MemorySize={"Fn::FindInMap": ["Sizes", "a", "Memory"]})
    small, large = ({"Sizes": {"a": {"Memory": size}}} for size in (128, 512))

    assert hashed(handler, Mappings=small) != hashed(handler, Mappings=large)


def test_a_mapping_that_a_condition_uses_counts() -> None:
    handler = function(MemorySize=when("IsLarge", 512, no=128))
    small, large = ({"Sizes": {"a": {"Memory": size}}} for size in (4, 5))

    assert hashed(handler, Mappings=small) != hashed(handler, Mappings=large)


def test_a_mapping_that_is_not_used_does_not_count() -> None:
    one, other = ({"Others": {"a": {"Memory": size}}} for size in (128, 512))

    assert hashed(HANDLER, Mappings=one) == hashed(HANDLER, Mappings=other)


@pytest.mark.parametrize("section", ["Parameters", "Mappings", "Conditions", "Globals"])
@pytest.mark.parametrize("content", [None, "odd", ["odd"], {"IsTest": None, "Stage": "odd"}])
def test_a_section_of_any_shape_can_be_hashed(section: str, content: Any) -> None:
    value = [when("IsTest", ref("Stage")), {"Fn::FindInMap": ["Stage", "a", "b"]}]
    sections = {section: content}

    assert list(fingerprint(with_handler(variables(A=value), **sections)))[:2] == [
        "Configuration",
        "Environment",
    ]


def test_conditions_that_refer_to_each_other_in_a_ring_can_be_hashed() -> None:
    ring = {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}}

    assert "Environment" in fingerprint(with_handler(variables(A=when("A", 1)), Conditions=ring))


# ---- live references


def live(handler: Template, **sections: Any) -> Template:
    references: Template = fingerprint(
        template(
            sections,
            Migrate=handler,
            Role=of_type("AWS::IAM::Role"),
            Orders=table(),
            Custom=of_type("Custom::Secret", ServiceToken="arn"),
            Old=of_type("AWS::CloudFormation::CustomResource", ServiceToken="arn"),
            Nested=of_type("AWS::CloudFormation::Stack"),
            Key=of_type("AWS::IAM::AccessKey"),
            Run=trigger(),
        )
    ).get("References", {})
    return references


def test_what_the_handler_refers_to_is_repeated_for_cloudformation_to_resolve() -> None:
    handler = function(
        Role=get("Role"), Environment={"Variables": {"A": ref("Orders"), "B": sub("${Orders.Arn}")}}
    )

    assert live(handler) == {
        "Orders": ref("Orders"),
        "Orders.Arn": get("Orders"),
        "Role.Arn": get("Role"),
    }


def test_a_parameter_is_repeated_so_that_a_change_without_a_template_is_seen() -> None:
    handler = variables(A=ref("Stage"))

    assert live(handler, Parameters=PARAMETERS) == {"Stage": ref("Stage")}


@pytest.mark.parametrize(
    "value",
    [ref("Secret"), sub("${Secret}"), ref("AWS::Region"), sub("${AWS::StackName}"), ref("Nobody")],
)
def test_neither_a_secret_nor_an_unknown_name_is_repeated(value: Any) -> None:
    assert live(variables(A=value), Parameters=PARAMETERS) == {}


@pytest.mark.parametrize("name", ["Custom", "Old", "Nested", "Key"])
@pytest.mark.parametrize("attribute", ["SecretAccessKey", "Outputs.Password"])
def test_only_the_ref_of_a_resource_that_may_have_a_secret_is_repeated(
    name: str, attribute: str
) -> None:
    assert live(variables(A=get(name, attribute))) == {name: ref(name)}


def test_of_a_computed_attribute_only_the_ref_is_repeated() -> None:
    computed = {"Fn::GetAtt": ["Orders", ref("Stage")]}

    assert live(variables(A=computed), Parameters=PARAMETERS) == {
        "Orders": ref("Orders"),
        "Stage": ref("Stage"),
    }


def test_a_reference_keeps_the_ifs_it_stands_under() -> None:
    value = when("A", when("B", 1, no=get("Orders")), no=ref("Role"))

    assert live(variables(V=value), Conditions={"A": {}, "B": {}}) == {
        "Orders.Arn A !B": when("A", when("B", ref("AWS::NoValue"), no=get("Orders"))),
        "Role !A": when("A", ref("AWS::NoValue"), no=ref("Role")),
    }


def test_the_same_reference_under_different_ifs_is_repeated_for_each() -> None:
    value = [ref("Orders"), when("A", ref("Orders")), when("B", ref("Orders"))]

    assert live(variables(V=value), Conditions={"A": {}, "B": {}}) == {
        "Orders": ref("Orders"),
        "Orders A": when("A", ref("Orders")),
        "Orders B": when("B", ref("Orders")),
    }


def test_a_reference_of_a_function_that_may_not_be_there_keeps_its_condition() -> None:
    chosen = when("Production", get("Large"), get("Migrate"))
    fragment = template(
        {"Conditions": {"Production": {}}},
        Orders=under("Production", table()),
        Large=under("Production", variables(TABLE=ref("Orders"))),
        Run=trigger(chosen),
    )

    references = fingerprint(fragment)["References"]

    assert list(references.values()) == [when("Production", ref("Orders"))]


def test_what_makes_no_new_version_is_not_repeated() -> None:
    assert live(function(Tags=[{"Key": "A", "Value": ref("Orders")}])) == {}


def test_what_a_payload_refers_to_is_not_repeated() -> None:
    run = trigger(Payload=ref("Orders"))

    assert "References" not in fingerprint(template(Orders=table(), Run=run))
