"""What is read without cfn-lint has the values that cfn-lint would read; all else is left to it."""

import subprocess
import sys
from pathlib import Path

import pytest

from cfn_trigger.template import plain_reader
from cfn_trigger.template.decoding import decoded
from cfn_trigger.template.source import through_json
from tests.support.golden_cases import EXAMPLES, FOLDER

STYLES = Path(__file__).parent / "styles"
FILES = sorted(
    path
    for folder, pattern in ((EXAMPLES, "template.yaml"), (FOLDER, "*.yaml"), (STYLES, "*"))
    for path in folder.rglob(pattern)
    if ".aws-sam" not in path.parts and path.is_file()
)
SCALARS = (
    "text", "'5'", "5", "010", "0o10", "0x1F", "1_000", "1e3", "1.5e+3", "1.50", ".inf", "12:30:45",
    "yes", "on", "'on'", "~", "null", "''", "2026-11-25", "2026-11-25T10:00:00Z", "{}", "[]",
    "[1, [2], {A: 3}]", "!Ref A", "!Condition A", "!GetAtt A.B.C", "!GetAtt [A, B]",
    "!GetAtt {A: B}", "!Sub 'a ${B}'", "!Sub ['${A}', {A: !Ref B}]", "!If [A, !Ref B, null]",
    "!Transform {Name: A, Parameters: {B: 1}}", "!Base64 {A: 1}", "! text", "!!str 5", "!!int '5'",
    "&a [*b, *b]", '"\\u00e9 \\t \\/"', "|\n    two\n    lines\n", ">-\n    two\n    lines\n",
    "{2026-11-25: 1, on: 2, 5: 3, 1.5: 4}",
)  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_has_the_values_that_cfn_lint_reads(path: Path) -> None:
    text = path.read_text()
    nodes, matches = decoded(text)

    values = plain_reader.values(text)

    assert not matches
    assert values is None or through_json(values) == through_json(nodes)


def test_few_templates_are_left_to_cfn_lint() -> None:
    left = {path.name for path in FILES if plain_reader.values(path.read_text()) is None}

    assert left == {"anchors.yaml"}


@pytest.mark.parametrize("scalar", SCALARS)
def test_a_value_of_any_spelling_is_what_cfn_lint_reads(scalar: str) -> None:
    text = f"First: &b x\nA: {scalar}\n"

    values, (nodes, _) = plain_reader.values(text), decoded(text)

    assert repr(through_json(values)) == repr(through_json(nodes))


@pytest.mark.parametrize(
    "text",
    [
        "", "A: [", "A: 1\nA: 2", "1: a\n1.0: b", "~: 1", "[A]: 1", "A: &a {B: *a}", "A: *a",
        "A: {<<: {B: 1}}", "A: !!binary x", "A: !!set {x}", '{\t"A":\t1}\n\t',
        '{"A": "\\ud83d\\ude00"}',
        "A: !Sub {A: 1, A: 2}", "[" * 5_000,
    ],
)  # fmt: skip
def test_what_may_be_wrong_is_left_to_cfn_lint(text: str) -> None:
    assert plain_reader.values(text) is None


@pytest.mark.parametrize(
    "command", ["expand", "graph", "install", "plan", "run", "uninstall", "upgrade", "watch"]
)
def test_a_command_does_not_import_cfn_lint_or_sam_before_it_needs_them(command: str) -> None:
    code = f"import sys, cfn_trigger.commands.{command}; print(*sys.modules)"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert {"cfnlint", "samtranslator"}.isdisjoint(ended.stdout.split())
