"""The two states that a prediction compares, where one of them is a deployed stack's."""

from dataclasses import replace
from typing import Any

import pytest

from cfn_trigger.deployment.stack import StackSnapshot
from cfn_trigger.prediction.predict import predictions
from cfn_trigger.prediction.snapshots import NO_STACK, rebuilt_state, states_of_update
from cfn_trigger.template.source import Template
from tests.support.stack_updates import expanded, template
from tests.support.templates import QUEUE, SAM, function, of_type, trigger

RUN, STAY, UNKNOWN = "will run", "will not run", "unknown until deployment"
LEVEL = {"Parameters": {"Level": {"Type": "String", "Default": "low"}}}
STORED = {"Parameters": {"Level": {"Type": "AWS::SSM::Parameter::Value<String>",
                                   "Default": "/level"}}}  # fmt: skip
READING = function(Environment={"Variables": {"LEVEL": {"Ref": "Level"}, "MODE": "slow"}})
UNCHANGED = (STAY, "nothing that it depends on differs")
STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/0a1b"


def deployed(source: Template, expand_with: str = "low", **more: Any) -> StackSnapshot:
    """Return a stack that was deployed from a template."""
    values = {"values": {"Level": "low"}} | more
    return StackSnapshot(stack_id=STACK_ID, template=expanded(source, Level=expand_with), **values)


def verdict(
    new: Template, stack: StackSnapshot, stored: dict[str, str] | None = None, **overrides: str
) -> tuple[str, ...]:
    """Return the verdict on the only trigger of a template, and the reasons."""
    baseline, after = states_of_update(new, overrides, stack, stored)
    (prediction,) = predictions(baseline, after, region="eu-west-1")
    return (prediction.verdict, *prediction.because)


def test_parameters_that_are_not_given_keep_their_deployed_values() -> None:
    changed = {"Parameters": {"Level": {"Type": "String", "Default": "other"}}}
    old, new = (template(one, Migrate=READING, Run=trigger()) for one in (LEVEL, changed))

    assert verdict(new, deployed(old)) == UNCHANGED
    assert verdict(new, deployed(old), Level="high")[0] == RUN


def test_a_layer_at_a_local_path_is_unknown_although_its_name_is_another() -> None:
    layered = of_type(
        "AWS::Serverless::Function", Runtime="python3.13", Handler="a.b",
        CodeUri="s3://uploads/code", Layers=[{"Ref": "Shared"}],
    )  # fmt: skip
    uploaded, local = (
        template(
            {"Transform": [SAM, "Trigger"]},
            Migrate=layered,
            Shared=of_type("AWS::Serverless::LayerVersion", ContentUri=path),
            Run=trigger(),
        )
        for path in ("s3://uploads/layer", "./layer")
    )

    (is_unknown, reason) = verdict(local, deployed(uploaded, values={}))

    assert is_unknown == UNKNOWN
    assert reason.endswith(
        " is at a local path; plan what `sam package` or `aws cloudformation package` writes"
    )


LOOPS = {
    "Transform": ["AWS::LanguageExtensions", "Trigger"],
    "Mappings": {"Sizes": {"eu-west-1": {"N": 3}, "us-east-1": {"N": 9}}},
}
LOOKUP = {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "N", {"DefaultValue": 0}]}


@pytest.mark.parametrize("original", [True, False])
def test_what_aws_writes_in_its_own_way_is_the_same_if_it_is_written_here_both_times(
    *, original: bool
) -> None:
    source = template(LOOPS, Run=trigger(Payload={"N": LOOKUP}))
    stack = deployed(template(LOOPS, Run=trigger(Payload={"N": 3})))
    changed = template(LOOPS, Run=trigger(Payload={"N": 9}))
    baseline, after = states_of_update(source, {}, stack)
    rebuilt = rebuilt_state(source, stack) if original else NO_STACK.state
    (same,) = predictions(replace(baseline, rebuilt=rebuilt), after, region="eu-west-1")
    baseline, after = states_of_update(changed, {}, stack)
    (other,) = predictions(replace(baseline, rebuilt=rebuilt), after, region="eu-west-1")

    assert (same.verdict, *same.because) == UNCHANGED
    assert (other.verdict, *other.because) == (RUN, "Payload.N")


def test_what_aws_may_write_in_its_own_way_is_not_a_sure_change() -> None:
    payload = {"Text": {"Fn::ToJsonString": {"Price": 1.5}}}
    source = template(LOOPS, Run=trigger(Payload=payload))
    stack = deployed(template(LOOPS, Run=trigger(Payload={"Text": '{"Price":1.5}'})))
    baseline, after = states_of_update(source, {}, stack)
    (prediction,) = predictions(
        replace(baseline, rebuilt=NO_STACK.state), after, region="eu-west-1"
    )

    assert (prediction.verdict, *prediction.because) == (
        UNKNOWN,
        "Payload.Text (Fn::ToJsonString is not known here)",
        "Fn::ToJsonString is not known here",
    )


def test_a_hash_that_aws_may_compute_in_its_own_way_is_not_a_sure_change() -> None:
    source = template(LOOPS, Run=trigger(Payload="Red"))
    stack = deployed(template(Run=trigger(Payload={"Fn::Sub": "Red"})))
    baseline, after = states_of_update(source, {}, stack)

    (prediction,) = predictions(
        replace(baseline, rebuilt=NO_STACK.state), after, region="eu-west-1"
    )

    assert (prediction.verdict, *prediction.because) == (
        UNKNOWN,
        "AWS::LanguageExtensions may write what it covers in another way",
    )


def test_a_deployed_template_that_cannot_be_expanded_here_is_not_rebuilt() -> None:
    stack = deployed(template(Run=trigger()))

    assert rebuilt_state(template(Run=trigger("Nowhere")), stack) == NO_STACK.state


def test_a_parameter_from_the_store_with_the_same_name_is_unknown() -> None:
    source = template(STORED, Migrate=READING, Run=trigger())
    stack = deployed(source, values={"Level": "/level"}, looked_up={"Level": "low"})

    assert verdict(source, stack) == (UNKNOWN, "parameter 'Level' is looked up at deployment")


def test_a_hash_over_the_name_of_a_stored_parameter_is_not_a_sure_change() -> None:
    source = template(STORED, Migrate=READING, Run=trigger())
    stack = deployed(
        source, expand_with="/level", values={"Level": "/level"}, looked_up={"Level": "low"}
    )

    assert verdict(source, stack, {"/level": "low"}) == (
        UNKNOWN, "a parameter from Parameter Store is looked up at deployment",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("current", "expected"),
    [("low", UNCHANGED),
     ("high", (RUN, "environment key 'LEVEL' of 'Migrate' (parameter 'Level': 'low' → 'high')"))],
)  # fmt: skip
def test_a_parameter_from_the_store_is_compared_if_both_values_are_known(
    current: str, expected: tuple[str, ...]
) -> None:
    stored = {"Parameters": {"Level": {"Type": "AWS::SSM::Parameter::Value<String>"}}}
    source = template(stored, Migrate=READING, Run=trigger())
    stack = deployed(source, values={"Level": "/level"}, looked_up={"Level": "low"})

    assert verdict(source, stack, {"/level": current}) == expected


def test_a_secret_is_unknown_if_it_is_given_and_the_same_if_it_is_not() -> None:
    secret = {"Parameters": {"Password": {"Type": "String", "NoEcho": True}}}
    source = template(secret, Run=trigger(Payload={"Password": {"Ref": "Password"}}))
    stack = deployed(source, values={"Password": "****"})

    assert verdict(source, stack) == UNCHANGED
    assert verdict(source, stack, Password="new") == (  # noqa: S106 (it is not a secret)
        UNKNOWN, "parameter 'Password' has NoEcho, so its deployed value is not known",
    )  # fmt: skip


def test_metadata_that_the_sam_cli_adds_is_not_a_change() -> None:
    def source(**more: Any) -> Template:
        queue = {**QUEUE, **more}
        return template(LEVEL, Queue=queue, Run=trigger(ExecuteOnResourceChange=["Queue"]))

    by_sam = source(Metadata={"SamResourceId": "Queue"})

    assert verdict(source(), deployed(by_sam)) == UNCHANGED
    assert verdict(source(), deployed(source())) == UNCHANGED


def test_a_stack_in_review_has_no_resources_yet() -> None:
    stack = StackSnapshot(stack_id=STACK_ID, template={}, values={})

    assert verdict(template(LEVEL, Run=trigger()), stack) == (RUN, "first time")
