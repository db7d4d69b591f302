"""`make demo` deploys the macro and an example with a trigger to a local cloud, with real clients.

Knows the scenes: deploy, change the handler, change nothing, break the handler. Refuses to know how
the cloud works: everything it shows comes from `sam`, `aws` and the stack itself.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from cfn_trigger.deployment.reasons import unwrapped
from cfn_trigger.local_cloud.cloud import Cloud, running

ROOT: Final = Path(__file__).parent.parent
STACK: Final = "self-test"
INITIATED: Final = "Resource creation Initiated"
COLORS: Final = (("FAILED", 31), ("ROLLBACK", 33), ("COMPLETE", 32))
ENDING: Final = re.compile("Build Succeeded|Success|Failed|No changes|Error")
LAMBDA_LINES: Final = re.compile("(START|END|REPORT|INIT_START) ")


def main() -> None:
    """Play the demo; exit with code 1 if a scene does not go as expected."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell started it so
    try:
        with tempfile.TemporaryDirectory() as folder, running() as cloud:
            play(Screen(cloud=cloud, folder=Path(folder)))
    except KeyboardInterrupt:
        sys.exit(130)


def play(screen: "Screen") -> None:
    """Play the scenes."""
    example = (ROOT / "examples" / "self-test" / "template.yaml").read_text()
    screen.title("1. The macro, once per account and region")
    screen.run("sam", "build")
    screen.run("sam", "deploy")

    screen.title("2. A stack with a trigger: its self test runs during the deployment")
    screen.deploy_with_aws(example)
    screen.expect(runs=1, status="CREATE_COMPLETE", verdict="the queue works")

    screen.title("3. Another handler: the trigger runs again, this time with sam deploy")
    changed = replaced(example, "the queue works", "the queue still works")
    screen.deploy_with_sam(changed)
    screen.expect(runs=1, status="UPDATE_COMPLETE", verdict="the queue still works")

    screen.title("4. Nothing changed: the trigger does not run")
    screen.deploy_with_sam(changed)
    screen.expect(runs=0, status="UPDATE_COMPLETE", verdict="the queue still works")

    screen.title("5. A handler that raises: the deployment fails, says why and is rolled back")
    received = 'print("received", received["Body"])'
    broken = replaced(changed, received, 'raise LookupError("the order was lost on its way")')
    screen.deploy_with_aws(broken, fails=True)
    screen.expect(runs=4, status="UPDATE_ROLLBACK_COMPLETE", verdict="the queue still works")
    print("\nRetry allows three attempts. The fourth run is the old handler's: because the stack")
    print("reads its result, it runs again during the rollback.")


def replaced(text: str, old: str, new: str) -> str:
    """Replace `old`, which the text must contain."""
    if old not in text:
        raise ValueError(f"the example no longer contains {old!r}")
    return text.replace(old, new)


@dataclass(kw_only=True)
class Screen:
    """The terminal of a person who deploys; remembers what it has shown."""

    cloud: Cloud
    folder: Path
    events_shown: set[str] = field(default_factory=set)
    log_events_shown: int = 0

    def title(self, text: str) -> None:
        """Print the title of a scene."""
        print(f"\n{colored(text, 1)}", flush=True)

    def deploy_with_aws(self, template: str, *, fails: bool = False) -> None:
        """Deploy the example's stack as `aws cloudformation deploy` users do."""
        (self.folder / "template.yaml").write_text(template)
        self.run(
            *("aws", "cloudformation", "deploy", "--stack-name", STACK),
            *("--template-file", "template.yaml", "--capabilities", "CAPABILITY_IAM"),
            cwd=self.folder,
            fails=fails,
        )

    def deploy_with_sam(self, template: str) -> None:
        """Deploy the same stack as SAM users do."""
        (self.folder / "template.yaml").write_text(template)
        self.run(
            *("sam", "deploy", "--stack-name", STACK, "--resolve-s3"),
            *("--template-file", "template.yaml", "--capabilities", "CAPABILITY_IAM"),
            "--no-fail-on-empty-changeset",
            cwd=self.folder,
        )

    def run(self, *command: str, cwd: Path = ROOT, fails: bool = False) -> None:
        """Run a client until it ends, and show the stack's events as they happen."""
        print(colored(f"$ {' '.join(command)}", 2), flush=True)
        output = self.folder / "output"
        with output.open("wb") as file:
            client = subprocess.Popen(
                command,
                cwd=cwd,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            while client.poll() is None:
                self._show_events()
                with suppress(subprocess.TimeoutExpired):
                    client.wait(0.2)
            self._show_events()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(client.pid, signal.SIGKILL)
            client.wait()
        printed = output.read_text(errors="replace").strip()
        if bool(client.returncode) != fails:
            sys.exit(f"{printed}\n{command[0]} exited with code {client.returncode}")
        print(f"{command[0]}: {conclusion(printed)}", flush=True)

    def expect(self, *, runs: int, status: str, verdict: str) -> None:
        """Show the handler's log and the stack's outputs, and check what this scene promised."""
        lines = list(self._new_log_lines())
        print("the handler's log:" if lines else "the handler's log has nothing new", flush=True)
        for line in lines:
            print(f"    {line}")
        (stack,) = self._client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        print(f"output Verdict: {outputs['Verdict']}", flush=True)
        ran = sum(line.startswith("sending") for line in lines)
        if (ran, stack["StackStatus"], outputs["Verdict"]) != (runs, status, verdict):
            sys.exit(f"expected {runs} runs, {status} and {verdict!r}; got {ran} runs, {stack}")

    def _environment(self) -> dict[str, str]:
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8"} | dict(
            self.cloud.environment
        )

    def _client(self, service: str) -> Any:
        environment = self.cloud.environment
        return boto3.client(
            service,  # type: ignore[call-overload,unused-ignore] # any service, by name
            endpoint_url=self.cloud.endpoint,
            region_name=environment["AWS_REGION"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )

    def _show_events(self) -> None:
        with suppress(ClientError):  # no such stack yet
            events = self._client("cloudformation").describe_stack_events(StackName=STACK)
            for event in reversed(events["StackEvents"]):
                if event["EventId"] not in self.events_shown:
                    self.events_shown.add(event["EventId"])
                    if event.get("ResourceStatusReason") != INITIATED:  # the second of two
                        print(event_line(event), flush=True)

    def _new_log_lines(self) -> Iterator[str]:
        stack = self._client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId="Check"
        )
        function = stack["StackResourceDetail"]["PhysicalResourceId"]
        logs = self._client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")
        new = logs["events"][self.log_events_shown :]
        self.log_events_shown += len(new)
        for event in new:
            if not LAMBDA_LINES.match(event["message"]):
                yield from event["message"].splitlines()


def event_line(event: dict[str, str]) -> str:
    """Format a stack event as one line."""
    status = event["ResourceStatus"]
    color = next((color for word, color in COLORS if word in status), 0)
    when = f"{event['Timestamp']:%H:%M:%S}"
    reason = unwrapped(event.get("ResourceStatusReason", ""))
    return f"  {when}  {colored(status.ljust(28), color)} {event['LogicalResourceId']}  {reason}"


def conclusion(output: str) -> str:
    """Return a client's last line about what it built or deployed, or what went wrong."""
    endings = [line.strip() for line in output.splitlines() if ENDING.match(line.strip())]
    return endings[-1].split(". ")[0] if endings else output


def colored(text: str, color: int) -> str:
    """Color the text if the output is a terminal."""
    return f"\033[{color}m{text}\033[0m" if color and sys.stdout.isatty() else text


if __name__ == "__main__":
    main()
