"""An API is selected with what makes it answer: its deployments and stages."""

from typing import Final

import pytest

from tests.support.golden_cases import by_sam
from tests.support.templates import (
    Template,
    of_type,
    problems,
    ref,
    table,
    template,
    trigger,
    under,
    waits,
    when,
)

REST: Final[Template] = {
    "Door": of_type("AWS::ApiGateway::RestApi", Name="door"),
    "Deployed": of_type("AWS::ApiGateway::Deployment", RestApiId=ref("Door")),
    "Live": of_type("AWS::ApiGateway::Stage", RestApiId=ref("Door"), DeploymentId=ref("Deployed")),
}
HTTP: Final[Template] = {
    "Door": of_type("AWS::ApiGatewayV2::Api", Name="door", ProtocolType="HTTP"),
    "Deployed": of_type("AWS::ApiGatewayV2::Deployment", ApiId=ref("Door")),
    "Live": of_type("AWS::ApiGatewayV2::Stage", ApiId=ref("Door"), DeploymentId=ref("Deployed")),
}
BOTH: Final = pytest.mark.parametrize("api", [REST, HTTP], ids=["rest", "http"])


@BOTH
@pytest.mark.parametrize("selector", ["Door", "Doo*", "AWS::ApiGateway*::*Api"])
def test_a_trigger_after_an_api_is_after_its_deployments_and_stages(
    api: Template, selector: str
) -> None:
    fragment = template(**api, Run=trigger(ExecuteAfter=[selector]))

    assert sorted(waits(fragment)) == ["Deployed", "Door", "Live"]


@BOTH
def test_a_trigger_before_an_api_is_before_its_deployments_and_stages(api: Template) -> None:
    fragment = template(**api, Run=trigger(ExecuteBefore=["Door"]))

    assert {name: waits(fragment, name) for name in api} == {name: ["Run"] for name in api}


@BOTH
def test_a_stage_is_selected_alone(api: Template) -> None:
    assert waits(template(**api, Run=trigger(ExecuteAfter=["Deployed"]))) == ["Deployed"]


@BOTH
def test_a_stage_of_another_api_is_not_selected(api: Template) -> None:
    other = api["Door"]
    fragment = template(**api, Window=other, Run=trigger(ExecuteAfter=["Window"]))

    assert waits(fragment) == ["Window"]


@BOTH
def test_what_else_refers_to_an_api_is_not_selected(api: Template) -> None:
    fragment = template(
        **api, Orders=table(TableName=ref("Door")), Run=trigger(ExecuteAfter=["Door"])
    )

    assert "Orders" not in waits(fragment)


@BOTH
def test_a_stage_that_waits_for_the_trigger_is_left_out(api: Template) -> None:
    late = dict(api["Live"]) | {"DependsOn": "Run"}
    fragment = template(**api | {"Live": late}, Run=trigger(ExecuteAfter=["Door"]))

    assert problems(fragment) == []
    assert sorted(waits(fragment)) == ["Deployed", "Door"]


@BOTH
def test_a_stage_that_may_not_be_there_is_waited_for_where_it_is(api: Template) -> None:
    sections: Template = {"Conditions": {"Production": {}}}
    stages = api | {"Live": under("Production", api["Live"])}
    fragment = template(sections, **stages, Run=trigger(ExecuteAfter=["Door"]))

    assert sorted(waits(fragment)) == ["Deployed", "Door"]
    assert problems(fragment) == []


@BOTH
def test_a_stage_of_an_api_chosen_under_a_condition_is_its_stage(api: Template) -> None:
    name = "RestApiId" if api is REST else "ApiId"
    kind = api["Live"]["Type"]
    perhaps = of_type(kind, **{name: when("Production", ref("Door"), "elsewhere")})
    fragment = template(**api, Perhaps=perhaps, Run=trigger(ExecuteAfter=["Door"]))

    assert "Perhaps" in waits(fragment)


def test_resources_that_sam_generates_for_an_api_are_selected_with_it() -> None:
    body = {"openapi": "3.0.1", "paths": {}}
    sam = {
        "Door": of_type("AWS::Serverless::Api", StageName="live", DefinitionBody=body),
        "Web": of_type("AWS::Serverless::HttpApi", DefinitionBody=body),
    }
    transformed = by_sam({"Resources": sam})["Resources"]
    fragment = template(**transformed, Run=trigger(ExecuteAfter=["Door", "Web"]))

    assert sorted(waits(fragment)) == sorted(transformed)
    assert len(transformed) == 5


# ---- everything, while SAM has yet to say what that is
