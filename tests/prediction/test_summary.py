"""Predictions are counted by what becomes of each trigger."""

from typing import Any

import pytest

from cfn_trigger.prediction.predict import Outcome, Prediction, predictions
from cfn_trigger.prediction.snapshots import NO_STACK, Baseline, state_of_template
from cfn_trigger.prediction.summary import counts, may_run, summary
from tests.support.stack_updates import REGION, template
from tests.support.templates import function, trigger

ALL: Any = {
    "will run": 0, "unchanged": 0, "updated without running": 0, "disabled": 0, "dry run": 0,
    "deleted without running": 0, "retained": 0, "unknown until deployment": 0,
}  # fmt: skip


def predicted(outcome: Outcome) -> Prediction:
    return Prediction(
        trigger="Run", verdict="will not run", outcome=outcome, request="none", because=()
    )


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((), "no triggers"),
        (("will run",), "1 will run"),
        (("unchanged",), "0 will run, 1 unchanged"),
        (
            ("unchanged", "unknown until deployment", "will run", "unchanged"),
            "1 will run, 2 unchanged, 1 unknown until deployment",
        ),
        (
            ("deleted without running", "disabled", "disabled", "dry run", "retained"),
            "0 will run, 2 disabled, 1 dry run, 1 deleted without running, 1 retained",
        ),
        (("dry run", "dry run", "will run", "will run"), "2 will run, 2 dry runs"),
        (("updated without running",), "0 will run, 1 updated without running"),
    ],
)
def test_a_summary_counts_what_becomes_of_the_triggers(
    outcomes: tuple[Outcome, ...], expected: str
) -> None:
    assert summary(map(predicted, outcomes)) == expected


def test_counts_have_every_outcome() -> None:
    assert counts([]) == ALL
    assert counts([predicted("will run")]) == ALL | {"will run": 1}


OLD = {
    "Same": trigger(Payload=1),
    "Differs": trigger(Payload=1),
    "Slower": trigger(Payload=1),
    "Gone": trigger(Payload=1),
    "Cleanup": trigger(Payload=1, ExecuteOnDelete=True),
    "Kept": {**trigger(Payload=1), "DeletionPolicy": "Retain"},
    "Off": trigger(Payload=1),
    "Dry": trigger(Payload=1),
    "Looks": trigger(Payload={"Url": "{{resolve:ssm:/url}}"}),
}
NEW = {
    **{name: OLD[name] for name in ("Same", "Looks")},
    "Differs": trigger(Payload=2),
    "Slower": trigger(Payload=1, Timeout=600),
    "Off": trigger(Payload=2, Enabled=False),
    "Dry": trigger(Payload=1, InvocationType="DryRun"),
    "Added": trigger(Payload=1),
    "AddedOff": trigger(Payload=1, Enabled=False),
}


def test_every_trigger_of_an_update_has_an_outcome() -> None:
    old, new = (template(**resources) for resources in (OLD, NEW))
    baseline = Baseline(state=state_of_template(old, {}, region=REGION))

    predicted = predictions(baseline, state_of_template(new, {}, region=REGION), region=REGION)

    assert {each.trigger: each.outcome for each in predicted} == {
        "Same": "unchanged",
        "Differs": "will run",
        "Slower": "updated without running",
        "Gone": "deleted without running",
        "Cleanup": "will run",
        "Kept": "retained",
        "Off": "disabled",
        "Dry": "dry run",
        "Looks": "unknown until deployment",
        "Added": "will run",
        "AddedOff": "disabled",
    }


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, False),
        ({"Run": trigger()}, True),
        ({"Run": trigger(Enabled=False)}, False),
        ({"Run": {**trigger(), "Condition": "Unknown"}}, True),
    ],
)
def test_a_handler_may_run_if_it_will_or_if_that_is_unknown(
    resources: Any, *, expected: bool
) -> None:
    unknown = {"Fn::Equals": [{"Fn::ImportValue": "stage"}, "live"]}
    source = template({"Conditions": {"Unknown": unknown}}, Migrate=function(), **resources)

    after = state_of_template(source, {}, region=REGION)

    assert may_run(predictions(NO_STACK, after, region=REGION)) is expected
