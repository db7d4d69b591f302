"""Questions to AWS whose answers are not documented, each asked by a small stack.

Knows for each question what is assumed and what depends on it. A probe returns what it saw as a
sentence, and never judges it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from acceptance.account import Account, NotAsExpectedError
from acceptance.connection import idle_connection

RECORDER: Final = "recorder"
TEMPLATES: Final = Path(__file__).parent / "templates"
HANDLE: Final = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
"""A resource that costs nothing and takes no time."""

LONGEST_IDLE: Final = 900
BETWEEN_LOOKS: Final = 10
"""Seconds for which a connection stays idle, and between two looks at it."""

_RECORDED: Final = "RECORDED "
_LOG_POLLS: Final = 60


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One question to AWS."""

    name: str
    question: str
    assumption: str
    dependents: str
    ask: Callable[[Account], str]
    takes_long: bool = False


# ---- what probes share


def echo_name(account: Account) -> str:
    """Return the name of the macro that returns what it receives."""
    return account.macro_name("Echo")


def prepare(account: Account) -> None:
    """Create the functions and the role that the probes use."""
    template = (TEMPLATES / "recorder.yaml").read_text()
    parameters = {"EchoName": echo_name(account)}
    status = account.create(RECORDER, template, Parameters=parameters)
    if status != "CREATE_COMPLETE":
        raise NotAsExpectedError(f"{account.name(RECORDER)}: {status}")


def recorded_resource(account: Account, **properties: Any) -> dict[str, Any]:
    """Return a custom resource of the recorder.

    The property of a request's name, such as `Create`, is `succeed`, `fail` or `ignore`.
    """
    token = account.outputs(RECORDER)["Recorder"]
    return {
        "Type": "Custom::Recorded",
        "Properties": {"ServiceToken": token, "ServiceTimeout": 60} | properties,
    }


def requests_of(account: Account, resource: str) -> list[dict[str, str]]:
    """Return the requests that the recorder has received for a resource."""
    function = account.outputs(RECORDER)["RecorderName"]
    lines = (line for message in account.log(function) for line in message.splitlines())
    requests = (json.loads(line.removeprefix(_RECORDED)) for line in lines if _RECORDED in line)
    return [request for request in requests if request["LogicalResourceId"] == resource]


def wait_for_requests(account: Account, resource: str, number: int) -> list[dict[str, str]]:
    """Return the requests for a resource once there are so many: logs appear late."""
    for _ in range(_LOG_POLLS):
        requests = requests_of(account, resource)
        if len(requests) >= number:
            return requests
        account.sleep(account.poll_seconds)
    return requests


def summary(account: Account, stack: str, outcome: str) -> str:
    """Return how an operation ended, and why: a status with reasons, or a refusal as it is."""
    if not outcome.isupper():
        return outcome
    reasons = account.failures(stack) or account.status_reason(stack)
    return f"{outcome}: {reasons}" if reasons else outcome


# ---- the questions


def ask_parameter_values(account: Account) -> str:
    """Return what a macro received for two parameters."""
    template = {
        "Transform": echo_name(account),
        "Parameters": {
            "Secret": {"Type": "String", "NoEcho": True, "Default": "the-default"},
            "Looked": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": account.outputs(RECORDER)["Known"],
            },
        },
        "Resources": {"Handle": HANDLE},
    }
    status = account.create("values", template, Parameters={"Secret": "the-passed-value"})
    if status != "CREATE_COMPLETE":
        return summary(account, "values", status)
    values = json.loads(account.outputs("values")["Values"])
    return f"`Secret` is `{values.get('Secret')}`; `Looked` is `{values.get('Looked')}`"


def ask_dependency_on_what_is_not_created(account: Account) -> str:
    """Return how a dependency on an absent resource ended."""
    template = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "Absent": HANDLE | {"Condition": "Never"},
            "Present": HANDLE | {"DependsOn": ["Absent"]},
        },
    }
    return summary(account, "absent", account.create("absent", template))


def ask_order_by_metadata(account: Account) -> str:
    """Return whether a resource waited for one that its metadata refers to."""
    template = {
        "Resources": {
            "Slow": recorded_resource(account, Seconds="15"),
            "Waiting": HANDLE | {"Metadata": {"Edges": [{"Ref": "Slow"}]}},
        }
    }
    status = account.create("metadata", template)
    if status != "CREATE_COMPLETE":
        return summary(account, "metadata", status)
    done = [e.resource for e in account.events("metadata") if e.status == "CREATE_COMPLETE"]
    waited = done.index("Slow") < done.index("Waiting")
    return "the resource waited" if waited else "the resource did not wait"


def ask_size_of_a_processed_template(account: Account) -> str:
    """Return how a template that grew to 60,000 bytes ended."""
    template = {
        "Transform": echo_name(account),
        "Metadata": {"Size": 60_000},
        "Resources": {"Handle": HANDLE},
    }
    return summary(account, "size", account.create("size", template))


def ask_whose_permission_invokes_a_macro(account: Account) -> str:
    """Return how a service role without the permission ended."""
    role = account.outputs(RECORDER)["ServiceRole"]
    template = {"Transform": echo_name(account), "Resources": {"Handle": HANDLE}}
    status = account.create("service-role", template, RoleARN=role)
    return summary(account, "service-role", status)


def ask_id_after_an_unanswered_create(account: Account) -> str:
    """Return the physical id in the Delete that followed."""
    template = {"Resources": {"Silent": recorded_resource(account, Create="ignore")}}
    account.create("unanswered", template)
    requests = wait_for_requests(account, "Silent", 2)
    deletes = [r["PhysicalResourceId"] for r in requests if r["RequestType"] == "Delete"]
    return f"`{deletes[-1]}`" if deletes else "no Delete is sent"


def ask_what_follows_a_failure_without_rollback(account: Account) -> str:
    """Return the requests before and after the next update."""
    first = {"Resources": {"Kept": recorded_resource(account, Revision="1")}}
    second = {"Resources": {"Kept": recorded_resource(account, Revision="2", Update="fail")}}
    third = {"Resources": {"Kept": recorded_resource(account, Revision="3")}}
    account.create("kept", first)
    failed = account.update("kept", second, DisableRollback=True)
    after_failure = len(wait_for_requests(account, "Kept", 2))
    mended = account.update("kept", third, DisableRollback=True)
    requests = wait_for_requests(account, "Kept", after_failure + 1)
    kinds = [request["RequestType"] for request in requests]
    before, after = ", ".join(kinds[:after_failure]), ", ".join(kinds[after_failure:])
    return f"{failed} after {before}; {mended} after {after or 'no request'}"


def ask_custom_resources_in_express_mode(account: Account) -> str:
    """Return how a stack with a slow custom resource ended."""
    template = {
        "Resources": {
            "Slow": recorded_resource(account, Seconds="15"),
            "Waiting": HANDLE | {"DependsOn": ["Slow"]},
        }
    }
    status = account.create("express", template, DeploymentConfig={"Mode": "EXPRESS"})
    return summary(account, "express", status)


def ask_masked_attribute_in_a_property(account: Account) -> str:
    """Return whether events show an attribute that is masked."""
    template = {
        "Resources": {
            "Source": recorded_resource(account, NoEcho="true"),
            "Reader": recorded_resource(account, Read={"Fn::GetAtt": ["Source", "Value"]}),
        }
    }
    status = account.create("masked", template)
    if status != "CREATE_COMPLETE":
        return summary(account, "masked", status)
    properties = [e.properties for e in account.events("masked") if e.resource == "Reader"]
    is_shown = any("a-secret-value" in text for text in properties)
    return "the events show it" if is_shown else "the events do not show it"


def ask_wrapper_of_a_reason(account: Account) -> str:
    """Return the reason of an event, as it is."""
    template = {"Resources": {"Failing": recorded_resource(account, Create="fail")}}
    account.create("wrapper", template)
    reasons = [e.reason for e in account.events("wrapper") if e.status == "CREATE_FAILED"]
    return f"`{reasons[0]}`" if reasons else "no CREATE_FAILED event"


def ask_what_a_loop_replaces(account: Account) -> str:
    """Return what the variable of a loop becomes in texts outside a `Fn::Sub`."""
    texts = {"Alone": "a ${Name}", "Mixed": "a ${Name} ${Other}", "Sub": {"Fn::Sub": "a ${Name}"}}
    answers = {f"{key}${{Name}}": {"Value": text} for key, text in texts.items()}
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Resources": {"Handle": HANDLE},
        "Outputs": {"Fn::ForEach::Answers": ["Name", ["Red"], answers]},
    }
    status = account.create("loop", template)
    if status != "CREATE_COMPLETE":
        return summary(account, "loop", status)
    outputs = account.outputs("loop")
    return "; ".join(f"{key}: `{outputs.get(f'{key}Red')}`" for key in texts)


def ask_arn_of_a_durable_execution(account: Account) -> str:
    """Return the ARN in the response to an `Event` invocation."""
    template = {
        "Resources": {
            "Durable": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Handler": "index.handler",
                    "Role": account.outputs(RECORDER)["FunctionRole"],
                    "Code": {"ZipFile": "def handler(event, context):\n    return None\n"},
                    "DurableConfig": {"ExecutionTimeout": 60, "RetentionPeriodInDays": 1},
                },
            }
        }
    }
    status = account.create("durable", template)
    if status != "CREATE_COMPLETE":
        return summary(account, "durable", status)
    response = account.client("lambda").invoke(
        FunctionName=account.physical_id("durable", "Durable"),
        Qualifier="$LATEST",
        InvocationType="Event",
        DurableExecutionName="acceptance",
        Payload=b"{}",
    )
    return f"`{response.get('DurableExecutionArn', 'no ARN')}`"


def ask_life_of_an_idle_connection(account: Account) -> str:
    """Return how long a connection stayed open."""
    url = account.client("lambda").meta.endpoint_url
    with idle_connection(url) as is_open:
        for seconds in range(0, LONGEST_IDLE, BETWEEN_LOOKS):
            if not is_open():
                return f"closed after {seconds - BETWEEN_LOOKS} to {seconds} s"
            account.sleep(BETWEEN_LOOKS)
    return f"open after {LONGEST_IDLE} s"


PROBES: Final = (
    Probe(
        name="parameter-values",
        question="What does a macro receive for a `NoEcho` and for an SSM parameter?",
        assumption="the value, for both",
        dependents="fingerprints leave out `NoEcho` parameters and contain the values of SSM ones",
        ask=ask_parameter_values,
    ),
    Probe(
        name="absent-dependency",
        question="Can `DependsOn` name a resource whose condition is false?",
        assumption="no, CloudFormation refuses the template",
        dependents="an edge to a conditional resource is a `Ref` in `Metadata: TriggerEdges`",
        ask=ask_dependency_on_what_is_not_created,
    ),
    Probe(
        name="metadata-order",
        question="Does a resource wait for another that its `Metadata` refers to?",
        assumption="yes",
        dependents="the order of conditional resources",
        ask=ask_order_by_metadata,
    ),
    Probe(
        name="processed-size",
        question="Is a processed template limited to 51,200 bytes if it is passed in a request?",
        assumption="yes",
        dependents="large templates contain the provider in compressed form",
        ask=ask_size_of_a_processed_template,
    ),
    Probe(
        name="macro-permission",
        question="With a service role, whose permissions does CloudFormation use to call a macro?",
        assumption="the caller's",
        dependents="who needs `lambda:InvokeFunction` on the macro's function",
        ask=ask_whose_permission_invokes_a_macro,
    ),
    Probe(
        name="unanswered-create",
        question="Which physical id does a Delete have after a Create without a response?",
        assumption="one that CloudFormation generates from the stack's name and the logical id",
        dependents="the provider does not run a handler to delete what was never created",
        ask=ask_id_after_an_unanswered_create,
    ),
    Probe(
        name="failure-without-rollback",
        question="With `--disable-rollback`, what does a failed custom resource receive next?",
        assumption="an Update, in the next update of the stack",
        dependents="when a trigger that failed runs again",
        ask=ask_what_follows_a_failure_without_rollback,
    ),
    Probe(
        name="express-mode",
        question="Do custom resources work in express mode?",
        assumption="yes, and the resources that depend on them wait for them",
        dependents="triggers with `sam sync` and `--express`",
        ask=ask_custom_resources_in_express_mode,
    ),
    Probe(
        name="masked-attribute",
        question="Is a `NoEcho` attribute masked in the events of a resource that reads it?",
        assumption="no",
        dependents="the result of a trigger with `NoEcho` is not passed on to its undo",
        ask=ask_masked_attribute_in_a_property,
    ),
    Probe(
        name="reason-wrapper",
        question="How does an event show the reason that a custom resource has sent?",
        assumption="`Received response status [FAILED] from custom resource. Message returned: …`",
        dependents="`watch` shows the reason alone",
        ask=ask_wrapper_of_a_reason,
    ),
    Probe(
        name="loop-variables",
        question="Does `Fn::ForEach` replace `${Name}` in a string outside a `Fn::Sub`?",
        assumption="yes, if the string has no other variables",
        dependents=(
            "what `expand`, `plan` and `check` read in such a string;"
            " `!Sub` is documented for names"
        ),
        ask=ask_what_a_loop_replaces,
    ),
    Probe(
        name="durable-arn",
        question="Does the response to an `Event` invocation have the ARN of a durable execution?",
        assumption="yes",
        dependents="the provider polls durable handlers by that ARN",
        ask=ask_arn_of_a_durable_execution,
    ),
    Probe(
        name="idle-connection",
        question="How long does an idle connection to Lambda's endpoint stay open?",
        assumption="at least a second",
        dependents="when the provider reuses a connection",
        ask=ask_life_of_an_idle_connection,
        takes_long=True,
    ),
)
