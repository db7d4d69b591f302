"""The golden cases: templates as an author writes them, and what becomes of each.

A case is a folder with a `template.yaml`, and either an `expected.yaml` (the expanded template,
with a placeholder for the provider's source) or a `problem.txt` (one problem per line). The
template of a case `example-…` lies with its example. Knows how a template reaches the macro: in
JSON, without its transforms, with the parameters' defaults and local code uploaded, before or after
SAM as its list of transforms says; of an `Fn::Transform`, only what stands beside it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.utils.py27hash_fix import to_py27_compatible_template
from samtranslator.yaml_helper import yaml_parse

from macro.embedding import TEXT, compressed
from macro.handler import handler
from tests.support.templates import SAM

FOLDER: Final = Path(__file__).parents[1] / "golden"
EXAMPLES: Final = FOLDER.parent.parent / "examples"
REQUEST: Final = "9c8c2f4e-1f52-4a3c-8d1f-0a6c3b7b2c11"
PLACEHOLDER: Final = "the text of trigger_provider/embedded.py"

Template = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result for a template: the name of the file that has it, and its text."""

    file: str
    text: str


def examples() -> dict[str, Path]:
    """Return the folder of every example by the name of its case, sorted."""
    folders = {path.parent.relative_to(EXAMPLES) for path in EXAMPLES.rglob("template.yaml")}
    written = (folder for folder in folders if ".aws-sam" not in folder.parts)
    return {"-".join(("example", *folder.parts)): EXAMPLES / folder for folder in sorted(written)}


def cases(file: str = "template.yaml") -> list[str]:
    """List the cases that have a file, sorted; an example has a template."""
    own = {path.parent.name for path in FOLDER.glob(f"*/{file}")}
    return sorted(own.union(examples() if file == "template.yaml" else ()))


def template(case: str) -> Template:
    """Read the template of a case, with its transforms."""
    folder = examples().get(case, FOLDER / case)
    parsed: Template = yaml_parse((folder / "template.yaml").read_text())
    return uploaded(parsed)


def uploaded(parsed: Template) -> Template:
    """Put the local code of functions into a bucket, as `sam deploy` does."""
    for name, resource in parsed.get("Resources", {}).items():
        match resource:
            case {
                "Type": "AWS::Serverless::Function",
                "Properties": {"CodeUri": str(path)} as properties,
            } if not path.startswith("s3://"):
                properties["CodeUri"] = f"s3://code/{name}"
    return parsed


def expected(case: str) -> Outcome:
    """Read the expected result of a case; empty if it has none."""
    for file in ("expected.yaml", "problem.txt"):
        if (path := FOLDER / case / file).exists():
            return Outcome(file=file, text=path.read_text())
    return Outcome(file="nothing", text="")


def actual(case: str) -> Outcome:
    """Run a case's transforms on its template, in their order."""
    fragment = template(case)
    for snippet in beside_a_transform(fragment):
        return Outcome(file="problem.txt", text=f"{answered(snippet, {})['errorMessage']}\n")
    transforms = fragment.pop("Transform")
    for transform in transforms if isinstance(transforms, list) else [transforms]:
        if transform == SAM:
            fragment = by_sam(fragment)
            continue
        parameters = transform["Parameters"] if isinstance(transform, dict) else {}
        answer = answered(fragment, parameters)
        if answer["status"] == "failure":
            said = answer["errorMessage"].replace(" | ", "\n")
            return Outcome(file="problem.txt", text=f"{said}\n")
        fragment = answer["fragment"]
    return Outcome(file="expected.yaml", text=in_yaml(fragment))


def beside_a_transform(value: Any) -> Iterator[Template]:
    """Return the siblings of every `Fn::Transform`; none of them can be expanded."""
    if isinstance(value, dict) and "Fn::Transform" in value:
        yield {name: item for name, item in value.items() if name != "Fn::Transform"}
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from beside_a_transform(item)


def by_sam(fragment: Template) -> Template:
    """Transform a fragment with SAM's own translator."""
    session = Session(region_name="eu-central-1")
    mutable = json.loads(json.dumps(fragment)) | {"Transform": SAM}
    to_py27_compatible_template(mutable)
    given = values(fragment)
    translated = Translator({}, Parser(), boto_session=session).translate(mutable, given)
    through_json: Template = json.loads(json.dumps(translated))
    return through_json


def answered(fragment: Template, settings: Template) -> Template:
    """Return the macro's response to a fragment and the parameters of its transform."""
    event = {
        "region": "eu-central-1",
        "accountId": "123456789012",
        "fragment": fragment,
        "transformId": "123456789012::Trigger",
        "params": settings,
        "requestId": REQUEST,
        "templateParameterValues": values(fragment),
    }
    through_json: Template = json.loads(json.dumps(handler(json.loads(json.dumps(event)), None)))
    return through_json


def values(fragment: Template) -> Template:
    """Return the default of every parameter, as CloudFormation sends it to a macro."""
    values_by_name: Template = {}
    for name, parameter in fragment.get("Parameters", {}).items():
        default = str(parameter.get("Default", ""))
        values_by_name[name] = default.split(",") if "List" in parameter["Type"] else default
    return values_by_name


def in_yaml(fragment: Template) -> str:
    """Write an expanded template as an author would, without the provider's source."""
    provider = fragment["Resources"].get("TriggerProvider")
    forms = ({"ZipFile": TEXT}, {"ZipFile": compressed()})
    if provider and provider["Properties"]["Code"] in forms:
        provider["Properties"]["Code"] = {"ZipFile": PLACEHOLDER}
    return yaml.dump(
        fragment, Dumper=_ShortForm, sort_keys=False, width=100, default_flow_style=None
    )


class _ShortForm(yaml.SafeDumper):
    """Writes intrinsic functions as tags, and code as lines."""

    def text(self, written: str) -> yaml.Node:
        style = "|" if "\n" in written else None
        return self.represent_scalar("tag:yaml.org,2002:str", written, style=style)

    def map(self, written: Template) -> yaml.Node:
        match list(written.items()):
            case [("Ref", str(name))]:
                return self.represent_scalar("!Ref", name)
            case [("Fn::GetAtt", [str(name), str(attribute)])]:
                return self.represent_scalar("!GetAtt", f"{name}.{attribute}")
            case [(str(function), str(text))] if function.startswith("Fn::"):
                return self.represent_scalar(f"!{function[4:]}", text)
            case [(str(function), list(items))] if function.startswith("Fn::"):
                return self.represent_sequence(f"!{function[4:]}", items)
        return self.represent_dict(written.items())


_ShortForm.add_representer(dict, _ShortForm.map)
_ShortForm.add_representer(str, _ShortForm.text)
