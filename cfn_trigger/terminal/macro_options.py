"""The options of the commands that install, upgrade and remove the macro.

Knows their names, which are those of `aws cloudformation deploy` where it has the same option.
Refuses to know what AWS does with their values.
"""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

import click

from cfn_trigger.deployment import macro_stack
from cfn_trigger.deployment.installer import StackOptions
from cfn_trigger.errors import UsageError
from cfn_trigger.terminal.options import Command, SeveralValues, macro_name_option
from macro.cloudformation import Resources
from macro.readers import TAGS, InvalidValueError, Lookup

_ROLE_ARN: Final = re.compile(r"arn:[\w-]+:iam::\d{12}:role/\S+")
_NO_TEMPLATE: Final = Lookup(resources=Resources(), declared={}, values={})


def macro_stack_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--macro-name` and `--stack-name`; the command receives `target`, the macro's stacks."""

    @macro_name_option
    @click.option(
        "--stack-name",
        metavar="NAME",
        help="The macro's own stack.  [default: cfn-trigger, or cfn-trigger-MACRO]",
    )
    @wraps(command)
    def with_target(
        *arguments: Any, macro_name: str, stack_name: str | None, **options: Any
    ) -> Any:
        macro_stack.refuse_macro_name(macro_name)
        target = macro_stack.macro_stack(macro_name, stack_name)
        return command(*arguments, target=target, **options)

    return with_target


def bucket_option(command: Command) -> Command:
    """Add `--s3-bucket`."""
    option = click.option(
        "--s3-bucket",
        metavar="NAME",
        help="Upload the code to this bucket, in the same region, instead of creating one.",
    )
    return option(command)


def role_arn_option(command: Command) -> Command:
    """Add `--role-arn`."""

    def refuse_invalid(
        _: click.Context, option: click.Parameter, role_arn: str | None
    ) -> str | None:
        if role_arn is None or _ROLE_ARN.fullmatch(role_arn):
            return role_arn
        raise UsageError(f"{option.opts[0]} {role_arn}: must be the ARN of a role")

    option = click.option(
        "--role-arn",
        metavar="ARN",
        callback=refuse_invalid,
        help="The service role that CloudFormation uses, instead of your permissions.",
    )
    return option(command)


def stack_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--provider-code`, `--role-arn` and `--tags`; the command receives `stack_options`."""

    @click.option(
        "--provider-code",
        type=click.Choice(macro_stack.PROVIDER_CODES, case_sensitive=False),
        help=(
            "Whether templates contain the code that runs their triggers, or use a layer of the"
            " macro's stack.  [default: unchanged; Inline for a new stack]"
        ),
    )
    @click.option(
        "--tags",
        "pairs",
        cls=SeveralValues,
        multiple=True,
        metavar="K=V...",
        help="Tags of the stacks and of their resources.",
    )
    @role_arn_option
    @wraps(command)
    def with_stack_options(
        *arguments: Any,
        pairs: tuple[str, ...],
        role_arn: str | None,
        provider_code: str | None,
        **options: Any,
    ) -> Any:
        tags = parse_tags(pairs)
        stack_options = StackOptions(role_arn=role_arn, tags=tags, provider_code=provider_code)
        return command(*arguments, stack_options=stack_options, **options)

    return with_stack_options


def parse_tags(pairs: Sequence[str]) -> dict[str, str]:
    """Parse `K=V` tags; raises UsageError for what AWS refuses."""
    try:
        return dict(TAGS.read([*pairs], _NO_TEMPLATE)) if pairs else {}
    except InvalidValueError as error:
        raise UsageError(f"--tags: {error.faults[0].message}") from error
