"""The golden cases: templates as an author writes them, and what becomes of each.

A case is a folder with a `template.yaml`, and either an `expected.yaml` (the expanded template,
with a placeholder for the provider's source) or a `problem.txt` (one problem per line). Knows how a
template reaches the macro: without its transforms, in JSON, with the parameters' defaults.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from samtranslator.yaml_helper import yaml_parse

from macro.emit import SOURCE
from macro.handler import handler

FOLDER: Final = Path(__file__).parent
REQUEST: Final = "9c8c2f4e-1f52-4a3c-8d1f-0a6c3b7b2c11"
PLACEHOLDER: Final = "the text of trigger_provider/index.py"

Template = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a template: the name of the file that says so, and its text."""

    file: str
    text: str


def cases(file: str = "template.yaml") -> list[str]:
    """Name the cases that have a file, sorted."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{file}"))


def template(case: str) -> Template:
    """Read the template of a case, with its transforms."""
    parsed: Template = yaml_parse((FOLDER / case / "template.yaml").read_text())
    return parsed


def expected(case: str) -> Outcome:
    """Read what a case says; a case without an answer expects nothing."""
    for file in ("expected.yaml", "problem.txt"):
        if (path := FOLDER / case / file).exists():
            return Outcome(file=file, text=path.read_text())
    return Outcome(file="nothing", text="")


def actual(case: str) -> Outcome:
    """Expand the template of a case."""
    answer = answered(template(case))
    if answer["status"] == "failure":
        said = answer["errorMessage"].replace(" | ", "\n")
        return Outcome(file="problem.txt", text=f"{said}\n")
    return Outcome(file="expected.yaml", text=in_yaml(answer["fragment"]))


def answered(written: Template) -> Template:
    """Give the macro's answer to a template, which need not be without its transforms."""
    fragment = {name: section for name, section in written.items() if name != "Transform"}
    event = {
        "region": "eu-central-1",
        "accountId": "123456789012",
        "fragment": fragment,
        "transformId": "123456789012::Trigger",
        "params": _settings(written.get("Transform", [])),
        "requestId": REQUEST,
        "templateParameterValues": values(fragment),
    }
    through_json: Template = json.loads(json.dumps(handler(json.loads(json.dumps(event)), None)))
    return through_json


def values(fragment: Template) -> Template:
    """Give every parameter the value of its default, as CloudFormation says it to a macro."""
    given: Template = {}
    for name, parameter in fragment.get("Parameters", {}).items():
        default = str(parameter.get("Default", ""))
        given[name] = default.split(",") if "List" in parameter["Type"] else default
    return given


def _settings(transforms: Any) -> Template:
    for transform in transforms if isinstance(transforms, list) else [transforms]:
        if isinstance(transform, dict) and transform["Name"] == "Trigger":
            return dict(transform.get("Parameters", {}))
    return {}


def in_yaml(fragment: Template) -> str:
    """Write an expanded template, without the provider's source."""
    provider = fragment["Resources"].get("TriggerProvider")
    if provider and provider["Properties"]["Code"] == {"ZipFile": SOURCE}:
        provider["Properties"]["Code"] = {"ZipFile": PLACEHOLDER}
    text: str = yaml.safe_dump(fragment, sort_keys=False, width=100, allow_unicode=True)
    return text
