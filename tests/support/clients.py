"""The real clients, pointed at a local cloud.

Knows where the executables are and what they may find around them: a home of their own, the
cloud's environment and nothing of the developer's. Refuses to know what is deployed.
"""

import os
import re
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

from cfn_trigger.local_cloud.cloud import Cloud
from tests.support.preloaded import Preloaded
from tests.support.waiting import PATIENCE

_BIN = Path(sys.executable).parent
_MODULES: Final = {
    "aws": ("awscli.clidriver", "awscli.customizations.cloudformation.deploy"),
    "sam": (
        "boto3.s3.inject", "samcli.cli.main", "samcli.commands._utils.table_print",
        "samcli.commands.build.command", "samcli.commands.deploy.command",
        "samcli.commands.deploy.deploy_context", "samcli.commands.deploy.guided_context",
    ),
}  # fmt: skip
"""The modules that a deployment imports, by client."""

# Both clients name a change set by the second; this cloud is fast enough for two in service_client.
_SAME_SECOND = re.compile(r"AlreadyExistsException.* ChangeSet \[\S+\d{10}\] already exists")
_UPLOADED_BEFORE = re.compile(r"\n\tFile with same data already exists at \S+, skipping upload\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """`aws`, `sam` and boto3 for one cloud."""

    cloud: Cloud
    home: Path
    clients_by_service: dict[str, Any] = field(default_factory=dict)
    programs: dict[str, Preloaded] = field(default_factory=dict)

    def aws(self, *arguments: str, cwd: Path | None = None) -> Outcome:
        """Run the AWS CLI."""
        return self._run("aws", *arguments, cwd=cwd)

    def sam(self, *arguments: str, cwd: Path | None = None) -> Outcome:
        """Run the SAM CLI."""
        return self._run("sam", *arguments, cwd=cwd)

    def boto(self, service: str) -> Any:
        """Return the boto3 client of a service, the same one each time."""
        if service not in self.clients_by_service:
            self.clients_by_service[service] = client(self.cloud, service)
        return self.clients_by_service[service]

    def close(self) -> None:
        """Close the connections of the boto3 clients, and end the processes of the others."""
        for service_client in self.clients_by_service.values():
            service_client.close()
        for program in self.programs.values():
            program.close()

    def _run(self, name: str, *arguments: str, cwd: Path | None) -> Outcome:
        outcome = self._run_once(name, *arguments, cwd=cwd)
        if _SAME_SECOND.search(outcome.stderr):
            threading.Event().wait(1)
            again = self._run_once(name, *arguments, cwd=cwd)
            return replace(again, stderr=_UPLOADED_BEFORE.sub("", again.stderr))
        return outcome

    def _run_once(self, name: str, *arguments: str, cwd: Path | None) -> Outcome:
        if name not in self.programs:
            self.programs[name] = Preloaded(_BIN / name, _MODULES[name], self.environment())
        ended = self.programs[name].run(arguments, cwd=cwd or self.home, seconds=PATIENCE)
        return Outcome(exit_code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr)

    def environment(self) -> dict[str, str]:
        """Return the environment of a command."""
        path = f"{_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", **self.cloud.environment}


def client(cloud: Cloud, service: str, *, key: str | None = None, secret: str | None = None) -> Any:
    """Return a boto3 client of the cloud, for the root user or for the owner of an access key."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=cloud.endpoint,
        region_name=cloud.environment["AWS_REGION"],
        aws_access_key_id=key or cloud.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret or cloud.environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(read_timeout=PATIENCE, retries={"total_max_attempts": 1}),
    )
