import json

import pytest

from cfn_trigger.local_cloud import macro_contract
from cfn_trigger.local_cloud.macro_contract import JSON, Call, Transform, TransformError

GIVEN: dict[str, JSON] = {"Resources": {}}


def call(
    *, parameters: dict[str, JSON] | None = None, values: dict[str, JSON] | None = None
) -> Call:
    return Call(
        transform=Transform(name="Trigger", parameters=parameters or {}),
        account="123456789012",
        region="us-east-1",
        request_id="the request",
        values=values or {},
    )


def judged(answer: JSON, *, raised: bool = False) -> macro_contract.Template:
    return macro_contract.judged(call(), GIVEN, payload=json.dumps(answer).encode(), raised=raised)


def failure(answer: JSON, *, raised: bool = False) -> str:
    with pytest.raises(TransformError) as caught:
        judged(answer, raised=raised)
    return str(caught.value)


def answer(**members: JSON) -> dict[str, JSON]:
    return {"requestId": "the request", "status": "success", "fragment": GIVEN, **members}


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ({}, []),
        ({"Transform": "Trigger"}, ["Trigger"]),
        ({"Transform": {"Name": "Trigger"}}, ["Trigger"]),
        ({"Transform": ["AWS::Serverless-2016-10-31", {"Name": "Trigger"}]},
         ["AWS::Serverless-2016-10-31", "Trigger"]),
    ],
)  # fmt: skip
def test_transforms_run_in_the_order_of_the_list(
    written: dict[str, JSON], names: list[str]
) -> None:
    assert [transform.name for transform in macro_contract.declared(written)] == names


@pytest.mark.parametrize("entry", [5, {"Name": {"Ref": "Name"}}, {"Parameters": {}}])
def test_a_transform_is_named_literally(entry: JSON) -> None:
    with pytest.raises(TransformError) as caught:
        macro_contract.declared({"Transform": [entry]})

    assert str(caught.value) == "Key Name of transform definition must be a string."


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", "1, 2"),
        ("Number", "1, 2"),
        ("CommaDelimitedList", ["1", "2"]),
        ("List<Number>", ["1", "2"]),
        ("AWS::SSM::Parameter::Value<String>", "1, 2"),
        ("AWS::SSM::Parameter::Value<CommaDelimitedList>", ["1", "2"]),
        ("AWS::SSM::Parameter::Value<List<String>>", ["1", "2"]),
    ],
)
def test_a_macro_sees_list_parameters_as_lists_and_others_as_strings(
    kind: str, value: JSON
) -> None:
    seen = macro_contract.parameter_values({"Parameters": {"P": {"Type": kind}}}, {"P": "1, 2"})

    assert seen == {"P": value}


def test_a_macro_sees_only_declared_parameters() -> None:
    seen = macro_contract.parameter_values(
        {"Parameters": {"P": {"Type": "String"}}}, {"P": "", "Q": ""}
    )

    assert seen == {"P": ""}


def test_the_event_of_a_macro_has_seven_keys() -> None:
    event = macro_contract.event(call(parameters={"Days": 5}, values={"P": "p"}), GIVEN)

    assert event == {
        "region": "us-east-1",
        "accountId": "123456789012",
        "fragment": {"Resources": {}},
        "transformId": "123456789012::Trigger",
        "params": {"Days": 5},
        "requestId": "the request",
        "templateParameterValues": {"P": "p"},
    }


def test_a_reference_to_a_parameter_in_a_transforms_parameters_is_resolved() -> None:
    parameters: dict[str, JSON] = {"One": {"Ref": "P"}, "Many": ["a", {"Ref": "P"}]}

    event = macro_contract.event(call(parameters=parameters, values={"P": "p"}), GIVEN)

    assert event["params"] == {"One": "p", "Many": ["a", "p"]}


@pytest.mark.parametrize("value", [{"Ref": "Unknown"}, {"Fn::ImportValue": "X"}, {}, [{}], None])
def test_a_transforms_parameters_are_scalars_and_lists(value: JSON) -> None:
    with pytest.raises(TransformError) as caught:
        macro_contract.event(call(parameters={"Days": value}), GIVEN)

    assert str(caught.value) == (
        "The value of parameter Days under transform Trigger must resolve"
        " to a string, number, boolean or a list of any of these."
    )


@pytest.mark.parametrize("status", ["success", "SUCCESS"])
def test_a_successful_answer_is_its_fragment_without_a_transform(status: str) -> None:
    fragment: JSON = {"Resources": {}, "Transform": "Another"}

    assert judged(answer(status=status, fragment=fragment)) == {"Resources": {}}


@pytest.mark.parametrize(
    "malformed",
    ["text", None, [], {}, answer(requestId="another"), answer(status=None), answer(status=True)],
)
def test_an_answer_without_status_or_to_another_request_is_malformed(malformed: JSON) -> None:
    assert failure(malformed) == (
        "Received malformed response from transform 123456789012::Trigger."
    )


def test_an_answer_that_is_not_json_is_malformed() -> None:
    with pytest.raises(TransformError) as caught:
        macro_contract.judged(call(), GIVEN, payload=b"", raised=False)

    assert str(caught.value) == "Received malformed response from transform 123456789012::Trigger."


def test_an_exception_in_a_macro_is_a_malformed_response() -> None:
    assert failure(answer(), raised=True) == (
        "Received malformed response from transform 123456789012::Trigger."
    )


def test_a_failure_has_the_macros_own_message() -> None:
    assert failure(answer(status="failure", errorMessage="no such handler")) == (
        "Transform 123456789012::Trigger failed with: no such handler."
    )


def test_any_status_but_success_is_a_failure() -> None:
    assert failure(answer(status="fine")) == (
        "Transform 123456789012::Trigger failed without an error message."
    )


def test_a_fragment_is_an_object() -> None:
    assert failure(answer(fragment=[])) == "Template format error: unsupported structure."


def test_a_macro_may_not_change_the_parameters() -> None:
    assert failure(answer(fragment={"Resources": {}, "Parameters": {"P": {}}})) == (
        "Transform 123456789012::Trigger may not change the Parameters section."
    )
