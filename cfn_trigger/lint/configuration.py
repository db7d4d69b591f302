"""The `.cfnlintrc` that teaches cfn-lint, and with it `sam validate --lint`, the shorthand.

Keeps what an author configured. Refuses to know rules: cfn-lint finds them by the name of an
installed module, so that the file is the same on every machine.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from cfn_trigger.errors import UsageError

FILE: Final = ".cfnlintrc"
RULES: Final = "cfn_trigger.lint.rules"
EDITOR_SCHEMA: Final = Path(__file__).with_name("template.yaml.schema.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """The text that a file gets, and how it compares with the existing file."""

    file: str
    status: Literal["created", "extended", "unchanged"]
    text: str

    def as_json(self) -> dict[str, str]:
        """Return an object of strings: file, status, text."""
        return asdict(self)


def configured(existing: str | None) -> FileChange:
    """Return the new `.cfnlintrc` of a project; `existing` is its text, if it has one.

    Keys are added at the end. If one of them exists with another value, such as a list of rules,
    the whole file is rewritten without its comments.
    """
    if existing is None:
        return FileChange(file=FILE, status="created", text=_in_yaml(_additions([])))
    text = _extended(existing)
    return FileChange(file=FILE, status="unchanged" if text == existing else "extended", text=text)


def _extended(existing: str) -> str:
    configuration = _parsed(existing)
    additions = _additions(configuration.get("append_rules", []))
    missing = {key: value for key, value in additions.items() if configuration.get(key) != value}
    if configuration.keys() & missing.keys():
        return _in_yaml(configuration | additions)
    return f"{existing.rstrip()}\n{_in_yaml(missing)}".lstrip() if missing else existing


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


def _in_yaml(configuration: dict[str, Any]) -> str:
    return yaml.safe_dump(configuration, sort_keys=False)
