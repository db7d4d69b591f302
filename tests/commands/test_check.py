"""Every problem of templates, at the author's own lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cfn_trigger.commands import check
from cfn_trigger.commands.check import Linted, Report
from cfn_trigger.errors import Diagnostic, Span
from cfn_trigger.template import transforms
from cfn_trigger.template.source import Template
from cfn_trigger.terminal.diagnostics import rendered

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
class Says:
    """A linter that says what it is told of the two forms of every template."""

    of_the_written: tuple[Linted, ...] = ()
    of_the_made: tuple[Linted, ...] = ()
    seen: list[Mapping[str, Any]] = field(default_factory=list)

    def written(self, template: Template) -> Iterator[Linted]:
        assert template.text
        yield from self.of_the_written

    def made(self, values: Mapping[str, Any]) -> Iterator[Linted]:
        self.seen.append(values)
        yield from self.of_the_made


def linted(*path: str | int, rule: str = "E1", message: str = "is wrong", line: int = 1) -> Linted:
    return Linted(rule=rule, level="error", message=message, span=Span(line=line), path=path)


def setting(template: Template) -> transforms.Setting:
    defaults = {"Switch": "true"} if "Default" in template.text else {}
    return transforms.Setting(values=defaults)


def found(linter: Says, text: str = TEMPLATE) -> Report:
    return check.report(text, "t.yaml", setting, linter)


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
def test_what_is_found_in_the_expansion_is_said_where_the_author_wrote_it(
    path: tuple[str | int, ...], line: int
) -> None:
    (one,) = found(Says(of_the_made=(linted(*path),))).findings

    assert one.span.line == line


def test_the_linter_gets_the_expansion() -> None:
    linter = Says()

    assert found(linter).findings == ()
    (made,) = linter.seen
    assert "Transform" not in made
    assert made["Resources"]["Run"]["Properties"]["ServiceToken"]


def test_what_both_forms_have_is_said_once() -> None:
    linter = Says(
        of_the_written=(linted(line=6),),
        of_the_made=(
            linted("Resources", "Queue", "Type", message="is wrong, in other words"),
            linted("Resources", "Queue", "Type", rule="E2", message="something else"),
        ),
    )

    assert [one.rule for one in found(linter).findings] == ["E1", "E2"]


def test_all_is_said_that_is_found_in_the_authors_text() -> None:
    two = (linted(line=6), linted(line=6, message="is wrong too"), linted(line=7))

    assert len(found(Says(of_the_written=two)).findings) == 3


def test_what_is_found_twice_in_the_expansion_is_said_once() -> None:
    both = tuple(
        linted("Resources", name, "Type") for name in ("TriggerProvider", "MigrateTrigger")
    )

    assert len(found(Says(of_the_made=both)).findings) == 1


def test_what_only_the_authors_text_can_tell_is_not_said_of_the_expansion() -> None:
    unused = linted("Parameters", "Switch", rule="W2001")

    assert found(Says(of_the_made=(unused,))).findings == ()
    assert len(found(Says(of_the_written=(unused,))).findings) == 1


def test_what_the_macro_finds_is_said_once_and_nothing_is_expanded() -> None:
    wrong = TEMPLATE.replace("Timeout: 60", "Timeout: 0")
    said = "Migrate.Metadata.Trigger.Timeout: takes a whole number from 1 to 3540, not 0"
    linter = Says(of_the_written=(linted(rule="E9502", message=said, line=11),))

    assert [one.rule for one in found(linter, wrong).findings] == ["E9502"]
    assert [one.span.line for one in found(Says(), wrong).findings] == [11]
    assert linter.seen == []


def test_a_parameter_without_a_value_is_no_problem_but_is_said() -> None:
    without = TEMPLATE.replace(', Default: "true"', "")

    (one,) = found(Says(), without).findings

    why = "parameter 'Switch' has no value and no default; give --parameter NAME=VALUE"
    assert one.level == "info"
    assert one.message == f"what it expands to was not checked: {why}"


@pytest.mark.parametrize(
    "text",
    ["a: b", "Triggers: [", "Trigger: {", "Resources: {A: {Type: 'Trigger'}}", "# Trigger\n[1]"],
)
def test_what_has_no_triggers_is_passed_over(text: str) -> None:
    assert found(Says(), text) == Report(file="t.yaml", status="passed over")


def test_a_template_that_cannot_be_read_is_a_problem() -> None:
    (one,) = found(Says(), "Transform: Trigger\nResources: [\n").findings

    assert one.message.startswith("cannot be read: ")


def test_a_trigger_without_the_transform_is_looked_at() -> None:
    without = TEMPLATE.replace("Transform: Trigger\n", "")

    assert found(Says(of_the_written=(linted(),)), without).findings


def test_a_problem_is_shown_with_its_line_a_caret_and_the_remedy() -> None:
    one = Diagnostic(
        file="t.yaml",
        span=Span(line=2, column=4, width=3),
        rule="E1",
        level="warning",
        message="is wrong; do this; or that",
    )

    assert rendered([one], {"t.yaml": "a\n\t  bad: 1\n"}).plain == (
        "t.yaml:2:4: warning[E1] is wrong\n 2 | \t  bad: 1\n   | \t  ^^^\n   = do this; or that\n"
    )


def test_a_problem_past_the_end_of_a_file_is_shown_without_a_line() -> None:
    one = Diagnostic(file="t.yaml", span=Span(line=9), rule="E1", message="is wrong")

    assert rendered([one], {"t.yaml": "a\n"}).plain == "t.yaml:9:1: error[E1] is wrong\n"
