"""A deployment at a terminal while it is followed."""

from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from cfn_trigger.deployment.monitor import Progress
from cfn_trigger.deployment.state import DeploymentState
from cfn_trigger.errors import UsageError
from cfn_trigger.terminal import console, following
from cfn_trigger.terminal.following import StatusArea, View
from tests.support.deployments import DEPLOYMENTS, shown
from tests.support.timelines import at, event

CURSOR_CODES = ("\x1b[1A", "\x1b[2K", "\x1b[?25l")


class Screen(StringIO):
    """A terminal as a file."""

    def isatty(self) -> bool:
        """Whether it is a terminal: it says so."""
        return True


def screen(width: int = 80, height: int = 24, term: str = "xterm") -> Console:
    return Console(
        file=Screen(), width=width, height=height, force_terminal=True, highlight=False,
        markup=False, emoji=False, soft_wrap=True, _environ={"TERM": term},
    )  # fmt: skip


def written(terminal: Console) -> str:
    assert isinstance(terminal.file, StringIO)
    return terminal.file.getvalue()


def below(name: str, seconds: float, terminal: Console) -> list[str]:
    deployment = DEPLOYMENTS[name]
    area = StatusArea(deployment.state_at(seconds), lambda: at(seconds))
    terminal.print(area, soft_wrap=False)
    return [line for line in written(terminal).splitlines() if line]


def test_a_terminal_shows_what_goes_on_in_its_last_lines_and_removes_them_at_the_end() -> None:
    terminal = screen()

    shown(DEPLOYMENTS["success"], View(), terminal)

    text = written(terminal)
    assert all(code in text for code in CURSOR_CODES)
    assert "shop creating" in text
    assert text.rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in text
    assert "CREATE_IN_PROGRESS  LoadTables" in text
    assert "CREATE_IN_PROGRESS  Table" not in text  # it is among the last lines


@pytest.mark.parametrize("view", [View(), View(quiet=True), View(as_json=True)])
def test_without_a_terminal_there_are_no_codes_even_if_colors_are_forced(
    monkeypatch: pytest.MonkeyPatch, view: View
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")

    text = shown(DEPLOYMENTS["failure"], view)

    assert "shop: ROLLBACK_COMPLETE" in text
    assert "\x1b[3" not in text
    assert not any(code in text for code in CURSOR_CODES)


@pytest.mark.parametrize(
    ("terminal", "view"),
    [
        (screen(term="dumb"), View()),
        (screen(), View(quiet=True)),
        (screen(), View(as_json=True)),
    ],
)
def test_nothing_is_drawn_twice_where_that_is_impossible_or_not_wanted(
    terminal: Console, view: View
) -> None:
    shown(DEPLOYMENTS["success"], view, terminal)

    assert not any(code in written(terminal) for code in CURSOR_CODES)


@pytest.mark.parametrize("width", [20, 40, 60, 200])
def test_no_line_below_is_wider_than_the_terminal(width: int) -> None:
    terminal = screen(width)

    lines = below("success", 50, terminal)

    assert lines
    assert all(terminal.render_str(line).cell_len <= width + 20 for line in lines)  # and its codes


def test_a_terminal_too_narrow_for_a_bar_shows_the_count() -> None:
    terminal = Console(file=StringIO(), width=45, color_system=None)

    assert below("success", 50, terminal)[0] == "shop creating  5 of 9, 4 left, 50 s"


def test_a_low_terminal_counts_what_it_does_not_show() -> None:
    terminal = Console(file=StringIO(), width=60, height=4, color_system=None)

    assert below("success", 1.1, terminal)[1:] == [
        "  Table (AWS::DynamoDB::Table), 0.1 s",
        "  and 1 more",
    ]


def test_colors_alone_do_not_make_a_cursor() -> None:
    colored = Console(file=StringIO(), force_terminal=True)

    assert [console.has_cursor(each) for each in (colored, screen())] == [False, True]


@pytest.mark.parametrize("end", [KeyboardInterrupt(), UsageError("the credentials have expired")])
def test_where_watching_ends_early_the_deployment_is_said_to_go_on(
    end: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> Iterator[Progress]:
        yield next(DEPLOYMENTS["success"].progress())
        raise end

    with pytest.raises(type(end)):
        following.show(interrupted(), stack="shop", now=lambda: at(0), view=View())

    assert capsys.readouterr().err == (
        "cfn-trigger: stack 'shop': the deployment continues without this command\n"
    )


def test_nothing_is_said_to_go_on_before_a_deployment_begins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refused() -> Iterator[Progress]:
        yield DeploymentState(has_read=True), ()
        raise UsageError("no deployment began")

    with pytest.raises(UsageError):
        following.show(refused(), stack="shop", now=lambda: at(0), view=View())

    assert capsys.readouterr().err == (
        "cfn-trigger: stack 'shop': does not exist yet; waiting for a deployment to begin\n"
    )


@pytest.mark.parametrize(
    ("status", "condition"),
    [
        ("UPDATE_COMPLETE", f"UPDATE_COMPLETE since {at(3).astimezone():%Y-%m-%d %H:%M:%S}"),
        ("REVIEW_IN_PROGRESS", "has a change set, but no resources yet"),
    ],
)
def test_what_is_known_of_a_stack_at_rest_is_said_while_waiting(
    status: str, condition: str, capsys: pytest.CaptureFixture[str]
) -> None:
    state = DeploymentState(has_read=True, latest=event(3, "shop", status))

    following.show([(state, ())], stack="shop", now=lambda: at(5), view=View())

    assert capsys.readouterr().err == (
        f"cfn-trigger: stack 'shop': {condition}; waiting for a deployment to begin\n"
    )
