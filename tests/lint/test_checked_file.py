"""Every problem of templates, at the author's own lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cfn_trigger.errors import Span
from cfn_trigger.lint.checked_file import CheckedFile, Match, check_file
from cfn_trigger.template import transforms
from cfn_trigger.template.source import Template

TEMPLATE = """\
Transform: Trigger
Parameters:
  Switch: {Type: String, Default: "true"}
Resources:
  Queue:
    Type: AWS::SQS::Queue
  Migrate:
    Type: AWS::Lambda::Function
    Metadata:
      Trigger:
        Timeout: 60
    Properties: {Runtime: python3.13, Handler: index.handler}
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      Enabled: !Ref Switch
  Seed:
    Type: Custom::Trigger
    Properties:
      Function:
        Runtime: python3.13
        Code: {ZipFile: x}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeLinter:
    """A linter with the same matches for every template."""

    in_source: tuple[Match, ...] = ()
    in_expansion: tuple[Match, ...] = ()
    seen: list[Mapping[str, Any]] = field(default_factory=list)

    def source_matches(self, template: Template) -> Iterator[Match]:
        assert template.text
        yield from self.in_source

    def expansion_matches(self, expansion: Mapping[str, Any]) -> Iterator[Match]:
        self.seen.append(expansion)
        yield from self.in_expansion


def match(*path: str | int, rule: str = "E1", message: str = "is wrong", line: int = 1) -> Match:
    return Match(rule=rule, level="error", message=message, span=Span(line=line), path=path)


def context(template: Template) -> transforms.Context:
    defaults = {"Switch": "true"} if "Default" in template.text else {}
    return transforms.Context(values=defaults)


def checked(linter: FakeLinter, text: str = TEMPLATE) -> CheckedFile:
    return check_file(text, "t.yaml", context, linter)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("Resources", "Queue", "Type"), 6),
        (("Resources", "Run", "Properties", "Enabled"), 17),
        (("Resources", "Run", "Properties", "HandlerArn", "Fn::GetAtt", 0), 16),
        (("Resources", "Run", "Properties", "Fingerprint", "Code"), 15),
        (("Resources", "Run", "DependsOn", 0), 13),
        (("Resources", "MigrateTrigger", "Properties", "Timeout"), 11),
        (("Resources", "MigrateTrigger", "Properties", "ServiceTimeout"), 10),
        (("Resources", "SeedFunction", "Properties", "Runtime"), 22),
        (("Resources", "SeedRole", "Properties", "Policies"), 18),
        (("Resources", "TriggerProviderInvokeSeedFunction", "Properties"), 18),
        (("Resources", "TriggerProviderInvokeMigrate", "Properties"), 10),
        (("Resources", "TriggerProvider", "Properties", "Code"), 10),
        (("Parameters", "Switch", "Type"), 3),
        ((), 1),
    ],
)
def test_a_match_in_the_expansion_is_reported_where_the_author_wrote_it(
    path: tuple[str | int, ...], line: int
) -> None:
    (one,) = checked(FakeLinter(in_expansion=(match(*path),))).diagnostics

    assert one.span.line == line


def test_the_linter_gets_the_expansion() -> None:
    linter = FakeLinter()

    assert checked(linter).diagnostics == ()
    (made,) = linter.seen
    assert "Transform" not in made
    assert made["Resources"]["Run"]["Properties"]["ServiceToken"]


def test_a_match_in_both_forms_is_reported_once() -> None:
    linter = FakeLinter(
        in_source=(match(line=6),),
        in_expansion=(
            match("Resources", "Queue", "Type", message="is wrong, in other words"),
            match("Resources", "Queue", "Type", rule="E2", message="something else"),
        ),
    )

    assert [one.rule for one in checked(linter).diagnostics] == ["E1", "E2"]


def test_every_match_in_the_source_is_reported() -> None:
    two = (match(line=6), match(line=6, message="is wrong too"), match(line=7))

    assert len(checked(FakeLinter(in_source=two)).diagnostics) == 3


def test_a_match_that_the_expansion_has_twice_at_a_line_is_reported_once() -> None:
    both = tuple(match("Resources", name, "Type") for name in ("TriggerProvider", "MigrateTrigger"))

    assert len(checked(FakeLinter(in_expansion=both)).diagnostics) == 1


@pytest.mark.parametrize(
    ("rule", "function"),
    [("E1020", ["Ref"]), ("E1019", ["Fn::Sub"]), ("E1010", ["Fn::GetAtt", 0])],
)
def test_a_reference_that_the_macro_refuses_is_reported_once(
    rule: str, function: list[str | int]
) -> None:
    path = ("Resources", "Run", "Properties", "ExecuteAfter", 0)
    ours = match(*path, rule="E9503", line=16)

    linter = FakeLinter(in_source=(match(*path, *function, rule=rule, line=15), ours))

    assert [one.rule for one in checked(linter).diagnostics] == ["E9503"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (
            match("Resources", "Run", "Condition", rule="E3001"),
            match("Resources", "Run", "Condition", rule="E9503", line=16),
        ),
        (
            match("Resources", "Run", "Type", rule="E3006"),
            match("Resources", "Run", "Type", rule="E9501", line=16),
        ),
        (
            match("Resources", "Run", "Properties", rule="E3003"),
            match("Resources", "Run", "Type", rule="E9501", line=16),
        ),
        (
            match("Resources", "Run", "Properties", rule="E3012"),
            match("Resources", "Run", "Properties", rule="E9502", line=16),
        ),
    ],
)
def test_a_value_that_the_macro_refuses_is_reported_once(theirs: Match, ours: Match) -> None:
    linter = FakeLinter(in_source=(theirs, ours))

    assert [one.rule for one in checked(linter).diagnostics] == [ours.rule]


def test_what_is_copied_into_created_resources_is_reported_once() -> None:
    linter = FakeLinter(
        in_source=(match("Resources", "Seed", "Condition", message="no 'Nope'", line=20),),
        in_expansion=(
            match("Resources", "SeedFunction", "Condition", message="no 'Nope'"),
            match("Resources", "MigrateTrigger", "Condition", message="no 'Nope'"),
        ),
    )

    assert [one.span.line for one in checked(linter).diagnostics] == [10, 20]


@pytest.mark.parametrize(
    "path",
    [
        ("Resources", "Run", "Properties", "Handlr"),
        ("Resources", "Run", "Properties", "Retry", "Attempts"),
        ("Resources", "Run", "Properties", "Payload"),
    ],
)
def test_an_unknown_reference_is_reported_with_other_problems_of_its_property(
    path: tuple[str, ...],
) -> None:
    inner = ("Key",) if path[-1] == "Payload" else ()
    ours = match(*path, rule="E9502", line=16)
    linter = FakeLinter(in_source=(match(*path, *inner, "Ref", rule="E1020"), ours))

    assert [one.rule for one in checked(linter).diagnostics] == ["E1020", "E9502"]


def test_unused_declarations_are_reported_of_the_source_alone() -> None:
    unused = match("Parameters", "Switch", rule="W2001")

    assert checked(FakeLinter(in_expansion=(unused,))).diagnostics == ()
    assert len(checked(FakeLinter(in_source=(unused,))).diagnostics) == 1


def test_a_problem_that_keeps_the_macro_from_expanding_is_reported_once() -> None:
    wrong = TEMPLATE.replace("Timeout: 60", "Timeout: 0")
    message = "Migrate.Metadata.Trigger.Timeout: must be a whole number from 1 to 43200, not 0"
    linter = FakeLinter(in_source=(match(rule="E9502", message=message, line=11),))

    assert [one.rule for one in checked(linter, wrong).diagnostics] == ["E9502"]
    assert [one.span.line for one in checked(FakeLinter(), wrong).diagnostics] == [11]
    assert linter.seen == []


def test_a_parameter_without_a_value_is_reported_as_information() -> None:
    without = TEMPLATE.replace(', Default: "true"', "")

    (diagnostic,) = checked(FakeLinter(), without).diagnostics

    why = "parameter 'Switch' has no value and no default; pass --parameter NAME=VALUE"
    assert diagnostic.level == "info"
    assert diagnostic.message == f"the expanded template was not checked: {why}"


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        "Triggers: [",
        "Trigger: {",
        "Resources: {A: {Type: 'Trigged::By'}}",
        "# Trigger\n[1]",
    ],
)
def test_a_file_without_triggers_is_skipped(text: str) -> None:
    assert checked(FakeLinter(), text) == CheckedFile(name="t.yaml", status="skipped")


def test_a_template_that_cannot_be_parsed_is_a_problem() -> None:
    (one,) = checked(FakeLinter(), "Transform: Trigger\nResources: [\n").diagnostics

    assert one.message.startswith("cannot be read: ")


def test_a_trigger_without_the_transform_is_checked() -> None:
    without = TEMPLATE.replace("Transform: Trigger\n", "")

    assert checked(FakeLinter(in_source=(match(),)), without).diagnostics


def test_of_an_expansion_the_linter_sees_only_what_it_has_not_seen_in_the_source() -> None:
    linter = FakeLinter()
    outputs = "Outputs:\n  Name: {Value: !GetAtt Queue.QueueName}\n"
    others = "".join(f"  Other{n}: {{Type: AWS::SQS::Queue}}\n" for n in range(9))
    named = others.replace("Other3: {", "Other3: {DependsOn: Queue, ")
    payload = "      Enabled: !Ref Switch\n      Payload: {Name: !GetAtt Other5.QueueName}\n"
    text = TEMPLATE.replace("      Enabled: !Ref Switch\n", payload)

    assert checked(linter, f"{text}{named}{outputs}").diagnostics == ()
    (seen,) = linter.seen
    assert "Outputs" not in seen
    assert [name for name in seen["Resources"] if name.startswith("Other")] == ["Other5"]
    assert seen["Resources"]["Migrate"] == {"Type": "AWS::Lambda::Function"}
    assert "Properties" in seen["Resources"]["TriggerProvider"]
    assert "Parameters" in seen


def test_if_the_linter_could_not_read_the_source_it_sees_the_whole_expansion() -> None:
    failed = Match(rule="E0001", level="error", message="cannot transform", span=Span())
    linter = FakeLinter(in_source=(failed,))

    assert checked(linter).diagnostics == ()
    (seen,) = linter.seen
    assert seen["Resources"]["Migrate"]["Properties"]
