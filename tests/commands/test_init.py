"""What `cfn-trigger init` writes, and what it prints."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from cfn_trigger.lint.configuration import configured
from tests.support.command_line import run


def test_init_creates_the_configuration_once(tmp_path: Path) -> None:
    file = tmp_path / ".cfnlintrc"
    expected = configured(None).text

    first, second = (run("init", str(tmp_path)).stdout.splitlines()[0] for _ in range(2))

    assert (first, second) == (f"{file}: created", f"{file}: unchanged")
    assert file.read_text() == expected
    assert json.loads(run("init", "--json", str(tmp_path)).stdout) == [
        {"file": ".cfnlintrc", "status": "unchanged", "text": expected}
    ]


# ---- VS Code


def initialized(project: Path, *options: str) -> list[str]:
    """Return what is printed of the files, without the folder."""
    outcome = run("init", str(project), *options)
    assert outcome.exit_code == 0
    return outcome.stdout.replace(f"{project}/", "").splitlines()


def settings_of(project: Path) -> dict[str, object]:
    settings: dict[str, object] = json.loads((project / ".vscode" / "settings.json").read_text())
    return settings


def test_an_editor_is_configured_if_the_project_has_its_folder_or_the_option(
    tmp_path: Path,
) -> None:
    without = initialized(tmp_path)
    passed = initialized(tmp_path, "--vscode")
    again = initialized(tmp_path)

    assert without == [".cfnlintrc: created"]
    assert passed == [
        ".cfnlintrc: unchanged",
        ".vscode/settings.json: created",
        ".vscode/cfn-trigger.schema.json: created",
    ]
    assert again == [line.replace("created", "unchanged") for line in passed]
    assert initialized(tmp_path, "--no-vscode") == [".cfnlintrc: unchanged"]


def test_no_file_names_a_path_of_this_machine(tmp_path: Path) -> None:
    initialized(tmp_path, "--vscode")

    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(texts) == 3
    assert [text for text in texts if str(tmp_path) in text or "site-packages" in text] == []


def test_the_settings_name_a_schema_that_is_in_the_project(tmp_path: Path) -> None:
    initialized(tmp_path, "--vscode")

    (name,) = dict(settings_of(tmp_path)["yaml.schemas"])  # type: ignore[call-overload]
    Draft7Validator.check_schema(json.loads((tmp_path / name).read_text()))


def test_settings_of_the_author_stay(tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    existing = {
        "editor.tabSize": 4,
        "yaml.schemas": {
            "./.vscode/cfn-trigger.schema.json": ["stacks/*.yaml"],
            "https://schemas.example/x.json": "x.yaml",
        },
        "yaml.customTags": ["!Secret scalar", "!Ref scalar"],
    }
    (tmp_path / ".vscode" / "settings.json").write_text(json.dumps(existing, indent=4))

    assert ".vscode/settings.json: extended" in initialized(tmp_path)
    settings = settings_of(tmp_path)
    tags = settings.pop("yaml.customTags")
    assert settings == {name: existing[name] for name in ("editor.tabSize", "yaml.schemas")}
    assert isinstance(tags, list)
    assert tags[:2] == ["!Secret scalar", "!Ref scalar"]
    assert sorted(set(tags)) == sorted(tags)
    assert (
        (tmp_path / ".vscode" / "settings.json").read_text().startswith('{\n    "editor.tabSize"')
    )


@pytest.mark.parametrize("text", ["{} // mine", "[]", '{"yaml.schemas": 5}'])
def test_settings_that_are_not_plain_json_are_left_alone(text: str, tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode" / "settings.json").write_text(text)

    outcome = run("init", str(tmp_path))

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith(
        'cfn-trigger: .vscode/settings.json: is not a plain JSON object; add {"yaml.schemas": '
    )
    assert (tmp_path / ".vscode" / "settings.json").read_text() == text
    assert not (tmp_path / ".cfnlintrc").exists()
