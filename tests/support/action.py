"""A runner of the composite action: its steps, one after the other, as GitHub runs them.

Knows the expressions that action.yml uses, and what a step finds in its environment. `gh` and the
Python that installs are fakes that check every call; the command is this project's.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.command_line import CLEAN, ROOT

ACTION: Final = yaml.safe_load((ROOT / "action.yml").read_text())
REPOSITORY: Final = "shop/orders"
PULL_REQUEST: Final = "7"
USABLE: Final = "a token"
READ_ONLY: Final = "a token of a fork"
_EXPRESSION: Final = re.compile(r"\$\{\{ ([\w.-]+) \}\}")
_COMPARISON: Final = re.compile(r"([\w.-]+) == '([^']*)'")

_GH: Final = f"""#!{sys.executable}
import json, os, pathlib, re, sys

state = pathlib.Path(os.environ["COMMENTS"])
comments = json.loads(state.read_text())
token = os.environ["GH_TOKEN"]
match sys.argv[1:]:
    case ["api", "--paginate", "repos/{REPOSITORY}/issues/{PULL_REQUEST}/comments", "--jq", query]:
        marker = re.fullmatch(
            r'\\.\\[\\] \\| select\\(\\.user\\.type == "Bot" and '
            r'\\(\\.body \\| startswith\\("([^"\\\\]*)"\\)\\)\\) \\| \\.id', query
        )[1]
        for comment in comments:
            if comment["user"]["type"] == "Bot" and comment["body"].startswith(marker):
                print(comment["id"])
    case ["api", "--silent", "--method", method, path, "--field", body]:
        if token == "{READ_ONLY}":
            sys.exit("gh: Resource not accessible by integration (HTTP 403)")
        text = pathlib.Path(body.removeprefix("body=@")).read_text()
        assert len(text) <= 65_536, "GitHub refuses a longer body"
        if method == "POST":
            assert path == "repos/{REPOSITORY}/issues/{PULL_REQUEST}/comments"
            comments.append({{"id": len(comments) + 1, "user": {{"type": "Bot"}}, "body": text}})
        else:
            assert method == "PATCH"
            number = int(path.removeprefix("repos/{REPOSITORY}/issues/comments/"))
            (comment,) = (each for each in comments if each["id"] == number)
            comment["body"] = text
        state.write_text(json.dumps(comments))
    case other:
        sys.exit(f"unexpected call of gh: {{other}}")
"""
_PYTHON: Final = """#!/bin/sh
[ "$1" = -m ] && [ "$2" = venv ] && mkdir -p "$3/bin" || exit 1
printf '#!/bin/sh\\necho "$@" > "%s/installed"\\n' "$3" > "$3/bin/pip"
chmod +x "$3/bin/pip"
"""


@dataclass(slots=True, kw_only=True)
class Job:
    """A job whose one step is the action, and what it leaves behind."""

    folder: Path
    event: str = "pull_request"
    token: str = USABLE
    comments: list[dict[str, Any]] = field(default_factory=list)
    log: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    exit_code: int = 0

    @property
    def temporary(self) -> Path:
        """The folder of the runner for temporary files."""
        return self.folder / "temp"

    @property
    def summary(self) -> str:
        """The summary of the job, in Markdown."""
        return (self.temporary / "summary").read_text()

    def run(self, **inputs: str) -> None:
        """Run the action; its steps see the values of earlier ones, and a failed one ends it."""
        self.log, self.outputs, self.exit_code = "", {}, 0
        self._prepare()
        context = self._context(inputs)
        for step in ACTION["runs"]["steps"]:
            if "run" in step and _holds(step.get("if", ""), context):
                self._step(step, context)
            if self.exit_code:
                return

    def _prepare(self) -> None:
        bin_folder = self.temporary / "bin"
        bin_folder.mkdir(parents=True, exist_ok=True)
        (self.temporary / "summary").write_text("")
        _executable(bin_folder / "gh", _GH)
        _executable(bin_folder / "python", _PYTHON)

    def _context(self, inputs: Mapping[str, str]) -> dict[str, str]:
        known = {
            "github.action_path": str(ROOT),
            "github.event_name": self.event,
            "github.event.pull_request.number": PULL_REQUEST,
            "github.token": self.token,
            "steps.python.outputs.python-path": str(self.temporary / "bin" / "python"),
        }
        assert set(inputs) <= set(ACTION["inputs"])
        for name, definition in ACTION["inputs"].items():
            default = _evaluated(definition.get("default", ""), known)
            known[f"inputs.{name}"] = inputs.get(name, default)
        return known

    def _step(self, step: Mapping[str, Any], context: dict[str, str]) -> None:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "what a person writes is never a part of a script"
        script, output = self.temporary / "script.sh", self.temporary / "output"
        comments = self.temporary / "comments"
        script.write_text(step["run"])
        output.write_text("")
        comments.write_text(json.dumps(self.comments))
        variables = {name: _evaluated(text, context) for name, text in step.get("env", {}).items()}
        environment = {
            **{name: value for name, value in CLEAN.items() if value},
            "PATH": f"{self.temporary / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary"),
            "GITHUB_REPOSITORY": REPOSITORY,
            "COMMENTS": str(comments),
            **variables,
        }
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += ended.stdout
        self.exit_code = ended.returncode
        self.comments = json.loads(comments.read_text())
        if step["name"] == "Install cfn-trigger":
            command = self.temporary / "cfn-trigger" / "bin" / "cfn-trigger"
            call = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m cfn_trigger "$@"'
            _executable(command, f"#!/bin/sh\n{call}\n")
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.outputs.setdefault(step["id"], {})[name] = value
            context[f"steps.{step['id']}.outputs.{name}"] = value


def _evaluated(text: str, context: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda match: context.get(match[1], ""), text)


def _holds(condition: str, context: Mapping[str, str]) -> bool:
    parts = condition.split(" && ") if condition else []
    comparisons = [_COMPARISON.fullmatch(part) for part in parts]
    assert all(comparisons), condition
    return all(match and context.get(match[1]) == match[2] for match in comparisons)


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
