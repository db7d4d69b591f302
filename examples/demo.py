"""`make demo` deploys the macro and an example with a trigger to a local cloud, with real clients.

Knows the scenes: deploy, add a migration, change nothing, add a migration that fails. Shows what
happens to the trigger and to the service that waits for it, and with VERBOSE=1 every event and the
handler's log. Refuses to know how the cloud works: it shows what the clients and the stack say.
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
STACK: Final = "shop"
RESOURCES: Final = ("RunMigrations", "Service")
"""The trigger, and what waits for it."""

EXAMPLE: Final = ("--template-file", "template.yaml", "--capabilities", "CAPABILITY_IAM")
"""The options that deploy the example."""

RUNS: Final = ("did not run", "ran once", "ran twice", "ran three times")
INITIATED: Final = "Resource creation Initiated"
COLORS: Final = (("FAILED", 31), ("ROLLBACK", 33), ("COMPLETE", 32))
LAMBDA_LINES: Final = re.compile("(START|END|REPORT|INIT_START) ")
RUN: Final = "looking at "
"""How the first line that the handler prints begins."""

END_OF_LIST: Final = "          ]\n\n\n          def handler(event, context):\n"
SECOND_ORDER: Final = 'lambda: orders.put_item(Item={"Id": "2", "Cents": 300})'
AFTER_FUNCTIONS: Final = "          def every("
DOLLARS: Final = """\
          def euros_become_dollars():
              raise LookupError("no exchange rate for today")


"""
NEXT_STEPS: Final = """
Next: try it yourself on a local cloud with `.venv/bin/cfn-trigger local` (docs/getting-started.md),
read the example (examples/migration), or see every event of this demo with `make demo VERBOSE=1`.
"""


def main() -> None:
    """Play the demo; exit with code 1 if a scene does not go as expected."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell started it so
    is_verbose = os.environ.get("VERBOSE", "0") not in {"", "0"}
    try:
        with tempfile.TemporaryDirectory() as folder, running() as cloud:
            play(Screen(cloud=cloud, folder=Path(folder), is_verbose=is_verbose))
    except KeyboardInterrupt:
        sys.exit(130)


def play(screen: "Screen") -> None:
    """Play the scenes."""
    first = (ROOT / "examples" / "migration" / "template.yaml").read_text()
    screen.title("1. Install the macro, once per account and region")
    screen.build_and_deploy_macro()

    screen.title("2. Deploy two tables, their migrations, and a service that waits for them")
    screen.deploy_with_aws(first)
    screen.expect(runs=1, status="CREATE_COMPLETE")

    screen.title("3. Add a migration and change the service, this time with sam deploy")
    second = with_migration(first, "0003 second order", SECOND_ORDER)
    second = replaced(second, 'return {"Cents":', 'return {"Release": 2, "Cents":')
    screen.deploy_with_sam(second)
    screen.expect(runs=1, status="UPDATE_COMPLETE")

    screen.title("4. Change nothing")
    screen.deploy_with_sam(second)
    screen.expect(runs=0, status="UPDATE_COMPLETE")

    screen.title("5. Add a migration that fails: the service is not touched")
    third = with_migration(second, "0004 euros become dollars", "euros_become_dollars")
    third = replaced(third, AFTER_FUNCTIONS, DOLLARS + AFTER_FUNCTIONS)
    third = replaced(third, '"Release": 2', '"Release": 3')
    screen.deploy_with_aws(third, fails=True)
    screen.expect(runs=1, status="UPDATE_ROLLBACK_COMPLETE")
    print(NEXT_STEPS, end="")


def with_migration(template: str, name: str, function: str) -> str:
    """Add a migration to the end of the handler's list."""
    return replaced(template, END_OF_LIST, f'              ("{name}", {function}),\n{END_OF_LIST}')


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
    is_verbose: bool
    events_shown: set[str] = field(default_factory=set)
    reasons_shown: set[str] = field(default_factory=set)
    log_events_shown: int = 0

    def title(self, text: str) -> None:
        """Print the title of a scene."""
        print(f"\n{colored(text, 1)}", flush=True)

    def build_and_deploy_macro(self) -> None:
        """Install the macro as its authors do, but build it in a folder of this demo."""
        built = self.folder / "macro"
        settings = ("--config-file", str(ROOT / "samconfig.toml"))
        self.run("sam", "build", more=("--build-dir", str(built)))
        self.run("sam", "deploy", more=("-t", str(built / "template.yaml"), *settings))

    def deploy_with_aws(self, template: str, *, fails: bool = False) -> None:
        """Deploy the example's stack as `aws cloudformation deploy` users do."""
        self._plan(template)
        self.run(
            *("aws", "cloudformation", "deploy", "--stack-name", STACK),
            more=EXAMPLE,
            cwd=self.folder,
            fails=fails,
        )

    def deploy_with_sam(self, template: str) -> None:
        """Deploy the same stack as SAM users do."""
        self._plan(template)
        self.run(
            *("sam", "deploy", "--stack-name", STACK, "--resolve-s3"),
            more=(*EXAMPLE, "--no-fail-on-empty-changeset"),
            cwd=self.folder,
        )

    def run(
        self, *command: str, more: tuple[str, ...], cwd: Path = ROOT, fails: bool = False
    ) -> None:
        """Run a client until it ends, and show the stack's events as they happen.

        The options in `more` are shown only if every event is.
        """
        shown = " ".join((*command, *more) if self.is_verbose else (*command, "…"))
        print(colored(f"$ {shown}", 2), flush=True)
        output = self.folder / "output"
        with output.open("wb") as file:
            client = subprocess.Popen(
                (*command, *more),
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
        if self.is_verbose:
            print(printed, flush=True)

    def expect(self, *, runs: int, status: str) -> None:
        """Show how often the handler ran, and check what this scene promised."""
        lines = list(self._new_log_lines())
        if self.is_verbose:
            print("\n".join(f"  log of the handler: {line}" for line in lines), flush=True)
        ran = sum(line.startswith(RUN) for line in lines)
        (stack,) = self._client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        print(f"  {STACK} is {stack['StackStatus']}; the handler {RUNS[ran]}", flush=True)
        if (ran, stack["StackStatus"]) != (runs, status):
            sys.exit(f"expected {runs} runs and {status}; got {ran} runs, {stack}")

    def _plan(self, template: str) -> None:
        (self.folder / "template.yaml").write_text(template)
        self._print_plan("cfn-trigger", "plan", "template.yaml", *self._deployed())

    def _deployed(self) -> tuple[str, ...]:
        return ("--deployed-stack", STACK) if self.events_shown else ()

    def _print_plan(self, *command: str) -> None:
        print(colored(f"$ {' '.join(command)}", 2), flush=True)
        planned = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        print(re.sub("(?m)^(?=.)", "  ", planned.stdout), end="", flush=True)

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
                    self._show(event)

    def _show(self, event: dict[str, str]) -> None:
        reason = unwrapped(event.get("ResourceStatusReason", ""))
        is_news = reason not in self.reasons_shown
        self.reasons_shown |= {reason} - {""}
        is_main = event["LogicalResourceId"] in RESOURCES
        is_done = not event["ResourceStatus"].endswith("IN_PROGRESS")
        if (is_main and is_done) or (self.is_verbose and reason != INITIATED):  # the second of two
            print(event_line(event, reason if is_news else ""), flush=True)

    def _new_log_lines(self) -> Iterator[str]:
        stack = self._client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId="Migrate"
        )
        function = stack["StackResourceDetail"]["PhysicalResourceId"]
        logs = self._client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")
        new = logs["events"][self.log_events_shown :]
        self.log_events_shown += len(new)
        for event in new:
            if not LAMBDA_LINES.match(event["message"]):
                yield from event["message"].splitlines()


def event_line(event: dict[str, str], reason: str) -> str:
    """Format a stack event as one line."""
    status = event["ResourceStatus"]
    color = next((color for word, color in COLORS if word in status), 0)
    when = f"{event['Timestamp']:%H:%M:%S}"
    line = f"  {when}  {colored(status.ljust(15), color)}  {event['LogicalResourceId']}  {reason}"
    return line.rstrip()


def colored(text: str, color: int) -> str:
    """Color the text if the output is a terminal."""
    return f"\033[{color}m{text}\033[0m" if color and sys.stdout.isatty() else text


if __name__ == "__main__":
    main()
