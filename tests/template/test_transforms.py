"""The transforms of a template, run in the order of its list."""

from typing import Any

import pytest

from cfn_trigger.errors import TemplateProblems, UsageError
from cfn_trigger.template import transforms
from cfn_trigger.template.artifacts import NOT_PACKAGED
from macro.names import PROVIDER
from tests.support.stack_updates import expanded, template
from tests.support.templates import QUEUE, SAM, function, of_type, ref, trigger

SERVERLESS = of_type(
    "AWS::Serverless::Function", Runtime="python3.13", Handler="a.b", CodeUri="./src"
)
LOOPS = "AWS::LanguageExtensions"


def refused(source: Any, **more: Any) -> TemplateProblems:
    with pytest.raises(TemplateProblems) as caught:
        transforms.process(source, transforms.Context(values={}, **more))
    return caught.value


def test_transforms_that_ran_leave_the_list_which_keeps_its_place() -> None:
    source = template(
        {"Description": "d", "Transform": ["Mine", "Trigger", "Other"]}, Run=trigger()
    )

    expansion = expanded(source)

    assert list(expansion) == ["Transform", "Description", "Resources"]
    assert expansion["Transform"] == ["Mine", "Other"]
    assert "Transform" not in expanded(template(Run=trigger()))
    assert (
        expanded(template({"Transform": ["Mine", "Trigger"]}, Run=trigger()))["Transform"] == "Mine"
    )


def test_a_template_without_triggers_needs_no_macro() -> None:
    source = template({"Transform": []}, Queue=QUEUE)

    assert expanded(source) == {"Resources": source.values["Resources"]}


def test_what_no_transform_expands_is_a_problem_besides_those_of_the_macro() -> None:
    resources = {"Run": trigger("Migrat"), "Late": of_type("Custom::Triger")}

    error = refused(template(**resources))

    assert [diagnostic.message for diagnostic in error.diagnostics] == [
        "Late: unknown type 'Custom::Triger'; did you mean 'Custom::Trigger'?",
        "Run.Handler: no 'Migrat' in the template; did you mean 'Migrate'?",
    ]
    assert not error.hint


def test_a_macro_of_another_name_may_be_ours() -> None:
    source = template({"Transform": "Seed"}, Run=trigger())

    error = refused(source)

    assert [diagnostic.message for diagnostic in error.diagnostics] == [
        "Run: is a trigger, and no transform expands it; add Trigger to the Transform"
    ]
    assert error.hint == "if the macro has another name in your account, pass --macro-name NAME"
    context = transforms.Context(values={}, macro_name="Seed")
    assert transforms.process(source, context).ran == ("Seed",)


def test_a_macro_between_sam_and_ours_cannot_run_in_its_turn() -> None:
    source = template({"Transform": [SAM, "Mine", {"Name": "AWS::Include"}, "Trigger", "Last"]})

    with pytest.raises(TemplateProblems) as caught:
        transforms.refuse_overtaking(source)

    assert transforms.overtaken(source.values) == ("Mine", "AWS::Include")
    assert [diagnostic.message for diagnostic in caught.value.diagnostics] == [
        f"Transform: {name!r} runs before 'Trigger', and cannot run here;"
        " put it after 'Trigger', or deploy this template with both macros"
        for name in ("Mine", "AWS::Include")
    ]


def test_a_macro_behind_ours_keeps_its_turn() -> None:
    source = template({"Transform": [SAM, "Trigger", "Mine"]})

    transforms.refuse_overtaking(source)

    assert transforms.overtaken(source.values) == ()


def test_sam_runs_in_its_turn() -> None:
    resources = {"Migrate": SERVERLESS, "Queue": QUEUE, "Run": trigger(ExecuteAfter=["*"])}

    expansion = expanded(template({"Transform": [SAM, "Trigger"]}, **resources))

    assert expansion["Resources"]["Migrate"]["Type"] == "AWS::Lambda::Function"
    assert "Queue" in expansion["Resources"]["Run"]["DependsOn"]
    (diagnostic,) = refused(template({"Transform": ["Trigger", SAM]}, **resources)).diagnostics
    assert diagnostic.message == (
        "Transform: Trigger runs before SAM has transformed 'Migrate';"
        f" write Transform: [{SAM}, Trigger]"
    )
    assert diagnostic.span.line == 1


def test_without_aws_a_template_of_sam_is_not_expanded() -> None:
    source = template({"Transform": [SAM, "Trigger"]}, Migrate=SERVERLESS, Run=trigger())

    with pytest.raises(UsageError) as caught:
        transforms.process(source, transforms.Context(values={}, with_aws=False))

    assert caught.value.message == f"{SAM} runs before Trigger; pass --sam to run it here too"


def test_without_aws_the_transforms_of_aws_stay_in_the_list() -> None:
    source = template({"Transform": [SAM, "Trigger"]}, Run=trigger())

    expansion = transforms.process(source, transforms.Context(values={}, with_aws=False))

    assert expansion.ran == ("Trigger",)
    assert expansion.template["Transform"] == SAM


def test_without_aws_a_template_with_loops_is_not_expanded() -> None:
    loop = {"Fn::ForEach::Queues": ["Name", ["A"], {"Queue${Name}": QUEUE}]}
    source = template({"Transform": [LOOPS, "Trigger"]}, Run=trigger(ExecuteAfter=["*"]), **loop)

    with pytest.raises(UsageError) as caught:
        transforms.process(source, transforms.Context(values={}, with_aws=False))

    assert caught.value.message == f"{LOOPS} runs before Trigger; pass --sam to run it here too"
    assert expanded(source)["Resources"]["Run"]["DependsOn"][-1] == "QueueA"


def test_a_hint_names_the_transforms_that_did_not_run() -> None:
    source = template(
        {"Transform": [LOOPS, SAM, "Trigger"]}, Run=trigger(ExecuteAfter=["MigrateRole"])
    )

    assert refused(source, with_aws=False).hint == (
        f"{LOOPS} and {SAM} did not run before Trigger; --sam runs what AWS would"
    )
    assert not refused(source).hint


def test_an_address_stands_in_for_local_code_unless_it_must_be_packaged() -> None:
    source = template({"Transform": [SAM, "Trigger"]}, Migrate=SERVERLESS, Run=trigger())

    assert expanded(source)["Resources"]["Migrate"]["Properties"]["Code"] == {
        "S3Bucket": NOT_PACKAGED, "S3Key": "./src",
    }  # fmt: skip
    error = refused(source, accepts_local_code=False)
    assert [(diagnostic.rule, diagnostic.span.line) for diagnostic in error.diagnostics] == [
        ("E0001", 1)
    ]
    assert (
        error.hint
        == "code at a local path must be uploaded first; expand what `sam package` writes"
    )


def test_a_refusal_by_sam_has_no_hint_if_the_code_is_uploaded() -> None:
    uploaded = of_type("AWS::Serverless::Function", Handler="a.b", CodeUri="s3://bucket/key")
    source = template({"Transform": [SAM, "Trigger"]}, Migrate=uploaded, Run=trigger())

    assert refused(source, accepts_local_code=False).hint == ""


def test_an_address_stands_in_for_local_code_in_globals() -> None:
    bare = of_type("AWS::Serverless::Function", Runtime="python3.13", Handler="a.b")
    shared = {"Transform": [SAM, "Trigger"], "Globals": {"Function": {"CodeUri": "./all"}}}

    expansion = expanded(template(shared, Migrate=bare, Run=trigger()))

    assert expansion["Resources"]["Migrate"]["Properties"]["Code"]["S3Key"] == "./all"


def test_loops_are_repeated_with_the_values_of_parameters() -> None:
    loop = {"Fn::ForEach::Runs": ["Name", {"Ref": "Names"}, {"Run${Name}": trigger()}]}
    sections = {
        "Transform": [LOOPS, "Trigger"],
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "A"}},
    }
    source = template(sections, **loop)

    expansion = expanded(source, Names="One,Two")

    assert [name for name in expansion["Resources"] if name.startswith("Run")] == [
        "RunOne",
        "RunTwo",
    ]
    assert expansion["Parameters"] == sections["Parameters"]


def test_a_loop_over_an_unknown_value_is_a_problem() -> None:
    loop = {"Fn::ForEach::Runs": ["Name", {"Ref": "Nowhere"}, {"Run${Name}": trigger()}]}

    (diagnostic,) = refused(template({"Transform": [LOOPS, "Trigger"]}, **loop)).diagnostics

    assert diagnostic.rule == "E0001"
    message = "an Fn::ForEach loops over a value that is not known here; pass it with --parameter"
    assert diagnostic.message == message


def test_a_function_that_only_aws_resolves_keeps_its_transform() -> None:
    queue = of_type("AWS::SQS::Queue", DelaySeconds={"Fn::Length": ref("AWS::NotificationARNs")})
    source = template({"Transform": [LOOPS, "Trigger"]}, Queue=queue, Run=trigger())

    assert expanded(source)["Transform"] == LOOPS


def test_a_parameter_that_the_macro_needs_must_have_a_value() -> None:
    sections = {"Parameters": {name: {"Type": "String"} for name in ("On", "Seconds", "Unused")}}
    run = trigger(Enabled={"Ref": "On"}, Timeout={"Ref": "Seconds"})

    with pytest.raises(UsageError) as caught:
        expanded(template(sections, Run=run))
    assert caught.value.message == (
        "parameters 'On', 'Seconds' have no value and no default; pass --parameter NAME=VALUE"
    )

    with pytest.raises(UsageError) as caught:
        expanded(template(sections, Run=run), On="true")
    assert caught.value.message == (
        "parameter 'Seconds' has no value and no default; pass --parameter NAME=VALUE"
    )

    expansion = expanded(template(sections, Run=run), On="true", Seconds="60")
    assert expansion["Resources"]["Run"]["Properties"]["Timeout"] == 60


def test_references_in_the_parameters_of_a_transform_are_resolved() -> None:
    transform = {
        "Name": "Trigger",
        "Parameters": {
            "MemorySize": {"Ref": "Memory"}, "SubnetIds": [{"Ref": "Subnet"}, "subnet-2"],
            "SecurityGroupIds": ["sg-1"],
        },
    }  # fmt: skip
    sections = {
        "Transform": transform,
        "Parameters": {"Memory": {"Type": "Number"}, "Subnet": {"Type": "String"}},
    }

    expansion = expanded(template(sections, Run=trigger()), Memory="256", Subnet="subnet-1")

    provider = expansion["Resources"][PROVIDER]["Properties"]
    assert provider["MemorySize"] == 256
    assert provider["VpcConfig"]["SubnetIds"] == ["subnet-1", "subnet-2"]


def test_problems_have_the_line_of_their_subject() -> None:
    error = refused(template(Run=trigger("Migrat"), Queue=QUEUE, Other=function()))

    (diagnostic,) = error.diagnostics
    assert (diagnostic.rule, diagnostic.level) == ("E9502", "error")
    assert diagnostic.message == "Run.Handler: no 'Migrat' in the template; did you mean 'Migrate'?"
