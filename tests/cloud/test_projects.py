"""Predictions for whole projects, compared with what their deployment then does.

A project lives through changes of its files. After each, the plan of its template is compared with
the triggers that the deployment of the same files runs.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.command_line import run
from tests.support.stacks import Json, Stack
from tests.support.templates import of_type, ref, trigger

RUN, STAY, OPEN = "will run", "will not run", "unknown until deployment"
HANDLER = """
import json
def handler(event, context):
    print(json.dumps(event))
    return {"Rows": 3}
"""


def planned(stack: Stack, template: Path) -> dict[str, str]:
    """Return the verdict on each trigger."""
    arguments = ("plan", str(template), "--deployed-stack", stack.name, "--json")
    outcome = run(*arguments, **stack.clients.environment())
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    return {each["trigger"]: each["verdict"] for each in json.loads(outcome.stdout)["triggers"]}


def runs(stack: Stack, *functions: str) -> Counter[str]:
    """Count the runs of each trigger so far."""
    return Counter(
        json.loads(line)["LogicalResourceId"]
        for function in functions
        for line in stack.log(function)
        if line.startswith("{")
    )


# ---- SAM, with code at local paths

OF_SAM: Json = {
    "Transform": ["AWS::Serverless-2016-10-31", "Trigger"],
    "Resources": {
        "Migrate": of_type(
            "AWS::Serverless::Function", Runtime="python3.11", Handler="index.handler",
            CodeUri="./migrate", Layers=[ref("Shared")],
        ) | {"Metadata": {"Trigger": {}}},
        "Serve": of_type(
            "AWS::Serverless::Function", Runtime="python3.11", Handler="index.handler",
            CodeUri="./serve", AutoPublishAlias="live",
        ),
        "Shared": of_type("AWS::Serverless::LayerVersion", ContentUri="./shared"),
        "Warm": trigger("Serve.Alias"),
        "Check": trigger(
            "Migrate", ExecuteOnHandlerChange=False, ExecuteOnResourceChange=["Serve"]
        ),
    },
}  # fmt: skip
NAMES = ("MigrateTrigger", "Warm", "Check")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a project's files, and the verdicts before and after `sam build`."""

    edit: Callable[[Path], object]
    source: tuple[str, str, str]
    built: tuple[str, str, str]


def appended(*path: str) -> Callable[[Path], object]:
    def append(folder: Path) -> None:
        file = folder.joinpath(*path)
        file.write_text(f"{file.read_text()}\n# changed\n")

    return append


def edited(name: str, **properties: Json) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        template: Any = json.loads((folder / "template.json").read_text())
        template["Resources"][name]["Properties"] |= properties
        (folder / "template.json").write_text(json.dumps(template))

    return edit


CHANGES = {
    "nothing": Change(edit=lambda _: None, source=(STAY, STAY, STAY), built=(STAY, STAY, STAY)),
    "code": Change(
        edit=appended("migrate", "index.py"), source=(OPEN, STAY, STAY), built=(RUN, STAY, STAY)
    ),
    "code behind an alias": Change(
        edit=appended("serve", "index.py"), source=(STAY, OPEN, OPEN), built=(STAY, RUN, RUN)
    ),
    "a layer": Change(
        edit=appended("shared", "lib.py"), source=(RUN, STAY, STAY), built=(RUN, STAY, STAY)
    ),
    "a setting": Change(
        edit=edited("Warm", Timeout=600), source=(STAY, STAY, STAY), built=(STAY, STAY, STAY)
    ),
    "the memory of a function": Change(
        edit=edited("Migrate", MemorySize=256),
        source=(RUN, STAY, STAY),
        built=(RUN, STAY, STAY),
    ),
}


def test_a_sam_project_is_predicted_before_and_after_it_is_built(stack: Stack) -> None:
    folder = stack.folder
    for name in ("migrate", "serve"):
        (folder / name).mkdir()
        (folder / name / "index.py").write_text(HANDLER)
    (folder / "shared").mkdir()
    (folder / "shared" / "lib.py").write_text("VALUE = 1\n")
    (folder / "template.json").write_text(json.dumps(OF_SAM))
    source, built = folder / "template.json", folder / ".aws-sam" / "build" / "template.yaml"
    built_and_deployed(stack)
    before = runs(stack, "Migrate", "Serve")
    assert before == Counter(NAMES)

    for name, change in CHANGES.items():
        change.edit(folder)
        predicted = planned(stack, source)
        assert (name, *map(predicted.get, NAMES)) == (name, *change.source)
        build(stack)
        predicted = planned(stack, built)
        assert (name, *map(predicted.get, NAMES)) == (name, *change.built)
        built_and_deployed(stack)
        after = runs(stack, "Migrate", "Serve")
        ran = {trigger for trigger, verdict in predicted.items() if verdict == RUN}
        assert (name, after - before) == (name, Counter(ran))
        before = after


def build(stack: Stack) -> None:
    outcome = stack.clients.sam("build", "-t", "template.json", cwd=stack.folder)
    assert outcome.exit_code == 0, outcome.stderr


def built_and_deployed(stack: Stack) -> None:
    build(stack)
    outcome = stack.clients.sam(
        *("deploy", "--stack-name", stack.name, "--resolve-s3", "--no-progressbar"),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        "--no-fail-on-empty-changeset",
        cwd=stack.folder,
    )
    assert outcome.exit_code == 0, outcome.stderr
