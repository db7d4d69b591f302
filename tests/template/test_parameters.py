"""The values of parameters: where they are written, and which of them holds."""

import pytest

from cfn_trigger.errors import UsageError
from cfn_trigger.template import parameters

FORMS = {
    "CloudFormation's list": (
        '[{"ParameterKey": "Level", "ParameterValue": "high"},'
        ' {"ParameterKey": "Zones", "ParameterValue": "a,b"}]'
    ),
    "CodePipeline's map": '{"Parameters": {"Level": "high", "Zones": "a,b"}}',
    "a map": '{"Level": "high", "Zones": ["a", "b"]}',
    "lines": '# of the test stage\nLevel=high\nZones="a,b"\n',
    "samconfig's line": "Level=high Zones=a,b",
}
DECLARED = {
    "Level": {"Type": "String", "Default": "low"},
    "Zones": {"Type": "CommaDelimitedList"},
    "Count": {"Type": "Number", "Default": 3},
    "Names": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "a, b"},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_parameters_has_one_of_the_usual_forms(form: str) -> None:
    assert parameters.parse_file(FORMS[form], "file") == {"Level": "high", "Zones": "a,b"}


@pytest.mark.parametrize("text", ["[1]", '"text"', "5", "no sign", '{"a": '])
def test_a_file_of_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parameters.parse_file(text, "p.json")

    assert caught.value.message.startswith(
        'p.json: must be a list of {"ParameterKey", "ParameterValue"}, {"Parameters": {…}}, a map,'
        " or K=V lines"
    )


def test_an_option_has_a_name_and_a_value() -> None:
    assert parameters.parse_pairs(["A=b=c", "D="]) == {"A": "b=c", "D": ""}
    for wrong in ("A", "=b"):
        with pytest.raises(UsageError) as caught:
            parameters.parse_pairs([wrong])
        assert caught.value.message == f"--parameter {wrong}: is not of the form NAME=VALUE"


def test_an_option_has_one_value() -> None:
    assert parameters.parse_pairs(["A=1", "A=1"]) == {"A": "1"}
    with pytest.raises(UsageError) as caught:
        parameters.parse_pairs(["A=1", "B=2", "A=2"])

    assert caught.value.message == "--parameter A: has two values, '1' and '2'; pass one"


def test_an_unknown_parameter_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as caught:
        parameters.refuse_unknown(["Levl"], DECLARED, "t.yaml")

    assert caught.value.message == "t.yaml: has no parameter 'Levl'; did you mean 'Level'?"


def test_a_given_value_wins_over_the_deployed_one_and_that_over_the_default() -> None:
    deployed = {"Level": "middle", "Zones": "a", "Gone": "x"}

    assert parameters.effective_values(DECLARED, {}) == {
        "Level": "low",
        "Count": "3",
        "Names": "a, b",
    }
    assert parameters.effective_values(DECLARED, {}, deployed)["Level"] == "middle"
    assert parameters.effective_values(DECLARED, {"Level": "high"}, deployed)["Level"] == "high"
    assert "Gone" not in parameters.effective_values(DECLARED, {}, deployed)


def test_a_macro_gets_lists_as_lists() -> None:
    values = parameters.macro_values(DECLARED, {"Level": "high", "Zones": "a, b", "Names": ""})

    assert values == {"Level": "high", "Zones": ["a", "b"], "Names": []}


def test_a_missing_value_that_was_needed_is_remembered() -> None:
    values = parameters.macro_values(DECLARED, {"Level": "high"})

    assert (values.get("Level"), values.get("Zones"), values.get("Count", 1)) == ("high", None, 1)
    assert list(values.missed) == ["Zones"]


def test_references_in_the_parameters_of_a_transform_are_resolved_if_they_have_a_value() -> None:
    written = {
        "MemorySize": {"Ref": "Memory"}, "SubnetIds": [{"Ref": "Subnet"}, "subnet-2"],
        "LogLevel": {"Ref": "Nowhere"}, "Layers": {"Ref": "Layers"},
    }  # fmt: skip
    values = {"Memory": "256", "Subnet": "subnet-1", "Layers": ["a"]}

    assert parameters.resolved_references(written, values) == {
        "MemorySize": "256", "SubnetIds": ["subnet-1", "subnet-2"],
        "LogLevel": {"Ref": "Nowhere"}, "Layers": ["a"],
    }  # fmt: skip
