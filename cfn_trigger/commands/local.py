"""`cfn-trigger local`: a local cloud that has the macro, for templates with triggers."""

import importlib.util
import shlex
import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

import boto3
import click

from cfn_trigger import environment
from cfn_trigger.deployment import macro_stack
from cfn_trigger.errors import UsageError
from cfn_trigger.local_cloud.cloud import Cloud, CloudError, running
from cfn_trigger.terminal import console, options

REQUIRED_PACKAGES: Final = ("ministack", "hypercorn", "trustme", "samtranslator")
"""What the local cloud imports: the extra `cfn-trigger[local]`, and the SAM translator."""

_LOCATION: Final = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION")
_CREDENTIALS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

Variables = Mapping[str, str]


@options.command("cfn-trigger local", "cfn-trigger local --port 0 --json")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4566,
    show_default=True,
    help="The port on 127.0.0.1; 0 for a free port.",
)
@options.json_option
def command(port: int, *, as_json: bool) -> None:
    """Run a local cloud that has the macro, until Ctrl-C.

    It is one process on this machine, with CloudFormation, Lambda, IAM and more. Paste the two
    lines that it prints into another terminal, so that `aws`, `sam` and `cfn-trigger` use it there.
    Everything in it is discarded when it ends.
    """
    require_packages(REQUIRED_PACKAGES)
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: sys.exit(0))
    try:
        with running(port=port) as cloud:
            macro_stack.deploy(_clients(cloud), environment.sleep)
            location, credentials = exports(cloud)
            if as_json:
                console.show_json({**location, **credentials})
            else:
                click.echo(f"{shell_export(location)}\n{shell_export(credentials)}")
            sys.stdout.flush()
            threading.Event().wait()
    except CloudError as error:
        raise UsageError(str(error)) from error


def require_packages(names: Iterable[str]) -> None:
    """Raise UsageError if a package of the extra is missing."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        remedy = "install it with: pip install 'cfn-trigger[local]'"
        raise UsageError(f"the local cloud needs {', '.join(missing)}; {remedy}")


def _clients(cloud: Cloud) -> Any:
    """Return a function from the name of a service to its client in a cloud."""
    session = boto3.Session(
        aws_access_key_id=cloud.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=cloud.environment["AWS_SECRET_ACCESS_KEY"],
        region_name=cloud.environment["AWS_REGION"],
    )
    create: Any = session.client
    return lambda service: create(service, endpoint_url=cloud.endpoint)


def exports(cloud: Cloud) -> tuple[Variables, Variables]:
    """Return the variables that point the AWS tools to a cloud: its location, and credentials.

    An empty session token replaces one that belongs to other keys.
    """
    values = {"AWS_SESSION_TOKEN": "", **cloud.environment}
    location = {name: values[name] for name in _LOCATION}
    return location, {name: values[name] for name in _CREDENTIALS}


def shell_export(variables: Variables) -> str:
    """Return the line that exports variables in a shell."""
    return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
