"""Nested stacks are planned with the parameters that the outer template gives them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cfn_trigger.deployment.stack import StackSnapshot
from cfn_trigger.errors import UsageError
from cfn_trigger.prediction.impact import Update
from cfn_trigger.prediction.nested import Outer, Passed, nested_stacks
from cfn_trigger.prediction.snapshots import (
    NO_STACK,
    Baseline,
    state_of_template,
    states_of_update,
)
from cfn_trigger.template.intrinsics import StackState
from cfn_trigger.template.source import Template, parse_template
from tests.support.stack_updates import REGION, expanded, template
from tests.support.templates import SAM, function, get, of_type, ref, trigger

RUN, STAY, OPEN = "will run", "will not run", "unknown until deployment"
LEVEL = {"Parameters": {"Level": {"Type": "String", "Default": "default"}}}
CHILD = template(LEVEL, Run=trigger(Payload={"Level": ref("Level")}))
OUTER_LEVEL = {"Parameters": {"Level": {"Type": "String", "Default": "low"}}}
ELSEWHERE = "its template is not at a local path; plan that template"
URL = "https://s3.amazonaws.com/uploads/child.template"


def stack_id(name: str) -> str:
    return f"arn:aws:cloudformation:{REGION}:123456789012:stack/{name}/0a1b"


def nested(url: str = "child.yaml", **parameters: Any) -> Any:
    more = {"Parameters": parameters} if parameters else {}
    return of_type("AWS::CloudFormation::Stack", TemplateURL=url, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """A reader of templates and stacks that are there."""

    templates: dict[str, Template] = field(default_factory=dict)
    stacks: dict[str, StackSnapshot] = field(default_factory=dict)

    def template(self, path: Path) -> Template:
        if str(path) not in self.templates:
            raise UsageError(f"{path}: No such file or directory")
        found = self.templates[str(path)]
        return parse_template(json.dumps(found.values), str(path))

    def stack(self, stack_id: str) -> StackSnapshot:
        return self.stacks[stack_id]

    def state(self, template: Template, passed: Passed, region: str) -> StackState:
        return state_of_template(
            template, passed.values, region=region, unknown_parameters=passed.unknown
        )

    def update(
        self, deployed: StackSnapshot, template: Template, passed: Passed
    ) -> tuple[Baseline, StackState]:
        return states_of_update(
            template, passed.values, deployed, unknown_parameters=passed.unknown
        )


def deployed(source: Template, name: str, *children: str, **values: str) -> StackSnapshot:
    """Return a stack that was deployed from a template, with nested stacks in it."""
    return StackSnapshot(
        stack_id=stack_id(name),
        template=expanded(source, **values),
        values=values,
        physical_ids={child: stack_id(f"{name}-{child}") for child in children},
    )


def planned(
    new: Template, files: Files, stack: StackSnapshot | None = None, **overrides: str
) -> tuple[dict[str, str], list[str]]:
    """Return the verdicts on the triggers of nested stacks, and the notes."""
    if stack is None:
        baseline, after = NO_STACK, state_of_template(new, overrides, region=REGION)
    else:
        baseline, after = states_of_update(new, overrides, stack)
    update = Update(old=baseline.state, new=after, region=REGION)
    outer = Outer(path=Path("app/template.yaml"), update=update, deployed=stack)
    everything = [*nested_stacks(outer, files)]
    predicted = [prediction for each in everything for prediction in each.predictions]
    verdicts: dict[str, str] = {each.trigger: each.verdict for each in predicted}
    return verdicts, [each.note for each in everything if each.note]


def test_a_new_nested_stack_runs_its_triggers() -> None:
    files = Files(templates={"app/child.yaml": CHILD})

    assert planned(template(Data=nested()), files) == ({"Data.Run": RUN}, [])


@pytest.mark.parametrize(
    ("level", "overrides", "verdict"),
    [
        ("low", {}, STAY),
        ("high", {}, RUN),
        (ref("Level"), {}, STAY),
        (ref("Level"), {"Level": "high"}, RUN),
        (get("Migrate"), {}, OPEN),
    ],
)
def test_a_parameter_of_the_outer_template_decides(
    level: Any, overrides: dict[str, str], verdict: str
) -> None:
    old = template(OUTER_LEVEL, Data=nested(URL, Level=ref("Level")))
    outer = deployed(old, "shop", "Data", Level="low")
    stacks = {stack_id("shop-Data"): deployed(CHILD, "shop-Data", Level="low")}
    files = Files(templates={"app/child.yaml": CHILD}, stacks=stacks)

    new = template(OUTER_LEVEL, Data=nested(Level=level))

    assert planned(new, files, outer, **overrides) == ({"Data.Run": verdict}, [])


def test_a_parameter_that_is_not_known_and_stays_is_the_deployed_one() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:migrate"
    outer = deployed(template(Data=nested(URL, Level=get("Migrate"))), "shop", "Data")
    stacks = {stack_id("shop-Data"): deployed(CHILD, "shop-Data", Level=arn)}
    files = Files(templates={"app/child.yaml": CHILD}, stacks=stacks)

    same, other = (
        template(Migrate=function(FunctionName=name) if name else function(),
                 Data=nested(Level=get("Migrate")))
        for name in ("", "other")
    )  # fmt: skip

    assert planned(same, files, outer) == ({"Data.Run": STAY}, [])
    assert planned(other, files, outer) == ({"Data.Run": OPEN}, [])


def test_a_parameter_that_is_not_passed_has_its_default() -> None:
    outer = deployed(template(Data=nested(URL)), "shop", "Data")
    stacks = {stack_id("shop-Data"): deployed(CHILD, "shop-Data", Level="low")}
    files = Files(templates={"app/child.yaml": CHILD}, stacks=stacks)

    assert planned(template(Data=nested()), files, outer) == ({"Data.Run": RUN}, [])


def planned_against(
    new: Template, old: Template, files: Files, *, old_path: str = "old/template.yaml"
) -> tuple[dict[str, str], list[str]]:
    """Return the verdicts on the triggers of nested stacks, and the notes, between two files."""
    states = [state_of_template(each, {}, region=REGION) for each in (old, new)]
    update = Update(old=states[0], new=states[1], region=REGION)
    outer = Outer(path=Path("app/template.yaml"), update=update, old_path=Path(old_path))
    everything = [*nested_stacks(outer, files)]
    verdicts: dict[str, str] = {
        each.trigger: each.verdict for nested in everything for each in nested.predictions
    }
    return verdicts, [each.note for each in everything if each.note]


OTHER_CHILD = template(LEVEL, Run=trigger(Payload={"Level": ref("Level"), "More": "x"}))


@pytest.mark.parametrize(("old_child", "verdict"), [(CHILD, STAY), (OTHER_CHILD, RUN)])
def test_an_old_nested_template_is_next_to_the_old_template(
    old_child: Template, verdict: str
) -> None:
    files = Files(templates={"app/child.yaml": CHILD, "old/child.yaml": old_child})
    source = template(Data=nested())

    assert planned_against(source, source, files) == ({"Data.Run": verdict}, [])


@pytest.mark.parametrize(
    ("old_level", "new_level", "verdict"),
    [
        ("low", "low", STAY),
        ("low", "high", RUN),
        (get("Migrate"), get("Migrate"), STAY),
        (get("Migrate"), get("Other"), OPEN),
        ("low", get("Migrate"), OPEN),
        (get("Migrate"), "low", OPEN),
        (ref("AWS::StackName"), ref("AWS::StackName"), STAY),
    ],
)
def test_parameters_of_nested_stacks_are_compared_between_two_templates(
    old_level: Any, new_level: Any, verdict: str
) -> None:
    files = Files(templates={"app/child.yaml": CHILD, "old/child.yaml": CHILD})
    old, new = (
        template(Data=nested(Level=level), Other=function()) for level in (old_level, new_level)
    )

    assert planned_against(new, old, files) == ({"Data.Run": verdict}, [])


def test_a_nested_stack_that_the_old_template_lacks_runs_its_triggers() -> None:
    files = Files(templates={"app/child.yaml": CHILD})

    assert planned_against(template(Data=nested()), template(), files) == ({"Data.Run": RUN}, [])


def test_nested_stacks_within_nested_stacks_are_compared_too() -> None:
    inner = template(Inner=nested())
    files = Files(
        templates={
            "app/data/template.yaml": inner, "app/data/child.yaml": CHILD,
            "old/data/template.yaml": inner, "old/data/child.yaml": OTHER_CHILD,
        }
    )  # fmt: skip
    source = template(Data=nested("data/template.yaml"))

    assert planned_against(source, source, files) == ({"Data.Inner.Run": RUN}, [])


def test_an_old_nested_template_that_is_not_at_hand_is_noted() -> None:
    files = Files(templates={"app/child.yaml": CHILD, "old/child.yaml": CHILD})
    new, elsewhere = template(Data=nested()), template(Data=nested(URL))
    missing = Files(templates={"app/child.yaml": CHILD})

    assert planned_against(new, new, files, old_path="app/old.yaml") == (
        {},
        [
            (
                "Data: is not planned: app/child.yaml is both its old and its new template;"
                " compare two checkouts"
            )
        ],
    )
    assert planned_against(new, elsewhere, files) == (
        {},
        ["Data: is not planned: in old/template.yaml its template is not at a local path"],
    )
    assert planned_against(new, new, missing) == (
        {},
        ["Data: is not planned: old/child.yaml: No such file or directory"],
    )


def test_nested_stacks_are_planned_to_any_depth() -> None:
    middle = template(Inner=nested("inner/child.yaml"))
    files = Files(
        templates={"app/middle/template.yaml": middle, "app/middle/inner/child.yaml": CHILD}
    )

    assert planned(template(Outer=nested("middle/template.yaml")), files) == (
        {"Outer.Inner.Run": RUN},
        [],
    )


def test_an_application_of_the_repository_is_left_to_aws() -> None:
    application = of_type(
        "AWS::Serverless::Application",
        Location={
            "ApplicationId": "arn:aws:serverlessrepo:us-east-1:123456789012:applications/app",
            "SemanticVersion": "1.0.0",
        },
    )

    source = template({"Transform": [SAM, "Trigger"]}, App=application)

    assert planned(source, Files()) == ({}, [])


def test_what_cannot_be_planned_is_said() -> None:
    outer = deployed(template(Data=nested(URL), Plain=nested(URL)), "shop", "Data", "Plain")
    stacks = {
        stack_id("shop-Data"): deployed(CHILD, "shop-Data"),
        stack_id("shop-Plain"): deployed(template(), "shop-Plain"),
    }
    resources = {
        "Data": nested(URL), "Plain": nested(URL), "New": nested(URL), "Gone": nested("gone.yaml"),
    }  # fmt: skip

    assert planned(template(**resources), Files(stacks=stacks), outer) == (
        {},
        [
            f"Data: {ELSEWHERE} --deployed-stack shop-Data",
            f"New: {ELSEWHERE}",
            "Gone: is not planned: app/gone.yaml: No such file or directory",
        ],
    )
