"""The macro in an account at a terminal: what a command is going to do, and what it has done.

Knows the layout. Refuses to know how it is done (`installer`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Group
from rich.text import Text

from cfn_trigger.deployment.macro_stack import LAYER, MacroStack
from cfn_trigger.deployment.macro_users import MacroUsers
from cfn_trigger.prediction.upgrades import StackImpact
from cfn_trigger.terminal import predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An account and a region."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"account {self.account}, region {self.region}"


def creation(
    target: MacroStack, place: Place, version: str, bucket: str | None, provider_code: str | None
) -> Text:
    """Render what `install` is going to create."""
    code = "a bucket for the macro's code"
    names = [] if bucket else [(target.bucket_stack, code)]
    contents = (
        f"the macro {target.macro_name}, its function, role and log group;"
        " the layer for handlers, and its parameter"
    )
    contents += "; the layer with the provider" if provider_code == LAYER else ""
    return _listed(
        f"creates in {place}, for cfn-trigger {version}", [*names, (target.name, contents)]
    )


def removal(target: MacroStack, place: Place, *, has_bucket: bool) -> Text:
    """Render what `uninstall` is going to delete."""
    names = [(target.name, f"the macro {target.macro_name}")]
    names += [(target.bucket_stack, "the bucket with its code")] if has_bucket else []
    return _listed(f"removes from {place}", names)


def retained_layers(names: Iterable[str]) -> Text:
    """Render which layers remain after the macro's stack is deleted."""
    lines = [f"  layer {name}" for name in names]
    title = "versions of its layers stay, because functions may use them:"
    hint = "delete them one by one: aws lambda delete-layer-version --layer-name NAME"
    return Text("\n".join([title, *lines, f"{hint} --version-number NUMBER"]))


def _listed(title: str, stacks: Iterable[tuple[str, str]]) -> Text:
    rows = list(stacks)
    width = max(len(name) for name, _ in rows)
    lines = [Text(title, style="bold")]
    lines += [Text(f"  stack {name:<{width}}  {content}") for name, content in rows]
    return Text("\n").join(lines)


def upgraded(old: str, new: str, place: Place) -> Text:
    """Render the versions before and after an upgrade."""
    arrow = f"{old or 'an unknown version'} → {new}"
    return Text(f"cfn-trigger {arrow} in {place}", style="bold")


def impacts(listed: Iterable[StackImpact]) -> Group:
    """Render what an upgrade means for each stack."""
    rows = tuple(listed)
    if not rows:
        return Group(Text("no stack uses it"))
    width = max(len(impact.stack) for impact in rows)
    return Group(*(part for impact in rows for part in _impact(impact, width)))


def _impact(impact: StackImpact, width: int) -> Iterable[Text]:
    name = Text(f"  {impact.stack:<{width}}  ")
    if impact.problem:
        yield name.append(impact.problem, style="bold red")
    elif impact.runs:
        verb = "will" if any(run.verdict == "will run" for run in impact.runs) else "may"
        yield name.append(f"{verb} run triggers when it is deployed again:", style="yellow")
        yield from (Text("    ").append(line) for line in predictions.rows(impact.runs))
    else:
        yield name.append("will run nothing when it is deployed again", style="dim")


def users(listed: MacroUsers) -> Text:
    """Render which stacks use a macro."""
    lines = [f"  {name}" for name in listed.stacks]
    if listed.unreadable:
        lines.append(f"  could not be read: {', '.join(listed.unreadable)}")
    return Text("\n").join([Text("stacks that use it:", style="bold"), *map(Text, lines)])
