"""`cfn-trigger` in this process.

Knows how a pipeline runs a command. Refuses to know the subcommands.
"""

from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner

from cfn_trigger.main import main

ROOT: Final = Path(__file__).parent.parent.parent
CLEAN: Final = dict.fromkeys(
    (
        "AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "FORCE_COLOR", "NO_COLOR",
        "CFN_TRIGGER_TRACEBACK", "COLUMNS",
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
