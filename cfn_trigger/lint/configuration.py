"""The `.cfnlintrc` that teaches cfn-lint, and with it `sam validate --lint`, the shorthand.

Keeps what an author configured. Refuses to know rules: cfn-lint finds them by the name of an
installed module, so that the file is the same on every machine.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from cfn_trigger.errors import UsageError
from cfn_trigger.template import writing
from cfn_trigger.template.rewrite import rewritten_text

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

    Keys are added at the end, and the rules at the end of their list. All else stays.
    """
    if existing is None:
        return FileChange(file=FILE, status="created", text=writing.as_yaml(_additions([])))
    text = _extended(existing)
    return FileChange(file=FILE, status="unchanged" if text == existing else "extended", text=text)


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
