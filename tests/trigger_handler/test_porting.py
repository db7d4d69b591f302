"""The examples of docs/coming-from-cfn-lambda-handler.md, run as they stand there.

Knows what they leave to the reader, `check_complete`, and whose time they wait in: the play's.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from trigger_handler.testing import START, Clock, Resource

DOCUMENT = Path(__file__).parents[2] / "docs" / "coming-from-cfn-lambda-handler.md"
IMPORT, WAITING, ASKING_AGAIN = re.findall(r"(?ms)^```python\n(.*?)^```$", DOCUMENT.read_text())
MINUTE = 60


def played(source: str, *, checks: int, timeout: float = 1800) -> Resource:
    """Make a trigger of an example that is complete after so many checks."""
    clock = Clock()

    def check_complete(event: Any, state: Any) -> Any:
        made = (state or {"Checks": 0})["Checks"] + 1
        return {"Checks": made, "Complete": made >= checks, "Of": event["ResourceProperties"]}

    names: dict[str, Any] = {"check_complete": check_complete}
    exec(source, names)  # noqa: S102 (the document's own text)
    names["time"] = clock  # what it imported would wait in real time
    return Resource(
        handler=names["handler"], clock=clock, timeout=timeout, function_timeout=14 * MINUTE
    )


def test_porting_changes_only_the_import() -> None:
    names: dict[str, Any] = {}

    exec(IMPORT, names)  # noqa: S102 (the document's own text)

    assert issubclass(names["CfnLambdaExecutionTimeout"], Exception)
    assert callable(names["Handler"]())


def test_the_ported_example_continues_in_new_executions_until_it_is_complete() -> None:
    resource = played(WAITING, checks=150)

    answer = resource.create({"Name": "a"})

    assert (answer.status, answer.data["Checks"], answer.pauses) == ("SUCCESS", "150", (10,))
    assert [invocation.at - START for invocation in resource.invocations] == [0, 840]
    assert resource.clock.now - START == 150 * 10


def test_the_ported_example_fails_once_its_own_timeout_is_over() -> None:
    resource = played(WAITING, checks=1000, timeout=3540)

    answer = resource.create()

    assert answer.reason == "Failed: not done in 1800 s, the Timeout that the handler set"
    assert [invocation.at - START for invocation in resource.invocations] == [0, 840, 1680, 2520]


@pytest.mark.parametrize("payload", [{}, {"Name": "a"}])
def test_the_example_that_does_not_wait_is_polled(payload: Any) -> None:
    resource = played(ASKING_AGAIN, checks=4)

    answer = resource.create(payload)

    assert (answer.status, answer.data["Checks"]) == ("SUCCESS", "4")
    assert answer.pauses == (10, 10, 10)
