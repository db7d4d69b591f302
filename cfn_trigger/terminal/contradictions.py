"""Options that contradict each other in a command line.

Knows all words of a command line, even those that click overrides by later ones. Refuses to know
what the options are for: each subcommand lists its alternatives.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

import click
from click.core import ParameterSource

from cfn_trigger.environment import STANDARD_INPUT
from cfn_trigger.errors import UsageError

_FROM_STANDARD_INPUT: Final = (STANDARD_INPUT, f"@{STANDARD_INPUT}")


def refuse_contradictions(
    ctx: click.Context, arguments: Sequence[str], alternatives: Iterable[tuple[str, str]]
) -> None:
    """Raise UsageError if options exclude each other, or if several read standard input.

    `alternatives` are pairs of options. Options from the project's settings do not count.
    """
    passed = {
        max(option.opts, key=len): option
        for option in ctx.command.params
        if ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
    }
    values = {name: ctx.params.get(str(option.name)) for name, option in passed.items()}
    for first, second in (*_switches(ctx.command.params, arguments), *alternatives):
        is_same = f"--{values.get(second)}" == first
        if {first, second} <= {*arguments, *passed} and not is_same:
            names = f"{first} and {_with_word(second, passed, values)}"
            raise UsageError(f"{names} exclude each other; pass one")
    inputs = [
        option.metavar or name if isinstance(option, click.Argument) else name
        for name, option in passed.items()
        if _is_from_standard_input(values[name])
    ]
    if len(inputs) > 1:
        names = " and ".join(inputs)
        raise UsageError(f"{names}: only one can be standard input; pass files for the others")


def _switches(
    options: Iterable[click.Parameter], arguments: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield both names of each switch that is turned on and off; click would take the last."""
    passed = set(takewhile(lambda argument: argument != "--", arguments))
    for option in options:
        if {option.opts[0], *option.secondary_opts} <= passed and option.secondary_opts:
            yield option.opts[0], option.secondary_opts[0]


def _with_word(name: str, options: Mapping[str, click.Parameter], values: Mapping[str, Any]) -> str:
    """Return the name of an option, with its value if the option is a choice of words."""
    is_choice = name in options and isinstance(options[name].type, click.Choice)
    return f"{name} {values[name]}" if is_choice else name


def _is_from_standard_input(value: Any) -> bool:
    return bool({*_FROM_STANDARD_INPUT} & {*(value if isinstance(value, tuple) else (value,))})
