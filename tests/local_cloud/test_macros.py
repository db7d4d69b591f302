"""Macros in the running cloud, as the API shows them."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from cfn_trigger.local_cloud.cloud import Cloud
from tests.local_cloud.account import NOTHING, Account, Json, macro, probing
from tests.local_cloud.provided_stacks import ProvidedStacks
from tests.support.clients import Clients, client
from tests.support.templates import SAM
from tests.support.waiting import QUICKLY

LANGUAGE = "AWS::LanguageExtensions"
TABLE: Json = {"Type": "AWS::Serverless::SimpleTable"}
LOOP: Json = {"Fn::ForEach::Handles": ["Id", ["One", "Two"], {"Handle${Id}": NOTHING}]}
HANDLES = [
    "HandleOne AWS::CloudFormation::WaitConditionHandle",
    "HandleTwo AWS::CloudFormation::WaitConditionHandle",
]


@contextmanager
def refused() -> Iterator[list[str]]:
    code_and_message: list[str] = []
    with pytest.raises(ClientError) as caught:
        yield code_and_message
    error = caught.value.response["Error"]
    code_and_message += [error["Code"], error["Message"]]


@contextmanager
def stored(clients: Clients, template: Json) -> Iterator[str]:
    s3 = clients.boto("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="template", Body=json.dumps(template))
    yield f"{clients.cloud.endpoint}/templates/template"
    s3.delete_object(Bucket="templates", Key="template")
    s3.delete_bucket(Bucket="templates")


def test_a_macro_that_changes_nothing_changes_nothing(account: Account) -> None:
    template = probing(Outputs={"Id": {"Value": {"Ref": "Handle"}}})

    expanded = account.processed(template)

    del expanded["Metadata"], template["Transform"]
    assert expanded == template


def test_a_macro_reads_exactly_the_seven_keys(account: Account) -> None:
    note = account.note(probing())

    assert note["keys"] == [
        "accountId",
        "fragment",
        "params",
        "region",
        "requestId",
        "templateParameterValues",
        "transformId",
    ]
    assert note["sections"] == ["Resources"]
    assert note["said"] == {
        "accountId": "123456789012",
        "params": {},
        "region": "us-east-1",
        "requestId": note["said"]["requestId"],
        "templateParameterValues": {},
        "transformId": "123456789012::Probe",
    }


def test_each_call_of_a_macro_has_its_own_request_id(account: Account) -> None:
    first, second = account.note(probing()), account.note(probing())

    assert first["said"]["requestId"] != second["said"]["requestId"]


def test_parameters_reach_the_macro_with_defaults_and_lists(account: Account) -> None:
    template = probing(
        Transform={"Name": "Probe", "Parameters": {"Five": 5, "Names": {"Ref": "Names"}}},
        Parameters={
            "Given": {"Type": "String"},
            "Left": {"Type": "Number", "Default": 7},
            "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
        },
    )

    event = account.note(template, Given="given")["said"]

    assert event["params"] == {"Five": 5, "Names": ["a", "b"]}
    assert event["templateParameterValues"] == {"Given": "given", "Left": "7", "Names": ["a", "b"]}


def test_a_yaml_template_reaches_the_macro_with_long_form_intrinsics(account: Account) -> None:
    template = """
Transform: Probe
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
Outputs:
  Date: {Value: 2026-11-21}
  Id: {Value: !Sub "${Handle}"}
  Arn: {Value: !GetAtt Handle.Arn}
"""

    assert account.processed(template)["Outputs"] == {
        "Date": {"Value": "2026-11-21"},
        "Id": {"Value": {"Fn::Sub": "${Handle}"}},
        "Arn": {"Value": {"Fn::GetAtt": ["Handle", "Arn"]}},
    }


def test_a_macro_that_is_listed_twice_runs_twice(account: Account) -> None:
    notes = account.processed(probing(Transform=["Probe", "Probe"]))["Metadata"]["Notes"]

    assert len(notes) == 2


@pytest.mark.parametrize(
    ("order", "seen"),
    [
        ([SAM, "Probe"], ["Table AWS::DynamoDB::Table"]),
        (["Probe", SAM], ["Table AWS::Serverless::SimpleTable"]),
    ],
)
def test_a_macro_sees_the_output_of_sam_only_if_it_is_listed_after_it(
    account: Account, order: list[str], seen: list[str]
) -> None:
    template = {"Transform": order, "Resources": {"Table": TABLE}}

    expanded = account.processed(template)

    assert expanded["Metadata"]["Notes"][0]["seen"] == seen
    assert expanded["Resources"]["Table"]["Type"] == "AWS::DynamoDB::Table"


@pytest.mark.parametrize(
    ("order", "seen"),
    [
        ([LANGUAGE, "Probe"], HANDLES),
        (["Probe", LANGUAGE], ["Fn::ForEach::Handles loop"]),
    ],
)
def test_a_macro_sees_expanded_loops_only_if_it_is_listed_after_language_extensions(
    account: Account, order: list[str], seen: list[str]
) -> None:
    expanded = account.processed({"Transform": order, "Resources": LOOP})

    assert expanded["Metadata"]["Notes"][0]["seen"] == seen
    assert expanded["Resources"] == {"HandleOne": NOTHING, "HandleTwo": NOTHING}


@pytest.mark.parametrize(
    ("order", "seen"),
    [
        ([LANGUAGE, SAM, "Probe"], [*HANDLES, "Table AWS::DynamoDB::Table"]),
        ([LANGUAGE, "Probe", SAM], [*HANDLES, "Table AWS::Serverless::SimpleTable"]),
        (
            ["Probe", LANGUAGE, SAM],
            ["Fn::ForEach::Handles loop", "Table AWS::Serverless::SimpleTable"],
        ),
    ],
)
def test_a_macro_may_be_listed_anywhere_among_the_transforms_of_aws(
    account: Account, order: list[str], seen: list[str]
) -> None:
    expanded = account.processed({"Transform": order, "Resources": {**LOOP, "Table": TABLE}})

    (note,) = expanded["Metadata"]["Notes"]
    assert note["seen"] == seen
    assert set(expanded["Resources"]) == {"HandleOne", "HandleTwo", "Table"}


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (probing("raise"), "Received malformed response from transform 123456789012::Probe."),
        (
            probing("say nothing of itself"),
            "Received malformed response from transform 123456789012::Probe.",
        ),
        (
            probing("answer somebody else"),
            "Received malformed response from transform 123456789012::Probe.",
        ),
        (
            probing("fail"),
            "Transform 123456789012::Probe failed with: the template is not to be.",
        ),
        (
            probing("fail silently"),
            "Transform 123456789012::Probe failed without an error message.",
        ),
        (probing(Transform="Unknown"), "No transform named 123456789012::Unknown found."),
        (probing(Transform=[SAM, "AWS::Unknown"]), "No transform named AWS::Unknown found."),
        (
            probing(Transform=SAM, Resources={"F": {"Type": "AWS::Serverless::Function"}}),
            (
                "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application"
                " Specification document. Number of errors found: 1. Resource with id [F] is"
                " invalid. Only one of 'InlineCode' or 'CodeUri' can be set."
            ),
        ),
    ],
)
def test_a_failed_transform_fails_the_change_set_and_the_stack_with_the_same_words(
    account: Account, stacks: ProvidedStacks, template: Json, reason: str
) -> None:
    assert account.reason(template) == reason

    name = stacks.create(template)

    assert stacks.events(name)[1] == (
        f"STACK ROLLBACK_IN_PROGRESS {reason} Rollback requested by user."
    )


def mark(name: str) -> Json:
    return {"Name": "Probe", "Parameters": {"Do": "mark", "Mark": name}}


def test_a_macro_in_a_part_of_a_template_receives_the_siblings_of_its_key(account: Account) -> None:
    handle = NOTHING | {"Metadata": {"Fn::Transform": mark("Seen"), "Other": 1}}

    expanded = account.processed({"Resources": {"Handle": handle}})

    assert expanded["Resources"]["Handle"]["Metadata"] == {"Other": 1, "Seen": ["Other"]}


def test_a_macro_in_a_part_of_a_template_may_answer_anything(account: Account) -> None:
    call = {"Fn::Transform": {"Name": "Probe", "Parameters": {"Do": "answer a text"}}}

    expanded = account.processed({"Resources": {"Handle": NOTHING | {"Metadata": {"One": call}}}})

    assert expanded["Resources"]["Handle"]["Metadata"] == {"One": "a text"}


def test_macros_in_parts_run_first_and_the_most_deeply_nested_before_others(
    account: Account,
) -> None:
    inner = {"Fn::Transform": mark("Inner"), "In": 1}
    outer = {"Fn::Transform": [mark("First"), mark("Second")], "Out": inner}
    template = {"Transform": mark("Whole"), "Resources": {"Handle": NOTHING}, "Metadata": outer}

    expanded = account.processed(template)

    assert expanded["Metadata"] == {
        "Out": {"In": 1, "Inner": ["In"]},
        "First": ["Out"],
        "Second": ["First", "Out"],
    }
    assert expanded["Whole"] == ["Metadata", "Resources"]


@pytest.mark.parametrize("written", ["Unknown", {"Name": "Unknown"}])
def test_an_unknown_macro_in_a_part_of_a_template_is_not_a_resource(
    account: Account, written: Json | str
) -> None:
    template = {"Resources": {"Handle": NOTHING, "Fn::Transform": written}}

    assert account.reason(template) == "No transform named 123456789012::Unknown found."


def test_language_extensions_leave_out_what_is_null(account: Account) -> None:
    metadata = {"Gone": None, "Kept": [None, {"Gone": None, "Kept": 0}, ""]}

    expanded = account.processed(
        {"Transform": LANGUAGE, "Resources": {"Handle": NOTHING | {"Metadata": metadata}}}
    )

    assert expanded["Resources"]["Handle"]["Metadata"] == {"Kept": [None, {"Kept": 0}, ""]}


def test_a_macro_whose_function_is_gone_says_so(account: Account, clients: Clients) -> None:
    stack = account.register_macro("Gone")
    described = account.cloudformation.describe_stack_resource(
        StackName=stack, LogicalResourceId="Function"
    )
    function = described["StackResourceDetail"]["PhysicalResourceId"]
    clients.boto("lambda").delete_function(FunctionName=function)

    assert account.reason(probing(Transform="Gone")) == (
        "Failed to execute transform 123456789012::Gone"
    )


def test_a_failed_change_set_can_be_deleted_but_not_executed(account: Account) -> None:
    failed = account.change_set(probing("fail"))["ChangeSetId"]

    with refused() as refusal:
        account.cloudformation.execute_change_set(ChangeSetName=failed)
    assert refusal == ["InvalidChangeSetStatus", f"ChangeSet [{failed}] is in UNAVAILABLE status"]
    account.cloudformation.delete_change_set(ChangeSetName=failed)
    with refused() as refusal:
        account.cloudformation.describe_change_set(ChangeSetName=failed)
    assert refusal == ["ChangeSetNotFound", f"ChangeSet [{failed}] does not exist"]


def test_a_missing_parameter_is_refused_before_the_macro_runs(account: Account) -> None:
    with refused() as refusal:
        account.change_set(probing("raise", Parameters={"P": {"Type": "String"}}))

    assert refusal == ["ValidationError", "Parameter 'P' has no Default and was not provided"]


def test_a_stack_with_a_macro_needs_auto_expand(account: Account) -> None:
    with refused() as refusal:
        account.create(probing("raise"), capabilities=["CAPABILITY_IAM"])

    assert refusal == [
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_AUTO_EXPAND]",
    ]


def test_iam_capabilities_are_judged_on_the_expanded_template(account: Account) -> None:
    with refused() as refusal:
        account.create(probing("add a role"), capabilities=["CAPABILITY_AUTO_EXPAND"])

    assert refusal == [
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_IAM]",
    ]


def test_an_expanded_template_over_the_limit_of_a_body_is_deployed(
    account: Account, clients: Clients
) -> None:
    name = account.new_name()
    with stored(clients, probing("grow")) as url:
        account.cloudformation.create_stack(
            StackName=name, TemplateURL=url, Capabilities=["CAPABILITY_AUTO_EXPAND"]
        )

    account.wait("stack_create_complete", name)
    processed = account.template(StackName=name, TemplateStage="Processed")
    assert len(processed["Metadata"]["Long"]) == 60000
    account.delete(name)


def test_an_expanded_template_over_the_limit_of_a_body_is_not_made_from_a_body(
    account: Account,
) -> None:
    assert account.reason(probing("grow")) == "Transformation data limit exceeded"


def test_a_previous_value_of_a_parameter_reaches_the_macro(account: Account) -> None:
    template = probing(Parameters={"P": {"Type": "String", "Default": "default"}})
    name = account.create(template, capabilities=["CAPABILITY_AUTO_EXPAND"], P="given")

    changes = account.cloudformation.create_change_set(
        StackName=name,
        ChangeSetName="changes",
        TemplateBody=json.dumps(template | {"Outputs": {"New": {"Value": "new"}}}),
        Parameters=[{"ParameterKey": "P", "UsePreviousValue": True}],
    )

    body = account.template(ChangeSetName=changes["Id"], TemplateStage="Processed")
    (note,) = body["Metadata"]["Notes"]
    assert note["said"]["templateParameterValues"] == {"P": "given"}
    account.delete(name)


def test_both_stages_of_a_template_are_kept(account: Account) -> None:
    template = probing()
    name = account.create(template, capabilities=["CAPABILITY_AUTO_EXPAND"])

    original = account.template(StackName=name, TemplateStage="Original")
    processed = account.template(StackName=name, TemplateStage="Processed")

    assert original == template
    assert set(processed) == {"Metadata", "Resources"}
    account.delete(name)


def test_an_update_with_the_previous_template_runs_no_macro(account: Account) -> None:
    template = probing(
        Parameters={"P": {"Type": "String", "Default": "old"}},
        Outputs={"P": {"Value": {"Ref": "P"}}},
    )
    stack = account.register_macro("Passing")
    name = account.create(
        template | {"Transform": "Passing"}, capabilities=["CAPABILITY_AUTO_EXPAND"]
    )
    account.delete(stack)

    account.cloudformation.update_stack(
        StackName=name,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "P", "ParameterValue": "new"}],
        Capabilities=["CAPABILITY_AUTO_EXPAND"],
    )

    account.wait("stack_update_complete", name)
    (described,) = account.cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert described["Outputs"][0]["OutputValue"] == "new"
    account.delete(name)


def test_a_deleted_macro_is_unknown(account: Account) -> None:
    account.delete(account.register_macro("Deleted"))

    assert account.reason(probing(Transform="Deleted")) == (
        "No transform named 123456789012::Deleted found."
    )


def test_the_name_of_a_macro_is_unique_in_its_account_and_region(account: Account) -> None:
    with pytest.raises(WaiterError):
        account.register_macro("Probe")

    assert account.note(probing())["said"]["transformId"] == "123456789012::Probe"


def test_a_macro_is_known_in_its_own_account_only(cloud: Cloud, account: Account) -> None:
    with closing(client(cloud, "cloudformation", key="210987654321")) as elsewhere:
        change_set = elsewhere.create_change_set(
            StackName=account.new_name(),
            ChangeSetName="changes",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps(probing()),
        )
        described = elsewhere.describe_change_set(ChangeSetName=change_set["Id"])

    assert described["StatusReason"] == "No transform named 210987654321::Probe found."


def test_a_renamed_macro_is_known_by_its_new_name_only(account: Account) -> None:
    name = account.register_macro("Before")

    account.cloudformation.update_stack(
        StackName=name, TemplateBody=json.dumps(macro("After")), Capabilities=["CAPABILITY_IAM"]
    )
    account.wait("stack_update_complete", name)

    assert account.note(probing(Transform="After"))["said"]["transformId"] == (
        "123456789012::After"
    )
    assert account.reason(probing(Transform="Before")) == (
        "No transform named 123456789012::Before found."
    )
    account.delete(name)


def test_the_template_of_a_nested_stack_is_transformed(account: Account, clients: Clients) -> None:
    nested = probing(
        Transform=[LANGUAGE, "Probe"],
        Parameters={"P": {"Type": "String"}},
        Resources=LOOP,
        Outputs={"P": {"Value": {"Ref": "P"}}},
    )
    with stored(clients, nested) as url:
        child = {"TemplateURL": url, "Parameters": {"P": "from the parent"}}
        parent = {
            "Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": child}},
            "Outputs": {"P": {"Value": {"Fn::GetAtt": ["Child", "Outputs.P"]}}},
        }
        name = account.create(parent, capabilities=["CAPABILITY_AUTO_EXPAND"])

    (described,) = account.cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert described["Outputs"][0]["OutputValue"] == "from the parent"
    assert resources(account, child_of(account, name)) == {"HandleOne", "HandleTwo"}
    account.delete(name)


def child_of(account: Account, name: str) -> str:
    described = account.cloudformation.describe_stack_resource(
        StackName=name, LogicalResourceId="Child"
    )
    return str(described["StackResourceDetail"]["PhysicalResourceId"])


def resources(account: Account, name: str) -> set[str]:
    listed: Any = account.cloudformation.list_stack_resources(StackName=name)
    return {one["LogicalResourceId"] for one in listed["StackResourceSummaries"]}


def test_a_user_with_an_access_key_of_their_own_can_use_a_macro(
    cloud: Cloud, clients: Clients, account: Account
) -> None:
    iam = clients.boto("iam")
    iam.create_user(UserName="deployer")
    iam.attach_user_policy(
        UserName="deployer", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    key = iam.create_access_key(UserName="deployer")["AccessKey"]

    with closing(
        client(cloud, "cloudformation", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    ) as deployer:
        name = account.new_name()
        deployer.create_stack(
            StackName=name,
            TemplateBody=json.dumps(probing()),
            Capabilities=["CAPABILITY_AUTO_EXPAND"],
        )
        deployer.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=QUICKLY)
    account.delete(name)
