"""`cfn-trigger` in this process, and what it prints about the examples.

Knows how a command line is called and what of its output is ours to record: the provider's source,
which every expansion embeds, is replaced by a placeholder.
"""

import json
from contextlib import chdir
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from textwrap import indent
from typing import Any, Final

from click.testing import CliRunner

from cfn_trigger.main import main
from macro.embedding import TEXT

ROOT: Final = Path(__file__).parent.parent.parent
RECORDED: Final = ROOT / "tests" / "commands" / "recorded"
PLACEHOLDER: Final = "the text of trigger_provider/embedded.py"
CLEAN: Final = dict.fromkeys(
    (
        "AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "FORCE_COLOR", "NO_COLOR",
        "CFN_TRIGGER_TRACEBACK",
    )
) | {
    "AWS_CONFIG_FILE": "/nowhere",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip


# Before 8.2 click mixed both outputs; the SAM CLI of the tests pins such a version.
APART: Final[dict[str, Any]] = (
    {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str = ""


def run(*arguments: str, stdin: str = "", **environment: str) -> Outcome:
    """Call `cfn-trigger` as a pipeline does: no terminal, and nothing of this machine's AWS."""
    runner = CliRunner(env=CLEAN | environment, **APART)
    result = runner.invoke(main, arguments, input=stdin, prog_name="cfn-trigger")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(exit_code=result.exit_code, stdout=result.stdout, stderr=result.stderr)


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
