"""Values as the command knows them before a deployment, compared with what a handler receives."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from cfn_trigger.deployment.stack import read_snapshot
from cfn_trigger.errors import UsageError
from cfn_trigger.invocation.request import RunOptions, build_request
from cfn_trigger.template.source import parse_template
from tests.support.clients import Clients, Outcome
from tests.support.command_line import run
from tests.support.stacks import Json, Stack, function
from tests.support.templates import get, ref, sub, trigger, when
from tests.support.waiting import QUICKLY

SEEN = """
    import json
    def handler(event, context):
        print(json.dumps(event))
        return {}
"""


def looked_up(*arguments: Json) -> Json:
    return {"Fn::FindInMap": list(arguments)}


KNOWN: dict[str, Json] = {
    "an entry by a parameter": looked_up("Sizes", ref("Stage"), "N"),
    "an entry with a default": looked_up("Sizes", ref("Stage"), "N", {"DefaultValue": 0}),
    "the default of a missing entry": looked_up("Sizes", ref("Stage"), "X", {"DefaultValue": "d"}),
    "the default of a missing key": looked_up("Sizes", "none", "N", {"DefaultValue": 7}),
    "an entry by an entry": looked_up("Sizes", looked_up("Names", "live", "Stage"), "N"),
    "an entry by a text": looked_up("Texts", sub("${Stage}"), "T"),
    "an entry by a joined text": looked_up("Sizes", {"Fn::Join": ["", ["pr", "od"]]}, "N"),
    "an entry by an item": looked_up("Sizes", {"Fn::Select": [0, ref("Stages")]}, "N"),
    "an entry by the region": looked_up("Places", ref("AWS::Region"), "Name"),
    "an entry by the account": looked_up(
        "Accounts", ref("AWS::AccountId"), "Name", {"DefaultValue": "other"}
    ),
    "a list of a mapping": looked_up("Sizes", "dev", "L"),
    "an item of a list of a mapping": {"Fn::Select": [1, looked_up("Sizes", "dev", "L")]},
    "the length of a list": {"Fn::Length": ["a", "b"]},
    "the length of a parameter": {"Fn::Length": ref("Stages")},
    "the length of a split text": {"Fn::Length": {"Fn::Split": ["-", ref("Stage")]}},
    "the length of an entry": {"Fn::Length": looked_up("Sizes", "dev", "L")},
    "a map as JSON": {"Fn::ToJsonString": {"b": 1, "a": [True, "x"], "s": ref("Stage")}},
    "a list as JSON": {"Fn::ToJsonString": ["x", {"y": ref("Stages")}]},
    "a choice": when("IsProd", "yes", "no"),
    "a choice within a choice": when("IsDev", "no", when("IsProd", 1, 2)),
    "the name of the stack": sub("${AWS::StackName}/${Stage}/${!Stage}"),
    "the region": ref("AWS::Region"),
    "a joined list": {"Fn::Join": ["-", ref("Stages")]},
    "text in base 64": {"Fn::Base64": sub("a-${Stage}")},
    "a number": 1.5,
    "a list of choices": [when("IsDev", "x"), when("IsProd", "y")],
}
OPEN: dict[str, Json] = {
    "an attribute of a resource": get("Seen"),
    "an attribute as JSON": {"Fn::ToJsonString": {"arn": get("SeenRole")}},
    "a stored parameter": ref("Stored"),
    "a hidden parameter": ref("Hidden"),
    "an entry by a hidden parameter": looked_up("Sizes", ref("Hidden"), "N", {"DefaultValue": 0}),
}
CASES = KNOWN | OPEN


def text(cases: dict[str, Json]) -> str:
    return json.dumps(
        {
            "Transform": ["AWS::LanguageExtensions", "Trigger"],
            "Parameters": {
                "Stage": {"Type": "String", "Default": "dev"},
                "Stages": {"Type": "CommaDelimitedList", "Default": "prod, dev"},
                "Hidden": {"Type": "String", "NoEcho": True, "Default": "dev"},
                "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/level"},
            },
            "Mappings": {
                "Sizes": {"dev": {"N": 3, "L": ["A", "B"]}, "prod": {"N": 9, "L": ["C"]}},
                "Texts": {"dev": {"T": "three"}, "prod": {"T": "nine"}},
                "Names": {"live": {"Stage": "prod"}},
                "Places": {"eu-west-1": {"Name": "Ireland"}, "us-east-1": {"Name": "Virginia"}},
                "Accounts": {"111122223333": {"Name": "one"}, "444455556666": {"Name": "two"}},
            },
            "Conditions": {
                "IsProd": {"Fn::Equals": [ref("Stage"), "prod"]},
                "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
            },
            "Resources": {
                **function("Seen", SEEN),
                "Run": trigger(ref("Seen"), Payload={"Values": cases}),
                "Fn::ForEach::Others": [
                    "Name",
                    ref("Stages"),
                    {
                        "Of${Name}": trigger(
                            ref("Seen"), Payload={"Looped": sub("${Name}-${Stage}")}
                        )
                    },
                ],
            },
        }
    )


@pytest.fixture(scope="module")
def stack(
    macro: Outcome, clients: Clients, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Deploy all values as one payload, with `Stage` set to another value than its default."""
    assert macro.exit_code == 0
    clients.boto("ssm").put_parameter(Name="/level", Value="high", Type="String", Overwrite=True)
    deployed = Stack(
        name=f"stack-{uuid4()}", clients=clients, folder=tmp_path_factory.mktemp("values")
    )
    cloudformation = clients.boto("cloudformation")
    cloudformation.create_stack(
        StackName=deployed.name,
        TemplateBody=text(CASES),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": "Stage", "ParameterValue": "prod"},
            {"ParameterKey": "Hidden", "ParameterValue": "prod"},
        ],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=deployed.name, WaiterConfig=QUICKLY
    )
    yield deployed
    deployed.delete()


@pytest.fixture(scope="module")
def received(stack: Stack) -> dict[str, Json]:
    """Return what the handler received, by case."""
    events = [json.loads(line) for line in stack.log("Seen") if line.startswith("{")]
    (values,) = (event["Values"] for event in events if "Values" in event)
    return dict(values)


def known_value(case: str, stack: Stack) -> Any:
    """Return the value of a case as `run` knows it; raises UsageError if it does not."""
    template = parse_template(text({case: CASES[case]}), "template.json")
    snapshot = read_snapshot(stack.name, stack.clients.boto("cloudformation"))
    options = RunOptions(trigger="Run", request_type="Create", request_id="1")
    return build_request(template, snapshot, options).request.payload["Values"][case]


@pytest.mark.parametrize("case", KNOWN)
def test_a_known_value_is_the_deployed_one(
    case: str, stack: Stack, received: dict[str, Json]
) -> None:
    assert known_value(case, stack) == received[case]


@pytest.mark.parametrize("case", OPEN)
def test_a_value_that_is_not_known_is_left_open(
    case: str, stack: Stack, received: dict[str, Json]
) -> None:
    try:
        value = known_value(case, stack)
    except UsageError:
        return
    assert value == received[case]


def planned(stack: Stack, template: str, *more: str) -> dict[str, tuple[str, list[str]]]:
    """Return the verdict on each trigger of an update, and its reasons."""
    path = stack.folder / "template.json"
    path.write_text(template)
    arguments = ("plan", str(path), "--deployed-stack", stack.name, "--json", *more)
    outcome = run(*arguments, **stack.clients.environment())
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    triggers = json.loads(outcome.stdout)["triggers"]
    return {each["trigger"]: (each["verdict"], each["because"]) for each in triggers}


def test_what_aws_writes_in_its_own_way_is_no_difference(stack: Stack) -> None:
    verdicts = planned(stack, text(CASES))

    assert set(verdicts) == {"Run", "Ofprod", "Ofdev"}
    assert {name: verdict for name, (verdict, _) in verdicts.items()} == {
        "Run": "unknown until deployment",  # it reads a stored parameter
        "Ofprod": "will not run",
        "Ofdev": "will not run",
    }
    assert verdicts["Run"][1] == [
        "parameter 'Stored' is looked up at deployment",
        "parameter 'Hidden' has NoEcho, so its deployed value is not known",
    ]


def test_a_parameter_runs_what_depends_on_it(stack: Stack) -> None:
    verdicts = planned(stack, text(KNOWN), "--parameter", "Stage=dev")

    assert {name: verdict for name, (verdict, _) in verdicts.items()} == dict.fromkeys(
        ("Run", "Ofprod", "Ofdev"), "will run"
    )
    assert verdicts["Ofdev"][1] == ["Payload.Looped (parameter 'Stage': 'prod' → 'dev')"]
