"""The names that an author wrote keep their meaning after SAM, by SAM's own translator.

What SAM makes of `!Ref Migrate.Alias` in a trigger is what the name means in a selector.
"""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samtranslator.model.sam_resources import (
    SamApi,
    SamFunction,
    SamHttpApi,
    SamWebSocketApi,
)

from macro.cloudformation import Resources
from macro.expand import read
from macro.model import Deployment
from macro.risks import risks
from macro.sam_names import types_of, written_names
from tests.properties.test_laws import BRIEF
from tests.support.golden_cases import by_sam
from tests.support.templates import (
    QUEUE,
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
    waits,
)

CODE: Final = {"Runtime": "python3.13", "Handler": "index.handler", "InlineCode": "x"}
BODY: Final = {"openapi": "3.0.1", "info": {"title": "door", "version": "1"}, "paths": {}}
IDS: Final = ["Fn", "FnAlias", "FnVersion", "Api", "Libs", "LibsA", "Web", "Shop", "Link"]
PARTS: Final = sorted(
    {
        part
        for kind in (SamFunction, SamApi, SamHttpApi, SamWebSocketApi)
        for part in kind.referable_properties
    }
)


def serverless(kind: str, **properties: Any) -> Template:
    return of_type(f"AWS::Serverless::{kind}", **properties)


def layer(**properties: Any) -> Template:
    return serverless("LayerVersion", ContentUri="s3://layers/one.zip", **properties)


def connector(source: str, *destinations: str) -> Template:
    ends = [{"Id": name} for name in destinations]
    return serverless(
        "Connector",
        Source={"Id": source},
        Destination=ends if len(ends) > 1 else ends[0],
        Permissions=["Write"],
    )


def transformed(**written: Template) -> Template:
    """Return the resources that SAM makes of some, besides the function `Migrate`."""
    after_sam: Template = by_sam({"Resources": {"Migrate": function(), **written}})["Resources"]
    return after_sam


BEFORE_SAM: Final = (
    "Transform: Trigger runs before SAM has transformed {name!r};"
    " write Transform: [AWS::Serverless-2016-10-31, Trigger]"
)


# ---- the law


_destinations = st.fixed_dictionaries(
    {}, optional={"OnFailure": st.just({"Type": "SQS"}), "OnSuccess": st.just({"Type": "SNS"})}
).map(lambda ends: {"DestinationConfig": ends})
_functions = st.fixed_dictionaries(
    {name: st.just(value) for name, value in CODE.items()},
    optional={
        "AutoPublishAlias": st.sampled_from(["live", "Alias"]),
        "EventInvokeConfig": _destinations,
        "FunctionUrlConfig": st.just({"AuthType": "NONE"}),
    },
).map(lambda properties: serverless("Function", **properties))
_domain = st.just({"DomainName": "shop.example.com", "CertificateArn": "arn:aws:acm:x"})
_usage = st.just({"ApiKeyRequired": True, "UsagePlan": {"CreateUsagePlan": "PER_API"}})
_rest_apis = st.fixed_dictionaries(
    {"StageName": st.sampled_from(["live", "p"]), "DefinitionBody": st.just(BODY)},
    optional={"Domain": _domain, "Auth": _usage},
).map(lambda properties: serverless("Api", **properties))
_http_apis = st.fixed_dictionaries(
    {"DefinitionBody": st.just(BODY)},
    optional={"StageName": st.sampled_from(["live", "p"]), "Domain": _domain},
).map(lambda properties: serverless("HttpApi", **properties))
_others = st.sampled_from([
    layer(), layer(LayerName="shared"), serverless("SimpleTable"), QUEUE, function(),
    serverless("Application", Location="s3://apps/one.yaml"),
    serverless("StateMachine", Definition={"StartAt": "A"}, Role="arn:aws:iam::1:role/a"),
])  # fmt: skip
_applications = st.dictionaries(
    st.sampled_from(IDS), _functions | _rest_apis | _http_apis | _others, min_size=1, max_size=4
)


@settings(BRIEF)
@given(_applications)
def test_a_name_means_what_sam_makes_of_a_reference_to_it(application: Template) -> None:
    names = [*application, *(f"{name}.{part}" for name in application for part in PARTS)]
    run = trigger(Payload=[ref(name) for name in names])

    after_sam = transformed(**application, Run=run)

    meant = {
        name: reference["Ref"]
        for name, reference in zip(names, after_sam["Run"]["Properties"]["Payload"], strict=True)
        if reference["Ref"] in after_sam
    }
    by_name = {name: (name,) for name in application if name in after_sam} | written_names(
        Resources(after_sam)
    )
    assert by_name == {name: (logical_id,) for name, logical_id in meant.items()}


@settings(BRIEF)
@given(_applications)
def test_a_type_of_sam_selects_what_it_becomes(application: Template) -> None:
    after_sam = transformed(**application)
    by_name = written_names(Resources(after_sam))

    for name, resource in application.items():
        (logical_id,) = by_name.get(name, (name,))
        assert resource["Type"] in types_of(logical_id, after_sam[logical_id])


# ---- what it means to selectors and handlers


SELECTED: Final = [
    ("Libs", layer(), "AWS::Lambda::LayerVersion"),
    ("Lib*", layer(), "AWS::Lambda::LayerVersion"),
    ("AWS::Serverless::LayerVersion", layer(), "AWS::Lambda::LayerVersion"),
    (
        "Libs.Alias",
        serverless("Function", AutoPublishAlias="live", **CODE),
        "AWS::Lambda::Alias",
    ),
    (
        "Libs.Version",
        serverless("Function", AutoPublishAlias="live", **CODE),
        "AWS::Lambda::Version",
    ),
    ("AWS::Serverless::Function", serverless("Function", **CODE), "AWS::Lambda::Function"),
    ("AWS::Serverless::F*", serverless("Function", **CODE), "AWS::Lambda::Function"),
    ("AWS::Serverless::SimpleTable", serverless("SimpleTable"), "AWS::DynamoDB::Table"),
]


@pytest.mark.parametrize(("selector", "written", "kind"), SELECTED)
def test_a_selector_means_what_sam_generates_in_every_property(
    selector: str, written: Template, kind: str
) -> None:
    after_sam = transformed(Libs=written)
    (meant,) = (name for name in after_sam if name != "Migrate" and after_sam[name]["Type"] == kind)

    after = template(**after_sam, Run=trigger(ExecuteAfter=[selector]))
    before = template(**after_sam, Run=trigger(ExecuteBefore=[selector]))
    changed = template(**after_sam, Run=trigger(ExecuteOnResourceChange=[selector]))

    assert waits(after) == [meant]
    assert waits(before, meant)[-1:] == ["Run"]
    assert f"Resources.{meant}" in fingerprint(changed)


def test_a_connector_means_every_resource_that_sam_generates_for_it() -> None:
    fn = serverless("Function", **CODE)
    after_sam = transformed(
        Fn=fn, Orders=table(), Jobs=QUEUE, Link=connector("Fn", "Orders", "Jobs")
    )
    policies = sorted(name for name in after_sam if name.startswith("Link"))

    assert len(policies) == 2
    assert sorted(waits(template(**after_sam, Run=trigger(ExecuteAfter=["Link"])))) == policies


@pytest.mark.parametrize("spelling", ["Fn.Alias", "Fn.Version"])
def test_a_handler_may_be_what_sam_made(spelling: str) -> None:
    after_sam = transformed(Fn=serverless("Function", AutoPublishAlias="live", **CODE))

    run = resources(template(**after_sam, Run=trigger(spelling)))["Run"]

    (meant,) = written_names(Resources(after_sam))[spelling]
    assert run["Properties"]["HandlerArn"] == ref(meant)
    assert {"Fn", "TriggerProviderInvokeFn"} <= {*run["DependsOn"]}


def test_a_function_that_is_not_of_sam_is_not_selected_by_sams_type() -> None:
    after_sam = transformed(Fn=serverless("Function", **CODE))
    run = trigger(ExecuteAfter=["AWS::Serverless::Function"])

    assert waits(template(**after_sam, Other=function(), Run=run)) == ["Fn"]


def test_everything_has_what_sam_made() -> None:
    after_sam = transformed(Fn=serverless("Function", AutoPublishAlias="live", **CODE))

    assert {*waits(template(**after_sam, Run=trigger(ExecuteAfter=["*"])))} == {*after_sam} - {
        "Migrate"
    }


def test_an_api_brings_its_stages_into_what_is_watched() -> None:
    after_sam = transformed(Door=serverless("Api", StageName="live", DefinitionBody=BODY))
    watched = fingerprint(template(**after_sam, Run=trigger(ExecuteOnResourceChange=["Door"])))

    assert {name for name in watched if name.startswith("Resources.")} == {
        f"Resources.{name}" for name in after_sam if name != "Migrate"
    }


# ---- messages


def test_a_message_has_the_name_that_the_author_wrote() -> None:
    fn = serverless("Function", Layers=[ref("Libs")], AutoPublishAlias="live", **CODE)
    after_sam = transformed(Libs=layer(), Fn=fn)

    assert problems(template(**after_sam, Run=trigger("Fn.Alias", ExecuteBefore=["Libs"]))) == [
        (
            "Run.ExecuteBefore: closes a cycle: Libs -> Run -> Fn -> Libs;"
            " remove one of these dependencies"
        )
    ]


def test_a_risk_has_the_name_that_the_author_wrote() -> None:
    fn = serverless("Function", Layers=[ref("Libs")], **CODE)
    made = transformed(Libs=layer(), Fn=fn)
    reading = read(template(**made, Run=trigger("Fn")), Deployment())

    assert [risk.place for risk in risks(reading)] == ["Libs.Content"]


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("Lib", "no resource 'Lib' in the template; did you mean 'Libs'?"),
        ("Fn.Alas", "no resource 'Fn.Alas' in the template; did you mean 'Fn.Alias'?"),
        (
            "AWS::Serverless::Functon",
            (
                "'AWS::Serverless::Functon' matches no resource;"
                " did you mean 'AWS::Serverless::Function'?"
            ),
        ),
    ],
)
def test_a_hint_is_a_name_that_the_author_may_write(selector: str, hint: str) -> None:
    after_sam = transformed(
        Libs=layer(), Fn=serverless("Function", AutoPublishAlias="live", **CODE)
    )

    assert problems(template(**after_sam, Run=trigger(ExecuteAfter=[selector]))) == [
        f"Run.ExecuteAfter: {hint}"
    ]


def test_a_handler_that_is_misspelled_has_the_hint_too() -> None:
    after_sam = transformed(Fn=serverless("Function", AutoPublishAlias="live", **CODE))

    assert problems(template(**after_sam, Run=trigger("Fn.Alas"))) == [
        "Run.Handler: no 'Fn.Alas' in the template; did you mean 'Fn.Alias'?"
    ]


# ---- before SAM


@pytest.mark.parametrize("kind", ["Function", "Api", "StateMachine", "LayerVersion", "Application"])
@pytest.mark.parametrize("selectors", [[], ["Door"], ["*"]])
def test_a_trigger_next_to_what_sam_has_not_transformed_is_a_problem(
    kind: str, selectors: list[str]
) -> None:
    fragment = template(Door=serverless(kind), Run=trigger(ExecuteAfter=selectors))

    assert problems(fragment) == [BEFORE_SAM.format(name="Door")]


@pytest.mark.parametrize("handler", ["Fn", ref("Fn.Alias"), get("Fn"), {"Fn::If": ["A", "b", "c"]}])
def test_the_order_of_transforms_is_the_one_problem_before_sam(handler: Any) -> None:
    fragment = {"Resources": {"Fn": serverless("Function"), "Run": trigger(handler)}}

    assert problems(fragment) == [BEFORE_SAM.format(name="Fn")]


def test_problems_of_spelling_are_reported_before_sam_too() -> None:
    noted = serverless("Function") | {"Metadata": {"Trigger": {"Timeout": 0}}}

    assert problems(template(Fn=noted)) == [
        "Fn.Metadata.Trigger.Timeout: must be a whole number from 1 to 43200, not 0",
        BEFORE_SAM.format(name="Fn"),
    ]


def test_without_a_trigger_resources_of_sam_are_left_alone() -> None:
    fragment = template(Fn=serverless("Function"))

    assert resources(fragment) == fragment["Resources"]
