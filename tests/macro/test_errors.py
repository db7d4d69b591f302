"""How problems are said."""

import pytest

from macro.errors import SHOWN, Problem, TemplateError, nearest


def test_a_problem_says_its_place_first() -> None:
    assert str(Problem("Run.Timeout", "takes seconds")) == "Run.Timeout: takes seconds"


def test_all_problems_are_reported_in_one_line() -> None:
    error = TemplateError([Problem("A", "is wrong"), Problem("B", "is odd")])

    assert str(error) == "A: is wrong | B: is odd"


def test_problems_past_twenty_are_counted() -> None:
    error = TemplateError(Problem(f"P{number}", "is wrong") for number in range(SHOWN + 3))

    assert str(error).split(" | ")[-2:] == ["P19: is wrong", "and 3 more problems"]


def test_twenty_problems_are_all_reported() -> None:
    error = TemplateError(Problem(f"P{number}", "is wrong") for number in range(SHOWN))

    assert str(error).split(" | ")[-1] == "P19: is wrong"


def test_one_problem_past_twenty_is_reported_in_the_singular() -> None:
    error = TemplateError(Problem(f"P{number}", "is wrong") for number in range(SHOWN + 1))

    assert str(error).split(" | ")[-1] == "and 1 more problem"


def test_a_template_error_keeps_its_problems() -> None:
    problems = (Problem("A", "is wrong"), Problem("B", "is odd"))

    assert TemplateError(iter(problems)).problems == problems


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Handlr", "; did you mean 'Handler'?"),
        ("handler", "; did you mean 'Handler'?"),
        ("TIMEOUT", "; did you mean 'Timeout'?"),
        ("Colour", ""),
        ("", ""),
    ],
)
def test_the_nearest_known_name_is_offered_whatever_its_case(name: str, expected: str) -> None:
    assert nearest(name, ["Handler", "Timeout"]) == expected


def test_nothing_is_near_when_nothing_is_known() -> None:
    assert nearest("Handler", []) == ""


def test_of_equally_near_names_the_order_given_decides_nothing() -> None:
    assert nearest("Queue", ["QueueB", "QueueA"]) == nearest("Queue", ["QueueA", "QueueB"])
