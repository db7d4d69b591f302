"""Every prediction of `cfn-trigger plan`, compared with what a deployment then really did.

One stack lives through a sequence of changes. Before each, the plan is made from the stack as
CloudFormation describes it; after it, the handlers' logs say which triggers ran.
"""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from cfn_trigger.deployment.stack import read_snapshot
from cfn_trigger.prediction.predict import Prediction, predictions
from cfn_trigger.prediction.snapshots import NO_STACK, state_of_template, states_of_update
from cfn_trigger.template.source import parse_template
from tests.support.clients import Clients, Outcome
from tests.support.command_line import run
from tests.support.stacks import Json, Stack, function, trigger
from tests.support.waiting import QUICKLY

SEEN = """
    import json
    def handler(event, context):
        print(json.dumps(event))
        return {"Rows": 3}
"""
RUN, STAY, OPEN = "will run", "will not run", "unknown until deployment"
HANDLERS = ("Seen", "Other")

Template = dict[str, Json]


def first() -> Template:
    """Return the template that is deployed first."""
    variables = {"LEVEL": {"Ref": "Level"}, "TABLE": {"Ref": "Table"}, "MODE": "slow"}
    return {
        "Transform": "Trigger",
        "Parameters": {
            "Level": {"Type": "String", "Default": "low"},
            "Password": {"Type": "String", "NoEcho": True, "Default": "secret"},
            "Extra": {"Type": "String", "Default": "no"},
        },
        "Conditions": {"WithExtra": {"Fn::Equals": [{"Ref": "Extra"}, "yes"]}},
        "Resources": {
            **function("Seen", SEEN, Environment={"Variables": variables}),
            **function("Other", SEEN),
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            },
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Run": trigger("Seen"),
            "Paid": trigger("Other", Payload={"LogicalResourceId": "Paid", "Number": 1}),
            "Once": trigger("Other", ExecuteOnHandlerChange=False),
            "Watch": trigger(
                "Seen", ExecuteOnHandlerChange=False, ExecuteOnResourceChange=["Queue"]
            ),
            "Cleanup": trigger("Other", ExecuteOnHandlerChange=False, ExecuteOnDelete=True),
            "Kept": {**trigger("Other", ExecuteOnDelete=True, ExecuteOnHandlerChange=False),
                     "DeletionPolicy": "Retain"},
            "Extraordinary": {
                **trigger("Other", ExecuteOnHandlerChange=False), "Condition": "WithExtra",
            },
        },
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One deployment: an edit of the template, the parameters passed, and the expected verdicts.

    Triggers that `verdicts` does not name are predicted not to run. A deployment that `fails` is
    rolled back.
    """

    edit: Callable[[Template], object] = lambda _: None
    parameters: tuple[str, ...] = ()
    verdicts: tuple[tuple[str, str], ...] = ()
    fails: bool = False
    because: tuple[str, ...] = ()


def properties(template: Template, name: str) -> Template:
    found: Template = template["Resources"][name]["Properties"]
    return found


def renamed(template: Template) -> None:
    template["Resources"]["Again"] = template["Resources"].pop("Run")


def rewritten(template: Template, name: str) -> None:
    properties(template, name)["Code"]["ZipFile"] += "\n# changed"


def replaced(template: Template, name: str, old: str, new: str) -> None:
    code = properties(template, name)["Code"]
    code["ZipFile"] = code["ZipFile"].replace(old, new)


CHANGES = {
    "the first time": Change(
        verdicts=tuple((name, RUN) for name in ("Run", "Paid", "Once", "Watch", "Cleanup", "Kept")),
        because=("first time",) * 6,
    ),
    "nothing": Change(),
    "the code": Change(
        edit=lambda t: rewritten(t, "Seen"),
        verdicts=(("Run", RUN),),
        because=("the code of 'Seen'",),
    ),
    "a key of the environment": Change(
        edit=lambda t: properties(t, "Seen")["Environment"]["Variables"].update(MODE="fast"),
        verdicts=(("Run", RUN),),
        because=("environment key 'MODE' of 'Seen'",),
    ),
    "a parameter": Change(
        parameters=("Level=high",),
        verdicts=(("Run", RUN),),
        because=("environment key 'LEVEL' of 'Seen' (parameter 'Level': 'low' → 'high')",),
    ),
    "nothing, with the parameter left to its deployed value": Change(),
    "the description of a role, an order and metadata": Change(
        edit=lambda t: (
            properties(t, "SeenRole").update(Description="the role"),
            t["Resources"]["Run"].update(DependsOn="Queue", Metadata={"Reviewed": "yes"}),
        ),
    ),
    "a payload": Change(
        edit=lambda t: properties(t, "Paid")["Payload"].update(Number=2),
        verdicts=(("Paid", RUN),),
        because=("Payload.Number",),
    ),
    "tags of the functions": Change(
        edit=lambda t: [
            properties(t, name).update(Tags=[{"Key": "team", "Value": "blue"}]) for name in HANDLERS
        ],
    ),
    "a timeout": Change(
        edit=lambda t: properties(t, "Paid").update(Timeout=300),
        verdicts=(),
        because=(),
    ),
    "a name": Change(
        edit=renamed,
        verdicts=(("Again", RUN),),
        because=("first time; for CloudFormation, a renamed 'Run' is a new trigger",),
    ),
    "a table, in place": Change(
        edit=lambda t: properties(t, "Table").update(
            StreamSpecification={"StreamViewType": "KEYS_ONLY"}
        ),
    ),
    "a table, by another": Change(
        edit=lambda t: properties(t, "Table").update(TableName=f"table-{uuid4()}"),
        verdicts=(("Again", RUN),),
        because=("'Table' will be replaced",),
    ),
    "Enabled, to false": Change(edit=lambda t: properties(t, "Paid").update(Enabled=False)),
    "the code of what is not enabled, or runs only once": Change(
        edit=lambda t: rewritten(t, "Other"),
    ),
    "Enabled, to true": Change(
        edit=lambda t: properties(t, "Paid").update(Enabled=True),
        verdicts=(("Paid", RUN),),
        because=("Enabled: false → default",),
    ),
    "a watched resource": Change(
        edit=lambda t: properties_of_queue(t).update(VisibilityTimeout=60),
        verdicts=(("Watch", RUN),),
        because=("VisibilityTimeout of resource 'Queue'",),
    ),
    "ExecuteOnEveryDeployment, to true": Change(
        edit=lambda t: properties(t, "Again").update(ExecuteOnEveryDeployment=True),
        verdicts=(("Again", RUN),),
        because=("every deployment",),
    ),
    "nothing, with every deployment": Change(
        verdicts=(("Again", RUN),),
        because=("every deployment",),
    ),
    "ExecuteOnEveryDeployment, to false": Change(
        edit=lambda t: properties(t, "Again").pop("ExecuteOnEveryDeployment"),
        verdicts=(),
        because=(),
    ),
    "a condition": Change(
        parameters=("Extra=yes",), verdicts=(("Extraordinary", RUN),), because=("first time",)
    ),
    "a result that another trigger reads": Change(
        edit=lambda t: t["Resources"].update(
            Reader=trigger(
                "Other",
                ExecuteOnHandlerChange=False,
                Payload={
                    "LogicalResourceId": "Reader",
                    "Rows": {"Fn::GetAtt": ["Paid", "Rows"]},
                    "Password": {"Ref": "Password"},
                },
            )
        ),
        # Its attributes are now asked for: a property of it.
        verdicts=(("Paid", RUN), ("Reader", RUN)),
        because=("the template reads other attributes of it", "first time"),
    ),
    "what another trigger's result depends on": Change(
        edit=lambda t: properties(t, "Paid")["Payload"].update(Number=3),
        verdicts=(("Paid", RUN), ("Reader", OPEN)),
        because=("Payload.Number", "'Paid' will be updated, which may change its response"),
    ),
    "a secret, given again": Change(
        parameters=("Password=secret",),
        verdicts=(("Reader", OPEN),),
        because=("parameter 'Password' has NoEcho, so its deployed value is not known",),
    ),
    "a dry run, and a payload for what runs only once": Change(
        edit=lambda t: (
            properties(t, "Watch").update(Payload={"LogicalResourceId": "Watch"}),
            t["Resources"].update(Dry=trigger("Other", InvocationType="DryRun")),
        ),
        verdicts=(("Watch", RUN),),
        because=("Payload",),
    ),
    "a function, by another": Change(
        edit=lambda t: properties(t, "Seen").update(
            FunctionName={"Fn::Sub": "${AWS::StackName}-Seen-B"}
        ),
        verdicts=(("Again", RUN),),
        because=("'Seen' will be replaced", "FunctionName of 'Seen'"),
    ),
    "the code, to what fails": Change(
        edit=lambda t: replaced(t, "Seen", 'return {"Rows": 3}', "raise LookupError"),
        verdicts=(("Again", RUN),),
        fails=True,
        because=("the code of 'Seen'",),
    ),
    "nothing, since that was rolled back": Change(
        edit=lambda t: replaced(t, "Seen", "raise LookupError", 'return {"Rows": 3}'),
    ),
    "the provider's memory": Change(
        edit=lambda t: t.update(Transform={"Name": "Trigger", "Parameters": {"MemorySize": 256}}),
    ),
    "an alias": Change(
        edit=lambda t: published(t, "First"),
        verdicts=(("Served", RUN),),
        because=("first time",),
    ),
    "code behind the alias": Change(
        edit=lambda t: rewritten(t, "Other"),
        verdicts=(("Paid", RUN), ("Reader", OPEN)),
        because=(
            "the code of 'Other'",
            "'Paid' will be updated, which may change its response",
        ),
    ),
    "a version with that code": Change(
        edit=lambda t: published(t, "Second"),
        verdicts=(("Served", RUN),),
        because=("FunctionVersion of alias 'Live'",),
    ),
    "a queue that the watched one refers to": Change(
        edit=lambda t: (
            t["Resources"].update(Dead={"Type": "AWS::SQS::Queue", "Properties": {}}),
            properties_of_queue(t).update(
                RedrivePolicy={
                    "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                    "maxReceiveCount": 3,
                }
            ),
        ),
        verdicts=(("Watch", RUN),),
        because=("RedrivePolicy of resource 'Queue'",),
    ),
    "that queue, by another": Change(
        edit=lambda t: properties(t, "Dead").update(QueueName=f"dead-{uuid4()}"),
        verdicts=(("Watch", RUN),),
        because=("'Dead' will be replaced",),
    ),
    "the condition, back": Change(parameters=("Extra=no",)),
    "the last of three": Change(
        edit=lambda t: [t["Resources"].pop(name) for name in ("Cleanup", "Kept", "Once")],
        verdicts=(("Cleanup", RUN),),
        because=("it is deleted, and ExecuteOnDelete is true",),
    ),
}


def published(template: Template, version: str) -> None:
    """Publish a version of a function, and have a trigger run it through an alias."""
    names = {"Ref": "Other"}
    alias = {
        "FunctionName": names,
        "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
        "Name": "live",
    }
    template["Resources"] |= {
        version: {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": names}},
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": alias},
        "Served": trigger("Live"),
    }


def properties_of_queue(template: Template) -> Template:
    found: Template = template["Resources"]["Queue"].setdefault("Properties", {})
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What was predicted for one change, and how often each trigger then ran."""

    predicted: tuple[Prediction, ...]
    ran: Counter[str]


@pytest.fixture(scope="module")
def story(
    macro: Outcome, clients: Clients, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Chapter]]:
    """Deploy one change after the other."""
    assert macro.exit_code == 0
    folder = tmp_path_factory.mktemp("story")
    stack = Stack(name=f"stack-{uuid4()}", clients=clients, folder=folder)
    template, chapters, ran = first(), {}, Counter[str]()
    for change_name, change in CHANGES.items():
        template = copy.deepcopy(template)
        change.edit(template)
        text = json.dumps(template)
        predicted = planned(text, change, stack)
        deploy(text, change, stack)
        known = Counter(runs(stack))
        chapters[change_name] = Chapter(predicted=predicted, ran=known - ran)
        ran = known
    yield chapters
    stack.delete()


def deploy(text: str, change: Change, stack: Stack) -> None:
    """Deploy as `aws cloudformation deploy` does, without its half minutes of waiting."""
    cloudformation = stack.clients.boto("cloudformation")
    parameters = dict(pair.split("=") for pair in change.parameters)
    is_first = change is CHANGES["the first time"]
    kept = [] if is_first else json.loads(text)["Parameters"]
    values = {name: {"UsePreviousValue": True} for name in kept} | {
        name: {"ParameterValue": value} for name, value in parameters.items()
    }
    what, act = ("create", cloudformation.create_stack) if is_first else (
        "update", cloudformation.update_stack
    )  # fmt: skip
    try:
        act(
            StackName=stack.name,
            TemplateBody=text,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": name, **value} for name, value in values.items()],
        )
    except ClientError as error:
        assert "No updates are to be performed" in str(error)  # noqa: PT017 (often there is none)
        return
    waiter = cloudformation.get_waiter(
        "stack_rollback_complete" if change.fails else f"stack_{what}_complete"
    )
    waiter.wait(StackName=stack.name, WaiterConfig=QUICKLY)


def planned(text: str, change: Change, stack: Stack) -> tuple[Prediction, ...]:
    cloudformation = stack.clients.boto("cloudformation")
    is_first = change is CHANGES["the first time"]
    parameters = dict(pair.split("=") for pair in change.parameters)
    template = parse_template(text, "template.json")
    if is_first:
        after = state_of_template(template, parameters, region="us-east-1")
        return predictions(NO_STACK, after, region="us-east-1")
    baseline, after = states_of_update(
        template, parameters, read_snapshot(stack.name, cloudformation)
    )
    return predictions(baseline, after, region="us-east-1")


def runs(stack: Stack) -> Iterator[str]:
    for handler in HANDLERS:
        for line in stack.log(handler):
            if line.startswith("{"):  # or it is of a traceback
                yield json.loads(line)["LogicalResourceId"]


@pytest.mark.long
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_does_what_was_predicted_of_it(name: str, story: dict[str, Chapter]) -> None:
    chapter, change = story[name], CHANGES[name]

    verdicts = {prediction.trigger: prediction.verdict for prediction in chapter.predicted}
    assert {who: verdict for who, verdict in verdicts.items() if verdict != STAY} == dict(
        change.verdicts
    )
    sure = {who: 1 for who, verdict in verdicts.items() if verdict == RUN}
    opened = {who: chapter.ran[who] for who, verdict in verdicts.items() if verdict == OPEN}
    assert dict(chapter.ran) == sure | {who: times for who, times in opened.items() if times}
    assert (
        tuple(why for prediction in moving(chapter.predicted) for why in prediction.because)
        == change.because
    )


def moving(predicted: tuple[Prediction, ...]) -> Iterator[Prediction]:
    for one in predicted:
        if one.verdict != STAY:
            yield one


def test_what_the_sam_client_adds_to_every_resource_is_no_change_where_it_deploys_again(
    stack: Stack,
) -> None:
    text = json.dumps(first())
    stack.deploy_text(text)

    predicted = planned(text, Change(), stack)
    assert {one.verdict for one in predicted} == {STAY}

    (stack.folder / "template.json").write_text(text)
    arguments = ("plan", str(stack.folder / "template.json"), "--deployed-stack")
    there, nowhere = (
        run(*arguments, name, **stack.clients.environment()) for name in (stack.name, "nowhere")
    )
    assert (there.exit_code, there.stderr) == (0, "")
    assert there.stdout.count("nothing that it depends on differs") == len(predicted)
    assert nowhere.exit_code == 2
    assert nowhere.stderr == (
        "cfn-trigger: stack 'nowhere': does not exist in us-east-1; deploy it first, or check the"
        " name and the region\n"
    )

    before = Counter(runs(stack))
    stack.deploy_text(text, "--no-fail-on-empty-changeset")
    assert before == Counter(runs(stack))
