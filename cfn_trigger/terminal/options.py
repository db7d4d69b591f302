"""Subcommands, and the arguments and options that several of them have in common.

Knows click, and which options take their defaults from the environment or from a project's
settings. Refuses to know what the values mean to a subcommand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from cfn_trigger import environment, settings
from cfn_trigger.deployment import aws
from cfn_trigger.errors import TemplateProblems, UsageError
from cfn_trigger.template import parameters
from cfn_trigger.terminal import console
from cfn_trigger.terminal.contradictions import refuse_contradictions

Command = TypeVar("Command", bound=Callable[..., Any])

_REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_PROFILE_VARIABLES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_KEYS_VARIABLE: Final = "AWS_ACCESS_KEY_ID"
_PAIRS: Final = "pairs"
_ARGUMENTS: Final = "cfn_trigger.arguments"
"""The key under which a context keeps its command line; click consumes the list itself."""

_SETTINGS_OF_OPTIONS: Final[Mapping[str, str]] = {
    "macro_name": "macro-name",
    "profile": "profile",
    "region": "region",
    "s3_bucket": "s3-bucket",
    "source": settings.TEMPLATE,
    "sources": settings.TEMPLATE,
    "stack": "stack-name",
}
"""The setting that is the default of an argument or option, by the name of its parameter."""


class Subcommand(click.Command):
    """A command with examples, and with defaults from the project's settings.

    The settings are those of the template's folder, or else of the current one.
    """

    def __init__(
        self,
        *arguments: Any,
        examples: Sequence[str],
        alternatives: Sequence[tuple[str, str]],
        **attributes: Any,
    ) -> None:
        super().__init__(*arguments, **attributes)
        self.examples = tuple(examples)
        self.alternatives = tuple(alternatives)
        common = [
            click.Option(
                ["--config-env"],
                metavar="NAME",
                expose_value=False,
                help="The environment in samconfig.toml, if not 'default'.",
            ),
            click.Option(
                ["--verbose"],
                is_flag=True,
                expose_value=False,
                help="Print which defaults come from the environment or a file.",
            ),
        ]
        taken = {name for parameter in self.params for name in parameter.opts}
        self.params += [option for option in common if taken.isdisjoint(option.opts)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse twice: settings are found by an argument, and are defaults of others."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        args = list(_one_by_one(self.params, args))
        ctx.meta[_ARGUMENTS] = tuple(args)
        passed, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        help_option = self.get_help_option(ctx)  # whose name depends on click's version
        if help_option is None or not passed.get(str(help_option.name)):
            ctx.obj = settings.read_settings(_folder(passed), passed.get("config_env"))
            ctx.default_map = _defaults(ctx.obj)
        rest = super().parse_args(ctx, args)
        if passed.get("verbose"):
            for origin in (*_variables(ctx), *_used_settings(ctx)):
                console.note(origin)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error gets notes about the settings that were used."""
        try:
            refuse_contradictions(ctx, ctx.meta[_ARGUMENTS], self.alternatives)
            return super().invoke(ctx)
        except (UsageError, TemplateProblems) as error:
            for origin in _used_settings(ctx):
                error.add_note(origin)
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, a line each."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def command(
    *examples: str, alternatives: Sequence[tuple[str, str]] = ()
) -> Callable[[Callable[..., Any]], Subcommand]:
    """Return a decorator that makes a function a subcommand; examples are whole command lines.

    `alternatives` are pairs of options that exclude each other.
    """
    return click.command(cls=Subcommand, examples=examples, alternatives=alternatives)


class SeveralValues(click.Option):
    """An option with any number of values, as in the AWS CLI: `--tags A=1 B=2`."""


def _one_by_one(params: Iterable[click.Parameter], args: Iterable[str]) -> Iterator[str]:
    """Yield a command line that repeats the name of such an option before each of its values."""
    names = {name for option in params if isinstance(option, SeveralValues) for name in option.opts}
    name = previous = ""
    for argument in args:
        if argument.startswith("-"):
            name = argument if argument in names else ""
        elif name and previous != name:
            yield name
        yield argument
        previous = argument


def _folder(passed: Mapping[str, Any]) -> Path:
    """Return the folder in which the search for settings starts."""
    match passed:
        case {"source": str(template)} | {"sources": [str(template)]}:
            if template != environment.STANDARD_INPUT:
                return Path(template).parent
    return Path()


def _defaults(configured: settings.Settings) -> dict[str, Any]:
    """Return the defaults of parameters; keys in the environment win over a profile in a file."""
    values: dict[str, Any] = {
        parameter: configured[name].value
        for parameter, name in _SETTINGS_OF_OPTIONS.items()
        if name in configured
    }
    if "sources" in values:
        values["sources"] = (values["sources"],)
    if environment.variable(_KEYS_VARIABLE):
        values.pop("profile", None)
    return values


def _variables(ctx: click.Context) -> Iterator[str]:
    """Yield which variables of the environment have set options."""
    for option in ctx.command.params:
        if ctx.get_parameter_source(str(option.name)) is ParameterSource.ENVIRONMENT:
            names = [name for name in option.envvar or () if environment.variable(name)]
            yield f"{option.name} {environment.variable(names[0])!r} is from {names[0]}"


def _used_settings(ctx: click.Context) -> Iterator[str]:
    """Yield which settings of the project have set arguments and options."""
    configured: settings.Settings = ctx.obj or {}
    for option in ctx.command.params:
        name = str(option.name)
        if ctx.get_parameter_source(name) is ParameterSource.DEFAULT_MAP:
            yield str(configured[_SETTINGS_OF_OPTIONS[name]])
        if name == _PAIRS and settings.PARAMETERS in configured:
            yield str(configured[settings.PARAMETERS])


def template_argument(command: Command) -> Command:
    """Add the argument TEMPLATE."""
    return click.argument("source", metavar="TEMPLATE")(command)


def templates_argument(command: Command) -> Command:
    """Add the argument TEMPLATE, which may be repeated."""

    def settle(
        ctx: click.Context, argument: click.Parameter, sources: tuple[str, ...]
    ) -> tuple[str, ...]:
        # click knows no default for an argument that may be repeated
        default = sources or (ctx.default_map or {}).get("sources")
        if not default:
            raise click.MissingParameter(ctx=ctx, param=argument)
        if not sources:
            ctx.set_parameter_source("sources", ParameterSource.DEFAULT_MAP)
        return tuple(default)

    return click.argument("sources", metavar="TEMPLATE...", nargs=-1, callback=settle)(command)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, including errors.")(
        command
    )


def macro_name_option(command: Command) -> Command:
    """Add `--macro-name`."""
    option = click.option(
        "--macro-name",
        metavar="NAME",
        default="Trigger",
        show_default=True,
        help="The name of the macro in the account.",
    )
    return option(command)


def yes_option(command: Command) -> Command:
    """Add `--yes`."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(command)


def ask(question: str) -> None:
    """Ask a question; raises UsageError if nobody can answer, Abort if the answer is no."""
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort as error:
        if isinstance(error.__context__, EOFError):
            raise UsageError("nobody answered the question; pass --yes") from error
        raise


def parameter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--parameter` and `--parameters-file`; the command receives `overrides`."""

    @click.option(
        "--parameter", _PAIRS, metavar="K=V", multiple=True, help="Set the value of a parameter."
    )
    @click.option(
        "--parameters-file",
        metavar="FILE",
        help="A file of parameter values: CloudFormation's list, a map, or K=V lines.",
    )
    @wraps(command)
    def with_overrides(
        *arguments: Any, pairs: tuple[str, ...], parameters_file: str | None, **options: Any
    ) -> Any:
        project: settings.Settings = click.get_current_context().obj or {}
        setting = project.get(settings.PARAMETERS)
        configured = setting.value if setting and isinstance(setting.value, Mapping) else {}
        overrides = parameters.read_overrides(pairs, parameters_file, configured)
        return command(*arguments, overrides=overrides, **options)

    return with_overrides


_region_option: Final = click.option(
    "--region", metavar="REGION", envvar=_REGION_VARIABLES, help="The AWS region."
)


def region_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--region` to a command that does not contact AWS; `region` is never None."""

    @_region_option
    @wraps(command)
    def with_region(*arguments: Any, region: str | None, **options: Any) -> Any:
        location = aws.Location(region=region)
        return command(*arguments, region=aws.local_region(location), **options)

    return with_region


def aws_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--profile` and `--region`; the command receives `location`, for `aws.client`."""

    @click.option(
        "--profile",
        metavar="NAME",
        envvar=_PROFILE_VARIABLES,
        help="The profile in the AWS tools' configuration.",
    )
    @_region_option
    @wraps(command)
    def with_location(
        *arguments: Any, profile: str | None, region: str | None, **options: Any
    ) -> Any:
        # Only a profile that is passed wins over keys in the environment, as with `aws`.
        source = click.get_current_context().get_parameter_source("profile")
        passed = None if source is ParameterSource.ENVIRONMENT else profile
        location = aws.Location(profile=passed, region=region)
        return command(*arguments, location=location, **options)

    return with_location
