"""The output of `cfn-trigger` for the examples, as it is recorded.

Knows which commands are recorded, and that a placeholder replaces the provider's source, which
every expansion contains. Refuses to know how a command is run (`command_line`).
"""

import json
from contextlib import chdir
from textwrap import indent
from typing import Final

from macro.embedding import TEXT
from tests.support.command_line import ROOT, run

RECORDED: Final = ROOT / "tests" / "commands" / "recorded"
PLACEHOLDER: Final = "the text of trigger_provider/embedded.py"


def examples() -> list[str]:
    """List the names of the examples, sorted."""
    return sorted(path.parent.name for path in ROOT.glob("examples/*/template.yaml"))


def recordings() -> dict[str, tuple[str, ...]]:
    """Return the arguments of each recording, by its name."""
    commands: dict[str, tuple[str, ...]] = {}
    paths = {name: f"examples/{name}/template.yaml" for name in examples()}
    for name, path in paths.items():
        commands[f"{name}-expand.txt"] = ("expand", "--sam", path)
        commands[f"{name}-plan.txt"] = ("plan", path)
        commands[f"{name}-graph.txt"] = ("graph", path)
    for form in ("mermaid", "dot", "svg"):
        commands[f"migration-graph.{form}"] = ("graph", paths["migration"], "--format", form)
    commands["migration-graph.json"] = ("graph", paths["migration"], "--json")
    commands["migration-plan.json"] = ("plan", paths["migration"], "--json")
    commands["migration-expand.json"] = ("expand", paths["migration"], "--json")
    commands["check.txt"] = ("check", *paths.values())
    return commands


def printed(*arguments: str) -> str:
    """Call a command in the project's folder, and return all that it printed."""
    with chdir(ROOT):
        outcome = run(*arguments)
    parts = [without_source(outcome.stdout)]
    parts += [f"stderr:\n{outcome.stderr}"] if outcome.stderr else []
    parts += [f"exit code {outcome.exit_code}\n"] if outcome.exit_code else []
    return "".join(parts)


def without_source(text: str) -> str:
    """Put the placeholder where the provider's source stands, in YAML or JSON."""
    for margin in range(4, 20, 2):
        block = "|\n" + indent(TEXT, " " * margin)
        text = text.replace(block, f"{PLACEHOLDER}\n")
    return text.replace(json.dumps(TEXT, ensure_ascii=False), f'"{PLACEHOLDER}"')
