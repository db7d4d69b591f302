"""The words in which the tests speak of CloudFormation and a macro.

Knows how to register a macro, and how to ask what CloudFormation makes of a template. The macro
does what its `Do` parameter says; what it saw it puts into the template's Metadata.
"""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from tests.support.clients import Clients
from tests.support.waiting import QUICKLY

Json: TypeAlias = dict[str, Any]

NOTHING: Json = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
TRUST: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
PROBE = """
import boto3

def handler(event, context):
    print('the macro ran')
    fragment, do = event['fragment'], event['params'].get('Do', 'note')
    answer = {'requestId': event['requestId'], 'status': 'success', 'fragment': fragment}
    if do == 'raise':
        raise ValueError('not for the author')
    if do == 'say nothing of itself':
        return 'a text'
    if do == 'answer somebody else':
        return {**answer, 'requestId': 'another'}
    if do == 'fail':
        return {**answer, 'status': 'failure', 'errorMessage': 'the template is not to be'}
    if do == 'fail silently':
        return {**answer, 'status': 'failure'}
    if do == 'change the parameters':
        return {**answer, 'fragment': {**fragment, 'Parameters': {}}}
    if do == 'grow':
        return {**answer, 'fragment': {**fragment, 'Metadata': {'Long': 'x' * 60000}}}
    if do == 'add a role':
        role = {'Type': 'AWS::IAM::Role', 'Properties': {'AssumeRolePolicyDocument': {}}}
        return {**answer, 'fragment': {**fragment, 'Resources': {'Role': role}}}
    said = {key: value for key, value in event.items() if key != 'fragment'}
    if do == 'answer a text':
        return {**answer, 'fragment': 'a text'}
    if do == 'mark':
        return {**answer, 'fragment': {**fragment, event['params']['Mark']: sorted(fragment)}}
    seen = [name + ' ' + (one['Type'] if isinstance(one, dict) else 'loop')
            for name, one in fragment['Resources'].items()]
    note = {'said': said, 'keys': sorted(event), 'seen': seen, 'sections': sorted(fragment)}
    notes = fragment.get('Metadata', {}).get('Notes', [])
    answer['fragment'] = {**fragment, 'Metadata': {'Notes': [*notes, note]}}
    return answer
"""


def function(code: str, **properties: Any) -> Json:
    """Return a template with one function, `Function`, and its role."""
    return {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Handler": "index.handler",
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Code": {"ZipFile": code},
                    **properties,
                },
            },
        }
    }


def macro(name: str) -> Json:
    """Return the template of a stack that registers the probe as a macro."""
    template = function(PROBE)
    template["Resources"]["Macro"] = {
        "Type": "AWS::CloudFormation::Macro",
        "Properties": {"Name": name, "FunctionName": {"Fn::GetAtt": ["Function", "Arn"]}},
    }
    return template


def probing(do: str | None = None, **sections: Any) -> Json:
    """Return a template that makes the probe do something."""
    transform = "Probe" if do is None else {"Name": "Probe", "Parameters": {"Do": do}}
    return {"Transform": transform, "Resources": {"Handle": NOTHING}} | sections


def parameter_list(parameters: dict[str, str]) -> list[Json]:
    """Return the values of parameters in the form that the API accepts."""
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An AWS account, as somebody who deploys sees it."""

    clients: Clients
    numbers: "count[int]" = field(default_factory=count)

    @property
    def cloudformation(self) -> Any:
        return self.clients.boto("cloudformation")

    def new_name(self) -> str:
        return f"stack-{next(self.numbers)}"

    def register_macro(self, name: str) -> str:
        return self.create(macro(name), capabilities=["CAPABILITY_IAM"])

    def create(self, template: Json, *, capabilities: list[str], **parameters: str) -> str:
        """Create a stack, wait for it and return its name."""
        name = self.new_name()
        self.cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Capabilities=capabilities,
            Parameters=parameter_list(parameters),
        )
        self.wait("stack_create_complete", name)
        return name

    def physical_id(self, stack: str, logical_id: str) -> str:
        """Return what a resource of a stack is called in the account."""
        resource = self.cloudformation.describe_stack_resource(
            StackName=stack, LogicalResourceId=logical_id
        )
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])

    def delete(self, name: str) -> None:
        self.cloudformation.delete_stack(StackName=name)
        self.wait("stack_delete_complete", name)

    def wait(self, state: str, name: str) -> None:
        self.cloudformation.get_waiter(state).wait(StackName=name, WaiterConfig=QUICKLY)

    def change_set(self, template: Json | str, **parameters: str) -> Json:
        """Make a change set for a new stack and describe it."""
        change_set = self.cloudformation.create_change_set(
            StackName=self.new_name(),
            ChangeSetName="changes",
            ChangeSetType="CREATE",
            TemplateBody=template if isinstance(template, str) else json.dumps(template),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=parameter_list(parameters),
        )
        described: Json = self.cloudformation.describe_change_set(ChangeSetName=change_set["Id"])
        return described

    def reason(self, template: Json) -> str:
        """Return the reason why no stack can be created from this template."""
        changes = self.change_set(template)
        assert (changes["Status"], changes["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
        return str(changes["StatusReason"])

    def processed(self, template: Json | str, **parameters: str) -> Json:
        """Return the template as its transforms leave it."""
        changes = self.change_set(template, **parameters)
        assert changes["Status"] == "CREATE_COMPLETE", changes["StatusReason"]
        return self.template(ChangeSetName=changes["ChangeSetId"], TemplateStage="Processed")

    def template(self, **which: str) -> Json:
        """Return a stage of the template of a stack or change set."""
        return dict(self.cloudformation.get_template(**which)["TemplateBody"])

    def note(self, template: Json | str, **parameters: str) -> Json:
        """Return what the probe saw of this template, if it ran once."""
        (note,) = self.processed(template, **parameters)["Metadata"]["Notes"]
        return dict(note)
