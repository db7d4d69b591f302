"""Diagnostics for other programs: SARIF for code scanning, and commands for GitHub Actions.

Knows both formats. Refuses to know how a problem is found, and how an error ends a command.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from cfn_trigger.catalog import Rule
from cfn_trigger.errors import Diagnostic, Level, Span

_SARIF_LEVELS: Final[Mapping[Level, str]] = {
    "error": "error", "warning": "warning", "info": "note",
}  # fmt: skip
_GITHUB_LEVELS: Final[Mapping[Level, str]] = {
    "error": "error", "warning": "warning", "info": "notice",
}  # fmt: skip
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0-rtm.5.json"
_ROOT: Final = "%SRCROOT%"


def sarif(
    diagnostics: Sequence[Diagnostic],
    rules: Mapping[str, Rule],
    *,
    exit_code: int,
    failure: str = "",
) -> dict[str, Any]:
    """Return a SARIF log of diagnostics; `failure` is what kept the command from finding more.

    Paths are relative to the current folder if they are within it. `rules` are those of the
    diagnostics, by id.
    """
    broken = sorted({diagnostic.rule for diagnostic in diagnostics})
    notification = {"level": "error", "message": {"text": failure}}
    invocation = {
        "executionSuccessful": not failure,
        "exitCode": exit_code,
        **({"toolExecutionNotifications": [notification]} if failure else {}),
    }
    run = {
        "tool": {
            "driver": {
                "name": "cfn-trigger",
                "version": version("cfn-trigger"),
                "rules": [_descriptor(rules[rule]) for rule in broken],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The folder in which the command ran."}}
        },
        "invocations": [invocation],
        "results": [_result(diagnostic, broken) for diagnostic in diagnostics],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.description},
        **({"helpUri": rule.page} if rule.page else {}),
        "defaultConfiguration": {"level": _SARIF_LEVELS[rule.level]},
    }


def _result(diagnostic: Diagnostic, rules: Sequence[str]) -> dict[str, Any]:
    path, is_within = _path(diagnostic.file)
    return {
        "ruleId": diagnostic.rule,
        "ruleIndex": rules.index(diagnostic.rule),
        "level": _SARIF_LEVELS[diagnostic.level],
        "message": {"text": diagnostic.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": quote(path) if is_within else Path(path).as_uri(),
                        **({"uriBaseId": _ROOT} if is_within else {}),
                    },
                    "region": _region(diagnostic.span),
                }
            }
        ],
    }


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.line,
        "endColumn": span.column + span.width,
    }


def _path(name: str) -> tuple[str, bool]:
    """Return a path with slashes, and whether it is relative to the current folder."""
    path = Path(name).resolve()
    if path.is_relative_to(Path.cwd()):
        return path.relative_to(Path.cwd()).as_posix(), True
    return path.as_posix(), False


def github(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield a workflow command for each diagnostic, which GitHub shows in the diff."""
    for diagnostic in diagnostics:
        path, _ = _path(diagnostic.file)
        region = _region(diagnostic.span)
        properties = {
            "title": diagnostic.rule,
            "file": path,
            "line": region["startLine"],
            "endLine": region["endLine"],
            "col": region["startColumn"],
            "endColumn": region["endColumn"],
        }
        yield github_command(_GITHUB_LEVELS[diagnostic.level], diagnostic.message, properties)


def github_command(name: str, message: str, properties: Mapping[str, Any]) -> str:
    """Return a workflow command."""
    pairs = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
    return f"::{name} {pairs}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    """Escape what would end a command; in properties also what would end a value."""
    for sign in f"%\r\n{more}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
