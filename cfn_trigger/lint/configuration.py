"""The `.cfnlintrc` that makes cfn-lint, and `sam validate --lint`, know triggers.

Knows where this package is installed. cfn-lint takes rules by the name of a module, which has to be
installed beside it, and an override spec by its path alone.
"""

from pathlib import Path
from typing import Any, Final

import yaml

RULES: Final = "cfn_trigger.lint.rules"
SPEC: Final = Path(__file__).with_name("custom-resource.json")


class ConflictError(Exception):
    """A configuration that cannot hold ours beside its own; says what to do."""


def text(project: Path) -> str:
    """Give what the `.cfnlintrc` of a project says that has none yet."""
    return _in_yaml({"append_rules": [RULES], "override_spec": _spec(project)})


def merged(existing: str, project: Path) -> str:
    """Add ours to the text of a `.cfnlintrc`; one that has it already stays as it is.

    Keys are added below what is there. Where one of ours is there with another value, such as a
    list of rules, the whole is written anew, without comments. Raises ConflictError where there is
    an override spec of somebody else, since cfn-lint takes only one.
    """
    configuration: dict[str, Any] = yaml.safe_load(existing) or {}
    spec, rules = configuration.get("override_spec", ""), configuration.get("append_rules", [])
    if spec and Path(spec).name != SPEC.name:
        said = f"is {spec!r}, and cfn-lint takes only one; add to it the patches of {SPEC}"
        raise ConflictError(f"override_spec: {said}")
    ours = {
        "append_rules": rules if RULES in rules else [*rules, RULES],
        "override_spec": _spec(project),
    }
    missing = {name: value for name, value in ours.items() if configuration.get(name) != value}
    if configuration.keys() & missing.keys():
        return _in_yaml(configuration | ours)
    return f"{existing.rstrip()}\n{_in_yaml(missing)}".lstrip() if missing else existing


def _spec(project: Path) -> str:
    """Say where our spec is, seen from the project if it is in there."""
    root = project.resolve()
    return str(SPEC.relative_to(root) if SPEC.is_relative_to(root) else SPEC)


def _in_yaml(configuration: dict[str, Any]) -> str:
    return yaml.safe_dump(configuration, sort_keys=False)
