"""The examples under another name of the macro."""

from pathlib import Path

import pytest

from acceptance.macro import EXAMPLES, NOT_DEPLOYED, TEMPLATES, of_macro
from cfn_trigger.template.source import parse_template


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Transform: Trigger\nResources:", "Transform: Other\nResources:"),
        (
            "Transform: [AWS::Serverless-2016-10-31, Trigger]\n",
            "Transform: [AWS::Serverless-2016-10-31, Other]\n",
        ),
        (
            "Transform:\n  - AWS::Serverless-2016-10-31\n  - Trigger\n",
            "Transform:\n  - AWS::Serverless-2016-10-31\n  - Other\n",
        ),
        ("    Type: Custom::Trigger\n", "    Type: Custom::Trigger\n"),
    ],
)
def test_only_the_name_of_the_transform_changes(template: str, expected: str) -> None:
    assert of_macro(template, "Other") == expected


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name)
def test_every_example_can_use_another_name(path: Path) -> None:
    original = parse_template(path.read_text(), path.name).values
    renamed = parse_template(of_macro(path.read_text(), "Other"), path.name).values

    changed = {key for key in original if original[key] != renamed[key]}
    assert changed == {"Transform"}
    assert "Other" in str(renamed["Transform"])


def test_what_is_not_deployed_is_an_example() -> None:
    folders = {path.parent.relative_to(EXAMPLES).as_posix() for path in TEMPLATES}

    assert set(NOT_DEPLOYED) <= folders
