"""The files that teach cfn-lint, `sam validate --lint` and VS Code the shorthand.

Keeps what an author configured. Refuses to know rules: cfn-lint finds them by the name of an
installed module, and an editor finds the schema in the project, so that the files are the same on
every machine.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from cfn_trigger.errors import UsageError
from cfn_trigger.template import writing
from cfn_trigger.template.rewrite import rewritten_text

FILE: Final = ".cfnlintrc"
RULES: Final = "cfn_trigger.lint.rules"
EDITOR_FOLDER: Final = ".vscode"
EDITOR_SETTINGS: Final = f"{EDITOR_FOLDER}/settings.json"
EDITOR_SCHEMA: Final = f"{EDITOR_FOLDER}/cfn-trigger.schema.json"
_SCHEMA: Final = Path(__file__).with_name("template.yaml.schema.json")
_TEMPLATES: Final = ("template.yaml", "template.yml")
_TAGS: Final = (
    "!And sequence", "!Base64 scalar", "!Base64 mapping", "!Cidr scalar", "!Cidr sequence",
    "!Condition scalar", "!Equals sequence", "!FindInMap sequence", "!GetAZs scalar",
    "!GetAtt scalar", "!GetAtt sequence", "!If sequence", "!ImportValue scalar",
    "!ImportValue mapping", "!Join sequence", "!Not sequence", "!Or sequence", "!Ref scalar",
    "!Select sequence", "!Split sequence", "!Sub scalar", "!Sub sequence", "!Transform mapping",
)  # fmt: skip
"""CloudFormation's short tags, which the YAML extension has to be told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """The text that a file gets, and how it compares with the existing file."""

    file: str
    status: Literal["created", "extended", "unchanged"]
    text: str

    def as_json(self) -> dict[str, str]:
        """Return an object of strings: file, status, text."""
        return asdict(self)


def files_of_editor(settings: str | None, schema: str | None) -> tuple[FileChange, FileChange]:
    """Return the new settings of VS Code and the schema that they name, from their old texts.

    Raises UsageError for settings that are not plain JSON, such as those with comments.
    """
    return _of_settings(settings), _change(EDITOR_SCHEMA, schema, _SCHEMA.read_text("utf-8"))


def _change(file: str, existing: str | None, text: str) -> FileChange:
    if existing is None:
        return FileChange(file=file, status="created", text=text)
    return FileChange(file=file, status="unchanged" if text == existing else "extended", text=text)


def _of_settings(existing: str | None) -> FileChange:
    text = "{}" if existing is None else existing
    try:
        old = json.loads(text)
        schemas = {**old.get("yaml.schemas", {})}
        tags = [*old.get("yaml.customTags", [])]
    except (ValueError, AttributeError, TypeError) as error:
        remedy = f"add {json.dumps(_settings({}, []))} to it"
        raise UsageError(f"{EDITOR_SETTINGS}: is not a plain JSON object; {remedy}") from error
    new = {**old, **_settings(schemas, tags)}
    written = f"{json.dumps(new, indent=2)}\n"
    if existing is not None:
        written = rewritten_text(existing, old, new, read=json.loads)
    return _change(EDITOR_SETTINGS, existing, written)


def _settings(schemas: Mapping[str, Any], tags: list[str]) -> dict[str, Any]:
    """Return the settings with what is missing; the templates of a schema may be the author's."""
    return {
        "yaml.schemas": {f"./{EDITOR_SCHEMA}": [*_TEMPLATES], **schemas},
        "yaml.customTags": [*tags, *(tag for tag in _TAGS if tag not in tags)],
    }


def configured(existing: str | None) -> FileChange:
    """Return the new `.cfnlintrc` of a project; `existing` is its text, if it has one.

    Keys are added at the end, and the rules at the end of their list. All else stays.
    """
    text = writing.as_yaml(_additions([])) if existing is None else _extended(existing)
    return _change(FILE, existing, text)


def _extended(existing: str) -> str:
    old = _parsed(existing)
    new = old | _additions(old.get("append_rules", []))
    if not old:
        return f"{existing.rstrip()}\n{writing.as_yaml(new)}".lstrip()
    return rewritten_text(existing, old, new, read=yaml.safe_load)


def _parsed(text: str) -> dict[str, Any]:
    try:
        configuration = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"{FILE}: is not YAML; correct it, or remove it") from error
    if not isinstance(configuration, dict):
        raise UsageError(f"{FILE}: is not a map of settings; correct it, or remove it")
    return configuration


def _additions(rules: list[str]) -> dict[str, Any]:
    return {"append_rules": rules if RULES in rules else [*rules, RULES]}
